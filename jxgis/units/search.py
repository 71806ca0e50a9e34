"""Search for the best units of one connected piece: seeds, recombination, annealing, set partitioning.

Recursive spanning-tree bisection gives a start, annealed towards the bounds where it is out of them; simulated annealing
then moves single blocks and now and then recombines two neighbouring units along the best edge of a random spanning tree.
Being out of bounds has a price, so that the search may go round through plans that are out; every unit within the
bounds that was met on the way goes into a pool, and the cheapest exact cover of the piece by units of the pool is at
least as good as the best start.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from jxgis.units._graph import Floats, Ints
from jxgis.units._kernels import anneal, grow_seed, unit_costs, zones_beyond, zones_held
from jxgis.units._piece import Piece

__all__ = ["Pool", "Solution", "judge", "search_piece", "seed_piece"]

# Start of the annealing, as a share of the mean cost of a unit, and how far it cools.
_HOT_SHARE = 0.2
_COOLING = 1e-3
# One trial in so many recombines two units instead of moving one block.
_RECOMBINE_EVERY = 50
# Price of leaving the bounds by one whole bound, in mean costs of a unit, by turns of the starts: cheap enough for some
# to go far round, dear enough for others to stay near where the bounds are tight.
_SOFT = (25.0, 1e3, 8.0, 100.0)
# Snapshots of each start that feed the pool, all from the cool end.
_SNAPSHOTS = 8
_TREES_PER_CUT = 5
# Rescue of a seed that is out of bounds: hot from where out of bounds costs next to nothing, with many recombinations.
_RESCUE_PRICE = 1e3
_RESCUE_SHARES = (200.0, 0.1)
_RESCUE_EVERY = 10
_RESCUE_TRIALS = 40_000
_RESCUE_TURNS = 8
# Trials of a small piece, where a number per block would be next to nothing.
_FEWEST_TRIALS = 20_000
CHUNK = 200_000


@dataclass(frozen=True)
class Solution:
    """Units of one piece.

    Attributes
    ----------
    label
        Unit of each node, int (n,), 0 … k−1.
    k
        Number of units.
    cost
        Their part of the objective.
    excess
        By how much they are out of bounds in all, in whole bounds, each unit too many of a zone counted as one; 0 if all
        hold.
    bound
        Proven lower bound of the cost for k units within the bounds; NaN where nothing is proven.
    """

    label: Ints
    k: int
    cost: float
    excess: float
    bound: float = float("nan")

    def better_than(self, other: Solution | None) -> bool:
        """In bounds first, then cheaper."""
        return other is None or (self.excess, self.cost) < (other.excess, other.cost)


@dataclass
class Pool:
    """Units met by the search, each once, with their costs."""

    costs: dict[bytes, float] = field(default_factory=dict)

    def units(self) -> list[npt.NDArray[np.int32]]:
        """The nodes of each."""
        return [np.frombuffer(key, dtype=np.int32) for key in self.costs]

    def add(self, piece: Piece, label: Ints, k: int) -> None:
        """Take every unit of a labelling that is within the bounds."""
        cost, excess = unit_costs(piece, label, k)
        order = np.argsort(label, kind="stable").astype(np.int32)
        ends = np.cumsum(np.bincount(label, minlength=k))
        for unit, nodes in enumerate(np.split(order, ends[:-1])):
            if excess[unit] == 0:
                self.costs.setdefault(nodes.tobytes(), float(cost[unit]))


def search_piece(
    piece: Piece,
    k: int,
    *,
    seed: tuple[int, ...],
    iterations: int,
    starts: int,
    first: Solution | None = None,
    pool: Pool | None = None,
) -> Solution:
    """Find k units of a piece, within the bounds where that can be reached.

    Parameters
    ----------
    piece
        Nodes, neighbours, attributes and bounds.
    k
        Number of units, 1 … n.
    seed
        Words of the seed: the same words give the same labels.
    iterations
        Trial moves per node, over all starts.
    starts
        Independent starts whose units are pooled.
    first
        What the first of them begins with: of :func:`seed_piece` under the same seed.
    pool
        What units met are added to.

    Returns
    -------
    Solution
    """
    n = len(piece.area)
    if k == 1:
        return judge(piece, np.zeros(n, dtype=np.int64), 1)
    trials = max(iterations * n, _FEWEST_TRIALS) // starts
    pool = Pool() if pool is None else pool
    best: Solution | None = None
    for start in range(starts):
        state = _state((*seed, start))
        given = first if start == 0 else None
        label = (given or _seed_within(piece, k, state, _RESCUE_TURNS)[0]).label.copy()
        for snapshot in _annealed(piece, label, k, trials, _SOFT[start % len(_SOFT)], state):
            found = judge(piece, snapshot, k)
            pool.add(piece, snapshot, k)
            if found.better_than(best):
                best = found
    if best is None:
        raise AssertionError("a search makes one start at least")
    if starts > 1:
        best = _recombined(piece, k, pool, best)
    return best


def seed_piece(piece: Piece, k: int, *, seed: tuple[int, ...], effort: int = 1) -> tuple[Solution, int]:
    """A start for :func:`search_piece`: k units within the bounds, or as near to them as the effort takes it.

    Parameters
    ----------
    piece, k, seed
        As :func:`search_piece`.
    effort
        How many times the usual number of seeds is tried.

    Returns
    -------
    Solution
    int
        Seeds that were grown for it.
    """
    return _seed_within(piece, k, _state((*seed, 0)), _RESCUE_TURNS * effort)


def judge(piece: Piece, label: Ints, k: int) -> Solution:
    """What k units cost, and by how much they miss what they are to hold."""
    cost, excess = unit_costs(piece, label, k)
    beyond = zones_beyond(piece, zones_held(piece, label, k))
    return Solution(label=label.copy(), k=k, cost=float(cost.sum()), excess=float(excess.sum()) + beyond)


def _state(words: tuple[int, ...]) -> np.ndarray[tuple[int], np.dtype[np.uint64]]:
    return np.random.SeedSequence(words).generate_state(1, np.uint64) | np.uint64(1)


def _seed_within(
    piece: Piece, k: int, state: np.ndarray[tuple[int], np.dtype[np.uint64]], turns: int
) -> tuple[Solution, int]:
    """A start within the bounds, or the nearest to it that so many rescues reach; and the seeds grown for it."""
    label = grow_seed(piece, k, 0.0, _TREES_PER_CUT, state)
    best = judge(piece, label, k)
    seeds = 1
    for _ in range(turns):
        if best.excess == 0:
            break
        mean, kept = _mean_cost(piece, label, k), label.copy()
        hot, cold = (share * mean for share in _RESCUE_SHARES)
        met = anneal(piece, label, k, _RESCUE_TRIALS, hot, cold, _RESCUE_EVERY, _RESCUE_PRICE * mean, state, kept)
        found = judge(piece, kept if np.isfinite(met) else label, k)
        if found.better_than(best):
            best = found
        label = grow_seed(piece, k, 0.0, _TREES_PER_CUT, state)
        seeds += 1
    last = judge(piece, label, k)
    return (last if last.better_than(best) else best), seeds


def _annealed(
    piece: Piece,
    label: Ints,
    k: int,
    trials: int,
    soft: float,
    state: np.ndarray[tuple[int], np.dtype[np.uint64]],
) -> list[Ints]:
    """Snapshots of one annealing: the seed, the cool end, and the best within the bounds that was met."""
    mean = _mean_cost(piece, label, k)
    snapshots = [label.copy()]
    parts = max(_SNAPSHOTS * 2, trials // CHUNK)
    heat = _HOT_SHARE * mean * _COOLING ** (np.arange(parts + 1) / parts)
    kept = label.copy()
    best, within = label, np.inf
    for part in range(parts):
        met = anneal(
            piece, label, k, trials // parts, heat[part], heat[part + 1], _RECOMBINE_EVERY, soft * mean, state, kept
        )
        if met < within:
            best, within = kept.copy(), met
        if part >= parts - _SNAPSHOTS:
            snapshots.append(label.copy())
    return [*snapshots, best]


def _mean_cost(piece: Piece, label: Ints, k: int) -> float:
    """What prices and heat are measured by: the mean cost of a unit; 1 where no term counts."""
    # The price of kept-apart borders is none of what a unit costs.
    cost = float(unit_costs(piece._replace(cut=np.maximum(piece.cut, 0.0)), label, k)[0].sum())
    return cost / k or 1.0


def _recombined(piece: Piece, k: int, pool: Pool, best: Solution) -> Solution:
    """The cheapest cover of the piece by units of the pool, if it beats the best start."""
    from jxgis.units._cover import cheapest_cover, label_of

    sets = pool.units()
    costs: Floats = np.fromiter(pool.costs.values(), dtype=np.float64, count=len(sets))
    n = len(piece.area)
    chosen = cheapest_cover(n, sets, costs, k, zones=(piece.zones, piece.zone_most)).chosen
    if chosen is None:
        return best
    found = judge(piece, label_of(n, sets, chosen), k)
    return found if found.better_than(best) else best
