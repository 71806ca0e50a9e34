"""What `jxgis allocate` finds: the schedule or the conflict, and how they are written, drawn and told."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd

from jxgis.allocate.named import dates_said, named_beside
from jxgis.allocate.part import PART
from jxgis.allocate.rules import can_be
from jxgis.i18n import Text, listed, text, text_pair
from jxgis.part import Result
from jxgis.scoring.names import ids_and_names
from jxgis.scoring.types import load_types, strange_types

if TYPE_CHECKING:
    from collections.abc import Callable

    import folium
    from numpy.typing import NDArray

    from jxgis.allocate.choice import Choice, Plan
    from jxgis.allocate.rules import Terms
    from jxgis.drawing.figures import Figure
    from jxgis.output import Stage
    from jxgis.report.blocks import Section

__all__ = ["AllocationResult"]


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class AllocationResult(Result):
    """What `jxgis allocate` finds.

    Attributes
    ----------
    candidates
        The candidates with what the rules ask of them: ``candidate_id, value, known, passes, gate, area, district, type,
        named_year, ready_year, cost``, and what they bring along.
    terms
        The numbers of the rules.
    pairs
        (k, 2) positions of candidates that overlap.
    choice
        The best plan, or the rules in conflict.
    total_proven
        Whether a total that nobody gave is known to be the least that keeps the other rules.
    """

    part = PART

    candidates: gpd.GeoDataFrame
    terms: Terms
    pairs: NDArray[np.int64]
    choice: Choice
    total_proven: bool = True

    @cached_property
    def allocation(self) -> gpd.GeoDataFrame:
        """The contract's layer ``allocation``: those chosen, by year, then the higher score, then the id."""
        taken = self._year > 0
        found = self._told(taken)
        found.insert(1, "year", self._year[taken])
        found["named"] = self.candidates.loc[taken, "named_year"].notna().to_numpy()
        found = found.sort_values(["year", "score", "candidate_id"], ascending=[True, False, True])
        return found.reset_index(drop=True)

    @cached_property
    def others(self) -> gpd.GeoDataFrame:
        """The candidates that are not chosen, the highest score first, and why."""
        left = self._year == 0
        found = self._told(left)
        if self.candidates["ready_year"].notna().any():
            found["ready_year"] = self.candidates.loc[left, "ready_year"].to_numpy()
        found["reason"] = self._reasons()[left]
        found = found.sort_values(["score", "candidate_id"], ascending=[False, True])
        return found.reset_index(drop=True)

    @cached_property
    def rules(self) -> pd.DataFrame:
        """One row a rule: ``name, rule`` (in words), whether ``satisfied``, ``in_conflict``, ``past``."""
        choice = self.choice
        return pd.DataFrame(
            {
                "name": [rule.name for rule in choice.rules],
                "rule": [rule.words.of(self.given.lang) for rule in choice.rules],
                "satisfied": pd.Series(list(choice.satisfied), dtype=object),
                "in_conflict": [rule in choice.conflict for rule in choice.rules],
                "past": [rule.past for rule in choice.rules],
            }
        )

    @cached_property
    def alternatives(self) -> pd.DataFrame:
        """One row an alternative: ``plan, objective``, how far ``below`` the best, what is ``added`` and ``dropped``, and whose
        year is another.
        """
        best = self.choice.plan
        rows = (
            []
            if best is None
            else [self._against(best, plan, at + 1) for at, plan in enumerate(self.choice.alternatives)]
        )
        return pd.DataFrame(rows, columns=["plan", "objective", "below", "added", "dropped", "other_year"]).astype(
            {"other_year": "str"}
        )

    @property
    def _year(self) -> NDArray[np.int64]:
        plan = self.choice.plan
        return np.zeros(len(self.candidates), dtype=np.int64) if plan is None else plan.year

    def _told(self, mask: NDArray[np.bool_]) -> gpd.GeoDataFrame:
        """What is told of candidates, chosen or not."""
        table, worth = self.candidates, self.given.settings.allocate.worth
        score = table["score"].astype("float64") if "score" in table.columns else table["value"]
        known = {"score": table["value"] if worth == "score" else score}
        known |= {} if worth == "score" else {worth: table["value"]}
        known |= {name: table[name] for name in ("name", "cost") if name in table.columns and table[name].notna().any()}
        columns = {name: table[name] for name in ("candidate_id", "area", "district", "type")} | known
        found = gpd.GeoDataFrame(columns, geometry=table.geometry, crs=table.crs)
        return found[mask].reset_index(drop=True)

    def _reasons(self) -> NDArray[np.object_]:
        """Why a candidate is not chosen, as codes."""
        table, taken = self.candidates, self._year > 0
        clash = np.zeros(len(table), dtype=bool)
        for a, b in self.pairs:
            clash[a] |= taken[b]
            clash[b] |= taken[a]
        ready = table["ready_year"].to_numpy(dtype=np.float64) > self.terms.years[-1]
        no_score = np.where(table["value"].isna(), "choice_no_score", "incomplete")
        rest = "choice_others" if self.choice.plan is not None else "choice_conflict"
        codes: NDArray[np.object_] = np.select(
            [~table["passes"].to_numpy(dtype=bool), ~table["known"].to_numpy(dtype=bool), ready, clash],
            [table["gate"].to_numpy(dtype=object), no_score.astype(object), "choice_not_ready", "choice_overlaps"],
            rest,
        ).astype(object)
        return codes

    def _against(self, best: Plan, plan: Plan, number: int) -> dict[str, Any]:
        who, lang = np.array(ids_and_names(self.candidates), dtype=object), self.given.lang
        years = [*zip(who, best.year.tolist(), plan.year.tolist(), strict=True)]
        added = [text("allocate.in_year", lang, who=name, year=now) for name, was, now in years if now and not was]
        moved = [
            text("allocate.moved_year", lang, who=name, was=was, now=now)
            for name, was, now in years
            if was and now and was != now
        ]
        return {
            "plan": number,
            "objective": plan.value,
            "below": max(1 - plan.value / best.value, 0.0) if best.value else 0.0,
            "added": listed(added, lang),
            "dropped": listed([name for name, was, now in years if was and not now], lang),
            "other_year": listed(moved, lang) or None,
        }

    def tables(self) -> dict[str, pd.DataFrame]:
        """The schedule, the candidates not chosen, the rules and the alternatives."""
        return {
            "allocation": self.allocation,
            "others": self.others,
            "rules": self.rules,
            "alternatives": self.alternatives,
        }

    def shown_tables(self) -> Mapping[str, pd.DataFrame]:
        """Types as people call them, and scores as the scoring shows them: none of a candidate of few issues, nor sums that would tell it."""
        titles = {name: title.of(self.given.lang) for name, title in self.terms.type_titles.items()}
        shown = {
            name: table.assign(type=table["type"].map(lambda kind: titles.get(kind, kind)).astype(table["type"].dtype))
            for name, table in self.tables().items()
            if "type" in table.columns
        }
        scores = self.given.results.get("scores")
        if scores is None or "score" in self.candidates.columns:
            return shown
        exact, told = (
            table.set_index("candidate_id")["score"]
            for table in (scores.tables()["scores"], scores.shown_tables()["scores"])
        )
        if exact.equals(told):
            return shown
        shown = {
            name: table.assign(score=table["candidate_id"].map(told).astype("float64")) for name, table in shown.items()
        }
        if (exact.notna() & told.isna()).any():
            shown["alternatives"] = self.alternatives.assign(objective=np.nan, below=np.nan)
        return shown

    def summary(self) -> dict[str, Any]:
        """What ``allocation.json`` holds."""
        choice, lang = self.choice, self.given.lang
        ids = self.candidates["candidate_id"].to_numpy(dtype=object)
        plan = choice.plan

        def years_of(year: NDArray[np.int64]) -> dict[str, int]:
            return {str(ids[at]): int(year[at]) for at in np.lexsort((ids.astype(str), year)) if year[at]}

        return {
            "status": choice.status,
            "objective": None if plan is None else round(plan.value, 6),
            "bound": None if plan is None else round(max(choice.bound, plan.value), 6),
            "gap": None if plan is None else choice.gap,
            "worth": self.given.settings.allocate.worth,
            "years": list(self.terms.years),
            "this_year": self.terms.this_year,
            "rules": [
                {"name": rule.name, "satisfied": held, "words": rule.words.of(lang), "past": rule.past}
                for rule, held in zip(choice.rules, choice.satisfied, strict=True)
            ],
            "conflict": [rule.name for rule in choice.conflict] or None,
            "conflict_words": [rule.words.of(lang) for rule in choice.conflict] or None,
            "overlaps": [[str(ids[a]), str(ids[b])] for a, b in self.pairs],
            "alternatives": [
                {"objective": round(other.value, 6), "years": years_of(other.year)} for other in choice.alternatives
            ],
        }

    @property
    def _free(self) -> int:
        """How many candidates are named or can be chosen, whatever the numbers of the rules."""
        return int(can_be(self.candidates, self.terms).sum())

    def _conflict(self) -> list[Text]:
        """Which rules conflict and what can be done about it, where some do."""
        rules = self._rules_in_conflict
        return [text_pair("allocate.conflict_note", rules=rules, n=self._free)] if self.choice.conflict else []

    @property
    def _rules_in_conflict(self) -> Text:
        words = [rule.words for rule in self.choice.conflict]
        return Text(zh="；".join(each.zh for each in words), en="; ".join(each.en for each in words))

    def notes(self) -> list[Text]:
        """The conflict, types that the city does not have, and by today's date years that are over and still decided and namings that are
        still to come: said on the screen, written nowhere.
        """
        city = self.given.city
        types = load_types(None if city is None else city.unit_types)
        today = date.today()  # noqa: DTZ011  (the planner's own calendar)
        stopped = [] if self.total_proven else [text_pair("allocate.total_unproven", n=self.terms.total)]
        found = [*self._conflict(), *stopped, *self._named(today)]
        found += strange_types(self.candidates["type"], types)
        over = [year for year in self.terms.open if year < today.year]
        if over and self.given.settings.allocate.this_year is None:
            found.append(text_pair("allocate.clock", years=over))
        return found

    def _named(self, day: date | None = None) -> list[Text]:
        """What is said of the units that are named: how they belong to the plan's number, and their dates."""
        beside = named_beside(self.given, self.candidates)
        return [*([] if beside is None else [beside]), *dates_said(self.given, day)]

    def write_tables(self, stage: Stage) -> None:
        """``allocation.gpkg``, ``allocation.xlsx`` and ``allocation.json``."""
        from jxgis.gpkg import write_gpkg
        from jxgis.report.workbook import report_workbook

        given = self.given
        write_gpkg(stage.path("allocation.gpkg"), {"allocation": self.allocation}, of=self.part.name, lang=given.lang)
        report_workbook(
            stage.path("allocation.xlsx"),
            [self.section()],
            title=text("report.part_allocation", given.lang),
            lines=[said.of(given.lang) for said in self._conflict()],
            plain={"allocation.allocation": self._shown("allocation").drop(columns="geometry")},
            lang=given.lang,
            sketch=given.sketch,
        )
        words = json.dumps(self.summary(), ensure_ascii=False, indent=2)
        stage.path("allocation.json").write_text(words + "\n", encoding="utf-8", newline="\n")

    def _shown(self, name: str) -> Any:
        return self.shown_tables().get(name, self.tables()[name])

    def _maps(self) -> dict[str, Callable[[], folium.Map]]:
        return {"allocation": self._map}

    def _map(self) -> folium.Map:
        from jxgis.allocate.map import allocation_map

        chosen, others = self._shown("allocation"), self._shown("others")
        return allocation_map(chosen, others, years=self.terms.years, canvas=self.canvas(self._map_line()))

    def _map_line(self) -> str:
        """The line below the heading of its maps."""
        years, lang = self.terms.years, self.given.lang
        if len(self.allocation):
            return text("allocate.line", lang, first=years[0], last=years[-1], n=len(self.allocation))
        rules = self._rules_in_conflict.of(lang)
        return text("allocate.line_conflict", lang, first=years[0], last=years[-1], rules=rules)

    def _figures(self) -> dict[str, Callable[[], Figure]]:
        """The schedule and its map, where there is one."""
        return {"allocation": self._chart, "allocation_map": self._sheet} if len(self.allocation) else {}

    def _sheet(self) -> Figure:
        from jxgis.allocate.figures import allocation_sheet

        chosen, others = self._shown("allocation"), self._shown("others")
        return allocation_sheet(chosen, others, years=self.terms.years, canvas=self.canvas(self._map_line()))

    def _chart(self) -> Figure:
        from jxgis.allocate.figures import allocation_chart

        given = self.given
        return allocation_chart(
            self._shown("allocation"), years=self.terms.years, by=self.terms.by, lang=given.lang, sketch=given.sketch
        )

    def section(self) -> Section:
        """The schedule by year, the rules, the alternatives and those not chosen; or the rules in conflict."""
        from jxgis.allocate.section import allocation_section

        names = ("allocation", "others", "rules", "alternatives")
        who = ids_and_names(self.candidates)
        return allocation_section(
            {name: self._shown(name) for name in names},
            self.choice,
            self.terms,
            self.given.settings.allocate,
            scores=self.allocation["score"],
            pairs=[(who[a], who[b]) for a, b in self.pairs],
            own_scores="scores" not in self.given.results or "score" in self.candidates.columns,
            hidden="alternatives" in self.shown_tables(),
            free=self._free,
            named=[said.of(self.given.lang) for said in self._named()],
            lang=self.given.lang,
        )
