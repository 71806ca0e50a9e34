"""The division of a piece nearest to one that is given: an integer programme whose units are made whole cut by cut."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from jxgis.space.parts import connected
from jxgis.units._graph import Floats, Ints
from jxgis.units._kernels import anneal
from jxgis.units._piece import Piece
from jxgis.units.search import Solution, judge

if TYPE_CHECKING:
    from scipy.optimize import OptimizeResult

__all__ = ["left_as_it_is", "nearest_division"]

# Programmes solved one after the other, each with the cuts of those before, and branch-and-bound nodes of each: counts,
# so that every machine ends at the same plan.
_MOST_ROUNDS = 40
_MOST_NODES = 200
# Choices of a unit for a block that a programme holds at most. Where there are more it holds some, the likeliest, for a better
# plan that leaves fewer; where these are still more, the linear programme alone is solved of all, for a bound.
_MOST_CHOICES, _FEW_CHOICES = 1_500, 800
# Nodes of one part for which a cut is added each round.
_MOST_CUTS = 8
# Prices of leaving the bounds by one whole bound, in mean weights of a unit; heat, in mean weights of a node, from and to.
_PRICES = (10.0, 30.0, 100.0, 300.0, 30.0, 100.0, 30.0, 100.0)
_HEAT = (2.0, 1e-3)
_FEWEST_TRIALS = 20_000
# Costs that differ by less are the same: HiGHS compares no finer.
_SAME = 1e-6


def nearest_division(
    piece: Piece, held: Floats, k: int, *, seed: tuple[int, ...], iterations: int
) -> tuple[Solution | None, bool]:
    """Divide a piece into k units within the bounds, so that the least weight leaves its unit.

    Parameters
    ----------
    piece
        Nodes, links, loads, bounds and zones; what else a unit costs does not count.
    held
        Weight of each node that is in each unit today, float (n, m): it leaves where the node goes to another unit.
    k
        Number of units. Above m, those past the m-th are opened; below, m − k of the m are closed.
    seed
        Words of the seed: the same words give the same labels.
    iterations
        Trial moves per node of the search that goes before.

    Returns
    -------
    Solution or None
        Labels 0 … max(k, m) − 1, the first m of them today's units; ``cost`` is the weight that leaves, and ``bound`` what
        leaves in every division at least: equal to ``cost`` where it is proven the least. None where none was found.
    bool
        Whether it is proven that there is no division within the bounds.

    Notes
    -----
    One binary for a node in a unit, HiGHS through :func:`scipy.optimize.milp`. A unit that comes out in parts is cut off: of
    two of its nodes and the nodes that separate them, one of the latter is in it if both are (as Oehrlein and Haunert 2017).
    Nodes that cannot join a unit for less than the best division found costs are left out beforehand.
    """
    n, m = held.shape
    held = np.hstack([held, np.zeros((n, max(k - m, 0)))])
    cost = held.sum(axis=1, keepdims=True) - held
    best = _searched(piece, held, cost, k, seed, iterations)
    can, complete = _choices(piece, cost, best, _MOST_CHOICES)
    if not complete:
        best = _solved(_Programme(piece, cost, k, _choices(piece, cost, best, _FEW_CHOICES)[0]), held, best, seed)[0]
        can, complete = _choices(piece, cost, best, _MOST_CHOICES)
    if complete:
        best, bound, infeasible = _solved(_Programme(piece, cost, k, can), held, best, seed)
        return (None, True) if infeasible and best is None else (_bounded(best, bound), False)
    whole = _Programme(piece, cost, k, _choices(piece, cost, best, None)[0]).solve(whole=False)
    if whole.status == 2:
        return (None, True) if best is None else (_bounded(best, best.cost), False)
    return _bounded(best, 0.0 if whole.fun is None else float(whole.fun)), False


def _bounded(best: Solution | None, bound: float) -> Solution | None:
    """What was found with what is proven of it."""
    if best is None:
        return None
    proven = best.cost - bound <= _SAME * max(1.0, best.cost)
    return replace(best, bound=best.cost if proven else max(bound, 0.0))


def _solved(
    programme: _Programme, held: Floats, best: Solution | None, seed: tuple[int, ...]
) -> tuple[Solution | None, float, bool]:
    """The best that a programme holds, what all it holds costs at least, and whether it holds nothing."""
    piece, cost, k = programme.piece, programme.cost, programme.k
    bound = 0.0
    for turn in range(_MOST_ROUNDS):
        solved = programme.solve()
        if solved.status == 2:
            # With a plan at hand only dearer ones were left out.
            return best, np.inf, True
        if solved.mip_dual_bound is not None:
            bound = max(bound, float(solved.mip_dual_bound))
        if solved.x is not None:
            label = programme.label_of(solved.x)
            if programme.cut_off(label):
                label = made_whole(piece, label)
                label = _annealed(piece, held, label, (*seed, turn), _FEWEST_TRIALS, _PRICES[-1])
            best = _better(piece, cost, label, k, best)
        if (best is not None and best.cost - bound <= _SAME * max(1.0, best.cost)) or solved.status != 0:
            break
    return best, bound, False


def _choices(piece: Piece, cost: Floats, best: Solution | None, most: int | None) -> tuple[npt.NDArray[np.bool_], bool]:
    """Which nodes can be in which unit of a division that costs no more than the best: all, or the likeliest of them."""
    n = len(cost)
    spare = cost - cost.min(axis=1, keepdims=True)
    room, complete = np.inf, True
    if best is not None:
        room = best.cost - float(cost.min(axis=1).sum()) + _SAME * max(1.0, best.cost)
    while True:
        can = _can_join(piece, spare, room)
        if best is not None:
            can[np.arange(n), best.label] = True
        if most is None or can[can.sum(axis=1) > 1].sum() <= most or room <= _SAME:
            return can, complete
        room, complete = min(room, float(spare.sum())) / 2, False


def left_as_it_is(piece: Piece, held: Floats) -> Ints:
    """The unit of each node today, parts of units apart from the largest and nodes of no unit joined to a neighbour."""
    return made_whole(piece, np.where(held.any(axis=1), held.argmax(axis=1), -1), held)


def made_whole(piece: Piece, label: Ints, weight: Floats | None = None) -> Ints:
    """Units of which each keeps its part of the greatest weight (its area by default); the rest joins ring by ring.

    ``label`` is −1 for nodes of no unit; one unit at least has a node.
    """
    n = len(piece.area)
    at, to = np.repeat(np.arange(n), np.diff(piece.start)), piece.other
    same = piece.link & (label[at] == label[to]) & (label[at] >= 0)
    part = connected(n, at[same], to[same])
    own = piece.area if weight is None else weight[np.arange(n), label] + 1e-9 * piece.area
    size = np.bincount(part, weights=own)
    whole = np.full(n, -1, dtype=np.int64)
    for unit in np.unique(label[label >= 0]):
        mine = np.unique(part[label == unit])
        whole[part == mine[size[mine].argmax()]] = unit
    while (whole < 0).any():
        edge = piece.link & (whole[at] < 0) & (whole[to] >= 0)
        length = np.zeros((n, int(whole.max()) + 1))
        np.add.at(length, (at[edge], whole[to[edge]]), piece.shared[edge])
        ring = np.unique(at[edge])
        # A node goes back to its own unit where it touches that.
        back = ring[label[ring] >= 0]
        back = back[length[back, label[back]] > 0]
        length[back, label[back]] = np.inf
        whole[ring] = length[ring].argmax(axis=1)
    return whole


def _better(piece: Piece, cost: Floats, label: Ints, k: int, best: Solution | None) -> Solution | None:
    """The better of a labelling and the best one, which holds all that is asked."""
    used = np.unique(label, return_inverse=True)
    judged = judge(piece, used[1], len(used[0]))
    if judged.excess > 0 or judged.k != k:
        return best
    found = Solution(label, k, float(cost[np.arange(len(label)), label].sum()), 0.0)
    return found if found.better_than(best) else best


def _searched(
    piece: Piece, held: Floats, cost: Floats, k: int, seed: tuple[int, ...], iterations: int
) -> Solution | None:
    """The best that annealing from today's units finds within the bounds."""
    first = _first(piece, held, k)
    if first is None:
        return None
    trials = max(iterations * len(first), _FEWEST_TRIALS)
    best = _better(piece, cost, first, k, None)
    for turn, price in enumerate(_PRICES):
        best = _better(piece, cost, _annealed(piece, held, first, (*seed, turn), trials, price), k, best)
    return best


def _first(piece: Piece, held: Floats, k: int) -> Ints | None:
    """Today's units, the lightest closed or further ones opened until there are k; None where none can be opened."""
    held = held.copy()
    there = np.flatnonzero(held.any(axis=0))
    for unit in there[np.argsort(held[:, there].sum(axis=0), kind="stable")][: max(len(there) - k, 0)]:
        held[:, unit] = 0.0
    label = left_as_it_is(piece, held)
    for unit in np.flatnonzero(~held.any(axis=0))[: k - len(np.unique(label))]:
        opened = _opened(piece, label, int(unit))
        if opened is None:
            return None
        label = opened
    return label


def _opened(piece: Piece, label: Ints, unit: int) -> Ints | None:
    """A unit begun with one node of the largest that stays whole without it."""
    size = np.bincount(label, weights=piece.area)
    for other in np.argsort(-size, kind="stable"):
        for node in np.flatnonzero(label == other) if (label == other).sum() > 1 else []:
            begun = label.copy()
            begun[node] = unit
            if (made_whole(piece, begun) == begun).all():
                return begun
    return None


def _annealed(piece: Piece, held: Floats, label: Ints, seed: tuple[int, ...], trials: int, price: float) -> Ints:
    """A labelling annealed towards today's units and the bounds: the best within them, else the last.

    What leaves its unit is a border that is cut: each unit has one further node, which nothing reaches, with a border to each
    of its nodes that costs the node's weight.
    """
    used, moved = np.unique(label, return_inverse=True)
    held = held[:, used]
    n, k = held.shape
    node, unit = np.nonzero(held)
    at = np.repeat(np.arange(n), np.diff(piece.start))
    source = np.concatenate([at, node, n + unit])
    order = np.argsort(source, kind="stable")
    extra = np.zeros(2 * len(node))
    start = np.zeros(n + k + 1, dtype=np.int64)
    np.cumsum(np.bincount(source, minlength=n + k), out=start[1:])
    zones = piece.zone_most.shape[0]
    anchored = piece._replace(
        start=start,
        other=np.concatenate([piece.other, n + unit, node])[order],
        shared=np.concatenate([piece.shared, extra])[order],
        # Both ends pay for a border.
        cut=np.concatenate([np.zeros(len(at)), np.tile(held[node, unit] / 2, 2)])[order],
        link=np.concatenate([piece.link, extra > 0])[order],
        area=np.append(piece.area, np.zeros(k)),
        perimeter=np.zeros(n + k),
        load=np.vstack([piece.load, np.zeros((k, piece.load.shape[1]))]),
        mass=np.zeros((n + k, 0)),
        square=np.zeros(n + k),
        spread_weight=0.0,
        shape_weight=0.0,
        zones=np.vstack([piece.zones.reshape(n, zones), np.zeros((k, zones), dtype=np.bool_)]),
    )
    moved = np.append(moved, np.arange(k))
    kept = moved.copy()
    mean, grain = float(held.sum()) / k or 1.0, float(held.sum()) / n or 1.0
    state = np.random.SeedSequence(seed).generate_state(1, np.uint64) | np.uint64(1)
    met = anneal(anchored, moved, k, trials, _HEAT[0] * grain, _HEAT[1] * grain, 0, price * mean, state, kept)
    result: Ints = used[(kept if np.isfinite(met) else moved)[:n]]
    return result


class _Programme:
    """The integer programme: its choices, its rows, and the cuts that were added."""

    def __init__(self, piece: Piece, cost: Floats, k: int, can: npt.NDArray[np.bool_]) -> None:
        self.piece, self.cost, self.k = piece, cost, k
        n, units = cost.shape
        self._open = can
        self._column = np.full((n, units), -1, dtype=np.int64)
        self._node, self._unit = np.nonzero(self._open)
        self._choices = len(self._node)
        self._column[self._node, self._unit] = np.arange(self._choices)
        # Where a node must stay, its unit grows from there: the heaviest of them, or none.
        forced = np.where(self._open.sum(axis=1) == 1, cost.max(axis=1), -1.0)
        self._root = np.array(
            [
                int(np.argmax(np.where(self._open[:, unit], forced, -1.0)))
                if (self._open[:, unit] & (forced >= 0)).any()
                else -1
                for unit in range(units)
            ]
        )
        self._n_columns = self._choices + units + units * len(piece.zone_most)
        self._rows: list[tuple[list[int], list[float], float, float]] = []
        self._state()

    def _state(self) -> None:
        """Every node in one unit, k units, each within the bounds, zones parted among few, no node alone."""
        piece = self.piece
        n, units = self.cost.shape
        everyone = range(self._choices, self._choices + units)
        for node in range(n):
            self._add(self._column[node][self._open[node]], 1.0, 1.0, 1.0)
        self._add(np.array(everyone), 1.0, self.k, self.k)
        for unit in range(units):
            mine = np.flatnonzero(self._open[:, unit])
            columns = self._column[mine, unit]
            for b in range(piece.load.shape[1]):
                low, high = float(piece.low[b]), float(piece.high[b])
                scale = high if np.isfinite(high) else low or 1.0
                load = piece.load[mine, b] / scale
                if low > 0:
                    self._add(np.append(columns, self._choices + unit), np.append(load, -low / scale), 0.0, np.inf)
                if np.isfinite(high):
                    self._add(np.append(columns, self._choices + unit), np.append(load, -high / scale), -np.inf, 0.0)
            if self.k < units:
                for column in columns:
                    self._add(np.array([column, self._choices + unit]), np.array([1.0, -1.0]), -np.inf, 0.0)
            self._never_alone(unit, mine)
        first = self._choices + units
        for zone, most in enumerate(piece.zone_most):
            held = first + zone * units + np.arange(units)
            for node in np.flatnonzero(piece.zones[:, zone]).tolist():
                for unit in np.flatnonzero(self._open[node]).tolist():
                    self._add(np.array([self._column[node, unit], held[unit]]), np.array([1.0, -1.0]), -np.inf, 0.0)
            self._add(held, 1.0, -np.inf, float(most))

    def _never_alone(self, unit: int, mine: Ints) -> None:
        """A node that is no unit by itself is in one with a neighbour."""
        piece = self.piece
        for node in mine[(piece.load[mine] < piece.low).any(axis=1)]:
            near = self._neighbours(np.array([node]))
            near = near[self._open[near, unit]]
            columns = np.append(self._column[near, unit], self._column[node, unit])
            self._add(columns, np.append(np.ones(len(near)), -1.0), 0.0, np.inf)

    def _neighbours(self, nodes: Ints) -> Ints:
        """Nodes that are linked to some of these, without these."""
        piece = self.piece
        at = np.concatenate([np.arange(piece.start[node], piece.start[node + 1]) for node in nodes])
        near = np.unique(piece.other[at[piece.link[at]]])
        return np.setdiff1d(near, nodes)

    def _add(self, columns: npt.NDArray[Any], values: Floats | float, low: float, high: float) -> None:
        weights = np.broadcast_to(np.asarray(values, dtype=np.float64), len(columns))
        self._rows.append((columns.tolist(), weights.tolist(), low, high))

    def solve(self, *, whole: bool = True) -> OptimizeResult:
        """Solve it with all cuts so far."""
        from scipy.optimize import Bounds, LinearConstraint, milp
        from scipy.sparse import csr_array

        ends = np.zeros(len(self._rows) + 1, dtype=np.int64)
        np.cumsum([len(row[0]) for row in self._rows], out=ends[1:])
        columns = np.concatenate([row[0] for row in self._rows])
        values = np.concatenate([row[1] for row in self._rows])
        matrix = csr_array((values, columns, ends), shape=(len(self._rows), self._n_columns))
        low, high = (np.array([row[end] for row in self._rows]) for end in (2, 3))
        price = np.zeros(self._n_columns)
        price[: self._choices] = self.cost[self._node, self._unit]
        return milp(
            price,
            integrality=np.full(self._n_columns, int(whole)),
            bounds=Bounds(0, 1),
            constraints=LinearConstraint(matrix, low, high),
            options={"mip_rel_gap": 1e-9, "node_limit": _MOST_NODES},
        )

    def label_of(self, x: Floats) -> Ints:
        """The unit of each node in a solution."""
        chosen = np.flatnonzero(x[: self._choices] > 0.5)
        label = np.empty(len(self.cost), dtype=np.int64)
        label[self._node[chosen]] = self._unit[chosen]
        return label

    def cut_off(self, label: Ints) -> bool:
        """Add what a labelling breaks: units in parts, and units that miss the bounds by less than the solver sees."""
        piece = self.piece
        n = len(label)
        at = np.repeat(np.arange(n), np.diff(piece.start))
        same = piece.link & (label[at] == label[piece.other])
        part = connected(n, at[same], piece.other[same])
        size = np.bincount(part, weights=piece.area)
        broken = False
        for unit in np.unique(label):
            mine = np.flatnonzero(label == unit)
            parts = np.unique(part[mine])
            root = self._root[unit]
            main = part[root] if root >= 0 else parts[size[parts].argmax()]
            for other in parts[parts != main]:
                self._separate(int(unit), np.flatnonzero(part == other), np.flatnonzero(part == main))
                broken = True
            if len(parts) == 1:
                broken |= self._forbid(int(unit), mine)
        return broken

    def _separate(self, unit: int, apart: Ints, main: Ints) -> None:
        """If a node apart and one of the main part are in a unit, so is one of those that separate them."""
        around = self._neighbours(apart)
        piece = self.piece
        free = np.ones(len(self.cost), dtype=np.bool_)
        free[around] = False
        at = np.repeat(np.arange(len(free)), np.diff(piece.start))
        joined = piece.link & free[at] & free[piece.other]
        side = connected(len(free), at[joined], piece.other[joined])
        # Of those around, the ones that are reached from the main part: fewer separate as well.
        reached = np.flatnonzero(free & (side == side[main[0]]))
        border = np.intersect1d(self._neighbours(reached), around)
        root = self._root[unit]
        anchors = {unit: int(root if root >= 0 else main[np.argmax(piece.area[main])])}
        # The same nodes are cut off from whatever grows from beyond.
        rooted = np.flatnonzero(self._root >= 0)
        anchors |= {int(other): int(self._root[other]) for other in rooted[np.isin(self._root[rooted], reached)]}
        heaviest = apart[np.argsort(-self.cost[apart, unit], kind="stable")][:_MOST_CUTS]
        for of, anchor in anchors.items():
            between = border[self._open[border, of]]
            for node in heaviest[self._open[heaviest, of]]:
                columns = np.append(self._column[between, of], [self._column[node, of], self._column[anchor, of]])
                self._add(columns, np.append(-np.ones(len(between)), [1.0, 1.0]), -np.inf, 1.0)

    def _forbid(self, unit: int, mine: Ints) -> bool:
        """Rule out a set that misses a bound by rounding, and with it all that hold more, or less, than it."""
        held = self.piece.load[mine].sum(axis=0)
        above, below = (held > self.piece.high).any(), (held < self.piece.low).any()
        if above:
            self._add(self._column[mine, unit], 1.0, -np.inf, len(mine) - 1.0)
        if below:
            others = np.setdiff1d(np.flatnonzero(self._open[:, unit]), mine)
            columns = np.append(self._column[others, unit], self._choices + unit)
            self._add(columns, np.append(np.ones(len(others)), -1.0), 0.0, np.inf)
        return bool(above or below)


def _can_join(piece: Piece, spare: Floats, room: float) -> npt.NDArray[np.bool_]:
    """Which nodes can be in which unit, bool (n, units), while no more than ``room`` leaves beside what must.

    A unit that keeps one of today's nodes reaches any other along a path of nodes that it holds; one that keeps none has
    lost them all.
    """
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import dijkstra

    n, units = spare.shape
    if not np.isfinite(room):
        return np.ones((n, units), dtype=np.bool_)
    second = np.sort(spare, axis=1)[:, 1] if units > 1 else np.full(n, np.inf)
    at = np.repeat(np.arange(n), np.diff(piece.start))[piece.link]
    to = piece.other[piece.link]
    can: npt.NDArray[np.bool_] = np.zeros((n, units), dtype=np.bool_)
    for unit in range(units):
        own = np.flatnonzero((spare[:, unit] == 0) & (second > 0))
        lost = float(second[own].sum())
        if lost <= room or not len(own):
            can[:, unit] = spare[:, unit] <= room
            continue
        # What entering a node costs, by its edges; a root reaches all of the unit's own.
        paid = np.append(spare[to, unit], np.zeros(len(own))) + 1e-12
        graph = csr_array((paid, (np.append(at, np.full(len(own), n)), np.append(to, own))), shape=(n + 1, n + 1))
        can[:, unit] = np.isfinite(dijkstra(graph, indices=n, limit=room + 1e-9)[:n])
    return can
