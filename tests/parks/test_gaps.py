import geopandas as gpd
import pytest
from shapely.geometry import Point, box

from jxgis.errors import CrsError, InputError
from jxgis.parks.gaps import blind_spots


def unserved(shapes, zones, **more):
    table = gpd.GeoDataFrame({"zone": zones, **more}, geometry=shapes, crs=4549)
    return table.assign(m2=table.area)


ROW = [box(x, 0, x + 100, 100) for x in (0, 150, 400, 1000)]


def test_neighbours_are_one_spot_within_their_zone():
    spots = blind_spots(unserved(ROW, ["甲", "甲", "乙", "甲"]), join_m=200)
    assert spots["m2"].tolist() == [20_000, 10_000, 10_000]
    assert spots["parcels"].tolist() == [2, 1, 1]
    assert spots["m2"].sum() == 40_000
    assert spots["name"].tolist() == ["甲-1", "乙-1", "甲-2"]
    assert spots.loc[spots["zone"] == "甲", "share"].tolist() == pytest.approx([2 / 3, 1 / 3])


def test_people_rank_before_area():
    spots = blind_spots(unserved(ROW, ["甲"] * 4, people=[1.0, 1.0, 50.0, 10.0]), join_m=0)
    assert spots["people"].tolist() == [50, 10, 1, 1]
    assert spots["rank"].tolist() == [1, 2, 3, 4]


def test_names_come_from_places_nearby():
    places = gpd.GeoDataFrame({"name": ["三水湾"]}, geometry=[Point(420, 300)], crs=4549)
    spots = blind_spots(unserved(ROW, ["甲"] * 4), places=places, join_m=60, name_m=500)
    assert spots.set_index("parcels")["name"].loc[2] == "三水湾"
    assert sorted(spots["name"]) == ["三水湾", "三水湾-2", "甲-1"]
    # A place inside is near enough at any distance; at none, none is looked for.
    inside = places.set_geometry([Point(450, 50)], crs=4549)
    for name_m, name in ((0.5, "三水湾"), (0, "甲-1")):
        (spot,) = blind_spots(unserved(ROW[2:3], ["甲"]), places=inside, name_m=name_m)["name"]
        assert spot == name


def test_small_ones_are_left_out_on_request_and_none_is_none():
    assert len(blind_spots(unserved(ROW, ["甲"] * 4), join_m=60, min_m2=15_000)) == 1
    assert len(blind_spots(unserved([], []))) == 0


def test_wrong_input_is_refused():
    with pytest.raises(CrsError):
        blind_spots(unserved(ROW, ["甲"] * 4).set_crs(4326, allow_override=True))
    with pytest.raises(InputError, match="join_m"):
        blind_spots(unserved(ROW, ["甲"] * 4), join_m=-1)
