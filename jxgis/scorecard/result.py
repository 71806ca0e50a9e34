"""What `jxgis scorecard` finds: its tables, and how they are written, drawn and told."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

from jxgis.i18n import text
from jxgis.part import Result
from jxgis.report.blocks import of_city
from jxgis.scorecard.brought import dated_ahead
from jxgis.scorecard.part import PART

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import folium
    import geopandas as gpd
    import pandas as pd

    from jxgis.drawing.figures import Figure
    from jxgis.i18n import Text
    from jxgis.output import Stage
    from jxgis.report.blocks import Section
    from jxgis.scorecard.targets import Plan, PlanTarget
    from jxgis.settings import MeasureSettings

__all__ = ["ScorecardResult"]


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class ScorecardResult(Result):
    """What `jxgis scorecard` finds, table by table.

    Attributes
    ----------
    scorecard
        The contract's layer ``scorecard``: a row a zone and target.
    projects
        Progress of the projects; None where there is no table of projects.
    plan
        The plan.
    brought
        What people brought, by zone and target; None where they brought nothing.
    disagreements
        Where a figure brought for a whole is not the sum of its parts.
    methods
        Id of a target to how it was measured.
    by_issues
        The targets that were measured by issues, each to its way of measuring.
    subdistricts
        Sub-districts, for the sheet that is filled in.
    """

    part = PART

    scorecard: gpd.GeoDataFrame
    projects: pd.DataFrame | None
    plan: Plan
    brought: pd.DataFrame | None
    disagreements: tuple[Text, ...]
    methods: Mapping[str, Text]
    by_issues: Mapping[str, MeasureSettings]
    subdistricts: tuple[str, ...]

    def tables(self) -> dict[str, pd.DataFrame]:
        """The scorecard, and the progress of the projects where there is a table of them."""
        found: dict[str, pd.DataFrame] = {"scorecard": self.scorecard}
        return found if self.projects is None else found | {"projects": self.projects}

    def notes(self) -> list[Text]:
        """What does not agree among the figures that were brought, and by today's date figures of days to come: those on the screen alone."""
        today = date.today()  # noqa: DTZ011  (the planner's own calendar)
        ahead = [] if self.brought is None else dated_ahead(self.brought, self.plan.targets, today)
        return [*self.disagreements, *ahead]

    def values_sheet(self) -> pd.DataFrame:
        """The sheet that people fill in: what no layer gives, with what they brought."""
        from jxgis.scorecard.sheet import values_sheet

        return values_sheet(
            self.scorecard,
            self.plan.targets,
            brought=self.brought,
            subdistricts=self.subdistricts,
            lang=self.given.lang,
        )

    def write_tables(self, stage: Stage) -> None:
        """``scorecard.gpkg``, ``scorecard.xlsx``, and the sheet to fill in, ``scorecard_values.xlsx``."""
        from jxgis.gpkg import write_gpkg
        from jxgis.report.workbook import report_workbook
        from jxgis.scorecard.sheet import write_values_sheet

        given, section = self.given, self.section()
        write_gpkg(
            stage.path("scorecard.gpkg"), {"scorecard": self.scorecard}, of=self.part.name, lang=given.lang,
            by_zone=["scorecard"],
        )  # fmt: skip
        report_workbook(
            stage.path("scorecard.xlsx"),
            [replace(section, sheets=dict(section.sheets))],
            title=text("scorecard.map_title", given.lang),
            plain={"scorecard.scorecard": self._shown()},
            lines=[text("scorecard.sheet_line", given.lang, year=given.settings.scorecard.year), *section.lines],
            lang=given.lang,
            sketch=given.sketch,
        )
        write_values_sheet(stage.path("scorecard_values.xlsx"), self.values_sheet(), lang=given.lang)

    def _maps(self) -> dict[str, Callable[[], folium.Map]]:
        return {"scorecard": self._map}

    def _map(self) -> folium.Map:
        from jxgis.scorecard.map import scorecard_map
        from jxgis.scorecard.section import map_line

        options = self.given.settings.scorecard
        canvas = self.canvas(map_line(options, self.given.lang))
        return scorecard_map(self._shown(), self.plan.targets, year=options.year, canvas=canvas)

    def _figures(self) -> dict[str, Callable[[], Figure]]:
        """How far each target is reached, where any can be judged, and the first by district, where any is known there."""
        city = of_city(self.scorecard)
        known = (city["status"] != "no_data").any()
        return ({"scorecard": self._chart} if known else {}) | (
            {"scorecard_map": self._sheet} if self._on_map() else {}
        )

    def _on_map(self) -> list[PlanTarget]:
        from jxgis.scorecard.figures import district_targets

        return district_targets(self.scorecard, self.plan.targets)

    def _sheet(self) -> Figure:
        from jxgis.scorecard.figures import district_sheet

        year = self.given.settings.scorecard.year
        return district_sheet(self._shown(), self._on_map(), year=year, canvas=self.canvas())

    def _chart(self) -> Figure:
        from jxgis.scorecard.figures import target_chart

        given = self.given
        return target_chart(
            self.scorecard, self.plan.targets, year=given.settings.scorecard.year, lang=given.lang, sketch=given.sketch
        )

    def section(self) -> Section:
        """How many targets are met, which are not, where, what is not known, and the projects."""
        from jxgis.scorecard.section import scorecard_section

        given = self.given
        return scorecard_section(
            self._shown(),
            self.plan.targets,
            given.settings.scorecard,
            projects=self.projects,
            notes=[note.of(given.lang) for note in self.disagreements],
            lang=given.lang,
        )

    def shown_tables(self) -> dict[str, pd.DataFrame]:
        """The scorecard without what would tell a few cases."""
        return {"scorecard": self._shown()}

    def _shown(self) -> gpd.GeoDataFrame:
        """As people are shown it: see `shown.show_card`."""
        from jxgis.scorecard.shown import class_of_cases, counts_elsewhere, show_card

        given = self.given
        return show_card(
            self.scorecard,
            self.plan.targets,
            {name: way.measure for name, way in self.by_issues.items()},
            classes={name: class_of_cases(given.need("issues"), way) for name, way in self.by_issues.items()},
            elsewhere=counts_elsewhere(given.known_counts(self.part), given.results),
            least=given.settings.report.min_count,
        )
