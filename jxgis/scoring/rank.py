"""Scores and ranks of candidates, with what is missing said; TOPSIS and sensitivity as other views."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, TypeVar

import numpy as np
import pandas as pd

from jxgis import parse
from jxgis.errors import InputError
from jxgis.i18n import Text, counted
from jxgis.privacy import quoted
from jxgis.scoring.conditions import fails_condition
from jxgis.scoring.indicators import Indicator, score_values
from jxgis.settings import SCORING
from jxgis.space.ratio import ratio

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = [
    "SLACK",
    "by_rank",
    "competition_rank",
    "complete_enough",
    "geometric_mean",
    "numbers",
    "rank_agreement",
    "rank_candidates",
    "ranked",
    "score_table",
    "topsis",
    "totals",
]

SLACK = 1e-9
"""Sums in another order differ by about 1e-15 of themselves, or of what they took away: figures closer than this are equal."""
_LEAST = 1.0  # what a score is at least in a geometric mean
Scores = TypeVar("Scores", bound=pd.DataFrame)


def competition_rank(figures: pd.Series) -> pd.Series:
    """Ranks from 1 for the largest; equal figures share the better rank, and the next rank counts them all.

    Figures are equal where they differ from the best of them by less than 1e-9, or 1e-9 of it: the order of a sum ranks
    nobody.

    Parameters
    ----------
    figures
        Numbers; NaN and infinite ones have no rank.

    Returns
    -------
    pandas.Series
        Int64, on the same index.

    Examples
    --------
    >>> competition_rank(pd.Series([0.1 + 0.2, 0.3, 0.5, np.nan, 0.2])).tolist()
    [2, 2, 1, <NA>, 4]
    """
    x = figures.to_numpy(dtype=np.float64)
    x = np.where(np.isfinite(x), x, np.nan)
    order = np.argsort(-x, kind="stable")
    rank = np.full(x.size, np.nan)
    best, shared = np.nan, 0
    for place, row in enumerate(order[: int(np.isfinite(x).sum())].tolist(), start=1):
        # Against the first of its equals, not the one before: a long chain of near figures does not creep together.
        if not abs(best - x[row]) <= SLACK * max(abs(best), 1.0):
            best, shared = x[row], place
        rank[row] = shared
    return pd.Series(rank, index=figures.index).astype("Int64")


def complete_enough(completeness: NDArray[np.float64], least: float) -> NDArray[np.bool_]:
    """Whether the share of weight that is known reaches the least for a rank, the limit included up to rounding.

    Examples
    --------
    >>> complete_enough(np.array([0.1 + 0.6, 0.69]), 0.7).tolist()
    [True, False]
    """
    return np.asarray(completeness >= least - SLACK, dtype=np.bool_)


def score_table(values: pd.DataFrame, indicators: Sequence[Indicator]) -> pd.DataFrame:
    """Score each indicator of each candidate against its fixed reference.

    Parameters
    ----------
    values
        One row a candidate, columns by indicator id; an indicator without a column is missing for all.
    indicators
        What is scored.

    Returns
    -------
    pandas.DataFrame
        On the index of ``values``, columns by indicator id, 0 to 100 or NaN.

    Raises
    ------
    InputError
        If a column holds something that is not a number, or an infinite one.

    Examples
    --------
    >>> score_table(pd.DataFrame({"a": [1.0, 4.0]}), [Indicator("a", "A", 1, target=2)])["a"].tolist()
    [50.0, 100.0]
    """
    return pd.DataFrame(
        {i.id: score_values(numbers(values, i.id), i) for i in indicators}, index=values.index, dtype="float64"
    )


def rank_candidates(
    values: pd.DataFrame,
    *,
    indicators: Sequence[Indicator],
    weights: pd.Series,
    min_completeness: float = SCORING.min_completeness,
    eligible: pd.Series | None = None,
) -> pd.DataFrame:
    """Score and rank candidates: Σw·s/Σw over what is known, with the completeness that goes with it.

    Parameters
    ----------
    values
        One row a candidate, columns by indicator id, NaN where not known; ``candidate_id`` from the column of that
        name, else from the index.
    indicators
        What is scored.
    weights
        On the indicators' ids, not negative.
    min_completeness
        Share of weight that must be known for a rank.
    eligible
        bool on the index of ``values``: who may have a rank, such as those that pass every condition; None: all.

    Returns
    -------
    pandas.DataFrame
        On the index of ``values``: ``candidate_id``; ``score`` (0–100; NaN where nothing is known);
        ``score_if_missing_zero`` (what is missing scores 0: the floor); ``completeness`` (share of weight known, 0–1);
        ``rank`` (1 is best, equal scores share the better rank; null below ``min_completeness`` and where not eligible,
        the others being ranked as if alone); for each indicator x its value ``x`` and its score ``x_score``.

    Raises
    ------
    InputError
        If a column is not a number or infinite, a weight is missing or negative, or all weights are 0.

    Examples
    --------
    >>> two = [Indicator("a", "A", 3, target=100), Indicator("b", "A", 1, low=0, high=10)]
    >>> table = pd.DataFrame({"a": [80.0, 50.0, np.nan], "b": [np.nan, 0.0, 1.0]}, index=["甲", "乙", "丙"])
    >>> found = rank_candidates(table, indicators=two, weights=pd.Series({"a": 0.75, "b": 0.25}))
    >>> found[["score", "score_if_missing_zero", "completeness", "rank"]].values.tolist()
    [[80.0, 60.0, 0.75, 1], [62.5, 62.5, 1.0, 2], [90.0, 22.5, 0.25, <NA>]]
    """
    scores = score_table(values, indicators)
    w = _checked(weights, indicators)
    score, floor, completeness = totals(scores.to_numpy(), w)
    ranked = complete_enough(completeness, min_completeness)
    if eligible is not None:
        ranked &= eligible.reindex(values.index).to_numpy(dtype=bool)
    rank = competition_rank(pd.Series(np.where(ranked, score, np.nan), index=values.index))
    ids = values["candidate_id"] if "candidate_id" in values.columns else pd.Series(values.index, index=values.index)
    table = pd.DataFrame(
        {
            "candidate_id": ids,
            "score": score,
            "score_if_missing_zero": floor,
            "completeness": completeness,
            "rank": rank,
        },
        index=values.index,
    )
    columns: dict[str, pd.Series | NDArray[np.float64]] = {}
    for indicator in indicators:
        columns[indicator.id] = numbers(values, indicator.id)
        columns[f"{indicator.id}_score"] = scores[indicator.id]
    return pd.concat([table, pd.DataFrame(columns, index=values.index)], axis=1)


def topsis(scores: pd.DataFrame, weights: pd.Series) -> pd.Series:
    """Closeness to the best possible candidate (TOPSIS; Hwang & Yoon 1981), against fixed ideals.

    The ideals are 100 and 0 on every indicator, not the batch's best and worst, so that closeness does not change
    with who else is scored; what is missing is left out, its weight with it.

    Parameters
    ----------
    scores
        One row a candidate, columns by indicator id, 0 to 100 or NaN.
    weights
        On the columns.

    Returns
    -------
    pandas.Series
        From 0 (worst on all) to 1 (best on all); NaN where nothing is known.

    Examples
    --------
    >>> table = pd.DataFrame({"a": [100.0, 0.0, 50.0], "b": [100.0, 0.0, 50.0]})
    >>> topsis(table, pd.Series({"a": 0.5, "b": 0.5})).tolist()
    [1.0, 0.0, 0.5]
    """
    s = scores.to_numpy(dtype=np.float64)
    w = weights.reindex(scores.columns).to_numpy(dtype=np.float64)
    to_best = np.sqrt(np.nansum((w * (100.0 - s)) ** 2, axis=1))
    to_worst = np.sqrt(np.nansum((w * s) ** 2, axis=1))
    total = to_best + to_worst
    closeness = ratio(to_worst, total)
    return pd.Series(closeness, index=scores.index, name="topsis")


def geometric_mean(scores: pd.DataFrame, weights: pd.Series) -> pd.Series:
    """Weighted geometric mean of the scores over what is known: a weakness is made up for less than in a sum.

    Each score counts as 1 at least, so that one nought does not wipe out all others.

    Parameters
    ----------
    scores
        One row a candidate, columns by indicator id, 0 to 100 or NaN.
    weights
        On the columns.

    Returns
    -------
    pandas.Series
        exp(Σw·ln s/Σw), 1 to 100; NaN where nothing is known.

    Examples
    --------
    >>> table = pd.DataFrame({"a": [50.0, 100.0, 100.0], "b": [50.0, 1.0, np.nan]})
    >>> geometric_mean(table, pd.Series({"a": 0.5, "b": 0.5})).round(9).tolist()
    [50.0, 10.0, 100.0]
    """
    s = scores.to_numpy(dtype=np.float64)
    w = weights.reindex(scores.columns).to_numpy(dtype=np.float64)
    mean, _, _ = totals(np.log(np.maximum(s, _LEAST)), w)
    return pd.Series(np.exp(mean), index=scores.index, name="score_geometric")


def rank_agreement(ranks: Mapping[str, pd.Series]) -> pd.DataFrame:
    """Kendall's tau-b between rankings, over the candidates that both rank.

    Parameters
    ----------
    ranks
        Name of each ranking to its ranks, on one index.

    Returns
    -------
    pandas.DataFrame
        Square, 1 on the diagonal; NaN where fewer than two candidates are ranked by both.

    Examples
    --------
    >>> up, down = pd.Series([1, 2, 3]), pd.Series([3, 2, 1])
    >>> rank_agreement({"up": up, "down": down}).loc["up", "down"].item()
    -1.0
    """
    from scipy.stats import kendalltau

    names = list(ranks)
    table = pd.DataFrame({name: pd.to_numeric(ranks[name]).astype("float64") for name in names})
    found = pd.DataFrame(np.nan, index=names, columns=names)
    for i, left in enumerate(names):
        for right in names[i:]:
            both = table[[left, right]].dropna() if left != right else table[[left]].dropna().assign(copy=table[left])
            if len(both) < 2:
                continue
            tau = 1.0 if left == right else float(kendalltau(both.iloc[:, 0], both.iloc[:, 1]).statistic)
            found.loc[left, right] = found.loc[right, left] = tau
    return found


def numbers(values: pd.DataFrame, column: str, *, unit: str = "") -> pd.Series:
    """A column as numbers, NaN throughout where there is none; refuses what is not a finite number, and says whose.

    Parameters
    ----------
    values
        One row a candidate; ``candidate_id``, where it is there, names it.
    column
        The column.
    unit
        In which it is: see `parse.numbers`.

    Raises
    ------
    InputError
        If a value is not a number, or infinite.
    """
    if column not in values.columns:
        return pd.Series(np.nan, index=values.index)
    found, bad = parse.numbers(values[column], unit=unit)
    wrong = np.flatnonzero(bad)
    if wrong.size:
        row = int(wrong[0])
        who = Text(zh=f"第 {row + 1} 行", en=f"Row {row + 1}")
        if "candidate_id" in values.columns:  # rows of the file were rejected: its own count goes on
            called = quoted(values["candidate_id"].iloc[row])
            who = Text(zh=f"候选单元 {called} ", en=f"Candidate {called}")
        raise InputError(
            zh=f"{who.zh}的指标 {column} 是“{quoted(values[column].iloc[row])}”，不是有限的数（共 {wrong.size} 处）；请改正"
            "（只写数，不带 % 和单位），或把它清空表示缺失。",
            en=f"{who.en}: indicator {column} is {quoted(values[column].iloc[row])!r}, which is not a finite number "
            f"(in all {counted(wrong.size, 'such value', 'such values')}); correct it (a number alone, without % or a unit), or leave it empty.",
        )
    return found


def _checked(weights: pd.Series, indicators: Sequence[Indicator]) -> NDArray[np.float64]:
    w = weights.reindex([i.id for i in indicators]).to_numpy(dtype=np.float64)
    if not np.isfinite(w).all() or (w < 0).any() or not w.sum() > 0:
        raise InputError(
            zh="权重须覆盖每个指标，不为负，且不全为 0。",
            en="Weights must cover every indicator, not be negative, and not all be 0.",
        )
    return w


def totals(
    s: NDArray[np.float64], w: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Score over what is known, score with missing as 0, share of weight known, of (n, m) scores and (m,) weights."""
    known = np.isfinite(s)
    present = np.where(known, w, 0.0).sum(axis=1)
    total = np.broadcast_to(w, s.shape).sum(axis=1)  # summed as `present` is, so that nothing missing is exactly 1
    earned = np.where(known, w * np.nan_to_num(s), 0.0).sum(axis=1)
    score = ratio(earned, present)
    return score, ratio(earned, total), ratio(present, total)


def by_rank(scores: pd.DataFrame) -> pd.DataFrame:
    """Scores in the order in which people read them: those that fail a condition stand below the others, whatever their score.

    Parameters
    ----------
    scores
        The contract's ``scores``: ``rank``, and ``gates`` where they were checked.

    Examples
    --------
    >>> scores = pd.DataFrame({"rank": [None, 2, 1], "gates": ["fail", "pass", "pass"]})
    >>> by_rank(scores).index.tolist()
    [2, 1, 0]
    """
    apart = scores.assign(fails=fails_condition(scores)).sort_values(
        ["fails", "rank"], na_position="last", kind="stable"
    )
    return apart.drop(columns="fails")


def ranked(scores: Scores) -> Scores:
    """The candidates with a rank that no condition keeps out, the best first, with their ranks as numbers.

    Parameters
    ----------
    scores
        As for `by_rank`.

    Examples
    --------
    >>> ranked(pd.DataFrame({"rank": [None, 2, 1], "gates": ["fail", "pass", "pass"]})).index.tolist()
    [2, 1]
    """
    rank = pd.to_numeric(scores["rank"], errors="coerce")
    return scores.assign(rank=rank)[rank.notna() & ~fails_condition(scores)].sort_values("rank", kind="stable")
