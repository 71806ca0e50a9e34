"""The loop that runs parts: read, analyse, write, draw; of one part for its command, of all for a report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jxgis import output
from jxgis.city import UNCLASSIFIED, contract_of
from jxgis.database import publishing
from jxgis.errors import InputError, collect
from jxgis.i18n import Text, listed, text_pair
from jxgis.progress import stepped
from jxgis.run.check import account_lines
from jxgis.run.check_command import write_flaws, write_lists
from jxgis.run.document import template_account, wording_of
from jxgis.run.found import Found, attempt, find_before, knows, refusing
from jxgis.run.inputs import GROUND, Reader, named
from jxgis.run.parts import PARTS, by_command, with_those_before
from jxgis.settings import files_read

if TYPE_CHECKING:
    from jxgis.output import Stage
    from jxgis.part import Given, Part, Progress, Result
    from jxgis.settings import Settings

__all__ = ["counted", "run_demo", "run_part", "run_report"]


def run_part(
    command: str,
    settings: Settings,
    out: str | Path,
    *,
    has_project: bool,
    lang: str,
    progress: Progress = lambda _: None,
    warn: Progress = lambda _: None,
) -> Result:
    """Run the command of one part: analyse its layers and write what it found.

    Parameters
    ----------
    command
        That of a part, such as ``hotspots``.
    settings
        The settings; ``inputs`` must have the layers that the part needs (districts, or sub-districts and a crosswalk).
    out
        The result folder.
    has_project
        Whether the settings come from a project.
    lang
        ``"zh"`` or ``"en"``.
    progress
        Called with each step.
    warn
        Called, when all is written, with each part before it that refused its input: what it would have given is
        missing.

    Returns
    -------
    Result

    Raises
    ------
    JxgisError
        If the input cannot be used or the folder not be written; nothing is changed then.
    """
    part, there = by_command(command), named(settings)
    _refuse_without(
        [*part.lacks(there, alone=True), *(each for each in part.also_needs(settings) if each not in there)], part
    )
    with (
        publishing(settings.output, progress) as publish,
        output.staged(out, command=command, reads=files_read(settings)) as stage,
    ):
        reader = Reader(settings, has_project=has_project, lang=lang, options=part.layer_options)
        layers = _layers_before(part, settings)
        known = knows(part, there, lambda: reader.read(part.reads, progress))
        given = reader.with_ground(reader.read(part.reads if known else layers, progress))
        found = Found() if known else find_before(part, there, settings, partial(_analyse_before, given))
        own = given.of(part.layers_for(settings, alone=True))
        result = _analyse(part, replace(own, refused=dict(found.refused)))
        result = replace(result, given=replace(result.given, loaded=given.loaded))  # all that was read is accounted for
        progress(text_pair("run.step_writing"))
        result.write_command(stage)
        publish(stage)
    for line in found.lines():
        warn(line)
    return result


def _layers_before(part: Part, settings: Settings) -> tuple[str, ...]:
    """The layers of a part's command and of the parts before it; what the settings name wrongly is refused.

    The parts before it find what they find alone and in a report: fewer layers would draw other units of the same names.
    """
    parts = with_those_before(part, named(settings), settings)
    return tuple(dict.fromkeys(layer for each in reversed(parts) for layer in each.layers_for(settings, alone=True)))


def _analyse_before(given: Given, part: Part) -> Result:
    return _analyse(part, replace(given, settings=given.settings.overridden(part.settings_key, part.less_before)))


def counted(result: Result) -> list[Text]:
    """What a result counted: rows kept, rejected and left out, issues of no class and outside the area, the CRS chosen.

    Parameters
    ----------
    result
        Of `run_part`.
    """
    given = result.given
    lines = [
        line
        for layer, loaded in given.loaded.items()
        for line in account_lines(loaded, contract_of(layer, given.city).title)
    ]
    issues = given.table("issues")
    if issues is not None and (none := int((issues["issue_class"] == UNCLASSIFIED).sum())):
        lines.append(text_pair("run.counted_unclassified", count=f"{none:,}"))
    outside = result.account().get("outside_area")
    if outside is not None:
        lines.append(text_pair("run.counted_outside", count=f"{outside:,}"))
    return [*lines, given.crs_note]


def run_report(
    settings: Settings,
    out: str | Path,
    *,
    lang: str,
    command: str = "report",
    progress: Progress = lambda _: None,
    warn: Progress = lambda _: None,
) -> Found:
    """`jxgis report`: run every part that the inputs allow, and write the report.

    Parameters
    ----------
    settings
        The project's settings; ``inputs.districts`` (or sub-districts and a crosswalk) must be there.
    out
        The result folder.
    lang
        ``"zh"`` or ``"en"``.
    command
        What ``run.json`` calls it.
    progress
        Called with each step.
    warn
        Called, when all is written, with each part that was refused.

    Returns
    -------
    Found

    Raises
    ------
    JxgisError
        If an input cannot be read, no part can be done, or the folder not be written; nothing is changed then. A part
        that refuses its input does not take the others down: ``refused`` of the result says which and why.
    """
    from jxgis.run.pages import write_report

    if not {*GROUND} & {*named(settings)}:
        raise InputError(
            zh="设置中没有 [inputs.districts]，也没有 [inputs.subdistricts]；报告按片区统计，至少需要其中之一。",
            en="The settings have neither [inputs.districts] nor [inputs.subdistricts]; the report needs one of them.",
        )
    wording_of(settings, lang)  # a text that cannot be used is said before anything is computed
    layers = tuple(dict.fromkeys(layer for part in PARTS for layer in part.layers_for(settings)))
    with (
        publishing(settings.output, progress) as publish,
        output.staged(out, command=command, reads=files_read(settings)) as stage,
    ):
        reader = Reader(settings, has_project=True, lang=lang)
        given = replace(reader.with_ground(reader.read(layers, progress)), in_report=True)
        found = _all(given)
        progress(text_pair("run.step_writing"))
        for result in stepped(list(found.results.values()), text_pair("run.share_drawing")):
            result.write_files(stage)
        lines = _write_lists(stage, given)
        refused = {refusal.part for refusal in found.refused}
        blamed = [given.loaded.get(layer) for part in PARTS if part.name in refused for layer in part.blames]
        for drawn in [layer for layer in blamed if layer is not None and layer.flaws is not None][:1]:
            write_flaws(stage, drawn, lang)
        account: dict[str, Any] = {"outside_area": None}
        for result in found.results.values():
            account |= result.account()
        sections = tuple(dict.fromkeys(section for part in PARTS for section in part.settings))
        page = partial(write_report, found, lines, stage, given)
        given.finish(stage, sections, account | template_account(settings) | found.account(lang), page)
        publish(stage)
    for line in found.lines():
        warn(line)
    return found


def run_demo(out: str | Path, *, lang: str, progress: Progress = lambda _: None) -> Found:
    """`jxgis demo`: the report on the schematic city, which is made anew where it does not lie beside the package.

    Parameters
    ----------
    out, lang, progress
        As for :func:`run_report`.
    """
    import tempfile

    from jxgis.settings import load_settings

    shipped = Path(__file__).resolve().parents[2] / "data" / "jxgis.toml"
    if shipped.is_file():
        return run_report(load_settings(shipped), out, lang=lang, command="demo", progress=progress)

    from jxgis.demo import write_city

    progress(text_pair("run.demo_making"))
    with tempfile.TemporaryDirectory() as folder:
        write_city(folder)
        return run_report(load_settings(folder), out, lang=lang, command="demo", progress=progress)


def _all(given: Given) -> Found:
    """Every part whose layers are there and can be used, and why the others are not."""
    found = Found()
    for part in PARTS:
        lacking = part.lacks({*given.layers, *given.results})
        if lacking:
            found.missing[part.name] = text_pair(f"run.no_{lacking[0]}")
        else:
            attempt(part, lambda each: _analyse(each, given), found)
    for part in PARTS:
        if part.beside is None or part.name not in found.results:
            continue
        complete = refusing(part.beside, partial(found.results[part.name].completed, found.results), found)
        if complete is not None:
            found.results[part.name] = complete
    if not found.results:
        collect([InputError.saying(line) for line in found.lines()])
    return found


def _refuse_without(missing: Sequence[str], part: Part) -> None:
    """Refuse a command for want of layers: one message that names every option that is missing."""
    keys = [(f"[inputs.{layer}]", part.layer_options.get(layer)) for layer in missing]
    if keys:
        zh = listed((f"{option}（或设置中的 {key}）" if option else key for key, option in keys), "zh")
        en = listed((f"{option} (or {key})" if option else key for key, option in keys), "en")
        raise InputError(zh=f"缺少输入：{zh}。", en=f"Missing input: {en}.")


def _analyse(part: Part, given: Given) -> Result:
    given.progress(text_pair(f"run.step_{part.name}"))
    result = part.analyse(given.of(part.layers_for(given.settings)))
    for note in result.notes():
        given.progress(note)
    given.results[part.name] = result
    return result


def _write_lists(stage: Stage, given: Given) -> list[Text]:
    """Write what somebody has to look at: categories of no class, issues that lie elsewhere than recorded; count these."""
    from jxgis import load
    from jxgis.run.check import compare_recorded

    issues = given.table("issues")
    if issues is None:
        return []
    lines, cases = compare_recorded(
        issues, city=given.city, subdistricts=given.table("subdistricts"), districts=given.table("districts")
    )
    classes = () if given.city is None else given.city.classes
    write_lists(
        stage,
        unclassified=load.unclassified(issues),
        disagreement=cases,
        classes=classes,
        min_count=given.settings.report.min_count,
    )
    return lines
