"""Values that people bring for a scorecard: whose they are, of which target, and whether they can be."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from jxgis.bounds import at_most
from jxgis.errors import InputError, collect
from jxgis.i18n import Text, few, listed, text_pair
from jxgis.privacy import quoted
from jxgis.schema.columns import IN_PERCENT, column
from jxgis.schema.layers import nearest, same_name
from jxgis.scorecard.project_columns import refuse_unclear_values
from jxgis.scorecard.targets import KILOMETRES, LEVELS
from jxgis.space.ratio import ratio
from jxgis.zones import ALL

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Collection, Mapping, Sequence

    from jxgis.scorecard.targets import PlanTarget

__all__ = ["CITY", "Brought", "bring_values", "dated_ahead", "rows_of"]


class Brought(NamedTuple):
    """A row of what is brought, by the columns of the table; numbers are NaN where nobody says them."""

    indicator: str
    level: str
    zone: str
    value: float
    numerator: float
    denominator: float
    target_2025: float
    target_2027: float
    date: pd.Timestamp
    source: str


_NUMBERS = ("value", "numerator", "denominator", "target_2025", "target_2027")
_LEVELS = {
    "city": ("city", "全市", "市", "市级", "中心城区", "全域"),
    "area": ("area", "三区", "区", "区级", "功能区"),
    "district": ("district", "片区", "管理片区"),
    "subdistrict": ("subdistrict", "sub-district", "街道", "街道（镇）", "镇", "街镇"),
    "unit": ("unit", "单元", "管理单元"),
}
CITY = ("全市", "全域", "中心城区", "市区", ALL, "city", "whole area")
"""What the whole city is called."""
_ROW = re.compile(r"(?:表1)?第?(\d{1,2})项?")
#: A percentage that was rounded by hand differs from numerator over denominator by half a point at most.
_ROUNDED = 0.5
#: The columns in the unit of the target, and what they are called.
_SHARES = {
    "value": ("数值", "value"),
    "target_2025": ("2025 年目标", "target of 2025"),
    "target_2027": ("2027 年目标", "target of 2027"),
}
#: So many times as large are percentages beside fractions of about the same.
_TIMES = 10
#: A zone has at most so much of what the city has.
_OF_CITY = 0.25


def rows_of(brought: pd.DataFrame) -> list[Brought]:
    """The rows of what is brought."""
    return [Brought(*row) for row in brought[list(Brought._fields)].itertuples(index=False, name=None)]


def bring_values(
    values: pd.DataFrame,
    targets: Sequence[PlanTarget],
    zones: pd.DataFrame,
    *,
    subdistricts: Mapping[str, str] | None = None,
    city: Collection[str] = (),
) -> pd.DataFrame:
    """Find the zone and the target of each row that people filled in, and hold its numbers to what they can be.

    Parameters
    ----------
    values
        The layer ``scorecard_values``: ``zone, indicator`` (id, name, or row of the plan's table), and of ``level, value,
        numerator, denominator, target_2025, target_2027, date, source`` those that there are.
    targets
        The plan's.
    zones
        ``zone, level``: from `space.levels.zones_by_level`.
    subdistricts
        What sub-districts are called, each to its name: their figures are added up to those of districts.
    city
        What the city is called beside 全市.

    Returns
    -------
    pandas.DataFrame
        The columns of `Brought`, a row a zone and target: of several dates the latest. The value of a ratio is numerator over
        denominator where both are there; of a count it is the numerator.

    Raises
    ------
    InputError
        For all rows that name no target or no zone, or whose numbers cannot be: shares outside 0–100, a numerator above
        its denominator or without one, a denominator in another unit, a value that is not numerator over denominator,
        percentages that look like fractions, a column that may be the value in all, several rows for one figure of which the
        dates do not tell the latest.

    Examples
    --------
    >>> from jxgis.scorecard.targets import load_plan
    >>> zones = pd.DataFrame({"zone": ["all", "老城"], "level": ["city", "district"]})
    >>> sheet = pd.DataFrame({"zone": ["老城片区", "全市"], "indicator": ["15", "城市道路清洁度"],
    ...     "value": [None, 77.0], "numerator": [49, None], "denominator": [50, None]})
    >>> bring_values(sheet, load_plan().targets, zones)[["indicator", "level", "zone", "value"]].values.tolist()
    [['gas_coverage', 'district', '老城', 98.0], ['road_cleanliness', 'city', 'all', 77.0]]
    """
    refuse_unclear_values(values)
    found = pd.DataFrame(
        {name: values[name] if name in values.columns else None for name in Brought._fields}, index=values.index
    )
    for name in _NUMBERS:
        found[name] = pd.to_numeric(found[name]).astype("float64")
    signs = [f"{name}{IN_PERCENT}" for name in _SHARES]
    found[signs] = values.reindex(columns=signs).eq(True)
    found["date"] = pd.to_datetime(found["date"])
    by_id = {target.id: target for target in targets}
    names = _target_names(targets)
    places = _zone_names(zones, subdistricts or {}, city)
    wrong: list[InputError] = []
    levels = values["level"] if "level" in values.columns else [None] * len(values)
    said = zip(found.index, values["indicator"], values["zone"], levels, strict=True)
    for at, called, zone, level in said:
        indicator = names.get(_plain(called)) or names.get(_row_of(called))
        if indicator is None:
            hint = nearest(str(called), [*by_id, *(target.zh for target in targets)])
            wrong.append(
                _error(
                    zone,
                    called,
                    f"没有指标“{quoted(called)}”{hint.zh}",
                    f"there is no indicator {quoted(called)!r}{hint.en}",
                )
            )
            continue
        place = _place(str(zone), level, places)
        if isinstance(place, tuple):
            found.loc[at, ["indicator", "level", "zone"]] = [indicator, *place]
        else:
            wrong.append(_error(zone, called, place.text("zh"), place.text("en")))
    collect(wrong)
    collect(_impossible(found.reset_index(drop=True), by_id))
    return _latest(_completed(found.drop(columns=signs), by_id), by_id)


def dated_ahead(brought: pd.DataFrame, targets: Sequence[PlanTarget], day: dt.date) -> list[Text]:
    """That figures are of days after a day; they count.

    Parameters
    ----------
    brought
        From `bring_values`.
    targets
        The plan's.
    day
        Today.

    Examples
    --------
    >>> import datetime as dt
    >>> from jxgis.scorecard.targets import load_plan
    >>> rows = pd.DataFrame({"indicator": ["drainage"], "zone": ["all"], "date": [pd.Timestamp("2029-12-31")]})
    >>> dated_ahead(rows, load_plan().targets, dt.date(2026, 1, 1))[0].en[:51]
    'Figures of which the date is after 2026-01-01 count'
    """
    late = brought[brought["date"] > pd.Timestamp(day)]
    if late.empty:
        return []
    titles = {target.id: target for target in targets}
    said = [(titles[name], quoted(zone if zone != ALL else CITY[0]), f"{at:%Y-%m-%d}") for name, zone, at in
            zip(late["indicator"], late["zone"], late["date"], strict=True)]  # fmt: skip
    rows = Text(
        zh=few(f"{zone}“{target.zh}”（{at}）" for target, zone, at in said).zh,
        en=few(f"{target.en} of {zone} ({at})" for target, zone, at in said).en,
    )
    return [text_pair("scorecard.dated_ahead", rows=rows, day=day)]


def _error(zone: object, called: object, zh: str, en: str) -> InputError:
    """Rows of the file that nobody filled in are gone by now: a row goes by what it says, not by its number."""
    zone, called = quoted(CITY[0] if zone == ALL else zone), quoted(called)
    return InputError(
        zh=f"填报表中“{zone}”的“{called}”：{zh}", en=f"Values for the scorecard, {called} of {zone}: {en}"
    )


def _plain(words: Any) -> str:
    return same_name(words).rstrip("。")


def _row_of(words: Any) -> str:
    found = _ROW.fullmatch(_plain(words))
    return f"#{found[1]}" if found else ""


def _target_names(targets: Sequence[PlanTarget]) -> dict[str, str]:
    names: dict[str, str] = {}
    for target in targets:
        called = [target.id, target.zh, target.en, *([f"#{target.number}"] if target.number else [])]
        for name in called:
            names.setdefault(name if name.startswith("#") else _plain(name), target.id)
    return names


def _zone_names(
    zones: pd.DataFrame, subdistricts: Mapping[str, str], city: Collection[str]
) -> dict[str, dict[str, str]]:
    """Level to what its zones are called, in plain letters, to their names."""
    places: dict[str, dict[str, str]] = {level: {} for level in dict.fromkeys((*_LEVELS, *zones["level"]))}
    for zone, level in zip(zones["zone"].astype(str), zones["level"], strict=True):
        places[level][_plain(zone)] = zone
        if level == "district":
            places[level].setdefault(_plain(f"{zone}片区"), zone)
    places["subdistrict"] = {_plain(called): name for called, name in subdistricts.items()}
    places["city"] |= {_plain(name): ALL for name in (*CITY, *city, *(f"{name}市" for name in city))}
    return places


def _level_words(level: str) -> tuple[str, ...]:
    """What people may call a level."""
    called = column("level", "scorecard.scorecard")
    return _LEVELS.get(level, (level, called.word(level, "zh"), called.word(level, "en")))


def _place(zone: str, level: Any, places: Mapping[str, Mapping[str, str]]) -> tuple[str, str] | InputError:
    """The level and the zone that a row is of."""
    asked = None
    if isinstance(level, str) and level.strip():
        asked = next((key for key in places if _plain(level) in {_plain(word) for word in _level_words(key)}), None)
        if asked is None:
            hint = nearest(level, [_level_words(key)[1] for key in places])
            return InputError(
                zh=f"没有层级“{quoted(level)}”{hint.zh}", en=f"there is no level {quoted(level)!r}{hint.en}"
            )
    found = [key for key, names in places.items() if _plain(zone) in names and asked in (None, key)]
    if len(found) == 1:
        return found[0], places[found[0]][_plain(zone)]
    if found:
        zh, en = listed((_level_words(key)[1] for key in found), "zh"), listed(found, "en")
        return InputError(
            zh=f"“{zone}”可以是 {zh}；请填写“层级”列。", en=f"{zone!r} may be of the levels {en}; fill in level."
        )
    known = [name for key, names in places.items() if asked in (None, key) for name in names.values()]
    hint = nearest(zone, known)
    return InputError(zh=f"没有区域“{quoted(zone)}”{hint.zh}", en=f"there is no zone {quoted(zone)!r}{hint.en}")


def _impossible(found: pd.DataFrame, by_id: Mapping[str, PlanTarget]) -> list[InputError]:
    """What cannot be of the numbers, a message a row; last what asks about a whole indicator."""
    wrong: list[InputError] = []
    for row in rows_of(found):
        target, value, above, below = by_id[row.indicator], row.value, row.numerator, row.denominator
        has = [not np.isnan(each) for each in (value, above, below)]
        zh = en = ""
        if row.level != "subdistrict" and not target.kept_at(row.level):
            zh, en = "不按这一层级统计。", "it is not kept at this level."
        elif not any(has):
            pass
        elif has[1] and above < 0 and not target.signed:
            zh, en = f"分子 {above:g} 小于 0。", f"the numerator {above:g} is below 0."
        elif target.count and target.unit in KILOMETRES and np.fmax(value, above) > target.far_more:
            zh = f"{np.fmax(value, above):g} 公里是规划全市目标的十倍以上，像是以米计的。"
            en = f"{np.fmax(value, above):g} km are more than ten times the plan's target of the city: they look like metres."
        elif target.count:
            if has[0] and has[1] and value != above:
                zh, en = (
                    f"数值 {value:g} 与分子 {above:g} 不同。",
                    f"value {value:g} is not the numerator {above:g}.",
                )
        elif has[1] != has[2]:
            zh, en = "分子和分母须一起填写。", "numerator and denominator go together."
        elif has[2] and below == 0 and above != 0:
            zh, en = f"分母是 0，分子是 {above:g}。", f"the denominator is 0, the numerator {above:g}."
        elif target.denominator_most is not None and below > target.denominator_most * (
            1 if row.level == "city" else _OF_CITY
        ):
            zh = f"分母 {below:.15g} 像是用了别的单位：分母应是“{target.denominator}”。"
            en = f"the denominator {below:.15g} looks like one in another unit: it should be {target.denominator_en}."
        elif target.in_percent and not target.signed and has[2] and not at_most(above, below):
            zh, en = (
                f"分子 {above:g} 大于分母 {below:g}。",
                f"the numerator {above:g} is above the denominator {below:g}.",
            )
        elif target.in_percent and below == 100 and 0 < above < 1:
            zh = f"分母是 100，分子 {above:g} 像是小数；请填写 {100 * above:g}。"
            en = f"the denominator is 100, and the numerator {above:g} looks like a fraction; write {100 * above:g}."
        elif has[0] and has[2] and below > 0 and _apart(value, target.scale * above / below, target):
            made = f"{target.scale * above / below:g}"
            zh = f"数值 {value:g} 与分子÷分母（{made}）不符。"
            en = f"value {value:g} is not numerator over denominator ({made})."
        for share, (said_zh, said_en) in _SHARES.items():
            number = getattr(row, share)
            if not zh and not np.isnan(number) and not _possible(number, target):
                zh, en = f"{said_zh} {number:g} 不在可能的范围内。", f"{said_en} {number:g} cannot be."
        if zh:
            wrong.append(_error(row.zone, target.zh, zh, en))
    return [*wrong, *_no_percentages(found, by_id), *_fractions(found, by_id)]


def _no_percentages(found: pd.DataFrame, by_id: Mapping[str, PlanTarget]) -> list[InputError]:
    """What has a % behind it where the plan counts something else: 60% of the pipes are not 60 km."""
    in_percent = (
        found["indicator"].map({name: target.in_percent for name, target in by_id.items()}).to_numpy(dtype=bool)
    )
    return [
        _error(
            row.zone,
            by_id[row.indicator].zh,
            f"{zh}写的是百分数（{getattr(row, share):g}%），这一项以{by_id[row.indicator].unit}计。",
            f"{en} is a percentage ({getattr(row, share):g}%), and the plan's target is none.",
        )
        for share, (zh, en) in _SHARES.items()
        for row in rows_of(found[found[f"{share}{IN_PERCENT}"] & ~in_percent])
    ]


def _possible(value: float, target: PlanTarget) -> bool:
    return target.signed or (value >= 0 and (not target.in_percent or at_most(value, 100.0)))


def _apart(value: float, made: float, target: PlanTarget) -> bool:
    return abs(value - made) > (_ROUNDED if target.in_percent else 0.01 * max(abs(made), 1e-12))


def _fractions(found: pd.DataFrame, by_id: Mapping[str, PlanTarget]) -> list[InputError]:
    """Percentages that may be fractions: an Excel cell that shows 98 % holds 0.98.

    Those of an indicator of which none is above 1, and those that the others, of targets the plan's too, are `_TIMES` as
    large as; where numerator and denominator stand beside a value, they tell.
    """
    asked = []
    for share in _SHARES:
        alone = found[share].notna() & (found["denominator"].isna() | (share != "value"))
        for indicator, rows in found[alone].groupby("indicator", sort=False):
            target = by_id[str(indicator)]
            value = rows[share]
            whole = at_most(value.abs().to_numpy(), 1.0)
            beside = [*value[~whole & (value > 0)], *([getattr(target, share) or 0.0] if share != "value" else [])]
            most = min((each for each in beside if each > 1), default=np.inf)
            low = rows[
                ~rows[f"{share}{IN_PERCENT}"] & (value != 0) & whole & at_most(value.abs().to_numpy() * _TIMES, most)
            ]
            if target.of_hundred and len(low):
                asked.append(_asked(low, share, target, most))
    return asked


def _asked(low: pd.DataFrame, share: str, target: PlanTarget, most: float) -> InputError:
    """The question whether numbers are fractions."""
    zones, first = few(map(quoted, low["zone"].replace(ALL, CITY[0]))), low[share].iloc[0]
    beside_zh = "" if np.isinf(most) else f"，别的是 {most:g} 这样的数"
    beside_en = "" if np.isinf(most) else f", beside others such as {most:g}"
    if not target.in_percent:
        return InputError(
            zh=f"填报表的“{target.zh}”（单位 {target.unit}，{_SHARES[share][0]}）：{zones.zh} 填的是 {first:g} 这样不大于 1 的数{beside_zh}，"
            f"像是小数（0.85）而不是 85 {target.unit}；请改正。",
            en=f"Values for the scorecard: {target.en} (in {target.unit_of('en')}, {_SHARES[share][1]}) of {zones.en} is {first:g}, not "
            f"above 1{beside_en}: it looks like a fraction (0.85), not 85 {target.unit_of('en')}. Correct it.",
        )
    rest = share == "value"
    return InputError(
        zh=f"填报表的“{target.zh}”（单位 %，{_SHARES[share][0]}）：{zones.zh} 填的是 {first:g} 这样不大于 1 的数{beside_zh}，像是小数"
        "（0.85）而不是百分数（85；Excel 中显示为 85% 的单元格存的是 0.85）；请改为百分数。"
        + ("确实低于 1 % 的，请填写分子和分母。" if rest else ""),
        en=f"Values for the scorecard: {target.en} (in %, {_SHARES[share][1]}) of {zones.en} is {first:g}, not above 1{beside_en}: it "
        "looks like a fraction (0.85), not percent (85; a cell that Excel shows as 85% holds 0.85). Write percent"
        + ("; where it really is below 1 %, fill in numerator and denominator." if rest else "."),
    )


def _completed(found: pd.DataFrame, by_id: Mapping[str, PlanTarget]) -> pd.DataFrame:
    count = found["indicator"].map({name: target.count for name, target in by_id.items()}).to_numpy(dtype=bool)
    scale = found["indicator"].map({name: target.scale for name, target in by_id.items()}).to_numpy(dtype=float)
    either = found["value"].fillna(found["numerator"])
    made = scale * ratio(found["numerator"].to_numpy(), found["denominator"].to_numpy())
    value = np.where(count, either, np.where(np.isnan(made), found["value"], made))
    return found.assign(value=value, numerator=np.where(count, either, found["numerator"]))


def _latest(found: pd.DataFrame, by_id: Mapping[str, PlanTarget]) -> pd.DataFrame:
    """Of the rows of one figure the latest; refused where two are of one date, or where one of several has none."""
    keys = ["indicator", "level", "zone"]
    several = found.duplicated(keys, keep=False)
    unclear = found[several & (found["date"].isna() | found.duplicated([*keys, "date"], keep=False))]
    if len(unclear):
        row = unclear.iloc[0]
        raise _error(
            row["zone"],
            by_id[row["indicator"]].zh,
            "有不止一行，日期相同，或有的没有日期，分不出哪一行最新；请补上日期，或只保留一行。",
            "stands in several rows, of one date or some without a date: nothing tells the latest. Give the dates, or keep one.",
        )
    dated = found.sort_values("date", kind="stable", na_position="first")
    kept = dated.drop_duplicates(keys, keep="last")
    order = pd.Categorical(kept["level"], list(dict.fromkeys((*LEVELS, "subdistrict", *kept["level"]))), ordered=True)
    return kept.iloc[np.argsort(order.codes, kind="stable")].sort_values("indicator", kind="stable", ignore_index=True)
