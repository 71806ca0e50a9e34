"""Months against a count by hand: gaps, ends that are not a whole month, and months of few."""

from __future__ import annotations

import numpy as np
import pandas as pd

from jxgis.hotspots.month_series import month_counts, months_chart


def test_each_month_of_the_calendar_counts_once():
    rng = np.random.default_rng(3)
    time = pd.Series(pd.Timestamp("2021-11-15") + pd.to_timedelta(rng.integers(0, 500 * 24, 700), unit="h"))
    time = time[(time < "2022-03-01") | (time >= "2022-04-01")]
    time.iloc[5] = pd.NaT
    table = month_counts(time)
    for row in table.itertuples():
        by_hand = sum(1 for t in time.dropna() if (t.year, t.month) == (row.year, row.month))
        assert row.count == by_hand
    assert table["count"].sum() == time.notna().sum()
    assert table.loc[(table["year"] == 2022) & (table["month"] == 3), "count"].item() == 0
    assert table["whole"].tolist() == [False, *[True] * (len(table) - 2), False]


def test_a_month_is_whole_to_its_last_day():
    days = pd.to_datetime(["2023-01-01 08:00", "2023-02-10 00:00", "2023-03-31 23:00"])
    assert month_counts(pd.Series(days))["whole"].all()
    assert not month_counts(pd.Series(days - pd.Timedelta("4D")))["whole"].iloc[-1]


def drawn(counts: list[int], *, min_count: int) -> np.ndarray:
    """What the line of a year shows, month by month."""
    months = pd.DataFrame({"year": 2023, "month": range(1, len(counts) + 1), "count": counts, "whole": True})
    return np.asarray(months_chart(months, min_count=min_count).axes[0].lines[0].get_ydata(), dtype=float)


def test_no_month_of_one_or_two_is_drawn():
    np.testing.assert_array_equal(drawn([9, 2, 0, 1, 3, 1], min_count=3), [9, np.nan, 0, np.nan, 3, np.nan])
    np.testing.assert_array_equal(drawn([9, 2, 0, 1, 3], min_count=1), [9, 2, 0, 1, 3])


def test_the_one_month_of_one_or_two_is_not_what_the_others_leave_of_all():
    """How many there are in all is said, and a vector tells each month of the line to the issue."""
    for counts in ([90, 1, 60, 41, 0], [90, 2, 60, 41, 70, 52]):
        line = drawn(counts, min_count=3)
        assert np.isnan(line[1])
        assert np.isnan(line).sum() > 1


def test_issues_without_a_time_make_no_month():
    assert month_counts(pd.Series([pd.NaT, pd.NaT])).empty


def test_a_mistyped_year_makes_no_decades():
    days = pd.Series(pd.date_range("2023-01-01", "2023-06-30").repeat(3))
    assert month_counts(pd.concat([days, pd.Series([pd.Timestamp("1970-01-01")])]))["year"].tolist() == [2023] * 6


def test_months_that_were_all_that_was_recorded_are_whole():
    first = pd.to_datetime(["2023-01-01", "2023-02-01", "2023-03-01"])
    assert month_counts(pd.Series(first.repeat(40)))["whole"].all()
    quarters = pd.to_datetime(["2022-01-01", "2022-04-01", "2022-07-01", "2022-10-01", "2023-01-01"])
    assert month_counts(pd.Series(quarters.repeat(40))).empty, "a month without issues is no month without any recorded"
