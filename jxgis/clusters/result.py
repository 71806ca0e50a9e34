"""What `jxgis clusters` finds: the clusters, what was found of each class and at other distances, and how they are told."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd

from jxgis.clusters.part import PART
from jxgis.hotspots.shown import hide_shares
from jxgis.i18n import Text, text
from jxgis.part import Result
from jxgis.small_counts import MIN_RANGE, count_rows, hide_small, leave_out
from jxgis.zones import ALL

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import folium
    from numpy.typing import NDArray

    from jxgis.drawing.figures import Figure
    from jxgis.output import Stage
    from jxgis.report.blocks import Section

__all__ = ["ClustersResult"]


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class ClustersResult(Result):
    """What `jxgis clusters` finds.

    Attributes
    ----------
    clusters
        The contract's layer ``clusters``: of all issues, then of each class, the largest first.
    classes
        Of each class its issues, how many make a dense place, its clusters, and how many issues are in them.
    distances
        What DBSCAN finds of all issues at several distances.
    issues
        (n,) the issues in the city.
    members
        Class to the cluster of each of them, 0 the largest; -1 for none.
    outside
        Issues outside the city, which take no part.
    """

    part = PART

    clusters: gpd.GeoDataFrame
    classes: pd.DataFrame
    distances: pd.DataFrame
    issues: gpd.GeoDataFrame
    members: Mapping[str, NDArray[np.int64]]
    outside: int

    @property
    def points(self) -> gpd.GeoDataFrame:
        """The issues of the clusters: cluster, class and place, and nothing else of them."""
        first = self.clusters.groupby("issue_class", sort=False)["cluster_id"].min()
        rows = []
        for name, cluster in self.members.items():
            inside = cluster >= 0
            number = cluster[inside] + int(first.get(name, 0))
            rows.append(
                gpd.GeoDataFrame(
                    {"cluster_id": number, "issue_class": np.full(len(number), name, dtype=object)},
                    geometry=self.issues.geometry.to_numpy()[inside],
                    crs=self.issues.crs,
                )
            )
        return gpd.GeoDataFrame(pd.concat(rows, ignore_index=True), crs=self.issues.crs)

    def tables(self) -> dict[str, pd.DataFrame]:
        """The clusters, the classes and the distances; the points where they were asked for."""
        found = {"clusters": self.clusters, "classes": self.classes, "distances": self.distances}
        return found | ({"points": self.points} if self.given.settings.clusters.points else {})

    @cached_property
    def _shown(self) -> dict[str, pd.DataFrame]:
        given, least = self.given, self.given.settings.report.min_count
        lost, untold = self._lost
        clusters = hide_small(given.in_words(self.clusters), min_count=least, lost=lost)
        classes, distances = given.in_words(self.classes), self.distances
        if least >= MIN_RANGE:
            shares = self.clusters[["issues", "main_subclass_share", "same_point_share", "main_share"]]
            clusters = hide_shares(clusters, shares, least)
            rest = (self.classes["issues"] - self.classes["clustered"]).to_numpy()
            told = untold | ((rest > 0) & (rest < least))
            hidden = {name: classes[name].astype(object).mask(told) for name in ("clustered", "share_clustered")}
            classes = hide_small(classes.assign(**hidden), min_count=least)
            n = len(self.issues)
            for name in ("share_clustered", "share_largest"):
                left = np.rint((1 - distances[name]) * n)
                distances = distances.assign(**{name: distances[name].mask((left > 0) & (left < least))})
        return {"clusters": clusters, "classes": classes, "distances": distances}

    @cached_property
    def _lost(self) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Clusters whose count is missing, and classes of which that of the issues in clusters is: with what adds up to them.

        The clusters of a class and its issues in none add up to its issues; those of the classes that lie in a cluster of
        all issues, and the issues of none of them, to its own.
        """
        table, whole = self.clusters, self.classes
        nest = pd.Series(self._nests(), index=table.index)
        rows = table.assign(nest=nest, city="city")[["issue_class", "issues", "nest", "city"]]
        rest = whole.assign(issues=whole["issues"] - whole["clustered"], nest=-1 - whole.index, city="city")
        total = whole.assign(nest=-1 - len(whole) - whole.index, whole="city")
        parts = [
            count_rows(rows, "issues", of="clusters", within=["nest"], sums=["city"]),
            count_rows(rest, "issues", of="rest", within=["nest"], sums=["city"]).assign(unsaid=True),
            count_rows(total, "issues", of="classes", within=["nest"], whole="whole").assign(known=True),
        ]
        lost = leave_out(pd.concat(parts, ignore_index=True), self.given.settings.report.min_count)
        own, of_rest = np.split(lost, [len(rows), len(rows) + len(rest)])[:2]
        return own, of_rest

    def _nests(self) -> NDArray[np.int64]:
        """The cluster of all issues in which every issue of a cluster lies; where there is none a number of its own."""
        found: list[NDArray[np.int64]] = []
        whole, numbered = self.members[ALL], len(self.clusters)
        for name, cluster in self.members.items():
            inside = cluster >= 0
            n = int(cluster.max(initial=-1)) + 1
            around = pd.Series(whole[inside]).groupby(cluster[inside]).agg(["min", "max"])
            alone = (around["min"] != around["max"]) | (around["min"] < 0)
            own = np.arange(numbered, numbered + n)
            numbered += n
            found.append(np.where(alone, own, around["min"]) if name != ALL else np.arange(n))
        return np.concatenate(found).astype(np.int64)

    def shown_tables(self) -> dict[str, pd.DataFrame]:
        """The clusters, the classes and the distances: they count issues, or tell shares of them."""
        return self._shown

    def notes(self) -> list[Text]:
        """What a reader must know of how they were found."""
        from jxgis.clusters.section import notes_of

        return notes_of(self)

    def account(self) -> dict[str, Any]:
        """What ``run.json`` says beside the settings."""
        of_class = self.classes.set_index("issue_class")
        told = {
            name: {str(own): int(n) for own, n in of_class[column].items()}
            for name, column in (("found", "clusters"), ("min_points", "min_points"))
        }
        return {"clusters": {**told, "outside": self.outside}}

    def write_tables(self, stage: Stage) -> None:
        """``clusters.gpkg`` and ``clusters.xlsx``."""
        from jxgis.gpkg import write_gpkg
        from jxgis.report.workbook import report_workbook

        given, section = self.given, self.section()
        layers = {name: table for name, table in self.tables().items() if isinstance(table, gpd.GeoDataFrame)}
        write_gpkg(stage.path("clusters.gpkg"), layers, of=self.part.name, lang=given.lang)
        report_workbook(
            stage.path("clusters.xlsx"),
            [replace(section, sheets=self._sheets())],
            title=text("report.part_clusters", given.lang),
            lines=[*section.lines, *(note.of(given.lang) for note in self.notes()), *given.notes()],
            lang=given.lang,
            sketch=given.sketch,
        )

    def _sheets(self) -> dict[str, pd.DataFrame]:
        shown = self.shown_tables()
        return {name: table.drop(columns="geometry", errors="ignore") for name, table in shown.items() if len(table)}

    def _maps(self) -> dict[str, Callable[[], folium.Map]]:
        return {"clusters": self._map}

    def _map(self) -> folium.Map:
        from jxgis.clusters.map import cluster_map
        from jxgis.clusters.section import in_a_line, rule_of

        classes = list(self.given.in_words(self.classes)["issue_class"])
        note = text("clusters.map_note", self.given.lang, rule=rule_of(self, self.given.lang))
        canvas = self.canvas(self.given.with_period(in_a_line(self, self.given.lang)))
        return cluster_map(
            self.shown_tables()["clusters"], classes, self.given.need("districts"), note=note, canvas=canvas
        )

    def _figures(self) -> dict[str, Callable[[], Figure]]:
        """Where the clusters of all issues lie, where there are any."""
        return {"clusters_map": self._sheet} if (self.clusters["issue_class"] == ALL).any() else {}

    def _sheet(self) -> Figure:
        from jxgis.clusters.figures import cluster_sheet
        from jxgis.clusters.section import in_a_line, rule_of

        shown = self.shown_tables()["clusters"]
        canvas = self.canvas(self.given.with_period(in_a_line(self, self.given.lang)))
        own = (self.clusters["issue_class"] == ALL).to_numpy()
        note = text("clusters.map_note", self.given.lang, rule=rule_of(self, self.given.lang))
        return cluster_sheet(shown[own], note=note, canvas=canvas)

    def section(self) -> Section:
        """The largest clusters, what they are and are not, and what other distances would find."""
        from jxgis.clusters.section import cluster_section

        return cluster_section(self, self.given.lang)
