"""What `jxgis scan` finds: the clusters, what each scan was, and how they are written, drawn and told."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from jxgis.hotspots.shown import hide_shares
from jxgis.i18n import Text, text
from jxgis.part import Result
from jxgis.scan.part import PART
from jxgis.small_counts import MIN_RANGE, hide_small
from jxgis.space.sums import add_areas, add_areas_of_time
from jxgis.zones import ALL

if TYPE_CHECKING:
    from collections.abc import Callable

    import folium
    import geopandas as gpd
    from numpy.typing import NDArray

    from jxgis.drawing.figures import Figure
    from jxgis.gaps import Gap
    from jxgis.output import Stage
    from jxgis.report.blocks import Section
    from jxgis.scan.slices import Slices, Uncut

__all__ = ["ScanResult"]


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class ScanResult(Result):
    """What `jxgis scan` finds.

    Attributes
    ----------
    clusters
        The contract's layer ``clusters``: the cells of each, by scan, class and rank.
    scans
        A row a scan of a class: how many clusters, how sure the most likely is, how the counts vary, or why there is nothing.
    of_layer
        Whether issues are set against a layer, not the ground.
    slices
        How time is cut, or why it is not; see `slices.cut_time`.
    outside_area, without_exposure, without_time
        Issues in no cell; in a cell without exposure; of no time, or a mistyped one.
    wider_than_city
        Whether the largest radius that was asked for is larger than the city.
    silent
        When a file or a source holds next to nothing and others do.
    """

    part = PART

    clusters: gpd.GeoDataFrame
    scans: pd.DataFrame
    of_layer: bool
    slices: Slices | Uncut
    outside_area: int
    without_exposure: int
    without_time: int
    wider_than_city: bool
    silent: tuple[Gap, ...]

    def tables(self) -> dict[str, pd.DataFrame]:
        """The clusters, and the scans."""
        return {"clusters": self.clusters, "scans": self.scans}

    @cached_property
    def _shown(self) -> dict[str, pd.DataFrame]:
        least, table = self.given.settings.report.min_count, self.given.in_words(self.clusters)
        scans = self.given.in_words(self.scans)
        if least >= MIN_RANGE and len(table):
            counted = self.clusters.rename(columns={"observed": "issues"})
            table = hide_shares(hide_small(table, min_count=least, lost=self._known[1]), counted, least)
            # What a scan says of its most likely cluster would tell that one's count.
            untold = counted[(counted["rank"] == 1) & table["llr"].isna()]
            of = [pd.MultiIndex.from_frame(rows[["scan", "issue_class"]]) for rows in (self.scans, untold)]
            scans.loc[of[0].isin(of[1]), ["llr", "p", "p_gumbel"]] = np.nan
        return {"clusters": table, "scans": scans}

    def shown_tables(self) -> dict[str, pd.DataFrame]:
        """Both: the clusters count issues."""
        return self._shown

    @cached_property
    def _known(self) -> tuple[pd.DataFrame, NDArray[np.bool_]]:
        """What readers know with the clusters, and which of their counts are missing for what they add up to.

        A report shows all the issues of a district or a unit, whatever their time.
        """
        given, least = self.given, self.given.settings.report.min_count
        issues, known = given.need("issues"), given.known_counts(self.part)
        lost = np.zeros(len(self.clusters), dtype=np.bool_)
        groups = self.clusters.groupby(["scan", "issue_class", "start", "end"], dropna=False, sort=False)
        for number, ((scan, name, start, end), rows) in enumerate(groups):
            of, seen = f"{self.part.name}:{number}", rows["observed"].to_numpy(dtype=np.int64)
            at = self.clusters.index.get_indexer(rows.index)
            if scan == "space_time":
                within = issues["time"].between(start, end + pd.Timedelta(days=1), inclusive="left").to_numpy()
                known, lost[at] = add_areas_of_time(
                    known, rows, seen, issues, within, of=of, layer=issues, issue_class=str(name), min_count=least
                )
            else:
                known = add_areas(known, rows, seen, of=of, issue_class=str(name), min_count=least)
                lost[at] = known.loc[known["of"] == of, "lost"].to_numpy(dtype=bool)
        return known, lost

    def known_counts(self) -> pd.DataFrame:
        """Those of the clusters too."""
        return self._known[0]

    def notes(self) -> list[Text]:
        """What a reader must know of how they were found."""
        from jxgis.scan.section import notes_of

        return notes_of(self)

    def account(self) -> dict[str, Any]:
        """What ``run.json`` says beside the settings."""
        rows = self.scans.astype(object).where(self.scans.notna(), None).to_dict("records")
        rounded = [
            {name: round(value, 6) if isinstance(value, float) else value for name, value in row.items()}
            for row in rows
        ]
        left_out = {name: getattr(self, name) for name in ("outside_area", "without_exposure", "without_time")}
        return {"scan_found": {"scans": rounded, **left_out}}

    def write_tables(self, stage: Stage) -> None:
        """``scan.gpkg`` and ``scan.xlsx``."""
        from jxgis.gpkg import write_gpkg
        from jxgis.report.workbook import report_workbook

        given, section = self.given, self.section()
        write_gpkg(stage.path("scan.gpkg"), {"clusters": self.clusters}, of=self.part.name, lang=given.lang)
        report_workbook(
            stage.path("scan.xlsx"),
            [replace(section, sheets=self._sheets())],
            title=text("scan.title", given.lang),
            lines=[*section.lines, *(note.of(given.lang) for note in self.notes()), *given.notes()],
            lang=given.lang,
            sketch=given.sketch,
        )

    def _sheets(self) -> dict[str, pd.DataFrame]:
        return {name: table.drop(columns="geometry", errors="ignore") for name, table in self.shown_tables().items()}

    def _maps(self) -> dict[str, Callable[[], folium.Map]]:
        return {"scan": self._map}

    def _map(self) -> folium.Map:
        from jxgis.scan.map import scan_map
        from jxgis.scan.section import in_a_line, map_note

        shown, given = self.shown_tables(), self.given
        return scan_map(
            shown["clusters"],
            shown["scans"],
            self._area(),
            notes={scan: map_note(self, scan, given.lang) for scan in self.scans["scan"].unique()},
            canvas=self.canvas(given.with_period(in_a_line(self, given.lang))),
        )

    def _area(self) -> gpd.GeoDataFrame:
        return self.given.need("area" if "area" in self.given.layers else "districts")

    def _figures(self) -> dict[str, Callable[[], Figure]]:
        """The map on paper, of each scan that found anything of all issues."""
        drawn = self.clusters.loc[self.clusters["issue_class"] == ALL, "scan"].unique()
        names = {"space": "scan_map", "space_time": "scan_time_map"}
        return {names[scan]: partial(self._sheet, scan) for scan in names if scan in drawn}

    def _sheet(self, scan: str) -> Figure:
        from jxgis.scan.figures import scan_sheet
        from jxgis.scan.section import in_a_line, map_note

        shown, lang = self.shown_tables()["clusters"], self.given.lang
        own = shown[(self.clusters["issue_class"] == ALL) & (self.clusters["scan"] == scan)]
        canvas = self.canvas(self.given.with_period(in_a_line(self, lang)))
        return scan_sheet(own, scan, note=map_note(self, scan, lang), canvas=canvas)

    def section(self) -> Section:
        """The clusters of all issues and of each class, and what a reader must know."""
        from jxgis.scan.section import scan_section

        return scan_section(self, self.given.lang)
