"""How many days cases are open until they are closed, those that still are among them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from jxgis.indicators.cases import reported, tells_closing
from jxgis.periods import last_covered

__all__ = ["Spans", "median_days", "spans_open"]

Floats = npt.NDArray[np.float64]
_GONE = -50.0
"""The logarithm of the share that is open when the last case is closed: as good as none, and finite."""
_DAY_S = 86400.0
_HALF = 1e-9
"""By how much half may be missed by rounding."""


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
