"""What a measure gives of each zone: value, numerator, denominator, and why there is none."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from jxgis.space.ratio import ratio

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import ArrayLike, NDArray

__all__ = ["FIGURES", "figures", "nothing"]

FIGURES = ("value", "numerator", "denominator", "reason")
"""The columns of what a measure gives."""


def figures(
    zones: gpd.GeoDataFrame,
    numerator: ArrayLike,
    denominator: ArrayLike | None = None,
    *,
    value: NDArray[np.float64] | None = None,
    none: str = "",
    least: float = 0.0,
    few: str = "too_few_cases",
) -> pd.DataFrame:
    """The figures of a measure, a row a zone.

    Parameters
    ----------
    zones
        (n) zones.
    numerator, denominator
        (n,) what is set against what; without a denominator the numerator is the value.
    value
        (n,) the value, where it is not numerator over denominator.
    none
        Reason where the denominator is 0.
    least
        Least denominator for which a value is given.
    few
        Reason where the denominator is less than that, but not 0.

    Returns
    -------
    pandas.DataFrame
        On the zones' index: ``value, numerator, denominator`` (NaN where there is none) and ``reason`` (a code where there
        is no value, else empty).

    Examples
    --------
    >>> import geopandas as gpd
    >>> zones = gpd.GeoDataFrame(geometry=gpd.points_from_xy([0, 1, 2], [0, 0, 0]), crs=4549)
    >>> figures(zones, [3, 1, 0], [4, 2, 0], none="no_streets", least=3).values.tolist()
    [[0.75, 3.0, 4.0, ''], [nan, 1.0, 2.0, 'too_few_cases'], [nan, 0.0, 0.0, 'no_streets']]
    """
    above = np.asarray(numerator, dtype=np.float64)
    if denominator is None:
        below = np.full(above.shape, np.nan)
        found = above if value is None else value
        reason = np.full(above.shape, "", dtype=object)
    else:
        below = np.asarray(denominator, dtype=np.float64)
        found = ratio(above, below) if value is None else value
        reason = np.select([~(below > 0), below < least], [none, few], "").astype(object)
    found = np.where(reason == "", found, np.nan)
    return pd.DataFrame(
        {"value": found, "numerator": above, "denominator": below, "reason": pd.array(reason, dtype="str")},
        index=zones.index,
    )


def nothing(zones: gpd.GeoDataFrame, reason: str) -> pd.DataFrame:
    """The figures where nothing can be measured, all for one reason.

    Examples
    --------
    >>> import geopandas as gpd
    >>> nothing(gpd.GeoDataFrame(geometry=gpd.points_from_xy([0], [0])), "no_layer")["reason"].tolist()
    ['no_layer']
    """
    empty = np.full(len(zones), np.nan)
    return figures(zones, empty).assign(reason=pd.array([reason] * len(zones), dtype="str"))
