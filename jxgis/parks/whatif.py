"""What if: parks added, closed or enlarged, and what that does to coverage."""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterable

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from jxgis.bounds import at_least
from jxgis.crs import require_metric
from jxgis.errors import InputError
from jxgis.i18n import listed
from jxgis.parks.radius import RadiusCoverage
from jxgis.parks.walking import WalkingCoverage
from jxgis.parks.whole import parks_grown
from jxgis.schema.layers import nearest
from jxgis.settings import PARKS
from jxgis.space.polygons import polygons_of

__all__ = ["change_parks", "changed_housing", "closed_parks", "compare_coverage", "split_plan"]

#: Smaller pieces are noise of cutting.
_NOISE_M2 = 1.0


def change_parks(
    parks: gpd.GeoDataFrame,
    *,
    add: gpd.GeoDataFrame | None = None,
    close: Iterable[str] = (),
    enlarge: gpd.GeoDataFrame | None = None,
) -> gpd.GeoDataFrame:
    """Make the parks of a plan from the parks of today.

    Parameters
    ----------
    parks
        Whole parks, from `whole.merge_parks`: ``park_id``, ``name``, ``area_m2``.
    add
        New parks, polygons; ``name``, ``kind`` and ``parcels`` are used where they are there. Their ids are the first of ``new-1, new-2, …`` that
        no park has.
    close
        Ids of parks that close.
    enlarge
        Polygons with ``park_id``: ground that joins that park.

    Returns
    -------
    geopandas.GeoDataFrame
        ``park_id, name, kind, parcels, area_m2, geometry`` and ``change`` (``added``, ``enlarged`` or none): ready
        for `radius.classify_parks`.

    Raises
    ------
    CrsError
        If the layers are not in one metric CRS.
    InputError
        If an id is not among the parks, or is to be closed and enlarged at once.

    Examples
    --------
    >>> from jxgis.parks.whole import merge_parks
    >>> today = merge_parks(gpd.GeoDataFrame(
    ...     {"park_id": ["a", "b"]}, geometry=[shapely.box(0, 0, 40, 40), shapely.box(90, 0, 99, 9)], crs=4549
    ... )).parks
    >>> more = gpd.GeoDataFrame({"park_id": ["a"]}, geometry=[shapely.box(40, 0, 60, 40)], crs=4549)
    >>> change_parks(today, close=["b"], enlarge=more)[["park_id", "area_m2", "change"]].values.tolist()
    [['a', 2400.0, 'enlarged']]
    """
    crs = require_metric(parks, "parks")
    closed = {str(one) for one in close}
    grown = set() if enlarge is None else {str(one) for one in enlarge["park_id"]}
    known = set(parks["park_id"])
    wrong = sorted((closed | grown) - known)
    if wrong:
        raise InputError(
            zh=f"公园图层里没有编号 {listed(wrong, 'zh')}；请核对 park_id。",
            en=f"There is no park {listed(wrong, 'en')} in the layer; check the park_id.",
        )
    if closed & grown:
        both = sorted(closed & grown)
        raise InputError(
            zh=f"公园 {listed(both, 'zh')} 不能既关闭又扩建。",
            en=f"{listed(both, 'en')} cannot be closed and enlarged at once.",
        )
    columns = ["park_id", "name", "kind", "parcels", "area_m2", "geometry"]
    plan = parks.loc[~parks["park_id"].isin(closed), columns].reset_index(drop=True)
    plan["change"] = None
    if enlarge is not None:
        require_metric(enlarge, "enlarge", crs)
        shape = plan.geometry.to_numpy().copy()
        of = pd.Index(plan["park_id"]).get_indexer(enlarge["park_id"].astype(str))
        for park in np.unique(of):
            shape[park] = shapely.union_all([shape[park], *enlarge.geometry.to_numpy()[of == park]])
        plan["parcels"] += np.bincount(of, weights=_polygons(enlarge), minlength=len(plan)).astype(np.int64)
        plan = plan.set_geometry(gpd.GeoSeries(shape, crs=crs))
        plan["area_m2"] = plan.area
        plan.loc[np.unique(of), "change"] = "enlarged"
    if add is not None and len(add):
        require_metric(add, "add", crs)
        free = (name for i in itertools.count(1) if (name := f"new-{i}") not in known)
        new = gpd.GeoDataFrame(
            {
                "park_id": list(itertools.islice(free, len(add))),
                "name": add["name"].to_numpy() if "name" in add.columns else None,
                "kind": add["kind"].to_numpy() if "kind" in add.columns else None,
                "parcels": add["parcels"].to_numpy() if "parcels" in add.columns else _polygons(add),
                "area_m2": add.area.to_numpy(),
                "change": "added",
            },
            geometry=add.geometry.to_numpy(),
            crs=crs,
        )
        plan = pd.concat([plan, new], ignore_index=True)
    return plan


def _polygons(table: gpd.GeoDataFrame) -> npt.NDArray[np.int32]:
    """How many polygons each row holds."""
    return np.asarray(shapely.get_num_geometries(table.geometry.to_numpy()), dtype=np.int32)


def split_plan(
    parks: gpd.GeoDataFrame,
    planned: gpd.GeoDataFrame,
    *,
    made_up: Collection[str] = (),
    merge_gap_m: float = PARKS.merge_gap_m,
) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]:
    """Tell the new parks of a plan from ground that joins a park of today, by what makes parcels one park.

    Parameters
    ----------
    parks
        Whole parks, from `whole.merge_parks`.
    planned
        Polygons with ``park_id`` and ``name`` where known; separate parts of a multipolygon are parcels each. The id of
        a park, or its name within ``merge_gap_m`` of it (in chains), makes a parcel an enlargement of that park, also
        one with an id where the park has none; every other one belongs to a new park.
    made_up
        `WholeParks.made_up`: ids of parks that have none of their own.
    merge_gap_m
        As for `whole.merge_parks`, in metres.

    Returns
    -------
    tuple of geopandas.GeoDataFrame
        Parcels, for ``add`` and for ``enlarge`` of `change_parks`.

    Raises
    ------
    CrsError
        If the layers are not in one metric CRS.

    Examples
    --------
    >>> from jxgis.parks.whole import merge_parks
    >>> today = merge_parks(gpd.GeoDataFrame({"name": ["南湖公园"]}, geometry=[shapely.box(0, 0, 40, 40)], crs=4549)).parks
    >>> plan = gpd.GeoDataFrame(
    ...     {"name": ["南湖公园", "新园"]}, geometry=[shapely.box(50, 0, 90, 40), shapely.box(90, 0, 99, 40)], crs=4549
    ... )
    >>> add, enlarge = split_plan(today, plan)
    >>> add["name"].tolist(), enlarge["name"].tolist()
    (['新园'], ['南湖公园'])
    """
    require_metric(planned, "planned_parks", require_metric(parks, "parks"))
    shape, row = shapely.get_parts(polygons_of(planned.geometry.to_numpy()), return_index=True)
    parcels = planned.iloc[row].set_geometry(gpd.GeoSeries(shape, index=planned.index[row], crs=planned.crs))
    parcels = parcels[parcels.area > 0].reset_index(drop=True)
    joins = parks_grown(parks, parcels, made_up=made_up, merge_gap_m=merge_gap_m)
    grows = joins >= 0
    return parcels[~grows], parcels[grows].assign(park_id=parks["park_id"].to_numpy()[joins[grows]])


def closed_parks(parks: gpd.GeoDataFrame, close: Iterable[str]) -> list[str]:
    """Find the parks to close by id or by name; all of a name, where it is given.

    Raises
    ------
    InputError
        If no park has that id or name.

    Examples
    --------
    >>> parks = gpd.GeoDataFrame({"park_id": ["a", "b", "c"], "name": ["甲园", "甲园", None]})
    >>> closed_parks(parks, ["甲园", "c"])
    ['a', 'b', 'c']
    """
    asked = [str(one) for one in close]
    ids, names = parks["park_id"].astype(object), parks["name"].astype(object)
    wrong = [one for one in asked if not ((ids == one) | (names == one)).any()]
    if wrong:
        hint = nearest(wrong[0], [*names.dropna().astype(str), *ids.astype(str)])
        raise InputError(
            zh=f"要关闭的公园 {listed(wrong, 'zh')} 不在公园图层里{hint.zh}请核对编号或名称。",
            en=f"There is no park {listed(wrong, 'en')} to close{hint.en} Check its id or name.",
        )
    return [str(one) for one in ids[ids.isin(asked) | names.isin(asked)]]


def changed_housing(
    before: RadiusCoverage | WalkingCoverage, after: RadiusCoverage | WalkingCoverage
) -> gpd.GeoDataFrame:
    """Cut out the housing that a plan newly serves, and the housing that loses its park.

    Parameters
    ----------
    before, after
        Two coverages of one kind, of the same housing and zones.

    Returns
    -------
    geopandas.GeoDataFrame
        ``state`` (``newly_served``, ``lost``), ``method, name, zone, m2`` (as drawn: on foot it differs a little from
        the sample points' sum), ``people`` where known, and polygons.

    Examples
    --------
    >>> from jxgis.parks.radius import radius_coverage
    >>> from jxgis.parks.standards import load_standard
    >>> homes = gpd.GeoDataFrame(geometry=[shapely.box(0, 0, 1000, 100)], crs=4549)
    >>> zone = gpd.GeoDataFrame({"name": ["东"]}, geometry=[shapely.box(0, 0, 2000, 100)], crs=4549)
    >>> def measure(x, radius_m):
    ...     park = gpd.GeoDataFrame({"radius_m": [radius_m]}, geometry=[shapely.box(x, 0, x + 1, 100)], crs=4549)
    ...     return radius_coverage(park, homes, zone, standard=load_standard())
    >>> changed_housing(measure(-1, 300.0), measure(-1, 500.0))[["state", "m2"]].round(3).values.tolist()
    [['newly_served', 20000.0]]
    """
    gained = _met(before.unserved, after.served).assign(state="newly_served")
    lost = _met(before.served, after.unserved).assign(state="lost")
    both: gpd.GeoDataFrame = pd.concat([one for one in (gained, lost) if len(one)] or [gained], ignore_index=True)
    both = both[at_least(both["m2"].to_numpy(), _NOISE_M2)].reset_index(drop=True)
    return both[["state", *(column for column in both.columns if column != "state")]]


def _met(left: gpd.GeoDataFrame, right: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Rows of ``left`` cut to what lies in ``right``, zone by zone; both are without overlaps."""
    shape, other = left.geometry.to_numpy(), right.geometry.to_numpy()
    row, at = shapely.STRtree(other).query(shape, predicate="intersects")
    same = left["zone"].to_numpy()[row] == right["zone"].to_numpy()[at]
    row, at = row[same], at[same]
    cut = polygons_of(shapely.intersection(shape[row], other[at]))
    some = shapely.area(cut) > 0
    row, cut = row[some], cut[some]
    whole = shapely.area(shape)
    found = left.iloc[row].reset_index(drop=True).set_geometry(gpd.GeoSeries(cut, crs=left.crs))
    found["m2"] = shapely.area(cut)
    if "people" in found.columns:
        found["people"] = found["people"] * found["m2"] / whole[row]
    return found


def compare_coverage(before: pd.DataFrame, after: pd.DataFrame) -> pd.DataFrame:
    """Set two coverage tables side by side.

    Parameters
    ----------
    before, after
        Contract tables ``coverage`` of two runs over the same zones, methods and standard.

    Returns
    -------
    pandas.DataFrame
        ``zone, method, standard, residential_m2, coverage_before, coverage_after, change`` (in points of share),
        ``change_m2`` of served housing and, where both know people, ``change_people`` of those served, in the order
        of ``before``.

    Raises
    ------
    InputError
        If the runs have no zone in common, or were measured by other standards or other housing.

    Examples
    --------
    >>> row = {"zone": ["all"], "method": ["radius"], "standard": ["s"], "residential_m2": [100.0]}
    >>> before = pd.DataFrame({**row, "served_m2": [80.0], "coverage": [0.8]})
    >>> after = pd.DataFrame({**row, "served_m2": [95.0], "coverage": [0.95]})
    >>> compare_coverage(before, after)["change"].round(3).tolist()
    [0.15]
    """
    key = ["zone", "method", "standard"]
    with_people = all("served_people" in table.columns for table in (before, after))
    values = ["residential_m2", "served_m2", "coverage", *(["served_people"] if with_people else [])]
    both = before[key + values].merge(after[key + values], on=key, how="inner", suffixes=("_before", "_after"))
    if both.empty:
        raise InputError(
            zh="两次结果没有相同的区域、方法和标准，无法比较。",
            en="The two runs share no zone, method and standard: there is nothing to compare.",
        )
    if not np.allclose(both["residential_m2_before"], both["residential_m2_after"], equal_nan=True):
        raise InputError(
            zh="两次结果的居住用地面积不同，覆盖率的分母不一样；请用同一居住用地图层重算。",
            en="The two runs have other housing, so that their coverage has other denominators; measure both on one "
            "residential layer.",
        )
    return pd.DataFrame(
        {
            **{column: both[column] for column in key},
            "residential_m2": both["residential_m2_before"],
            "coverage_before": both["coverage_before"],
            "coverage_after": both["coverage_after"],
            "change": both["coverage_after"] - both["coverage_before"],
            "change_m2": both["served_m2_after"] - both["served_m2_before"],
            **({"change_people": both["served_people_after"] - both["served_people_before"]} if with_people else {}),
        }
    )
