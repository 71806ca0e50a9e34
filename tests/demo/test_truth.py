"""The truth about the schematic city against what loaders and hot spots make of its files."""

import itertools

import numpy as np
import pandas as pd
import pytest

from jxgis.city import UNCLASSIFIED, load_city
from jxgis.demo import make_city
from jxgis.hotspots.analysis import find_hotspots
from jxgis.hotspots.inference import hotspot_table
from jxgis.load import load_candidates, load_parks, load_places, load_residential, load_streets, load_waters
from jxgis.load.boundaries import load_districts, load_subdistricts
from jxgis.load.disagreement import disagreement
from jxgis.load.issues import load_issues
from jxgis.space.count import count_points
from jxgis.space.grid import grid_over


@pytest.fixture(scope="module")
def profile():
    return load_city("jiaxing")


@pytest.fixture(scope="module")
def data(root):
    return root / "data"


@pytest.fixture(scope="module")
def issues(data, profile):
    return load_issues(str(data / "issues" / "*.zip"), city=profile, crs="GCJ-02")


@pytest.fixture(scope="module")
def districts(data, profile):
    return load_districts(data / "boundaries/districts.geojson", city=profile).table


@pytest.fixture(scope="module")
def flaws(data):
    return pd.read_csv(data / "truth/flaws.csv", dtype={"row": "int64"})


@pytest.fixture(scope="module")
def found(data, profile, issues, districts):
    places = load_places(data / "layers/places.geojson", city=profile).table
    return find_hotspots(issues.table, districts, classes=list(profile.classes), districts=districts, places=places)


@pytest.fixture(scope="module")
def spots(data):
    import geopandas as gpd

    table = pd.read_csv(data / "truth/hot_spots.csv")
    return gpd.GeoDataFrame(table, geometry=gpd.points_from_xy(table["lon"], table["lat"]), crs=4490).to_crs(4549)


def test_every_row_is_kept_rejected_or_left_out(issues):
    assert sum(s.rows_in for s in issues.sources) == len(issues.table) + len(issues.rejects) + issues.rows_left_out
    assert len(issues.table) >= 60_000
    assert issues.rows_left_out > 500


def test_every_planted_flaw_is_caught_and_nothing_else(issues, flaws):
    rejects = issues.rejects.assign(file=issues.rejects["source"].str.split("/").str[0])
    both = flaws.merge(rejects, on=["file", "row"], how="outer", indicator=True)
    assert (both["_merge"] != "right_only").all(), "a sound row was rejected"
    reasons = both.groupby("kind")["reason"].agg(lambda r: set(r.dropna()))
    expected = both.drop_duplicates("kind").set_index("kind")["expect"]
    for kind in expected.index[expected == "rejected"]:
        assert both.loc[both["kind"] == kind, "reason"].notna().all(), kind
    assert reasons["null_coordinates"] == {"no_coordinates"}
    assert reasons["zero_coordinates"] == {"zero_coordinates"}
    assert reasons["outside_city"] == {"outside_box"}
    assert reasons["duplicate"] == {"duplicate_id"}
    assert reasons["bad_time"] == {"bad_time"}
    for kind in ("trailing_blanks", "unknown_category", "wrong_district", "hostile_text"):
        assert reasons[kind] == set(), kind


def test_what_is_kept_is_what_was_meant(issues, flaws, profile, data):
    tasks = flaws.groupby("kind")["task"].agg(set)
    table = issues.table.set_index("issue_id")
    unknown = set(table.index[table["issue_class"] == UNCLASSIFIED])
    assert unknown == tasks["unknown_category"]
    assert set(table["issue_class"]) == {*profile.classes, UNCLASSIFIED}
    trimmed = table.loc[sorted(tasks["trailing_blanks"])]
    assert (trimmed["issue_class"] != UNCLASSIFIED).all()
    assert not table["status"].isin(["作废", "重复"]).any()
    # 街道 of every case stands as it is, and agrees with where the case lies but for the cases near a border.
    subdistricts = load_subdistricts(data / "boundaries/subdistricts.geojson", city=profile).table
    told = disagreement(issues.table, subdistricts, column="recorded_subdistrict", city=profile)
    assert told.disagree <= 0.001 * told.checked


def test_every_layer_loads_without_loss(data, profile):
    loaders = {
        "parks": load_parks,
        "residential": load_residential,
        "streets": load_streets,
        "waters": load_waters,
        "candidates": load_candidates,
    }
    for layer, load in loaders.items():
        loaded = load(data / f"layers/{layer}.geojson", city=profile)
        assert loaded.rejects.empty, layer
        assert len(loaded.table) == loaded.rows_in, layer
    assert load_residential(data / "layers/residential.geojson", city=profile).table["people"].sum() > 5e5


def test_every_planted_hot_spot_is_found_and_named(found, spots):
    hot = found.cells[found.cells["gi_bin"] >= 1]
    for spot in spots.itertuples():
        cells = hot[hot["issue_class"] == spot.issue_class]
        assert cells.contains(spot.geometry).any(), (spot.name, spot.issue_class)
        peaks = found.peaks[(found.peaks["issue_class"] == spot.issue_class) & (found.peaks["name"] == spot.name)]
        assert len(peaks) == 1, (spot.name, spot.issue_class)
        # A peak is a cell's centre: half its diagonal, and the spot's own radius.
        assert peaks.distance(spot.geometry).item() <= spot.radius_m + 142


def test_the_two_that_the_plan_names_lead(found):
    first = found.peaks[found.peaks["issue_class"] == "all"].sort_values("rank")["name"]
    assert first.iloc[0] == "三水湾"
    assert "府南" in set(first.head(3))


@pytest.mark.slow
def test_without_plants_counts_are_hot_and_rates_are_not():
    """People cluster and cases follow them: raw counts find the inner city, rates find nothing, which is the truth."""
    import geopandas as gpd

    city = make_city(plants=False, background=20_000)
    at = gpd.points_from_xy(city.cases["x"], city.cases["y"])
    cases = gpd.GeoDataFrame(city.cases[["issue_class"]], geometry=at, crs=4549)
    bare = find_hotspots(cases, city.districts, classes=["街面秩序"], exposure=city.residential)
    cells = bare.cells[bare.cells["issue_class"] == "all"]
    assert (cells["gi_bin"] >= 1).sum() > 500
    assert (cells["rate_bin"] >= 1).sum() == 0


def test_shuffled_counts_give_no_more_false_cells_than_the_rate(issues, districts):
    """With nothing to find, any hot cell is false: the false discovery rate is then the share of runs with one."""
    grid = grid_over(districts, cell_m=200)
    points = issues.table.geometry
    mine = (issues.table["issue_class"] == "公用设施").to_numpy()
    counts, _ = count_points(grid, points.x.to_numpy()[mine], points.y.to_numpy()[mine])
    rng = np.random.default_rng(1)
    runs = [hotspot_table(rng.permutation(counts[0]), grid, band_m=500) for _ in range(40)]
    false = sum((run["gi_q"] <= 0.05).any() for run in runs)
    assert false <= 6  # binomial(40, .05): more than 6 once in 250 times, and the seed is fixed
    assert all((a["gi_z"] != b["gi_z"]).any() for a, b in itertools.pairwise(runs))
