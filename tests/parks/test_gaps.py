import geopandas as gpd
import pytest
from shapely.geometry import Point, box

from jxgis.errors import CrsError
from jxgis.parks.gaps import blind_spots


def unserved(shapes, zones, **more):
    table = gpd.GeoDataFrame({"zone": zones, **more}, geometry=shapes, crs=4549)
    return table.assign(m2=table.area)


ROW = [box(x, 0, x + 100, 100) for x in (0, 150, 400, 1000)]
NEAR = [box(x, 0, x + 100, 100) for x in (0, 150, 300, 1000)]


def test_neighbours_are_one_spot_within_their_zone():
    spots = blind_spots(unserved(NEAR, ["甲", "甲", "乙", "甲"]))
    assert spots["m2"].tolist() == [20_000, 10_000, 10_000]
    assert spots["parcels"].tolist() == [2, 1, 1]
    assert spots["m2"].sum() == 40_000
    assert spots["name"].tolist() == ["甲-1", "乙-1", "甲-2"]
    assert spots.loc[spots["zone"] == "甲", "share"].tolist() == pytest.approx([2 / 3, 1 / 3])


def test_people_rank_before_area():
    spots = blind_spots(unserved(ROW, ["甲"] * 4, people=[1.0, 1.0, 50.0, 10.0]))
    assert spots["people"].tolist() == [50, 10, 2]
    assert spots["rank"].tolist() == [1, 2, 3]


def test_people_given_beside_the_housing_replace_its_own():
    """A layer of people is what every other figure counts: 5 of it stand on the spot of two parcels, nobody's 7 on none."""
    given = gpd.GeoDataFrame(
        {"people": [2.0, 3.0, 9.0, 7.0]}, geometry=[Point(x, 50) for x in (50, 200, 450, 700)], crs=4549
    )
    housing = unserved(ROW, ["甲"] * 4, people=[100.0, 1.0, 50.0, 10.0])
    spots = blind_spots(housing, people=given)
    assert spots[["m2", "people"]].to_numpy().tolist() == [[10_000, 9], [20_000, 5], [10_000, 0]]
    assert blind_spots(housing.drop(columns="people"), people=given)["people"].tolist() == [9, 5, 0]
    assert len(blind_spots(housing.iloc[:0], people=given)) == 0


def test_names_come_from_places_nearby():
    places = gpd.GeoDataFrame({"name": ["三水湾"]}, geometry=[Point(420, 1000)], crs=4549)
    spots = blind_spots(unserved(ROW, ["甲"] * 4), places=places)
    assert spots.set_index("parcels")["name"].loc[2] == "三水湾"
    assert sorted(spots["name"]) == ["三水湾", "三水湾 (2)", "甲-1"]
    for away, name in ((1000, "三水湾"), (1001, "甲-1")):
        beside = places.set_geometry([Point(450, 100 + away)], crs=4549)
        assert blind_spots(unserved(ROW[2:3], ["甲"]), places=beside)["name"].tolist() == [name]


def test_none_is_none():
    assert len(blind_spots(unserved([], []))) == 0


def test_degrees_are_refused():
    with pytest.raises(CrsError):
        blind_spots(unserved(ROW, ["甲"] * 4).set_crs(4326, allow_override=True))
