"""Plots where none are known: a lattice inside the blind spots."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from jxgis.bounds import RELATIVE, at_least
from jxgis.crs import require_metric
from jxgis.errors import InputError
from jxgis.space.polygons import polygons_of

__all__ = ["candidate_lattice"]


def candidate_lattice(
    unserved: gpd.GeoDataFrame, *, spacing_m: float = 100.0, min_plot_m2: float = 2000.0
) -> gpd.GeoDataFrame:
    """Make plots where none are known: squares on a lattice inside blind spots.

    Parameters
    ----------
    unserved
        Polygons of unserved housing, in a metric CRS.
    spacing_m
        Spacing of the lattice, in metres.
    min_plot_m2
        Area of a plot; a blind spot too small for one gets none.

    Returns
    -------
    geopandas.GeoDataFrame
        ``candidate_id`` and square plots, each wholly inside a blind spot.

    Raises
    ------
    CrsError
        If the layer is not in metres.
    InputError
        If a setting is not positive.

    Examples
    --------
    >>> blind = gpd.GeoDataFrame(geometry=[shapely.box(0, 0, 200, 100)], crs=4549)
    >>> candidate_lattice(blind, spacing_m=100, min_plot_m2=1600)["candidate_id"].tolist()
    ['E0N0', 'E1N0']
    """
    crs = require_metric(unserved, "unserved")
    if not (spacing_m > 0 and min_plot_m2 > 0):
        raise InputError(
            zh=f"spacing_m（{spacing_m}）和 min_plot_m2（{min_plot_m2}）都应大于 0。",
            en=f"spacing_m ({spacing_m}) and min_plot_m2 ({min_plot_m2}) must be above 0.",
        )
    # Parcels that touch are one blind spot: a plot may lie across their common edge.
    ground = shapely.get_parts(shapely.union_all(polygons_of(unserved.geometry.to_numpy())))
    ground = ground[at_least(shapely.area(ground), min_plot_m2)]
    half = np.sqrt(min_plot_m2) / 2
    # A spot that is one plot exactly holds it, whatever rounding made of its corners.
    inner = half * (1 - RELATIVE)
    found: list[tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]] = []
    for spot in ground:
        low = np.ceil((np.array(spot.bounds[:2]) + inner) / spacing_m - 0.5).astype(np.int64)
        high = np.floor((np.array(spot.bounds[2:]) - inner) / spacing_m - 0.5).astype(np.int64)
        column, row = (
            one.ravel() for one in np.meshgrid(*(np.arange(a, b + 1) for a, b in zip(low, high, strict=True)))
        )
        shapely.prepare(spot)
        hit = shapely.covers(spot, _plots(column, row, spacing_m, inner))
        found.append((column[hit], row[hit]))
    column = np.concatenate([one[0] for one in found]) if found else np.zeros(0, dtype=np.int64)
    row = np.concatenate([one[1] for one in found]) if found else np.zeros(0, dtype=np.int64)
    order = np.lexsort((column, row))
    column, row = column[order], row[order]
    names = [f"E{c}N{r}" for c, r in zip(column, row, strict=True)]
    return gpd.GeoDataFrame(
        {"candidate_id": pd.Series(names, dtype=object)}, geometry=_plots(column, row, spacing_m, half), crs=crs
    )


def _plots(
    column: npt.NDArray[np.int64], row: npt.NDArray[np.int64], spacing_m: float, half: float
) -> npt.NDArray[np.object_]:
    x, y = (column + 0.5) * spacing_m, (row + 0.5) * spacing_m
    return np.asarray(shapely.box(x - half, y - half, x + half, y + half), dtype=object)
