"""What `jxgis effect` finds: the effect, its tables, and how they are written, drawn and told."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from jxgis.effect.areas import count_areas
from jxgis.effect.part import PART
from jxgis.i18n import Text, text
from jxgis.output import json_number
from jxgis.part import Result
from jxgis.small_counts import MIN_RANGE
from jxgis.space.sums import Period, add_areas, when
from jxgis.zones import ALL

if TYPE_CHECKING:
    from collections.abc import Callable

    import folium
    import geopandas as gpd
    import pandas as pd
    from numpy.typing import NDArray

    from jxgis.drawing.figures import Figure
    from jxgis.effect.compare import Compared
    from jxgis.effect.windows import Windows
    from jxgis.output import Stage
    from jxgis.report.blocks import Section

__all__ = ["EffectResult"]


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class EffectResult(Result):
    """What `jxgis effect` finds.

    Attributes
    ----------
    compared
        The comparison: its centre in logarithms, and the sets.
    windows
        The periods.
    at
        From when the areas were treated.
    areas
        The contract's layer ``areas``: ``area_id, name, role`` (``treated``, ``control``, ``untreated``, ``near``),
        ``control_of``, ``area_km2``, cases before and after, their change, ``reason``.
    sets
        One row a treated area that was compared: its controls, cases, changes, ``difference`` and ``weight``.
    placebo
        What the comparison finds where nothing was done: at earlier dates, in the worst of the untreated areas, and in
        untreated areas at random (``low`` and ``high`` then hold 95 % of the effects, ``covers`` is the share of
        intervals that hold none).
    sources
        Shares of the sources among the issues, and how far they moved; empty where no source is known.
    months
        Cases a month in the treated areas and in their controls.
    power
        How often a drop would be shown.
    controls_from
        Among what controls were looked for: ``units``, ``subdistricts``, ``districts`` or ``cells``.
    """

    part = PART

    compared: Compared
    windows: Windows
    at: pd.Timestamp
    areas: gpd.GeoDataFrame
    sets: pd.DataFrame
    placebo: pd.DataFrame
    sources: pd.DataFrame
    months: pd.DataFrame
    power: pd.DataFrame
    controls_from: str

    @property
    def effect(self) -> float:
        """The change of the treated areas beside that of their controls, relative: -0.2 is 20 % fewer."""
        return self.compared.in_shares()[0]

    @property
    def low(self) -> float:
        """The lower end of its 95 % interval; NaN with fewer than six sets."""
        return self.compared.in_shares()[1]

    @property
    def high(self) -> float:
        """The upper end."""
        return self.compared.in_shares()[2]

    @cached_property
    def detectable(self) -> float:
        """The smallest fall, as a share, that is shown in four cases of five; NaN with fewer than six sets."""
        return self.compared.detectable()

    def tables(self) -> dict[str, pd.DataFrame]:
        """The areas, the sets, the placebos, sources, months and power."""
        return {
            "areas": self.areas,
            "sets": self.sets,
            "placebo": self.placebo,
            "sources": self.sources,
            "months": self.months,
            "power": self.power,
        }

    def shown_tables(self) -> dict[str, pd.DataFrame]:
        """Those that count issues, small counts as ranges: what adds up to one with others is left out with it."""
        given = self.given
        shown = {name: given.shown(getattr(self, name)) for name in ("areas", "sets", "sources", "months")}
        areas, sets, few = shown["areas"], shown["sets"], self._few
        if few.any():
            of_area = areas[["cases_before", "cases_after", "change_cases"]].astype(object)
            ranges = of_area.map(lambda number: isinstance(number, str))
            shown["areas"] = areas.assign(**of_area.where(ranges | ~few[:, None]))
        groups = self.compared.sets[["treated", "controls"]].to_numpy()
        told = np.array([bool(few[[mine, *theirs]].any()) for mine, theirs in groups])
        if told.any():
            counted = [name for name in sets.columns if name not in ("area_id", "controls", "controls_n")]
            masked = {name: sets[name].astype(object).mask(told) for name in counted}
            # The effect less the others, each by its weight, is what a hidden one adds to it.
            shown["sets"] = sets.assign(**masked | {"weight": None})
        monthly = shown["months"][["cases_treated", "cases_controls"]].map(lambda number: isinstance(number, str))
        if told.any() or monthly.to_numpy().any():
            shown["months"] = shown["months"].iloc[:0]
        return shown

    @cached_property
    def _few(self) -> NDArray[np.bool_]:
        """Areas of which no period is shown, beside a range: one holds few cases, or what others show leaves few of them.

        A report shows all the issues of a unit or a candidate; less one period, or both, they are the rest.
        """
        layer, past, asked = self.given.need("issues"), self.given.past(), self.given.settings.effect.issue_class
        issues = past if asked is None else past[past["issue_class"] == asked]
        every = count_areas(self.areas, issues, {"all": np.ones(len(issues), dtype=np.bool_)})["all"].to_numpy()
        before, after = self.areas["cases_before"].to_numpy(), self.areas["cases_after"].to_numpy()
        least = self.given.settings.report.min_count
        if least < MIN_RANGE:
            return np.zeros(len(every), dtype=np.bool_)
        numbers = (before, after, every - before, every - after, every - before - after)
        few: NDArray[np.bool_] = np.any([(number > 0) & (number < least) for number in numbers], axis=0)
        within = {name: when(past[own], layer) for name, own in self.windows.counted(past["time"]).items()}
        rows = add_areas(
            self.given.known_counts(self.part), self.areas, every, of=self.part.name,
            periods={"before": Period(before, few, within["before"]), "after": Period(after, few, within["after"])},
            when=when(past, layer), issue_class=asked or ALL, min_count=least,
        )  # fmt: skip
        for period in ("before", "after"):
            few = few | rows.loc[rows["of"] == f"{self.part.name}:{period}", "lost"].to_numpy(dtype=bool)
        return few

    def notes(self) -> list[Text]:
        """What speaks against taking the figure as it stands."""
        from jxgis.effect.warnings import warnings_of

        return warnings_of(self)

    def summary(self) -> dict[str, Any]:
        """What ``effect.json`` holds."""
        from jxgis.effect.warnings import reason_of

        windows, lang = self.windows, self.given.lang
        periods = {name: getattr(windows, name) for name in ("history", "before", "selecting", "after")}
        reason = reason_of(self)
        return {
            "effect": json_number(self.effect),
            "low": json_number(self.low),
            "high": json_number(self.high),
            "p": json_number(self.compared.centre.p),
            "treated": len(self.sets),
            "controls": int(self.sets["controls_n"].sum()),
            "detectable": json_number(self.detectable),
            "reason": None if reason is None else reason.of(lang),
            "at": f"{self.at:%Y-%m-%d}",
            "periods": {name: None if of is None else _days(of) for name, of in periods.items()},
            "left_out": [_days(of) for of in windows.left_out],
            "controls_from": self.controls_from,
            "power": {f"{drop:g}": json_number(power) for drop, power in self.power[["drop", "power"]].to_numpy()},
            "placebo": [
                {name: json_number(value) if isinstance(value, float) else value for name, value in row.items()}
                for row in self.placebo.to_dict("records")
            ],
            "warnings": [note.of(lang) for note in self.notes()],
        }

    def account(self) -> dict[str, Any]:
        """What ``run.json`` says beside the settings: the figure, as ``effect.json`` has it."""
        return {"effect_found": self.summary()}

    def write_tables(self, stage: Stage) -> None:
        """``effect.json``, ``effect.gpkg`` and ``effect.xlsx``."""
        from jxgis.gpkg import write_gpkg
        from jxgis.report.workbook import report_workbook

        given, section = self.given, self.section()
        written = json.dumps(self.summary(), ensure_ascii=False, indent=2, allow_nan=False)
        stage.path("effect.json").write_text(written + "\n", encoding="utf-8")
        write_gpkg(stage.path("effect.gpkg"), {"areas": self.areas}, of=self.part.name, lang=given.lang)
        report_workbook(
            stage.path("effect.xlsx"),
            [replace(section, sheets=self._sheets())],
            title=text("report.part_effect", given.lang),
            lines=[*section.lines, *(note.of(given.lang) for note in self.notes())],
            lang=given.lang,
            sketch=given.sketch,
        )

    def _sheets(self) -> dict[str, pd.DataFrame]:
        shown = self.shown_tables()
        sheets = {name: shown.get(name, table) for name, table in self.tables().items()}
        sheets["areas"] = sheets["areas"].drop(columns="geometry")
        return {name: table for name, table in sheets.items() if len(table)}

    def _maps(self) -> dict[str, Callable[[], folium.Map]]:
        return {"effect": self._map}

    def _map(self) -> folium.Map:
        from jxgis.effect.map import effect_map
        from jxgis.effect.section import in_a_line

        return effect_map(self.shown_tables()["areas"], canvas=self.canvas(in_a_line(self, self.given.lang)))

    def _figures(self) -> dict[str, Callable[[], Figure]]:
        return {"effect": self._chart}

    def _chart(self) -> Figure:
        from jxgis.effect.figures import effect_chart

        shown = self.shown_tables()
        return effect_chart(
            shown["months"], shown["sets"], self.windows, (self.effect, self.low, self.high),
            lang=self.given.lang, sketch=self.given.sketch,
        )  # fmt: skip

    def section(self) -> Section:
        """The effect, what it rests on, and what speaks against it."""
        from jxgis.effect.section import effect_section

        return effect_section(self, self.given.lang)


def _days(of: tuple[pd.Timestamp, pd.Timestamp]) -> list[str]:
    """A half-open stretch: its first day, and the day after its last."""
    return [f"{day:%Y-%m-%d}" for day in of]
