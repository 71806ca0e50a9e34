"""Propose units: contiguous, inside one district, within hard bounds of area and of what else is bounded."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely

from jxgis.crs import M2_PER_KM2, require_metric
from jxgis.errors import InputError
from jxgis.i18n import Text, counted, few, listed
from jxgis.schema.tables import table as declared
from jxgis.settings import UNITS, UnitSettings
from jxgis.space.overlay import holds_most
from jxgis.units._constraints import attach_parts, crossed_lines, group_together, kept_apart
from jxgis.units._graph import Adjacency, Floats, Ints, block_graph
from jxgis.units._moves import border_moves, moved_nodes
from jxgis.units._objective import Objective, build_objective, piece_of
from jxgis.units._part_search import search_parts
from jxgis.units._pieces import DistrictPart, Limits, cut_into_parts, share_out
from jxgis.units._rules import Rule, kept_apart_columns, rules_by_part, rules_of, rules_table
from jxgis.units.attributes import standardise
from jxgis.units.plan import Plan, PlanReport, dissolved, number_units, parts_table, still_together, units_table
from jxgis.units.proof import bounded
from jxgis.units.quality import within_share
from jxgis.units.repair import Today, homes_of, names_of, repair_of, today_of
from jxgis.units.shape import check_shapes
from jxgis.zones import zone_names

if TYPE_CHECKING:
    import geopandas as gpd

__all__ = ["ITERATIONS", "delineate_units"]

# Trial moves per block.
ITERATIONS = 4_000
# A block may stick out of its district by this share before it is called across the border.
_ACROSS_SHARE = 0.01
# Columns of units that may be bounded; every other one is measured of the shapes or found by the search.
_BOUNDED = {"people", "issues"}


def delineate_units(
    blocks: gpd.GeoDataFrame,
    districts: gpd.GeoDataFrame,
    *,
    barriers: gpd.GeoSeries | gpd.GeoDataFrame | None = None,
    keep_together: gpd.GeoDataFrame | None = None,
    keep_apart: gpd.GeoSeries | gpd.GeoDataFrame | None = None,
    fixed_units: gpd.GeoDataFrame | None = None,
    unit_seeds: gpd.GeoDataFrame | None = None,
    places: gpd.GeoDataFrame | None = None,
    subdistricts: gpd.GeoDataFrame | None = None,
    today: gpd.GeoDataFrame | None = None,
    iterations: int = ITERATIONS,
    starts: int = 4,
    options: UnitSettings = UNITS,
    **changed: Any,
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
    barriers
        Lines or polygons that make good borders: streets, waters, existing boundaries; without them short borders are.
    keep_together
        Areas that stay in one unit where they fit, ``name`` optional: the blocks with more than half of their area in.
    keep_apart
        Lines that no unit reaches across, such as a river without a bridge, where borders of blocks run along them; ``report.crossed``
        has those that run inside units all the same.
    fixed_units
        Polygons that are units as they are, with their ``unit_id``: the blocks with more than 95 % of their area in. Others
        are made around them.
    unit_seeds
        Points, ``name`` optional, each of which is to lie in a unit of its own.
    places
        Points with ``name``, two of which ``apart`` may name; else it names blocks by ``block_id``.
    subdistricts
        Polygons with ``name``: with ``subdistrict_max_units`` the blocks that lie mostly in one are parted among at most so many
        units of a district. What cannot be held is let go and told in ``report.rules``.
    today
        Units that there are, or of an edited plan, with ``unit_id``: of the plans within the bounds the one is found that moves
        the fewest people to another unit (a column ``people`` of the blocks), else the least ground; ``report.repair`` tells
        what moves. Likeness, shape and borders count for nothing then. See `units.repair`.
    iterations, starts
        Trial moves per block, shared among so many independent starts per part.
    options, **changed
        :class:`jxgis.settings.UnitSettings`, and its options by name: ``min_km2``, ``n_units``, ``seed`` and so on.
        ``attributes`` are numeric columns of ``blocks``, standardised by area; None leaves similarity out. An exclave below
        5,000 m² is a scrap and joins the nearest block. ``mend_shapes`` searches again with compactness counted 2, 4, 8,
        16 times (see `units.shape`), unless ``compactness`` is 0.

    Returns
    -------
    Plan

    Raises
    ------
    InputError
        If there are no blocks, a number of units cannot be had, a block lies across a border, overlaps another, lacks an
        attribute or what is bounded, a bound's name means something else of units, ``apart`` names what is not there or
        in several blocks, no unit of ``today`` lies in the districts, or sub-districts are bounded and not given.
    SettingsError
        If an option is unknown or out of range.
    CrsError
        If layers are not in one metric CRS.

    Notes
    -----
    Method: spanning-tree seeds, recombination (DeFord, Duchin and Solomon 2021), annealing, set partitioning over the
    units met; small parts to a proven optimum by enumeration of connected sets, larger ones where only borders count; a lower
    bound of others with the option ``prove``. See ``search``, ``optimum``, ``border_bound`` and ``proof``.

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
    0    甲-01        甲       4.0       True
    1    甲-02        甲       3.0       True
    >>> plan.report.terms
    ('compactness', 'border_credit')
    """
    options = options.but(changed)
    for name, count in (("iterations", iterations), ("starts", starts)):
        if not count >= 1:
            raise InputError(zh=f"{name} = {count} 无效；应不小于 1。", en=f"{name} = {count}; give at least 1.")
    limits = Limits(
        low=options.min_km2 * M2_PER_KM2,
        high=options.max_km2 * M2_PER_KM2,
        target=options.target_km2 * M2_PER_KM2,
        further={
            name: (bound.min or 0.0, np.inf if bound.max is None else bound.max)
            for name, bound in options.bounds.items()
        },
    )
    dial, credit = options.compactness, options.border_credit
    require_metric(districts, "districts", require_metric(blocks, "blocks"))
    table = _in_districts(blocks, districts)
    # The order of the rows must not matter to the result.
    order = np.argsort(table["block_id"].astype(str).to_numpy(), kind="stable")
    table = table.iloc[order]
    graph = block_graph(table, barriers=barriers)
    values, used, constant = _standardised(table, options, graph.area_m2)
    load = _loads(table, graph.area_m2, limits)
    apart = kept_apart(table, graph, keep_apart)
    objective = build_objective(graph, values, compactness=dial, border_credit=credit, apart=apart)
    rules, fixed = rules_of(
        table, graph, limits, fixed_units=fixed_units, unit_seeds=unit_seeds, places=places, apart=options.apart,
        subdistricts=subdistricts, most=options.subdistrict_max_units,
    )  # fmt: skip
    marks = kept_apart_columns([rule for rule in rules if rule.reason is None], len(table))
    marked, strict = np.column_stack([load, marks]), replace(limits, marks=marks.shape[1])
    alone, scraps = attach_parts(table, graph, marked, strict, fixed, exclaves=options.exclaves == "attach")
    group, together, wholes = group_together(table, graph, keep_together, marked, strict, alone, fixed)
    parts = cut_into_parts(objective, load, group, limits, fixed)
    counts = share_out(parts, limits, graph.district_names, options.n_units)
    kept = [rule for rule in rules if rule.kind == "fixed_unit" and rule.reason is None]
    was = None if today is None else _today(table, graph, today, districts, parts, kept)
    if was is not None:
        counts = [
            count if graph.district_names[part.district] in options.n_units else len(home) or count
            for part, count, home in zip(parts, counts, was[1], strict=True)
        ]
    found = search_parts(
        objective, (group, alone), load, parts, counts, limits, options.n_units, (options.seed, iterations, starts),
        _flaws_of(table, options.narrow_m) if options.mend_shapes and dial > 0 and was is None else None, rules_by_part(rules, parts, load),
        was,
    )  # fmt: skip
    unit, reasons = number_units(parts, found, len(table))
    given = {} if was is None else names_of(parts, found, was[1], was[0])
    given |= {int(unit[rule.nodes[0]]): rule.name for rule in kept}
    taken = () if was is None else was[0].names
    units, unit = units_table(table, graph, load, unit, reasons, limits, given, taken)
    entered = {"similarity": bool(used), "compactness": dial > 0, "border_credit": credit > 0}
    repair = None if was is None else repair_of(table, graph, was[0], units, unit, load, limits, parts, found)
    told = rules_table(rules, unit)
    held = [rule for rule, holds in zip(rules, told["held"], strict=True) if holds]
    moves = None
    if was is None:
        rounder = np.ones(len(units))
        for part, division in zip(parts, found, strict=True):
            rounder[unit[part.nodes]] = division.rounder
        nodes, ids = moved_nodes(group, alone, unit), units["unit_id"].to_numpy(dtype=object)
        moves = border_moves(table, objective, nodes, load, limits, held, unit, rounder, ids)
    report = PlanReport(
        parts=parts_table(objective, parts, found, limits),
        attributes=used,
        constant=constant,
        terms=tuple(term for term, counted in entered.items() if counted and was is None),
        objective=_total(objective, unit),
        ssd_share=within_share(values, graph.area_m2, unit)[0],
        mean_compactness=float(units["compactness"].mean()),
        in_bounds_share=float(units["in_bounds"].mean()),
        together=still_together(together, wholes, unit),
        crossed=crossed_lines(keep_apart, units),
        scraps=scraps,
        rules=told,
        moves=moves,
        repair=repair,
    )
    unit_id = np.empty(len(table), dtype=object)
    unit_id[order] = units["unit_id"].to_numpy()[unit]
    unproven = tuple((row, *division.unproven) for row, division in enumerate(found) if division.unproven is not None)
    plan = Plan(blocks=blocks.assign(unit_id=unit_id.astype(str)), units=units, report=report, unproven=unproven)
    return bounded(plan, iterations=iterations) if options.prove else plan


def _flaws_of(table: gpd.GeoDataFrame, narrow_m: float) -> Callable[[Ints, Ints], int]:
    """How many flaws of shape some blocks, by row, have as the units that they are labelled with."""
    shapes = np.asarray(table.geometry.array)

    def flaws_of(nodes: Ints, label: Ints) -> int:
        drawn = [dissolved(shapes[nodes[label == unit]]) for unit in range(int(label.max()) + 1)]
        return check_shapes(np.array(drawn, dtype=object), narrow_m).flaws

    return flaws_of


def _today(
    table: gpd.GeoDataFrame,
    graph: Adjacency,
    today: gpd.GeoDataFrame,
    districts: gpd.GeoDataFrame,
    parts: list[DistrictPart],
    fixed: list[Rule],
) -> tuple[Today, list[Ints]]:
    """Today's units as the blocks have them, and those of them that go on in each part."""
    people = _numbers(table, ["people"], Text(zh="人口列", en="people"))[:, 0] if "people" in table else None
    was = today_of(table, graph, today, people, districts)
    names = {
        row: rule.name for row, part in enumerate(parts) for rule in fixed if np.isin(part.nodes[0], rule.nodes)
    }  # fmt: skip
    return was, homes_of(was, parts, names)


def _in_districts(blocks: gpd.GeoDataFrame, districts: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """The blocks with their districts, each checked to lie in one."""
    if "block_id" not in blocks or blocks["block_id"].duplicated().any():
        raise InputError(
            zh="地块图层需要不重复的 block_id 列。",
            en="The layer of blocks needs a column block_id without repeats.",
        )
    names = np.array(zone_names(districts), dtype=np.str_)
    geometry = np.asarray(blocks.geometry.array)
    home, most = holds_most(geometry, np.asarray(districts.geometry.array))
    across = (home < 0) | (most < (1 - _ACROSS_SHARE) * shapely.area(geometry))
    if "district" in blocks:
        named = blocks["district"].astype(str).to_numpy()
        across |= named != names[home]
    if across.any():
        shown = few(blocks["block_id"].to_numpy()[across])
        raise InputError(
            zh=f"{across.sum()} 个地块跨越片区边界、不在所写的片区内或在片区之外（{shown.zh}）；请先按片区裁剪地块。",
            en=f"{counted(across.sum(), 'block lies', 'blocks lie')} across a district's border, outside the district named or outside all "
            f"({shown.en}); clip the blocks to the districts first.",
        )
    return blocks.assign(district=names[home])


def _standardised(
    table: gpd.GeoDataFrame, options: UnitSettings, area: Floats
) -> tuple[Floats, tuple[str, ...], tuple[str, ...]]:
    """Attributes on one scale, those that enter, and those that are the same everywhere."""
    wanted = list(dict.fromkeys(options.attributes or ()))
    _numbers(table, wanted, Text(zh="属性列", en="attributes"))
    scaled = standardise(table[wanted], area_m2=area, weights=options.weights)
    return scaled.table.to_numpy(dtype=np.float64), tuple(scaled.table.columns), scaled.dropped


def _loads(table: gpd.GeoDataFrame, area: Floats, limits: Limits) -> Floats:
    """What each block holds of all that is bounded, its area first."""
    names = [*limits.further]
    _refuse(
        "这些名称在单元表中另有含义，请给列改名（面积请用 min_km2、max_km2）",
        "bounded columns whose names mean something else in the table of units; rename them (the area has min_km2 and max_km2)",
        {*names} & {*declared("units.units").columns} - _BOUNDED,
    )  # fmt: skip
    held = _numbers(table, names, Text(zh="有上下限的列", en="bounded columns"))
    below = np.any(held < 0, axis=0).tolist()
    _refuse(
        "有上下限的列有负数，请先核对", "bounded columns with negative numbers; check them",
        [name for name, wrong in zip(names, below, strict=True) if wrong],
    )  # fmt: skip
    return np.column_stack([area, held])


def _numbers(table: gpd.GeoDataFrame, wanted: list[str], what: Text) -> Floats:
    """Columns of the blocks, all numbers and none missing."""
    _refuse(
        f"地块图层缺少{what.zh}", f"the layer of blocks lacks the {what.en}",
        [name for name in wanted if name not in table],
    )  # fmt: skip
    _refuse(f"{what.zh}不是数值", f"{what.en} that are not numeric", [
        name for name in wanted if not pd.api.types.is_numeric_dtype(table[name])
    ])  # fmt: skip
    values: Floats = table[wanted].to_numpy(dtype=np.float64, na_value=np.nan)
    missing = ~np.isfinite(values)
    _refuse(
        f"{what.zh}有缺失值，请先补齐或去掉该列",
        f"{what.en} with missing values; fill them in or leave the column out",
        [f"{name}: {count}" for name, count in zip(wanted, missing.sum(axis=0), strict=True) if count],
    )
    return values


def _refuse(zh: str, en: str, names: Iterable[str]) -> None:
    wrong = sorted(str(name) for name in names)
    if wrong:
        raise InputError(zh=f"{zh}：{listed(wrong, 'zh')}。", en=f"{en[0].upper()}{en[1:]}: {listed(wrong, 'en')}.")


def _total(objective: Objective, unit: Ints) -> float:
    """The objective over the city."""
    from jxgis.units._kernels import unit_costs

    nodes = np.arange(len(unit))
    whole = piece_of(objective, nodes, nodes, np.zeros(1), np.array([np.inf]))
    costs = unit_costs(whole, unit, int(unit.max()) + 1)[0]
    return float(costs.sum()) + objective.apart_total
