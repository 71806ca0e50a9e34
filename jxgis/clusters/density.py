"""How dense is dense: how many points make a dense place, and what other distances would find."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from jxgis.clusters.dbscan import dense_groups

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from numpy.typing import NDArray

__all__ = ["FEWEST", "dense_from", "suggest_eps"]

FEWEST = 10
"""Fewer points make no dense place unless they are asked for."""


def dense_from(n: int, area_m2: float, *, eps_m: float, density_times: float, fewest: int = FEWEST) -> int:
    """How many points within ``eps_m`` of one are ``density_times`` as many as the mean over the area.

    Parameters
    ----------
    n
        Points in the area.
    area_m2
        The area, m².
    eps_m
        How far apart neighbours are at most, metres.
    density_times
        How many times the mean density is dense.
    fewest
        The least number.

    Examples
    --------
    A circle of 100 m holds 0.0314 km²: of 100 points a km² 3.14 on average, ten times as many are 31.4.

    >>> dense_from(10_000, 100e6, eps_m=100, density_times=10), dense_from(300, 100e6, eps_m=100, density_times=10)
    (32, 10)
    """
    mean = n * np.pi * eps_m**2 / area_m2
    return max(fewest, int(np.ceil(density_times * mean)))


def suggest_eps(
    x: NDArray[np.float64], y: NDArray[np.float64], distances_m: Iterable[float], dense: Callable[[float], int]
) -> pd.DataFrame:
    """What DBSCAN finds at several distances: help for choosing one.

    Parameters
    ----------
    x, y
        (n,) metres.
    distances_m
        The distances.
    dense
        How many points make a dense place at a distance.

    Returns
    -------
    pandas.DataFrame
        One row a distance: ``eps_m, min_points, clusters, share_clustered`` (of the points, in clusters),
        ``share_largest`` (in the largest).

    Examples
    --------
    >>> x = np.array([0.0, 10, 20, 200, 210, 220, 900])
    >>> suggest_eps(x, np.zeros(7), [10, 200], lambda eps_m: 3).round(2).values.tolist()
    [[10.0, 3.0, 2.0, 0.86, 0.43], [200.0, 3.0, 1.0, 0.86, 0.86]]
    """
    rows = []
    for eps_m in distances_m:
        min_points = dense(eps_m)
        cluster = dense_groups(x, y, eps_m=eps_m, min_points=min_points).cluster
        sizes = np.bincount(cluster[cluster >= 0])
        shares = sizes.sum() / len(x), sizes.max(initial=0) / len(x)
        rows.append((float(eps_m), min_points, len(sizes), *shares))
    return pd.DataFrame(rows, columns=["eps_m", "min_points", "clusters", "share_clustered", "share_largest"])
