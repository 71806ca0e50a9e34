"""What people are shown of weak areas: no small count, and none that units or two periods would tell."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from matplotlib.text import Text
from weak_city import CITY, SIDE, places, points, units

import jxgis
from jxgis.drawing.offline import to_html
from jxgis.errors import InputError
from jxgis.period_words import recent_days
from jxgis.report.blocks import Paragraph
from jxgis.run.parts import by_command, with_those_before
from jxgis.settings import Settings
from jxgis.weak.figures import weak_chart
from jxgis.weak.section import in_a_line, notes_of


def cases(rng, n, years=2):
    x, y = rng.uniform(0, SIDE, (2, n))
    days = pd.to_timedelta(rng.integers(0, 365 * years, n), unit="D")
    return points(x, y, pd.Series(pd.Timestamp("2022-01-01") + days))


@pytest.fixture(scope="module")
def result():
    rng = np.random.default_rng(4)
    few = cases(rng, 900)
    more = points(rng.uniform(100, 300, 60), rng.uniform(100, 300, 60), few["time"].iloc[:60].reset_index(drop=True))
    issues = gpd.GeoDataFrame(pd.concat([few, more], ignore_index=True))
    return jxgis.find_weak_areas(issues, CITY, {"markets": places(rng, 40)}, units=units(12))


def test_every_area_has_its_outcome(result):
    assert len(result.areas) == 144 + 40
    assert result.areas["status"].notna().all()
    assert result.areas.loc[result.areas["status"] != "weak", "reason"].notna().all()
    assert (result.weak_areas["q"] <= 0.05).all()


def test_no_small_count_is_shown_nor_told_by_two_periods(result):
    assert (result.areas["issues"].between(1, 2)).any()
    for shown in result.shown_tables().values():
        for name in ("issues", "cases_before"):
            number = pd.to_numeric(shown[name], errors="coerce")
            assert not number.between(1, 2).any()
        few = shown["issues"] == "1–2"
        assert shown.loc[few, ["severity", "q", "change", "cases_before"]].isna().to_numpy().all()
        assert shown["shared"].isna().all()


@pytest.mark.parametrize("low", [2.0, np.nan])
def test_the_chart_says_why_a_place_has_no_interval(low):
    """Of the hot place and of a small count there is none: the dot stood alone without a word."""
    weak = pd.DataFrame(
        {"rank": [1], "name": ["东栅里"], "kind": ["热点地段"], "severity": 5.0, "low": low, "high": low + 4}
    )
    told = " ".join(each.get_text() for each in weak_chart(weak).findobj(Text))
    assert ("没有线段" in told) == np.isnan(low)


def test_the_lines_below_the_axis_of_the_chart_keep_apart():
    weak = pd.DataFrame(
        {"rank": [1], "name": ["东栅里"], "kind": ["热点地段"], "severity": 5.0, "low": np.nan, "high": np.nan}
    )
    label = weak_chart(weak).axes[0].xaxis.label
    two, size = label.get_window_extent().height, label.get_fontsize() * label.get_figure().dpi / 72
    label.set_text("问题数是对照的几倍")
    assert two - label.get_window_extent().height > 1.4 * size


def test_what_two_periods_leave_of_a_unit_is_not_small(result):
    shown, table = result.shown_tables()["areas"], result.areas
    of_unit = (table["kind"] == "unit").to_numpy()
    every = table["issues"] + table["cases_before"]
    told = of_unit & shown["issues"].notna().to_numpy() & (shown["issues"] != "1–2").to_numpy()
    assert not (every - table["issues"])[told].between(1, 2).any()


def test_the_sheet_names_the_period_that_it_shows_and_no_other(result):
    """Issues of 2022 and 2023 were given; the weak areas are those of 2023."""
    said = [each.get_text() for each in result.figure("weak_map").findobj(Text)]
    source = next(words for words in said if "问题上报时间" in words)
    assert "2022" not in source
    assert recent_days(result.comparison).zh in source.replace("\n", "")


def test_a_city_without_a_plan_is_told_of_none(result):
    section = result.section()
    said = [section.keys[0].note, *(block.words for block in section.blocks if isinstance(block, Paragraph))]
    assert not any("规划要求" in words for words in said)
    assert "设置（weak.number）要求" in said[0]
    assert any("设置（weak.number）要求" in words for words in said[1:])


def test_the_result_shows_itself(result):
    assert result.draws("map") == ["weak"]
    assert "薄弱区域" in repr(result)
    words = result.table()
    assert list(words.columns[:4]) == ["排名", "名称", "类型", "片区"]
    assert set(words["类型"]) <= {"单元", "农贸市场"}
    page = to_html(result.map())
    assert "编号同列表" in page
    assert '"pins":{' in page
    assert result.figure() is not None


@pytest.mark.slow
def test_all_that_tells_counts_says_that_they_are_of_the_recent_period(result):
    days = "2023-01-01 至 2023-12-31"
    section = result.section()
    assert section.lines[0].startswith("看了 184 处区域")
    assert days in section.lines[0]
    assert days in in_a_line(result, "zh")
    assert days in section.answers[0].words
    without = points(*np.random.default_rng(1).uniform(0, SIDE, (2, 300)))
    assert "全部时段" in jxgis.find_weak_areas(without, CITY, {}, units=units(12)).section().lines[0]


def test_nothing_to_look_at_is_refused():
    with pytest.raises(InputError, match="no areas to look at"):
        jxgis.find_weak_areas(cases(np.random.default_rng(1), 50), CITY)
    away = gpd.GeoDataFrame(geometry=gpd.points_from_xy([9e4], [9e4]), crs=4549)
    with pytest.raises(InputError, match="None of 1 issue"):
        jxgis.find_weak_areas(away, CITY, units=units())


def told(result, name="issues"):
    return pd.to_numeric(result.shown_tables()["areas"][name], errors="coerce")


def test_the_total_of_a_kind_which_is_expected_of_each_tells_no_small_count():
    plots = gpd.GeoDataFrame({"name": list("甲乙丙")}, geometry=[box(0, 0), box(1000, 0), box(2000, 0)], crs=4549)
    x = np.repeat([50.0, 1050, 2050, 5000], [1, 20, 30, 400])
    result = jxgis.find_weak_areas(points(x, np.full(len(x), 50.0)), CITY, {"markets": plots})
    assert result.areas["expected"].tolist() == pytest.approx([51 / 3] * 3)
    assert result.shown_tables()["areas"]["issues"].tolist()[0] == "1–2"
    assert told(result).isna().sum() == 2


@pytest.mark.parametrize("report", [False, True])
def test_units_that_fill_a_district_tell_no_small_count_by_their_two_periods(report):
    """All issues are in the two periods, and how many a district has is shown with the hot spots."""
    rng = np.random.default_rng(1)
    tiles = units(2)
    counts = np.array([1, 300, 400, 500])
    west, south = tiles.bounds[["minx", "miny"]].to_numpy().repeat(counts, axis=0).T
    x, y = rng.uniform(1, SIDE / 2 - 1, (2, counts.sum())) + np.array([west, south])
    days = rng.integers(0, 730, counts.sum())
    days[:3] = 0, 0, 729
    times = pd.Series(pd.Timestamp("2022-01-01") + pd.to_timedelta(days, unit="D"))
    issues = points(x, y, times)
    hot = jxgis.find_hotspots(issues, CITY) if report else None
    result = jxgis.find_weak_areas(issues, CITY, units=tiles, hotspots=hot, kinds=["unit"])
    every = result.areas["issues"] + result.areas["cases_before"]
    assert every.tolist() == counts.tolist()
    both = told(result) + told(result, "cases_before")
    assert both.isna().sum() == 2
    assert both.isna()[0]


def box(west, south, side=100.0):
    return shapely.box(west, south, west + side, south + side)


def test_two_changes_of_the_city_that_do_not_read_alike_are_told_apart():
    """Beside the city, in cells of its edge, lie heaps of the second year: the hot spots count them, the weak areas do not."""
    rng = np.random.default_rng(9)
    city = gpd.GeoDataFrame({"name": ["城"]}, geometry=[CITY.geometry[0].buffer(-90)], crs=4549)
    inside = cases(rng, 3000)
    heap = cases(rng, 300)
    heap = heap.set_geometry(gpd.points_from_xy(*rng.uniform(2100, 2900, (2, 300))), crs=4549)
    inside = gpd.GeoDataFrame(pd.concat([inside, heap], ignore_index=True))
    inside = inside[inside.within(city.geometry[0])].reset_index(drop=True)
    x, y = rng.uniform(500, 5500, 300), rng.uniform(60, 89, 300)
    beside = points(x, y, pd.Series(pd.Timestamp("2023-06-01"), range(300)))
    told = {}
    for name, issues in (("alike", inside), ("apart", pd.concat([inside, beside], ignore_index=True))):
        hot = jxgis.find_hotspots(issues, city)
        found = jxgis.find_weak_areas(issues, city, units=units(6), hotspots=hot, kinds=["unit"])
        told[name] = [note.en for note in notes_of(found) if "in the cells" in note.en]
    years = inside["time"].dt.year.value_counts()
    assert told["alike"] == []
    own, both = (100 * (more / years[2022] - 1) for more in (years[2023], years[2023] + 300))
    assert told["apart"] == [
        f"The city's change here ({own:+.0f} %) is of all issues inside the districts; that of the hot spots is of the issues "
        f"in the cells, which are a little less or more than the districts at their edge, and is {both:+.0f} %.".replace(
            "-", "−"
        )
    ]


@pytest.mark.parametrize("pile", [60, 0])
def test_a_weak_area_that_one_point_makes_is_asked_about(pile: int) -> None:
    """A platform's default point put a unit first on the list without a word. Four at one point put none there."""
    rng = np.random.default_rng(8)
    x, y = np.hstack(
        [
            rng.uniform(0, SIDE, (2, 450)),
            SIDE - rng.uniform(100, 400, (2, 6)),
            np.full((2, 4), SIDE - 50.0),
            np.full((2, pile), 150.0),
        ]
    )
    found = jxgis.find_weak_areas(points(x, y), CITY, units=units(12))
    listed = found.weak_areas.set_index("name")
    assert listed.index.tolist() == (["U00", "U143"] if pile else ["U143"])
    own = (x > SIDE - 500) & (y > SIDE - 500)
    assert listed.loc["U143", "issues"] == own.sum() < 20, "four are a fifth of them and more"
    said = [note.zh.partition("的问题")[0] for note in found.notes() if "坐标完全相同" in note.zh]
    assert said == (["U00"] if pile else [])
    assert ("坐标完全相同" in found.section().answers[0].words) == bool(pile)


@pytest.mark.parametrize(
    ("kinds", "before"),
    [
        (None, ["hotspots", "units"]),
        (["hot_place", "markets"], ["hotspots"]),
        (["unit"], ["units"]),
        (["markets", "back_lanes"], []),
    ],
)
def test_only_parts_that_find_what_is_looked_at_are_run_before(kinds, before):
    """The command divided the city into units, minutes long, where nobody had asked for units."""
    settings = Settings().overridden("weak", {"kinds": kinds})
    assert [part.name for part in with_those_before(by_command("weak"), (), settings)] == [*before, "weak"]
