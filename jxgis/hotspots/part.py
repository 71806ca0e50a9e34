"""The part that finds hot spots: what it reads, and how it is run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jxgis.part import Given, Part

if TYPE_CHECKING:
    import geopandas as gpd

    from jxgis.hotspots.result import HotspotsResult

__all__ = ["PART"]


def _find(given: Given) -> HotspotsResult:
    from jxgis.hotspots.analysis import analyse

    asked = given.settings.inputs.issues
    by_column = asked is not None and asked.class_column is not None
    return analyse(
        given,
        given.need("districts"),
        classes=None if given.city is None or by_column else list(given.city.classes),
        labels=_labels(given),
    )


def _labels(given: Given) -> gpd.GeoDataFrame | None:
    """The city's labels as points: names to put on a map where there is nothing better."""
    import geopandas as gpd

    if given.city is None or given.city.labels.empty:
        return None
    table = given.city.labels
    points = gpd.points_from_xy(table["lon"], table["lat"], crs=4326)
    labels: gpd.GeoDataFrame = gpd.GeoDataFrame({"name": table["name"]}, geometry=points).to_crs(given.crs)
    return labels


PART = Part(
    name="hotspots",
    command="hotspots",
    reads=("districts", "subdistricts", "issues", "places", "streets", "exposure", "ring", "built_up"),
    needs={"issues": "--issues", "districts": "--area"},
    analyse=_find,
    section="hotspots",
    settings=("hotspots", "report"),
    maps=("hotspots",),
    figures=("hotspots", "scale"),
)
