"""What the districts and the city have of each indicator: what a candidate is compared with beside its reference."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely

from jxgis.indicators.measures import IndicatorInputs, Measured, measure_indicators
from jxgis.scoring.indicators import score_values
from jxgis.zones import ALL

if TYPE_CHECKING:
    import geopandas as gpd

    from jxgis.scoring.indicators import Indicator

__all__ = ["average_indicators"]

_OF_SIZE = frozenset({"count", "length_km", "area_km2", "compactness", "hull_share"})
"""Measures that say how large a zone is, or of which shape: a district's own is not a measure for a candidate."""


def average_indicators(
    values: pd.DataFrame,
    district: pd.Series,
    indicators: Sequence[Indicator],
    *,
    measured: Mapping[str, Measured],
    ground: IndicatorInputs,
    districts: gpd.GeoDataFrame | None = None,
    lang: str = "zh",
) -> pd.DataFrame:
    """Find the value of each indicator in each district and in the city.

    A district's own value, measured on it as on a candidate, where layers measure the indicator; else, and of what says how
    large or of which shape a zone is (`_OF_SIZE`), the mean over the candidates whose larger part lies in it, where it is of
    more than one.

    Parameters
    ----------
    values
        A row a candidate that fails no condition, a column an indicator; NaN where not known.
    district
        The candidates' districts; missing where there is none.
    indicators
        With their references.
    measured
        How the candidates' values were measured.
    ground
        The layers.
    districts
        Polygons with ``name``, in the CRS of the ground; None: means alone.
    lang
        Language of the labels.

    Returns
    -------
    pandas.DataFrame
        A row a zone and indicator that has a value: ``zone, level`` (city, of the zone ``all``, or district), ``indicator,
        label, value, points`` (what the value would score), ``of`` (``measured`` or ``candidates``) and ``candidates`` (of a
        mean: over how many).

    Examples
    --------
    >>> from jxgis.scoring.indicators import Indicator
    >>> values = pd.DataFrame({"lit": [80.0, 40.0, np.nan]})
    >>> home = pd.Series(["东", "东", "西"])
    >>> found = average_indicators(values, home, [Indicator("lit", "", 1, target=80)], measured={}, ground=IndicatorInputs({}))
    >>> found[["zone", "value", "points", "of", "candidates"]].values.tolist()
    [['all', 60.0, 75.0, 'candidates', 2], ['东', 60.0, 75.0, 'candidates', 2]]
    """
    import geopandas as gpd

    names: list[str] = [] if districts is None else [str(name) for name in dict.fromkeys(districts["name"].dropna())]
    zones = pd.DataFrame({"zone": [ALL, *names], "level": ["city", *["district"] * len(names)]})
    fit = [i for i in indicators if _of_zones(measured.get(i.id))]
    own: dict[str, pd.Series] = {}
    if districts is not None and fit:
        shapes = districts.geometry
        parts = [shapes[districts["name"].astype(str) == name].union_all() for name in names]
        table = gpd.GeoDataFrame(zones, geometry=[shapely.union_all(parts), *parts], crs=districts.crs)
        ways = {i.id: i.measures for i in fit}
        found = measure_indicators(table, ways, ground, percent=[i.id for i in fit if i.in_percent])
        own = {name: some.table["value"] for name, some in found.items()}
    zones = pd.concat([zones, _further(district, names)], ignore_index=True)
    rows = []
    for indicator in indicators:
        mean, n = _means(values[indicator.id], district, zones["zone"])
        value = own.get(indicator.id, mean * np.nan).reindex(zones.index)
        by_layer = value.notna()
        value = value.fillna(mean)
        rows.append(
            zones.assign(
                indicator=indicator.id,
                label=indicator.title(lang),
                value=value,
                points=score_values(value, indicator),
                of=np.where(by_layer, "measured", "candidates"),
                candidates=n.mask(by_layer),
            )
        )
    return pd.concat(rows, ignore_index=True).dropna(subset="value").reset_index(drop=True)


def _of_zones(measured: Measured | None) -> bool:
    """Whether a zone can be measured as candidates were; not where that would tell how many issues of some kind it has."""
    if measured is None or measured.how is None or measured.how.measure in _OF_SIZE:
        return False
    how = measured.how
    return not ("issues" in how.layers and how.where and how.measure in ("count_per_km2", "relative_density"))


def _further(district: pd.Series, names: Sequence[str]) -> pd.DataFrame:
    """Districts that candidates name and no layer has."""
    other = [name for name in dict.fromkeys(district.dropna().astype(str)) if name not in names]
    return pd.DataFrame({"zone": other, "level": "district"})


def _means(values: pd.Series, district: pd.Series, zones: pd.Series) -> tuple[pd.Series, pd.Series]:
    """The mean over the candidates of each zone, of one alone none, and over how many."""
    home = district.astype("str").to_numpy()
    mean, n = [], []
    for zone in zones:
        mine = values.dropna() if zone == ALL else values[home == zone].dropna()
        mean.append(float(mine.mean()) if len(mine) > 1 else np.nan)
        n.append(len(mine))
    return pd.Series(mean, index=zones.index), pd.Series(n, index=zones.index)
