"""The scorecard itself: of each zone and target the figure that counts, added up where it can be, and whether it is met."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from jxgis.i18n import Text, text_pair
from jxgis.scorecard.brought import rows_of
from jxgis.scorecard.targets import WHOLES, meets
from jxgis.space.ratio import ratio
from jxgis.zones import ALL

if TYPE_CHECKING:
    from jxgis.indicators.measures import Measured
    from jxgis.scorecard.targets import PlanTarget

__all__ = ["Card", "fill_card", "judge_card"]

#: How far figures that were added up may be from one that was brought for the whole: they are typed, not measured.
_SAME = 1e-6
_NO_SUM = ("parts_without_sums", "parts_missing")


class Card(NamedTuple):
    """The figures of a scorecard, and what does not agree among those that were brought.

    Parameters
    ----------
    table
        A row a zone and target: ``zone, level, indicator, value, numerator, denominator, counted`` (``brought``,
        ``projects``, ``measured``, ``mixed``: a sum of several of these, or ``nothing``), ``measured_value`` (where a value
        was brought too), ``reason`` (a code where there is no value, else empty), ``date``, ``source``.
    notes
        Where a figure brought for a whole is not the sum of its parts.
    """

    table: pd.DataFrame
    notes: list[Text]


class _Figure(NamedTuple):
    value: float = np.nan
    numerator: float = np.nan
    denominator: float = np.nan
    counted: str = "nothing"
    reason: str = ""
    date: pd.Timestamp | None = None
    source: str = ""
    measured_value: float = np.nan

    @property
    def known(self) -> bool:
        return not np.isnan(self.value)


def fill_card(
    zones: pd.DataFrame,
    targets: Sequence[PlanTarget],
    *,
    measured: Mapping[str, Measured] | None = None,
    brought: pd.DataFrame | None = None,
    progress: pd.DataFrame | None = None,
    homes: Mapping[str, str] | None = None,
) -> Card:
    """Find the figure of each zone and target: what people brought, else sums of it, else projects, else what is measured.

    Numerators and denominators of sub-districts add up to those of a district, of districts to those of an area, of areas
    to those of the city. A sum stands only where every part is known.

    Parameters
    ----------
    zones
        From `space.levels.zones_by_level`.
    targets
        The plan's.
    measured
        From `measured.measure_targets`.
    brought
        From `brought.bring_values`.
    progress
        From `projects.project_progress`.
    homes
        Sub-district to its district.

    Returns
    -------
    Card

    Examples
    --------
    >>> from jxgis.scorecard.brought import bring_values
    >>> from jxgis.scorecard.targets import load_plan
    >>> zones = pd.DataFrame({"zone": ["all", "东", "西"], "level": ["city", "district", "district"],
    ...     "parent": [None, "all", "all"]})
    >>> gas = [target for target in load_plan().targets if target.id == "gas_coverage"]
    >>> sheet = pd.DataFrame({"zone": ["东", "西"], "indicator": "15", "numerator": [90, 98], "denominator": [100, 100]})
    >>> fill_card(zones, gas, brought=bring_values(sheet, gas, zones)).table[["zone", "value", "numerator"]].values.tolist()
    [['all', 94.0, 188.0], ['东', 90.0, 90.0], ['西', 98.0, 98.0]]
    """
    rows: list[dict[str, object]] = []
    notes: list[Text] = []
    for target in targets:
        found = _figures(zones, target, (measured or {}).get(target.id), brought, progress, homes or {}, notes)
        for zone, level in zip(zones["zone"], zones["level"], strict=True):
            if target.kept_at(level):
                rows.append({"zone": zone, "level": level, "indicator": target.id, **found[level, zone]._asdict()})
    columns = ["zone", "level", "indicator", *_Figure._fields]
    table = pd.DataFrame(rows, columns=columns)
    return Card(table.assign(date=pd.to_datetime(table["date"])), notes)


def _figures(
    zones: pd.DataFrame,
    target: PlanTarget,
    measured: Measured | None,
    brought: pd.DataFrame | None,
    progress: pd.DataFrame | None,
    homes: Mapping[str, str],
    notes: list[Text],
) -> dict[tuple[str, str], _Figure]:
    """The figures of one target, by level and zone, from the parts to the whole."""
    own, done, made = _brought(brought, target), _progress(progress, target), _measured(zones, measured)
    lacks = _lacking(target, measured, progress)
    found: dict[tuple[str, str], _Figure] = {}
    for level in reversed(list(dict.fromkeys(zones["level"]))):
        for zone in zones.loc[zones["level"] == level, "zone"]:
            key = (level, zone)
            parts = _parts(zones, key, found, own, homes)
            total = _sum(parts, target)
            if total.counted == "projects" and key in done and not done[key].known:
                total = _Figure(reason=done[key].reason)
            known = [own.get(key), made.get(key) if level in ("area", "city") else None]
            known += [total, done.get(key)] if total.counted != "projects" else [done.get(key), total]
            known.append(made.get(key))
            figure = next((each for each in known if each is not None and each.known), None)
            if figure is None:
                nearest = own.get(key) or made.get(key) or total
                figure = nearest._replace(value=np.nan, counted="nothing", reason=nearest.reason or lacks)
            elif key in own and total.known and _differ(own[key], total):
                notes.append(_disagreement(target, zone, own[key], total))
            if key in made and figure.counted in ("brought", "projects"):
                figure = figure._replace(measured_value=made[key].value)
            found[key] = figure
    return found


def _parts(
    zones: pd.DataFrame,
    key: tuple[str, str],
    found: Mapping[tuple[str, str], _Figure],
    own: Mapping[tuple[str, str], _Figure],
    homes: Mapping[str, str],
) -> list[_Figure]:
    """The figures of what a zone is made of: of a district its sub-districts, where any of them was brought."""
    level, zone = key
    if level not in WHOLES:
        return []
    if level == "district":
        parts = [own.get(("subdistrict", name), _Figure()) for name, home in homes.items() if home == zone]
        return parts if any(part.known for part in parts) else []
    children = zones[zones["parent"] == zone]
    return [found[below, name] for below, name in zip(children["level"], children["zone"], strict=True)]


def _brought(brought: pd.DataFrame | None, target: PlanTarget) -> dict[tuple[str, str], _Figure]:
    if brought is None:
        return {}
    # None of something, of none in all, is a figure too: it adds nothing to a sum.
    mine = brought[(brought["indicator"] == target.id) & brought[["value", "denominator"]].notna().any(axis=1)]
    return {
        (row.level, row.zone): _Figure(
            row.value,
            row.numerator,
            row.denominator,
            "brought",
            "nothing_there" if np.isnan(row.value) else "",
            date=None if pd.isna(row.date) else row.date,
            source="" if pd.isna(row.source) else str(row.source),
        )
        for row in rows_of(mine)
    }


def _progress(progress: pd.DataFrame | None, target: PlanTarget) -> dict[tuple[str, str], _Figure]:
    if progress is None or target.project is None:
        return {}
    mine = progress.loc[progress["project"] == target.project, ["level", "zone", "done", "reason"]]
    return {
        (level, zone): _Figure(done, done, np.nan, "projects", reason if np.isnan(done) else "")
        for level, zone, done, reason in mine.itertuples(index=False, name=None)
    }


def _measured(zones: pd.DataFrame, measured: Measured | None) -> dict[tuple[str, str], _Figure]:
    """What layers measure; of a whole that is a sum of its parts nothing."""
    if measured is None or measured.how is None:
        return {}
    table = measured.table
    return {
        (level, zone): _Figure(value, above, below, "measured", reason)
        for level, zone, value, above, below, reason in zip(
            zones["level"], zones["zone"], *(table[c] for c in ("value", "numerator", "denominator")),
            table["reason"].fillna(""), strict=True,
        )
        if not (np.isnan(value) and not reason)
    }  # fmt: skip


def _sum(parts: Sequence[_Figure], target: PlanTarget) -> _Figure:
    """Parts added up, where each is known: of a part in which there is nothing to count, both are 0."""
    said = next((part.reason for part in parts if part.reason in _NO_SUM), "")
    if all(part.counted == "nothing" and np.isnan(part.numerator) for part in parts):
        return _Figure(reason=said)
    above, below = (np.array([getattr(part, name) for part in parts]) for name in ("numerator", "denominator"))
    counted = {part.counted for part in parts if part.known}
    origin = counted.pop() if len(counted) == 1 else "mixed" if counted else "nothing"
    if target.count:
        known, value = bool(np.isfinite(above).all()), above.sum()
        below = np.full(len(parts), np.nan)
    else:
        known, value = bool(np.isfinite(above).all() and np.isfinite(below).all()), np.nan
        if known:
            value = float(target.scale * ratio(above.sum(), below.sum()))
    if not known:
        without = any(part.known and np.isnan(part.denominator) for part in parts) and not target.count
        return _Figure(reason=said or ("parts_without_sums" if without else "parts_missing"))
    told = [part.date for part in parts if part.known]
    dates = [date for date in told if date is not None]
    sources = dict.fromkeys(source for part in parts for source in part.source.split("；") if source)
    reason = "" if np.isfinite(value) else next((part.reason for part in parts if part.reason), "")
    return _Figure(
        float(value), float(above.sum()), float(below.sum()), origin, reason,
        date=min(dates) if dates and len(dates) == len(told) else None, source="；".join(sources),
    )  # fmt: skip


def _lacking(target: PlanTarget, measured: Measured | None, progress: pd.DataFrame | None) -> str:
    """Why there is no figure where nobody brings one."""
    if measured is not None and measured.how is None and len(measured.table):
        return str(measured.table["reason"].iloc[-1])
    return "no_progress" if target.project is not None and progress is not None else "to_be_brought"


def _differ(one: _Figure, other: _Figure) -> bool:
    pairs = [(one.value, other.value), (one.numerator, other.numerator), (one.denominator, other.denominator)]
    return any(abs(a - b) > _SAME * max(abs(a), abs(b)) for a, b in pairs if np.isfinite(a) and np.isfinite(b))


def _disagreement(target: PlanTarget, zone: str, own: _Figure, total: _Figure) -> Text:
    where = Text(zh="全市", en="the city") if zone == ALL else zone
    what = Text(zh=target.zh, en=target.en)
    return text_pair("scorecard.differs", what=what, zone=where, own=_said(own), total=_said(total))


def _said(figure: _Figure) -> str:
    """A figure with what it is made of, where people brought that: two that differ may be of one value."""
    made = (
        ""
        if figure.counted != "brought" or np.isnan(figure.denominator)
        else f" ({figure.numerator:g} ÷ {figure.denominator:g})"
    )
    return f"{figure.value:g}{made}"


def judge_card(
    table: pd.DataFrame, targets: Sequence[PlanTarget], *, year: int, brought: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Set the figures against the targets of the plan, or of a zone's own where people brought one.

    Parameters
    ----------
    table
        From `fill_card`.
    targets
        The plan's.
    year
        Whose target decides: 2025 or 2027.
    brought
        From `brought.bring_values`, for the targets of single zones.

    Returns
    -------
    pandas.DataFrame
        The table with ``target_2025, target_2027``, ``gap`` (how far the value is on the right side of the target of the
        year; below 0 it is on the wrong one), ``status`` (``met``, ``below``, ``no_data``) and ``reason``.

    Examples
    --------
    >>> from jxgis.scorecard.targets import load_plan
    >>> leak = [target for target in load_plan().targets if target.id == "water_leakage"]
    >>> rows = pd.DataFrame({"zone": "all", "level": "city", "indicator": "water_leakage", "value": [5.5, 6.0, None], "reason": ""})
    >>> judge_card(rows, leak, year=2027)[["target_2027", "gap", "status"]].values.tolist()
    [[6.0, 0.5, 'met'], [6.0, 0.0, 'below'], [6.0, nan, 'no_data']]
    """
    by_id = {target.id: target for target in targets}
    own = {}
    if brought is not None:
        own = {(row.indicator, row.level, row.zone): row for row in rows_of(brought)}
    judged = table.copy()
    for column, of in (("target_2025", 2025), ("target_2027", 2027)):
        plan = [
            by_id[name].target(of) if by_id[name].aimed_at(level) else np.nan
            for name, level in zip(table["indicator"], table["level"], strict=True)
        ]
        keys = zip(table["indicator"], table["level"], table["zone"], strict=True)
        split = [float(getattr(own[key], column)) if key in own else np.nan for key in keys]
        judged[column] = np.where(np.isnan(split), plan, split)
    value, wanted = judged["value"].to_numpy(dtype=np.float64), judged[f"target_{year}"].to_numpy(dtype=np.float64)
    met, gap = np.zeros(len(judged), dtype=np.bool_), np.full(len(judged), np.nan)
    for direction in dict.fromkeys(target.direction for target in targets):
        mine = (
            table["indicator"].map({name: target.direction for name, target in by_id.items()}) == direction
        ).to_numpy()
        met[mine] = meets(value[mine], wanted[mine], direction)
        gap[mine] = (value - wanted if direction == "at_least" else wanted - value)[mine]
    unknown, aimless = np.isnan(value), np.isnan(wanted)
    elsewhere = [
        not by_id[name].aimed_at(level) for name, level in zip(table["indicator"], table["level"], strict=True)
    ]
    judged["gap"] = gap
    judged["status"] = np.select([unknown | aimless, met], ["no_data", "met"], "below")
    judged["reason"] = np.select(
        [unknown, aimless & np.asarray(elsewhere), aimless],
        [table["reason"].fillna(""), "city_target_only", "no_target_for_year"], "",
    )  # fmt: skip
    return judged
