"""Units that are named already: in which year, by whom it is said, and whether all that say it agree."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from jxgis import parse
from jxgis.allocate.cycle import named_units
from jxgis.errors import InputError, collect
from jxgis.i18n import Text, few, listed, text_pair
from jxgis.scorecard.project_states import carried_out
from jxgis.scorecard.projects import done_in_all
from jxgis.scorecard.targets import load_plan
from jxgis.zones import areas_of

if TYPE_CHECKING:
    import datetime as dt

    from jxgis.city import AllocationRules
    from jxgis.part import Given
    from jxgis.settings import AllocateSettings

__all__ = ["dates_said", "named_beside", "named_years", "rows_in_words", "years_of"]

#: The plan's target that counts sample units.
_TARGET = "sample_units"


def years_of(options: AllocateSettings, rules: AllocationRules | None) -> tuple[int, ...]:
    """The years of the programme; none where nobody says them."""
    return options.years or tuple(sorted(rules.years if rules is not None else ()))


def named_years(given: Given, table: pd.DataFrame) -> pd.Series:
    """The year in which each candidate was named: as it says itself, else as the cycle does.

    Parameters
    ----------
    given
        The layer ``cycle``, the path of the city and ``[allocate]``.
    table
        ``candidate_id, named_year``.

    Raises
    ------
    InputError
        If the two differ, or the cycle names a unit twice, one that is not a candidate, or in a year that is not planned.
    """
    steps, own = given.table("cycle"), table["named_year"]
    if steps is None or given.city is None:
        return own
    named = named_units(steps, given.city.cycle)
    years = years_of(given.settings.allocate, given.city.allocate)
    own_year = named["candidate_id"].map(table.set_index("candidate_id")["named_year"])
    twice = named["candidate_id"].map(parse.folded).duplicated(keep=False)
    twice |= named["name"].notna() & named["name"].map(parse.folded).duplicated(keep=False)
    asked = (
        (twice, "命名了两次（同一编号或同一名称）", "named twice (one id, or one name)"),
        (
            ~named["candidate_id"].isin(table["candidate_id"]),
            "已命名，但不在候选单元中（编号须一致）",
            "named, and no candidate has the id",
        ),
        (
            own_year.notna() & (own_year != named["year"]),
            "命名年份与候选单元自带的 named_year 不同",
            "named in another year than the candidate's own named_year",
        ),
        (
            ~named["year"].isin(years) & (len(years) > 0),
            f"命名年份不在规划年份 {listed(years, 'zh')} 之内（或在 [allocate] years 中加上）",
            f"named in none of the years {listed(years, 'en')} (or add the year to [allocate] years)",
        ),
    )
    file = _file(given)
    collect(
        [InputError.saying(rows_in_words(file, named[bad], Text(zh=zh, en=en))) for bad, zh, en in asked if bad.any()]
    )
    return own.fillna(table["candidate_id"].map(named.set_index("candidate_id")["year"]).astype("float64"))


def dates_said(given: Given, day: dt.date | None = None) -> list[Text]:
    """Notes on dates of naming that are in another year than their unit is named for, or after a day: the units count as named."""
    steps = given.table("cycle")
    if steps is None or given.city is None:
        return []
    named = named_units(steps, given.city.cycle)
    date = pd.to_datetime(named["date"])
    other = date.dt.year != named["year"]
    asked = [(other, text_pair("allocate.misdated"))]
    if day is not None:
        asked.append((~other & (date > pd.Timestamp(day)), text_pair("allocate.named_ahead", day=day)))
    return [rows_in_words(_file(given), named[rows], says, dated=True) for rows, says in asked if rows.any()]


def _file(given: Given) -> str | None:
    return given.loaded["cycle"].sources[0].name if "cycle" in given.loaded else None


def rows_in_words(file: str | None, rows: pd.DataFrame, says: Text, *, dated: bool = False) -> Text:
    """What is said of rows that name units: of which file and sheet, in which rows.

    Parameters
    ----------
    file
        Where they stand; None: in a table.
    rows
        ``candidate_id, year, date``, and where known ``source_sheet, source_row``.
    says
        What is said before they are named.
    dated
        Whether their dates are said.
    """
    first = rows.reindex(columns=["candidate_id", "year", "date", "source_sheet", "source_row"])
    sheets = first["source_sheet"].dropna().unique().tolist()
    common = sheets if len(sheets) == 1 else []
    said_zh, said_en = [], []
    for unit, year, date, sheet, row in first.itertuples(index=False, name=None):
        at_zh, at_en = ("", "") if pd.isna(row) else (f"第 {row:.0f} 行", f"row {row:.0f}")
        if len(sheets) > 1 and pd.notna(sheet):
            at_zh, at_en = f"工作表“{sheet}”{at_zh}", f"sheet {sheet!r}, {at_en}"
        at_zh, at_en = (f"{sep}{at}" if at else "" for sep, at in (("，", at_zh), ("; ", at_en)))
        when = f"{year}; {date:%Y-%m-%d}" if dated else f"{year}"
        said_zh.append(f"{unit}（{when.replace('; ', '；')}{at_zh}）")
        said_en.append(f"{unit} ({when}{at_en})")
    return Text(
        zh=f"{file or '创建流程表'}{''.join(f' 工作表“{name}”' for name in common)}：{says.zh}：{few(said_zh).zh}；请改正。",
        en=f"{file or 'The cycle'}{''.join(f', sheet {name!r}' for name in common)}: {says.en}: {few(said_en).en}; correct it.",
    )


def named_beside(given: Given, candidates: pd.DataFrame) -> Text | None:
    """How the units named here belong to those that the table of projects counts for the plan's target; None without it.

    Parameters
    ----------
    given
        The layer ``projects`` and the city, whose plan says which project of the library makes sample units.
    candidates
        ``named_year``.
    """
    table = given.table("projects")
    if table is None:
        return None
    plan = load_plan(None if given.city is None else given.city.targets)
    item = next((target.project for target in plan.targets if target.id == _TARGET), None)
    if item is None:
        return None
    known = (given.table("districts"), None if given.city is None else given.city.districts)
    parents = {name: area for districts in known if districts is not None for name, area in areas_of(districts).items()}
    city = () if given.city is None else (given.city.name.zh, given.city.name.en)
    try:
        done = done_in_all(carried_out(table), plan.projects, item, parents, city)
    except InputError:  # the scorecard says what is wrong with the table
        return None
    if np.isnan(done):
        return None
    named = int(candidates["named_year"].notna().sum())
    key = "named_agree" if done == named else "named_differ"
    return text_pair(f"allocate.{key}", item=item, done=f"{done:g}", named=named)
