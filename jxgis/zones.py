"""Names of zones: each its own, and none that stands for all of them."""

from __future__ import annotations

import unicodedata

import geopandas as gpd
import numpy as np
import shapely

from jxgis.errors import InputError, collect
from jxgis.i18n import text

__all__ = ["ALL", "districts_of", "zone_names"]

ALL = "all"
"""The zone of the whole study area: the union of the zones."""

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
        rows = ", ".join(str(row + 1) for row in range(len(told)) if names.isna().iloc[row])
        errors.append(
            InputError(
                zh=f"区域图层第 {rows} 行没有名称；请补上。", en=f"Rows {rows} of the zones have no name; fill it in."
            )
        )
    known = names.dropna().astype(str)
    twice = list(dict.fromkeys(known[known.duplicated()]))
    if twice:
        errors.append(
            InputError(
                zh=f"区域名称重复：{'、'.join(twice[:5])}；同一区域请先合并成一个要素，不同区域请改名或用 --name-column 换一列。",
                en=f"Zones share a name: {', '.join(twice[:5])}; dissolve the parts of one zone into one feature, and "
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


def districts_of(zones: gpd.GeoDataFrame) -> dict[str, str]:
    """The district in which the middle of each sub-district lies.

    Parameters
    ----------
    zones
        The contract's layer ``zones``: ``zone, level`` and geometry; a zone may stand in several rows.

    Returns
    -------
    dict of str to str
        Sub-district to district; those that lie in none are not in it.

    Examples
    --------
    >>> zones = gpd.GeoDataFrame(
    ...     {"zone": ["老城", "建设街道", "凤桥镇"], "level": ["district", "subdistrict", "subdistrict"]},
    ...     geometry=shapely.box([0, 0, 20], 0, [10, 5, 30], 10),
    ... )
    >>> districts_of(zones)
    {'建设街道': '老城'}
    """
    once = zones.drop_duplicates(["level", "zone"])
    outer, inner = (once[once["level"] == level] for level in ("district", "subdistrict"))
    middle = shapely.point_on_surface(np.asarray(inner.geometry.array, dtype=object))
    of, district = shapely.STRtree(np.asarray(outer.geometry.array, dtype=object)).query(middle, predicate="within")
    pairs = sorted(zip(of.tolist(), district.tolist(), strict=True), reverse=True)
    return {str(inner["zone"].iloc[at]): str(outer["zone"].iloc[home]) for at, home in pairs}
