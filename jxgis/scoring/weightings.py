"""Ranks under many weightings at once: stochastic acceptability, and what moving each weight a little does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from jxgis.scoring.rank import SLACK, complete_enough, totals
from jxgis.settings import SCORING

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["acceptability", "draw_weightings", "drawn_ranks", "moved_weightings", "weight_sensitivity"]

_AT_ONCE = 1_000_000  # scores held at a time
_TAIL = 0.05  # of the draws beyond each end of an interval of ranks
_MOST_MOVED, _MOVES = 0.2, 1000  # of itself a weight is moved, so often


def draw_weightings(
    weights: pd.Series, *, draws: int = SCORING.weightings, concentration: float | None = None, seed: int = 0
) -> NDArray[np.float64]:
    """Draw sets of weights: evenly from all that there can be, or around given ones.

    Parameters
    ----------
    weights
        (m,) on the indicators' ids, not negative; drawn around where there is a ``concentration``.
    draws
        How many sets.
    concentration
        Of a Dirichlet distribution with these weights as mean: the variance of a share w is w(1 − w)/(c + 1). None: the even
        distribution on the simplex, in which no indicator counts more than another.
    seed
        Same seed, same weightings.

    Returns
    -------
    ndarray
        (draws, m), each row of sum 1; an indicator's do not hang on the order of the indicators.

    Examples
    --------
    >>> drawn = draw_weightings(pd.Series({"a": 3.0, "b": 1.0}), draws=4000, concentration=99)
    >>> drawn.shape, drawn.sum(axis=1).round(9).min().item(), drawn[:, 0].mean().round(2).item()
    ((4000, 2), 1.0, 0.75)
    """
    given = weights.to_numpy(dtype=np.float64)
    shape = np.ones(given.size) if concentration is None else concentration * given / given.sum()
    order = np.argsort(weights.index.to_numpy(dtype=str), kind="stable")
    found = np.empty((draws, given.size))
    found[:, order] = np.random.default_rng(seed).standard_gamma(shape[order], (draws, given.size))
    return np.asarray(found / found.sum(axis=1, keepdims=True), dtype=np.float64)


def drawn_ranks(scores: NDArray[np.float64], weightings: NDArray[np.float64]) -> NDArray[np.uint32]:
    """Rank candidates under each weighting, by Σw·s/Σw over what is known of each.

    Parameters
    ----------
    scores
        (n, m) from 0 to 100, NaN where not known; something is known of each.
    weightings
        (d, m), not negative.

    Returns
    -------
    ndarray
        (n, d): 1 is best; scores that are equal up to rounding share the better rank. Worst where all that is known of a
        candidate weighs nothing.

    Notes
    -----
    Products of matrices, as many weightings at a time as make a million scores: 4 · n · d bytes in all.

    Examples
    --------
    >>> drawn_ranks(np.array([[90.0, 10.0], [50.0, np.nan]]), np.array([[1.0, 0.0], [0.2, 0.8]])).tolist()
    [[1, 2], [2, 1]]
    """
    known = np.isfinite(scores)
    earned, there = np.where(known, scores, 0.0).T, known.T.astype(np.float64)
    n = len(scores)
    found = np.empty((n, len(weightings)), dtype=np.uint32)
    step = max(1, _AT_ONCE // max(n, 1))
    for start in range(0, len(weightings), step):
        some = weightings[start : start + step]
        weight = some @ there
        total = np.divide(some @ earned, weight, out=np.full(weight.shape, -1.0), where=weight > 0)
        order = np.argsort(-total, axis=1)
        best_first = np.take_along_axis(total, order, axis=1)
        lower = best_first[:, :-1] * (1 - SLACK) - SLACK > best_first[:, 1:]
        place = np.zeros(total.shape, dtype=np.uint32)
        place[:, 1:] = np.where(lower, np.arange(1, n, dtype=np.uint32), 0)
        ranks = np.empty_like(place)
        np.put_along_axis(ranks, order, np.maximum.accumulate(place, axis=1) + 1, axis=1)
        found[:, start : start + step] = ranks.T
    return found


def acceptability(
    scores: pd.DataFrame, weightings: NDArray[np.float64], *, top: int, eligible: pd.Series | None = None
) -> pd.DataFrame:
    """Find in which share of weightings each candidate is near the top (SMAA; Lahdelma & Salminen 2001).

    It depends on who else is ranked. What is missing is left out, its weight with it, as in the score.

    Parameters
    ----------
    scores
        (n) rows, a column an indicator, 0 to 100 or NaN.
    weightings
        (d, m), from :func:`draw_weightings`, in the columns' order.
    top
        How many places are near the top; those who share the last of them all are.
    eligible
        bool on the index: who is ranked; None: all of whom something is known.

    Returns
    -------
    pandas.DataFrame
        On the index: ``acceptability``, 0–1; ``acceptability_se``, the standard error that drawing d weightings leaves it,
        √(p(1 − p)/d) with p = (hits + 1)/(d + 2), so that none is 0; ``rank_mean``, ``rank_low``, ``rank_high`` (mean, 5th
        and 95th percentile of the ranks). NaN for those that are not ranked.

    Examples
    --------
    >>> table = pd.DataFrame({"a": [90.0, 10.0], "b": [20.0, 60.0]})  # equal where the weight of a is 1/3
    >>> drawn = draw_weightings(pd.Series({"a": 1.0, "b": 1.0}), draws=20_000)
    >>> acceptability(table, drawn, top=1)["acceptability"].round(1).tolist()
    [0.7, 0.3]
    """
    s = scores.to_numpy(dtype=np.float64)
    may = np.isfinite(s).any(axis=1)
    if eligible is not None:
        may &= eligible.reindex(scores.index).to_numpy(dtype=bool)
    columns = ["acceptability", "acceptability_se", "rank_mean", "rank_low", "rank_high"]
    table = pd.DataFrame(np.nan, index=scores.index, columns=columns)
    if may.any():
        ranks = drawn_ranks(s[may], weightings)
        draws = len(weightings)
        hits = (ranks <= top).sum(axis=1)
        p = (hits + 1) / (draws + 2)
        low, high = _quantiles(ranks, [_TAIL, 1 - _TAIL])
        table.iloc[np.flatnonzero(may)] = np.column_stack(
            [hits / draws, np.sqrt(p * (1 - p) / draws), ranks.mean(axis=1), low, high]
        )
    return table


def moved_weightings(weights: pd.Series) -> NDArray[np.float64]:
    """Move every weight at random by up to ± 20 % of itself.

    Parameters
    ----------
    weights
        (m,) on the indicators' ids.

    Returns
    -------
    ndarray
        (1000, m), the same each time.

    Examples
    --------
    >>> moved = moved_weightings(pd.Series({"a": 0.5, "b": 10.0}))
    >>> moved.min(axis=0).round(1).tolist(), moved.max(axis=0).round(1).tolist()
    ([0.4, 8.0], [0.6, 12.0])
    """
    moves = np.random.default_rng(0).uniform(1 - _MOST_MOVED, 1 + _MOST_MOVED, (_MOVES, len(weights)))
    return np.asarray(weights.to_numpy(dtype=np.float64) * moves, dtype=np.float64)


def weight_sensitivity(
    scores: pd.DataFrame,
    weights: pd.Series,
    moved: NDArray[np.float64],
    *,
    min_completeness: float = SCORING.min_completeness,
    eligible: pd.Series | None = None,
) -> pd.DataFrame:
    """How ranks move where weights are moved a little.

    Parameters
    ----------
    scores
        One row a candidate, columns by indicator id, 0 to 100 or NaN.
    weights
        On the columns.
    moved
        (d, m) the weights as they are moved, from :func:`moved_weightings`, in the columns' order.
    min_completeness
        Below it, by the weights given, a candidate is not ranked.
    eligible
        As for :func:`rank_candidates`.

    Returns
    -------
    pandas.DataFrame
        On the index of ``scores``: ``rank_best, rank_median, rank_worst`` (5th, 50th and 95th percentile, drawn
        values) and ``share_first`` (share of draws at rank 1); null where not ranked.

    Examples
    --------
    >>> table, weights = pd.DataFrame({"a": [90.0, 10.0], "b": [80.0, 20.0]}), pd.Series({"a": 0.5, "b": 0.5})
    >>> weight_sensitivity(table, weights, moved_weightings(weights))["share_first"].tolist()
    [1.0, 0.0]
    """
    s = scores.to_numpy(dtype=np.float64)
    _, _, completeness = totals(s, weights.reindex(scores.columns).to_numpy(dtype=np.float64))
    may = complete_enough(completeness, min_completeness)
    if eligible is not None:
        may &= eligible.reindex(scores.index).to_numpy(dtype=bool)
    # Where all is missing there is nothing to rank, however little is asked for.
    ranked = np.flatnonzero(may & np.isfinite(s).any(axis=1))
    table = pd.DataFrame(np.nan, index=scores.index, columns=["rank_best", "rank_median", "rank_worst", "share_first"])
    if ranked.size:
        ranks = drawn_ranks(s[ranked], moved)
        table.iloc[ranked] = np.column_stack([*_quantiles(ranks, [_TAIL, 0.5, 1 - _TAIL]), (ranks == 1).mean(axis=1)])
    return table


def _quantiles(ranks: NDArray[np.uint32], shares: list[float]) -> NDArray[np.uint32]:
    """Drawn ranks that have these shares of the draws below them, (len(shares), n)."""
    draws = ranks.shape[1]
    at = [round(share * (draws - 1)) for share in shares]
    step = max(1, _AT_ONCE // draws)
    parts = [np.partition(ranks[k : k + step], at, axis=1)[:, at] for k in range(0, len(ranks), step)]
    return np.concatenate(parts).T
