"""What each part says of the made-up city, from contract tables alone: for the tests of the page and the workbook."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pandas as pd
from result_tables import CLASSES, result_tables

from jxgis.hotspots.section import hotspot_section
from jxgis.parks.section import park_section
from jxgis.report.blocks import Absent, Section, Sources
from jxgis.run.parts import PARTS
from jxgis.scoring.section import score_section
from jxgis.settings import Settings
from jxgis.units.section import unit_section

#: Of scores that nothing lies behind.
NO_DEPTH = {
    name: pd.DataFrame(columns=["candidate_id", *columns])
    for name, columns in {
        "swings": ("place", "label", "lift"),
        "improvements": ("place", "in_words", "step_in_words", "gain_step"),
        "types": ("type_given", "type_found", "agrees"),
    }.items()
}


@dataclass(frozen=True, eq=False, kw_only=True)
class Told:
    """The tables of the parts that there are, as people are shown them, and why the others are not.

    ``beside`` is what the section of hot spots takes beside its tables.
    """

    hotspots: Mapping[str, pd.DataFrame] | None = None
    parks: Mapping[str, pd.DataFrame] | None = None
    beside: Mapping[str, Any] = field(default_factory=dict)
    units: pd.DataFrame | None = None
    scores: pd.DataFrame | None = None
    indicators: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=["label", "weight", "missing"]))
    titles: Mapping[str, str] = field(default_factory=dict)
    absent: Mapping[str, str] = field(default_factory=dict)
    sources: Sources | None = None

    def with_hotspots(self, **tables: pd.DataFrame) -> Told:
        """The same with other tables of hot spots."""
        return replace(self, hotspots={**(self.hotspots or {}), **tables})

    def with_parks(self, **tables: pd.DataFrame) -> Told:
        """The same with other tables of parks."""
        return replace(self, parks={**(self.parks or {}), **tables})

    def sections(self, lang: str = "zh") -> list[Section | Absent]:
        """What a report is made of."""
        asked = Settings()
        said: dict[str, Section] = {}
        if self.hotspots is not None:
            said["hotspots"] = hotspot_section(self.hotspots, asked.hotspots, **self.beside, lang=lang)
        if self.parks is not None:
            said["parks"] = park_section(self.parks, asked.parks, lang=lang)
        if self.units is not None:
            said["units"] = unit_section(self.units, asked.units, lang=lang)
        if self.scores is not None:
            said["scores"] = score_section(
                self.scores, asked.scoring, indicators=self.indicators, titles=self.titles, depth=NO_DEPTH, top=3,
                weights="专家权重", lang=lang,
            )  # fmt: skip
        names = [part.name for part in PARTS]
        return [said.get(name) or Absent(name, self.absent.get(name, "")) for name in names]


def told_parts() -> Told:
    """A whole report of the made-up city."""
    t = result_tables()
    zones = pd.DataFrame(
        [
            {"zone": name, "level": "district", "issue_class": c, "count": 900 - 10 * at, "area_km2": 30.5,
             "per_km2": 29.5, "location_quotient": 1.2, "share_hot": 0.04}
            for at, name in enumerate(t.districts["name"]) for c in ("all", *CLASSES)
        ]
    )  # fmt: skip
    inputs = pd.DataFrame(
        {"layer": ["issues"], "name": ["issues.zip"], "rows_in": [62_000], "rows_kept": [60_000],
         "rows_rejected": [1_200], "rows_left_out": [800]}
    )  # fmt: skip
    ring = pd.DataFrame({"issue_class": ["all"], "share_inside": [0.6], "share_area": [0.1]})
    return Told(
        hotspots={"places": t.places.assign(street="中山路"), "zones": zones, "ring": ring},
        parks={"coverage": t.coverage, "sites": t.sites},
        beside={"cells": t.cells},
        units=t.units,
        scores=t.scores,
        sources=Sources(table=inputs),
    )
