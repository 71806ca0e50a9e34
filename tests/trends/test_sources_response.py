"""Sources and the handling of cases: shares, exact chances, intervals and limits against other libraries."""

from collections.abc import Sequence
from fractions import Fraction
from typing import Any, Literal

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom, binomtest, fisher_exact

from jxgis.statistics.intervals import funnel_limits, share_interval
from jxgis.trends.open_days import Spans, median_days, spans_open
from jxgis.trends.response import measure_response
from jxgis.trends.section import _handling
from jxgis.trends.sources import alone_changed, change_by_source, share_by_source


def cases(**columns: Sequence[Any] | np.ndarray | pd.Index) -> gpd.GeoDataFrame:
    n = len(next(iter(columns.values())))
    return gpd.GeoDataFrame(columns, geometry=gpd.points_from_xy(np.zeros(n), np.zeros(n)), crs=4549)


def test_the_chance_of_a_mix_is_fishers() -> None:
    random = np.random.default_rng(5)
    issues = cases(source=random.choice(["巡查", "12345", "啄木鸟"], 300, p=[0.6, 0.3, 0.1]))
    zone = pd.Series(random.choice(["甲", "乙", "丙"], 300))
    found = share_by_source(issues, zone)
    assert len(found) == 9
    for row in found.itertuples():
        own, drawn = (zone == row.zone).to_numpy(), (issues["source"] == row.source).to_numpy()
        table = [[(own & drawn).sum(), (own & ~drawn).sum()], [(~own & drawn).sum(), (~own & ~drawn).sum()]]
        tails = [fisher_exact(np.array(table), alternative=side).pvalue for side in ("greater", "less")]
        assert row.count == (own & drawn).sum()
        assert row.expected == pytest.approx(own.sum() * drawn.sum() / 300)
        assert row.p == pytest.approx(min(1, 2 * min(tails)), abs=1e-12)


def test_cases_without_a_source_or_a_zone_count_nowhere() -> None:
    issues = cases(source=["a", None, " ", "a", "b"])
    found = share_by_source(issues, pd.Series(["甲", "甲", "甲", None, "甲"]))
    assert found[["source", "count", "share"]].to_numpy().tolist() == [["a", 1, 0.5], ["b", 1, 0.5]]
    assert share_by_source(cases(source=[None, None]), pd.Series(["甲", "乙"])).empty


def test_a_source_that_closes_slowly_shows_its_days() -> None:
    day = pd.Timestamp("2024-05-01")
    closed = [day + pd.Timedelta(days=k) for k in (1, 2, 30)] + [pd.NaT, day - pd.Timedelta(days=1)]
    found = share_by_source(cases(source=["a"] * 3 + ["b"] * 2, time=[day] * 5, closed=closed), pd.Series(["甲"] * 5))
    assert found.set_index("source")["days_to_close"].to_dict() == pytest.approx({"a": 2.0, "b": np.nan}, nan_ok=True)


def _alone(before: np.ndarray, after: np.ndarray, city: np.ndarray, rises: bool, alpha: float) -> int | None:
    """By Fisher's test: of the source and the others at the place, and of the place's others and the city's."""
    if np.count_nonzero(before + after) < 2:
        return None
    growth = Fraction(int(city[1].sum()), int(city[0].sum()))
    off = [(int(late) - int(early) * growth) * (1 if rises else -1) for early, late in zip(before, after, strict=True)]
    at = off.index(max(off))
    others = np.array([before.sum() - before[at], after.sum() - after[at]])
    elsewhere = city.sum(axis=1) - city[:, at] - others
    side: Literal["greater", "less"] = "greater" if rises else "less"
    mix = fisher_exact(np.array([[after[at], before[at]], others[::-1]]), alternative=side).pvalue
    moved = fisher_exact(np.array([others[::-1], elsewhere[::-1]]), alternative=side).pvalue
    return at if mix <= alpha / np.count_nonzero(before + after) and moved > alpha / 2 else None


def test_one_source_that_alone_changed_is_fishers_and_seldom_said_where_all_did() -> None:
    random = np.random.default_rng(11)
    found: dict[bool, list[bool]] = {True: [], False: []}
    for number in range(1200):
        one, rises = number % 2 == 0, number % 4 < 2
        city = random.integers(800, 1500, (2, 3))
        usual = random.uniform(5, 60, 3)
        times = np.where([one, False, False], 2.5, 1.0) if one else np.full(3, 1.6)
        before, after = random.poisson(usual), random.poisson(usual * (times if rises else 1 / times))
        city += np.array([before, after])
        own = alone_changed(before, after, (city[0], city[1]), rises=rises, alpha=0.05, batch=1.0)
        assert own == _alone(before, after, city, rises, 0.05)
        found[one].append(own == 0 if one else own is not None)
    assert np.mean(found[True]) > 0.5
    assert np.sum(found[False]) <= binom.isf(0.001, 600, 0.05)


@pytest.mark.parametrize("n", [1, 2, 7, 40, 5000])
def test_intervals_are_clopper_and_pearsons(n: int) -> None:
    for k in {0, 1, n // 3, n - 1, n}:
        low, high = share_interval([k], [n])
        expected = binomtest(k, n).proportion_ci(0.95, method="exact")
        assert (low[0], high[0]) == pytest.approx((expected.low, expected.high), abs=1e-9)
    assert np.isnan(share_interval([0], [0])).all()


@pytest.mark.parametrize(("share", "n"), [(0.9, 3), (0.9, 50), (0.5, 1), (0.985, 4000), (0.02, 200)])
def test_chance_leaves_the_funnel_once_in_a_thousand_on_either_side(share: float, n: int) -> None:
    low, high = (limit[0] * n for limit in funnel_limits(share, [n]))
    assert binom.cdf(round(low) - 1, n, share) <= 0.001 < binom.cdf(round(low), n, share) + 1e-15
    assert binom.sf(round(high), n, share) <= 0.001


def test_two_late_cases_of_three_are_no_bad_department_and_of_three_hundred_they_are() -> None:
    day = pd.Timestamp("2024-05-01")
    sizes = {"大": (3000, 300), "小": (3, 2), "差": (300, 200)}
    department = np.repeat(list(sizes), [n for n, _ in sizes.values()])
    late = np.concatenate([np.arange(n) < k for n, k in sizes.values()])
    time = day + pd.to_timedelta(np.random.default_rng(0).integers(0, 31, len(late)), unit="D")
    issues = cases(
        time=time,
        deadline=time + pd.Timedelta(days=2),
        closed=time + pd.to_timedelta(np.where(late, 5, 1), unit="D"),
        rework=late.astype(float),
    )
    found = measure_response(issues, {"department": pd.Series(department)})
    assert found.loc[found["month"] != "all", "month"].unique().tolist() == ["2024-05"]
    found = found[found["month"] == "all"].set_index("group")
    assert found["verdict"].to_dict() == {"大": "above", "小": "within", "差": "below"}
    assert found["rate"].to_dict() == pytest.approx({"大": 0.9, "小": 1 / 3, "差": 1 / 3})
    assert found["rework"].to_dict() == pytest.approx({"大": 0.1, "小": 2 / 3, "差": 2 / 3})


def in_batches(random: np.random.Generator, size: float) -> tuple[gpd.GeoDataFrame, pd.Series]:
    """Cases of eight departments all alike, that come in batches of one source, one day and one outcome."""
    batches = 1000
    sizes = random.geometric(1 / size, batches)
    department, day, late = (
        random.integers(0, 8, batches),
        random.integers(0, 60, batches),
        random.random(batches) < 0.15,
    )
    source = random.choice(list("abcd"), batches, p=[0.6, 0.2, 0.15, 0.05])
    time = pd.Timestamp("2024-01-01") + pd.to_timedelta(np.repeat(day, sizes), unit="D")
    closed = time + pd.to_timedelta(np.repeat(np.where(late, 9, 1), sizes), unit="D")
    issues = cases(source=np.repeat(source, sizes), time=time, deadline=time + pd.Timedelta(days=3), closed=closed)
    return issues, pd.Series(np.repeat(department, sizes).astype(str))


@pytest.mark.parametrize("size", [pytest.param(1, marks=pytest.mark.slow), 3])
def test_batches_make_no_department_bad_no_mix_another_and_no_interval_too_narrow(size: int) -> None:
    random = np.random.default_rng(12)
    apart, held, other = [], [], []
    for _ in range(40):
        issues, department = in_batches(random, size)
        found = measure_response(issues, {"department": department})
        found = found[found["month"] == "all"]
        apart += (found["verdict"] != "within").tolist()
        held += ((found["low"] <= 0.85) & (found["high"] >= 0.85)).tolist()
        other.append((share_by_source(issues, department)["q"] <= 0.05).any())
    # 99.9 % of binomials with the claimed shares lie within; with each case by itself a tenth are apart, and all mixes other.
    assert sum(apart) <= binom.ppf(0.999, len(apart), 0.002)
    assert sum(held) >= binom.ppf(0.001, len(held), 0.95)
    assert sum(other) <= binom.ppf(0.999, len(other), 0.05)


@pytest.mark.parametrize("copies", [1, 4])
def test_how_many_cases_come_together_stands_beside_what_it_widens(copies: int) -> None:
    """Each case so many times over varies so many times as much; the error of finding it is added, and what chance makes of one group."""
    issues, department = in_batches(np.random.default_rng(8), 1)
    some = np.repeat(np.arange(len(issues)), copies)
    issues, department = gpd.GeoDataFrame(issues.iloc[some]).reset_index(drop=True), department.iloc[some]
    response, sources = measure_response(issues, {"department": department}), share_by_source(issues, department)
    for batch in (response["batch"], sources.loc[sources["source"] == "a", "batch"]):
        assert batch.min() >= copies
        assert batch.median() <= 1.6 * copies


def in_campaigns(random: np.random.Generator) -> tuple[gpd.GeoDataFrame, pd.Series]:
    """A year of eight departments all alike, but that the cases of a small one come by three, of one outcome and one source."""
    n = 1500
    department = random.choice(8, n, p=[0.14] * 7 + [0.02])
    times = np.where(department == 7, random.geometric(1 / 3, n), 1)
    day, late, source = random.integers(0, 364, n), random.random(n) < 0.15, random.choice(list("ab"), n)
    time = pd.Timestamp("2024-01-01") + pd.to_timedelta(np.repeat(day, times), unit="D")
    closed = time + pd.to_timedelta(np.repeat(np.where(late, 9, 1), times), unit="D")
    issues = cases(source=np.repeat(source, times), time=time, deadline=time + pd.Timedelta(days=3), closed=closed)
    return issues, pd.Series(np.repeat(department, times).astype(str))


@pytest.mark.slow
def test_a_department_of_campaigns_among_others_is_not_held_to_what_these_vary() -> None:
    """By what all vary it was apart in 15 of 80 years, and some mix another in 18."""
    random = np.random.default_rng(5)
    apart, other = [], []
    for _ in range(40):
        issues, department = in_campaigns(random)
        found = measure_response(issues, {"department": department})
        apart.append((found[(found["month"] == "all") & (found["group"] == "7")]["verdict"] != "within").item())
        other.append((share_by_source(issues, department)["q"] <= 0.05).any())
    assert sum(apart) <= binom.ppf(0.999, len(apart), 0.002)
    assert sum(other) <= binom.ppf(0.999, len(other), 0.05)


def test_a_bad_department_is_found_in_spite_of_batches() -> None:
    random = np.random.default_rng(3)
    issues, department = in_batches(random, 3)
    worse = (department == "0").to_numpy() & (issues["time"].dt.day % 2 == 0).to_numpy()
    issues["closed"] = issues["closed"].where(~worse, issues["time"] + pd.Timedelta(days=9))
    found = measure_response(issues, {"department": department})
    verdict = found[found["month"] == "all"].set_index("group")["verdict"]
    assert verdict["0"] == "below"
    assert (verdict.drop("0") != "below").all()


def test_a_table_without_times_tells_nothing_of_the_handling() -> None:
    assert measure_response(cases(source=["a"]), {"source": pd.Series(["a"])}).empty


DAY = pd.Timestamp("2024-05-01")


def of_all(issues, group):
    found = measure_response(issues, {"department": pd.Series(group)})
    return found[found["month"] == "all"].set_index("group")


def test_an_export_without_closing_times_calls_nobody_late():
    issues = cases(time=[DAY] * 4, deadline=[DAY] * 4, closed=pd.to_datetime([None] * 4), rework=[1, 0, 0, 0])
    found = of_all(issues, list("aabb"))
    assert found["due"].tolist() == [2, 2]
    rates = ["closed_on_time", "rate", "low", "high", "limit_low", "limit_high", "p", "verdict", "days_to_close"]
    assert found[rates].isna().all(axis=None)
    assert found["rework"].tolist() == [0.5, 0.0]
    assert measure_response(issues.drop(columns="rework"), {"department": pd.Series(list("aabb"))}).empty


def test_a_file_without_closing_times_calls_nobody_late():
    late = DAY + pd.Timedelta(days=9)
    issues = cases(
        time=[DAY] * 70,
        deadline=[DAY + pd.Timedelta(days=2)] * 70,
        closed=[DAY] * 30 + [late] * 10 + [pd.NaT] * 30,
        file=["热线.csv"] * 40 + ["巡查.csv"] * 30,
    )
    found = of_all(issues, ["甲"] * 40 + ["乙"] * 30)
    assert found.loc["甲", ["due", "closed_on_time", "rate"]].tolist() == [40, 30, 0.75]
    assert found.loc["乙", "cases"] == 30
    assert found.loc["乙", ["rate", "verdict", "days_to_close"]].isna().all()


def test_who_does_not_say_it_was_not_sent_back():
    issues = cases(time=[DAY] * 4, closed=[DAY] * 4, rework=[1, None, 0, None])
    assert of_all(issues, list("aabb"))["rework"].tolist() == [0.5, 0.0]


def test_a_deadline_that_is_a_day_ends_with_it():
    hours = [pd.Timedelta(hours=k) for k in (15, 25, 47, 48)]
    issues = cases(time=[DAY] * 4, deadline=[DAY + pd.Timedelta(days=1)] * 4, closed=[DAY + k for k in hours])
    assert of_all(issues, ["a"] * 4)["closed_on_time"].item() == 3
    timed = issues.assign(deadline=issues["deadline"].where(issues.index > 0, DAY + pd.Timedelta(hours=20)))
    assert of_all(timed, ["a"] * 4)["closed_on_time"].item() == 1


def test_the_last_month_does_not_seem_to_close_sooner():
    random = np.random.default_rng(3)
    days = random.uniform(0, 365, 20_000)
    time = pd.Series(pd.Timestamp("2024-01-01") + pd.to_timedelta(days, unit="D"))
    closed = time + pd.to_timedelta(random.exponential(12 / np.log(2), 20_000), unit="D")
    issues = cases(time=time, closed=closed.where(closed <= "2024-12-31"))
    found = measure_response(issues, {"city": pd.Series(["city"] * 20_000)}).set_index("month")["days_to_close"]
    assert found["2024-12"] == pytest.approx(12, rel=0.15)
    assert found["2024-06"] == pytest.approx(12, rel=0.15)
    shut = closed[(time >= "2024-12-01") & (closed <= "2024-12-31")]
    assert ((shut - time[shut.index]) / pd.Timedelta(days=1)).median() < 9


def kaplan_meier(days, closed):
    """Step by step, with fractions of what is left."""
    steps, left = [], Fraction(1)
    for day in sorted({day for day, shut in zip(days, closed, strict=True) if shut}):
        at_risk = sum(other >= day for other in days)
        left *= 1 - Fraction(sum(shut for other, shut in zip(days, closed, strict=True) if other == day), at_risk)
        steps.append((day, left))
    half = [day for day, share in steps if share <= Fraction(1, 2)]
    past = [day for day, share in steps if share < Fraction(1, 2)]
    return (half[0] + (past or half)[0]) / 2 if half else np.nan


def test_days_to_close_are_kaplan_and_meiers_median():
    random = np.random.default_rng(11)
    code = random.integers(-1, 60, 700)
    days, closed = random.integers(0, 8, 700).astype(float), random.random(700) < random.choice([0.2, 0.6, 1], 61)[code]
    found = median_days(Spans(days, closed), code, 61)
    expected = [kaplan_meier(days[code == group].tolist(), closed[code == group].tolist()) for group in range(61)]
    assert found.tolist() == pytest.approx(expected, nan_ok=True)
    whole = [np.median(days[code == group]) for group in range(60)]
    assert median_days(Spans(days, np.ones(700, dtype=bool)), code, 60).tolist() == pytest.approx(whole)


def test_a_case_that_was_closed_before_it_was_reported_has_no_days():
    spans = spans_open(cases(time=[DAY] * 2, closed=[DAY - pd.Timedelta(days=1), DAY + pd.Timedelta(days=3)]))
    assert (spans.days.tolist(), spans.closed.tolist()) == (pytest.approx([np.nan, 3], nan_ok=True), [False, True])


def test_who_closes_before_the_report_is_neither_in_time_nor_late() -> None:
    """One of the two times is wrong: such a case counted as closed in time."""
    day = pd.Timestamp("2024-05-01 09:00")
    closed = [day + pd.Timedelta(days=shift) for shift in (-300, -1, 1, 9)]
    issues = cases(time=[day] * 4, closed=closed, deadline=[day + pd.Timedelta(days=3)] * 4)
    row = measure_response(issues, {"city": pd.Series(["city"] * 4)}).iloc[0]
    assert row[["cases", "due", "closed_on_time", "rate"]].tolist() == [4, 2, 1, 0.5]


def test_a_closing_that_is_a_day_counts_whole_days() -> None:
    """What is reported at nine and closed that day is closed at midnight, nine hours before."""
    report = pd.Timestamp("2024-05-01 09:00")
    days = [0, 0, 0, 1, 4]
    closed = [report.normalize() + pd.Timedelta(days=day) for day in days]
    issues = cases(time=[report] * 5, closed=closed, deadline=[report + pd.Timedelta(days=9)] * 5)
    row = measure_response(issues, {"city": pd.Series(["city"] * 5)}).iloc[0]
    assert spans_open(issues).days.tolist() == days
    assert row["days_to_close"] == 0


def test_a_mistyped_year_makes_no_month() -> None:
    time = np.array([*pd.date_range("2023-01-01", periods=365), "2032-05-01"], dtype="datetime64[ns]")
    day, hour = (np.timedelta64(1, unit) for unit in ("D", "h"))
    issues = cases(time=time, closed=time + 5 * hour, deadline=time + 2 * day)
    found = measure_response(issues, {"city": pd.Series(["city"] * 366)})
    assert found["month"].tolist() == ["all", *(f"2023-{month:02d}" for month in range(1, 13))]
    assert found["cases"].tolist()[0] == 366


def test_the_source_that_explains_a_rise_is_told_though_it_had_few_before() -> None:
    """40 and then 600 of sensors: beside patrols and 12345 that are as before, they are what the city rose by."""
    early = {"采集员": 900, "12345": 500, "智能识别": 40, "媒体": 29, "公众": 30}
    late = {"采集员": 900, "12345": 450, "智能识别": 600, "媒体": 800, "公众": 99, "新来源": 700}
    source = np.repeat([*early, *late], [*early.values(), *late.values()])
    first = np.arange(len(source)) < sum(early.values())
    found = change_by_source(pd.DataFrame({"source": source}), first, ~first)
    assert found == {"采集员": 0.0, "智能识别": pytest.approx(14.0), "12345": pytest.approx(-0.1)}
    assert list(found) == ["采集员", "智能识别", "12345"]


@pytest.mark.parametrize(
    ("left_out", "called"),
    [
        ([], "按处置部门：按期结案、返工"),
        (["rework"], "按处置部门：按期结案"),
        (["closed"], "按处置部门：返工"),
        (["deadline", "rework"], "按处置部门：结案天数"),
    ],
)
def test_a_table_of_handling_is_called_by_what_it_holds(left_out, called):
    issues = cases(
        time=[DAY] * 80,
        deadline=[DAY + pd.Timedelta(days=2)] * 80,
        closed=[DAY, DAY, DAY, DAY + pd.Timedelta(days=9)] * 20,
        rework=[1, 0, 0, 0] * 20,
    )
    found = measure_response(issues.drop(columns=left_out), {"department": pd.Series(list("ab") * 40)})
    (block,) = _handling(found, found, "zh")
    assert block.heading == called
    hidden = found.assign(**dict.fromkeys(("cases", "rate", "rework", "days_to_close")))
    (block,) = _handling(hidden, found, "zh")
    assert called in block.words
