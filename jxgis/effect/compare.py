"""Treated areas before and after, each against the untreated ones that are most like it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from jxgis.effect.typical import Centre, centre_of, least_shifts

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Compared", "compare_areas"]

_POWER = 0.8
_MOST_CONTROLS = 4
"""Controls of one treated area at most: a fifth would narrow the interval by another 2 %."""
_LEAST_DRIFT = 10
"""Untreated areas from which on it is asked whether areas drift apart."""
_CALIPER = 0.2
"""Standard deviations by which more controls may be less like the treated areas, on the average, than one each (Austin
2011)."""


@dataclass(frozen=True, eq=False, kw_only=True)
class Compared:
    """What became of the treated areas beside their controls.

    Attributes
    ----------
    centre
        The change of the treated areas beside that of their controls, in logarithms.
    sets
        One row a treated area that has controls: ``treated, controls`` (their ids), ``level`` and ``trend`` of both
        (``level_controls``, ``trend_controls``; trend NaN where it is not known), ``change`` and ``change_controls``
        (logarithms), their ``difference``, ``variance`` and ``weight`` (shares of one).
    spread
        The areas' own variance of a change, beside chance: of the untreated ones.
    trend_counts
        How much of the differences of trend is not chance, 0 to 1: what trend weighs in the choice beside level.
    drift_p
        Whether areas drift apart: of the untreated ones, the chance that those which grew before grow again by as much more
        (rank correlation of trend and change, one-sided); NaN where there is no trend.
    """

    centre: Centre
    sets: pd.DataFrame
    spread: float
    trend_counts: float
    drift_p: float

    def detectable(self) -> float:
        """The smallest fall, as a share, that these sets show four times in five; NaN where they allow no interval."""
        return float(-np.expm1(-np.quantile(self._shifts(), _POWER)))

    def power(self, drop: float) -> float:
        """How often these sets show such a fall, a share; NaN where they allow no interval."""
        shifts = self._shifts()
        return float(np.mean(shifts < -np.log1p(-drop))) if np.isfinite(shifts).all() else float("nan")

    def _shifts(self) -> NDArray[np.float64]:
        return least_shifts(self.sets["variance"], self.sets["weight"])

    def in_shares(self) -> tuple[float, float, float]:
        """Effect and ends of its interval as shares: -0.2 is 20 % fewer."""
        effect, low, high = np.expm1(self.centre[:3])
        return float(effect), float(low), float(high)


def compare_areas(areas: pd.DataFrame) -> Compared:
    """Compare treated areas with similar untreated ones: difference in differences, matched, with an exact interval.

    Each treated area gets one to four controls of its own, at most half of those there are and as many as are not much less
    like it than the nearest one (0.2 standard deviations; Austin 2011), so that the sum of the squared distances is least. Distance is that of the level, which is the logarithm of the cases of both periods together, and of
    the trend of the cases before, each in standard deviations; trend weighs as much as it is more than chance. The change of
    an area is the logarithm of (after + ½) / (before + ½); a set's difference is the change of the treated area less the
    mean change of its controls; the effect is their mean, weighted by precision: counts are Poisson, and areas change by
    themselves as much as the untreated ones do beyond that.

    Why the interval holds though treated areas were chosen for being the worst: where nothing was done, what an area has
    before and after are as likely the other way round, whatever it has had in between, as long as the area's ups and downs
    have no direction (Chabé-Ferret 2015). Then a difference is symmetric about zero: level and weight hang on the sum of
    both periods, which stays the same. A choice by a third period, between the two, breaks nothing; one by ``before``
    itself, or controls that are like the treated area in ``before`` alone, would.

    Parameters
    ----------
    areas
        One row an area, by id: ``treated`` (bool), cases ``before`` and ``after`` in periods of the same length, and where
        known ``early`` and ``late``, the cases of two periods before both, for the trend. Areas without a case in either
        period take no part.

    Returns
    -------
    Compared
        Without any row in ``sets``, and with a NaN effect, where no treated area has a case or none is untreated.

    References
    ----------
    Austin, P. C. (2011). Optimal caliper widths for propensity-score matching when estimating differences in means and
    differences in proportions in observational studies. Pharmaceutical Statistics 10: 150-161.
    Chabé-Ferret, S. (2015). Analysis of the bias of matching and difference-in-difference under alternative earnings and
    selection processes. Journal of Econometrics 185: 110-123.

    Examples
    --------
    >>> areas = pd.DataFrame({"treated": [True, False, False], "before": [100, 100, 9], "after": [60, 80, 9]}, index=list("abc"))
    >>> found = compare_areas(areas)
    >>> found.sets["controls"].tolist(), round(found.in_shares()[0], 2)
    ([('b',)], -0.25)
    """
    rows = areas[(areas["before"] + areas["after"]) > 0].sort_index()
    treated = rows["treated"].to_numpy(dtype=np.bool_)
    before, after = rows["before"].to_numpy(dtype=np.float64), rows["after"].to_numpy(dtype=np.float64)
    level, change = np.log(before + after), np.log((after + 0.5) / (before + 0.5))
    trend, counts = _trend(rows)
    own, pool = np.flatnonzero(treated), np.flatnonzero(~treated)
    spread = _spread(change[pool], before[pool] + after[pool])
    variance = spread + 4 / (before + after + 1)
    found = _matched(_scaled(level, trend, counts), own, pool)

    def of(values: NDArray[np.float64], chosen: NDArray[np.intp]) -> float:
        return float(values[chosen].mean())

    sets = pd.DataFrame(
        {
            "treated": rows.index[[int(i) for i, _ in found]],
            "controls": [tuple(rows.index[chosen]) for _, chosen in found],
            "level": [level[i] for i, _ in found],
            "level_controls": [of(level, chosen) for _, chosen in found],
            "trend": [trend[i] for i, _ in found],
            "trend_controls": [of(trend, chosen) for _, chosen in found],
            "change": [change[i] for i, _ in found],
            "change_controls": [of(change, chosen) for _, chosen in found],
            "variance": [variance[i] + of(variance, chosen) / len(chosen) for i, chosen in found],
        }
    )
    sets.insert(8, "difference", sets["change"] - sets["change_controls"])
    sets["weight"] = (1 / sets["variance"]) / (1 / sets["variance"]).sum()
    nothing = Centre(np.nan, np.nan, np.nan, np.nan)
    centre = centre_of(sets["difference"], sets["weight"]) if found else nothing
    drift_p = _drift(trend[pool], change[pool])
    return Compared(centre=centre, sets=sets, spread=spread, trend_counts=counts, drift_p=drift_p)


def _trend(rows: pd.DataFrame) -> tuple[NDArray[np.float64], float]:
    """Logarithm of late over early, and how much of its variance is more than that of Poisson counts."""
    if "early" not in rows.columns:
        return np.full(len(rows), np.nan), 0.0
    early, late = (rows[name].to_numpy(dtype=np.float64) + 0.5 for name in ("early", "late"))
    trend = np.log(late / early)
    variance = float(trend.var())
    chance = float((1 / early + 1 / late).mean())
    return trend, max(0.0, 1 - chance / variance) if variance > 0 else 0.0


def _drift(trend: NDArray[np.float64], change: NDArray[np.float64]) -> float:
    """Chance that trend and change go together as much, in one order of the areas and another."""
    from scipy.stats import spearmanr

    if len(trend) < _LEAST_DRIFT or np.isnan(trend).any() or not (np.ptp(trend) > 0 and np.ptp(change) > 0):
        return float("nan")
    return float(spearmanr(trend, change, alternative="greater").pvalue)


def _spread(change: NDArray[np.float64], cases: NDArray[np.float64]) -> float:
    """Variance of changes beyond that of Poisson counts, by moments; areas weigh by their cases, few of which tell little."""
    share = cases / max(cases.sum(), 1.0)
    left = 1 - (share**2).sum()
    if len(change) < 2 or left <= 0:
        return 0.0
    squares = (change - share @ change) ** 2 / left - 4 / (cases + 1)
    return max(0.0, float(share @ squares))


def _scaled(level: NDArray[np.float64], trend: NDArray[np.float64], counts: float) -> NDArray[np.float64]:
    """What areas are to be alike in, (areas, 1 or 2)."""
    features = [(level, 1.0), (trend, counts)] if counts > 0 else [(level, 1.0)]
    return np.column_stack([np.sqrt(share) * values / (values.std() or 1.0) for values, share in features])


def _matched(
    features: NDArray[np.float64], own: NDArray[np.intp], pool: NDArray[np.intp]
) -> list[tuple[np.intp, NDArray[np.intp]]]:
    """Each treated area with its controls, no control twice, the sum of squared distances least."""
    from scipy.optimize import linear_sum_assignment

    if not len(own) or not len(pool):
        return []
    distance = ((features[own][:, None] - features[pool][None]) ** 2).sum(axis=2)
    most = int(np.clip(len(pool) // (2 * len(own)), 1, _MOST_CONTROLS))
    tried = [linear_sum_assignment(np.repeat(distance, each, axis=0)) for each in range(1, most + 1)]
    apart = [np.sqrt(distance[row // each, column]).mean() for each, (row, column) in enumerate(tried, start=1)]
    each = max(n for n, mean in enumerate(apart, start=1) if mean <= apart[0] + _CALIPER)
    row, column = tried[each - 1]
    chosen = [(i, pool[column[row // each == k]]) for k, i in enumerate(own)]
    return [(i, controls) for i, controls in chosen if len(controls)]
