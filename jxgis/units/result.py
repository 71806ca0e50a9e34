"""What `jxgis units` finds: its tables, and how they are written, drawn and told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from math import ceil
from typing import TYPE_CHECKING, Any, Literal

import pandas as pd

from jxgis.i18n import LANGS, MANY, Text, clauses, few, number_words, text, text_pair
from jxgis.output import json_number
from jxgis.part import Result
from jxgis.schema.tables import table
from jxgis.units.part import PART
from jxgis.units.shown import repair_notes

if TYPE_CHECKING:
    import folium
    import geopandas as gpd

    from jxgis.drawing.figures import Figure
    from jxgis.output import Stage
    from jxgis.report.blocks import Section
    from jxgis.units.plan import PlanReport

__all__ = ["UnitsResult"]

# A gap that is less is a rounding of the programmes that prove it.
_NO_GAP = 1e-6
# One that is more is worth tightening.
_WIDE_GAP = 0.05


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class UnitsResult(Result):
    """What `jxgis units` finds.

    Attributes
    ----------
    units
        The contract's layer ``units``: ``unit_id, district, area_km2, compactness, in_bounds, nearly, reason``, then
        ``blocks, parts, holes``, the measures of `units.quality.unit_quality`, and ``within_variance`` (of the
        standardised attributes; null without any).
    blocks
        The contract's layer ``blocks``: ``block_id, unit_id, district``, the attributes, and what the user's own
        blocks carried along.
    report
        What was searched, with which terms, and how good the plan is.
    blocks_from
        ``own``, ``streets`` or ``grid``.
    cut_finer
        Districts whose street faces above ``target_km2`` were cut too, because whole they left units out of bounds.
    borders
        Where alternatives were asked for: the plan's borders between blocks with ``stability``, the share of all
        plans that draw them; ``units`` then has the mean over each unit's borders.
    why
        One row a border between two units: what it follows, how firm it is, what moving it would cost; see
        `units.borders.explain_borders`.
    alternatives
        Where asked for, the table of `units.alternatives.Alternatives`.
    """

    part = PART

    units: gpd.GeoDataFrame
    blocks: gpd.GeoDataFrame
    report: PlanReport
    blocks_from: Literal["own", "streets", "grid"]
    cut_finer: tuple[str, ...]
    borders: gpd.GeoDataFrame | None = None
    why: gpd.GeoDataFrame | None = None
    alternatives: pd.DataFrame | None = None

    def account(self) -> dict[str, Any]:
        """What ``run.json`` says beside the settings: what the plan was made of, and how good it is as a whole."""
        report = self.report
        return {
            "plan": {
                "blocks_from": self.blocks_from,
                "cut_finer": list(self.cut_finer),
                "terms": list(report.terms),
                "attributes": list(report.attributes),
                "constant_attributes": list(report.constant),
                "ssd_share": json_number(report.ssd_share),
                "mean_compactness": json_number(report.mean_compactness),
                "in_bounds_share": json_number(report.in_bounds_share),
                "kept_together": [[str(row["name"]), bool(row["kept"])] for _, row in report.together.iterrows()],
                "apart_crossed_m": json_number(report.crossed["m"].sum()),
                "rules": [
                    [str(kind), str(name), bool(held), None if held else str(reason)]
                    for kind, name, held, reason in report.rules.to_numpy()
                ],
                "repair": self._repair_account(),
                "gaps": [
                    [str(name), int(units), json_number(gap)]
                    for name, units, gap in report.parts[["district", "units", "gap"]].to_numpy()
                ],
                "scraps": [[str(name), int(count), round(m2, 1)] for name, count, m2 in report.scraps.to_numpy()],
                "notes": [note.of(self.given.lang) for note in self.notes()],
            }
        }

    def _repair_account(self) -> dict[str, Any] | None:
        repair = self.report.repair
        if repair is None:
            return None
        rows, of = repair.districts, "people" if repair.by_people else "km2"
        sums = ("moved_people", "moved_km2", "moved_blocks") if repair.by_people else ("moved_km2", "moved_blocks")
        return {
            **{name: json_number(rows[name].sum()) for name in sums},
            f"least_{of}": json_number(rows[f"least_{of}"].sum(skipna=False)),
            "proven": bool(rows["proven"].all()),
            "outside": list(repair.outside),
        }

    def notes(self) -> list[Text]:
        """What a reader must know: units that are out of bounds, and all that `_said_of_search` says."""
        return [*self._said_of_units_out(), *self._said_of_search()]

    def _said_of_units_out(self) -> list[Text]:
        """How many units are out of bounds, where and why; on a page a table shows them."""
        out = self.units[~self.units["in_bounds"]]
        where = [
            text_pair("units.out_where", district=district, n=len(rows), reason=text_pair(f"reasons.{reason}"))
            for (district, reason), rows in out.groupby(["district", "reason"], sort=False)
        ]
        said = Text(*(clauses([each.of(lang) for each in where], lang) for lang in LANGS))
        return [text_pair("units.note_out", n=len(self.units), out=len(out), where=said)] if where else []

    def _said_of_search(self) -> list[Text]:
        """What a reader must know of the search: scraps that joined, where it was rounder, what was tried in vain."""
        parts, repair, width = self.report.parts, self.report.repair, self.given.settings.units.narrow_m
        found = [] if repair is None else repair_notes(repair, parts)
        for name, count, m2 in self.report.scraps.to_numpy():
            found.append(text_pair("units.note_scraps", district=name, n=int(count), m2=f"{m2:,.1f}"))
        found += self._said_of_rules()
        found += self._said_of_bounds()
        for part in parts[(parts["reason"] == "not_found") & (parts["seeds_tried"] > 0)].to_dict("records"):
            counts, seeds = sorted(part["counts_tried"]), f"{part['seeds_tried']:,}"
            where = {"district": part["district"], "km2": number_words(part["area_km2"], 2)}
            found.append(text_pair("units.note_tried", counts=counts, seeds=seeds, **where))
        found += [
            text_pair("units.note_rounder", district=name, times=int(times))
            for name, times in parts.loc[parts["rounder"] > 1, ["district", "rounder"]].to_numpy()
        ]
        found += [
            text_pair("units.note_flaws", district=name, n=int(flaws), width=f"{width:g}")
            for name, flaws in parts.loc[parts["flaws"] > 0, ["district", "flaws"]].to_numpy()
        ]
        return found

    def _said_of_bounds(self) -> list[Text]:
        """How far at most the plan of each part is from the best one by the same dials, where that is known."""
        parts = self.report.parts
        known = parts[parts["bound"].notna() & (parts["units"] > 1)].sort_values("gap", ascending=False, kind="stable")
        if not len(known) or self.report.repair is not None:
            return []
        gaps = [
            text_pair("units.best" if gap < _NO_GAP else "units.behind", district=name, gap=_percent_up(gap))
            for name, gap in known[["district", "gap"]].to_numpy()
        ]
        rest = int((parts["bound"].isna() & (parts["units"] > 1)).sum())
        said = Text(*(few((gap.of(lang) for gap in gaps), " 处", MANY).of(lang) for lang in LANGS))
        found = [text_pair("units.note_bounds" if rest else "units.note_all_bounds", gaps=said, n=rest)]
        if known["gap"].max() > _WIDE_GAP:
            found.append(text_pair("units.note_proven"))
        return found

    def _said_of_worst_bound(self) -> str:
        """The widest gap of all, for the map; nothing where some part has none."""
        parts, lang = self.report.parts, self.given.lang
        gap = parts.loc[parts["units"] > 1, "gap"]
        if not len(gap) or gap.isna().any() or self.report.repair is not None:
            return ""
        if gap.max() < _NO_GAP:
            return text("units.map_best", lang)
        return text("units.map_behind", lang, gap=_percent_up(gap.max()))

    def _said_of_rules(self) -> list[Text]:
        """How many of the planner's own demands hold, why each of the others does not, and what they leave: fixed units in parts, lines crossed."""
        whole = self.report.together.rename(columns={"kept": "held"}).assign(rule="together")
        rules = pd.concat([table for table in (self.report.rules, whole) if len(table)] or [whole], ignore_index=True)
        said = []
        if len(rules):
            said.append(text_pair("units.note_rules", n=len(rules), held=int(rules["held"].sum())))
        for row in rules[~rules["held"].astype(bool)].to_dict("records"):
            most = self.given.settings.units.subdistrict_max_units
            rule = text_pair(f"units.rule_{row['rule']}", name=row["name"], most=most)
            said.append(text_pair("units.note_not_held", rule=rule, reason=text_pair(f"reasons.{row['reason']}")))
        fixed = rules.loc[(rules["rule"] == "fixed_unit") & rules["held"].astype(bool), "name"]
        in_parts = self.units.loc[self.units["unit_id"].isin(fixed) & (self.units["parts"] > 1), "unit_id"]
        if len(in_parts):
            said.append(text_pair("units.note_fixed_parts", n=len(in_parts), units=few(in_parts)))
        crossed = self.report.crossed
        if len(crossed):
            km = number_words(crossed["m"].sum() / 1000, 2)
            said.append(text_pair("units.note_crossed", km=km, lines=few(dict.fromkeys(crossed["name"]))))
        return said

    def tables(self) -> dict[str, pd.DataFrame]:
        """The layers of ``units.gpkg``, then the plans that were set beside this one, or what changes of today's units."""
        beside = {} if self.alternatives is None else {"alternatives": self.alternatives}
        return self._layers() | beside | self._changes()

    def _layers(self) -> dict[str, gpd.GeoDataFrame]:
        layers = {"units": self.units, "blocks": self.blocks}
        if self.report.repair is not None:
            layers["moved"] = self.report.repair.moved
        drawn = {"unit_borders": self.why, "borders": self.borders}
        return layers | {name: lines for name, lines in drawn.items() if lines is not None}

    def _changes(self) -> dict[str, pd.DataFrame]:
        repair = self.report.repair
        return {} if repair is None else {"repair": repair.districts, "changes": repair.units}

    def write_tables(self, stage: Stage) -> None:
        """``units.gpkg``."""
        from jxgis.gpkg import write_gpkg

        blocks = self.given.table("blocks")
        # Blocks carry along what the user's own hold, under whatever names.
        own = {} if blocks is None else {"blocks": set(blocks.columns) - {*table("units.blocks").required}}
        # A unit holds as much of what is bounded as its blocks, under the name that they give it.
        own["units"] = {*self.given.settings.units.bounds} - {*table("units.units").columns}
        write_gpkg(stage.path("units.gpkg"), self._layers(), of=self.part.name, lang=self.given.lang, own=own)

    def _maps(self) -> dict[str, Callable[[], folium.Map]]:
        return {"units": self._map} | ({} if self.report.repair is None else {"units_change": self._change})

    def _change(self) -> folium.Map:
        from jxgis.units.alternatives import compare_plans
        from jxgis.units.change_map import change_map
        from jxgis.units.section import map_line

        repair, lang = self.report.repair, self.given.lang
        if repair is None:
            raise AssertionError("drawn where today's units were repaired")
        change = compare_plans(repair.before, self.units)
        canvas = self.canvas(map_line(self.given.settings.units, lang))
        return change_map(change.units, repair.moved, change.borders, canvas=canvas)

    def _map(self) -> folium.Map:
        from jxgis.units.map import units_map
        from jxgis.units.section import map_line

        options = self.given.settings.units
        return units_map(
            self.shown,
            canvas=self.canvas(self.given.with_period(map_line(options, self.given.lang))),
            borders=self.borders,
            why=self.why,
            said=self._said_of_worst_bound(),
            options=options,
            min_count=self.given.settings.report.min_count,
        )

    def _figures(self) -> dict[str, Callable[[], Figure]]:
        return {"units": self._chart, "units_map": self._sheet}

    def _sheet(self) -> Figure:
        from jxgis.units.figures import unit_sheet
        from jxgis.units.section import map_line

        options = self.given.settings.units
        canvas = self.canvas(map_line(options, self.given.lang))
        return unit_sheet(self.units, options=options, canvas=canvas)

    def _chart(self) -> Figure:
        from jxgis.units.figures import unit_chart

        given, options = self.given, self.given.settings.units
        return unit_chart(self.units, options=options, lang=given.lang, sketch=given.sketch)

    @cached_property
    def shown(self) -> gpd.GeoDataFrame:
        """The units as page, workbook, map and notebook show them."""
        from jxgis.units.shown import hide_units

        given = self.given
        return hide_units(self.units, min_count=given.settings.report.min_count, known=[given.known_counts(self.part)])

    def shown_tables(self) -> dict[str, pd.DataFrame]:
        """The units."""
        return {"units": self.shown}

    def known_counts(self) -> pd.DataFrame | None:
        """Those of the units too, where they count issues."""
        from jxgis.units.shown import unit_counts

        if "issues" not in self.units.columns:
            return None
        known = self.given.known_counts(self.part)
        own = unit_counts(self.units, self.given.settings.report.min_count, [known])
        own = own.assign(level="units", geometry=self.units.geometry.to_numpy())
        return pd.concat([known, own], ignore_index=True)

    def section(self) -> Section:
        """Units by district, and those out of bounds with their reasons."""
        from jxgis.units.section import unit_section

        given = self.given
        notes = [note.of(given.lang) for note in self._said_of_search()]
        return unit_section(
            self.shown, given.settings.units, notes=notes, lang=given.lang, repair=self.report.repair, why=self.why
        )


def _percent_up(gap: float) -> str:
    """A gap in per cent, rounded up: rounded down, it would be less than is proven."""
    return f"{ceil(1000 * gap) / 10:.1f}"
