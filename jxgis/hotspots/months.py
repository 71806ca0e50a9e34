"""Issues month by month, in squares so large that most of them can be shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from jxgis.periods import ends, recorded_months
from jxgis.small_counts import as_words, hide_small
from jxgis.space.grid import distinct_cells, to_micrometres

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = ["Months", "by_month", "unshown", "untold", "whole_months"]

#: The share of the issues that lie in squares of which their month can show them.
_SHOWN = 0.9
#: Sides of a square that are tried, in cells.
_SIDES = (1, 2, 3, 4, 5, 6, 8, 10, 15, 20)
#: Where classes of counts may begin, times a power of ten.
_ROUND = (1, 2, 5)
#: Shares of the counts above which a class may begin: the few squares that stand out get classes of their own.
_ABOVE = (0.4, 0.7, 0.9, 0.98)


class Months(NamedTuple):
    """Issues by square and month, as classes of their number.

    Attributes
    ----------
    squares
        Polygons, one row a square.
    side_m
        Their side in metres.
    first
        First day of each month (or quarter, where no more was recorded).
    step
        Its length, in months.
    totals
        Issues of each in words: all that lie in a cell; few as a range, what is left out as a dash.
    part
        Whether the data cover only a part of it.
    classes
        (squares, months) class of the number: 0 for fewer than the first of ``breaks``; -1 where the square is left out.
    breaks
        The least number of each further class.
    """

    squares: gpd.GeoDataFrame
    side_m: float
    first: NDArray[np.datetime64]
    step: int
    totals: list[str]
    part: NDArray[np.bool_]
    classes: NDArray[np.int64]
    breaks: tuple[int, ...]


def by_month(issues: gpd.GeoDataFrame, cells: gpd.GeoDataFrame, *, min_count: int) -> Months | None:
    """Count issues by month in squares of whole cells.

    The squares are the smallest of which at least nine issues in ten lie in one that has ``min_count`` of its month.
    What is shown is the class of a count and never the count, zero and small counts being one class: so no small count can
    be read off. Where the classes and the sums that readers know, of the square and of the month, would still tell one,
    the square is left out (`unshown`).

    Parameters
    ----------
    issues
        Points in the CRS of the cells, with ``time``.
    cells
        Square cells on the multiples of their side.
    min_count
        The least number of cases that is shown.

    Returns
    -------
    Months or None
        None where there are no two months, or no square can be shown.
    """
    known = issues[issues["time"].notna()] if "time" in issues.columns else issues.iloc[:0]
    if known.empty or cells.empty:
        return None
    west, south, east, _ = cells.geometry.bounds.to_numpy().T
    side = float(to_micrometres(east[:1] - west[:1])[0])
    corner = pd.MultiIndex.from_arrays([np.rint(at / side).astype(np.int64) for at in (west, south)])
    points = shapely.get_coordinates(known.geometry.to_numpy())
    col, row = np.floor(to_micrometres(points) / side).astype(np.int64).T
    time = known["time"].to_numpy(dtype="datetime64[us]")
    start, end = ends(np.sort(time))
    recorded = recorded_months(time)
    step = recorded or 1
    month = time.astype("datetime64[M]").astype(np.int64) // step
    low, high = (int(np.datetime64(at, "M").astype(np.int64)) // step for at in (start, end - pd.Timedelta(1, "us")))
    inside = pd.MultiIndex.from_arrays([col, row]).isin(corner) & (month >= low) & (month <= high)
    if high == low or not inside.any():
        return None
    col, row, month = col[inside], row[inside], month[inside] - low
    cuts, n = max(min_count, 1), high - low + 1
    for k in _SIDES:
        of, square = distinct_cells(np.column_stack([col // k, row // k]))
        count = np.bincount(square * n + month, minlength=len(of) * n).reshape(len(of), n)
        if count[count >= cuts].sum() >= _SHOWN * count.sum():
            break
    breaks = _breaks(count[count >= cuts], cuts)
    gone = unshown(count, breaks, min_count=min_count)
    if gone.all():
        return None
    shown = np.searchsorted(breaks, count, side="right")
    shown[gone] = -1
    totals = hide_small(pd.DataFrame({"issues": count.sum(axis=0), "of": "all"}), min_count=min_count, sums=["of"])
    first = ((low + np.arange(n)) * step).astype("datetime64[M]").astype("datetime64[D]")
    part = ~whole_months(first, start, end, recorded)
    at = of * k * side
    squares = gpd.GeoDataFrame(geometry=shapely.box(*at.T, *(at + k * side).T), crs=cells.crs)
    return Months(squares, k * side, first, step, as_words(totals["issues"]).tolist(), part, shown, tuple(breaks))


def whole_months(
    first: NDArray[np.datetime64], start: pd.Timestamp, end: pd.Timestamp, recorded: int
) -> NDArray[np.bool_]:
    """Whether reports from one day to before another cover each month, or quarter, that begins on a day.

    They do from its second day to its last but one: some days have none. Dates of the first of a month stand for all of it.

    Examples
    --------
    >>> first = np.array(["2023-01-01", "2023-02-01"], dtype="datetime64[D]")
    >>> whole_months(first, pd.Timestamp("2023-01-02"), pd.Timestamp("2023-02-27"), 0).tolist()
    [True, False]
    """
    after = (first.astype("datetime64[M]") + max(recorded, 1)).astype("datetime64[D]")
    begin, past = np.datetime64(start, "D"), np.datetime64(end, "D")
    return np.asarray((begin <= first + 1) & (past >= after - 1) | (recorded > 0))


def _breaks(counts: NDArray[np.int64], least: int) -> list[int]:
    """Where classes begin: at the least count, and at round numbers."""
    rounds = np.array([digit * 10**power for power in range(9) for digit in _ROUND]) + 1
    rounds = rounds[rounds > least]
    if not len(counts):
        return [least]
    wanted = np.log(np.quantile(counts, _ABOVE))
    near = rounds[np.abs(np.log(rounds[:, None]) - wanted[None, :]).argmin(axis=0)]
    return [least, *(int(at) for at in np.unique(near) if at <= counts.max())]


def unshown(count: NDArray[np.int64], breaks: Sequence[int], *, min_count: int) -> NDArray[np.bool_]:
    """Squares that are left out, so that no small count is told: those of which one is, and more where these are told by others.

    Parameters
    ----------
    count
        Counts (squares, months).
    breaks, min_count
        As for `untold`.

    Returns
    -------
    numpy.ndarray of bool
        (squares,).

    Examples
    --------
    Of seven issues of the second month the first square has fewer than three and the last five, as its class says; that the
    one between is left out would not hide its two.

    >>> unshown(np.array([[6, 0], [5, 2], [8, 5]]), [3, 5, 6], min_count=3).tolist()
    [True, True, False]
    """
    gone = np.zeros(len(count), dtype=bool)
    fewest = np.argsort(count.sum(axis=1), kind="stable")
    while True:
        told = untold(count, breaks, min_count=min_count, gone=gone).any(axis=1)
        if (told & ~gone).any():
            gone |= told
        elif told.any() and not gone.all():
            gone[fewest[~gone[fewest]][0]] = True
        else:
            return gone


def untold(
    count: NDArray[np.int64], breaks: Sequence[int], *, min_count: int, gone: NDArray[np.bool_] | None = None
) -> NDArray[np.bool_]:
    """Small counts that readers could tell, who know the class of each count and the sum of each row and column.

    A count is safe when two others of its row and its column can move against it: then another table has the same
    classes and the same sums.

    Parameters
    ----------
    count
        Counts (rows, columns).
    breaks
        Where classes begin, the first being zero and up.
    min_count
        The least count that is shown.
    gone
        Rows of which no class is shown.

    Returns
    -------
    numpy.ndarray of bool
        (rows, columns).

    Examples
    --------
    The row has two months of fewer than three and six issues in all, of which the third month has at most two.

    >>> untold(np.array([[2, 2, 2]]), [3], min_count=3).tolist()
    [[True, True, True]]
    >>> untold(np.array([[2, 1, 9], [0, 1, 8]]), [3], min_count=3).any()
    np.False_
    """
    edges = np.array([0, *breaks, np.iinfo(np.int64).max])
    at = np.searchsorted(breaks, count, side="right")
    free = np.zeros((len(count), 1), dtype=bool) if gone is None else gone[:, None]
    less = (count > np.where(free, 0, edges[at])).astype(np.int64)
    more = (free | (count < edges[at + 1] - 1)).astype(np.int64)

    def moves(own: NDArray[np.int64], across: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Whether a count can move one way, its row and column the other (``own``), their corner its way (``across``)."""
        corner = across.T @ own
        np.fill_diagonal(corner, 0)
        # Not with itself: the row, and the column, of the corner are others.
        itself = own * ((own * across).sum(axis=1, keepdims=True) - own * across)
        found: NDArray[np.bool_] = own @ corner - itself > 0
        return found

    small = (count > 0) & (count < min_count)
    down, up = (less > 0) & moves(more, less), (more > 0) & moves(less, more)
    return small & ~down & ~up
