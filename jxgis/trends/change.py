"""Change between two periods around every cell: exact, given what each place and each period has in all."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.spatial import KDTree

from jxgis.errors import InputError
from jxgis.hotspots.permutation import permutation_p
from jxgis.space.grid import Grid
from jxgis.space.ratio import ratio
from jxgis.space.window import disc_sums
from jxgis.statistics.batches import batch_tails
from jxgis.statistics.beta_binomial import beta_binomial_tails
from jxgis.statistics.fdr import benjamini_hochberg, gi_bin
from jxgis.statistics.overdispersion import batches_of_pairs, overdispersion_on_grid
from jxgis.statistics.tails import two_sided

__all__ = ["batch_around", "batches", "change_p", "detectable", "find_change"]

Ints: TypeAlias = npt.NDArray[np.int64]
Floats: TypeAlias = npt.NDArray[np.float64]

_FULL = 20
"""Cases of a square from which on it shows how they vary."""
_MOST = 0.8
"""The share of all cases that stand in such squares."""
_MANY = 30
"""Squares of that kind from which on they tell by themselves; below, all cells together vary less by chance."""
_SIDES = (1, 2, 3, 4, 6, 8, 12, 16, 24)
"""Sides of squares that are tried, in cells."""
_POWER = 0.8
"""How often a change is found that counts as detectable."""
_MOST_TIMES = 50.0
_HALVINGS = 12
"""Of the logarithm of a ratio between 1 and that: it is good to a thousandth."""


def change_p(
    before: npt.ArrayLike, after: npt.ArrayLike, totals: tuple[int, int], *, batch: npt.ArrayLike = 1.0
) -> Floats:
    """Compute the chance of so uneven a division of each place's cases between two periods, two-sided.

    Given the cases of each place and of each period, the later ones of a place are hypergeometric where every case falls
    into a period by itself, whatever the places' rates are: exact, for neighbourhoods too, as sums of places. Where
    cases come in batches, they are beta-binomial.

    Parameters
    ----------
    before, after
        (n,) cases of each place in the two periods.
    totals
        Cases of the whole in the two.
    batch
        How many times as much as by chance counts vary, of all or (n,) of each; 1 for the exact p.

    Returns
    -------
    numpy.ndarray
        (n,) min(1, 2 min(P(A >= a), P(A <= a))); NaN where a place, or one of the periods, has none.

    Raises
    ------
    InputError
        If a place has more cases than the whole.

    Examples
    --------
    Of four cases two are late. That both of a place are has the chance 1/6:

    >>> change_p([0, 1], [2, 1], (2, 2)).round(6).tolist()
    [0.333333, 1.0]
    """
    early, late = np.asarray(before, dtype=np.int64), np.asarray(after, dtype=np.int64)
    if (early > totals[0]).any() or (late > totals[1]).any():
        raise InputError(
            zh="有地点的件数多于全部件数；totals 应是两期各自的总数。",
            en="a place has more cases than the whole; totals are those of both periods.",
        )
    own, whole = early + late, sum(totals)
    p = np.full(own.shape, np.nan)
    asked = own > 0
    if min(totals) == 0:
        return p
    batch = np.broadcast_to(batch, own.shape)[asked]
    p[asked] = two_sided(*batch_tails(late[asked], own[asked], totals[1], whole, batch=batch))
    return p


def batches(before: Ints, after: Ints, grid: Grid) -> Floats:
    """How many times as much as by chance each cell's shares of the two periods vary: 1 for independent cases.

    The later cases of squares are held against those around them, given the cases of both; see
    :mod:`jxgis.statistics.overdispersion`. So what rises or falls over some blocks does not raise it. The squares are
    the smallest of which those with twenty cases hold most, and only these are looked at: of a single case nobody can tell
    what batch it came in. Where they are fewer than thirty, all cells are held against the share of all, which a change
    raises: few cases do not tell it from a batch. It is one number for the city, and more in parts of two or three dozen squares
    or more that, each held against one beside it, vary more than the others beyond chance (:func:`jxgis.statistics.overdispersion.batches_of_pairs`).

    Parameters
    ----------
    before, after
        (n_cells,) cases in the two periods.
    grid
        The cells.

    Returns
    -------
    numpy.ndarray
        (n_cells,) at least 1; a cell without a square of its own is as the nearest.

    Examples
    --------
    >>> import pyproj
    >>> from jxgis.space.grid import Grid
    >>> grid = Grid(pyproj.CRS(4549), 100.0, 0, 0, np.ones((60, 60), dtype=bool))
    >>> one, other = 3 * np.random.default_rng(0).poisson(2, (2, 3600))
    >>> bool(2.7 < np.median(batches(one, other, grid)) < 3.5)
    True
    """
    late = after.sum() / max((before + after).sum(), 1)
    if not 0 < late < 1:
        return np.ones(len(grid))
    for side in _SIDES:
        squares, both, recent = _in_squares(side, grid, before + after, after)
        full = both >= _FULL
        if both[full].sum() >= _MOST * both.sum():
            if full.sum() < _MANY:
                break
            # Given both, the later cases vary by the share of the earlier ones less than their mean.
            return _of_squares(
                recent[full] / (1 - late), both[full].astype(np.float64), squares.where(full), side, grid
            )
    return np.full(len(grid), _batch_of_all(before + after, after))


def _of_squares(recent: Floats, both: Floats, squares: Grid, side: int, grid: Grid) -> Floats:
    """That of each cell by the squares of so many cells that tell."""
    middle = np.asarray((np.column_stack([squares.rows, squares.cols]) + 0.5) * side, dtype=np.float64)
    own = batches_of_pairs(recent, both, middle)
    of_cell = own[KDTree(middle).query(np.column_stack([grid.rows, grid.cols]) + 0.5)[1]]
    return np.maximum(of_cell, overdispersion_on_grid(recent, both, squares).batch)


def _batch_of_all(both: Ints, recent: Ints) -> float:
    """The same of all cells together, plus the standard error of finding it; at least 1.

    Of counts with variance φ times the mean, later less share times both has the variance φ share (1 − share) times the
    mean of both, however small that is: cells with a case or two do not hide it.
    """
    total = both.sum()
    share, among = recent.sum() / total, float((both / total) @ (both / total))
    if among == 1:
        return 1.0
    found = np.square(recent - share * both).sum() / (share * (1 - share) * total * (1 - among))
    return float(max(found * (1 + np.sqrt(2 / max(1 / among - 1, 1))), 1.0))


def _in_squares(side: int, grid: Grid, both: Ints, recent: Ints) -> tuple[Grid, Ints, Ints]:
    """Squares of so many cells that have any case, and their cases."""
    rows, cols = grid.rows // side, grid.cols // side
    at = rows * (cols.max() + 1) + cols
    counts, late = (np.bincount(at, weights=values).astype(np.int64) for values in (both, recent))
    mask = np.zeros((rows.max() + 1, cols.max() + 1), dtype=bool)
    mask.ravel()[: len(counts)] = counts > 0
    return Grid(grid.crs, grid.cell_m * side, 0, 0, mask), counts[counts > 0], late[counts > 0]


def detectable(before: int, city: float, *, tests: int, alpha: float, batch: float) -> tuple[float, float]:
    """How far a place must rise or fall beside the city to be found four times in five, whatever else changes.

    Of all places it alone changes, so that its p must be below the level over the number of tests: where a whole
    neighbourhood changes, or others do, less is found too.

    Parameters
    ----------
    before
        Cases around it in the earlier period, 1 or more.
    city
        The later cases of the city over the earlier ones, above 0.
    tests
        Cells that are tested.
    alpha
        As `find_change` takes it.
    batch
        How many times as much as by chance counts vary there.

    Returns
    -------
    rise, fall : float
        Its later cases over those of a place that changes as the city does: 1.5 is half as many more. NaN where no 50 times
        as many are found, or where not even next to none are.

    Examples
    --------
    >>> [round(times, 2) for times in detectable(100, 1.0, tests=1, alpha=0.05, batch=1.0)]
    [1.44, 0.63]
    """
    null = city / (1 + city)

    def found(times: float) -> bool:
        n = max(round(before * (1 + city * times)), 1)
        share = city * times / (1 + city * times)
        late = np.arange(n + 1)
        tails = beta_binomial_tails(late, n, null, batch)
        beyond = np.flatnonzero(2 * tails[times < 1] <= alpha / tests)
        if not len(beyond):
            return False
        upper, lower = beta_binomial_tails(beyond[[0]] if times > 1 else beyond[[-1]], n, share, batch)
        return bool((upper if times > 1 else lower)[0] >= _POWER)

    def least(far: float) -> float:
        if not found(far):
            return float("nan")
        near, away = 1.0, far
        for _ in range(_HALVINGS):
            middle = float(np.sqrt(near * away))
            near, away = (near, middle) if found(middle) else (middle, away)
        return away

    return least(_MOST_TIMES), least(1 / (2 * before))


def batch_around(batch: npt.ArrayLike, cases: Ints, grid: Grid, *, band_m: float) -> Floats:
    """How many times as much as by chance the cases around each cell vary: the mean of those of its cells, by their cases.

    Parameters
    ----------
    batch
        Of all cells, or (n_cells,) of each.
    cases
        (n_cells,) cases.
    grid
        The cells.
    band_m
        A cell's neighbours lie within it, metres.

    Examples
    --------
    >>> import pyproj
    >>> from jxgis.space.grid import Grid
    >>> grid = Grid(pyproj.CRS(4549), 100.0, 0, 0, np.ones((1, 4), dtype=bool))
    >>> batch_around([1, 1, 5, 5], np.array([6, 3, 1, 0]), grid, band_m=100).tolist()
    [1.0, 1.4, 2.0, 5.0]
    """
    own = np.broadcast_to(np.asarray(batch, dtype=np.float64), cases.shape)
    if (own == own[0]).all():
        return own
    more, of = (disc_sums(values, grid, band_m=band_m) for values in ((own - 1) * cases, cases))
    # Sums of a row are differences, which leave a trace where there is nothing.
    return np.where(of > 0, 1 + np.round(ratio(more, of), 9), own)


def find_change(
    before: Ints, after: Ints, grid: Grid, *, band_m: float, alpha: float, batch: npt.ArrayLike
) -> pd.DataFrame:
    """Find where cases changed otherwise than in the whole, and which hot places are new, gone, stronger or weaker.

    Parameters
    ----------
    before, after
        (n_cells,) cases in two periods of the same length.
    grid
        The cells.
    band_m
        A cell's neighbours lie within it, metres.
    alpha
        Rate of false discoveries, of changes and of hot cells.
    batch
        How many times as much as by chance counts vary, of all or (n_cells,) of each, as from `batches`; 1 for the exact p.

    Returns
    -------
    pandas.DataFrame
        One row a cell: ``batch`` (of the cases around it), ``before, after`` (cases around it), ``change`` (after / before − 1), ``p, q`` (NaN where there is no
        case around), ``change_bin`` (1, 2, 3 where more than in the whole at q ≤ .10, .05, .01; negative where fewer),
        ``course``: of hot cells ``new``, ``gone``, ``stronger``, ``weaker``, ``steady``, or ``unclear``, hot in one of
        the two but changed no more than chance would; empty elsewhere.

    Examples
    --------
    >>> import pyproj
    >>> from jxgis.space.grid import Grid
    >>> grid = Grid(pyproj.CRS(4549), 100.0, 0, 0, np.ones((20, 20), dtype=bool))
    >>> before, after = np.random.default_rng(0).poisson(3, (2, 400))
    >>> after[[0, 1, 20, 21]] += 30
    >>> find_change(before, after, grid, band_m=100, alpha=0.05, batch=1.0).course[0]
    'new'
    """
    early, late = (disc_sums(counts, grid, band_m=band_m) for counts in (before, after))
    batch = batch_around(batch, before + after, grid, band_m=band_m)
    p = change_p(early, late, (int(before.sum()), int(after.sum())), batch=batch)
    q = benjamini_hochberg(p)
    more = late * before.sum() - early * after.sum()
    rises, falls = (q <= alpha) & (more > 0), (q <= alpha) & (more < 0)
    was, now = (_hot(counts, grid, band_m, alpha) for counts in (before, after))
    course = np.select(
        [now & ~was & rises, was & ~now & falls, now & was & rises, now & was & falls, now & was, now | was],
        ["new", "gone", "stronger", "weaker", "steady", "unclear"],
        default="",
    )
    return pd.DataFrame(
        {
            "batch": batch,
            "before": early,
            "after": late,
            "change": ratio(late, early) - 1,
            "p": p,
            "q": q,
            "change_bin": gi_bin(q, more),
            "course": course,
        }
    )


def _hot(counts: Ints, grid: Grid, band_m: float, alpha: float) -> npt.NDArray[np.bool_]:
    size = disc_sums(np.ones(len(grid), dtype=np.int64), grid, band_m=band_m)
    sums = disc_sums(counts, grid, band_m=band_m)
    q = benjamini_hochberg(permutation_p(counts, sums, size).p)
    return np.asarray((q <= alpha) & (sums * len(grid) > counts.sum() * size))
