"""What a measure gives of each zone: value, numerator, denominator, and why there is none."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from jxgis.space.ratio import ratio

if TYPE_CHECKING:
    from collections.abc import Mapping

    import geopandas as gpd
    from numpy.typing import ArrayLike, NDArray

__all__ = ["FIGURES", "cases_of", "few_cases", "figures", "nothing"]

FIGURES = ("value", "numerator", "denominator", "reason")
"""The columns of what a measure gives."""
_CASES_IN = {"share_of_rows": "denominator", "count": "numerator", "count_per_km2": "numerator"}
"""Where the figures of a measure hold a number of cases."""


def figures(
    zones: gpd.GeoDataFrame,
    numerator: ArrayLike,
    denominator: ArrayLike | None = None,
    *,
    value: NDArray[np.float64] | None = None,
    none: str = "",
    least: float = 0.0,
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
        Least denominator for which a value is given; the reason of fewer is ``too_few_cases``.

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
        reason = np.select([~(below > 0), below < least], [none, "too_few_cases"], "").astype(object)
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


def few_cases(table: pd.DataFrame, of_issues: Mapping[str, str], least: int) -> NDArray[np.bool_]:
    """Find the figures that hold a number of cases too small to be shown.

    Parameters
    ----------
    table
        (n) rows with ``indicator, numerator, denominator``.
    of_issues
        The indicators that were measured by issues, each to its measure.
    least
        The least number of cases that is shown.

    Returns
    -------
    numpy.ndarray
        (n,) bool.

    Examples
    --------
    >>> rows = pd.DataFrame({"indicator": ["solved", "solved", "toilets"], "numerator": [1, 40, 1], "denominator": [2, 41, 2]})
    >>> few_cases(rows, {"solved": "share_of_rows"}, 3).tolist()
    [True, False, False]
    """
    cases = cases_of(table, of_issues)
    found: NDArray[np.bool_] = (cases > 0) & (cases < least)
    return found


def cases_of(table: pd.DataFrame, of_issues: Mapping[str, str]) -> NDArray[np.float64]:
    """The number of cases that figures hold, NaN where they hold none; arguments as of `few_cases`."""
    found = np.full(len(table), np.nan)
    for name, measure in of_issues.items():
        if measure in _CASES_IN:
            mine = (table["indicator"] == name).to_numpy()
            found[mine] = table.loc[mine, _CASES_IN[measure]]
    return found
