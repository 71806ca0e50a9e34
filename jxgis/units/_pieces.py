"""Districts cut into pieces that can be searched alone, and how many units fit each."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from jxgis.bounds import RELATIVE, at_least, at_most
from jxgis.errors import InputError
from jxgis.i18n import listed
from jxgis.space.parts import connected
from jxgis.units._graph import Floats, Ints
from jxgis.units._objective import Objective

__all__ = ["DistrictPart", "Limits", "count_range", "cut_into_parts", "share_out"]


@dataclass(frozen=True)
class Limits:
    """Bounds, both included, and target of a unit's area in m²."""

    low: float
    high: float
    target: float

    @property
    def least(self) -> float:
        """The least area that meets the lower bound: what compiled loops, which know no rule, compare with."""
        return self.low * (1 - RELATIVE)

    @property
    def most(self) -> float:
        """The greatest area that keeps the upper bound."""
        return self.high * (1 + RELATIVE)


@dataclass(frozen=True)
class DistrictPart:
    """Connected blocks of one district.

    Attributes
    ----------
    district
        Code of the district.
    nodes
        Rows of the blocks, int (p,).
    area
        In m².
    reason
        Why its units are out of bounds if the part itself rules it out; None where units may fit.
    """

    district: int
    nodes: Ints
    area: float
    reason: str | None


def count_range(area: float, limits: Limits) -> tuple[int, int]:
    """Fewest and most units that an area can be divided into; none fits where the first exceeds the second.

    Examples
    --------
    >>> limits = Limits(low=2.0e6, high=5.0e6, target=3.5e6)
    >>> count_range(4.2e6, limits), count_range(12e6, limits), count_range(1.9e6, limits)
    ((1, 2), (3, 6), (1, 0))
    """
    return max(1, math.ceil(area / limits.most)), math.floor(area / limits.least)


def cut_into_parts(objective: Objective, group: Ints, limits: Limits) -> list[DistrictPart]:
    """Connected parts of each district, blocks above the maximum apart.

    Parameters
    ----------
    objective
        Blocks and borders.
    group
        Blocks of one group are never separated, int (n,).
    limits
        Bounds of a unit's area.

    Returns
    -------
    list of DistrictPart
        By district, then by their first block.
    """
    graph = objective.graph
    n = len(graph.area_m2)
    u, v = graph.u, graph.v
    # Kept-together blocks hold together, an attached exclave with its neighbour too.
    first = np.full(int(group.max()) + 1, -1, dtype=np.int64)
    first[group[::-1]] = np.arange(n)[::-1]
    tie = np.flatnonzero(first[group] != np.arange(n))
    tie_to = first[group[tie]]
    whole = connected(n, np.concatenate([u, tie]), np.concatenate([v, tie_to]))
    whole_blocks = np.bincount(whole)
    too_big = ~at_most(graph.area_m2, limits.high)
    small = ~too_big
    inner = objective.link & small[u] & small[v]
    inner_tie = small[tie] & small[tie_to]
    split = connected(n, np.concatenate([u[inner], tie[inner_tie]]), np.concatenate([v[inner], tie_to[inner_tie]]))
    parts_of_district = _count_distinct(graph.district, whole)
    order = np.argsort(split, kind="stable")
    found = []
    for nodes in np.split(order, np.cumsum(np.bincount(split))[:-1]):
        district = int(graph.district[nodes[0]])
        area = float(graph.area_m2[nodes].sum())
        reason = None
        if too_big[nodes[0]]:
            reason = "block_above_max"
        elif not at_least(area, limits.low):
            if len(nodes) < whole_blocks[whole[nodes[0]]]:
                reason = "remainder_below_min"
            elif parts_of_district[district] > 1:
                reason = "exclave_below_min"
            else:
                reason = "district_below_min"
        found.append(DistrictPart(district=district, nodes=nodes, area=area, reason=reason))
    return sorted(found, key=lambda part: (part.district, int(part.nodes[0])))


def share_out(parts: list[DistrictPart], limits: Limits, names: tuple[str, ...], asked: Mapping[str, int]) -> list[int]:
    """Number of units of each part: from the target area, or as asked for its district.

    Parameters
    ----------
    parts
        Of all districts.
    limits
        Bounds and target.
    names
        Of the districts, by code.
    asked
        Units wanted per district; a district not named follows the target.

    Returns
    -------
    list of int

    Raises
    ------
    InputError
        If a district is unknown, or its area cannot be divided into the number asked for.
    """
    counts = []
    for part in parts:
        fewest, most = count_range(part.area, limits)
        counts.append(1 if part.reason else _nearest(part.area / limits.target, fewest, most))
    unknown = sorted(set(asked) - set(names))
    if unknown:
        raise InputError(
            zh=f"n_units 中的片区不存在：{listed(unknown, 'zh')}；已有：{listed(names, 'zh')}。",
            en=f"n_units names districts that do not exist: {listed(unknown, 'en')}; there are: {listed(names, 'en')}.",
        )
    for name, wanted in asked.items():
        rows = [row for row, part in enumerate(parts) if names[part.district] == name]
        ranges = [(1, 1) if parts[row].reason else count_range(parts[row].area, limits) for row in rows]
        fewest = sum(low for low, _ in ranges)
        most = sum(max(low, high) for low, high in ranges)
        if not fewest <= wanted <= most:
            raise InputError(
                zh=f"片区 {name} 不能划成 {wanted} 个单元；按面积上下限可划 {fewest}–{most} 个。",
                en=f"District {name} cannot be divided into {wanted} units; the bounds allow {fewest} to {most}.",
            )
        _settle(parts, rows, ranges, counts, wanted)
    return counts


def _settle(
    parts: list[DistrictPart], rows: list[int], ranges: list[tuple[int, int]], counts: list[int], wanted: int
) -> None:
    """Add or take away units one by one where the mean area then is nearest to the district's."""
    mean = sum(parts[row].area for row in rows) / wanted
    while (total := sum(counts[row] for row in rows)) != wanted:
        step = 1 if total < wanted else -1
        free = [i for i, row in enumerate(rows) if ranges[i][0] <= counts[row] + step <= max(ranges[i])]
        gaps: Floats = np.array([abs(parts[rows[i]].area / (counts[rows[i]] + step) - mean) for i in free])
        counts[rows[free[int(gaps.argmin())]]] += step


def _nearest(wanted: float, fewest: int, most: int) -> int:
    return max(fewest, min(round(wanted), most)) if fewest <= most else max(1, round(wanted))


def _count_distinct(district: Ints, whole: Ints) -> Ints:
    pairs = np.unique(np.stack([district, whole], axis=1), axis=0)
    counts: Ints = np.bincount(pairs[:, 0])
    return counts
