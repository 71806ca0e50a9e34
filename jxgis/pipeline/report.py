"""`jxgis report` and `jxgis demo`: everything that a project's inputs allow, in one folder, with its page."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from jxgis import output
from jxgis._errors import InputError
from jxgis.i18n import text, text_pair
from jxgis.pipeline import _steps as steps
from jxgis.pipeline import commands
from jxgis.pipeline._inputs import Inputs, Progress, files_read, read_inputs

if TYPE_CHECKING:
    from jxgis.i18n import Text
    from jxgis.output import Stage
    from jxgis.pipeline.hotspots import HotspotsResult
    from jxgis.report.tables import ReportTables
    from jxgis.settings import Settings

__all__ = ["run_demo", "run_report"]

LAYERS = tuple(
    dict.fromkeys((*commands.OF_HOTSPOTS, *commands.OF_PARKS, *commands.OF_UNITS, *commands.OF_SCORES, "units"))
)


def run_report(settings: Settings, out: str | Path, *, lang: str, progress: Progress = lambda _: None) -> steps.Results:
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

    Returns
    -------
    Results

    Raises
    ------
    JxgisError
        If an input cannot be used or the folder not be written; nothing is changed then.
    """
    return _run(settings, out, command="report", lang=lang, progress=progress)


def run_demo(out: str | Path, *, lang: str, progress: Progress = lambda _: None) -> steps.Results:
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
        return _run(load_settings(shipped), out, command="demo", lang=lang, progress=progress)

    from jxgis.demo import write_city

    progress(text_pair("pipeline.demo_making"))
    with tempfile.TemporaryDirectory() as folder:
        write_city(folder)
        return _run(load_settings(Path(folder) / "jxgis.toml"), out, command="demo", lang=lang, progress=progress)


def _run(settings: Settings, out: str | Path, *, command: str, lang: str, progress: Progress) -> steps.Results:
    if settings.inputs.districts is None and settings.inputs.subdistricts is None:
        raise InputError(
            zh="设置中没有 [inputs.districts]，也没有 [inputs.subdistricts]；报告按片区统计，至少需要其中之一。",
            en="The settings have neither [inputs.districts] nor [inputs.subdistricts]; the report needs one of them.",
        )
    with output.staged(out, command=command, reads=files_read(settings)) as stage:
        inputs = read_inputs(settings, LAYERS, has_project=True, progress=progress)
        results, missing = _analyse(inputs, settings, progress, lang)
        progress(text_pair("pipeline.step_writing"))
        commands.write_all(results, stage, inputs, settings, lang)
        _write_lists(stage, inputs)
        write_report(results, missing, stage, inputs, settings, lang)
        commands.finish(
            stage,
            inputs,
            settings,
            lang,
            ("hotspots", "parks", "units", "scoring", "report"),
            **({"outside_area": None} if results.hotspots is None else results.hotspots.account()),
        )
    return results


def _analyse(
    inputs: Inputs, settings: Settings, progress: Progress, lang: str
) -> tuple[steps.Results, dict[str, Text]]:
    """Every part whose layers are there, and why the others are not."""
    missing: dict[str, Text] = {}
    hotspots = parks = None
    if "issues" in inputs.loaded:
        hotspots = steps.find_hotspots(inputs, settings, progress)
    else:
        missing["hotspots"] = text_pair("pipeline.no_issues")
    if "parks" in inputs.loaded:
        parks = steps.measure_parks(inputs, settings, progress)
    else:
        missing["parks"] = text_pair("pipeline.no_parks")
    units = steps.propose(inputs, settings, progress)
    own = inputs.table("units")
    if parks is not None:
        parks = replace(parks, coverage_units=parks.coverage_of(units.units if own is None else own))
    candidates = next(table for table in (inputs.table("candidates"), own, units.units) if table is not None)
    scores = steps.score(inputs, settings, candidates, hotspots, progress, lang)
    return steps.Results(hotspots=hotspots, parks=parks, units=units, scores=scores), missing


def _write_lists(stage: Stage, inputs: Inputs) -> None:
    """What somebody has to look at: categories without a class, and issues that lie elsewhere than recorded."""
    from jxgis import load

    issues, subdistricts = inputs.table("issues"), inputs.table("subdistricts")
    if issues is None:
        return
    cases = None
    if subdistricts is not None and issues["recorded_subdistrict"].notna().any():
        cases = load.disagreement(issues, subdistricts, city=inputs.city).cases
    classes = () if inputs.city is None else inputs.city.classes
    commands.write_lists(stage, unclassified=load.unclassified(issues), disagreement=cases, classes=classes)


def write_report(
    results: steps.Results,
    missing: dict[str, Text],
    stage: Stage,
    inputs: Inputs,
    settings: Settings,
    lang: str,
) -> None:
    """``report.xlsx`` and ``index.html`` from what was found."""
    from jxgis.report.methods import method_notes
    from jxgis.report.page import FigureFile, report_page
    from jxgis.report.tables import PARTS, FileLink
    from jxgis.report.workbook import report_workbook

    tables = _tables(results, missing, inputs, lang)
    title = settings.report.title or text("pipeline.report_title", lang, city=_city_name(inputs, lang))
    standard = None if results.parks is None else results.parks.standard.title.of(lang)
    notes = method_notes(tables, settings, standard=standard, lang=lang)
    labels = {} if results.scores is None else results.scores.labels
    report_workbook(
        stage.path("report.xlsx"),
        tables,
        title=title,
        methods=notes,
        lines=[inputs.crs_note.of(lang), *(note.of(lang) for layer in inputs.loaded.values() for note in layer.notes)],
        indicators=labels,
        lang=lang,
        sketch=inputs.sketch,
    )
    written = stage.files()
    figures = [
        FigureFile(part, stage.path(f"figures/{part}.png"), text(f"pipeline.figure_{part}", lang))
        for part in PARTS
        if f"figures/{part}.png" in written
    ]
    if "figures/scale.png" in written:
        figures.append(FigureFile("hotspots", stage.path("figures/scale.png"), text("pipeline.figure_scale", lang)))
    page = report_page(
        tables,
        title=title,
        subtitle=_period(inputs, lang),
        methods=notes,
        maps=[
            FileLink(f"maps/{name}.html", text(f"pipeline.map_{name}", lang))
            for name in (*PARTS, "parks_change")
            if f"maps/{name}.html" in written
        ],
        figures=figures,
        files=[
            *(FileLink(name, _label(name, lang)) for name in written if "/" not in name),
            *(
                FileLink(name, text("pipeline.map_parks_change", lang))
                for name in written
                if name == "maps/parks_change.html"
            ),
        ],
        min_km2=settings.units.min_km2,
        max_km2=settings.units.max_km2,
        outside_area=None if results.hotspots is None else results.hotspots.outside_area,
        lang=lang,
        sketch=inputs.sketch,
    )
    stage.path("index.html").write_text(page, encoding="utf-8", newline="\n")


def write_hotspot_tables(result: HotspotsResult, stage: Stage, inputs: Inputs, settings: Settings, lang: str) -> None:
    """``hotspots.xlsx``: the hot places and the plan's four findings, as they stand in ``report.xlsx``."""
    from jxgis.report.methods import method_notes
    from jxgis.report.workbook import report_workbook

    tables = _tables(steps.Results(hotspots=result), {}, inputs, lang)
    report_workbook(
        stage.path("hotspots.xlsx"),
        tables,
        title=text("pipeline.file_hotspot_tables", lang),
        methods=method_notes(tables, settings, lang=lang),
        lines=[inputs.crs_note.of(lang), *(note.of(lang) for layer in inputs.loaded.values() for note in layer.notes)],
        lang=lang,
        sketch=inputs.sketch,
    )


def _tables(results: steps.Results, missing: dict[str, Text], inputs: Inputs, lang: str) -> ReportTables:
    import pandas as pd

    from jxgis.maps.leads import blind_spot_names
    from jxgis.pipeline._drawing import in_words
    from jxgis.report.tables import ReportTables

    def called(table: pd.DataFrame | None) -> pd.DataFrame | None:
        return None if table is None else in_words(table, inputs.city, lang)

    spots, parks, units, scores = results.hotspots, results.parks, results.units, results.scores
    findings: dict[str, pd.DataFrame] = {}
    if spots is not None:
        found = {
            "ring": spots.overall,
            "concentration": spots.concentrated,
            "overlap": spots.different,
            "diversity": spots.diverse,
        }
        findings = {
            key: in_words(table, inputs.city, lang) for key, table in found.items() if table is not None and len(table)
        }
    blind_spots = None if parks is None else parks.blind_spots
    if blind_spots is not None:
        blind_spots = blind_spots.assign(name=blind_spot_names(blind_spots, inputs.table("districts"), lang))
    sources = [
        {
            "layer": text(f"pipeline.{layer.layer}", lang),
            "name": source.name,
            "rows_in": source.rows_in,
            "rows_kept": source.rows_kept,
            "rows_rejected": source.rows_rejected,
            "rows_left_out": source.rows_left_out,
        }
        for layer in inputs.loaded.values()
        for source in layer.sources
    ]
    return ReportTables(
        places=called(None if spots is None else spots.places),
        peaks=called(None if spots is None else spots.peaks),
        rate_places=called(None if spots is None or spots.rate_places is None else spots.rate_places.places),
        zones=called(None if spots is None else spots.zones),
        cells=None if spots is None else spots.cells,
        findings=findings,
        coverage=None if parks is None else parks.coverage.assign(standard=parks.standard.title.of(lang)),
        sites=None if parks is None else parks.sites,
        unserved_places=blind_spots,
        units=None if units is None else units.units,
        scores=None if scores is None else scores.scores,
        inputs=pd.DataFrame(sources),
        missing={part: why.of(lang) for part, why in missing.items()},
    )


def _city_name(inputs: Inputs, lang: str) -> str:
    return "" if inputs.city is None else inputs.city.name.of(lang)


def _period(inputs: Inputs, lang: str) -> str:
    """The period that the issues cover, in local dates."""
    issues = inputs.table("issues")
    if issues is None or "time" not in issues or issues["time"].isna().all():
        return ""
    first, last = issues["time"].min(), issues["time"].max()
    return text("pipeline.period", lang, first=f"{first:%Y-%m-%d}", last=f"{last:%Y-%m-%d}")


def _label(name: str, lang: str) -> str:
    try:
        words = text(f"pipeline.file_{name.partition('.')[0]}", lang)
    except KeyError:
        # A part may come to write a file that nobody has described yet: its name is better than no report.
        return name
    return f"{name} · {words}"
