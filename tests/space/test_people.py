"""People in polygons against counting by hand and by plain loops."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
import shapely

from jxgis.errors import CrsError, InputError
from jxgis.space.people import people_in

CRS = 4549
ROW = gpd.GeoDataFrame(geometry=list(shapely.box(np.arange(4) * 1000, 0, np.arange(4) * 1000 + 1000, 1000)), crs=CRS)


def test_people_at_points_are_counted_where_they_stand() -> None:
    spots = list(shapely.points([[10, 10], [2500, 10], [990, 10], [9999, 10], [3500, 10], [1000, 500]]))
    people = gpd.GeoDataFrame({"people": [1.0, 2.0, 4.0, 8.0, np.nan, 16.0]}, geometry=spots, crs=CRS)
    # The last stands on a border: the first of the two has it.
    assert people_in(ROW, people).tolist() == [21, 0, 2, 0]


def test_people_of_polygons_are_spread_evenly_and_points_are_added() -> None:
    rng = np.random.default_rng(1)
    x, y = rng.uniform(-300, 4000, 40), rng.uniform(-300, 1000, 40)
    homes = gpd.GeoDataFrame({"n": rng.uniform(0, 90, 40)}, geometry=list(shapely.box(x, y, x + 400, y + 300)), crs=CRS)
    homes.loc[3, "n"] = np.nan
    expected = [
        sum(
            n * zone.intersection(home).area / home.area
            for n, home in zip(homes["n"].fillna(0), homes.geometry, strict=True)
        )
        for zone in ROW.geometry
    ]
    np.testing.assert_allclose(people_in(ROW, homes, "n"), expected, rtol=1e-12)
    point = gpd.GeoDataFrame({"n": [7.0]}, geometry=[shapely.Point(5, 5)], crs=CRS)
    both = gpd.GeoDataFrame(np.concatenate([homes[["n", "geometry"]], point]), columns=["n", "geometry"], crs=CRS)
    both["n"] = both["n"].astype(float)
    np.testing.assert_allclose(people_in(ROW, both, "n"), np.add(expected, [7, 0, 0, 0]), rtol=1e-12)


def test_people_are_none_lost_where_polygons_tile() -> None:
    home = gpd.GeoDataFrame({"people": [1000]}, geometry=[shapely.Point(2000, 500).buffer(400)], crs=CRS)
    assert people_in(ROW, home).sum() == pytest.approx(1000, rel=1e-12)


def test_bad_input_is_named() -> None:
    home = gpd.GeoDataFrame({"people": ["12"]}, geometry=[shapely.box(0, 0, 1, 1)], crs=CRS)
    with pytest.raises(InputError, match="no column residents"):
        people_in(ROW, home, "residents")
    with pytest.raises(InputError, match="not numeric"):
        people_in(ROW, home)
    with pytest.raises(CrsError):
        people_in(ROW, home.assign(people=1).to_crs(32651))


def test_people_of_several_points_are_shared_among_them():
    halves = gpd.GeoDataFrame(geometry=[shapely.box(0, 0, 1, 1), shapely.box(1, 0, 2, 1)], crs=4549)
    three = shapely.MultiPoint([(0.5, 0.5), (1.5, 0.5), (1.6, 0.6)])
    people = gpd.GeoDataFrame({"people": [9, 4]}, geometry=[three, shapely.box(0, 0, 2, 1)], crs=4549)
    assert people_in(halves, people).tolist() == [5.0, 8.0]
    with pytest.raises(InputError, match="row 0"):
        people_in(halves, people.set_geometry([shapely.LineString([(0, 0), (1, 1)]), halves.geometry[0]], crs=4549))
