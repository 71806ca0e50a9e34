"""What a planner asks of units beside their bounds: some fixed, places apart, sub-districts in few units."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from jxgis.crs import require_metric
from jxgis.errors import InputError
from jxgis.i18n import few
from jxgis.schema.layers import nearest
from jxgis.space.overlay import holds_most
from jxgis.space.points import locate
from jxgis.space.polygons import as_one, polygon_parts
from jxgis.space.shape import width_m
from jxgis.space.tiling import tile
from jxgis.units._graph import Adjacency, Floats, Ints
from jxgis.units._pieces import DistrictPart, Limits

if TYPE_CHECKING:
    import geopandas as gpd

__all__ = [
    "Rule",
    "kept_apart_columns",
    "names_of_rows",
    "parted_by",
    "rules_by_part",
    "rules_of",
    "rules_table",
    "zones_of",
]

# A block is part of a fixed unit if more than this share of it lies in, and none of it if less than the rest does.
_IN_SHARE = 0.95
# What is left of a cut, narrower than this, is rounding.
_HAIR_M = 0.01


@dataclass(frozen=True)
class Rule:
    """One thing asked.

    Attributes
    ----------
    kind
        ``fixed_unit``: these blocks are a unit; ``seed``: no earlier seed lies in the unit of this block; ``apart``: these two
        blocks lie in two units; ``subdistrict``: these blocks are parted among at most ``most`` units.
    name
        What the planner calls it.
    nodes
        Rows of the blocks.
    most
        Of a sub-district.
    reason
        Code of why it cannot hold whatever the units are; None where it may.
    """

    kind: Literal["fixed_unit", "seed", "apart", "subdistrict"]
    name: str
    nodes: Ints
    most: int = 1
    reason: str | None = None

    def holds(self, unit: Ints, earlier: Ints) -> bool:
        """Whether it does in a plan, by the unit of every block and those of earlier seeds."""
        own = np.unique(unit[self.nodes])
        if self.kind == "seed":
            return own[0] not in unit[earlier]
        if self.kind == "apart":
            return len(own) == 2
        if self.kind == "fixed_unit":
            return len(own) == 1 and int((unit == own[0]).sum()) == len(self.nodes)
        return len(own) <= self.most


def rules_of(
    table: gpd.GeoDataFrame,
    graph: Adjacency,
    limits: Limits,
    *,
    fixed_units: gpd.GeoDataFrame | None,
    unit_seeds: gpd.GeoDataFrame | None,
    places: gpd.GeoDataFrame | None,
    apart: Sequence[tuple[str, str]],
    subdistricts: gpd.GeoDataFrame | None,
    most: int | None,
) -> tuple[list[Rule], Ints]:
    """All that is asked of units of these blocks, and the number of the fixed unit that each block is part of, else −1.

    Raises
    ------
    InputError
        If a name in ``apart`` is neither a place nor a block, or is that of places in several blocks, or sub-districts are bounded and not given.
    """
    fixed = np.full(len(table), -1, dtype=np.int64)
    rules = [] if fixed_units is None else _fixed(table, graph, fixed_units, fixed)
    rules += [] if unit_seeds is None else _seeds(table, unit_seeds, fixed)
    rules += [_pair(table, places, pair, fixed) for pair in apart]
    if most is not None:
        if subdistricts is None:
            raise InputError(
                zh="subdistrict_max_units 限定了一个街道最多分属几个单元，但没有街道边界（subdistricts）图层。",
                en="subdistrict_max_units bounds the units of a sub-district, but no layer subdistricts is given.",
            )
        rules += _subdistricts(table, graph, limits, subdistricts, most)
    return rules, fixed


def _fixed(table: gpd.GeoDataFrame, graph: Adjacency, units: gpd.GeoDataFrame, fixed: Ints) -> list[Rule]:
    """Those of fixed units, whose numbers are written to their blocks."""
    require_metric(units, "fixed_units", table.crs)
    geometry = np.asarray(table.geometry.array)
    rules: list[Rule] = []
    for name, polygon in zip(names_of_rows(units, "unit_id"), np.asarray(units.geometry.array), strict=True):
        share = shapely.area(shapely.intersection(geometry, polygon)) / graph.area_m2
        nodes = np.flatnonzero(share > _IN_SHARE)
        reason = None
        if (fixed[nodes] >= 0).any():
            reason = "overlaps_fixed"
        elif ((share >= 1 - _IN_SHARE) & (share <= _IN_SHARE)).any():
            reason = "cuts_blocks"
        elif not len(nodes) or graph.area_m2[nodes].sum() < _IN_SHARE * shapely.area(polygon):
            reason = "outside_districts"
        elif len(np.unique(graph.district[nodes])) > 1:
            reason = "several_districts"
        else:
            fixed[nodes] = len(rules)
        rules.append(Rule("fixed_unit", name, nodes, reason=reason))
    return rules


def _seeds(table: gpd.GeoDataFrame, seeds: gpd.GeoDataFrame, fixed: Ints) -> list[Rule]:
    at = locate(seeds, table)
    rules: list[Rule] = []
    for name, node in zip(names_of_rows(seeds, "name"), at, strict=True):
        met = [rule for rule in rules if rule.reason is None]
        reason = None if node >= 0 else "outside_districts"
        for other in met if node >= 0 else []:
            reason = reason or _same(int(node), int(other.nodes[0]), fixed)
        rules.append(Rule("seed", name, np.array([node]), reason=reason))
    return rules


def _pair(table: gpd.GeoDataFrame, places: gpd.GeoDataFrame | None, pair: tuple[str, str], fixed: Ints) -> Rule:
    """That of two places or blocks, by their names."""
    a, b = (_named(table, places, name) for name in pair)
    reason = "outside_districts" if a < 0 or b < 0 else _same(a, b, fixed)
    return Rule("apart", " | ".join(pair), np.array([a, b]), reason=reason)


def _named(table: gpd.GeoDataFrame, places: gpd.GeoDataFrame | None, name: str) -> int:
    """The block of a name, else that in which the place of that name lies; −1 where it lies in none."""
    blocks = table["block_id"].astype(str).to_numpy()
    rows = np.flatnonzero(blocks == name)
    if len(rows):
        return int(rows[0])
    known = [] if places is None else places["name"].astype(str).tolist()
    if places is None or name not in known:
        near = nearest(name, [*known, *blocks])
        raise InputError(
            zh=f"apart 中的 {name} 既不是地名（places 图层的 name），也不是地块编号（block_id）{near.zh}",
            en=f"{name} in apart is neither a name in the layer places nor a block_id{near.en}",
        )
    at = locate(places[[entry == name for entry in known]], table)
    inside = np.unique(at[at >= 0])
    if len(inside) > 1:
        shown = few(blocks[inside])
        raise InputError(
            zh=f"apart 中的 {name} 在 places 图层中有 {len(at)} 处，在不同的地块里（{shown.zh}）；请改写成其中一处的地块编号，或在图层中给各处"
            "不同的名称。",
            en=f"{name} in apart is the name of {len(at)} places in the layer places, in different blocks ({shown.en}); give the block_id of "
            "the one that is meant instead, or names that differ.",
        )
    return int(inside[0]) if len(inside) else -1


def _same(a: int, b: int, fixed: Ints) -> str | None:
    """Why two blocks are in one unit whatever the units are."""
    if a == b:
        return "same_block"
    return "same_fixed_unit" if fixed[a] >= 0 and fixed[a] == fixed[b] else None


def _subdistricts(
    table: gpd.GeoDataFrame, graph: Adjacency, limits: Limits, subdistricts: gpd.GeoDataFrame, most: int
) -> list[Rule]:
    """One for the blocks of each sub-district in each district: a border of districts parts it whatever the units are."""
    require_metric(subdistricts, "subdistricts", table.crs)
    home = holds_most(np.asarray(table.geometry.array), np.asarray(subdistricts.geometry.array))[0]
    names = names_of_rows(subdistricts, "name")
    rules = []
    for zone, district in np.unique(np.column_stack([home, graph.district])[home >= 0], axis=0):
        nodes = np.flatnonzero((home == zone) & (graph.district == district))
        needed = np.ceil(graph.area_m2[nodes].sum() / limits.most[0])
        name = (
            names[zone] if (home == zone).sum() == len(nodes) else f"{names[zone]} | {graph.district_names[district]}"
        )
        reason = "subdistrict_too_large" if needed > most else None
        rules.append(Rule("subdistrict", name, nodes, most, reason))
    return rules


def names_of_rows(table: gpd.GeoSeries | gpd.GeoDataFrame, column: str) -> list[str]:
    """What the rows of a layer are called, by their number where they say nothing."""
    said = isinstance(table, pd.DataFrame) and column in table
    given = table[column] if said else pd.Series(None, index=table.index, dtype=object)
    return [str(row) if pd.isna(name) else str(name) for row, name in enumerate(given, start=1)]


def rules_by_part(rules: list[Rule], parts: list[DistrictPart], load: Floats) -> list[list[Rule]]:
    """Of each part the rules that may hold and that its units could break, each cut to the blocks there.

    A sub-district in several parts of a district has one unit in each at least; what is left is given out one by one, to
    the part that has the most of its ground for each unit.
    """
    home = np.full(len(load), -1, dtype=np.int64)
    for at, part in enumerate(parts):
        home[part.nodes] = at
    found: list[list[Rule]] = [[] for _ in parts]
    for rule in rules:
        if rule.reason is not None or rule.kind == "fixed_unit":
            continue
        area = np.bincount(home[rule.nodes], weights=load[rule.nodes, 0], minlength=len(parts))
        given: Ints = np.where(area > 0, 1, 0)
        open_ = np.array([part.reason is None for part in parts]) & (area > 0)
        for _ in range(rule.most - int(given.sum()) if open_.any() else 0):
            given[int(np.argmax(np.where(open_, area / np.maximum(given, 1), -1.0)))] += 1
        for row in np.flatnonzero(open_):
            here = replace(rule, nodes=rule.nodes[home[rule.nodes] == row], most=int(given[row]))
            if len(here.nodes) > here.most or rule.kind == "seed":
                found[row].append(here)
    # A seed alone in its part meets no other.
    return [
        [rule for rule in own if rule.kind != "seed" or sum(other.kind == "seed" for other in own) > 1] for own in found
    ]


def kept_apart_columns(rules: Iterable[Rule], n: int) -> Floats:
    """Blocks that must not meet, as loads of which a unit holds 1 at most: the seeds, and each pair."""
    pairs = [rule.nodes for rule in rules if rule.kind == "apart"]
    seeds = [rule.nodes for rule in rules if rule.kind == "seed"]
    columns = ([np.concatenate(seeds)] if seeds else []) + pairs
    marks = np.zeros((n, len(columns)))
    for column, nodes in enumerate(columns):
        marks[nodes, column] = 1.0
    return marks


def zones_of(rules: Iterable[Rule], n: int) -> tuple[npt.NDArray[np.bool_], Ints]:
    """Which blocks lie in each sub-district, bool (n, z), and among how many units it may be parted, int (z,)."""
    own = [rule for rule in rules if rule.kind == "subdistrict"]
    zones = np.zeros((n, len(own)), dtype=np.bool_)
    for column, rule in enumerate(own):
        zones[rule.nodes, column] = True
    return zones, np.array([rule.most for rule in own], dtype=np.int64)


def rules_table(rules: list[Rule], unit: Ints) -> pd.DataFrame:
    """One row a rule: ``rule``, ``name``, ``held``, and ``reason`` where it does not hold."""
    rows = []
    earlier: list[int] = []
    for rule in rules:
        held = rule.reason is None and rule.holds(unit, np.array(earlier, dtype=np.int64))
        rows.append((rule.kind, rule.name, held, None if held else rule.reason or "no_plan_with_it"))
        if rule.kind == "seed" and rule.reason is None:
            earlier.append(int(rule.nodes[0]))
    return pd.DataFrame(rows, columns=["rule", "name", "held", "reason"])


def parted_by(
    fixed_units: gpd.GeoDataFrame, districts: gpd.GeoDataFrame, *, tolerance_m: float
) -> tuple[gpd.GeoDataFrame, dict[str, str]]:
    """Districts cut along fixed units, for blocks to be made in each piece; and the district of each piece by its name.

    What a fixed unit misses of another, or of the district's border, by at most ``tolerance_m`` is its own; on ground that
    two claim the first has it.
    """
    import geopandas as gpd

    require_metric(fixed_units, "fixed_units", districts.crs)
    ground = np.asarray(districts.geometry.array)
    shapes = np.asarray(fixed_units.geometry.array)
    home = holds_most(shapes, ground)[0]
    shapes, home = shapes[home >= 0], home[home >= 0]
    whole = np.array([not shapely.intersects(shapes, district).any() for district in ground], dtype=np.bool_)
    # What is left of each district, without its strips beside fixed units: those are misfits then, and snapped.
    rest = shapely.difference(ground, shapely.union_all(shapes))
    rest[whole] = shapely.Polygon()
    wide = shapely.buffer(rest, -tolerance_m / 2, join_style="mitre")
    wide = shapely.intersection(rest, shapely.buffer(wide, tolerance_m / 2, join_style="mitre"))
    cores = [polygon_parts(core) for core in wide]
    beside = np.repeat(np.arange(len(ground)), [len(core) for core in cores])
    laid = tile(np.concatenate([shapes, *cores]), np.append(home, beside), ground, tolerance_m=tolerance_m)
    clear = np.ones(len(shapes), dtype=np.bool_)
    for misfit in laid.misfits:
        if misfit.kind != "gap" and not misfit.snapped:
            clear[[row for row in misfit.rows if row < len(shapes)]] = False
    shapes, cores_laid = laid.shapes[: len(shapes)], laid.shapes[len(shapes) :]
    pieces: list[shapely.Geometry] = []
    names: dict[str, str] = {}
    for row, name in enumerate(districts["name"]):
        own = [*shapes[clear & (home == row)]]
        # Where two claim ground, or one lies in two districts, it is cut.
        for shape in shapes[~clear & shapely.intersects(shapes, ground[row])]:
            cut = polygon_parts(shapely.difference(shapely.intersection(ground[row], shape), shapely.union_all(own)))
            own.append(as_one(cut[width_m(cut) > _HAIR_M]))
        left = ground[row] if whole[row] else shapely.union_all(cores_laid[beside == row])
        there = [piece for piece in (left, *own) if not shapely.is_empty(piece)]
        names |= {f"{name} {number}": name for number in range(len(there))}
        pieces += there
    return gpd.GeoDataFrame({"name": [*names]}, geometry=pieces, crs=districts.crs), names
