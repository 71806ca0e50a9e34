"""Maps and figures of what a run found."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jxgis.output import Stage
    from jxgis.pipeline._inputs import Inputs
    from jxgis.pipeline.hotspots import HotspotsResult
    from jxgis.pipeline.parks import ParksResult
    from jxgis.pipeline.score import ScoreResult
    from jxgis.pipeline.units import UnitsResult
    from jxgis.settings import Settings

__all__ = ["draw_hotspots", "draw_parks", "draw_scores", "draw_units"]


def draw_hotspots(result: HotspotsResult, stage: Stage, inputs: Inputs, settings: Settings, lang: str) -> None:
    """``maps/hotspots.html`` with a switch by class, and ``figures/hotspots.png`` with a panel a class."""
    from jxgis.maps.figures import hotspot_panels, save_png
    from jxgis.maps.hotspots import hotspot_map
    from jxgis.maps.offline import save_map

    districts = inputs.table("districts")
    page = hotspot_map(
        result.cells,
        result.places,
        districts=districts,
        classes=["all", *result.classes],
        lang=lang,
        sketch=inputs.sketch,
    )
    save_map(page, stage.path("maps/hotspots.html"))
    figure = hotspot_panels(
        result.cells, districts=districts, classes=list(result.classes) or ["all"], lang=lang, sketch=inputs.sketch
    )
    save_png(figure, stage.path("figures/hotspots.png"))


def draw_parks(result: ParksResult, stage: Stage, inputs: Inputs, settings: Settings, lang: str) -> None:
    """``maps/parks.html``: coverage by district, what is served and what is not, the parks, the proposed ones."""
    from jxgis.maps.offline import save_map
    from jxgis.maps.parks import parks_map

    page = parks_map(
        result.coverage,
        result.served,
        result.unserved,
        result.sites,
        parks=result.parks,
        isochrones=result.isochrones,
        zones=inputs.table("districts"),
        lang=lang,
        sketch=inputs.sketch,
    )
    save_map(page, stage.path("maps/parks.html"))


def draw_units(result: UnitsResult, stage: Stage, inputs: Inputs, settings: Settings, lang: str) -> None:
    """``maps/units.html``."""
    from jxgis.maps.offline import save_map
    from jxgis.maps.units import units_map

    page = units_map(
        result.units,
        districts=inputs.table("districts"),
        borders=result.borders,
        min_km2=settings.units.min_km2,
        max_km2=settings.units.max_km2,
        lang=lang,
        sketch=inputs.sketch,
    )
    save_map(page, stage.path("maps/units.html"))


def draw_scores(result: ScoreResult, stage: Stage, inputs: Inputs, settings: Settings, lang: str) -> None:
    """``maps/scores.html``."""
    from jxgis.maps.offline import save_map
    from jxgis.maps.scores import scores_map

    page = scores_map(
        result.scores, districts=inputs.table("districts"), indicators=result.labels, lang=lang, sketch=inputs.sketch
    )
    save_map(page, stage.path("maps/scores.html"))
