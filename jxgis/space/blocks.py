"""Blocks that tile the districts: grid cells, faces of streets and waters, or the user's own layer."""

from __future__ import annotations

import math
from collections.abc import Mapping

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from jxgis import crs as crs_
from jxgis.bounds import RELATIVE, at_least, at_most
from jxgis.crs import M2_PER_KM2
from jxgis.errors import InputError, collect
from jxgis.i18n import counted, few
from jxgis.settings import UNITS
from jxgis.space._faces import as_lines, dissolve, faces_in, merge_slivers
from jxgis.space.districts import check_districts, check_polygons
from jxgis.space.grid import refuse_too_many
from jxgis.space.overlay import holds_most
from jxgis.space.polygons import Faces, polygon_parts
from jxgis.space.shape import width_m
from jxgis.space.tiling import Misfit, tile

__all__ = ["grid_blocks", "own_blocks", "street_blocks"]

_OVERSHOOT_M = 0.01
"""A cut is drawn this far past the edges it must meet: rounding cannot leave it short, the dead end vanishes."""
_MOST_CELLS = 500_000
"""More cells than this neither fit the memory of an office computer nor make better units."""


def _table(districts: gpd.GeoDataFrame, rows: list[int], polygons: list[shapely.Polygon]) -> gpd.GeoDataFrame:
    names = districts["name"].to_numpy()[rows]
    return gpd.GeoDataFrame({"district": names}, geometry=polygons, crs=districts.crs)


def _from_north_west(blocks: gpd.GeoDataFrame) -> NDArray[np.int64]:
    """Rows in reading order of the diagonal: the north-west corner first."""
    centre = shapely.centroid(blocks.geometry.to_numpy())
    return np.lexsort((shapely.get_x(centre), np.round(shapely.get_x(centre) - shapely.get_y(centre), 3)))


#: A clipped cell below this share of a whole one is a sliver.
_SLIVER_SHARE = 0.25


def grid_blocks(districts: gpd.GeoDataFrame, *, cell_m: float) -> gpd.GeoDataFrame:
    """Square cells clipped to each district, for a place without streets.

    Parameters
    ----------
    districts
        Polygons with ``name``, in a projected CRS in metres.
    cell_m
        Side of a cell in metres; the grid's origin lies at multiples of it.

    Returns
    -------
    GeoDataFrame
        ``block_id`` (``E{col}N{row}`` of the cell, with ``-2``, ``-3`` … where borders cut it into several, the
        largest first), ``district``, polygon. Every square metre of a district is in exactly one block, no block
        crosses a border, and neighbours inside a district share their vertices. A clipped cell below a quarter of a whole one
        joins the neighbour with the longest common edge. A part of a district that is
        smaller than a sliver stays a block of its own.

    Raises
    ------
    InputError
        If a setting is out of range, or the districts have no names, are invalid or overlap.
    CrsError
        If the CRS is not metric.

    Examples
    --------
    >>> import shapely
    >>> district = gpd.GeoDataFrame({"name": ["老城"]}, geometry=[shapely.box(0, 0, 410, 400)], crs=4549)
    >>> blocks = grid_blocks(district, cell_m=200)
    >>> blocks["block_id"].tolist()
    ['E0N1', 'E1N1', 'E0N0', 'E1N0']
    >>> blocks.area.round().tolist()
    [40000.0, 42000.0, 40000.0, 42000.0]
    """
    if not 0 < cell_m < np.inf:
        raise InputError(zh=f"cell_m 是 {cell_m}，应大于 0。", en=f"cell_m is {cell_m}; it must be above 0.")
    check_districts(districts)
    refuse_too_many(float(districts.area.sum()), cell_m, "cell_m", most=_MOST_CELLS)
    rows: list[int] = []
    polygons: list[shapely.Polygon] = []
    column: list[int] = []
    line: list[int] = []
    smallest = _SLIVER_SHARE * cell_m**2
    for row, district in enumerate(districts.geometry):
        for part in polygon_parts(district):
            faces = faces_in(part, _grid_lines(part, cell_m))
            label = merge_slivers(faces, ~at_least(shapely.area(faces), smallest), min_m2=smallest, max_m2=np.inf)
            kept, merged = dissolve(faces, label)
            inside = shapely.get_coordinates(shapely.point_on_surface(faces[kept]))
            rows += [row] * len(merged)
            polygons += list(merged)
            column += np.floor(inside[:, 0] / cell_m).astype(int).tolist()
            line += np.floor(inside[:, 1] / cell_m).astype(int).tolist()
    blocks = _table(districts, rows, polygons).assign(column=column, line=line, area=shapely.area(polygons))
    blocks = blocks.sort_values(["line", "column", "area"], ascending=[False, True, False], kind="stable")
    cell = "E" + blocks["column"].astype(str) + "N" + blocks["line"].astype(str)
    piece = cell.groupby(cell).cumcount() + 1
    blocks.insert(0, "block_id", cell.where(piece == 1, cell + "-" + piece.astype(str)))
    return blocks[["block_id", "district", "geometry"]].reset_index(drop=True)


def _grid_lines(part: shapely.Polygon, cell_m: float) -> Faces:
    west, south, east, north = shapely.bounds(part)
    x = np.arange(math.floor(west / cell_m), math.ceil(east / cell_m) + 1) * cell_m
    y = np.arange(math.floor(south / cell_m), math.ceil(north / cell_m) + 1) * cell_m
    upright = np.stack([np.column_stack([x, np.full(len(x), y[0])]), np.column_stack([x, np.full(len(x), y[-1])])], 1)
    level = np.stack([np.column_stack([np.full(len(y), x[0]), y]), np.column_stack([np.full(len(y), x[-1]), y])], 1)
    lines: Faces = np.asarray(shapely.linestrings(np.concatenate([upright, level])))
    return lines


def street_blocks(
    districts: gpd.GeoDataFrame,
    *,
    streets: gpd.GeoDataFrame,
    waters: gpd.GeoDataFrame | None = None,
    max_km2: float | Mapping[str, float] = UNITS.max_km2,
    min_m2: float = 5000.0,
    min_width_m: float = 15.0,
) -> gpd.GeoDataFrame:
    """Faces of streets, waters and district borders, the blocks that a planner sees on the ground.

    Parameters
    ----------
    districts
        Polygons with ``name``, in a projected CRS in metres.
    streets
        Centre lines (or polygons, whose edges count) in the same CRS.
    waters
        Lines or polygons in the same CRS; the shores of a polygon cut, its water is a block like others.
    max_km2
        A face above it is cut across its long axis into equal parts below it; no merger passes it.
        One number, or one for each district by name.
    min_m2
        A face below it joins the neighbour with the longest common edge: traffic islands, slip roads.
    min_width_m
        So does a face of less width (twice its area over its perimeter): strips between two carriageways.

    Returns
    -------
    GeoDataFrame
        ``block_id`` (``B0001`` … from the north-west), ``district``, polygon. Every square metre of a district is in
        exactly one block, no block crosses a border; streets that end inside a face leave no trace.

    Raises
    ------
    InputError
        If a setting is out of range, or the districts have no names, are invalid or overlap.
    CrsError
        If a CRS is not metric, or the layers differ in it.

    Examples
    --------
    >>> import shapely
    >>> district = gpd.GeoDataFrame({"name": ["老城"]}, geometry=[shapely.box(0, 0, 1000, 400)], crs=4549)
    >>> lines = ["LINESTRING (400 -9 , 400 409)", "LINESTRING (700 200, 700 409)"]
    >>> streets = gpd.GeoDataFrame(geometry=shapely.from_wkt(lines), crs=4549)
    >>> street_blocks(district, streets=streets).area.tolist()
    [160000.0, 240000.0]
    """
    check_districts(districts)
    names = districts["name"].tolist()
    largest = [max_km2[name] if isinstance(max_km2, Mapping) else max_km2 for name in names]
    if not (min_m2 >= 0 and min_width_m >= 0 and all(km2 > 0 and min_m2 < km2 * M2_PER_KM2 for km2 in largest)):
        raise InputError(
            zh="max_km2 应大于 0，min_m2 和 min_width_m 不小于 0，且 min_m2 小于 max_km2；"
            f"给出的是 {max_km2}、{min_m2}、{min_width_m}。",
            en="max_km2 must be above 0, min_m2 and min_width_m not below 0, min_m2 less than max_km2; "
            f"given are {max_km2}, {min_m2}, {min_width_m}.",
        )
    crs_.require_metric(streets, "streets", like=districts.crs)
    layers = [streets.geometry.to_numpy()]
    if waters is not None:
        crs_.require_metric(waters, "waters", like=districts.crs)
        layers.append(waters.geometry.to_numpy())
    lines = as_lines(np.concatenate(layers))
    tree = shapely.STRtree(lines)
    rows: list[int] = []
    polygons: list[shapely.Polygon] = []
    for row, district in enumerate(districts.geometry):
        for part in polygon_parts(district):
            near = lines[np.sort(tree.query(part, predicate="intersects"))]
            merged = _street_faces(part, near, max_m2=largest[row] * M2_PER_KM2, min_m2=min_m2, min_width_m=min_width_m)
            rows += [row] * len(merged)
            polygons += list(merged)
    blocks = _table(districts, rows, polygons)
    blocks = blocks.iloc[_from_north_west(blocks)].reset_index(drop=True)
    digits = max(4, len(str(len(blocks))))
    blocks.insert(0, "block_id", pd.Series([f"B{number:0{digits}d}" for number in range(1, len(blocks) + 1)]))
    return blocks


def _street_faces(part: shapely.Polygon, lines: Faces, *, max_m2: float, min_m2: float, min_width_m: float) -> Faces:
    """Faces without slivers; what is too large is cut, and all noded again so that neighbours keep their vertices."""
    while True:
        faces = faces_in(part, lines)
        sliver = ~(at_least(shapely.area(faces), min_m2) & at_least(width_m(faces), min_width_m))
        label = merge_slivers(faces, sliver, min_m2=min_m2, max_m2=max_m2)
        _, merged = dissolve(faces, label)
        large = merged[~at_most(shapely.area(merged), max_m2)]
        if not len(large):
            return merged
        cuts = [cut for face in large for cut in _cuts(face, math.ceil(shapely.area(face) / (max_m2 * (1 + RELATIVE))))]
        lines = np.concatenate([lines, np.array(cuts, dtype=object)])


def _cuts(face: shapely.Polygon, pieces: int) -> list[shapely.LineString]:
    """Straight cuts across the long axis of a face that part it into pieces of one area."""
    corners = shapely.get_coordinates(shapely.minimum_rotated_rectangle(face))[:4]
    one, two = corners[1] - corners[0], corners[2] - corners[1]
    long, short = (one, two) if np.hypot(*one) >= np.hypot(*two) else (two, one)
    origin, across = corners[0] - 0.1 * short, 1.2 * short
    cuts: list[shapely.LineString] = []
    for piece in range(1, pieces):
        at = _sweep(face, origin, long, across, piece / pieces)
        line = shapely.LineString([origin + long * at, origin + long * at + across])
        for run in shapely.get_parts(shapely.intersection(line, face)):
            if shapely.length(run) > 0:
                start, end = shapely.get_coordinates(run)[[0, -1]]
                ahead = (end - start) / np.hypot(*(end - start)) * _OVERSHOOT_M
                cuts.append(shapely.LineString([start - ahead, end + ahead]))
    return cuts


def _sweep(
    face: shapely.Polygon,
    origin: NDArray[np.float64],
    long: NDArray[np.float64],
    across: NDArray[np.float64],
    share: float,
) -> float:
    """How far along the long axis a share of the area lies behind the cut, by bisection."""
    behind = origin - long * 0.1
    low, high = 0.0, 1.0
    total = shapely.area(face)
    for _ in range(40):
        at = (low + high) / 2
        ahead = origin + long * at
        swept = shapely.Polygon([behind, behind + across, ahead + across, ahead])
        if shapely.area(shapely.intersection(face, swept)) < share * total:
            low = at
        else:
            high = at
    return (low + high) / 2


def own_blocks(blocks: gpd.GeoDataFrame, districts: gpd.GeoDataFrame, *, tolerance_m: float = 1.0) -> gpd.GeoDataFrame:
    """Take the user's own layer (communities, management grids) as blocks, if it tiles the districts.

    Parameters
    ----------
    blocks
        Polygons, with ``block_id`` or without, in a projected CRS in metres; other columns are carried along.
    districts
        Polygons with ``name`` in the same CRS.
    tolerance_m
        Gaps, overlaps and edges across a border up to this width are drawing noise and are snapped; what is wider is
        an error.

    Returns
    -------
    GeoDataFrame
        The blocks on their index with ``block_id`` (text; ``B0001`` … in the order of the rows where there was none)
        and ``district``. Every square metre of a district is in exactly one block.

    Raises
    ------
    InputError
        One message that lists every overlap, gap, block across a border and block outside the districts.
    CrsError
        If a CRS is not metric, or they differ.

    Examples
    --------
    >>> import shapely
    >>> district = gpd.GeoDataFrame({"name": ["老城"]}, geometry=[shapely.box(0, 0, 1000, 1000)], crs=4549)
    >>> halves = [shapely.box(0, 0, 500, 1000), shapely.box(500.4, 0, 1000, 1000)]
    >>> blocks = gpd.GeoDataFrame({"block_id": ["甲", "乙"]}, geometry=halves, crs=4549)
    >>> own_blocks(blocks, district)[["block_id", "district"]].values.tolist()
    [['甲', '老城'], ['乙', '老城']]
    >>> own_blocks(blocks, district, tolerance_m=0.1)
    Traceback (most recent call last):
    jxgis.errors.InputError: ...
    """
    check_districts(districts)
    crs_.require_metric(blocks, "blocks", like=districts.crs)
    ids = (
        blocks["block_id"].astype("str").where(blocks["block_id"].notna())
        if "block_id" in blocks.columns
        else pd.Series([f"B{row:04d}" for row in range(1, len(blocks) + 1)], index=blocks.index)
    )
    named = blocks.assign(block_id=ids)
    collect(check_polygons(named, "blocks", "block_id"))
    shapes, ground = named.geometry.to_numpy(), districts.geometry.to_numpy()
    home = holds_most(shapes, ground)[0]
    names = districts["name"].to_numpy()
    alone = ids[home < 0]
    if len(alone):
        raise InputError(
            zh=f"地块不在任何片区内：{few(alone).zh}；请去掉它们，或补上所在片区。",
            en=f"Blocks in no district: {few(alone).en}; remove them, or add the district they are in.",
        )
    tiling = tile(shapes, home, ground, tolerance_m=tolerance_m)
    wide = [misfit for misfit in tiling.misfits if not misfit.snapped]
    if wide:
        raise _misfit_error(wide, ids.to_numpy(), names, tolerance_m)
    return named.assign(district=names[home]).set_geometry(gpd.GeoSeries(tiling.shapes, blocks.index, blocks.crs))


_KINDS = {
    "gap": ("空隙", "gap"),
    "overlap": ("重叠", "overlap"),
    "across_border": ("跨片区边界", "across a district border"),
    "outside": ("超出片区", "outside the districts"),
}


def _misfit_error(
    misfits: list[Misfit], ids: NDArray[np.object_], names: NDArray[np.object_], tolerance_m: float
) -> InputError:
    said: tuple[list[str], list[str]] = ([], [])
    for misfit in misfits:
        x, y = shapely.get_coordinates(shapely.point_on_surface(misfit.shape))[0]
        where = f"{'–'.join(str(ids[row]) for row in misfit.rows[:3])} ({x:.0f}, {y:.0f})"
        where += f" {shapely.area(misfit.shape):,.0f} m²"
        for words, kind in zip(said, _KINDS[misfit.kind], strict=True):
            words.append(f"{kind} {names[misfit.district] if misfit.district >= 0 else ''} {where}")
    return InputError(
        zh=f"blocks 没有正好铺满片区，共 {len(misfits)} 处：{few(said[0], ' 处').zh}；请修正图层，使每块地正好属于一个地块；"
        f"只是边线没有对齐时，可调大容差（现为 {tolerance_m:g} m，项目中为 [units] snap_m）。",
        en=f"blocks do not tile the districts, in {counted(len(misfits), 'place', 'places')}: {few(said[1]).en}; "
        "correct the layer so that all ground is in exactly one block; where edges were merely drawn loosely, raise the "
        f"tolerance (now {tolerance_m:g} m; [units] snap_m of a project).",
    )
