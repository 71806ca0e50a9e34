"""The report's page and workbooks: the tables of a run, gathered in the reader's words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jxgis.i18n import text
from jxgis.pipeline import _steps as steps
from jxgis.pipeline._change import change_lines
from jxgis.pipeline._drawing import in_words
from jxgis.small_counts import hide_mix, hide_small, hide_small_units, hide_tops, small_said
from jxgis.zones import districts_of

if TYPE_CHECKING:
    from jxgis.i18n import Text
    from jxgis.output import Stage
    from jxgis.pipeline._inputs import Inputs
    from jxgis.pipeline.hotspots import HotspotsResult
    from jxgis.report.tables import ReportTables
    from jxgis.settings import Settings

__all__ = ["write_hotspot_tables", "write_report"]


def write_report(
    results: steps.Results,
    missing: dict[str, Text],
    lines: list[Text],
    stage: Stage,
    inputs: Inputs,
    settings: Settings,
    lang: str,
) -> None:
    """``report.xlsx`` and ``index.html`` from what was found; ``lines`` stand among the workbook's notes."""
    from jxgis.report.methods import method_notes
    from jxgis.report.page import FigureFile, report_page
    from jxgis.report.tables import PARTS, FileLink
    from jxgis.report.workbook import report_workbook

    tables = _tables(results, missing, inputs, settings, lang)
    title = settings.report.title or text("pipeline.report_title", lang, city=_city_name(inputs, lang))
    standard = None if results.parks is None else results.parks.standard.title.of(lang)
    notes = method_notes(tables, settings, standard=standard, lang=lang)
    report_workbook(
        stage.path("report.xlsx"),
        tables,
        title=title,
        methods=notes,
        lines=[*_notes(inputs, settings, lang), *tables.change, *(line.of(lang) for line in lines)],
        indicators={} if results.scores is None else results.scores.titles,
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
        target=settings.parks.target,
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

    tables = _tables(steps.Results(hotspots=result), {}, inputs, settings, lang)
    report_workbook(
        stage.path("hotspots.xlsx"),
        tables,
        title=text("pipeline.file_hotspot_tables", lang),
        methods=method_notes(tables, settings, lang=lang),
        lines=[*_notes(inputs, settings, lang), *tables.change],
        lang=lang,
        sketch=inputs.sketch,
    )


def _notes(inputs: Inputs, settings: Settings, lang: str) -> list[str]:
    """For a workbook: what the loaders noticed, and which counts are not shown."""
    said = small_said(settings.report.min_count, lang, blank=True) if "issues" in inputs.loaded else ""
    return [*filter(None, [said]), *_load_notes(inputs, lang)]


def _load_notes(inputs: Inputs, lang: str) -> list[str]:
    """What the loaders noticed: what they all say, such as the working CRS, once."""
    notes = [inputs.crs_note, *(note for layer in inputs.loaded.values() for note in layer.notes)]
    return list(dict.fromkeys(note.of(lang) for note in notes))


def _tables(
    results: steps.Results, missing: dict[str, Text], inputs: Inputs, settings: Settings, lang: str
) -> ReportTables:
    import pandas as pd

    from jxgis.maps.leads import blind_spot_names
    from jxgis.report.tables import ReportTables

    least = settings.report.min_count

    def called(table: pd.DataFrame | None, *, within: tuple[str, ...] | None = None) -> pd.DataFrame | None:
        if table is None:
            return None
        return hide_small(in_words(table, inputs.city, lang), min_count=least, within=within)

    def zones(table: pd.DataFrame) -> pd.DataFrame:
        """Counts of zones: what is hidden of a sub-district is not told by its district either."""
        if table.empty:
            return table
        districts = table["zone"].where(table["level"] == "district")
        inner = table["zone"].map(home).where(table["level"] == "subdistrict")
        shown = hide_small(
            in_words(table, inputs.city, lang).assign(_part_of=inner, _is=districts),
            min_count=least,
            within=("level", "zone"),
            sums=("level",),
            nested=("_part_of", "_is"),
        )
        return shown.drop(columns=["_part_of", "_is"])

    spots, parks, units, scores = results.hotspots, results.parks, results.units, results.scores
    home = {} if spots is None else districts_of(spots.zones)
    findings: dict[str, pd.DataFrame] = {}
    places = called(None if spots is None else spots.places)
    by_zone = None if spots is None else zones(spots.zones)
    if spots is not None:
        tops, mix = called(spots.concentrated, within=()), zones(spots.diverse)
        if least > 1:
            tops = tops if tops is None or places is None else hide_tops(tops, places)
            mix = mix if by_zone is None or mix.empty else hide_mix(mix, by_zone)
        found = {
            "ring": called(spots.overall),
            "concentration": tops,
            "overlap": called(spots.different),
            "diversity": mix,
        }
        findings = {key: shown for key, shown in found.items() if shown is not None and len(shown)}
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
        places=places,
        peaks=called(None if spots is None else spots.peaks),
        rate_places=called(None if spots is None or spots.rate_places is None else spots.rate_places.places),
        zones=by_zone,
        cells=None if spots is None else spots.cells,
        findings=findings,
        against_normal=called(None if spots is None else spots.against_normal),
        levels=called(None if spots is None else spots.levels, within=()),
        heavy=called(None if spots is None else spots.heavy),
        coverage=None if parks is None else parks.coverage.assign(standard=parks.standard.title.of(lang)),
        sites=None if parks is None else parks.sites,
        unserved_places=blind_spots,
        targets=None if parks is None else parks.targets,
        park_notes=() if parks is None else [line.of(lang) for line in parks.warnings()],
        units=None if units is None else hide_small_units(units.units, min_count=least),
        unit_notes=() if units is None else tuple(note.of(lang) for note in units.notes()),
        scores=None if scores is None else hide_small(scores.scores, min_count=least),
        indicators=None if scores is None else scores.indicators,
        load_notes=_load_notes(inputs, lang),
        inputs=pd.DataFrame(sources),
        change=() if spots is None else [line.of(lang) for line in change_lines(spots.comparison)],
        missing={part: why.of(lang) for part, why in missing.items()},
        min_count=least if "issues" in inputs.loaded else 1,
        refused={part: why.of(lang) for part, why in results.refused},
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
