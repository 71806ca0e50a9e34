"""Emerging hot spots: what every cell has been over the slices, whether it rises or falls, and since when it is what it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from jxgis.settings import TRENDS
from jxgis.space.ratio import ratio
from jxgis.statistics.batches import batch_tails
from jxgis.statistics.fdr import benjamini_hochberg
from jxgis.statistics.mann_kendall import mann_kendall, sen_slope
from jxgis.trends.change import batch_around, batches
from jxgis.trends.cube import score_cube
from jxgis.trends.patterns import last_runs, patterns, since

if TYPE_CHECKING:
    import numpy.typing as npt

    from jxgis.settings import CompareWith
    from jxgis.space.grid import Grid

__all__ = ["batches_of", "find_emerging", "judge_cells"]

_YEAR = 365.25
_LEAST = 5
"""Cases a slice around a cell, on the average, from which on its trend is tested."""
_RISING = ("new", "consecutive")
"""What says that a place was not hot before: it is said where the rise is beyond chance."""


def find_emerging(
    counts: npt.NDArray[np.int64],
    grid: Grid,
    starts: npt.NDArray[np.datetime64],
    *,
    band_m: float,
    alpha: float,
    compare_with: CompareWith = TRENDS.compare_with,
    window: int = TRENDS.window,
    batch: float | None = None,
) -> pd.DataFrame:
    """Say of every cell what it has been over the slices.

    Hot and cold are judged in each slice by the exact p of Gi*, at a false discovery rate over all cells and slices. The
    trend is Mann and Kendall's, of the cases around a cell, which z follows where all slices are compared; where each is
    compared with itself or those just before, of their share of the slice, since z then grows with the cases of the city.
    It is tested where there are five cases a slice or more: shares of fewer rise with the number of cases by themselves.
    ``new`` and ``consecutive`` are said where the cases around the cell since then are more, beyond chance, than before,
    given its own cases and those of each slice: exact where every case falls into a slice by itself, else as variable as
    the earlier and the later half of the slices are beside each other (`trends.change.batches`).

    Parameters
    ----------
    counts
        (slices, n_cells) cases, from `trends.cube.count_cube`; the earliest slice first.
    grid
        The cells.
    starts
        (slices,) first day of each slice.
    band_m
        A cell's neighbours lie within it, metres.
    alpha
        Rate of false discoveries.
    compare_with, window
        As `trends.cube.score_cube` takes them.
    batch
        How many times as much as by chance counts vary; 1 for cases by themselves, None for `batches_of` the counts.

    Returns
    -------
    pandas.DataFrame
        One row a cell: ``pattern`` (`trends.patterns.CATEGORIES`), ``trend_z, trend_p, trend_q`` (NaN where it is not
        tested), ``slope`` (Sen's, of the
        neighbourhood's share of the slices' cases, relative to its mean, a year), ``since`` (first day of the slice since
        which it is hot, or cold, without a break), ``hot_slices``,
        ``cold_slices``.

    Raises
    ------
    InputError
        If there are fewer than two slices.

    References
    ----------
    Esri, How Emerging Hot Spot Analysis works (the categories); Mann (1945), Kendall (1975), Sen (1968).

    Examples
    --------
    A corner that is quiet for two months, and busy for ten:

    >>> import pyproj
    >>> from jxgis.space.grid import Grid
    >>> grid = Grid(pyproj.CRS(4549), 100.0, 0, 0, np.ones((20, 20), dtype=bool))
    >>> counts = np.random.default_rng(0).poisson(2, (12, 400))
    >>> counts[2:, [0, 1, 2, 20, 21, 22]] += 30
    >>> months = np.arange("2024-01", "2025-01", dtype="datetime64[M]")
    >>> found = find_emerging(counts, grid, months, band_m=150, alpha=0.05)
    >>> found.loc[0, "pattern"], int(found.loc[0, "hot_slices"]), str(found.loc[0, "since"].date())
    ('consecutive_hot', 10, '2024-03-01')
    """
    scores = score_cube(counts, grid, band_m=band_m, compare_with=compare_with, window=window)
    return judge_cells(
        scores.states(alpha),
        scores.around,
        counts,
        starts,
        alpha=alpha,
        batch=batches_of(counts, grid, band_m=band_m) if batch is None else batch,
        compare_with=compare_with,
    )


def batches_of(counts: npt.NDArray[np.int64], grid: Grid, *, band_m: float) -> npt.NDArray[np.float64]:
    """How many times as much as by chance the shares of the two halves of the slices vary of the cases around each cell.

    See `trends.change.batches`.
    """
    half = len(counts) // 2
    own = batches(counts[:half].sum(axis=0), counts[half:].sum(axis=0), grid)
    return batch_around(own, counts.sum(axis=0), grid, band_m=band_m)


def judge_cells(
    states: npt.NDArray[np.int64],
    around: npt.NDArray[np.int64],
    counts: npt.NDArray[np.int64],
    starts: npt.NDArray[np.datetime64],
    *,
    alpha: float,
    batch: npt.ArrayLike,
    compare_with: CompareWith = TRENDS.compare_with,
) -> pd.DataFrame:
    """Say of every cell what it has been, where it is known in which slices it is hot; see :func:`find_emerging`.

    Parameters
    ----------
    states, around
        (slices, n_cells) of `trends.cube.Scores`: hot or cold, and the cases around.
    counts, starts, alpha, compare_with
        As `find_emerging` takes them.
    batch
        How many times as much as by chance the cases around vary, of all cells or (n_cells,) of each; 1 for cases by themselves.

    Returns
    -------
    pandas.DataFrame
        As `find_emerging` has it.
    """
    known = counts.any(axis=1)
    share = ratio(around[known], counts[known].sum(axis=1, keepdims=True))
    trend = _trends(around if compare_with == "cube" else share, around, alpha)
    pattern = patterns(states, trend.direction)
    risen = _risen(counts, around, states, alpha, batch)
    pattern[pd.Series(pattern).str.startswith(_RISING).to_numpy() & ~risen] = "none"
    first = since(states)
    days = starts.astype("datetime64[D]").astype(np.float64)
    mean = share.sum(axis=0) / max(len(share), 1)  # of a class without any issue there is no slice
    slope = ratio(sen_slope(share, days[known]) * _YEAR, mean)
    return pd.DataFrame(
        {
            "pattern": pattern,
            "trend_z": trend.z,
            "trend_p": trend.p,
            "trend_q": trend.q,
            "slope": slope,
            "since": pd.Series(starts.astype("datetime64[ns]")[first]).where(first >= 0),
            "hot_slices": (states == 1).sum(axis=0),
            "cold_slices": (states == -1).sum(axis=0),
        }
    )


class _Trends(NamedTuple):
    """Trend of every cell: its score, p and q, NaN where it is not tested, and 1 or -1 where it is significant."""

    z: npt.NDArray[np.float64]
    p: npt.NDArray[np.float64]
    q: npt.NDArray[np.float64]
    direction: npt.NDArray[np.int64]


def _trends(series: npt.NDArray[Any], around: npt.NDArray[np.int64], alpha: float) -> _Trends:
    z, p = (np.full(around.shape[1], np.nan) for _ in range(2))
    tested = around.sum(axis=0) >= _LEAST * len(around)
    found = mann_kendall(series[:, tested])
    z[tested], p[tested] = found.z, found.p
    q = benjamini_hochberg(p)
    return _Trends(z, p, q, np.where(q <= alpha, np.sign(z), 0).astype(np.int64))


def _risen(
    counts: npt.NDArray[np.int64],
    around: npt.NDArray[np.int64],
    states: npt.NDArray[np.int64],
    alpha: float,
    batch: npt.ArrayLike,
) -> npt.NDArray[np.bool_]:
    """Where the cases since a cell is hot, or cold, are more, or fewer, than before beyond chance."""
    slices = len(counts)
    run = last_runs(states)
    late = np.arange(slices)[:, None] >= slices - run
    of_slice = counts.sum(axis=1)
    recent, own = (around * late).sum(axis=0), around.sum(axis=0)
    drawn = (of_slice[:, None] * late).sum(axis=0)
    asked = (states[-1] != 0) & (own > 0)
    batch = np.broadcast_to(batch, own.shape)[asked]
    upper, lower = batch_tails(recent[asked], own[asked], drawn[asked], int(of_slice.sum()), batch=batch)
    p = np.ones(len(run))
    p[asked] = np.where(states[-1, asked] > 0, upper, lower)
    return np.asarray(benjamini_hochberg(p) <= alpha)
