"""One line of reasoning, from the deficit to the sites to what is left, against areas measured by shapely."""

from __future__ import annotations

import re

import geopandas as gpd
import pandas as pd
import pytest
import shapely

import jxgis
from jxgis.parks.answers import park_answers

EAST, NORTH = 572_000, 3_402_000


def frame(boxes: dict[str, tuple[float, float, float, float]]) -> gpd.GeoDataFrame:
    shapes = [shapely.box(EAST + w, NORTH + s, EAST + e, NORTH + n) for w, s, e, n in boxes.values()]
    return gpd.GeoDataFrame({"name": list(boxes)}, geometry=shapes, crs=4549)


@pytest.fixture(scope="module")
def parks():
    districts = frame({"西片": (0, 0, 3000, 3000), "东片": (3000, 0, 6000, 3000)})
    housing = frame({"甲": (200, 200, 1200, 1200), "乙": (4800, 200, 5600, 1200)})
    park = frame({"园": (1200, 200, 1300, 300)})
    vacant = frame({"地块": (4600, 600, 4690, 690)})
    return jxgis.measure_parks(park, housing, districts, vacant=vacant, new_parks=1)


def test_hectares_are_those_that_are_measured(parks):
    own = parks.coverage[(parks.coverage["zone"] == "all") & (parks.coverage["method"] == "radius")].iloc[0]
    park = shapely.box(EAST + 1200, NORTH + 200, EAST + 1300, NORTH + 300).buffer(500, quad_segs=32)
    plot = shapely.box(EAST + 4600, NORTH + 600, EAST + 4690, NORTH + 690).buffer(500, quad_segs=32)
    homes = [shapely.box(EAST + w, NORTH + 200, EAST + e, NORTH + 1200) for w, e in ((200, 1200), (4800, 5600))]
    before = sum(home.intersection(park).area for home in homes)
    after = sum(home.intersection(park.union(plot)).area for home in homes)
    total = sum(home.area for home in homes)
    assert own["coverage"] == pytest.approx(before / total, rel=1e-3), "a circle of 128 corners"
    first, second = park_answers(parks.section().sheets, 0.9, "zh")
    assert f"覆盖率 {100 * before / total:.1f} %" in first.words
    assert f"未覆盖居住用地 {(total - before) / 1e4:.0f} 公顷" in first.words
    assert f"由 {100 * before / total:.1f} % 升到 {100 * after / total:.1f} %" in second.words
    assert "东片 1 处" in second.words


def test_people_that_a_pocket_park_and_a_counted_site_serve_are_told_once():
    """The pocket park serves most, and comes first: of the counted site stood its hectares, and the people left to it."""
    districts = frame({"东": (0, 0, 3000, 9900)})
    homes = frame({"密": (0, 0, 900, 100), "疏": (900, 0, 3000, 100)}).assign(people=[5000.0, 500.0])
    vacant = frame({"小": (440, 100, 460, 120), "大": (900, 100, 1000, 200)})
    found = jxgis.measure_parks(
        frame({"园": (0, 9000, 100, 9100)}), homes, districts, vacant=vacant, new_parks=2, objective="people"
    )
    words = park_answers(found.section().sheets, 0.9, "zh")[1].words
    plots = [shapely.buffer(vacant.geometry[at], radius) for at, radius in ((1, 500), (0, 300))]
    large, both = (homes.intersection(shape).area for shape in (plots[0], plots[0].union(plots[1])))
    assert found.sites["name"].tolist() == ["小", "大"]
    assert f"新增覆盖居住用地 {large.sum() / 1e4:.1f} 公顷，全域" in words
    assert f"（另新增覆盖居住用地 {(both - large).sum() / 1e4:.1f} 公顷）" in words
    told = float(words.split("全部 2 处共新增覆盖约 ")[1].split(" 人")[0].replace(",", ""))
    assert told == pytest.approx((homes["people"] * both / homes.area).sum(), rel=0.02)


def test_what_a_plan_serves_is_no_gain_of_the_sites():
    districts, homes = frame({"东": (0, 0, 6000, 3000)}), frame({"甲": (0, 0, 6000, 100)})
    park, planned = frame({"园": (0, 0, 100, 100)}), frame({"划": (3000, 0, 3100, 100)})
    vacant = frame({"地块": (5900, 0, 6000, 100)})
    found = jxgis.measure_parks(park, homes, districts, vacant=vacant, planned_parks=planned, new_parks=1)
    words = park_answers(found.section().sheets, 0.9, "zh", planned=1700 / 6000)[1].words
    assert words == found.section().answers[1].words
    # 600 m of the street by the plot, 1,100 m by the plan's park, 600 m by today's.
    assert (
        "建议 1 处（东 1 处），新增覆盖居住用地 6.0 公顷，全域服务半径覆盖率由方案实施后的 28.3 % 升到 38.3 %" in words
    )


def test_a_target_just_missed_is_not_called_a_gap_of_nothing():
    rows = {
        "zone": ["甲", "all"],
        "method": "radius",
        "coverage": [0.8996] * 2,
        "residential_m2": 1e6,
        "served_m2": 8.996e5,
    }
    words = park_answers({"coverage": pd.DataFrame(rows)}, 0.9, "zh")[0].words
    assert "89.96 %" in words
    assert "差 0.04 个百分点" in words


def test_of_forty_zones_short_of_the_target_the_five_worst_are_named():
    """A dozen are named, the districts of Jiaxing; more would be a page of names."""
    for n, named in ((12, 12), (40, 5)):
        shares = [k / 100 for k in range(n, 0, -1)]
        table = pd.DataFrame(
            {
                "zone": [f"Z{k:02d}" for k in range(n)] + ["all"],
                "method": "radius",
                "coverage": [*shares, 0.1],
                "residential_m2": 1e6,
                "served_m2": 1e5,
            }
        )
        words = park_answers({"coverage": table}, 0.9, "zh")[0].words
        said = re.findall(r"Z\d\d（(\d+)\.0 %）", words)
        assert said == [str(k) for k in range(1, named + 1)]
        assert ("等 40 个片区" in words) == (n == 40)


def test_without_any_coverage_nothing_is_answered():
    rows = {"zone": ["all"], "method": "radius", "coverage": [float("nan")], "residential_m2": 0.0, "served_m2": 0.0}
    assert park_answers({"coverage": pd.DataFrame(rows)}, 0.9, "zh") == []
