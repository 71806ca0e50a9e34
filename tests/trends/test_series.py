"""Series: counts by slice, the season taken out, and when in the week cases come."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from jxgis.trends.analysis import find_trends
from jxgis.trends.figures import times_chart
from jxgis.trends.series import profile, season, series_by, series_of
from jxgis.trends.slices import lay_slices


def daily(years: int, per_day: dict[int, int], usual: int = 4) -> pd.Series:
    days = pd.date_range("2022-01-01", f"{2021 + years}-12-31")
    return pd.Series(days.repeat([per_day.get(day.month, usual) for day in days]))


def test_a_season_that_comes_each_year_is_taken_out() -> None:
    times = daily(3, {7: 12, 8: 12, 1: 2})
    months = lay_slices(times, step="month")
    assert months is not None
    found = series_of(times, pd.Series("城南", times.index), months)
    # What is left is as even as the cases a day: no shorter month is lower, of a leap year either.
    assert found["adjusted"].max() / found["adjusted"].min() == pytest.approx(1, abs=1e-9)
    assert found["adjusted"].mean() == pytest.approx(found["count"].mean(), rel=0.01)
    assert found["count"].sum() == len(times)


@pytest.mark.parametrize("step", ["month", "quarter"])
def test_without_a_season_a_short_february_is_no_fall(step):
    """Four years with a leap year among them, ten cases a day: a month of average length has 10 × 1461 / 48."""
    times = pd.Series(pd.date_range("2021-01-01", "2024-12-31").repeat(10))
    slices = lay_slices(times, step=step)
    found = series_of(times, pd.Series("city", times.index), slices)["adjusted"].to_numpy()
    assert found == pytest.approx(np.full(len(found), 14610 / len(found)))


def test_a_rise_from_year_to_year_stays() -> None:
    times = pd.concat([daily(1, {7: 12}), daily(1, {7: 24}, usual=8) + pd.DateOffset(years=1)], ignore_index=True)
    months = lay_slices(times, step="month")
    assert months is not None
    found = series_of(times, pd.Series("城南", times.index), months)["adjusted"].to_numpy()
    assert found[12:].sum() / found[:12].sum() == pytest.approx(2, rel=0.01)


def test_less_than_two_years_tell_no_season() -> None:
    times = daily(1, {})
    months = lay_slices(times, step="month")
    assert months is not None
    assert np.isnan(season(np.full(12, 100), months)).all()
    assert series_of(times, pd.Series("城南", times.index), months)["adjusted"].isna().all()


def test_every_case_counts_once_in_the_week_and_in_the_day() -> None:
    random = np.random.default_rng(0)
    times = pd.Series(pd.Timestamp("2024-01-01") + pd.to_timedelta(random.integers(0, 365 * 24 * 60, 900), unit="min"))
    group = pd.Series(random.choice(["甲", "乙"], 900))
    found = profile(times, group)
    for (name, unit), rows in found.groupby(["group", "unit"]):
        assert rows["count"].sum() == (group == name).sum()
        assert rows["share"].sum() == pytest.approx(1)
        read = times[group == name].dt.isocalendar().day if unit == "weekday" else times[group == name].dt.hour
        expected = read.value_counts().reindex(rows["value"], fill_value=0)
        assert rows["count"].tolist() == expected.tolist()


def test_dates_without_a_time_of_day_have_no_hours() -> None:
    times = pd.Series(pd.date_range("2024-01-01", periods=30))
    assert set(profile(times, pd.Series("甲", times.index))["unit"]) == {"weekday"}


def test_dates_among_times_do_not_make_midnight_the_busiest_hour():
    days = pd.date_range("2024-01-01", periods=300)
    times = pd.Series(np.r_[days, days + pd.Timedelta(hours=9, minutes=10), days[:5] + pd.Timedelta(hours=14)])
    found = profile(times, pd.Series("甲", times.index)).set_index(["unit", "value"])
    assert found.loc["hour", "count"][[0, 9, 14]].tolist() == [0, 300, 5]
    assert found.loc["hour", "share"].sum() == pytest.approx(1)
    assert found.loc["weekday", "count"].sum() == len(times)


def test_midnight_is_an_hour_where_whole_hours_are_recorded():
    times = pd.Series(pd.date_range("2024-01-01", periods=480, freq="h"))
    assert profile(times, pd.Series("甲", times.index)).query("unit == 'hour'")["count"].tolist() == [20] * 24


def test_each_kind_of_group_counts_all_its_cases() -> None:
    times = daily(2, {7: 12})
    groups: dict[str, pd.Series] = {
        "city": pd.Series("city", times.index),
        "district": pd.Series(np.where(np.arange(len(times)) % 3 == 0, "城南", "老城"), times.index),
    }
    months = lay_slices(times, step="month")
    series, week = series_by(times, groups, months)
    for table in (series, week[week["unit"] == "weekday"]):
        assert table.groupby("by")["count"].sum().to_dict() == {"city": len(times), "district": len(times)}
    assert series.groupby("start")["count"].sum().tolist() == (series["count"] * 2)[series["by"] == "city"].tolist()
    assert len(series_by(times, groups, None)[0]) == 0


def test_a_month_that_is_not_covered_has_no_bar_and_one_that_is_not_shown_a_gap() -> None:
    times = daily(2, {7: 12})
    times = times[times.dt.strftime("%Y-%m") != "2022-05"]
    series, week = series_by(times, {"city": pd.Series("city", times.index)}, lay_slices(times, step="month"))
    shown = series.assign(count=series["count"].astype(object).where(series["start"] != "2022-03-01", "1–2"))
    upper, weekdays = times_chart(shown, week).axes
    months = dict(zip(series["start"].dt.strftime("%Y-%m"), series["count"], strict=True))
    heights = [bar.get_height() for bar in upper.containers[0]]
    expected = [np.nan if month == "2022-03" else n for month, n in months.items() if month != "2022-05"]
    np.testing.assert_array_equal(heights, expected)
    assert [bar.get_height() for bar in weekdays.containers[0]] == week["share"].tolist()


def test_a_hot_place_has_its_own_series() -> None:
    rng = np.random.default_rng(0)
    x, y = rng.uniform(0, 3000, (2, 4000))
    day = rng.integers(0, 366, 4000)
    x[:600], y[:600], day[:600] = *rng.uniform(0, 400, (2, 600)), rng.integers(182, 366, 600)
    time = pd.Timestamp("2024-01-01") + pd.to_timedelta(day, unit="D")
    issues = gpd.GeoDataFrame({"time": time}, geometry=gpd.points_from_xy(x, y), crs=4549)
    area = gpd.GeoSeries([shapely.box(0, 0, 3000, 3000)], crs=4549)
    found = find_trends(issues, area)
    place = found.places.iloc[0]
    inside = shapely.contains_xy(place.geometry, x, y)
    expected = pd.Series(time[inside].month).value_counts().sort_index().tolist()
    own = found.series[(found.series["by"] == "place") & (found.series["group"] == place["name"])]
    assert own["count"].tolist() == expected
    assert own["count"].sum() == place["issues"]
    assert not (found.shown_tables()["series"]["by"] == "place").any()
