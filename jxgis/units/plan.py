"""A plan of units: its tables, made of what the search found."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from jxgis.crs import M2_PER_KM2
from jxgis.space.districts import count_parts, without_scraps
from jxgis.space.shape import polsby_popper, width_m
from jxgis.units._graph import SNAP_M, Adjacency, Floats, Ints
from jxgis.units._pieces import DistrictPart, Limits, count_range
from jxgis.units.quality import unit_codes, within_bounds

if TYPE_CHECKING:
    from jxgis.units._divide import Division
    from jxgis.units._objective import Objective
    from jxgis.units._piece import Piece
    from jxgis.units.repair import Repair
    from jxgis.units.search import Pool, Solution

__all__ = [
    "Plan",
    "PlanReport",
    "dissolved",
    "holes_in",
    "number_units",
    "parts_table",
    "still_together",
    "units_table",
]

# A hole narrower than this is a gap between two layers of borders.
_THREAD_M = 0.1


@dataclass(frozen=True)
class PlanReport:
    """What was searched, with which terms, and how good the plan is.

    Attributes
    ----------
    parts
        One row a connected part of a district: ``district``, ``area_km2``, ``blocks``, ``units``, ``fewest``, ``most``
        (numbers of units that the bounds allow), ``reason`` (null where all units are in bounds), ``counts_tried``
        (numbers of units, the wanted one first), ``seeds_tried``, ``rounder``
        (how many times the dial of compactness counted there, so that no unit is ragged), ``flaws`` (of shape, that are
        left all the same; see `units.shape`), ``cost``, ``bound`` and ``gap`` (null where nothing is
        proven; 0 is a proven optimum for that number of units, with compactness counted as ``rounder`` says).
    attributes
        Columns that entered; empty where similarity was left out.
    constant
        Columns asked for that are the same everywhere and therefore say nothing.
    terms
        Terms of the objective that counted: of ``similarity``, ``compactness``, ``border_credit``.
    objective
        Sum over all units.
    ssd_share
        Within-unit squares over the city's total, 0 to 1; NaN without attributes.
    mean_compactness
        Mean of 4πA/P² over units.
    in_bounds_share
        Share of units within the bounds.
    together
        One row a layer area to be kept whole: ``name``, ``blocks``, ``kept``, ``reason``.
    crossed
        One row a line to be kept apart that runs inside units all the same, for 50 m at least: ``name``, ``m``.
    scraps
        Parts of districts too small to be an exclave, which joined the nearest block of theirs: ``district``, ``scraps``
        (how many), ``m2``.
    rules
        One row a fixed unit, seed, pair of places apart and sub-district of which something was asked: ``rule``
        (``fixed_unit``, ``seed``, ``apart``, ``subdistrict``), ``name``, ``held``, ``reason`` (null where held).
    moves
        One row a pair of units that touch: the cheapest move of one block across their border, or why none can move; see
        `units._moves.border_moves`. None where the plan is to be near to today's units.
    repair
        What changes from today's units, where the plan is to be near to them.
    """

    parts: pd.DataFrame
    attributes: tuple[str, ...]
    constant: tuple[str, ...]
    terms: tuple[str, ...]
    objective: float
    ssd_share: float
    mean_compactness: float
    in_bounds_share: float
    together: pd.DataFrame
    crossed: pd.DataFrame
    scraps: pd.DataFrame
    rules: pd.DataFrame
    moves: pd.DataFrame | None = None
    repair: Repair | None = None


@dataclass(frozen=True)
class Plan:
    """Units, the blocks they are made of, and the report.

    Attributes
    ----------
    blocks
        The blocks given, on their index, with ``unit_id``.
    units
        One row a unit: ``unit_id``, ``district``, ``area_km2``, ``compactness`` (4πA/P²), ``in_bounds`` (strict),
        ``nearly`` (out of bounds, but within 10 % of them), ``reason`` (null where in bounds), ``blocks``, what it holds of
        each further quantity that is bounded, ``parts`` (without scraps), ``holes``, ``geometry``.
    report
        How it came about.
    unproven
        Parts whose units have no bound of their cost: row in ``report.parts``, and what `units.proof.bounded` reads.
    """

    blocks: gpd.GeoDataFrame
    units: gpd.GeoDataFrame
    report: PlanReport
    unproven: tuple[tuple[int, Piece, Solution, Pool], ...] = ()


def still_together(together: pd.DataFrame, wholes: list[Ints], unit: Ints) -> pd.DataFrame:
    """The table of areas kept whole, corrected by what the plan did."""
    split = np.array([len(np.unique(unit[nodes])) > 1 for nodes in wholes], dtype=np.bool_)
    let_go = together["kept"].to_numpy(dtype=np.bool_) & split
    return together.assign(
        kept=together["kept"].to_numpy(dtype=np.bool_) & ~split,
        reason=together["reason"].mask(let_go, "no_units_with_it"),
    )


def number_units(parts: list[DistrictPart], found: list[Division], n: int) -> tuple[Ints, list[str | None]]:
    """Unit of every block, 0 … over the city, and the reason of its part for every unit."""
    unit = np.empty(n, dtype=np.int64)
    reasons: list[str | None] = []
    for part, division in zip(parts, found, strict=True):
        unit[part.nodes] = len(reasons) + np.unique(division.found.label, return_inverse=True)[1]
        reasons += [division.reason] * division.found.k
    return unit, reasons


def units_table(
    table: gpd.GeoDataFrame,
    graph: Adjacency,
    load: Floats,
    unit: Ints,
    reasons: list[str | None],
    limits: Limits,
    given: Mapping[int, str],
    taken: Collection[str] = (),
) -> tuple[gpd.GeoDataFrame, Ints]:
    """One row a unit, numbered within its district from north-west, and the row of every block.

    ``given`` holds the ids that units have already, ``taken`` those that no other may have.
    """
    k = len(reasons)
    order = np.argsort(unit, kind="stable")
    members = np.split(np.asarray(table.geometry.array)[order], np.cumsum(np.bincount(unit, minlength=k))[:-1])
    shapes = np.array([dissolved(polygons) for polygons in members], dtype=object)
    first = order[np.searchsorted(unit[order], np.arange(k))]
    area = shapely.area(shapes) / M2_PER_KM2
    in_bounds, nearly = within_bounds(area, limits.low / M2_PER_KM2, limits.high / M2_PER_KM2)
    wide = in_bounds | nearly
    held = {}
    for column, (name, (low, high)) in enumerate(limits.further.items(), start=1):
        held[name] = np.bincount(unit, weights=load[:, column], minlength=k).astype(np.float64)
        inside, near = within_bounds(held[name], low, high)
        in_bounds, wide = in_bounds & inside, wide & (inside | near)
    nearly = wide & ~in_bounds
    units = gpd.GeoDataFrame(
        {
            "district": np.array(graph.district_names, dtype=object)[graph.district[first]],
            "area_km2": np.round(area, 6),
            "compactness": polsby_popper(without_scraps(shapes)),
            "in_bounds": in_bounds,
            "nearly": nearly,
            "reason": [None if inside else why for inside, why in zip(in_bounds, reasons, strict=True)],
            "blocks": np.bincount(unit, minlength=k),
            **held,
            "parts": [count_parts(shape) for shape in shapes],
            "holes": [holes_in(shape) for shape in shapes],
        },
        geometry=shapes,
        crs=table.crs,
    )
    units["reason"] = units["reason"].astype("str")
    units["district"] = units["district"].astype("str")
    codes = unit_codes(units)
    units.insert(0, "unit_id", _around(codes, units["district"], given, taken) if given or taken else codes)
    by_id = np.lexsort((units["unit_id"].to_numpy(), graph.district[first]))
    place = np.empty(k, dtype=np.int64)
    place[by_id] = np.arange(k)
    return units.iloc[by_id].reset_index(drop=True), place[unit]


def _around(
    codes: pd.Series[str], district: pd.Series[str], given: Mapping[int, str], taken: Collection[str]
) -> pd.Series[str]:
    """The codes of units, some of which have theirs already: the others are numbered past those, in their order."""
    named, used = dict(given), {*given.values(), *taken}
    for name, own in codes.drop([*given]).sort_values().groupby(district, sort=False):
        digits = len(own.iloc[0]) - len(f"{name}-")
        free = (code for n in count(1) if (code := f"{name}-{n:0{digits}d}") not in used)
        named |= zip(own.index, free, strict=False)
    return pd.Series(named, dtype="str").reindex(codes.index)


def dissolved(polygons: npt.NDArray[np.object_]) -> shapely.Geometry:
    """The union of blocks, without the threads that vertices off by rounding leave between them."""
    union = shapely.union_all(polygons)
    if len(polygons) > 1 and (shapely.get_num_geometries(union) > 1 or holes_in(union, 0.0)):
        union = shapely.union_all(polygons, grid_size=SNAP_M)
    return union


def holes_in(shape: shapely.Geometry, thread_m: float = _THREAD_M) -> int:
    """Number of holes wider than a thread: gaps in the layers given are none that the search made."""
    holes = [shapely.Polygon(ring) for part in shapely.get_parts(shape) for ring in part.interiors]
    return int((width_m(np.array(holes, dtype=object)) > thread_m).sum())


def parts_table(objective: Objective, parts: list[DistrictPart], found: list[Division], limits: Limits) -> pd.DataFrame:
    """One row a connected part of a district: how it was searched, and how well; see `PlanReport`."""
    graph, rows = objective.graph, []
    for part, division in zip(parts, found, strict=True):
        outcome = division.found
        # As in the city's objective, nothing is earned by keeping borders: a gap is a share of what is paid.
        inside = np.isin(graph.u, part.nodes) & np.isin(graph.v, part.nodes)
        earned = 2.0 * float(np.minimum(objective.cut[inside], 0.0).sum())
        cost = outcome.cost - earned
        fewest, most = count_range(part.load, limits)
        rows.append(
            {
                "district": graph.district_names[part.district],
                "area_km2": round(part.area / M2_PER_KM2, 6),
                "blocks": len(part.nodes),
                "units": outcome.k,
                "fewest": fewest,
                "most": most,
                "reason": division.reason,
                "counts_tried": list(division.counts),
                "seeds_tried": division.seeds,
                "rounder": division.rounder,
                "flaws": division.flaws,
                "cost": cost,
                "bound": outcome.bound - earned,
                "gap": (outcome.cost - outcome.bound) / max(cost, 1e-300),
            }
        )
    return pd.DataFrame(rows)
