"""The choice itself: which candidates in which year, of the greatest value within the rules, solved to optimality."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd
from scipy.optimize import Bounds, LinearConstraint, linprog, milp
from scipy.sparse import csr_array, vstack

from jxgis.allocate.conflict import smallest_conflict
from jxgis.allocate.rules import Rule, Terms, facts, rules_of
from jxgis.errors import InputError
from jxgis.settings import ALLOCATE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]
    Floats = NDArray[np.float64]

__all__ = ["Choice", "Plan", "choose", "fewest"]

#: Nodes of a search after which to give the best so far and its gap: the same on every machine.
NODE_LIMIT = 200_000
#: A guard against a single node that takes for ever.
_TIME_LIMIT_S = 120.0
#: Values are compared in steps of a millionth of their power of ten: of scores up to 100 a ten-thousandth of a point.
STEPS = 1_000_000


class Plan(NamedTuple):
    """A choice of candidates and years.

    Parameters
    ----------
    year : (candidates,) int64
        The year that takes each candidate; 0 where none does.
    value
        The sum of the values chosen.
    """

    year: Ints
    value: float


@dataclass(frozen=True, eq=False, kw_only=True)
class Choice:
    """What was chosen, or why nothing can be.

    Attributes
    ----------
    plan
        The best plan; None where the rules cannot hold together.
    bound
        What no plan can exceed.
    gap
        How far that is above the plan, relative to it: 0 where the plan is proven the best.
    status
        ``optimal``, ``stopped`` (by its limit) or ``infeasible``.
    rules
        The rules, those of years that are over too.
    satisfied
        For each rule whether the plan keeps it; None where there is no plan, but of years that are over, and False of the
        rules in conflict.
    conflict
        The fewest rules that cannot hold together, in the order of ``rules``.
    alternatives
        Further plans of other candidates, the best first.
    """

    plan: Plan | None
    bound: float
    gap: float
    status: str
    rules: Sequence[Rule]
    satisfied: Sequence[bool | None]
    conflict: Sequence[Rule] = ()
    alternatives: Sequence[Plan] = ()


def choose(
    table: pd.DataFrame,
    terms: Terms,
    *,
    overlaps: Ints | None = None,
    alternatives: int = 0,
    within: float = ALLOCATE.within,
) -> Choice:
    """Choose candidates and their years: the greatest sum of values; of equals the one that takes the higher value earlier.

    Of plans of one sum, that is taken which has the candidate of the highest value (of equal ones that of the higher
    ``tie``, then the first by id) in the earliest year, among these the next one, and so on; not at all counts as last.
    So there is one best plan.

    Parameters
    ----------
    table : (n,) rows
        ``candidate_id`` (text, each once), ``value`` (from 0 up; null counts 0), and what `rules.rules_of` asks;
        ``tie``, the score where values are something else.
    terms
        The numbers of the rules.
    overlaps : (k, 2) int
        Pairs of rows whose ground overlaps.
    alternatives
        How many further plans to look for, each with other candidates than all before it.
    within
        How far below the best they may be, relative to it.

    Returns
    -------
    Choice

    Raises
    ------
    InputError
        If there are no candidates, a value is negative, or the limit is met before it is known whether rules can hold
        together.

    Notes
    -----
    HiGHS through `scipy.optimize.milp`, on whole numbers (`STEPS`); every plan is checked against the rules by whole numbers
    after it. The order among equals is settled by further searches in which the sum is held, a few candidates each.

    Examples
    --------
    >>> table = pd.DataFrame({"candidate_id": ["a", "b", "c"], "value": [60.0, 80.0, 70.0], "area": ["x", "y", "y"],
    ...     "district": None, "type": None, "cost": np.nan, "ready_year": np.nan, "named_year": np.nan, "passes": True,
    ...     "known": True})
    >>> found = choose(table, Terms(years=(2026, 2027), this_year=2026, each_year=1, total=2))
    >>> found.plan.year.tolist(), found.plan.value, found.gap
    ([0, 2026, 2027], 150.0, 0.0)
    >>> found = choose(table, Terms(years=(2026, 2027), this_year=2026, areas=("x", "y"), each_area=1))
    >>> found.plan, [rule.name for rule in found.conflict]
    (None, ['each_area:x:2026', 'each_area:x:2027'])
    """
    search = _Search(table, terms, rules_of(table, terms, overlaps))
    rules = search.rules
    best = search.best()
    if best is None:
        conflict = search.conflict()
        told = [rule.holds(search.least) if rule.past else False if rule in conflict else None for rule in rules]
        return Choice(
            plan=None, bound=np.nan, gap=np.nan, status="infeasible", rules=rules, satisfied=told, conflict=conflict
        )
    x, bound, done = best
    further: list[Plan] = []
    if done:
        x = search.first_of_equals(x)
        taken, least = [x], search.value_of(x) * (1 - within)
        while len(further) < alternatives:
            other = search.best(without=taken)
            # What is as far below as is allowed is within, however it was rounded.
            if other is None or not other[2] or search.value_of(other[0]) < least - 0.5:
                break
            taken.append(search.first_of_equals(other[0], without=taken))
            further.append(search.plan(taken[-1]))
    value = search.value_of(x)
    return Choice(
        plan=search.plan(x),
        bound=float(bound * search.step),
        gap=(bound - value) / value if bound > value else 0.0,
        status="optimal" if done else "stopped",
        rules=rules,
        satisfied=[rule.holds(x) for rule in rules],
        alternatives=further,
    )


def fewest(table: pd.DataFrame, terms: Terms, *, overlaps: Ints | None = None) -> tuple[int, bool] | None:
    """Count the candidates of the smallest choice that keeps all rules but that of the total; None where none does.

    Whether fewer are ruled out stands beside it: a search that was stopped may miss them.

    Parameters
    ----------
    table, terms, overlaps
        As for `choose`.

    Examples
    --------
    >>> table = pd.DataFrame({"candidate_id": list("abc"), "value": 1.0, "area": list("xxy"), "district": None, "type": None,
    ...     "cost": np.nan, "ready_year": np.nan, "named_year": [2026.0, 2026.0, np.nan], "passes": True, "known": True})
    >>> fewest(table, Terms(years=(2026,), this_year=2026, areas=("x", "y"), each_area=1, total=2))
    (3, True)
    """
    rules = [rule for rule in rules_of(table, terms, overlaps) if rule.kind != "total"]
    return _Search(table, terms, rules).fewest()


class _Search:
    """A table and its rules as an integer programme: x[candidate, year] is 1 where the year takes the candidate."""

    def __init__(self, table: pd.DataFrame, terms: Terms, rules: Sequence[Rule]) -> None:
        self.rules, self.years = rules, np.array(terms.years)
        self.open = self.years >= terms.this_year
        self.exact = table["value"].fillna(0.0).to_numpy(dtype=np.float64)
        if table.empty:
            raise InputError(zh="没有候选单元可以选。", en="There are no candidates to choose from.")
        if (self.exact < 0).any():
            raise InputError(zh="候选单元的得分不能是负数。", en="A candidate's score is negative.")
        top = self.exact.max(initial=0.0)
        self.step = 10.0 ** np.ceil(np.log10(top)) / STEPS if top > 0 else 1.0
        self.value = np.round(self.exact / self.step).astype(np.int64)
        tie = table["tie"].fillna(0.0).to_numpy(dtype=np.float64) if "tie" in table.columns else self.exact
        self.order = np.lexsort((table["candidate_id"].to_numpy(dtype=str), -np.round(tie, 4), -self.value))
        self.least, self.most = facts(table, terms)
        self.shape = self.least.shape
        n, y = self.shape
        self.once = csr_array((np.ones(n * y), (np.repeat(np.arange(n), y), np.arange(n * y))))

    def plan(self, x: Ints) -> Plan:
        return Plan(x @ self.years, float(self.exact[x.any(axis=1)].sum()))

    def value_of(self, x: Ints) -> int:
        return int(self.value @ x.sum(axis=1))

    def conflict(self) -> list[Rule]:
        there = [rule for rule in self.rules if not rule.past]

        def kept_with(some: Sequence[int]) -> list[int] | None:
            found = self._solve(np.zeros(self.shape), [there[at] for at in some])
            if found.x is None:
                return None
            x = np.round(found.x).astype(np.int64)
            return [at for at, rule in enumerate(there) if rule.holds(x)]

        return [there[at] for at in smallest_conflict(len(there), kept_with)]

    def fewest(self) -> tuple[int, bool] | None:
        """How many the smallest plan takes, and whether that is proven; None where there is none."""
        found = self._solve(np.ones(self.shape))
        return None if found.x is None else (int(self._whole(found, ()).sum()), found.status == 0)

    def best(self, without: Sequence[Ints] = ()) -> tuple[Ints, int, bool] | None:
        """A plan of the greatest value, what no plan can exceed, and whether that is proven; None where there is none."""
        worth = -np.repeat(self.value[:, None], self.shape[1], axis=1).astype(np.float64)
        found = self._solve(worth, cuts=self._cuts(without))
        if found.x is None:
            return None
        x = self._whole(found, without)
        value = self.value_of(x)
        # Values are whole: so is what no plan can exceed.
        bound = value if found.status == 0 else max(value, int(np.floor(-found.mip_dual_bound + 1e-3)))
        return x, bound, found.status == 0

    def first_of_equals(self, x: Ints, without: Sequence[Ints] = ()) -> Ints:
        """Of the plans of the same value the one whose candidates come first; a few of them settled at a time."""
        value, least = self.value_of(x), self.least.copy()
        # Most candidates cannot be part of a plan as good as this: they need no search.
        most = np.where(self._reach > value - 0.5, self.most, least)
        held = [*self._cuts(without), LinearConstraint(self._row(self.value[:, None]), value - 0.5, np.inf)]
        # The first open year is 1, the next 2; none at all is the last place.
        place = np.cumsum(self.open)
        last = int(place[-1]) + 1
        group = max(1, int(np.log(STEPS) / np.log(last + 1)))
        open_ones = [at for at in self.order if not (least[at] == most[at]).all()]
        for start in range(0, len(open_ones), group):
            some = open_ones[start : start + group]
            cost = np.zeros(self.shape)
            for weight, at in enumerate(reversed(some)):
                cost[at] = float(last + 1) ** weight * (place - last)
            found = self._solve(cost, cuts=held, least=least, most=most)
            x = self._whole(found, without, value)
            least[some] = most[some] = x[some]
        return x

    @cached_property
    def _reach(self) -> Floats:
        """For each candidate and year what no plan with it can exceed: the bound of the relaxed programme less what it costs."""
        rows, low, high = self._rows([rule for rule in self.rules if not rule.past])
        upper, lower = np.isfinite(high), np.isfinite(low)
        found = linprog(  # type: ignore[call-overload]  # its stubs know no sparse rows
            -np.repeat(self.value, self.shape[1]).astype(np.float64),
            A_ub=vstack([self.once, rows[upper], -rows[lower]], format="csr"),
            b_ub=np.concatenate([np.ones(self.shape[0]), high[upper], -low[lower]]),
            bounds=np.column_stack([self.least.ravel(), self.most.ravel()]),
            method="highs",
        )
        reach: Floats = -(found.fun + found.lower.marginals).reshape(self.shape)
        return reach

    def _rows(self, rules: Sequence[Rule]) -> tuple[csr_array, Floats, Floats]:
        none = [csr_array((0, self.least.size))]
        rows = vstack([*none, *(rule.rows for rule in rules)], format="csr")
        low, high = (np.concatenate([[], *(getattr(rule, side) for rule in rules)]) for side in ("low", "high"))
        return rows, low, high

    def _solve(
        self,
        cost: Floats,
        rules: Sequence[Rule] | None = None,
        *,
        cuts: Sequence[LinearConstraint] = (),
        least: Ints | None = None,
        most: Ints | None = None,
    ) -> Any:
        held = [rule for rule in self.rules if not rule.past] if rules is None else rules
        kept = [LinearConstraint(self.once, -np.inf, 1), LinearConstraint(*self._rows(held)), *cuts]
        lowest, highest = self.least if least is None else least, self.most if most is None else most
        found = milp(
            c=cost.ravel(),
            constraints=kept,
            integrality=np.ones(cost.size, dtype=np.int64),
            bounds=Bounds(lowest.ravel(), highest.ravel()),
            options={"mip_rel_gap": 0.0, "node_limit": NODE_LIMIT, "time_limit": _TIME_LIMIT_S},
        )
        if found.x is None and found.status != 2:
            raise InputError(
                zh="候选单元和规则太多，搜索到达限额（节点或时间）仍不能确定规则能否同时满足；请减少候选单元或规则。",
                en="The search came to its limit of nodes or of time before it was known whether the rules can hold together; "
                "give fewer candidates or rules.",
            )
        return found

    def _whole(self, found: Any, without: Sequence[Ints], value: int | None = None) -> Ints:
        """The plan that was found, in whole numbers, which keep the rules, and the value where it is held, exactly."""
        x: Ints = np.round(found.x).astype(np.int64).reshape(self.shape)
        held = all(rule.holds(x) for rule in self.rules if not rule.past) and value in (None, self.value_of(x))
        again = any((x.any(axis=1) == other.any(axis=1)).all() for other in without)
        if not held or again or (x.sum(axis=1) > 1).any() or (x < self.least).any() or (x > self.most).any():
            raise AssertionError("what the solver found breaks a rule")
        return x

    def _cuts(self, without: Sequence[Ints]) -> list[LinearConstraint]:
        """Other candidates than each of these plans has: at least one goes or comes."""
        cuts = []
        for other in without:
            there = other.any(axis=1)
            cuts.append(LinearConstraint(self._row(np.where(there, -1, 1)[:, None]), 1 - int(there.sum()), np.inf))
        return cuts

    def _row(self, weight: Ints) -> csr_array:
        return csr_array(np.repeat(weight, self.shape[1], axis=1).astype(np.float64).reshape(1, -1))
