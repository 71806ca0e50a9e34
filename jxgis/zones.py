"""Names of zones: each its own, and none that stands for all of them."""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from itertools import combinations, count
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from jxgis.errors import InputError, collect
from jxgis.i18n import few, number_words, rows_said, text, text_pair

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from jxgis.i18n import Text

__all__ = ["ALL", "areas_of", "homes", "nested", "numbered", "tell_apart", "zone_names"]

ALL = "all"
"""The zone of the whole study area: the union of the zones."""
#: What share of the districts that lies in no zone is said.
_LEFT = 5e-4

_WHOLE = frozenset({ALL, *(text("common.whole_area", lang).casefold() for lang in ("zh", "en"))})


def zone_names(zones: gpd.GeoDataFrame) -> tuple[str, ...]:
    """The zones' names, by which results are told apart.

    Parameters
    ----------
    zones
        With ``name``.

    Returns
    -------
    tuple of str

    Raises
    ------
    InputError
        If there is no ``name``, a name is missing or stands twice, or a zone is called ``all`` or as pages call it.

    Examples
    --------
    >>> zone_names(gpd.GeoDataFrame({"name": ["老城", "塘汇"]}))
    ('老城', '塘汇')
    >>> zone_names(gpd.GeoDataFrame({"name": ["老城", "老城"]}))
    Traceback (most recent call last):
    jxgis.errors.InputError: 区域名称重复：老城...
    """
    if "name" not in zones.columns:
        raise InputError(
            zh="区域图层没有 name 列；请用 --name-column 指明名称所在的列。",
            en="The zones have no column name; say with --name-column where their names are.",
        )
    names = zones["name"]
    told = [str(name) for name in names]
    errors = []
    if names.isna().any():
        rows = rows_said(row + 1 for row in range(len(told)) if names.isna().iloc[row])
        errors.append(
            InputError(
                zh=f"区域图层{rows.zh}没有名称；请补上。", en=f"The zones have no name in {rows.en}; fill it in."
            )
        )
    known = names.dropna().astype(str)
    twice = list(dict.fromkeys(known[known.duplicated()]))
    if twice:
        errors.append(
            InputError(
                zh=f"区域名称重复：{few(twice).zh}；同一区域请先合并成一个要素，不同区域请改名或用 --name-column 换一列。",
                en=f"Zones share a name: {few(twice).en}; dissolve the parts of one zone into one feature, and "
                "rename different ones or choose another column with --name-column.",
            )
        )
    errors.extend(
        InputError(
            zh=f"有一个区域名为 {name}，这个名称留给全域；请改名。",
            en=f"A zone is called {name}, the name of the whole area; rename it.",
        )
        for name in told
        if unicodedata.normalize("NFKC", name).strip().casefold() in _WHOLE
    )
    collect(errors)
    return tuple(told)


def areas_of(districts: pd.DataFrame) -> dict[str, str]:
    """The area of each district that says one.

    Examples
    --------
    >>> areas_of(pd.DataFrame({"name": ["老城", "塘汇"], "area": ["南湖区", None]})), areas_of(pd.DataFrame({"name": ["老城"]}))
    ({'老城': '南湖区'}, {})
    """
    if "area" not in districts.columns:
        return {}
    known = districts.dropna(subset="area")
    return dict(zip(known["name"].astype(str), known["area"].astype(str), strict=True))


def homes(inner: gpd.GeoDataFrame, outer: gpd.GeoDataFrame) -> NDArray[np.int64]:
    """Which zone the middle of each smaller zone lies in.

    Parameters
    ----------
    inner, outer
        Polygons (n, m) in one CRS.

    Returns
    -------
    numpy.ndarray of int
        Row (n,) of ``outer``, the first where several hold it; -1 where none does.

    Examples
    --------
    >>> towns = gpd.GeoDataFrame(geometry=shapely.box([0, 20], 0, [5, 30], 5))
    >>> homes(towns, gpd.GeoDataFrame(geometry=[shapely.box(0, 0, 10, 10)])).tolist()
    [0, -1]
    """
    middle = shapely.point_on_surface(np.asarray(inner.geometry.array, dtype=object))
    at, home = shapely.STRtree(np.asarray(outer.geometry.array, dtype=object)).query(middle, predicate="within")
    found = np.full(len(inner), len(outer), dtype=np.int64)
    np.minimum.at(found, at, home)
    return np.where(found < len(outer), found, -1)


def numbered(names: pd.Series) -> pd.Series:
    """Names of which no two are the same: one that stands again gets the next number that makes it a name of its own.

    Parameters
    ----------
    names
        Text, none missing.

    Examples
    --------
    >>> numbered(pd.Series(["甲", "甲", "甲 (2)", "乙", "甲"])).tolist()
    ['甲', '甲 (3)', '甲 (2)', '乙', '甲 (4)']
    """
    taken = set(names)
    following: defaultdict[str, count[int]] = defaultdict(lambda: count(2))
    found = names.tolist()
    for at in np.flatnonzero(names.duplicated()):
        name = found[at]
        found[at] = next(own for own in (f"{name} ({number})" for number in following[name]) if own not in taken)
        taken.add(found[at])
    return pd.Series(found, index=names.index, dtype="str")


def tell_apart(zones: gpd.GeoDataFrame, districts: gpd.GeoDataFrame | None) -> tuple[gpd.GeoDataFrame, list[Text]]:
    """Zones of a level below the districts, each once and with a name of its own.

    Parameters
    ----------
    zones
        ``name`` and, where known, ``code`` and ``within``, in a metric CRS.
    districts
        Polygons with ``name``; None where they are not known.

    Returns
    -------
    geopandas.GeoDataFrame
        ``name, code, within, geometry``: rows of one name, one code and one home are one zone. Where two share a name, what
        they lie in stands before it, and the code behind it where that is not enough; ``within`` is what the file says, else
        the district that holds the middle.
    list of Text
        What was merged and renamed, and what share of the districts lies in no zone, for people.

    Examples
    --------
    >>> halves = gpd.GeoDataFrame({"name": ["东", "西"]}, geometry=shapely.box([0, 5], 0, [5, 10], 9), crs=4549)
    >>> drawn = gpd.GeoDataFrame({"name": ["新华"] * 2 + ["南"]}, geometry=shapely.box([0, 5, 2], 0, [2, 10, 4], 9), crs=4549)
    >>> table, notes = tell_apart(drawn, halves)
    >>> table["name"].tolist(), notes[-1].en
    (['东·新华', '西·新华', '南'], '10.0 % of the area of the districts lies in none of them and is in none of their figures.')
    """
    table = zones.reset_index(drop=True).copy()
    for column in ("code", "within"):
        given = table[column] if column in table.columns else pd.Series(np.nan, table.index)
        table[column] = given.astype("str").where(given.notna())
    if districts is not None:
        called = np.array([*districts["name"], None], dtype=object)
        home = pd.Series(called[homes(table, districts)], table.index, dtype="str")
        table["within"] = table["within"].fillna(home)
    keys = [table[column].fillna("") for column in ("name", "code", "within")]
    number = table.groupby(keys, sort=False).ngroup().to_numpy()
    notes, first = [], np.unique(number, return_index=True)[1]
    if len(first) < len(table):
        counts = np.bincount(number)
        merged = [f"{table['name'][at]} ({counts[k]})" for k, at in enumerate(first) if counts[k] > 1]
        notes.append(text_pair("load.merged_names", names=merged))
        shapes = table.geometry.to_numpy()
        whole = [shapely.union_all(shapes[number == k]) if counts[k] > 1 else shapes[at] for k, at in enumerate(first)]
        table = table.iloc[first].set_geometry(gpd.GeoSeries(whole, index=first, crs=zones.crs)).reset_index(drop=True)
    name, shared = table["name"].astype("str"), table["name"].duplicated(keep=False)
    made = name.where(~shared | table["within"].isna(), table["within"] + "·" + name)
    again = made.duplicated(keep=False) & table["code"].notna()
    made = made.where(~again, made + " (" + table["code"] + ")")
    if shared.any():
        notes.append(text_pair("load.told_apart", names=made[shared].tolist()))
    if districts is not None and len(districts):
        city = shapely.union_all(np.asarray(districts.geometry.array, dtype=object))
        left = 1 - shapely.area(shapely.intersection(city, shapely.union_all(table.geometry.to_numpy()))) / city.area
        if left >= _LEFT:
            notes.append(text_pair("load.in_no_zone", share=number_words(100 * left, 1)))
    columns = [*("name", "code", "within"), *(c for c in table.columns if c not in ("name", "code", "within"))]
    return gpd.GeoDataFrame(table.assign(name=made)[columns], crs=zones.crs), notes


def nested(zones: gpd.GeoDataFrame, levels: Sequence[str]) -> dict[tuple[str, str], dict[str, str]]:
    """Which zone of each higher level the middle of every zone lies in.

    Parameters
    ----------
    zones
        The contract's layer ``zones``: ``zone, level`` and geometry; a zone may stand in several rows.
    levels
        From large to small; a zone may lie in one of each level before its own.

    Returns
    -------
    dict
        Level and zone to level and zone of those that it lies in.

    Examples
    --------
    >>> zones = gpd.GeoDataFrame(
    ...     {"zone": ["老城", "建设街道", "凤桥镇"], "level": ["district", "subdistrict", "subdistrict"]},
    ...     geometry=shapely.box([0, 0, 20], 0, [10, 5, 30], 10),
    ... )
    >>> nested(zones, ["district", "subdistrict"])
    {('subdistrict', '建设街道'): {'district': '老城'}}
    """
    once = zones.drop_duplicates(["level", "zone"])
    of = {level: once[once["level"] == level] for level in levels}
    found: dict[tuple[str, str], dict[str, str]] = {}
    for outer, inner in combinations(levels, 2):
        names = of[outer]["zone"].to_numpy(dtype=object)
        for zone, at in zip(of[inner]["zone"], homes(of[inner], of[outer]), strict=True):
            if at >= 0:
                found.setdefault((inner, str(zone)), {})[outer] = str(names[at])
    return found
