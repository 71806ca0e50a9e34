"""Times as Excel and platforms write them."""

from __future__ import annotations

import datetime as dt
import itertools
import re
import zoneinfo

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jxgis.errors import InputError
from jxgis.load.times import local_date, parse_times

SHANGHAI = zoneinfo.ZoneInfo("Asia/Shanghai")


def read(*text: str | None, timezone: str = "Asia/Shanghai") -> list[str]:
    local = parse_times(pd.Series(list(text), dtype="str"), timezone=timezone).local
    return [str(value)[:19] for value in local]


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("2023-05-01 08:30:00", "2023-05-01T08:30:00"),
        ("2023-05-01T08:30:00", "2023-05-01T08:30:00"),
        ("2023-05-01 08:30:00.123", "2023-05-01T08:30:00"),
        ("2023-05-01", "2023-05-01T00:00:00"),
        ("2023/5/1 8:30", "2023-05-01T08:30:00"),
        ("2023.5.1", "2023-05-01T00:00:00"),
        ("2023年5月1日 8时30分", "2023-05-01T08:30:00"),
        ("2023年5月1日8时30分15秒", "2023-05-01T08:30:15"),
        ("2023年05月01日 下午3:04", "2023-05-01T15:04:00"),
        ("2023-5-1 上午12:10", "2023-05-01T00:10:00"),
        ("2023-5-1 下午12:10", "2023-05-01T12:10:00"),
        ("20230501083000", "2023-05-01T08:30:00"),
        ("20230501", "2023-05-01T00:00:00"),
        ("20230501T083000", "2023-05-01T08:30:00"),
        ("  2023-05-01 08:30:00  ", "2023-05-01T08:30:00"),
        ("2023-05-01T00:30:00Z", "2023-05-01T08:30:00"),
        ("2023-05-01T08:30:00+08:00", "2023-05-01T08:30:00"),
        ("2023-05-01 08:30:00+0900", "2023-05-01T07:30:00"),
        ("2023-05-01T06:15:00+05:45", "2023-05-01T08:30:00"),
        ("2023-04-30 21:00:00-0330", "2023-05-01T08:30:00"),
        ("2023-05-01T11:30:00+11:00", "2023-05-01T08:30:00"),
        ("05/21/2023 03:04:05 PM", "2023-05-21T15:04:05"),
        ("05/21/2023 12:04:05 AM", "2023-05-21T00:04:05"),
        ("45047.354166666664", "2023-05-01T08:30:00"),
        ("45047", "2023-05-01T00:00:00"),
        ("1682901000", "2023-05-01T08:30:00"),
        ("1682901000000", "2023-05-01T08:30:00"),
    ],
)
def test_one_moment_in_many_hands(text: str, want: str) -> None:
    assert read(text) == [want]


@pytest.mark.parametrize(
    "text",
    ["25:61", "昨天", "2023-13-01", "2023-02-30", "2023-05-01 24:00:01", "2023-05-01 25:00", "2023-05-01 08:61", "0", "1899-12-30",
     "9999-12-31", "0000-00-00 00:00:00", "2023", "12345", "-", "2023-05-01 morning",
     # Two hours of one day, and a zone of no place.
     "2023-05-01 08:00-10:00", "2023-05-01 8:00-9:30", "2023-05-01 10-12", "2023-05-01 08:00:00+99:00", "2023-05-01 08:00:00+08:60"],
)  # fmt: skip
def test_what_is_no_time(text: str) -> None:
    times = parse_times(pd.Series([text, None], dtype="str"), timezone="Asia/Shanghai")
    assert np.isnat(times.local).all()
    assert times.bad.tolist() == [True, False]


@pytest.mark.parametrize(
    ("text", "local"),
    [("2023-01-31 24:00", "2023-02-01T00:00:00"), ("2023-12-31 24:00:00", "2024-01-01T00:00:00"),
     ("2024年2月28日24时00分", "2024-02-29T00:00:00"), ("2023-05-01 08:30:00.5+08", "2023-05-01T08:30:00.500"),
     ("2023-05-01 00:30:00+00", "2023-05-01T08:30:00"), ("2023-05-01 08:30:00-0930", "2023-05-02T02:00:00"),
     ("1682901000000000", "2023-05-01T08:30:00"), ("2023050108", "2023-05-01T08:00:00"),
     # Times of 12 hours as CLDR writes them in Chinese, and as people do.
     ("2023年5月1日 凌晨12:30", "2023-05-01T00:30:00"), ("2023年5月1日 清晨5:30", "2023-05-01T05:30:00"),
     ("2023年5月1日 早上8点30分", "2023-05-01T08:30:00"), ("2023年5月1日 上午12:30", "2023-05-01T00:30:00"),
     ("2023年5月1日 中午11:30", "2023-05-01T11:30:00"), ("2023年5月1日 中午12:30", "2023-05-01T12:30:00"),
     ("2023年5月1日 中午1:30", "2023-05-01T13:30:00"), ("2023年5月1日 下午12:30", "2023-05-01T12:30:00"),
     ("2023年5月1日 下午3:04", "2023-05-01T15:04:00"), ("2023年5月1日 下午15:04", "2023-05-01T15:04:00"),
     ("2023年5月1日 傍晚6:30", "2023-05-01T18:30:00"), ("2023年5月1日 晚上11:59", "2023-05-01T23:59:00")],
)  # fmt: skip
def test_hours_as_people_and_databases_write_them(text: str, local: str) -> None:
    values = parse_times(pd.Series([text], dtype="str"), timezone="Asia/Shanghai").local
    assert values[0] == np.datetime64(local)


@pytest.mark.parametrize(
    "text", ["2023年5月1日 晚上12:30", "2023年5月1日 晚上1:00", "2023年5月1日 上午14:00", "2023-05-01 13:00 AM",
             "2023年5月1日 中午5:00", "2023年5月1日 凌晨9:00", "2023-05-01 24:30", "2023-05-01 下午24:00"],
)  # fmt: skip
def test_an_hour_that_may_be_twelve_off_is_not_read(text: str) -> None:
    assert np.isnat(parse_times(pd.Series([text], dtype="str"), timezone="Asia/Shanghai").local[0])


def test_a_column_may_mix_forms() -> None:
    forms = ["2023-05-01 08:30:00", "45047.354166666664", "2023年5月1日 8时30分", "1682901000000", "20230501083000"]
    assert read(*forms) == ["2023-05-01T08:30:00"] * 5


def order(*text: str) -> tuple[list[str], tuple[str, ...]]:
    times = parse_times(pd.Series(list(text), dtype="str"), timezone="Asia/Shanghai")
    return [str(value)[:10] for value in times.local], times.orders


def test_dates_with_the_year_last_are_read_in_the_order_in_which_they_exist() -> None:
    assert order("01/02/2023", "25/12/2023") == (["2023-02-01", "2023-12-25"], ("DD/MM/YYYY",))
    assert order("01/02/2023", "12/25/2023") == (["2023-01-02", "2023-12-25"], ("MM/DD/YYYY",))
    assert order("01/02/2023") == (["2023-01-02"], ("MM/DD/YYYY",))
    assert order("01/02/2023", "13/02/2023") == (["2023-02-01", "2023-02-13"], ("DD/MM/YYYY",))
    assert order("13/02/2023", "02/13/2023") == (["NaT", "2023-02-13"], ("MM/DD/YYYY",))
    assert order("2023-01-02") == (["2023-01-02"], ())


def test_years_of_two_digits() -> None:
    assert order("24/1/2", "24-01-31", "24.12.5") == (["2024-01-02", "2024-01-31", "2024-12-05"], ("YY/MM/DD",))
    assert order("01/02/24") == (["2001-02-24"], ("YY/MM/DD",))
    assert order("24/1/1", "24/2/1", "24/12/1") == (["2024-01-01", "2024-02-01", "2024-12-01"], ("YY/MM/DD",))
    assert order("01/02/24", "12/31/24") == (["2024-01-02", "2024-12-31"], ("MM/DD/YY",))
    assert order("31/12/24", "31/01/24", "01/02/24") == (["2024-12-31", "2024-01-31", "2024-02-01"], ("DD/MM/YY",))
    # What one order does not hold is rejected, not read in another.
    assert order("24/1/2", "24/1/3", "13/32/24")[0] == ["2024-01-02", "2024-01-03", "NaT"]
    assert order("24年1月2日 下午3:04") == (["2024-01-02"], ())
    assert read("85/3/4", "69/3/4", "70/3/4") == ["1985-03-04T00:00:00", "2069-03-04T00:00:00", "NaT"]
    assert read("24/1/2 8:30", "24/1/2 下午1:05:09") == ["2024-01-02T08:30:00", "2024-01-02T13:05:09"]
    assert read("24/1", "4/1/2", "24/1/2/3", "240102") == ["NaT"] * 4


@pytest.mark.parametrize("typo", [False, True])
@pytest.mark.parametrize("form", ["%d/%m/%y", "%m/%d/%y", "%y/%m/%d", "%d/%m/%Y", "%m/%d/%Y"])
@pytest.mark.parametrize("last", [12, 28])
def test_a_month_is_read_as_a_month_though_one_date_is_none(form: str, last: int, typo: bool) -> None:
    days = [dt.date(2024, month, day) for month in (3, 4) for day in range(1, last + 1)]
    text = [day.strftime(form) for day in days]
    # Of one order no date, and of another one decades away.
    wrong = [form.replace("%d", "31").replace("%m", "02").replace("%y", "24").replace("%Y", "2024")] if typo else []
    found, _ = order(*text, *wrong)
    assert found == [str(day) for day in days] + ["NaT"] * len(wrong)


@pytest.mark.parametrize(
    ("text", "want"),
    [("2024-01-02 晚上 8点", "20:00:00"), ("2024年1月2日8时", "08:00:00"), ("2024-01-02 8点半", "08:30:00"),
     ("2024-01-02 下午3点一刻", "15:15:00"), ("2024-01-02 下午3点三刻", "15:45:00"), ("2024年1月2日 星期二 下午3:04", "15:04:00"),
     ("2024-01-02 周二 15:04", "15:04:00"), ("2024年1月2日(星期二) 15:04", "15:04:00"), ("2024/1/2（周二）15:04", "15:04:00"),
     ("2024-01-02 AM 8:30", "08:30:00"), ("2024-01-02 p.m. 8:30", "20:30:00"),
     ("2024-01-02 00:30 GMT", "08:30:00"), ("2024-01-02 08:30 GMT+8", "08:30:00"), ("2024-01-02 08:30 UTC+08:00", "08:30:00"),
     ("2024-01-02 08:30:00 CST", "08:30:00"), ("Tue Jan 02 08:30:00 CST 2024", "08:30:00"),
     ("Tue Jan 02 00:30:00 UTC 2024", "08:30:00"), ("Tue, 02 Jan 2024 08:30:00 +0800", "08:30:00"),
     ("2-Jan-2024 08:30", "08:30:00"), ("Jan 2, 2024 8:30 PM", "20:30:00"), ("January 2, 2024, 8:30 AM", "08:30:00"),
     ("2024-01-02T08:30:00.123456789", "08:30:00")],
)  # fmt: skip
def test_clocks_weekdays_zones_and_months_in_words(text: str, want: str) -> None:
    assert read(text) == [f"2024-01-02T{want}"]


@pytest.mark.parametrize(
    "text", ["2024-01-02 08:30 EST", "2024-01-02 08:30 ABCD", "Tue Jam 02 08:30:00 CST 2024", "2 Janu 2024", "30-Feb-2024",
             "2024-01-02-05", "2024-01-02 上午8:30 AM", "2024-01-02 8点半30", "2024-01-02 半夜1点", "Tue Jan 02 08:30:00 2024 CST x"],
)  # fmt: skip
def test_what_may_be_another_time_is_not_read(text: str) -> None:
    assert read(text) == ["NaT"]


def test_letters_of_a_zone_are_those_that_the_place_has_all_year() -> None:
    assert read("2024-01-02 08:30 CST", timezone="America/Chicago") == ["NaT"]
    assert read("2024-01-02 08:30 JST", timezone="Asia/Tokyo") == ["2024-01-02T08:30:00"]


def test_daylight_saving_of_the_stated_zone() -> None:
    assert read("2015-07-01T04:00:00Z", "2015-01-01T05:00:00Z", timezone="America/New_York") == [
        "2015-07-01T00:00:00",
        "2015-01-01T00:00:00",
    ]


def test_datetimes_and_numbers_as_files_hold_them() -> None:
    naive = pd.Series(pd.to_datetime(["2023-05-01 08:30", None]))
    assert str(parse_times(naive, timezone="Asia/Shanghai").local[0]) == "2023-05-01T08:30:00.000000"
    aware = naive.dt.tz_localize("UTC")
    assert str(parse_times(aware, timezone="Asia/Shanghai").local[0]) == "2023-05-01T16:30:00.000000"
    serials = parse_times(pd.Series([45047.5, np.nan]), timezone="Asia/Shanghai")
    assert str(serials.local[0])[:19] == "2023-05-01T12:00:00"
    assert serials.bad.tolist() == [False, False]
    numbers = parse_times(pd.Series([20230501083000, 20230501083001]), timezone="Asia/Shanghai")
    assert [str(value)[:19] for value in numbers.local] == ["2023-05-01T08:30:00", "2023-05-01T08:30:01"]
    # A gap makes floats of whole numbers, even and odd.
    gaps = parse_times(pd.Series([20230501, 20230502, np.nan]), timezone="Asia/Shanghai")
    assert [str(value)[:10] for value in gaps.local] == ["2023-05-01", "2023-05-02", "NaT"]


def test_each_day_of_the_calendar_and_none_beside_it() -> None:
    text, want = [], []
    for year, month, day in itertools.product((1999, 2000, 2023, 2024), range(14), range(34)):
        text.append(f"{year:04d}-{month:02d}-{day:02d} 23:59:59")
        try:
            want.append(np.datetime64(dt.datetime(year, month, day, 23, 59, 59), "us"))
        except ValueError:
            want.append(np.datetime64("NaT", "us"))
    times = parse_times(pd.Series(text), timezone="Asia/Shanghai")
    np.testing.assert_array_equal(times.local, np.array(want))
    np.testing.assert_array_equal(times.bad, np.isnat(np.array(want)))


@settings(max_examples=80, deadline=None)
@given(st.datetimes(dt.datetime(1981, 1, 1), dt.datetime(2099, 12, 31)))
def test_any_time_in_any_form(moment: dt.datetime) -> None:
    moment = moment.replace(microsecond=0)
    aware = moment.replace(tzinfo=SHANGHAI)
    if aware.astimezone(dt.UTC).astimezone(SHANGHAI).replace(tzinfo=None) != moment:
        return  # an hour that summer time (1986-1991) left out
    want = moment.isoformat()
    serial = (moment - dt.datetime(1899, 12, 30)) / dt.timedelta(days=1)
    forms = [
        moment.isoformat(),
        f"{moment:%Y/%m/%d %H:%M:%S}",
        f"{moment.year}/{moment.month}/{moment.day} {moment.hour}:{moment.minute}:{moment.second}",
        f"{moment:%Y%m%d%H%M%S}",
        aware.isoformat(),
        aware.astimezone(dt.UTC).isoformat(),
        repr(serial),
    ]
    got = read(*forms)
    assert got[:4] == [want] * 4
    assert got[6] == want
    if aware.fold == 0 and aware.utcoffset() == dt.timedelta(hours=8):
        assert got[4:6] == [want] * 2


def test_years_in_which_a_case_can_lie() -> None:
    assert read("1980-01-01", "2100-12-31 23:59:59") == ["1980-01-01T00:00:00", "2100-12-31T23:59:59"]
    assert read("1979-12-31 23:59:59", "2101-01-01") == ["NaT", "NaT"]


def test_settings_of_dates() -> None:
    assert str(local_date("2023-05-01", field="from"))[:10] == "2023-05-01"
    for text in ("gestern", "01/02/2024", "24/1/2"):
        with pytest.raises(InputError, match=f"from.*{text}"):
            local_date(text, field="from")
    # Midnight of a zone lay 8 hours before that of the city.
    for text in ("2024-01-01T00:00:00+08:00", "2024-01-01T00:00:00Z", "1704067200"):
        with pytest.raises(InputError, match=f"from.*{re.escape(text)}.*local time"):
            local_date(text, field="from")
    # A folder of zones is found by its name, and is none.
    for zone in ("Mars/Olympus", "Asia"):
        with pytest.raises(InputError, match=zone):
            parse_times(pd.Series(["2023-05-01"]), timezone=zone)


def test_a_number_that_no_whole_number_of_64_bits_holds_is_no_time():
    assert parse_times(pd.Series([1e308, 20230501.0]), timezone="Asia/Shanghai").bad.tolist() == [True, False]


def test_the_column_is_not_changed() -> None:
    column = pd.Series([" 2023-05-01 ", None], dtype="str")
    before = column.copy()
    parse_times(column, timezone="UTC")
    pd.testing.assert_series_equal(column, before)
