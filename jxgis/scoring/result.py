"""What `jxgis score` finds: its tables, and how they are written, drawn and told."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import pandas as pd

from jxgis.i18n import text, text_pair
from jxgis.part import Result
from jxgis.report.columns import percent
from jxgis.schema.tables import table
from jxgis.scoring.conditions import fails_condition
from jxgis.scoring.part import PART
from jxgis.small_counts import MIN_RANGE, hide_small
from jxgis.space.sums import add_areas
from jxgis.zones import ALL, areas_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import folium
    import geopandas as gpd
    import numpy as np
    from numpy.typing import NDArray

    from jxgis.drawing.figures import Figure
    from jxgis.i18n import Table, Text
    from jxgis.output import Stage
    from jxgis.report.blocks import Section
    from jxgis.scoring.weights import Weights

__all__ = ["ScoresResult"]

#: The tables of what lies behind the scores.
_DEPTH = ("acceptability", "swings", "improvements", "types", "features")
#: Columns of points, which are written with one decimal, and of values.
_OF_SCORE = ("score", "score_if_missing_zero", "score_geometric", "points", "contribution", "score_without", "lift",
             "gain_reference", "gain_step")  # fmt: skip
_OF_VALUE = ("value", "own_value", "measured_value", "to_step")


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class ScoresResult(Result):
    """What `jxgis score` finds, table by table.

    Attributes
    ----------
    scores
        The contract's layer ``scores``: ``candidate_id, name, type, district, score, score_if_missing_zero,
        completeness, rank``, for each indicator x its value ``x`` and its score ``x_score``, then ``gates``,
        ``area_km2``, ``issues`` and ``reason`` (codes of the conditions, and ``incomplete``).
    indicators
        One row an indicator: ``indicator, label, dimension, kind, reference, unit, weight``, from how many candidates'
        ``own`` column and how many were ``measured``, how many ``missing``, for how many there are ``both`` and how far
        these are ``apart`` at most, which ``counted``, ``method`` (what was measured), ``source``.
    measures
        One row a candidate and indicator: the ``value``, which ``counted``, ``own_value``, ``measured_value`` with its
        ``numerator`` and ``denominator``, and the ``reason`` (code) where there is none.
    averages
        One row a zone (the city, a district) and indicator: ``value``, what it would score (``points``), and of what it is
        (``of``: ``measured`` on the zone, or a mean over ``candidates``).
    conditions
        From `conditions.check_conditions`: a row a candidate.
    views
        One row a candidate: rank by each way of weighing that the data allow, and by TOPSIS, with the range of ranks
        when weights move by ± 20 %.
    agreement
        Kendall's tau-b between those rankings.
    acceptability
        One row a candidate: in which share of weightings it is near the top, and the ranks that it has.
    swings
        One row a candidate and indicator that it has: its score and rank without it.
    improvements
        One row a candidate and indicator below 100 points: what is gained by it, what it takes, and both in words.
    types
        One row a candidate: the type that it brings, the one that its features find, and how far ahead that is.
    features
        One row a candidate and feature of the types.
    weights
        The weights of the score.
    top
        How many places are near the top.
    by_issues
        The indicators and features that were measured by issues, each to its measure.
    labels
        What people call each indicator, by its id.
    type_names
        What people call each type, by its name.
    titles
        What people call the columns of the indicators.
    said
        What candidates bring that is not read, or is none of the city's types.
    """

    part = PART

    scores: gpd.GeoDataFrame
    indicators: pd.DataFrame
    measures: pd.DataFrame
    averages: pd.DataFrame
    conditions: pd.DataFrame
    views: pd.DataFrame
    agreement: pd.DataFrame
    acceptability: pd.DataFrame
    swings: pd.DataFrame
    improvements: pd.DataFrame
    types: pd.DataFrame
    features: pd.DataFrame
    weights: Weights
    top: int
    by_issues: Mapping[str, str]
    labels: dict[str, str]
    type_names: dict[str, str]
    titles: dict[str, str]
    said: Sequence[Text] = ()

    def tables(self) -> dict[str, pd.DataFrame]:
        """The scores, the account of the indicators, each figure, the ranks by other weights, and what lies behind them."""
        return {
            "scores": self.scores,
            "indicators": self.indicators,
            "measures": self.measures,
            "averages": self.averages,
            "views": self.views,
            "agreement": self.agreement,
            **{name: getattr(self, name) for name in _DEPTH},
        }

    def notes(self) -> list[Text]:
        """What candidates bring that is not read, or is none of the city's types; and where none has a rank, why."""
        passing = self.scores[~fails_condition(self.scores)]
        if passing.empty or passing["rank"].notna().any():
            return list(self.said)
        best = percent(float(passing["completeness"].max()), 0)
        return [*self.said, text_pair("report.scores_incomplete", best=best)]

    def column_titles(self) -> Mapping[str, str]:
        """Titles of the indicators' columns."""
        return self.titles

    def sheets(self) -> dict[str, pd.DataFrame]:
        """The tables beside the scores as sheets of a workbook."""
        columns, lang = table("scores.agreement").columns, self.given.lang
        rankings = {str(name): columns[str(name)].head(lang) for name in self.agreement.columns}
        agreement = self.agreement.rename(index=rankings).rename_axis(" ").reset_index()
        views = self._brief(self.views.assign(score=self._shown["score"].to_numpy()))
        return {
            "indicators": self.indicators.assign(dimension=self.indicators["dimension"].replace(self._dimensions())),
            "measures": self._measures_shown(),
            "averages": self._averages_shown(),
            "views": views,
            "agreement": agreement,
            **self._depth_shown,
        }

    def write_tables(self, stage: Stage) -> None:
        """``scores.gpkg``, ``scores_depth.gpkg``, ``scores.xlsx`` and ``score_cards.html``."""
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
        behind = {name: getattr(self, name) for name in _DEPTH}
        write_gpkg(stage.path("scores_depth.gpkg"), behind, of=self.part.name, lang=given.lang, titles=self.type_names)
        report_workbook(
            stage.path("scores.xlsx"),
            [replace(section, sheets={**section.sheets, **self.sheets()})],
            title=text("maps.scores_title", given.lang),
            plain={"scores.scores": self._shown},
            lines=[
                text("scoring.weight_by", given.lang, method=self.weights.words(given.lang)),
                *(note.of(given.lang) for note in self.said),
            ],
            lang=given.lang,
            sketch=given.sketch,
        )
        if given.settings.scoring.cards:
            from jxgis.scoring.cards import CARDS_FILE

            stage.path(CARDS_FILE).write_text(self.cards(), encoding="utf-8", newline="\n")

    def cards(self) -> str:
        """The one-page cards of the candidates, as HTML to print: of the best ``[scoring] cards``."""
        from jxgis.scoring.card_page import cards_page
        from jxgis.scoring.cards import CardTables, make_cards

        given, bounds, districts = self.given, self.given.settings.units, self.given.table("districts")
        shown = self.shown_tables()
        cards = make_cards(
            CardTables(
                indicators=self.indicators,
                conditions=self.conditions,
                **{name: shown[name] for name in ("scores", "measures", "averages", "improvements", "types")},
            ),
            most=given.settings.scoring.cards,
            top=self.top,
            bounds=(bounds.min_km2, bounds.max_km2),
            areas={} if districts is None else areas_of(districts),
            dimensions=self._dimensions(),
            lang=given.lang,
        )
        title = text("cards.title", given.lang)
        if given.city is not None:
            title = text("cards.of_city", given.lang, city=given.city.name.of(given.lang))
        return cards_page(
            cards,
            self.scores[["candidate_id", "geometry"]],
            ground=given.ground,
            hot=self._hot(),
            title=title,
            period=given.period(),
            lang=given.lang,
            sketch=given.sketch,
        )

    def _dimensions(self) -> dict[str, str]:
        """What people call the dimensions that ship with jxgis."""
        from jxgis.scoring.indicators import load_registry

        return {name: words.of(self.given.lang) for name, words in load_registry().dimensions.items()}

    def _hot(self) -> gpd.GeoDataFrame | None:
        """The hot places of all issues, which the cards show around a candidate."""
        hotspots = self.given.results.get("hotspots")
        if hotspots is None:
            return None
        places: gpd.GeoDataFrame = hotspots.tables()["places"]
        return places[places["issue_class"] == ALL]

    def _maps(self) -> dict[str, Callable[[], folium.Map]]:
        return {"scores": self._map}

    def _map(self) -> folium.Map:
        from jxgis.scoring.cards import card_links
        from jxgis.scoring.depth import told
        from jxgis.scoring.map import scores_map
        from jxgis.scoring.section import map_line

        given, most = self.given, self.given.settings.scoring.cards
        return scores_map(
            self._shown,
            canvas=self.canvas(
                given.with_period(map_line(given.settings.scoring, self.weights.words(given.lang), given.lang))
            ),
            indicators=self.labels,
            units=dict(zip(self.indicators["indicator"], self.indicators["unit"], strict=True)),
            told=told(self._depth_shown, self.scores["candidate_id"], given.lang),
            cards=card_links(self.scores, most=most) if most else None,
        )

    def _figures(self) -> dict[str, Callable[[], Figure]]:
        """The best candidates and the map of all, where any has a rank."""
        return {"scores": self._chart, "scores_map": self._sheet} if self.scores["rank"].notna().any() else {}

    def _sheet(self) -> Figure:
        from jxgis.scoring.figures import score_sheet
        from jxgis.scoring.section import map_line

        canvas = self.canvas(
            map_line(self.given.settings.scoring, self.weights.words(self.given.lang), self.given.lang)
        )
        return score_sheet(self._shown, canvas=canvas)

    def _chart(self) -> Figure:
        from jxgis.scoring.figures import score_chart

        return score_chart(self._shown, lang=self.given.lang, sketch=self.given.sketch)

    def section(self) -> Section:
        """The best candidates that pass the conditions, those that fail one, and how many could not be ranked."""
        from jxgis.scoring.section import score_section

        given = self.given
        why = self.measures.dropna(subset="reason").groupby("indicator")["reason"].unique()
        return score_section(
            self._shown,
            given.settings.scoring,
            weights=self.weights.words(given.lang),
            indicators=self.indicators.assign(reasons=self.indicators["indicator"].map(why)),
            titles=self.titles,
            depth=self._depth_shown,
            top=self.top,
            are_units="candidates" not in given.layers,
            lang=given.lang,
        )

    def shown_tables(self) -> dict[str, pd.DataFrame]:
        """The scores, the figures that they were made of, what they are compared with, and what lies behind them."""
        return {
            "scores": self._shown,
            "measures": self._measures_shown(),
            "averages": self._averages_shown(),
            **self._depth_shown,
        }

    def _measures_shown(self) -> pd.DataFrame:
        """The figures without those that would tell how few issues a candidate has, all of them or those of a measure.

        Where one candidate's are few, no number of cases of that measure is shown: candidates that are units add up.
        """
        measures, few = self.measures, self._few
        mask = measures["candidate_id"].isin(self._hidden) & measures["indicator"].isin(list(self.by_issues))
        few = mask | few
        parts = few | measures["indicator"].isin(self._untold)
        told = {column: measures[column].mask(few) for column in ("value", "measured_value")}
        told |= {column: measures[column].mask(parts) for column in ("numerator", "denominator")}
        return self._brief(measures.assign(**told, reason=measures["reason"].mask(mask, "few_hidden")))

    @cached_property
    def _few(self) -> pd.Series:
        """The figures of so few cases that none is shown."""
        from jxgis.indicators.figures import few_cases

        few = few_cases(self.measures, self.by_issues, self.given.settings.report.min_count)
        return pd.Series(few, index=self.measures.index)

    @cached_property
    def _untold(self) -> list[str]:
        """The indicators of which no number of cases is shown."""
        hidden = self.measures["candidate_id"].isin(self._hidden)
        return [*self.measures.loc[self._few & ~hidden, "indicator"].unique()]

    def _brief(self, table: Table) -> Table:
        """A table with no more digits than are written where numbers of cases are untold: all its digits make a ratio its
        numerator and denominator, and a score the one ratio in it that is not known.
        """
        if not self._untold:
            return table
        one = {
            f"{name}{end}": digits
            for name in self._untold
            for end, digits in (("", 3), ("_measured", 3), ("_score", None))
        }
        of_one = table["indicator"].isin(self._untold) if "indicator" in table.columns else pd.Series(True, table.index)
        brief: dict[str, pd.Series] = {}
        for name in map(str, table.columns):
            if name in _OF_SCORE or (name in one and one[name] is None):
                brief[name] = table[name].astype("float64").round(1)
            elif name in one or (name in _OF_VALUE and "indicator" in table.columns):
                some = table[name].astype("float64")
                brief[name] = some.where(~of_one, some.map(lambda value: float(f"{value:.3g}")))
        return table.assign(**brief)

    def _averages_shown(self) -> pd.DataFrame:
        """The averages without those that would tell a number that is hidden: means over candidates where that of one is,
        and of districts whose own is, or is shown nowhere while that of a candidate in it may be the rest.
        """
        of_issues = self.averages["indicator"].isin(self.by_issues)
        if not of_issues.any() or self.given.settings.report.min_count < MIN_RANGE:
            return self.averages
        own, telling = self.averages["of"] == "measured", len(self._hidden) > 0
        in_district = own & (self.averages["level"] == "district") & ~self.averages["zone"].isin(self._districts_told())
        return self.averages[~(of_issues & (in_district | (~own & telling)))]

    def _districts_told(self) -> list[str]:
        """The districts whose number of issues readers know."""
        known, least = self.given.known_counts(self.part), self.given.settings.report.min_count
        own = known[(known["of"] == "zones") & (known["issue_class"] == ALL) & ~known["lost"].astype(bool)]
        shown = own.loc[~own["count"].between(1, least - 1), "whole"].explode().dropna().astype(str)
        return [name.removeprefix("units:") for name in shown if name.startswith("units:")]

    @cached_property
    def _hidden(self) -> set[str]:
        """The candidates whose number of issues is not shown."""
        least = self.given.settings.report.min_count
        if "issues" not in self.scores.columns or least < MIN_RANGE:
            return set()
        small = self.scores["issues"].between(1, least - 1)
        return {*self.scores.loc[small | self._lost, "candidate_id"]}

    @cached_property
    def _depth_shown(self) -> dict[str, pd.DataFrame]:
        """What lies behind the scores, without all that would tell how few issues a candidate has, as its score would."""
        shown = {name: self._without(getattr(self, name)) for name in _DEPTH}
        better, of_issues = shown["improvements"], self.improvements["indicator"].isin(self.by_issues)
        # A step is the value of some candidate: of one whose value is hidden it is, too.
        secret = self.measures[self.measures["candidate_id"].isin(self._hidden)]
        told = pd.MultiIndex.from_frame(better[["indicator", "to_step"]])
        mask = of_issues & told.isin(pd.MultiIndex.from_frame(secret[["indicator", "value"]].dropna()))
        steps = ["to_step", "gain_step", "rank_step", "amount_step", "step_in_words"]
        shown["improvements"] = better.assign(**{column: better[column].mask(mask) for column in steps})
        names = {
            name: shown["types"][name].replace(self.type_names) for name in ("type_given", "type_found", "runner_up")
        }
        called = {f"affinity_{name}": f"affinity_{title}" for name, title in self.type_names.items()}
        shown |= {name: self._brief(shown[name]) for name in ("acceptability", "swings", "improvements")}
        shown["types"] = shown["types"].assign(**names).rename(columns=called)
        return shown

    def _without(self, table: pd.DataFrame) -> pd.DataFrame:
        """A table whose figures of hidden candidates are missing; features and types tell nothing but where issues make them."""
        hidden = self._hidden
        of_features = "feature" in table.columns or "type_found" in table.columns
        if not hidden or (of_features and not {*self.features["feature"]} & {*self.by_issues}):
            return table
        mask, keep = (
            table["candidate_id"].isin(hidden),
            {"candidate_id", "indicator", "feature", "label", "unit", "reason"},
        )
        return table.assign(**{c: table[c].mask(mask) for c in table.columns if c not in keep})

    @cached_property
    def _shown(self) -> gpd.GeoDataFrame:
        """As people are shown them: of a candidate of few issues no score either, for its parts would tell their number."""
        least = self.given.settings.report.min_count
        scores = self.scores.assign(type=self.scores["type"].replace(self.type_names))
        if "issues" not in scores.columns:
            return scores
        return self._brief(hide_small(scores, min_count=least, lost=self._lost))

    @property
    def _lost(self) -> NDArray[np.bool_]:
        """Whose count is not shown, for with what other parts show it would tell a small one."""
        return self._known.loc[self._known["of"] == self.part.name, "lost"].to_numpy(dtype=bool)

    @cached_property
    def _known(self) -> pd.DataFrame:
        given, total = self.given, self.scores["issues"]
        known, least = given.known_counts(self.part), given.settings.report.min_count
        return add_areas(known, self.scores, total, of=self.part.name, min_count=least)

    def known_counts(self) -> pd.DataFrame | None:
        """Those of the candidates too, where they count issues."""
        return self._known if "issues" in self.scores.columns else None
