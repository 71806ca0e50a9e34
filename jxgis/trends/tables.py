"""The tables of change over time, class by class: cells, places, changes, and what sources, zones and departments have."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from jxgis.crs import M2_PER_KM2
from jxgis.hotspots.names import name_areas
from jxgis.hotspots.peaks import label_places
from jxgis.i18n import text
from jxgis.trends.change import batches, find_change
from jxgis.trends.cube import count_cube
from jxgis.trends.emerging import find_emerging
from jxgis.trends.slices import slice_of
from jxgis.zones import ALL

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jxgis.drawing.ground import Ground
    from jxgis.hotspots.counted import Counted
    from jxgis.periods import Periods
    from jxgis.settings import TrendSettings
    from jxgis.trends.slices import Slices

__all__ = ["Cubes", "cell_table", "change_table", "place_table"]


@dataclass(frozen=True, eq=False)
class Cubes:
    """Cases by slice and cell, of all issues and of each class.

    Attributes
    ----------
    counted
        The issues in the cells.
    slices
        The slices that the data cover.
    """

    counted: Counted
    slices: Slices

    def __iter__(self) -> Iterator[tuple[str, np.ndarray[tuple[int, int], np.dtype[np.int64]]]]:
        at = slice_of(self.counted.inside["time"], self.slices)
        for number, name in enumerate((ALL, *self.counted.classes), -1):
            own = at if name == ALL else np.where(self.counted.code == number, at, -1)
            yield name, count_cube(self.counted.grid, self.counted.x, self.counted.y, own, len(self.slices))


def cell_table(cubes: Cubes, options: TrendSettings) -> gpd.GeoDataFrame:
    """What every cell has been over the slices: the contract's ``cells``.

    Parameters
    ----------
    cubes
        Of the slices that the data cover, two or more.
    options
        What shapes it.

    Returns
    -------
    geopandas.GeoDataFrame
        One row a cell and class: ``cell_id, issue_class`` and what `find_emerging` says.
    """
    grid, squares = cubes.counted.grid, cubes.counted.grid.cells()
    parts = [
        squares.assign(issue_class=name).join(
            find_emerging(
                counts,
                grid,
                cubes.slices.start,
                band_m=options.band_m,
                alpha=options.alpha,
                compare_with=options.compare_with,
                window=options.window,
            )
        )
        for name, counts in cubes
    ]
    return gpd.GeoDataFrame(pd.concat(parts, ignore_index=True), crs=grid.crs)


def place_table(cells: gpd.GeoDataFrame, cubes: Cubes, ground: Ground, *, lang: str) -> gpd.GeoDataFrame:
    """Join cells of one pattern that touch to named places: the contract's ``places``.

    Parameters
    ----------
    cells
        From `cell_table`.
    cubes
        What it was made of.
    ground
        What names the places.
    lang
        ``"zh"`` or ``"en"``.

    Returns
    -------
    geopandas.GeoDataFrame
        One row a class, pattern and place, of all patterns but ``none``: ``issue_class, pattern, rank`` (by cases, within
        the class and pattern), ``name, since`` (the earliest of its cells), ``issues, issues_last`` (of all slices, of the
        last), ``slope`` (of its cells, the middle one), ``area_km2``, ``geometry``.
    """
    grid = cubes.counted.grid
    counts = dict(cubes)
    rows = []
    for (name, pattern), own in cells[cells["pattern"] != "none"].groupby(["issue_class", "pattern"], sort=False):
        inside = np.isin(grid.ids(), own["cell_id"].to_numpy(dtype=str))
        label = label_places(inside, grid)
        of_cell = label[inside]
        cases, last = counts[str(name)].sum(axis=0)[inside], counts[str(name)][-1][inside]
        for place in range(of_cell.max() + 1):
            at = of_cell == place
            rows.append(
                {
                    "issue_class": name,
                    "pattern": pattern,
                    "since": own["since"].to_numpy()[at].min(),
                    "issues": int(cases[at].sum()),
                    "issues_last": int(last[at].sum()),
                    "slope": float(np.median(own["slope"].to_numpy()[at])),
                    "area_km2": at.sum() * grid.cell_m**2 / M2_PER_KM2,
                    "middle": own.geometry.to_numpy()[at][np.argmax(cases[at])],
                    "geometry": shapely.coverage_union_all(own.geometry.to_numpy()[at]),
                }
            )
    table = gpd.GeoDataFrame(rows, geometry="geometry" if rows else [], crs=grid.crs)
    if not rows:
        return table
    table = table.sort_values(["issue_class", "pattern", "issues"], ascending=[True, True, False], ignore_index=True)
    named = name_areas(gpd.GeoDataFrame(geometry=table["middle"].to_numpy(), crs=grid.crs), ground, lang=lang)
    table["name"] = [own or text("maps.unnamed", lang, n=n + 1) for n, own in enumerate(named)]
    table["rank"] = table.groupby(["issue_class", "pattern"]).cumcount() + 1
    return gpd.GeoDataFrame(table.drop(columns="middle"), geometry="geometry", crs=grid.crs)


def change_table(counted: Counted, periods: Periods, options: TrendSettings) -> gpd.GeoDataFrame:
    """Where cases changed otherwise than in the whole, between two periods: the contract's ``change``.

    Parameters
    ----------
    counted
        The issues in the cells, of both periods.
    periods
        The two, like with like.
    options
        What shapes it.

    Returns
    -------
    geopandas.GeoDataFrame
        One row a cell and class: ``cell_id, issue_class`` and what `find_change` says; ``batch``, how many times as much
        as by chance the counts of the class vary.
    """
    grid, squares = counted.grid, counted.grid.cells()
    early, late = periods.within(counted.inside["time"])
    at = np.where(late, 1, np.where(early, 0, -1))
    parts = []
    for number, name in enumerate((ALL, *counted.classes), -1):
        own = at if name == ALL else np.where(counted.code == number, at, -1)
        before, after = count_cube(grid, counted.x, counted.y, own, 2)
        batch = batches(before, after, grid) if options.batches == "estimated" else 1.0
        found = find_change(before, after, grid, band_m=options.band_m, alpha=options.alpha, batch=batch)
        parts.append(squares.assign(issue_class=name, batch=batch).join(found))
    return gpd.GeoDataFrame(pd.concat(parts, ignore_index=True), crs=grid.crs)
