"""Change compares like with like: at a constant rate it is nought, whatever of the data is missing."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jxgis.gaps import Gap
from jxgis.period_words import change_lines
from jxgis.periods import Comparison, Periods, _mirrored, compare_periods

DAY = pd.Timestamp
YEAR = {"start": DAY("2023-01-01"), "end": DAY("2024-01-01")}
#: Ten issues a day over two years, each at its own time of day.
CONSTANT = pd.Series(pd.date_range("2022-01-01", "2023-12-31 23:59", freq="144min"))


def change(times, comparison):
    before, recent = comparison.periods.within(times)
    return recent.sum() / before.sum() - 1


def without(times, start, end):
    return times[(times < start) | (times >= end)].reset_index(drop=True)


def test_whole_data_lose_nothing():
    found = compare_periods(CONSTANT, **YEAR)
    assert found == Comparison(Periods(DAY("2022-01-01"), DAY("2023-01-01"), DAY("2024-01-01")))
    before, recent = found.periods.within(CONSTANT)
    assert before.sum() == recent.sum() == 3650


def test_data_to_the_end_of_june_are_no_decline():
    times = CONSTANT[CONSTANT < "2023-07-01"]
    found = compare_periods(times, **YEAR)
    assert found.gaps == (Gap("all", "", DAY("2023-07-01"), DAY("2024-01-01")),)
    assert found.periods.left_out == ((DAY("2022-07-01"), DAY("2023-01-01")), (DAY("2023-07-01"), DAY("2024-01-01")))
    assert change(times, found) == 0


def test_data_that_begin_late_are_no_rise():
    times = CONSTANT[CONSTANT >= "2022-03-10"]
    found = compare_periods(times, **YEAR)
    assert change(times, found) == 0
    assert found.periods.left_out == ((DAY("2022-01-01"), DAY("2022-03-10")), (DAY("2023-01-01"), DAY("2023-03-10")))


@pytest.mark.parametrize("begins", [False, True])
def test_a_few_mistyped_dates_do_not_pass_for_data(begins):
    """Half a year is missing but for one row in eight days, 23 of 5,000: not half of the issues, and no 100 % more."""
    half = DAY("2022-07-01") if begins else DAY("2023-07-01")
    missing = (half > CONSTANT) if begins else (half <= CONSTANT)
    times = CONSTANT[~missing | (np.arange(len(CONSTANT)) % 80 == 0)]
    found = compare_periods(times, **YEAR)
    assert abs(change(times, found)) < 0.01
    assert len(found.periods.left_out) == 2
    lost = sum((b - a).days for a, b in found.periods.left_out)
    assert lost == pytest.approx(2 * 184, abs=20)


def test_a_fall_to_a_tenth_is_a_fall_and_nothing_is_missing():
    times = CONSTANT[(CONSTANT < "2023-01-01") | (np.arange(len(CONSTANT)) % 10 == 0)]
    found = compare_periods(times, sources=np.where(np.arange(len(times)) % 2, "甲", "乙"), **YEAR)
    assert found.gaps == ()
    assert change(times, found) == pytest.approx(-0.9)


@pytest.mark.parametrize(("stray", "file"), [("2023-06-01 10:00", "2022.csv"), ("2022-06-01 10:00", "2023.csv")])
def test_one_row_of_a_year_in_the_file_of_another_leaves_the_files_following_one_another(stray, file):
    times = pd.concat([CONSTANT, pd.Series([DAY(stray)])], ignore_index=True)
    files = np.append(CONSTANT.dt.strftime("%Y") + ".csv", file)
    found = compare_periods(times, files=files, **YEAR)
    assert found.gaps == ()
    assert abs(change(times, found)) < 0.001


def test_a_leap_year_goes_against_the_year_before():
    """366 days before 2024 begin on the last day of 2022, of which the data of 2023 and 2024 hold nothing."""
    times = pd.Series(pd.date_range("2023-01-01", "2024-12-31 23:59", freq="144min"))
    found = compare_periods(times, start=DAY("2024-01-01"), end=DAY("2025-01-01"))
    assert found == Comparison(Periods(DAY("2023-01-01"), DAY("2024-01-01"), DAY("2025-01-01")))
    times = without(times, "2024-03-01", "2024-04-01")
    found = compare_periods(times, start=DAY("2024-01-01"), end=DAY("2025-01-01"))
    assert found.periods.left_out == ((DAY("2023-03-01"), DAY("2023-04-01")), (DAY("2024-03-01"), DAY("2024-04-01")))


@pytest.mark.parametrize("year", [2022, 2023])
def test_a_missing_month_is_noticed_in_either_period(year):
    start, end = DAY(f"{year}-04-01"), DAY(f"{year}-05-01")
    times = without(CONSTANT, start, end)
    found = compare_periods(times, **YEAR)
    assert found.gaps == (Gap("all", "", start, end),)
    assert change(times, found) == 0
    assert len(found.periods.left_out) == 2


def test_a_month_missing_in_one_file_of_two_is_noticed():
    """Two districts' files; one of them lacks March 2023."""
    files = np.where(np.arange(len(CONSTANT)) % 2, "甲.csv", "乙.csv")
    lost = (CONSTANT >= "2023-03-01") & (CONSTANT < "2023-04-01") & (files == "乙.csv")
    times, files = CONSTANT[~lost], files[~lost]
    assert change(times, compare_periods(times, **YEAR)) == pytest.approx(-155 / 3650), "nothing else tells"
    found = compare_periods(times, files=files, **YEAR)
    assert found.gaps == (Gap("file", "乙.csv", DAY("2023-03-01"), DAY("2023-04-01")),)
    assert change(times, found) == 0


def test_a_source_that_starts_late_is_left_out_of_both_or_leaves_nothing_to_compare():
    source = np.where(np.arange(len(CONSTANT)) % 5 == 0, "热线", "监督员")
    early = (source == "热线") & (CONSTANT < "2022-03-01")
    found = compare_periods(CONSTANT[~early], sources=source[~early], **YEAR)
    assert found.gaps == (Gap("source", "热线", DAY("2022-01-01"), DAY("2022-03-01")),)
    assert change(CONSTANT[~early], found) == 0
    new = (source == "热线") & (CONSTANT < "2023-02-01")
    found = compare_periods(CONSTANT[~new], sources=source[~new], **YEAR)
    assert found.periods is None
    assert found.reason == "periods_uncovered"
    assert found.gaps == (Gap("source", "热线", DAY("2022-01-01"), DAY("2023-02-01")),)


def test_a_source_of_a_few_issues_moves_nothing():
    source = np.where(np.arange(len(CONSTANT)) % 150 == 0, "小程序", "监督员")
    new = (source == "小程序") & (CONSTANT < "2023-02-01")
    found = compare_periods(CONSTANT[~new], sources=source[~new], **YEAR)
    assert found.gaps == ()
    assert abs(change(CONSTANT[~new], found)) < 0.01


def test_a_source_of_one_per_cent_is_looked_at():
    source = np.where(np.arange(len(CONSTANT)) % 60 == 0, "小程序", "监督员")
    new = (source == "小程序") & (CONSTANT < "2022-09-01")
    found = compare_periods(CONSTANT[~new], sources=source[~new], **YEAR)
    assert [(gap.name, gap.start, gap.end.month) for gap in found.gaps] == [("小程序", DAY("2022-01-01"), 9)]


@pytest.mark.parametrize(("issues", "seen"), [(72, False), (73, True)])
def test_a_source_is_looked_at_from_one_per_cent_on(issues, seen):
    """Of 7,300; it begins after nine months, in which some forty of it were expected."""
    source = np.full(len(CONSTANT), "监督员")
    source[np.linspace(2800, len(CONSTANT) - 1, issues).astype(int)] = "小程序"
    assert bool(compare_periods(CONSTANT, sources=source, **YEAR).gaps) == seen


@pytest.mark.parametrize(("days", "seen"), [(19, False), (24, True)])
def test_a_silence_in_which_twenty_were_expected_is_a_gap(days, seen):
    """One a day from the hotline."""
    source = np.where(np.arange(len(CONSTANT)) % 10 == 0, "热线", "监督员")
    lost = (source == "热线") & CONSTANT.between("2023-04-01", DAY("2023-04-01") + pd.Timedelta(days=days), "left")
    assert bool(compare_periods(CONSTANT[~lost], sources=source[~lost], **YEAR).gaps) == seen


def test_a_gap_does_not_reach_into_days_that_hold_little():
    """One and three a day by turns: a window of a fortnight with a single issue holds next to nothing."""
    days = pd.date_range("2022-01-01", "2023-12-31")
    times = pd.Series(days.repeat(np.where(np.arange(len(days)) % 2, 3, 1)))
    for start in ("2023-04-01", "2023-04-02"):
        lost = times.between(start, "2023-05-03", "left")
        found = compare_periods(times[~lost], **YEAR)
        assert found.gaps == (Gap("all", "", DAY(start), DAY("2023-05-03")),)


@pytest.mark.parametrize(("begins", "compared"), [("2022-09-25", True), ("2022-10-10", False)])
def test_a_quarter_of_the_period_must_be_covered(begins, compared):
    times = CONSTANT[begins <= CONSTANT]
    found = compare_periods(times, **YEAR)
    assert (found.periods is not None) == compared
    assert found.reason == ("" if compared else "periods_uncovered")


def test_where_only_months_are_recorded_the_days_between_are_no_gap_and_a_month_is():
    """A hundred issues on the first of each month, from two sources; then without April 2023."""
    times = pd.Series(pd.date_range("2022-01-01", "2023-12-01", freq="MS").repeat(100))
    sources = np.resize(["甲", "乙"], len(times))
    found = compare_periods(times, sources=sources, **YEAR)
    assert found.gaps == ()
    assert change(times, found) == 0
    lost = times == "2023-04-01"
    found = compare_periods(times[~lost], sources=sources[~lost], **YEAR)
    assert found.gaps == (Gap("all", "", DAY("2023-04-01"), DAY("2023-05-01")),)
    assert change(times[~lost], found) == 0


def test_two_files_that_overlap_by_two_months_follow_one_another():
    """Both have half of what there is from January to the end of February 2023."""
    first, both = CONSTANT < "2023-03-01", (CONSTANT >= "2023-01-01") & (CONSTANT < "2023-03-01")
    files = np.where(first & ~(both & (np.arange(len(CONSTANT)) % 2 == 0)), "旧.csv", "新.csv")
    assert compare_periods(CONSTANT, files=files, **YEAR).gaps == ()
    # A district's file that ends early and another's that begins late share most of their time: neither continues the other.
    part = np.where(np.arange(len(CONSTANT)) % 2, "甲", "乙")
    lost = ((part == "甲") & (CONSTANT >= "2023-10-01")) | ((part == "乙") & (CONSTANT < "2022-03-01"))
    found = compare_periods(CONSTANT[~lost], files=part[~lost], **YEAR)
    assert found.gaps == (
        Gap("file", "乙", DAY("2022-01-01"), DAY("2022-03-01")),
        Gap("file", "甲", DAY("2023-10-01"), DAY("2024-01-01")),
    )


def thinning(rng, a_day, share, begins, stops):
    """One source of four at a share of its rate for a while, then at nothing; the three others as before: times, sources."""
    days = pd.date_range("2022-01-01", "2023-12-31")
    usual = np.where(days < begins, 1.0, np.where(days < stops, share, 0.0))
    counts = [rng.poisson(a_day * usual), *rng.poisson(a_day, (3, len(days)))]
    times = pd.Series(np.concatenate([np.repeat(days.to_numpy(), count) for count in counts]))
    return times, np.repeat([f"源{k}" for k in range(4)], [count.sum() for count in counts])


@pytest.mark.parametrize("a_day", [2, 10, 30])
@pytest.mark.parametrize("share", [0.03, 0.04, 0.05])
def test_a_source_that_thins_out_before_it_stops_is_one_gap(a_day, share):
    """By simulation: in nine of ten the gap begins within three weeks, and what is left is not a decline."""
    good = 0
    for seed in range(20):
        times, sources = thinning(np.random.default_rng(seed), a_day, share, "2023-05-01", "2023-11-01")
        found = compare_periods(times, sources=sources, **YEAR)
        own = times[sources == "源0"]
        before, recent = found.periods.within(own)
        spread = np.sqrt(1 / before.sum() + 1 / recent.sum())
        begins = min(abs((gap.start - DAY("2023-05-01")).days) for gap in found.gaps)
        good += len(found.gaps) == 1 and begins <= 21 and abs(np.log(recent.sum() / before.sum())) < 3 * spread
    assert good >= 18


def test_a_fall_to_a_tenth_before_a_stop_stays_a_fall():
    times, sources = thinning(np.random.default_rng(1), 60, 0.12, "2023-03-01", "2023-11-01")
    found = compare_periods(times, sources=sources, **YEAR)
    assert [(gap.name, gap.start) for gap in found.gaps] == [("源0", DAY("2023-11-01"))]
    own = times[sources == "源0"]
    before, recent = found.periods.within(own)
    want = (59 + 0.12 * 245) / 304 - 1
    assert recent.sum() / before.sum() - 1 == pytest.approx(want, abs=0.03)


@pytest.mark.parametrize("slices", ["%Y-%m", "%Y", "%Y 季%q"])
def test_a_file_a_month_or_a_year_continues_the_one_before(slices):
    names = CONSTANT.dt.to_period("Q").astype(str) if "q" in slices else CONSTANT.dt.strftime(slices)
    assert compare_periods(CONSTANT, files=names, **YEAR).gaps == ()


def test_a_year_in_one_file_and_then_a_file_a_district_are_alike():
    part = np.where(np.arange(len(CONSTANT)) % 2, "甲", "乙")
    files = np.where(CONSTANT < "2023-01-01", "2022.csv", pd.Series(part) + "2023.csv")
    assert compare_periods(CONSTANT, files=files, **YEAR).gaps == ()
    late = (files == "乙2023.csv") & (CONSTANT < "2023-03-01")
    found = compare_periods(CONSTANT[~late], files=files[~late], **YEAR)
    assert found.gaps == (Gap("file", "乙2023.csv", DAY("2023-01-01"), DAY("2023-03-01")),)
    assert change(CONSTANT[~late], found) == 0


QUARTERS = pd.PeriodIndex(CONSTANT, freq="Q").strftime("%Y年第%q季度")


@pytest.mark.parametrize("missing", ["2022年第1季度", "2022年第3季度", "2023年第2季度", "2023年第4季度"])
def test_of_two_series_of_files_one_does_not_continue_the_other(missing):
    """A file a quarter of a hotline and of a patrol, one of which is missing: the other's next is not its continuation."""
    hotline, patrol = ("热线" + QUARTERS).to_numpy(), ("巡查" + QUARTERS).to_numpy()
    there = patrol != f"巡查{missing}"
    times, files = pd.concat([CONSTANT, CONSTANT[there]]), np.concatenate([hotline, patrol[there]])
    found = compare_periods(times, files=files, **YEAR)
    assert change(times, found) == pytest.approx(0, abs=0.005)
    begin = pd.Period(f"{missing[:4]}Q{missing[6]}").start_time
    assert {gap.start for gap in found.gaps} == {begin}


@pytest.mark.parametrize("year", [2022, 2023])
def test_what_two_series_hold_may_come_in_one_file_of_a_year(year):
    hotline, patrol = ("热线" + QUARTERS).to_numpy(), ("巡查" + QUARTERS).to_numpy()
    files = np.where(np.concatenate([CONSTANT, CONSTANT]) >= np.datetime64("2023"), 2023, 2022)
    files = np.where(files == year, "全部", np.concatenate([hotline, patrol]))
    assert compare_periods(pd.concat([CONSTANT, CONSTANT]), files=files, **YEAR).gaps == ()


def test_a_file_of_one_month_that_is_not_there_is_a_gap_of_that_month_alone():
    times = without(CONSTANT, "2023-08-01", "2023-09-01")
    found = compare_periods(times, files=times.dt.strftime("%Y-%m"), **YEAR)
    assert {(gap.start, gap.end) for gap in found.gaps} == {(DAY("2023-08-01"), DAY("2023-09-01"))}
    assert change(times, found) == 0


def test_weekends_and_a_holiday_are_no_gap():
    times = CONSTANT[CONSTANT.dt.day_of_week < 5]
    times = without(times, "2023-01-21", "2023-01-28")
    found = compare_periods(times, sources=np.resize(["甲", "乙"], len(times)), **YEAR)
    # Only the weekends with which the two years happen to begin and end are cut, as every end is.
    assert [(gap.kind, gap.start, gap.end) for gap in found.gaps] == [
        ("all", DAY("2022-01-01"), DAY("2022-01-03")),
        ("all", DAY("2023-12-30"), DAY("2024-01-01")),
    ]


def test_a_rare_source_may_be_silent_by_chance():
    """Twenty a year: a silence of three months is nothing to speak of."""
    few = pd.Series(pd.date_range("2022-01-05", "2023-12-30", freq="18D"))
    few = without(few, "2023-03-01", "2023-06-01")
    assert compare_periods(few, **YEAR).gaps == ()


def test_without_a_window_the_last_year_goes_against_the_one_before():
    found = compare_periods(without(CONSTANT, "2022-05-01", "2022-06-01"))
    assert found.periods[:3] == (DAY("2022-01-01"), DAY("2023-01-01"), DAY("2024-01-01"))
    assert found.periods.left_out == ((DAY("2022-05-01"), DAY("2022-06-01")), (DAY("2023-05-01"), DAY("2023-06-01")))


@pytest.mark.parametrize("given", [{}, {"start": YEAR["start"]}, {"end": DAY("2023-06-01")}])
def test_one_end_of_a_window_is_no_window(given):
    assert compare_periods(CONSTANT, **given) == compare_periods(CONSTANT, **YEAR)


def test_below_two_years_the_later_half_goes_against_the_earlier_half():
    """401 days: the first is left over."""
    times = pd.Series(pd.date_range("2022-01-01", periods=401 * 10, freq="144min"))
    found = compare_periods(times)
    assert found.periods[:3] == (DAY("2022-01-02"), DAY("2022-07-21"), DAY("2023-02-06"))
    before, recent = found.periods.within(times)
    assert before.sum() == recent.sum() == 2000


def test_halves_of_two_years_less_a_leap_day_are_compared_day_by_day():
    """From 29 February to 28 February is a year by the calendar, and 365 days before it no year begins."""
    times = pd.Series(pd.date_range("2023-03-01", "2025-02-27 23:59", freq="144min"))
    found = compare_periods(without(times, "2023-05-01", "2023-06-01"))
    assert found.periods[:3] == (DAY("2023-03-01"), DAY("2024-02-29"), DAY("2025-02-28"))
    assert found.periods.left_out == ((DAY("2023-05-01"), DAY("2023-06-01")), (DAY("2024-04-30"), DAY("2024-05-31")))


def test_poisson_days_are_taken_for_gaps_in_few_of_many_cities():
    """Under the null, nothing missing, uneven days: 200 cities of six sources, twice as variable as Poisson."""
    rng = np.random.default_rng(5)
    days = pd.date_range("2022-01-01", "2023-12-31")
    alarms = 0
    for _ in range(200):
        counts = rng.negative_binomial(2.0, 0.5, (len(days), 6))
        times = pd.Series(np.repeat(days.to_numpy(), counts.sum(axis=1)))
        sources = np.concatenate([np.repeat(np.arange(6), row) for row in counts])
        alarms += bool(compare_periods(times, sources=sources, **YEAR).gaps)
    assert alarms <= 1


@given(
    st.lists(st.tuples(st.integers(0, 729), st.integers(14, 60)), max_size=4),
    st.integers(0, 80),
    st.integers(0, 150),
)
def test_what_is_counted_is_the_same_days_of_both_years(cuts, late, early):
    first = DAY("2022-01-01") + pd.Timedelta(days=late)
    times = CONSTANT[first <= CONSTANT]
    times = times[times < DAY("2024-01-01") - pd.Timedelta(days=early)]
    for at, length in cuts:
        start = DAY("2022-01-01") + pd.Timedelta(days=at)
        times = without(times, start, start + pd.Timedelta(days=length))
    found = compare_periods(times, **YEAR)
    if found.periods is None:
        assert found.reason
        return
    before, recent = found.periods.within(times)
    days = [np.unique(times[mask].dt.strftime("%m-%d")) for mask in (before, recent)]
    assert days[0].tolist() == days[1].tolist()
    assert before.sum() == recent.sum()


def test_days_told_by_month_are_compared_and_a_missing_month_is_noticed() -> None:
    months = pd.date_range("2022-01-01", "2023-12-01", freq="MS")
    told = pd.Series(months.repeat(100))
    whole = compare_periods(told, start=pd.Timestamp("2023-01-01"), end=pd.Timestamp("2024-01-01"))
    before, after = whole.periods.within(told)
    assert (before.sum(), after.sum()) == (1200, 1200)
    lacking = told[told != pd.Timestamp("2023-06-01")]
    found = compare_periods(lacking, start=pd.Timestamp("2023-01-01"), end=pd.Timestamp("2024-01-01"))
    before, after = found.periods.within(lacking)
    assert (before.sum(), after.sum()) == (1100, 1100)
    gap = found.gaps[0]
    assert (str(gap.start.date()), str(gap.end.date())) == ("2023-06-01", "2023-07-01")


@pytest.mark.parametrize("day", [0, 14, 27])
@pytest.mark.parametrize("unit", ["M", "Q"])
def test_whole_months_are_compared_where_no_more_was_recorded(day, unit):
    """All on the 1st, the 15th or the 28th: the last of them is no reason to compare eleven months with twelve."""
    times = CONSTANT.dt.to_period(unit).dt.start_time + pd.Timedelta(days=day)
    whole = Periods(DAY("2022-01-01"), DAY("2023-01-01"), DAY("2024-01-01"))
    assert compare_periods(times) == compare_periods(times, **YEAR) == Comparison(whole)
    half = compare_periods(times, start=DAY("2023-01-01"), end=DAY("2023-07-01"))
    assert half == Comparison(Periods(DAY("2022-07-01"), DAY("2023-01-01"), DAY("2023-07-01")))
    cut = compare_periods(times[times < "2023-07-01"], **YEAR)
    assert cut.gaps == (Gap("all", "", DAY("2023-07-01"), DAY("2024-01-01")),)
    halves = compare_periods(times[times >= "2023-01-01"])
    assert halves.periods == Periods(DAY("2023-01-01"), DAY("2023-07-01"), DAY("2024-01-01"))


def test_one_file_may_have_days_another_months():
    file = CONSTANT.dt.strftime("%Y") + ".csv"
    times = CONSTANT.where(CONSTANT < "2023-01-01", CONSTANT.dt.to_period("M").dt.start_time)
    times[len(times) - 1] = DAY("2023-05-20 12:00")
    found = compare_periods(times, files=file, **YEAR)
    assert found == Comparison(Periods(DAY("2022-01-01"), DAY("2023-01-01"), DAY("2024-01-01")))


def test_a_file_of_one_month_is_recorded_by_months_like_the_others():
    times = CONSTANT.dt.to_period("M").dt.start_time
    found = compare_periods(times, files=times.dt.strftime("%Y-%m.csv"), **YEAR)
    assert found == Comparison(Periods(DAY("2022-01-01"), DAY("2023-01-01"), DAY("2024-01-01")))


def test_a_month_asked_for_is_compared_with_the_month_before_where_months_are_recorded():
    times = CONSTANT.dt.to_period("M").dt.start_time
    found = compare_periods(times, start=DAY("2023-03-01"), end=DAY("2023-04-01"))
    assert found == Comparison(Periods(DAY("2023-02-01"), DAY("2023-03-01"), DAY("2023-04-01")))


@pytest.mark.parametrize("blank", [None, "", "  "])
def test_a_source_that_was_not_written_down_at_first_has_not_been_silent(blank):
    source = pd.Series(np.where(np.arange(len(CONSTANT)) % 5 == 0, "热线", "监督员"), dtype=object)
    source[CONSTANT < "2023-01-01"] = blank
    assert compare_periods(CONSTANT, sources=source, **YEAR).gaps == ()
    # Ten of a hundred without a source are not the hundred that the hotline lacks.
    lost = (np.arange(len(CONSTANT)) % 5 == 0) & (CONSTANT < "2022-03-01")
    source = pd.Series(np.where(np.arange(len(CONSTANT)) % 5 == 0, "热线", "监督员"), dtype=object)
    source[np.arange(len(CONSTANT)) % 20 == 1] = blank
    found = compare_periods(CONSTANT[~lost], sources=source[~lost], **YEAR)
    assert found.gaps == (Gap("source", "热线", DAY("2022-01-01"), DAY("2022-03-01")),)


@pytest.mark.parametrize("stray", [["2026-03-01"], ["2024-06-01"] * 30, ["1999-12-31", "2025-01-01"]])
def test_mistyped_years_do_not_choose_the_period(stray):
    times = pd.concat([CONSTANT, pd.Series(pd.to_datetime(stray))], ignore_index=True)
    assert compare_periods(times) == Comparison(Periods(DAY("2022-01-01"), DAY("2023-01-01"), DAY("2024-01-01")))


def test_the_last_of_weekly_dates_is_no_stray():
    times = CONSTANT.dt.to_period("W").dt.start_time
    assert compare_periods(times).periods.end == DAY("2023-12-26")


@pytest.mark.parametrize("unit", ["D", "M", "Q"])
@pytest.mark.parametrize("stray", [[], ["2026-03-01"]])
def test_without_an_end_the_period_ends_with_what_was_recorded(unit, stray):
    times = pd.concat([CONSTANT.dt.to_period(unit).dt.start_time, pd.Series(pd.to_datetime(stray))], ignore_index=True)
    found = compare_periods(times, start=DAY("2023-01-01"))
    assert found == Comparison(Periods(DAY("2022-01-01"), DAY("2023-01-01"), DAY("2024-01-01")))
    late = compare_periods(times, start=DAY("2023-10-01"))
    assert (late.periods.split, late.periods.end) == (DAY("2023-10-01"), DAY("2024-01-01"))


def test_a_period_that_begins_after_the_data_has_nothing_to_compare():
    assert compare_periods(CONSTANT, start=DAY("2024-06-01")).reason in ("no_earlier_period", "periods_uncovered")


def test_months_of_few_issues_are_covered_from_their_first_day_on():
    """Nine months of some fifty or some six issues, all on the 1st; then three of none: none of the 1st is lost."""
    months = pd.DatetimeIndex([f"{year}-0{month}-01" for year in (2022, 2023) for month in range(1, 10)])
    times = pd.Series(months.repeat([52, 6, 6] * 6))
    found = compare_periods(times, **YEAR)
    assert [len(part) for part in np.nonzero(found.periods.within(times)[0])] == [192]
    assert change(times, found) == 0
    assert found.periods.left_out == ((DAY("2022-10-01"), DAY("2023-01-01")), (DAY("2023-10-01"), DAY("2024-01-01")))


def test_what_is_left_out_of_one_period_is_left_out_of_both_and_joined_where_it_touches() -> None:
    asked = Periods(DAY("2021-01-01"), DAY("2022-01-01"), DAY("2023-01-01"))

    def left_out(*stretches: tuple[str, str]) -> list[tuple[str, str]]:
        found = _mirrored([(DAY(a), DAY(b)) for a, b in stretches], asked)
        return [(f"{a:%y-%m-%d}", f"{b:%y-%m-%d}") for a, b in found]

    # Early and late overlap once mirrored; August touches July and stays apart from October.
    given = ("2021-03-01", "2021-04-01"), ("2022-03-15", "2022-05-01"), ("2021-07-01", "2021-08-01")
    given += ("2022-08-01", "2022-09-01"), ("2022-10-01", "2022-11-01")
    months = ("03-01", "05-01"), ("07-01", "09-01"), ("10-01", "11-01")
    assert left_out(*given) == [(f"{year}-{a}", f"{year}-{b}") for year in (21, 22) for a, b in months]
    # Across the split: its edge is kept, and each side goes into the other period.
    assert left_out(("2021-12-01", "2022-02-01")) == [
        ("21-01-01", "21-02-01"), ("21-12-01", "22-01-01"), ("22-01-01", "22-02-01"), ("22-12-01", "23-01-01"),
    ]  # fmt: skip


@pytest.mark.parametrize("day", [1, 15, 28])
@pytest.mark.parametrize(
    ("start", "end", "whole"),
    [
        ("2023-02-07", "2023-08-20", ("2022-10-01", "2023-03-01", "2023-08-01")),
        ("2023-10-10", "2023-12-01", ("2023-10-01", "2023-11-01", "2023-12-01")),
        ("2023-03-01", "2023-03-31", None),
        ("2022-02-07", "2022-03-01", None),
    ],
)
def test_where_months_are_recorded_a_part_of_one_is_not_compared(day, start, end, whole):
    months = pd.Series(CONSTANT.dt.to_period("M").dt.to_timestamp() + pd.Timedelta(days=day - 1))
    # Months of equal length: each has the same number of issues.
    months = months.groupby(months).head(270)
    found = compare_periods(months, start=DAY(start), end=DAY(end))
    if whole is None:
        assert (found.periods, found.reason) == (None, "periods_uncovered")
    else:
        assert found.periods[:3] == tuple(map(DAY, whole))
        assert change(months, found) == 0


def test_where_quarters_are_recorded_whole_quarters_within_what_was_asked_are_compared():
    quarters = pd.Series(CONSTANT.dt.to_period("Q").dt.to_timestamp())
    quarters = quarters.groupby(quarters).head(800)
    found = compare_periods(quarters, start=DAY("2023-02-01"), end=DAY("2023-11-01"))
    assert found.periods[:3] == (DAY("2022-10-01"), DAY("2023-04-01"), DAY("2023-10-01"))
    assert change(quarters, found) == 0


def test_the_same_days_of_two_years_need_no_more_than_these_days():
    days = pd.date_range("2023-01-01", "2024-12-31").to_series().repeat(10)
    asked = {"start": pd.Timestamp("2024-02-01"), "end": pd.Timestamp("2024-06-01"), "year_earlier": True}
    for times in (days, days[days.dt.month.between(2, 5)], days[~days.between("2023-09-01", "2023-11-30")]):
        found = compare_periods(times, **asked)
        assert (found.gaps, found.periods.left_out) == ((), ())
        assert [str(day.date()) for day in (*found.periods.earlier, found.periods.split, found.periods.end)] == [
            "2023-02-01",
            "2023-06-01",
            "2024-02-01",
            "2024-06-01",
        ]
        early, late = found.periods.within(times)
        assert (early.sum(), late.sum()) == (1200, 1210)  # the later one has a leap day
    said = [line.zh for line in change_lines(found)]
    assert said == ["较上期变化：2024-02-01 至 2024-05-31 与 2023-02-01 至 2023-05-31 相比。"]


@pytest.mark.parametrize("year", [2023, 2024])
def test_what_the_same_days_of_one_year_lack_is_left_out_of_both(year):
    times = pd.date_range("2023-01-01", "2024-12-31").to_series().repeat(10)
    silent = times.between(f"{year}-03-05", f"{year}-03-24")
    found = compare_periods(
        times[~silent], start=pd.Timestamp("2024-02-01"), end=pd.Timestamp("2024-06-01"), year_earlier=True
    )
    assert [(str(a.date()), str(b.date())) for a, b in found.periods.left_out] == [
        ("2023-03-05", "2023-03-25"),
        ("2024-03-05", "2024-03-25"),
    ]
    early, late = found.periods.within(times[~silent])
    assert (early.sum(), late.sum()) == (1000, 1010)


def test_the_same_days_of_a_year_without_data_are_not_compared():
    times = pd.date_range("2024-01-01", "2024-12-31").to_series()
    found = compare_periods(times, start=pd.Timestamp("2024-02-01"), end=pd.Timestamp("2024-06-01"), year_earlier=True)
    assert (found.periods, found.reason) == (None, "no_earlier_period")


@pytest.mark.parametrize(
    ("start", "end", "seasonal"),
    [("2023-07-01", "2024-01-01", True), ("2023-01-01", "2024-01-01", False), (None, None, False)],
)
def test_other_months_of_the_year_are_said_to_be_so(start: str | None, end: str | None, seasonal: bool) -> None:
    times = pd.Series(pd.date_range("2022-01-01", "2023-12-31"))
    asked = {name: pd.Timestamp(day) for name, day in (("start", start), ("end", end)) if day}
    # The first line is what the page answers with where a planner asks whether there are more.
    said = change_lines(compare_periods(times, **asked))[0].en
    assert ("season" in said) == seasonal
    # The same half of the year before is the same season.
    earlier = compare_periods(
        times, start=pd.Timestamp("2023-07-01"), end=pd.Timestamp("2024-01-01"), year_earlier=True
    )
    assert "season" not in " ".join(line.en for line in change_lines(earlier))
