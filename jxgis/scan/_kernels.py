"""Compiled loop of the scan: the window with the greatest log likelihood ratio."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from jxgis.space._compiled import compiled

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]
    Cases = NDArray[np.int32]

__all__ = ["best_window"]


@compiled
def best_window(
    until: Cases,
    exposure: Floats,
    centres: Ints,
    offsets: Ints,
    ends: Ints,
    first: Ints,
    end: Ints,
    per_exposure: Floats,
    total: float,
    most: float,
    least: int,
    above: float,
) -> tuple[float, int, int, int]:
    """Its log likelihood ratio, centre, size and stretch of time; ``above`` and -1 where none is greater than ``above``.

    ``until`` (places, slices): cases of each place to the end of each slice; ``per_exposure`` (stretches,): cases to be
    expected of one unit of exposure. Windows hold at most ``most`` exposure and at least ``least`` cases. Of windows that
    are alike the first counts.
    """
    slices = until.shape[1]
    cases = np.zeros(slices, dtype=np.int32)
    best, at, size, when = above, -1, -1, -1
    for number in range(centres.shape[0]):
        cases[:] = 0
        held = 0.0
        taken = 0
        for step in range(ends.shape[0]):
            for other in range(taken, ends[step]):
                place = centres[number] + offsets[other]
                held += exposure[place]
                for slice_ in range(slices):
                    cases[slice_] += until[place, slice_]
            taken = ends[step]
            if held > most:
                break
            if cases[slices - 1] < least:
                continue
            for stretch in range(first.shape[0]):
                seen = cases[end[stretch] - 1]
                if first[stretch] > 0:
                    seen -= cases[first[stretch] - 1]
                expected = held * per_exposure[stretch]
                more = seen - expected
                if seen < least or more <= 0:
                    continue
                # No logarithm where the ratio cannot be greater: it is at most more² (1 / 2 expected + 1 / rest), by
                # ln x <= x - 1 and x ln x - x + 1 <= (x - 1)² / 2.
                rest = total - expected
                if more * more * (0.5 * rest + expected) <= best * expected * rest:
                    continue
                ratio = seen * np.log(seen / expected)
                if seen < total:
                    ratio += (total - seen) * np.log((total - seen) / rest)
                if ratio > best:
                    best, at, size, when = ratio, number, step, stretch
    return best, at, size, when
