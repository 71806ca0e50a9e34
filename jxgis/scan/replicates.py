"""What chance makes: cases drawn where nothing is the matter, as variable as the counts are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from jxgis.statistics import Overdispersion

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

__all__ = ["draw_cases", "draw_times"]


def draw_cases(expected: Floats, total: int, varying: Overdispersion, rng: np.random.Generator) -> Ints:
    """Counts of cells by a multinomial of all cases; where counts vary more than Poisson, of rates drawn from gammas.

    Parameters
    ----------
    expected
        (n_cells,) or (n_cells, n_slices), above 0 or 0.
    total
        All cases.
    varying
        Variance of a count that expects μ: φ μ + ψ μ²; what ψ adds is one of all slices of a cell.
    rng
        Where chance comes from.

    Examples
    --------
    >>> from jxgis.statistics import Overdispersion
    >>> rng = np.random.default_rng(0)
    >>> drawn = [draw_cases(np.full(1000, 4.0), 4000, Overdispersion(batch, 0.0), rng) for batch in (1.0, 3.0)]
    >>> [int(counts.sum()) for counts in drawn], [round(float(counts.var()), 1) for counts in drawn]
    ([4000, 4000], [3.9, 12.4])
    """
    rates = expected
    if varying.spread > 0:
        # What a place has more or less than its exposure tells, it has all the time.
        places = (len(expected), *(1 for _ in expected.shape[1:]))
        rates = rates * rng.gamma(1 / varying.spread, varying.spread, size=places)
    if varying.batch > 1:
        rates = rng.gamma(rates / (varying.batch - 1))
    if not rates.any():
        # So few and so large batches that all cases are one.
        rates = rng.multinomial(1, (expected / expected.sum()).ravel()).reshape(expected.shape).astype(np.float64)
    rates = rates / rates.max()
    return rng.multinomial(total, (rates / rates.sum()).ravel()).reshape(expected.shape)


def draw_times(
    cells: Ints, slices: Ints, varying: Overdispersion, rng: np.random.Generator, *, batch: Floats | None = None
) -> tuple[Ints, Ints]:
    """Cases whose time has nothing to do with their place.

    Where counts are Poisson the times are dealt out anew among the cases (a permutation). Where they vary more, cases come
    in batches: the place of each batch is that of a case, its time that of another, and its size has the logarithmic
    distribution, which makes the count of a cell in a slice negative binomial with the variance that is asked for.

    Parameters
    ----------
    cells, slices
        (n,) of each case.
    varying
        Variance of the count of a cell in a slice that expects μ: φ μ + ψ μ².
    rng
        Where chance comes from.
    batch
        (n_cells,) φ of each cell, instead of the one of all.

    Returns
    -------
    tuple of ndarray
        Cells and slices of as many cases.

    Examples
    --------
    >>> from jxgis.statistics import Overdispersion
    >>> of = np.repeat(np.arange(50), 50)
    >>> rng = np.random.default_rng(0)
    >>> drawn = [draw_times(of, np.tile(np.arange(50), 50), Overdispersion(batch, 0.0), rng) for batch in (1.0, 3.0)]
    >>> [len(times) for _, times in drawn], [round(float(np.bincount(c * 50 + t, minlength=2500).var()), 1) for c, t in drawn]
    ([2500, 2500], [1.0, 3.0])
    """
    n = len(cells)
    of_cell, of_slice = np.bincount(cells), np.bincount(slices)
    batch = np.full(len(of_cell), varying.batch) if batch is None else batch
    if (batch <= 1).all() and varying.spread <= 0:
        return cells, rng.permutation(slices)
    found: list[tuple[Ints, Ints, Ints]] = []
    drawn = 0
    while drawn < n:
        where, when = cells[rng.integers(n, size=n)], slices[rng.integers(n, size=n)]
        ratio = batch[where] + varying.spread * of_cell[where] * of_slice[when] / n
        # Where batches are larger there are fewer of them; of one case each the ratio is 1.
        mean = np.divide(ratio - 1, np.log(ratio), out=np.ones(n), where=ratio > 1)
        kept = rng.random(n) * mean < 1
        sizes = rng.logseries(1 - 1 / ratio[kept])
        found.append((where[kept], when[kept], sizes))
        drawn += int(sizes.sum())
    where, when, sizes = (np.concatenate(of) for of in zip(*found, strict=True))
    return np.repeat(where, sizes)[:n], np.repeat(when, sizes)[:n]
