"""Tails of the sum of k integers drawn without replacement, approximated: for samples too large for the exact way.

Every value joins the sample by itself with chance k / n; given that k join, the sample is a random one. The double
saddlepoint of number and sum (Skovgaard 1987; Booth & Butler 1990, Biometrika 77) is read in Barndorff-Nielsen's form,
with the second continuity correction (Butler 2007, §4). It errs by some per cent of the p-value itself, in the far
tails too, and by less the larger k.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr

__all__ = ["saddlepoint_tails", "vouched"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

BLOCK = 2_000_000  # floats in one block of queries by distinct values: 16 MB an array
GROUPS = 256  # distinct values that are told apart; areas or costs in whole units may have as many as places
_SMOOTH = 1.0  # largest deviation of one value, in standard deviations of the sum
LEAST_PLACES, LEAST_DRAWN = 300, 20  # fewer were not verified
_BINS = 4096  # of the range of the values: finer clumps do not show in a sum
_FINEST = 440.0  # clumps a seventieth of a standard deviation apart move a tail at seven of them by 5 %
_RISE = 0.01  # of the characteristic function
FEW = 20  # values that a sum differs by from its least or its greatest; fewer do not make a hill of sums far apart
_NEXT_VALUES = 0.1  # the tenth of the values that lies nearest to the last one of the end: the steps there
NEAR = 0.1  # standard deviations around the mean, where the formula divides 0 by 0


def saddlepoint_tails(values: Ints, sizes: Ints, sums: Ints, own: Ints | None = None) -> tuple[Floats, Floats]:
    """Approximate P(S >= s) and P(S <= s).

    Parameters
    ----------
    values
        (n,) the population.
    sizes
        (q,) number k of values drawn, at least 1 and fewer than there are.
    sums
        (q,) the sum s to be judged.
    own
        (q,) one value of the population that is left out of the draw, or None to draw from all.

    Returns
    -------
    upper, lower : numpy.ndarray
        (q,) probabilities; NaN where the saddlepoint is not found: at the very end of what the sum can be, where
        `_near_ends` counts instead.
    """
    base = int(values.min())
    unit = max(int(np.gcd.reduce(values - base)), 1)
    value, times = _grouped((values - base) // unit)
    lattice = (sums - base * sizes) / unit
    left_out = None if own is None else (own - base) / unit
    block = max(BLOCK // len(value), 1)
    upper, lower = np.empty(len(sums)), np.empty(len(sums))
    for start in range(0, len(sums), block):
        part = slice(start, start + block)
        rest = None if left_out is None else left_out[part]
        upper[part] = ndtr(-_scores(value, times, sizes[part], lattice[part] - 0.5, rest))
        lower[part] = ndtr(_scores(value, times, sizes[part], lattice[part] + 0.5, rest))
    return upper, lower


def vouched(values: Ints, sizes: Ints, sums: Ints) -> npt.NDArray[np.bool_]:
    """Say where the saddlepoint is good to 5 % of p.

    It takes the sum for one smooth hill. A single value that moves it far is none, nor are values in clumps far apart
    (towns of a million beside villages of a hundred): their sums come in clumps too, and a tail ends within one. Clumps
    show in the characteristic function, which rises again where a smooth sum's only falls. Next to the least and the
    greatest sum any values with gaps (0, 10, 11, say) make clumps, until some twenty of them add up.

    Parameters
    ----------
    values
        (n,) the population.
    sizes
        (q,) number k of values drawn.
    sums
        (q,) the sum to be judged.

    Returns
    -------
    numpy.ndarray
        (q,) bool.
    """
    n = len(values)
    numbers = (values - values.min()).astype(np.float64)
    share = sizes / n
    spread = numbers.std() * np.sqrt(sizes * (1 - share) * n / (n - 1))
    one_value = np.abs(numbers - numbers.mean()).max() <= _SMOOTH * spread
    good = one_value & (n >= LEAST_PLACES) & (np.minimum(sizes, n - sizes) >= LEAST_DRAWN)
    drawn, which = np.unique(sizes[good], return_inverse=True)
    good[good] = ~_clumped(values, drawn)[which]
    ordered = np.sort(values)
    good &= _many_steps_off(ordered, sizes, sums) & _many_steps_off(-ordered[::-1], sizes, -sums)
    return np.asarray(good)


def _many_steps_off(ordered: Ints, sizes: Ints, sums: Ints) -> npt.NDArray[np.bool_]:
    """Whether a sum lies more than ``FEW`` steps between neighbouring values above the least one."""
    least = np.concatenate([[0], np.cumsum(ordered)])[sizes]
    last = ordered[sizes - 1]
    step = {}
    for value in np.unique(last).tolist():
        away = np.abs(ordered[ordered != value] - value)
        step[value] = np.quantile(away, _NEXT_VALUES, method="lower") if len(away) else 0
    return np.asarray(sums - least >= FEW * np.array([step[value] for value in last.tolist()]))


def _clumped(values: Ints, sizes: Ints) -> npt.NDArray[np.bool_]:
    """Whether sums of k values come in clumps that are wide beside their standard deviation, for each k."""
    if not len(sizes):
        return np.zeros(0, dtype=bool)
    lattice = values - values.min()
    lattice //= max(int(np.gcd.reduce(lattice)), 1)
    width = int(lattice.max()) // _BINS + 1
    times = np.bincount(lattice // width)
    n = len(values)
    effective = sizes * (1 - sizes / n)
    spread = np.maximum(lattice.std() / width * np.sqrt(effective), 1.0)
    # Fine enough for the peaks that clumps make, each about 1 / spread wide.
    length = 2 ** int(np.ceil(np.log2(max(8 * np.pi * spread.max(), 2 * len(times)))))
    height = np.abs(np.fft.rfft(times, length)) / n
    found = np.zeros(len(sizes), dtype=bool)
    for query, (power, scale) in enumerate(zip(effective, spread, strict=True)):
        finest = int(min(_FINEST / scale * length / (2 * np.pi), length / 2)) + 1
        own = height[:finest] ** power
        found[query] = (own - np.minimum.accumulate(own)).max() > _RISE
    return found


def _grouped(values: Ints) -> tuple[Floats, Ints]:
    """Distinct values and how often each occurs; a very many are grouped, each group at its mean.

    Groups are of equal width on the scale of the square root, so that a group of large values spans about 1 % of the
    largest: the total is kept, and the variance to some parts in 100,000.
    """
    value, times = np.unique(values, return_counts=True)
    if len(value) <= GROUPS:
        return value.astype(np.float64), times
    group = np.floor(np.sqrt(value / value[-1]) * (GROUPS - 1)).astype(np.int64)
    many = np.bincount(group, weights=times)
    total = np.bincount(group, weights=times * value.astype(np.float64))
    kept = many > 0
    return total[kept] / many[kept], many[kept].astype(np.int64)


def _scores(value: Floats, times: Ints, sizes: Ints, sums: Floats, own: Floats | None) -> Floats:
    """Standard normal scores of half-integer sums."""
    n = times.sum() - (own is not None)
    out = 0.0 if own is None else own
    mean = ((times * value).sum() - out) / n
    variance = ((times * value**2).sum() - np.square(out)) / n - mean**2
    share = sizes / n
    scale = np.sqrt(np.maximum(variance, 0.0))
    spread = scale * np.sqrt(sizes * (1 - share) * n / (n - 1))
    with np.errstate(divide="ignore", invalid="ignore"):
        x = (sums - sizes * mean) / spread
    near = np.abs(x) < NEAR / 2
    if not near.any():
        return _star(value, times, sizes, x, own)
    at = np.where(near, NEAR, x)
    right = _star(value, times, sizes, at, own)
    left = np.full_like(right, np.nan)
    picked = None if own is None else own[near]
    left[near] = _star(value, times, sizes[near], -at[near], picked)
    # The score is smooth in x: a straight line through the middle is good to 1e-4.
    between = ((NEAR - x) * left + (x + NEAR) * right) / (2 * NEAR)
    return np.where(near, between, right)


def _star(value: Floats, times: Ints, sizes: Ints, x: Floats, own: Floats | None) -> Floats:
    """Score r* = w + log(v / w) / w at x standard deviations from the mean."""
    n = times.sum() - (own is not None)
    out = np.zeros(len(sizes)) if own is None else own
    mean = ((times * value).sum() - out) / n
    scale = np.sqrt(((times * value**2).sum() - out**2) / n - mean**2)
    share = sizes / n
    with np.errstate(divide="ignore", invalid="ignore"):
        # Centred and in units of the deviation, so that both parameters are of order 1.
        y = (value - mean[:, None]) / scale[:, None]
        y_own = None if own is None else (out - mean) / scale
    target = x * np.sqrt(sizes * (1 - share) * n / (n - 1))
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        u, slope, free, hessian = _saddlepoint(y, times, share, target, y_own)
        gap = u * sizes + slope * target - free
        w = np.sign(slope) * np.sqrt(np.maximum(2 * gap, 0.0))
        half = slope / scale / 2
        v = 2 * np.sinh(half) * scale * np.sqrt(hessian / (sizes * (1 - share)))
        return np.asarray(w + np.log(v / w) / w)


def _saddlepoint(
    y: Floats, times: Ints, share: Floats, target: Floats, own: Floats | None
) -> tuple[Floats, Floats, Floats, Floats]:
    """Solve for both parameters by damped Newton steps on a convex function; NaN where that does not settle."""
    n = times.sum() - (own is not None)
    size = share * n
    u = np.zeros(len(size))
    slope = target / (size * (1 - share))

    def cumulant(u: Floats, slope: Floats) -> Floats:
        tilt = u[:, None] + slope[:, None] * y
        free = _dot(np.logaddexp(np.log1p(-share)[:, None], np.log(share)[:, None] + tilt), times)
        if own is not None:
            free -= np.logaddexp(np.log1p(-share), np.log(share) + u + slope * own)
        return free

    def moments(u: Floats, slope: Floats) -> tuple[Floats, Floats, Floats, Floats, Floats]:
        joins = 1 / (1 + (1 / share - 1)[:, None] * np.exp(-(u[:, None] + slope[:, None] * y)))
        weight = joins * (1 - joins)
        sums = [_dot(each, times) for each in (joins, joins * y, weight, weight * y, weight * y * y)]
        if own is not None:
            one = 1 / (1 + (1 / share - 1) * np.exp(-(u + slope * own)))
            less = one * (1 - one)
            for all_of_it, part in zip(sums, (one, one * own, less, less * own, less * own * own), strict=True):
                np.subtract(all_of_it, part, out=all_of_it)
        return sums[0], sums[1], sums[2], sums[3], sums[4]

    free = cumulant(u, slope)
    height = free - u * size - slope * target
    for _ in range(60):
        number, total, a, b, c = moments(u, slope)
        down_u, down_slope = size - number, target - total
        determinant = a * c - b * b
        step_u = (c * down_u - b * down_slope) / determinant
        step_slope = (a * down_slope - b * down_u) / determinant
        decrement = step_u * down_u + step_slope * down_slope
        if not (decrement > 1e-18 * (1 + np.abs(height))).any():
            break
        length = np.ones(len(size))
        for _ in range(30):
            trial_u, trial_slope = u + length * step_u, slope + length * step_slope
            free = cumulant(trial_u, trial_slope)
            trial = free - trial_u * size - trial_slope * target
            worse = ~(trial <= height - 1e-4 * length * decrement + 1e-12 * (1 + np.abs(height)))
            if not worse.any():
                break
            length[worse] /= 2
        better = ~worse
        u, slope = np.where(better, trial_u, u), np.where(better, trial_slope, slope)
        height = np.where(better, trial, height)
    number, total, a, b, c = moments(u, slope)
    settled = (np.abs(number - size) < 1e-6 * size) & (np.abs(total - target) < 1e-6 * (1 + np.abs(target)))
    free = np.where(settled, cumulant(u, slope), np.nan)
    return u, slope, free, a * c - b * b


def _dot(table: Floats, times: Ints) -> Floats:
    """Rows times a vector, not through BLAS: its sums depend on the number of threads."""
    product: Floats = np.einsum("qv,v->q", table, times.astype(np.float64))
    return product
