"""Cities in which nothing was done: counts of areas that differ for good, and by ups and downs that pass."""

from __future__ import annotations

import numpy as np
import pandas as pd

PERIODS = ["early", "late", "before", "selecting", "after"]


def city(
    rng: np.random.Generator,
    *,
    areas: int = 100,
    cases: float = 40,
    lasting: float = 0.7,
    passing: float = 0.0,
    carried: float = 0.0,
    common: float = 0.0,
    drift: float = 0.0,
) -> pd.DataFrame:
    """Counts of areas in five periods, one after the other.

    ``cases`` is the median area's in a period; ``lasting`` and ``passing`` are the standard deviations of the logarithm
    between areas and between periods of an area, ``carried`` the correlation of the passing part from one period to the
    next, ``common`` the change of all from one period to the next and ``drift`` how much areas differ in it for good.
    """
    level = np.log(cases) + lasting * rng.standard_normal(areas)
    passed = np.empty((areas, len(PERIODS)))
    passed[:, 0] = rng.standard_normal(areas)
    for k in range(1, len(PERIODS)):
        passed[:, k] = carried * passed[:, k - 1] + np.sqrt(1 - carried**2) * rng.standard_normal(areas)
    steps = np.arange(len(PERIODS))
    trend = (common + drift * rng.standard_normal((areas, 1))) * steps
    return pd.DataFrame(rng.poisson(np.exp(level[:, None] + passing * passed + trend)), columns=PERIODS)


def treat(
    counts: pd.DataFrame, rng: np.random.Generator, *, worst: bool, number: int = 10, drop: float = 0.0
) -> pd.DataFrame:
    """The same with ``number`` areas treated, at random or the worst of the selecting period, and a planted drop."""
    rows = (
        np.argsort(-counts["selecting"].to_numpy(), kind="stable")[:number]
        if worst
        else rng.choice(len(counts), number, replace=False)
    )
    treated = np.isin(np.arange(len(counts)), rows)
    after = np.where(treated, rng.binomial(counts["after"], 1 - drop), counts["after"])
    return counts.assign(treated=treated, after=after)
