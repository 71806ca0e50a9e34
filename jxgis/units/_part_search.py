"""Search every part of a district for its units."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from jxgis.i18n import text_pair
from jxgis.progress import tell
from jxgis.units._graph import Floats, Ints
from jxgis.units._objective import Objective, piece_of
from jxgis.units._pieces import DistrictPart, Limits, count_range
from jxgis.units._rules import Rule, kept_apart_columns, zones_of

if TYPE_CHECKING:
    from jxgis.units._divide import Division
    from jxgis.units._piece import Piece
    from jxgis.units.repair import Today
    from jxgis.units.search import Solution

__all__ = ["search_parts"]

# How many times the dial of compactness counts in a part that it left with shapes that no planner would sign.
_ROUNDER = (2, 4, 8, 16)
# Parts that are searched at once: each may hold 200 MB of possible units, or 800 MB of a sweep where borders alone count.
_MOST_AT_ONCE = 4


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
    rules: list[list[Rule]],
    today: tuple[Today, list[Ints]] | None,
) -> list[Division]:
    """Search every part, the largest first, a few at once where there are cores; of its rules those are let go that no units within the bounds hold.

    Each part has a seed of its own, so that threads change nothing.

    Where units of ``today`` go on in a part, by its rows, it is divided as near to them as the bounds allow.
    """
    from jxgis.units._divide import TRIALS_OF_ONE_ROUND, divide
    from jxgis.units.repair import repair_part

    rules = [*rules]
    known: dict[int, Solution] = {}

    def work(row: int) -> Division:
        best = attempts(row, 1)
        if flaws_of is None or best.reason is not None:
            return best
        nodes = parts[row].nodes
        best = replace(best, flaws=flaws_of(nodes, best.found.label))
        known[row] = best.found
        for rounder in _ROUNDER:
            if best.flaws == 0 or best.found.k == 1:
                break
            other = attempts(row, rounder)
            if other.reason is None and (flaws := flaws_of(nodes, other.found.label)) < best.flaws:
                best = replace(other, rounder=rounder, flaws=flaws)
        return best

    def attempts(row: int, rounder: int) -> Division:
        found = within(row, rounder, rules[row])
        if parts[row].reason is not None or found.reason is None or not rules[row]:
            return found
        free = within(row, rounder, [])
        if free.reason is not None:
            return free
        wanted, rules[row] = rules[row], []
        for rule in wanted:
            trial = attempt(row, groupings[1], 1, [*rules[row], rule], (TRIALS_OF_ONE_ROUND, 1))
            if trial.reason is None:
                rules[row].append(rule)
        held = within(row, rounder, rules[row]) if rules[row] else free
        return held if held.reason is None else free

    def within(row: int, rounder: int, own: list[Rule]) -> Division:
        # What is to stay together is let go only where no units are found with it.
        kept = attempt(row, groupings[0], rounder, own, effort[1:])
        if parts[row].reason is not None or kept.reason is None or _same(groupings, parts[row].nodes):
            return kept
        free = attempt(row, groupings[1], rounder, own, effort[1:])
        # What was proven of blocks kept together holds for them only; units of today stay as they are without.
        return free if free.today or free.found.better_than(kept.found) else replace(free, found=kept.found)

    def attempt(row: int, group: Ints, rounder: int, own: list[Rule], trials: tuple[int, int]) -> Division:
        part = parts[row]
        nodes = np.unique(group[part.nodes], return_inverse=True)[1]
        marks = kept_apart_columns(own, len(load))
        strict = replace(limits, marks=marks.shape[1])
        piece = piece_of(objective, part.nodes, nodes, strict.least, strict.most, np.column_stack([load, marks]))
        inside, most = zones_of(own, len(load))
        zones = np.zeros((len(piece.area), len(most)), dtype=np.bool_)
        np.logical_or.at(zones, nodes, inside[part.nodes])
        piece = piece._replace(shape_weight=piece.shape_weight * rounder, zones=zones, zone_most=most)
        fixed = objective.graph.district_names[part.district] in asked
        first = _on_nodes(known[row], piece, nodes) if row in known else None
        fewest, greatest = count_range(np.append(part.load, marks[part.nodes].sum(axis=0)), strict)
        if fixed and counts[row] < fewest:
            greatest = 0
        if today is not None and not part.stays_one and len(home := today[1][row]):
            division = repair_part(
                piece, nodes, part, today[0], home, counts[row], (fewest, greatest), seed=(effort[0], row),
                iterations=trials[0],
            )  # fmt: skip
            return replace(division, found=replace(division.found, label=division.found.label[nodes]))
        division = divide(
            piece,
            max(counts[row], min(fewest, greatest)),
            (fewest, greatest),
            reason=part.reason,
            fixed=fixed,
            seed=(effort[0], row),
            iterations=trials[0],
            starts=trials[1],
            known=first,
        )
        return replace(division, found=replace(division.found, label=division.found.label[nodes]))

    results: dict[int, Division] = {}
    largest_first = sorted(range(len(parts)), key=lambda row: -len(parts[row].nodes))
    with ThreadPoolExecutor(min(os.cpu_count() or 1, _MOST_AT_ONCE)) as pool:
        for row, division in zip(largest_first, pool.map(work, largest_first), strict=True):
            results[row] = division
            tell(len(results), len(parts), text_pair("run.share_units"))
    return [results[row] for row in range(len(parts))]


def _on_nodes(found: Solution, piece: Piece, nodes: Ints) -> Solution | None:
    """Units of blocks as units of nodes; None where they part a node, or do not hold what is asked of the piece."""
    from jxgis.units.search import judge

    label = np.empty(len(piece.area), dtype=np.int64)
    label[nodes] = found.label
    same = judge(piece, label, found.k)
    return same if same.excess == 0 and (label[nodes] == found.label).all() else None


def _same(groupings: tuple[Ints, Ints], nodes: Ints) -> bool:
    """Whether nothing more is kept together in a part than its exclaves."""
    return len(np.unique(groupings[0][nodes])) == len(np.unique(groupings[1][nodes]))
