"""How cases are handled: closed in time, sent back, days to close, by place, department, class and month."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from jxgis.indicators.cases import with_case_flags
from jxgis.periods import days_covered
from jxgis.schema.tables import table as declared
from jxgis.space.ratio import ratio
from jxgis.statistics.batches import batch_tails, batches_of_groups, weeks_of
from jxgis.statistics.fdr import benjamini_hochberg
from jxgis.statistics.intervals import funnel_limits, share_interval
from jxgis.statistics.tails import two_sided
from jxgis.trends.open_days import median_days, spans_open
from jxgis.zones import ALL

if TYPE_CHECKING:
    from collections.abc import Mapping

    import geopandas as gpd
    from numpy.typing import NDArray

    from jxgis.trends.open_days import Spans

__all__ = ["measure_response"]


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
        the group varies from week to week (``batch`` times as by chance, see `statistics.batches`); ``rework`` (of the cases judged,
        sent back; who does not say it counts as a no), ``days_to_close`` (the median, see `open_days.median_days`). A figure that the
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


def _batch(flagged: gpd.GeoDataFrame, names: pd.Series) -> pd.Series:
    """Name of each group to how many times as much as by chance its share in time varies; 1 where no times of report tell."""
    of, group = np.unique(names.dropna().to_numpy(dtype=object), return_inverse=True)
    if not {"on_time", "time"} <= set(flagged.columns):
        return pd.Series(1.0, of)
    code = np.full(len(names), -1)
    code[names.notna()] = group
    due = flagged["due"].to_numpy(dtype=np.bool_)
    on_time, week = flagged["on_time"].to_numpy(dtype=np.bool_)[due], weeks_of(flagged["time"][due])
    return pd.Series(batches_of_groups(on_time, code[due], week, len(of)), of)


def _of_groups(
    cases: gpd.GeoDataFrame, spans: Spans, by: str, month: str, names: npt.NDArray[np.object_], batches: pd.Series
) -> pd.DataFrame:
    code, found = pd.factorize(pd.Series(names, dtype=object), sort=True)
    n = len(found)
    batch = batches.reindex(found).to_numpy(dtype=np.float64)

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
    p[some] = two_sided(*batch_tails(on_time[some], told[some], int(on_time.sum()), all_told, batch=batch[some]))
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
