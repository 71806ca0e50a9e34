"""What planners fix beforehand: areas that stay whole, lines not to be crossed, exclaves that join."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely

from jxgis.bounds import at_least
from jxgis.crs import require_metric
from jxgis.space.districts import SCRAP_M2
from jxgis.space.parts import connected
from jxgis.units._graph import Adjacency, Floats, Ints, share_along
from jxgis.units._pieces import Limits
from jxgis.units._rules import names_of_rows

if TYPE_CHECKING:
    import geopandas as gpd

__all__ = ["attach_parts", "crossed_lines", "group_together", "kept_apart"]

# A block belongs to an area kept whole if more than this share of it lies in.
_INSIDE_SHARE = 0.5
# A border is kept apart if more than this share of it runs along the line.
_APART_SHARE = 0.5
# How near to a line a border runs along it.
_APART_M = 10.0
# Less of a line within a unit is an end that runs on.
_END_M = 50.0


def kept_apart(table: gpd.GeoDataFrame, graph: Adjacency, lines: gpd.GeoSeries | gpd.GeoDataFrame | None) -> Ints:
    """Rows of the borders that run along the lines given, int (a,)."""
    if lines is None or not len(lines):
        return np.empty(0, dtype=np.int64)
    require_metric(lines, "keep_apart", table.crs)
    geometry = np.asarray(table.geometry.array)
    borders = shapely.intersection(geometry[graph.u], geometry[graph.v])
    share = share_along(borders, np.asarray(lines.geometry.array), _APART_M)
    return np.flatnonzero(share > _APART_SHARE)


def crossed_lines(lines: gpd.GeoSeries | gpd.GeoDataFrame | None, units: gpd.GeoDataFrame) -> pd.DataFrame:
    """Lines to be kept apart that run inside units all the same, as where no border of blocks follows them: ``name`` and ``m``."""
    if lines is None or not len(lines):
        return pd.DataFrame({"name": np.empty(0, dtype=object), "m": np.empty(0)})
    drawn = np.asarray(lines.geometry.array)
    inner = shapely.buffer(np.asarray(units.geometry.array), -_APART_M)
    line, unit = shapely.STRtree(inner).query(drawn, predicate="intersects")
    m = np.bincount(line, weights=shapely.length(shapely.intersection(drawn[line], inner[unit])), minlength=len(drawn))
    found = pd.DataFrame({"name": names_of_rows(lines, "name"), "m": m})
    return found[found["m"] >= _END_M].reset_index(drop=True)


def group_together(
    table: gpd.GeoDataFrame,
    graph: Adjacency,
    areas: gpd.GeoDataFrame | None,
    load: Floats,
    limits: Limits,
    base: Ints,
    fixed: Ints,
) -> tuple[Ints, pd.DataFrame, list[Ints]]:
    """One number for the blocks of each area that can stay whole; the others keep theirs.

    Parameters
    ----------
    table, graph
        The blocks.
    areas
        Polygons, ``name`` optional.
    load, limits
        What each block holds of what is bounded, float (n, b), and the bounds.
    base
        Number of each block before, int (n,); blocks that share one are never separated.
    fixed
        As for `attach_parts`.

    Returns
    -------
    group
        int (n,).
    together
        ``name``, ``blocks``, ``kept``, ``reason`` (null where kept): ``no_blocks``, ``several_districts``,
        ``not_connected``, ``above_max``, ``holds_apart`` (places that are to lie in two units), ``partly_fixed``.
    members
        Rows of the blocks of each area, int.
    """
    group = base.copy()
    members: list[Ints] = []
    rows: list[dict[str, object]] = []
    if areas is not None and len(areas):
        require_metric(areas, "keep_together", table.crs)
        geometry = np.asarray(table.geometry.array)
        polygons = np.asarray(areas.geometry.array)
        for name, polygon in zip(names_of_rows(areas, "name"), polygons, strict=True):
            inside = shapely.area(shapely.intersection(geometry, polygon)) > _INSIDE_SHARE * graph.area_m2
            nodes = np.flatnonzero(inside)
            # Two areas that share a block become one.
            nodes = np.flatnonzero(np.isin(group, group[nodes]))
            reason = _why_not(graph, nodes, load, limits, group, fixed)
            if reason is None:
                group[nodes] = group[nodes].min()
            members.append(nodes)
            rows.append({"name": name, "blocks": len(nodes), "kept": reason is None, "reason": reason})
    group = np.unique(group, return_inverse=True)[1].astype(np.int64)
    return group, pd.DataFrame(rows, columns=["name", "blocks", "kept", "reason"]), members


def attach_parts(
    table: gpd.GeoDataFrame, graph: Adjacency, load: Floats, limits: Limits, fixed: Ints, *, exclaves: bool
) -> tuple[Ints, pd.DataFrame]:
    """Join scraps, or every connected part below the minimum, to the nearest block of their district that can take it.

    Parameters
    ----------
    table, graph
        The blocks.
    load, limits
        What each block holds of what is bounded, float (n, b), and the bounds.
    fixed
        Number of the fixed unit that each block is part of, int (n,), −1 where of none: none joins, and none is joined while
        there is another block. What joins one all the same is given its number.
    exclaves
        Whether all parts below the minimum join, or those below :data:`~jxgis.space.districts.SCRAP_M2` only.

    Returns
    -------
    group
        A number for each block, int (n,), those of an attached part sharing that of the block they join. A part stays
        alone where its district has no other part, or the nearest blocks would rise above the maximum.
    scraps
        Of each district that has any, ``district``, ``scraps`` (how many joined) and ``m2``.
    """
    group = np.arange(len(table), dtype=np.int64)
    same = (fixed[graph.u] >= 0) == (fixed[graph.v] >= 0)
    part = connected(len(table), graph.u[same], graph.v[same])
    area: Floats = np.bincount(part, weights=graph.area_m2).astype(np.float64)
    geometry = np.asarray(table.geometry.array)
    scrap = ~at_least(area, min(SCRAP_M2, limits.low))
    least = limits.low if exclaves else min(SCRAP_M2, limits.low)
    rows: list[dict[str, object]] = []
    for small in np.flatnonzero(~at_least(area, least)):
        mine = np.flatnonzero(part == small)
        others = np.flatnonzero((graph.district == graph.district[mine[0]]) & at_least(area[part], least))
        free = others[fixed[others] < 0]
        others = free if len(free) else others
        if fixed[mine[0]] >= 0 or not len(others):
            continue
        held = np.zeros((len(table), load.shape[1]))
        np.add.at(held, group, load)
        fits = others[~limits.exceeded(held[group[others]] + load[mine].sum(axis=0))]
        if not len(fits):
            continue
        gap = shapely.distance(geometry[fits], shapely.union_all(geometry[mine]))
        joined = fits[int(gap.argmin())]
        group[mine], fixed[mine] = group[joined], fixed[joined]
        if scrap[small]:
            rows.append({"district": graph.district_names[graph.district[mine[0]]], "m2": float(area[small])})
    found = pd.DataFrame(rows, columns=["district", "m2"]).groupby("district", sort=False)["m2"].agg(["size", "sum"])
    scraps = found.reset_index().set_axis(["district", "scraps", "m2"], axis=1)
    return np.unique(group, return_inverse=True)[1].astype(np.int64), scraps


def _why_not(graph: Adjacency, nodes: Ints, load: Floats, limits: Limits, group: Ints, fixed: Ints) -> str | None:
    if not len(nodes):
        return "no_blocks"
    within = np.unique(fixed[nodes])
    if len(within) > 1:
        return "partly_fixed"
    if within[0] >= 0:
        return None
    if len(np.unique(graph.district[nodes])) > 1:
        return "several_districts"
    held = load[nodes].sum(axis=0)
    if limits.exceeded(held):
        bounded = len(held) - limits.marks
        return "above_max" if (held > limits.most)[:bounded].any() else "holds_apart"
    place = np.full(len(graph.area_m2), -1, dtype=np.int64)
    place[nodes] = np.arange(len(nodes))
    inner = (place[graph.u] >= 0) & (place[graph.v] >= 0)
    # An exclave that was attached counts as connected with what it joined.
    first = np.unique(group[nodes], return_index=True, return_inverse=True)
    tied = first[1][first[2]]
    u = np.concatenate([place[graph.u[inner]], np.arange(len(nodes))])
    v = np.concatenate([place[graph.v[inner]], tied])
    parts = connected(len(nodes), u, v)
    return "not_connected" if parts.max() > 0 else None
