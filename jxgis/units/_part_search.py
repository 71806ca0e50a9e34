"""Search every part of a district for its units."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from jxgis.i18n import text_pair
from jxgis.progress import tell
from jxgis.units._graph import Floats, Ints
from jxgis.units._objective import Objective, piece_of
from jxgis.units._pieces import DistrictPart, Limits, count_range

if TYPE_CHECKING:
    from jxgis.units._divide import Division

__all__ = ["search_parts"]

# How many times the dial of compactness counts in a part that it left with shapes that no planner would sign.
_ROUNDER = (2, 4, 8, 16)


def search_parts(
    objective: Objective,
    groupings: tuple[Ints, Ints],
    load: Floats,
    parts: list[DistrictPart],
    counts: list[int],
    limits: Limits,
    asked: Mapping[str, int],
    effort: tuple[int, int, int],
    flaws_of: Callable[[Ints, Ints], int] | None,
) -> list[Division]:
    """Search every part, the largest first."""
    from jxgis.units._divide import divide

    def work(row: int) -> Division:
        best = attempts(row, 1)
        if flaws_of is None or best.reason is not None:
            return best
        nodes = parts[row].nodes
        best = replace(best, flaws=flaws_of(nodes, best.found.label))
        for rounder in _ROUNDER:
            if best.flaws == 0 or best.found.k == 1:
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
        piece = piece_of(objective, part.nodes, nodes, limits.least, limits.most, load)
        piece = piece._replace(shape_weight=piece.shape_weight * rounder)
        seed, iterations, starts = effort
        division = divide(
            piece,
            counts[row],
            count_range(part.load, limits),
            reason=part.reason,
            fixed=objective.graph.district_names[part.district] in asked,
            seed=(seed, row),
            iterations=iterations,
            starts=starts,
        )
        return replace(division, found=replace(division.found, label=division.found.label[nodes]))

    results: dict[int, Division] = {}
    for done, row in enumerate(sorted(range(len(parts)), key=lambda row: -len(parts[row].nodes)), start=1):
        results[row] = work(row)
        tell(done, len(parts), text_pair("pipeline.share_units"))
    return [results[row] for row in range(len(parts))]


def _same(groupings: tuple[Ints, Ints], nodes: Ints) -> bool:
    """Whether nothing more is kept together in a part than its exclaves."""
    return len(np.unique(groupings[0][nodes])) == len(np.unique(groupings[1][nodes]))
