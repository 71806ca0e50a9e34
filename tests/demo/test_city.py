"""The schematic city: true areas, tiling, what was planted, and the shipped bytes."""

import json
import zipfile
import zlib
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from jxgis.city import classify, load_city
from jxgis.demo import FLAWS, LAYERS, make_city, write_city
from jxgis.demo._areas import CITY_KM2, TOWNS, fit_power_diagram
from jxgis.demo._issues import CLASS_SHARES, read_categories

DATA = Path(__file__).parents[2] / "data"


@pytest.fixture(scope="module")
def city():
    return make_city()


@pytest.fixture(scope="module")
def folder(city, tmp_path_factory):
    root = tmp_path_factory.mktemp("city")
    write_city(root, city=city)
    return root


def test_power_diagram_reaches_any_areas_about_any_sites():
    rng = np.random.default_rng(5)
    sites = rng.uniform(0, 100, (9, 2))
    wanted = rng.uniform(0.2, 2, 9)
    cells = fit_power_diagram(sites, wanted, shapely.box(0, 0, 100, 100), tolerance_m2=1e-6)
    assert shapely.area(cells) == pytest.approx(wanted / wanted.sum() * 1e4, abs=1e-6)
    # Power cells about their sites: nobody gains by swapping, so that no cell is nearer to all of another's corners.
    for i, cell in enumerate(cells):
        mean = shapely.get_coordinates(cell).mean(axis=0)
        for j, other in enumerate(cells):
            far = shapely.get_coordinates(other).mean(axis=0)
            assert (mean - far) @ (sites[i] - sites[j]) >= -1e-6


def test_subdistricts_have_their_public_areas_and_places(city):
    known = load_city("jiaxing").crosswalk.set_index("subdistrict")
    made = city.subdistricts.set_index("name")
    assert sorted(made.index) == sorted(known.index)
    assert (made["code"] == known["code"].reindex(made.index)).all()
    # Bending moves the area between two vertices of an edge by less than a thousandth.
    assert (made.area / 1e6).to_numpy() == pytest.approx(known["km2"].reindex(made.index).to_numpy(), rel=1e-3)
    points = gpd.GeoSeries(gpd.points_from_xy(known["lon"], known["lat"]), index=known.index, crs=4490).to_crs(4549)
    # A power diagram need not hold its sites: two small ones of the old town lie just outside theirs.
    assert made.distance(points.reindex(made.index)).max() < 400
    assert made.geom_type.eq("Polygon").all()
    assert made.is_valid.all()


def test_subdistricts_clipped_to_the_city_tile_the_districts(city):
    outline = city.central_city.geometry.iloc[0]
    assert outline.area / 1e6 == pytest.approx(CITY_KM2, rel=1e-4)
    crosswalk = load_city("jiaxing").crosswalk
    home = dict(zip(crosswalk["subdistrict"], crosswalk["district"], strict=True))
    for district in city.districts.itertuples():
        members = city.subdistricts[city.subdistricts["name"].map(home) == district.name].geometry
        joined = shapely.intersection(shapely.union_all(members.to_numpy()), outline)
        assert shapely.symmetric_difference(joined, district.geometry).area < 1.0
    for table in (city.subdistricts, city.districts):
        union = shapely.union_all(table.geometry.to_numpy())
        assert union.area == pytest.approx(table.area.sum(), abs=1.0)
        assert shapely.coverage_is_valid(table.geometry.to_numpy())
    cut = shapely.difference(city.subdistricts.geometry.to_numpy(), outline)
    assert set(city.subdistricts["name"][shapely.area(cut) > 1.0]) == set(TOWNS)


def test_planted_risk_is_what_it_says(city):
    spots = city.hot_spots
    cases = city.cases.drop(index=city.flaws.loc[city.flaws["kind"] == "duplicate", "row"])
    assert set(spots["issue_class"]) == {"all", *CLASS_SHARES}
    assert spots["radius_m"].between(300, 500).all()
    assert (spots["relative_risk"] >= 3).all()
    assert {"三水湾", "府南"} <= set(spots.loc[spots["issue_class"] == "all", "name"])
    for number, spot in enumerate(spots.itertuples()):
        near = np.hypot(cases["x"] - spot.x, cases["y"] - spot.y) <= spot.radius_m
        mine = near & cases["issue_class"].isin(list(CLASS_SHARES) if spot.issue_class == "all" else [spot.issue_class])
        background = int((mine & (cases["hot_spot"] == -1)).sum())
        total = background + int((mine & (cases["hot_spot"] == number)).sum())
        assert total / background >= spot.relative_risk
        assert (background, total) == (spot.background, spot.background + spot.planted)
        assert (near | (cases["hot_spot"] != number)).all()


def test_findings_of_the_plan_hold(city):
    """Mostly inside 中环; 三水湾 and 府南 lead; classes have their own places; the mix differs by area."""
    ring = city.ring.geometry.iloc[0]
    roads = city.streets[city.streets["name"].str.match("中环[东西南北]路$")]
    assert shapely.difference(ring.exterior, shapely.buffer(shapely.union_all(roads.geometry), 0.01)).length < 1
    cases = city.cases
    inside = shapely.contains_xy(ring, cases["x"], cases["y"])
    assert inside.mean() > 0.5
    assert ring.intersection(city.central_city.geometry.iloc[0]).area / 385e6 < 0.1

    point, district = shapely.STRtree(city.districts.geometry.to_numpy()).query(
        shapely.points(cases["x"], cases["y"]), predicate="intersects"
    )
    table = pd.crosstab(city.districts["name"].to_numpy()[district], cases["issue_class"].to_numpy()[point])
    share = table.div(table.sum(axis=1), axis=0)
    quotient = share / (table.sum() / table.to_numpy().sum())
    assert quotient.loc["湘家荡", "园林绿化"] > 1.8
    assert quotient.loc["高照", "道路交通"] > 1.3
    assert len(set(share.idxmax(axis=1))) > 1


@pytest.mark.slow
def test_without_plants_there_are_none():
    bare = make_city(plants=False, background=3000)
    assert (bare.cases["hot_spot"] == -1).all()
    assert bare.hot_spots.empty


def test_categories_are_the_profile_s_and_flaws_are_there(city):
    table = read_categories()
    profile = load_city("jiaxing")
    assert (classify(table["tree"], table["sub_type"], profile.class_table) == table["issue_class"]).all()
    assert len(city.issues) >= 60_000
    flaws = city.flaws
    assert flaws["kind"].value_counts().to_dict() == {kind: count for kind, (count, _) in FLAWS.items()}
    assert not flaws["row"].duplicated().any()
    assert 0.02 < len(flaws) / len(city.issues) < 0.05

    def rows(kind):
        return city.issues.iloc[flaws.loc[flaws["kind"] == kind, "row"].to_numpy()]

    lon = pd.to_numeric(city.issues["X坐标"], errors="coerce")
    lat = pd.to_numeric(city.issues["Y坐标"], errors="coerce")
    west, south, east, north = profile.box
    sound = lon.between(west, east) & lat.between(south, north)
    placed = ["null_coordinates", "zero_coordinates", "swapped_axes", "outside_city", "text_in_coordinate"]
    wrong = flaws["kind"].isin([*placed, "both_in_one_field"])
    assert sorted(flaws.loc[wrong, "row"]) == np.flatnonzero(~sound).tolist()
    assert (rows("swapped_axes")["X坐标"].astype(float) < 32).all()
    assert rows("both_in_one_field")["X坐标"].str.fullmatch(r"[0-9.]+,[0-9.]+").all()
    assert pd.to_datetime(rows("bad_time")["上报时间"], errors="coerce", format="%Y-%m-%d %H:%M:%S").isna().all()
    assert pd.to_datetime(city.issues["上报时间"], errors="coerce", format="%Y-%m-%d %H:%M:%S").isna().sum() == len(
        rows("bad_time")
    )
    assert (city.issues["任务号"] == "").sum() == len(rows("missing_id"))
    twice = city.issues[city.issues["任务号"] != ""].duplicated()
    assert twice[twice].index.tolist() == sorted(flaws.loc[flaws["kind"] == "duplicate", "row"])
    unknown = classify(city.issues["问题类型"], city.issues["小类"], profile.class_table) == "未归类"
    assert unknown.sum() == len(rows("unknown_category"))
    assert rows("trailing_blanks")["单元网格"].str.endswith("  ").all()
    area = dict(zip(profile.districts["name"], profile.districts["area"], strict=True))
    home = {s: area[d] for s, d in zip(profile.crosswalk["subdistrict"], profile.crosswalk["district"], strict=True)}
    disagree = city.issues["街道"].map(home) != city.issues["所属区"]
    assert disagree.sum() == len(rows("wrong_district"))
    assert {"作废", "重复", "处置中", "已结案"} == set(city.issues["案件状态"])


def test_the_export_leads_back_to_the_truth(city):
    from jxgis.datum import gcj02_to_wgs84

    sound = np.setdiff1d(np.arange(len(city.issues)), city.flaws["row"])
    export = city.issues.iloc[sound]
    lon, lat = gcj02_to_wgs84(export["X坐标"].astype(float).to_numpy(), export["Y坐标"].astype(float).to_numpy())
    points = gpd.GeoSeries(gpd.points_from_xy(lon, lat), crs=4490).to_crs(4549)
    truth = city.cases.iloc[sound]
    # Six decimals of a degree are 0.1 m.
    assert np.hypot(points.x - truth["x"].to_numpy(), points.y - truth["y"].to_numpy()).max() < 0.2
    times = export[["上报时间", "立案时间", "派遣时间", "处置完成时间", "结案时间"]].apply(pd.to_datetime).to_numpy()
    late = pd.to_datetime(export["结案时间"]) > pd.to_datetime(export["处置截止时间"])
    assert 0.985 < 1 - late[export["案件状态"] == "已结案"].mean() < 0.997  # the plan: 99.2 % on time
    gaps = np.diff(times.astype("datetime64[s]").astype("float64"), axis=1)
    assert (gaps[~np.isnat(times).any(axis=1)] >= 0).all()


def test_parks_cover_every_size_and_every_way_of_being_one(city):
    parks = city.parks
    assert parks["park_id"].isna().any()
    assert parks["name"].isna().any()
    sizes = parks.area.groupby(parks["park_id"].fillna(parks["name"])).sum()
    edges = [0, 400, 1000, 2000, 5000, 1e4, 5e4, 1e5, 2e5, 5e5, np.inf]
    assert (np.histogram(sizes, edges)[0] > 0).all()
    assert parks["park_id"].value_counts().max() > 3
    assert (parks.distance(city.central_city.geometry.iloc[0]) > 0).any()


def test_candidates_fail_each_gate_once(city):
    table = city.candidates.set_index("name")
    km2 = table.area / 1e6
    assert km2["偏大片"] > 5.5
    assert 5 < km2["略大片"] <= 5.5
    assert table.geometry["分离片"].geom_type == "MultiPolygon"
    share = pd.DataFrame(
        {d.name: table.intersection(d.geometry).area / table.area for d in city.districts.itertuples()}
    )
    assert share.loc["跨区片"].max() < 0.95 < share.loc["跨区片"].sum()
    assert share.loc["界外片"].sum() < 0.95
    sound = table.drop(["偏大片", "略大片", "分离片", "跨区片", "界外片"])
    assert km2[sound.index].between(2, 5).all()
    assert (share.loc[sound.index].max(axis=1) > 0.999).all()
    assert sound.geom_type.eq("Polygon").all()


def assert_same_layer(made, shipped):
    """The same features, their borders within 2 m of each other.

    Another processor's sines and solvers differ in the last digit. Borders are bent in pieces of at most 150 m: where an
    edge is as long as so many whole pieces, one more or less moves it by up to the height of an arc.
    """
    mine, theirs = (json.loads(path.read_text(encoding="utf-8")) for path in (made, shipped))
    features = mine.pop("features"), theirs.pop("features")
    assert mine == theirs, made.name
    for one, other in zip(*features, strict=True):
        assert one["properties"] == other["properties"], made.name
        shapes = [shapely.from_geojson(json.dumps(feature["geometry"])) for feature in (one, other)]
        assert shapely.hausdorff_distance(*shapes) <= 2e-5, (made.name, one["properties"])


def test_shipped_data_are_what_the_code_makes(folder):
    made = sorted(path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    shipped = sorted(path.relative_to(DATA) for path in DATA.rglob("*") if path.is_file())
    assert made == shipped
    for path in made:
        if path.suffix == ".zip":
            with zipfile.ZipFile(folder / path) as mine, zipfile.ZipFile(DATA / path) as theirs:
                assert mine.namelist() == theirs.namelist()
                assert all(mine.read(name) == theirs.read(name) for name in mine.namelist()), path
            if "ng" in zlib.ZLIB_RUNTIME_VERSION:
                continue  # zlib-ng packs the same content to other bytes
        if path.suffix == ".geojson":
            assert_same_layer(folder / path, DATA / path)
        else:
            assert (folder / path).read_bytes() == (DATA / path).read_bytes(), path
    assert sum((DATA / path).stat().st_size for path in shipped) <= 8e6


def test_layers_read_back(folder, city):
    for layer, name in LAYERS.items():
        table = gpd.read_file(folder / name)
        assert table.crs.to_epsg() == 4326
        assert len(table) == len(getattr(city, layer))
        assert table.is_valid.all(), layer
    tables = [gpd.read_file(folder / LAYERS[name]).to_crs(4549) for name in ("subdistricts", "districts")]
    for table in tables:  # neighbours share their vertices, so rounding opens no gap
        assert shapely.union_all(table.geometry.to_numpy()).area == pytest.approx(table.area.sum(), abs=0.01)


def test_project_file_is_read(folder):
    from jxgis.settings import load_settings

    settings = load_settings(folder / "jxgis.toml")
    paths = [value["path"] for value in settings.inputs.model_dump(exclude_none=True).values()]
    assert all(list(Path(path).parent.glob(Path(path).name)) for path in paths)


def test_truth_points_at_the_spoiled_rows(folder):
    truth = pd.read_csv(folder / "truth/flaws.csv", dtype=str, keep_default_na=False)
    for encoding, (file, group) in zip(("gb18030", "utf-8-sig", "utf-8-sig"), truth.groupby("file"), strict=True):
        export = pd.read_csv(folder / "issues" / file, dtype=str, keep_default_na=False, encoding=encoding)
        assert (export["任务号"].to_numpy()[group["row"].astype(int) - 1] == group["task"].to_numpy()).all()
