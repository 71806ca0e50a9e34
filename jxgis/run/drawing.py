"""Maps and figures of what a run found."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jxgis.small_counts import hide_small

if TYPE_CHECKING:
    from jxgis.city import City
    from jxgis.hotspots.analysis import HotspotsResult
    from jxgis.i18n import Table
    from jxgis.output import Stage
    from jxgis.parks.analysis import ParksResult
    from jxgis.run.inputs import Inputs
    from jxgis.scoring.analysis import ScoreResult
    from jxgis.settings import Settings
    from jxgis.units.analysis import UnitsResult

__all__ = ["draw_hotspots", "draw_parks", "draw_scores", "draw_units", "in_words"]

#: Columns of the results that hold classes.
_CLASS_COLUMNS = ("issue_class", "class_a", "class_b", "main_class")


def in_words(table: Table, city: City | None, lang: str) -> Table:
    """A copy of a table with the city's classes as the reader's language calls them; other values stand as they are."""
    words = {} if city is None else {name: called.of(lang) for name, called in city.class_names.items()}
    return table.assign(
        **{column: table[column].replace(words) for column in _CLASS_COLUMNS if column in table.columns}
    )


def draw_hotspots(result: HotspotsResult, stage: Stage, inputs: Inputs, settings: Settings, lang: str) -> None:
    """``maps/hotspots.html`` with a switch by class, ``figures/hotspots.png`` with a panel a class, ``figures/scale.png``."""
    import pandas as pd

    from jxgis.drawing.figures import save_png
    from jxgis.drawing.offline import save_map
    from jxgis.hotspots.figures import hotspot_panels, scale_chart
    from jxgis.hotspots.map import hotspot_map
    from jxgis.report.methods import map_line

    districts = inputs.table("districts")
    cells = in_words(result.cells, inputs.city, lang)
    classes = list(in_words(pd.DataFrame({"issue_class": list(result.classes)}), inputs.city, lang)["issue_class"])
    rated = result.rate_places
    page = hotspot_map(
        cells,
        in_words(result.places, inputs.city, lang),
        peaks=in_words(result.peaks, inputs.city, lang),
        rate_places=None if rated is None else rated.places,
        rate_peaks=None if rated is None else rated.peaks,
        districts=districts,
        classes=["all", *classes],
        min_count=settings.report.min_count,
        method=map_line("hotspots", settings, cells=result.cells, lang=lang),
        lang=lang,
        sketch=inputs.sketch,
    )
    save_map(page, stage.path("maps/hotspots.html"))
    figure = hotspot_panels(cells, districts=districts, classes=classes or ["all"], lang=lang, sketch=inputs.sketch)
    save_png(figure, stage.path("figures/hotspots.png"))
    found = result.scale
    figure = scale_chart(
        found.cells, found.profile, cell_m=found.cell_m, band_m=found.band_m, reason=found.reason, lang=lang
    )
    save_png(figure, stage.path("figures/scale.png"))


def draw_parks(result: ParksResult, stage: Stage, inputs: Inputs, settings: Settings, lang: str) -> None:
    """``maps/parks.html``: coverage by district, what is served and what is not, the parks, the proposed ones; ``maps/parks_change.html`` where there is a plan; ``figures/parks.png``."""
    from jxgis.drawing.figures import save_png
    from jxgis.drawing.offline import save_map
    from jxgis.parks.change_map import parks_change_map
    from jxgis.parks.figures import coverage_chart
    from jxgis.parks.map import parks_map
    from jxgis.report.methods import map_line

    line = map_line(
        "parks",
        settings,
        standard=result.standard.title.of(lang),
        denominator=result.ground.denominator or result.standard.denominator,
        lang=lang,
    )
    page = parks_map(
        result.coverage.assign(standard=result.standard.title.of(lang)),
        result.served,
        result.unserved,
        result.sites,
        parks=result.parks,
        isochrones=result.isochrones,
        blind_spots=result.blind_spots,
        zones=inputs.table("districts"),
        target=settings.parks.target,
        method=" · ".join([line, *(told.of(lang) for told in result.warnings())]),
        lang=lang,
        sketch=inputs.sketch,
    )
    save_map(page, stage.path("maps/parks.html"))
    if result.change is not None:
        page = parks_change_map(
            result.change,
            result.changed,
            result.plan,
            zones=inputs.table("districts"),
            target=settings.parks.target,
            method=line,
            lang=lang,
            sketch=inputs.sketch,
        )
        save_map(page, stage.path("maps/parks_change.html"))
    if result.coverage["coverage"].notna().any():
        figure = coverage_chart(result.coverage, target=settings.parks.target, lang=lang, sketch=inputs.sketch)
        save_png(figure, stage.path("figures/parks.png"))


def draw_units(result: UnitsResult, stage: Stage, inputs: Inputs, settings: Settings, lang: str) -> None:
    """``maps/units.html`` and ``figures/units.png``."""
    from jxgis.drawing.figures import save_png
    from jxgis.drawing.offline import save_map
    from jxgis.report.methods import map_line
    from jxgis.units.figures import unit_chart
    from jxgis.units.map import units_map

    page = units_map(
        result.units,
        districts=inputs.table("districts"),
        borders=result.borders,
        min_km2=settings.units.min_km2,
        max_km2=settings.units.max_km2,
        min_count=settings.report.min_count,
        method=map_line("units", settings, lang=lang),
        lang=lang,
        sketch=inputs.sketch,
    )
    save_map(page, stage.path("maps/units.html"))
    figure = unit_chart(
        result.units, min_km2=settings.units.min_km2, max_km2=settings.units.max_km2, lang=lang, sketch=inputs.sketch
    )
    save_png(figure, stage.path("figures/units.png"))


def draw_scores(result: ScoreResult, stage: Stage, inputs: Inputs, settings: Settings, lang: str) -> None:
    """``maps/scores.html`` and ``figures/scores.png``."""
    from jxgis.drawing.figures import save_png
    from jxgis.drawing.offline import save_map
    from jxgis.report.methods import map_line
    from jxgis.scoring.figures import score_chart
    from jxgis.scoring.map import scores_map

    page = scores_map(
        hide_small(result.scores, min_count=settings.report.min_count),
        districts=inputs.table("districts"),
        indicators=result.labels,
        units=dict(zip(result.indicators["indicator"], result.indicators["unit"], strict=True)),
        method=map_line("scores", settings, lang=lang),
        lang=lang,
        sketch=inputs.sketch,
    )
    save_map(page, stage.path("maps/scores.html"))
    if result.scores["rank"].notna().any():
        save_png(score_chart(result.scores, lang=lang, sketch=inputs.sketch), stage.path("figures/scores.png"))
