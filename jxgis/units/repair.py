"""Local repair: of the units of today, or of an edited plan, those within the bounds that move the fewest people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from jxgis.bounds import at_least
from jxgis.crs import M2_PER_KM2, require_metric
from jxgis.errors import InputError
from jxgis.i18n import few
from jxgis.space.districts import SCRAP_M2, overlaps
from jxgis.space.overlay import common_area, holds_most
from jxgis.space.parts import connected
from jxgis.units._divide import Division, indivisible
from jxgis.units._graph import Adjacency, Floats, Ints
from jxgis.units._nearest import left_as_it_is, nearest_division
from jxgis.units._piece import Piece
from jxgis.units._pieces import DistrictPart, Limits
from jxgis.units._reach import is_hopeless
from jxgis.units.plan import dissolved
from jxgis.units.search import judge

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["Repair", "Today", "homes_of", "lie_within", "names_of", "repair_of", "repair_part", "today_of"]

# Among plans that move as many people the one that moves the least ground is taken: all the ground of a part weighs as
# much as half a person, so that it never moves a whole one.
_TIE = 0.5
_M2_PER_HA = 1e4
# A unit goes on where the greater part of it lies: one that lies elsewhere by more than this is drawn over the border.
_HERE_SHARE = 0.5


@dataclass(frozen=True)
class Today:
    """The units that there are, as blocks have them.

    Attributes
    ----------
    names
        Their ids.
    unit
        Row of the unit of each block, int (n,), −1 where of none.
    people
        Of each block, float (n,); None where nobody is counted: ground is then what moves.
    area_m2
        Of each block, float (n,).
    claimed
        Ids of those that claim ground that another claims too, beyond what is drawing noise, and how much ground that is in all,
        in m².
    """

    names: tuple[str, ...]
    unit: Ints
    people: Floats | None
    area_m2: Floats
    claimed: tuple[tuple[str, ...], float] = ((), 0.0)

    def weight(self, nodes: Ints) -> Floats:
        """What moving each of these blocks of a part weighs: people, or hectares."""
        area = self.area_m2[nodes]
        return area / _M2_PER_HA if self.people is None else self.people[nodes] + _TIE * area / area.sum()


@dataclass(frozen=True, eq=False)
class Repair:
    """What a repair changes.

    Attributes
    ----------
    units
        One row a unit of today or of the plan: ``unit_id``, ``district``, ``state`` (``same``, ``changed``, ``opened``,
        ``closed``), ``was_in_bounds``, ``in_bounds`` (null where it is not there), ``was_km2``, ``area_km2``, ``blocks_in``,
        ``blocks_out``, ``people_in``, ``people_out`` (where people are known).
    districts
        One row a connected part of a district: ``district``, ``units_before``, ``units``, ``moved_blocks``, ``moved_km2``,
        ``moved_people``, ``moved_share`` (of the people, else of the ground), ``least_people`` (else
        ``least_km2``: what every plan within the bounds moves), ``proven`` (that none moves less; of people, half a
        person less), ``reason`` (null where all units are within
        the bounds).
    moved
        Ground that changes unit: ``from_unit``, ``to_unit``, ``blocks``, ``m2``, ``people``, polygon; the most people first.
    before
        Today's units as the blocks have them: ``unit_id``, ``district``, polygons.
    outside
        Ids of units of today that hold no block, or of which less than half lies in the districts.
    claimed
        Ids of units of today that overlap others, and the ground that more than one of them claims, in m².
    by_people
        Whether people are known; else ground is what moves.
    whole
        All people, else all the ground in km².
    """

    units: pd.DataFrame
    districts: pd.DataFrame
    moved: gpd.GeoDataFrame
    before: gpd.GeoDataFrame
    outside: tuple[str, ...]
    claimed: tuple[tuple[str, ...], float]
    by_people: bool
    whole: float


def lie_within(units: gpd.GeoDataFrame, districts: gpd.GeoDataFrame) -> npt.NDArray[np.bool_]:
    """Which units lie in the districts by half of their ground at least: others are a neighbour's, drawn over the border.

    Examples
    --------
    >>> units = gpd.GeoDataFrame(geometry=[shapely.box(0, 0, 9, 9), shapely.box(8, 0, 20, 9)], crs=4549)
    >>> lie_within(units, gpd.GeoDataFrame(geometry=[shapely.box(0, 0, 9, 9)], crs=4549)).tolist()
    [True, False]
    """
    require_metric(units, "units", districts.crs)
    ground = np.asarray(units.geometry.array)
    here = common_area(np.full(len(ground), districts.union_all()), ground)
    return at_least(here, _HERE_SHARE * shapely.area(ground))


def today_of(
    table: gpd.GeoDataFrame,
    graph: Adjacency,
    today: gpd.GeoDataFrame,
    people: Floats | None,
    districts: gpd.GeoDataFrame,
) -> Today:
    """Each block's unit of today: the one that holds most of it, none where more of it lies in none.

    Units of other districts count for none.

    Raises
    ------
    InputError
        If units have no ids, one comes twice, or none of them lies in the districts.
    CrsError
        If they are not in the CRS of the blocks.
    """
    require_metric(today, "units", table.crs)
    ids = today["unit_id"] if "unit_id" in today else pd.Series(None, index=today.index, dtype=object)
    twice = ids[ids.duplicated() | ids.isna()]
    if len(twice):
        shown = few(twice.astype(str))
        raise InputError(
            zh=f"现有单元（units）需要不空、不重复的编号 unit_id（{shown.zh}）。",
            en=f"The units of today (units) need ids, unit_id, without blanks or repeats ({shown.en}).",
        )
    # The order of the rows must not matter to the result.
    order = np.argsort(ids.astype(str).to_numpy(), kind="stable")
    ids, ground = ids.iloc[order], np.asarray(today.geometry.array)[order]
    own = np.flatnonzero(lie_within(today, districts)[order])
    if not len(own):
        raise InputError(
            zh="现有单元（units）没有一个在所给的片区内（至少一半面积）；请核对是不是这个城市的单元，坐标系（crs）是否写对。",
            en="None of the units of today (units) lies in the districts given by half of its ground at least; check that they are those of "
            "this city, and their crs.",
        )
    shapes = np.asarray(table.geometry.array)
    unit, most = holds_most(shapes, ground[own])
    outside = graph.area_m2 - common_area(np.full(len(shapes), shapely.union_all(ground[own])), shapes)
    # The last stands for none.
    unit = np.append(own, -1)[np.where(most > outside, unit, -1)]
    names = ids.astype(str).to_numpy(dtype=object)
    return Today(tuple(names), unit, people, graph.area_m2, _claimed(names[own], today.iloc[order[own]]))


def _claimed(names: npt.NDArray[np.object_], today: gpd.GeoDataFrame) -> tuple[tuple[str, ...], float]:
    """Units that overlap another by more than a scrap and drawing noise, and how much ground more than one of them claims, in m²."""
    pairs = [(one, other) for one, other, m2 in overlaps(today) if at_least(m2, SCRAP_M2)]
    one, other = np.array(pairs, dtype=np.int64).reshape(-1, 2).T
    ground = today.geometry.to_numpy()
    both = shapely.intersection(ground[one], ground[other])
    return tuple(names[np.unique([one, other])]), float(shapely.area(shapely.union_all(both)))


def homes_of(today: Today, parts: Sequence[DistrictPart], fixed: Mapping[int, str]) -> list[Ints]:
    """The units of today that go on in each part: each in that where it holds the most, one in a part that is one unit.

    ``fixed`` holds the names of fixed units by the part that each is.
    """
    weight = np.zeros((len(today.names), len(parts)))
    for row, part in enumerate(parts):
        mine = part.nodes[today.unit[part.nodes] >= 0]
        np.add.at(weight[:, row], today.unit[mine], today.weight(part.nodes)[today.unit[part.nodes] >= 0])
    for row, part in enumerate(parts):
        if part.reason == "fixed_unit":
            same = np.array([name == fixed[row] for name in today.names], dtype=np.bool_)
            weight[:, row] = 0.0
            weight[same] = 0.0
            weight[same, row] = 1.0
    home = np.where(weight.any(axis=1), weight.argmax(axis=1), -1) if len(parts) else np.empty(0, dtype=np.int64)
    found = [np.flatnonzero(home == row) for row in range(len(parts))]
    for row, part in enumerate(parts):
        if part.stays_one and len(found[row]) > 1:
            found[row] = found[row][[int(weight[found[row], row].argmax())]]
    return found


def repair_part(
    piece: Piece,
    nodes: Ints,
    part: DistrictPart,
    today: Today,
    home: Ints,
    k: int,
    counts: tuple[int, int],
    *,
    seed: tuple[int, ...],
    iterations: int,
) -> Division:
    """The k units of a part that are nearest to today's, or these where none are within the bounds.

    Parameters
    ----------
    piece, nodes
        The part, and the node of each of its blocks.
    part, today, home
        The units that go on in the part, by their rows.
    k, counts
        Number of units, and the fewest and the most that the bounds allow.
    seed, iterations
        As `nearest_division`.

    Returns
    -------
    Division
        ``today`` holds the row of each unit among today's, −1 of one that is opened.
    """
    held = np.zeros((len(piece.area), len(home)))
    place = np.full(len(today.names), -1, dtype=np.int64)
    place[home] = np.arange(len(home))
    column = np.where(today.unit[part.nodes] >= 0, place[today.unit[part.nodes]], -1)
    there = column >= 0
    np.add.at(held, (nodes[there], column[there]), today.weight(part.nodes)[there])
    fewest, most = counts
    reason = part.reason
    if reason is None and fewest > most:
        reason = indivisible(piece)
    elif reason is None:
        reason = "too_few_units" if k < fewest else "too_many_units" if k > most else None
    if reason is None and is_hopeless(piece):
        reason = "no_partition"
    found = None
    if reason is None:
        found, impossible = nearest_division(piece, held, k, seed=seed, iterations=iterations)
        reason = None if found is not None else "count_impossible" if impossible else "not_found"
    label = left_as_it_is(piece, held) if found is None else found.label
    used, label = np.unique(label, return_inverse=True)
    judged = judge(piece, label, len(used))
    bound = float("nan") if found is None else found.bound
    cost = float("nan") if found is None else found.cost
    rows = tuple(int(home[unit]) if unit < len(home) else -1 for unit in used)
    return Division(replace(judged, cost=cost, bound=bound), reason, counts=(k,), today=rows)


def names_of(
    parts: Sequence[DistrictPart], found: Sequence[Division], homes: Sequence[Ints], today: Today
) -> dict[int, str]:
    """The ids that units keep, by their number as `plan.number_units` counts them."""
    names: dict[int, str] = {}
    first = 0
    for part, division, home in zip(parts, found, homes, strict=True):
        rows = division.today or (tuple(home.tolist()) if part.stays_one else ())
        names |= {first + at: today.names[row] for at, row in enumerate(rows) if row >= 0}
        first += division.found.k
    return names


def repair_of(
    table: gpd.GeoDataFrame,
    graph: Adjacency,
    today: Today,
    units: gpd.GeoDataFrame,
    unit: Ints,
    load: Floats,
    limits: Limits,
    parts: Sequence[DistrictPart],
    found: Sequence[Division],
) -> Repair:
    """The tables of what changes from today's units to those of a plan, blocks by rows of ``units``."""
    was = np.array([*today.names, None], dtype=object)[today.unit]
    now = units["unit_id"].to_numpy(dtype=object)[unit]
    moves = np.array([old is not None and old != new for old, new in zip(was, now, strict=True)], dtype=np.bool_)
    people = today.people
    return Repair(
        units=_units(graph, today, units, load, limits, was, now, moves),
        districts=_districts(graph, today, parts, found, moves),
        moved=_moved(table, graph, people, was, now, moves),
        before=_before(table, graph, today),
        outside=tuple(name for row, name in enumerate(today.names) if not (today.unit == row).any()),
        claimed=today.claimed,
        by_people=people is not None,
        whole=float(graph.area_m2.sum() / M2_PER_KM2 if people is None else people.sum()),
    )


def _units(
    graph: Adjacency,
    today: Today,
    units: gpd.GeoDataFrame,
    load: Floats,
    limits: Limits,
    was: npt.NDArray[np.object_],
    now: npt.NDArray[np.object_],
    moves: npt.NDArray[np.bool_],
) -> pd.DataFrame:
    entering = was != now
    rows = []
    after = units.set_index("unit_id")
    lasting = [*after.index, *(name for name in today.names if name not in after.index and (was == name).any())]
    for name in lasting:
        old, new = was == name, now == name
        gone, come = old & moves, new & entering
        state = (
            "opened" if not old.any() else "closed" if not new.any() else "changed" if (gone | come).any() else "same"
        )
        held = load[old].sum(axis=0)
        within = bool((held >= limits.least).all() and (held <= limits.most).all())
        row: dict[str, object] = {
            "unit_id": name,
            "district": graph.district_names[graph.district[np.flatnonzero(old | new)[0]]],
            "state": state,
            "was_in_bounds": within and _in_one_part(graph, np.flatnonzero(old)) if old.any() else None,
            "in_bounds": bool(after.loc[name, "in_bounds"]) if new.any() else None,
            "was_km2": graph.area_m2[old].sum() / M2_PER_KM2 if old.any() else np.nan,
            "area_km2": graph.area_m2[new].sum() / M2_PER_KM2 if new.any() else np.nan,
            "blocks_in": int(come.sum()),
            "blocks_out": int(gone.sum()),
        }
        if today.people is not None:
            row |= {"people_in": today.people[come].sum(), "people_out": today.people[gone].sum()}
        rows.append(row)
    return pd.DataFrame(rows).astype({"was_in_bounds": "boolean", "in_bounds": "boolean"})


def _in_one_part(graph: Adjacency, nodes: Ints) -> bool:
    """Whether blocks hang together."""
    place = np.full(len(graph.area_m2), -1, dtype=np.int64)
    place[nodes] = np.arange(len(nodes))
    u, v = place[graph.u], place[graph.v]
    both = (u >= 0) & (v >= 0)
    return int(connected(len(nodes), u[both], v[both]).max()) == 0


def _districts(
    graph: Adjacency,
    today: Today,
    parts: Sequence[DistrictPart],
    found: Sequence[Division],
    moves: npt.NDArray[np.bool_],
) -> pd.DataFrame:
    rows = []
    for part, division in zip(parts, found, strict=True):
        mine, out = part.nodes, part.nodes[moves[part.nodes]]
        moved_km2 = graph.area_m2[out].sum() / M2_PER_KM2
        weighed = today.area_m2 if today.people is None else today.people
        moved, whole = float(weighed[out].sum()), float(weighed[mine].sum())
        outcome = division.found
        more = outcome.cost - outcome.bound
        # A part that is one unit, or where none of today's goes on, leaves no choice.
        proven = not division.today or bool(more < _TIE if today.people is not None else more == 0)
        less = more + _TIE if today.people is not None else more * _M2_PER_HA
        least = moved if proven else float(np.maximum(moved - less, 0.0))
        row: dict[str, object] = {
            "district": graph.district_names[part.district],
            "units_before": len(np.unique(today.unit[mine][today.unit[mine] >= 0])),
            "units": len(np.unique(outcome.label)),
            "moved_blocks": len(out),
            "moved_km2": moved_km2,
            "moved_share": moved / whole if whole else np.nan,
            "proven": proven,
            "reason": division.reason,
        }
        if today.people is None:
            row["least_km2"] = least / M2_PER_KM2
        else:
            row |= {"moved_people": moved, "least_people": least}
        rows.append(row)
    return pd.DataFrame(rows).astype({"reason": "str"})


def _moved(
    table: gpd.GeoDataFrame,
    graph: Adjacency,
    people: Floats | None,
    was: npt.NDArray[np.object_],
    now: npt.NDArray[np.object_],
    moves: npt.NDArray[np.bool_],
) -> gpd.GeoDataFrame:
    shapes = np.asarray(table.geometry.array)
    rows, drawn = [], []
    for pair in sorted(set(zip(was[moves], now[moves], strict=True))):
        nodes = np.flatnonzero(moves & (was == pair[0]) & (now == pair[1]))
        row = {"from_unit": pair[0], "to_unit": pair[1], "blocks": len(nodes), "m2": graph.area_m2[nodes].sum()}
        rows.append(row | ({} if people is None else {"people": people[nodes].sum()}))
        drawn.append(dissolved(shapes[nodes]))
    columns = ["from_unit", "to_unit", "blocks", "m2", *([] if people is None else ["people"])]
    found = gpd.GeoDataFrame(pd.DataFrame(rows, columns=columns), geometry=drawn, crs=table.crs)
    by = ["m2"] if people is None else ["people", "m2"]
    return found.sort_values(by, ascending=False, kind="stable").reset_index(drop=True)


def _before(table: gpd.GeoDataFrame, graph: Adjacency, today: Today) -> gpd.GeoDataFrame:
    shapes = np.asarray(table.geometry.array)
    there = np.unique(today.unit[today.unit >= 0])
    blocks = [np.flatnonzero(today.unit == row) for row in there]
    return gpd.GeoDataFrame(
        {
            "unit_id": [today.names[row] for row in there],
            "district": [graph.district_names[graph.district[nodes[0]]] for nodes in blocks],
        },
        geometry=[dissolved(shapes[nodes]) for nodes in blocks],
        crs=table.crs,
    )
