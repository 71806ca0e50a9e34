"""The part that finds hot spots: what it reads, and how it is run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jxgis.i18n import Text
from jxgis.part import Option, Part

if TYPE_CHECKING:
    from jxgis.settings import Settings

__all__ = ["PART"]


def _strata(settings: Settings) -> tuple[str, ...]:
    """The layer of strata, where there is to be one."""
    return () if settings.hotspots.strata is None else (settings.hotspots.strata,)


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
        "--strata": Option("hotspots.strata", metavar="LAYER"),
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
    also_reads=_strata,
    needs=("issues", "districts"),
    settings_key="hotspots",
    settings=("hotspots", "report"),
    by_level=True,
)
