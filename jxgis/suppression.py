"""Which counts are left out beside the small ones, so that all that is shown together tells none of these."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.sparse import csc_array, hstack

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from scipy.sparse import coo_array

__all__ = ["left_out"]

# Of more counts, such as all cells of a city, ranges are held against sums: a search takes too long.
_AT_ONCE = 2000
# A search takes one node as a rule; where it takes very many what it would have found is left out around the count.
_NODES = 1000


def left_out(
    counts: NDArray[np.int64],
    sums: csc_array,
    *,
    min_count: int,
    gone: NDArray[np.bool_] | None = None,
    fixed: NDArray[np.bool_] | None = None,
    unsaid: NDArray[np.bool_] | None = None,
) -> NDArray[np.bool_]:
    """Leave out counts until each small one could be another, whatever else is shown.

    A count is safe when there is a second table of whole numbers in which it differs and nothing that is shown does: each
    sum holds, what is shown is the same, what stands as a range is in it. First of each sum that tells a count by itself the
    smallest other is left out; then the second table that changes the fewest shown counts, and of these the smallest, is
    searched for by integer programming, and what it changes is left out. Such a table shows that every count it changes is
    safe, and it remains one whatever else is left out. Of more than 2,000 counts above zero (the cells of a city) each sum is
    looked at by itself, and then the ranges that all sums in turn leave to each count: a single one is never left, but what
    several sums tell only when they are solved together is not looked for.

    Parameters
    ----------
    counts
        Counts (n,), zero or more. Zeros are shown as long as can be, those below ``min_count`` stand as a range from 1.
    sums
        Sums (m, n) that readers know to hold: 1 for a part, -1 for the count that is their sum; without one the sum is known.
    min_count
        The least count that is shown, at least 3: below it a range would be one number.
    gone
        Counts that are left out already.
    fixed
        Counts that must not be left out, nor a range become wider.
    unsaid
        Counts that stand nowhere, as the issues of no class: left out from the start, and for readers they may be zero.

    Returns
    -------
    numpy.ndarray of bool
        Counts that are left out. A small count may be among them, where its range together with others would tell it, and a
        zero, where nothing else helps (1 + 1 + 1 + 0 is 3). Where that does not help either, for a sum that is known has
        one part, all that its sums hold is left out.

    References
    ----------
    Hundepool et al. (2012). Statistical Disclosure Control, chapter 4. Cox, L. H. (1995). Network models for complementary cell suppression. JASA 90. Fischetti, M. & Salazar, J. J. (2001).
    Solving the cell suppression problem on tabular data with linear constraints. Management Science 47.

    Examples
    --------
    Two issues of a district, one in each of two sub-districts: the ranges 1–2 and their sum 1–2 would tell all three.

    >>> sums = csc_array([[-1, 1, 1, 0], [1, 0, 0, 1]])
    >>> left_out(np.array([2, 1, 1, 40]), sums, min_count=3).tolist()
    [True, False, False, True]
    """
    lost = np.zeros(len(counts), dtype=bool) if gone is None else gone.copy()
    held = np.zeros(len(counts), dtype=bool) if fixed is None else fixed
    silent = np.zeros(len(counts), dtype=bool) if unsaid is None else unsaid
    lost |= silent
    search = _Search(counts, sums, held, silent, min_count)
    small = search.small
    # A reader of 1–2 alone has two numbers; only sums can take one away.
    safe = ~small | (np.diff(sums.indptr) == 0)
    moving = (counts > 0) & (small | lost | ~held)
    # What one sum tells is quickly found, and most of what there is.
    alone = moving.sum() > _AT_ONCE
    _sum_by_sum(counts, sums, lost, moving & ~held, min_count, wider=bool(alone))
    if alone:
        _sums_together(search, lost, moving & ~held)
        return lost
    some = np.flatnonzero(moving)
    while not safe.all():
        found = some[search.widest(some, lost, safe) != 0]
        if safe[found].all():
            break
        safe[found] = True
    for row in np.flatnonzero(~safe):
        if safe[row]:
            continue
        rows = some
        move = search.cheapest(rows, row, lost)
        if move is None:
            rows = np.flatnonzero(moving | ~held)
            move = search.cheapest(rows, row, lost, zeros=True)
        if move is None:
            lost |= search.beside(row) & moving & ~held
            continue
        moved, after = move != 0, counts[rows] + move
        safe[rows[moved]] = True
        lost[rows[moved & ~(small[rows] & (after > 0) & (after < min_count))]] = True
    return lost


def _sum_by_sum(
    counts: NDArray[np.int64],
    sums: csc_array,
    lost: NDArray[np.bool_],
    may: NDArray[np.bool_],
    min_count: int,
    *,
    wider: bool,
) -> None:
    """Leave out the smallest count that is shown of each sum that tells a hidden one by itself, in place; where none is and
    ranges may become ``wider``, the sum's own range, or else one of its parts.

    One hidden part is the rest of its sum. Small parts alone are known where all are as small, or as large, as can be.
    Beside others, which are no less than ``min_count`` and, as the smallest was taken, no more than the least that is
    shown, they can be larger than 1 only where enough is left, and smaller than can be only where it fits. As many small
    parts as the range of their sum can hold are one each.
    """
    entries = sums.tocoo()
    by_size = np.lexsort((counts[entries.col], entries.row))
    of, at, part = entries.row[by_size], entries.col[by_size], entries.data[by_size] > 0
    small, most, n_sums = (counts > 0) & (counts < min_count), min_count - 1, sums.shape[0]

    def add(which: NDArray[np.bool_], values: NDArray[np.int64] | None = None) -> NDArray[np.float64]:
        weights = which * (1.0 if values is None else values[at].astype(float))
        return np.bincount(of, weights, n_sums).astype(np.float64)

    while True:
        hidden = (small | lost)[at]
        ranges = (small & ~lost)[at]
        n, all_hidden = add(part & ranges), add(part & hidden)
        taken = min_count * add(part & lost[at] & ~small[at])
        others = all_hidden - n
        rest, left = add(part & ranges, counts), add(part & hidden, counts)
        least = np.full(n_sums, np.inf)
        np.minimum.at(least, of[part & ~hidden], np.where(counts > 0, counts, np.inf)[at][part & ~hidden])
        with np.errstate(invalid="ignore"):
            full = (others > 0) & (left - others * least >= n * most)
        alone = (others == 0) & ((rest == n) | (rest == n * most))
        tight = (others > 0) & (left - taken <= n)
        of_parts = (all_hidden == 1) | ((n > 0) & (alone | tight | full))
        sum_hidden = add(~part & hidden) > 0
        told = np.where(sum_hidden, all_hidden == 0, of_parts & (all_hidden > 0))
        told |= (add(~part & ranges) > 0) & (n >= most)
        # The smallest part, and where there is none the sum; of ranges the sum's before those of its parts.
        left_open = np.flatnonzero(told[of] & may[at] & ~(lost[at] if wider else hidden))
        left_open = left_open[np.lexsort((np.where(ranges, part, ~part)[left_open], ranges[left_open]))]
        if not left_open.size:
            return
        lost[at[left_open[np.unique(of[left_open], return_index=True)[1]]]] = True


def _sums_together(search: _Search, lost: NDArray[np.bool_], may: NDArray[np.bool_]) -> None:
    """Leave out more where sums in turn narrow what a small count can be to one number, in place: the smallest count that is
    shown of each sum that narrows it, or else a range.
    """
    entries, everything = search.sums.tocoo(), np.arange(len(search.counts))
    of, at = entries.row, entries.col
    while True:
        room = search.free(everything, lost)
        least, most = search.counts - room.down, search.counts + room.up
        told, by = _told(entries, search.counts, least, most)
        asked = np.zeros(search.sums.shape[0], dtype=bool)
        asked[of[by & (search.small & told)[at]]] = True
        left = np.flatnonzero(asked[of] & may[at] & ~lost[at])
        if not left.size:
            return
        left = left[np.lexsort((search.cost[at[left]], of[left]))]
        lost[at[left[np.unique(of[left], return_index=True)[1]]]] = True


def _told(
    entries: coo_array, counts: NDArray[np.int64], low: NDArray[np.float64], high: NDArray[np.float64]
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which counts can be one number alone when the range of each is held against those of the others of each sum, until none
    becomes narrower; and which entries of the sums are narrower than the range that was given.
    """
    of, at, plus = entries.row, entries.col, entries.data > 0
    n_sums = entries.shape[0]
    total = np.bincount(of, entries.data * counts[at], n_sums)
    given_low, given_high = low[at], high[at]
    while True:
        # What is left for one when the others of its sum are as large, and as small, as they can be.
        small, large = np.where(plus, low[at], -high[at]), np.where(plus, high[at], -low[at])
        from_, to = (total[of] - (np.bincount(of, side, n_sums)[of] - side) for side in (large, small))
        from_, to = np.where(plus, from_, -to), np.where(plus, to, -from_)
        narrower = low.copy(), high.copy()
        np.maximum.at(narrower[0], at, from_)
        np.minimum.at(narrower[1], at, to)
        if (narrower[0] == low).all() and (narrower[1] == high).all():
            return low == high, (from_ > given_low) | (to < given_high)
        low, high = narrower


class _Room(NamedTuple):
    """How far counts may move up and down."""

    up: NDArray[np.float64]
    down: NDArray[np.float64]


class _Search:
    """Searches for other tables that agree with what is shown."""

    def __init__(
        self,
        counts: NDArray[np.int64],
        sums: csc_array,
        held: NDArray[np.bool_],
        unsaid: NDArray[np.bool_],
        min_count: int,
    ) -> None:
        self.counts, self.sums, self.held, self.unsaid, self.min_count = counts, sums, held, unsaid, min_count
        self.small = (counts > 0) & (counts < min_count)
        self.by_sum = sums.tocsr()
        # The fewest, and of these the smallest. That a range had to go says much of what it was: dearer than two counts.
        self.cost = np.where(self.small, 3.0, 1 + counts / (1 + counts.sum()))

    def beside(self, row: np.int64) -> NDArray[np.bool_]:
        """The counts that share a sum with one."""
        found = np.zeros(len(self.counts), dtype=bool)
        found[self.by_sum[self.sums[:, [row]].indices].indices] = True
        return found

    def widest(self, rows: NDArray[np.int64], lost: NDArray[np.bool_], safe: NDArray[np.bool_]) -> NDArray[np.int64]:
        """A move that leaves out nothing more and changes as many of the small counts that are not safe yet as can be."""
        room, asked = self.free(rows, lost), ~safe[rows]
        room.up[asked], room.down[asked] = np.minimum(room.up[asked], 1), np.minimum(room.down[asked], 1)
        rise = asked & (room.up > 0)
        found = self._solve(rows, [(room, np.where(rise, -1.0, 0), np.where(asked & ~rise, -1.0, 0))])
        return np.zeros(len(rows), dtype=np.int64) if found is None else found[1]

    def cheapest(
        self, rows: NDArray[np.int64], row: np.int64, lost: NDArray[np.bool_], *, zeros: bool = False
    ) -> NDArray[np.int64] | None:
        """The move that changes one count and the least of what is shown, zeros if they may be; None where there is none."""
        counts, small, may = self.counts[rows], self.small[rows], ~self.held[rows]
        # A range becomes wider, a count that is shown is left out.
        up = np.where(may & ~lost[rows], np.maximum(counts, self.min_count), 0)
        down = np.where(may & ~lost[rows] & ~small, self._half(counts), 0)
        if zeros:
            down[may & small] = 1
        else:
            up[counts == 0] = 0
        said, cost, nothing = self.free(rows, lost), self.cost[rows], np.zeros(len(rows))
        found = []
        for sign in (1, -1):
            moves = [(said, nothing, nothing), (_Room(up.astype(float), down.astype(float)), cost, cost)]
            one = self._solve(rows, moves, to=(int(np.flatnonzero(rows == row)[0]), sign))
            if one is not None:
                found.append(one)
        return min(found, key=lambda one: one[0])[1] if found else None

    def _half(self, counts: NDArray[np.int64]) -> NDArray[np.int64]:
        """How far below a count that is left out a reader may think of it: half of it, and no range."""
        return np.clip(counts - self.min_count, 0, counts // 2)

    def free(self, rows: NDArray[np.int64], lost: NDArray[np.bool_]) -> _Room:
        """The room within what is said already; of a count that is left out readers have an idea, up to twice as much."""
        counts, small, gone = self.counts[rows], self.small[rows], lost[rows]
        up = np.where(gone, np.maximum(counts, self.min_count), np.where(small, self.min_count - 1 - counts, 0))
        down = np.where(small, counts - 1, np.where(gone, self._half(counts), 0))
        down = np.where(self.unsaid[rows], counts, down)
        return _Room(up.astype(float), down.astype(float))

    def _solve(
        self,
        rows: NDArray[np.int64],
        moves: list[tuple[_Room, NDArray[np.float64], NDArray[np.float64]]],
        to: tuple[int, int] | None = None,
    ) -> tuple[float, NDArray[np.int64]] | None:
        """The best move in which all sums hold: of rooms with the price of a step up and down; one count must go up, or down."""
        from scipy.optimize import Bounds, LinearConstraint, milp

        n, steps = len(rows), 2 * len(moves)
        by_sum = self.sums[:, rows].tocsr()
        own = by_sum[np.diff(by_sum.indptr) > 0].tocsc()
        upper = np.concatenate([side for room, _, _ in moves for side in room])
        holds = [LinearConstraint(hstack([own, -own] * len(moves), format="csc"), 0, 0)]
        if to is not None:
            at, sign = to
            both = np.zeros((steps, n))
            both[0 if sign > 0 else 1 :: 2, at] = 1
            upper[(1 if sign > 0 else 0) * n + at :: 2 * n] = 0
            holds.append(LinearConstraint(csc_array(both.reshape(1, -1)), 1, np.inf))
        found = milp(
            np.concatenate([price for _, *prices in moves for price in prices]),
            integrality=np.ones(steps * n, dtype=np.int64),
            bounds=Bounds(0, upper),
            constraints=holds,
            options={"node_limit": _NODES},
        )
        if found.x is None:
            return None
        step = np.rint(found.x).astype(np.int64).reshape(steps, n)
        return float(found.fun), step[::2].sum(axis=0) - step[1::2].sum(axis=0)
