"""The schematic city as one object: every table, and the truth about what was planted in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely

if TYPE_CHECKING:
    from collections.abc import Sequence

    import geopandas as gpd

    from jxgis.demo._issues import Cases

__all__ = ["SEED", "SchematicCity", "make_city"]

SEED = 20231230
"""The seed of the shipped ``data/``."""


@dataclass(frozen=True, eq=False)
class SchematicCity:
    """Everything that was drawn. Polygons, lines and points are in EPSG:4549.

    Attributes
    ----------
    subdistricts
        ``name, code``: sixteen, uncut, each of its public area.
    districts
        ``name``: twelve, clipped to the central city.
    central_city
        One polygon of 385 km².
    communities
        ``name, within``: two to six of each sub-district, as far as it lies in the central city.
    streets
        ``name, road_class`` (主干路, 次干路, 支路).
    waters
        ``name, kind`` (湖泊, 河道).
    parks
        ``park_id, name, kind``: parcels; ids and names are missing for some.
    residential
        ``name, people``.
    vacant
        ``name``: plots where a park could be.
    historic
        ``name``: the old town inside 环城河.
    ring
        ``name``: what 中环 encloses.
    places
        ``name, kind``: points to name things after.
    candidates
        ``candidate_id, name, type`` and the bureau's own figures.
    further
        The further layers of the plan, by their names in Jiaxing's profile.
    weak_before
        ``rank, name, kind``: the weak areas of last year's list.
    values
        What people would bring for the plan's scorecard, as the sheet has it.
    issues
        The export as the platform writes it: Chinese headers, all text, GCJ-02; flaws included. The index is 0-based.
    cases
        One row a row of ``issues``, the truth behind it: ``x, y`` (EPSG:4549), ``issue_class``, ``hot_spot`` (number of
        the planted spot, -1 for background).
    hot_spots
        What was planted: ``name, issue_class`` (``all``: every class), ``lon, lat`` (WGS-84), ``x, y`` (EPSG:4549),
        ``radius_m, relative_risk, background, planted``.
    flaws
        Spoiled rows: ``row`` (0-based in ``issues``), ``kind``, ``expect``.
    changes
        What changes in `jxgis.demo.make_changing_city`: ``name, kind, issue_class, lon, lat, radius_m, relative_risk, start,
        end, source``; None where nothing does.
    patrols
        An hour of patrols a point, of the last year; None where nothing changes.
    """

    subdistricts: gpd.GeoDataFrame
    districts: gpd.GeoDataFrame
    central_city: gpd.GeoDataFrame
    communities: gpd.GeoDataFrame
    streets: gpd.GeoDataFrame
    waters: gpd.GeoDataFrame
    parks: gpd.GeoDataFrame
    residential: gpd.GeoDataFrame
    vacant: gpd.GeoDataFrame
    historic: gpd.GeoDataFrame
    ring: gpd.GeoDataFrame
    places: gpd.GeoDataFrame
    candidates: gpd.GeoDataFrame
    further: dict[str, gpd.GeoDataFrame]
    weak_before: gpd.GeoDataFrame
    values: pd.DataFrame
    issues: pd.DataFrame
    cases: pd.DataFrame
    hot_spots: pd.DataFrame
    flaws: pd.DataFrame
    changes: pd.DataFrame | None = None
    patrols: gpd.GeoDataFrame | None = None


def make_city(
    *,
    seed: int = SEED,
    plants: bool = True,
    background: int | None = None,
    hot_spots: pd.DataFrame | None = None,
) -> SchematicCity:
    """Draw the schematic city.

    Parameters
    ----------
    seed
        Same seed, same city.
    plants
        Whether hot spots are planted; without them cases follow people and streets alone.
    background
        Number of background cases; None: as many as in the shipped data.
    hot_spots
        What is planted; None: the spots of the shipped data.

    Returns
    -------
    SchematicCity

    Examples
    --------
    >>> city = make_city(background=2000)
    >>> len(city.subdistricts), round(city.central_city.area.sum() / 1e6)
    (16, 385)
    """
    from jxgis.demo._areas import make_areas, make_communities
    from jxgis.demo._before import make_weak_before
    from jxgis.demo._brought import make_values
    from jxgis.demo._candidates import make_candidates
    from jxgis.demo._further import make_further
    from jxgis.demo._issues import BACKGROUND, make_cases, read_hot_spots
    from jxgis.demo._land import make_land
    from jxgis.demo._plan import make_lattice
    from jxgis.demo._streets import make_ring, make_streets
    from jxgis.demo._waters import make_waters

    # One stream of chance a part: a change in one part leaves the others as they were.
    chance = [np.random.default_rng([seed, part]) for part in range(8)]
    areas = make_areas()
    lattice = make_lattice(chance[0])
    waters, plan_waters = make_waters(chance[1], lattice, outline=areas.plan_outline)
    lakes = shapely.union_all(plan_waters.loc[plan_waters["kind"] == "湖泊"].geometry.to_numpy())
    streets = make_streets(chance[2], lattice, outline=areas.plan_outline, lakes=lakes)
    land = make_land(chance[3], lattice, outline=areas.plan_outline, plan_waters=plan_waters)
    hot_spots = _located(read_hot_spots() if hot_spots is None else hot_spots)
    places = _places(hot_spots)
    cases, planted = make_cases(
        chance[5],
        residential=land.residential,
        streets=streets,
        districts=areas.districts,
        hot_spots=hot_spots if plants else hot_spots.iloc[:0],
        background=BACKGROUND if background is None else background,
    )
    middle = areas.central_city.geometry.iloc[0]
    further = make_further(seed, lattice, city=middle, streets=streets, waters=waters, residential=land.residential)
    return SchematicCity(
        subdistricts=areas.subdistricts,
        districts=areas.districts,
        central_city=areas.central_city,
        communities=make_communities(seed, areas),
        streets=streets,
        waters=waters,
        parks=land.parks,
        residential=land.residential,
        vacant=land.vacant,
        historic=land.historic,
        ring=make_ring(lattice),
        places=places,
        candidates=make_candidates(chance[4], lattice, areas.districts),
        further=further,
        weak_before=make_weak_before(seed, hot_spots, further, middle),
        values=make_values(seed, areas.districts["name"].tolist(), areas.subdistricts["name"].tolist()),
        hot_spots=planted,
        **_reported(chance[6:], cases, areas.subdistricts, streets, places),
    )


def _reported(
    chance: Sequence[np.random.Generator],
    cases: Cases,
    subdistricts: gpd.GeoDataFrame,
    streets: gpd.GeoDataFrame,
    places: gpd.GeoDataFrame,
) -> dict[str, pd.DataFrame]:
    """The export with its flaws, the truth behind each of its rows, and the list of the flaws."""
    from jxgis.city import load_city
    from jxgis.demo._export import make_export
    from jxgis.demo._flaws import plant_flaws

    profile = load_city("jiaxing")
    area_of = dict(zip(profile.districts["name"], profile.districts["area"], strict=True))
    crosswalk = profile.crosswalk
    export, order = make_export(
        chance[0],
        cases,
        subdistricts=subdistricts,
        areas={s: area_of[d] for s, d in zip(crosswalk["subdistrict"], crosswalk["district"], strict=True)},
        streets=streets,
        places=places,
    )
    issues, flaws = plant_flaws(chance[1], export)
    truth = order[issues.index.to_numpy()]
    behind = pd.DataFrame(
        {
            "x": cases.x[truth],
            "y": cases.y[truth],
            "issue_class": cases.issue_class[truth].astype("str"),
            "hot_spot": cases.spot[truth],
        }
    )
    return {"issues": issues.reset_index(drop=True), "cases": behind, "flaws": flaws}


def _located(table: pd.DataFrame) -> pd.DataFrame:
    import pyproj

    from jxgis.demo._plan import EPSG

    to_metres = pyproj.Transformer.from_crs(4490, EPSG, always_xy=True)
    x, y = to_metres.transform(table["lon"].to_numpy(), table["lat"].to_numpy())
    return table.assign(x=np.round(x, 2), y=np.round(y, 2))


def _places(hot_spots: pd.DataFrame) -> gpd.GeoDataFrame:
    """Names for a map and for hot places: the landmarks, and the places where something is planted."""
    import geopandas as gpd

    from jxgis.demo._issues import read_places
    from jxgis.demo._plan import EPSG

    spots = hot_spots.drop_duplicates("name").assign(kind="地名")
    table = _located(pd.concat([read_places(), spots[["name", "kind", "lon", "lat"]]], ignore_index=True))
    points = gpd.points_from_xy(table["x"], table["y"])
    return gpd.GeoDataFrame(table[["name", "kind"]], geometry=points, crs=EPSG)
