"""Permutation p-values without permutations: exact for counts, a named fall-back elsewhere.

Under random placing the sum over a neighbourhood is the sum of k values drawn without replacement. For integer counts
and binary weights its distribution is computed exactly: no draws, no seed, no floor at 1 / (P + 1). Two nulls:

``total``
    All values are placed anew, i's own too. It is what Gi*'s z standardises, and the default for Gi*.
``conditional``
    The value of i stays where it is, the others are placed anew: what esda, GeoDa and spdep do, and right for Gi and
    local Moran. For Gi* a lone spike is then a hole in its own hot spot.

The methods, as ``p_method`` names them:

``exact``
    Absolute error below 1e-12 (about 1e-14 as a rule, 5e-14 where half of all places are neighbours). Smaller
    p-values are reported as 1e-12, an upper bound.
``saddlepoint``
    Integer counts where the exact way would take more than about 2e8 complex multiplications or 512 MB: bands that
    hold thousands of cells. Good to 5 % of p: no value is further from the mean than one standard deviation of the
    sum, 20 places or more are drawn of 300 or more, and as many stay behind, the sums come in no clumps, and twenty
    values or more part the sum from the least and the greatest one (see
    :func:`jxgis.hotspots._saddlepoint.vouched`); verified on populations of 25 shapes (Poisson to Pareto, one huge
    value, a few, many, values with gaps) at 300 to 8,000 places.
``saddlepoint_rough``
    The same elsewhere: some p are off by more than 5 %, and far tails by orders of magnitude. Not met by up to 40
    places, where all but 16 values are small, nor within 50 steps of the least or the greatest sum: those are exact.
``draws_<P>``
    Real values or unequal weights: P seeded permutations of the map; within strata where a cell along their border holds a huge count.
``gamma``
    Within strata, where the exact way would take too long: mean, variance and skewness of the sum, see
    :func:`jxgis.hotspots.strata.within_strata`.
``normal``
    The saddlepoint was not found: the normal p stands in, as rough.

Limits, each tested:

========================  ==============================================================================================
one place, or two         no p where nothing or everything is drawn: the tables say ``no_neighbours`` or
                          ``band_covers_area``; otherwise exact, if coarse (n = 3: p of 2/3 and 1)
all values equal          p = 1; the tables give no p and say ``all_equal``
a dozen huge cells        exact, and no more memory: up to 16 large values are mixed in apart
the ends of the sum       exact: within 50 steps of the least and the greatest sum all ways are counted
up to 40 places           exact whatever the values: where the transform would be too long all draws are counted
bands over half the city  exact by what stays behind, up to n - 1 neighbours
memory                    two stacks of J levels of M complex numbers, J about log(1e-17) / log(k / (n - k)) and M the
                          spread of the sums: 15 MB for 38,000 cells of 100 m and a band of 500 m
========================  ==============================================================================================
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias, TypeGuard

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr

from jxgis.errors import InputError
from jxgis.hotspots._draws import Place, draw_tails, graph_place, grid_place
from jxgis.hotspots._saddlepoint import saddlepoint_tails, vouched
from jxgis.hotspots._subset_sums import subset_sum_tails
from jxgis.space.graph import as_numbers
from jxgis.statistics.tails import two_sided

__all__ = [
    "METHODS",
    "P_FLOOR",
    "Null",
    "PermutationP",
    "Place",
    "graph_place",
    "grid_place",
    "normal_p",
    "p_of_sums",
    "permutation_p",
    "permutation_p_draws",
    "whole",
]

Null: TypeAlias = Literal["total", "conditional"]
Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

P_FLOOR = 1e-12  # the accuracy that is vouched for: a smaller p is reported as this, never as 0


METHODS = ("exact", "saddlepoint", "saddlepoint_rough", "normal")
"""Ways in which `permutation_p` finds a p."""


@dataclass(frozen=True, eq=False)
class PermutationP:
    """Two-sided permutation p-values.

    Parameters
    ----------
    p
        (n,) min(1, 2 min(P(S >= s), P(S <= s))); NaN where nothing is drawn, or everything.
    method
        (n,) str: ``exact``, ``saddlepoint``, ``saddlepoint_rough``, ``draws_<P>`` or ``normal``, within strata (`hotspots.strata`)
        ``gamma`` too; empty where p is NaN.
    """

    p: Floats
    method: npt.NDArray[np.str_]


def permutation_p(
    values: npt.ArrayLike, sums: npt.ArrayLike, sizes: npt.ArrayLike, *, null: Null = "total"
) -> PermutationP:
    """Compute p-values of neighbourhood sums of integer counts with binary weights, under random placing.

    Nothing of size n by n is built: memory is that of a few arrays of n values, and at most 512 MB for the
    distribution (MBs as a rule). The result does not depend on the order of the rows or the number of threads.

    Parameters
    ----------
    values
        (n,) integers: the value of each place.
    sums
        (n,) sum over the neighbourhood of each place: with its own value under the total null, without it under the
        conditional one.
    sizes
        (n,) number of places in that sum, W_i.
    null
        ``"total"``, as Gi*'s z has it, or ``"conditional"``, as in esda, GeoDa and spdep.

    Returns
    -------
    PermutationP

    Raises
    ------
    InputError
        If a value is not an integer (see ``permutation_p_draws``), or the arrays differ in length.

    Notes
    -----
    A lone spike, 10 among 99 zeros in a line, with one neighbour on either side: z = 5.7; the chance that one of
    the three places around has it is 3 / 100, but given the spike itself nothing is unusual about its neighbours.

    >>> values = np.zeros(100, dtype=int)
    >>> values[50] = 10
    >>> around = np.convolve(values, [1, 1, 1], mode="same")
    >>> size = np.full(100, 3)
    >>> round(float(permutation_p(values, around, size).p[50]), 6)
    0.06
    >>> round(float(permutation_p(values, around - values, size - 1, null="conditional").p[50]), 6)
    1.0
    """
    numbers, observed, size = as_numbers(values), as_numbers(sums), as_numbers(sizes)
    if not (whole(numbers) and whole(observed) and whole(size)):
        raise InputError(
            zh="精确 p 值只适用于整数计数和 0/1 权重；实数请用 permutation_p_draws()。",
            en="exact p-values need integer counts and binary weights; for real values use permutation_p_draws().",
        )
    if not numbers.shape == observed.shape == size.shape or numbers.ndim != 1:
        raise InputError(
            zh=f"数值、和与个数的形状不一致：{numbers.shape}、{observed.shape}、{size.shape}。",
            en=f"values, sums and sizes differ in shape: {numbers.shape}, {observed.shape}, {size.shape}.",
        )
    drawn_from = len(numbers) - (null == "conditional")
    asked = np.flatnonzero((size >= 1) & (size < drawn_from))
    p, method = np.full(len(numbers), np.nan), np.full(len(numbers), "", dtype="<U20")
    if len(asked):
        p[asked], method[asked] = p_of_sums(
            numbers, size[asked], observed[asked], numbers[asked] if null == "conditional" else None
        )
    return PermutationP(p=p, method=method)


def whole(numbers: Ints | Floats) -> TypeGuard[Ints]:
    """Whether numbers are integers."""
    return numbers.dtype.kind == "i"


def p_of_sums(values: Ints, sizes: Ints, sums: Ints, own: Ints | None) -> tuple[Floats, npt.NDArray[np.str_]]:
    """The p of sums of ``sizes`` values, and by which method: exact where it can be had, then the saddlepoint, then normal.

    Parameters
    ----------
    values
        (n,) the population.
    sizes, sums
        (q,) how many values are drawn, at least one and not all, and the sum to be judged.
    own
        (q,) a value of the population that is left out of the draw; None: drawn from all.
    """
    question = np.column_stack([sizes, sums] if own is None else [sizes, sums, own])
    asked, which = _distinct(question)
    k, s = asked[:, 0], asked[:, 1]
    y = None if own is None else asked[:, 2]
    tails = subset_sum_tails(values, k, s, y)
    p = two_sided(tails.upper, tails.lower)
    method = np.full(len(p), "exact", dtype="<U20")
    rest = np.flatnonzero(~tails.exact)
    if len(rest):
        left_out = None if y is None else y[rest]
        # The tail towards the nearer end is the less extreme question: where it has an answer it is the smaller one, and
        # the other, if the saddlepoint missed it, is next to 1.
        p[rest] = two_sided(*saddlepoint_tails(values, k[rest], s[rest], left_out))
        method[rest] = np.where(vouched(values, k[rest], s[rest]), "saddlepoint", "saddlepoint_rough")
    lost = np.flatnonzero(np.isnan(p))
    if len(lost):
        p[lost] = normal_p(_standard_score(values, k[lost], s[lost], None if y is None else y[lost]))
        method[lost] = "normal"
    return np.maximum(p, P_FLOOR)[which], method[which]


def _distinct(question: Ints) -> tuple[Ints, Ints]:
    """Distinct rows in sorted order, and which of them each row is; packed into one integer where they fit."""
    low = question.min(axis=0)
    extent = [int(width) + 1 for width in question.max(axis=0) - low]
    span = 1
    for width in extent:
        span *= width
    if span >= 2**62:
        rows, which = np.unique(question, axis=0, return_inverse=True)
        return rows, which.ravel()
    key = np.zeros(len(question), dtype=np.int64)
    for column, width in enumerate(extent):
        key = key * width + (question[:, column] - low[column])
    _, first, which = np.unique(key, return_index=True, return_inverse=True)
    return question[first], which


def _standard_score(values: Ints, sizes: Ints, sums: Ints, own: Ints | None) -> Floats:
    """Score of a sum of values drawn without replacement."""
    n = len(values) - (own is not None)
    out = 0 if own is None else own
    numbers = values.astype(np.float64)
    mean = (numbers.sum() - out) / n
    variance = (np.square(numbers).sum() - np.square(np.float64(1) * out)) / n - mean**2
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray((sums - sizes * mean) / np.sqrt(variance * sizes * (n - sizes) / (n - 1)))


def permutation_p_draws(
    values: npt.ArrayLike, place: Place, *, null: Null = "total", draws: int = 999, seed: int = 0
) -> PermutationP:
    """Estimate p-values by seeded permutations of the whole map, for real values or unequal weights.

    Parameters
    ----------
    values
        (n,) numbers without gaps.
    place
        The neighbours, from ``grid_place`` or ``graph_place``: with i itself under the total null,
        without under the conditional one.
    null
        As in ``permutation_p``.
    draws
        Number of permutations, at least 99; no p is below 2 / (draws + 1).
    seed
        Seed of the permutations; the same seed and the same order of the rows give the same p.

    Returns
    -------
    PermutationP
        Everywhere ``draws_<P>``.

    Raises
    ------
    InputError
        If there are fewer than 99 draws.
    """
    if draws < 99:
        raise InputError(zh=f"置换次数至少 99，现为 {draws}。", en=f"draws must be at least 99, not {draws}.")
    numbers = as_numbers(values)
    upper, lower = draw_tails(numbers, place, total=null == "total", draws=draws, seed=seed)
    return PermutationP(p=two_sided(upper, lower), method=np.full(len(numbers), f"draws_{draws}"))


def normal_p(z: npt.ArrayLike) -> Floats:
    """Compute the two-sided p-value of a standard score under the normal distribution.

    Examples
    --------
    >>> normal_p([0, 1.96, -1.96]).round(3).tolist()
    [1.0, 0.05, 0.05]
    """
    return np.asarray(2 * ndtr(-np.abs(np.asarray(z, dtype=np.float64))), dtype=np.float64)
