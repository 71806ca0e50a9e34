"""How cases are handled: closed in time, sent back, days to close, by place, department, class and month."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import betaincinv
from scipy.stats import binom

from jxgis.indicators.cases import reported, tells_closing, with_case_flags
from jxgis.periods import days_covered, last_covered
from jxgis.schema.tables import table as declared
from jxgis.space.ratio import ratio
from jxgis.statistics.batches import batch_of_shares, batch_tails, weeks_of
from jxgis.statistics.fdr import benjamini_hochberg
from jxgis.statistics.tails import two_sided
from jxgis.zones import ALL

if TYPE_CHECKING:
    from collections.abc import Mapping

    import geopandas as gpd
    from numpy.typing import NDArray

__all__ = [
    "FUNNEL",
    "Spans",
    "funnel_limits",
    "measure_response",
    "median_days",
    "share_interval",
    "spans_open",
]

Floats = npt.NDArray[np.float64]
FUNNEL = 0.998
"""Of so many groups that handle cases like all, chance keeps within the limits."""
_TAIL = 0.025
_GONE = -50.0
"""The logarithm of the share that is open when the last case is closed: as good as none, and finite."""
_DAY_S = 86400.0
_HALF = 1e-9
"""By how much half may be missed by rounding."""


def share_interval(hits: npt.ArrayLike, cases: npt.ArrayLike, *, batch: float = 1.0) -> tuple[Floats, Floats]:
    """The 95 % interval of a share: neither tail above 2.5 %, exact for cases by themselves (Clopper & Pearson 1934).

    Parameters
    ----------
    hits, cases
        (n,) whole numbers, ``hits`` at most ``cases``.
    batch
        How many times as much as by chance the share varies: so many cases tell as much as one.

    Returns
    -------
    low, high : numpy.ndarray
        (n,) 0–1; NaN where there are no cases.

    References
    ----------
    Korn, E. L. and Graubard, B. I. (1998). Confidence intervals for proportions with small expected number of positive counts
    estimated from survey data. Survey Methodology 24: the interval of as many cases as tell.

    Examples
    --------
    >>> low, high = share_interval([0, 5, 10], [10, 10, 10])
    >>> low.round(4).tolist(), high.round(4).tolist()
    ([0.0, 0.1871, 0.6915], [0.3085, 0.8129, 1.0])
    """
    k, n = np.asarray(hits, dtype=np.float64) / batch, np.asarray(cases, dtype=np.float64) / batch
    with np.errstate(invalid="ignore"):
        low = np.where(k > 0, betaincinv(k, n - k + 1, _TAIL), 0.0)
        high = np.where(k < n, betaincinv(k + 1, n - k, 1 - _TAIL), 1.0)
    none = n == 0
    return np.where(none, np.nan, low), np.where(none, np.nan, high)


def funnel_limits(share: float, cases: npt.ArrayLike, *, batch: float = 1.0) -> tuple[Floats, Floats]:
    """Between which shares groups of so many cases lie by chance alone, if their rate is that of all.

    Parameters
    ----------
    share
        Of all cases.
    cases
        (n,) of each group.
    batch
        As `share_interval` takes it.

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
    n = np.asarray(cases, dtype=np.float64)
    telling = np.floor(n / batch)
    low, high = binom.ppf((1 - FUNNEL) / 2, telling, share), binom.isf((1 - FUNNEL) / 2, telling, share)
    less = (n > 0) & (telling == 0)
    return np.where(less, 0.0, ratio(low, telling)), np.where(less, 1.0, ratio(high, telling))


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
        One row a kind, group and month of report, that of all months (``month`` is ``all``) first: ``by, group, month, cases``
        (those far from the others in time, such as of a mistyped year, are of no month);
        ``due`` (see `with_case_flags`), ``closed_on_time`` (of these, by it), ``rate`` (their share), ``low, high`` (its
        95 % interval), ``limit_low, limit_high`` (the funnel), ``p, q`` (two-sided, given all of the month that were due and
        in time), ``verdict`` (``above``, ``below`` the funnel's limits, ``within`` them), all of these as much wider as
        the groups vary from week to week (``batch`` times as by chance, see `statistics.batches`); ``rework`` (of the cases judged,
        sent back; who does not say it counts as a no), ``days_to_close`` (the median, see `median_days`). A figure that the
        columns do not tell is missing; without rows where they tell none.

    Examples
    --------
    >>> import geopandas as gpd
    >>> time = pd.Series(pd.Timestamp("2024-05-01") + pd.to_timedelta(np.arange(100) % 25, unit="D"))
    >>> closed = time + pd.to_timedelta([1] * 60 + [9] * 40, unit="D")
    >>> cases = gpd.GeoDataFrame({"time": time, "deadline": time + pd.Timedelta(days=3), "closed": closed},
    ...                          geometry=gpd.points_from_xy([0] * 100, [0] * 100))
    >>> found = measure_response(cases, {"department": pd.Series(["甲"] * 50 + ["乙"] * 50)})
    >>> found.loc[found["month"] == "all", ["group", "due", "rate", "verdict"]].values.tolist()
    [['乙', 50, 0.2, 'below'], ['甲', 50, 1.0, 'above']]
    """
    columns = list(declared("trends.response").columns)
    flagged = with_case_flags(issues)
    spans = spans_open(issues)
    if not ({"on_time", "reworked"} & set(flagged.columns) or spans.closed.any()):
        return pd.DataFrame(columns=columns)
    if "reworked" in flagged.columns:
        flagged = flagged.assign(reworked=flagged["reworked"].fillna(False).astype(bool))
    months: list[tuple[str, NDArray[np.intp]]] = [(ALL, np.arange(len(flagged)))]
    if "time" in flagged.columns and flagged["time"].notna().any():
        time = pd.to_datetime(flagged["time"])
        first, last, _ = days_covered(time)
        of_month = time.where(time.dt.normalize().between(first, last)).dt.strftime("%Y-%m")
        months += [(str(month), rows) for month, rows in of_month.groupby(of_month).indices.items()]
    batch = {by: _batch(flagged, names) for by, names in groups.items()}
    parts = [
        _of_groups(flagged.iloc[rows], spans.of(rows), by, month, names.to_numpy(dtype=object)[rows], batch[by])
        for by, names in groups.items()
        for month, rows in months
    ]
    some = [part for part in parts if len(part)]
    return pd.concat(some, ignore_index=True) if some else pd.DataFrame(columns=columns)


def _batch(flagged: gpd.GeoDataFrame, names: pd.Series) -> float:
    """How many times as much as by chance the groups' shares in time vary; 1 where no times of report tell."""
    if not {"on_time", "time"} <= set(flagged.columns):
        return 1.0
    due = flagged["due"].to_numpy(dtype=np.bool_)
    group = pd.factorize(pd.Series(names.to_numpy(dtype=object)[due], dtype=object))[0]
    return batch_of_shares(flagged["on_time"].to_numpy(dtype=np.bool_)[due], group, weeks_of(flagged["time"][due]))


def _of_groups(
    cases: gpd.GeoDataFrame, spans: Spans, by: str, month: str, names: npt.NDArray[np.object_], batch: float
) -> pd.DataFrame:
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
    # Of how many the outcome is known.
    told = due if "on_time" in cases.columns else np.zeros_like(due)
    low, high = share_interval(on_time, told, batch=batch)
    all_told = int(told.sum())
    share = on_time.sum() / all_told if all_told else np.nan
    limit_low, limit_high = (
        funnel_limits(share, told, batch=batch) if all_told else (np.full(n, np.nan), np.full(n, np.nan))
    )
    p, some = np.full(n, np.nan), told > 0
    p[some] = two_sided(*batch_tails(on_time[some], told[some], int(on_time.sum()), all_told, batch=batch))
    rate = ratio(on_time, told)
    # Who handles all that is due is set against nobody.
    alone = told == all_told
    p, limit_low, limit_high = (np.where(alone, np.nan, values) for values in (p, limit_low, limit_high))
    verdict = np.select(
        [rate > limit_high, rate < limit_low, (told > 0) & ~alone], ["above", "below", "within"], default=""
    )
    judged = count(flag("judged")) if "reworked" in cases.columns else np.zeros(n, dtype=np.int64)
    return table.assign(
        due=due if "due" in cases.columns else np.nan,
        closed_on_time=on_time if "on_time" in cases.columns else np.nan,
        rate=rate,
        low=low,
        high=high,
        limit_low=limit_low,
        limit_high=limit_high,
        p=p,
        q=benjamini_hochberg(p),
        verdict=pd.Series(verdict, dtype=object).replace("", None),
        rework=ratio(count(flag("judged") & flag("reworked")), judged),
        days_to_close=median_days(spans, code, n),
        batch=batch if all_told else np.nan,
    )


class Spans(NamedTuple):
    """How long cases have been open.

    Attributes
    ----------
    days
        (n,) from report to closing, or to the last time of the table; NaN where that is not known.
    closed
        (n,) whether they were closed then.
    """

    days: Floats
    closed: npt.NDArray[np.bool_]

    def of(self, rows: npt.NDArray[np.intp]) -> Spans:
        """Those of some cases."""
        return Spans(self.days[rows], self.closed[rows])


def spans_open(issues: pd.DataFrame) -> Spans:
    """How long each case was open until it was closed, or has been open.

    Parameters
    ----------
    issues
        ``time, closed`` and ``file``, as far as they are known. A case that was closed before it was
        reported says nothing; of one whose closing is a day, the day it was reported counts.

    Returns
    -------
    Spans

    Examples
    --------
    >>> day = pd.Timestamp("2024-05-01")
    >>> cases = pd.DataFrame({"time": day, "closed": [day + pd.Timedelta(days=2), pd.NaT]})
    >>> [values.tolist() for values in spans_open(cases)]
    [[2.0, 2.0], [True, False]]
    """
    if not {"time", "closed"} <= set(issues.columns):
        return Spans(np.full(len(issues), np.nan), np.zeros(len(issues), dtype=np.bool_))
    time, closed = pd.to_datetime(issues["time"]), pd.to_datetime(issues["closed"])
    span = (closed.fillna(last_covered(time, closed)) - reported(issues)).dt.total_seconds() / _DAY_S
    days: Floats = np.asarray(span.where(tells_closing(issues) & (span >= 0)), dtype=np.float64)
    return Spans(days, closed.notna().to_numpy() & ~np.isnan(days))


def median_days(spans: Spans, code: npt.NDArray[np.integer], n: int) -> Floats:
    """Days until half of the cases of each group are closed, those that still are open among them (Kaplan & Meier 1958).

    Parameters
    ----------
    spans
        How long each case was open. One that still is tells that it took longer: without it, the cases of the last weeks
        would seem to be closed sooner.
    code
        (cases,) number of each case's group; -1 for none.
    n
        Number of groups.

    Returns
    -------
    numpy.ndarray
        (n,) NaN where fewer than half have been closed; where all are, the median.

    Examples
    --------
    >>> spans = Spans(np.array([1.0, 4.0, 2.0, 6.0]), np.array([True, True, False, False]))
    >>> median_days(spans, np.array([0, 0, 0, 1]), 2).tolist()
    [4.0, nan]
    """
    known = np.flatnonzero(~np.isnan(spans.days) & (code >= 0))
    order = known[np.lexsort((~spans.closed[known], spans.days[known], code[known]))]
    group, days, closed = code[order], spans.days[order], spans.closed[order]
    left = np.searchsorted(group, group, side="right") - np.arange(len(order))
    with np.errstate(divide="ignore"):
        step = np.where(closed, np.maximum(np.log1p(-1 / left), _GONE), 0.0)
    upto = np.concatenate([[0.0], np.cumsum(step)])
    open_share = np.exp(upto[1:] - upto[np.searchsorted(group, group)])
    ends = []
    for below in (_HALF, -_HALF):
        half = closed & (open_share <= 0.5 + below)
        ends.append(pd.Series(days[half]).groupby(group[half]).first().reindex(np.arange(n)))
    # Where exactly half are left, the median lies between that closing and the next.
    return np.asarray((ends[0] + ends[1].fillna(ends[0])) / 2, dtype=np.float64)
