"""What `jxgis score` finds: its tables, and how they are written, drawn and told."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pandas as pd

from jxgis.i18n import text
from jxgis.part import Result
from jxgis.schema.tables import table
from jxgis.scoring.part import PART
from jxgis.small_counts import count_rows, hide_small, leave_out

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import folium
    import geopandas as gpd

    from jxgis.drawing.figures import Figure
    from jxgis.output import Stage
    from jxgis.report.blocks import Section
    from jxgis.scoring.weights import Weights

__all__ = ["ScoresResult"]


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class ScoresResult(Result):
    """What `jxgis score` finds, table by table.

    Attributes
    ----------
    scores
        The contract's layer ``scores``: ``candidate_id, name, type, district, score, score_if_missing_zero,
        completeness, rank``, for each indicator x its value ``x`` and its score ``x_score``, then ``gates``,
        ``area_km2``, ``issues`` and ``reason`` (codes of the gates, and ``incomplete``).
    indicators
        One row an indicator: ``indicator, label, dimension, kind, reference, unit, weight``, from how many candidates'
        ``own`` column and how many were ``measured``, how many ``missing``, for how many there are ``both`` and how far
        these are ``apart`` at most, which ``counted``, ``method`` (what was measured), ``source``.
    measures
        One row a candidate and indicator: the ``value``, which ``counted``, ``own_value``, ``measured_value`` with its
        ``numerator`` and ``denominator``, and the ``reason`` (code) where there is none.
    views
        One row a candidate: rank by each way of weighing that the data allow, and by TOPSIS, with the range of ranks
        when weights move by ± 20 %.
    agreement
        Kendall's tau-b between those rankings.
    weights
        The weights of the score.
    by_issues
        The indicators that were measured by issues, each to its measure.
    labels
        What people call each indicator, by its id.
    titles
        What people call the columns of the indicators.
    """

    part = PART

    scores: gpd.GeoDataFrame
    indicators: pd.DataFrame
    measures: pd.DataFrame
    views: pd.DataFrame
    agreement: pd.DataFrame
    weights: Weights
    by_issues: Mapping[str, str]
    labels: dict[str, str]
    titles: dict[str, str]

    def tables(self) -> dict[str, pd.DataFrame]:
        """The scores, the account of the indicators, each figure, the ranks by other weights and how far they agree."""
        return {
            "scores": self.scores,
            "indicators": self.indicators,
            "measures": self.measures,
            "views": self.views,
            "agreement": self.agreement,
        }

    def column_titles(self) -> Mapping[str, str]:
        """Titles of the indicators' columns."""
        return self.titles

    def sheets(self) -> dict[str, pd.DataFrame]:
        """The tables beside the scores as sheets of a workbook."""
        columns, lang = table("scores.agreement").columns, self.given.lang
        rankings = {str(name): columns[str(name)].head(lang) for name in self.agreement.columns}
        agreement = self.agreement.rename(index=rankings).rename_axis(" ").reset_index()
        views = self.views.assign(score=self._shown()["score"].to_numpy())
        return {
            "indicators": self.indicators,
            "measures": self._measures_shown(),
            "views": views,
            "agreement": agreement,
        }

    def write_tables(self, stage: Stage) -> None:
        """``scores.gpkg`` and ``scores.xlsx``."""
        from jxgis.gpkg import write_gpkg
        from jxgis.report.workbook import report_workbook

        given, section = self.given, self.section()
        write_gpkg(
            stage.path("scores.gpkg"),
            {"scores": self.scores},
            of=self.part.name,
            lang=given.lang,
            titles=self.titles,
            own={"scores": self.titles},
        )
        by = text(f"scoring.{self.weights.fallback or self.weights.method}", given.lang)
        report_workbook(
            stage.path("scores.xlsx"),
            [replace(section, sheets={**section.sheets, **self.sheets()})],
            title=text("maps.scores_title", given.lang),
            plain={"scores.scores": self._shown()},
            lines=[text("scoring.weight_by", given.lang, method=by)],
            lang=given.lang,
            sketch=given.sketch,
        )

    def _maps(self) -> dict[str, Callable[[], folium.Map]]:
        return {"scores": self._map}

    def _map(self) -> folium.Map:
        from jxgis.scoring.map import scores_map
        from jxgis.scoring.section import map_line

        given = self.given
        return scores_map(
            self._shown(),
            districts=given.table("districts"),
            indicators=self.labels,
            units=dict(zip(self.indicators["indicator"], self.indicators["unit"], strict=True)),
            method=map_line(given.settings.scoring, given.lang),
            lang=given.lang,
            sketch=given.sketch,
        )

    def _figures(self) -> dict[str, Callable[[], Figure]]:
        """The best candidates, where any has a rank."""
        return {"scores": self._chart} if self.scores["rank"].notna().any() else {}

    def _chart(self) -> Figure:
        from jxgis.scoring.figures import score_chart

        return score_chart(self._shown(), lang=self.given.lang, sketch=self.given.sketch)

    def section(self) -> Section:
        """The best candidates that pass the gates, those that fail one, and how many could not be ranked."""
        from jxgis.scoring.section import score_section

        given = self.given
        return score_section(
            self._shown(),
            given.settings.scoring,
            indicators=self.indicators,
            titles=self.titles,
            lang=given.lang,
        )

    def shown_tables(self) -> dict[str, pd.DataFrame]:
        """The scores and the figures that they were made of."""
        return {"scores": self._shown(), "measures": self._measures_shown()}

    def _measures_shown(self) -> pd.DataFrame:
        """The figures without those that would tell how few issues a candidate has, all of them or those of a measure.

        Where one candidate's are few, no number of cases of that measure is shown: candidates that are units add up.
        """
        from jxgis.indicators.figures import few_cases

        shown, measures = self._shown(), self.measures
        hidden = shown["candidate_id"].iloc[:0]
        if "issues" in shown.columns:
            hidden = shown.loc[shown["issues"].astype("str") != self.scores["issues"].astype("str"), "candidate_id"]
        mask = measures["candidate_id"].isin(hidden) & measures["indicator"].isin(list(self.by_issues))
        few = mask | few_cases(measures, self.by_issues, self.given.settings.report.min_count)
        parts = few | measures["indicator"].isin(measures.loc[few & ~mask, "indicator"])
        told = {column: measures[column].mask(few) for column in ("value", "measured_value")}
        told |= {column: measures[column].mask(parts) for column in ("numerator", "denominator")}
        return measures.assign(**told, reason=measures["reason"].mask(mask, "few_hidden"))

    def _shown(self) -> gpd.GeoDataFrame:
        """As people are shown them: of a candidate of few issues no score either, for its parts would tell their number."""
        given, least = self.given, self.given.settings.report.min_count
        if "issues" not in self.scores.columns:
            return self.scores
        # A candidate that is a unit has its issues: what the units hide is hidden here.
        named = self.scores.assign(_unit="unit:" + self.scores["candidate_id"].astype(str))
        own = count_rows(named, "issues", of="scores", sums=["_unit"])
        rows = pd.concat([*given.known_counts(self.part), own], ignore_index=True)
        return hide_small(self.scores, min_count=least, lost=leave_out(rows, least)[-len(own) :])
