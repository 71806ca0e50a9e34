"""What `jxgis circle` finds: its tables, and how they are written, drawn and told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from jxgis.circle.part import PART
from jxgis.i18n import Text, text
from jxgis.part import Result
from jxgis.schema.tables import table as declared

if TYPE_CHECKING:
    from collections.abc import Callable

    import folium
    import geopandas as gpd

    from jxgis.drawing.figures import Figure
    from jxgis.output import Stage
    from jxgis.report.blocks import Section

__all__ = ["CircleResult"]


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class CircleResult(Result):
    """What `jxgis circle` finds, table by table.

    Attributes
    ----------
    circle
        A row a zone and kind, ``all`` kinds together last: the contract's ``circle``.
    zones
        The zones, with polygons.
    spots
        Blind spots by kind; None where there are none.
    housing
        Each piece of housing with the kinds that it has within a walk.
    things
        Kind to its facilities.
    minutes
        Kind to its longest walk.
    labels
        What each kind is called, and ``all`` of them.
    lacking
        Kinds whose layer was not given.
    sites
        Proposed facilities; None where none were asked for.
    siting
        ``before, after`` (share of the demand), ``gap``, ``whole`` and ``limited`` (by capacities); None likewise.
    noticed
        Kinds with a limit of their own, what of the housing and the facilities no way leads to or from, and people who are
        not counted.
    """

    part = PART

    circle: pd.DataFrame
    zones: gpd.GeoDataFrame
    spots: gpd.GeoDataFrame | None
    housing: gpd.GeoDataFrame
    things: Mapping[str, gpd.GeoDataFrame]
    minutes: Mapping[str, float]
    labels: Mapping[str, str]
    lacking: tuple[str, ...]
    sites: gpd.GeoDataFrame | None
    siting: Mapping[str, float] | None
    noticed: Sequence[Text] = ()

    def tables(self) -> dict[str, pd.DataFrame]:
        """The share of each zone by kind, the blind spots, the housing, and the sites where any were asked for."""
        import geopandas as gpd

        shape = dict(zip(zip(self.zones["level"], self.zones["zone"], strict=True), self.zones.geometry, strict=True))
        keys = zip(self.circle["level"], self.circle["zone"], strict=True)
        columns = list(declared("circle.circle").required)
        rows = self.circle[columns].astype({"things": "Int64"})
        circle = gpd.GeoDataFrame(rows, geometry=[shape[key] for key in keys], crs=self.zones.crs)
        found: dict[str, pd.DataFrame] = {"circle": circle}
        for name, table in (("blind_spots", self.spots), ("housing", self.housing), ("sites", self.sites)):
            if table is not None:
                known = [c for c in declared(f"circle.{name}").columns if c in table.columns]
                found[name] = gpd.GeoDataFrame(table[[*known, "geometry"]], crs=self.zones.crs)
        return found

    def notes(self) -> list[Text]:
        """What was noticed."""
        return [*self.noticed]

    def write_tables(self, stage: Stage) -> None:
        """``circle.gpkg`` and ``circle.xlsx``."""
        from jxgis.circle.map import lacking_breaks
        from jxgis.circle.section import map_line
        from jxgis.gpkg import write_gpkg
        from jxgis.report.workbook import report_workbook

        given, section = self.given, self.section()
        write_gpkg(
            stage.path("circle.gpkg"), self.tables(), of=self.part.name, lang=given.lang, by_zone=["circle"],
            breaks={"kinds_reached": lacking_breaks(len(self.things))},
        )  # fmt: skip
        report_workbook(
            stage.path("circle.xlsx"),
            [section],
            title=text("circle.map_title", given.lang, minutes=f"{given.settings.circle.minutes:g}"),
            lines=[map_line(given.settings, given.lang), *section.lines],
            lang=given.lang,
            sketch=given.sketch,
        )

    def _maps(self) -> dict[str, Callable[[], folium.Map]]:
        return {"circle": self._map}

    def _map(self) -> folium.Map:
        from jxgis.circle.map import circle_map
        from jxgis.circle.section import map_line

        options = self.given.settings
        canvas = self.canvas(map_line(options, self.given.lang))
        return circle_map(
            self.tables(), self.things, minutes=options.circle.minutes, of_kind=self.minutes, canvas=canvas
        )

    def _figures(self) -> dict[str, Callable[[], Figure]]:
        return {"circle": self._chart, "circle_map": self._sheet}

    def _sheet(self) -> Figure:
        from jxgis.circle.figures import circle_sheet
        from jxgis.circle.section import map_line

        options = self.given.settings
        canvas = self.canvas(map_line(options, self.given.lang))
        return circle_sheet(self.tables(), kinds=len(self.things), minutes=options.circle.minutes, canvas=canvas)

    def _chart(self) -> Figure:
        from jxgis.circle.figures import circle_chart

        given = self.given
        return circle_chart(self.circle, minutes=given.settings.circle.minutes, lang=given.lang, sketch=given.sketch)

    def section(self) -> Section:
        """The share of housing and people by kind, where it is least, the worst blind spots, and the sites."""
        from jxgis.circle.section import circle_section

        given = self.given
        return circle_section(
            self.tables(),
            given.settings,
            lacking=[self.labels[kind] for kind in self.lacking],
            siting=self.siting,
            notes=[note.of(given.lang) for note in self.notes()],
            lang=given.lang,
        )
