"""P-values by seeded permutations: for real values and kernel weights, where no exact distribution can be had."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from jxgis.space.graph import Neighbours
from jxgis.space.grid import Grid
from jxgis.space.window import disc_sums

__all__ = ["Place", "draw_tails", "graph_place", "grid_place"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Place:
    """What a permutation needs to know of the neighbours: their sums, and the weight from each i to another place.

    Parameters
    ----------
    sums
        From (n,) values to their (n,) weighted sums, i itself included under the total null only.
    weight_to
        From (n,) places t_i to the (n,) weights w(i, t_i).
    """

    sums: Callable[[Floats], Floats]
    weight_to: Callable[[Ints], Floats]


def grid_place(grid: Grid, *, band_m: float, star: bool) -> Place:
    """Read a disc on a grid as neighbours."""
    square = (band_m / grid.cell_m) ** 2 * (1 + 1e-12)

    def sums(values: Floats) -> Floats:
        around = disc_sums(values, grid, band_m=band_m).astype(np.float64)
        return around if star else around - values

    def weight_to(other: Ints) -> Floats:
        distance = (grid.rows[other] - grid.rows) ** 2 + (grid.cols[other] - grid.cols) ** 2
        return (distance <= square).astype(np.float64)

    return Place(sums, weight_to)


def graph_place(near: Neighbours) -> Place:
    """Read the sparse matrix of a graph as neighbours."""
    everyone = np.arange(near.weights.shape[0])

    def sums(values: Floats) -> Floats:
        total: Floats = near.weights @ values
        return total

    def weight_to(other: Ints) -> Floats:
        return np.asarray(near.weights[everyone, other], dtype=np.float64).ravel()

    return Place(sums, weight_to)


def draw_tails(
    values: npt.NDArray[np.int64] | Floats,
    place: Place,
    *,
    total: bool,
    draws: int,
    seed: int,
    strata: Ints | None = None,
) -> tuple[Floats, Floats]:
    """Share of permutations, the map as it is among them, with a sum as large and as small as the one seen.

    Parameters
    ----------
    values
        (n,) numbers.
    place
        Its sums include i under the total null and leave it out under the conditional one.
    total
        True: all values are placed anew. False: the value of i stays, the others are placed anew.
    draws
        Number of permutations.
    seed
        Seed of the generator.
    strata
        (n,) stratum of each place, within which alone values are placed anew; None: anywhere.

    Returns
    -------
    upper, lower : numpy.ndarray
        (n,) of (1 + hits) / (1 + draws).
    """
    numbers = values.astype(np.float64)
    n = len(numbers)
    observed = place.sums(numbers)
    # The same terms added in another order are the same sum.
    tie = 1e-11 * np.abs(numbers).max(initial=0) * max(n, 1) ** 0.5
    generator = np.random.default_rng(seed)
    at_least, at_most = np.ones(n), np.ones(n)
    position = np.empty(n, dtype=np.int64)
    by_stratum = None if strata is None else np.argsort(strata, kind="stable")
    for _ in range(draws):
        order = generator.permutation(n)
        if strata is not None and by_stratum is not None:
            order[by_stratum] = order[np.argsort(strata[order], kind="stable")]
        placed = numbers[order]
        sums = place.sums(placed)
        if not total:
            # Swap i's own value back to i: what stood at i goes to where that value was, for each i by itself.
            position[order] = np.arange(n)
            sums = sums + place.weight_to(position) * (placed - numbers) * (position != np.arange(n))
        at_least += sums >= observed - tie
        at_most += sums <= observed + tie
    return at_least / (draws + 1), at_most / (draws + 1)
