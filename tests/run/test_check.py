"""`jxgis check`: what it says is what is there."""

from __future__ import annotations

import json
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from jxgis.city import load_city
from jxgis.datum import wgs84_to_gcj02
from jxgis.errors import InputError
from jxgis.run.check import check_layer

EAST, NORTH = 572_000.0, 3_402_000.0


@pytest.fixture(scope="module")
def city():
    return load_city("jiaxing")


@pytest.fixture
def issues() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "任务号": [f"T{i}" for i in range(10)],
            "上报时间": ["2023-05-01 08:00:00"] * 9 + ["?"],
            "小类": ["小广告"] * 6 + ["飞线"] * 4,
            "街道": ["甲"] * 5 + ["乙"] * 5,
            "处置部门": ["城管"] * 8 + [None] * 2,
            "X坐标": [EAST + 10.0 * i for i in range(9)] + [0],
            "Y坐标": [NORTH] * 9 + [0],
        }
    )


@pytest.fixture
def halves() -> gpd.GeoDataFrame:
    shapes = [
        shapely.box(EAST - 100, NORTH - 100, EAST + 45, NORTH + 100),
        shapely.box(EAST + 44, NORTH - 100, EAST + 300, NORTH + 100),
    ]
    return gpd.GeoDataFrame({"name": ["甲", "乙"]}, geometry=shapes, crs=4549)


def test_issues(issues, halves, city) -> None:
    checked = check_layer("issues", issues, city=city, subdistricts=halves, crs=4549)
    said = "\n".join(line.zh for line in checked.lines)
    for part in (
        "共 10 行，采用 9 行，剔除 1 行，不计 0 行",
        "剔除：坐标为 0, 0 1 行，例如 (memory) 第 10 行",
        "上报时间：2023-05-01 至 2023-05-01",
        "宣传广告 6、未归类 3",
        "处置部门 11.1 %",
        "记录的街道与落点全部一致（核对 9 件）",
    ):
        assert part in said, part
    assert any(line.en == "Classes: Advertising 6, unclassified 3." for line in checked.lines), checked.lines
    assert checked.summary["rejected"] == {"zero_coordinates": 1}
    assert checked.tables["unclassified"]["count"].tolist() == [3]
    assert json.loads(json.dumps(checked.summary))["rows_kept"] == len(checked.loaded.table) == 9


@pytest.mark.parametrize(
    ("mistyped", "days"), [(["2032-05-01"], "2032-05-01"), (["2005-05-01", "2032-05-01"], "2005-05-01 … 2032-05-01")]
)
def test_a_mistyped_year_is_named_beside_the_period(city, mistyped, days) -> None:
    times = [*pd.date_range("2023-01-01", periods=300).astype(str), *mistyped]
    rows = pd.DataFrame(
        {"上报时间": times, "小类": "飞线", "X坐标": EAST + 10.0 * np.arange(len(times)), "Y坐标": NORTH}
    )
    said = [line.zh for line in check_layer("issues", rows, city=city, crs=4549).lines]
    assert "上报时间：2023-01-01 至 2023-10-27。" in said
    assert f"另有 {len(mistyped)} 件的上报时间远在此之外（{days}），请核对年份是否写错。" in said


@pytest.mark.parametrize(("rows", "share"), [(3000, "< 0.1 %"), (2000, "0.1 %"), (3, "33.3 %")])
def test_a_rare_gap_is_not_written_to_its_last_digit(rows, share) -> None:
    x = EAST + 30.0 * np.arange(rows)
    plots = gpd.GeoDataFrame(
        {"name": ["园", None, *["园"] * (rows - 2)]}, geometry=shapely.box(x, NORTH, x + 20, NORTH + 20), crs=4549
    )
    said = [line.zh for line in check_layer("vacant", plots).lines]
    assert f"有缺失值的列：名称 {share}。" in said


def test_disagreement_is_said(issues, halves, city) -> None:
    checked = check_layer("issues", issues.assign(街道="乙"), city=city, subdistricts=halves, crs=4549)
    assert any("记录的街道与落点不一致：5 件，占可核对的 9 件的 55.6 %" in line.zh for line in checked.lines)
    assert checked.tables["disagreement"]["issue_id"].tolist() == ["T0", "T1", "T2", "T3", "T4"]


def test_the_recorded_area_is_compared_with_the_districts(issues, halves, city) -> None:
    districts = halves.assign(area=["南湖区", "经开区"])
    checked = check_layer("issues", issues.assign(所属区="南湖区"), city=city, districts=districts, crs=4549)
    assert any("记录的所属区" in line.zh and "4 件" in line.zh for line in checked.lines)
    listed = checked.tables["disagreement"]
    assert set(listed["field"]) == {"recorded_district"}
    assert listed["away_m"].max() == pytest.approx(35)


def test_boundaries(halves, city) -> None:
    checked = check_layer("districts", halves, city=city)
    assert checked.tables["flaws"]["m2"].tolist() == pytest.approx([200])
    said = "\n".join(line.en for line in checked.lines)
    assert "2 polygons, 0.08 km² in all; the smallest 0.029 km² (甲), the largest 0.051 km² (乙)" in said
    assert "overlaps 1 (200 m²)" in said
    assert "the largest: 甲, 乙 200 m²" in said


def test_streets(city) -> None:
    line = gpd.GeoDataFrame(geometry=[shapely.LineString([(EAST, NORTH), (EAST + 1500, NORTH)])], crs=4549)
    said = [text.en for text in check_layer("streets", line, city=city).lines]
    assert "1 line, 1.5 km in all." in said
    assert (
        'Columns that are not there, or without any value: Name, "Level (bridge 1, tunnel −1)", Class of road.' in said
    )


def test_an_unknown_layer_names_the_nearest() -> None:
    with pytest.raises(InputError, match="是否为 parks"):
        check_layer("park", "x.gpkg")


def test_no_row_kept_is_an_error(issues, city) -> None:
    with pytest.raises(InputError, match="坐标为 0, 0 10 行"):
        check_layer("issues", issues.assign(X坐标=0, Y坐标=0), city=city, crs=4549)


@pytest.mark.parametrize(("declared", "says"), [("GCJ-02", "读取与道路吻合"), ("WGS-84", "请核对坐标基准")])
def test_the_declared_datum_is_compared_with_streets(city, declared: str, says: str) -> None:
    rng = np.random.default_rng(1)
    x, y = EAST + np.cumsum(rng.uniform(150, 450, 12)), NORTH + np.cumsum(rng.uniform(150, 450, 12))
    lines = [shapely.LineString([(a, y[0]), (a, y[-1])]) for a in x]
    lines += [shapely.LineString([(x[0], b), (x[-1], b)]) for b in y]
    streets = gpd.GeoDataFrame(geometry=lines, crs=4549)
    along = shapely.line_interpolate_point(np.array(lines)[rng.integers(0, 24, 300)], rng.random(300), normalized=True)
    degrees = gpd.GeoSeries(along, crs=4549).to_crs(4326)
    lon, lat = wgs84_to_gcj02(degrees.x, degrees.y)
    checked = check_layer("issues", pd.DataFrame({"lon": lon, "lat": lat}), city=city, streets=streets, crs=declared)
    (line,) = [text.zh for text in checked.lines if "坐标基准" in text.zh]
    assert says in line
    assert "GCJ-02 0 m" in line
    # Points that have nothing to do with the streets: the medians, however they fall, are not called evidence.
    spots = gpd.GeoSeries.from_xy(rng.uniform(x[0], x[-1], 60), rng.uniform(y[0], y[-1], 60), crs=4549).to_crs(4326)
    anywhere = pd.DataFrame({"lon": spots.x, "lat": spots.y})
    checked = check_layer("issues", anywhere, city=city, streets=streets, crs=declared)
    (line,) = [text for text in checked.lines if "坐标基准" in text.zh]
    assert f"无法判断声明的 {declared} 是否正确。取 60 个点" in line.zh
    assert "cannot be told" in line.en


def test_subdistricts_that_the_crosswalk_does_not_know_are_kept_and_named(city) -> None:
    towns = gpd.GeoDataFrame(
        {"name": ["甲街道", "乙镇"]},
        geometry=[shapely.box(572_000 + 1000 * k, 3_402_000, 573_000 + 1000 * k, 3_403_000) for k in range(2)],
        crs=4549,
    )
    found = check_layer("subdistricts", towns, city=city)
    assert found.loaded.table["name"].tolist() == ["甲街道", "乙镇"]
    (line,) = [line.zh for line in found.lines if "对应表" in line.zh]
    assert "甲街道、乙镇" in line
    # One known name is enough to make districts; the other one is named as left over.
    known = city.crosswalk["subdistrict"].iloc[0]
    found = check_layer("subdistricts", towns.assign(name=[known, "乙镇"]), city=city)
    assert [line for line in found.lines if "乙镇" in line.zh and "不属于任何片区" in line.zh]


def test_the_distortion_of_the_crs_is_said_where_it_passes_a_thousandth(city) -> None:
    box = shapely.box(122.9, 30.7, 122.95, 30.75)
    edge = gpd.GeoDataFrame({"name": ["东"]}, geometry=[box], crs=4490).to_crs(4549)
    (line,) = [line.zh for line in check_layer("districts", edge).lines if "变形" in line.zh]
    true_m2 = abs(edge.crs.get_geod().geometry_area_perimeter(box)[0])
    # Greatest at the eastern edge, the mean of the box a little less.
    assert edge.area.item() / true_m2 - 1 == pytest.approx(0.00196, abs=5e-5)
    assert "面积最多偏大 0.2%" in line
    middle = edge.translate(xoff=-250_000).to_frame("geometry").assign(name="中")
    assert not [line for line in check_layer("districts", middle).lines if "变形" in line.zh]


def test_a_tiny_polygon_without_a_name_is_written_out() -> None:
    parks = gpd.GeoDataFrame(
        {"name": ["南湖", None]},
        geometry=[
            shapely.box(572_000, 3_402_000, 573_000, 3_403_000),
            shapely.box(574_000, 3_402_000, 574_007, 3_402_007),
        ],
        crs=4549,
    )
    lines = [line.zh for line in check_layer("parks", parks).lines]
    assert "2 个面，共 1.00 km²，最小 0.000049 km²（未命名），最大 1.00 km²（南湖）。" in lines


def test_small_counts_of_categories_stand_as_ranges(tmp_path: Path) -> None:
    import openpyxl

    from jxgis.output import staged
    from jxgis.run.check_command import write_lists

    left = pd.DataFrame(
        {"tree": "", "main_type": "", "sub_type": list("abcd"), "count": [9, 5, 2, 0], "issue_class": ""}
    )
    with staged(tmp_path / "out", command="check") as stage:
        write_lists(stage, unclassified=left, disagreement=None, classes=["甲"], min_count=3)
        book = openpyxl.load_workbook(stage.path("unclassified.xlsx"))
    # Of nine, five and one or two the total is known: the five goes with the two.
    assert [row[3].value for row in book.worksheets[0].iter_rows(min_row=2)] == [9, "—", "1–2", 0]


def test_a_number_is_not_told_as_the_name_of_a_polygon() -> None:
    squares = [shapely.box(572_000, 3_402_000, 572_400, 3_402_500), shapely.box(573_000, 3_402_000, 573_200, 3_402_500)]
    lots = gpd.GeoDataFrame({"常住人口": [694, 12]}, geometry=squares, crs=4549)
    lines = [line.zh for line in check_layer("residential", lots).lines]
    assert "2 个面，共 0.30 km²，最小 0.10 km²（未命名），最大 0.20 km²（未命名）。" in lines
