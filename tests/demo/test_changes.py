"""The change planted in the schematic city, by name and month, against what `trends` and `hotspots` say of its files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from scipy.stats import binom

import jxgis
from jxgis.demo import make_changing_city, write_city
from jxgis.space.grid import grid_over
from jxgis.trends.change import batches, find_change
from jxgis.trends.cube import count_cube
from jxgis.trends.emerging import find_emerging
from jxgis.trends.map import change_words, place_words
from jxgis.trends.section import compared_line
from jxgis.trends.slices import lay_slices, slice_of

if TYPE_CHECKING:
    from jxgis.hotspots.result import HotspotsResult
    from jxgis.trends.result import TrendsResult

# Each makes a city and its results: as long together as a minute of the others.
pytestmark = pytest.mark.slow

PATROLS = "采集员上报"
OTHERS = ["12345热线", "市民随手拍", "智能识别", "媒体曝光"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("changing")
    write_city(root, city=make_changing_city())
    return root


def located(file: Path) -> gpd.GeoDataFrame:
    table = pd.read_csv(file).dropna(subset="name")
    return gpd.GeoDataFrame(table, geometry=gpd.points_from_xy(table["lon"], table["lat"]), crs=4490).to_crs(4549)


@pytest.fixture(scope="module")
def planted(folder: Path) -> gpd.GeoDataFrame:
    return located(folder / "truth/changes.csv").set_index("kind")


@pytest.fixture(scope="module")
def found(folder: Path) -> TrendsResult:
    return jxgis.open_project(folder, progress=False).trends(classes=[])


def project(folder: Path, name: str, issues: str, exposure: str = "layers/residential.geojson") -> jxgis.run.Project:
    """The project with more said of its issues, or of what they are set against."""
    text = (folder / "jxgis.toml").read_text(encoding="utf-8").replace('crs = "GCJ-02"', f'crs = "GCJ-02"\n{issues}')
    head, rest = text.split("[inputs.exposure]")
    text = f"{head}[inputs.exposure]{rest.replace('layers/residential.geojson', exposure, 1)}"
    (folder / name).write_text(text, encoding="utf-8")
    return jxgis.open_project(folder / name, progress=False)


def at(table: gpd.GeoDataFrame | None, point: shapely.Point) -> list[dict[str, Any]]:
    assert table is not None
    return table[table.contains(point)].to_dict("records")


def test_no_row_is_spoiled_and_the_month_is_empty(folder: Path) -> None:
    read = jxgis.load_issues(str(folder / "issues/*.zip"), city=jxgis.load_city("jiaxing"), crs="GCJ-02")
    assert (len(read.rejects), len(read.table) > 60_000) == (0, True)
    months = (
        read.table["time"].dt.to_period("M").value_counts().reindex(pd.period_range("2021-01", "2023-12", freq="M"))
    )
    assert months.index[months.isna()].astype(str).tolist() == ["2022-08"]


def test_the_place_that_emerges_is_named_since_its_month(found: TrendsResult, planted: gpd.GeoDataFrame) -> None:
    truth = planted.loc["emerges"]
    (place,) = at(found.places, truth.geometry)
    assert place["name"].startswith(truth["name"])
    assert (place["pattern"], f"{place['since']:%Y-%m-%d}") == ("consecutive_hot", truth["start"])
    (change,) = at(found.changes, truth.geometry)
    assert change["name"].startswith(truth["name"])
    assert (change["direction"], change["course"]) == ("rose", "new")


def test_the_place_that_fades_is_named_and_diminishes(found: TrendsResult, planted: gpd.GeoDataFrame) -> None:
    truth = planted.loc["fades"]
    (place,) = at(found.places, truth.geometry)
    assert place["name"].startswith(truth["name"])
    assert (place["pattern"], f"{place['since']:%Y-%m-%d}") == ("diminishing_hot", truth["start"])
    (change,) = at(found.changes, truth.geometry)
    assert (change["direction"], change["course"]) == ("fell", "weaker")


def test_the_place_that_a_campaign_mended_is_gone_since_its_end(found: TrendsResult, planted: gpd.GeoDataFrame) -> None:
    truth = planted.loc["mended"]
    (change,) = at(found.changes, truth.geometry)
    assert change["name"].startswith(truth["name"])
    assert (change["direction"], change["course"]) == ("fell", "gone")
    assert at(found.places, truth.geometry) == []
    cell = found.cells.index[found.cells.contains(truth.geometry)][0]
    hot = found.states[:, cell] == 1
    assert (hot == (found.slices.kept().start < np.datetime64(truth["end"]))).all()


def test_the_beat_that_is_patrolled_more_is_hot_by_number_and_said_to_be_seen_by_patrols(
    found: TrendsResult, planted: gpd.GeoDataFrame
) -> None:
    truth = planted.loc["patrolled"]
    (place,) = at(found.places, truth.geometry)
    assert (place["pattern"], f"{place['since']:%Y-%m-%d}") == ("consecutive_hot", truth["start"])
    assert (place["main_source"], place["main_source_share"] > 0.8) == (PATROLS, True)
    said = [note.zh for note in found.notes() if "80 % 以上来自同一来源" in note.zh]
    assert len(said) == 1
    # The beat alone: the others are seen by all sources.
    assert [name in said[0] for name in planted["name"]] == [kind == "patrolled" for kind in planted.index]


def test_wherever_the_beat_is_said_to_come_or_grow_its_source_is_said(
    found: TrendsResult, planted: gpd.GeoDataFrame
) -> None:
    shown, issues = found.shown_tables(), found.given.need("issues")
    for name, words in (("places", place_words), ("changes", change_words)):
        table = gpd.GeoDataFrame(shown[name])
        of_patrols = [float((issues.loc[issues.within(place), "source"] == PATROLS).mean()) for place in table.geometry]
        beat = table.contains(planted.loc["patrolled"].geometry).to_numpy()
        said = words(table, "zh")
        (own,) = np.flatnonzero(beat)
        assert said[own].endswith(f" · {100 * of_patrols[own]:.0f} % 来自{PATROLS}") == (name == "places")
        assert "% 来自" in said[own]
        assert [k for k, line in enumerate(said) if "来自" in line] == [own]
    answers = " ".join(answer.words for answer in found.section().answers)
    assert answers.count(f"% 来自{PATROLS}") == 2


def test_of_what_changed_the_beat_alone_did_so_by_one_source(found: TrendsResult, planted: gpd.GeoDataFrame) -> None:
    assert found.changes is not None
    beat = found.changes.contains(planted.loc["patrolled"].geometry)
    assert found.changes["only_source"].fillna("").tolist() == [PATROLS if own else "" for own in beat]
    assert beat.sum() == 1
    said = [note.zh for note in found.notes() if "只有一个来源变了" in note.zh]
    assert len(said) == 1
    assert found.changes.loc[beat, "name"].iloc[0] in said[0]


def test_of_a_place_that_fell_or_rose_by_less_than_the_city_that_is_said() -> None:
    changes = pd.DataFrame(
        {
            "direction": ["rose", "rose", "fell", "fell", "rose"],
            "change": [0.5, -0.17, 0.55, -0.2, np.nan],
            "course": ["new", None, "weaker", None, None],
            "issues": 12,
            "main_source": PATROLS,
            "main_source_share": 0.7,
            "only_source": [None, PATROLS, None, PATROLS, None],
            "same_point_share": 0.0,
        }
    )
    said = [
        "+50 % · 新成为热点",
        f"−17 % · 多于全市的变化 · 只有{PATROLS}增多",
        "+55 % · 少于全市的变化 · 热点减轻",
        f"−20 % · 只有{PATROLS}减少",
        "多于全市的变化",
    ]
    assert change_words(changes, "zh") == said


def test_what_changed_says_which_periods_are_compared_wherever_it_is_drawn(found: TrendsResult) -> None:
    assert found.comparison.periods is not None
    for said in (found.section().answers[1].words, compared_line(found, "zh")):
        assert "2023-01-01 至 2023-12-31 与 2022-01-01 至 2022-12-31 相比" in said
        assert f"{100 * found.change_city:+.1f} %" in said


def test_without_what_patrols_report_the_beat_is_no_hot_spot_and_the_others_are(
    folder: Path, planted: gpd.GeoDataFrame
) -> None:
    others = ", ".join(f'"{name}"' for name in OTHERS)
    found = project(folder, "others.toml", f"source = [{others}]").trends(classes=[], by="quarter")
    assert at(found.places, planted.loc["patrolled"].geometry) == []
    assert at(found.changes, planted.loc["patrolled"].geometry) == []
    (place,) = at(found.places, planted.loc["emerges"].geometry)
    assert place["pattern"] == "consecutive_hot"
    assert at(found.changes, planted.loc["mended"].geometry)[0]["course"] == "gone"


def test_against_the_hours_of_patrols_the_beat_is_no_hot_spot_and_the_others_are(
    folder: Path, planted: gpd.GeoDataFrame
) -> None:
    issues = f'source = ["{PATROLS}"]\nfrom = "2023-01-01"'
    found: HotspotsResult = project(folder, "patrols.toml", issues, "layers/patrols_2023.geojson").hotspots(classes=[])
    hot = {kind: bool(at(found.places, planted.loc[kind].geometry)) for kind in ("patrolled", "emerges", "mended")}
    assert hot == {"patrolled": True, "emerges": True, "mended": False}
    rates = found.rate_places
    assert rates is not None
    by_rate = {kind: bool(at(rates.places, planted.loc[kind].geometry)) for kind in hot}
    assert by_rate == {"patrolled": False, "emerges": True, "mended": False}


def test_the_missing_month_is_said_and_is_no_decline(found: TrendsResult, folder: Path) -> None:
    missing = pd.read_csv(folder / "truth/changes.csv").set_index("kind").loc["missing"]
    assert found.slices.start[~found.slices.whole].astype(str).tolist() == [missing["start"]]
    said = " ".join(note.zh for note in found.notes())
    for words in ("2022 年 8 月", "缺数据不是问题减少", "2023-08-01 至 2023-08-31"):
        assert words in said
    # Both years without that month; of the issues the loader leaves out those that are void or told twice.
    years = [
        pd.read_csv(folder / f"issues/issues_{year}.zip", encoding="utf-8-sig", dtype=str) for year in (2022, 2023)
    ]
    counts = []
    for rows in years:
        kept = ~rows["案件状态"].isin(["作废", "重复"]) & (rows["上报时间"].str.slice(5, 7) != "08")
        counts.append(int(kept.sum()))
    assert found.change_city == pytest.approx(counts[1] / counts[0] - 1, abs=2e-3)


def test_the_change_of_each_source_is_said_beside_the_citys(found: TrendsResult, folder: Path) -> None:
    counts = []
    for year in (2022, 2023):
        rows = pd.read_csv(folder / f"issues/issues_{year}.zip", encoding="utf-8-sig", dtype=str)
        kept = ~rows["案件状态"].isin(["作废", "重复"]) & (rows["上报时间"].str.slice(5, 7) != "08")
        counts.append(rows.loc[kept, "问题来源"].value_counts())
    change = (counts[1] / counts[0] - 1).to_dict()
    assert set(change) == {PATROLS, *OTHERS}
    assert found.change_sources == pytest.approx(change, abs=3e-3)
    said = found.section().answers[1].words
    assert f"分来源看：{PATROLS} {100 * found.change_sources[PATROLS]:+.0f} %" in said


def test_nothing_else_changed_and_what_lasts_persists(
    found: TrendsResult, folder: Path, planted: gpd.GeoDataFrame
) -> None:
    assert found.changes is not None
    told = {name.partition("（")[0] for name in found.changes["name"]}
    assert told == set(planted["name"])
    lasting = located(folder / "truth/hot_spots.csv")
    for truth in lasting[lasting["issue_class"] == "all"].itertuples():
        assert [place["pattern"] for place in at(found.places, truth.geometry)] == ["persistent_hot"]


@pytest.mark.slow
def test_shuffled_in_time_nothing_comes_grows_or_fades_and_what_lasts_persists() -> None:
    """Of 200 shuffles as many find something as the level lets, at most: the upper 99.9 % end of Bin(200, alpha)."""
    alpha, shuffles, band_m = 0.05, 200, 500.0
    city = make_changing_city()
    slices = lay_slices(pd.to_datetime(city.issues["上报时间"]), step="month")
    assert slices is not None
    slices = slices.kept()
    at = slice_of(pd.to_datetime(city.issues["上报时间"]), slices)
    grid = grid_over(city.districts, cell_m=250)
    x, y = city.cases["x"].to_numpy(), city.cases["y"].to_numpy()
    lasting = city.hot_spots[city.hot_spots["issue_class"] == "all"]
    middles = grid.index_of(lasting["x"].to_numpy(), lasting["y"].to_numpy())
    # The last year and the one before, both without the month that is missing in one.
    month = slices.start.astype("datetime64[M]").astype(int)
    late = month >= month[-1] - 11
    late[late] = np.isin(month[late] - 12, month)
    early = np.isin(month, month[late] - 12)
    assert (early.sum(), late.sum()) == (11, 11)
    rng, any_of = np.random.default_rng(0), dict.fromkeys(("trend", "change", "new", "intensifying", "diminishing"), 0)
    for _ in range(shuffles):
        counts = count_cube(grid, x, y, rng.permutation(at), len(slices))
        found = find_emerging(counts, grid, slices.start, band_m=band_m, alpha=alpha)
        before, after = counts[early].sum(axis=0), counts[late].sum(axis=0)
        batch = batches(before, after, grid)
        change = find_change(before, after, grid, band_m=band_m, alpha=alpha, batch=batch)
        pattern = found["pattern"]
        any_of["trend"] += int((found["trend_q"] <= alpha).any())
        any_of["change"] += int((change["q"] <= alpha).any())
        for name in ("new", "intensifying", "diminishing"):
            any_of[name] += int(pattern.str.startswith(name).any())
        assert (pattern.iloc[middles] == "persistent_hot").all()
    assert max(any_of.values()) <= binom.ppf(0.999, shuffles, alpha), any_of
