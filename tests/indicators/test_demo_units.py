"""Proposed units of the schematic city: `jxgis score` on units.gpkg as it stands, ten of them against plain geopandas."""

import subprocess
import sys
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from jxgis.city import load_city
from jxgis.load import load_layer
from jxgis.scoring.indicators import load_registry

DATA = Path(__file__).parents[2] / "data"
# The plan's footnote 2, as it stands there.
GREENING = [
    "绿地",
    "古树古木",
    "行道树",
    "独立树",
    "护树设施",
    "花架花钵",
    "绿地护栏",
    "绿地附属设施",
    "喷泉",
    "绿化平侧石",
    "水上景观绿化",
    "绿地脏乱",
    "绿化弃料",
    "病虫害",
    "非法伐树",
    "绿化积尘",
]


def jxgis(*arguments):
    subprocess.run([sys.executable, "-m", "jxgis", *map(str, arguments)], check=True, capture_output=True)


pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The units that jxgis proposes, and their scores."""
    root = tmp_path_factory.mktemp("units")
    project = DATA / "jxgis.toml"
    jxgis("units", "--project", project, "--set", "units.alternatives=false", "--out", root / "units")
    jxgis("score", "--project", project, "--candidates", root / "units/units.gpkg", "--out", root / "score")
    return root / "score"


@pytest.fixture(scope="module")
def scores(folder):
    return gpd.read_file(folder / "scores.gpkg", layer="scores")


@pytest.fixture(scope="module")
def figures(folder):
    sheets = pd.read_excel(folder / "scores.xlsx", sheet_name=None, engine="calamine")
    return sheets["逐项计算"]


def layer(name):
    path = next(
        path for path in (DATA / f"layers/plan/{name}.geojson", DATA / f"layers/{name}.geojson") if path.is_file()
    )
    return gpd.read_file(path).to_crs(4549)


def test_every_unit_has_each_indicator_or_the_reason_why_not(scores, figures):
    ids = [indicator.id for indicator in load_registry().indicators]
    assert len(figures) == len(ids) * len(scores)
    assert len(scores) > 100
    without = figures[figures["采用值"].isna()]
    assert without["原因"].notna().all()
    # None is missing for want of a layer, a column or a measure, and none is brought: units have no figures of their own.
    assert set(figures["采用"]) == {"由图层计算", "无"}
    assert not [column for column in scores.columns if column.endswith("_measured")]
    assert set(without["原因"]) <= {
        "没有居住用地", "没有人口或其他暴露量，无法计算比率", "问题太少，比率没有意义", "没有应计的问题", "其中没有这类要素", "点位太少",
        "其中没有道路", "其中没有参与判断的格", "问题太少，不予显示", "人口（或面积）太少，按全市水平也没有几件问题，无法比较",
    }  # fmt: skip
    ranked = scores["rank"].notna()
    assert (ranked == ((scores["completeness"] >= 0.7 - 1e-9) & (scores["gates"] != "fail"))).all()
    assert ranked.mean() > 0.6  # of fields with a handful of residents and cases too little is known
    assert scores.loc[~ranked, "reason"].notna().all()


def test_not_every_case_of_greening_is_solved(scores):
    assert 90 < scores["solved_rate"].mean() < 99
    assert scores["solved_rate"].nunique() > 5


def test_ten_units_against_plain_geopandas(scores):
    rng = np.random.default_rng(3)
    some = scores.iloc[rng.choice(len(scores), 10, replace=False)].set_index("candidate_id")
    issues = load_layer("issues", DATA / "issues/*.zip", city=load_city(), crs="GCJ-02").table
    now = max(issues["time"].max(), issues["closed"].max())
    due = issues[issues["deadline"] <= now]
    greening = issues[issues["sub_type"].isin(GREENING)]
    toilets, heritage, poi, roads = (layer(name) for name in ("toilets", "heritage", "poi", "roads"))
    streets, shaded, model = (layer(name) for name in ("streets", "shaded_streets", "model_streets"))
    style, future, design, land = (layer(n) for n in ("style_areas", "future_communities", "design_areas", "land_plan"))
    parks, waters = layer("parks"), layer("waters")
    main_roads = roads[roads["road_class"].isin(["主干路", "次干路"])]

    homes, whole_city = (
        layer("residential"),
        gpd.read_file(DATA / "boundaries/districts.geojson").to_crs(4549).union_all(),
    )

    def residents(place):
        return (homes.intersection(place).area / homes.area * homes["people"]).sum()

    rate = issues.intersects(whole_city).sum() / residents(whole_city)

    def inside(points, unit):
        return (
            points[[unit.intersects(point) for point in points.geometry]]
            if len(points) < 5000
            else points[points.within(unit) | points.touches(unit)]
        )

    def share(unit, *layers):
        cover = shapely.union_all([shape for table in layers for shape in table.geometry if shape.intersects(unit)])
        return 100 * unit.intersection(cover).area / unit.area

    def km(lines, unit):
        """A street beside the border by half a metre at most is on it; one that crosses it ends there."""
        total, wide = 0.0, unit.buffer(0.5, join_style="mitre", mitre_limit=2.0)
        for line in lines.geometry:
            inside, near = line.intersection(unit).length, line.intersection(wide).length
            total += near if near - inside > 2.5 else inside
        return total / 1e3

    for name, row in some.iterrows():
        unit, km2 = row.geometry, row.geometry.area / 1e6
        assert row["compactness"] == pytest.approx(4 * np.pi * unit.area / unit.length**2), name
        assert row["hull_ratio"] == pytest.approx(unit.area / unit.convex_hull.area), name
        assert row["toilets_per_km2"] == pytest.approx(len(inside(toilets, unit)) / km2), name
        assert row["heritage_per_km2"] == pytest.approx(len(inside(heritage, unit)) / km2), name
        assert row["style_percent"] == pytest.approx(share(unit, style), abs=1e-6), name
        assert row["plan_overlap"] == pytest.approx(share(unit, future, design), abs=1e-6), name
        assert row["built_percent"] == pytest.approx(share(unit, land), abs=1e-6), name
        assert row["blue_green_percent"] == pytest.approx(share(unit, parks, waters), abs=1e-6), name
        assert row["model_street_km"] == pytest.approx(km(model, unit), abs=1e-9), name
        whole = km(streets, unit)
        if whole > 0:
            assert row["shaded_streets"] == pytest.approx(100 * km(shaded, unit) / whole, rel=1e-6), name
        whole = km(main_roads, unit)
        if whole > 0:
            good = main_roads[main_roads["condition"].isin(["优", "良"])]
            assert row["road_condition"] == pytest.approx(100 * km(good, unit) / whole, rel=1e-9), name
        counted = inside(poi, unit)["kind"].value_counts(normalize=True)
        if len(inside(poi, unit)) >= 10:
            mix = -(counted * np.log(counted)).sum() / np.log(poi["kind"].nunique())
            assert row["poi_mix"] == pytest.approx(mix), name
        else:
            assert np.isnan(row["poi_mix"]), name
        mine, of_green, every = inside(due, unit), inside(greening, unit), inside(issues, unit)
        assert row["issues"] == len(every), name
        people = residents(unit)
        if people * rate >= 5:
            assert row["issue_density"] == pytest.approx(len(every) / people / rate), name
        else:
            assert np.isnan(row["issue_density"]), name
        if len(mine) >= 30:
            assert row["on_time_rate"] == pytest.approx(100 * (mine["closed"] <= mine["deadline"]).mean()), name
            assert row["rework_rate"] == pytest.approx(100 * (mine["rework"] > 0).mean()), name
        else:
            assert np.isnan(row[["on_time_rate", "rework_rate"]].astype(float)).all(), name
        if len(of_green) >= 30:
            assert row["solved_rate"] == pytest.approx(100 * of_green["closed"].notna().mean()), name
        if every["department"].notna().sum() >= 30:
            shares = every["department"].value_counts(normalize=True)
            assert row["body_concentration"] == pytest.approx((shares**2).sum()), name
