"""One function a command: read, analyse, draw, write; the only place where the parts meet."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jxgis import output
from jxgis.gpkg import stored_names, write_gpkg
from jxgis.i18n import text_pair
from jxgis.pipeline import _drawing as drawing
from jxgis.pipeline import _steps as steps
from jxgis.pipeline._inputs import (
    Inputs,
    Progress,
    city_of,
    files_read,
    issue_options,
    needed,
    not_there,
    read_inputs,
    read_options,
)
from jxgis.pipeline._pages import write_hotspot_tables
from jxgis.small_counts import hide_small

if TYPE_CHECKING:
    import pandas as pd

    from jxgis.i18n import Text
    from jxgis.load import Loaded
    from jxgis.output import Stage
    from jxgis.pipeline.check import Checked
    from jxgis.pipeline.hotspots import HotspotsResult
    from jxgis.pipeline.parks import ParksResult
    from jxgis.pipeline.score import ScoreResult
    from jxgis.pipeline.units import UnitsResult
    from jxgis.settings import Settings

__all__ = [
    "GROUND",
    "OF_HOTSPOTS",
    "OF_PARKS",
    "OF_SCORES",
    "OF_UNITS",
    "finish",
    "run_check",
    "run_hotspots",
    "run_parks",
    "run_score",
    "run_units",
    "write_all",
    "write_flaws",
    "write_lists",
]

GROUND = ("districts", "subdistricts")
OF_HOTSPOTS = (*GROUND, "issues", "places", "streets", "exposure", "ring", "built_up")
OF_PARKS = (
    *GROUND,
    "parks",
    "residential",
    "streets",
    "gates",
    "barriers",
    "places",
    "historic",
    "vacant",
    "planned_parks",
    "population",
    "built_up",
)
OF_UNITS = (
    *GROUND,
    "blocks",
    "streets",
    "waters",
    "issues",
    "population",
    "land_use",
    "keep_together",
    "keep_apart",
)
OF_SCORES = (*GROUND, "candidates", "issues", "parks", "residential", "historic", "waters", "built_up")


def run_hotspots(
    settings: Settings, out: str | Path, *, has_project: bool, lang: str, progress: Progress = lambda _: None
) -> HotspotsResult:
    """`jxgis hotspots`: find the hot spots of the issues and write them.

    Parameters
    ----------
    settings
        The settings; ``inputs.issues`` and ``inputs.districts`` (or sub-districts and a crosswalk) must be there.
    out
        The result folder.
    has_project
        Whether the settings come from a project.
    lang
        ``"zh"`` or ``"en"``.
    progress
        Called with each step.

    Returns
    -------
    HotspotsResult

    Raises
    ------
    JxgisError
        If the input cannot be used or the folder not be written; nothing is changed then.
    """
    needed(settings, {"issues": "--issues", "districts": "--area"})
    with output.staged(out, command="hotspots", reads=files_read(settings)) as stage:
        inputs = read_inputs(settings, OF_HOTSPOTS, has_project=has_project, progress=progress)
        result = steps.find_hotspots(inputs, settings, progress)
        progress(text_pair("pipeline.step_writing"))
        write_hotspots(result, stage, inputs, settings, lang)
        write_hotspot_tables(result, stage, inputs, settings, lang)
        finish(stage, inputs, settings, lang, ("hotspots", "report"), **result.account())
    return result


def run_parks(
    settings: Settings, out: str | Path, *, has_project: bool, lang: str, progress: Progress = lambda _: None
) -> ParksResult:
    """`jxgis parks`: measure park coverage and write it; parameters as for :func:`run_hotspots`."""
    of = (
        {"built_up": "[inputs.built_up]"}
        if settings.parks.denominator == "built_up"
        else {"residential": "--residential"}
    )
    needed(settings, {"parks": "--parks", **of, "districts": "--by"})
    with output.staged(out, command="parks", reads=files_read(settings)) as stage:
        inputs = read_inputs(settings, OF_PARKS, has_project=has_project, progress=progress)
        result = steps.measure_parks(inputs, settings, progress)
        progress(text_pair("pipeline.step_writing"))
        write_parks(result, stage, inputs, settings, lang)
        finish(stage, inputs, settings, lang, ("parks",))
    return result


def run_units(
    settings: Settings, out: str | Path, *, has_project: bool, lang: str, progress: Progress = lambda _: None
) -> UnitsResult:
    """`jxgis units`: propose units and write them; parameters as for :func:`run_hotspots`."""
    needed(settings, {"districts": "--districts"})
    with output.staged(out, command="units", reads=files_read(settings)) as stage:
        inputs = read_inputs(settings, OF_UNITS, has_project=has_project, progress=progress)
        result = steps.propose(inputs, settings, progress)
        progress(text_pair("pipeline.step_writing"))
        write_units(result, stage, inputs, settings, lang)
        finish(stage, inputs, settings, lang, ("units", "report"), **result.account())
    return result


def run_score(
    settings: Settings,
    out: str | Path,
    *,
    has_project: bool,
    lang: str,
    progress: Progress = lambda _: None,
    warn: Progress = lambda _: None,
) -> ScoreResult:
    """`jxgis score`: score candidates and write the scores; parameters as for :func:`run_hotspots`.

    Hot spots that are refused leave their indicator missing; ``warn`` is called with the reason.
    """
    needed(settings, {"candidates": "--candidates"})
    with output.staged(out, command="score", reads=files_read(settings)) as stage:
        inputs = read_inputs(settings, OF_SCORES, has_project=has_project, progress=progress)
        refusals = steps.Refusals()
        hotspots = None
        if {"issues", "districts"} <= inputs.loaded.keys():
            hotspots = refusals.attempt("hotspots", steps.find_hotspots, inputs, settings, progress)
        result = steps.score(inputs, settings, inputs.need("candidates"), hotspots, progress, lang)
        progress(text_pair("pipeline.step_writing"))
        write_scores(result, stage, inputs, settings, lang)
        finish(stage, inputs, settings, lang, ("hotspots", "parks", "scoring"), **refusals.account(lang))
    for line in refusals.lines():
        warn(line)
    return result


def run_check(
    layer: str, settings: Settings, *, out: str | Path | None = None, has_project: bool = False, lang: str = "zh"
) -> list[str]:
    """`jxgis check`: load one layer, say what is in it, and write its clean rows and its rejects.

    Parameters
    ----------
    layer
        The layer of the contract.
    settings
        The settings; ``inputs.LAYER`` says where it is.
    out
        The result folder: ``clean.gpkg``, ``rejects/LAYER.csv``, ``check.json``, ``run.json``, and the sheet of
        categories without a class, the list of cases that lie elsewhere than recorded, ``flaws.gpkg`` (see
        :func:`write_flaws`) and ``defects.gpkg`` (defects of edited units, and they with their slivers snapped), where
        there are any. None: nothing is written.
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
        If the layer cannot be used, or no row is kept.
    """
    from jxgis.pipeline.check import LAYERS, check_layer

    given = getattr(settings.inputs, layer) if layer in LAYERS else None
    options: dict[str, Any] = {} if given is None else read_options(given)
    if layer == "issues" and given is not None:
        options |= issue_options(given, settings.city.issue_classes)
    with contextlib.ExitStack() as stack:
        stage = None
        if out is not None:
            stage = stack.enter_context(output.staged(out, command="check", reads=files_read(settings)))
        city = city_of(settings, has_project=has_project)
        beside = [
            name for name in ("districts", "subdistricts", "streets") if getattr(settings.inputs, name) is not None
        ]
        # A new project names files that are still to come: the one that is asked about can be checked without them.
        absent = not_there(settings, beside) if layer == "issues" else []
        beside = [name for name in beside if name not in absent]
        if layer == "issues" and beside:
            ground = read_inputs(settings, beside, has_project=has_project)
            options |= {name: ground.table(name) for name in beside}
        if layer == "units":
            asked = settings.units
            options |= {"bounds_km2": (asked.min_km2, asked.max_km2), "snap_m": asked.snap_m}
            if settings.inputs.districts is not None or settings.inputs.subdistricts is not None:
                options["districts"] = read_inputs(settings, GROUND, has_project=has_project).table("districts")
        found = check_layer(layer, "" if given is None else given.path, city=city, **options)
        if stage is not None:
            _write_check(found, stage, settings, () if city is None else city.classes, lang)
    lines = found.lines if out is None else (*found.lines, *_renamed(found))
    if absent:
        titles = [text_pair(f"pipeline.{name}") for name in absent]
        inputs = [f"[inputs.{name}]" for name in absent]
        lines = (*lines, text_pair("check.not_compared", layers=titles, inputs=inputs))
    return [line.of(lang) for line in lines]


def _renamed(found: Checked) -> list[Text]:
    """Which columns ``clean.gpkg`` holds under another name, and which."""
    names = stored_names(found.loaded.table)
    pairs = [f"{column} → {name}" for column, name in names.items()]
    return [text_pair("check.renamed", columns=pairs)] if pairs else []


def _write_check(found: Checked, stage: Stage, settings: Settings, classes: Sequence[str], lang: str) -> None:
    layer = found.loaded.layer
    write_gpkg(stage.path("clean.gpkg"), {layer: found.loaded.table}, lang=lang)
    write_flaws(stage, found.loaded, lang)
    if "defects" in found.tables:
        drawn: dict[str, Any] = {name: found.tables[name] for name in found.tables if name in ("defects", "repaired")}
        write_gpkg(stage.path("defects.gpkg"), drawn, lang=lang)
    write_lists(
        stage,
        unclassified=found.tables.get("unclassified"),
        disagreement=found.tables.get("disagreement"),
        classes=classes,
        min_count=settings.report.min_count,
    )
    text = json.dumps(found.summary, ensure_ascii=False, indent=2)
    stage.path("check.json").write_text(text + "\n", encoding="utf-8", newline="\n")
    output.write_rejects(stage, [found.loaded], lang)
    dumped = settings.model_dump(by_alias=True, exclude_none=True)
    shaped = {"lang": lang, "city": dumped["city"], "inputs": {layer: dumped["inputs"][layer]}}
    output.write_run(stage, settings=shaped, crs=found.loaded.table.crs.to_string(), loaded=[found.loaded])


def write_flaws(stage: Stage, boundaries: Loaded, lang: str) -> None:
    """``flaws.gpkg``: overlaps and gaps of boundaries, and a layer without overlaps to accept where some were left."""
    from jxgis.pipeline.check import boundary_tables

    tables = boundary_tables(boundaries)
    if tables:
        write_gpkg(stage.path("flaws.gpkg"), tables, lang=lang)


def write_lists(
    stage: Stage,
    *,
    unclassified: pd.DataFrame | None,
    disagreement: pd.DataFrame | None,
    classes: Sequence[str],
    min_count: int,
) -> None:
    """``unclassified.xlsx`` to be filled in, small counts as ranges, and ``disagreement.csv`` to be looked at, where there is anything in them."""
    from jxgis.report.class_sheet import class_sheet

    if unclassified is not None and len(unclassified):
        # How many have no class at all is said elsewhere.
        shown = hide_small(
            unclassified.assign(whole=""),
            min_count=min_count,
            within=("tree", "main_type", "sub_type"),
            sums=("whole",),
        )
        class_sheet(stage.path("unclassified.xlsx"), shown, classes)
    if disagreement is not None and len(disagreement):
        output.write_csv(disagreement, stage.path("disagreement.csv"))


def write_hotspots(result: HotspotsResult, stage: Stage, inputs: Inputs, settings: Settings, lang: str) -> None:
    """``hotspots.gpkg``, ``density/*.tif``, the map and the figure."""
    from jxgis.pipeline import hotspots

    hotspots.write(result, stage, lang=lang)
    drawing.draw_hotspots(result, stage, inputs, settings, lang)


def write_parks(result: ParksResult, stage: Stage, inputs: Inputs, settings: Settings, lang: str) -> None:
    """``parks.gpkg`` and the map."""
    from jxgis.pipeline import parks

    parks.write(result, stage, lang=lang)
    drawing.draw_parks(result, stage, inputs, settings, lang)


def write_units(result: UnitsResult, stage: Stage, inputs: Inputs, settings: Settings, lang: str) -> None:
    """``units.gpkg`` and the map."""
    from jxgis.pipeline.units import attribute_titles

    layers = {"units": result.units, "blocks": result.blocks}
    if result.borders is not None:
        layers["borders"] = result.borders
    write_gpkg(stage.path("units.gpkg"), layers, lang=lang, titles=attribute_titles(result.blocks.columns, lang))
    drawing.draw_units(result, stage, inputs, settings, lang)


def write_scores(result: ScoreResult, stage: Stage, inputs: Inputs, settings: Settings, lang: str) -> None:
    """``scores.gpkg``, ``scores.xlsx`` and the map."""
    from jxgis.pipeline import score
    from jxgis.report.workbook import scores_workbook

    write_gpkg(stage.path("scores.gpkg"), {"scores": result.scores}, lang=lang, titles=result.titles)
    scores_workbook(
        stage.path("scores.xlsx"),
        hide_small(result.scores, min_count=settings.report.min_count),
        more=score.sheets(result, lang),
        indicators=result.titles,
        lang=lang,
        sketch=inputs.sketch,
    )
    drawing.draw_scores(result, stage, inputs, settings, lang)


def write_all(results: steps.Results, stage: Stage, inputs: Inputs, settings: Settings, lang: str) -> None:
    """The files of every part that was run."""
    if results.hotspots is not None:
        write_hotspots(results.hotspots, stage, inputs, settings, lang)
    if results.parks is not None:
        write_parks(results.parks, stage, inputs, settings, lang)
    if results.units is not None:
        write_units(results.units, stage, inputs, settings, lang)
    if results.scores is not None:
        write_scores(results.scores, stage, inputs, settings, lang)


def finish(stage: Stage, inputs: Inputs, settings: Settings, lang: str, sections: tuple[str, ...], **more: Any) -> None:
    """Write what every command writes: the rejects and run.json."""
    loaded = list(inputs.loaded.values())
    output.write_rejects(stage, loaded, lang)
    output.write_run(
        stage,
        settings=_settings(settings, sections, lang),
        crs=inputs.crs.to_string(),
        loaded=loaded,
        crs_note=inputs.crs_note.of(lang),
        **more,
    )


def _settings(settings: Settings, sections: tuple[str, ...], lang: str) -> Mapping[str, Any]:
    dumped = settings.model_dump(by_alias=True, exclude_none=True)
    return {
        "lang": lang,
        "city": dumped["city"],
        "inputs": dumped["inputs"],
        **{name: dumped[name] for name in sections},
    }
