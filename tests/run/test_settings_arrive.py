"""Every setting arrives where it is meant to: a key that nothing reads, or that one of two readers misses, is a lie."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

import jxgis
from jxgis.allocate.analysis import allocate_candidates
from jxgis.errors import JxgisError
from jxgis.given import given_tables
from jxgis.hotspots.analysis import find_hotspots
from jxgis.hotspots.result import HotspotsResult
from jxgis.parks.analysis import measure_parks
from jxgis.part import Result
from jxgis.run import inputs as _inputs
from jxgis.run import pages as _pages
from jxgis.run.found import Found
from jxgis.scoring.analysis import analyse as score
from jxgis.scoring.weightings import draw_weightings
from jxgis.settings import (
    AllocateSettings,
    CircleSettings,
    ClusterSettings,
    EffectSettings,
    HotspotSettings,
    InputSettings,
    IssueInputSettings,
    ParkSettings,
    ScanSettings,
    ScorecardSettings,
    ScoringSettings,
    Settings,
    TrendSettings,
    UnitSettings,
    WeakSettings,
    files_read,
)
from jxgis.units.analysis import propose_units
from jxgis.units.result import UnitsResult

#: A value for every setting of a section, none of them a default.
HOTSPOTS: dict[str, Any] = {
    "cell_m": 211, "band_m": 641, "alpha": 0.037, "bandwidth_m": 541, "density_cell_m": 107, "family": "all",
    "min_issues": 17, "classes": ("多",), "name_field": "issue_class",
    "strata": "land_use",
}  # fmt: skip
PARKS: dict[str, Any] = {
    "standard": "gbt51346-2019", "denominator": "built_up", "minutes": 11.5, "speed_m_per_min": 71, "merge_gap_m": 19,
    "sample_m": 31, "max_snap_m": 193, "entry_m": 17, "catchment_m": 977, "decay": "linear", "new_parks": 3,
    "target": 0.83, "close": ("一园",), "objective": "people",
    "isochrones_min": (4.5,), "radii_m": (230.0,),
}  # fmt: skip
UNITS: dict[str, Any] = {
    "cell_m": 223, "by_cells": True, "min_km2": 1.9, "max_km2": 5.3, "target_km2": 3.3,
    "attributes": ("issues_per_km2",), "weights": {"mix_多": 2.5}, "compactness": 0.061, "border_credit": 0.043,
    "n_units": {"甲": 7}, "exclaves": "attach", "snap_m": 1.7, "alternatives": False, "seed": 13, "mend_shapes": False, "prove": True,
    "narrow_m": 300, "bounds": {"issues": {"max": 140}}, "subdistrict_max_units": 2, "apart": (("E0N1", "E1N1"),),
    "from_units": True,
}  # fmt: skip
SCORING: dict[str, Any] = {
    "weights": "ahp", "min_completeness": 0.61, "judgements": {"A": {"B": 2.0}}, "column_units": {"a": "fraction"},
    "indicators": {"a": {"dimension": "A", "weight": 1, "target": 2, "unit": "座"},
                   "b": {"dimension": "B", "weight": 1, "target": 2}},
    "top": 1, "weightings": 150, "concentration": 4.0, "seed": 3, "cards": 1,
}  # fmt: skip
ALLOCATE: dict[str, Any] = {
    "years": (2026, 2027), "this_year": 2025, "by": {2025: 2}, "each_area": 1, "each_year": 2, "number": {2025: 2},
    "total": 3, "each_type": 1, "district_most": 1, "budget": {2024: 100.0}, "worth": "acceptability",
    "overlap_share": 0.6, "alternatives": 0, "within": 0.5,
}  # fmt: skip
SCAN: dict[str, Any] = {
    "scans": ("space",), "classes": ("多",), "cell_m": 330, "radius_max_m": 700, "max_share": 0.03, "shapes": (1.0, 3.0),
    "penalty": 0.0, "against": "land", "model": "poisson", "slices": "week", "longest": 3, "recent": False,
    "replicates": 39, "seed": 5, "alpha": 0.2,
}  # fmt: skip
CLUSTERS: dict[str, Any] = {
    "method": "hdbscan", "eps_m": 130, "min_points": 25, "density_times": 2, "classes": ("多",), "points": True,
}  # fmt: skip
WEAK: dict[str, Any] = {
    "number": 1, "kinds": ("markets",), "exposure": "street_km", "reference": "city", "alpha": 0.6, "min_issues": 40, "min_expected": 9.5,
    "point_buffer_m": 170, "line_buffer_m": 45, "cell_m": 310,
}  # fmt: skip
TRENDS: dict[str, Any] = {
    "by": "quarter", "compare_with": "cube", "window": 4, "classes": ("多",), "cell_m": 530, "band_m": 900,
    "alpha": 0.001, "against": "year_earlier", "batches": "none",
}  # fmt: skip
EFFECT: dict[str, Any] = {
    "at": "2022-10-01", "months": 6, "selecting_months": 3, "controls": "cells", "spill_m": 900, "issue_class": "多",
}  # fmt: skip
SCORECARD: dict[str, Any] = {"year": 2025}
CIRCLE: dict[str, Any] = {
    "minutes": 5, "kinds": {"小": {"layer": "schools", "where": {"kind": "小学"}}}, "site": "markets", "new_sites": 2,
    "capacity": 300,
}  # fmt: skip


def table(*shapes: shapely.Geometry, **columns: Any) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(columns, geometry=list(shapes), crs=4549)


def said(find: Callable[..., Result], *layers: Any, **options: Any) -> dict[str, Any]:
    """Everything that a part finds, or why it refuses."""
    try:
        found = find(*layers, **options)
    except JxgisError as error:
        return {"refused": error.message}
    tables: dict[str, Any] = {name: table.to_csv() for name, table in found.tables().items()}
    if isinstance(found, HotspotsResult):
        tables |= {f"density {name}": raster.per_km2.tobytes() for name, raster in found.densities.items()}
    if isinstance(found, UnitsResult):
        tables["notes"] = found.notes()
    return tables


def hot_town(**options: Any) -> dict[str, Any]:
    """A heap of many issues, a class with a few, one with very few."""
    rng = np.random.default_rng(0)
    xy = rng.uniform(0, 4000, (320, 2))
    xy[:80] = rng.normal(1500, 150, (80, 2))
    issues = table(*shapely.points(xy), issue_class=["多"] * 220 + ["中"] * 80 + ["少"] * 20)
    area = table(shapely.box(0, 0, 4000, 4000), name=["甲"])
    halves = table(shapely.box(0, 0, 2000, 4000), shapely.box(2000, 0, 4000, 4000), kind=["居住", "工业"])
    return said(find_hotspots, issues, area, districts=area, levels={"land_use": halves}, **options)


def park_town(**options: Any) -> dict[str, Any]:
    """Parcels 19.5 m apart, a park 18.5 m from the street, a house 196 m from it; people are not where housing is."""
    box = shapely.box
    lots = [box(0, 0, 60, 60), box(79.5, 0, 140, 60), box(2000, 18.5, 2080, 98), box(600, -80, 760, 0)]
    rows = zip(range(0, 6000, 200), [200, 260, 330] * 10, strict=True)
    homes = [box(x, 100, x + 100, y) for x, y in rows] + [box(2710, 190, 2735, 202)]
    return said(
        measure_parks,
        table(*lots, name=["一园", "一园", "二园", "三园"]),
        table(*homes, people=[900.0, 10.0, 40.0, 10.0, 300.0] * 6 + [70.0]),
        table(box(-100, -100, 3000, 400), box(3000, -100, 6200, 400), name=["西", "东"]),
        streets=table(shapely.LineString([(-50, 0), (6200, 0)])),
        built_up=table(box(0, 100, 6000, 300)),
        **{"new_parks": 2, **options},
    )


def unit_town(**options: Any) -> dict[str, Any]:
    """A district with an exclave, another, and issues; streets or blocks only where what is asked for needs them."""
    box = shapely.box
    rng = np.random.default_rng(0)
    exclave = shapely.MultiPolygon([box(0, 0, 5000, 3800), box(7000, 0, 8200, 1000)])
    districts = table(exclave, box(5000, 0, 7000, 3000), name=["甲", "乙"])
    towns = table(box(0, 0, 2600, 2100), box(2600, 0, 8200, 3800), box(0, 2100, 2600, 3800), name=["东", "中", "西"])
    xy = rng.uniform(0, 5000, (500, 2))
    xy[:200] = rng.normal(1200, 500, (200, 2))
    issues = table(*shapely.points(xy), issue_class=rng.choice(["多", "中"], 500))
    asked = {"cell_m": 250, "alternatives": False, **options}
    return said(propose_units, districts, issues=issues, subdistricts=towns, **asked)


def street_town(**options: Any) -> dict[str, Any]:
    """A district that streets cut into squares."""
    lines = [shapely.LineString([(x, -10), (x, 3010)]) for x in range(600, 4000, 600)]
    lines += [shapely.LineString([(-10, y), (4010, y)]) for y in range(600, 3000, 600)]
    district = table(shapely.box(0, 0, 4000, 3000), name=["甲"])
    return said(propose_units, district, streets=table(*lines), **{"alternatives": False, **options})


def block_town(**options: Any) -> dict[str, Any]:
    """Blocks of one's own, 1.4 m apart."""
    squares = [shapely.box(x + 1.4, y, x + 1000, y + 1000) for x in range(0, 4000, 1000) for y in (0, 1000)]
    district = table(shapely.box(0, 0, 4000, 2000), name=["甲"])
    return said(propose_units, district, blocks=table(*squares), **{"alternatives": False, **options})


def old_town(**options: Any) -> dict[str, Any]:
    """A district whose units of today are not those that would be proposed."""
    units = table(shapely.box(0, 0, 1500, 2000), shapely.box(1500, 0, 4000, 2000), unit_id=["西", "东"])
    district = table(shapely.box(0, 0, 4000, 2000), name=["甲"])
    return said(propose_units, district, units=units, **{"alternatives": False, "from_units": False, **options})


def middle_town(**options: Any) -> dict[str, Any]:
    """A district of more cells than can be enumerated, and few enough for a bound."""
    district = table(shapely.box(0, 0, 5500, 3000), name=["甲"])
    return said(propose_units, district, **{"alternatives": False, "cell_m": 500, **options})


def choice_town(**options: Any) -> dict[str, Any]:
    """Five candidates in two districts; the second and the third overlap by half."""
    box = shapely.box
    shapes = [box(0, 0, 1600, 1600), box(2000, 0, 3600, 1600), box(2800, 0, 4400, 1600), box(6000, 0, 7600, 1600)]
    candidates = table(*shapes, box(8000, 0, 9600, 1600), name=[f"候选{k}" for k in range(5)])
    candidates = candidates.assign(
        score=[90.0, 80, 70, 60, 50], acceptability=[0.1, 0.2, 0.3, 0.4, 0.5], type=["一", "一", "一", "一", "二"],
        cost=[90.0, 60, 50, 40, 30], district=None,
    )  # fmt: skip
    land = table(box(0, 0, 5000, 3000), box(5000, 0, 9999, 3000), name=["甲", "乙"], area=["东", "西"])
    asked = {"years": (2024, 2025, 2026, 2027), "each_year": 1, "total": 4} | options
    if "total" not in options and {"by", "each_area", "each_year"} & options.keys():
        del asked["total"]
    found = allocate_candidates(candidates, districts=land, **asked)
    return {**found.summary(), "section": str(found.section().blocks)}


def told(find: Callable[..., Result], *layers: Any, **options: Any) -> dict[str, Any]:
    """Everything that a part finds and says of it."""
    found = find(*layers, **options)
    section = found.section()
    tables: dict[str, Any] = {name: table.to_csv() for name, table in found.tables().items()}
    return {**tables, "section": str(section.blocks), "keys": str(section.keys)}


def years(n: int) -> gpd.GeoDataFrame:
    """Issues of two classes over three years, with a heap that grows late, one that goes, and one that is always there."""
    rng = np.random.default_rng(0)
    xy, day, k = rng.uniform(0, 4000, (n, 2)), rng.integers(0, 1096, n), n // 8
    xy[:k], day[:k] = rng.normal(1500, 200, (k, 2)), rng.integers(900, 1096, k)
    xy[k : 2 * k] = rng.normal((3000, 1000), (300, 60), (k, 2))
    xy[2 * k : 3 * k], day[2 * k : 3 * k] = rng.normal((600, 3300), 120, (k, 2)), rng.integers(0, 730, k)
    return table(
        *shapely.points(xy.clip(1, 3999)), issue_class=np.where(np.arange(n) % 3 == 0, "中", "多"),
        time=pd.Timestamp("2021-01-01") + pd.to_timedelta(24 * day + rng.integers(0, 24, n), unit="h"),
        source=np.where(np.arange(n) % 2, "热线", "采集员上报"),
    )  # fmt: skip


def halves() -> gpd.GeoDataFrame:
    return table(shapely.box(0, 0, 2000, 4000), shapely.box(2000, 0, 4000, 4000), name=["甲", "乙"])


def squares(side: int) -> gpd.GeoDataFrame:
    at = [(x, y) for x in range(0, 4000, side) for y in range(0, 4000, side)]
    return table(*(shapely.box(x, y, x + side, y + side) for x, y in at), unit_id=[f"u{k}" for k in range(len(at))])


def scan_town(**options: Any) -> dict[str, Any]:
    people = table(shapely.box(0, 0, 4000, 1800), shapely.box(0, 1800, 4000, 4000), people=[9000.0, 1000.0])
    asked = {"shapes": (1.0, 2.0), "replicates": 19, "cell_m": 300, **options}
    return told(jxgis.scan_clusters, years(2000), halves(), exposure=people, **asked)


def cluster_town(**options: Any) -> dict[str, Any]:
    return told(jxgis.find_clusters, years(3000), halves(), **options)


def weak_town(**options: Any) -> dict[str, Any]:
    points = [(1500, 1500), (3000, 1000), (600, 3300), (2500, 2500), (300, 300), (3500, 3500)]
    markets = table(*shapely.points(points), name=[*"abcdef"])
    lanes = table(*(shapely.LineString([(x, 100), (x, 1900)]) for x in (400, 1500, 3000)), name=[*"xyz"])
    streets = table(*(shapely.LineString([(x, 0), (x, 4000)]) for x in (100, 900, 1700, 3900)))
    kinds = {"markets": markets, "back_lanes": lanes}
    return told(jxgis.find_weak_areas, years(3000), halves(), kinds, units=squares(1000), streets=streets, **options)


def trend_town(**options: Any) -> dict[str, Any]:
    """The last half year, before which and a year before which there is something to compare with."""
    issues = years(6000)
    start, end = "2023-07-01", "2024-01-01"
    part = {"history": issues, "start": start, "end": end} if options.keys() & {"against", "batches"} else {}
    shown = issues[issues["time"] >= start] if part else issues
    return told(jxgis.find_trends, shown, halves(), **part, **{"cell_m": 400, **options})


def trend_town_by_window(**options: Any) -> dict[str, Any]:
    return trend_town(**{"compare_with": "window", **options})


def trend_town_of_a_period(**options: Any) -> dict[str, Any]:
    return trend_town(**{"against": "previous", **options})


def effect_town(**options: Any) -> dict[str, Any]:
    treated = table(shapely.box(1000, 1000, 2000, 2000), shapely.box(2600, 600, 3400, 1400), name=["一", "二"])
    asked = {"at": "2022-06-01", "controls": "units", **options}
    return told(jxgis.measure_effect, treated, years(9000), halves(), units=squares(800), **asked)


def plan_town(**options: Any) -> dict[str, Any]:
    home = table(shapely.box(0, 0, 1000, 1000))
    return told(jxgis.measure_scorecard, halves(), issues=years(300), residential=home, **options)


def circle_town(**options: Any) -> dict[str, Any]:
    """One street with two schools and a market, of which a third of the housing is far."""
    homes = table(
        *(shapely.box(x, 20, x + 150, 200) for x in range(0, 4000, 200)),
        people=[100.0 * (1 + k % 3) for k in range(20)],
    )
    facilities = {
        "schools": table(*shapely.points([(500, 5), (2500, 5)]), kind=["小学", "初中"]),
        "markets": table(shapely.Point(900, 5)),
    }
    street = table(shapely.LineString([(0, 0), (4000, 0)]))
    base = {} if "kinds" in options else {"site": "markets", "new_sites": 1, "minutes": 6}
    return told(jxgis.measure_circle, facilities, homes, halves(), street, **{**base, **options})


#: Of the settings of units, those that need another town than the others.
OTHER_TOWNS = {"by_cells": street_town, "snap_m": block_town, "from_units": old_town, "prove": middle_town}
TREND_TOWNS = {
    "window": trend_town_by_window, "against": trend_town_of_a_period, "batches": trend_town_of_a_period,
}  # fmt: skip
CASES = [
    *((hot_town, key, HOTSPOTS[key]) for key in HOTSPOTS),
    *((park_town, key, PARKS[key]) for key in PARKS),
    *((OTHER_TOWNS.get(key, unit_town), key, UNITS[key]) for key in UNITS if key != "alternatives"),
    (unit_town, "alternatives", True),
    *((choice_town, key, ALLOCATE[key]) for key in ALLOCATE),
    *((scan_town, key, SCAN[key]) for key in SCAN),
    *((cluster_town, key, CLUSTERS[key]) for key in CLUSTERS),
    *((weak_town, key, WEAK[key]) for key in WEAK),
    *((TREND_TOWNS.get(key, trend_town), key, TRENDS[key]) for key in TRENDS),
    *((effect_town, key, EFFECT[key]) for key in EFFECT),
    *((plan_town, key, SCORECARD[key]) for key in SCORECARD),
    *((circle_town, key, "schools" if key == "site" else CIRCLE[key]) for key in CIRCLE),
]


@pytest.mark.parametrize(
    ("section", "model", "values"),
    [
        ("hotspots", HotspotSettings, HOTSPOTS),
        ("parks", ParkSettings, PARKS),
        ("units", UnitSettings, UNITS),
        ("scoring", ScoringSettings, SCORING),
        ("allocate", AllocateSettings, ALLOCATE),
        ("scan", ScanSettings, SCAN),
        ("clusters", ClusterSettings, CLUSTERS),
        ("weak", WeakSettings, WEAK),
        ("trends", TrendSettings, TRENDS),
        ("effect", EffectSettings, EFFECT),
        ("scorecard", ScorecardSettings, SCORECARD),
        ("circle", CircleSettings, CIRCLE),
    ],
)
def test_every_setting_has_a_value_here_that_is_not_its_default(section, model, values) -> None:
    assert set(values) == set(model.model_fields), "a new setting is to be given a value here"
    given = model(**values)
    assert all(getattr(given, name) != default for name, default in model())
    assert type(getattr(Settings(), section)) is model


@pytest.fixture(scope="module")
def before() -> Callable[[Callable[..., dict[str, Any]]], dict[str, Any]]:
    """What a town gives without the setting, found once."""
    known: dict[Callable[..., dict[str, Any]], dict[str, Any]] = {}

    def find(town: Callable[..., dict[str, Any]]) -> dict[str, Any]:
        if town not in known:
            known[town] = town()
        return known[town]

    return find


@pytest.mark.slow
@pytest.mark.parametrize(("town", "key", "value"), CASES)
def test_a_setting_alone_changes_what_its_part_finds(before, town, key, value) -> None:
    """In a town that is made to hang on it: what is read and then lost on the way changes nothing."""
    assert town(**{key: value}) != before(town)


def scored(candidates: gpd.GeoDataFrame, layers: Mapping[str, Any], **sections: Any) -> Any:
    return score(given_tables({"candidates": candidates, **layers}, lang="zh", **sections))


@pytest.mark.slow
def test_scoring_gets_its_own_settings_and_those_of_parks_and_units() -> None:
    box = shapely.box
    candidates = table(box(0, 0, 2000, 1000), box(2000, 0, 4000, 1000), candidate_id=["甲", "乙"])
    candidates = candidates.assign(a=[2.0, 1.0], b=[1.0, np.nan])
    found = scored(candidates, {}, scoring=SCORING)
    assert found.indicators[["indicator", "unit"]].to_numpy().tolist() == [["a", "座"], ["b", ""]]
    # A is twice as important as B; half of what there is to know is not enough of it.
    assert found.weights.method == "ahp"
    assert found.weights.shares.tolist() == pytest.approx([2 / 3, 1 / 3])
    assert found.scores["score"].iloc[0] == pytest.approx(100 * 2 / 3 + 50 / 3)
    enough = SCORING["min_completeness"]
    assert found.scores["rank"].notna().tolist() == [True, True]
    assert found.cards().count("<article") == 1
    more = scored(candidates, {}, scoring={**SCORING, "min_completeness": 0.67})
    assert enough < 2 / 3 < 0.67
    assert more.scores["rank"].notna().tolist() == [True, False]
    # 甲 has all of a and half of b, 乙 the reverse: 甲 is first where a weighs more.
    rivals = candidates.assign(a=[0.02, 0.01], b=[1.0, 2.0])  # a is said to be a fraction
    drawn = draw_weightings(found.weights.shares, draws=150, concentration=4.0, seed=3)
    first = (drawn[:, 0] > drawn[:, 1]).mean()
    near = scored(rivals, {}, scoring=SCORING).scores["acceptability"]
    assert near.tolist() == pytest.approx([first, 1 - first])
    for name in ("weightings", "concentration", "seed"):
        options = {key: value for key, value in SCORING.items() if key != name}
        assert scored(rivals, {}, scoring=options).scores["acceptability"].tolist() != near.tolist()
    assert scored(rivals, {}, scoring={**SCORING, "top": 2}).scores["acceptability"].tolist() == [1, 1]

    # The coverage by parks is measured as `jxgis parks` measures it: by its standard, its gap and its land.
    shapes = [box(0, 0, 60, 60), box(79.5, 0, 140, 60), box(1500, 0, 1600, 80), box(2500, 0, 2600, 100)]
    lots = table(*shapes, name=["一园", "一园", "二园", "三园"])
    land, homes = table(box(0, 200, 4000, 400)), table(box(0, 100, 4000, 800))
    layers = {"parks": lots, "built_up": land, "residential": homes}
    asked = {key: PARKS[key] for key in ("standard", "denominator", "merge_gap_m")}
    zones = candidates.assign(name=candidates["candidate_id"])
    seen = set()
    for options in ({}, asked, *({key: value} for key, value in asked.items())):
        own = measure_parks(lots, homes, zones, built_up=land, **options).coverage["coverage"].iloc[:2]
        by_score = scored(candidates, layers, parks=options).scores["park_coverage"]
        assert by_score.to_numpy() == pytest.approx(100 * own.to_numpy())
        seen.add(tuple(own))
    assert len(seen) == 5, "each of the three settings changes the coverage here"

    # A candidate is as large as a unit may be.
    for low, high, gates in ((1.9, 5.3, "pass"), (2.5, 5.3, "fail"), (1, 1.5, "fail")):
        checked = scored(candidates, {}, units={"min_km2": low, "max_km2": high})
        assert set(checked.scores["gates"]) == {gates}, (low, high)


class CaughtError(Exception):
    """What something was called with."""


def catch(monkeypatch: pytest.MonkeyPatch, module: Any, name: str) -> None:
    def stop(*given: Any, **named: Any) -> None:
        raise CaughtError(given, named)

    monkeypatch.setattr(module, name, stop)


def called_with(step: Any, *given: Any) -> dict[str, Any]:
    with pytest.raises(CaughtError) as caught:
        step(*given)
    return dict(caught.value.args[1])


def test_the_target_of_parks_and_the_bounds_of_units_reach_map_figure_and_page(monkeypatch) -> None:
    from jxgis.parks import change_map as parks_change_map
    from jxgis.parks import figures as park_figures
    from jxgis.parks import map as parks_map
    from jxgis.units import figures as unit_figures
    from jxgis.units import map as units_map

    zone = table(shapely.box(0, 0, 2000, 2000), name=["甲"])
    parks, homes = table(shapely.box(0, 0, 100, 100)), table(shapely.box(0, 200, 2000, 300))
    plan = table(shapely.box(1500, 0, 1600, 100))
    measured = measure_parks(parks, homes, zone, planned_parks=plan, target=0.83)
    assert "83 %" in measured.section().keys[0].note
    assert any("83" in str(block) for block in measured.section().blocks)
    for module, name, key in (
        (parks_change_map, "parks_change_map", "parks_change"),
        (parks_map, "parks_map", "parks"),
    ):
        catch(monkeypatch, module, name)
        assert called_with(measured.map, key)["target"] == 0.83
    catch(monkeypatch, park_figures, "coverage_chart")
    assert called_with(measured.figures)["target"] == 0.83

    proposed = propose_units(zone, cell_m=500, min_km2=1.9, max_km2=5.3, alternatives=False)
    assert "1.9" in proposed.section().blocks[0].words
    assert "5.3" in proposed.section().blocks[0].words
    for module, name, step in ((units_map, "units_map", "maps"), (unit_figures, "unit_chart", "figures")):
        catch(monkeypatch, module, name)
        called = called_with(getattr(proposed, step))
        assert (called["options"].min_km2, called["options"].max_km2) == (1.9, 5.3)


def test_sampling_reaches_walking_siting_and_people(monkeypatch) -> None:
    """One spacing of sample points for all that samples housing."""
    from jxgis.parks import housing, people, siting, walking

    used: list[float] = []
    true = housing.sample_points

    def noted(pieces: Any, *, sample_m: float = -1.0, **named: Any) -> Any:
        used.append(sample_m)
        return true(pieces, sample_m=sample_m, **named)

    for module in (siting, people, walking):
        monkeypatch.setattr(module, "sample_points", noted)
    homes = gpd.GeoDataFrame({"people": [100.0]}, geometry=[shapely.box(5000, 0, 5400, 400)], crs=4549)
    zone = gpd.GeoDataFrame({"name": ["东"]}, geometry=[shapely.box(0, -500, 6000, 1000)], crs=4549)
    parks = gpd.GeoDataFrame({"name": ["园"]}, geometry=[shapely.box(0, 0, 200, 200)], crs=4549)
    streets = gpd.GeoDataFrame(geometry=[shapely.LineString([(0, -10), (6000, -10)])], crs=4549)
    measure_parks(parks, homes, zone, streets=streets, sample_m=37.0, new_parks=1)
    assert set(used) == {37.0}
    assert len(used) >= 4


class Recorder:
    """A section of settings that notes which of its fields are read."""

    def __init__(self, section: Any, read: set[str], prefix: str) -> None:
        self.__dict__.update(_section=section, _read=read, _prefix=prefix)

    def __getattr__(self, name: str) -> Any:
        if name in type(self._section).model_fields:
            self._read.add(f"{self._prefix}{name}")
        return getattr(self._section, name)


def test_every_key_of_an_input_layer_is_read(monkeypatch, tmp_path) -> None:
    """What the loader of a layer is called with holds every key of ``[inputs.LAYER]``."""
    given: dict[str, Any] = {
        "path": "issues.csv", "layer": "Sheet2", "crs": "GCJ-02", "encoding": "gbk", "axes": "north_east",
        "name_column": "名", "columns": {"issue_id": "编号"}, "towgs84": (1.0, 2.0, 3.0), "official": True,
        "class_column": "类", "timezone": "Asia/Tokyo", "from": "2023-01-01", "to": "2023-02-01", "status": ("已结案",),
        "source": ("热线",), "drop_status": ("作废",), "drop_points": ((120.5, 30.5),), "keep": ("社区",), "table": "gis.issues", "query": "SELECT 1",
    }  # fmt: skip
    fields = {field.alias or name: name for name, field in IssueInputSettings.model_fields.items()}
    assert set(given) == set(fields), "a new setting is to be given a value here"
    settings = Settings.model_validate(
        {"inputs": {"issues": given, "districts": {"path": "districts.gpkg", "overlap_share": 0.003}}}
    )
    options = _inputs.read_options(settings, "issues")
    used_elsewhere = {"path", "official"}
    for key in set(given) - used_elsewhere:
        assert options[fields[key]] == given[key], key
    assert set(InputSettings.model_fields) - used_elsewhere <= set(options)
    boundaries = _inputs.read_options(settings, "districts")
    assert boundaries["overlap_share"] == 0.003


def test_the_city_and_the_report_are_read(monkeypatch) -> None:
    from jxgis.report import page, workbook
    from jxgis.settings import CitySettings, ReportSettings

    read: set[str] = set()
    outline, classes = "outline.geojson", "classes.csv"
    city = CitySettings(profile="jiaxing", crs="EPSG:4528", outline=outline, issue_classes=classes)
    settings = SimpleNamespace(
        city=Recorder(city, read, "city."), report=Recorder(ReportSettings(title="题"), read, "report."),
        inputs=Settings().inputs, hotspots=HotspotSettings(), parks=ParkSettings(), units=UnitSettings(),
        scoring=ScoringSettings(),
    )  # fmt: skip
    made = _inputs.city_of(settings, has_project=True)
    assert (made.crs, made.outline) == ("EPSG:4528", Path(outline))
    assert set(files_read(settings)) == {outline, classes}
    asked = SimpleNamespace(city=settings.city, inputs=SimpleNamespace(issues=IssueInputSettings(path="x")))
    assert _inputs.read_options(asked, "issues")["class_table"] == classes
    stage = SimpleNamespace(path=lambda name: Path(name), files=list)
    monkeypatch.setattr(workbook, "report_workbook", lambda *given, **named: None)
    monkeypatch.setattr(_pages, "write_document", lambda *given: None)
    catch(monkeypatch, page, "report_page")
    points = table(shapely.Point(9, 9), time=[pd.Timestamp("2023-05-01")])
    given = replace(given_tables({"issues": points}, lang="zh"), settings=settings)
    assert called_with(_pages.write_report, Found(), [], stage, given)["title"] == "题"
    assert read == {f"city.{name}" for name in CitySettings.model_fields} | {
        "report.title",
        "report.min_count",
        "report.template",
    }


def test_a_report_is_written_in_the_language_of_its_settings(monkeypatch, tmp_path) -> None:
    from typer.testing import CliRunner

    from jxgis import run
    from jxgis.cli import app

    spoken: list[str] = []
    monkeypatch.setattr(run, "run_report", lambda *given, lang, **named: spoken.append(lang))
    project = tmp_path / "jxgis.toml"
    project.write_text('[report]\nlang = "en"\n', encoding="utf-8")
    CliRunner().invoke(app, ["report", str(project), "--out", str(tmp_path / "out")])
    assert spoken == ["en"]
