"""`jxgis report` and `jxgis demo`: everything that a project's inputs allow, in one folder, with its page."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from jxgis import output
from jxgis._errors import InputError, collect
from jxgis.i18n import text_pair
from jxgis.pipeline import _steps as steps
from jxgis.pipeline import commands
from jxgis.pipeline._inputs import Inputs, Progress, files_read, read_inputs
from jxgis.pipeline._pages import write_report

if TYPE_CHECKING:
    from jxgis.i18n import Text
    from jxgis.output import Stage
    from jxgis.settings import Settings

__all__ = ["run_demo", "run_report"]

LAYERS = tuple(
    dict.fromkeys((*commands.OF_HOTSPOTS, *commands.OF_PARKS, *commands.OF_UNITS, *commands.OF_SCORES, "units"))
)


def run_report(
    settings: Settings,
    out: str | Path,
    *,
    lang: str,
    progress: Progress = lambda _: None,
    warn: Progress = lambda _: None,
) -> steps.Results:
    """`jxgis report`: run every analysis that the inputs allow, and write the report.

    Parameters
    ----------
    settings
        The project's settings; ``inputs.districts`` (or sub-districts and a crosswalk) must be there.
    out
        The result folder.
    lang
        ``"zh"`` or ``"en"``.
    progress
        Called with each step.
    warn
        Called, when all is written, with each analysis that was refused.

    Returns
    -------
    Results

    Raises
    ------
    JxgisError
        If an input cannot be read, no analysis can be done, or the folder not be written; nothing is changed then. An
        analysis that refuses its input does not take the others down: ``refused`` of the result says which and why.
    """
    return _run(settings, out, command="report", lang=lang, progress=progress, warn=warn)


def run_demo(
    out: str | Path, *, lang: str, progress: Progress = lambda _: None, warn: Progress = lambda _: None
) -> steps.Results:
    """`jxgis demo`: the report on the schematic city, which is made anew where it does not lie beside the package.

    Parameters
    ----------
    out, lang, progress, warn
        As for :func:`run_report`.
    """
    import tempfile

    from jxgis.settings import load_settings

    shipped = Path(__file__).resolve().parents[2] / "data" / "jxgis.toml"
    if shipped.is_file():
        return _run(load_settings(shipped), out, command="demo", lang=lang, progress=progress, warn=warn)

    from jxgis.demo import write_city

    progress(text_pair("pipeline.demo_making"))
    with tempfile.TemporaryDirectory() as folder:
        write_city(folder)
        return _run(
            load_settings(Path(folder) / "jxgis.toml"), out, command="demo", lang=lang, progress=progress, warn=warn
        )


def _run(
    settings: Settings, out: str | Path, *, command: str, lang: str, progress: Progress, warn: Progress
) -> steps.Results:
    if settings.inputs.districts is None and settings.inputs.subdistricts is None:
        raise InputError(
            zh="设置中没有 [inputs.districts]，也没有 [inputs.subdistricts]；报告按片区统计，至少需要其中之一。",
            en="The settings have neither [inputs.districts] nor [inputs.subdistricts]; the report needs one of them.",
        )
    with output.staged(out, command=command, reads=files_read(settings)) as stage:
        inputs = read_inputs(settings, LAYERS, has_project=True, progress=progress)
        refusals = steps.Refusals()
        results, missing = _analyse(inputs, settings, progress, lang, refusals)
        progress(text_pair("pipeline.step_writing"))
        commands.write_all(results, stage, inputs, settings, lang)
        lines = _write_lists(stage, inputs, settings)
        if any(refusal.part == "units" for refusal in results.refused):
            for layer in commands.GROUND:
                # Borders are what units are refused for: what is wrong with them, drawn, is half of the mending.
                if layer in inputs.loaded and inputs.loaded[layer].flaws is not None:
                    commands.write_flaws(stage, inputs.loaded[layer], lang)
                    break
        write_report(results, missing, lines, stage, inputs, settings, lang)
        commands.finish(
            stage,
            inputs,
            settings,
            lang,
            ("hotspots", "parks", "units", "scoring", "report"),
            **({"outside_area": None} if results.hotspots is None else results.hotspots.account()),
            **refusals.account(lang),
        )
    for line in refusals.lines():
        warn(line)
    return results


def _analyse(
    inputs: Inputs, settings: Settings, progress: Progress, lang: str, refusals: steps.Refusals
) -> tuple[steps.Results, dict[str, Text]]:
    """Every part whose layers are there and can be used, and why the others are not."""
    missing: dict[str, Text] = {}
    hotspots = parks = scores = None
    if "issues" in inputs.loaded:
        hotspots = refusals.attempt("hotspots", steps.find_hotspots, inputs, settings, progress)
    else:
        missing["hotspots"] = text_pair("pipeline.no_issues")
    if "parks" in inputs.loaded:
        parks = refusals.attempt("parks", steps.measure_parks, inputs, settings, progress)
    else:
        missing["parks"] = text_pair("pipeline.no_parks")
    units = refusals.attempt("units", steps.propose, inputs, settings, progress)
    own = inputs.table("units")
    drawn = own if own is not None or units is None else units.units
    if parks is not None and drawn is not None:
        parks = replace(parks, coverage_units=refusals.attempt("units", parks.coverage_of, drawn))
    candidates = inputs.table("candidates") if "candidates" in inputs.loaded else drawn
    if candidates is None:
        missing["scores"] = text_pair("pipeline.no_candidates")
    else:
        scores = refusals.attempt("scores", steps.score, inputs, settings, candidates, hotspots, progress, lang)
    results = steps.Results(hotspots=hotspots, parks=parks, units=units, scores=scores, refused=tuple(refusals.found))
    if not any(part is not None for part in (hotspots, parks, units, scores)):
        collect([InputError(zh=line.zh, en=line.en) for line in refusals.lines()])
    return results, missing


def _write_lists(stage: Stage, inputs: Inputs, settings: Settings) -> list[Text]:
    """Write what somebody has to look at: categories of no class, issues that lie elsewhere than recorded; count these."""
    from jxgis import load
    from jxgis.pipeline.check import compare_recorded

    issues = inputs.table("issues")
    if issues is None:
        return []
    lines, cases = compare_recorded(
        issues, city=inputs.city, subdistricts=inputs.table("subdistricts"), districts=inputs.table("districts")
    )
    classes = () if inputs.city is None else inputs.city.classes
    commands.write_lists(
        stage,
        unclassified=load.unclassified(issues),
        disagreement=cases,
        classes=classes,
        min_count=settings.report.min_count,
    )
    return lines
