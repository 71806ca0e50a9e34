"""Programmes that never were: places and dates at which nothing was done, put through the same comparison."""

from __future__ import annotations

import numpy as np
import pandas as pd

from jxgis.effect.compare import Compared, compare_areas
from jxgis.effect.typical import LEAST_SETS

__all__ = ["placebo_places"]

_RUNS = 200
"""Programmes at random."""


def placebo_places(areas: pd.DataFrame, *, treated: int) -> list[tuple[str, Compared]]:
    """Compare untreated areas as if they had been treated: drawn at random, and those worst in between.

    Parameters
    ----------
    areas
        As of `jxgis.effect.compare.compare_areas`, and ``selecting``: the cases of the period that may have selected.
    treated
        How many to take for treated at a time: at most half of the untreated ones are.

    Returns
    -------
    list of tuple
        ``"worst"`` or ``"random"``, and what was found. None where half of the untreated areas are too few for an
        interval.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> counts = pd.DataFrame(rng.poisson(50, (40, 3)), columns=["before", "selecting", "after"]).assign(treated=False)
    >>> found = placebo_places(counts, treated=8)
    >>> found[0][0], len(found)
    ('worst', 201)
    """
    pool = areas[~areas["treated"] & (areas["before"] + areas["after"] > 0)].sort_index()
    number = min(treated, len(pool) // 2)
    if number < LEAST_SETS:
        return []
    rng = np.random.default_rng(0)
    worst = np.argsort(-pool["selecting"].to_numpy(), kind="stable")[:number]
    chosen = [("worst", worst), *(("random", rng.choice(len(pool), number, replace=False)) for _ in range(_RUNS))]
    return [(kind, compare_areas(pool.assign(treated=np.isin(np.arange(len(pool)), rows)))) for kind, rows in chosen]
