"""Which periods are compared for a date, and what of them the data do not cover."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from jxgis.effect.windows import Windows, choose_windows, placebo_dates
from jxgis.errors import InputError

DAY = pd.Timestamp


def days(start: str, end: str, each: int = 3) -> pd.Series:
    """So many issues a day, half open."""
    return pd.Series(np.repeat(pd.date_range(start, end, inclusive="left"), each))


def told(windows: Windows) -> dict[str, str]:
    named = {name: getattr(windows, name) for name in ("history", "before", "selecting", "after")}
    return {name: f"{of[0]:%Y-%m-%d} {of[1]:%Y-%m-%d}" for name, of in named.items() if of is not None}


def test_before_are_the_same_months_two_years_earlier() -> None:
    found = choose_windows(days("2020-01-01", "2024-01-01"), DAY("2023-07-01"))
    assert told(found) == {
        "history": "2020-01-01 2021-07-01",
        "before": "2021-07-01 2022-01-01",
        "selecting": "2022-01-01 2023-07-01",
        "after": "2023-07-01 2024-01-01",
    }
    assert (found.months, found.same_season, found.left_out) == (6, True, ())


def test_three_years_leave_no_history() -> None:
    found = choose_windows(days("2021-01-01", "2024-01-01"), DAY("2023-01-01"))
    assert (found.months, found.history) == (12, None)
    assert found.before == (DAY("2021-01-01"), DAY("2022-01-01"))
    assert found.selecting == (DAY("2022-01-01"), DAY("2023-01-01"))


def test_data_of_a_year_give_what_they_can() -> None:
    found = choose_windows(days("2015-01-01", "2016-01-01"), DAY("2015-07-01"))
    assert found.months == 3
    assert (found.before[0], found.selecting[0], found.after[1]) == (
        DAY("2015-01-01"),
        DAY("2015-04-01"),
        DAY("2015-10-01"),
    )
    assert not found.same_season
    longer = choose_windows(days("2014-07-01", "2016-01-01"), DAY("2015-07-01"), months=3, selecting_months=3)
    assert longer.before == (DAY("2015-01-01"), DAY("2015-04-01"))
    assert longer.history == (DAY("2014-07-01"), DAY("2015-01-01"))


def test_a_few_days_short_of_a_month_and_mistyped_years_change_nothing() -> None:
    whole = choose_windows(days("2021-01-01", "2024-01-01"), DAY("2023-01-01"))
    short = days("2021-01-04", "2023-12-28")
    found = choose_windows(
        pd.concat([short, pd.Series([DAY("1970-01-01"), DAY("2073-05-01"), pd.NaT])]), DAY("2023-01-01")
    )
    assert told(found) == told(whole)


def test_each_time_counts_in_one_period() -> None:
    times = days("2020-01-01", "2024-01-01", each=1)
    found = choose_windows(times, DAY("2023-07-01"))
    counted = found.counted(times)
    assert (np.sum(list(counted.values()), axis=0) == 1).all()
    assert {name: int(mask.sum()) for name, mask in counted.items()} == {
        "before": 184, "after": 184, "selecting": 546, "early": 273, "late": 274,
    }  # fmt: skip
    assert not any(mask.any() for mask in found.counted(pd.Series([pd.NaT, DAY("2019-01-01")])).values())


@pytest.mark.parametrize(("lost", "other"), [("2021-03", "2023-03"), ("2023-05", "2021-05")])
def test_a_missing_month_counts_in_neither(lost: str, other: str) -> None:
    times = days("2021-01-01", "2024-01-01")
    found = choose_windows(times[times.dt.strftime("%Y-%m") != lost], DAY("2023-01-01"))
    out = {f"{a:%Y-%m-%d}": (b - a).days for a, b in found.left_out}
    assert out == {f"{lost}-01": 31, f"{other}-01": 31}
    counted = found.counted(times)
    assert counted["before"].sum() == counted["after"].sum() == 3 * (365 - 31)
    assert found.gaps


def test_months_of_other_lengths_are_no_gap() -> None:
    """January to March have fewer days than July to September: nothing is missing."""
    found = choose_windows(days("2015-01-01", "2016-01-01"), DAY("2015-07-01"))
    assert (found.left_out, found.gaps) == ((), ())
    times = days("2015-01-01", "2016-01-01")
    lost = choose_windows(times[(times < "2015-02-01") | (times >= "2015-03-01")], DAY("2015-07-01"))
    assert [(f"{a:%Y-%m-%d}", f"{b:%Y-%m-%d}") for a, b in lost.left_out] == [
        ("2015-02-01", "2015-03-01"),
        ("2015-08-01", "2015-09-01"),
    ]
    assert [(gap.start, gap.end) for gap in lost.gaps] == [(DAY("2015-02-01"), DAY("2015-03-01"))]


def test_a_source_that_starts_late_is_left_out_of_both() -> None:
    times = days("2021-01-01", "2024-01-01")
    sources = pd.Series(np.resize(["巡查", "热线", "热线"], len(times)))
    late = (sources == "巡查") & (times < "2021-04-01")
    found = choose_windows(times[~late], DAY("2023-01-01"), sources=sources[~late])
    assert found.left_out == ((DAY("2021-01-01"), DAY("2021-04-01")), (DAY("2023-01-01"), DAY("2023-04-01")))
    assert [gap.name for gap in found.gaps] == ["巡查"]


@pytest.mark.parametrize(
    ("times", "at", "options", "said"),
    [
        (pd.Series([], dtype="datetime64[ns]"), "2023-01-01", {}, "no times"),
        (pd.Series([pd.NaT, pd.NaT]), "2023-01-01", {}, "no times"),
        (days("2021-01-01", "2024-01-01"), "2024-01-01", {}, "outside the data"),
        (days("2021-01-01", "2024-01-01"), "2020-01-01", {}, "outside the data"),
        (days("2021-01-01", "2024-01-01"), "2023-12-20", {}, "0 after it"),
        (days("2021-01-01", "2024-01-01"), "2021-01-20", {}, "too few to compare"),
        (days("2021-01-01", "2024-01-01"), "2023-01-01", {"months": 18}, "months or selecting_months"),
        (days("2021-01-01", "2024-01-01"), "2023-01-01", {"selecting_months": 20}, "months or selecting_months"),
    ],
)
def test_what_cannot_be_compared_is_said(times: pd.Series, at: str, options: dict[str, Any], said: str) -> None:
    with pytest.raises(InputError, match=said) as refused:
        choose_windows(times, DAY(at), **options)
    assert refused.value.text("zh") != refused.value.text("en")


def test_data_that_cover_too_little_are_refused() -> None:
    times = pd.concat([days("2021-01-01", "2021-02-01"), days("2022-01-01", "2024-01-01")])
    with pytest.raises(InputError, match="less than a quarter"):
        choose_windows(times, DAY("2023-01-01"))


def test_placebo_dates_lie_before_what_selected() -> None:
    times = days("2018-01-01", "2024-01-01")
    found = choose_windows(times, DAY("2023-01-01"))
    dates = placebo_dates(found, times)
    assert [f"{date:%Y-%m-%d}" for date, _ in dates] == ["2021-01-01", "2020-01-01", "2019-01-01"]
    for date, of in dates:
        assert of.before[1] == of.after[0] == date
        assert of.after[1] <= found.selecting[0]
        assert (of.months, of.history, of.left_out) == (12, None, ())
    few = days("2023-01-01", "2023-06-01")
    assert placebo_dates(choose_windows(few, DAY("2023-03-01")), few) == []


def test_a_month_that_is_missing_counts_in_neither_period_of_a_placebo_date() -> None:
    times = days("2018-01-01", "2024-01-01")
    times = times[times.dt.strftime("%Y-%m") != "2020-03"]
    for date, of in placebo_dates(choose_windows(times, DAY("2023-01-01")), times):
        out = {f"{a:%Y-%m-%d}": (b - a).days for a, b in of.left_out}
        other = {2021: "2021", 2020: "2019"}.get(date.year)
        assert out == ({} if other is None else {"2020-03-01": 31, f"{other}-03-01": 31})
        counted = of.counted(times)
        # 2020 has a day more.
        assert abs(int(counted["before"].sum()) - int(counted["after"].sum())) <= 3


def test_data_that_cover_too_little_give_no_placebo_date() -> None:
    times = pd.concat([days("2018-01-01", "2018-02-01"), days("2020-01-01", "2024-01-01")])
    dates = placebo_dates(choose_windows(times, DAY("2023-01-01")), times)
    assert [f"{date:%Y-%m-%d}" for date, _ in dates] == ["2021-01-01"]
