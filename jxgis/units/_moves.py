"""What moving a border costs: every move of one block into a unit beside it, and what stands against those that cannot be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import pandas as pd

from jxgis.crs import M2_PER_KM2
from jxgis.space._compiled import compiled
from jxgis.units._graph import Floats, Ints
from jxgis.units._kernels import stays_whole, unit_sums, zones_held
from jxgis.units._objective import Objective, piece_of
from jxgis.units._piece import Piece
from jxgis.units._pieces import Limits
from jxgis.units._rules import Rule, kept_apart_columns, zones_of

if TYPE_CHECKING:
    import geopandas as gpd

__all__ = ["border_moves", "moved_nodes"]

# Costs that differ by less are the same but for rounding: the first block in order is taken.
_DIGITS = 12
# A unit that is closed is no border that moves: it comes after all that other moves break.
_CLOSED = 100


def moved_nodes(group: Ints, alone: Ints, unit: Ints) -> Ints:
    """Which blocks can only move together, int (n,): those kept together, where the plan holds them so.

    Parameters
    ----------
    group, alone
        Numbers of the blocks with, and without, what the planner keeps together.
    unit
        Of each block.
    """
    one_unit = np.zeros(int(group.max()) + 1, dtype=np.int64)
    one_unit[group] = unit
    parted = np.zeros(len(one_unit), dtype=np.bool_)
    parted[group[one_unit[group] != unit]] = True
    nodes: Ints = np.unique(np.where(parted[group], alone, group + len(group)), return_inverse=True)[1].astype(np.int64)
    return nodes


def border_moves(
    table: gpd.GeoDataFrame,
    objective: Objective,
    nodes: Ints,
    load: Floats,
    limits: Limits,
    rules: Sequence[Rule],
    unit: Ints,
    rounder: Floats,
    names: npt.NDArray[np.object_],
) -> pd.DataFrame:
    """The cheapest move of one block across each border between two units, or what stands against the nearest to one.

    Parameters
    ----------
    table, objective, nodes, load, limits
        The blocks, what they cost, those that move together only, and what is bounded.
    rules
        What the planner asked and the plan holds.
    unit
        Of each block, by the rows of ``names``.
    rounder
        How many times compactness counted in each unit, float (k,).
    names
        Ids of the units.

    Returns
    -------
    DataFrame
        ``unit_a``, ``unit_b``; ``move_block``, ``move_blocks``, ``move_km2``, ``move_to``; ``move_cost`` and its terms
        ``move_similarity``, ``move_shape``, ``move_border``; or, where none can move, ``reason``, ``stopped_unit`` and
        ``stopped_by`` (the bound).
    """
    marks = kept_apart_columns(rules, len(table))
    strict = replace(limits, marks=marks.shape[1])
    piece = piece_of(objective, np.arange(len(table)), nodes, strict.least, strict.most, np.column_stack([load, marks]))
    zones, most = zones_of(rules, len(table))
    inside = np.zeros((len(piece.area), len(most)), dtype=np.bool_)
    np.logical_or.at(inside, nodes, zones)
    piece = piece._replace(zones=inside, zone_most=most)
    label = np.empty(len(piece.area), dtype=np.int64)
    label[nodes] = unit
    fixed = np.zeros(len(names), dtype=np.bool_)
    fixed[[unit[rule.nodes[0]] for rule in rules if rule.kind == "fixed_unit"]] = True
    moves, touching = _judged(piece, label, rounder, fixed, ["area_km2", *limits.further])
    moves["tried"] = moves["cost"].where(moves["reason"].isna()).round(_DIGITS)
    by = ["low", "high", "faults", "miss", "tried", "node", "to"]
    best = moves.sort_values(by, kind="stable").drop_duplicates(["low", "high"])
    best = touching.merge(best, on=["low", "high"], how="left")
    known = best["node"].notna()
    able = (best["reason"].isna() & known).to_numpy(dtype=np.bool_)
    node, to = (best[name].fillna(0).to_numpy(dtype=np.int64) for name in ("node", "to"))
    first = np.unique(nodes, return_index=True)[1]
    stopped = np.array([*names, None], dtype=object)[best["stopped"].fillna(-1).to_numpy(dtype=np.int64)]
    found = pd.DataFrame(
        {
            "unit_a": names[best["low"]],
            "unit_b": names[best["high"]],
            "move_block": np.where(able, table["block_id"].astype(str).to_numpy(dtype=object)[first[node]], None),
            "move_blocks": pd.Series(np.bincount(nodes)[node], dtype="Int64").where(able),
            "move_km2": np.where(able, piece.area[node] / M2_PER_KM2, np.nan),
            "move_to": np.where(able, names[to], None),
            **{f"move_{name}": best[name].where(able) for name in ("cost", "similarity", "shape", "border")},
            "reason": best["reason"].where(known, "border_kept_apart"),
            "stopped_unit": stopped,
            "stopped_by": best["bound"],
        }
    )
    texts = ["unit_a", "unit_b", "move_block", "move_to", "reason", "stopped_unit", "stopped_by"]
    return found.astype(dict.fromkeys(texts, "str"))


def _judged(
    piece: Piece, label: Ints, rounder: Floats, fixed: npt.NDArray[np.bool_], names: Sequence[str]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Every move of a node into a unit that it touches, judged; and the pairs of units that touch."""
    k = len(rounder)
    held, perimeter, _, square, mass, size = unit_sums(piece, label, k)
    at = np.repeat(np.arange(len(label)), np.diff(piece.start))
    # What each node shares with each unit that it touches, its own among them.
    keys, row = np.unique(at * k + label[piece.other], return_inverse=True)
    shared, cut, linked = (
        np.bincount(row, weights=values, minlength=len(keys)) for values in (piece.shared, piece.cut, piece.link)
    )
    node, to = keys // k, keys % k
    own = label[node]
    inner_shared, inner_cut = np.zeros(len(label)), np.zeros(len(label))
    within = own == to
    inner_shared[node[within]], inner_cut[node[within]] = shared[within], cut[within]
    pairs = pd.DataFrame({"low": np.minimum(own, to), "high": np.maximum(own, to)})
    touching = pairs[~within].drop_duplicates().sort_values(["low", "high"]).reset_index(drop=True)
    free = np.flatnonzero(~within & (linked > 0))
    node, to, own = node[free], to[free], own[free]
    left, grown = held[own] - piece.load[node], held[to] + piece.load[node]

    def squares(area: Floats, square: Floats, mass: Floats) -> Floats:
        norm = np.divide((mass**2).sum(axis=1), area, out=np.zeros(len(area)), where=area > 0)
        cost: Floats = piece.spread_weight * np.maximum(square - norm, 0.0)
        return cost

    before = squares(held[:, 0], square, mass)
    similarity = squares(left[:, 0], square[own] - piece.square[node], mass[own] - piece.mass[node]) - before[own]
    similarity += squares(grown[:, 0], square[to] + piece.square[node], mass[to] + piece.mass[node]) - before[to]
    outline = piece.perimeter[node]
    shape = rounder[own] * ((perimeter[own] - outline + 2 * inner_shared[node]) ** 2 - perimeter[own] ** 2)
    shape += rounder[to] * ((perimeter[to] + outline - 2 * shared[free]) ** 2 - perimeter[to] ** 2)
    shape *= piece.shape_weight
    border = 2 * (inner_cut[node] - cut[free])
    moves = pairs.iloc[free].assign(
        node=node, to=to, similarity=similarity, shape=shape, border=border, cost=similarity + shape + border
    )
    last = size[own] == 1
    whole = _without(piece, label, np.unique(node))[node]
    short, over = left < piece.low, grown > piece.high
    bounded = len(names)
    splits = zones_held(piece, label, k)
    gone, come = piece.zones[node] & (splits[own] == 1), piece.zones[node] & (splits[to] == 0)
    parted = ((splits > 0).sum(axis=0) - gone + come > piece.zone_most) & piece.zones[node]
    # Each fault: where, why, in which unit, by which bound, and by how much.
    none = np.zeros(len(node))
    faults: list[tuple[npt.NDArray[np.bool_], str, Ints, str | None, Floats]] = [
        (fixed[own] | fixed[to], "unit_is_fixed", np.where(fixed[own], own, to), None, none),
        (last, "unit_is_one_block", own, None, none),
        (~whole & ~last, "unit_would_part", own, None, none),
    ]
    for bound, name in enumerate(names):
        few, many = short[:, bound] & ~last, over[:, bound]
        lacking = (piece.low[bound] - left[:, bound]) / max(piece.low[bound], 1e-300)
        faults.append((few, "unit_would_hold_too_little", own, name, np.where(few, lacking, 0.0)))
        excess = np.where(many, grown[:, bound] / piece.high[bound] - 1, 0.0)
        faults.append((many, "unit_would_hold_too_much", to, name, excess))
    faults.append((over[:, bounded:].any(axis=1) | parted.any(axis=1), "asked_otherwise", to, None, none))
    wrong = np.column_stack([fault[0] for fault in faults])
    # The last of all stands for none.
    first = np.where(wrong.any(axis=1), wrong.argmax(axis=1), len(faults))
    units = np.column_stack([*(fault[2] for fault in faults), np.full(len(node), -1)])
    judged = moves.assign(
        faults=wrong.sum(axis=1) + _CLOSED * last,
        miss=np.column_stack([fault[4] for fault in faults]).sum(axis=1),
        reason=np.array([*(fault[1] for fault in faults), None], dtype=object)[first],
        bound=np.array([*(fault[3] for fault in faults), None], dtype=object)[first],
        stopped=units[np.arange(len(node)), first],
    )
    return judged, touching


@compiled
def _without(piece: Piece, label: Ints, nodes: Ints) -> npt.NDArray[np.bool_]:
    """Whether the unit of each of these nodes hangs together without it, bool (n,), False of all others."""
    whole = np.zeros(label.shape[0], dtype=np.bool_)
    seen = np.zeros(label.shape[0], dtype=np.int64)
    queue = np.empty(label.shape[0], dtype=np.int64)
    for at in range(nodes.shape[0]):
        whole[nodes[at]] = stays_whole(piece, label, nodes[at], seen, at + 1, queue)
    return whole
