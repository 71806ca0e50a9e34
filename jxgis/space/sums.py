"""What readers know to add up of areas: those that lie side by side in a larger one, and the periods of each."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd
import shapely
from scipy.sparse import coo_array, csr_array

from jxgis.small_counts import MIN_RANGE, count_rows, leave_out
from jxgis.space.overlay import common_area
from jxgis.space.points import locate
from jxgis.space.polygons import polygons_of
from jxgis.zones import ALL

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    import geopandas as gpd
    from numpy.typing import NDArray

    from jxgis.space.polygons import Faces

__all__ = ["CITY", "EVERYWHERE", "Period", "add_areas", "add_areas_of_time", "when", "whole_zones"]

EVERYWHERE: Faces = np.array([shapely.box(-1e8, -1e8, 1e8, 1e8)])
"""Where all issues lie."""

CITY = "city"
"""Of which, and at which level, counts of all of the study area are."""

_NOISE = 1e-3
"""Share of a polygon that may stick out of another and yet lie in it: two hands draw no border alike."""


class Period(NamedTuple):
    """The issues of areas in a period.

    Attributes
    ----------
    counts
        (n,) how many.
    gone
        (n,) which of these are not shown anyway.
    when
        What the period is called, by `when`.
    """

    counts: NDArray[np.int64]
    gone: NDArray[np.bool_]
    when: str


def when(counted: pd.DataFrame, layer: pd.DataFrame) -> str:
    """What a period is called by whoever counts the same issues: how many there are, from when to when.

    Parameters
    ----------
    counted
        The issues of the period, with ``time`` where known.
    layer
        All that tables count which say nothing of periods; they have no name.

    Examples
    --------
    >>> issues = pd.DataFrame({"time": pd.to_datetime(["2023-03-01", "2024-05-01"])})
    >>> when(issues, issues), when(issues[1:], issues)
    ('', '1, 2024-05-01 00:00:00, 2024-05-01 00:00:00')
    """
    called, every = (
        ", ".join(map(str, [len(table), *(table["time"].agg(["min", "max"]) if "time" in table.columns else ())]))
        for table in (counted, layer)
    )
    return "" if called == every else called


def whole_zones(districts: gpd.GeoDataFrame | None, issues: gpd.GeoDataFrame | None) -> pd.DataFrame:
    """What readers know where nothing is shown yet: another run shows how many issues the city and its districts have.

    Parameters
    ----------
    districts
        Polygons with ``name``; None where there are none.
    issues
        Points, with ``issue_class`` where known; None where there are none.

    Returns
    -------
    pandas.DataFrame
        As of `small_counts.count_rows`, with ``level`` and ``geometry``.

    Examples
    --------
    >>> import geopandas as gpd
    >>> halves = gpd.GeoDataFrame({"name": ["东", "西"]}, geometry=shapely.box([5, 0], 0, [9, 5], 9), crs=4549)
    >>> issues = gpd.GeoDataFrame(geometry=gpd.points_from_xy([1, 2, 99], [1, 1, 1]), crs=4549)
    >>> whole_zones(districts=halves, issues=issues)[["level", "count"]].values.tolist()
    [['city', 3], ['district', 0], ['district', 2]]
    """
    found = [count_rows(pd.DataFrame({"count": []}), "count")]
    if issues is not None:
        home = np.full(len(issues), -1) if districts is None else locate(issues, districts)
        some = issues["issue_class"].dropna().unique() if "issue_class" in issues.columns else ()
        for name in (ALL, *some):
            own = np.ones(len(issues), dtype=bool) if name == ALL else (issues["issue_class"] == name).to_numpy()
            city = pd.DataFrame({"count": [own.sum()], "issue_class": name})
            found.append(count_rows(city, "count", of=CITY).assign(level=CITY, geometry=EVERYWHERE))
            if districts is not None:
                counts = np.bincount(home[own & (home >= 0)], minlength=len(districts))
                table = pd.DataFrame(
                    {"count": counts, "issue_class": name, "_is": "units:" + districts["name"].astype("str").to_numpy()}
                )
                rows = count_rows(table, "count", of="zones", whole="_is")
                found.append(rows.assign(level="district", geometry=districts.geometry.to_numpy()))
    return pd.concat([rows for rows in found if len(rows)] or found, ignore_index=True)


def add_areas(
    known: pd.DataFrame,
    areas: gpd.GeoDataFrame,
    total: NDArray[np.int64] | pd.Series,
    *,
    of: str,
    kinds: Iterable[str] | None = None,
    periods: Mapping[str, Period] | None = None,
    when: str = "",
    issue_class: str = ALL,
    min_count: int,
) -> pd.DataFrame:
    """Add the counts of areas to what readers know, and leave out those with which all that is shown tells a small one.

    In each period areas that lie side by side, these and known ones, add up to an area that holds them; the periods of an
    area add up to its total. What is left of a whole is shown nowhere: where it is not a small number, nothing follows from it.
    What is told by areas that overlap in part, each beside others, or by the periods of several parts together, is not
    looked for.

    Parameters
    ----------
    known
        What readers know already, by `part.Given.known_counts`; rows without ``geometry`` lie nowhere.
    areas
        (n,) polygons in a metric CRS.
    total
        (n,) issues of all periods.
    of
        What the areas are called among the rows of ``known``; their counts by period ``of:period``.
    kinds
        (n,) those of different kinds may overlap. One kind if not given; else those of a kind are known together, by period.
    periods
        Where not the total is shown but counts of periods: the name of each to its counts.
    when
        What all periods together are called, by `when`.
    issue_class
        That of the issues.
    min_count
        The least count that is shown.

    Returns
    -------
    pandas.DataFrame
        The rows of ``known``, those of the areas and what is left, with ``lost``: what readers know then.

    Examples
    --------
    >>> import geopandas as gpd
    >>> city = gpd.GeoDataFrame({"name": ["甲"]}, geometry=[shapely.box(0, 0, 2, 1)], crs=4549)
    >>> issues = gpd.GeoDataFrame(geometry=gpd.points_from_xy([0.5] * 40 + [1.5] * 2, [0.5] * 42), crs=4549)
    >>> halves = gpd.GeoDataFrame(geometry=shapely.box([0, 1], 0, [1, 2], 1), crs=4549)
    >>> rows = add_areas(whole_zones(city, issues).assign(known=True), halves, pd.Series([40, 2]), of="halves", min_count=3)
    >>> rows.loc[rows["of"] == "halves", "lost"].tolist()
    [True, False]
    """
    n, kind = len(areas), [of] * len(areas) if kinds is None else [f"{of}:{name}" for name in kinds]
    table = pd.DataFrame({"issue_class": issue_class, "kind": kind, "total": np.asarray(total, dtype=np.int64)})
    own = count_rows(table, "total", of=of).assign(
        level=kind, geometry=polygons_of(areas.geometry.to_numpy()), when=when, unsaid=periods is not None
    )
    parts = []
    for name, period in (periods or {}).items():
        by_kind = table.assign(count=period.counts, kind=table["kind"] + f":{name}")
        rows = count_rows(by_kind, "count", of=f"{of}:{name}", sums=() if kinds is None else ["kind"])
        parts.append(rows.assign(level=by_kind["kind"], geometry=own["geometry"], when=period.when, lost=period.gone))
    rows = pd.concat([each for each in (known, own, *parts) if len(each)], ignore_index=True)
    if min_count < MIN_RANGE or not n:
        return rows
    zones = known[known["of"].isin([CITY, "zones"]) & (known["issue_class"] == issue_class) & (known["when"] == "")]
    filled = [_filled(zones, each) for each in (own, *parts) if each["when"].iloc[0]]
    rows = pd.concat([rows, *(each for each in filled if len(each))], ignore_index=True)
    count, groups = rows["count"].to_numpy(dtype=np.int64), []
    somewhere = rows["geometry"].notna() & (rows["issue_class"] == issue_class)
    for name in rows.loc[len(known) :, "when"].unique():
        at = np.flatnonzero(somewhere & (rows["when"] == name))
        shapes, level = (rows[column].to_numpy(dtype=object)[at] for column in ("geometry", "level"))
        found = _groups(shapes, level, at >= len(known), count[at], min_count)
        groups += [(at[outer], at[inner], True) for outer, inner in found]
    if parts:
        whole, in_time = np.split(np.arange(len(known), len(known) + n * (1 + len(parts))), [n])
        in_time = in_time.reshape(len(parts), n)
        # Readers know that nothing lies in no period where that is so everywhere.
        all_told = bool((count[whole] == count[in_time].sum(axis=0)).all())
        groups += [(outer, inner, all_told) for outer, inner in zip(whole, in_time.T, strict=True)]
    rows = _added_up(rows, groups, name=of, issue_class=issue_class, min_count=min_count)
    return rows.assign(lost=leave_out(rows, min_count))


def add_areas_of_time(
    known: pd.DataFrame,
    areas: gpd.GeoDataFrame,
    counts: NDArray[np.int64],
    issues: gpd.GeoDataFrame,
    within: NDArray[np.bool_],
    *,
    of: str,
    layer: gpd.GeoDataFrame,
    issue_class: str = ALL,
    min_count: int,
) -> tuple[pd.DataFrame, NDArray[np.bool_]]:
    """Add areas of which the issues of some time alone are shown to what readers know: see `add_areas`.

    Parameters
    ----------
    known, areas, of, issue_class, min_count
        As for `add_areas`.
    counts
        (n,) issues of the class and the time in each area.
    issues, within
        (k,) all issues, with ``issue_class`` where known, and which are of the time.
    layer
        All that tables count which say nothing of time.

    Returns
    -------
    DataFrame, ndarray of bool
        What readers know then, and (n,) which counts are missing.

    Examples
    --------
    >>> import geopandas as gpd
    >>> points = gpd.GeoDataFrame(geometry=gpd.points_from_xy([0.5] * 9, [0.5] * 9), crs=4549)
    >>> square = gpd.GeoDataFrame(geometry=[shapely.box(0, 0, 1, 1)], crs=4549)
    >>> early, known = np.arange(9) < 8, whole_zones(None, points).assign(known=True)
    >>> add_areas_of_time(known, square, np.array([8]), points, early, of="places", layer=points, min_count=3)[1].tolist()
    [True]
    """
    of_class = issues if issue_class == ALL else issues[issues["issue_class"] == issue_class]
    at = locate(of_class, areas)
    total = np.bincount(at[at >= 0], minlength=len(areas))
    few = (total > counts) & (total - counts < min_count)
    periods = {"issues": Period(counts, few, when(issues[within], layer))}
    known = add_areas(
        known,
        areas,
        total,
        of=of,
        periods=periods,
        when=when(issues, layer),
        issue_class=issue_class,
        min_count=min_count,
    )
    return known, known.loc[known["of"] == f"{of}:issues", "lost"].to_numpy(dtype=bool)


def _filled(zones: pd.DataFrame, parts: pd.DataFrame) -> pd.DataFrame:
    """Zones that areas of a kind fill, in a period in which no part shows the zone: areas of other kinds may fill it too."""
    shapes, level = (
        np.concatenate([table[column].to_numpy(dtype=object) for table in (zones, parts)])
        for column in ("geometry", "level")
    )
    area, count, first = shapely.area(shapes), parts["count"].to_numpy(dtype=np.int64), len(zones)
    mine, nothing = np.arange(len(shapes)) >= first, np.zeros(len(shapes), dtype=np.int64)
    found = {
        outer: count[inner - first].sum()
        for outer, inner in _groups(shapes, level, mine, nothing, 1)
        if outer < first and area[inner].sum() >= (1 - _NOISE) * area[outer]
    }
    table = pd.DataFrame({"issue_class": parts["issue_class"].iloc[0], "count": list(found.values())})
    at = list(found)
    return count_rows(table, "count", of="filled").assign(
        level=level[at], geometry=shapes[at], when=parts["when"].iloc[0], unsaid=True
    )


def _added_up(
    rows: pd.DataFrame,
    groups: Sequence[tuple[np.int64, NDArray[np.int64], bool]],
    *,
    name: str,
    issue_class: str,
    min_count: int,
) -> pd.DataFrame:
    """Say which rows are the parts of which, with what is left where that is small: beside all of them, and beside each.

    Of a group readers know that nothing is left, where that is so, or do not.
    """
    count = rows["count"].to_numpy(dtype=np.int64)
    sums, whole = rows["sums"].map(list).tolist(), [_listed(one) for one in rows["whole"]]
    left: list[tuple[int, str]] = []
    number = 0
    for outer, inner, all_told in groups:
        beside = count[outer] - count[inner]
        alone = inner[(beside > 0) & (beside < min_count)] if len(inner) > 1 else inner[:0]
        for parts in (inner, *alone[:, None]):
            rest = int(count[outer] - count[parts].sum())
            if not 0 <= rest < min_count:  # below 0: what lies on a border counts on both sides of it
                continue
            called, number = f"{name}\x1f{number}", number + 1
            whole[outer].append(called)
            for one in parts:
                sums[one].append(called)
            if rest or not all_told:
                left.append((rest, called))
    rows = rows.assign(
        sums=pd.Series(sums, index=rows.index, dtype=object), whole=pd.Series(whole, index=rows.index, dtype=object)
    )
    if not left:
        return rows
    rest_of = pd.DataFrame(left, columns=["count", "sum"]).assign(issue_class=issue_class)
    return pd.concat(
        [rows, count_rows(rest_of, "count", of="left", sums=["sum"]).assign(unsaid=True)], ignore_index=True
    )


def _listed(whole: object) -> list[str]:
    """The sums that a row is."""
    if isinstance(whole, list):
        return list(whole)
    return [] if whole is None or pd.isna(whole) else [str(whole)]  # type: ignore[call-overload]  # a cell


def _groups(
    shapes: Faces, level: NDArray[np.object_], mine: NDArray[np.bool_], count: NDArray[np.int64], min_count: int
) -> Iterator[tuple[int, NDArray[np.int64]]]:
    """For each polygon sets of others that lie side by side in it, where little may be left of it; one of them is mine.

    Those of one level first, and then with those of other levels that fit in.
    """
    area = shapely.area(shapes)
    one, other, shared = _overlaps(shapes, area)
    meets = coo_array(
        (shared > _NOISE * np.minimum(area[one], area[other]), (one, other)), shape=2 * area.shape
    ).tocsr()
    meets.eliminate_zeros()
    lies_in = shared >= (1 - _NOISE) * area[one]
    # Of two that are the same the later lies in the first.
    lies_in &= (other < one) | (shared < (1 - _NOISE) * area[other])
    part, whole = one[lies_in], other[lies_in]
    asked = mine | (np.bincount(whole, mine[part], len(shapes)) > 0)
    # More than all that lies in it together: much is left.
    asked &= count - np.bincount(whole, count[part], len(shapes)) < min_count
    part, whole = part[asked[whole]], whole[asked[whole]]
    order = np.lexsort((part, -area[part], whole))
    outers, first = np.unique(whole[order], return_index=True)
    for outer, parts in zip(outers.tolist(), np.split(part[order], first[1:]), strict=False):
        beside = meets[parts][:, parts]
        for name in pd.unique(level[parts]):
            for taken in _side_by_side(beside, level[parts] == name):
                if mine[outer] or mine[parts[taken]].any():
                    yield outer, parts[taken]


def _overlaps(
    shapes: Faces, area: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Pairs of polygons that share ground, both ways, and how much."""
    one, other = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    # The larger first, so that one look at what it covers is enough for most.
    once = (area[one] > area[other]) | ((area[one] == area[other]) & (one < other))
    one, other = one[once], other[once]
    shared = common_area(shapes[one], shapes[other])
    some = shared > 0
    one, other, shared = one[some], other[some], shared[some]
    return np.concatenate([one, other]), np.concatenate([other, one]), np.tile(shared, 2)


def _side_by_side(meets: csr_array, asked: NDArray[np.bool_]) -> Iterator[NDArray[np.bool_]]:
    """Sets of which no two meet, the first ones first, until each that is asked for is in one; each with others that fit in."""
    own, others = np.flatnonzero(asked), np.flatnonzero(~asked)
    left = own
    while len(left):
        alone = _fit_in(meets, np.zeros(len(asked), dtype=bool), (*left, *np.setdiff1d(own, left)))
        yield alone
        more = _fit_in(meets, alone, others)
        if more.sum() > alone.sum():
            yield more
        left = left[~alone[left]]


def _fit_in(meets: csr_array, taken: NDArray[np.bool_], rows: Iterable[np.int64]) -> NDArray[np.bool_]:
    """What is taken, with each of the rows in turn that meets nothing of it."""
    taken, free = taken.copy(), meets @ taken == 0
    for row in rows:
        if free[row]:
            taken[row] = True
            free[meets.indices[meets.indptr[row] : meets.indptr[row + 1]]] = False
    return taken
