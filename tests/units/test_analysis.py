"""`jxgis units` from layers to tables: every plan is checked here by means of its own."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import networkx as nx
import numpy as np
import pandas as pd
import pytest
import shapely

from jxgis.city import load_city
from jxgis.errors import CrsError, InputError, SettingsError
from jxgis.units.analysis import propose_units
from jxgis.units.result import UnitsResult

CRS = 4549
CONTRACT_UNITS = ["unit_id", "district", "area_km2", "compactness", "in_bounds", "nearly", "reason"]


def districts_of(**polygons: shapely.Geometry) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame({"name": list(polygons)}, geometry=list(polygons.values()), crs=CRS)


def assert_plan(result: UnitsResult, districts: gpd.GeoDataFrame, *, low: float = 2.0, high: float = 5.0) -> None:
    """Contract columns, every block in one unit, contiguous by networkx, in bounds or with a reason, all covered."""
    units, blocks = result.units, result.blocks
    assert set(CONTRACT_UNITS) <= set(units.columns)
    assert units["unit_id"].is_unique
    assert blocks["block_id"].is_unique
    assert set(blocks["unit_id"]) == set(units["unit_id"])
    tree = shapely.STRtree(blocks.geometry.to_numpy())
    a, b = tree.query(blocks.geometry.to_numpy(), predicate="intersects")
    a, b = a[a < b], b[a < b]
    edge = shapely.length(shapely.intersection(blocks.geometry.to_numpy()[a], blocks.geometry.to_numpy()[b]))
    graph = nx.Graph()
    graph.add_nodes_from(range(len(blocks)))
    graph.add_edges_from(zip(a[edge >= 1].tolist(), b[edge >= 1].tolist(), strict=True))
    fence = districts.set_index("name").geometry
    for unit in units.itertuples():
        rows = np.flatnonzero((blocks["unit_id"] == unit.unit_id).to_numpy())
        assert nx.is_connected(graph.subgraph(rows.tolist())), unit.unit_id
        assert set(blocks["district"].iloc[rows]) == {unit.district}
        assert unit.geometry.difference(fence[unit.district].buffer(0.01)).area == 0
        # Areas are rounded to a square metre in the table.
        assert blocks.area.iloc[rows].sum() / 1e6 == pytest.approx(unit.area_km2, abs=1e-6)
        inside = low <= unit.area_km2 <= high
        assert unit.in_bounds == inside
        assert unit.nearly == (not inside and 0.9 * low <= unit.area_km2 <= 1.1 * high)
        assert pd.isna(unit.reason) == inside, unit.unit_id
        assert unit.compactness == pytest.approx(4 * np.pi * unit.geometry.area / unit.geometry.length**2, rel=1e-6)
    for name, district in fence.items():
        area = units.geometry[units["district"] == name].area.sum()
        assert area == pytest.approx(district.area, rel=1e-6), name


@pytest.fixture(scope="module")
def jiaxing(real_dir: Path) -> gpd.GeoDataFrame:
    """The 12 districts, dissolved from the real townships by the profile's crosswalk."""
    towns = pd.concat([gpd.read_file(real_dir / "jiaxing" / f"{name}.json") for name in ("nanhu", "xiuzhou")])
    towns = towns.to_crs(CRS).set_geometry(towns.to_crs(CRS).make_valid())
    district: dict[str, str] = {}
    for row in load_city("jiaxing").crosswalk.itertuples():
        aliases = row.aliases.split(";") if isinstance(row.aliases, str) else row.aliases
        district |= dict.fromkeys([row.subdistrict, *aliases], row.district)
    towns = towns.assign(name=towns["name"].map(district))
    return towns[["name", "geometry"]].dissolve("name").reset_index()


@pytest.mark.real
@pytest.mark.slow
def test_real_jiaxing_by_cells_is_in_bounds_wherever_that_can_be(jiaxing: gpd.GeoDataFrame) -> None:
    assert len(jiaxing) == 12
    result = propose_units(jiaxing, cell_m=200, alternatives=False)
    assert_plan(result, jiaxing)
    assert result.blocks_from == "grid"
    # Only the exclave of 东栅, 1.55 km² and cut off, cannot hold 2 km².
    misfits = result.units[~result.units["in_bounds"]]
    assert misfits["district"].tolist() == ["东栅"]
    assert misfits["area_km2"].iloc[0] == pytest.approx(1.548, abs=0.005)
    assert misfits["reason"].tolist() == ["exclave_below_min"]


@pytest.mark.real
@pytest.mark.slow
def test_real_cambridge_by_street_blocks(real_dir: Path) -> None:
    folder = real_dir / "cambridge"
    districts = gpd.read_file(folder / "BOUNDARY_CDDNeighborhoods.geojson").to_crs(26986)
    districts = districts.rename(columns={"NAME": "name"})[["name", "geometry"]]
    streets = gpd.read_file(folder / "TRANS_Centerlines.geojson").to_crs(26986)[["geometry"]]
    # The neighbourhoods are 0.6 to 3.2 km²: bounds of a tenth of the plan's divide every one of them.
    result = propose_units(districts, streets=streets, min_km2=0.2, max_km2=0.5, target_km2=0.35, alternatives=False)
    assert_plan(result, districts, low=0.2, high=0.5)
    assert result.blocks_from == "streets"
    assert result.units["in_bounds"].all()
    # Within the plan's own bounds only two neighbourhoods can hold a unit; of the others it is proven.
    whole = propose_units(districts, streets=streets, alternatives=False)
    assert_plan(whole, districts)
    assert whole.units["in_bounds"].sum() == 2
    assert set(whole.units["reason"].dropna()) == {"district_below_min"}


def test_layers_enter_the_plan_and_its_measures() -> None:
    districts = districts_of(甲=shapely.box(0, 0, 4000, 2500))
    rng = np.random.default_rng(0)
    points = np.vstack([rng.uniform((0, 0), (2000, 2500), (400, 2)), rng.uniform((2000, 0), (4000, 2500), (40, 2))])
    issues = gpd.GeoDataFrame({"issue_class": ["市容环境"] * 440}, geometry=list(shapely.points(points)), crs=CRS)
    streets = [f"LINESTRING ({x} -10, {x} 2510)" for x in range(500, 4000, 500)]
    streets += [f"LINESTRING (-10 {y}, 4010 {y})" for y in range(500, 2500, 500)]
    roads = gpd.GeoDataFrame(geometry=list(shapely.from_wkt(streets)), crs=CRS)
    result = propose_units(districts, streets=roads, issues=issues, compactness=0.02, alternatives=False)
    assert_plan(result, districts)
    assert len(result.blocks) == 40
    # One class only: its share is the same everywhere and says nothing.
    assert result.report.attributes == ("issues_per_km2",)
    assert result.report.constant == ("mix_市容环境",)
    assert result.units["issues"].sum() == 440
    assert (result.units["barrier_share"] == 1).all()
    spread = (result.units["within_variance"] * result.units["area_km2"]).sum() / result.units["area_km2"].sum()
    # The standardised attribute has variance 1 over the city: what is left inside is the share of squares.
    assert spread == pytest.approx(result.report.ssd_share, rel=1e-9)


def test_alternatives_say_how_stable_each_border_of_the_plan_is() -> None:
    districts = districts_of(甲=shapely.box(0, 0, 5000, 3000), 乙=shapely.box(5000, 0, 6500, 2000))
    result = propose_units(districts, cell_m=500, alternatives=True)
    assert_plan(result, districts)
    borders, units = result.borders, result.units.set_index("unit_id")
    assert borders is not None
    assert result.alternatives is not None
    assert len(result.alternatives) == 4
    # Five plans, this one among them.
    assert set((borders["stability"] * 5).round(9)) <= {1, 2, 3, 4, 5}
    assert borders["length_m"].sum() * 2 == pytest.approx(units["inner_border_m"].sum())
    # 乙 is one unit of 3 km²: without a border inside its district there is nothing to be stable.
    assert units.loc[units["district"] == "乙", "stability"].isna().all()
    inner = units.loc[units["district"] == "甲", "stability"]
    assert inner.between(borders["stability"].min(), borders["stability"].max()).all()
    assert propose_units(districts, cell_m=500, alternatives=False).borders is None


def test_street_faces_are_cut_finer_only_where_a_district_needs_it() -> None:
    """甲 is faces of 4.5 and 0.9 km²: no whole number of them holds 2 to 5, unless the large one is cut."""
    districts = districts_of(甲=shapely.box(0, 0, 3000, 1800), 乙=shapely.box(3000, 0, 6000, 1500))
    roads = gpd.GeoDataFrame(geometry=[shapely.LineString([(2500, -10), (2500, 1810)])], crs=CRS)
    result = propose_units(districts, streets=roads, alternatives=False)
    assert_plan(result, districts)
    assert result.cut_finer == ("甲",)
    assert result.units["in_bounds"].all()
    assert (result.blocks["district"] == "乙").sum() == 1


def test_attributes_may_be_chosen_among_those_of_the_layers() -> None:
    districts = districts_of(甲=shapely.box(0, 0, 4000, 2500))
    points = shapely.points(np.random.default_rng(1).uniform((0, 0), (4000, 2500), (60, 2)))
    issues = gpd.GeoDataFrame({"issue_class": ["a", "b"] * 30}, geometry=list(points), crs=CRS)
    every = propose_units(districts, issues=issues, cell_m=500, alternatives=False)
    assert every.report.attributes == ("issues_per_km2", "mix_a", "mix_b")
    # Density and mix count as one attribute each, the mix in two halves: 2 is the variance of the city.
    spread = np.average(every.units["within_variance"], weights=every.units["area_km2"])
    assert spread == pytest.approx(2 * every.report.ssd_share, rel=1e-9)
    assert propose_units(
        districts, issues=issues, cell_m=500, attributes=["mix_a"], alternatives=False
    ).report.attributes == ("mix_a",)
    assert (
        "similarity"
        not in propose_units(districts, issues=issues, cell_m=500, attributes=(), alternatives=False).report.terms
    )


def test_own_blocks_keep_what_they_carry() -> None:
    districts = districts_of(甲=shapely.box(0, 0, 4000, 2000))
    cells = [shapely.box(x, y, x + 1000, y + 1000) for x in range(0, 4000, 1000) for y in (0, 1000)]
    own = gpd.GeoDataFrame(
        {"block_id": range(8), "people": range(8), "社区": list("abcdefgh")}, geometry=cells, crs=CRS
    )
    result = propose_units(districts, blocks=own, attributes=["people"], alternatives=False)
    assert_plan(result, districts)
    assert result.blocks_from == "own"
    assert result.blocks["社区"].tolist() == list("abcdefgh")
    assert result.report.attributes == ("people",)
    assert result.blocks.columns[:3].tolist() == ["block_id", "unit_id", "district"]


def test_own_blocks_drawn_loosely_are_snapped_as_far_as_they_are_trusted() -> None:
    districts = districts_of(甲=shapely.box(0, 0, 4000, 2000))
    cells = [shapely.box(x + 8, y, x + 1000, y + 1000) for x in range(0, 4000, 1000) for y in (0, 1000)]
    own = gpd.GeoDataFrame({"block_id": list("abcdefgh")}, geometry=cells, crs=CRS)
    with pytest.raises(InputError, match="now 1 m"):
        propose_units(districts, blocks=own, alternatives=False)
    result = propose_units(districts, blocks=own, snap_m=10, alternatives=False)
    assert_plan(result, districts)
    assert len(result.blocks) == 8


def test_a_block_of_one_s_own_above_the_maximum_is_a_unit_with_its_reason() -> None:
    districts = districts_of(甲=shapely.box(0, 0, 5000, 2000))
    cells = [shapely.box(0, 0, 3000, 2000), *[shapely.box(x, 0, x + 500, 2000) for x in range(3000, 5000, 500)]]
    own = gpd.GeoDataFrame({"block_id": list("abcde")}, geometry=cells, crs=CRS)
    result = propose_units(districts, blocks=own, alternatives=False)
    assert_plan(result, districts)
    large = result.units[result.units["area_km2"] > 5]
    assert large["area_km2"].tolist() == [6.0]
    assert result.blocks.loc[result.blocks["unit_id"] == large["unit_id"].iloc[0], "block_id"].tolist() == ["a"]


@pytest.mark.parametrize(
    ("side_km", "units"), [(1.2**0.5, 1), (4.2**0.5, 1), (1.9**0.5, 1), (8.0**0.5, 2)], ids=["1.2", "4.2", "1.9", "8"]
)
def test_areas_that_no_or_one_number_of_units_divides(side_km: float, units: int) -> None:
    districts = districts_of(甲=shapely.box(0, 0, side_km * 1000, side_km * 1000))
    result = propose_units(districts, cell_m=200, alternatives=False)
    assert_plan(result, districts)
    assert len(result.units) == units


def test_same_seed_same_units() -> None:
    districts = districts_of(甲=shapely.box(0, 0, 4000, 4000), 乙=shapely.box(4000, 0, 7000, 4000))
    one = propose_units(districts, cell_m=500, seed=3, alternatives=False)
    two = propose_units(districts.iloc[::-1], cell_m=500, seed=3, alternatives=False)
    left = one.blocks.set_index("block_id")["unit_id"]
    assert left.to_dict() == two.blocks.set_index("block_id")["unit_id"].to_dict()


def test_bad_input_is_refused_with_one_message() -> None:
    districts = districts_of(甲=shapely.box(0, 0, 4000, 4000))
    with pytest.raises(SettingsError, match="min_km2"):
        propose_units(districts, min_km2=5, max_km2=2, alternatives=False)
    with pytest.raises(InputError, match="density"):
        propose_units(districts, attributes=["density"], alternatives=False)
    some = gpd.GeoDataFrame({"issue_class": ["a"]}, geometry=[shapely.Point(9, 9)], crs=CRS)
    with pytest.raises(InputError, match="numeric columns are: issues_per_km2, mix_a"):
        propose_units(districts, issues=some, attributes=["density"], alternatives=False)
    with pytest.raises(InputError, match="overlap"):
        propose_units(
            districts_of(甲=shapely.box(0, 0, 4000, 4000), 乙=shapely.box(3000, 0, 7000, 4000)), alternatives=False
        )
    with pytest.raises(CrsError, match="issues"):
        propose_units(
            districts,
            issues=gpd.GeoDataFrame({"issue_class": ["a"]}, geometry=[shapely.Point(0, 0)], crs=4326),
            alternatives=False,
        )


def test_issues_without_a_class_give_their_density_alone():
    issues = gpd.GeoDataFrame(geometry=gpd.points_from_xy([100, 200, 3000], [100, 100, 1900]), crs=CRS)
    found = propose_units(districts_of(甲=shapely.box(0, 0, 3500, 2000)), issues=issues, cell_m=500, alternatives=False)
    assert found.report.attributes == ("issues_per_km2",)
    assert "issue_class" not in issues.columns
