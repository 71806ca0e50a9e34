"""Cells that hold much and are not hot: a lone value is not a hot spot to Gi*, however large it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from jxgis.settings import HOTSPOTS
from jxgis.space.window import disc_sums
from jxgis.statistics.fdr import is_hot

if TYPE_CHECKING:
    import numpy.typing as npt

    from jxgis.space.grid import Grid

__all__ = ["heavy_cells"]

_MIN_SHARE = 0.01  # of the class's issues
_MIN_TIMES = 10.0  # the mean of the cells that are tested
_MIN_COUNT = 10  # at ten times the mean or more, a Poisson count reaches it by chance in one cell of 9 million


def heavy_cells(
    cells: pd.DataFrame,
    grid: Grid,
    *,
    band_m: float,
    alpha: float = HOTSPOTS.alpha,
    strata: npt.NDArray[np.int64] | None = None,
) -> pd.DataFrame:
    """List the cells that hold much of a class and are not hot, with the p that a lone value has.

    If the n values are dealt to the cells at random, the largest falls into a given neighbourhood of k cells with chance
    k / n, whatever its size: the k cells around it share a two-sided p of about 2 k / n (less where the others around
    are high too). Gi* asks for hot areas; such a cell is to be looked at by itself.

    Parameters
    ----------
    cells
        ``cell_id, issue_class, count, gi_z, gi_p, gi_q`` and what else is to be kept: for each class all cells of the
        grid in its order.
    grid
        The cells.
    band_m
        The neighbourhood, metres.
    alpha
        Level at which a cell is hot.
    strata
        (n_cells,) stratum of each cell, within which the values are dealt: k and n are then those of the cell's own.

    Returns
    -------
    pandas.DataFrame
        Cells with at least ten issues, 1 % of the class's issues and ten times the mean of its tested cells that are
        not hot, the largest first within the class: ``issue_class, cell_id, count, share_issues, times_mean, gi_z,
        gi_p, gi_q``; ``lone_p``, 2 k / n, at most 1; ``geometry`` where the cells have one.

    Examples
    --------
    >>> import pyproj
    >>> from jxgis.hotspots.inference import hotspot_table
    >>> from jxgis.space.grid import Grid
    >>> grid = Grid(pyproj.CRS(4549), 200.0, 0, 0, np.ones((40, 40), dtype=bool))
    >>> counts = np.random.default_rng(0).poisson(5, len(grid))
    >>> counts[820] = 100_000
    >>> cells = hotspot_table(counts, grid, band_m=500).assign(cell_id=grid.ids(), issue_class="all")
    >>> heavy_cells(cells, grid, band_m=500)[["cell_id", "count", "gi_p", "lone_p"]].round(4)
        cell_id   count   gi_p  lone_p
    820  E20N20  100000  0.018  0.0262
    """
    of = np.zeros(len(grid), dtype=np.int64) if strata is None else strata
    tables = []
    for _, own in cells.groupby("issue_class", sort=False):
        known = own["gi_z"].notna().to_numpy()
        total = float(own["count"].sum())
        if not known.any() or not total:
            continue
        mean = float(own.loc[known, "count"].mean())
        share = np.zeros(len(own))
        for stratum in np.unique(of[known]):
            among = known & (of == stratum)
            share[among] = disc_sums(among.astype(np.int64), grid, band_m=band_m)[among] / among.sum()
        table = own.assign(
            share_issues=own["count"] / total, times_mean=own["count"] / mean, lone_p=np.minimum(2 * share, 1)
        )
        much = known & (table["count"] >= _MIN_COUNT)
        much &= (table["share_issues"] >= _MIN_SHARE) & (table["times_mean"] >= _MIN_TIMES)
        tables.append(table[much & ~is_hot(own["gi_z"], own["gi_q"], alpha)].sort_values("count", ascending=False))
    columns = ["issue_class", "cell_id", "count", "share_issues", "times_mean", "gi_z", "gi_p", "gi_q", "lone_p"]
    columns += ["geometry"] if "geometry" in cells.columns else []
    return (pd.concat(tables) if tables else cells.iloc[:0]).reindex(columns=columns)
