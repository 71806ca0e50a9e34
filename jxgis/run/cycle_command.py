"""`jxgis cycle`: the year's cycle of sample units as a workbook that is filled in, handed back, checked and written again."""

from __future__ import annotations

import contextlib
import datetime as dt
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jxgis import output
from jxgis.errors import InputError, SettingsError, collect, require_lang
from jxgis.i18n import Text, text, text_pair
from jxgis.privacy import quoted
from jxgis.run.inputs import city_of
from jxgis.schema.layers import nearest, same_name
from jxgis.schema.tables import table as declared
from jxgis.settings import files_read

if TYPE_CHECKING:
    import pandas as pd

    from jxgis.allocate.cycle import Cycle
    from jxgis.city import CycleStep
    from jxgis.load import Loaded
    from jxgis.load.readers import RawTable
    from jxgis.settings import Settings

__all__ = ["read_schedule", "read_steps", "run_cycle"]

_GATE = {"是": True, "通过": True, "yes": True, "true": True, "1": True, "否": False, "未通过": False, "no": False, "false": False,
         "0": False}  # fmt: skip
_ALIASES = {
    "candidate_id": ("候选单元", "单元编号", "编号", "candidate"),
    "gate": ("通过",),
    "date": ("日期",),
    "area": ("三区", "责任区"),
}
_STEPS = ("candidate_id", "name", "area", "type", "year", "step", "date", "gate", "evidence")
_NEEDED = ("candidate_id", "year", "step")
#: Of a message: more rows than this tell nobody more.
_SHOWN = 5


def run_cycle(
    settings: Settings,
    out: str | Path,
    *,
    steps: str | Path | None = None,
    schedule: str | Path | None = None,
    on: str | None = None,
    has_project: bool = True,
    lang: str = "zh",
) -> list[str]:
    """`jxgis cycle`: check the steps of every sample unit, say what is due, and write the workbook to go on with.

    Parameters
    ----------
    settings
        The project's settings; the steps are those of its city's profile.
    out
        The result folder: ``cycle.xlsx``, ``cycle.json`` and ``run.json``.
    steps
        The workbook, filled in; None: every step is still to come.
    schedule
        ``allocation.gpkg`` or ``allocation.xlsx`` of `jxgis allocate`: its units are added.
    on
        The day, ``"YYYY-MM-DD"``; today where not given.
    has_project
        Whether the settings come from a project.
    lang
        ``"zh"`` or ``"en"``.

    Returns
    -------
    list of str
        Lines to print.

    Raises
    ------
    JxgisError
        If a table cannot be read, a step, a date or an answer is not understood, or there is no unit at all.
    """
    from jxgis.allocate.cycle import follow, with_schedule
    from jxgis.load.times import local_date

    require_lang(lang)
    city = city_of(settings, has_project=has_project)
    if city is None:
        raise InputError(
            zh="创建流程的步骤在城市配置中：请给出 --project。",
            en="The steps stand in the city's profile: give --project.",
        )
    path = city.cycle
    _check(settings, path)
    if steps is None and schedule is None:
        raise InputError(
            zh="没有样板单元：请给出 --schedule（jxgis allocate 的 allocation.xlsx）或 --steps（填写过的 cycle.xlsx）。",
            en="There are no sample units: give --schedule (allocation.xlsx of jxgis allocate) or --steps (cycle.xlsx, "
            "filled in).",
        )
    day = dt.date.today() if on is None else local_date(on, field="--on").astype("datetime64[D]").item()  # noqa: DTZ011
    loaded: list[Loaded] = []
    told: pd.DataFrame | None = None
    planned: pd.DataFrame | None = None
    if steps is not None:
        told, read = read_steps(steps, path)
        loaded.append(read)
    if schedule is not None:
        planned, read = read_schedule(schedule)
        loaded.append(read)
    none = _empty()
    whole = with_schedule(none if told is None else told, none if planned is None else planned, path)
    found = follow(whole, path, on=day, due=settings.cycle.due, schedule=planned)
    reads = [str(each) for each in (steps, schedule) if each is not None]
    with output.staged(out, command="cycle", reads=[*files_read(settings), *reads]) as stage:
        soon = settings.cycle.soon_days
        _write(found, path, stage.path("cycle.xlsx"), day, soon, lang)
        summary = json.dumps(_summary(found, day, soon), ensure_ascii=False, indent=2)
        stage.path("cycle.json").write_text(summary + "\n", encoding="utf-8", newline="\n")
        shaped = {"lang": lang} | settings.shaping(("cycle",), layers=())
        output.write_run(stage, settings=shaped, crs=None, loaded=loaded, on=str(day))
    return _lines(found, day, soon, lang)


def _check(settings: Settings, path: Sequence[CycleStep]) -> None:
    if not path:
        raise SettingsError(
            zh="城市配置中没有创建流程的步骤（[[cycle]]）。",
            en="The city's profile has no steps of the cycle ([[cycle]]).",
        )
    keys = [step.key for step in path]
    for key in settings.cycle.due:
        if key not in keys:
            hint = nearest(key, keys)
            raise SettingsError(
                zh=f"[cycle] due 中没有步骤“{key}”{hint.zh}步骤有：{'、'.join(keys)}。",
                en=f"[cycle] due: no step {key!r}{hint.en} The steps are {', '.join(keys)}.",
            )


def _empty() -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame(columns=_STEPS)


@dataclass(frozen=True)
class _Read:
    """A table as it was read: its columns by the names of the contract, its rows' numbers, its account."""

    frame: pd.DataFrame
    row: Any
    name: str
    loaded: Loaded


def _read(source: str | Path, *, of: str, expected: str, needed: Sequence[str], sheets: Sequence[str | None]) -> _Read:
    """Read a table by heads of the contract or of either language, every cell as text."""
    import geopandas as gpd
    import numpy as np
    import pandas as pd

    from jxgis.load.loaded import Loaded, SourceFile

    raw = _sheet_of(source, expected, sheets)
    known: dict[str, str] = {}
    for name, column in declared(of).columns.items():
        heads = (name, column.head("zh"), column.head("en"), column.title.zh, column.title.en, *_ALIASES.get(name, ()))
        known |= {same_name(head): name for head in heads}
    frame = raw.frame.rename(columns={column: known.get(same_name(column), column) for column in raw.frame.columns})
    frame = frame.loc[:, ~frame.columns.duplicated()]
    missing = [name for name in needed if name not in frame.columns]
    if missing:
        zh = "、".join(declared(of).columns[name].title.zh for name in missing)
        raise InputError(
            zh=f"{raw.name} 缺少列 {zh}（{'、'.join(missing)}）；请用 jxgis 写出的表填写。",
            en=f"{raw.name} has no column {', '.join(missing)}; fill in the table that jxgis wrote.",
        )
    trimmed = frame.astype("str").where(frame.notna()).apply(lambda column: column.str.strip())
    plain = trimmed.where(trimmed != "")
    filled = plain[list(needed)].notna().any(axis=1).to_numpy()
    n, kept = len(plain), int(filled.sum())
    account = SourceFile(raw.name, raw.sha256, n, kept, 0, n - kept)
    table = gpd.GeoDataFrame(plain[filled].reset_index(drop=True), geometry=gpd.GeoSeries([None] * kept))
    rejects = pd.DataFrame(columns=["source", "row", "field", "value", "reason"])
    return _Read(table, np.asarray(raw.row)[filled], raw.name, Loaded(expected, table, rejects, (account,), raw.notes))


def _sheet_of(source: str | Path, expected: str, sheets: Sequence[str | None]) -> RawTable:
    """The first of the sheets that is there."""
    from jxgis.load.readers import read_tables

    for sheet in sheets[:-1]:
        with contextlib.suppress(InputError):
            return read_tables(source, expected=expected, layer=sheet)[0]
    return read_tables(source, expected=expected, layer=sheets[-1])[0]


def read_steps(source: str | Path, path: Sequence[CycleStep]) -> tuple[pd.DataFrame, Loaded]:
    """Read the sheet of steps that was filled in.

    Parameters
    ----------
    source
        ``cycle.xlsx``, or a CSV with its columns.
    path
        The steps there are; a step is found by its key or its name in either language.

    Returns
    -------
    steps : pandas.DataFrame
        As of `allocate.cycle.with_schedule`.
    loaded : Loaded
        With the account of the rows: those without a unit, a year and a step are left out. Columns of the user's own
        are carried along.

    Raises
    ------
    InputError
        With every row whose year, step, date or answer is not understood, and steps that stand twice.
    """
    import pandas as pd

    sheets = [declared("cycle.steps").title.zh, declared("cycle.steps").title.en, None]
    found = _read(source, of="cycle.steps", expected="cycle", needed=_NEEDED, sheets=_sheets(source, sheets))
    further = [name for name in found.frame.columns if name not in (*_STEPS, "gate_asks", "geometry")]
    frame = found.frame.reindex(columns=[*_STEPS, *further])
    keys = {
        same_name(name): step.key
        for step in path
        for name in (step.key, step.zh, step.en, step.zh.removeprefix("创建"))
    }
    names = "、".join(step.zh for step in path)
    step = frame["step"].map(lambda said: keys.get(same_name(said)) if pd.notna(said) else None)
    gate = frame["gate"].map(lambda said: _GATE.get(str(said).casefold()) if pd.notna(said) else None).astype("object")
    date, strange = _dates(frame["date"])
    year, no_year = _years(frame["year"])
    asked: list[tuple[Any, str, Text]] = [
        (frame["candidate_id"].isna(), "candidate_id", text_pair("cycle.needs_unit")),
        (no_year, "year", text_pair("cycle.needs_year")),
        (step.isna(), "step", text_pair("cycle.needs_step", names=names)),
        (frame["gate"].notna() & gate.isna(), "gate", text_pair("cycle.needs_gate")),
        (strange, "date", text_pair("cycle.needs_date")),
    ]
    errors = [
        _wrong(found, bad, column, rule) for column_bad in asked for bad, column, rule in [column_bad] if bad.any()
    ]
    collect(errors)
    steps = frame.assign(step=step, gate=gate.where(gate.notna(), None), date=date, year=year)
    twice = steps.duplicated(["candidate_id", "year", "step"], keep=False)
    collect([_wrong(found, twice, "step", text_pair("cycle.stands_twice"))] if twice.any() else [])
    steps["evidence"] = steps["evidence"].astype("object").where(steps["evidence"].notna(), None)
    return pd.DataFrame(steps), found.loaded


def read_schedule(source: str | Path) -> tuple[pd.DataFrame, Loaded]:
    """Read the units that were chosen: ``candidate_id, year`` and where known ``name, area, type``.

    Parameters
    ----------
    source
        ``allocation.gpkg``, ``allocation.xlsx``, or a table with its columns.

    Raises
    ------
    InputError
        If a unit has no year, or stands twice.
    """
    import pandas as pd

    sheets = _sheets(source, ["allocation", None])
    found = _read(
        source, of="allocation.allocation", expected="allocation", needed=("candidate_id", "year"), sheets=sheets
    )
    frame = found.frame.reindex(columns=["candidate_id", "name", "area", "type", "year"])
    year, no_year = _years(frame["year"])
    twice = frame.duplicated("candidate_id", keep=False)
    rules: list[tuple[Any, str, str]] = [
        (frame["candidate_id"].isna(), "candidate_id", "needs_unit"),
        (no_year, "year", "needs_year"),
        (twice, "candidate_id", "unit_twice"),
    ]
    collect([_wrong(found, bad, column, text_pair(f"cycle.{rule}")) for bad, column, rule in rules if bad.any()])
    return pd.DataFrame(frame.assign(year=year)), found.loaded


def _sheets(source: str | Path, names: Sequence[str | None]) -> list[str | None]:
    """The sheets to try; a file that is no workbook has none."""
    return [*names] if Path(str(source)).suffix.lower() in {".xlsx", ".xls", ".xlsb", ".ods"} else [None]


def _years(column: pd.Series) -> tuple[pd.Series, pd.Series]:
    import pandas as pd

    year = pd.to_numeric(column, errors="coerce")
    bad = ~(year.between(1900, 2200) & (year % 1 == 0))
    return year.where(~bad, 1900).astype("int64"), bad


def _dates(column: pd.Series) -> tuple[pd.Series, pd.Series]:
    import pandas as pd

    from jxgis.city import TIMEZONE
    from jxgis.load.times import parse_times

    found = parse_times(column, timezone=TIMEZONE)
    return pd.Series(found.local, index=column.index).dt.normalize(), pd.Series(found.bad, index=column.index)


def _wrong(found: _Read, bad: Any, column: str, rule: Text) -> InputError:
    """A message that names the rows whose column breaks a rule."""
    title = declared("cycle.steps").columns[column].title
    rows = [int(row) for row in found.row[bad.to_numpy(dtype=bool)]]
    first = found.frame.loc[bad, [column]].astype("object").fillna("").iloc[0, 0]
    shown, said = ", ".join(map(str, rows[:_SHOWN])) + (" …" if len(rows) > _SHOWN else ""), quoted(first)
    return InputError(
        zh=f"{found.name} 第 {shown} 行，{title.zh}“{said}”：{rule.zh}。",
        en=f"{found.name}, row {shown}, {column} {said!r}: {rule.en}.",
    )


def _write(found: Cycle, path: Sequence[CycleStep], file: Path, day: dt.date, soon: int, lang: str) -> None:
    """The workbook: the sheet to be filled in first, then states, what is due, problems and notes."""
    from jxgis.report.blocks import Section
    from jxgis.report.workbook import report_workbook

    words = _words(path, lang)
    asks = {step.key: (step.gate_en if lang == "en" else step.gate_zh) for step in path}
    steps = found.steps.assign(gate_asks=found.steps["step"].map(asks), step=found.steps["step"].map(words))
    sheets = {
        "steps": steps,
        "states": _readable(found.states, words),
        "due": _readable(found.due(soon), words),
        "problems": found.problems.assign(
            step=found.problems["step"].map(words),
            problem=[text(f"cycle.problem_{code}", lang) for code in found.problems["problem"]],
        ),
    }
    held: dict[str, Any] = {name: frame[list(declared(f"cycle.{name}").required)] for name, frame in sheets.items()}
    own = [name for name in steps.columns if name not in held["steps"].columns]
    held["steps"] = steps[[*held["steps"].columns, *own]]
    lines = [text("cycle.how", lang), *_lines(found, day, soon, lang)]
    section = Section(part="cycle", blocks=(), sheets=held)
    report_workbook(file, [section], title=text("cycle.title", lang), lines=lines, notes_last=True, lang=lang)


def _words(path: Sequence[CycleStep], lang: str) -> Callable[[Any], Any]:
    called = {step.key: step.title.of(lang) for step in path}
    return called.get


def _readable(states: pd.DataFrame, words: Callable[[Any], Any]) -> pd.DataFrame:
    return states.assign(state=states["state"].map(words), next_step=states["next_step"].map(words))


def _summary(found: Cycle, day: dt.date, soon: int) -> dict[str, Any]:
    """What ``cycle.json`` holds."""
    due = found.due(soon).assign(due=lambda table: table["due"].dt.strftime("%Y-%m-%d"))
    due = due.rename(columns={"next_step": "step"}).astype({"days_late": "int64"})
    columns = ["candidate_id", "year", "step", "due", "days_late"]
    problems = found.problems[["candidate_id", "year", "step", "problem"]].astype("object")
    return {
        "on": str(day),
        "units": len(found.states),
        "states": {
            str(key): int(n) for key, n in found.states["state"].fillna("none").value_counts(sort=False).items()
        },
        "due": due[columns].to_dict("records"),
        "problems": problems.where(problems.notna(), None).to_dict("records"),
    }


def _lines(found: Cycle, day: dt.date, soon: int, lang: str) -> list[str]:
    due = found.due(soon)
    late = int((due["days_late"] > 0).sum())
    return [
        text("cycle.counted", lang, units=len(found.states), day=day, late=late, soon=len(due) - late, days=soon),
        text("cycle.found" if len(found.problems) else "cycle.no_problem", lang, n=len(found.problems)),
    ]
