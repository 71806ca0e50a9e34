"""The year's cycle of sample units: which step each has reached, what breaks the order, and what is due."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from jxgis import parse

if TYPE_CHECKING:
    from jxgis.city import CycleStep

__all__ = ["Cycle", "follow", "named_before", "named_units", "with_schedule"]

_UNIT = ["candidate_id", "year"]
_SAID = ["name", "area", "type"]


@dataclass(frozen=True, eq=False, kw_only=True)
class Cycle:
    """Where every unit stands.

    Attributes
    ----------
    steps
        One row a unit, year and step, in the order of the path: ``candidate_id, name, area, type, year, step, date, gate,
        evidence``.
    states
        One row a unit and year: ``candidate_id, name, area, type, year, state`` (the last step that is done; null before the
        first), ``since``, ``next_step`` (null when named, or when a gate was not passed), ``due``, ``days_late``,
        ``stopped`` (that gate was not passed), ``problems``.
    problems
        One row a finding: ``candidate_id, name, year, step, problem`` (a code).
    """

    steps: pd.DataFrame
    states: pd.DataFrame
    problems: pd.DataFrame

    def due(self, soon_days: int) -> pd.DataFrame:
        """The next steps that are late, or due within so many days, the latest first."""
        known = self.states[self.states["days_late"].notna()]
        return known[known["days_late"] >= -soon_days].sort_values(
            ["days_late", *_UNIT], ascending=[False, True, True], ignore_index=True
        )


def named_before(schedule: pd.DataFrame, steps: pd.DataFrame, on: dt.date) -> pd.Series:
    """Which units of a schedule were named in a year that is over, and have no step here: nothing of them is to come.

    Parameters
    ----------
    schedule
        ``candidate_id, year`` and ``named``: whether the year is fixed.
    steps
        ``candidate_id, year`` of the steps that there are.
    on
        The day.

    Returns
    -------
    pandas.Series
        Of bool, on the schedule's index.

    Examples
    --------
    >>> schedule = pd.DataFrame({"candidate_id": ["a", "b"], "year": [2024, 2026], "named": True})
    >>> named_before(schedule, schedule.iloc[:0], dt.date(2026, 4, 10)).tolist()
    [True, False]
    """
    begun = pd.MultiIndex.from_frame(schedule[_UNIT]).isin(pd.MultiIndex.from_frame(steps[_UNIT]))
    return schedule["named"] & (schedule["year"] < on.year) & ~begun


def with_schedule(steps: pd.DataFrame, schedule: pd.DataFrame, path: Sequence[CycleStep]) -> pd.DataFrame:
    """The steps with a row for each step of each unit, of those that the schedule adds too.

    Parameters
    ----------
    steps
        As of `Cycle`; may lack rows, and may be empty. Further columns are kept.
    schedule
        ``candidate_id, year`` and where known ``name, area, type``: the units chosen.
    path
        The steps, in order.

    Returns
    -------
    pandas.DataFrame
        By year, then unit, then step.
    """
    units = pd.concat([frame.reindex(columns=[*_UNIT, *_SAID]) for frame in (steps, schedule)])
    # The first that says a unit's name has it: the table goes before the schedule.
    units = units.groupby(_UNIT, as_index=False, dropna=False)[_SAID].first().sort_values(["year", "candidate_id"])
    every = units.merge(pd.DataFrame({"step": [step.key for step in path]}), how="cross")
    known = steps.drop(columns=_SAID, errors="ignore")
    found = every.merge(known, on=[*_UNIT, "step"], how="left", validate="1:1")
    return found.astype({"date": "datetime64[us]", "gate": "object", "evidence": "object"})


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows, what is missing as None."""
    return [
        {str(name): None if pd.isna(value) else value for name, value in row.items()}
        for row in table.to_dict("records")
    ]


def named_units(steps: pd.DataFrame, path: Sequence[CycleStep]) -> pd.DataFrame:
    """The rows of steps that name a unit: every step has its date, in order, and no gate was failed.

    Parameters
    ----------
    steps
        As of `with_schedule`; rows of steps that are still to come may be lacking.
    path
        The steps, in order; the last one names the unit. A date there without an answer is a plan, not a fact.

    Returns
    -------
    pandas.DataFrame
        With the columns of the steps, by year, then unit; of a unit that is named twice, both.

    Examples
    --------
    >>> from jxgis.city import CycleStep
    >>> path = [CycleStep(key="apply", zh="申报", en="application"), CycleStep(key="name", zh="命名", en="naming")]
    >>> steps = pd.DataFrame({"candidate_id": ["a", "a", "b"], "name": None, "area": None, "type": None, "year": 2026,
    ...     "step": ["apply", "name", "name"], "date": pd.to_datetime(["2026-02-01", "2026-11-01", "2026-11-01"]),
    ...     "gate": True, "evidence": "x"})
    >>> named_units(steps, path)[["candidate_id", "year"]].values.tolist()
    [['a', 2026]]
    """
    empty = pd.DataFrame(columns=[*_UNIT, *_SAID])
    every = with_schedule(pd.DataFrame(steps).drop(columns="geometry", errors="ignore"), empty, path)
    found = follow(every, path, on=dt.date.max)
    disordered = pd.MultiIndex.from_frame(found.problems.loc[found.problems["problem"] == "out_of_order", _UNIT])
    states = found.states[~pd.MultiIndex.from_frame(found.states[_UNIT]).isin(disordered)]
    last = every[(every["step"] == path[-1].key) & (every["gate"] == True)]  # noqa: E712  (None is not an answer)
    reached = pd.MultiIndex.from_frame(states.loc[states["state"] == path[-1].key, _UNIT])
    return last[pd.MultiIndex.from_frame(last[_UNIT]).isin(reached)].reset_index(drop=True)


def follow(
    steps: pd.DataFrame,
    path: Sequence[CycleStep],
    *,
    on: dt.date,
    due: Mapping[str, str] | None = None,
    schedule: pd.DataFrame | None = None,
) -> Cycle:
    """Say where every unit stands, what breaks the order, and when its next step is due.

    Parameters
    ----------
    steps
        As of `with_schedule`: ``date`` of what is done; ``gate`` True, False or None; ``evidence`` text.
    path
        The steps, in order; the last one names the unit.
    on
        The day: a date after it is a plan, not a fact.
    due
        Key of a step to the day of the unit's year by which it is to be done, ``"MM-DD"``, instead of the path's own.
    schedule
        The units chosen, to be compared with; None: nothing is.

    Returns
    -------
    Cycle

    Examples
    --------
    >>> from jxgis.city import CycleStep
    >>> path = [CycleStep(key="apply", zh="申报", en="application", due="03-31"),
    ...     CycleStep(key="name", zh="命名", en="naming", due="12-31")]
    >>> steps = pd.DataFrame({"candidate_id": "a", "name": "甲", "area": None, "type": None, "year": 2026,
    ...     "step": ["apply", "name"], "date": pd.to_datetime([None, "2026-02-01"]), "gate": [None, True], "evidence": "x"})
    >>> found = follow(steps, path, on=dt.date(2026, 4, 10))
    >>> found.states[["state", "next_step", "days_late"]].values.tolist(), found.problems["problem"].tolist()
    ([[None, 'apply', 10.0]], ['skipped'])
    """
    order = {step.key: at for at, step in enumerate(path)}
    days = {step.key: (due or {}).get(step.key) or step.due for step in path}
    rows: list[dict[str, Any]] = []
    findings: list[dict[str, Any]] = []
    for _, own in steps.groupby(_UNIT, sort=False):
        records = _records(own.sort_values("step", key=lambda column: column.map(order)))
        said = {name: records[0][name] for name in ("candidate_id", *_SAID, "year")}
        found = _breaks(records, on)
        findings += [_finding(said, step, problem) for step, problem in found]
        rows.append({**said, **_state(records, path, days, on), "problems": len(found)})
    states = pd.DataFrame(rows, columns=["candidate_id", *_SAID, "year", *_STATE, "problems"])
    states = states.astype({"since": "datetime64[us]", "due": "datetime64[us]", "days_late": "float64"})
    beside = [*_twice(steps, path), *([] if schedule is None else _apart(states, schedule))]
    for each in beside:
        hit = (states["candidate_id"] == each["candidate_id"]) & (states["year"] == each["year"])
        states.loc[hit, "problems"] += 1
    problems = pd.DataFrame([*findings, *beside], columns=["candidate_id", "name", "year", "step", "problem"])
    return Cycle(steps=steps, states=states, problems=problems)


_STATE = ("state", "since", "next_step", "due", "days_late", "stopped")


def _finding(said: Mapping[str, Any], step: str | None, problem: str) -> dict[str, Any]:
    return {**{name: said[name] for name in ("candidate_id", "name", "year")}, "step": step, "problem": problem}


def _is_done(row: Mapping[str, Any], on: dt.date) -> bool:
    """Whether a step has a date, and that is not still to come."""
    return row["date"] is not None and row["date"].date() <= on


def _state(
    records: Sequence[Mapping[str, Any]], path: Sequence[CycleStep], days: Mapping[str, str | None], on: dt.date
) -> dict[str, Any]:
    """The last step of those done without a gap, the one after it, and when that is due."""
    reached, stopped = 0, False
    while reached < len(path) and not stopped and _is_done(records[reached], on):
        # A unit is named where that was passed: its date alone is a plan.
        if reached == len(path) - 1 and records[reached]["gate"] is None:
            break
        stopped = records[reached]["gate"] is False
        reached += 1
    state: dict[str, Any] = dict.fromkeys(_STATE) | {"stopped": stopped}
    if reached:
        state |= {"state": records[reached - 1]["step"], "since": records[reached - 1]["date"]}
        if stopped or reached == len(path):
            return state
    following = path[reached].key
    state["next_step"], day = following, days[following]
    if day is not None:
        month, of_month = map(int, day.split("-"))
        until = dt.date(int(records[0]["year"]), month, of_month)
        state |= {"due": pd.Timestamp(until), "days_late": (on - until).days}
    return state


def _breaks(records: Sequence[Mapping[str, Any]], on: dt.date) -> list[tuple[str, str]]:
    """What is wrong with one unit's steps: a step and a code each."""
    done = [_is_done(row, on) for row in records]
    last = max((at for at, there in enumerate(done) if there), default=-1)
    found: list[tuple[str, str]] = []
    latest = None
    for at, row in enumerate(records):
        codes: list[str] = []
        if done[at]:
            codes += ["out_of_order"] if latest is not None and row["date"] < latest else []
            latest = row["date"] if latest is None else max(latest, row["date"])
            codes += ["gate_not_passed"] if row["gate"] is False and at < last else []
            codes += ["gate_not_judged"] if row["gate"] is None and (at < last or at == len(records) - 1) else []
            codes += [] if row["evidence"] else ["no_evidence"]
        else:
            codes += ["still_to_come"] if row["date"] is not None else ["skipped"] if at < last else []
            codes += ["gate_without_date"] if row["gate"] is not None and row["date"] is None else []
        codes += ["other_year"] if row["date"] is not None and row["date"].year != row["year"] else []
        found += [(row["step"], code) for code in codes]
    return found


def _twice(steps: pd.DataFrame, path: Sequence[CycleStep]) -> list[dict[str, Any]]:
    """Units that are named a second time, under their id or their name however written, or begin again once they are named."""
    naming = path[-1].key

    def alike(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
        pairs = ((one[column], other[column]) for column in ("candidate_id", "name"))
        return any(a is not None and b is not None and parse.folded(a) == parse.folded(b) for a, b in pairs)

    rows = sorted(
        (row for row in _records(steps) if row["date"] is not None), key=lambda row: (row["year"], row["candidate_id"])
    )
    begun = {(row["candidate_id"], row["year"]): row for row in rows}
    named = {(row["candidate_id"], row["year"]) for row in rows if row["step"] == naming and row["gate"] is True}
    found: list[dict[str, Any]] = []
    for at, row in begun.items():
        before = [other for other in named if (other[1], other[0]) < (at[1], at[0]) and alike(begun[other], row)]
        if before and at in named:
            found.append(_finding(row, naming, "named_twice"))
        elif any(other[1] < at[1] for other in before):
            found.append(_finding(row, naming, "named_before"))
    return found


def _apart(states: pd.DataFrame, schedule: pd.DataFrame) -> list[dict[str, Any]]:
    """Units that the schedule has in another year, or not at all; one whose cycle ended without a name may be chosen again."""
    planned = set(zip(schedule["candidate_id"], schedule["year"], strict=True))
    return [
        _finding(row, None, "not_scheduled")
        for row in _records(states)
        if (row["candidate_id"], row["year"]) not in planned and not row["stopped"]
    ]
