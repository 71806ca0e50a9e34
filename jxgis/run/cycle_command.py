"""`jxgis cycle`: the year's cycle of sample units as a workbook that is filled in, handed back, checked and written again."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jxgis import output, parse
from jxgis.errors import InputError, SettingsError, require_lang
from jxgis.i18n import listed, text, text_pair
from jxgis.run.inputs import city_of
from jxgis.schema.layers import nearest
from jxgis.schema.tables import table as declared
from jxgis.scoring.names import names_of
from jxgis.settings import files_read

if TYPE_CHECKING:
    import pandas as pd

    from jxgis.allocate.cycle import Cycle
    from jxgis.city import CycleStep
    from jxgis.i18n import Text
    from jxgis.load import Loaded
    from jxgis.scoring.types import UnitType
    from jxgis.settings import Settings

__all__ = ["run_cycle"]


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
    from jxgis.allocate.cycle import follow, named_before, with_schedule
    from jxgis.load.times import local_date
    from jxgis.scoring.types import load_types

    require_lang(lang)
    city = city_of(settings, has_project=has_project)
    if city is None:
        raise InputError(
            zh="创建流程的步骤在城市配置中：请给出 --project。",
            en="The steps stand in the city's profile: give --project.",
        )
    path = city.cycle
    _check(settings, path)
    day = dt.date.today() if on is None else local_date(on, field="--on").astype("datetime64[D]").item()  # noqa: DTZ011  (the planner's own calendar)
    begun, chosen, loaded = _read(steps, schedule, path)
    types = load_types(city.unit_types).types
    begun, chosen = (_with_types(each, types) for each in (begun, chosen))
    over = named_before(chosen, begun, day)
    whole = with_schedule(begun, chosen[~over], path)
    found = follow(whole, path, on=day, due=settings.cycle.due, schedule=None if schedule is None else chosen)
    reads = [str(each) for each in (steps, schedule) if each is not None]
    lines = _lines(found, day, settings.cycle.soon_days, lang)
    lines += [note.of(lang) for each in loaded for note in each.notes]
    if steps is not None:
        lines += [note.of(lang) for note in _ahead(loaded[0], path, day)]
    if over.any():
        called = names_of(chosen[over])
        lines.append(text("cycle.named_before", lang, n=len(called), names=listed(called, lang)))
    with output.staged(out, command="cycle", reads=[*files_read(settings), *reads]) as stage:
        soon = settings.cycle.soon_days
        titles = {kind.name: kind.title.of(lang) for kind in types}
        _write(found, soon, path, titles, stage.path("cycle.xlsx"), lines, lang)
        summary = json.dumps(_summary(found, path, day, soon), ensure_ascii=False, indent=2)
        stage.path("cycle.json").write_text(summary + "\n", encoding="utf-8", newline="\n")
        shaped = {"lang": lang} | settings.shaping(("cycle",), layers=())
        output.write_run(stage, settings=shaped, crs=None, loaded=loaded, on=str(day))
    return lines


def _read(
    steps: str | Path | None, schedule: str | Path | None, path: Sequence[CycleStep]
) -> tuple[pd.DataFrame, pd.DataFrame, list[Loaded]]:
    """The steps that are filled in, the units of the schedule, and what was loaded, the steps first."""
    import pandas as pd

    from jxgis.load.cycle import STEPS, read_schedule, read_steps

    if steps is None and schedule is None:
        raise InputError(
            zh="没有样板单元：请给出 --schedule（jxgis allocate 的 allocation.xlsx）或 --steps（填写过的 cycle.xlsx）。",
            en="There are no sample units: give --schedule (allocation.xlsx of jxgis allocate) or --steps (cycle.xlsx, "
            "filled in).",
        )
    begun = pd.DataFrame(columns=STEPS)
    chosen = begun.assign(named=False)
    loaded: list[Loaded] = []
    if steps is not None:
        begun, read = read_steps(steps, path)
        loaded.append(read)
    if schedule is not None:
        chosen, read = read_schedule(schedule)
        loaded.append(read)
    if begun.empty and chosen.empty:
        raise InputError.saying(text_pair("cycle.no_unit", files=[each.sources[0].name for each in loaded]))
    return begun, chosen, loaded


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
                zh=f"[cycle] due 中没有步骤“{key}”{hint.zh}步骤有：{listed(keys, 'zh')}。",
                en=f"[cycle] due: no step {key!r}{hint.en} The steps are {listed(keys, 'en')}.",
            )


def _with_types(table: pd.DataFrame, types: Sequence[UnitType]) -> pd.DataFrame:
    """Types by the name that the city's have, whichever language a workbook says them in; others as they stand."""
    known = {parse.folded(said): kind.name for kind in types for said in (kind.title.en, kind.title.zh, kind.name)}
    said = table["type"].map(lambda word: known.get(parse.folded(word), word), na_action="ignore")
    return table.assign(type=said.astype("object"))


def _write(
    found: Cycle,
    soon: int,
    path: Sequence[CycleStep],
    types: Mapping[str, str],
    file: Path,
    lines: Sequence[str],
    lang: str,
) -> None:
    """The workbook: the sheet to be filled in first, then states, what is due, problems and notes."""
    from jxgis.report.blocks import Section
    from jxgis.report.workbook import report_workbook

    words = _words(path, lang)
    asks = {step.key: (step.gate_en if lang == "en" else step.gate_zh) for step in path}
    steps = found.steps.assign(gate_asks=found.steps["step"].map(asks), step=found.steps["step"].map(words))
    sheets = {
        "steps": steps,
        "states": _readable(found.states, path, lang),
        "due": _readable(found.due(soon), path, lang),
        "problems": found.problems.assign(
            step=found.problems["step"].map(words),
            problem=[text(f"cycle.problem_{code}", lang) for code in found.problems["problem"]],
        ),
    }
    for name in ("steps", "states", "due"):
        said = sheets[name]["type"].map(lambda kind: types.get(kind, kind), na_action="ignore")
        sheets[name] = sheets[name].assign(type=said)
    held: dict[str, Any] = {name: frame[list(declared(f"cycle.{name}").required)] for name, frame in sheets.items()}
    own = [name for name in steps.columns if name not in held["steps"].columns]
    held["steps"] = sheets["steps"][[*held["steps"].columns, *own]]
    section = Section(part="cycle", blocks=(), sheets=held)
    report_workbook(
        file,
        [section],
        title=text("cycle.title", lang),
        lines=[text("cycle.how", lang), *lines],
        notes_last=True,
        lang=lang,
    )


def _words(path: Sequence[CycleStep], lang: str) -> Callable[[Any], Any]:
    called = {step.key: step.title.of(lang) for step in path}
    return called.get


def _readable(states: pd.DataFrame, path: Sequence[CycleStep], lang: str) -> pd.DataFrame:
    """Steps by their names; a unit that has not begun says so, and one that a gate has stopped."""
    words = _words(path, lang)
    called = [words(key) for key in states["state"]]
    state = [
        text("cycle.not_begun", lang) if step is None else text("cycle.not_passed", lang, step=step) if over else step
        for step, over in zip(called, states["stopped"], strict=True)
    ]
    return states.assign(state=state, next_step=states["next_step"].map(words))


def _summary(found: Cycle, path: Sequence[CycleStep], day: dt.date, soon: int) -> dict[str, Any]:
    """What ``cycle.json`` holds."""
    due = found.due(soon).assign(due=lambda table: table["due"].dt.strftime("%Y-%m-%d"))
    due = due.rename(columns={"next_step": "step"}).astype({"days_late": "int64"})
    columns = ["candidate_id", "year", "step", "due", "days_late"]
    problems = found.problems[["candidate_id", "year", "step", "problem"]].astype("object")
    return {
        "on": str(day),
        "units": len(found.states),
        "named": int(((found.states["state"] == path[-1].key) & ~found.states["stopped"]).sum()),
        "states": {
            str(key): int(n) for key, n in found.states["state"].fillna("none").value_counts(sort=False).items()
        },
        "due": due[columns].to_dict("records"),
        "problems": problems.where(problems.notna(), None).to_dict("records"),
    }


def _ahead(loaded: Loaded, path: Sequence[CycleStep], day: dt.date) -> list[Text]:
    """A note on the dates of naming that are still to come, with their rows."""
    from jxgis.allocate.named import rows_in_words

    naming = loaded.table[loaded.table["step"] == path[-1].key]
    ahead = naming[naming["date"] > dt.datetime.combine(day, dt.time())]
    says = text_pair("cycle.named_ahead", day=day)
    return [rows_in_words(loaded.sources[0].name, ahead, says, dated=True)] if len(ahead) else []


def _lines(found: Cycle, day: dt.date, soon: int, lang: str) -> list[str]:
    due = found.due(soon)
    late = int((due["days_late"] > 0).sum())
    return [
        text("cycle.counted", lang, units=len(found.states), day=day, late=late, soon=len(due) - late, days=soon),
        text("cycle.found" if len(found.problems) else "cycle.no_problem", lang, n=len(found.problems)),
    ]
