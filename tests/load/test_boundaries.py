"""Sub-districts and districts: repaired, merged, dissolved, and their flaws measured."""

from __future__ import annotations

import dataclasses

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from jxgis.errors import CrsError, InputError
from jxgis.load import (
    boundary_flaws,
    dissolve_districts,
    load_districts,
    load_outline,
    load_subdistricts,
)
from jxgis.load.overlaps import overlap_notes, snap_overlaps

E, N = 570_000.0, 3_400_000.0


def boxes(names: list[str], sides: list[tuple[float, float, float, float]], **more: object) -> gpd.GeoDataFrame:
    shapes = [shapely.box(E + a, N + b, E + c, N + d) for a, b, c, d in sides]
    return gpd.GeoDataFrame({"name": names, **more}, geometry=shapes, crs=4549)


@pytest.fixture
def town(city) -> gpd.GeoDataFrame:
    """The sixteen sub-districts of the crosswalk as squares of 1 km², and one that belongs nowhere."""
    names = [*city.crosswalk["subdistrict"], "凤桥镇"]
    return boxes(names, [(1000 * i, 0, 1000 * (i + 1), 1000) for i in range(len(names))])


@pytest.mark.parametrize("column", ["name", "NAME", "名称", "街道名称", "XZQMC", "XZJDMC"])
def test_names_are_found_by_alias(town, city, column: str) -> None:
    loaded = load_subdistricts(town.rename(columns={"name": column}), city=city)
    assert loaded.table["name"].tolist() == town["name"].tolist()
    assert loaded.table.crs.to_epsg() == 4549


def test_names_in_another_column(town, city) -> None:
    odd = town.rename(columns={"name": "jd"})
    assert len(load_subdistricts(odd, city=city, name_column="jd").table) == 17
    assert len(load_subdistricts(odd, city=city, columns={"name": "jd"}).table) == 17
    with pytest.raises(InputError, match="name_column"):
        load_subdistricts(odd, city=city)
    with pytest.raises(InputError, match="是否为 jd"):
        load_subdistricts(odd, city=city, name_column="jds")


def test_rows_without_name_or_shape_are_rejected(town, city) -> None:
    town.loc[0, "name"] = " "
    town.loc[1, "geometry"] = None
    town.loc[2, "geometry"] = shapely.Polygon()
    town.loc[3, "geometry"] = shapely.LineString([(E, N), (E + 9, N)])
    town.loc[4, "geometry"] = shapely.Polygon([(E, N), (E + 9, N), (E, N)])
    town.loc[5, "geometry"] = shapely.box(E + 1e6, N, E + 1e6 + 9, N + 9)
    loaded = load_subdistricts(town, city=city)
    assert loaded.rejects[["row", "reason"]].to_numpy().tolist() == [
        [1, "missing_value"],
        [2, "no_geometry"],
        [3, "empty_geometry"],
        [4, "wrong_geometry"],
        [5, "no_size"],
        [6, "outside_box"],
    ]
    (source,) = loaded.sources
    assert (source.rows_in, source.rows_kept, source.rows_rejected) == (17, 11, 6)


def test_a_ring_outside_its_shell_is_kept_and_said(town, city) -> None:
    shell = [(E, N), (E + 1000, N), (E + 1000, N + 1000), (E, N + 1000)]
    hole = [(E + 100, N + 2000), (E + 600, N + 2000), (E + 600, N + 2500), (E + 100, N + 2500)]
    town.loc[0, "geometry"] = shapely.Polygon(shell, [hole])
    loaded = load_subdistricts(town, city=city)
    assert loaded.table.area.iloc[0] == pytest.approx(1.25e6)
    assert any("建设街道 (0.75 → 1.25 km²)" in note.zh for note in loaded.notes)
    assert loaded.table.is_valid.all()


def test_a_bow_tie_keeps_both_its_halves(town, city) -> None:
    town.loc[0, "geometry"] = shapely.Polygon([(E, N), (E + 1000, N + 1000), (E + 1000, N), (E, N + 1000)])
    assert load_subdistricts(town, city=city).table.area.iloc[0] == pytest.approx(0.5e6)


def test_parts_of_other_kinds_are_dropped_and_said(town, city) -> None:
    box = shapely.box(E, N, E + 1000, N + 1000)
    town.loc[0, "geometry"] = shapely.GeometryCollection([box, shapely.LineString([(E, N), (E - 50, N)])])
    loaded = load_subdistricts(town, city=city)
    assert loaded.table.area.iloc[0] == pytest.approx(1e6)
    assert any("其他类型" in note.zh for note in loaded.notes)


def test_rows_of_one_name_become_one_place(town, city) -> None:
    exclave = boxes(["建设街道"], [(0, 3000, 500, 3500)])
    loaded = load_subdistricts(pd.concat([town, exclave], ignore_index=True), city=city)
    assert len(loaded.table) == 17
    assert loaded.table.set_index("name").area["建设街道"] == pytest.approx(1.25e6)
    assert loaded.sources[0].rows_kept == 18
    assert any("建设街道 (2)" in note.zh for note in loaded.notes)
    two = pd.concat([town, exclave], ignore_index=True).assign(code=[str(i) for i in range(18)])
    with pytest.raises(InputError, match="建设街道"):
        load_subdistricts(two, city=city)


def test_codes_stay_text(town, city, write) -> None:
    path = write("a.gpkg", town.assign(代码=np.arange(330402007, 330402024, dtype=float)))
    assert load_subdistricts(path, city=city).table["code"].tolist()[:2] == ["330402007", "330402008"]


@pytest.mark.parametrize("crs", [4490, 4326, 4528, 32651])
def test_any_crs_comes_to_the_metric_one(town, city, write, crs: int) -> None:
    loaded = load_subdistricts(write("a.gpkg", town.to_crs(crs)), city=city)
    assert loaded.table.geometry.distance(town.geometry).max() < 1e-3
    assert loaded.table.area.to_numpy() == pytest.approx(1e6, rel=1e-6)


def test_gcj02_polygons_are_shifted_back(town, city) -> None:
    from jxgis.datum import wgs84_to_gcj02

    degrees = town.to_crs(4326)
    shifted = degrees.set_geometry(
        shapely.transform(degrees.geometry.array, lambda xy: np.column_stack(wgs84_to_gcj02(xy[:, 0], xy[:, 1])))
    ).set_crs(4326, allow_override=True)
    loaded = load_subdistricts(shifted, city=city, crs="GCJ-02")
    assert loaded.table.geometry.hausdorff_distance(town.geometry).max() < 1e-3


def test_polygons_with_height_are_flattened(town, city) -> None:
    town.geometry = shapely.force_3d(town.geometry.array, 12.0)
    assert not load_subdistricts(town, city=city).table.has_z.any()


@pytest.mark.parametrize(
    ("crs", "options", "says"),
    [
        (None, {}, "没有坐标系"),
        (4549, {"crs": 4490}, "EPSG:4549"),
        (4490, {"crs": 4549}, "EPSG:4490"),
        (4528, {"crs": 4549}, "EPSG:4528"),
        (4549, {"crs": 4528}, "EPSG:4549"),
        (4549, {"crs": 4610}, "towgs84"),
    ],
)
def test_a_wrong_crs_is_refused(town, city, crs, options, says: str) -> None:
    table = town if crs is None else town.to_crs(crs)
    if crs is None:
        table = table.set_crs(None, allow_override=True)
    with pytest.raises(CrsError, match=says):
        load_subdistricts(table, city=city, **options)


def test_swapped_axes_are_noticed_and_can_be_told(town, city) -> None:
    swapped = town.to_crs(4326)
    swapped.geometry = shapely.transform(swapped.geometry.array, lambda xy: xy[:, ::-1])
    with pytest.raises(CrsError, match="north_east"):
        load_subdistricts(swapped, city=city)
    loaded = load_subdistricts(swapped, city=city, axes="north_east")
    assert loaded.table.geometry.hausdorff_distance(town.geometry).max() < 1e-3


def test_the_wrong_kind_of_layer_is_refused(town, city, write, export) -> None:
    lines = town.set_geometry(town.boundary)
    with pytest.raises(InputError, match="需要面图层"):
        load_districts(lines, city=city)
    with pytest.raises(InputError, match="没有几何图形"):
        load_districts(write("a.csv", export), city=city)


def test_official_districts_take_their_names_and_areas_from_the_profile(city) -> None:
    names = ["老城片区", "东栅", "塘汇管理片区", "滨海"]
    loaded = load_districts(boxes(names, [(1000 * i, 0, 1000 * (i + 1), 1000) for i in range(4)]), city=city)
    assert loaded.table["name"].tolist() == ["老城", "东栅", "塘汇", "滨海"]
    assert loaded.table["area"].tolist()[:3] == ["南湖区", "南湖区", "经开区"]
    assert pd.isna(loaded.table["area"].iloc[3])
    assert any("滨海" in note.zh and "不在" in note.zh for note in loaded.notes)
    own = boxes(["老城"], [(0, 0, 1000, 1000)], area=["自己的"])
    assert load_districts(own, city=city).table["area"].tolist() == ["自己的"]


def test_without_a_city_the_first_layer_decides(town) -> None:
    assert load_districts(town).table.crs.to_epsg() == 4549
    assert load_districts(town.to_crs(4326)).table.crs.to_epsg() == 32651
    assert load_districts(town.to_crs(4326), metric_crs="EPSG:4549").table.crs.to_epsg() == 4549


def test_the_crosswalk_makes_twelve_districts(town, city) -> None:
    made = dissolve_districts(town, city=city)
    assert made.districts["name"].tolist() == city.districts["name"].tolist()
    want = city.crosswalk.groupby("district").size()
    areas = made.districts.set_index("name").area / 1e6
    assert areas.to_dict() == pytest.approx(want.to_dict())
    assert made.leftover["name"].tolist() == ["凤桥镇"]
    assert made.districts.set_index("name")["area"].to_dict()["城南"] == "经开区"
    assert any("凤桥镇" in note.zh for note in made.notes)
    assert any("大桥镇" in note.zh and "整镇" in note.zh for note in made.notes)


def test_the_crosswalk_knows_aliases_and_codes(town, city) -> None:
    alias = town.assign(name=town["name"].replace("七星街道", "七星镇"))
    assert dissolve_districts(alias, city=city).leftover["name"].tolist() == ["凤桥镇"]
    codes = [*city.crosswalk["code"], "330402104"]
    coded = town.assign(name=[f"第{i}号" for i in range(17)], code=codes)
    made = dissolve_districts(coded, city=city)
    assert made.leftover["name"].tolist() == ["第16号"]
    assert "第0号 (" in " ".join(note.zh for note in made.notes if "不在对应表中" in note.zh)
    with pytest.raises(InputError, match="第0号"):
        dissolve_districts(coded.drop(columns="code"), city=city)


def test_names_against_their_codes_are_named(town, city) -> None:
    codes = [*city.crosswalk["code"], "330402104"]
    named = town.assign(code=codes)
    quiet = [note.zh for note in dissolve_districts(named, city=city).notes]
    assert not [note for note in quiet if "代码" in note]
    # The column of names one row down: each district is made of the right polygons or of others, and nobody knows.
    shifted = named.assign(name=[*named["name"][1:], named["name"].iloc[0]])
    (said,) = [note.zh for note in dissolve_districts(shifted, city=city).notes if "按名称归入" in note.zh]
    assert f"{shifted['name'].iloc[4]} ({codes[4]})" in said


def test_what_the_layer_lacks_is_named(town, city) -> None:
    made = dissolve_districts(town[town["name"] != "解放街道"].reset_index(drop=True), city=city)
    assert any("解放街道" in note.zh and "老城" in note.zh for note in made.notes)
    made = dissolve_districts(town[town["name"] != "东栅街道"].reset_index(drop=True), city=city)
    assert "东栅" not in set(made.districts["name"])
    assert any("东栅街道" in note.zh for note in made.notes)


def test_the_outline_cuts(town, city, tmp_path) -> None:
    outline = boxes(["x", "y"], [(0, 0, 17_000, 300), (0, 300, 17_000, 500)])
    outline.to_crs(4326).to_file(tmp_path / "outline.geojson")
    made = dissolve_districts(town, city=city, outline=load_outline(tmp_path / "outline.geojson", city=city))
    whole = dissolve_districts(town, city=city)
    assert made.districts.area.to_numpy() == pytest.approx(whole.districts.area.to_numpy() / 2, rel=1e-6)
    assert any("裁剪" in note.zh for note in made.notes)
    assert not any("整镇" in note.zh for note in made.notes)
    with pytest.raises(CrsError):
        dissolve_districts(town, city=city, outline=outline.to_crs(4528))
    far = boxes(["x"], [(0, 0, 500, 500)])
    with pytest.raises(InputError, match="东栅"):
        dissolve_districts(town, city=city, outline=far)


def test_dissolving_changes_nothing_given(town, city) -> None:
    before = town.copy()
    dissolve_districts(town, city=city)
    pd.testing.assert_frame_equal(pd.DataFrame(town), pd.DataFrame(before))


def test_overlaps_gaps_and_slivers_are_measured() -> None:
    # b overlaps a by 100 m; c leaves a strip of 2 m to b, closed at both ends by d and e.
    table = boxes(
        ["a", "b", "c", "d", "e"],
        [(0, 0, 1100, 1000), (1000, 0, 2000, 1000), (2002, 0, 3000, 1000), (0, 1000, 3000, 1500), (0, -500, 3000, 0)],
    )
    flaws = boundary_flaws(table)
    assert flaws[["kind", "sliver", "between"]].to_numpy().tolist() == [
        ["overlap", False, "a、b"],
        ["gap", True, "b、c、d、e"],
    ]
    assert flaws["m2"].tolist() == pytest.approx([100_000, 2000])
    assert flaws.geometry.area.tolist() == pytest.approx(flaws["m2"].tolist())
    loaded = load_districts(table)
    assert any("100,000 m²" in note.en and "gaps 1 " in note.en for note in loaded.notes)


def test_an_exact_tiling_has_no_flaws(town) -> None:
    flaws = boundary_flaws(town)
    assert flaws.empty
    assert flaws.columns.tolist() == ["kind", "sliver", "between", "m2", "geometry"]
    with pytest.raises(CrsError):
        boundary_flaws(town.to_crs(4326))


def test_a_place_inside_another_is_an_overlap_of_its_size() -> None:
    table = boxes(["a", "b"], [(0, 0, 1000, 1000), (200, 200, 400, 400)])
    assert boundary_flaws(table)["m2"].tolist() == pytest.approx([40_000])


def test_a_second_city_needs_no_code(city) -> None:
    crosswalk = pd.DataFrame(
        {"subdistrict": ["A", "B", "C"], "aliases": [(), ("Bee",), ()], "code": "", "district": ["east", "east", "west"],
         "part": False, "confidence": "", "km2": np.nan, "lon": np.nan, "lat": np.nan}
    )  # fmt: skip
    districts = pd.DataFrame({"name": ["west", "east"], "en": "", "area": None, "functions": "", "prefix": ""})
    other = dataclasses.replace(city, crosswalk=crosswalk, districts=districts, box=None)
    made = dissolve_districts(boxes(["A", "Bee", "C"], [(0, 0, 1, 1), (1, 0, 2, 1), (5, 0, 6, 1)]), city=other)
    assert made.districts["name"].tolist() == ["west", "east"]
    assert made.districts.area.tolist() == pytest.approx([1, 2])


RAGGED = boxes(
    ["大", "小", "中"],
    # 小 (1.2 km²) overlaps 大 (4) by 10 m: 0.83 % of it; 中 (2.4) overlaps 大 by 40 m: 1.67 %.
    [(0, 0, 2000, 2000), (1990, 0, 3190, 1000), (1960, 1000, 3960, 2200)],
)


def test_a_small_overlap_goes_to_the_smaller_and_a_wide_one_is_left() -> None:
    loaded = load_districts(RAGGED)
    area = dict(zip(loaded.table["name"], loaded.table.area, strict=True))
    assert area == pytest.approx({"大": 4e6 - 10 * 1000, "小": 1.2e6, "中": 2.4e6})
    flaws = loaded.flaws.set_index("between")
    assert flaws["m2"].to_dict() == pytest.approx({"大、中": 40_000, "大、小": 10_000})
    assert flaws["share_of_smaller"].to_dict() == pytest.approx({"大、中": 40_000 / 2.4e6, "大、小": 10_000 / 1.2e6})
    assert flaws["given_to"].fillna("").to_dict() == {"大、中": "", "大、小": "小"}
    said = [note.zh for note in loaded.notes]
    assert any("1 处重叠（共 10,000 m²，每处不超过较小一方面积的 1 %）" in line and "→ 小" in line for line in said)
    assert any("1 处重叠（共 40,000 m²）" in line and "without_overlaps" in line for line in said)


@pytest.mark.parametrize("order", [[0, 1, 2], [2, 1, 0], [1, 0, 2]])
def test_what_is_settled_does_not_depend_on_the_order_and_loses_no_ground(order) -> None:
    polygons, overlaps = snap_overlaps(RAGGED.iloc[order].reset_index(drop=True), max_share=1)
    area = dict(zip(polygons["name"], polygons.area, strict=True))
    assert area == pytest.approx({"大": 4e6 - 50_000, "小": 1.2e6, "中": 2.4e6})
    assert shapely.area(shapely.union_all(polygons.geometry)) == pytest.approx(polygons.area.sum())
    assert shapely.area(shapely.union_all(RAGGED.geometry)) == pytest.approx(polygons.area.sum())
    assert overlaps["given_to"].tolist() == ["中", "小"]
    assert boundary_flaws(polygons).empty


def test_an_overlap_of_exactly_the_share_is_settled_and_none_at_zero() -> None:
    table = boxes(["a", "b"], [(0, 0, 1010, 1000), (1000, 0, 2000, 1000)])
    assert snap_overlaps(table, max_share=0.01).overlaps["given_to"].tolist() == ["b"]
    assert snap_overlaps(table, max_share=0.0099).overlaps["given_to"].isna().all()
    assert snap_overlaps(table, max_share=0).polygons.geometry.geom_equals(table.geometry).all()


def test_ground_claimed_by_three_goes_to_the_smallest() -> None:
    table = boxes(["a", "b", "c"], [(0, 0, 1000, 1000), (900, 0, 1800, 1000), (800, 900, 1000, 1500)])
    polygons = snap_overlaps(table, max_share=1).polygons
    assert boundary_flaws(polygons).empty
    assert polygons.area.tolist() == pytest.approx([1e6 - 100 * 900 - 200 * 100, 9e5 - 100 * 100, 200 * 600])


def test_one_district_drawn_twice_is_left_to_people() -> None:
    table = boxes(["a", "b"], [(0, 0, 1000, 1000), (0, 0, 1000, 1000)])
    polygons, overlaps = snap_overlaps(table, max_share=1)
    assert overlaps["given_to"].isna().all()
    assert polygons.area.tolist() == [1e6, 1e6]


def test_polygons_that_do_not_overlap_come_back_as_they_are(town) -> None:
    polygons, overlaps = snap_overlaps(town, max_share=1)
    assert overlaps.empty
    assert polygons.geometry.geom_equals(town.geometry).all()
    assert load_subdistricts(town).flaws is None


@pytest.mark.parametrize(("more_m2", "given_to"), [(1, None), (2, "小")])
def test_ground_goes_where_more_than_a_square_metre_is_left(more_m2: int, given_to: str | None) -> None:
    table = boxes(["小", "大"], [(0, 0, 100, 1), (0, 0, 100 + more_m2, 1)])
    overlaps = snap_overlaps(table, max_share=1).overlaps
    assert overlaps["given_to"].astype(object).where(overlaps["given_to"].notna(), None).tolist() == [given_to]


@pytest.mark.parametrize(("count", "more"), [(5, ""), (6, " and 1 more")])
def test_the_five_largest_overlaps_are_listed_and_the_others_counted(count: int, more: str) -> None:
    """Squares of a kilometre, of which each reaches ten metres farther into the next than the one before."""
    row = boxes(list("abcdefg")[: count + 1], [(1000 * k, 0, 1010 * (k + 1), 1000) for k in range(count + 1)])
    (left,) = overlap_notes(snap_overlaps(row, max_share=0).overlaps, "districts", 0)
    largest = [f"{'abcdef'[k]}–{'bcdefg'[k]} {10 * (k + 1)},000 m²" for k in range(count)][:-6:-1]
    assert left.en.startswith(f"{count} overlaps ({5 * count * (count + 1)},000 m²)")
    assert [item.partition(" (")[0] for item in left.en.partition("were left: ")[2].split(", ")[:5]] == largest
    assert f"%){more}. " in left.en


def test_a_name_that_holds_the_separator_and_a_share_just_above_the_limit_are_said_as_they_are() -> None:
    row = boxes(["甲、乙", "丙"], [(0, 0, 1000, 1000), (989.7, 0, 1989.7, 1000)])
    found = snap_overlaps(row, max_share=0.01).overlaps
    assert found["between"].tolist() == ["“甲、乙”、丙"]
    (left,) = overlap_notes(found, "districts", 0.01)
    assert "“甲、乙”–丙 10,300 m² (1.03 %)" in left.zh
    assert boundary_flaws(row)["between"].tolist() == ["“甲、乙”、丙"]


def test_a_whole_overlap_is_a_hundred_percent() -> None:
    twice = gpd.GeoDataFrame({"name": ["a", "b"]}, geometry=[shapely.box(0, 0, 1e3, 1e3)] * 2, crs=4549)
    (left,) = [note.en for note in load_districts(twice).notes if " left: " in note.en]
    assert "(100 %)" in left
