"""Names for hot places: what a planner calls the spot, and where that name comes from."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, TypeAlias

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from jxgis.bounds import widened
from jxgis.crs import require_metric
from jxgis.i18n import text
from jxgis.space.nearest import nearest, nearest_segment
from jxgis.space.points import locate
from jxgis.zones import numbered

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from jxgis.drawing.ground import Ground

__all__ = [
    "Coded", "Numbers", "distinct_names", "encode", "most_common", "name_areas", "name_peaks", "number_unnamed",
    "streets_of",
]  # fmt: skip

Numbers: TypeAlias = dict[str | None, dict[str, int]]
"""Of each zone its cells that have a number for want of a name."""
_NAMED_M = 300.0
"""How far a place or a street lies at most from an area that is called by it."""
_NUMBERED = ("subdistrict", "district", "number")
"""Sources that name no spot: the zone around it, or nothing."""


def streets_of(
    issues: gpd.GeoDataFrame | gpd.GeoSeries, streets: gpd.GeoDataFrame, *, reach_m: float = 100.0
) -> NDArray[np.object_]:
    """Name of the street that each issue is on.

    Parameters
    ----------
    issues
        Points in a metric CRS.
    streets
        ``name``, geometry; nameless streets count as none, so that a lane does not take the name of the avenue.
    reach_m
        A street farther than this is not the issue's, metres.

    Returns
    -------
    numpy.ndarray
        (n,) str, or None.

    Examples
    --------
    >>> import geopandas as gpd
    >>> streets = gpd.GeoDataFrame({"name": ["中山路"]}, geometry=[shapely.LineString([(0, 0), (900, 0)])], crs=4549)
    >>> streets_of(gpd.GeoSeries([shapely.Point(5, 20), shapely.Point(5, 500)], crs=4549), streets).tolist()
    ['中山路', None]
    """
    require_metric(streets, "streets", like=require_metric(issues, "issues"))
    # At a crossing several streets are nearest: the first of the table, as segments stand in the order of their streets.
    pieces, street_of = _pieces(streets.geometry.to_numpy())
    names = np.array([*_texts(streets["name"])[street_of], None], dtype=object)
    points = np.column_stack([issues.geometry.x, issues.geometry.y])
    return names[nearest_segment(points, pieces, reach_m=widened(reach_m))]


def _pieces(lines: NDArray[np.object_]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Both ends of the straight pieces of lines, (n, 4), and the line each is of."""
    parts, line = shapely.get_parts(lines, return_index=True)
    points, part = shapely.get_coordinates(parts, return_index=True)
    joined = np.flatnonzero(part[:-1] == part[1:])
    return np.hstack([points[joined], points[joined + 1]]), np.asarray(line[part[joined]], dtype=np.int64)


@dataclass(frozen=True, eq=False)
class Coded:
    """Texts as numbers: ``names`` sorted, ``codes`` (n,) into them, -1 for missing and blank."""

    names: NDArray[np.object_]
    codes: NDArray[np.int64]


def encode(values: pd.Series | NDArray[np.object_]) -> Coded:
    """Number the distinct texts of a column, once for all the groups that it is counted in.

    Examples
    --------
    >>> coded = encode(np.array(["b", None, " a", "b", ""], dtype=object))
    >>> coded.names.tolist(), coded.codes.tolist()
    (['a', 'b'], [1, -1, 0, 1, -1])
    """
    # Trimming the distinct values only: a million cases have a few hundred texts.
    rough, distinct = pd.factorize(values if isinstance(values, pd.Series) else pd.Series(values, dtype=object))
    texts = _texts(np.asarray(distinct, dtype=object))
    known = np.array([text is not None for text in texts], dtype=bool)
    names, number = np.unique(texts[known].astype(str), return_inverse=True)
    code_of = np.full(len(texts) + 1, -1, dtype=np.int64)
    code_of[:-1][known] = number
    return Coded(names.astype(object), code_of[rough])


def most_common(group: NDArray[np.int64], values: Coded, n_groups: int) -> pd.DataFrame:
    """Most common value in each group, with its share of the group.

    Parameters
    ----------
    group
        (n,) int64, number of each row's group; -1 for rows in none.
    values
        (n,) texts from :func:`encode`; missing ones are not values, but count in the share's denominator.
    n_groups
        Number of groups.

    Returns
    -------
    pandas.DataFrame
        ``value`` (None where the group has no value) and ``share`` (0–1, NaN likewise), one row a group; ties go to
        the value that sorts first.

    Examples
    --------
    >>> values = encode(np.array(["a", "b", "b", None, "c"], dtype=object))
    >>> most_common(np.array([0, 0, 0, 1, -1]), values, 2)
      value     share
    0     b  0.666667
    1  None       NaN
    """
    size = np.bincount(group[group >= 0], minlength=n_groups)
    value, share = np.full(n_groups, None, dtype=object), np.full(n_groups, np.nan)
    known = (group >= 0) & (values.codes >= 0)
    if known.any():
        pairs = pd.Series(group[known] * len(values.names) + values.codes[known]).value_counts(sort=False)
        owner, code = np.divmod(pairs.index.to_numpy(), len(values.names))
        number = pairs.to_numpy()
        order = np.lexsort((code, -number, owner))
        present, first = np.unique(owner[order], return_index=True)
        best = order[first]
        value[present], share[present] = values.names[code[best]], number[best] / size[present]
    return pd.DataFrame({"value": pd.Series(value, dtype=object), "share": share})


def name_peaks(
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    *,
    places: gpd.GeoDataFrame | None,
    labels: gpd.GeoDataFrame | None,
    reach_m: float,
    label_reach_m: float,
    streets: NDArray[np.object_],
    field: NDArray[np.object_],
    subdistricts: NDArray[np.object_],
    districts: NDArray[np.object_],
) -> pd.DataFrame:
    """Name each peak by the best thing known about it.

    In this order: the nearest named place within ``reach_m``; the street most of its cases are on; the value most
    of its cases share in a field of the export; the nearest of the profile's labels, which are good to a kilometre
    only. One that none of these names has the sub-district, else the district that it lies in, to be numbered in it.

    Parameters
    ----------
    x, y
        (n,) the peaks, metres.
    places, labels
        ``name``, points (or polygons) in the peaks' CRS; None where there are none.
    reach_m, label_reach_m
        How far a place, or a label, may lie.
    streets, field, subdistricts, districts
        (n,) text or None: what most cases at each peak share.

    Returns
    -------
    pandas.DataFrame
        ``name``; ``name_from``: ``place``, ``street``, ``field``, ``label``, ``subdistrict``, ``district`` or, without a
        name, ``number``.
    """
    sources = {
        "place": _nearest(x, y, places, reach_m),
        "street": streets,
        "field": field,
        "label": _nearest(x, y, labels, label_reach_m),
        "subdistrict": subdistricts,
        "district": districts,
    }
    name, name_from = np.full(x.size, None, dtype=object), np.full(x.size, "number", dtype=object)
    for source, names in sources.items():
        use = np.array([had is None and new is not None for had, new in zip(name, names, strict=True)], dtype=bool)
        name[use], name_from[use] = names[use], source
    return pd.DataFrame({"name": pd.Series(name, dtype=object), "name_from": name_from.astype(str)})


def number_unnamed(named: pd.DataFrame, cell_ids: NDArray[np.str_], numbers: Numbers, lang: str) -> list[str]:
    """Names of peaks, of those that only a zone is known of the zone and a number: one cell has one number.

    Parameters
    ----------
    named
        (n,) rows of :func:`name_peaks`.
    cell_ids
        (n,) the peaks' cells.
    numbers
        Those that there are; cells without one are added.
    lang
        ``"zh"`` or ``"en"``.

    Returns
    -------
    list of str
        One a row.

    Examples
    --------
    >>> named = pd.DataFrame({"name": ["月河", "新丰镇", None], "name_from": ["place", "district", "number"]})
    >>> number_unnamed(named, np.array(["E1N1", "E2N1", "E3N1"]), {"新丰镇": {"E9N9": 1}}, "zh")
    ['月河', '新丰镇（未命名 2）', '未命名 1']
    """
    names = []
    for name, source, cell in zip(named["name"], named["name_from"], cell_ids, strict=True):
        if source in _NUMBERED:
            zone = None if source == "number" else str(name)
            of_zone = numbers.setdefault(zone, {})
            n = of_zone.setdefault(str(cell), len(of_zone) + 1)
            names.append(
                text("maps.unnamed", lang, n=n) if zone is None else text("maps.unnamed_in", lang, zone=zone, n=n)
            )
        else:
            names.append(str(name))
    return names


def name_areas(areas: gpd.GeoDataFrame, ground: Ground, *, lang: str) -> list[str | None]:
    """What people call where each area lies: a place or a street at its middle, and the sub-district or district around.

    Parameters
    ----------
    areas
        Small polygons, such as cells.
    ground
        Named places, streets and zones in the CRS of the areas.
    lang
        ``"zh"`` or ``"en"``.

    Returns
    -------
    list of str or None
        One an area; None where nothing around has a name.

    Examples
    --------
    >>> import geopandas as gpd
    >>> from jxgis.drawing.ground import Ground
    >>> land = gpd.GeoDataFrame({"name": ["老城"]}, geometry=[shapely.box(0, 0, 9000, 9000)], crs=4549)
    >>> places = gpd.GeoDataFrame({"name": ["月河"]}, geometry=[shapely.Point(100, 150)], crs=4549)
    >>> cells = gpd.GeoDataFrame(geometry=[shapely.box(0, 0, 200, 200), shapely.box(5000, 0, 5200, 200)], crs=4549)
    >>> name_areas(cells, Ground(land=land, places=places), lang="zh")
    ['月河（老城）', '老城']
    """
    return [_said(name, zone, lang) for name, zone in _things_at(areas, ground)]


def _said(name: str | None, zone: str | None, lang: str) -> str | None:
    if name is not None and zone is not None and name != zone:
        return text("maps.place_in", lang, place=name, zone=zone)
    return name or zone


def _things_at(areas: gpd.GeoDataFrame, ground: Ground) -> list[tuple[str | None, str | None]]:
    """The place or street at the middle of each area, and the sub-district or district around."""
    middle = gpd.GeoSeries(shapely.centroid(areas.geometry.to_numpy()), crs=areas.crs)
    x, y = middle.x.to_numpy(), middle.y.to_numpy()
    at = _nearest(x, y, ground.places, _NAMED_M)
    if ground.streets is not None:
        named = ground.streets[ground.streets["name"].notna()]
        at = np.where(pd.isna(at), streets_of(middle, named, reach_m=_NAMED_M), at)
    around = np.full(len(areas), None, dtype=object)
    for zones in (ground.subdistricts, ground.land):
        if zones is not None:
            names = np.array([*_texts(zones["name"]), None], dtype=object)
            around = np.where(pd.isna(around), names[locate(middle, zones)], around)
    return list(zip(at, around, strict=True))


def distinct_names(areas: gpd.GeoDataFrame, ground: Ground, *, lang: str) -> pd.Series:
    """The same, no two alike, and none the name of a zone alone: its figures would be read as the zone's.

    Those that stand again are numbered, and so are those where nothing around has a name.

    Parameters
    ----------
    areas, ground, lang
        As for :func:`name_areas`.

    Examples
    --------
    >>> import geopandas as gpd
    >>> from jxgis.drawing.ground import Ground
    >>> land = gpd.GeoDataFrame({"name": ["老城"]}, geometry=[shapely.box(0, 0, 9000, 9000)], crs=4549)
    >>> cells = gpd.GeoDataFrame(geometry=[shapely.box(x, 0, x + 200, 200) for x in (0, 5000, 9500)], crs=4549)
    >>> distinct_names(cells, Ground(land=land), lang="zh").tolist()
    ['老城一带', '老城一带 (2)', '未命名 1']
    """
    unnamed = count(1)
    names = [
        text("maps.spot_in", lang, zone=zone)
        if zone is not None and name in (None, zone)
        else _said(name, zone, lang) or text("maps.unnamed", lang, n=next(unnamed))
        for name, zone in _things_at(areas, ground)
    ]
    return numbered(pd.Series(names, dtype="str"))


def _nearest(
    x: NDArray[np.float64], y: NDArray[np.float64], named: gpd.GeoDataFrame | None, reach_m: float
) -> NDArray[np.object_]:
    """Name of the nearest named thing within reach, or None; ties go to the first of the table."""
    if named is None:
        return np.full(x.size, None, dtype=object)
    names = np.array([*_texts(named["name"]), None], dtype=object)
    return names[
        nearest(np.asarray(shapely.points(x, y), dtype=object), named.geometry.to_numpy(), reach_m=widened(reach_m))
    ]


def _texts(values: pd.Series | NDArray[np.object_]) -> NDArray[np.object_]:
    """Trimmed text, None for missing and blank."""
    text = pd.Series(values).astype("string").str.strip()
    known = (text.notna() & (text != "")).to_numpy(dtype=bool, na_value=False)
    trimmed = np.full(len(text), None, dtype=object)
    trimmed[known] = text.to_numpy(dtype=object)[known]
    return trimmed
