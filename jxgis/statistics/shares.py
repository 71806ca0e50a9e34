"""How much of a total falls on one place by chance: the variance of its share, its tails, and an interval of its rate."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from jxgis.statistics.beta_binomial import beta_binomial_tails
from jxgis.statistics.overdispersion import Overdispersion

__all__ = ["MIN_CASES", "SharesOf", "share_variance_ratio"]

Floats = npt.NDArray[np.float64]

MIN_CASES = 30
"""Fewest cases that a share is given for: of a handful it says nothing."""
_RARE = (1 - 0.95) / 2
"""Of each tail of a 95 % interval."""
_HALVINGS = 32
"""Of the logarithm of a rate between 1e-6 and the whole: the ends of an interval are good to six digits."""


def share_variance_ratio(total: npt.ArrayLike, share: Floats, own: Floats, whole: npt.ArrayLike) -> Floats:
    """Variance of a part of a total, given the total, over that of a binomial; at least 1.

    Parameters
    ----------
    total
        Cases in all.
    share
        (n,) expected share of each part, between 0 and 1.
    own, whole
        Variance of the part, (n,), and of all, were the total not given.

    Examples
    --------
    >>> share_variance_ratio(100, np.array([0.2]), np.array([40.0]), 200.0).tolist()
    [2.0]
    """
    # Given the total, what one part varies the rest makes up for.
    variance = own * np.maximum(1 - own / np.asarray(whole, dtype=np.float64), 0)
    return np.asarray(np.maximum(variance / (np.asarray(total) * share * (1 - share)), 1))


@dataclass(frozen=True)
class SharesOf:
    """Places against the reference that they are part of: its cases, given; its exposure; how far counts vary.

    Attributes
    ----------
    total, exposure, squares
        Of each place's reference, (n,) or one for all: cases, exposure, and the squares of its cells' exposures, added.
    dispersion
        How much counts of cells vary.
    more
        By how much the φ of each place is above that of the dispersion, (n,) or one for all.
    """

    total: Floats
    exposure: Floats
    squares: Floats
    dispersion: Overdispersion
    more: npt.ArrayLike = 0.0

    def expected(self, exposure: Floats) -> Floats:
        """Cases that places of an exposure would hold at the rate of the reference."""
        return np.asarray(self.total * exposure / self.exposure)

    def tails(
        self, counts: Floats, exposure: Floats, squares: Floats, times: npt.ArrayLike = 1.0
    ) -> tuple[Floats, Floats]:
        """P(S >= count) and P(S <= count) of the cases in each place, given all of its reference.

        Parameters
        ----------
        counts
            (n,) cases in each place.
        exposure, squares
            (n,) its exposure, and the squares of what its cells have of it, added.
        times
            The share of the cases over the share of the exposure that is supposed; 1 is the null.
        """
        supposed = np.asarray(times, dtype=np.float64)
        share, rate = supposed * exposure / self.exposure, self.total / self.exposure
        own = self.dispersion.variance(self.total * share, (rate * supposed) ** 2 * squares)
        own += np.asarray(self.more) * self.total * share
        rest = self.dispersion.variance(self.total * (1 - share), rate**2 * np.maximum(self.squares - squares, 0))
        return beta_binomial_tails(counts, self.total, share, share_variance_ratio(self.total, share, own, own + rest))

    def interval(self, counts: Floats, exposure: Floats, squares: Floats) -> tuple[Floats, Floats]:
        """The share of the cases over the share of the exposure: between which values neither tail is below 2.5 %.

        Parameters
        ----------
        counts, exposure, squares
            As for `tails`.
        """
        most = self.exposure / exposure * (1 - 1e-9)

        def end(upper: bool) -> Floats:
            inside, outside = np.full(len(counts), 1e-6), most.copy()
            for _ in range(_HALVINGS):
                middle = np.sqrt(inside * outside)
                above, below = self.tails(counts, exposure, squares, middle)
                low_enough = below >= _RARE if upper else above < _RARE
                inside, outside = np.where(low_enough, middle, inside), np.where(low_enough, outside, middle)
            return np.sqrt(inside * outside)

        low = np.where(counts > 0, end(upper=False), 0.0)
        return low, np.where(counts < self.total, end(upper=True), most)
