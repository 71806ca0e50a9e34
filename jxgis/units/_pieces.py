"""Districts cut into pieces that can be searched alone, and how many units fit each."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from jxgis.bounds import RELATIVE
from jxgis.errors import InputError
from jxgis.i18n import counted, listed
from jxgis.space.parts import connected
from jxgis.units._graph import Floats, Ints
from jxgis.units._objective import Objective

__all__ = ["DistrictPart", "Limits", "count_range", "cut_into_parts", "share_out"]


@dataclass(frozen=True)
class Limits:
    """Bounds, both included, and target of a unit's area in m²; and bounds of further quantities.

    ``further`` holds the least and the greatest of each, by its name; ``marks`` is the number of columns after those, of which a
    unit holds 1 at most.
    """

    low: float
    high: float
    target: float
    further: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    marks: int = 0

    @property
    def least(self) -> Floats:
        """The least load that meets the lower bounds: what compiled loops, which know no rule, compare with."""
        return np.array([self.low, *(low for low, _ in self.further.values()), *[0.0] * self.marks]) * (1 - RELATIVE)

    @property
    def most(self) -> Floats:
        """The greatest load that keeps the upper bounds."""
        return np.array([self.high, *(high for _, high in self.further.values()), *[1.0] * self.marks]) * (1 + RELATIVE)

    def exceeded(self, load: Floats) -> npt.NDArray[np.bool_]:
        """Whether loads, float (…, b), are above an upper bound."""
        above: npt.NDArray[np.bool_] = np.any(load > self.most, axis=-1)
        return above


@dataclass(frozen=True)
class DistrictPart:
    """Connected blocks of one district.

    Attributes
    ----------
    district
        Code of the district.
    nodes
        Rows of the blocks, int (p,).
    load
        Its area in m², then each further quantity that is bounded, float (b,).
    reason
        Why its units are out of bounds if the part itself rules it out; None where units may fit.
    """

    district: int
    nodes: Ints
    load: Floats
    reason: str | None

    @property
    def area(self) -> float:
        """In m²."""
        return float(self.load[0])

    @property
    def stays_one(self) -> bool:
        """Whether it is one unit, whatever units there are today: of the other reasons one leaves ground for several."""
        return self.reason is not None and self.reason != "part_holds_too_little"


def count_range(load: Floats, limits: Limits) -> tuple[int, int]:
    """Fewest and most units that a part can be divided into; none fits where the first exceeds the second.

    Examples
    --------
    >>> limits = Limits(low=2.0e6, high=5.0e6, target=3.5e6)
    >>> [count_range(np.array([area]), limits) for area in (4.2e6, 12e6, 1.9e6)]
    [(1, 2), (3, 6), (1, 0)]
    >>> people = Limits(low=2.0e6, high=5.0e6, target=3.5e6, further={"people": (9000, 20000)})
    >>> count_range(np.array([12e6, 40000]), people)
    (3, 4)
    """
    fewest = max(1, math.ceil((load / limits.most).max()))
    bounded = limits.least > 0
    return fewest, math.floor((load[bounded] / limits.least[bounded]).min())


def cut_into_parts(
    objective: Objective, load: Floats, group: Ints, limits: Limits, fixed: Ints | None = None
) -> list[DistrictPart]:
    """Connected parts of each district, blocks above the maximum and fixed units apart.

    Parameters
    ----------
    objective
        Blocks and borders.
    load
        Area of each block in m², then each further quantity that is bounded, float (n, b).
    group
        Blocks of one group are never separated, int (n,).
    limits
        Bounds of a unit's area.
    fixed
        Number of the fixed unit that each block is part of, int (n,), −1 where of none.

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
    fixed = np.full(n, -1, dtype=np.int64) if fixed is None else fixed
    too_big = limits.exceeded(load) & (fixed < 0)
    small = ~too_big & (fixed < 0)
    inner = objective.link & small[u] & small[v]
    inner_tie = small[tie] & small[tie_to]
    whole_units = np.flatnonzero(fixed >= 0)
    whole_units = whole_units[np.argsort(fixed[whole_units], kind="stable")]
    alike = fixed[whole_units][1:] == fixed[whole_units][:-1]
    split = connected(
        n,
        np.concatenate([u[inner], tie[inner_tie], whole_units[:-1][alike]]),
        np.concatenate([v[inner], tie_to[inner_tie], whole_units[1:][alike]]),
    )
    parts_of_district = _count_distinct(graph.district, whole)
    order = np.argsort(split, kind="stable")
    found = []
    for nodes in np.split(order, np.cumsum(np.bincount(split))[:-1]):
        district = int(graph.district[nodes[0]])
        held = load[nodes].sum(axis=0)
        reason = None
        if fixed[nodes[0]] >= 0:
            reason = "fixed_unit"
        elif too_big[nodes[0]]:
            reason = "block_above_max" if held[0] > limits.most[0] else "block_holds_too_much"
        elif held[0] < limits.least[0]:
            if len(nodes) < whole_blocks[whole[nodes[0]]]:
                reason = "remainder_below_min"
            elif parts_of_district[district] > 1:
                reason = "exclave_below_min"
            else:
                reason = "district_below_min"
        elif (held < limits.least).any():
            reason = "part_holds_too_little"
        found.append(DistrictPart(district=district, nodes=nodes, load=held, reason=reason))
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
        If a district is unknown, or what it holds cannot be divided into the number asked for.
    """
    counts = []
    for part in parts:
        fewest, most = count_range(part.load, limits)
        counts.append(1 if part.reason else _nearest(part.area / limits.target, fewest, most))
    unknown = sorted(set(asked) - set(names))
    if unknown:
        raise InputError(
            zh=f"n_units 中的片区不存在：{listed(unknown, 'zh')}；已有：{listed(names, 'zh')}。",
            en=f"n_units names districts that do not exist: {listed(unknown, 'en')}; there are: {listed(names, 'en')}.",
        )
    for name, wanted in asked.items():
        rows = [row for row, part in enumerate(parts) if names[part.district] == name]
        ranges = [(1, 1) if parts[row].reason else count_range(parts[row].load, limits) for row in rows]
        fewest = sum(low for low, _ in ranges)
        most = sum(max(low, high) for low, high in ranges)
        if not fewest <= wanted <= most:
            raise InputError(
                zh=f"片区 {name} 不能划成 {wanted} 个单元；按上下限可划 {fewest}–{most} 个。",
                en=f"District {name} cannot be divided into {counted(wanted, 'unit', 'units')}; the bounds allow {fewest} to {most}.",
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
