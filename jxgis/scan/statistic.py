"""Kulldorff's scan: the windows with the greatest log likelihood ratio, and how often chance makes as great a one."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np

from jxgis.bounds import widened
from jxgis.scan._kernels import best_window
from jxgis.scan.replicates import draw_cases, draw_times
from jxgis.scan.windows import Stretches

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from jxgis.scan.windows import Shape
    from jxgis.space.grid import Grid
    from jxgis.statistics import Overdispersion

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

__all__ = ["LEAST_CASES", "Scanned", "Window", "gumbel_p", "scan_cases", "scan_times"]

LEAST_CASES = 2
"""Cases that a cluster has at the least."""
_EULER = 0.5772156649015329
_SAME = 1e-9
"""Ratios that differ by less than this share of them are one, of whole numbers that were added up otherwise."""


class Window(NamedTuple):
    """A window of the scan.

    Attributes
    ----------
    llr
        Its log likelihood ratio, times the weight of its shape.
    shape, size
        Of which shape, and which of its sizes.
    centre
        The cell in its middle.
    stretch
        Which stretch of time.
    cells
        Its cells, of the grid.
    observed, expected
        Its cases, and how many are to be expected.
    """

    llr: float
    shape: int
    size: int
    centre: int
    stretch: int
    cells: Ints
    observed: int
    expected: float


@dataclass(frozen=True, eq=False)
class Scanned:
    """What a scan found.

    Attributes
    ----------
    clusters
        The windows that chance makes in at most ``alpha`` of all cases, the most likely first; none overlaps another.
    best
        The greatest ratio of all; 0 where no window has more than its share.
    replicates
        (n,) the greatest ratio of each replicate.
    total
        All cases.
    """

    clusters: list[Window]
    best: float
    replicates: Floats
    total: int

    def p(self, llr: float) -> float:
        """Share of the replicates and the data whose greatest ratio is as great: (R + 1) / (n + 1)."""
        return float((np.count_nonzero(self.replicates >= llr * (1 - _SAME)) + 1) / (len(self.replicates) + 1))

    def p_gumbel(self, llr: float) -> float:
        """The same by the Gumbel distribution fitted to the replicates: see :func:`gumbel_p`."""
        return gumbel_p(llr, self.replicates)


def gumbel_p(llr: float, replicates: Floats) -> float:
    """Chance of so great a maximum, by the Gumbel distribution with the mean and the variance of the replicates.

    Parameters
    ----------
    llr
        The ratio.
    replicates
        (n,) the greatest ratio of each replicate.

    References
    ----------
    Abrams, A. M., Kleinman, K. & Kulldorff, M. (2010). Gumbel based p-value approximations for spatial scan statistics.
    International Journal of Health Geographics 9.

    Examples
    --------
    >>> maxima = np.random.default_rng(0).gumbel(6, 1, 999)
    >>> round(gumbel_p(6 + 4.6, maxima), 3)
    0.01
    """
    scale = float(replicates.std(ddof=1)) * 6**0.5 / np.pi
    mean = float(replicates.mean())
    if scale <= _SAME * mean:
        return float(llr * (1 - _SAME) <= mean)
    location = mean - _EULER * scale
    return float(-np.expm1(-np.exp(-(llr - location) / scale)))


class _Layout:
    """The grid in a frame as wide as the largest window, so that no window sticks out."""

    def __init__(self, grid: Grid, shapes: Sequence[Shape]) -> None:
        reach = max(int(np.abs(np.concatenate([shape.rows, shape.cols])).max()) for shape in shapes)
        rows, cols = grid.mask.shape
        width = cols + 2 * reach
        self.places = (rows + 2 * reach) * width
        self.centres = (grid.rows + reach) * width + grid.cols + reach
        self.shapes = shapes
        self.offsets = [shape.rows * width + shape.cols for shape in shapes]
        self.cell_of = np.full(self.places, -1, dtype=np.int64)
        self.cell_of[self.centres] = np.arange(len(grid))

    def lay(self, exposure: Floats) -> Floats:
        """(places,) the exposure of the cells; none in the frame."""
        laid = np.zeros(self.places)
        laid[self.centres] = exposure
        return laid

    def until(self, cases: Ints) -> NDArray[np.int32]:
        """(places, slices) cases of each place to the end of each slice, of (cells, slices)."""
        laid = np.zeros((self.places, cases.shape[1]), dtype=np.int32)
        laid[self.centres] = np.cumsum(cases, axis=1)
        return laid


class _Data(NamedTuple):
    """Cases, and what of them is to be expected: exposure, by stretch of time as a share of all its time."""

    cases: Ints
    exposure: Floats
    time: Floats


class _Draw(Protocol):
    def __call__(self, rng: np.random.Generator) -> _Data: ...


class _Scan:
    """A scan of a grid by shapes and stretches."""

    def __init__(self, grid: Grid, shapes: Sequence[Shape], stretches: Stretches, max_share: float) -> None:
        self.layout = _Layout(grid, shapes)
        self.stretches = stretches
        self.max_share = max_share

    def run(
        self, data: _Data, draw: _Draw, *, replicates: int, seed: int, alpha: float, threads: int | None
    ) -> Scanned:
        """Scan the data and what is drawn; each replicate has a seed of its own, so that threads change nothing."""

        def greatest(own: np.random.SeedSequence) -> float:
            return next(self.windows(draw(np.random.default_rng(own)), cells=False)).llr

        with ThreadPoolExecutor(threads) as pool:
            found = np.array(list(pool.map(greatest, np.random.SeedSequence(seed).spawn(replicates))))
        scanned = Scanned([], next(self.windows(data, cells=False)).llr, found, int(data.cases.sum()))
        for window in self.windows(data):
            if window.llr <= 0 or scanned.p(window.llr) > alpha:
                break
            scanned.clusters.append(window)
        return scanned

    def windows(self, data: _Data, *, cells: bool = True) -> Iterator[Window]:
        """The windows from the most likely on, each the most likely of those that overlap none before it."""
        layout, stretches = self.layout, self.stretches
        total, held = float(data.cases.sum()), float(data.exposure.sum())
        until, exposure = layout.until(data.cases), layout.lay(data.exposure)
        per_exposure = data.time * (total / held)
        middles = np.flatnonzero(data.exposure > 0)
        centres = layout.centres[middles]
        while True:
            best = Window(0.0, -1, -1, -1, -1, np.array([], dtype=np.int64), 0, 0.0)
            for number, (shape, offsets) in enumerate(zip(layout.shapes, layout.offsets, strict=True)):
                llr, *at = best_window(
                    until, exposure, centres, offsets, shape.ends, stretches.first, stretches.end, per_exposure,
                    total, float(widened(self.max_share * held)), LEAST_CASES, best.llr / shape.weight,
                )  # fmt: skip
                if at[0] >= 0:
                    best = best._replace(llr=llr * shape.weight, shape=number, centre=at[0], size=at[1], stretch=at[2])
            if best.centre < 0 or not cells:
                yield best
                if best.centre < 0:
                    return
                continue
            best = best._replace(centre=int(middles[best.centre]))
            size = layout.shapes[best.shape].ends[best.size]
            taken = layout.centres[best.centre] + layout.offsets[best.shape][:size]
            taken = taken[layout.cell_of[taken] >= 0]
            first, end = (of[best.stretch] for of in (stretches.first, stretches.end))
            yield best._replace(
                cells=np.sort(layout.cell_of[taken]),
                observed=int(data.cases[layout.cell_of[taken], first:end].sum()),
                expected=float(exposure[taken].sum() * per_exposure[best.stretch]),
            )
            exposure[taken] = np.inf


def scan_cases(
    cases: Ints,
    exposure: Floats,
    grid: Grid,
    shapes: Sequence[Shape],
    *,
    max_share: float,
    varying: Overdispersion,
    replicates: int,
    seed: int,
    alpha: float,
    stretches: Stretches | None = None,
    time: Floats | None = None,
    threads: int | None = None,
) -> Scanned:
    """Scan cases against an exposure, in space or in space and time: the Poisson model.

    Parameters
    ----------
    cases
        (n_cells, n_slices) cases; one slice where only space is scanned.
    exposure
        (n_cells,) what they are set against, above 0.
    grid
        The cells.
    shapes
        The windows in space.
    max_share
        The largest share of the exposure that a window holds.
    varying
        How much more than Poisson the counts of cells vary; the replicates vary as much.
    replicates, seed
        How many maps are drawn, and of which seed.
    alpha
        The clusters are those whose p is at most this.
    stretches, time
        The windows in time, and the exposure of each slice as a share of all time; one slice by default.
    threads
        How many work at a time; they change nothing in what is found.

    Returns
    -------
    Scanned

    References
    ----------
    Kulldorff, M. (1997). A spatial scan statistic. Communications in Statistics: Theory and Methods 26.

    Examples
    --------
    >>> import pyproj
    >>> from jxgis.scan.windows import grow_shapes
    >>> from jxgis.space.grid import Grid
    >>> from jxgis.statistics import Overdispersion
    >>> grid = Grid(pyproj.CRS(4549), 200.0, 0, 0, np.ones((20, 20), dtype=bool))
    >>> cases = np.full((400, 1), 2)
    >>> cases[[209, 210, 211]] = 20
    >>> found = scan_cases(
    ...     cases, np.ones(400), grid, grow_shapes([1], cell_m=200, radius_max_m=1000), max_share=0.5,
    ...     varying=Overdispersion(1.0, 0.0), replicates=99, seed=0, alpha=0.05,
    ... )
    >>> [(window.observed, round(window.expected, 1), found.p(window.llr)) for window in found.clusters]
    [(64, 10.7, 0.01)]
    """
    whole = np.ones(cases.shape[1]) / cases.shape[1] if time is None else time
    slices = cases.shape[1]
    stretches = Stretches(np.array([0]), np.array([slices]), slices) if stretches is None else stretches
    share = _in_stretches(whole, stretches)
    expected = exposure[:, None] * whole * (cases.sum() / exposure.sum())

    def draw(rng: np.random.Generator) -> _Data:
        return _Data(draw_cases(expected, int(cases.sum()), varying, rng), exposure, share)

    scan = _Scan(grid, shapes, stretches, max_share)
    data = _Data(cases, exposure, share)
    return scan.run(data, draw, replicates=replicates, seed=seed, alpha=alpha, threads=threads)


def scan_times(
    cells: Ints,
    slices: Ints,
    grid: Grid,
    shapes: Sequence[Shape],
    stretches: Stretches,
    *,
    max_share: float,
    varying: Overdispersion,
    replicates: int,
    seed: int,
    alpha: float,
    batch: Floats | None = None,
    threads: int | None = None,
) -> Scanned:
    """Scan for places with more cases in a stretch of time than their own total and that time's make expect.

    The space-time permutation model: what is expected of a cell and a slice is the cell's cases times the slice's over all
    cases, so that neither what a place always has nor what all places have at a time makes a cluster.

    Parameters
    ----------
    cells, slices
        (n,) of each case the cell and the slice of time.
    grid, shapes, max_share, varying, replicates, seed, alpha, threads
        As for :func:`scan_cases`; the exposure is a cell's cases.
    stretches
        The windows in time.
    batch
        (n_cells,) φ of each cell, where it is not one of all.

    Returns
    -------
    Scanned

    References
    ----------
    Kulldorff, M., Heffernan, R., Hartman, J., Assunção, R. & Mostashari, F. (2005). A space-time permutation scan statistic
    for disease outbreak detection. PLoS Medicine 2.

    Examples
    --------
    Each of 100 cells has six cases, one a month; two more have all theirs in the last month.

    >>> import pyproj
    >>> from jxgis.scan.windows import grow_shapes, stretches_of
    >>> from jxgis.space.grid import Grid
    >>> from jxgis.statistics import Overdispersion
    >>> grid = Grid(pyproj.CRS(4549), 200.0, 0, 0, np.ones((1, 102), dtype=bool))
    >>> cells, slices = np.repeat(np.arange(102), 6), np.tile(np.arange(6), 102)
    >>> slices[-12:] = 5
    >>> found = scan_times(
    ...     cells, slices, grid, grow_shapes([1], cell_m=200, radius_max_m=1000),
    ...     stretches_of(6, longest=3, recent=True), max_share=0.5,
    ...     varying=Overdispersion(1.0, 0.0), replicates=99, seed=0, alpha=0.05,
    ... )
    >>> [(window.cells.tolist(), window.observed, round(window.expected, 2)) for window in found.clusters]
    [([100, 101], 12, 2.2)]
    """

    def data(of_cells: Ints, of_slices: Ints) -> _Data:
        number = np.bincount(of_cells * stretches.slices + of_slices, minlength=len(grid) * stretches.slices)
        cases = number.reshape(len(grid), stretches.slices)
        share = _in_stretches(cases.sum(axis=0) / cases.sum(), stretches)
        return _Data(cases, cases.sum(axis=1).astype(np.float64), share)

    def draw(rng: np.random.Generator) -> _Data:
        return data(*draw_times(cells, slices, varying, rng, batch=batch))

    scan = _Scan(grid, shapes, stretches, max_share)
    return scan.run(data(cells, slices), draw, replicates=replicates, seed=seed, alpha=alpha, threads=threads)


def _in_stretches(shares: Floats, stretches: Stretches) -> Floats:
    """Sum of the shares of the slices of each stretch."""
    before = np.concatenate([[0.0], np.cumsum(shares)])
    return np.asarray(before[stretches.end] - before[stretches.first])
