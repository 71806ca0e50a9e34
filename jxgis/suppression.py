"""Which counts are left out beside the small ones, so that all that is shown together tells none of these."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from scipy.sparse import csc_array, hstack

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["left_out"]

# Of more counts, such as all cells of a city, no whole numbers are searched for: it takes too long.
_AT_ONCE = 2000
# Sums of no more are short: the classes of a cell.
_FEW = 20
# A search takes one node as a rule; where it takes very many what it would have found is left out around the count.
_NODES = 1000
# What it is worth to make one small count safe: more than all that could be left out for it.
_WORTH = 1e4
# Of a step of one; what is less is the solver's tolerance.
_MOVED = 1e-6


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
    smallest other is left out, and a second where the two are so near that which of them is the smaller would tell those who
    know this rule; then the second table that changes the fewest shown counts, and of these the smallest, is
    searched for by integer programming, and what it changes is left out; of more than 2,000 counts, most of them zero (a fine
    grid), only those zeros may change that share a sum of no more than so many with the count. Such a table shows that every count it changes is
    safe, and it remains one whatever else is left out. Of more than 2,000 counts above zero (the cells of a city) each sum is
    looked at by itself, and then all together by linear programming: every small count can be more or less while all that is
    shown holds, but that this can be by a whole number is not looked for.

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
    moving = (counts > 0) & (small | lost | ~held) | silent
    # What one sum tells is quickly found, and most of what there is.
    alone = moving.sum() > _AT_ONCE
    _sum_by_sum(counts, sums, lost, moving & ~held, silent & ~small, min_count, wider=bool(alone))
    if alone:
        _sums_together(search, lost, moving & ~held)
        return lost
    some = np.flatnonzero(moving)
    while not safe.all():
        found = some[search.widest(some, lost, safe) != 0]
        if safe[found].all():
            break
        safe[found] = True
    zeros: NDArray[np.bool_] = np.zeros(len(counts), dtype=bool)
    for row in np.flatnonzero(~safe):
        if safe[row]:
            continue
        if zeros.any():
            rows, move = search.by_zeros(row, lost, zeros)
            if move is not None:
                safe[rows[move != 0]] = True
                continue
        rows = some
        move = search.cheapest(rows, row, lost)
        if move is None:
            near = ~held if len(counts) <= _AT_ONCE else search.beside(row, most=_AT_ONCE) & ~held
            rows = np.flatnonzero(moving | near)
            move = search.cheapest(rows, row, lost, zeros=True)
        if move is None:
            move = search.cheapest(rows, row, lost, zeros=True, ranges=True)
        if move is None:
            lost |= search.beside(row, most=_AT_ONCE) & ~held | search.beside(row) & moving & ~held
            continue
        moved, after = move != 0, counts[rows] + move
        safe[rows[moved]] = True
        lost[rows[moved & ~(small[rows] & (after > 0) & (after < min_count))]] = True
        zeros[rows[moved & ((after == 0) | (counts[rows] == 0))]] = True
    return lost


def _sum_by_sum(
    counts: NDArray[np.int64],
    sums: csc_array,
    lost: NDArray[np.bool_],
    may: NDArray[np.bool_],
    harmless: NDArray[np.bool_],
    min_count: int,
    *,
    wider: bool,
) -> None:
    """Leave out the smallest count that is shown of each sum that tells a hidden one by itself, in place; where none is and
    ranges may become ``wider``, the sum's own range, or else one of its parts. A sum may tell what is ``harmless``.

    One hidden part is the rest of its sum. Small parts alone are known where all are as small, or as large, as can be: that
    others are hidden beside them says that it was so, and both must be possible with these. Others are no less than
    ``min_count`` and, as the smallest were taken, no more than the least that is shown. Of 2, 9 and 10 the 9 alone would tell
    the 2, since of 1, 10 and 10 the first would have been taken: one or two others are hidden only where with all that is
    hidden they are less than as many of the least that is shown; of three, whose sum says less of each, it is enough that they
    are not the larger whatever the small ones are. As many small parts as the range of their sum can hold are one each.
    """
    entries = sums.tocoo()
    # Zeros tell nothing as long as they are shown, and most of a grid are.
    matter = np.flatnonzero(((counts > 0) | lost | may)[entries.col])
    matter = matter[np.lexsort((counts[entries.col[matter]], entries.row[matter]))]
    sum_of, count_of, is_part = entries.row[matter], entries.col[matter], entries.data[matter] > 0
    small = (counts > 0) & (counts < min_count)
    size = np.where(counts > 0, counts, np.inf)
    begin = np.searchsorted(sum_of, np.arange(sums.shape[0] + 1))
    changed: NDArray[np.int64] = np.arange(sums.shape[0])
    while True:
        of, entry = _spans(begin, changed)
        at, part = count_of[entry], is_part[entry]
        gone = lost[at]
        hidden = gone | small[at]
        smallest = np.full(len(changed), np.inf)
        shown = np.flatnonzero(part & ~hidden)
        np.minimum.at(smallest, of[shown], size[at[shown]])
        shut = np.flatnonzero(hidden)
        told = _told(_Hidden(of[shut], at[shut], part[shut], ~gone[shut]), counts, harmless, smallest, min_count)
        # The smallest part, and where there is none the sum; of ranges the sum's before those of its parts.
        left_open = np.flatnonzero(told[of] & may[at] & ~(gone if wider else hidden))
        ranges, parts = hidden[left_open], part[left_open]
        left_open = left_open[np.lexsort((np.where(ranges, parts, ~parts), ranges))]
        if not left_open.size:
            return
        chosen = at[left_open[np.unique(of[left_open], return_index=True)[1]]]
        lost[chosen] = True
        changed = np.unique(sums.indices[_spans(sums.indptr, chosen)[1]]).astype(np.int64)


def _spans(
    begin: NDArray[np.integer[Any]], which: NDArray[np.integer[Any]]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Of rows that begin where ``begin`` says, the entries of some, one row after the other: which of these rows, and which entry."""
    lengths = np.diff(begin)[which]
    of = np.repeat(np.arange(len(which)), lengths)
    return of, np.arange(len(of)) + np.repeat(begin[which] - np.cumsum(lengths) + lengths, lengths)


class _Hidden(NamedTuple):
    """What is hidden of some sums: which sum, which count, whether it is a part, and whether its range is shown."""

    of: NDArray[np.int64]
    at: NDArray[np.integer[Any]]
    part: NDArray[np.bool_]
    ranges: NDArray[np.bool_]


def _told(
    hidden: _Hidden,
    counts: NDArray[np.int64],
    harmless: NDArray[np.bool_],
    smallest: NDArray[np.float64],
    min_count: int,
) -> NDArray[np.bool_]:
    """Which sums tell a hidden count by themselves, by what is hidden and the ``smallest`` part that each of them shows."""
    of, at, part, ranges = hidden
    most = min_count - 1

    def add(which: NDArray[np.bool_], values: NDArray[np.int64] | None = None) -> NDArray[np.float64]:
        weights = which * (1.0 if values is None else values[at].astype(float))
        return np.bincount(of, weights, len(smallest)).astype(np.float64)

    n, all_hidden = add(part & ranges), add(part)
    taken = min_count * add(part & ~ranges & ((counts[at] == 0) | (counts[at] >= min_count)))
    others = all_hidden - n
    rest, left = add(part & ranges, counts), add(part, counts)
    with np.errstate(invalid="ignore"):
        full = (others > 0) & (left - others * smallest >= np.where(others <= 2, 0, n * most))
    alone = (others == 0) & ((rest == n) | (rest == n * most))
    tight = (others > 0) & (left - taken < n * most)
    of_parts = (all_hidden == 1) | ((n > 0) & (alone | tight | full))
    told: NDArray[np.bool_] = np.where(add(~part) > 0, all_hidden == 0, of_parts & (all_hidden > 0))
    told &= add(~harmless[at]) > 0
    told |= (add(~part & ranges) > 0) & (n >= most)
    return told


def _sums_together(search: _Search, lost: NDArray[np.bool_], may: NDArray[np.bool_]) -> None:
    """Leave out more, in place, until each small count can be a little more or less while all sums hold, as if counts need not
    be whole: what moves as it is, then what moves once other counts are left out, then zeros.

    Many are asked at once, every second one to rise and the others to fall, for not all parts of a sum can rise. Two that move
    only against one another may both be asked to rise: those that are left at the end are asked one by one.
    """
    told = search.small & (np.diff(search.sums.indptr) > 0)
    nothing, all_there_is = np.zeros_like(may), ~search.held

    def ask(asked: NDArray[np.bool_], upward: NDArray[np.bool_], which: NDArray[np.bool_], *, zeros: bool) -> None:
        for rising in (upward, ~upward):
            if (asked & told).any():
                moved, opened = search.direction(asked & told, lost, which, upward=rising, zeros=zeros)
                told[moved] = False
                lost[opened] = True

    for which, zeros in ((nothing, False), (may, False), (all_there_is, True)):
        left = np.inf
        while told.sum() < left:
            left = told.sum()
            ask(told, np.cumsum(told) % 2 == 1, which, zeros=zeros)
    for row in np.flatnonzero(told):
        ask(np.arange(len(told)) == row, told, all_there_is, zeros=True)


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

    def beside(self, row: np.int64, *, most: float = np.inf) -> NDArray[np.bool_]:
        """The counts that share a sum with one, of sums that hold no more than so many."""
        found, own = np.zeros(len(self.counts), dtype=bool), self.sums[:, [row]].indices
        found[self.by_sum[own[np.diff(self.by_sum.indptr)[own] <= most]].indices] = True
        return found

    def widest(self, rows: NDArray[np.int64], lost: NDArray[np.bool_], safe: NDArray[np.bool_]) -> NDArray[np.int64]:
        """A move that leaves out nothing more and changes as many of the small counts that are not safe yet as can be."""
        room, asked = self.free(rows, lost), ~safe[rows]
        room.up[asked], room.down[asked] = np.minimum(room.up[asked], 1), np.minimum(room.down[asked], 1)
        rise = asked & (room.up > 0)
        found = self._solve(rows, [(room, np.where(rise, -1.0, 0), np.where(asked & ~rise, -1.0, 0))])
        return np.zeros(len(rows), dtype=np.int64) if found is None else found[1]

    def cheapest(
        self,
        rows: NDArray[np.int64],
        row: np.int64,
        lost: NDArray[np.bool_],
        *,
        zeros: bool = False,
        ranges: bool = False,
    ) -> NDArray[np.int64] | None:
        """The move that changes one count and the least of what is shown; None where there is none.

        Zeros change if they may, and what is left out may be a range too if ``ranges``, as it is where nothing else helps.
        """
        counts, small, may = self.counts[rows], self.small[rows], ~self.held[rows]
        # A range becomes wider, a count that is shown is left out.
        up = np.where(may & ~lost[rows], np.maximum(counts, self.min_count), 0)
        down = np.where(may & ~lost[rows] & ~small, self._half(counts, ranges=ranges), 0)
        if zeros:
            down[may & small] = 1
        else:
            up[counts == 0] = 0
        said, cost, nothing = self.free(rows, lost, ranges=ranges), self.cost[rows], np.zeros(len(rows))
        found = []
        for sign in (1, -1):
            moves = [(said, nothing, nothing), (_Room(up.astype(float), down.astype(float)), cost, cost)]
            one = self._solve(rows, moves, to=(int(np.flatnonzero(rows == row)[0]), sign))
            if one is not None:
                found.append(one)
        return min(found, key=lambda one: one[0])[1] if found else None

    def by_zeros(
        self, row: np.int64, lost: NDArray[np.bool_], zeros: NDArray[np.bool_]
    ) -> tuple[NDArray[np.int64], NDArray[np.int64] | None]:
        """A move of few counts that changes one and leaves out nothing more, by those that are left out so that they may be zero.

        Where all of a sum are one each, one that may be zero serves all others, each in a table of its own.
        """
        near = zeros.copy()
        near[row] = True
        for one in np.flatnonzero(near):
            near |= self.beside(one, most=_FEW)
        rows = np.flatnonzero(near)
        room, nothing = self.free(rows, lost), np.zeros(len(rows))
        room.down[zeros[rows]] = np.minimum(self.counts[rows], np.maximum(room.down, 1))[zeros[rows]]
        for sign in (1, -1):
            found = self._solve(rows, [(room, nothing, nothing)], to=(int(np.flatnonzero(rows == row)[0]), sign))
            if found is not None:
                return rows, found[1]
        return rows, None

    def direction(
        self,
        asked: NDArray[np.bool_],
        lost: NDArray[np.bool_],
        may: NDArray[np.bool_],
        *,
        upward: NDArray[np.bool_],
        zeros: bool,
    ) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Which counts move in a direction that keeps all sums and moves as many of those asked for as can be, and which of
        those that may be left out have to be: the cheapest, by linear programming. Of those asked for that can go both ways
        ``upward`` says which are to rise.

        How far each can go does not matter, for the direction may be followed as little as one likes; so one direction moves
        all that can be moved, and what it moves stays safe whatever else is left out.
        """
        from scipy.optimize import linprog

        room = self.free(np.arange(len(self.counts)), lost)
        may_fall = ~lost & ~self.small & (self._half(self.counts) > 0) | (self.small if zeros else False)
        opened = may & ~lost & (room.up == 0), may & (room.down == 0) & may_fall
        rises, falls = (room.up > 0) | opened[0], (room.down > 0) | opened[1]
        upward = np.where(rises & falls, upward, rises)
        goals = np.flatnonzero(asked & rises & upward), np.flatnonzero(asked & falls & ~upward)
        moved, gone = np.zeros(len(asked)), np.zeros_like(asked)
        if not sum(map(len, goals)):
            return moved != 0, gone
        # What rises and what falls as far as it has to, and what of the goals counts: a step of one.
        # One that is asked for goes one way only: it would move by going up and down.
        rises[goals[1]] = falls[goals[0]] = False
        columns = [np.flatnonzero(rises), np.flatnonzero(falls), *goals]
        signs, goal = (1, -1, 1, -1), (False, False, True, True)
        holds = hstack([sign * self.sums[:, at] for sign, at in zip(signs, columns, strict=True)], format="csr")
        holds = holds[np.diff(holds.indptr) > 0]
        price = [
            np.where(opened[sign < 0], self.cost, 0.0)[at] - worth * _WORTH
            for sign, worth, at in zip(signs, goal, columns, strict=True)
        ]
        most = np.concatenate([np.full(len(at), 1 if one else np.inf) for one, at in zip(goal, columns, strict=True)])
        found = linprog(
            np.concatenate(price),
            A_eq=_narrow(holds),
            b_eq=np.zeros(holds.shape[0]),
            bounds=[(0, end) for end in most],
            method="highs",
            # No move at all holds every sum: from there it is a short way, and looking for a shorter one takes longer.
            options={"presolve": False},
        )
        if found.x is None:
            raise RuntimeError(found.message)
        for sign, at, step in zip(
            signs, columns, np.split(found.x, np.cumsum([len(at) for at in columns])[:-1]), strict=True
        ):
            moved[at] += sign * step
            gone[at[step > _MOVED]] |= opened[sign < 0][at[step > _MOVED]]
        return np.abs(moved) > _MOVED, gone

    def _half(self, counts: NDArray[np.int64], *, ranges: bool = False) -> NDArray[np.int64]:
        """How far below a count that is left out a reader may think of it: half of it, and no range unless ``ranges``."""
        return np.clip(counts - (0 if ranges else self.min_count), 0, counts // 2)

    def free(self, rows: NDArray[np.int64], lost: NDArray[np.bool_], *, ranges: bool = False) -> _Room:
        """The room within what is said already; of a count that is left out readers have an idea, up to twice as much."""
        counts, small, gone = self.counts[rows], self.small[rows], lost[rows]
        up = np.where(gone, np.maximum(counts, self.min_count), np.where(small, self.min_count - 1 - counts, 0))
        down = np.where(small, counts - 1, np.where(gone, self._half(counts, ranges=ranges), 0))
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
        holds = [LinearConstraint(_narrow(hstack([own, -own] * len(moves), format="csc")), 0, 0)]
        if to is not None:
            at, sign = to
            both = np.zeros((steps, n))
            both[0 if sign > 0 else 1 :: 2, at] = 1
            upper[(1 if sign > 0 else 0) * n + at :: 2 * n] = 0
            holds.append(LinearConstraint(_narrow(csc_array(both.reshape(1, -1))), 1, np.inf))
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


def _narrow(matrix: Any) -> Any:
    """A sparse matrix with the indices of 32 bits that HiGHS in older releases of scipy asks for."""
    matrix.indices, matrix.indptr = matrix.indices.astype(np.int32), matrix.indptr.astype(np.int32)
    return matrix
