"""The part that looks at change over time: what it reads, and how it is run."""

from __future__ import annotations

from jxgis.i18n import Text
from jxgis.part import Option, Part

__all__ = ["PART"]


PART = Part(
    name="trends",
    command="trends",
    title=Text(
        zh="时间变化：哪里是新的、哪里在加剧或消退，比上期多了还是少了",
        en="Change over time: what is new, what grows or fades, and what differs from the period before",
    ),
    options={
        "--issues": Option("inputs.issues"),
        "--crs": Option("inputs.issues.crs"),
        "--area": Option("inputs.districts", Text(zh="研究范围（片区面）", en="Study area (district polygons)")),
        "--by": Option("trends.by", metavar="month|quarter|week"),
        "--compare-with": Option("trends.compare_with", metavar="slice|window|cube"),
        "--against": Option("trends.against", metavar="previous|year_earlier"),
        "--cell-m": Option("trends.cell_m"),
        "--band-m": Option("trends.band_m"),
        "--alpha": Option("trends.alpha"),
        "--class-column": Option("inputs.issues.class_column"),
        "--from": Option("inputs.issues.from"),
        "--to": Option("inputs.issues.to"),
        "--source": Option("inputs.issues.source"),
        "--min-count": Option("report.min_count"),
    },
    reads=("districts", "subdistricts", "issues", "places", "streets"),
    needs=("issues", "districts"),
    settings_key="trends",
    settings=("trends", "report"),
)
