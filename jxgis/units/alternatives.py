"""More than one plan: along the dial from alike to compact and over seeds, how stable each border is, what differs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from jxgis.crs import M2_PER_KM2, require_metric
from jxgis.errors import InputError
from jxgis.i18n import text_pair
from jxgis.progress import stepped
from jxgis.space.overlay import pieces
from jxgis.space.people import people_in
from jxgis.space.points import locate
from jxgis.space.ratio import ratio
from jxgis.space.shape import width_m
from jxgis.units._graph import block_graph, linework, shared_lines

if TYPE_CHECKING:
    from jxgis.units.plan import Plan

__all__ = ["Alternatives", "Comparison", "border_recurrence", "compare_plans", "propose_alternatives"]

#: Borders nearer than this are the same, and strips of ground thinner than it have not moved.
_SAME_M = 1.0


@dataclass(frozen=True, eq=False)
class Alternatives:
    """Several plans of the same blocks.

    Attributes
    ----------
    table
        One row a plan, in the order of ``plans``: ``plan``, ``compactness_dial``, ``seed``, ``units``,
        ``in_bounds_share``, ``ssd_share`` (null without attributes), ``mean_compactness``, and ``on_front`` (no other
        plan has as many units in bounds and is both more alike and more compact).
    plans
        The plans.
    borders
        How often each border between two blocks is one between units; see :func:`border_recurrence`.
    """

    table: pd.DataFrame
    plans: tuple[Plan, ...]
    borders: gpd.GeoDataFrame


def propose_alternatives(
    blocks: gpd.GeoDataFrame,
    districts: gpd.GeoDataFrame,
    *,
    dials: Sequence[float] = (0.02, 0.05, 0.2),
    seeds: Sequence[int] = (0, 1, 2),
    **asked: Any,
) -> Alternatives:
    """Propose a plan for every compactness dial and seed.

    Parameters
    ----------
    blocks, districts, **asked
        As for `units.delineate.delineate_units`, but for ``compactness`` and ``seed``.
    dials
        Values of ``compactness``, from alike (0.02) to round (0.2).
    seeds
        Seeds.

    Returns
    -------
    Alternatives

    Raises
    ------
    InputError
        If there is no dial or no seed, or as `delineate_units` raises.

    Examples
    --------
    >>> from jxgis.space.blocks import grid_blocks
    >>> district = gpd.GeoDataFrame({"name": ["甲"]}, geometry=[shapely.box(0, 0, 4000, 2000)], crs=4549)
    >>> found = propose_alternatives(grid_blocks(district, cell_m=500), district, dials=[0.2], seeds=[0, 1])
    >>> found.table[["plan", "compactness_dial", "seed", "units"]].values.tolist()
    [['P1', 0.2, 0, 2], ['P2', 0.2, 1, 2]]
    """
    from jxgis.units.delineate import delineate_units

    runs = [(dial, seed) for dial in dials for seed in seeds]
    if not runs:
        raise InputError(
            zh="至少需要一个 dials 值和一个 seeds 值。",
            en="Give at least one dial and one seed.",
        )
    plans: list[Plan] = []
    rows: list[dict[str, object]] = []
    for number, (dial, seed) in stepped(list(enumerate(runs, start=1)), text_pair("run.share_plans")):
        plan = delineate_units(blocks, districts, compactness=dial, seed=seed, prove=False, **asked)
        # What a bound would read holds all units that the search met.
        plans.append(replace(plan, unproven=()))
        rows.append(
            {
                "plan": f"P{number}",
                "compactness_dial": float(dial),
                "seed": seed,
                "units": len(plan.units),
                "in_bounds_share": plan.report.in_bounds_share,
                "ssd_share": plan.report.ssd_share,
                "mean_compactness": plan.report.mean_compactness,
            }
        )
    table = pd.DataFrame(rows)
    table["on_front"] = _front(table)
    labels = pd.DataFrame({name: plan.blocks["unit_id"] for name, plan in zip(table["plan"], plans, strict=True)})
    return Alternatives(table, tuple(plans), border_recurrence(plans[0].blocks, labels))


def _front(table: pd.DataFrame) -> NDArray[np.bool_]:
    """Plans that no other beats in one respect without losing in another; without attributes by shape alone."""
    merits = np.column_stack(
        [table["in_bounds_share"], -table["ssd_share"].fillna(0.0), table["mean_compactness"]]
    ).astype(np.float64)
    no_worse = (merits[:, None] >= merits[None]).all(axis=2)
    better = (merits[:, None] > merits[None]).any(axis=2)
    beaten = np.asarray((no_worse & better).any(axis=0), dtype=np.bool_)
    return np.logical_not(beaten)


def border_recurrence(blocks: gpd.GeoDataFrame, labels: pd.DataFrame) -> gpd.GeoDataFrame:
    """Count how often each border between two blocks is a border between units.

    Parameters
    ----------
    blocks
        ``block_id``, ``district``, polygons in a metric CRS.
    labels
        On the index of ``blocks``, one column a plan: the unit of each block.

    Returns
    -------
    GeoDataFrame
        One row a border that at least one plan draws: ``block_a``, ``block_b``, ``district``, ``plans`` (how many draw
        it), ``stability`` (their share, 0 to 1: 1 is a border that does not depend on dial or seed), ``length_m``,
        line.

    Raises
    ------
    InputError
        If ``labels`` has no plan or another index.

    Examples
    --------
    >>> cells = [shapely.box(x, 0, x + 1, 1) for x in range(3)]
    >>> blocks = gpd.GeoDataFrame({"block_id": list("abc"), "district": "甲"}, geometry=cells, crs=4549)
    >>> plans = pd.DataFrame({"P1": [1, 1, 2], "P2": [1, 2, 3]})
    >>> border_recurrence(blocks, plans)[["block_a", "block_b", "stability"]].values.tolist()
    [['a', 'b', 0.5], ['b', 'c', 1.0]]
    """
    if not labels.shape[1] or not labels.index.equals(blocks.index):
        raise InputError(
            zh="labels 至少要有一列方案，且索引须与 blocks 相同。",
            en="labels needs at least one plan and the index of blocks.",
        )
    graph = block_graph(blocks)
    codes = np.column_stack([pd.factorize(labels[plan])[0] for plan in labels.columns])
    drawn = (codes[graph.u] != codes[graph.v]).sum(axis=1)
    u, v, times = graph.u[drawn > 0], graph.v[drawn > 0], drawn[drawn > 0]
    lines = shared_lines(blocks.geometry.to_numpy(), u, v, graph.shared_m[drawn > 0])
    ids = blocks["block_id"].to_numpy()
    return gpd.GeoDataFrame(
        {
            "block_a": ids[u],
            "block_b": ids[v],
            "district": blocks["district"].to_numpy()[u],
            "plans": times,
            "stability": times / labels.shape[1],
            "length_m": graph.shared_m[drawn > 0],
        },
        geometry=[linework(line) for line in lines],
        crs=blocks.crs,
    )


@dataclass(frozen=True, eq=False)
class Comparison:
    """Two plans side by side.

    Attributes
    ----------
    units
        One row a unit of the second plan: ``unit_id``, ``was`` (the unit of the first plan that it continues: the
        matching of one to one with the most ground in common; null for a new one), ``area_km2``, ``kept_km2`` (of it,
        what ``was`` held), ``kept_share``.
    moved
        One row a piece of ground that changes unit: ``from_unit``, ``to_unit`` (null where a plan leaves it out),
        ``m2``, ``issues`` and ``people`` where given, polygon. The largest first.
    borders
        Three rows, lines inside the districts: ``state`` (``kept``, ``gone``, ``new``), ``length_m``.
    totals
        ``area_km2``, ``moved_km2``, ``moved_share``; where given ``issues``, ``moved_issues``, ``people``,
        ``moved_people``; ``kept_border_m``, ``gone_border_m``, ``new_border_m``.
    """

    units: gpd.GeoDataFrame
    moved: gpd.GeoDataFrame
    borders: gpd.GeoDataFrame
    totals: pd.Series[float]


def compare_plans(
    before: gpd.GeoDataFrame,
    after: gpd.GeoDataFrame,
    *,
    issues: gpd.GeoDataFrame | None = None,
    population: gpd.GeoDataFrame | None = None,
) -> Comparison:
    """Say what changes from one plan, or from today's units, to another.

    Parameters
    ----------
    before, after
        Polygons with ``unit_id``, and ``district`` or not, in one metric CRS. Codes need not correspond.
    issues
        Points: how many change unit.
    population
        Points or polygons with ``people``; polygons count by the share of their area.

    Returns
    -------
    Comparison

    Raises
    ------
    InputError
        If ``unit_id`` is missing or repeats, or the population has no such column.
    CrsError
        If a CRS is not metric, or they differ.

    Examples
    --------
    >>> today = gpd.GeoDataFrame(
    ...     {"unit_id": ["甲", "乙"]}, geometry=[shapely.box(0, 0, 1000, 1000), shapely.box(1000, 0, 2000, 1000)], crs=4549
    ... )
    >>> plan = gpd.GeoDataFrame(
    ...     {"unit_id": ["1", "2"]}, geometry=[shapely.box(0, 0, 1200, 1000), shapely.box(1200, 0, 2000, 1000)], crs=4549
    ... )
    >>> change = compare_plans(today, plan)
    >>> change.units[["unit_id", "was", "kept_share"]].round(3).values.tolist()
    [['1', '甲', 0.833], ['2', '乙', 1.0]]
    >>> change.moved[["from_unit", "to_unit", "m2"]].values.tolist()
    [['乙', '1', 200000.0]]
    """
    crs = require_metric(before, "before")
    require_metric(after, "after", like=crs)
    for table, what in ((before, "before"), (after, "after")):
        if "unit_id" not in table.columns or table["unit_id"].isna().any() or table["unit_id"].duplicated().any():
            raise InputError(
                zh=f"{what} 需要不空、不重复的 unit_id 列。",
                en=f"{what} needs a column unit_id without nulls or repeats.",
            )
    ground = _pieces(before, after)
    was = _matching(ground, len(before), len(after))
    new_rows = ground["after"].to_numpy()
    stays = (new_rows >= 0) & (ground["before"].to_numpy() >= 0) & (was[new_rows] == ground["before"].to_numpy())
    moved = _moved_ground(ground[~stays], before, after)
    totals = {"area_km2": ground.area.sum() / M2_PER_KM2, "moved_km2": moved["m2"].sum() / M2_PER_KM2}
    totals["moved_share"] = totals["moved_km2"] / totals["area_km2"]
    if issues is not None:
        at = locate(issues, moved)
        moved.insert(3, "issues", np.bincount(at[at >= 0], minlength=len(moved)))
        totals |= {"issues": (locate(issues, ground) >= 0).sum(), "moved_issues": moved["issues"].sum()}
    if population is not None:
        require_metric(population, "population", like=crs)
        moved.insert(moved.columns.get_loc("geometry"), "people", people_in(moved, population))
        totals |= {
            "people": people_in(ground, population).sum(),
            "moved_people": moved["people"].sum(),
        }
    borders = _borders(before, after)
    totals |= {f"{state}_border_m": length for state, length in zip(borders["state"], borders["length_m"], strict=True)}
    return Comparison(_continued(ground[stays], before, after, was), moved, borders, pd.Series(totals, dtype=float))


def _pieces(before: gpd.GeoDataFrame, after: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Every piece of ground with its unit in either plan, by row; -1 where a plan leaves it out."""
    old, new = before.geometry.to_numpy(), after.geometry.to_numpy()
    second, first, both = pieces(new, old)
    only_old = shapely.difference(old, shapely.union_all(new))
    only_new = shapely.difference(new, shapely.union_all(old))
    ground = gpd.GeoDataFrame(
        {
            "before": np.concatenate([first, np.arange(len(old)), np.full(len(new), -1)]),
            "after": np.concatenate([second, np.full(len(old), -1), np.arange(len(new))]),
        },
        geometry=np.concatenate([both, only_old, only_new]),
        crs=before.crs,
    )
    ground = ground[ground.area > 0]
    return ground.sort_values(["before", "after"]).reset_index(drop=True)


def _matching(pieces: gpd.GeoDataFrame, n_before: int, n_after: int) -> NDArray[np.int64]:
    """Row of the old unit that each new one continues, -1 for none: one to one, most ground in common."""
    both = pieces[(pieces["before"] >= 0) & (pieces["after"] >= 0)]
    common = np.zeros((n_before, n_after))
    np.add.at(common, (both["before"].to_numpy(), both["after"].to_numpy()), both.area.to_numpy())
    old, new = linear_sum_assignment(common, maximize=True)
    was = np.full(n_after, -1, dtype=np.int64)
    was[new[common[old, new] > 0]] = old[common[old, new] > 0]
    return was


def _moved_ground(pieces: gpd.GeoDataFrame, before: gpd.GeoDataFrame, after: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    parts = pieces.explode(ignore_index=True)
    wide = width_m(parts.geometry.to_numpy()) > _SAME_M
    kept = parts[wide & (parts.geom_type == "Polygon")].dissolve(["before", "after"]).reset_index()
    moved = gpd.GeoDataFrame(
        {
            "from_unit": _names(before, kept["before"].to_numpy()),
            "to_unit": _names(after, kept["after"].to_numpy()),
            "m2": kept.area.to_numpy(),
        },
        geometry=kept.geometry.to_numpy(),
        crs=before.crs,
    )
    return moved.sort_values("m2", ascending=False, kind="stable").reset_index(drop=True)


def _names(units: gpd.GeoDataFrame, rows: NDArray[np.int64]) -> pd.Series[str]:
    ids = units["unit_id"].astype("str").to_numpy()
    return pd.Series([ids[row] if row >= 0 else None for row in rows], dtype="str")


def _continued(
    kept: gpd.GeoDataFrame, before: gpd.GeoDataFrame, after: gpd.GeoDataFrame, was: NDArray[np.int64]
) -> gpd.GeoDataFrame:
    area = after.area.to_numpy() / M2_PER_KM2
    common = np.bincount(kept["after"].to_numpy(), weights=kept.area.to_numpy(), minlength=len(after)) / M2_PER_KM2
    return gpd.GeoDataFrame(
        {
            "unit_id": after["unit_id"].astype("str").to_numpy(),
            "was": _names(before, was).to_numpy(),
            "area_km2": area,
            "kept_km2": common,
            "kept_share": ratio(common, area),
        },
        geometry=after.geometry.to_numpy(),
        crs=after.crs,
    )


def _borders(before: gpd.GeoDataFrame, after: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    old, new = _inner_borders(before), _inner_borders(after)
    near_old, near_new = (shapely.buffer(lines, _SAME_M, cap_style="flat") for lines in (old, new))
    lines = [shapely.intersection(new, near_old), shapely.difference(old, near_new), shapely.difference(new, near_old)]
    return gpd.GeoDataFrame(
        {"state": ["kept", "gone", "new"], "length_m": shapely.length(lines)}, geometry=lines, crs=before.crs
    )


def _inner_borders(units: gpd.GeoDataFrame) -> shapely.Geometry:
    """Edges of units that are not edges of a district (or of the whole, where districts are not named)."""
    shapes = units.geometry.to_numpy()
    names = units["district"] if "district" in units.columns else pd.Series("", index=units.index)
    grounds = [shapely.union_all(shapes[rows]) for rows in names.groupby(names).indices.values()]
    # Threads between units that miss each other by less are none of its edge: what lies along them is an inner border.
    closed = shapely.buffer(shapely.buffer(grounds, _SAME_M / 2), -_SAME_M / 2)
    outlines = shapely.boundary(closed)
    fence = shapely.buffer(shapely.union_all(outlines), _SAME_M)
    return shapely.line_merge(shapely.difference(shapely.union_all(shapely.boundary(shapes)), fence))
