"""The rules of a choice, as rows of a linear programme: each has a name, words, and the bounds of what it counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from scipy.sparse import csr_array, vstack

from jxgis.bounds import RELATIVE
from jxgis.i18n import Text, text_pair

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]
    Floats = NDArray[np.float64]
    Bools = NDArray[np.bool_]

__all__ = ["Rule", "Terms", "can_be", "facts", "rules_of"]


@dataclass(frozen=True, kw_only=True)
class Terms:
    """The numbers that the rules are made with; a rule whose number is not given is not made.

    Attributes
    ----------
    years
        The years of the programme, ascending.
    this_year
        The first year that can still be decided: what is named in an earlier one is a fact.
    areas
        The areas that each take part.
    each_area, each_year, each_type
        The least number of each area in each year, of each year, and of each type that can be chosen over all years.
    by
        Year to the number by its end, counted from the first year.
    number
        Year to exactly how many.
    total
        The most over all years.
    district_most
        The most of one district in one year.
    budget
        Year to what all of that year may cost together.
    type_titles
        What people call the types, by their names.

    Examples
    --------
    >>> Terms(years=(2024, 2025), this_year=2025, each_year=3).open
    (2025,)
    """

    years: tuple[int, ...]
    this_year: int
    areas: tuple[str, ...] = ()
    each_area: int = 0
    each_year: int = 0
    each_type: int = 0
    by: Mapping[int, int] = field(default_factory=dict)
    number: Mapping[int, int] = field(default_factory=dict)
    total: int | None = None
    district_most: int | None = None
    budget: Mapping[int, float] = field(default_factory=dict)
    type_titles: Mapping[str, Text] = field(default_factory=dict)

    @property
    def open(self) -> tuple[int, ...]:
        """The years that can still be decided."""
        return tuple(year for year in self.years if year >= self.this_year)


@dataclass(frozen=True, eq=False, kw_only=True)
class Rule:
    """One rule: ``low <= rows @ x <= high``, where x says candidate by candidate which year takes it.

    Attributes
    ----------
    name
        What tells it apart: its kind, and behind colons whom and when it is for.
    words
        The rule in words.
    rows
        (rows, candidates × years), a candidate's years side by side.
    low, high
        (rows,) each.
    past
        Whether it is of a year that is over: it is met or missed, and nothing is chosen for it.
    """

    name: str
    words: Text
    rows: csr_array
    low: Floats
    high: Floats
    past: bool = False

    @property
    def kind(self) -> str:
        """What kind of rule it is."""
        return self.name.partition(":")[0]

    def holds(self, x: Ints) -> bool:
        """Whether a choice keeps it."""
        found = self.rows @ x.ravel()
        return bool(((found >= self.low) & (found <= self.high)).all())


def facts(table: pd.DataFrame, terms: Terms) -> tuple[Ints, Ints]:
    """What is settled whatever the rules: those named in years that are over, and that these years take no others.

    Parameters
    ----------
    table
        As for `rules_of`.
    terms
        The numbers.

    Returns
    -------
    least, most : (candidates, years) int64
        Bounds of the choice, 0 or 1.
    """
    years = np.array(terms.years)
    named = table["named_year"].to_numpy(dtype=np.float64)[:, None] == years
    over = years < terms.this_year
    least = (named & over).astype(np.int64)
    # A unit is named once, and what is named already is not chosen again.
    free = ~over & ~least.any(axis=1, keepdims=True)
    return least, np.maximum(least, free.astype(np.int64))


def can_be(table: pd.DataFrame, terms: Terms) -> pd.Series:
    """Which candidates are named, or can be chosen in some year: their types are to be spread over."""
    ready = table["ready_year"].fillna(terms.years[0]) <= terms.years[-1]
    return table["named_year"].notna() | (table["passes"] & table["known"] & ready)


def rules_of(table: pd.DataFrame, terms: Terms, overlaps: Ints | None = None) -> list[Rule]:
    """The rules that a choice among candidates is held to.

    Parameters
    ----------
    table : (n,) rows
        ``area, district, type`` (text or null), ``cost`` (null: unknown, which costs nothing here), ``ready_year`` (the first
        year in which it can be chosen; null: any), ``named_year`` (null: not yet), ``passes`` (no condition fails) and
        ``known`` (it has a score that can be compared).
    terms
        The numbers.
    overlaps : (k, 2) int
        Pairs of rows whose ground overlaps.

    Returns
    -------
    list of Rule
        Those of years that are over are marked.

    Examples
    --------
    >>> table = pd.DataFrame({"area": ["a", "b"], "district": ["d", "e"], "type": [None, None], "cost": 1.0,
    ...     "ready_year": np.nan, "named_year": np.nan, "passes": True, "known": [True, False]})
    >>> [rule.name for rule in rules_of(table, Terms(years=(2026,), this_year=2026, each_year=1, by={2026: 2}))]
    ['gates', 'known', 'no_overlap', 'each_year:2026', 'by:2026']
    """
    return [*_who(table, terms, overlaps), *_how_many(table, terms), *_spread(table, terms)]


def _who(table: pd.DataFrame, terms: Terms, overlaps: Ints | None) -> list[Rule]:
    """Who can be chosen, and when."""
    years = np.array(terms.years)
    named_year = table["named_year"].to_numpy(dtype=np.float64)
    named, over = ~np.isnan(named_year), named_year < terms.this_year
    ready = table["ready_year"].to_numpy(dtype=np.float64)
    barred = {
        "gates": ~named & ~table["passes"].to_numpy(dtype=bool),
        "known": ~named & ~table["known"].to_numpy(dtype=bool),
        "ready": ~named & (ready > years.min()),
    }
    early = years[None, :] < np.nan_to_num(ready)[:, None]
    everywhere = np.ones((len(table), len(years)), dtype=bool)
    found = [
        _rule(name, [mask[:, None] & (early if name == "ready" else everywhere)], 0, 0, n=int(mask.sum()))
        for name, mask in barred.items()
        if mask.any() or name == "gates"
    ]
    kept = np.flatnonzero(named & ~over)
    if len(kept):
        cells = [(np.arange(len(table)) == at)[:, None] & (years == named_year[at])[None, :] for at in kept]
        found.append(_rule("named", cells, 1, 1, n=len(kept)))
    pairs = np.zeros((0, 2), dtype=np.int64) if overlaps is None else overlaps
    pairs = pairs[~over[pairs].all(axis=1)] if len(pairs) else pairs
    rows = [np.isin(np.arange(len(table)), pair)[:, None] & everywhere for pair in pairs]
    return [*found, _rule("no_overlap", rows or [~everywhere], 0, 1, n=len(pairs))]


def _how_many(table: pd.DataFrame, terms: Terms) -> list[Rule]:
    """How many there are in each area, in a year, by a year, in all, and what they cost."""
    years, everyone = np.array(terms.years), np.ones(len(table), dtype=bool)
    found: list[Rule] = []

    def cells(who: Bools, when: Bools) -> list[Bools]:
        return [who[:, None] & when[None, :]]

    for year in terms.years:
        past = year < terms.this_year
        for area in terms.areas if terms.each_area else ():
            mask = cells((table["area"] == area).to_numpy(dtype=bool), years == year)
            found.append(
                _rule(
                    f"each_area:{area}:{year}",
                    mask,
                    terms.each_area,
                    np.inf,
                    past,
                    area=area,
                    year=year,
                    n=terms.each_area,
                )
            )
    for year in terms.years:
        past, mask = year < terms.this_year, cells(everyone, years == year)
        if terms.each_year:
            found.append(_rule(f"each_year:{year}", mask, terms.each_year, np.inf, past, year=year, n=terms.each_year))
        if year in terms.number:
            n = terms.number[year]
            found.append(_rule(f"number:{year}", mask, n, n, past, year=year, n=n))
        if year in terms.budget:
            money = terms.budget[year]
            cost = np.nan_to_num(table["cost"].to_numpy(dtype=np.float64))
            found.append(
                _rule(
                    f"budget:{year}",
                    mask,
                    -np.inf,
                    money * (1 + RELATIVE),
                    past,
                    weight=cost,
                    year=year,
                    n=f"{money:g}",
                )
            )
    for year, n in sorted(terms.by.items()):
        mask = cells(everyone, years <= year)
        found.append(_rule(f"by:{year}", mask, n, np.inf, year < terms.this_year, year=year, n=n))
    if terms.total is not None:
        found.append(_rule("total", cells(everyone, years > 0), -np.inf, terms.total, n=terms.total))
    return found


def _spread(table: pd.DataFrame, terms: Terms) -> list[Rule]:
    """How the types and the districts share."""
    years = np.array(terms.years)
    found: list[Rule] = []
    for kind in sorted(table.loc[can_be(table, terms), "type"].dropna().unique()) if terms.each_type else ():
        mask = [(table["type"] == kind).to_numpy(dtype=bool)[:, None] & (years > 0)[None, :]]
        title = terms.type_titles.get(kind, kind)
        found.append(_rule(f"each_type:{kind}", mask, terms.each_type, np.inf, type=title, n=terms.each_type))
    if terms.district_most is not None:
        districts = sorted(table["district"].dropna().unique())
        rows = [
            (table["district"] == district).to_numpy(dtype=bool)[:, None] & (years == year)[None, :]
            for year in terms.open
            for district in districts
        ]
        if rows:
            found.append(_rule("district_most", rows, -np.inf, terms.district_most, n=terms.district_most))
    return found


def _rule(
    name: str,
    masks: Sequence[Bools],
    low: float,
    high: float,
    past: bool = False,
    *,
    weight: Floats | None = None,
    **values: Any,
) -> Rule:
    """A rule that counts the cells of each mask (or adds up the weight of their candidates) and bounds each sum alike."""
    each = 1.0 if weight is None else weight[:, None]
    rows = vstack([csr_array((mask * each).reshape(1, -1)) for mask in masks], format="csr")
    bound = np.ones(len(masks))
    words = text_pair(f"allocate.rule_{name.partition(':')[0]}", **values)
    return Rule(name=name, words=words, rows=rows, low=low * bound, high=high * bound, past=past)
