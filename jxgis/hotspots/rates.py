"""Issues against an exposure: empirical Bayes rates, the built-up mask, and Gi* on deviations from the city's rate.

Raw counts follow people and patrols: on them the inner city is one hot spot. A rate asks where there are more issues
than the people, or the streets, would explain.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely

from jxgis._errors import InputError
from jxgis.crs import require_metric
from jxgis.hotspots.inference import hotspot_table, hotspot_table_graph
from jxgis.space.graph import align

if TYPE_CHECKING:
    import geopandas as gpd
    from libpysal.graph import Graph
    from numpy.typing import ArrayLike, NDArray

    from jxgis.space.grid import Grid

__all__ = ["built_up", "empirical_bayes", "exposure_on_grid", "hot_rates", "hot_rates_graph", "rate_scores"]

# Sub-cells along a cell's side for measuring how much of it is built up: one per cent of the cell each.
_MASK_SPLIT = 10


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
        If an exposure is negative or missing, or none is above zero.

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
    own = np.divide(y, e, out=np.full(y.shape, np.nan), where=has)
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


def rate_scores(counts: ArrayLike, exposure: ArrayLike) -> NDArray[np.float64]:
    """Measure how far counts are from what the exposure expects, on a scale where all cells vary alike.

    g(y_i) − g(μ_i) with μ_i = e_i Σy/Σe and g(v) = 2/√φ · asinh √(φ(v + ⅜)), which makes the variance of negative
    binomial counts nearly 1 whatever their mean (2√(v + ⅜) for φ = 0, Poisson). φ is how much more cells differ than
    chance alone would make them, Σ((y−μ)² − μ)/Σμ² over the cells that expect one issue or more.

    Cells may then be exchanged in a permutation. Plain or smoothed rates may not be: where few people live one issue
    is a rate of hundreds, or else is pulled to the mean, and a hot spot there is lost.

    Parameters
    ----------
    counts, exposure
        As in :func:`empirical_bayes`.

    Returns
    -------
    numpy.ndarray
        (n,) scores; NaN where there is no exposure.

    Raises
    ------
    InputError
        As in :func:`empirical_bayes`.

    References
    ----------
    Anscombe, F. J. (1948). The transformation of Poisson, binomial and negative-binomial data. Biometrika 35.

    Examples
    --------
    >>> rate_scores([2, 40, 0, 5], [10, 1000, 1, 0]).round(3).tolist()
    [1.304, -0.241, -0.066, nan]
    """
    y, e = _checked(counts, exposure)
    has = e > 0
    expected = np.where(has, e * (y[has].sum() / e[has].sum()), np.nan)
    among = has & (expected >= 1)
    square = float((expected[among] ** 2).sum())
    excess = float(((y[among] - expected[among]) ** 2 - expected[among]).sum())
    dispersion = max(0.0, excess / square) if square > 0 else 0.0
    return np.asarray(_stabilised(y, dispersion) - _stabilised(expected, dispersion), dtype=np.float64)


def _stabilised(values: NDArray[np.float64], dispersion: float) -> NDArray[np.float64]:
    if dispersion < 1e-9:
        return np.asarray(2 * np.sqrt(values + 0.375), dtype=np.float64)
    return np.asarray(2 / np.sqrt(dispersion) * np.arcsinh(np.sqrt(dispersion * (values + 0.375))), dtype=np.float64)


def _checked(counts: ArrayLike, exposure: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    y, e = np.asarray(counts, dtype=np.float64), np.asarray(exposure, dtype=np.float64)
    if y.shape != e.shape or not (e >= 0).all() or not (e > 0).any():
        raise InputError(
            zh="暴露量须与问题数一一对应、不为负、不缺失，且至少有一格大于 0。",
            en="the exposure must have one value a count, none negative or missing, and at least one above 0.",
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
            zh=f"暴露量图层没有 {column} 列；有：{'、'.join(map(str, table.columns))}。",
            en=f"the exposure layer has no column {column}; it has {', '.join(map(str, table.columns))}.",
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
    measure = {0: None, 1: shapely.length, 2: shapely.area}[int(dimension[0])]
    unit = {0: 1.0, 1: 1e3, 2: 1e6}[int(dimension[0])]
    amount = None if column is None else table[column].fillna(0).to_numpy(dtype=np.float64)
    if measure is None:
        parts, origin = shapely.get_parts(shapes, return_index=True)
        cell = grid.index_of(shapely.get_x(parts), shapely.get_y(parts))
        each = np.ones(len(table)) if amount is None else amount / np.maximum(shapely.get_num_geometries(shapes), 1)
        return _sums(cell[cell >= 0], each[origin[cell >= 0]], len(grid))
    squares = grid.cells().geometry.to_numpy()
    which, cell = shapely.STRtree(squares).query(shapes, predicate="intersects")
    size = measure(shapely.intersection(shapes[which], squares[cell]))
    whole = measure(shapes)
    each = np.full(len(table), 1 / unit) if amount is None else np.divide(amount, whole, out=0 * whole, where=whole > 0)
    return _sums(cell, size * each[which], len(grid))


def built_up(grid: Grid, land: gpd.GeoDataFrame | gpd.GeoSeries, *, min_share: float = 0.0) -> NDArray[np.bool_]:
    """Say which cells are built up, so that farmland is no part of the comparison.

    Parameters
    ----------
    grid
        The cells.
    land
        Polygons of built-up land (or of housing), or lines of streets, in the grid's CRS.
    min_share
        A cell is built up if more than this share of it (0–1) is; 0: if anything is. Measured to one per cent of
        the cell.

    Returns
    -------
    numpy.ndarray
        (n_cells,) bool, for ``grid.where``.

    Examples
    --------
    >>> import geopandas as gpd, pyproj
    >>> from jxgis.space.grid import Grid
    >>> grid = Grid(pyproj.CRS(4549), 100.0, 0, 0, np.ones((1, 3), dtype=bool))
    >>> land = gpd.GeoSeries([shapely.box(0, 0, 130, 100)], crs=4549)
    >>> built_up(grid, land).tolist(), built_up(grid, land, min_share=0.5).tolist()
    ([True, True, False], [True, False, False])
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
    share = burnt.reshape(rows, _MASK_SPLIT, cols, _MASK_SPLIT).mean(axis=(1, 3))
    return np.asarray(share[grid.mask] > min_share, dtype=bool)


def hot_rates(
    counts: ArrayLike,
    exposure: ArrayLike,
    grid: Grid,
    *,
    band_m: float,
    alpha: float = 0.05,
    min_exposure: float = 0.0,
    levels: int = 2000,
) -> pd.DataFrame:
    """Find where there is more than the exposure explains: Gi* on :func:`rate_scores`, with exact p.

    The scores are rounded to ``levels`` steps between the lowest and the highest. They are whole
    numbers then, and the exact permutation distribution of counts holds for them as it stands (Gi* does not depend on
    shift or scale): no draws, no seed, no floor that would starve the false discovery rate.

    Parameters
    ----------
    counts
        (n_cells,) issues.
    exposure
        (n_cells,) what they are measured against.
    grid
        The cells.
    band_m
        The neighbourhood, metres.
    alpha
        False discovery rate for ``lisa``.
    min_exposure
        Cells whose exposure is not above this take no part: neither as neighbours nor in the mean.
    levels
        Steps that the scores are rounded to, at least 100.

    Returns
    -------
    pandas.DataFrame
        One row a cell: ``exposure``, ``rate`` (:func:`empirical_bayes`, per unit), then the columns of
        :func:`jxgis.hotspots.inference.hotspot_table` but ``count``, for the scores; ``reason`` is ``no_exposure``
        where the cell takes no part.

    Raises
    ------
    InputError
        If fewer than two cells have an exposure, or ``levels`` is below 100.
    """
    y, e = np.asarray(counts), np.asarray(exposure, dtype=np.float64)
    keep, rate, steps = _steps(y, e, min_exposure, levels)
    table = hotspot_table(steps, grid.where(keep), band_m=band_m, alpha=alpha)
    return _with_left_out(table.set_axis(np.flatnonzero(keep), axis=0), rate, e, keep, range(len(grid)))


def hot_rates_graph(
    counts: pd.Series | ArrayLike,
    exposure: pd.Series | ArrayLike,
    graph: Graph,
    *,
    alpha: float = 0.05,
    min_exposure: float = 0.0,
    levels: int = 2000,
) -> pd.DataFrame:
    """Find polygons, hexes or H3 cells with more than the exposure explains: :func:`hot_rates` with a graph's neighbours.

    Parameters
    ----------
    counts, exposure
        (n,) issues and what they are measured against: Series with the labels of the graph, or arrays in its order.
    graph
        ``libpysal.graph.Graph``; its places are made their own neighbours. Places without exposure are taken out of it.
    alpha, min_exposure, levels
        As in :func:`hot_rates`. Exact p needs binary weights; others (kernels) get draws, and ``p_method`` says so.

    Returns
    -------
    pandas.DataFrame
        The columns of :func:`hot_rates`, one row a place, indexed by ``graph.unique_ids``.

    Raises
    ------
    InputError
        If values and graph do not fit each other, fewer than two places have an exposure, or ``levels`` is below 100.

    Examples
    --------
    A hundred blocks, more people to the east; in the south-west issues are four times what people explain, and yet
    fewer than in the east:

    >>> import geopandas as gpd
    >>> from libpysal.graph import Graph
    >>> col, row = np.divmod(np.arange(100), 10)
    >>> blocks = gpd.GeoSeries(shapely.box(col, row, col + 1, row + 1), index=[f"B{i:02d}" for i in range(100)])
    >>> people = 100 + 300 * col
    >>> issues = np.random.default_rng(1).poisson(people / 20 * np.where((col < 3) & (row < 3), 4, 1))
    >>> table = hot_rates_graph(issues, people, Graph.build_contiguity(blocks, rook=False))
    >>> hot = table[table["gi_bin"] >= 2]
    >>> " ".join(hot.index), hot["p_method"].unique().tolist()
    ('B00 B01 B02 B10 B11 B12 B20 B21 B22', ['exact'])
    """
    y, e = align(counts, graph), align(exposure, graph).astype(np.float64)
    keep, rate, steps = _steps(y, e, min_exposure, levels)
    ids = graph.unique_ids
    part = graph if keep.all() else graph.subgraph(ids[keep])
    table = hotspot_table_graph(pd.Series(steps, index=ids[keep]), part, alpha=alpha)
    return _with_left_out(table, rate, e, keep, ids)


def _steps(
    y: NDArray[Any], e: NDArray[np.float64], min_exposure: float, levels: int
) -> tuple[NDArray[np.bool_], NDArray[np.float64], NDArray[np.int64]]:
    """Which places take part, and of those the rate and the score as a whole number of steps."""
    if levels < 100:
        raise InputError(zh=f"levels 至少 100，现为 {levels}。", en=f"levels must be at least 100, not {levels}.")
    keep = e > min_exposure
    if keep.sum() < 2:
        raise InputError(
            zh="有暴露量的格少于 2 个，无法比较；请检查暴露量图层和坐标系。",
            en="fewer than two cells have an exposure, so nothing can be compared; check the layer and its CRS.",
        )
    rate = empirical_bayes(y[keep], e[keep], min_expected=1.0)
    scores = rate_scores(y[keep], e[keep])
    span = float(scores.max() - scores.min())
    return keep, rate, np.rint((scores - scores.min()) * (levels / span if span > 0 else 0.0)).astype(np.int64)


def _with_left_out(
    table: pd.DataFrame, rate: NDArray[np.float64], e: NDArray[np.float64], keep: NDArray[np.bool_], labels: Any
) -> pd.DataFrame:
    """The table of the places that take part, with the others as rows that say why not."""
    table = table.drop(columns="count")
    table.insert(0, "rate", rate)
    table = table.reindex(labels)
    table.insert(0, "exposure", e)
    table.loc[~keep, "reason"] = "no_exposure"
    return table.assign(
        gi_bin=table["gi_bin"].fillna(0).astype(np.int64), lisa=table["lisa"].fillna("ns").astype("str")
    )


def _sums(cell: NDArray[np.int64], amounts: NDArray[np.float64], n: int) -> NDArray[np.float64]:
    return np.asarray(np.bincount(cell, weights=amounts, minlength=n), dtype=np.float64)
