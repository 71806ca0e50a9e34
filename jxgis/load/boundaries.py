"""Sub-districts and districts: official polygons, or districts dissolved from sub-districts by the city's crosswalk."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from jxgis.crs import M2_PER_KM2, require_metric
from jxgis.errors import InputError
from jxgis.i18n import Text, few, listed, text_pair
from jxgis.load import Loaded
from jxgis.load._finish import finish, require_columns
from jxgis.load._layer import Gathered, gather
from jxgis.load._options import ReadOptions
from jxgis.load.geometry import repair
from jxgis.load.overlaps import MAX_SHARE, MIN_FLAW_M2, claimed_twice, overlap_notes, snap_overlaps
from jxgis.load.rejects import refuse_empty
from jxgis.schema import layers as _tables
from jxgis.space.shape import width_m
from jxgis.zones import zone_names

if TYPE_CHECKING:
    from typing import Unpack

    from numpy.typing import NDArray

    from jxgis.city import City
    from jxgis.load.readers import Source

__all__ = [
    "Dissolved",
    "boundary_flaws",
    "dissolve_districts",
    "flaws_said",
    "in_crosswalk",
    "load_districts",
    "load_outline",
    "load_subdistricts",
]

_SLIVER_WIDTH_M = 5.0


class Dissolved(NamedTuple):
    """Districts made of sub-districts.

    Parameters
    ----------
    districts
        ``name, code, area, geometry``, in the order of the city's districts.
    leftover
        Sub-districts that belong to no district.
    notes
        What is missing, left over or not cut, for people.
    """

    districts: gpd.GeoDataFrame
    leftover: gpd.GeoDataFrame
    notes: tuple[Text, ...]


def load_subdistricts(
    path: Source, *, city: City | None = None, overlap_share: float = MAX_SHARE, **options: Unpack[ReadOptions]
) -> Loaded:
    """Load sub-districts (街道, 镇): polygons with a name.

    Parameters
    ----------
    path
        Path, glob, several paths, or a GeoDataFrame.
    city
        Gives the metric CRS and the box; its crosswalk's names and aliases are recognised.
    overlap_share
        Overlaps of up to this share of the smaller polygon go to the smaller; see `overlaps.snap_overlaps`.
    **options
        `ReadOptions`.

    Returns
    -------
    Loaded
        Columns ``name, code, area``, geometry valid; rows of one name merged; overlaps and gaps named in the notes, and
        in ``flaws`` as they were drawn.

    Raises
    ------
    InputError
        If the files, their columns or their CRS cannot be used, or nothing is left.

    Examples
    --------
    >>> table = gpd.GeoDataFrame({"街道名称": ["建设街道 "]}, geometry=[shapely.box(0, 0, 1000, 1000)], crs=4549)
    >>> load_subdistricts(table).table["name"].tolist()
    ['建设街道']
    """
    return _load("subdistricts", path, city, overlap_share, options)


def load_districts(
    path: Source, *, city: City | None = None, overlap_share: float = MAX_SHARE, **options: Unpack[ReadOptions]
) -> Loaded:
    """Load official districts (管理片区); parameters and result as for `load_subdistricts`.

    A district that the city's profile names gets its ``area`` (三区) from there where the file has none; ``老城片区``
    and ``老城`` are one name.

    Examples
    --------
    >>> from jxgis.city import load_city
    >>> square = shapely.box(572_000, 3_402_000, 573_000, 3_403_000)
    >>> table = gpd.GeoDataFrame({"片区名称": ["塘汇片区"]}, geometry=[square], crs=4549)
    >>> load_districts(table, city=load_city()).table[["name", "area"]].to_numpy().tolist()
    [['塘汇', '经开区']]
    """
    return _load("districts", path, city, overlap_share, options)


def _load(layer: str, path: Source, city: City | None, overlap_share: float, options: ReadOptions) -> Loaded:
    gathered = gather(path, layer, city=city, options=options)
    require_columns(gathered)
    if city is not None and layer == "districts":
        _use_city_districts(gathered, city)
    _merge_names(gathered)
    loaded = finish(gathered)
    zone_names(loaded.table)
    flaws = boundary_flaws(loaded.table)
    if flaws.empty:
        return loaded
    table, overlaps = snap_overlaps(loaded.table, max_share=overlap_share)
    settled = overlaps.set_index("between")[["share_of_smaller", "given_to"]]
    flaws = flaws.join(settled.reindex(flaws["between"].where(flaws["kind"] == "overlap")).set_index(flaws.index))
    notes = (*loaded.notes, _flaw_note(flaws), *overlap_notes(overlaps, layer, overlap_share))
    return dataclasses.replace(loaded, table=table, notes=notes, flaws=flaws)


def _use_city_districts(gathered: Gathered, city: City) -> None:
    """Write district names as the profile does, take their area from it, and name those that it does not know."""
    known = {name: name for name in city.districts["name"]}
    known |= {f"{name}{ending}": name for name in known for ending in ("片区", "管理片区")}
    names = gathered.frame["name"]
    gathered.frame["name"] = names.replace(known)
    areas = gathered.frame["name"].map(dict(zip(city.districts["name"], city.districts["area"], strict=True)))
    own = gathered.frame["area"] if "area" in gathered.frame else pd.Series(np.nan, index=names.index, dtype="str")
    gathered.frame["area"] = own.where(own.notna(), areas).astype("str").where(own.notna() | areas.notna())
    strange = sorted(set(gathered.frame.loc[gathered.ledger.kept, "name"]) - set(city.districts["name"]))
    if strange and len(city.districts):
        gathered.notes.append(text_pair("load.unknown_districts", names=strange))


def _merge_names(gathered: Gathered) -> None:
    """Put the rows of one name into the first of them: a place drawn as several features is one place."""
    kept = np.flatnonzero(gathered.ledger.kept)
    groups = pd.Series(kept).groupby(gathered.frame["name"].to_numpy()[kept], sort=False)
    merged: list[str] = []
    absorbed = np.zeros(len(gathered.frame), dtype=bool)
    for name, rows in groups:
        if len(rows) == 1:
            continue
        codes: list[str] = []
        if "code" in gathered.frame:
            codes = [str(code) for code in gathered.frame["code"].iloc[rows].dropna().unique()]
        if len(codes) > 1:
            raise InputError(
                zh=f"“{name}”有不同的代码（{few(codes).zh}）：名称必须唯一，请改名，或换一列（name_column）。",
                en=f"{name!r} has different codes ({few(codes).en}): names must be unique; rename, "
                "or choose another column (name_column).",
            )
        at = rows.to_numpy()
        gathered.geometry[at[0]] = repair(
            np.array([shapely.union_all(gathered.geometry[at])], dtype=object), "polygon"
        ).geometry[0]
        absorbed[at[1:]] = True
        merged.append(f"{name} ({len(rows)})")
    if merged:
        gathered.absorbed = absorbed
        gathered.notes.append(text_pair("load.merged_names", names=merged))


def boundary_flaws(polygons: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """List where boundaries overlap, and where they leave a hole between them.

    Parameters
    ----------
    polygons
        With ``name``, in a metric CRS.

    Returns
    -------
    geopandas.GeoDataFrame
        ``kind`` (overlap, gap), ``sliver`` (of a mean width, 2 · area / perimeter, below 5 m), ``between`` (names, joined by 、), ``m2``, ``geometry``; the largest
        first. A gap is a hole in the union of all polygons: one that is open to the outside is not seen, and a lawful
        enclave is listed too.

    Raises
    ------
    CrsError
        If the CRS is not in metres.

    Examples
    --------
    >>> halves = gpd.GeoDataFrame(
    ...     {"name": ["a", "b"]}, geometry=[shapely.box(0, 0, 101, 100), shapely.box(100, 0, 200, 100)], crs=4549
    ... )
    >>> boundary_flaws(halves)[["kind", "sliver", "between", "m2"]].values.tolist()
    [['overlap', True, 'a、b', 100.0]]
    """
    crs = require_metric(polygons, "boundaries")
    shapes = np.asarray(polygons.geometry.array, dtype=object)
    names = polygons["name"].to_numpy(dtype=object)
    first, second, common = claimed_twice(shapes)
    overlaps = [("overlap", listed([names[i], names[j]], "zh")) for i, j in zip(first, second, strict=True)]
    tree, holes = shapely.STRtree(shapes), _holes(shapes)
    holes = holes[shapely.area(holes) > MIN_FLAW_M2]
    gaps = []
    for hole in holes:
        around = tree.query(hole, predicate="dwithin", distance=_SLIVER_WIDTH_M)
        gaps.append(("gap", listed((names[at] for at in sorted(around)), "zh")))
    geometry = np.concatenate([common, repair(holes, "polygon").geometry])
    m2 = shapely.area(geometry)
    table = gpd.GeoDataFrame(
        {
            "kind": [kind for kind, _ in overlaps + gaps],
            "sliver": width_m(geometry) < _SLIVER_WIDTH_M,
            "between": [between for _, between in overlaps + gaps],
            "m2": m2,
        },
        geometry=geometry,
        crs=crs,
    )
    return table.sort_values("m2", ascending=False, kind="stable", ignore_index=True)


def _holes(shapes: NDArray[Any]) -> NDArray[Any]:
    """Holes of the union of polygons, as polygons."""
    parts = shapely.get_parts(shapely.union_all(shapes))
    rings = [shapely.get_interior_ring(part, i) for part in parts for i in range(shapely.get_num_interior_rings(part))]
    return np.array([shapely.Polygon(ring) for ring in rings], dtype=object)


def flaws_said(polygons: gpd.GeoDataFrame) -> list[Text]:
    """What is said of overlaps and gaps, in one sentence; none where there are none.

    Examples
    --------
    >>> over = gpd.GeoDataFrame({"name": ["a", "b"]}, geometry=shapely.box([0, 90], 0, [100, 200], 100), crs=4549)
    >>> flaws_said(over)[0].en
    'Between the boundaries: overlaps 1 (1,000 m²), gaps 0 (0 m²), slivers among them 0; the largest: a, b 1,000 m².'
    """
    flaws = boundary_flaws(polygons)
    return [] if flaws.empty else [_flaw_note(flaws)]


def _flaw_note(flaws: gpd.GeoDataFrame) -> Text:
    overlap, gap = flaws["kind"] == "overlap", flaws["kind"] == "gap"
    largest = flaws.iloc[0]
    where = f"{largest['between']} {largest['m2']:,.0f} m²"
    return text_pair(
        "load.boundary_flaws",
        overlaps=int(overlap.sum()),
        overlap_m2=f"{flaws.loc[overlap, 'm2'].sum():,.0f}",
        gaps=int(gap.sum()),
        gap_m2=f"{flaws.loc[gap, 'm2'].sum():,.0f}",
        slivers=int(flaws["sliver"].sum()),
        largest=Text(zh=where, en=where.replace("、", ", ")),
    )


def load_outline(path: Source, *, city: City | None = None, **options: Unpack[ReadOptions]) -> gpd.GeoDataFrame:
    """Load the outline of the central city: one polygon, whatever its file calls it.

    Parameters
    ----------
    path, city, **options
        As for `load_subdistricts`.

    Returns
    -------
    geopandas.GeoDataFrame
        One row, the union of all polygons of the file, in the metric CRS.

    Raises
    ------
    InputError
        If the file cannot be used or holds no polygon.
    """
    gathered = gather(path, "blocks", city=city, options=options)
    refuse_empty(gathered.agreed, gathered.ledger)
    whole = repair(np.array([shapely.union_all(gathered.geometry[gathered.ledger.kept])], dtype=object), "polygon")
    return gpd.GeoDataFrame(geometry=whole.geometry, crs=gathered.metric)


def dissolve_districts(
    subdistricts: gpd.GeoDataFrame, *, city: City, outline: gpd.GeoDataFrame | gpd.GeoSeries | None = None
) -> Dissolved:
    """Make districts of sub-districts by the city's crosswalk.

    Parameters
    ----------
    subdistricts
        ``name`` and, where there is one, ``code``, in a metric CRS.
    city
        Its ``crosswalk`` says which sub-district, by name, alias or code, belongs to which district.
    outline
        Polygons that the districts are cut by, in the same CRS: the central city.

    Returns
    -------
    Dissolved
        Districts, the sub-districts that belong to none, and notes: what is left over, what the crosswalk names and
        the layer lacks, and which sub-districts should have been cut.

    Raises
    ------
    InputError
        If no sub-district is in the crosswalk, or the outline leaves nothing of a district.
    CrsError
        If the CRS is not in metres, or the outline is in another one.

    Examples
    --------
    >>> from jxgis.city import load_city
    >>> towns = gpd.GeoDataFrame(
    ...     {"name": ["建设街道", "解放街道", "凤桥镇"]},
    ...     geometry=[shapely.box(1000 * i, 0, 1000 * (i + 1), 1000) for i in range(3)],
    ...     crs=4549,
    ... )
    >>> made = dissolve_districts(towns, city=load_city())
    >>> made.districts["name"].tolist(), made.districts.area.tolist(), made.leftover["name"].tolist()
    (['老城'], [2000000.0], ['凤桥镇'])
    """
    crs = require_metric(subdistricts, "subdistricts")
    district = _crosswalk(subdistricts, city)
    if district.isna().all():
        known = few(city.crosswalk["subdistrict"])
        have = few(subdistricts["name"])
        raise InputError(
            zh=f"没有一个街道（镇）能对应到片区：文件中是 {have.zh}，对应表中是 {known.zh}；请检查名称列或城市配置。",
            en=f"No sub-district is in the crosswalk: the file has {have.en}, the crosswalk {known.en}; check the name column "
            "or the city's profile.",
        )
    notes: list[Text] = []
    order = [name for name in _district_order(city) if (district == name).any()]
    geometry = np.array([shapely.union_all(subdistricts.geometry[district == name].array) for name in order], object)
    if outline is None:
        there = _there(subdistricts, city)
        parts = [name for name in city.crosswalk.loc[city.crosswalk["part"], "subdistrict"] if name in there]
        if parts:
            notes.append(text_pair("load.part_uncut", names=parts))
    else:
        require_metric(outline, "outline", like=crs)
        before = shapely.area(geometry).sum() / M2_PER_KM2
        geometry = shapely.intersection(geometry, shapely.union_all(outline.geometry.array))
        notes.append(
            text_pair("load.clipped", before=f"{before:.1f}", after=f"{shapely.area(geometry).sum() / M2_PER_KM2:.1f}")
        )
    repaired = repair(geometry, "polygon").geometry
    lost = [name for name, shape in zip(order, repaired, strict=True) if shape is None]
    if lost:
        raise InputError(
            zh=f"中心城区边界之外的片区：{listed(lost, 'zh')}，裁剪后没有剩余；请检查边界文件及其坐标系。",
            en=f"The outline leaves nothing of {listed(lost, 'en')}; check the outline and its CRS.",
        )
    attributes = city.districts.set_index("name").reindex(order)
    districts = gpd.GeoDataFrame(
        {
            "name": pd.array(order, dtype="str"),
            "code": pd.Series(np.nan, index=range(len(order)), dtype="str"),
            "area": attributes["area"].astype("str").where(attributes["area"].notna()).to_numpy(),
            "functions": attributes["functions"].to_numpy(),
        },
        geometry=repaired,
        crs=crs,
    )
    leftover = subdistricts[district.isna().to_numpy()].reset_index(drop=True)
    if len(leftover):
        notes.append(text_pair("load.leftover", count=len(leftover), names=leftover["name"].tolist()))
    notes.extend([*_by_code(subdistricts, city), *_missing(subdistricts, city)])
    return Dissolved(_tables.check(districts, "districts"), leftover, tuple(notes))


def in_crosswalk(subdistricts: gpd.GeoDataFrame, city: City) -> pd.Series:
    """Which sub-districts the city's crosswalk knows, by name, alias or code.

    Parameters
    ----------
    subdistricts
        ``name`` and, where there is one, ``code``.
    city
        With a crosswalk.

    Returns
    -------
    pandas.Series
        bool, on the index of ``subdistricts``.

    Examples
    --------
    >>> from jxgis.city import load_city
    >>> in_crosswalk(gpd.GeoDataFrame({"name": ["建设街道", "凤桥镇"]}), load_city()).tolist()
    [True, False]
    """
    return _crosswalk(subdistricts, city).notna()


def _district_order(city: City) -> list[str]:
    return list(dict.fromkeys([*city.districts["name"], *city.crosswalk["district"]]))


def _entries(city: City) -> list[tuple[set[str], str, str, str]]:
    """Names, code, district and first name of each entry of the crosswalk."""
    rows = city.crosswalk[["subdistrict", "aliases", "code", "district"]].itertuples(index=False, name=None)
    return [({name, *aliases}, code, district, name) for name, aliases, code, district in rows]


def _crosswalk(subdistricts: gpd.GeoDataFrame, city: City) -> pd.Series:
    """District of each sub-district: by its name or an alias, else by its code."""
    by_name, by_code = _both_ways(subdistricts, city)
    return by_name.fillna(by_code)


def _both_ways(subdistricts: gpd.GeoDataFrame, city: City) -> tuple[pd.Series, pd.Series]:
    """District of each sub-district by its name or an alias, and by its code."""
    names = {name: district for names, _, district, _ in _entries(city) for name in names}
    codes = {code: district for _, code, district, _ in _entries(city) if code}
    code = subdistricts["code"] if "code" in subdistricts else pd.Series(None, index=subdistricts.index, dtype="str")
    return subdistricts["name"].map(names), code.map(codes)


def _by_code(subdistricts: gpd.GeoDataFrame, city: City) -> list[Text]:
    """Which sub-districts only their code puts into a district, and which it would put into another."""
    by_name, by_code = _both_ways(subdistricts, city)
    notes = []
    for key, rows in {
        "only_by_code": by_name.isna() & by_code.notna(),
        "against_code": by_name.notna() & by_code.notna() & (by_name != by_code),
    }.items():
        if rows.any():
            found = subdistricts[rows]
            names = [f"{name} ({code})" for name, code in zip(found["name"], found["code"], strict=True)]
            notes.append(text_pair(f"load.{key}", count=len(names), names=names))
    return notes


def _there(subdistricts: gpd.GeoDataFrame, city: City) -> set[str]:
    """The crosswalk's sub-districts that are among these, by name, alias or code."""
    names = set(subdistricts["name"])
    codes = set(subdistricts["code"].dropna()) if "code" in subdistricts else set()
    return {first for known, code, _, first in _entries(city) if known & names or code in codes}


def _missing(subdistricts: gpd.GeoDataFrame, city: City) -> list[Text]:
    there = _there(subdistricts, city)
    lacking = [(first, district) for _, _, district, first in _entries(city) if first not in there]
    if not lacking:
        return []
    districts = list(dict.fromkeys(district for _, district in lacking))
    return [
        text_pair("load.missing_subdistricts", count=len(lacking), names=[n for n, _ in lacking], districts=districts)
    ]
