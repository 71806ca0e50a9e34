"""The schematic city as it changes: places that come, fade, are mended or only patrolled more, and a month that is lost."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely

from jxgis.demo._city import SEED, make_city
from jxgis.demo._issues import follow_people, read_changes, read_hot_spots
from jxgis.demo._plan import EPSG

if TYPE_CHECKING:
    import geopandas as gpd

    from jxgis.demo._city import SchematicCity

__all__ = ["make_changing_city"]

_LEFT = 0.25
"""Share of its cases that a place which fades has left at its end."""
_LAST_YEAR = "2023"
_PATROL_HOURS = 30_000
"""Hours of patrols in the last year; those on the beat that is patrolled more come on top."""


def make_changing_city(*, seed: int = SEED) -> SchematicCity:
    """Draw the schematic city with change planted in its three years, and without spoiled rows.

    Its hot spots stay hot throughout, as in `make_city`. Beside them one place becomes hot, one fades month by month, one is
    mended from one month to the next, and one has more cases for more patrols alone. Nothing is left of one month.

    Parameters
    ----------
    seed
        Same seed, same city.

    Returns
    -------
    SchematicCity
        With ``changes``, the truth of it, and ``patrols``.

    Examples
    --------
    >>> city = make_changing_city()
    >>> city.changes.loc[0, ["name", "kind"]].tolist(), f"{city.changes.loc[0, 'start']:%Y-%m-%d}"
    (['穆家桥', 'emerges'], '2023-05-01')
    """
    rng = np.random.default_rng([seed, 4000])
    lasting, changes = read_hot_spots(), read_changes()
    city = make_city(seed=seed, hot_spots=pd.concat([lasting, changes.dropna(subset="name")], ignore_index=True))
    city = _without_flaws(city)
    reported = pd.to_datetime(city.issues["上报时间"])
    kept, source = np.ones(len(reported), dtype=bool), city.issues["问题来源"].copy()
    for number, change in enumerate(changes.to_dict("records"), len(lasting)):
        within = reported.between(change["start"], change["end"], inclusive="left").to_numpy()
        if change["kind"] == "missing":
            kept &= ~within
            continue
        own = (city.cases["hot_spot"] == number).to_numpy()
        gone = ((reported - change["start"]) / (change["end"] - change["start"])).to_numpy()
        left = 1 - (1 - _LEFT) * gone if change["kind"] == "fades" else np.ones(len(gone))
        kept &= ~own | (within & (rng.random(len(own)) < left))
        if pd.notna(change["source"]):
            source[own] = change["source"]
    city = replace(
        city,
        issues=city.issues.assign(问题来源=source)[kept].reset_index(drop=True),
        cases=city.cases[kept].reset_index(drop=True),
        changes=changes,
    )
    beat = len(lasting) + int(changes.index[changes["kind"] == "patrolled"][0])
    return replace(city, patrols=_patrols(rng, city, beat), hot_spots=city.hot_spots.iloc[: len(lasting)])


def _without_flaws(city: SchematicCity) -> SchematicCity:
    sound = np.setdiff1d(np.arange(len(city.issues)), city.flaws["row"].to_numpy())
    issues, cases = (table.iloc[sound].reset_index(drop=True) for table in (city.issues, city.cases))
    return replace(city, issues=issues, cases=cases, flaws=city.flaws.iloc[:0])


def _patrols(rng: np.random.Generator, city: SchematicCity, beat: int) -> gpd.GeoDataFrame:
    """Where patrols were in the last year, an hour a point: so often that an hour finds as much on the beat as elsewhere.

    ``beat`` is the number of the spot that is patrolled more.
    """
    import geopandas as gpd

    patrols = (city.issues["问题来源"] == "采集员上报") & (city.issues["上报时间"] >= _LAST_YEAR)
    usual, more = ((patrols & (city.cases["hot_spot"] == spot)).sum() for spot in (-1, beat))
    around = shapely.union_all(city.districts.geometry.to_numpy())
    points = follow_people(rng, _PATROL_HOURS, residential=city.residential, streets=city.streets, city=around)
    x, y, reach_m = city.hot_spots.loc[beat, ["x", "y", "radius_m"]]
    further = round(_PATROL_HOURS * more / usual)
    radius, angle = reach_m * np.sqrt(rng.random(further)), rng.uniform(0, 2 * np.pi, further)
    points = np.vstack([points, np.column_stack([x + radius * np.cos(angle), y + radius * np.sin(angle)])])
    return gpd.GeoDataFrame(geometry=shapely.points(points), crs=EPSG)
