"""What `jxgis weak` finds: the list, all areas that were looked at, last year's, and how they are written and told."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from jxgis.i18n import Text, text
from jxgis.part import Result
from jxgis.period_words import change_lines, recent_days
from jxgis.schema.tables import table as declared
from jxgis.small_counts import MIN_RANGE, hide_small
from jxgis.space.sums import Period, add_areas, when
from jxgis.weak.areas import HOT_PLACE, UNIT
from jxgis.weak.part import PART

if TYPE_CHECKING:
    from collections.abc import Callable

    import folium
    import geopandas as gpd
    from numpy.typing import NDArray

    from jxgis.drawing.figures import Figure
    from jxgis.output import Stage
    from jxgis.periods import Comparison
    from jxgis.report.blocks import Section

__all__ = ["WeakResult"]

_TOLD = ("cases_before", "change", "change_p", "severity_before", "issues_again", "fall_p")
"""What two periods tell of each other."""


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class WeakResult(Result):
    """What `jxgis weak` finds.

    Attributes
    ----------
    judged
        Every area that was looked at, with all that was found of it.
    before
        What became of an earlier list: the contract's layer ``before``; None where none was given.
    comparison
        The two periods, or why there are not two: the recent one is judged then, else all issues.
    batch
        How many cases come together, φ.
    rest
        (n,) issues of each area that lie in neither period.
    """

    part = PART

    judged: gpd.GeoDataFrame
    before: gpd.GeoDataFrame | None
    comparison: Comparison
    batch: float
    rest: pd.Series

    @cached_property
    def weak_areas(self) -> gpd.GeoDataFrame:
        """The contract's layer ``weak_areas``: those that are significantly worse, by rank."""
        listed = self.judged[self.judged["status"] == "weak"].sort_values("rank", ignore_index=True)
        return listed.assign(rank=listed["rank"].astype(np.int64))[_columns("weak_areas")]

    @property
    def areas(self) -> gpd.GeoDataFrame:
        """The contract's layer ``areas``: every area, and what became of it."""
        return self.judged[_columns("areas")]

    @property
    def following(self) -> gpd.GeoDataFrame:
        """The areas that come next: not significant, the surest first."""
        rest = self.areas[self.areas["status"].isin(["not_significant", "few_issues"]) & (self.areas["severity"] > 1)]
        return rest.sort_values(["q", "severity"], ascending=[True, False], kind="stable")

    def tables(self) -> dict[str, pd.DataFrame]:
        """The list, all areas, and last year's."""
        found = {"weak_areas": self.weak_areas, "areas": self.areas}
        return found if self.before is None else {**found, "before": self.before}

    @cached_property
    def _shown(self) -> dict[str, pd.DataFrame]:
        least = self.given.settings.report.min_count
        return {name: self._hidden(table, least) for name, table in self.tables().items()}

    def _hidden(self, table: gpd.GeoDataFrame, least: int) -> gpd.GeoDataFrame:
        """Small counts as ranges; none where it, or what it adds up to, here or in other parts, would tell a small one."""
        shown = self.given.in_words(table)
        if least >= MIN_RANGE:
            at = pd.MultiIndex.from_frame(table[["kind", "name"]])
            now, told = (
                gone | self._untold(period).reindex(at, fill_value=False).to_numpy()
                for period, gone in self._gone(table, least).items()
            )
            shown = hide_small(shown, min_count=least, lost=now)
            masked = [name for name in _TOLD if name in shown]
            shown = shown.assign(**{name: shown[name].astype(object).mask(told) for name in masked})
        # A share of the issues tells how many are elsewhere.
        hidden = {name: np.nan for name in ("shared",) if name in shown}
        return self._in_words(shown.assign(**hidden))

    def _gone(self, table: gpd.GeoDataFrame, least: int) -> dict[str, NDArray[np.bool_]]:
        """Of each area by itself: which of its two counts are missing."""
        now, before, rest = self._counts(table)

        def few(counts: NDArray[np.int64]) -> NDArray[np.bool_]:
            return np.asarray((counts > 0) & (counts < least))

        # Of units and hot places other parts show the issues of all periods together.
        whole = table["kind"].isin([UNIT, HOT_PLACE]).to_numpy() & (self.comparison.periods is not None)
        return {
            "issues": whole & few(before + rest),
            "cases_before": few(now) | few(before) | few(rest) | few(now + rest),
        }

    @cached_property
    def _known(self) -> pd.DataFrame:
        """What readers know with the areas. What is expected tells the issues of all places of a kind together, by period."""
        given, table, least = self.given, self.judged, self.given.settings.report.min_count
        gone, (now, before, rest) = self._gone(table, least), self._counts(table)
        layer, past = given.need("issues"), given.past()
        periods = self.comparison.periods
        within = (past.iloc[:0], layer) if periods is None else (past[own] for own in periods.within(past["time"]))
        then, recent = (when(own, layer) for own in within)
        return add_areas(
            given.known_counts(self.part), table, now + before + rest, of=self.part.name, kinds=table["kind"],
            periods={
                "issues": Period(now, gone["issues"], recent),
                "cases_before": Period(before, gone["cases_before"], then),
            },
            when=when(past, layer), min_count=least,
        )  # fmt: skip

    def _untold(self, period: str) -> pd.Series:
        """Whether the count of a period is missing for what it adds up to, of each area by kind and name."""
        lost = self._known.loc[self._known["of"] == f"{self.part.name}:{period}", "lost"]
        return pd.Series(lost.to_numpy(dtype=bool), index=pd.MultiIndex.from_frame(self.judged[["kind", "name"]]))

    def known_counts(self) -> pd.DataFrame:
        """Those of the areas too."""
        return self._known

    def _counts(self, table: gpd.GeoDataFrame) -> list[NDArray[np.int64]]:
        """The issues of each area in the recent period, the one before, and neither."""
        rest = self.rest.reindex(pd.MultiIndex.from_frame(table[["kind", "name"]]))
        return [each.fillna(0).to_numpy(dtype=np.int64) for each in (table["issues"], table["cases_before"], rest)]

    def _in_words(self, table: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
        """Kinds that are a city's own layers as it calls them; the others are written by their declaration."""
        from jxgis.weak.kinds import kind_titles

        called = {kind: title.of(self.given.lang) for kind, title in kind_titles(self.given.city).items()}
        return table.assign(**{name: table[name].replace(called) for name in ("kind", "against") if name in table})

    def shown_tables(self) -> dict[str, pd.DataFrame]:
        """All tables: they count issues."""
        return self._shown

    def notes(self) -> list[Text]:
        """The periods, what was set against what, and what a reader must know."""
        from jxgis.weak.section import notes_of

        return [*change_lines(self.comparison), *notes_of(self)]

    def account(self) -> dict[str, Any]:
        """What ``run.json`` says beside the settings."""
        counts = self.judged["status"].value_counts()
        return {
            "weak": {
                "listed": len(self.weak_areas),
                "asked": self.given.settings.weak.number,
                "looked_at": {str(kind): int(n) for kind, n in self.judged["kind"].value_counts(sort=False).items()},
                "outcome": {str(status): int(n) for status, n in sorted(counts.items())},
                "batch": round(self.batch, 6),
            }
        }

    def write_tables(self, stage: Stage) -> None:
        """``weak.gpkg`` and ``weak.xlsx``."""
        from jxgis.gpkg import write_gpkg
        from jxgis.report.workbook import report_workbook

        given, section = self.given, self.section()
        write_gpkg(stage.path("weak.gpkg"), self.tables(), of=self.part.name, lang=given.lang)
        report_workbook(
            stage.path("weak.xlsx"),
            [replace(section, sheets=self._sheets())],
            title=text("report.part_weak", given.lang),
            lines=[*section.lines, *(note.of(given.lang) for note in self.notes()), *given.notes()],
            lang=given.lang,
            sketch=given.sketch,
        )

    def _sheets(self) -> dict[str, pd.DataFrame]:
        return {name: table.drop(columns="geometry") for name, table in self.shown_tables().items()}

    def _maps(self) -> dict[str, Callable[[], folium.Map]]:
        return {"weak": self._map}

    def _map(self) -> folium.Map:
        from jxgis.weak.map import weak_map
        from jxgis.weak.section import in_a_line

        shown = self.shown_tables()
        return weak_map(
            shown["weak_areas"],
            shown["areas"],
            shown.get("before"),
            canvas=self.canvas(in_a_line(self, self.given.lang)),
        )

    def _figures(self) -> dict[str, Callable[[], Figure]]:
        """The list and its map, where there is one."""
        return {"weak": self._chart, "weak_map": self._sheet} if len(self.weak_areas) else {}

    def _sheet(self) -> Figure:
        from jxgis.weak.figures import weak_sheet
        from jxgis.weak.section import in_a_line

        lang = self.given.lang
        # It shows the recent period alone, and no change.
        period = text("weak.source_period", lang, days=recent_days(self.comparison).of(lang))
        canvas = self.canvas(in_a_line(self, lang), period)
        return weak_sheet(self.shown_tables()["weak_areas"], canvas=canvas)

    def _chart(self) -> Figure:
        from jxgis.weak.figures import weak_chart

        return weak_chart(self.shown_tables()["weak_areas"], lang=self.given.lang, sketch=self.given.sketch)

    def section(self) -> Section:
        """The list, what comes next and why it is not on it, and last year's."""
        from jxgis.weak.section import weak_section

        return weak_section(self, self.given.lang)


def _columns(layer: str) -> list[str]:
    return [*declared(f"weak.{layer}").required, "geometry"]
