"""Places and departments side by side, against sums made by hand over the issues themselves."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from jxgis.given import given_tables
from jxgis.run.overview import overview


@pytest.fixture(scope="module")
def given():
    rng = np.random.default_rng(11)
    n = 600
    xy = rng.uniform(0, 3000, (n, 2)) + np.array([572_000, 3_402_000])
    time = pd.Timestamp("2023-01-01") + pd.to_timedelta(rng.integers(0, 300, n), unit="D")
    issues = gpd.GeoDataFrame(
        {
            "issue_id": [f"a{k}" for k in range(n)],
            "time": time,
            "issue_class": "市容环境",
            "department": rng.choice(["甲所", "乙队", None], n, p=[0.6, 0.395, 0.005]),
            "deadline": time + pd.to_timedelta(rng.integers(1, 30, n), unit="D"),
            "closed": (time + pd.to_timedelta(rng.integers(1, 40, n), unit="D")).where(rng.random(n) < 0.9),
            "rework": rng.integers(0, 2, n),
        },
        geometry=gpd.points_from_xy(*xy.T),
        crs=4549,
    )
    east, north = 572_000, 3_402_000
    districts = gpd.GeoDataFrame(
        {"name": ["一片", "二片", "三片"], "area": ["南区", "北区", "北区"]},
        geometry=[shapely.box(east + 1000 * k, north, east + 1000 * (k + 1), north + 3000) for k in range(3)],
        crs=4549,
    )
    return given_tables({"districts": districts, "issues": issues}, lang="zh")


def made(given, results=None):
    return overview(results or {}, given)


def column(block, title):
    at = block.titles.index(title)
    return {row[0]: row[at] for row in block.rows}


def test_each_place_has_the_rate_of_its_own_cases(given):
    block = made(given)[0]
    issues, districts = given.need("issues"), given.need("districts")
    now = max(issues["time"].max(), issues["closed"].max())
    due = issues[issues["deadline"] <= now]
    in_time = due["closed"] <= due["deadline"]
    groups = {"全域": districts, "南区": districts.iloc[:1], "北区": districts.iloc[1:]}
    groups |= {name: districts[districts["name"] == name] for name in districts["name"]}
    assert [row[0] for row in block.rows] == list(groups)
    assert block.strong == {0, 1, 2}, "the whole and the areas"
    for name, zones in groups.items():
        inside = due.intersects(zones.union_all())
        assert column(block, "按期结案率")[name] == f"{100 * in_time[inside].mean():.1f} %"
        first = issues[issues.intersects(zones.union_all())]["department"].value_counts().index[0]
        assert column(block, "主要处置部门")[name] == first


def test_departments_add_up_and_few_are_hidden(given):
    block = next(b for b in made(given) if getattr(b, "heading", "") == "由谁处置")
    number = given.need("issues")["department"].value_counts(dropna=False)
    said = column(block, "问题数（件）")
    assert said["甲所"] == str(number["甲所"])
    assert 0 < number.iloc[-1] < 3, "the fixture has an issue or two of nobody"
    assert said["—"] == "1–2"
    assert said["乙队"] == "—", "it would tell those of nobody, since all are known"


def test_departments_count_what_the_table_of_places_counts(given):
    """Issues beyond the districts count for nobody: the rates are those of the whole in the table above."""
    west = given.need("districts").iloc[:1]
    issues = given.need("issues")
    inside = issues[issues.intersects(west.union_all())]
    assert 0 < len(inside) < len(issues)
    block = next(
        b
        for b in made(given_tables({"districts": west, "issues": issues}, lang="zh"))
        if getattr(b, "heading", "") == "由谁处置"
    )
    assert column(block, "问题数（件）")["甲所"] == str((inside["department"] == "甲所").sum())
    assert column(block, "占问题比例")["甲所"] == f"{(inside['department'] == '甲所').mean():.1%}".replace("%", " %")


def test_a_handful_has_no_rate(given):
    few = replace(given, layers={**given.layers, "issues": given.need("issues").iloc[:40]})
    shown = column(made(few)[0], "按期结案率")
    assert shown["南区"] == "—"


def test_coverage_of_an_area_is_housing_served_over_housing(given):
    coverage = pd.DataFrame(
        {
            "zone": ["一片", "二片", "三片", "all"],
            "method": "radius",
            "residential_m2": [100.0, 300.0, 0.0, 400.0],
            "served_m2": [50.0, 270.0, 0.0, 320.0],
        }
    )
    block = made(given, {"parks": SimpleNamespace(tables=lambda: {"coverage": coverage})})[0]
    assert column(block, "服务半径覆盖率") == {
        "全域": "80.0 %", "南区": "50.0 %", "北区": "90.0 %", "一片": "50.0 %", "二片": "90.0 %", "三片": "—",
    }  # fmt: skip


def test_an_area_shows_no_sum_where_a_district_of_it_is_hidden(given):
    zones = pd.DataFrame(
        {
            "zone": ["一片", "二片", "三片"],
            "level": "district",
            "issue_class": "all",
            "count": pd.Series([200, "1–2", None], dtype=object),
            "area_km2": 3.0,
            "share_hot": 0.0,
        }
    )
    cells = pd.DataFrame({"issue_class": ["all"], "count": [200]})
    hot = SimpleNamespace(shown_tables=lambda: {"zones": zones}, tables=lambda: {"cells": cells})
    block = made(given, {"hotspots": hot})[0]
    rates = column(block, "按期结案率")
    assert {zone for zone, rate in rates.items() if rate == "—"} == {"北区", "二片", "三片"}, (
        "they would tell what is hidden"
    )
    counts = column(block, "问题数（件）")
    assert counts == {"全域": "—", "南区": "200", "北区": "—", "一片": "200", "二片": "1–2", "三片": "—"}


def test_without_districts_nothing_is_said(given):
    assert made(replace(given, layers={"issues": given.need("issues")})) == []
