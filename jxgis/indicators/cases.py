"""Measures of issues: shares of those that hold to a condition, how many per person, who answers for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely

from jxgis.crs import M2_PER_KM2, require_metric
from jxgis.indicators.figures import figures
from jxgis.indicators.standing import Standing, coded, kinds, standing
from jxgis.periods import last_covered
from jxgis.space.people import people_in
from jxgis.space.ratio import ratio
from jxgis.statistics.shares import MIN_CASES

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

__all__ = [
    "closed_too_early",
    "concentration",
    "relative_density",
    "reported",
    "share_of_rows",
    "tells_closing",
    "with_case_flags",
]

_MANY = 20
"""Cases of a file from which on that none is closed says that it does not record when they are."""
_MIN_EXPECTED = 5
"""Cases that must be expected of a zone before it is compared with the city: of fewer, one more is a fifth of the mean and over."""


def reported(issues: pd.DataFrame) -> pd.Series:
    """When each case was reported: the day of it, where its closing is a day and not a time.

    Parameters
    ----------
    issues
        ``time, closed``.

    Examples
    --------
    >>> morning, day = pd.Timestamp("2024-05-01 09:30"), pd.Timestamp("2024-05-03")
    >>> reported(pd.DataFrame({"time": [morning] * 2, "closed": [day, day + pd.Timedelta(hours=8)]})).astype(str).tolist()
    ['2024-05-01 00:00:00', '2024-05-01 09:30:00']
    """
    time, closed = pd.to_datetime(issues["time"]), pd.to_datetime(issues["closed"])
    return time.mask(closed.dt.normalize() == closed, time.dt.normalize())


def closed_too_early(issues: pd.DataFrame) -> NDArray[np.bool_]:
    """Which cases were closed before they were reported: one of the two times is wrong.

    Parameters
    ----------
    issues
        ``time, closed`` as far as they are there.

    Examples
    --------
    >>> at = pd.to_datetime(["2024-05-01 09:30", "2024-05-01 09:30"])
    >>> closed_too_early(pd.DataFrame({"time": at, "closed": pd.to_datetime(["2024-05-01", "2024-04-30"])})).tolist()
    [False, True]
    """
    if not {"time", "closed"} <= set(issues.columns):
        return np.zeros(len(issues), dtype=np.bool_)
    return np.asarray(pd.to_datetime(issues["closed"]) < reported(issues), dtype=np.bool_)


def tells_closing(issues: pd.DataFrame) -> NDArray[np.bool_]:
    """Whether it is known of each case when it was closed, or that it is not: a file may not record it.

    Parameters
    ----------
    issues
        ``closed``, and where known ``time`` and ``file``.

    Returns
    -------
    numpy.ndarray
        (n,) False where no case is closed in all, or in a file of 20 cases or more; and of a case that was closed before
        it was reported.

    Examples
    --------
    >>> day = pd.Timestamp("2024-05-01")
    >>> cases = pd.DataFrame({"file": ["a"] * 20 + ["b"] * 2, "closed": [pd.NaT] * 21 + [day]})
    >>> tells_closing(cases)[[0, 20, 21]].tolist()
    [False, True, True]
    """
    closed = issues["closed"].notna()
    right = ~closed_too_early(issues)
    if "file" not in issues.columns or not closed.any():
        return right & bool(closed.any())
    of_file = closed.groupby(issues["file"].to_numpy(dtype=object), dropna=False)
    told = (of_file.transform("size") < _MANY) | of_file.transform("any")
    return np.asarray(right & told.to_numpy(dtype=np.bool_), dtype=np.bool_)


def with_case_flags(issues: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Add what is told of each case by its times: whether it was due, closed in time, sent back.

    Parameters
    ----------
    issues
        Points with any of ``time, deadline, closed, rework, file``.

    Returns
    -------
    GeoDataFrame
        With, as far as these are there, bool columns: ``due`` (应结案: a deadline that is past, the last time that the
        table covers being now, and by `tells_closing` a known outcome), ``on_time`` (closed by its deadline),
        ``reworked`` (sent back at least once; missing where nobody says it) and ``judged`` (due where there are deadlines,
        else every case). Deadlines that are days, in all of a file, end with the day.

    Examples
    --------
    >>> import geopandas as gpd
    >>> day = pd.to_datetime(["2023-01-02", "2023-01-03", "2023-01-09"])
    >>> cases = gpd.GeoDataFrame({"deadline": day, "closed": [day[0], pd.NaT, pd.NaT], "time": day[:1].append(day[:2])},
    ...     geometry=gpd.points_from_xy([0] * 3, [0] * 3), crs=4549)
    >>> with_case_flags(cases)[["due", "on_time"]].values.tolist()
    [[True, True], [True, False], [False, False]]
    """
    flags: dict[str, NDArray[np.bool_] | pd.Series] = {"judged": np.ones(len(issues), dtype=np.bool_)}
    if {"deadline", "closed"} <= set(issues.columns) and issues["deadline"].notna().any():
        now = last_covered(
            *(issues[column] for column in ("time", "closed") if column in issues.columns)
        ).to_datetime64()
        deadline, closed = pd.to_datetime(issues["deadline"]), pd.to_datetime(issues["closed"])
        by_days = (deadline.isna() | (deadline.dt.normalize() == deadline)).to_numpy()
        of_file = issues["file"].to_numpy(dtype=object) if "file" in issues.columns else np.zeros(len(issues))
        by_days = pd.Series(by_days).groupby(of_file, dropna=False).transform("all").to_numpy(dtype=np.bool_)
        # The day of the last time is not over, where that has an hour.
        today = now.astype("datetime64[D]")
        flags["due"] = flags["judged"] = np.where(by_days & (now > today), deadline < today, deadline <= now)
        told = tells_closing(issues)
        if told.any():  # an export without closing times says nothing of them
            flags["due"] = flags["judged"] = flags["due"] & told
            flags["on_time"] = (closed.mask(by_days, closed.dt.normalize()) <= deadline).to_numpy()
    if "rework" in issues.columns and issues["rework"].notna().any():
        times = pd.to_numeric(issues["rework"])
        flags["reworked"] = times.gt(0) if times.notna().all() else times.gt(0).astype("boolean").mask(times.isna())
    return issues.assign(**flags)


def share_of_rows(
    zones: gpd.GeoDataFrame,
    rows: gpd.GeoDataFrame,
    *,
    hit: NDArray[np.bool_],
    least: int = MIN_CASES,
    at: Standing | None = None,
) -> pd.DataFrame:
    """Share of the rows in each zone that hold to a condition, 0–1.

    A row on the border of two zones counts in both: zones are judged each for itself, and may overlap.

    Parameters
    ----------
    zones
        Polygons in a metric CRS.
    rows
        (n) things in the same CRS: the denominator.
    hit
        (n,) which of them are the numerator.
    least
        Fewest rows that a share is given for.
    at
        Where the rows stand, where that is known: from `standing.standing`.

    Returns
    -------
    pandas.DataFrame
        `figures`.

    Examples
    --------
    >>> import geopandas as gpd
    >>> plot = gpd.GeoDataFrame(geometry=[shapely.box(0, 0, 10, 10)], crs=4549)
    >>> cases = gpd.GeoDataFrame(geometry=gpd.points_from_xy([1, 2, 3, 4, 99], [1] * 5), crs=4549)
    >>> share_of_rows(plot, cases, hit=np.array([True, False, False, False, True]), least=1).iloc[0, :3].tolist()
    [0.25, 1.0, 4.0]
    """
    at = at or standing(zones, rows)
    return figures(zones, at.sums(hit.astype(np.float64)), at.counts(), none="no_cases", least=least)


def concentration(
    zones: gpd.GeoDataFrame,
    rows: gpd.GeoDataFrame,
    *,
    column: str,
    least: int = MIN_CASES,
    at: Standing | None = None,
) -> pd.DataFrame:
    """Measure how far the rows in each zone are in few hands: Σs² over the shares of the values of a column.

    Parameters
    ----------
    zones, rows, least, at
        As for :func:`share_of_rows`.
    column
        Who answers for each row; rows without a value do not count.

    Returns
    -------
    pandas.DataFrame
        `figures`: Σn² over N² (Herfindahl 1950, Hirschman 1945); 1 is one value alone.

    Examples
    --------
    >>> import geopandas as gpd
    >>> plot = gpd.GeoDataFrame(geometry=[shapely.box(0, 0, 10, 10)], crs=4549)
    >>> cases = gpd.GeoDataFrame({"department": list("aaab")}, geometry=gpd.points_from_xy([1] * 4, [1] * 4), crs=4549)
    >>> concentration(plot, cases, column="department", least=1)["value"].item()
    0.625
    """
    code, names = coded(rows[column])
    cells = (at or standing(zones, rows)).sums(kinds(code, max(len(names), 1))).toarray()
    total = cells.sum(axis=1)
    found = figures(zones, (cells**2).sum(axis=1), total**2, none="no_cases")
    few = (total > 0) & (total < least)
    found["value"] = found["value"].mask(few)
    found["reason"] = found["reason"].mask(few, "too_few_cases")
    return found


def relative_density(
    zones: gpd.GeoDataFrame,
    rows: gpd.GeoDataFrame,
    city: gpd.GeoDataFrame,
    housing: gpd.GeoDataFrame | None = None,
    *,
    column: str = "people",
    least: float = _MIN_EXPECTED,
    at: Standing | None = None,
) -> pd.DataFrame:
    """Measure cases per exposure in each zone, over the whole city's.

    The ratio does not depend on how busy the platform is, nor on which other zones there are.

    Parameters
    ----------
    zones, rows
        Polygons and points in one metric CRS.
    city
        Polygons of the managed city: its cases and its exposure are the standard.
    housing
        Polygons with people, the exposure, spread evenly within each; None: the area is.
    column
        The column of ``housing`` with the people.
    least
        Fewest cases that the city's rate makes expect in a zone for which a value is given: where nearly nobody lives, none
        is no merit and one is no fault.
    at
        Where the rows stand, where that is known: from `standing.standing`.

    Returns
    -------
    pandas.DataFrame
        `figures`: 1 is the city's mean; numerator and denominator are the rate of the zone and of the city, cases per
        1,000 people, or per km².

    Examples
    --------
    >>> import geopandas as gpd
    >>> city = gpd.GeoDataFrame(geometry=[shapely.box(0, 0, 20, 10)], crs=4549)
    >>> plot = gpd.GeoDataFrame(geometry=[shapely.box(0, 0, 10, 10)], crs=4549)
    >>> cases = gpd.GeoDataFrame(geometry=gpd.points_from_xy([1, 2, 3, 15], [1] * 4), crs=4549)
    >>> relative_density(plot, cases, city, least=2)["value"].item()
    1.5
    """
    crs = require_metric(zones, "zones")
    for layer, what in ((rows, "issues"), (city, "city")):
        require_metric(layer, what, crs)
    whole = city.iloc[[0]].set_geometry([shapely.union_all(city.geometry.to_numpy())], crs=crs)
    both = pd.concat([zones.geometry, whole.geometry], ignore_index=True).to_frame("geometry").set_crs(crs)
    cases = np.concatenate([(at or standing(zones, rows)).counts(), standing(whole, rows).counts()])
    if housing is None:
        exposure = np.nan_to_num(shapely.area(both.geometry.to_numpy())) / M2_PER_KM2
    else:
        require_metric(housing, "residential", crs)
        exposure = people_in(both, housing, column) / 1e3
    rate = ratio(cases, exposure)
    mean = np.full(len(zones), rate[-1])
    found = figures(zones, rate[:-1], np.nan_to_num(mean), none="no_cases")
    without = ~(exposure[:-1] > 0)
    found.loc[without, ["value", "numerator"]] = np.nan
    few = found["value"].notna().to_numpy() & (exposure[:-1] * rate[-1] < least)
    found["value"] = found["value"].mask(few)
    found["reason"] = found["reason"].mask(without, "no_exposure").mask(few, "too_few_expected")
    return found
