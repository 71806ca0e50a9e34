"""The table of hot spots: for one class of counts, Gi* with its p, q and class, and local Moran beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from jxgis.errors import InputError
from jxgis.hotspots.getis_ord import GiResult, from_neighbours, getis_ord_grid
from jxgis.hotspots.moran import MoranResult, conditional_p, moran_from_gi
from jxgis.hotspots.permutation import (
    Null,
    PermutationP,
    Place,
    graph_place,
    grid_place,
    normal_p,
    permutation_p,
    permutation_p_draws,
)
from jxgis.hotspots.strata import Strata, strata_around, within_strata
from jxgis.settings import HOTSPOTS
from jxgis.space.graph import align, as_numbers, neighbours
from jxgis.space.grid import Grid
from jxgis.statistics.fdr import benjamini_hochberg, gi_bin

if TYPE_CHECKING:
    from libpysal.graph import Graph

__all__ = ["compare_with_normal", "hotspot_table", "hotspot_table_graph"]

Numbers = npt.NDArray[np.int64] | npt.NDArray[np.float64]


def hotspot_table(
    counts: npt.ArrayLike,
    grid: Grid,
    *,
    band_m: float,
    alpha: float = HOTSPOTS.alpha,
    null: Null = "total",
    draws: int = 999,
    seed: int = 0,
    strata: npt.NDArray[np.int64] | None = None,
) -> pd.DataFrame:
    """Find the hot and cold cells of one class.

    Parameters
    ----------
    counts
        (n_cells,) counts, or real values such as rates; without gaps.
    grid
        The cells.
    band_m
        Radius of the neighbourhood between cell centres, in metres.
    alpha
        False discovery rate at which a cell gets its ``lisa`` label.
    null
        Null of the Gi* p-values, see ``permutation``; local Moran's is always conditional.
    draws, seed
        Number and seed of the permutations; used for real values, and along border lines of strata that hold huge counts.
    strata
        (n_cells,) stratum of each cell, from 0 up: counts are then dealt anew within each stratum only, see `strata`, and
        what is high and low is so among its like. None: over the whole city.

    Returns
    -------
    pandas.DataFrame
        One row a cell, in the order of the cells: ``count``; ``gi_z``; ``gi_p`` (two-sided, by ``p_method``);
        ``gi_p_normal``; ``p_method`` (``exact``, ``saddlepoint``,
        ``saddlepoint_rough``, ``gamma``, ``draws_<P>``, ``normal``); ``gi_q``
        (Benjamini-Hochberg over the cells with a p); ``gi_bin`` (-3 to 3: q at most .01, .05, .10, sign of z);
        ``lisa`` (HH, LL, HL, LH, ns); ``reason`` (why there is no z, else missing).

    Raises
    ------
    InputError
        If the shape is not the grid's, a value is missing, the null is unknown, or the band is not positive.

    Examples
    --------
    >>> import pyproj
    >>> grid = Grid(pyproj.CRS(4549), 100.0, 0, 0, np.ones((1, 600), dtype=bool))
    >>> counts = np.where(np.arange(600) // 3 == 9, 9, np.arange(600) % 2)
    >>> hotspot_table(counts, grid, band_m=100).loc[27:29, ["count", "gi_z", "gi_p", "gi_bin", "lisa"]].round(4)
        count     gi_z    gi_p  gi_bin lisa
    27      9  12.1423  0.0001       2   ns
    28      9  18.8159  0.0000       3   HH
    29      9  12.1423  0.0001       2   ns
    """
    values = as_numbers(counts)
    if values.ndim != 1:
        raise InputError(
            zh="一次只分析一类；请逐类给出一维计数。",
            en="one class at a time: counts must have one dimension.",
        )
    star = getis_ord_grid(values, grid, band_m=band_m)
    plain = getis_ord_grid(values, grid, band_m=band_m, star=False)
    if strata is not None:
        around = strata_around(strata, grid, band_m=band_m)
        return _table_within(values, star, plain, around, alpha=alpha, null=null, draws=draws, seed=seed)
    places = (grid_place(grid, band_m=band_m, star=True), grid_place(grid, band_m=band_m, star=False))
    return _table(values, star, plain, places, binary=True, alpha=alpha, null=null, draws=draws, seed=seed)


def hotspot_table_graph(
    values: pd.Series | npt.ArrayLike,
    graph: Graph,
    *,
    alpha: float = HOTSPOTS.alpha,
    null: Null = "total",
    draws: int = 999,
    seed: int = 0,
) -> pd.DataFrame:
    """Find the hot and cold places of one class on polygons, hexes or H3 cells.

    Parameters
    ----------
    values
        (n,) Series with the labels of the graph, or an array in its order.
    graph
        ``libpysal.graph.Graph``; its places are made their own neighbours for Gi*.
    alpha, null, draws, seed
        As in ``hotspot_table``; draws are used for real values and for unequal weights (kernels).

    Returns
    -------
    pandas.DataFrame
        The columns of ``hotspot_table``, one row a place, indexed by ``graph.unique_ids``.

    Raises
    ------
    InputError
        If values and graph do not fit each other, the null is unknown, or the weights cannot be used.

    Examples
    --------
    Hexes of 500 m across; polygons go the same way (``Graph.build_contiguity``), H3 cells by ``Graph.build_h3``:

    >>> import geopandas as gpd, shapely
    >>> from libpysal.graph import Graph
    >>> col, row = np.divmod(np.arange(400), 20)
    >>> centres = shapely.points(433 * col, 500 * (row + col % 2 / 2))
    >>> counts = np.where(np.hypot(col - 5, row - 5) < 2, 9, (col * row) % 3)
    >>> graph = Graph.build_distance_band(gpd.GeoSeries(centres, crs=4549), 510)
    >>> table = hotspot_table_graph(counts, graph)
    >>> table.loc[[105, 350], ["count", "gi_bin", "p_method"]].to_numpy().tolist()
    [[9, 3, 'exact'], [2, 0, 'exact']]
    """
    numbers = align(values, graph)
    near_star, near = neighbours(graph, star=True), neighbours(graph, star=False)
    star = from_neighbours(numbers, near_star, star=True)
    plain = from_neighbours(numbers, near, star=False)
    places = (graph_place(near_star), graph_place(near))
    table = _table(numbers, star, plain, places, binary=near.binary, alpha=alpha, null=null, draws=draws, seed=seed)
    return table.set_axis(graph.unique_ids, axis=0)


def _table(
    values: Numbers,
    star: GiResult,
    plain: GiResult,
    places: tuple[Place, Place],
    *,
    binary: bool,
    alpha: float,
    null: Null,
    draws: int,
    seed: int,
) -> pd.DataFrame:
    _check_null(null)
    conditional = conditional_p(values, plain, places[1], binary=binary, draws=draws, seed=seed)
    moran = moran_from_gi(values, plain, conditional, alpha=alpha)
    if null == "conditional":
        # With i's own value kept, Gi* and Gi are the same question.
        found = conditional
    elif binary and values.dtype.kind == "i":
        found = permutation_p(values, star.sums, star.weight, null="total")
    else:
        found = permutation_p_draws(values, places[0], null="total", draws=draws, seed=seed)
    return _assembled(values, star, found, moran)


def _table_within(
    values: Numbers,
    star: GiResult,
    plain: GiResult,
    strata: Strata,
    *,
    alpha: float,
    null: Null,
    draws: int,
    seed: int,
) -> pd.DataFrame:
    _check_null(null)
    conditional, kept = within_strata(values, plain.sums, strata, star=False, draws=draws, seed=seed)
    gi, found = within_strata(values, star.sums, strata, draws=draws, seed=seed)
    moran = moran_from_gi(values, conditional, kept, alpha=alpha, level=strata.level(values))
    return _assembled(values, gi, kept if null == "conditional" else found, moran)


def _check_null(null: Null) -> None:
    if null not in ("total", "conditional"):
        raise InputError(
            zh=f"null 只能是 total 或 conditional，现为 {null!r}。",
            en=f"null must be total or conditional, not {null!r}.",
        )


def _assembled(values: Numbers, star: GiResult, found: PermutationP, moran: MoranResult) -> pd.DataFrame:
    known = star.reason == ""
    p = np.where(known, found.p, np.nan)
    q = benjamini_hochberg(p)
    return pd.DataFrame(
        {
            "count": values,
            "gi_z": star.z,
            "gi_p": p,
            "gi_p_normal": normal_p(star.z),
            "p_method": text_column(np.where(known, found.method, "")),
            "gi_q": q,
            "gi_bin": gi_bin(q, star.z),
            "lisa": moran.label,
            "reason": text_column(star.reason),
        }
    )


def text_column(words: npt.NDArray[np.str_]) -> pd.Series:
    """Words as a column, missing where there is none."""
    return pd.Series(words, dtype="str").replace("", np.nan).astype("str")


def compare_with_normal(
    table: pd.DataFrame, *, alpha: float = HOTSPOTS.alpha, normal_q: npt.ArrayLike | None = None
) -> dict[str, int]:
    """Count the cells that permutation and normal p-values call hot or cold, and those where they disagree.

    Parameters
    ----------
    table
        From ``hotspot_table`` or ``hotspot_table_graph``.
    alpha
        False discovery rate.
    normal_q
        (n,) q of the normal p where the level holds over more than this table; None: over the table.

    Returns
    -------
    dict
        ``hot``, ``cold``, ``normal_hot``, ``normal_cold``, ``disagree``: numbers of cells.

    Examples
    --------
    >>> table = pd.DataFrame({"gi_z": [3.0, -1.0], "gi_q": [0.01, 0.04], "gi_p_normal": [0.003, 0.3]})
    >>> compare_with_normal(table)
    {'hot': 1, 'cold': 1, 'normal_hot': 1, 'normal_cold': 0, 'disagree': 1}
    """
    sign = np.sign(table["gi_z"].to_numpy())
    ours = np.where(table["gi_q"].to_numpy() <= alpha, sign, 0)
    q = benjamini_hochberg(table["gi_p_normal"].to_numpy()) if normal_q is None else np.asarray(normal_q)
    theirs = np.where(q <= alpha, sign, 0)
    return {
        "hot": int((ours > 0).sum()),
        "cold": int((ours < 0).sum()),
        "normal_hot": int((theirs > 0).sum()),
        "normal_cold": int((theirs < 0).sum()),
        "disagree": int((ours != theirs).sum()),
    }
