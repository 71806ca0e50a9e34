"""The part that groups points that lie densely: what it reads, and how it is run."""

from __future__ import annotations

from jxgis.i18n import Text
from jxgis.part import Option, Part

__all__ = ["PART"]


PART = Part(
    name="clusters",
    command="clusters",
    title=Text(zh="问题密集区：哪些地方问题密集，范围在哪里", en="Clusters of points: where issues lie densely"),
    options={
        "--issues": Option("inputs.issues"),
        "--crs": Option("inputs.issues.crs"),
        "--districts": Option("inputs.districts"),
        "--eps-m": Option("clusters.eps_m"),
        "--min-points": Option("clusters.min_points"),
        "--density-times": Option("clusters.density_times"),
        "--method": Option("clusters.method", metavar="dbscan|hdbscan"),
        "--class-column": Option("inputs.issues.class_column"),
        "--from": Option("inputs.issues.from"),
        "--to": Option("inputs.issues.to"),
        "--min-count": Option("report.min_count"),
    },
    reads=("districts", "subdistricts", "issues", "places", "streets"),
    needs=("issues", "districts"),
    settings_key="clusters",
    settings=("clusters", "report"),
)
