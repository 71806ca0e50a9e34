"""The part that scans for clusters: what it reads, and how it is run."""

from __future__ import annotations

from jxgis.i18n import Text
from jxgis.part import Option, Part

__all__ = ["PART"]


PART = Part(
    name="scan",
    command="scan",
    title=Text(
        zh="扫描统计：哪里聚集、多大、从何时起、是应有的几倍",
        en="Scan statistic: where, how large, since when, how many times",
    ),
    options={
        "--issues": Option("inputs.issues"),
        "--crs": Option("inputs.issues.crs"),
        "--area": Option("inputs.districts", Text(zh="研究范围（片区面）", en="Study area (district polygons)")),
        "--exposure": Option("inputs.exposure"),
        "--radius-max-m": Option("scan.radius_max_m"),
        "--replicates": Option("scan.replicates"),
        "--seed": Option("scan.seed"),
        "--alpha": Option("scan.alpha"),
        "--class-column": Option("inputs.issues.class_column"),
        "--from": Option("inputs.issues.from"),
        "--to": Option("inputs.issues.to"),
        "--min-count": Option("report.min_count"),
    },
    reads=("districts", "subdistricts", "issues", "places", "streets", "exposure", "built_up"),
    needs=("issues", "districts"),
    settings_key="scan",
    settings=("scan", "report"),
)
