"""The further layers of the schematic city: those of the profile, their columns, their places, and what they lead to."""

from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely

from jxgis.city import load_city
from jxgis.demo import make_city
from jxgis.demo._further import FURTHER
from jxgis.indicators import layers_of
from jxgis.schema.layers import GEOMETRY_TYPES, layers
from jxgis.scoring.indicators import load_registry
from jxgis.settings import load_settings

DATA = Path(__file__).parents[2] / "data"


@pytest.fixture(scope="module")
def city():
    return make_city(background=2000)


@pytest.mark.parametrize("layer", FURTHER)
def test_each_layer_is_one_of_the_profile_s_and_holds_its_columns(city, layer):
    contract, table = load_city().layers[layer], city.further[layer]
    assert len(table)
    assert set(table.geom_type) <= GEOMETRY_TYPES[contract.geometry]
    assert set(table.columns) - {"geometry"} <= {column.name for column in contract.columns}
    assert table.is_valid.all()
    assert shapely.intersects(city.central_city.geometry.iloc[0].buffer(6000), table.geometry.to_numpy()).all()


def test_every_layer_that_a_default_indicator_names_is_drawn_and_read():
    settings = load_settings(DATA / "jxgis.toml")
    named = layers_of(way for indicator in load_registry().indicators for way in indicator.measures)
    for layer in (set(named) - {*layers()}) | {*FURTHER}:
        assert Path(getattr(settings.inputs, layer).path).is_file()


def test_the_plan_s_numbers_of_areas(city):
    numbers = {"design_areas": 16, "future_communities": 12, "style_areas": 22, "model_blocks": 9, "model_streets": 18}
    assert {layer: len(city.further[layer]) for layer in numbers} == numbers
    assert (city.further["style_areas"]["kind"] == "综合品质样板区").sum() == 2
    projects = city.further["projects"]
    assert set(projects["item"]) == {f"{k}" for k in range(1, 43)}
    totals = projects.groupby("item")["total"].sum()
    assert totals[["19", "22", "40", "42"]].tolist() == [12, 50, 15, 650]
    assert totals[["26", "30", "32"]].between(95, 105).all()  # in %: wholes, not the 15 or 90 of the plan
    assert (projects["done"] <= projects["total"]).all()


def test_what_a_bureau_would_bring_can_be_read_and_taken(city):
    from jxgis.load import load_layer
    from jxgis.scorecard import bring_values, load_plan
    from jxgis.space.levels import zones_by_level

    rows = load_layer("scorecard_values", DATA / "layers/plan/scorecard_values.csv")
    assert rows.rejects.empty
    assert rows.table["value"].fillna(0).tolist() == city.values["数值"].fillna(0).tolist()
    names = {name: name for name in city.subdistricts["name"]}
    found = bring_values(rows.table, load_plan().targets, zones_by_level(city.districts), subdistricts=names)
    assert len(found) == len(city.values)
    assert found["value"].notna().all()


def test_the_projects_are_read_as_what_they_were_drawn_for(city):
    from jxgis.load import load_layer
    from jxgis.scorecard import load_plan, project_progress
    from jxgis.space.levels import zones_by_level

    read = load_layer("projects", DATA / "layers/plan/projects.geojson", city=load_city()).table.to_crs(
        city.districts.crs
    )
    zones = zones_by_level(city.districts)
    found = project_progress(read, zones, load_plan().projects, year=2027).set_index(["zone", "project"]).loc["all"]
    drawn = city.further["projects"].astype({"item": "int"}).groupby("item")
    assert found["rows"].to_dict() == drawn.size().to_dict()
    assert found["done"].to_dict() == drawn["done"].sum().to_dict()


@pytest.mark.slow
def test_shaded_streets_and_roads_lie_on_the_streets(city):
    streets = shapely.union_all(city.streets.geometry.to_numpy())
    for layer in ("shaded_streets", "roads"):
        off = shapely.difference(shapely.union_all(city.further[layer].geometry.to_numpy()), streets.buffer(0.01))
        assert off.length < 1
    share = city.further["shaded_streets"].length.sum() / city.streets.length.sum()
    assert 0.7 < share < 0.9


def test_one_more_layer_leaves_the_others_as_they_are(city):
    """Each has a stream of chance of its own, and the shipped files are those that are drawn."""
    drawn = city.further["toilets"]
    shipped = gpd.read_file(DATA / "layers/plan/toilets.geojson").to_crs(4549)
    assert shipped["kind"].tolist() == drawn["kind"].tolist()
    assert np.hypot(shipped.geometry.x - drawn.geometry.x, shipped.geometry.y - drawn.geometry.y).max() < 0.02
