"""Slices of time: which there are, and which the data cover."""

import numpy as np
import pandas as pd
import pytest

from jxgis.settings import Step
from jxgis.trends.slices import lay_slices, slice_of


def every_day(first: str, last: str, a_day: int = 4) -> pd.Series:
    return pd.Series(np.repeat(pd.date_range(first, last), a_day))


@pytest.mark.parametrize(
    ("step", "number", "second"),
    [("month", 12, "2024-02-01"), ("quarter", 4, "2024-04-01"), ("week", 53, "2024-01-08")],
)
def test_slices_follow_the_calendar(step: Step, number: int, second: str) -> None:
    found = lay_slices(every_day("2024-01-01", "2024-12-31"), step=step)
    assert found is not None
    assert len(found) == number
    assert str(found.start[1]) == second
    np.testing.assert_array_equal(found.start[1:], found.end[:-1])
    # The last week of the year ends in the next one.
    assert found.whole[:-1].all()
    assert found.whole[-1] == (step != "week")


def test_every_time_is_in_the_slice_of_its_day() -> None:
    times = every_day("2023-11-05", "2024-03-20") + pd.Timedelta(hours=23, minutes=59)
    months = lay_slices(times, step="month")
    assert months is not None
    at = slice_of(times, months)
    assert [str(day)[:7] for day in months.start[at]] == times.dt.strftime("%Y-%m").tolist()


def test_a_month_without_data_and_one_without_a_source_are_left_out() -> None:
    times = every_day("2023-01-01", "2024-12-31", 10)
    source = pd.Series(np.tile(["巡查", "12345"], len(times) // 2))
    month = times.dt.strftime("%Y-%m")
    keep = (month != "2023-07") & ~((month == "2024-03") & (source == "巡查"))
    found = lay_slices(times[keep].reset_index(drop=True), step="month", sources=source[keep].to_numpy())
    assert found is not None
    assert [str(day)[:7] for day in found.start[~found.whole]] == ["2023-07", "2024-03"]
    assert {(gap.kind, gap.name) for gap in found.gaps} == {("all", ""), ("source", "巡查")}
    assert len(found.kept()) == 22
    assert found.kept().whole.all()


def test_a_source_of_one_issue_is_not_silent_for_all_other_months() -> None:
    """Of one issue in ninety, a day's rate of one issue was to be expected on every other day: no month was whole."""
    times = pd.Series(pd.date_range("2021-01-01", "2023-12-31", 90))
    source = np.where(np.arange(90) == 40, "电话", "巡查")
    found, without = (lay_slices(times, step="month", sources=of) for of in (source, None))
    assert found is not None
    assert without is not None
    assert found.gaps == without.gaps == ()
    assert found.whole.all()


def test_dates_by_quarters_make_no_months() -> None:
    quarters = pd.Series(np.repeat(pd.to_datetime(["2023-01-01", "2023-04-01", "2023-07-01", "2023-10-01"]), 50))
    assert lay_slices(quarters, step="month") is None
    found = lay_slices(quarters, step="quarter")
    assert found is not None
    assert found.whole.tolist() == [True] * 4


def test_without_any_time_there_are_no_slices() -> None:
    assert lay_slices(pd.Series([pd.NaT, pd.NaT]), step="month") is None


@pytest.mark.parametrize(
    ("silent", "left_out"),
    [
        (("2024-04-08", "2024-04-18"), ["2024-04-08", "2024-04-15"]),
        (("2024-04-11", "2024-04-19"), ["2024-04-08", "2024-04-15"]),
        (("2024-04-09", "2024-04-13"), []),
    ],
)
@pytest.mark.parametrize("of", ["all", "巡查"])
def test_a_week_without_data_is_left_out_however_long_the_data_are(
    silent: tuple[str, str], left_out: list[str], of: str
) -> None:
    times = every_day("2023-01-02", "2024-12-29", 20)
    source = pd.Series(np.tile(["巡查", "12345"], len(times) // 2))
    lost = (times >= silent[0]) & (times < silent[1]) & ((source == of) | (of == "all"))
    found = lay_slices(times[~lost], step="week", sources=source[~lost])
    assert found is not None
    assert found.start[~found.whole].astype(str).tolist() == left_out


@pytest.mark.parametrize(
    ("silent", "left_out"),
    [
        (("2024-04-08", "2024-04-18"), ["2024-04-01"]),
        (("2024-04-26", "2024-05-04"), ["2024-04-01", "2024-05-01"]),
        (("2024-04-08", "2024-04-13"), []),
    ],
)
def test_a_month_that_lacks_a_week_is_left_out(silent: tuple[str, str], left_out: list[str]) -> None:
    times = every_day("2021-01-01", "2024-12-31", 20)
    source = pd.Series(np.tile(["巡查", "12345"], len(times) // 2))
    lost = (times >= silent[0]) & (times < silent[1])
    found = lay_slices(times[~lost], step="month", sources=source[~lost])
    assert found is not None
    assert found.start[~found.whole].astype(str).tolist() == left_out
    # A source that is not there over a holiday is no month without data.
    of_one = lay_slices(times[~(lost & (source == "巡查"))], step="month", sources=source[~(lost & (source == "巡查"))])
    assert of_one is not None
    assert of_one.whole.all()
