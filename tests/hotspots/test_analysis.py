"""`find_hotspots`: the contract's columns, the identities between its tables, and the schematic city."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest
import rasterio
import shapely

from jxgis.errors import InputError
from jxgis.hotspots.analysis import _against_normal, find_hotspots
from jxgis.i18n import text
from jxgis.output import staged, write_run
from jxgis.periods import Comparison
from jxgis.report.blocks import Paragraph

AREA = gpd.GeoDataFrame(
    {"name": ["老城", "塘汇"]}, geometry=[shapely.box(0, 0, 3000, 4100), shapely.box(3000, 0, 6000, 4100)], crs=4549
)


@pytest.fixture(scope="module")
def issues():
    rng = np.random.default_rng(0)
    x = np.concatenate([rng.uniform(0, 6000, 600), rng.normal(1500, 200, 300), rng.uniform(7000, 8000, 7)])
    y = np.concatenate([rng.uniform(0, 4100, 600), rng.normal(2500, 200, 300), rng.uniform(0, 100, 7)])
    n = x.size
    return gpd.GeoDataFrame(
        {
            "issue_class": rng.choice(["市容环境", "街面秩序", "未归类"], n, p=[0.6, 0.3, 0.1]),
            "sub_type": rng.choice(["暴露垃圾", "店外经营"], n),
            "department": "环卫所",
            "社区": np.where(x < 2000, "三水湾社区", "别处社区"),
            "time": pd.Timestamp("2022-01-01") + pd.to_timedelta(rng.uniform(0, 730, n), unit="D"),
        },
        geometry=gpd.points_from_xy(x, y),
        crs=4549,
    )


@pytest.fixture(scope="module")
def result(issues):
    people = gpd.GeoDataFrame({"people": [9000, 9000]}, geometry=AREA.geometry.to_numpy(), crs=4549)
    ring = gpd.GeoSeries([shapely.box(500, 1500, 2500, 3500)], crs=4549)
    return find_hotspots(issues, AREA, districts=AREA, ring=ring, exposure=people)


def test_cells_hold_the_contract(result, issues):
    columns = ["cell_id", "issue_class", "count", "gi_z", "gi_p", "gi_p_normal", "p_method", "gi_q", "gi_bin", "lisa"]
    assert result.cells.columns[:10].tolist() == columns
    assert {"reason", "gi_q_all", "is_hot", "rate_z", "rate_p_method"} <= set(result.cells.columns)
    classes = result.cells["issue_class"].unique().tolist()
    assert classes == ["all", "市容环境", "街面秩序"]
    # 4100 m hold 20.5 cells: the row whose centre is on the border is in, so that cells stick out, whole.
    assert (result.cells.groupby("issue_class").size() == 30 * 21).all()
    assert (result.cells.area == 200**2).all()
    col, row = np.floor(result.cells.bounds["minx"] / 200).astype(int), np.floor(result.cells.bounds["miny"] / 200)
    ids = [f"E{c}N{int(r)}" for c, r in zip(col, row, strict=True)]
    assert result.cells["cell_id"].tolist() == ids
    total = result.cells[result.cells["issue_class"] == "all"]["count"].sum()
    assert total + result.outside_area == len(issues)
    assert result.outside_area >= 7
    by_class = result.cells[result.cells["issue_class"] != "all"]["count"].sum()
    assert by_class + result.unclassified == total


def test_tables_agree_with_one_another(result, issues):
    for issue_class, raster in result.densities.items():
        count = result.cells[result.cells["issue_class"] == issue_class]["count"].sum()
        assert raster.mass == pytest.approx(count, rel=1e-9)
    places = result.places[result.places["issue_class"] == "all"]
    hot = result.cells.query("issue_class == 'all' and gi_z > 0 and gi_q <= 0.05")
    assert places["issues"].sum() == hot["count"].sum()
    assert places["area_km2"].sum() == pytest.approx(len(hot) * 0.04)
    assert places["peak_z"].iloc[0] == hot["gi_z"].max()
    assert (places.iloc[0][["name", "name_from", "district"]] == ["三水湾社区", "field", "老城"]).all()
    assert places.iloc[0]["geometry"].contains(shapely.Point(1500, 2500))
    periods = result.comparison.periods
    first = places.iloc[0]
    joined = gpd.sjoin(issues, places.iloc[[0]][["geometry"]], predicate="within")
    recent = joined[(joined["time"] >= periods.split) & (joined["time"] < periods.end)]
    assert first["issues_recent"] == len(recent)
    zones = result.zones
    assert set(zones["level"]) == {"district"}
    assert zones[zones["issue_class"] == "all"]["count"].sum() == len(gpd.sjoin(issues, AREA, predicate="intersects"))
    assert result.overall["issue_class"].tolist() == ["all", "市容环境", "街面秩序"]
    # People live evenly here, so that what is hot by number is hot by rate.
    rate = result.rate_places.places
    assert rate[rate["issue_class"] == "all"].iloc[0]["name"] == "三水湾社区"


def test_what_is_written_can_be_read(result, tmp_path):
    for name in ("one", "two"):
        with staged(tmp_path / name, command="hotspots") as stage:
            result.write_tables(stage)
            write_run(stage, settings={}, crs="EPSG:4549", loaded=[], outside_area=result.outside_area)
    path = tmp_path / "one" / "hotspots.gpkg"
    assert path.read_bytes() == (tmp_path / "two" / "hotspots.gpkg").read_bytes()
    layers = {"cells", "places", "peaks", "zones", "rate_places", "rate_peaks", "layer_styles"}
    assert set(pyogrio.list_layers(path)[:, 0]) == layers
    cells = gpd.read_file(path, layer="cells")
    assert len(cells) == len(result.cells)
    assert cells["gi_bin"].dtype.kind == "i"
    places = gpd.read_file(path, layer="places")
    assert {"rank", "issue_class", "name", "district", "issues", "share_issues", "share_area", "area_km2"} <= set(
        places
    )
    with rasterio.open(tmp_path / "one" / "density" / "市容环境.tif") as file:
        assert file.crs.to_epsg() == 4549
        assert file.descriptions == ("市容环境",)


def test_one_shuffled_table_gives_the_same(result, issues):
    people = gpd.GeoDataFrame({"people": [9000, 9000]}, geometry=AREA.geometry.to_numpy(), crs=4549)
    ring = gpd.GeoSeries([shapely.box(500, 1500, 2500, 3500)], crs=4549)
    shuffled = issues.sample(frac=1, random_state=3)
    again = find_hotspots(shuffled, AREA, districts=AREA, ring=ring, exposure=people)
    for table in ("cells", "places", "peaks", "zones", "overall", "concentrated", "different", "diverse"):
        pd.testing.assert_frame_equal(pd.DataFrame(getattr(result, table)), pd.DataFrame(getattr(again, table)))


def test_cells_without_buildings_take_no_part(issues):
    land = gpd.GeoDataFrame(geometry=[shapely.box(0, 0, 3000, 4100)], crs=4549)
    masked = find_hotspots(issues, AREA, built_up=land)
    cells = masked.cells[masked.cells["issue_class"] == "all"]
    east = cells.centroid.x > 3000
    assert (cells.loc[east, "reason"] == "not_built_up").all()
    assert cells.loc[east, ["gi_z", "gi_p", "gi_q", "gi_q_all"]].isna().all(axis=None)
    assert (cells.loc[east, "gi_bin"] == 0).all()
    assert cells.loc[east, "count"].sum() > 0
    # The same as if only the western half had been the area.
    west = find_hotspots(issues, AREA.iloc[:1]).cells
    west = west[west["issue_class"] == "all"].set_index("cell_id")
    both = cells.loc[~east].set_index("cell_id")
    np.testing.assert_allclose(both["gi_z"], west["gi_z"].loc[both.index], atol=1e-12)


@pytest.mark.slow
def test_what_lies_outside_built_up_land_is_said(issues):
    land = gpd.GeoDataFrame(geometry=[shapely.box(0, 0, 3000, 4100)], crs=4549)
    masked = find_hotspots(issues, AREA, built_up=land, districts=AREA)
    cells = masked.cells[masked.cells["issue_class"] == "all"]
    apart = cells[cells["reason"] == "not_built_up"]
    section = masked.section()
    page = " ".join(block.words for block in section.blocks if isinstance(block, Paragraph))
    assert f"以外的 {len(apart):,} 个网格不参与冷热判断，其中有 {apart['count'].sum():,} 件问题" in page
    method = section.methods[0].denominator
    assert f"研究范围的 {len(cells):,} 个网格中有建成区的 {len(cells) - len(apart):,} 个" in method
    # No cell of the eastern half was judged: its share of hot cells is unknown, not nought.
    share = masked.zones[masked.zones["issue_class"] == "all"].set_index("zone")["share_hot"]
    assert share.isna().tolist() == [False, True]
    plain = find_hotspots(issues, AREA, districts=AREA)
    assert f"研究范围内全部 {len(cells):,} 个网格" in plain.section().methods[0].denominator
    assert "建成区" not in " ".join(b.words for b in plain.section().blocks if isinstance(b, Paragraph))


def test_without_classes_there_is_only_all_and_without_a_hit_an_error(issues):
    bare = find_hotspots(issues[["geometry"]], AREA)
    assert bare.classes == ()
    assert bare.cells["issue_class"].unique().tolist() == ["all"]
    assert bare.comparison == Comparison(None, reason="no_times")
    assert bare.overall is None
    assert len(bare.zones) == len(bare.diverse) == 0
    with pytest.raises(InputError, match="None of the 5 issues"):
        find_hotspots(issues.iloc[:5].translate(1e6, 0).to_frame("geometry"), AREA)
    with pytest.raises(InputError, match="no column"):
        find_hotspots(issues, AREA, name_field="nowhere")


@pytest.mark.parametrize(("family", "hot"), [("class", [4, 0]), ("all", [4, 1])])
def test_the_normal_p_is_corrected_over_as_many_tests_as_the_exact_one(family, hot):
    """.04 is one of four by itself (q .16), and the fifth smallest of eight (q .064)."""
    cells = pd.DataFrame({"issue_class": ["甲"] * 4 + ["乙"] * 4, "gi_z": 1.0, "gi_q": 1.0})
    cells["gi_p_normal"] = [0.01] * 4 + [0.04, 0.9, 0.9, 0.9]
    assert _against_normal(cells, 0.1, family)["normal_hot"].tolist() == hot


@pytest.mark.parametrize("classes", [None, ["市容环境", "all"]])
def test_a_class_called_all_is_refused_and_not_taken_for_all_issues(issues, classes):
    renamed = issues.assign(issue_class=issues["issue_class"].replace("街面秩序", "all"))
    with pytest.raises(InputError, match="all"):
        find_hotspots(renamed, AREA, classes=classes)


@pytest.mark.slow
def test_every_planted_hot_spot_is_found_and_named():
    demo = pytest.importorskip("jxgis.demo")
    city = demo.make_city()
    cases = city.cases[np.isfinite(city.cases["x"]) & city.cases["issue_class"].notna()]
    issues = gpd.GeoDataFrame(cases[["issue_class"]], geometry=gpd.points_from_xy(cases["x"], cases["y"]), crs=4549)
    found = find_hotspots(issues, city.districts, places=city.places, exposure=city.residential)
    for spot in city.hot_spots.itertuples():
        centre = shapely.Point(spot.x, spot.y)
        for places, peaks in ((found.places, found.peaks), (found.rate_places.places, found.rate_places.peaks)):
            place = places[(places["issue_class"] == spot.issue_class) & places.contains(centre)]
            assert len(place) == 1, spot
            named = peaks[(peaks["issue_class"] == spot.issue_class) & (peaks["name"] == spot.name)]
            # The peak of a sum over a disc of 500 m lies anywhere near the middle of a disc of 300 to 450 m.
            assert named.distance(centre).min() <= 300, spot
            assert named["place_rank"].isin(place["rank"]).any()
    # By number the old town is one hot place; set against the people who live there, the planted spots stand alone.
    everything = found.rate_places.places.query("issue_class == 'all'")
    assert everything["name"].tolist()[:2] == ["三水湾", "府南"]


@pytest.mark.slow
def test_without_plants_people_are_hot_by_number_and_not_by_rate():
    demo = pytest.importorskip("jxgis.demo")
    city = demo.make_city(plants=False)
    cases = city.cases[np.isfinite(city.cases["x"])]
    issues = gpd.GeoDataFrame(geometry=gpd.points_from_xy(cases["x"], cases["y"]), crs=4549)
    found = find_hotspots(issues, city.districts, exposure=city.residential)
    by_number = (found.cells["gi_z"] > 0) & (found.cells["gi_q"] <= 0.05)
    by_rate = (found.cells["rate_z"] > 0) & (found.cells["rate_q"] <= 0.05)
    assert by_number.sum() > 1000
    assert by_rate.sum() <= 0.05 * by_number.sum()


@pytest.mark.parametrize(
    ("cell_m", "off", "n"),
    # Nine cells, two, one, one that holds nothing, and none.
    [(100, 0, 200), (200, 50, 200), (200, 150, 200), (200, 101, 200), (200, 101, 1), (500, 300, 200)],
)
def test_a_study_area_of_300_m_is_answered_or_refused_in_words(cell_m, off, n):
    area = gpd.GeoSeries([shapely.box(off, off, off + 300, off + 300)], crs=4549)
    rng = np.random.default_rng(n)
    x, y = rng.uniform(off, off + 300, (2, n))
    issues = gpd.GeoDataFrame({"issue_class": ["甲"] * n}, geometry=gpd.points_from_xy(x, y), crs=4549)
    # Whole cells whose centre is in the area, in brute force.
    steps = (np.arange(10) + 0.5) * cell_m
    centres = [(a, b) for a in steps for b in steps if off <= a <= off + 300 and off <= b <= off + 300]
    inside = sum(max(abs(a - p), abs(b - q)) < cell_m / 2 for a, b in centres for p, q in zip(x, y, strict=True))
    if not centres or not inside:
        says = "lower cell_m"
        with pytest.raises(InputError, match=says):
            find_hotspots(issues, area, cell_m=cell_m)
        return
    cells = find_hotspots(issues, area, cell_m=cell_m).cells
    whole = cells[cells["issue_class"] == "all"]
    assert (len(whole), whole["count"].sum()) == (len(centres), inside)
    assert (whole["gi_z"].notna() | whole["reason"].notna()).all()


def test_a_file_without_classes_has_no_class_of_nothing_in_a_city_that_has_some(issues):
    bare = issues.assign(issue_class=pd.Series([None] * len(issues), dtype="str"))
    found = find_hotspots(bare, AREA, districts=AREA, classes=["市容环境", "街面秩序"])
    assert found.classes == ()
    assert set(found.cells["issue_class"]) == set(found.zones["issue_class"]) == {"all"}
    assert found.levels["issue_class"].tolist() == ["all"]
    assert found.diverse.empty
    assert found.different.empty


@pytest.mark.filterwarnings("error::RuntimeWarning")
@pytest.mark.parametrize("shape", [(0, 0, 20000, 100), (0, 0, 400, 200), (60, 60, 360, 360), (0, 0, 100000, 100)])
def test_an_area_too_narrow_for_wider_cells_is_answered_by_those_it_has(shape):
    x = np.linspace(shape[0] + 1, shape[2] - 1, 300)
    issues = gpd.GeoDataFrame(geometry=gpd.points_from_xy(x, np.full(300, shape[1] + 60.0)), crs=4549)
    found = find_hotspots(issues, gpd.GeoSeries([shapely.box(*shape)], crs=4549), cell_m=100)
    assert found.cells["count"].sum() + found.outside_area == 300
    assert found.scale.cells["cells"].gt(0).all()
    assert 100 in found.scale.cells["cell_m"].to_numpy()


@pytest.mark.slow
@pytest.mark.parametrize(
    "exposure",
    [
        gpd.GeoDataFrame({"people": [0.0]}, geometry=[shapely.box(0, 0, 6000, 4100)], crs=4549),
        gpd.GeoDataFrame({"people": [5.0]}, geometry=[shapely.Point(-900, 0)], crs=4549),
        gpd.GeoDataFrame({"people": [5.0]}, geometry=[shapely.Point(50, 50)], crs=4549),
        gpd.GeoDataFrame({"people": []}, geometry=[], crs=4549),
    ],
    ids=["nobody", "beyond", "one cell", "empty"],
)
def test_without_an_exposure_to_compare_numbers_are_judged_and_rates_are_not(issues, exposure, tmp_path):
    found = find_hotspots(issues, AREA, exposure=exposure, districts=AREA)
    alone = find_hotspots(issues, AREA, districts=AREA)
    assert found.places["issues"].tolist() == alone.places["issues"].tolist()
    cells = found.cells
    assert cells[["rate", "rate_z", "rate_p", "rate_q"]].isna().all(axis=None)
    assert cells["rate_reason"].isin(["no_exposure", "no_neighbours"]).all()
    at = cells["rate_reason"] == "no_exposure"
    assert found.without_exposure == cells.loc[at & (cells["issue_class"] == "all"), "count"].sum()
    with staged(tmp_path / "one", command="hotspots") as stage:
        found.write_tables(stage)
    said = [block.words for block in found.section().blocks if hasattr(block, "words")]
    assert any("没有作扣除暴露量" in line for line in said)
    assert not any("没有显著偏高" in line for line in said)
    assert any(f"另有 {found.without_exposure:,} 件问题所在的格没有暴露量" in line for line in said)


@pytest.mark.slow
def test_the_page_says_how_many_issues_an_exposure_leaves_out(issues):
    people = gpd.GeoDataFrame({"people": [900.0]}, geometry=[shapely.box(0, 0, 3000, 4100)], crs=4549)
    found = find_hotspots(issues, AREA, exposure=people)
    # The border between them is one of cells, whose last row reaches to 4,200 m.
    x, y = issues.geometry.x, issues.geometry.y
    assert found.without_exposure == ((x >= 3000) & (x < 6000) & (y >= 0) & (y < 4200)).sum()
    said = [block.words for block in found.section().blocks if hasattr(block, "words")]
    assert any(f"另有 {found.without_exposure:,} 件问题所在的格没有暴露量" in line for line in said)


@pytest.mark.slow
def test_the_map_does_not_call_what_was_not_judged_like_chance(issues):
    land = gpd.GeoDataFrame(geometry=[shapely.box(0, 0, 3000, 4100)], crs=4549)
    said = [text("maps.not_judged", "zh"), "#c4c9cc"]
    plain, masked = (
        find_hotspots(issues, AREA, districts=AREA, **more).maps()["hotspots"].get_root().render()
        for more in ({}, {"built_up": land})
    )
    assert all(word not in plain for word in said[:1])
    assert all(word in masked for word in said)
    # A tooltip says the one or the other: of the classes' words in the table of cells both are there.
    assert '"没有判断冷热"' in masked
