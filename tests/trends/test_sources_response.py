"""Sources and the handling of cases: shares, exact chances, intervals and limits against other libraries."""

from collections.abc import Sequence
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from scipy.stats import binom, binomtest, fisher_exact

from jxgis.trends.response import funnel_limits, measure_response, share_interval
from jxgis.trends.sources import share_by_source


def cases(**columns: Sequence[Any] | np.ndarray) -> gpd.GeoDataFrame:
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
    issues = cases(
        time=[day] * len(late),
        deadline=[day + pd.Timedelta(days=2)] * len(late),
        closed=[day + pd.Timedelta(days=5 if is_late else 1) for is_late in late],
        rework=late.astype(float),
    )
    found = measure_response(issues, {"department": pd.Series(department)})
    assert found.loc[found["month"] != "all", "month"].unique().tolist() == ["2024-05"]
    found = found[found["month"] == "all"].set_index("group")
    assert found["verdict"].to_dict() == {"大": "above", "小": "within", "差": "below"}
    assert found["rate"].to_dict() == pytest.approx({"大": 0.9, "小": 1 / 3, "差": 1 / 3})
    assert found["rework"].to_dict() == pytest.approx({"大": 0.1, "小": 2 / 3, "差": 2 / 3})


def test_a_table_without_times_tells_nothing_of_the_handling() -> None:
    assert measure_response(cases(source=["a"]), {"source": pd.Series(["a"])}).empty
