"""The scan of a made-up city: what was planted is found and named, and what cannot be scanned is said."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

import jxgis
from jxgis.errors import InputError, SettingsError
from jxgis.scan.section import map_note

SIDE = 6000.0
CITY = gpd.GeoDataFrame(
    {"name": ["西城", "东城"]}, geometry=[shapely.box(0, 0, 3000, SIDE), shapely.box(3000, 0, SIDE, SIDE)], crs=4549
)
PLACES = gpd.GeoDataFrame(
    {"name": ["月河", "三水湾"]}, geometry=gpd.points_from_xy([1500, 4500], [1500, 4500]), crs=4549
)


def made_up(seed: int = 0, *, times: bool = True) -> gpd.GeoDataFrame:
    """2,000 issues anywhere in two years; 150 more around 月河 all the time, 60 around 三水湾 from October 2023 on."""
    rng = np.random.default_rng(seed)
    x, y = rng.uniform(0, SIDE, (2, 2210))
    x[2000:2150], y[2000:2150] = 1500 + rng.uniform(-300, 300, (2, 150))
    x[2150:], y[2150:] = 4500 + rng.uniform(-300, 300, (2, 60))
    days = rng.integers(0, 730, 2210)
    days[2150:] = rng.integers(638, 730, 60)
    time = pd.Timestamp("2022-01-01") + pd.to_timedelta(days, unit="D")
    table: dict[str, Any] = {"issue_class": np.where(np.arange(2210) % 3 == 0, "市容", "街面")}
    if times:
        table["time"] = time
    return gpd.GeoDataFrame(table, geometry=gpd.points_from_xy(x, y), crs=4549)


def scan(issues: gpd.GeoDataFrame, **options):
    asked = {"classes": []} | options
    return jxgis.scan_clusters(issues, CITY, districts=CITY, places=PLACES, **asked)


def test_what_was_planted_is_found_named_and_dated() -> None:
    issues = made_up()
    found = scan(issues).clusters
    space, rose = (found[found["scan"] == scan] for scan in ("space", "space_time"))
    first, late = space.iloc[0], rose.iloc[0]
    assert (first["name"], first["district"]) == ("月河（西城）", "西城")
    assert pd.isna(first["start"])
    assert (late["name"], late["district"]) == ("三水湾（东城）", "东城")
    assert abs((late["start"] - pd.Timestamp("2023-10-01")).days) <= 31
    assert late["end"] == issues["time"].max().normalize()
    # What a place always has is no cluster in time.
    assert not rose["name"].str.contains("月河").any()
    # A cluster is its cells: who counts the issues in it has its number.
    for row in space.itertuples():
        assert issues.within(row.geometry).sum() == row.observed
    of_late = issues[issues["time"] >= late["start"]]
    assert of_late.within(late.geometry).sum() == late["observed"]
    assert late["times"] == pytest.approx(late["observed"] / late["expected"])
    outside = (len(issues) - first["observed"]) / (len(issues) - first["expected"])
    assert first["relative_risk"] == pytest.approx(first["times"] / outside)


def test_clusters_of_one_scan_share_no_ground() -> None:
    found = scan(made_up(3), alpha=0.5).clusters
    for _, own in found.groupby("scan"):
        assert own.union_all().area == pytest.approx(own.area.sum())


def test_each_class_is_scanned_by_itself() -> None:
    found = scan(made_up(), classes=["市容"], scans=["space"])
    assert found.scans["issue_class"].tolist() == ["all", "市容"]
    own = found.clusters[found.clusters["issue_class"] == "市容"]
    assert own["observed"].iloc[0] < found.clusters["observed"].iloc[0]


def test_a_recent_scan_finds_what_the_scan_of_all_months_ends_with() -> None:
    """What lies before the longest stretch is one slice where only recent ones are asked for: nothing else changes."""
    issues = made_up()
    recent, any_time = (
        scan(issues, scans=["space_time"], longest=6, recent=recent).clusters.iloc[0] for recent in (True, False)
    )
    assert (
        recent[["name", "start", "end", "observed"]].tolist() == any_time[["name", "start", "end", "observed"]].tolist()
    )
    assert recent["llr"] == pytest.approx(any_time["llr"])


def test_issues_where_nobody_lives_are_left_out_and_counted() -> None:
    homes = gpd.GeoDataFrame(
        {"people": [5000.0, 1000.0]},
        geometry=[shapely.box(0, 0, 2000, SIDE), shapely.box(2000, 0, 5000, SIDE)],
        crs=4549,
    )
    issues = made_up()
    found = jxgis.scan_clusters(issues, CITY, exposure=homes, classes=[])
    assert found.of_layer
    assert found.without_exposure == (issues.geometry.x >= 5000).sum()
    left_out = f"{found.without_exposure} 件问题所在的网格没有暴露量"
    # What is set against its own total looks at them.
    assert [left_out in map_note(found, of, "zh") for of in ("space", "space_time")] == [True, False]
    assert "没有暴露量" in " ".join(note.zh for note in found.notes())
    with pytest.raises(InputError, match="都落在没有暴露量"):
        jxgis.scan_clusters(issues[issues.geometry.x > 5100], CITY, exposure=homes)
    assert not jxgis.scan_clusters(issues, CITY, exposure=homes, classes=[], against="land").of_layer


def test_without_times_space_alone_is_scanned_and_said() -> None:
    found = scan(made_up(times=False))
    assert set(found.scans["scan"]) == {"space"}
    one_month = made_up()
    one_month = one_month[one_month["time"].between("2022-03-01", "2022-03-31")]
    said = {"问题没有上报时间": made_up(times=False), "问题的时间不足 2 个月": one_month}
    for why, issues in said.items():
        assert f"没有做时空扫描：{why}。" in [note.zh for note in scan(issues).notes()]
        with pytest.raises(InputError, match=f"只要求时空扫描，但{why}。"):
            scan(issues, scans=["space_time"])


@pytest.mark.parametrize(("months", "slices"), [(1, "week"), (3, "week"), (3, "month")])
def test_dates_coarser_than_the_slices_are_not_scanned_in_time(months: int, slices: str) -> None:
    """Recorded by months, all would lie in the week of the first; a cluster would last from its Monday to its Sunday."""
    issues = made_up()
    time = issues["time"].to_numpy().astype("datetime64[M]").astype(np.int64) // months * months
    coarse = issues.assign(time=time.astype("datetime64[M]").astype("datetime64[ns]"))
    found = scan(coarse, slices=slices)
    assert set(found.scans["scan"]) == {"space"}
    assert any("日期记得比所选的时段粗" in note.zh for note in found.notes())
    with pytest.raises(InputError, match="日期记得比所选的时段粗"):
        scan(coarse, scans=["space_time"], slices=slices)


def test_months_are_scanned_where_the_day_is_not_recorded() -> None:
    issues = made_up()
    coarse = issues.assign(time=issues["time"].dt.to_period("M").dt.start_time)
    assert set(scan(coarse).scans["scan"]) == {"space", "space_time"}


def test_a_radius_wider_than_the_city_is_said_and_bounded_by_the_share() -> None:
    found = scan(made_up(), scans=["space"], radius_max_m=100_000, max_share=0.1)
    assert found.wider_than_city
    assert (found.clusters["area_km2"] <= 0.1 * 36 + 1e-9).all()
    assert any("比研究范围还大" in note.zh for note in found.notes())


def test_a_share_that_no_window_fits_is_said() -> None:
    found = scan(made_up(), scans=["space"], cell_m=3000, max_share=0.1)
    assert found.scans["reason"].tolist() == ["scan_no_window"]
    assert found.clusters.empty
    assert "没有一处" in found.section().lines[0]
    # Nothing to draw, no ground below it: there is a map still.
    bare = jxgis.scan_clusters(made_up(), CITY, scans=["space"], cell_m=3000, max_share=0.1)
    assert bare.map() is not None
    assert bare.draws("figure") == []


def test_too_few_replicates_for_the_level_are_refused() -> None:
    with pytest.raises(SettingsError, match="replicates 至少 99"):
        scan(made_up(), replicates=50, alpha=0.01)


def test_poisson_in_time_finds_what_always_is_there_too() -> None:
    found = scan(made_up(), scans=["space_time"], model="poisson").clusters
    assert found["name"].str.contains("月河").any()


def test_the_result_shows_itself(tmp_path) -> None:
    found = scan(made_up(), lang="en")
    assert found.draws("map") == ["scan"]
    assert found.draws("figure") == ["scan_map", "scan_time_map"]
    written = found.write(tmp_path / "out")
    layer = gpd.read_file(written / "scan.gpkg", layer="clusters")
    assert len(layer) == len(found.clusters)
    assert "三水湾" in (written / "maps" / "scan.html").read_text(encoding="utf-8")


def test_small_counts_are_ranges_and_what_would_tell_them_is_missing() -> None:
    rng = np.random.default_rng(1)
    x, y = rng.uniform(0, SIDE, (2, 60))
    x[:2], y[:2] = 5950, 5950
    homes = gpd.GeoDataFrame(
        {"people": [0.001, 9999.0]},
        geometry=[shapely.box(5800, 5800, 6000, 6000), shapely.box(0, 0, 5800, 5800)],
        crs=4549,
    )
    issues = gpd.GeoDataFrame(geometry=gpd.points_from_xy(x, y), crs=4549)
    found = jxgis.scan_clusters(issues, CITY, exposure=homes)
    assert found.clusters["observed"].tolist() == [2]
    shown = found.shown_tables()["clusters"]
    assert shown["observed"].tolist() == ["1–2"]
    assert shown[["times", "llr"]].isna().all(axis=None)
    # With what is expected its ratio would tell the count.
    assert found.shown_tables()["scans"][["llr", "p", "p_gumbel"]].isna().all(axis=None)
    assert found.scans["llr"].notna().all()


def test_a_cluster_of_one_address_is_asked_about() -> None:
    issues = made_up()
    at = np.arange(len(issues)) >= 2150
    issues.loc[at, "geometry"] = shapely.Point(4500, 4500)
    found = scan(issues, scans=["space"])
    own = found.clusters.set_index("name")["same_point_share"]
    inside = issues.within(found.clusters.set_index("name").loc["三水湾（东城）"].geometry)
    assert own["三水湾（东城）"] == pytest.approx(60 / inside.sum())
    said = next(note.zh for note in found.notes() if "坐标完全相同" in note.zh)
    assert said.startswith("三水湾（东城）的问题有 20 %")
    assert found.section().answers[0].words.endswith(said)


def test_clusters_of_a_class_at_one_address_are_asked_about_too() -> None:
    """Of all issues at 月河 a sixth stand at one point, of those of one class two fifths."""
    issues = made_up()
    at = np.arange(len(issues)) >= 2170
    issues.loc[at, "geometry"] = shapely.Point(1500, 1500)
    issues.loc[at, "issue_class"] = "市容"
    for classes, said in (([], []), (["市容", "街面"], ["市容 · 月河（西城）"])):
        found = scan(issues, scans=["space"], classes=classes)
        asked = [note.zh for note in found.notes() if "坐标完全相同" in note.zh]
        assert [words.split("的问题有")[0] for words in asked] == said
    assert not [answer for answer in found.section().answers if "坐标完全相同" in answer.words]


def test_what_rose_where_nobody_lives_is_found_too() -> None:
    """What is set against its own total needs no exposure."""
    homes = gpd.GeoDataFrame({"people": [5000.0]}, geometry=[shapely.box(0, 0, 3000, SIDE)], crs=4549)
    found = jxgis.scan_clusters(made_up(), CITY, exposure=homes, districts=CITY, places=PLACES, classes=[]).clusters
    assert found.loc[found["scan"] == "space_time", "name"].tolist()[:1] == ["三水湾（东城）"]
    assert not found.loc[found["scan"] == "space", "name"].str.contains("东城").any()


def test_where_nothing_is_found_that_is_the_answer() -> None:
    issues = made_up().iloc[:2000]
    result = scan(issues, alpha=0.02)
    assert result.clusters.empty
    section = result.section()
    assert [key.value for key in section.keys] == ["0", "0"]
    assert [answer.words for answer in section.answers] == section.lines
    assert all("没有一处" in line for line in section.lines)


def test_a_mistyped_year_does_not_hide_what_rose_lately() -> None:
    """Of the last year that there are data of: a stray twenty years on would put all of them before it."""
    issues = made_up()
    stray = issues.iloc[:1].assign(time=pd.Timestamp("2043-05-01"))
    with_stray = gpd.GeoDataFrame(pd.concat([issues, stray], ignore_index=True))
    rose, same = (scan(rows, scans=["space_time"]) for rows in (issues, with_stray))
    assert rose.clusters["name"].tolist() == same.clusters["name"].tolist() == ["三水湾（东城）"]
    assert rose.clusters["start"].tolist() == same.clusters["start"].tolist()
    assert same.without_time == rose.without_time + 1


def test_no_two_clusters_have_one_name() -> None:
    """And none has its district's: a circle around Back Bay had 16,415 issues, Back Bay itself 4,447."""
    rng = np.random.default_rng(0)
    x, y = rng.uniform(0, SIDE, (2, 2000))
    for number, at in enumerate([(1000, 1000), (1000, 5000), (2000, 3000)]):
        own = slice(100 * number, 100 * number + 100)
        x[own], y[own] = at[0] + rng.uniform(-150, 150, 100), at[1] + rng.uniform(-150, 150, 100)
    issues = gpd.GeoDataFrame(geometry=gpd.points_from_xy(x, y), crs=4549)
    found = jxgis.scan_clusters(issues, CITY, districts=CITY).clusters
    assert sorted(found["name"].iloc[:3]) == ["西城一带", "西城一带 (2)", "西城一带 (3)"]
    unnamed = jxgis.scan_clusters(issues, CITY[["geometry"]]).clusters
    assert unnamed["name"].iloc[:3].tolist() == ["未命名 1", "未命名 2", "未命名 3"]


def test_a_source_that_is_silent_for_months_is_said() -> None:
    issues = made_up()
    sources = np.where(np.arange(len(issues)) % 2 == 0, "12345", "巡查")
    march_on = issues["time"].between("2023-03-01", "2023-05-31")
    assert not any("没有问题记录" in note.zh for note in scan(issues.assign(source=sources)).notes())
    silent = issues.assign(source=sources)[~(march_on & (sources == "12345"))]
    said = [note for note in scan(silent).notes() if "几乎没有问题记录" in note.zh]
    assert [note.zh.split("：")[0] for note in said] == [
        "来源“12345”在 2023-03-01 至 2023-05-31 没有或几乎没有问题记录"
    ]
    assert "from the source '12345' 2023-03-01 to 2023-05-31" in said[0].en
    assert not any("没有问题记录" in note.zh for note in scan(silent, scans=["space"]).notes())


def test_what_always_has_many_is_not_said_to_be_left_out_where_it_is_not() -> None:
    always, usual = (scan(made_up(), scans=["space_time"], model=model) for model in ("poisson", "permutation"))
    pages = [next(iter(found._maps().values()))().get_root().render() for found in (always, usual)]
    listed, left_out = "一直就多的地方也会列入", "一直就多的地方不会列入"
    assert [(listed in page, left_out in page) for page in pages] == [(True, False), (False, True)]
    assert [any(listed in note.zh for note in found.notes()) for found in (always, usual)] == [True, False]


def test_the_map_says_so_where_nothing_rose() -> None:
    found = scan(made_up().iloc[:2150], alpha=0.02)
    assert set(found.clusters["scan"]) == {"space"}
    page = found._maps()["scan"]().get_root().render()
    assert "全部问题：从何时起增多" in page
    assert "没有一处" in page
