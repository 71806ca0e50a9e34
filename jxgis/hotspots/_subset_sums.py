"""The exact distribution of the sum of k integers drawn without replacement, for every k that is asked for.

With z_j = exp(iθ y_j) the characteristic function of the sum over k-subsets of n values is φ_k = e_k(z) / C(n, k), where
e_k is the elementary symmetric polynomial. Newton's identity k e_k = Σ_m (-1)^(m-1) e_(k-m) p_m, divided by the
binomials as it goes, runs up over k; the power sums p_m(θ) = Σ_j exp(imθ y_j) are the Fourier transform of the histogram
of the values, read at m times the frequency. The factor of term m falls like (k / (n - k))^m, so that few terms count.

The levels are met one after the other and forgotten: memory is two stacks of J levels, whatever k and however many.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from math import inf

import numpy as np
import numpy.typing as npt
import scipy.fft

from jxgis.hotspots._enumeration import MOST_VALUES, enumerated_tails
from jxgis.hotspots._near_ends import tails_near_ends

__all__ = ["Tails", "subset_sum_tails", "sum_window"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

TOLERANCE = 1e-17  # of what is left out: terms of Newton's identity, mass beyond the window
MAX_WORK = 200_000_000  # complex multiplications: one or two seconds
MAX_BYTES = 512 * 2**20
_MAX_LOOKUPS = 20_000_000
APART = (0, 1, 2, 3, 4, 6, 8)  # how many large values may be mixed in apart
APART_AT_NEED = (10, 12, 14, 16)  # where that does not bring the sums within work and memory
WIDE = 4096  # a window narrower than this is not worth taking values apart


@dataclass(frozen=True, eq=False)
class Tails:
    """Both tails of each query, with the value itself: P(S >= s) and P(S <= s).

    Parameters
    ----------
    upper, lower
        (q,) probabilities, absolute error about 1e-14; NaN where ``exact`` is False.
    exact
        (q,) False where the work or the memory would have passed the bounds of this module.
    """

    upper: Floats
    lower: Floats
    exact: npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class _Terms:
    """Linear combinations of tails: ``answer[target] += factor * P(S_size >= at_least)``, and <= at_most alike."""

    target: Ints
    size: Ints
    at_least: Ints
    at_most: Ints
    factor: Floats

    def take(self, which: npt.NDArray[np.bool_] | Ints) -> _Terms:
        return _Terms(
            self.target[which], self.size[which], self.at_least[which], self.at_most[which], self.factor[which]
        )


@dataclass(frozen=True, eq=False)
class _Population:
    """Sorted values from 0 up, with what bounds the sums of some of them.

    ``prefix`` holds the sums of the smallest values; ``above`` and ``below`` the logarithm of the mean of
    exp(±steepness * value), for Chernoff's bounds.
    """

    values: Ints
    prefix: Ints
    steepness: Floats
    above: Floats
    below: Floats

    def __len__(self) -> int:
        return len(self.values)


def _population(values: Ints) -> _Population:
    value, times = np.unique(values, return_counts=True)
    steepness = np.geomspace(1e-4, 50, 60) / max(float(values.std()), 1e-9)
    log_share = np.log(times / len(values))
    cumulants = []
    for sign in (1, -1):
        exponent = sign * steepness[:, None] * value + log_share
        peak = exponent.max(axis=1)
        cumulants.append(peak + np.log(np.exp(exponent - peak[:, None]).sum(axis=1)))
    return _Population(values, np.concatenate([[0], np.cumsum(values)]), steepness, cumulants[0], cumulants[1])


def subset_sum_tails(values: Ints, sizes: Ints, sums: Ints, own: Ints | None = None) -> Tails:
    """Compute the tail probabilities of sums of values drawn without replacement.

    Parameters
    ----------
    values
        (n,) the population, integers of any sign.
    sizes
        (q,) number k of values drawn, 0 to n (n - 1 with ``own``).
    sums
        (q,) the sum s to be judged.
    own
        (q,) one value of the population that is left out of the draw, or None to draw from all.

    Returns
    -------
    Tails
    """
    base = int(values.min())
    shifted = values - base
    unit = max(int(np.gcd.reduce(shifted)), 1)
    population = np.sort(shifted // unit)
    drawn_from = len(values) - (own is not None)
    left_out = np.zeros_like(sums) if own is None else (own - base) // unit
    # Above one half the identities lose digits: judge what stays behind instead, with the tails changing places.
    swap = 2 * sizes > drawn_from
    sums = sums - base * sizes
    least, most = -(-sums // unit), sums // unit
    rest = int(population.sum()) - left_out
    least, most = np.where(swap, rest - most, least), np.where(swap, rest - least, most)
    sizes = np.where(swap, drawn_from - sizes, sizes)

    everyone = np.arange(len(sums))
    terms = _Terms(everyone, sizes, least, most, np.ones(len(sums)))
    if own is not None:
        terms = _leave_one_out(terms, left_out, len(values))
    upper, lower, exact = _evaluate(terms, population, len(sums))
    rest = np.flatnonzero(~exact)
    if len(rest) and len(values) <= MOST_VALUES:
        upper[rest], lower[rest] = enumerated_tails(
            population, sizes[rest], least[rest], most[rest], None if own is None else left_out[rest]
        )
        exact[:] = True
    elif len(rest):
        upper[rest], lower[rest] = tails_near_ends(
            population, sizes[rest], least[rest], most[rest], None if own is None else left_out[rest]
        )
        exact[rest] = ~np.isnan(lower[rest])
    upper, lower = np.where(swap, lower, upper), np.where(swap, upper, lower)
    for tail in (upper, lower):
        np.clip(tail, 0, 1, out=tail)
        tail[~exact] = np.nan
    return Tails(upper=upper, lower=lower, exact=exact)


def sum_window(values: Ints, sizes: Ints) -> tuple[Ints, Ints]:
    """Least and greatest sum with a chance above 1e-17, for each number of values drawn.

    Parameters
    ----------
    values
        (n,) the population, integers of any sign.
    sizes
        (q,) number of values drawn, 0 to n.
    """
    base = int(values.min())
    low, high = _window(_population(np.sort(values - base)), sizes)
    return low + base * sizes, high + base * sizes


def _leave_one_out(terms: _Terms, left_out: Ints, n: int) -> _Terms:
    """Express draws from all values but one by draws from all.

    U_k(s) = k/n U'_(k-1)(s - y) + (n-k)/n U'_k(s), with U' without y, solved for U'_k and unrolled downwards.
    """
    parts = []
    m = 0
    coefficient = n / (n - terms.size)
    alive = np.arange(len(left_out))
    while len(alive):
        size, own = terms.size[alive], left_out[alive]
        parts.append(
            _Terms(alive, size - m, terms.at_least[alive] - m * own, terms.at_most[alive] - m * own, coefficient)
        )
        # From U'_(k-m) to U'_(k-m-1): the factor of the latter, then that of U_(k-m-1) in it.
        coefficient = -coefficient * (size - m) / (n - size + m + 1)
        m += 1
        kept = (size >= m) & (np.abs(coefficient) > TOLERANCE)
        alive, coefficient = alive[kept], coefficient[kept]
    return _Terms(
        np.concatenate([part.target for part in parts]),
        np.concatenate([part.size for part in parts]),
        np.concatenate([part.at_least for part in parts]),
        np.concatenate([part.at_most for part in parts]),
        np.concatenate([part.factor for part in parts]),
    )


def _evaluate(terms: _Terms, values: Ints, queries: int) -> tuple[Floats, Floats, npt.NDArray[np.bool_]]:
    """Add the terms up, as far as work and memory allow: up to some k, which the data alone decide."""
    apart, small = _values_apart(values, terms, APART)
    affordable = _affordable_size(small, np.unique(terms.size), apart)
    if affordable < terms.size.max(initial=0):
        apart, small = _values_apart(values, terms, (*APART, *APART_AT_NEED))
        affordable = _affordable_size(small, np.unique(terms.size), apart)
    refused = np.zeros(queries, dtype=bool)
    refused[terms.target[terms.size > affordable]] = True
    terms = terms.take(~refused[terms.target])
    upper, lower = np.zeros(queries), np.zeros(queries)
    if len(terms.size):
        mixed = _mix_in(terms, values[len(values) - apart :], len(values), small, upper, lower)
        # Without the large values a draw of nearly half is one of more than half: what stays behind is fewer again.
        most = mixed.size > len(small) // 2
        for part, above, below in (
            (mixed.take(~most), upper, lower),
            (_left_behind(mixed.take(most), small), lower, upper),
        ):
            if len(part.size):
                _add_tails(part, small, above, below)
    return upper, lower, ~refused


def _values_apart(values: Ints, terms: _Terms, choice: Sequence[int]) -> tuple[int, _Population]:
    """How many of the largest values to mix in apart, so that huge cells do not stretch the window; the others."""
    size = int(terms.size.max(initial=0))
    found: list[tuple[int, int, _Population]] = []
    for apart in choice:
        if 2 * apart > len(values):
            break
        small = _population(values[: len(values) - apart])
        low, high = _window(small, np.array([size]))
        found.append((int((high - low)[0]) + 1, apart, small))
        if found[0][0] <= WIDE:
            break
    while True:
        best = min(span for span, _, _ in found)
        apart, small = next((apart, small) for span, apart, small in found if span <= 1.3 * best)
        if not apart or _lookups(terms, values[len(values) - apart :], small) <= _MAX_LOOKUPS:
            return apart, small
        found = [one for one in found if one[1] != apart]


def _left_behind(terms: _Terms, population: _Population) -> _Terms:
    """The same questions of what is not drawn; what was asked of the upper tail is asked of the lower one."""
    total = int(population.prefix[-1])
    return _Terms(
        terms.target, len(population) - terms.size, total - terms.at_most, total - terms.at_least, terms.factor
    )


def _drawn_of_large(large: Ints) -> list[tuple[Ints, Ints]]:
    """By how many of the large values are drawn: the sums that they can have, ascending, and how many subsets lie below.

    Equal values have few sums: thousands of equal terms added one by one would err by more than 1e-12.
    """
    count, amount = np.zeros(1, dtype=np.int64), np.zeros(1, dtype=np.int64)
    for value in large.tolist():
        count, amount = np.concatenate([count, count + 1]), np.concatenate([amount, amount + value])
    sums = [np.unique(amount[count == drawn], return_counts=True) for drawn in range(len(large) + 1)]
    return [(amounts, np.concatenate([[0], np.cumsum(times)])) for amounts, times in sums]


def _undecided(terms: _Terms, drawn: int, amounts: Ints, small: _Population) -> tuple[Ints, Ints]:
    """First and last (exclusive) of the amounts with which the small values still decide on which side the sum is."""
    size = np.maximum(terms.size - drawn, 0)
    low, high = _window(small, np.arange(size.max(initial=0) + 1))
    first = np.searchsorted(amounts, terms.at_least - high[size])
    last = np.searchsorted(amounts, terms.at_most - low[size], side="right")
    return first, np.maximum(last, first)


def _lookups(terms: _Terms, large: Ints, small: _Population) -> int:
    bounds = [_undecided(terms, drawn, amounts, small) for drawn, (amounts, _) in enumerate(_drawn_of_large(large))]
    return sum(int((last - first).sum()) for first, last in bounds)


def _mix_in(terms: _Terms, large: Ints, n: int, small: _Population, upper: Floats, lower: Floats) -> _Terms:
    """Split each term by which of the large values are drawn; the rest then comes from the small ones.

    Where the large values alone decide, the term is added to the tails here.
    """
    if not len(large):
        return terms
    parts = []
    for drawn, (amounts, upto) in enumerate(_drawn_of_large(large)):
        chance = np.ones(len(terms.size))
        for j in range(len(large)):
            # Products of a few ratios: exact to some ulp, where gamma functions are not.
            chance *= (terms.size - j if j < drawn else n - terms.size - (j - drawn)) / (n - j)
        own = terms.take((terms.size >= drawn) & (chance > 0))
        factor = own.factor * chance[(terms.size >= drawn) & (chance > 0)]
        first, last = _undecided(own, drawn, amounts, small)
        np.add.at(lower, own.target, factor * upto[first])
        np.add.at(upper, own.target, factor * (upto[-1] - upto[last]))
        each = last - first
        term = np.repeat(np.arange(len(each)), each)
        which = np.arange(len(term)) - np.repeat(np.cumsum(each) - each - first, each)
        amount = amounts[which]
        parts.append(
            _Terms(
                own.target[term],
                own.size[term] - drawn,
                own.at_least[term] - amount,
                own.at_most[term] - amount,
                factor[term] * np.diff(upto)[which],
            )
        )
    return _Terms(
        np.concatenate([part.target for part in parts]),
        np.concatenate([part.size for part in parts]),
        np.concatenate([part.at_least for part in parts]),
        np.concatenate([part.at_most for part in parts]),
        np.concatenate([part.factor for part in parts]),
    )


def _window(population: _Population, sizes: Ints) -> tuple[Ints, Ints]:
    """Smallest and largest sum with a chance above the tolerance, for each number of values drawn.

    Chernoff's bound for drawing with replacement, which Hoeffding (1963) shows to hold without; never beyond the sums
    of the smallest and the largest values.
    """
    prefix = population.prefix
    least, most = prefix[sizes], prefix[-1] - prefix[len(population) - sizes]
    need = -np.log(TOLERANCE)
    bounds = []
    for cumulant in (population.above, population.below):
        bound = np.full(len(sizes), inf)
        for slope, log_mean in zip(population.steepness.tolist(), cumulant.tolist(), strict=True):
            np.minimum(bound, (sizes * log_mean + need) / slope, out=bound)
        bounds.append(np.minimum(np.ceil(bound), 2.0**62).astype(np.int64))
    return np.maximum(least, -bounds[1]), np.minimum(most, bounds[0])


def _factors(size: int, n: int) -> list[float]:
    """Factors of Newton's identity at one level, (-1)^(m-1) (1/k) C(n, k-m) / C(n, k), as far as they count."""
    factors = []
    factor = 1.0 / max(size, 1)
    for m in range(1, size + 1):
        factor *= (size - m + 1) / (n - size + m)
        if factor * n < TOLERANCE:
            break
        factors.append(factor if m % 2 else -factor)
    return factors


def _affordable_size(population: _Population, needed: Ints, apart: int) -> int:
    """Find the largest k that work and memory allow; -1 if there is none."""
    if not len(needed):
        return -1
    ladder = np.unique(np.linspace(0, min(needed[-1], len(population) // 2), 40).astype(np.int64))
    # The number of factors grows smoothly, and so it is looked up at a few sizes only.
    lengths = np.array([len(_factors(size, len(population))) for size in ladder.tolist()])

    def affords(size: int) -> bool:
        below = np.maximum(np.unique(np.subtract.outer(needed[needed <= size], np.arange(apart + 1))), 0)
        below = np.minimum(below, np.abs(len(population) - below))
        low, high = _window(population, below)
        span = int((high - low).max()) + 1
        levels = np.interp(np.arange(int(below.max()) + 1), ladder, lengths)
        work = float(levels.sum()) * (span / 2 + 1)
        memory = (16 * (float(levels[-1]) + 1) + 64) * span
        return work <= MAX_WORK and memory <= MAX_BYTES

    count = bisect_left(range(len(needed)), True, key=lambda i: not affords(int(needed[i])))
    return int(needed[count - 1]) if count else -1


def _add_tails(terms: _Terms, population: _Population, upper: Floats, lower: Floats) -> None:
    """Run up the levels, and at each that is asked for read the tails off."""
    order = np.argsort(terms.size, kind="stable")
    terms = terms.take(order)
    needed, start = np.unique(terms.size, return_index=True)
    stop = np.append(start[1:], len(terms.size))
    asked = {int(k): (int(a), int(b)) for k, a, b in zip(needed, start, stop, strict=True)}
    low, high = _window(population, needed)
    first = {int(k): int(a) for k, a in zip(needed, low, strict=True)}
    top, n = int(needed[-1]), len(population)
    period = scipy.fft.next_fast_len(int((high - low).max()) + 1, real=True)
    half = period // 2 + 1

    depth = max(len(_factors(top, n)), 1)
    transform = scipy.fft.fft(np.bincount(population.values % period, minlength=period))
    frequency = np.arange(half)
    power_sums: list[npt.NDArray[np.complex128]] = []
    levels = np.zeros((depth + 1, half), dtype=np.complex128)
    levels[0] = 1
    step = np.empty(half, dtype=np.complex128)
    for size in range(top + 1):
        level = levels[size % (depth + 1)]
        if size:
            sum_of_terms = np.zeros(half, dtype=np.complex128)
            for m, factor in enumerate(_factors(size, n)[:depth], start=1):
                if m > len(power_sums):
                    power_sums.append(transform[m * frequency % period])
                np.multiply(power_sums[m - 1], levels[(size - m) % (depth + 1)], out=step)
                step *= factor
                sum_of_terms += step
            level[:] = sum_of_terms
        if size in asked:
            a, b = asked[size]
            _read_tails(level, period, first[size], terms.take(np.arange(a, b)), upper, lower)


def _read_tails(
    level: npt.NDArray[np.complex128], period: int, first: int, terms: _Terms, upper: Floats, lower: Floats
) -> None:
    """Turn one characteristic function into tails and add those of the terms, each tail summed from its thin end."""
    mass = np.roll(scipy.fft.irfft(level, n=period), -(first % period))
    from_below = np.concatenate([[0.0], np.cumsum(mass)])
    from_above = np.concatenate([[0.0], np.cumsum(mass[::-1])])[::-1]
    at_least = np.clip(terms.at_least - first, 0, period)
    at_most = np.clip(terms.at_most - first + 1, 0, period)
    np.add.at(upper, terms.target, terms.factor * from_above[at_least])
    np.add.at(lower, terms.target, terms.factor * from_below[at_most])
