"""Series of cases: slice by slice for any zone, class or source, the season taken out, and when in the week they come."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from jxgis.schema.tables import table as declared
from jxgis.space.ratio import ratio
from jxgis.trends.slices import slice_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy.typing as npt

    from jxgis.trends.slices import Slices

__all__ = ["profile", "season", "series_by", "series_of"]

_DAY = np.timedelta64(1, "D")
_YEARS = 2
_UNITS = {"weekday": 7, "hour": 24}


def season(counts: npt.NDArray[np.int64], slices: Slices) -> npt.NDArray[np.float64]:
    """How many times the cases of an average slice each has by its place in the year and its days.

    Parameters
    ----------
    counts
        (slices,) cases of the city.
    slices
        The slices; those that the data do not cover tell nothing.

    Returns
    -------
    numpy.ndarray
        (slices,) cases a day in its place of the year over those of all, and its days over those of an average slice: a
        February has fewer cases for being shorter too. NaN throughout where not every place of the year is covered twice.

    Examples
    --------
    >>> from jxgis.trends.slices import lay_slices
    >>> day = pd.date_range("2023-01-01", "2024-12-31")
    >>> times = pd.Series(day.repeat(np.where(day.month == 7, 4, 2)))
    >>> months = lay_slices(times, step="month")
    >>> season(series_of(times, pd.Series("all", times.index), months)["count"].to_numpy(), months).round(2)[[1, 5, 6]].tolist()
    [0.85, 0.91, 1.88]
    """
    days = (slices.end - slices.start) / _DAY
    months = slices.start.astype("datetime64[M]").astype(np.int64)
    place = months % 12 if len(slices) and days.max() > 7 else (slices.start.astype(np.int64) // 7) % 52
    table = pd.DataFrame({"count": counts, "days": days, "place": place})[slices.whole]
    known = table.groupby("place").agg(count=("count", "sum"), days=("days", "sum"), times=("days", "size"))
    if not len(known) or (known["times"] < _YEARS).any() or set(known.index) != set(place):
        return np.full(len(slices), np.nan)
    # Years may be covered unevenly: each place of the year counts once.
    usual = known["count"] / known["days"]
    long = days / (known["days"] / known["times"]).mean()
    return np.asarray((usual / usual.mean()).reindex(place), dtype=np.float64) * long


def series_of(times: pd.Series, group: pd.Series, slices: Slices) -> pd.DataFrame:
    """Count cases by group and slice, with the season of all of them taken out.

    Parameters
    ----------
    times
        (n,) when each was reported.
    group
        (n,) name of the group of each, such as its district; missing for none.
    slices
        The slices.

    Returns
    -------
    pandas.DataFrame
        One row a group and slice: ``group, start, count``, ``whole`` (whether the data cover the slice), ``adjusted`` (the
        count without the season; NaN where less than two years tell it, or the slice is not covered).

    Examples
    --------
    >>> from jxgis.trends.slices import lay_slices
    >>> times = pd.Series(pd.date_range("2024-01-01", "2024-02-29"))
    >>> series_of(times, pd.Series("城南", times.index), lay_slices(times, step="month"))[["group", "count"]].values.tolist()
    [['城南', 31], ['城南', 29]]
    """
    at = slice_of(times, slices)
    code, names = pd.factorize(group.astype(object), sort=True)
    known = (at >= 0) & (code >= 0)
    counts = np.bincount(code[known] * len(slices) + at[known], minlength=len(names) * len(slices))
    busy = season(np.bincount(at[at >= 0], minlength=len(slices)), slices)
    table = pd.DataFrame(
        {
            "group": np.repeat(np.asarray(names, dtype=object), len(slices)),
            "start": np.tile(slices.start.astype("datetime64[ns]"), len(names)),
            "count": counts,
            "whole": np.tile(slices.whole, len(names)),
        }
    )
    adjusted = ratio(table["count"], np.tile(busy, len(names)))
    return table.assign(adjusted=np.where(table["whole"], adjusted, np.nan))


def profile(times: pd.Series, group: pd.Series) -> pd.DataFrame:
    """When in the week and in the day cases come, by group.

    Parameters
    ----------
    times
        (n,) when each was reported.
    group
        (n,) name of the group of each, such as its class; missing for none.

    Returns
    -------
    pandas.DataFrame
        One row a group, unit and value: ``group, unit`` (``weekday``: 1 Monday to 7 Sunday; ``hour``: 0 to 23), ``value,
        count, share`` (of the group's). Dates without a time of day, which read as midnight, have no hour; hours are left
        out where all are such.

    Examples
    --------
    >>> times = pd.Series(pd.to_datetime(["2024-05-06 09:10", "2024-05-06 10:20", "2024-05-11 09:50"]))
    >>> found = profile(times, pd.Series(["甲"] * 3))
    >>> found[found["count"] > 0][["unit", "value", "count"]].values.tolist()
    [['weekday', 1, 2], ['weekday', 6, 1], ['hour', 9, 2], ['hour', 10, 1]]
    """
    known = times.notna() & group.notna()
    when = pd.to_datetime(times[known])
    code, names = pd.factorize(group[known].astype(object), sort=True)
    parts = []
    for unit, value, first, told in (
        ("weekday", when.dt.day_of_week, 1, np.ones(len(when), dtype=np.bool_)),
        ("hour", when.dt.hour, 0, _timed(when)),
    ):
        if unit == "hour" and not told.any():
            continue
        n = _UNITS[unit]
        at = (code * n + value.to_numpy())[told]
        counts = np.bincount(at, minlength=len(names) * n).reshape(len(names), n)
        parts.append(
            pd.DataFrame(
                {
                    "group": np.repeat(np.asarray(names, dtype=object), n),
                    "unit": unit,
                    "value": np.tile(np.arange(first, first + n), len(names)),
                    "count": counts.ravel(),
                    "share": ratio(counts, counts.sum(axis=1, keepdims=True)).ravel(),
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def _timed(when: pd.Series) -> npt.NDArray[np.bool_]:
    """Which have a time of day: midnight itself has one where all are of whole hours, and it is not twice as busy as any other."""
    known = (when.dt.normalize() != when).to_numpy()
    others = when[known]
    by_hours = bool((others.dt.floor("h") == others).all())
    midnight = by_hours and len(when) - len(others) <= 2 * others.dt.hour.value_counts().max()
    return np.asarray(known | midnight, dtype=np.bool_)


def series_by(
    times: pd.Series, groups: Mapping[str, pd.Series], slices: Slices | None
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Series and profiles of several kinds of groups.

    Parameters
    ----------
    times
        (n,) when each was reported.
    groups
        Kind of group, such as ``district``, to the (n,) name of each case's group; missing for none.
    slices
        The slices of the series; None where the dates are recorded by longer ones.

    Returns
    -------
    series, profile : pandas.DataFrame
        What `series_of` and `profile` say of each kind, with the kind before it, ``by``; the first without rows without slices.

    Examples
    --------
    >>> from jxgis.trends.slices import lay_slices
    >>> times = pd.Series(pd.date_range("2024-01-01", "2024-02-29", freq="h"))
    >>> source = {"source": pd.Series("12345", times.index)}
    >>> series, profile = series_by(times, source, lay_slices(times, step="month"))
    >>> series[["by", "group", "count"]].values.tolist(), len(profile)
    ([['source', '12345', 744], ['source', '12345', 673]], 31)
    """
    series = [] if slices is None else [series_of(times, names, slices).assign(by=by) for by, names in groups.items()]
    profiles = [profile(times, names).assign(by=by) for by, names in groups.items()]
    return _joined(series, "series"), _joined(profiles, "profile")


def _joined(tables: list[pd.DataFrame], name: str) -> pd.DataFrame:
    columns = list(declared(f"trends.{name}").columns)
    some = [table for table in tables if len(table)]
    return pd.concat(some, ignore_index=True)[columns] if some else pd.DataFrame(columns=columns)
