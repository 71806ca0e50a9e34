"""Propose units: contiguous, inside one district, within hard bounds of area."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from jxgis.crs import require_metric
from jxgis.errors import InputError
from jxgis.settings import UNITS
from jxgis.space._districts import count_parts
from jxgis.units._constraints import attach_parts, group_together, kept_apart
from jxgis.units._graph import SNAP_M, Adjacency, Floats, Ints, block_graph
from jxgis.units._objective import Objective, build_objective, piece_of
from jxgis.units._pieces import Limits, Part, count_range, cut_into_parts, share_out
from jxgis.units.attributes import standardise
from jxgis.units.quality import polsby_popper, unit_codes, within_bounds, within_share
from jxgis.units.shape import check_shapes
from jxgis.zones import zone_names

if TYPE_CHECKING:
    import geopandas as gpd

    from jxgis.units._divide import Division

__all__ = ["Plan", "PlanReport", "delineate_units"]

# A block may stick out of its district by this share before it is called across the border.
ACROSS_SHARE = 0.01
# A hole narrower than this is a gap between two layers of borders.
THREAD_M = 0.1
# How many times the dial of compactness counts in a part that it left with shapes that no planner would sign.
ROUNDER = (2, 4, 8, 16)


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
    apart_crossed_m
        Border to be kept apart that lies inside units all the same.
    scraps
        Parts of districts too small to be an exclave, which joined the nearest block of theirs: ``district``, ``scraps``
        (how many), ``m2``.
    stopped_early
        Whether the budget or the caller ended the search before its trials were used up.
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
    apart_crossed_m: float
    scraps: pd.DataFrame
    stopped_early: bool


@dataclass(frozen=True)
class Plan:
    """Units, the blocks they are made of, and the report.

    Attributes
    ----------
    blocks
        The blocks given, on their index, with ``unit_id``.
    units
        One row a unit: ``unit_id``, ``district``, ``area_km2``, ``compactness`` (4πA/P²), ``in_bounds`` (strict),
        ``nearly`` (out of bounds, but within 10 % of them), ``reason`` (null where in bounds), ``blocks``, ``parts``
        (without scraps), ``holes``, ``geometry``.
    report
        How it came about.
    """

    blocks: gpd.GeoDataFrame
    units: gpd.GeoDataFrame
    report: PlanReport


def delineate_units(
    blocks: gpd.GeoDataFrame,
    districts: gpd.GeoDataFrame,
    *,
    min_km2: float = UNITS.min_km2,
    max_km2: float = UNITS.max_km2,
    target_km2: float | None = None,
    attributes: Sequence[str] | None = None,
    weights: Mapping[str, float] | None = None,
    compactness: float = UNITS.compactness,
    border_credit: float = UNITS.border_credit,
    barriers: gpd.GeoSeries | gpd.GeoDataFrame | None = None,
    keep_together: gpd.GeoDataFrame | None = None,
    keep_apart: gpd.GeoSeries | gpd.GeoDataFrame | None = None,
    n_units: Mapping[str, int] | None = None,
    exclaves: Literal["own", "attach"] = UNITS.exclaves,
    mend_shapes: bool = UNITS.mend_shapes,
    min_shared_m: float = 1.0,
    seed: int = UNITS.seed,
    iterations: int = 4_000,
    starts: int = 4,
    budget_s: float | None = None,
    workers: int = 1,
    progress: Callable[[int, int], bool | None] | None = None,
) -> Plan:
    """Divide districts into units of similar blocks with hard bounds of area.

    Minimises SSD/SST + ``compactness`` · Σ (A_u/A)/PP_u + ``border_credit`` · (share of border on no barrier), subject
    to the bounds, to contiguity and to the districts. Areas that cannot be divided keep their units, each with the
    reason.

    Parameters
    ----------
    blocks
        ``block_id``, ``district`` (else the district each block lies in), the attributes, polygons; they tile the
        districts.
    districts
        ``name`` and polygons, in the CRS of the blocks.
    min_km2, max_km2, target_km2
        Bounds of a unit's area; the target gives the number of units of each part of a district.
    attributes
        Numeric columns of ``blocks`` that units should be alike in; standardised by area. None leaves the term out.
    weights
        Weight of each attribute, 1 where not named.
    compactness
        Dial λ: 0.02 follows the attributes, 0.2 draws round units.
    border_credit
        Dial μ: how much unit borders are drawn to ``barriers``; without them, to short borders.
    barriers
        Lines or polygons that make good borders: streets, waters, existing boundaries.
    keep_together
        Areas that stay in one unit where they fit, ``name`` optional: the blocks with more than half of their area in.
    keep_apart
        Lines that no unit reaches across, such as a river without a bridge.
    n_units
        Units per district instead of the target, by district name.
    exclaves
        A connected part below the minimum becomes a unit of its own (``"own"``) or joins the nearest block of its
        district (``"attach"``). A part below 5,000 m² is a scrap and joins in either case.
    mend_shapes
        Search a part again with compactness counted 2, 4, 8, 16 times, as long as it has units that are ragged, narrow or
        round another (see `units.shape`); nothing where ``compactness`` is 0.
    min_shared_m
        Blocks are neighbours where they share at least this much border.
    seed
        Same seed, same units, for any number of workers.
    iterations, starts
        Trial moves per block, shared among so many independent starts per part.
    budget_s
        Seconds after which the best so far is taken; the result then depends on the machine.
    workers
        Threads; each takes a part of a district at a time.
    progress
        Called with the number of parts done and of all parts; returning False ends the search.

    Returns
    -------
    Plan

    Raises
    ------
    InputError
        If there are no blocks, bounds or numbers contradict each other, a block lies across a border, overlaps
        another or lacks an attribute.
    CrsError
        If layers are not in one metric CRS.

    Notes
    -----
    Method: spanning-tree seeds, recombination (DeFord, Duchin and Solomon 2021), annealing, set partitioning over the
    units met; small parts to a proven optimum by enumeration of connected sets. See ``search`` and ``optimum``.

    Examples
    --------
    >>> import geopandas as gpd
    >>> from shapely import box
    >>> cells = [box(x * 500, y * 500, x * 500 + 500, y * 500 + 500) for y in range(4) for x in range(7)]
    >>> blocks = gpd.GeoDataFrame({"block_id": range(28)}, geometry=cells, crs=4549)
    >>> districts = gpd.GeoDataFrame({"name": ["甲"]}, geometry=[box(0, 0, 3500, 2000)], crs=4549)
    >>> plan = delineate_units(blocks, districts)
    >>> plan.units[["unit_id", "district", "area_km2", "in_bounds"]]
      unit_id district  area_km2  in_bounds
    0    甲-01        甲       3.0       True
    1    甲-02        甲       4.0       True
    >>> plan.report.terms
    ('compactness', 'border_credit')
    """
    limits = _limits(min_km2, max_km2, target_km2)
    _check_dials(compactness, border_credit, iterations, starts, workers, exclaves)
    require_metric(districts, "districts", require_metric(blocks, "blocks"))
    table = _in_districts(blocks, districts)
    # The order of the rows must not matter to the result.
    order = np.argsort(table["block_id"].astype(str).to_numpy(), kind="stable")
    table = table.iloc[order]
    graph = block_graph(table, min_shared_m=min_shared_m, barriers=barriers)
    values, used, constant = _standardised(table, attributes, weights, graph.area_m2)
    apart = kept_apart(table, graph, keep_apart)
    objective = build_objective(graph, values, compactness=compactness, border_credit=border_credit, apart=apart)
    alone, scraps = attach_parts(table, graph, limits, exclaves=exclaves == "attach")
    group, together, wholes = group_together(table, graph, keep_together, limits, alone)
    parts = cut_into_parts(objective, group, limits)
    counts = share_out(parts, limits, graph.district_names, n_units)
    run = _Run(budget_s)
    shapes = np.asarray(table.geometry.array)

    def flaws_of(nodes: Ints, label: Ints) -> int:
        drawn = [_dissolved(shapes[nodes[label == unit]]) for unit in range(int(label.max()) + 1)]
        return check_shapes(np.array(drawn, dtype=object)).flaws

    found = _search_all(
        objective,
        (group, alone),
        parts,
        counts,
        limits,
        n_units,
        (seed, iterations, starts),
        workers,
        run,
        progress,
        flaws_of if mend_shapes and compactness > 0 else None,
    )
    unit, reasons = _number_units(parts, found, len(table))
    units, unit = _units_table(table, graph, unit, reasons, limits)
    cost = _total(objective, unit)
    inside = unit[graph.u] == unit[graph.v]
    report = PlanReport(
        parts=_parts_table(graph, parts, found, limits),
        attributes=used,
        constant=constant,
        terms=tuple(
            name
            for name, counts_in in (
                ("similarity", bool(used)),
                ("compactness", compactness > 0),
                ("border_credit", border_credit > 0),
            )
            if counts_in
        ),
        objective=cost,
        ssd_share=within_share(values, graph.area_m2, unit)[0],
        mean_compactness=float(units["compactness"].mean()),
        in_bounds_share=float(units["in_bounds"].mean()),
        together=_still_together(together, wholes, unit),
        apart_crossed_m=float(graph.shared_m[apart][inside[apart]].sum()),
        scraps=scraps,
        stopped_early=run.ended,
    )
    unit_id = np.empty(len(table), dtype=object)
    unit_id[order] = units["unit_id"].to_numpy()[unit]
    return Plan(blocks=blocks.assign(unit_id=unit_id.astype(str)), units=units, report=report)


class _Run:
    """Whether the search goes on: a deadline, or a caller who has seen enough."""

    def __init__(self, budget_s: float | None) -> None:
        self._deadline = np.inf if budget_s is None else time.monotonic() + budget_s
        self.ended = False

    def stopped(self) -> bool:
        """Ask, and remember the answer."""
        if time.monotonic() >= self._deadline:
            self.ended = True
        return self.ended


def _limits(min_km2: float, max_km2: float, target_km2: float | None) -> Limits:
    if not 0 < min_km2 < max_km2 < np.inf:
        raise InputError(
            zh=f"单元面积下限 {min_km2:g} km² 必须大于 0 且小于上限 {max_km2:g} km²。",
            en=f"The minimum area of a unit, {min_km2:g} km², must be above 0 and below the maximum, {max_km2:g} km².",
        )
    if target_km2 is None:
        target_km2 = (min_km2 + max_km2) / 2
    if not min_km2 <= target_km2 <= max_km2:
        raise InputError(
            zh=f"目标面积 {target_km2:g} km² 必须在 {min_km2:g}–{max_km2:g} km² 之内。",
            en=f"The target area, {target_km2:g} km², must lie within {min_km2:g} to {max_km2:g} km².",
        )
    return Limits(low=min_km2 * 1e6, high=max_km2 * 1e6, target=target_km2 * 1e6)


def _check_dials(
    compactness: float, border_credit: float, iterations: int, starts: int, workers: int, exclaves: str
) -> None:
    for name, value, least in (
        ("compactness", compactness, 0),
        ("border_credit", border_credit, 0),
        ("iterations", iterations, 1),
        ("starts", starts, 1),
        ("workers", workers, 1),
    ):
        if not value >= least or value == np.inf:
            raise InputError(
                zh=f"{name} = {value} 无效；应为不小于 {least} 的数。",
                en=f"{name} = {value} does not work; give a number of at least {least}.",
            )
    if exclaves not in ("own", "attach"):
        raise InputError(
            zh=f'exclaves = {exclaves!r} 无效；请用 "own"（飞地自成单元）或 "attach"（并入最近的地块）。',
            en=f'exclaves = {exclaves!r} does not work; use "own" (a unit of its own) or "attach" (to the nearest block).',
        )


def _in_districts(blocks: gpd.GeoDataFrame, districts: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """The blocks with their districts, each checked to lie in one."""
    if not len(blocks):
        raise InputError(
            zh="没有地块，无法划分单元；请先生成或载入地块图层。",
            en="There are no blocks to make units of; build or load a layer of blocks first.",
        )
    if "block_id" not in blocks or blocks["block_id"].duplicated().any():
        raise InputError(
            zh="地块图层需要不重复的 block_id 列。",
            en="The layer of blocks needs a column block_id without repeats.",
        )
    names = np.array(zone_names(districts), dtype=np.str_)
    geometry = np.asarray(blocks.geometry.array)
    area = shapely.area(geometry)
    fences = np.asarray(districts.geometry.array)
    row, fence = shapely.STRtree(fences).query(geometry, predicate="intersects")
    # A block covered by one district needs no overlay.
    shapely.prepare(fences)
    common = np.where(shapely.covers(fences[fence], geometry[row]), area[row], np.nan)
    open_pairs = np.isnan(common)
    common[open_pairs] = shapely.area(shapely.intersection(geometry[row[open_pairs]], fences[fence[open_pairs]]))
    best: Floats = np.zeros(len(blocks))
    np.maximum.at(best, row, common)
    home = np.full(len(blocks), -1, dtype=np.int64)
    top = common >= best[row]
    home[row[top][::-1]] = fence[top][::-1]
    across = (home < 0) | (best < (1 - ACROSS_SHARE) * area)
    if "district" in blocks:
        named = blocks["district"].astype(str).to_numpy()
        across |= named != names[home]
    if across.any():
        shown = "、".join(str(name) for name in blocks["block_id"].to_numpy()[across][:5])
        raise InputError(
            zh=f"{across.sum()} 个地块跨越片区边界、不在所写的片区内或在片区之外（{shown}）；请先按片区裁剪地块。",
            en=f"{across.sum()} blocks lie across a district's border, outside the district they name or outside all "
            f"({shown}); clip the blocks to the districts first.",
        )
    return blocks.assign(district=names[home])


def _standardised(
    table: gpd.GeoDataFrame, attributes: Sequence[str] | None, weights: Mapping[str, float] | None, area: Floats
) -> tuple[Floats, tuple[str, ...], tuple[str, ...]]:
    """Attributes on one scale, those that enter, and those that are the same everywhere."""
    wanted = list(dict.fromkeys(attributes or ()))
    _refuse(
        "地块图层缺少属性列", "the layer of blocks lacks the attributes", [name for name in wanted if name not in table]
    )
    _refuse("属性不是数值列", "attributes that are not numeric", [
        name for name in wanted if not pd.api.types.is_numeric_dtype(table[name])
    ])  # fmt: skip
    values = table[wanted].to_numpy(dtype=np.float64, na_value=np.nan)
    missing = ~np.isfinite(values)
    _refuse(
        "属性有缺失值，请先补齐或去掉该列",
        "attributes with missing values; fill them in or leave the column out",
        [f"{name}: {count}" for name, count in zip(wanted, missing.sum(axis=0), strict=True) if count],
    )
    scaled = standardise(table[wanted], area_m2=area, weights=weights)
    return scaled.table.to_numpy(dtype=np.float64), tuple(scaled.table.columns), scaled.dropped


def _refuse(zh: str, en: str, names: Iterable[str]) -> None:
    listed = sorted(str(name) for name in names)
    if listed:
        raise InputError(zh=f"{zh}：{'、'.join(listed)}。", en=f"{en[0].upper()}{en[1:]}: {', '.join(listed)}.")


def _search_all(
    objective: Objective,
    groupings: tuple[Ints, Ints],
    parts: list[Part],
    counts: list[int],
    limits: Limits,
    asked: Mapping[str, int] | None,
    effort: tuple[int, int, int],
    workers: int,
    run: _Run,
    progress: Callable[[int, int], bool | None] | None,
    flaws_of: Callable[[Ints, Ints], int] | None,
) -> list[Division]:
    """Search every part, the largest first, in threads that share nothing."""
    from concurrent.futures import ThreadPoolExecutor, as_completed

    from jxgis.units._divide import divide

    def work(row: int) -> Division:
        best = attempts(row, 1)
        if flaws_of is None or best.reason is not None:
            return best
        nodes = parts[row].nodes
        best = replace(best, flaws=flaws_of(nodes, best.found.label))
        for rounder in ROUNDER:
            if best.flaws == 0 or best.found.k == 1 or run.stopped():
                break
            other = attempts(row, rounder)
            if other.reason is None and (flaws := flaws_of(nodes, other.found.label)) < best.flaws:
                best = replace(other, rounder=rounder, flaws=flaws)
        return best

    def attempts(row: int, rounder: int) -> Division:
        # What is to stay together is let go only where no units are found with it.
        kept = attempt(row, groupings[0], rounder)
        if parts[row].reason is not None or kept.reason is None or _same(groupings, parts[row].nodes):
            return kept
        free = attempt(row, groupings[1], rounder)
        # What was proven of blocks kept together holds for them only.
        return free if free.found.better_than(kept.found) else replace(free, found=kept.found)

    def attempt(row: int, group: Ints, rounder: int) -> Division:
        part = parts[row]
        nodes = np.unique(group[part.nodes], return_inverse=True)[1]
        piece = piece_of(objective, part.nodes, nodes, limits.least, limits.most)
        piece = piece._replace(shape_weight=piece.shape_weight * rounder)
        seed, iterations, starts = effort
        division = divide(
            piece,
            counts[row],
            count_range(part.area, limits),
            reason=part.reason,
            fixed=objective.graph.district_names[part.district] in (asked or {}),
            seed=(seed, row),
            iterations=iterations,
            starts=starts,
            stopped=run.stopped,
        )
        return replace(division, found=replace(division.found, label=division.found.label[nodes]))

    results: list[Division | None] = [None] * len(parts)
    by_size = sorted(range(len(parts)), key=lambda row: -len(parts[row].nodes))
    with ThreadPoolExecutor(max_workers=workers) as pool:
        pending = {pool.submit(work, row): row for row in by_size}
        try:
            for done, future in enumerate(as_completed(pending), start=1):
                results[pending[future]] = future.result()
                if progress is not None and progress(done, len(parts)) is False:
                    run.ended = True
        except BaseException:
            # Ctrl-C or a fault: the other threads end at their next question instead of running on.
            run.ended = True
            raise
    return [result for result in results if result is not None]


def _same(groupings: tuple[Ints, Ints], nodes: Ints) -> bool:
    """Whether nothing more is kept together in a part than its exclaves."""
    return len(np.unique(groupings[0][nodes])) == len(np.unique(groupings[1][nodes]))


def _still_together(together: pd.DataFrame, wholes: list[Ints], unit: Ints) -> pd.DataFrame:
    """The table of areas kept whole, corrected by what the plan did."""
    split = np.array([len(np.unique(unit[nodes])) > 1 for nodes in wholes], dtype=np.bool_)
    let_go = together["kept"].to_numpy(dtype=np.bool_) & split
    return together.assign(
        kept=together["kept"].to_numpy(dtype=np.bool_) & ~split,
        reason=together["reason"].mask(let_go, "no_units_with_it"),
    )


def _number_units(parts: list[Part], found: list[Division], n: int) -> tuple[Ints, list[str | None]]:
    """Unit of every block, 0 … over the city, and the reason of its part for every unit."""
    unit = np.empty(n, dtype=np.int64)
    reasons: list[str | None] = []
    for part, division in zip(parts, found, strict=True):
        unit[part.nodes] = len(reasons) + np.unique(division.found.label, return_inverse=True)[1]
        reasons += [division.reason] * division.found.k
    return unit, reasons


def _units_table(
    table: gpd.GeoDataFrame, graph: Adjacency, unit: Ints, reasons: list[str | None], limits: Limits
) -> tuple[gpd.GeoDataFrame, Ints]:
    """One row a unit, numbered within its district from north-west, and the row of every block."""
    import geopandas as gpd

    k = len(reasons)
    order = np.argsort(unit, kind="stable")
    members = np.split(np.asarray(table.geometry.array)[order], np.cumsum(np.bincount(unit, minlength=k))[:-1])
    shapes = np.array([_dissolved(polygons) for polygons in members], dtype=object)
    first = order[np.searchsorted(unit[order], np.arange(k))]
    area = shapely.area(shapes) / 1e6
    in_bounds, nearly = within_bounds(area, limits.low / 1e6, limits.high / 1e6)
    units = gpd.GeoDataFrame(
        {
            "district": np.array(graph.district_names, dtype=object)[graph.district[first]],
            "area_km2": np.round(area, 6),
            "compactness": polsby_popper(gpd.GeoSeries(shapes, crs=table.crs)).to_numpy(),
            "in_bounds": in_bounds,
            "nearly": nearly,
            "reason": [None if inside else why for inside, why in zip(in_bounds, reasons, strict=True)],
            "blocks": np.bincount(unit, minlength=k),
            "parts": [count_parts(shape) for shape in shapes],
            "holes": [_holes(shape) for shape in shapes],
        },
        geometry=shapes,
        crs=table.crs,
    )
    units["reason"] = units["reason"].astype("str")
    units["district"] = units["district"].astype("str")
    units.insert(0, "unit_id", unit_codes(units))
    by_id = np.lexsort((units["unit_id"].to_numpy(), graph.district[first]))
    place = np.empty(k, dtype=np.int64)
    place[by_id] = np.arange(k)
    return units.iloc[by_id].reset_index(drop=True), place[unit]


def _dissolved(polygons: npt.NDArray[np.object_]) -> shapely.Geometry:
    """The union of blocks, without the threads that vertices off by rounding leave between them."""
    union = shapely.union_all(polygons)
    if len(polygons) > 1 and (shapely.get_num_geometries(union) > 1 or _holes(union, 0.0)):
        union = shapely.union_all(polygons, grid_size=SNAP_M)
    return union


def _holes(shape: shapely.Geometry, width_m: float = THREAD_M) -> int:
    """Number of holes wider than a thread: gaps in the layers given are none that the search made."""
    holes = [shapely.Polygon(ring) for part in shapely.get_parts(shape) for ring in part.interiors]
    return sum(2 * hole.area > width_m * hole.length for hole in holes)


def _total(objective: Objective, unit: Ints) -> float:
    """The objective over the city."""
    from jxgis.units._kernels import unit_costs

    nodes = np.arange(len(unit))
    whole = piece_of(objective, nodes, nodes, 0.0, np.inf)
    costs = unit_costs(whole._replace(low=1.0), unit, int(unit.max()) + 1)[0]
    return float(costs.sum()) + objective.apart_total


def _parts_table(graph: Adjacency, parts: list[Part], found: list[Division], limits: Limits) -> pd.DataFrame:
    rows = []
    for part, division in zip(parts, found, strict=True):
        outcome = division.found
        fewest, most = count_range(part.area, limits)
        rows.append(
            {
                "district": graph.district_names[part.district],
                "area_km2": round(part.area / 1e6, 6),
                "blocks": len(part.nodes),
                "units": outcome.k,
                "fewest": fewest,
                "most": most,
                "reason": division.reason,
                "counts_tried": list(division.counts),
                "seeds_tried": division.seeds,
                "rounder": division.rounder,
                "flaws": division.flaws,
                "cost": outcome.cost,
                "bound": outcome.bound,
                "gap": (outcome.cost - outcome.bound) / max(abs(outcome.cost), 1e-300),
            }
        )
    return pd.DataFrame(rows)
