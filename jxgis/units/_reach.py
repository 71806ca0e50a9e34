"""Blocks that no unit within the bounds can hold: a proof that a part cannot be divided, in place of a long search."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from jxgis.space._compiled import compiled
from jxgis.units._graph import Floats, Ints
from jxgis.units._piece import Piece

__all__ = ["is_hopeless", "reached"]

# Sums in another order differ in their last digits: what is proven is proven by more than that.
_ROUNDING = 1e-9


@compiled
def is_hopeless(piece: Piece) -> bool:
    """Whether some node can be in no connected set within the bounds.

    A unit of a node holds only nodes that a path reaches whose loads are together within every upper bound. Of those it
    holds, of each quantity, at most what fits under the upper bound of each other one: a fractional knapsack. Where that
    is below a lower bound, there is no unit for the node, and no division of the piece into any number of units.
    """
    n, b = piece.load.shape
    least = np.full(n, np.inf)
    reached = np.full(n, -1, dtype=np.int64)
    touched = np.empty(n, dtype=np.int64)
    queue = np.empty(n, dtype=np.int64)
    waits = np.zeros(n, dtype=np.bool_)
    for root in range(n):
        count = 0
        for q in range(b):
            count = _reach(piece, root, q, least, touched, queue, waits)
            for i in touched[:count]:
                least[i] = np.inf
                # By every quantity so far.
                if q == 0 or reached[i] == root * b + q - 1:
                    reached[i] = root * b + q
        nodes = touched[:count][reached[touched[:count]] == root * b + b - 1]
        for a in range(b):
            if piece.low[a] > 0 and _most_held(piece, root, nodes, a) < piece.low[a] * (1 - _ROUNDING):
                return True
    return False


def reached(piece: Piece, root: int, allowed: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Which nodes paths from a root through allowed ones reach within the upper bound of the first load."""
    n = len(piece.area)
    least = np.full(n, np.inf)
    barred = piece._replace(load=np.where(allowed[:, None], piece.load, np.inf))
    touched, queue = np.empty(n, dtype=np.int64), np.empty(n, dtype=np.int64)
    _reach(barred, root, 0, least, touched, queue, np.zeros(n, dtype=np.bool_))
    found: npt.NDArray[np.bool_] = np.isfinite(least)
    return found


@compiled
def _reach(
    piece: Piece, root: int, q: int, least: Floats, touched: Ints, queue: Ints, waits: npt.NDArray[np.bool_]
) -> int:
    """Write the nodes that paths from a root reach within the upper bound of one quantity; how many there are.

    ``least`` is infinite on entry, and at those nodes the least load of a path, both ends included, on return.
    """
    most = piece.high[q] * (1 + _ROUNDING)
    if piece.load[root, q] > most:
        return 0
    least[root] = piece.load[root, q]
    touched[0] = queue[0] = root
    count, head, waiting = 1, 0, 1
    while waiting:
        i = queue[head]
        head = (head + 1) % queue.shape[0]
        waiting -= 1
        waits[i] = False
        for h in range(piece.start[i], piece.start[i + 1]):
            j = piece.other[h]
            load = least[i] + piece.load[j, q]
            if not piece.link[h] or load > most or load >= least[j]:
                continue
            if least[j] == np.inf:
                touched[count] = j
                count += 1
            least[j] = load
            if not waits[j]:
                queue[(head + waiting) % queue.shape[0]] = j
                waiting += 1
                waits[j] = True
    return count


@compiled
def _most_held(piece: Piece, root: int, nodes: Ints, a: int) -> float:
    """The most of one quantity that a unit of a root and some of these nodes can hold under each other's upper bound."""
    best = 0.0
    for i in nodes:
        best += piece.load[i, a]
    ratio = np.empty(nodes.shape[0])
    for q in range(piece.load.shape[1]):
        if q == a or piece.high[q] == np.inf:
            continue
        for p in range(nodes.shape[0]):
            load = piece.load[nodes[p], q]
            ratio[p] = piece.load[nodes[p], a] / load if load > 0 else np.inf
        room = piece.high[q] * (1 + _ROUNDING) - piece.load[root, q]
        held = piece.load[root, a]
        for p in np.argsort(-ratio):
            i = nodes[p]
            if i == root:
                continue
            load = piece.load[i, q]
            share = 1.0 if load <= room else room / load
            held += share * piece.load[i, a]
            room -= share * load
            if room <= 0:
                break
        best = min(best, held)
    return best
