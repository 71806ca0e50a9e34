"""What `jxgis trends` finds: places that emerge and fade, changes, sources, handling; how they are written, drawn and told."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from jxgis.i18n import Text, text
from jxgis.part import Result
from jxgis.report.blocks import of_all
from jxgis.trends.change import detectable
from jxgis.trends.part import PART
from jxgis.trends.shown import (
    Timed,
    add_places,
    hide_places,
    hide_response,
    hide_sources,
    hide_times,
    untold_districts,
    without_places,
    without_scores,
)
from jxgis.trends.slices import slice_of
from jxgis.zones import ALL

if TYPE_CHECKING:
    from collections.abc import Callable

    import folium
    import geopandas as gpd
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    from jxgis.drawing.canvas import Canvas
    from jxgis.drawing.figures import Figure
    from jxgis.output import Stage
    from jxgis.periods import Comparison
    from jxgis.report.blocks import Section
    from jxgis.trends.slices import Slices

__all__ = ["TrendsResult"]


_OF_SIZES = (30, 100, 300)
"""Cases around a place, of which it is said what change would be found."""
_SHEETS = ("response", "series", "profile")
"""Tables of workbooks alone."""


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class TrendsResult(Result):
    """What `jxgis trends` finds.

    Attributes
    ----------
    cells, places, change, changes, sources, response, series, profile
        The contract's tables; ``change`` (cells) and ``changes`` (places) are None where no two periods can be compared.
    change_city
        Change of all issues between the two; NaN where there are none.
    change_sources
        That of each source with many issues, where there are two or more.
    hot_around
        By class, how many hot places are in no table: their surroundings are hot, and they hold less than the city on average.
    changed_around
        By class, how many places are in no table: their surroundings changed, and not they themselves.
    states
        (slices, n_cells) of all issues: 1 hot, -1 cold in each slice that the data cover.
    slices
        All slices, those too that the data do not cover.
    comparison
        The two periods, or why there are none.
    classes
        The classes in their order.
    method
        The ways the p of hot and cold were found by, such as ``exact``.
    outside_area, closed_too_early, without_time
        Issues in no cell; closed before they were reported; of no known time.
    band_covers_city
        Whether each cell's neighbourhood is the whole city: then nothing is hot, and nothing changed.
    """

    part = PART

    cells: gpd.GeoDataFrame
    places: gpd.GeoDataFrame
    change: gpd.GeoDataFrame | None
    changes: gpd.GeoDataFrame | None
    change_city: float
    change_sources: dict[str, float]
    hot_around: dict[str, int]
    changed_around: dict[str, int]
    sources: gpd.GeoDataFrame
    response: pd.DataFrame
    series: pd.DataFrame
    profile: pd.DataFrame
    states: NDArray[np.int64]
    slices: Slices
    comparison: Comparison
    classes: tuple[str, ...]
    method: tuple[str, ...]
    outside_area: int
    closed_too_early: int
    without_time: int
    band_covers_city: bool

    def tables(self) -> dict[str, pd.DataFrame]:
        """The places, the changes where two periods are compared, sources, handling, when issues come, and the cells."""
        moved = {} if self.changes is None or self.change is None else {"changes": self.changes, "change": self.change}
        return {
            "places": self.places, **moved, "sources": self.sources, "response": self.response, "series": self.series,
            "profile": self.profile, "cells": self.cells,
        }  # fmt: skip

    @cached_property
    def _shown(self) -> dict[str, pd.DataFrame]:
        given, least, (known, lost) = self.given, self.given.settings.report.min_count, self._known
        untold = untold_districts(known, given.table("districts"))
        found = {name: given.in_words(table) for name, table in self.tables().items()}
        for name, table in found.items():
            if name in lost:
                found[name] = hide_places(table, lost[name], least)
            elif name in ("cells", "change"):
                found[name] = without_scores(table, least)
        found["sources"] = hide_sources(self.sources, untold.ever, least)
        series, profile, response = (
            without_places(table, least) for table in (self.series, self.profile, self.response)
        )
        found["response"] = hide_response(response, untold, least)
        found["series"], found["profile"] = hide_times(series, profile, response, untold, least)
        return found

    def shown_tables(self) -> dict[str, pd.DataFrame]:
        """All: they count issues, or tell how many there are around a cell."""
        return self._shown

    @cached_property
    def _known(self) -> tuple[pd.DataFrame, dict[str, NDArray[np.bool_]]]:
        """What readers know with the places, and which of their counts are missing for what they add up to."""
        given, issues = self.given, self.given.need("issues")
        within = slice_of(issues["time"], self.slices.kept()) >= 0
        found = {"places": Timed(self.places, issues, within)}
        if self.changes is not None and self.comparison.periods is not None:
            past = given.past()
            early, late = self.comparison.periods.within(past["time"])
            found["changes"] = Timed(self.changes, past, early | late)
        return add_places(
            given.known_counts(self.part), found, issues, of=self.part.name, min_count=given.settings.report.min_count
        )

    def known_counts(self) -> pd.DataFrame:
        """Those of the places too."""
        return self._known[0]

    @cached_property
    def detectable(self) -> dict[int, tuple[float, float]]:
        """What rise and fall beside the city's would be found, by the cases around a place; empty where none could be."""
        if self.change is None or self.band_covers_city or not self.change_city > -1:
            return {}
        own, options = of_all(self.change), self.given.settings.trends
        tests, batch = int(own["p"].notna().sum()), float(own["batch"].min())
        return {
            before: detectable(before, 1 + self.change_city, tests=tests, alpha=options.alpha, batch=batch)
            for before in _OF_SIZES
        }

    def notes(self) -> list[Text]:
        """What a reader must know of how they were found."""
        from jxgis.trends.section import notes_of

        return notes_of(self)

    def account(self) -> dict[str, Any]:
        """What ``run.json`` says beside the settings."""
        days, left_out = [str(day) for day in self.slices.start], self.slices.start[~self.slices.whole]
        patterns = self.cells.groupby(["issue_class", "pattern"], sort=False).size()
        periods = self.comparison.periods
        batch = None if self.change is None else self.change.groupby("issue_class", sort=False)["batch"]
        found = {
            "slices": {"first": days[0], "last": days[-1], "n": len(days), "left_out": [str(day) for day in left_out]},
            "p_method": list(self.method),
            "patterns": [
                {"issue_class": name, "pattern": pattern, "cells": int(n)} for (name, pattern), n in patterns.items()
            ],
            "periods": None if periods is None else [str(day.date()) for day in periods[:3]],
            "reason": self.comparison.reason or None,
            "batches": {} if batch is None else batch.min().round(6).to_dict(),
            "batches_most": {} if batch is None else batch.max().round(6).to_dict(),
            "hot_around": self.hot_around,
            "changed_around": self.changed_around,
            "outside_area": self.outside_area,
            "closed_too_early": self.closed_too_early,
            "without_time": self.without_time,
        }
        return {"trends_found": found}

    def write_tables(self, stage: Stage) -> None:
        """``trends.gpkg``, ``trends.xlsx`` and ``response.xlsx``."""
        from jxgis.gpkg import write_gpkg
        from jxgis.report.workbook import report_workbook

        given, section = self.given, self.section()
        layers = {name: table for name, table in self.tables().items() if name not in _SHEETS}
        write_gpkg(stage.path("trends.gpkg"), layers, of=self.part.name, lang=given.lang)
        said = [*section.lines, *(note.of(given.lang) for note in self.notes()), *given.notes()]
        plain, sheets = self.shown_tables()["response"], dict(section.sheets)
        response = sheets.pop("response", plain)
        for name, held, key in (
            ("trends", sheets, "trends.title"),
            ("response", {"response": response}, "trends.response_title"),
        ):
            report_workbook(
                stage.path(f"{name}.xlsx"),
                [replace(section, sheets=held)],
                title=text(key, given.lang),
                plain={"trends.response": plain} if name == "response" else None,
                lines=said,
                lang=given.lang,
                sketch=given.sketch,
            )

    def _maps(self) -> dict[str, Callable[[], folium.Map]]:
        return {"trends": self._map}

    def _map(self) -> folium.Map:
        from jxgis.trends.map import trends_map
        from jxgis.trends.section import compared_line

        given, shown = self.given, self.shown_tables()
        return trends_map(
            shown["cells"],
            shown["places"],
            shown.get("changes"),
            states=self.states,
            slices=self.slices.kept(),
            step=given.settings.trends.by,
            compared=compared_line(self, given.lang),
            canvas=self._canvas(),
        )

    def _figures(self) -> dict[str, Callable[[], Figure]]:
        """The places on paper; what changed, where two periods are compared and anything did; when issues come."""
        found: dict[str, Callable[[], Figure]] = {"trends_map": self._sheet}
        if self.changes is not None and (self.changes["issue_class"] == ALL).any():
            found["trends_change_map"] = self._change_sheet
        return found | {"trends_times": self._times_chart} if len(self.series) else found

    def _sheet(self) -> Figure:
        from jxgis.trends.figures import pattern_sheet

        return pattern_sheet(*self._of_all("cells", "places"), canvas=self._canvas())

    def _change_sheet(self) -> Figure:
        from jxgis.trends.figures import change_sheet
        from jxgis.trends.section import compared_line

        compared = compared_line(self, self.given.lang)
        return change_sheet(*self._of_all("change", "changes"), compared=compared, canvas=self._canvas())

    def _times_chart(self) -> Figure:
        from jxgis.trends.figures import times_chart

        given, shown = self.given, self.shown_tables()
        return times_chart(shown["series"], shown["profile"], lang=given.lang, sketch=given.sketch)

    def _of_all(self, *names: str) -> list[Any]:
        shown = self.shown_tables()
        return [shown[name][self.tables()[name]["issue_class"] == ALL] for name in names]

    def _canvas(self) -> Canvas:
        from jxgis.trends.section import in_a_line

        return self.canvas(self.given.with_period(in_a_line(self, self.given.lang)))

    def section(self) -> Section:
        """What emerges, fades and changed, who sees it, how it is handled, and what a reader must know."""
        from jxgis.trends.section import trends_section

        return trends_section(self, self.given.lang)
