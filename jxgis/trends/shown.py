"""The tables of change over time as people are shown them: no small count of issues, and nothing that would tell one."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
import shapely

from jxgis.hotspots.shown import hide_shares
from jxgis.schema.tables import table as declared
from jxgis.schema.tables import telling_columns
from jxgis.small_counts import MIN_RANGE, count_rows, hide_small, leave_out, small_range
from jxgis.space.sums import add_areas_of_time
from jxgis.zones import ALL

if TYPE_CHECKING:
    from collections.abc import Mapping

    import geopandas as gpd
    from numpy.typing import NDArray

__all__ = [
    "Timed",
    "Untold",
    "add_places",
    "hide_places",
    "hide_response",
    "hide_sources",
    "hide_times",
    "untold_districts",
    "without_places",
    "without_scores",
]

_ROUNDED = ("rate", "low", "high", "limit_low", "limit_high", "rework")
_RATES = ("rate", "low", "high", "limit_low", "limit_high", "verdict")
_MANY = 1000
"""Cases from which on shares of three digits fit several numbers of cases that are due."""


class Timed(NamedTuple):
    """Places, and the issues that they count.

    Attributes
    ----------
    places
        ``issue_class, issues``, geometry.
    issues, within
        All issues, and (n,) which are of the time that the places count.
    """

    places: gpd.GeoDataFrame
    issues: gpd.GeoDataFrame
    within: NDArray[np.bool_]


def add_places(
    known: pd.DataFrame, found: Mapping[str, Timed], layer: gpd.GeoDataFrame, *, of: str, min_count: int
) -> tuple[pd.DataFrame, dict[str, NDArray[np.bool_]]]:
    """Add the places to what readers know; of each table, which of its counts are missing.

    Parameters
    ----------
    known
        By `part.Given.known_counts`.
    found
        Table to its places.
    layer
        The issues that other parts count.
    of
        The part.
    min_count
        The least number of cases that is shown.
    """
    lost = {}
    for name, (places, issues, within) in found.items():
        lost[name] = np.zeros(len(places), dtype=np.bool_)
        for number, (issue_class, rows) in enumerate(places.groupby("issue_class", sort=False)):
            at = places.index.get_indexer(rows.index)
            known, lost[name][at] = add_areas_of_time(
                known,
                rows,
                rows["issues"].to_numpy(dtype=np.int64),
                issues,
                within,
                of=f"{of}:{name}:{number}",
                layer=layer,
                issue_class=str(issue_class),
                min_count=min_count,
            )
    return known, lost


def hide_places(table: gpd.GeoDataFrame, lost: NDArray[np.bool_], min_count: int) -> gpd.GeoDataFrame:
    """Places without their small counts and what would tell these.

    Parameters
    ----------
    table
        ``places`` or ``changes``.
    lost
        From `add_places`.
    min_count
        The least number of cases that is shown.
    """
    return hide_shares(hide_small(table, min_count=min_count, lost=lost), table, min_count)


def without_scores(table: gpd.GeoDataFrame, min_count: int) -> gpd.GeoDataFrame:
    """Cells without what would tell how many cases lie around them, where small counts are hidden.

    Those of neighbours differ by the cases in which their neighbourhoods do.

    Parameters
    ----------
    table
        ``cells`` or ``change``.
    min_count
        The least number of cases that is shown.
    """
    told = [name for name in telling_columns() if name in table.columns]
    return table if min_count < MIN_RANGE else table.drop(columns=told)


def without_places(table: pd.DataFrame, min_count: int) -> pd.DataFrame:
    """Figures by group without those of hot places, where small counts are hidden.

    Beside those of its district they tell what lies in the district and in no hot place.

    Parameters
    ----------
    table
        ``series``, ``profile`` or ``response``.
    min_count
        The least number of cases that is shown.
    """
    return table if min_count < MIN_RANGE else table[table["by"] != "place"]


class Untold(NamedTuple):
    """Names of the districts of which other parts do not show how many issues they have.

    Attributes
    ----------
    ever, in_time
        Of all times together, and of some time of which they show the parts of the district: its months would add up to it.
    """

    ever: set[str]
    in_time: set[str]


def untold_districts(known: pd.DataFrame, districts: gpd.GeoDataFrame | None) -> Untold:
    """Districts of which other parts do not show how many issues they have.

    Parameters
    ----------
    known
        By `part.Given.known_counts`.
    districts
        ``name``, geometry.
    """
    if districts is None:
        return Untold(set(), set())
    untold = known[known["lost"].astype(bool) & (known["level"] == "district") & (known["issue_class"] == ALL)]
    named = dict(zip(shapely.to_wkb(districts.geometry.to_numpy()), districts["name"], strict=True))
    names = pd.Series(shapely.to_wkb(untold["geometry"].to_numpy()), dtype=object).map(named)
    ever = (untold["when"] == "").to_numpy()
    return Untold(*(set(names[at].dropna()) for at in (ever, ~ever)))


def hide_sources(sources: gpd.GeoDataFrame, untold: set[str], min_count: int) -> gpd.GeoDataFrame:
    """The sources of each zone without small counts; zones and sources add up to what is known.

    Parameters
    ----------
    sources
        The contract's table.
    untold
        Zones of which it is not shown how many issues they have, of all times.
    min_count
        The least number of cases that is shown.
    """
    if min_count < MIN_RANGE or sources.empty:
        return sources
    lost = leave_out(count_rows(sources, "count", sums=["zone", "source"]), min_count)
    lost = lost | sources["zone"].isin(untold).to_numpy()
    shown = hide_small(sources, min_count=min_count, lost=lost)
    return shown.assign(expected=shown["expected"].mask(sources["zone"].isin(untold)))


def hide_response(response: pd.DataFrame, untold: Untold, min_count: int) -> pd.DataFrame:
    """How cases were handled, without small counts: of cases, of those due or not yet, of those in time or late.

    Months add up to all of a group, and the groups of a kind to the city; what is left of one count beside another is one.

    Parameters
    ----------
    response
        The contract's table.
    untold
        By `untold_districts`.
    min_count
        The least number of cases that is shown.
    """
    if min_count < MIN_RANGE or response.empty:
        return response
    kinds = [
        _hide_kind(own, untold if by == "district" else Untold(set(), set()), min_count)
        for by, own in response.groupby("by", sort=False)
    ]
    return pd.concat(kinds)


def hide_times(
    series: pd.DataFrame, profile: pd.DataFrame, response: pd.DataFrame, untold: Untold, min_count: int
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """When issues come, without small counts: of what `hide_response` leaves out nothing is shown here either.

    Parameters
    ----------
    series, profile, response
        The contract's tables.
    untold
        By `untold_districts`.
    min_count
        The least number of cases that is shown.
    """
    if min_count < MIN_RANGE or profile.empty:
        return series, profile
    counted = response if len(response) else _counted(series, profile)
    told = hide_response(counted, untold, min_count).set_index(["by", "group", "month"])["cases"]
    month = pd.to_datetime(series["start"]).dt.strftime("%Y-%m")
    words = told.reindex(pd.MultiIndex.from_arrays([series["by"], series["group"], month])).astype(object)
    words = words.set_axis(series.index).mask(series["count"] == 0, 0)
    series = series.assign(count=words, adjusted=series["adjusted"].where(words.map(_is_number)))
    whole = told.xs(ALL, level="month").reindex(pd.MultiIndex.from_frame(profile[["by", "group"]]))
    lost = ~whole.map(_is_number).to_numpy(dtype=bool)
    for _, own in profile.groupby(["by", "unit"], sort=False):
        at = profile.index.get_indexer(own.index)
        lost[at] |= leave_out(count_rows(own, "count", sums=["group", "value"]), min_count)
    return series, hide_small(profile, min_count=min_count, lost=lost)


def _is_number(shown: object) -> bool:
    """Whether a count is shown as it is: neither a range nor left out."""
    return isinstance(shown, (int, np.integer))


def _counted(series: pd.DataFrame, profile: pd.DataFrame) -> pd.DataFrame:
    """The cases of each group, of all months and month by month, as ``response`` has them where it has any."""
    weekday = profile[profile["unit"] == "weekday"]
    every = weekday.groupby(["by", "group"], sort=False, as_index=False)["count"].sum().assign(month=ALL)
    months = series.assign(month=pd.to_datetime(series["start"]).dt.strftime("%Y-%m"))
    rows: pd.DataFrame = pd.concat([every, months[months["count"] > 0]], ignore_index=True).rename(
        columns={"count": "cases"}
    )
    return rows.reindex(columns=list(declared("trends.response").columns))


def _hide_kind(response: pd.DataFrame, untold: Untold, min_count: int) -> pd.DataFrame:
    """The rows of one kind of group."""
    cases, due, on_time = (response[name].fillna(0).astype(np.int64) for name in ("cases", "due", "closed_on_time"))
    rows = response[["group", "month"]].assign(
        _group=("group:" + response["group"]).where(response["month"] != ALL), _month="month:" + response["month"]
    )

    def small(count: pd.Series) -> NDArray[np.bool_]:
        return ((count > 0) & (count < min_count)).to_numpy(dtype=bool)

    def hidden(count: pd.Series) -> NDArray[np.bool_]:
        return small(count) | leave_out(count_rows(rows.assign(n=count), "n", sums=["_group", "_month"]), min_count)

    in_months = rows["group"].isin(untold.in_time) & (rows["month"] != ALL)
    whole = (rows["group"].isin(untold.ever) | in_months).to_numpy()
    of_cases = hidden(cases) | whole
    gone = of_cases | hidden(due) | hidden(on_time) | hidden(due - on_time)
    # Few are not yet due: of many cases a share of three digits does not tell how many.
    open_few = hidden(cases - due)
    of_rate = gone | (open_few & (cases < _MANY).to_numpy())
    judged = due.where(response["due"].notna(), cases)
    again = (response["rework"].astype(np.float64) * judged).round().fillna(0)
    hides = dict.fromkeys(("due", "closed_on_time", "p", "q"), gone | open_few) | dict.fromkeys(_RATES, of_rate)
    hides |= {"rework": of_rate | small(again) | small(judged - again), "days_to_close": of_cases}
    rough = {name: response[name].where(~open_few, response[name].astype(np.float64).round(3)) for name in _ROUNDED}
    response = response.assign(**rough)
    words = response["cases"].astype(object).mask(of_cases, None).mask(small(cases) & ~whole, small_range(min_count))
    return response.assign(
        cases=words, **{name: response[name].astype(object).mask(gone, None) for name, gone in hides.items()}
    )
