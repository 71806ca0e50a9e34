"""Units as people are shown them: no small count of issues, none that the others would tell; and their bounds in words."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pandas as pd

from jxgis.crs import M2_PER_KM2
from jxgis.i18n import Text, few, listed, number_words, reason, text, text_pair
from jxgis.report.columns import write_value
from jxgis.schema.tables import table
from jxgis.small_counts import count_rows, hide_small, leave_out
from jxgis.space.ratio import ratio

if TYPE_CHECKING:
    from jxgis.i18n import Table
    from jxgis.settings import UnitSettings
    from jxgis.units.repair import Repair

__all__ = ["borders_in_words", "bounds_in_words", "hide_units", "repair_notes", "unit_counts"]

# Reasons that rule out any number of units.
_NO_NUMBER = ("area_indivisible", "bounds_indivisible", "no_partition", "part_holds_too_little")
# A share of a border below this is none that anybody sees.
_LEAST_SHARE = 0.005


def unit_counts(units: pd.DataFrame, min_count: int, known: Sequence[pd.DataFrame] = ()) -> pd.DataFrame:
    """What readers know of the units' counts, and which are left out: units add up to their district.

    Parameters
    ----------
    units
        The contract's ``units``: ``unit_id, issues``, and ``district`` where there is one.
    min_count
        The least number of cases that is shown.
    known
        What readers know of the districts already: see :func:`jxgis.small_counts.count_rows`.

    Returns
    -------
    pandas.DataFrame
        As `count_rows`, with ``lost``.
    """
    district = units["district"] if "district" in units.columns else pd.Series("", index=units.index)
    named = units.assign(_district="units:" + district.fillna("").astype(str))
    own = count_rows(named, "issues", of="units", sums=["_district"])
    rows = pd.concat([*known, own], ignore_index=True)
    return rows.assign(lost=leave_out(rows, min_count)).tail(len(own))


def hide_units(units: Table, *, min_count: int, known: Sequence[pd.DataFrame] = ()) -> Table:
    """Units in which no count of issues is small, nor told by those of the other units of the district.

    Parameters
    ----------
    units, min_count, known
        As for `unit_counts`; without ``issues`` there is nothing to hide.

    Examples
    --------
    >>> units = pd.DataFrame({"unit_id": list("abc"), "district": ["甲", "甲", "乙"], "issues": [40, 2, 60]})
    >>> hide_units(units, min_count=3)["issues"].tolist()
    [None, '1–2', 60]
    """
    if "issues" not in units.columns:
        return units
    return hide_small(
        units, min_count=min_count, lost=unit_counts(units, min_count, known)["lost"].to_numpy(dtype=bool)
    )


def bounds_in_words(options: UnitSettings, lang: str) -> dict[str, str]:
    """The bounds as texts take them: ``low`` and ``high`` of the area, ``further`` ones, and what is ``beyond`` those.

    Examples
    --------
    >>> from jxgis.settings import UnitSettings
    >>> bounds_in_words(UnitSettings(bounds={"people": {"max": 30000}}), "zh")
    {'further': ' · 人口至多 30,000', 'beyond': '或人口超过 30,000', 'low': '2', 'high': '5'}
    """
    words = {"further": "", "beyond": ""}
    for name, bound in options.bounds.items():
        own = table("units.units").declared(name)
        title = name if own is None else own.title.of(lang)
        low, high = (None if end is None else f"{end:,.15g}" for end in (bound.min, bound.max))
        kind = "from" if high is None else "to" if low is None else "both"
        for key, of in (("further", "bound"), ("beyond", "beyond")):
            words[key] += text(f"maps.{of}_{kind}", lang, name=title, low=low or "", high=high or "")
    return words | {"low": f"{options.min_km2:g}", "high": f"{options.max_km2:g}"}


def borders_in_words(why: pd.DataFrame, options: UnitSettings, lang: str) -> pd.DataFrame:
    """What each border between two units follows, and what moving it would cost, in words.

    Parameters
    ----------
    why
        The contract's ``unit_borders``.
    options
        The bounds.
    lang
        ``"zh"`` or ``"en"``.

    Returns
    -------
    pandas.DataFrame
        On the index of ``why``: ``between``, ``follows`` and ``moving``, null where nothing is known.

    Examples
    --------
    >>> from jxgis.settings import UnitSettings
    >>> why = pd.DataFrame({"unit_a": ["甲-01"], "unit_b": ["甲-02"], "street_share": [0.5], "along_支路": [0.5], "free_share": [0.5],
    ...                     "move_cost": [None], "reason": ["unit_would_hold_too_little"], "stopped_unit": ["甲-02"],
    ...                     "stopped_by": ["area_km2"]})
    >>> borders_in_words(why, UnitSettings(), "zh").iloc[0].tolist()
    ['甲-01 / 甲-02', '支路 50 %、都不沿 50 %', '没有地块可移：甲-02的面积会低于 2 km²']
    """
    classes = [name for name in why.columns if name.startswith("along_")]
    named = {name: name.removeprefix("along_") for name in classes}
    others = (
        ("water_share", "subdistrict_share", "free_share")
        if classes
        else ("street_share", "water_share", "subdistrict_share", "free_share")
    )
    named |= {name: text(f"units.{name}", lang) for name in others if name in why.columns}

    def follows(row: Mapping[Any, Any]) -> str | None:
        said = sorted(
            ((row[name], word) for name, word in named.items() if row[name] >= _LEAST_SHARE), key=lambda of: -of[0]
        )
        return listed([f"{word} {write_value(share, 'percent', lang)}" for share, word in said], lang) or None

    def moving(row: Mapping[Any, Any]) -> str | None:
        if "move_cost" not in row:
            return None
        if pd.notna(row["move_cost"]):
            costs = {name: _signed(row[f"move_{name}"]) for name in ("cost", "similarity", "shape", "border")}
            together = text("units.move_together", lang, n=int(row["move_blocks"])) if row["move_blocks"] > 1 else ""
            said = {
                "block": row["move_block"],
                "together": together,
                "to": row["move_to"],
                "km2": number_words(row["move_km2"], 2),
            }
            return text("units.move", lang, **said, **costs)
        return text("units.move_none", lang, why=_stopped(row, options, lang))

    rows = why.to_dict("records")
    return pd.DataFrame(
        {
            "between": [f"{row['unit_a']} / {row['unit_b']}" for row in rows],
            "follows": [follows(row) for row in rows],
            "moving": [moving(row) for row in rows],
        },
        index=why.index,
        dtype="str",
    )


def _signed(cost: float) -> str:
    """A change of the objective, which is small; 0 where nobody would see it."""
    said = f"{cost:+.6f}".replace("-", "−")
    return said if said.strip("+−0.") else "0"


def _stopped(row: Mapping[Any, Any], options: UnitSettings, lang: str) -> str:
    """What stands against moving any block, with the bound that would be broken."""
    if pd.isna(row["stopped_unit"]):
        return reason(row["reason"], lang)
    if pd.isna(row["stopped_by"]):
        return text("units.stopped", lang, unit=row["stopped_unit"], why=reason(row["reason"], lang))
    name = row["stopped_by"]
    declared = table("units.units").declared(name)
    title = name if declared is None else declared.title.of(lang)
    below = row["reason"] == "unit_would_hold_too_little"
    if name == "area_km2":
        bound = f"{options.min_km2 if below else options.max_km2:g} km²"
    else:
        ends = options.bounds[name]
        bound = f"{ends.min if below else ends.max:,.15g}"
    return text(
        f"units.stopped_{'below' if below else 'above'}", lang, unit=row["stopped_unit"], name=title, bound=bound
    )


def repair_notes(repair: Repair, parts: pd.DataFrame) -> list[Text]:
    """What starting from today's units moves, what is proven of it, and where it could not be done.

    Parameters
    ----------
    repair
        What changes.
    parts
        Of the report, in the order of ``repair.districts``.
    """
    rows, of = repair.districts, "people" if repair.by_people else "ground"
    moved, least = (("moved_people", "least_people"), ("moved_km2", "least_km2"))[not repair.by_people]
    digits, unit = (",.0f", 1.0) if repair.by_people else (",.2f", 100.0)
    said = {"km2": number_words(rows["moved_km2"].sum(), 2), "blocks": f"{rows['moved_blocks'].sum():,}"}
    said |= {
        "share": f"{100 * float(ratio(rows[moved].sum(), repair.whole)):.1f} %" if repair.whole else "—",
        "people": f"{rows[moved].sum():,.0f}",
    }
    found = [text_pair(f"units.note_repair_{of}", **said)]
    if rows["proven"].all():
        found.append(text_pair("units.note_repair_proven"))
    found += _placed(repair)
    for row, part in zip(rows.to_dict("records"), parts.to_dict("records"), strict=True):
        where = {"district": row["district"], "units": row["units_before"]}
        if row["reason"] in ("too_few_units", "too_many_units"):
            counts = f"{part['fewest']}–{part['most']}"
            found.append(
                text_pair("units.note_repair_count", km2=number_words(part["area_km2"], 2), counts=counts, **where)
            )
        elif pd.notna(row["reason"]) and not row["proven"]:
            kind = "never" if row["reason"] in _NO_NUMBER else "none"
            found.append(text_pair(f"units.note_repair_{kind}", reason=text_pair(f"reasons.{row['reason']}"), **where))
        elif not row["proven"]:
            # Rounded up, it would be more than is proven.
            proven = math.floor(row[least] * unit) / unit
            amounts = {"moved": f"{row[moved]:{digits}}", "least": f"{proven:{digits}}"}
            found.append(text_pair(f"units.note_repair_gap_{of}", district=row["district"], **amounts))
    if repair.claimed[0]:
        km2 = number_words(repair.claimed[1] / M2_PER_KM2, 3)
        found.append(text_pair("units.note_repair_claimed", km2=km2, units=few(repair.claimed[0])))
    if repair.outside:
        found.append(text_pair("units.note_repair_outside", n=len(repair.outside), units=few(repair.outside)))
    if rows["moved_blocks"].any():
        found.append(text_pair("units.note_repair_elsewhere"))
    return [*found, text_pair("units.note_repair_alone")]


def _placed(repair: Repair) -> list[Text]:
    """Ground of no unit of today, which is in one now: all that units hold more than they did together."""
    units = repair.units
    blocks = int(units["blocks_in"].sum() - units["blocks_out"].sum())
    if not blocks:
        return []
    km2 = number_words(units["area_km2"].sum() - units["was_km2"].sum(), 2)
    if not repair.by_people:
        return [text_pair("units.note_repair_placed_ground", km2=km2, blocks=f"{blocks:,}")]
    people = f"{units['people_in'].sum() - units['people_out'].sum():,.0f}"
    return [text_pair("units.note_repair_placed_people", km2=km2, blocks=f"{blocks:,}", people=people)]
