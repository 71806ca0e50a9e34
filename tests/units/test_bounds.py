"""Units bounded in more than their area."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
import shapely
from shapely import box

import jxgis
from jxgis.errors import InputError, SettingsError
from jxgis.settings import UnitSettings
from jxgis.units.delineate import delineate_units
from jxgis.units.section import map_line

CRS = 4549


def city(people, *, side=1000):
    """Blocks of one district in a row of rows, with their people."""
    people = np.asarray(people, dtype=float)
    rows, columns = people.shape
    cells = [box(x * side, y * side, (x + 1) * side, (y + 1) * side) for y in range(rows) for x in range(columns)]
    blocks = gpd.GeoDataFrame({"block_id": range(len(cells)), "people": people.ravel()}, geometry=cells, crs=CRS)
    district = gpd.GeoDataFrame({"name": ["甲"]}, geometry=[box(0, 0, columns * side, rows * side)], crs=CRS)
    return blocks, district


@pytest.mark.parametrize("seed", range(4))
def test_units_hold_what_they_may_of_both(seed):
    rng = np.random.default_rng(seed)
    blocks, district = city(rng.integers(0, 4000, (6, 8)))
    mean = blocks["people"].sum() / 14
    low, high = 0.7 * mean, 1.4 * mean
    plan = delineate_units(blocks, district, bounds={"people": {"min": low, "max": high}}, seed=seed)
    units = plan.units.set_index("unit_id")
    held = plan.blocks.groupby("unit_id")["people"].sum()
    assert units["in_bounds"].all()
    assert held.between(low, high).all()
    assert units["area_km2"].between(2, 5).all()
    assert units["people"].to_dict() == held.to_dict()
    free = delineate_units(blocks, district, seed=seed)
    assert not free.blocks.groupby("unit_id")["people"].sum().between(low, high).all()


def test_bounds_are_met_at_both_ends():
    """Of the plans of two units of 4 km² the compact one, left and right, has 400 and 800 people; that of rows 600 each."""
    blocks, district = city([[100, 100, 200, 200], [100, 100, 200, 200]])
    free = delineate_units(blocks, district, n_units={"甲": 2}, min_km2=4, max_km2=5)
    assert sorted(free.blocks.groupby("unit_id")["people"].sum()) == [400, 800]
    exact = {"people": {"min": 600, "max": 600}}
    plan = delineate_units(blocks, district, bounds=exact, n_units={"甲": 2}, min_km2=4, max_km2=5)
    assert plan.units["people"].tolist() == [600, 600]
    assert plan.units["in_bounds"].all()
    proof = plan.report.parts.iloc[0]
    assert proof["gap"] == 0


@pytest.mark.parametrize(
    ("people", "bounds", "reason"),
    [
        ([[100, 900, 100], [100, 100, 100]], {"max": 800}, "block_holds_too_much"),
        ([[10, 10, 10], [10, 10, 10]], {"min": 100}, "part_holds_too_little"),
        # Six square kilometres are two or three units; of 900 people with 400 to 440 each none are.
        ([[150, 150, 150], [150, 150, 150]], {"min": 400, "max": 440}, "bounds_indivisible"),
    ],
)
def test_what_cannot_be_divided_says_which_bound(people, bounds, reason):
    plan = delineate_units(*city(people), bounds={"people": bounds})
    assert reason in set(plan.units["reason"].dropna())
    assert not plan.units["in_bounds"].all()


def test_nearly_is_within_a_tenth_of_every_bound():
    blocks, district = city([[95, 95, 95]])
    near = delineate_units(blocks, district, bounds={"people": {"min": 300}})
    far = delineate_units(blocks, district, bounds={"people": {"min": 400}})
    assert near.units[["in_bounds", "nearly"]].to_numpy().tolist() == [[False, True]]
    assert far.units[["in_bounds", "nearly"]].to_numpy().tolist() == [[False, False]]


def test_people_and_issues_are_those_of_the_layers(tmp_path):
    _, district = city(np.zeros((4, 4)))
    spots = [(x * 1000 + 500, y * 1000 + 500) for y in range(4) for x in range(4)]
    population = gpd.GeoDataFrame({"people": np.arange(16) * 100.0}, geometry=shapely.points(spots), crs=CRS)
    issues = gpd.GeoDataFrame(
        {"issue_class": ["市容环境"] * 48}, geometry=shapely.points(np.repeat(spots, 3, axis=0)), crs=CRS
    )
    result = jxgis.propose_units(
        district,
        cell_m=1000,
        issues=issues,
        population=population,
        alternatives=False,
        bounds={"people": {"min": 1500, "max": 4500}, "issues": {"min": 6, "max": 15}},
    )
    assert result.units["in_bounds"].all()
    for name, total in (("people", 12000), ("issues", 48)):
        assert result.units[name].sum() == total
        assert result.blocks.groupby("unit_id")[name].sum().tolist() == result.units[name].tolist()
    assert result.units["people"].between(1500, 4500).all()
    result.write(tmp_path)
    written = gpd.read_file(tmp_path / "units.gpkg", layer="units")
    assert written["people"].sum() == 12000


def test_own_columns_are_bounded_under_their_name(tmp_path):
    blocks, district = city(np.full((3, 4), 10.0))
    own = blocks.rename(columns={"people": "shops"})
    result = jxgis.propose_units(district, blocks=own, alternatives=False, bounds={"shops": {"min": 30, "max": 50}})
    assert result.units["shops"].between(30, 50).all()
    result.write(tmp_path)
    assert "shops" in gpd.read_file(tmp_path / "units.gpkg", layer="units")


def test_a_bound_that_nothing_tells_is_refused():
    _, district = city(np.zeros((3, 4)))
    with pytest.raises(InputError, match="population"):
        jxgis.propose_units(district, cell_m=1000, bounds={"people": {"min": 1}})
    with pytest.raises(InputError, match="shops"):
        jxgis.propose_units(district, cell_m=1000, bounds={"shops": {"min": 1}})


@pytest.mark.parametrize("name", ["area_km2", "parts", "blocks", "people_per_km2"])
def test_no_column_of_units_is_bounded_under_another_meaning(name):
    blocks, district = city(np.ones((2, 3)))
    with pytest.raises(InputError, match=f"{name}.*min_km2|min_km2.*{name}"):
        delineate_units(blocks.assign(**{name: 1.0}), district, bounds={name: {"max": 9}})


def test_a_name_that_is_a_column_elsewhere_is_the_users_own_here(tmp_path):
    """``minutes`` is a column of other tables, with a title of theirs."""
    blocks, district = city(np.full((2, 3), 10.0))
    own = blocks.rename(columns={"people": "minutes"})
    result = jxgis.propose_units(district, blocks=own, alternatives=False, bounds={"minutes": {"max": 40}})
    result.write(tmp_path)
    assert " · minutes 至多 40 · " in map_line(result.given.settings.units, "zh")
    assert gpd.read_file(tmp_path / "units.gpkg", layer="units")["minutes"].sum() == 60


def test_negative_or_missing_numbers_are_refused():
    blocks, district = city([[1, 2, -3]])
    with pytest.raises(InputError, match="people"):
        delineate_units(blocks, district, bounds={"people": {"max": 5}})
    with pytest.raises(InputError, match="people: 1"):
        delineate_units(blocks.assign(people=[1, 2, None]), district, bounds={"people": {"max": 5}})


@pytest.mark.parametrize("bound", [{}, {"min": 5, "max": 4}, {"min": -1}, {"max": 0}, {"least": 3}])
def test_wrong_bounds_are_refused(bound):
    with pytest.raises(SettingsError):
        delineate_units(*city(np.ones((2, 2))), bounds={"people": bound})


@pytest.mark.parametrize(
    ("bound", "said"),
    [({"min": 8000, "max": 30000}, "人口 8,000–30,000"), ({"min": 0.5}, "人口至少 0.5"), ({"max": 9}, "人口至多 9")],
)
def test_maps_say_the_further_bounds(bound, said):
    assert f" · {said} · " in map_line(UnitSettings(bounds={"people": bound}), "zh")
