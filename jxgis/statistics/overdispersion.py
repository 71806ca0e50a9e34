"""How much more counts vary than chance alone would make them, found where hot spots cannot raise it.

Counts vary more than Poisson in two ways: cases come in batches (variance φ μ), and places differ in what their exposure
does not know (variance ψ μ²). Both are read from each place's count against the rate of the places around it,
d_i = y_i − e_i S_i / E_i, whose variance is φ μ_i (1 − e_i / E_i), and a term in ψ, wherever the rate is the same around
i, whatever it is there: inside a hot spot chance shows as it does elsewhere, and only its edge disturbs. The places are
cut into blocks, compact in space and alike in what they expect, and the median over the blocks is taken: edges may fill
nearly half of them before it breaks. One place with nearly all cases is one block.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.spatial import KDTree
from scipy.stats import kendalltau, norm, theilslopes, trim_mean

from jxgis.space.window import disc_sums
from jxgis.statistics.fdr import benjamini_hochberg

if TYPE_CHECKING:
    from jxgis.space.grid import Grid

__all__ = [
    "TOUCHING",
    "Overdispersion",
    "batch_words",
    "batches_of_pairs",
    "batches_of_parts",
    "more_of_parts",
    "overdispersion",
    "overdispersion_on_grid",
]

Floats = npt.NDArray[np.float64]

_PER_BLOCK = 40.0  # degrees of freedom, about: the median of such a ratio is 2 % below its mean
_MIN_BLOCKS = 5  # fewer say nothing about how the ratio depends on what is expected
_LIKE_BESIDE = 0.5  # of all degrees of freedom: if the places around tell fewer than this, and no block is full
_FEW_BLOCKS = 10  # that all are cut into then, or some fewer: a hot spot in one of them changes little
_PER_GROUP = 2.0  # degrees of freedom of the smallest groups by which a part shows that it varies more than the rest
_NEAREST = (12, 48)  # groups that such a part holds at the least, and that tell of parts which vary little more
_TRIMMED = 0.2  # of them on either side, so that what did change in few of them does not count
_STEADY = 3.0  # standard errors that the lower half of such a part is beyond that of the city, where hot places fill much of it
_LOWER_ERROR = 1.1676  # standard error of the mean of the lower half over that of the mean, normal distribution
_PAIR = 2.0  # places that are held against one another, each with two: once along either axis
_SHARED = 1.5  # variance of a mean over such pairs, over that of as many that share no place
# Rate of false discoveries of such groups, were they independent: neighbours are not, nor are the slices of a place, and more
# is found by chance. Of 60 cities that are alike everywhere 9 seem to have some at two periods' 0.05 where counts are Poisson, 2
# where they vary twice as much; of maps in time half would at that.
_BEYOND = {"exposure": 0.01, "periods": 0.05, "times": 0.001}
_RISING = 0.01  # one-sided level of Kendall's test at which the ratio is taken to rise with what is expected
TOUCHING = 1.5  # cells that share a side or a corner are at most this many sides apart
_NORMAL_MAD = 1.4826  # standard deviation over median absolute deviation, normal distribution
_MEDIAN_ERROR = 1.2533  # standard error of the median over that of the mean, normal distribution


@dataclass(frozen=True)
class Overdispersion:
    """Variance of a count that expects μ, independent of the others: ``batch`` μ + ``spread`` μ².

    Attributes
    ----------
    batch
        φ, at least 1; 1 with ``spread`` 0 is Poisson.
    spread
        ψ, at least 0: the squared coefficient of variation of the rates of single places.
    """

    batch: float
    spread: float

    def variance(self, expected: Floats, squares: Floats) -> Floats:
        """Variance of sums that expect ``expected``, of places whose expected counts have squares adding to ``squares``."""
        return np.asarray(self.batch * expected + self.spread * squares)


def batch_words(least: float, most: float) -> tuple[str, str]:
    """Write how many times as much as by chance counts vary, and how many where that is most.

    Parameters
    ----------
    least, most
        φ of the city, and of the part where it is largest.

    Returns
    -------
    tuple of str
        To a decimal; the second is empty where it is the same, both where neither is more than 1.

    Examples
    --------
    >>> batch_words(1.04, 1.04), batch_words(1.04, 2.5), batch_words(2.5, 2.51)
    (('', ''), ('1.0', '2.5'), ('2.5', ''))
    """
    city, part = f"{least:.1f}", f"{most:.1f}"
    return ("" if part == "1.0" else city), ("" if part == city else part)


def batches_of_parts(
    counts: Floats,
    exposure: Floats,
    sums: Floats,
    weights: Floats,
    position: Floats,
    *,
    against: Literal["exposure", "times"],
    alike: Floats | None = None,
    spread: float = 0.0,
    steady: float | None = None,
) -> Floats:
    """Find the parts whose counts vary more than the rest's beyond chance, and how many times as much as by chance there.

    Small groups of places, and the 12 and the 48 nearest of each: where their usual ratio is beyond that of most
    (Benjamini and Hochberg's q), they vary as much, plus two standard errors. It is the mean of the cube roots,
    next to normal (Wilson and Hilferty 1931), without a fifth on either side: places that did change, in which nothing comes
    in batches, are few of them. Parts of fewer than some 25 places do not tell by themselves.

    Parameters
    ----------
    counts, exposure, sums, weights, alike
        As `overdispersion` takes them.
    position
        (n, 2) coordinates in any unit.
    against
        What the counts are held against, by which goes how strict the test is (`_BEYOND`): an exposure, or a place's own
        total in slices of time.
    spread
        ψ over φ: what places differ in otherwise is no batch.
    steady
        Standard errors by which the lower half of the groups must be beyond the usual too, and φ is then no more than what it
        tells: batches raise all groups, hot places that lie close together only those at their edges. None: few places differ.

    Returns
    -------
    numpy.ndarray
        (n,) φ; 0 where a place does not vary more than others beyond chance. One that touches no other is as the nearest.

    References
    ----------
    Wilson, E. B. & Hilferty, M. M. (1931). The distribution of chi-square. PNAS 17.

    Examples
    --------
    In a third of 900 places, each held against them all, cases come by nines:

    >>> place = np.column_stack(np.divmod(np.arange(900), 30))
    >>> times = np.where(place[:, 1] < 10, 9.0, 1.0)
    >>> counts, every = times * np.random.default_rng(0).poisson(18 / times), np.full(900, 900.0)
    >>> found = batches_of_parts(counts, np.ones(900), every * counts.mean(), every, place, against="exposure")
    >>> bool(7 < np.median(found[place[:, 1] < 9]) < 14), bool(np.mean(found[place[:, 1] > 19] > 0) < 0.1)
    (True, True)
    """
    found = np.zeros(len(position))
    beside = _held_beside(counts, exposure, sums, weights, alike=alike)
    beside = beside._replace(chance=beside.chance * (1 + spread * exposure * counts.sum() / exposure.sum()))
    told = np.flatnonzero((beside.chance > 0) & (beside.information > 0))
    if not len(told):
        return found
    group = _blocks(position[told].astype(np.float64), beside.information[told], _PER_GROUP)
    squares, chance, information, x, y = (
        _sums(group, values[told]) for values in (*beside[:3], *np.transpose(position))
    )
    members = np.bincount(group)
    middle = np.column_stack([x, y]) / members[:, None]
    of_group = _beyond_most(_rooted(squares, chance, information), middle, _BEYOND[against], _NEAREST, steady=steady)
    found[told] = of_group[group]
    if of_group.any():
        alone = np.setdiff1d(np.arange(len(found)), told)
        found[alone] = found[told[np.asarray(KDTree(position[told]).query(position[alone])[1])]]
    return found


def batches_of_pairs(counts: Floats, exposure: Floats, position: Floats) -> Floats:
    """Find the parts whose counts vary more than the rest's, as `batches_of_parts` does, each place held against one other.

    The places are cut into pairs (some threes) twice, along one axis first and along the other. What changed over several
    places lies within pairs but for its edge, which parts few: held against all places that touch it, each place along the
    edge on either side is off, and where changes lie close together these are most. One standard error is added to φ: with
    two, threefold batches in a third of a city seemed to be fivefold ones.

    Parameters
    ----------
    counts, exposure
        (n,) later cases, and those of both periods, of which each is above 0.
    position
        (n, 2) coordinates in any unit.

    Returns
    -------
    numpy.ndarray
        (n,) φ; 0 where a place does not vary more than others beyond chance.

    Examples
    --------
    In a third of 900 places, with some 40 cases in either period, cases come by fives:

    >>> place = np.column_stack(np.divmod(np.arange(900), 30))
    >>> times = np.where(place[:, 1] < 10, 5.0, 1.0)
    >>> before, after = times * np.random.default_rng(0).poisson(40 / times, (2, 900))
    >>> found = batches_of_pairs(2 * after, before + after, place)
    >>> bool(5 < np.median(found[place[:, 1] < 9]) < 12), bool(np.mean(found[place[:, 1] > 19] > 0) < 0.1)
    (True, True)
    """
    rate, groups, told = float(counts.sum() / exposure.sum()), [], 0
    parts: list[tuple[Floats, Floats]] = []
    for along in (position, position[:, ::-1]):
        group = _blocks(along.astype(np.float64), np.ones(len(position)), _PAIR)
        together = _sums(group, exposure)[group]
        beside = _held_beside(counts, exposure, _sums(group, counts)[group], together, alike=None)
        freedom = _freedom(rate * exposure, exposure / together)
        squares, chance, information, x, y = (
            _sums(group, values) for values in (*beside[:2], freedom, *np.transpose(position))
        )
        parts.append((_rooted(squares, chance, information), np.column_stack([x, y]) / np.bincount(group)[:, None]))
        groups.append(group + told)
        told += len(squares)
    root, middle = (np.concatenate(each) for each in zip(*parts, strict=True))
    some, of_group = ~np.isnan(root), np.zeros(told)
    nearest = tuple(2 * number for number in _NEAREST)
    of_group[some] = _beyond_most(root[some], middle[some], _BEYOND["periods"], nearest, shared=_SHARED, errors=1.0)
    return np.maximum(*(of_group[group] for group in groups))


def overdispersion(
    counts: Floats,
    exposure: Floats,
    sums: Floats,
    weights: Floats,
    squares: Floats,
    position: Floats,
    *,
    alike: Floats | None = None,
) -> Overdispersion:
    """Find the overdispersion of independent counts, plus the standard error of finding it.

    The error is added because a level must hold in spite of it; where few cases tell, it is large. Where none or
    next to none do (villages in empty land, which have no like beside them), the places are compared with the rate of all
    too: what is found then is larger where rates differ.

    Parameters
    ----------
    counts, exposure
        (n,) cases, and what they are measured against, above 0.
    sums, weights, squares
        (n,) of each place and those that touch it: cases, exposure and squared exposure.
    position
        (n, d) coordinates in any unit, to cut the places into compact blocks.
    alike
        (n,) what places are weighed and cut into blocks by instead of the exposure: where that is made of the counts, a
        place would weigh the less the more its cases come in batches.

    Returns
    -------
    Overdispersion

    Notes
    -----
    The ratio of a block is Σ w_i d_i² / Σ w_i e_i S_i/E_i (1 − e_i/E_i) with w_i = 1/(1 + μ_i): a ratio of sums, so that
    cells which expect a hundredth of a case neither dominate it nor bias it.
    """
    rate = float(counts.sum() / exposure.sum())
    share = exposure / weights
    expected = rate * exposure * (1 - share)
    beside = _held_beside(counts, exposure, sums, weights, alike=alike)
    alike = exposure if alike is None else alike
    told = np.flatnonzero((expected > 0) & (alike > 0))
    like = _freedom(rate * exposure, exposure / exposure.sum())
    if not sums[told].any():
        apart = _against_all(counts, rate * exposure, like, position) if (like > 0).any() else 1.0
        return Overdispersion(max(apart, 1.0), 0.0)
    coordinates = np.column_stack([np.log(alike[told]), position[told]])
    block = _blocks(coordinates, beside.information[told])

    def total(values: Floats) -> Floats:
        return np.asarray(np.bincount(block, weights=values[told]), dtype=np.float64)

    usual = total(beside.chance)
    seen = usual > 0
    ratio = total(beside.squares)[seen] / usual[seen]
    # What ψ adds to the squares, in the units of what φ adds.
    by_place = beside.weigh * rate**2 * (np.square(exposure) * (1 - 2 * share) + np.square(share) * squares)
    slope = total(by_place) / total(beside.weigh * expected)
    # Two places that touch no other are one comparison.
    information = float(_freedom(rate * exposure, share)[told].sum())
    found = _fitted(ratio, slope[seen], information)
    if information >= min(_PER_BLOCK, _LIKE_BESIDE * float(like.sum())):
        return found
    return Overdispersion(max(found.batch, _against_all(counts, rate * exposure, like, position)), found.spread)


def overdispersion_on_grid(counts: Floats, exposure: Floats, grid: Grid) -> Overdispersion:
    """Find the overdispersion of the counts of cells, each against those that touch it; see :func:`overdispersion`.

    Parameters
    ----------
    counts, exposure
        (n_cells,) cases, and what they are measured against, above 0.
    grid
        The cells.

    Examples
    --------
    >>> import pyproj
    >>> from jxgis.space.grid import Grid
    >>> cells = Grid(pyproj.CRS(4549), 100.0, 0, 0, np.ones((40, 40), dtype=bool))
    >>> found = overdispersion_on_grid(3.0 * np.random.default_rng(0).poisson(2, 1600), np.ones(1600), cells)
    >>> bool(2.7 < found.batch < 3.5 and found.spread < 0.1)
    True
    """

    def around(values: Floats) -> Floats:
        return disc_sums(values, grid, band_m=TOUCHING * grid.cell_m).astype(np.float64)

    position = np.column_stack(grid.centres())
    return overdispersion(counts, exposure, around(counts), around(exposure), around(exposure**2), position)


def more_of_parts(
    counts: Floats, exposure: Floats, sums: Floats, weights: Floats, position: Floats, found: Overdispersion
) -> Floats:
    """By how much the φ of parts whose cases come in larger batches is above that of all; 0 elsewhere.

    Parameters
    ----------
    counts, exposure, sums, weights, position
        As `batches_of_parts` takes them.
    found
        Of all places: ψ counts as no batch.
    """
    spread = found.spread / found.batch
    own = batches_of_parts(counts, exposure, sums, weights, position, against="exposure", spread=spread, steady=_STEADY)
    return np.asarray(np.maximum(own - found.batch, 0))


def _freedom(expected: Floats, share: Floats) -> Floats:
    """How many degrees of freedom places tell by, each held against those of which it is a share: next to none where few cases are expected."""
    return expected / (1 + expected) * (1 - share)


def _sums(group: npt.NDArray[np.int64], values: Floats) -> Floats:
    """Sums of the values of each group."""
    return np.asarray(np.bincount(group, weights=values), dtype=np.float64)


def _rooted(squares: Floats, chance: Floats, information: Floats) -> Floats:
    """The cube roots of the ratios of groups, next to normal; NaN of one that tells nothing."""
    with np.errstate(divide="ignore", invalid="ignore"):
        root = np.cbrt(squares / chance) / (1 - 2 / (9 * information))
    return np.where((chance > 0) & (information > 0), root, np.nan)


def _beyond_most(
    root: Floats,
    middle: Floats,
    level: float,
    sizes: tuple[int, ...],
    *,
    shared: float = 1.0,
    errors: float = 2.0,
    steady: float | None = None,
) -> Floats:
    """φ of the groups whose nearest are beyond most, plus so many standard errors; 0 of the rest.

    ``shared``: by how much more the mean of groups varies as some tell of the same places.
    """
    scatter = _NORMAL_MAD * float(np.median(np.abs(root - np.median(root)))) * np.sqrt(shared)
    found = np.zeros(len(root))
    sizes = tuple(nearest for nearest in sizes if 2 * nearest <= len(root)) if scatter else ()
    if not sizes:
        return found
    nearer = np.asarray(KDTree(middle).query(middle, k=max(sizes))[1])
    for nearest in sizes:
        near = nearer[:, :nearest]
        usual, error = np.asarray(trim_mean(root[near], _TRIMMED, axis=1)), scatter / np.sqrt(nearest)
        beyond, most = benjamini_hochberg(norm.sf((usual - np.median(usual)) / error)) <= level, usual + errors * error
        if steady is not None:
            lower, lower_error = np.sort(root[near], axis=1)[:, : nearest // 2].mean(axis=1), _LOWER_ERROR * error
            typical = float(np.median(lower))
            beyond &= lower > typical + steady * lower_error
            if typical > 0:
                most = np.minimum(most, float(np.median(root)) * (lower + lower_error) / typical)
        at = near[beyond].ravel()
        own = np.bincount(at, weights=np.repeat(most[beyond] ** 3, nearest), minlength=len(root))
        found = np.maximum(found, own / np.maximum(np.bincount(at, minlength=len(root)), 1))
    return found


class _Beside(NamedTuple):
    """Places beside those that touch them.

    ``squares, chance``: (n,) the square of what a place is off, and what chance makes of it; weighed alike, by ``weigh``.
    ``information``: (n,) how many degrees of freedom it tells by, below 1.
    """

    squares: Floats
    chance: Floats
    information: Floats
    weigh: Floats


def _held_beside(counts: Floats, exposure: Floats, sums: Floats, weights: Floats, *, alike: Floats | None) -> _Beside:
    """Each place beside those that touch it; the parameters are those of :func:`overdispersion`."""
    rate = float(counts.sum() / exposure.sum())
    share = exposure / weights
    expected = rate * exposure * (1 - share)
    weigh = 1 / (1 + rate * (exposure if alike is None else alike) * (1 - share))
    own = exposure * sums / weights
    return _Beside(weigh * np.square(counts - own), weigh * own * (1 - share), expected / (1 + expected), weigh)


def _against_all(counts: Floats, expected: Floats, information: Floats, position: Floats) -> float:
    """φ of the places against the rate of all, plus its standard error; the median over a few blocks."""
    some = np.flatnonzero(information > 0)
    block = _blocks(position[some], information[some], float(information.sum()) / _FEW_BLOCKS)
    seen = np.bincount(block, weights=np.square(counts - expected)[some] / (1 + expected[some]))
    ratio = float(np.median(seen / np.bincount(block, weights=information[some])))
    # Of a block of few places the median is well below the mean (Wilson & Hilferty 1931).
    ratio /= (1 - 2 / 9 * len(seen) / len(some)) ** 3
    return ratio * (1 + _MEDIAN_ERROR * float(np.sqrt(2 / max(information.sum(), 1.0))))


def _fitted(ratio: Floats, slope: Floats, information: float) -> Overdispersion:
    batch, spread = float(np.median(ratio)), 0.0
    if batch == 0:
        # Counts that are the exposure itself, up to a factor.
        return Overdispersion(1.0, 0.0)
    told = len(ratio) >= _MIN_BLOCKS and np.ptp(slope) > 0
    if told and kendalltau(slope, ratio, alternative="greater").pvalue <= _RISING:
        spread, batch = (float(value) for value in theilslopes(ratio, slope)[:2])
        if batch < 1:
            batch, spread = 1.0, max(float(np.median((ratio - 1) / slope)), 0.0)
    relative = ratio / (batch + spread * slope)
    off = _NORMAL_MAD * float(np.median(np.abs(relative - np.median(relative)))) / np.sqrt(len(relative))
    # The blocks' own scatter; where they are too few to show any, that of a chi-square.
    error = _MEDIAN_ERROR * max(off, np.sqrt(2 / max(information, 1.0)))
    batch, spread = batch * (1 + error), spread * (1 + error)
    return Overdispersion(max(batch, 1.0), spread)


def _blocks(coordinates: Floats, information: Floats, enough: float = _PER_BLOCK) -> npt.NDArray[np.int64]:
    """Halve the places by information, along one coordinate after the other, while both halves hold enough."""
    block = np.zeros(len(information), dtype=np.int64)
    parts = [(np.arange(len(information)), 0, float(information.sum()))]
    number = 0
    while parts:
        members, depth, told = parts.pop()
        if told < 2 * enough or len(members) == 1:
            block[members] = number
            number += 1
            continue
        order = members[np.argsort(coordinates[members, depth % coordinates.shape[1]], kind="stable")]
        running = np.cumsum(information[order])
        half = min(int(np.searchsorted(running, running[-1] / 2)) + 1, len(order) - 1)
        first = float(running[half - 1])
        parts += [(order[:half], depth + 1, first), (order[half:], depth + 1, float(running[-1]) - first)]
    return block
