"""Hot places on hand-made cities."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from jxgis.errors import CrsError, InputError
from jxgis.hotspots.counted import number_points
from jxgis.hotspots.places import Naming, hot_places
from jxgis.periods import Comparison, Periods, compare_periods
from jxgis.space.grid import grid_over

AREA = gpd.GeoSeries([shapely.box(0, 0, 2000, 1600).difference(shapely.box(800, 0, 1200, 600))], crs=4549)
GRID = grid_over(AREA, cell_m=200)


def city(seed=0):
    """Two hot places, A south-west with 60 cases, B north-east with 30 cases, and 10 cases elsewhere."""
    rng = np.random.default_rng(seed)
    x = np.concatenate([rng.uniform(200, 600, 60), rng.uniform(1600, 2000, 30), rng.uniform(800, 1000, 10)])
    y = np.concatenate([rng.uniform(200, 600, 60), rng.uniform(1200, 1400, 30), rng.uniform(1000, 1200, 10)])
    issues = gpd.GeoDataFrame(
        {
            "issue_class": ["街面秩序"] * 50 + ["市容环境"] * 50,
            "sub_type": ["店外经营"] * 40 + ["无照游商"] * 20 + ["暴露垃圾"] * 40,
            "department": ["综合行政执法局"] * 60 + [None] * 30 + ["环卫"] * 10,
            "district": ["老城"] * 60 + ["塘汇"] * 40,
            "community": ["甲社区"] * 60 + ["乙社区"] * 40,
            "time": pd.Timestamp("2023-06-01") + pd.to_timedelta(np.arange(100) * 5, unit="D"),
        },
        geometry=gpd.points_from_xy(x, y),
        crs=4549,
    )
    cell = GRID.index_of(x, y)
    frames = []
    for issue_class in ("all", "街面秩序"):
        keep = np.ones(100, bool) if issue_class == "all" else (issues["issue_class"] == issue_class).to_numpy()
        count = np.bincount(cell[keep], minlength=len(GRID))
        z = np.where(count > 5, count / 2, -0.5)
        frame = {"cell_id": GRID.ids(), "issue_class": issue_class, "count": count, "gi_z": z}
        frames.append(pd.DataFrame(frame | {"gi_q": np.where(count > 5, 0.01, 0.9)}))
    return pd.concat(frames, ignore_index=True), issues


def test_a_place_says_where_what_how_much_and_whose():
    cells, issues = city()
    found = hot_places(cells, issues, GRID, naming=Naming(field="community"))
    places = found.places[found.places["issue_class"] == "all"]
    # 10 cases in one 200 m cell elsewhere are hot as well: three places, ranked by issues.
    assert places["rank"].tolist() == [1, 2, 3]
    first = places.iloc[0]
    assert (first["name"], first["name_from"]) == ("甲社区", "field")
    assert first["issues"] == 60
    assert first["share_issues"] == pytest.approx(0.6)
    assert first["area_km2"] == pytest.approx(0.16)
    assert first["share_area"] == pytest.approx(4 / len(GRID))
    assert first["concentration"] == pytest.approx(0.6 * len(GRID) / 4)
    assert (first["main_subclass"], first["main_subclass_share"]) == ("店外经营", pytest.approx(40 / 60))
    assert first["main_department"] == "综合行政执法局"
    assert first["district"] == "老城"
    assert first["same_point_share"] == pytest.approx(1 / 60)
    assert first.geometry.equals(shapely.box(200, 200, 600, 600))
    z = cells[cells["issue_class"] == "all"].set_index("cell_id")["gi_z"]
    assert first["peak_z"] == z.max()
    assert first["peak_cell"] == z.idxmax()
    # Two places with one name are told apart.
    assert places["name"].tolist() == ["甲社区", "乙社区", "乙社区 (2)"]
    # Classes have places of their own, and shares of their own.
    street_order = found.places[found.places["issue_class"] == "街面秩序"]
    assert street_order["share_issues"].sum() == pytest.approx(1.0)
    assert street_order["issues"].sum() == 50
    # Of the 50 of the class, not of all 60 in its place.
    assert (street_order["main_subclass"].item(), street_order["main_subclass_share"].item()) == ("店外经营", 40 / 50)


def test_a_place_of_a_class_is_named_by_the_cases_of_the_class():
    cells, issues = city()
    issues["community"] = ["甲社区"] * 49 + ["乙社区"] * 51
    of_class = cells[cells["issue_class"] == "街面秩序"]
    assert hot_places(of_class, issues, GRID, naming=Naming(field="community")).places["name"].tolist() == ["甲社区"]


def test_peaks_that_nothing_names_are_numbered_in_their_district_and_one_cell_has_one_number():
    cells, issues = city()
    issues = issues.drop(columns=["district", "subdistrict"], errors="ignore")
    naming = Naming(
        zones={"district": gpd.GeoDataFrame({"name": ["新丰镇"]}, geometry=[shapely.box(0, 0, 9e3, 9e3)], crs=4549)}
    )
    found = hot_places(cells, issues, GRID, naming=naming)
    peaks = found.peaks.set_index("cell_id")["name"]
    of_cell = peaks.groupby(level=0).unique()
    assert of_cell.str.len().eq(1).all()
    assert sorted(of_cell.str[0]) == sorted(f"新丰镇（未命名 {n}）" for n in range(1, len(of_cell) + 1))
    assert set(found.peaks["name_from"]) == {"district"}
    assert found.places["name"].tolist() == of_cell.str[0][found.places["peak_cell"]].tolist()
    assert hot_places(cells, issues, GRID, naming=naming).peaks["name"].tolist() == found.peaks["name"].tolist()
    numbers = {"新丰镇": {"E0N0": 1}}
    after = hot_places(cells, issues, GRID, naming=naming, numbers=numbers).peaks["name"]
    assert set(after) == {f"新丰镇（未命名 {n}）" for n in range(2, len(of_cell) + 2)}
    assert len(numbers["新丰镇"]) == len(of_cell) + 1
    english = Naming(zones=naming.zones, lang="en")
    assert "新丰镇 (unnamed 1)" in set(hot_places(cells, issues, GRID, naming=english).places["name"])


def test_names_go_from_place_to_street_to_field_to_label_to_number():
    cells, issues = city()
    cells = cells[cells["issue_class"] == "all"]
    places = gpd.GeoDataFrame(
        {"name": ["三水湾", "远处"]}, geometry=gpd.points_from_xy([450, 9000], [450, 0]), crs=4549
    )
    line = shapely.LineString([(0, 1300), (2000, 1300)])
    streets = gpd.GeoDataFrame({"name": ["由拳路", None]}, geometry=[line, line], crs=4549)
    labels = gpd.GeoDataFrame({"name": ["月河"]}, geometry=gpd.points_from_xy([900], [500]), crs=4549)

    def names(naming):
        table = hot_places(cells, issues, GRID, naming=naming).places
        return list(zip(table["name"], table["name_from"], strict=True))

    full = Naming(places=places, streets=streets, labels=labels, field="community")
    assert names(full) == [("三水湾", "place"), ("由拳路", "street"), ("乙社区", "field")]
    no_field = Naming(places=places, streets=streets, labels=labels)
    assert names(no_field)[2] == ("月河", "label")
    assert {source for _, source in names(None)} == {"district"}
    table = hot_places(cells, issues, GRID, naming=full).places
    assert table["street"].tolist() == [None, "由拳路", None]


def test_a_large_place_lists_the_other_peaks_inside_it():
    count = np.zeros(len(GRID), dtype=np.int64)
    x, y = GRID.centres()
    row = y == 1300
    count[row] = 3
    count[row & (x == 300)] = 50
    count[row & (x == 1700)] = 40
    z = count - 1.0 - 0.001 * np.abs(x - 300)
    cells = pd.DataFrame({"cell_id": GRID.ids(), "issue_class": "all", "count": count, "gi_z": z})
    cells["gi_q"] = np.where(count > 0, 0.001, 0.9)
    issues = gpd.GeoDataFrame({"issue_class": ["x"]}, geometry=gpd.points_from_xy([100], [100]), crs=4549)
    where = gpd.points_from_xy([250, 1700], [1300, 1250])
    naming = Naming(places=gpd.GeoDataFrame({"name": ["三水湾", "府南"]}, geometry=where, crs=4549))
    found = hot_places(cells, issues, GRID, naming=naming)
    assert found.places[["name", "also"]].to_numpy().tolist() == [["三水湾", "府南"]]
    assert found.peaks["name"].tolist() == ["三水湾", "府南"]
    assert found.peaks["place_rank"].tolist() == [1, 1]
    # Three more cells of the row lie within 500 m; the fourth is beyond the edge.
    assert found.peaks["issues"].tolist() == [50 + 3 * 3, 40 + 3 * 3]


def test_cases_heaped_on_one_point_are_told():
    cells, issues = city()
    heap = issues.copy()
    heap.loc[10:39, "geometry"] = shapely.Point(555.5, 555.5)
    first = hot_places(cells[cells["issue_class"] == "all"], heap, GRID).places.iloc[0]
    assert first["same_point_share"] == pytest.approx(30 / 60)


def test_cases_in_the_first_cell_and_outside_of_the_grid_are_where_they_are():
    cells, issues = city()
    cells = cells[cells["issue_class"] == "all"]
    want = hot_places(cells, issues, GRID, naming=Naming(field="community")).places
    more = issues.iloc[[99, 0]].set_geometry(gpd.points_from_xy([-5000, 100], [0, 100], crs=4549))
    assert GRID.index_of(more.geometry.x, more.geometry.y).tolist() == [-1, 0]
    got = hot_places(cells, pd.concat([more, issues]), GRID, naming=Naming(field="community")).places
    pd.testing.assert_frame_equal(pd.DataFrame(got), pd.DataFrame(want))


def test_change_counts_both_periods_inside_the_place():
    cells, issues = city()
    cells = cells[cells["issue_class"] == "all"]
    # 60 cases of the first place: one in five days from 2023-06-01.
    periods = Periods(*(pd.Timestamp(day) for day in ("2023-06-01", "2023-09-09", "2023-12-18")))
    table = hot_places(cells, issues, GRID, periods=periods).places
    first = table.iloc[0]
    assert (first["issues_before"], first["issues_recent"], first["change"]) == (20, 20, 0.0)
    assert np.isnan(table.iloc[1]["change"])
    without = hot_places(cells, issues, GRID).places
    assert without["change"].isna().all()
    # The history may hold more than what is analysed.
    doubled = pd.concat([issues, issues.assign(time=issues["time"] + pd.Timedelta(days=100))])
    again = hot_places(cells, issues, GRID, periods=periods, history=doubled).places.iloc[0]
    assert (again["issues_before"], again["issues_recent"]) == (20, 40)


def test_periods_are_of_one_length_and_the_split_is_inside():
    day = pd.Timestamp
    chosen = compare_periods(pd.Series([day("2024-01-01"), day("2024-01-20"), day("2024-03-31")])).periods
    assert chosen.end - chosen.split == chosen.split - chosen.before
    assert chosen.end == day("2024-04-01")
    window = {"start": day("2024-01-01"), "end": day("2024-02-01")}
    given_ = compare_periods(pd.Series([day("2023-12-01"), day("2024-01-31")]), **window)
    assert given_.periods == Periods(day("2023-12-01"), day("2024-01-01"), day("2024-02-01"))
    assert compare_periods(pd.Series([], dtype="datetime64[ns]")).reason == "no_times"
    assert compare_periods(pd.Series([day("2024-01-05")]), **window) == Comparison(None, reason="no_earlier_period")


def test_order_of_rows_does_not_matter_and_arguments_stay():
    cells, issues = city()
    before = issues.copy()
    first = hot_places(cells, issues, GRID, naming=Naming(field="community"))
    second = hot_places(cells, issues.sample(frac=1, random_state=1), GRID, naming=Naming(field="community"))
    pd.testing.assert_frame_equal(pd.DataFrame(first.places), pd.DataFrame(second.places))
    pd.testing.assert_frame_equal(pd.DataFrame(issues), pd.DataFrame(before))


def test_nothing_hot_gives_empty_tables_with_all_columns():
    cells, issues = city()
    cells = cells.assign(gi_q=0.9)
    found = hot_places(cells, issues, GRID)
    assert len(found.places) == len(found.peaks) == 0
    assert {"rank", "name", "issues", "main_subclass"} <= set(found.places.columns)
    assert found.places.crs == GRID.crs
    full = hot_places(city()[0], issues, GRID)
    for table, like in ((found.places, full.places), (found.peaks, full.peaks)):
        kinds = [(column, kind.kind) for column, kind in like.dtypes.items() if kind.kind in "if"]
        assert kinds == [(column, kind.kind) for column, kind in table.dtypes.items() if kind.kind in "if"]


def test_it_refuses_cells_of_another_grid_and_degrees():
    cells, issues = city()
    with pytest.raises(InputError, match="not those of the grid"):
        hot_places(cells.iloc[1:], issues, GRID)
    with pytest.raises(CrsError):
        hot_places(cells, issues.to_crs(4326), GRID)


def test_the_city_s_change_stands_beside_a_place_s():
    """A place that falls by 10 % in a city that falls by half has become a larger part of it."""
    cells, issues = city()
    periods = Periods(*(pd.Timestamp(day) for day in ("2023-01-01", "2024-01-01", "2025-01-01")))
    place, away = issues.iloc[:60], issues.iloc[60:]

    def dated(table, times, year):
        rows = np.resize(np.arange(len(table)), times)
        return table.iloc[rows].assign(time=pd.Timestamp(f"{year}-05-05"))

    history = pd.concat(
        [dated(place, 100, 2023), dated(place, 90, 2024), dated(away, 400, 2023), dated(away, 160, 2024)]
    )
    found = hot_places(cells[cells["issue_class"] == "all"], issues, GRID, history=history, periods=periods)
    assert (found.places["change_city"] == 250 / 500 - 1).all()
    assert (found.peaks["change_city"] == 250 / 500 - 1).all()
    first = found.places.iloc[0]
    assert (first["issues_before"], first["issues_recent"]) == (100, 90)
    assert first["change"] == pytest.approx(-0.1)


def test_a_place_without_a_case_lies_where_its_peak_does():
    halves = gpd.GeoDataFrame({"name": ["西", "东"]}, geometry=shapely.box([0, 2000], 0, [2000, 4000], 1000), crs=4549)
    streets = gpd.GeoDataFrame({"name": ["甲街道"]}, geometry=[shapely.box(2000, 0, 4000, 1000)], crs=4549)
    grid = grid_over(halves, cell_m=500)
    x, _ = grid.centres()
    hot = (x < 500) | (x > 3500)
    cells = pd.DataFrame({"cell_id": grid.ids(), "issue_class": "all", "count": np.where(x < 500, 5, 0)})
    cells = cells.assign(gi_z=np.where(hot, 4.0, 0.0), gi_q=np.where(hot, 0.001, 1.0))
    issues = gpd.GeoDataFrame(
        {"issue_class": ["甲"] * 10, "district": "西"},
        geometry=gpd.points_from_xy([250] * 10, [250, 750] * 5),
        crs=4549,
    )
    zones = {"district": halves, "subdistrict": streets}
    found = hot_places(cells, issues, grid, naming=Naming(zones=zones), band_m=1000)
    assert found.places[["name", "district", "subdistrict"]].iloc[1].tolist() == ["甲街道（未命名 1）", "东", "甲街道"]
    assert found.places["district"].tolist() == ["西", "东"]
    assert pd.isna(found.places["subdistrict"].iloc[0])
    assert sorted(found.peaks["district"]) == ["东", "西"]
    bare = hot_places(cells, issues, grid, band_m=1000).places
    assert pd.isna(bare["district"].iloc[1])


def test_points_have_one_number_where_both_coordinates_are_equal():
    random = np.random.default_rng(0)
    for scale in (0.1, 1.0, 1e6):
        # So few values meet often; x = y and x = -y are among them.
        x, y = random.integers(-3, 4, (2, 200)) * scale
        point = number_points(x, y)
        same = (x[:, None] == x) & (y[:, None] == y)
        assert ((point[:, None] == point) == same).all()
