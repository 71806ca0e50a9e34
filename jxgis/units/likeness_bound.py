"""What a plan must cost at least where likeness counts: column generation, priced by boxes of what a unit may be like on average.

A plan is k connected sets that hold each node once. A linear programme over some of them prices the nodes; if at these
prices no set costs less than a limit, no plan costs less than all prices and k times the limit. What is hard about
likeness is that its squares are measured from the mean of the set. From any other centre they are more, by the area times
the squared distance; so for all sets whose mean lies in a box, the squares from its centre less those of its half
diagonal are a bound, and a sum over nodes: the cheapest set of all by such a sum is found along a sweep of the map
(`units._frontier`). Boxes that hold sets below the limit are halved, the lowest first. Sets are told apart by their root,
the largest node in them: a large one leaves little choice of the mean. Of the squared perimeter a tangent is a bound that
is a sum over borders. What a set pays for its borders mostly keeps it in one piece: a sweep that does not ask whether it
is has a fraction of the states, and goes first.
"""

from __future__ import annotations

from collections.abc import Iterable
from heapq import heapify, heappop, heappush
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from jxgis.i18n import text_pair
from jxgis.progress import tell
from jxgis.space.parts import connected
from jxgis.units._descent import descend, grown
from jxgis.units._frontier import Grains, Sweep, beginnings, cheap_sets, grains_of, restricted, sweep_of
from jxgis.units._graph import Floats
from jxgis.units._kernels import unit_cost, unit_sums
from jxgis.units._piece import Piece, credit_of
from jxgis.units._reach import reached
from jxgis.units.search import Solution

__all__ = ["bound_likeness"]

Set = npt.NDArray[np.bool_]

# States at which a map is too wide to be swept.
_MOST_STATES = 100_000
# Grains that the greatest load is counted in, by the values that a sweep then holds at most: the finer, the fewer sets just
# out of bounds pass for being within.
_FEWEST_GRAINS, _MOST_GRAINS = 200, 800
_MOST_VALUES = 15_000_000
# Steps of sweeps and values on their way: over all boxes of a part, for each trial move per node that the search has, and
# what one box takes at least.
_STEPS_OF_A_TRIAL = 2_000_000
_STEPS_OF_A_BOX = 5_000
# Share of them for sets in several parts too, where a sweep of connected ones alone is to follow.
_FIRST = 0.25
# Looks at all boxes that the steps are for at least: what is met on a long one may better the prices.
_LOOKS = 12
# A share of the plan's cost that is enough once so much of the steps is spent.
_ENOUGH, _SPENT = 0.95, 0.1
# Shares of the plan's cost that are tried for a bound, one after the other.
_TARGETS = (0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.925, 0.951, 0.965, 0.98, 0.99, 0.9999)
# Nodes of so much of the lower bound are roots; sets of smaller ones are looked at together.
_ROOT_SHARE = 0.125
# Rounds of descents between two looks at all boxes, and cheapest sets that they start from beside one at each node.
_DESCENTS = 8
_STARTS = 60
# How far prices may lie from nothing, in shares of the area, one after the other where a target needs it: near to each
# other they leave the fewest sets that are cheaper than they should be.
_ROOMS = (2.0, 8.0, 32.0, np.inf)
# Share of what is left above a target that the value is to lie above it: what just reaches it has prices far from each other.
_SPARE = 0.5
# Sets that the programme has at most before it forgets the dearest.
_MOST_COLUMNS = 3_000
# Boxes still looked at once a set is known that rules the target out at these prices: their sets better the prices.
_BEYOND = 60
# Tangents tried for one box.
_TANGENTS = 3
# Prices of a grain that bound the rest of a set, in mean prices of one.
_RATES = np.array([-1.0, -0.3, 0.0, 0.3, 1.0])
# Sums in another order differ in their last digits.
_ROUNDING = 1e-7
# Share of all that sets could cost below which the cost of a plan is itself rounding.
_LEAST_SHARE = 1e-6


def bound_likeness(piece: Piece, best: Solution, known: Iterable[npt.NDArray[np.integer]], *, iterations: int) -> float:
    """A lower bound of the cost of every division of a piece into as many units as the best one known.

    Parameters
    ----------
    piece
        Nodes and bounds.
    best
        The best division known, within the bounds.
    known
        Units that are worth a try: rows of nodes.
    iterations
        Trial moves per node that the search has: what is spent on the bound goes by it.

    Returns
    -------
    float
        At most ``best.cost``; NaN where nothing is proven, as where the map is too wide for a sweep or the cost next to
        nothing. Of what is bounded only the first counts, and sub-districts do not: the bound holds all the same.
    """
    credit = credit_of(piece)
    paid = best.cost - credit
    if best.k == 1 or paid <= 0.0:
        return best.cost
    if paid < _LEAST_SHARE * (piece.spread_weight * piece.square.sum() + np.abs(piece.cut).sum()):
        return float("nan")
    scaled = piece._replace(
        cut=piece.cut / paid, spread_weight=piece.spread_weight / paid, shape_weight=piece.shape_weight / paid
    )
    loose, strict = (sweep_of(scaled, most=_MOST_STATES, connected=asked) for asked in (False, True))
    model = _Model(scaled, best)
    programme = _Programme(model, known)
    most = left = iterations * _STEPS_OF_A_TRIAL
    share = 0.0
    if loose is not None:
        keep = 0 if strict is None else int(most * (1.0 - _FIRST))
        share, left = _bound(model, programme, model.boxes(loose), share, left, keep=keep, most=most)
    if strict is not None:
        programme.forget_parted()
        share, _ = _bound(model, programme, model.boxes(strict), share, left, keep=0, most=most)
    return credit + paid * min(share, 1.0) if share > 0 else float("nan")


def _bound(
    model: _Model, programme: _Programme, boxes: list[_Box], proven: float, left: int, *, keep: int, most: int
) -> tuple[float, int]:
    """The share of the plan's cost that is proven once no more than ``keep`` steps are left, or more where it is enough.

    Returns it and how many are left of ``most``.
    """
    k = model.k
    targets = [share for share in _TARGETS if share > proven + 2.0 * _ROUNDING]
    while targets and (room := left - max(keep, 0 if proven < _ENOUGH else int(most * (1.0 - _SPENT)))) > 0:
        value, price = programme.priced(targets[0])
        target = min(targets[0], value - _ROUNDING)
        limit = (target - float(price.sum())) / k
        look = min(room, most // _LOOKS)
        least, sets, boxes, used = _least(model, boxes, price, limit, look)
        left -= used
        tell(most - max(left, 0), most, text_pair("run.share_bounds"))
        proven = max(proven, float(price.sum()) + k * least - _ROUNDING)
        new = programme.add(sets)
        if least >= limit:
            if target < targets[0]:
                break
            targets = targets[1:]
        elif used >= look:
            programme.widen()
        elif not new:
            break
    return proven, left


class _Region(NamedTuple):
    """Sets with one root in them, among nodes that are no larger; with none of the larger nodes where the root is −1."""

    root: int
    allowed: Set
    sweep: Sweep
    grains: Grains


class _Box(NamedTuple):
    """Sets of a region whose mean lies between two corners, and the perimeter whose tangent bounds its square."""

    region: _Region
    low: Floats
    high: Floats
    perimeter: float


class _Model:
    """The sets of a piece and what they cost at least, in shares of what the best plan costs above what every plan pays."""

    def __init__(self, piece: Piece, best: Solution) -> None:
        self.k = best.k
        self.best = best.label
        self.piece = piece
        source = np.repeat(np.arange(len(piece.area)), np.diff(piece.start))
        # Borders that are kept apart cost nothing where they are kept, and something where not.
        self.kept: Floats = np.bincount(source, np.maximum(-piece.cut, 0.0), len(piece.area)).astype(np.float64)
        self.outer: Floats = piece.perimeter - np.bincount(source, piece.shared, len(piece.area))
        at = piece.mass / piece.area[:, None]
        middle = at - piece.mass.sum(axis=0) / piece.area.sum()
        # Turned so that the first coordinates tell the most apart.
        turn = np.linalg.eigh((middle * piece.area[:, None]).T @ middle)[1][:, ::-1]
        self.at: Floats = middle @ turn
        self.own = np.maximum(piece.square - piece.area * (at**2).sum(axis=1), 0.0)
        self.perimeter = float(unit_sums(piece, best.label, best.k)[1].mean())

    def _regions(self, sweep: Sweep) -> list[_Region]:
        area, low, high = self.piece.area, self.piece.low[0], self.piece.high[0]
        order = np.argsort(-area, kind="stable")
        roots = order[area[order] >= _ROOT_SHARE * low]
        smaller = np.ones(len(area), dtype=np.bool_)
        found = []
        for root in [*roots, -1]:
            allowed = smaller.copy() if root < 0 else reached(self.piece, root, smaller)
            smaller[root if root >= 0 else []] = False
            if area[allowed].sum() < low * (1.0 - _ROUNDING):
                continue
            own = restricted(sweep, area, allowed, int(root), high * (1.0 + _ROUNDING))
            if own is None:
                continue
            grains = grains_of(self.piece, int(np.clip(_MOST_VALUES // len(own.into), _FEWEST_GRAINS, _MOST_GRAINS)))
            found.append(_Region(int(root), allowed, own, grains))
        return found

    def boxes(self, sweep: Sweep) -> list[_Box]:
        """One for each region of a sweep: all that the mean of its sets can be."""
        found = []
        for region in self._regions(sweep):
            upper = [self._greatest_mean(region, column) for column in self.at.T]
            lower = [-self._greatest_mean(region, -column) for column in self.at.T]
            found.append(_Box(region, np.array(lower), np.array(upper), self.perimeter))
        return found

    def _greatest_mean(self, region: _Region, value: Floats) -> float:
        """The most that the mean of a value can be over nodes of a region, some of them in part, within the bounds of area."""
        area, low, high = self.piece.area, float(self.piece.low[0]), float(self.piece.high[0])
        rest = np.flatnonzero(region.allowed)
        rest = rest[np.argsort(-value[rest], kind="stable")]
        held = total = 0.0
        for node in [region.root, *rest[rest != region.root]] if region.root >= 0 else rest:
            # What is below the mean only fills a unit up.
            room = (high if held == 0 or value[node] * held > total else low) - held
            if room <= 0:
                break
            part = min(float(area[node]), room)
            held += part
            total += part * float(value[node])
        return total / held + _ROUNDING * float(np.ptp(value))

    def costs(self, rows: npt.NDArray[np.bool_]) -> Floats:
        """What sets cost, bool (s, n)."""
        piece = self.piece
        found = np.empty(len(rows))
        for number, row in enumerate(rows):
            load, perimeter, cut, square, mass, _ = (part[1] for part in unit_sums(piece, row.astype(np.int64), 2))
            found[number] = unit_cost(piece, load[0], perimeter, cut, square, mass) + self.kept[row].sum()
        return found

    def within(self, row: Set) -> bool:
        """Whether a set is within the bounds."""
        load = self.piece.load[row].sum(axis=0)
        return bool((load >= self.piece.low).all() and (load <= self.piece.high).all())

    def cheapest(self, box: _Box, price: Floats, limit: float) -> tuple[float, Set | None, int]:
        """The least that a set of a box costs less prices, by its bound, that set, and the steps that it took.

        The limit and None where none is below.
        """
        piece = self.piece
        region = box.region
        half = ((box.high - box.low) ** 2).sum() / 4.0
        square = ((self.at - (box.low + box.high) / 2.0) ** 2).sum(axis=1)
        cost = piece.spread_weight * (self.own + piece.area * (square - half)) - price
        cost += 2.0 * piece.shape_weight * box.perimeter * self.outer
        fixed = -piece.shape_weight * box.perimeter**2
        cut = region.sweep.cut + 2.0 * piece.shape_weight * box.perimeter * region.sweep.along
        sweep, grains = region.sweep._replace(cut=cut), region.grains
        rates = _RATES * float(np.abs(price).sum()) / max(int(grains.load.sum()), 1)
        edge = limit - fixed
        found, whole = beginnings(sweep, grains.load, -cost, grains.low, grains.high, edge, rates, 2 * _MOST_VALUES)
        if not whole:
            return -np.inf, None, 2 * _MOST_VALUES
        steps = _STEPS_OF_A_BOX + len(sweep.source) + len(found.value)
        ends = found.value[found.start[sweep.last] : found.start[sweep.last + 1]]
        least = float(ends.min()) if len(ends) else np.inf
        if not least < edge:
            return limit, None, steps
        return least + fixed, cheap_sets(sweep, grains.load, -cost, found, least + _ROUNDING, 1)[0][0], steps


class _Programme:
    """A linear programme over some sets: the cheapest fractions of them, k in all, that hold each node once."""

    def __init__(self, model: _Model, known: Iterable[npt.NDArray[np.integer]]) -> None:
        self._model = model
        n = len(model.piece.area)
        self._rows = np.zeros((0, n), dtype=np.bool_)
        self._costs = np.zeros(0)
        self._keys: set[bytes] = set()
        self._rooms = [*_ROOMS]
        self._first = []
        for root in range(n):
            member = np.zeros(n, dtype=np.int64)
            if grown(model.piece, root, member):
                self._first.append(member)
        self._plan = [model.best == unit for unit in range(model.k)]
        self.add([*self._plan, *(np.isin(np.arange(n), nodes) for nodes in known)])

    def add(self, sets: Iterable[Set]) -> int:
        """Take sets that are new; how many were."""
        new = []
        for row in sets:
            key = np.packbits(row).tobytes()
            if key not in self._keys:
                self._keys.add(key)
                new.append(row)
        if new:
            self._rows = np.concatenate([self._rows, new])
            self._costs = np.concatenate([self._costs, self._model.costs(np.array(new))])
        return len(new)

    def forget_parted(self) -> None:
        """Drop sets in several parts; the best plan's are none."""
        piece = self._model.piece
        source = np.repeat(np.arange(self._rows.shape[1]), np.diff(piece.start))[piece.link]
        other = piece.other[piece.link]
        whole = np.empty(len(self._rows), dtype=np.bool_)
        for number, row in enumerate(self._rows):
            both = row[source] & row[other]
            whole[number] = np.ptp(connected(len(row), source[both], other[both])[row]) == 0
        self._keep(whole)
        self.add(self._plan)

    def _keep(self, chosen: npt.NDArray[Any]) -> None:
        self._rows, self._costs = self._rows[chosen], self._costs[chosen]
        self._keys = {np.packbits(row).tobytes() for row in self._rows}

    def priced(self, target: float) -> tuple[float, Floats]:
        """Its value and the price of each node, prices as near to each other as a target for the value allows."""
        while True:
            value, price = self._descended()
            if value > target + _SPARE * (1.0 - target) or len(self._rooms) == 1:
                return value, price
            self.widen()

    def widen(self) -> None:
        """Let prices lie farther from each other."""
        self._rooms = self._rooms[1:] or self._rooms

    def _descended(self) -> tuple[float, Floats]:
        """Its value and the price of each node, once descents from its cheapest sets better neither any more."""
        model = self._model
        for turn in range(_DESCENTS):
            value, price, whole = self._solve()
            reduced = self._costs - self._rows @ price - whole
            near = np.argsort(reduced, kind="stable")[:_STARTS]
            starts = [row.astype(np.int64) for row in self._rows[near] if model.within(row)]
            if turn == 0:
                starts += self._first
            found = []
            for member in starts:
                row = member.copy()
                if descend(model.piece, price - model.kept, row, _ROUNDING) < whole - _ROUNDING:
                    found.append(row == 1)
            if len(self._costs) > _MOST_COLUMNS:
                cheap = np.argsort(reduced, kind="stable")[: _MOST_COLUMNS // 2]
                self._keep(cheap)
            if not self.add(found):
                break
        return value, price

    def _solve(self) -> tuple[float, Floats, float]:
        """Its value, the price of each node and that of a set."""
        from scipy.optimize import linprog
        from scipy.sparse import csr_array, hstack, identity, vstack

        count, n = self._rows.shape
        spare = identity(n, format="csr")
        # A node may be left out or held twice for its share of area, for what a unit costs and half at most: so far may
        # its price lie from nothing.
        area = self._model.piece.area
        penalty = np.minimum(self._rooms[0] * area / area.sum(), 1.5 / self._model.k)
        held = hstack([csr_array(self._rows.T.astype(np.float64)), spare, -spare])
        sets = csr_array(np.append(np.ones(count), np.zeros(2 * n))[None, :])
        solved = linprog(
            np.concatenate([self._costs, penalty, penalty]),
            A_eq=vstack([held, sets], format="csc"),
            b_eq=np.append(np.ones(n), self._model.k),
            bounds=(0, None),
            method="highs",
        )
        if solved.fun is None:
            raise AssertionError("leaving out or repeating nodes always solves it")
        dual = np.asarray(solved.eqlin.marginals, dtype=np.float64)
        return float(solved.fun), dual[:n], float(dual[n])


def _least(
    model: _Model, boxes: list[_Box], price: Floats, limit: float, most: int
) -> tuple[float, list[Set], list[_Box], int]:
    """The least, up to a limit, that any set costs less prices, by the bounds of boxes; halved, the lowest first.

    Returns it, sets that were met, the boxes as they are now, and what was spent of the steps allowed.
    """
    heap = [(-np.inf, number, box) for number, box in enumerate(boxes)]
    heapify(heap)
    done: list[_Box] = []
    sets: list[Set] = []
    number, used, turn = len(boxes), 0, 0
    last, stuck = np.inf, limit
    while heap and used < most and turn < last:
        bound, _, box = heappop(heap)
        turn += 1
        value, row, steps, box = _tangent(model, box, price, limit)
        used += steps
        if row is None and value >= limit:
            done.append(box)
            continue
        value = max(value, bound)
        if row is not None:
            member = row.astype(np.int64)
            found = [row]
            if model.within(row) and descend(model.piece, price - model.kept, member, _ROUNDING) < np.inf:
                found.append(member == 1)
            sets += found
            if (model.costs(np.array(found)) - np.array(found) @ price).min() < limit - _ROUNDING:
                last = min(last, turn + _BEYOND)
        halves = _halves(model, box)
        if not halves or row is None:
            done.append(box)
            stuck = min(stuck, value)
        for half in halves if row is not None else ():
            heappush(heap, (value, number, half))
            number += 1
    least = min([stuck, *(entry[0] for entry in heap)])
    return least, sets, [entry[2] for entry in sorted(heap, key=lambda entry: entry[:2])] + done, used


def _tangent(model: _Model, box: _Box, price: Floats, limit: float) -> tuple[float, Set | None, int, _Box]:
    """`_Model.cheapest` by the best of some tangents, with the steps that it took and the box with that tangent."""
    value, row, used = model.cheapest(box, price, limit)
    for _ in range(_TANGENTS):
        if row is None:
            break
        perimeter = float(unit_sums(model.piece, row.astype(np.int64), 2)[1][1])
        missed = model.piece.shape_weight * (perimeter - box.perimeter) ** 2
        if missed < 0.3 * (limit - value):
            break
        other = box._replace(perimeter=(box.perimeter + perimeter) / 2.0)
        better, another, steps = model.cheapest(other, price, limit)
        used += steps
        if better <= value:
            break
        value, row, box = better, another, other
    return value, row, used, box


def _halves(model: _Model, box: _Box) -> tuple[_Box, ...]:
    """A box cut across its longest side; none where that is next to nothing."""
    side = box.high - box.low
    if not len(side) or model.piece.spread_weight * model.piece.high[0] * float(side.max()) ** 2 < _ROUNDING:
        return ()
    at = int(np.argmax(side))
    high, low = box.high.copy(), box.low.copy()
    high[at] = low[at] = (box.low[at] + box.high[at]) / 2.0
    return box._replace(high=high), box._replace(low=low)
