"""Issues against an exposure: empirical Bayes rates, the built-up mask, and neighbourhoods that hold more than theirs.

Raw counts follow people and patrols: on them the inner city is one hot spot. A rate asks where there are more issues
than the people, or the streets, would explain.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely
from scipy.sparse.csgraph import dijkstra

from jxgis.bounds import RELATIVE
from jxgis.crs import M2_PER_KM2, require_metric
from jxgis.errors import InputError
from jxgis.hotspots.inference import text_column
from jxgis.hotspots.permutation import P_FLOOR, normal_p
from jxgis.i18n import listed
from jxgis.space.graph import align, neighbours
from jxgis.space.overlay import pieces
from jxgis.space.ratio import ratio
from jxgis.space.window import disc_sums
from jxgis.statistics.beta_binomial import beta_binomial_tails
from jxgis.statistics.fdr import benjamini_hochberg, gi_bin
from jxgis.statistics.overdispersion import (
    TOUCHING,
    Overdispersion,
    more_of_parts,
    overdispersion,
    overdispersion_on_grid,
)
from jxgis.statistics.shares import share_variance_ratio
from jxgis.statistics.tails import two_sided

if TYPE_CHECKING:
    import geopandas as gpd
    from libpysal.graph import Graph
    from numpy.typing import ArrayLike, NDArray

    from jxgis.space.grid import Grid

__all__ = [
    "LEAST_EXPOSED",
    "built_up",
    "empirical_bayes",
    "exposure_on_grid",
    "hot_rates",
    "hot_rates_graph",
    "rate_residuals",
]

# Sub-cells along a cell's side for measuring how much of it is built up: one per cent of the cell each.
_MASK_SPLIT = 10
#: Largest exposure of a cell, and what the largest may not fall below as a reciprocal: squares must be numbers too.
_MOST = 1e100
#: Cells with an exposure, of which one can be compared with the other: with fewer no cell has a rate.
LEAST_EXPOSED = 2


def empirical_bayes(counts: ArrayLike, exposure: ArrayLike, *, min_expected: float = 0.0) -> NDArray[np.float64]:
    """Shrink rates towards the city's rate, the more the smaller their exposure.

    Marshall's global estimator: m + C_i (y_i/e_i − m) with C_i = A / (A + m/e_i), where m = Σy/Σe and
    A = max(0, Σ e_i (y_i/e_i − m)²/Σe − m/ē).

    Parameters
    ----------
    counts
        (n,) issues y_i.
    exposure
        (n,) people, street kilometres or whatever the rate is for, e_i ≥ 0.
    min_expected
        A is found among cells where the city's rate expects this many issues or more: one issue on a hundredth of a
        person would blow it up. 0, Marshall's own: among all.

    Returns
    -------
    numpy.ndarray
        (n,) smoothed rates per unit of exposure; NaN where there is no exposure. Those cells take no part in m and A.

    Raises
    ------
    InputError
        If an exposure is negative, missing or not finite, or none is above zero (1e-100).

    References
    ----------
    Marshall, R. J. (1991). Mapping disease and mortality rates using empirical Bayes estimators. Applied Statistics 40.

    Examples
    --------
    >>> empirical_bayes([2, 40, 0, 5], [10, 1000, 1, 0]).round(4).tolist()
    [0.0463, 0.0404, 0.0414, nan]
    """
    y, e = _checked(counts, exposure)
    has = e > 0
    mean = y[has].sum() / e[has].sum()
    own = ratio(y, e)
    among = has & (e * mean >= min_expected)
    between = 0.0
    if among.any():
        weight, rate = e[among], own[among]
        common = (weight * rate).sum() / weight.sum()
        between = max(0.0, float((weight * (rate - common) ** 2).sum() / weight.sum() - common / weight.mean()))
    shrink = np.zeros(y.shape)
    if between > 0:
        shrink[has] = between / (between + mean / e[has])
    return np.where(has, mean + shrink * (own - mean), np.nan)


def _checked(counts: ArrayLike, exposure: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    y, e = np.asarray(counts, dtype=np.float64), np.asarray(exposure, dtype=np.float64)
    if y.shape != e.shape or not ((e >= 0) & (e <= _MOST)).all() or not (e > 1 / _MOST).any():
        raise InputError(
            zh=f"暴露量须与问题数一一对应、不为负、不缺失、不超过 {_MOST:g}，且至少有一格大于 0（不小于 {1 / _MOST:g}）。",
            en=f"the exposure must have one value a count, none negative, missing or above {_MOST:g}, and at least one "
            f"above 0 (no less than {1 / _MOST:g}).",
        )
    return y, e


def exposure_on_grid(grid: Grid, table: gpd.GeoDataFrame, *, column: str | None = None) -> NDArray[np.float64]:
    """Bring an exposure to the cells.

    Parameters
    ----------
    grid
        The cells.
    table
        Points (each wholly in its cell), lines (by length) or polygons (by area), in the grid's CRS.
    column
        What to spread, such as ``people``; without it points count one each, lines their kilometres, polygons their
        square kilometres. Missing values count as nothing.

    Returns
    -------
    numpy.ndarray
        (n_cells,) sums; what lies outside the grid counts nowhere.

    Raises
    ------
    InputError
        If the column is missing, or the table mixes points, lines and polygons.

    Examples
    --------
    >>> import geopandas as gpd, pyproj
    >>> from jxgis.space.grid import Grid
    >>> grid = Grid(pyproj.CRS(4549), 100.0, 0, 0, np.ones((1, 2), dtype=bool))
    >>> homes = gpd.GeoDataFrame({"people": [300]}, geometry=[shapely.box(50, 0, 200, 100)], crs=4549)
    >>> exposure_on_grid(grid, homes, column="people").tolist()
    [100.0, 200.0]
    """
    require_metric(table, "exposure", like=grid.crs)
    if column is not None and column not in table.columns:
        raise InputError(
            zh=f"暴露量图层没有 {column} 列；有：{listed(table.columns, 'zh')}。",
            en=f"the exposure layer has no column {column}; it has {listed(table.columns, 'en')}.",
        )
    shapes = table.geometry.to_numpy()
    dimension = np.unique(shapely.get_dimensions(shapes[~shapely.is_empty(shapes) & ~shapely.is_missing(shapes)]))
    if dimension.size > 1:
        raise InputError(
            zh="暴露量图层同时有点、线或面；请分开给出。",
            en="the exposure layer mixes points, lines and polygons; give one kind.",
        )
    if dimension.size == 0:
        return np.zeros(len(grid))
    amount = None if column is None else table[column].fillna(0).to_numpy(dtype=np.float64)
    if dimension[0] == 0:
        parts, origin = shapely.get_parts(shapes, return_index=True)
        cell = grid.index_of(shapely.get_x(parts), shapely.get_y(parts))
        each = np.ones(len(table)) if amount is None else amount / np.maximum(shapely.get_num_geometries(shapes), 1)
        return _sums(cell[cell >= 0], each[origin[cell >= 0]], len(grid))
    squares = grid.cells().geometry.to_numpy()
    measure, unit = (shapely.length, 1e3) if dimension[0] == 1 else (shapely.area, M2_PER_KM2)
    which, cell, piece = pieces(shapes, squares)
    size = measure(piece)
    whole = measure(shapes)
    each = np.full(len(table), 1 / unit) if amount is None else ratio(amount, whole, none=0)
    return _sums(cell, size * each[which], len(grid))


def built_up(grid: Grid, land: gpd.GeoDataFrame | gpd.GeoSeries) -> NDArray[np.bool_]:
    """Say which cells are built up, so that farmland is not part of the comparison.

    Parameters
    ----------
    grid
        The cells.
    land
        Polygons of built-up land (or of housing), or lines of streets, in the grid's CRS.

    Returns
    -------
    numpy.ndarray
        (n_cells,) bool, for ``grid.where``: more than a millionth of the cell is built up.

    Examples
    --------
    >>> import geopandas as gpd, pyproj
    >>> from jxgis.space.grid import Grid
    >>> grid = Grid(pyproj.CRS(4549), 100.0, 0, 0, np.ones((1, 3), dtype=bool))
    >>> land = gpd.GeoSeries([shapely.box(0, 0, 130, 100)], crs=4549)
    >>> built_up(grid, land).tolist()
    [True, True, False]
    """
    from rasterio.features import rasterize
    from rasterio.transform import from_origin

    require_metric(land, "built-up land", like=grid.crs)
    rows, cols = grid.mask.shape
    step = grid.cell_m / _MASK_SPLIT
    transform = from_origin(grid.col0 * grid.cell_m, (grid.row0 + rows) * grid.cell_m, step, step)
    shapes = [shape for shape in land.geometry if shape is not None and not shape.is_empty]
    if not shapes:
        return np.zeros(len(grid), dtype=bool)
    burnt = rasterize(shapes, out_shape=(rows * _MASK_SPLIT, cols * _MASK_SPLIT), transform=transform, dtype="uint8")[
        ::-1
    ]
    found: NDArray[np.bool_] = burnt.reshape(rows, _MASK_SPLIT, cols, _MASK_SPLIT).any(axis=(1, 3))[grid.mask]
    # A house smaller than a sub-cell may lie between their centres.
    missed = np.flatnonzero(~found)
    _, cell, piece = pieces(np.asarray(shapes, dtype=object), grid.cells().geometry.to_numpy()[missed])
    found[missed[cell[shapely.area(piece) > RELATIVE * grid.cell_m**2]]] = True
    return found


def hot_rates(counts: ArrayLike, exposure: ArrayLike, grid: Grid, *, band_m: float) -> pd.DataFrame:
    """Find where there is more than the exposure explains: each neighbourhood's cases against its exposure.

    Given all N cases, a neighbourhood with the share E_W / E of the exposure holds a binomial number of them if they fall
    on the exposure alone. Real counts vary more: the null is that counts are independent with variance φ μ + ψ μ², both
    found from the data so that hot spots do not raise them (see :mod:`jxgis.statistics.overdispersion`), φ larger in parts
    whose cases come in larger batches; the sum is then
    beta-binomial, exactly so for negative binomial counts with variance φ μ, else with its mean and variance.

    Parameters
    ----------
    counts
        (n_cells,) issues, whole numbers.
    exposure
        (n_cells,) what they are measured against; cells without take no part, and their issues neither.
    grid
        The cells.
    band_m
        The neighbourhood, metres.

    Returns
    -------
    pandas.DataFrame
        One row a cell: ``exposure``, ``rate`` (:func:`empirical_bayes`, per unit); of the neighbourhood ``issues``,
        ``expected``, ``gi_z`` (issues less expected, over the standard deviation), ``gi_p`` (two-sided, by
        ``p_method``: ``binomial`` where φ is 1 and ψ 0, else ``beta_binomial``), ``gi_p_normal``, ``gi_q``
        (Benjamini-Hochberg), ``gi_bin``; ``reason`` why there is no p: ``no_exposure``, ``no_neighbours``,
        ``band_covers_area``, ``no_issues``.

    Raises
    ------
    InputError
        If fewer than two cells have an exposure, or a count is not a whole number.

    Notes
    -----
    Tails include the sum itself, so that small sums are judged on the safe side. What the level is and by how much it is
    undercut: docs/methods_hotspots.md, from ``benchmarks/hotspots_rate_level.py``.

    References
    ----------
    Mosimann, J. E. (1962). On the compound multinomial distribution. Biometrika 49: negative binomials given their sum.
    """
    y, e, keep = _taking_part(counts, exposure)
    part = grid if keep.all() else grid.where(keep)

    table = _tested(y[keep], e[keep], _grid_places(part, band_m), None)
    return _with_left_out(table.set_axis(np.flatnonzero(keep), axis=0), e, keep, range(len(grid)))


def hot_rates_graph(
    counts: pd.Series | ArrayLike,
    exposure: pd.Series | ArrayLike,
    graph: Graph,
    *,
    draws: int = 999,
    seed: int = 0,
) -> pd.DataFrame:
    """Find polygons, hexes or H3 cells with more than the exposure explains: :func:`hot_rates` with a graph's neighbours.

    Parameters
    ----------
    counts, exposure
        (n,) issues and what they are measured against: Series with the labels of the graph, or arrays in its order.
    graph
        ``libpysal.graph.Graph``; its places are made their own neighbours. Places without exposure are taken out of it.
    draws, seed
        For unequal weights (kernels): number and seed of the maps drawn under the null; ``p_method`` is then
        ``draws_<P>``.

    Returns
    -------
    pandas.DataFrame
        The columns of :func:`hot_rates`, one row a place, indexed by ``graph.unique_ids``.

    Raises
    ------
    InputError
        If values and graph do not fit each other, fewer than two places have an exposure, a count is not a whole number,
        or there are fewer than 99 draws.

    Examples
    --------
    A hundred blocks, more people to the east; in the south-west issues are four times what people explain, and yet
    fewer than in the east (blocks beside them have them as neighbours):

    >>> import geopandas as gpd
    >>> from libpysal.graph import Graph
    >>> col, row = np.divmod(np.arange(100), 10)
    >>> blocks = gpd.GeoSeries(shapely.box(col, row, col + 1, row + 1), index=[f"B{i:02d}" for i in range(100)])
    >>> people = 100 + 300 * col
    >>> issues = np.random.default_rng(1).poisson(people / 20 * np.where((col < 3) & (row < 3), 4, 1))
    >>> table = hot_rates_graph(issues, people, Graph.build_contiguity(blocks, rook=False))
    >>> hot = table[table["gi_bin"] >= 2]
    >>> " ".join(hot.index), hot["p_method"].unique().tolist()
    ('B00 B01 B02 B10 B11 B12 B13 B20 B21 B22 B30 B31 B32', ['beta_binomial'])
    """
    y, e, keep = _taking_part(align(counts, graph), align(exposure, graph))
    ids = graph.unique_ids
    near = neighbours(graph if keep.all() else graph.subgraph(ids[keep]), star=True)
    touching = near.weights.sign()
    places = _Places(lambda values: near.weights @ values, lambda values: touching @ values, _hops(touching))
    table = _tested(y[keep], e[keep], places, None if near.binary else (draws, seed))
    return _with_left_out(table.set_axis(ids[keep], axis=0), e, keep, ids)


@dataclass(frozen=True, eq=False)
class _Places:
    """Sums over each place's neighbourhood, over it and what touches it, and (n, d) coordinates."""

    around: Callable[[NDArray[Any]], NDArray[np.float64]]
    touching: Callable[[NDArray[Any]], NDArray[np.float64]]
    position: NDArray[np.float64]


def _grid_places(grid: Grid, band_m: float) -> _Places:
    def within(reach_m: float) -> Callable[[NDArray[Any]], NDArray[np.float64]]:
        return lambda values: disc_sums(values, grid, band_m=reach_m).astype(np.float64)

    return _Places(within(band_m), within(TOUCHING * grid.cell_m), np.column_stack(grid.centres()))


def _hops(near: Any) -> NDArray[np.float64]:
    """Coordinates of a graph's places: steps from one end and from the place furthest off it; apart is furthest of all."""
    n = near.shape[0]

    def steps(start: int) -> NDArray[np.float64]:
        found = dijkstra(near, indices=[start], unweighted=True)[0]
        return np.asarray(np.where(np.isfinite(found), found, n), dtype=np.float64)

    end = int(steps(0).argmax())
    first = steps(end)
    other = steps(int(first.argmax()))
    # Halfway between both ends, to one side: the second direction.
    side = steps(int((first + other + np.abs(first - other)).argmax()))
    return np.column_stack([first, side])


def _taking_part(
    counts: ArrayLike, exposure: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.bool_]]:
    y, e = _checked(counts, exposure)
    if not (np.isfinite(y).all() and (y >= 0).all() and (y == np.rint(y)).all()):
        raise InputError(
            zh="问题数须为不小于 0 的整数；已经算成比率的，请给出原来的件数。",
            en="issues must be whole numbers of at least 0; give the counts themselves, not rates made of them.",
        )
    keep = e > 0
    if keep.sum() < LEAST_EXPOSED:
        raise InputError(
            zh="有暴露量的格少于 2 个，无法比较；请检查暴露量图层和坐标系。",
            en="fewer than two cells have an exposure, so nothing can be compared; check the layer and its CRS.",
        )
    return y, e, keep


def rate_residuals(
    counts: ArrayLike, exposure: ArrayLike, grid: Grid
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Measure what the exposure does not explain, with the variance that chance gives it.

    (y_i − μ_i) / (φ + ψ μ_i): what the score test against rates that vary in space adds up, so that cells where hardly
    anybody is do not drown the others.

    Parameters
    ----------
    counts, exposure
        (n_cells,) issues and exposure above 0.
    grid
        The cells.

    Returns
    -------
    residual, variance : numpy.ndarray
        (n_cells,) each; independent counts given.
    """
    y, e = _checked(counts, exposure)
    expected = e * (y.sum() / e.sum())
    if not y.any():
        return np.zeros(len(y)), np.zeros(len(y))
    wider = overdispersion_on_grid(y, e, grid).variance(expected, expected**2) / expected
    return (y - expected) / wider, expected / wider


def _found(y: NDArray[np.float64], e: NDArray[np.float64], places: _Places) -> Overdispersion:
    """The overdispersion of counts, from each place against those that touch it."""
    return overdispersion(y, e, places.touching(y), places.touching(e), places.touching(e**2), places.position)


def _tested(
    y: NDArray[np.float64], e: NDArray[np.float64], places: _Places, draws: tuple[int, int] | None
) -> pd.DataFrame:
    total, rate = float(y.sum()), float(y.sum() / e.sum())
    found = _found(y, e, places)
    more = more_of_parts(y, e, places.touching(y), places.touching(e), places.position, found)
    issues, share = places.around(y), places.around(e) / e.sum()
    members = places.around(np.ones(len(y))) if draws is None else places.touching(np.ones(len(y)))
    alone, everything = members <= 1, members >= len(y)
    reason = np.select(
        [np.full(len(y), total == 0), alone, everything], ["no_issues", "no_neighbours", "band_covers_area"], default=""
    )
    known = np.flatnonzero(reason == "")
    p, deviation = np.full(len(y), np.nan), np.full(len(y), np.nan)
    method = ""
    if draws is not None and len(known):
        p[known], deviation[known] = (each[known] for each in _drawn(y, e, found, more, places, *draws))
        method = f"draws_{draws[0]}"
    elif len(known):
        extra = rate * more * e
        own = (found.variance(total * share, rate**2 * places.around(e**2)) + places.around(extra))[known]
        whole = float(found.variance(np.array(total), np.array(rate**2 * (e**2).sum())) + extra.sum())
        wider = share_variance_ratio(total, share[known], own, whole)
        upper, lower = beta_binomial_tails(issues[known], total, share[known], wider)
        p[known] = np.maximum(two_sided(upper, lower), P_FLOOR)
        deviation[known] = np.sqrt(wider * total * share[known] * (1 - share[known]))
        alone_each = found == Overdispersion(1.0, 0.0) and not more.any()
        method = "binomial" if alone_each else "beta_binomial"
    z = (issues - total * share) / deviation
    q = benjamini_hochberg(p)
    return pd.DataFrame(
        {
            "rate": empirical_bayes(y, e, min_expected=1.0),
            "issues": issues,
            "expected": total * share,
            "gi_z": z,
            "gi_p": p,
            "gi_p_normal": normal_p(z),
            "p_method": text_column(np.where(reason == "", method, "")),
            "gi_q": q,
            "gi_bin": gi_bin(q, z),
            "reason": text_column(reason),
        }
    )


def _drawn(
    y: NDArray[np.float64],
    e: NDArray[np.float64],
    found: Overdispersion,
    more: NDArray[np.float64],
    places: _Places,
    draws: int,
    seed: int,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Two-sided p and standard deviation of weighted sums, from maps drawn under the null with the same total."""
    if draws < 99:
        raise InputError(zh=f"抽样次数至少 99，现为 {draws}。", en=f"draws must be at least 99, not {draws}.")
    expected = e * (y.sum() / e.sum())
    excess = found.variance(expected, expected**2) / expected - 1 + more
    wide, level = excess > 0, expected.copy()
    observed = places.around(y)
    tie = 1e-9 * np.abs(observed).max(initial=0)
    at_least, at_most, mean, square = (np.zeros(len(y)) for _ in range(4))
    generator = np.random.default_rng(seed)
    for _ in range(draws):
        # Gamma means with counts shared out among them are negative binomial counts given their sum.
        level[wide] = generator.gamma(expected[wide] / excess[wide]) * excess[wide]
        sums = places.around(generator.multinomial(int(y.sum()), level / level.sum()).astype(np.float64))
        at_least += sums >= observed - tie
        at_most += sums <= observed + tie
        mean += sums / draws
        square += sums**2 / draws
    p = np.minimum(1, 2 * (1 + np.minimum(at_least, at_most)) / (1 + draws))
    return p, np.sqrt(np.maximum(square - mean**2, 0))


def _with_left_out(table: pd.DataFrame, e: NDArray[np.float64], keep: NDArray[np.bool_], labels: Any) -> pd.DataFrame:
    """The table of the places that take part, with the others as rows that say why not."""
    table = table.reindex(labels)
    table.insert(0, "exposure", e)
    table.loc[~keep, "reason"] = "no_exposure"
    return table.assign(gi_bin=table["gi_bin"].fillna(0).astype(np.int64))


def _sums(cell: NDArray[np.int64], amounts: NDArray[np.float64], n: int) -> NDArray[np.float64]:
    return np.asarray(np.bincount(cell, weights=amounts, minlength=n), dtype=np.float64)
