"""What moves a candidate's score and rank: each indicator left out, each indicator improved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from jxgis.i18n import text
from jxgis.scoring.indicators import Indicator, score_values
from jxgis.scoring.rank import SLACK, competition_rank, totals
from jxgis.space.ratio import ratio

if TYPE_CHECKING:
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]

__all__ = ["Amount", "Scored", "improvements", "reached_by_a_quarter", "swings"]

_FEWEST = 4  # values that have a quarter


class Scored(NamedTuple):
    """Candidates as they were scored.

    Attributes
    ----------
    figures
        (n) rows, columns by indicator id, in its unit; NaN where not known.
    points
        The same from 0 to 100 against the fixed references.
    weights
        On the columns.
    rank
        Of each candidate; null where it has none.
    """

    figures: pd.DataFrame
    points: pd.DataFrame
    weights: pd.Series
    rank: pd.Series

    @property
    def arrays(self) -> tuple[FloatArray, FloatArray]:
        """The points (n, m) and the weights (m,)."""
        w = self.weights.reindex(self.points.columns)
        return self.points.to_numpy(dtype=np.float64), w.to_numpy(dtype=np.float64)

    @property
    def ranked(self) -> NDArray[np.bool_]:
        """Who has a rank."""
        return self.rank.notna().to_numpy(dtype=np.bool_)


def swings(scored: Scored) -> pd.DataFrame:
    """Leave out one indicator at a time, for all candidates: what it does to each one's score and rank.

    Parameters
    ----------
    scored
        The candidates.

    Returns
    -------
    pandas.DataFrame
        A row a candidate and indicator that it has: ``row`` (position of the candidate), ``indicator``, ``points``,
        ``weight`` (its share of what is known of the candidate), ``contribution`` (points of the score), ``score_without``,
        ``lift`` (score − score_without), ``rank_without`` (among the same candidates), ``rank_lift`` (rank_without − rank:
        above 0 it ranks better by the indicator) and ``place``, 1 for the greatest lift up or down.

    Examples
    --------
    >>> points = pd.DataFrame({"a": [100.0, 60.0], "b": [0.0, 60.0]})
    >>> found = swings(Scored(points, points, pd.Series({"a": 0.5, "b": 0.5}), pd.Series([2, 1])))
    >>> found[["row", "indicator", "lift", "rank_without", "rank_lift", "place"]].values.tolist()
    [[0, 'a', 50.0, 2, 0, 1], [0, 'b', -50.0, 1, -1, 2], [1, 'a', 0.0, 1, 0, 1], [1, 'b', 0.0, 2, 1, 2]]
    """
    s, w = scored.arrays
    known, ranked = np.isfinite(s), scored.ranked
    score, _, _ = totals(s, w)
    weight = np.where(known, w, 0.0)
    share = ratio(weight, weight.sum(axis=1, keepdims=True), none=0)
    without, place = np.full(s.shape, np.nan), np.full(s.shape, np.nan)
    for j in range(s.shape[1]):
        without[:, j] = totals(np.delete(s, j, axis=1), np.delete(w, j))[0]
        placed = competition_rank(pd.Series(np.where(ranked, without[:, j], np.nan)))
        place[:, j] = placed.to_numpy(dtype=np.float64, na_value=np.nan)
    rank = scored.rank.to_numpy(dtype=np.float64, na_value=np.nan)
    row, column = np.nonzero(known)
    lift = score[:, None] - without
    table = pd.DataFrame(
        {
            "row": row,
            "indicator": scored.points.columns.to_numpy()[column],
            "points": s[known],
            "weight": share[known],
            "contribution": (share * np.where(known, s, 0.0))[known],
            "score_without": without[known],
            "lift": lift[known],
            "rank_without": place[known],
            "rank_lift": place[known] - rank[row],
        }
    )
    table["place"] = _places(table["row"], table["lift"].abs().fillna(0.0))
    return table.astype(dict.fromkeys(("rank_without", "rank_lift", "place"), "Int64"))


def _places(row: pd.Series, size: pd.Series) -> pd.Series:
    """1 for the greatest of each candidate, those that are equal up to rounding in the order of the indicators."""
    return size.round(9).groupby(row).rank(ascending=False, method="first")


def reached_by_a_quarter(values: FloatArray, *, is_cost: bool) -> float:
    """The value that the best quarter of candidates reach: of n that have one the ⌈n/4⌉-th best; NaN of fewer than four.

    Examples
    --------
    >>> reached_by_a_quarter(np.array([1.0, 5.0, 3.0, np.nan, 4.0, 2.0]), is_cost=False)
    4.0
    """
    known = np.sort(values[np.isfinite(values)])
    at = -(-len(known) // 4) - 1
    return float("nan") if len(known) < _FEWEST else float(known[at] if is_cost else known[-1 - at])


class Amount(NamedTuple):
    """What a unit of an indicator is of the things that it counts.

    Attributes
    ----------
    of
        A code: ``things``, ``km``, ``km2``, ``housing_km2`` or ``cases``.
    each
        (n,) so much of them makes a difference of 1 in the indicator; NaN where not known.
    """

    of: str
    each: FloatArray


def improvements(
    scored: Scored, indicators: Sequence[Indicator], *, amounts: Mapping[str, Amount], lang: str = "zh"
) -> pd.DataFrame:
    """What each candidate gains by improving one indicator, all else and all others being as they are.

    Two ends: the fixed reference, and one step, what the best quarter of the candidates that are ranked reach (no farther
    than the reference): one that a condition keeps out sets nobody's aim.

    Parameters
    ----------
    scored
        The candidates.
    indicators
        Of the columns, with their references.
    amounts
        Indicator to what a difference of it is in things, kilometres and so on.
    lang
        Language of the words.

    Returns
    -------
    pandas.DataFrame
        A row a candidate and indicator that is known and below 100 points: ``row``, ``indicator``, ``value``, ``points``,
        ``fixed``, ``place`` (1 for the most points to gain at the reference, among those that are not fixed), for the
        reference and for the step the value ``to_``, the points of the score ``gain_``, the ``rank_`` that it would then
        have, and the ``amount_`` (whole things and cases), ``amount_of``, and both in words.

    Examples
    --------
    >>> toilets = Indicator("toilets", "A", 1, target=4)
    >>> values = pd.DataFrame({"toilets": [2.1, 4.0, 3.0, 3.2]})
    >>> points = values * 25
    >>> scored = Scored(values, points, pd.Series({"toilets": 1.0}), pd.Series([4, 1, 3, 2]))
    >>> found = improvements(scored, [toilets], amounts={"toilets": Amount("things", np.full(4, 2.5))}, lang="en")
    >>> found.loc[0, "in_words"]
    'toilets 2.1 → 4: +47.5 points, then rank 1; as much as 5 more'
    """
    s, w = scored.arrays
    score, _, _ = totals(s, w)
    present = np.where(np.isfinite(s), w, 0.0).sum(axis=1)
    ranks = _Ranks(score, scored.ranked)
    tables = []
    for j, indicator in enumerate(indicators):
        value = scored.figures[indicator.id].to_numpy(dtype=np.float64)
        best = float(indicator.low if indicator.is_cost else indicator.target)  # type: ignore[arg-type]  # one of the two is there
        quarter = reached_by_a_quarter(value[scored.ranked], is_cost=indicator.is_cost)
        step = max(quarter, best) if indicator.is_cost else min(quarter, best)
        amount = amounts.get(indicator.id, Amount("", np.full(len(value), np.nan)))
        rows = np.flatnonzero(s[:, j] < 100.0)
        columns: dict[str, object] = {"row": rows, "indicator": indicator.id, "value": value[rows]}
        columns |= {"points": s[rows, j], "fixed": indicator.fixed}
        for end, to in (("reference", best), ("step", step)):
            points = float(score_values([to], indicator)[0])
            gain = ratio(w[j] * (points - s[rows, j]), present[rows])
            better = points > s[rows, j]
            gain = np.where(better, gain, np.nan)
            columns[f"to_{end}"] = np.where(better, to, np.nan)
            columns[f"gain_{end}"] = gain
            columns[f"rank_{end}"] = ranks.of(score[rows] + gain, rows)
            columns[f"amount_{end}"] = _whole(np.abs(to - value[rows]) * amount.each[rows], better, amount.of)
        table = pd.DataFrame(columns)
        known = table["amount_reference"].notna() | table["amount_step"].notna()
        table["amount_of"] = pd.Series(amount.of, index=table.index, dtype="str").where(known)
        already = scored.rank.iloc[rows].tolist()
        for end, name in (("reference", "in_words"), ("step", "step_in_words")):
            table[name] = pd.Series(_said(table, end, already, indicator, lang), index=table.index, dtype="str")
        tables.append(table)
    found = pd.concat(tables, ignore_index=True).sort_values("row", kind="stable", ignore_index=True)
    found["place"] = _places(found["row"], found["gain_reference"].mask(found["fixed"].astype(bool)))
    return found.astype(dict.fromkeys(("rank_reference", "rank_step", "place"), "Int64"))


class _Ranks:
    """The rank that another score would have among those that are ranked."""

    def __init__(self, score: FloatArray, ranked: NDArray[np.bool_]) -> None:
        self.ranked = ranked
        self.order = np.sort(score[ranked])

    def of(self, score: FloatArray, rows: NDArray[np.int64]) -> FloatArray:
        """Of higher scores of these rows: none of them is in its own way."""
        equal = score + SLACK * np.maximum(score, 1.0)
        better = len(self.order) - np.searchsorted(self.order, equal, side="right")
        return np.where(self.ranked[rows] & np.isfinite(score), better + 1.0, np.nan)


def _whole(amount: FloatArray, better: NDArray[np.bool_], of: str) -> FloatArray:
    """How much it takes: of things and cases whole ones."""
    if of in ("things", "cases"):
        amount = np.ceil(amount - 1e-6)
    return np.where(better, amount, np.nan)


def _said(
    table: pd.DataFrame, end: str, already: Sequence[object], indicator: Indicator, lang: str
) -> list[str | None]:
    """Each improvement in a sentence; ``already``: the ranks before it."""
    unit, label = indicator.unit.of(lang), indicator.title(lang)
    of = table["amount_of"].dropna()
    sign = "less" if indicator.is_cost else "more"
    things = f" {unit.split('/', maxsplit=1)[0]}" if lang == "zh" else ""
    words: list[str | None] = []
    figures = table[["value", *(f"{what}_{end}" for what in ("to", "gain", "rank", "amount"))]]
    for (value, to, gain, rank, amount), now in zip(figures.itertuples(index=False, name=None), already, strict=True):
        if pd.isna(to):
            words.append(None)
            continue
        more = 0 if _number(value) != _number(to) else 2
        said = text("scoring.improved", lang, label=label, value=_number(value, more), to=_number(to, more),
                    unit=f" {unit}" if unit else "", gain=f"{gain:.1f}")  # fmt: skip
        if not pd.isna(rank):
            said += text(f"scoring.{'same' if rank == now else 'improved'}_rank", lang, rank=f"{rank:.0f}")
        if not pd.isna(amount):
            said += text(f"scoring.{sign}_{of.iloc[0]}", lang, n=_number(amount), unit=things)
        words.append(said)
    return words


def _number(value: float, more: int = 0) -> str:
    """A value as it is said: whole thousands, one decimal of tens, two of the rest, and so many more."""
    size = abs(value)
    digits = more + (0 if size >= 1000 else 1 if size >= 10 else 2)
    told = f"{value:,.{digits}f}"
    return (told.rstrip("0").rstrip(".") if "." in told else told).replace("-", "−")
