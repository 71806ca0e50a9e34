"""The part that finds hot spots: what it reads, and how it is run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jxgis.i18n import Text
from jxgis.part import Given, Option, Part

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
    title=Text(zh="问题热点", en="Hot spots of issues"),
    options={
        "--issues": Option("inputs.issues"),
        "--crs": Option("inputs.issues.crs"),
        "--area": Option("inputs.districts", Text(zh="研究范围（片区面）", en="Study area (district polygons)")),
        "--cell-m": Option("hotspots.cell_m"),
        "--band-m": Option("hotspots.band_m"),
        "--name-column": Option("inputs.districts.name_column"),
        "--columns": Option("inputs.issues.columns"),
        "--class-column": Option("inputs.issues.class_column"),
        "--from": Option("inputs.issues.from"),
        "--to": Option("inputs.issues.to"),
        "--status": Option("inputs.issues.status"),
        "--source": Option("inputs.issues.source"),
        "--drop-points": Option("inputs.issues.drop_points"),
        "--keep": Option("inputs.issues.keep"),
        "--min-count": Option("report.min_count"),
    },
    reads=("districts", "subdistricts", "issues", "places", "streets", "exposure", "ring", "built_up"),
    needs=("issues", "districts"),
    analyse=_find,
    settings_key="hotspots",
    settings=("hotspots", "report"),
)
