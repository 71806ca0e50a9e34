"""How cases are handled: closed in time, sent back, days to close, by place, department, class and month."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import betaincinv
from scipy.stats import binom

from jxgis.indicators.cases import with_case_flags
from jxgis.space.ratio import ratio
from jxgis.statistics.fdr import benjamini_hochberg
from jxgis.statistics.hypergeometric import drawn_tails, two_sided
from jxgis.zones import ALL

if TYPE_CHECKING:
    from collections.abc import Mapping

    import geopandas as gpd
    from numpy.typing import NDArray

__all__ = ["COLUMNS", "FUNNEL", "funnel_limits", "measure_response", "median_days", "share_interval"]

Floats = npt.NDArray[np.float64]
COLUMNS = (
    "by", "group", "month", "cases", "due", "closed_on_time", "rate", "low", "high", "limit_low", "limit_high", "p", "q",
    "verdict", "rework", "days_to_close",
)  # fmt: skip
FUNNEL = 0.998
"""Of so many groups that handle cases like all, chance keeps within the limits."""
_TAIL = 0.025


def share_interval(hits: npt.ArrayLike, cases: npt.ArrayLike) -> tuple[Floats, Floats]:
    """The 95 % interval of a share, exact: neither tail above 2.5 % (Clopper & Pearson 1934).

    Parameters
    ----------
    hits, cases
        (n,) whole numbers, ``hits`` at most ``cases``.

    Returns
    -------
    low, high : numpy.ndarray
        (n,) 0–1; NaN where there are no cases.

    Examples
    --------
    >>> low, high = share_interval([0, 5, 10], [10, 10, 10])
    >>> low.round(4).tolist(), high.round(4).tolist()
    ([0.0, 0.1871, 0.6915], [0.3085, 0.8129, 1.0])
    """
    k, n = np.asarray(hits, dtype=np.float64), np.asarray(cases, dtype=np.float64)
    with np.errstate(invalid="ignore"):
        low = np.where(k > 0, betaincinv(np.maximum(k, 1), n - k + 1, _TAIL), 0.0)
        high = np.where(k < n, betaincinv(k + 1, np.maximum(n - k, 1), 1 - _TAIL), 1.0)
    none = n == 0
    return np.where(none, np.nan, low), np.where(none, np.nan, high)


def funnel_limits(share: float, cases: npt.ArrayLike) -> tuple[Floats, Floats]:
    """Between which shares groups of so many cases lie by chance alone, if their rate is that of all.

    Parameters
    ----------
    share
        Of all cases.
    cases
        (n,) of each group.

    Returns
    -------
    low, high : numpy.ndarray
        (n,) the least and the greatest share that neither tail of 0.1 % excludes: of few cases nearly everything.

    References
    ----------
    Spiegelhalter, D. J. (2005). Funnel plots for comparing institutional performance. Statistics in Medicine 24.

    Examples
    --------
    >>> low, high = funnel_limits(0.9, [5, 1000])
    >>> low.tolist(), high.tolist()
    ([0.4, 0.87], [1.0, 0.928])
    """
    n = np.asarray(cases, dtype=np.int64)
    low, high = binom.ppf((1 - FUNNEL) / 2, n, share), binom.isf((1 - FUNNEL) / 2, n, share)
    return ratio(low, n), ratio(high, n)


def measure_response(issues: gpd.GeoDataFrame, groups: Mapping[str, pd.Series]) -> pd.DataFrame:
    """Measure how the cases of each group were handled, against all cases: of all time, and month by month.

    Parameters
    ----------
    issues
        ``time, deadline, closed, rework`` as far as they are there.
    groups
        Kind of group, such as ``department``, to the (n,) name of each case's group; missing for none.

    Returns
    -------
    pandas.DataFrame
        One row a kind, group and month of report, that of all months (``month`` is ``all``) first: ``by, group, month, cases``;
        ``due`` (cases whose deadline is past), ``closed_on_time`` (of these, by it), ``rate`` (their share), ``low, high`` (its
        95 % interval), ``limit_low, limit_high`` (the funnel), ``p, q`` (two-sided, given all of the month that were due and
        in time), ``verdict`` (``above``, ``below`` the funnel's limits, ``within`` them); ``rework`` (of the cases judged,
        sent back), ``days_to_close`` (the median, of those closed). A figure that the columns do not tell is missing; without
        rows where they tell none.

    Examples
    --------
    >>> import geopandas as gpd
    >>> day = pd.Timestamp("2024-05-01")
    >>> closed = [day] * 60 + [day + pd.Timedelta(days=9)] * 40
    >>> cases = gpd.GeoDataFrame({"time": day, "deadline": day + pd.Timedelta(days=3), "closed": closed},
    ...                          geometry=gpd.points_from_xy([0] * 100, [0] * 100))
    >>> found = measure_response(cases, {"department": pd.Series(["甲"] * 50 + ["乙"] * 50)})
    >>> found.loc[found["month"] == "all", ["group", "due", "rate", "verdict"]].values.tolist()
    [['乙', 50, 0.2, 'below'], ['甲', 50, 1.0, 'above']]
    """
    flagged = with_case_flags(issues)
    closed = {"time", "closed"} <= set(flagged.columns) and flagged["closed"].notna().any()
    if not ({"due", "reworked"} & set(flagged.columns) or closed):
        return pd.DataFrame(columns=list(COLUMNS))
    months: list[tuple[str, NDArray[np.intp]]] = [(ALL, np.arange(len(flagged)))]
    if "time" in flagged.columns:
        of_month = pd.to_datetime(flagged["time"]).dt.strftime("%Y-%m")
        months += [(str(month), rows) for month, rows in of_month.groupby(of_month).indices.items()]
    parts = [
        _of_groups(flagged.iloc[rows], by, month, names.to_numpy(dtype=object)[rows])
        for by, names in groups.items()
        for month, rows in months
    ]
    some = [part for part in parts if len(part)]
    return pd.concat(some, ignore_index=True) if some else pd.DataFrame(columns=list(COLUMNS))


def _of_groups(cases: gpd.GeoDataFrame, by: str, month: str, names: npt.NDArray[np.object_]) -> pd.DataFrame:
    code, found = pd.factorize(pd.Series(names, dtype=object), sort=True)
    n = len(found)

    def count(which: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
        return np.bincount(code[which & (code >= 0)], minlength=n)

    def flag(name: str) -> npt.NDArray[np.bool_]:
        there = name in cases.columns
        return cases[name].to_numpy(dtype=np.bool_) if there else np.zeros(len(cases), dtype=np.bool_)

    every = np.ones(len(cases), dtype=np.bool_)
    table = pd.DataFrame({"by": by, "group": np.asarray(found, dtype=object)}).assign(month=month, cases=count(every))
    due, on_time = count(flag("due")), count(flag("due") & flag("on_time"))
    low, high = share_interval(on_time, due)
    all_due = int(due.sum())
    share = on_time.sum() / all_due if all_due else np.nan
    limit_low, limit_high = funnel_limits(share, due) if all_due else (np.full(n, np.nan), np.full(n, np.nan))
    p = np.where(due > 0, two_sided(*drawn_tails(on_time, due, int(on_time.sum()), all_due)), np.nan)
    rate = ratio(on_time, due)
    # Who handles all that is due is set against nobody.
    alone = due == all_due
    p, limit_low, limit_high = (np.where(alone, np.nan, values) for values in (p, limit_low, limit_high))
    verdict = np.select(
        [rate > limit_high, rate < limit_low, (due > 0) & ~alone], ["above", "below", "within"], default=""
    )
    judged = count(flag("judged")) if "reworked" in cases.columns else np.zeros(n, dtype=np.int64)
    told = "due" in cases.columns
    return table.assign(
        due=due if told else np.nan,
        closed_on_time=on_time if told else np.nan,
        rate=rate,
        low=low,
        high=high,
        limit_low=limit_low,
        limit_high=limit_high,
        p=p,
        q=benjamini_hochberg(p),
        verdict=pd.Series(verdict, dtype=object).replace("", None),
        rework=ratio(count(flag("judged") & flag("reworked")), judged),
        days_to_close=median_days(cases, code, n),
    )


def median_days(cases: gpd.GeoDataFrame, code: npt.NDArray[np.integer], n: int) -> Floats:
    """Days from report to closing: the median of each group, of the cases that are closed.

    Parameters
    ----------
    cases
        ``time, closed`` where they are known.
    code
        (cases,) number of each case's group; -1 for none.
    n
        Number of groups.

    Returns
    -------
    numpy.ndarray
        (n,) NaN where none is closed.

    Examples
    --------
    >>> import geopandas as gpd
    >>> day = pd.to_datetime(["2024-05-01", "2024-05-01", "2024-05-02"])
    >>> cases = gpd.GeoDataFrame({"time": day[0], "closed": day}, geometry=gpd.points_from_xy([0] * 3, [0] * 3))
    >>> median_days(cases, np.array([0, 0, 0]), 2).tolist()
    [0.0, nan]
    """
    if not {"time", "closed"} <= set(cases.columns):
        return np.full(n, np.nan)
    days = (pd.to_datetime(cases["closed"]) - pd.to_datetime(cases["time"])) / pd.Timedelta(days=1)
    known = pd.Series(days.to_numpy(dtype=np.float64)).where(lambda value: value >= 0)
    medians = known.groupby(np.where(code >= 0, code, -1)).median()
    return np.asarray(medians.reindex(np.arange(n)), dtype=np.float64)
