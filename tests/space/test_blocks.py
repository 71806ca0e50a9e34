"""Blocks tile their districts to the last square metre, whatever the districts look like."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from jxgis.errors import CrsError, InputError
from jxgis.space.blocks import grid_blocks, own_blocks, street_blocks

CRS = 4549
AREA_RTOL = 1e-6


def districts_of(**polygons: shapely.Geometry) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame({"name": list(polygons)}, geometry=list(polygons.values()), crs=CRS)


def streets_of(*lines: str) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(geometry=list(shapely.from_wkt(list(lines))), crs=CRS)


def assert_tiles(blocks: gpd.GeoDataFrame, districts: gpd.GeoDataFrame) -> None:
    """Every block connected and in one district; the sum and the union of the blocks are the district."""
    assert blocks["block_id"].is_unique
    assert (blocks.geom_type == "Polygon").all()
    assert blocks.geometry.is_valid.all()
    assert set(blocks["district"]) == set(districts["name"])
    for name, district in zip(districts["name"], districts.geometry, strict=True):
        own = blocks.geometry[blocks["district"] == name].to_numpy()
        assert shapely.area(own).sum() == pytest.approx(district.area, rel=AREA_RTOL)
        # With the sums equal, a symmetric difference of nothing leaves no room for overlaps or gaps.
        assert shapely.union_all(own).symmetric_difference(district).area <= AREA_RTOL * district.area
        assert shapely.coverage_is_valid(own)


star = st.builds(
    lambda radii, x, y: shapely.Polygon(
        [
            (x + r * np.cos(angle), y + r * np.sin(angle))
            for r, angle in zip(radii, np.linspace(0, 2 * np.pi, len(radii), endpoint=False), strict=True)
        ]
    ),
    st.lists(st.floats(300, 2000), min_size=3, max_size=12),
    st.floats(-1e6, 1e6),
    st.floats(-1e6, 4e6),
)


@given(polygon=star, cell_m=st.sampled_from([130.7, 200.0, 500.0]))
@settings(max_examples=40, deadline=None)
def test_grid_blocks_tile_any_polygon(polygon: shapely.Polygon, cell_m: float) -> None:
    districts = districts_of(甲=polygon)
    blocks = grid_blocks(districts, cell_m=cell_m)
    assert_tiles(blocks, districts)
    if len(blocks) > 1:
        assert blocks.area.min() >= 0.25 * cell_m**2


@given(polygon=star, seed=st.integers(0, 10_000))
@settings(max_examples=40, deadline=None)
def test_street_blocks_tile_any_polygon(polygon: shapely.Polygon, seed: int) -> None:
    rng = np.random.default_rng(seed)
    west, south, east, north = polygon.bounds
    ends = rng.uniform((west, south), (east, north), (12, 2, 2))
    streets = gpd.GeoDataFrame(geometry=list(shapely.linestrings(ends)), crs=CRS)
    districts = districts_of(甲=polygon)
    blocks = street_blocks(districts, streets=streets, max_km2=0.5)
    assert_tiles(blocks, districts)
    assert blocks.area.max() <= 0.5e6


def test_blocks_tile_two_districts_with_a_hole_and_an_exclave() -> None:
    hole = shapely.box(300, 300, 777, 640)
    left = shapely.union(shapely.box(0, 0, 1013, 1000).difference(hole), shapely.box(3000, 10, 3300, 333))
    districts = districts_of(甲=left, 乙=shapely.box(1013, 0, 1999, 990))
    blocks = grid_blocks(districts, cell_m=200)
    assert_tiles(blocks, districts)
    assert_tiles(street_blocks(districts, streets=streets_of("LINESTRING (-9 500, 9000 500)")), districts)


def test_whole_cells_are_named_after_the_grid_of_the_crs() -> None:
    blocks = grid_blocks(districts_of(甲=shapely.box(400, 600, 1000, 1000)), cell_m=200)
    for name, block in zip(blocks["block_id"], blocks.geometry, strict=True):
        column, line = (int(number) for number in name[1:].split("N"))
        assert block.equals(shapely.box(column * 200, line * 200, column * 200 + 200, line * 200 + 200))
    assert blocks["block_id"].iloc[0] == "E2N4"


def test_one_cell_cut_by_a_border_is_two_blocks_with_two_names() -> None:
    districts = districts_of(甲=shapely.box(0, 0, 100, 200), 乙=shapely.box(100, 0, 200, 200))
    blocks = grid_blocks(districts, cell_m=200)
    assert sorted(blocks["block_id"]) == ["E0N0", "E0N0-2"]
    assert sorted(blocks["district"]) == ["乙", "甲"]


def test_a_sliver_joins_the_neighbour_with_the_longest_common_edge() -> None:
    # A strip 20 m high above two cells: 100 m of it border on the left one, 200 m on the right one.
    districts = districts_of(甲=shapely.box(100, 0, 400, 220))
    blocks = grid_blocks(districts, cell_m=200)
    assert blocks.area.tolist() == [100 * 220, 200 * 220]


def test_dead_ends_and_loose_loops_leave_no_trace() -> None:
    districts = districts_of(甲=shapely.box(0, 0, 1000, 1000))
    with_dead_ends = streets_of("LINESTRING (500 -5, 500 1005)", "LINESTRING (500 300, 800 300, 800 700)")
    assert sorted(street_blocks(districts, streets=with_dead_ends).area) == [500_000, 500_000]


def test_traffic_islands_and_strips_between_carriageways_are_merged() -> None:
    districts = districts_of(甲=shapely.box(0, 0, 1000, 1000))
    carriageways = streets_of("LINESTRING (500 -5, 500 1005)", "LINESTRING (512 -5, 512 1005)")
    areas = sorted(street_blocks(districts, streets=carriageways).area)
    assert areas == pytest.approx([488_000, 512_000])


def test_water_cuts_by_its_shores() -> None:
    districts = districts_of(甲=shapely.box(0, 0, 1000, 1000))
    lake = gpd.GeoDataFrame(geometry=[shapely.box(200, 200, 600, 600)], crs=CRS)
    blocks = street_blocks(districts, streets=streets_of(), waters=lake)
    assert sorted(blocks.area) == [160_000, 840_000]


@pytest.mark.parametrize(("side_m", "pieces"), [(2236.0, 1), (2300.0, 2), (3900.0, 4)])
def test_a_face_above_the_maximum_is_cut_into_equal_parts(side_m: float, pieces: int) -> None:
    districts = districts_of(甲=shapely.box(0, 0, side_m, side_m))
    blocks = street_blocks(districts, streets=streets_of(), max_km2=5)
    assert_tiles(blocks, districts)
    assert len(blocks) == pieces
    # The place of a cut is found by bisection to 2**-40 of the axis: far below a square metre.
    np.testing.assert_allclose(blocks.area, side_m**2 / pieces, atol=1)


def test_a_wedge_is_cut_into_pieces_of_one_area() -> None:
    """Three pieces of a triangle: the cuts lie at square roots of a third, not at thirds."""
    wedge = shapely.Polygon([(0, 0), (3000, 0), (3000, 1000)])
    blocks = street_blocks(districts_of(甲=wedge), streets=streets_of(), max_km2=0.5 + 1e-6)
    np.testing.assert_allclose(blocks.area, wedge.area / 3, atol=1)
    assert blocks["block_id"].tolist() == ["B0001", "B0002", "B0003"]


def test_blocks_are_numbered_from_the_north_west() -> None:
    """Diagonal by diagonal, of one the western first."""
    districts = districts_of(甲=shapely.box(0, 0, 1000, 1000))
    blocks = street_blocks(
        districts, streets=streets_of("LINESTRING (500 -5, 500 1005)", "LINESTRING (-5 500, 1005 500)")
    )
    corners = [(250, 750), (250, 250), (750, 750), (750, 250)]
    assert [(round(at.x), round(at.y)) for at in blocks.centroid] == corners
    assert blocks["block_id"].tolist() == ["B0001", "B0002", "B0003", "B0004"]
    assert blocks.columns.tolist() == ["block_id", "district", "geometry"]


@pytest.mark.parametrize(("at", "faces"), [(49.99, 1), (50.0, 2)])
def test_a_face_below_half_a_hectare_is_merged_unless_told_otherwise(at: float, faces: int) -> None:
    """A face of 100 m by 49.99 m has 4,999 m²."""
    districts = districts_of(甲=shapely.box(0, 0, 1000, 100))
    assert len(street_blocks(districts, streets=streets_of(f"LINESTRING ({at} -5, {at} 105)"))) == faces


def test_no_face_is_too_small_where_no_least_area_or_width_is_asked_for() -> None:
    districts = districts_of(甲=shapely.box(0, 0, 1000, 1000))
    near_the_edge = streets_of("LINESTRING (1 -5, 1 1005)")
    blocks = street_blocks(districts, streets=near_the_edge, min_m2=0, min_width_m=0)
    assert sorted(blocks.area) == pytest.approx([1000, 999_000])


def test_same_blocks_whatever_the_order_of_the_streets() -> None:
    rng = np.random.default_rng(4)
    lines = list(shapely.linestrings(rng.uniform(-100, 3100, (40, 2, 2))))
    districts = districts_of(甲=shapely.box(0, 0, 3000, 3000))
    one = street_blocks(districts, streets=gpd.GeoDataFrame(geometry=lines, crs=CRS))
    two = street_blocks(districts, streets=gpd.GeoDataFrame(geometry=lines[::-1], crs=CRS))
    assert len(one) == len(two)
    np.testing.assert_allclose(one.area, two.area)


def test_heights_nulls_and_collections_among_the_lines_do_no_harm() -> None:
    shapes = [None, shapely.LineString(), *shapely.from_wkt([
        "LINESTRING Z (-9 500 5, 1009 500 7)",
        "GEOMETRYCOLLECTION (POINT (1 1), LINESTRING (500 -9, 500 1009))",
        "POINT (100 100)",
    ])]  # fmt: skip
    streets = gpd.GeoDataFrame(geometry=shapes, crs=CRS)
    districts = districts_of(甲=shapely.force_3d(shapely.box(0, 0, 1000, 1000), 9.0))
    blocks = street_blocks(districts, streets=streets)
    assert sorted(blocks.area) == [250_000] * 4
    assert not blocks.has_z.any()
    assert not grid_blocks(districts, cell_m=500).has_z.any()
    assert not own_blocks(districts.rename(columns={"name": "block_id"}), districts).has_z.any()


def test_inputs_are_left_alone() -> None:
    districts = districts_of(甲=shapely.box(0, 0, 1000, 1000))
    before = districts.copy()
    grid_blocks(districts, cell_m=200)
    assert districts.equals(before)
    assert list(districts.columns) == list(before.columns)


@pytest.mark.parametrize(
    ("districts", "words"),
    [
        (districts_of(甲=shapely.box(0, 0, 100, 100), 乙=shapely.box(90, 0, 200, 100)), "甲–乙 1,000 m²"),
        (districts_of(甲=shapely.box(0, 0, 1, 1)).rename(columns={"name": "n"}), "name"),
        (districts_of(甲=shapely.Point(0, 0)), "not polygons: 甲"),
        (districts_of(甲=shapely.from_wkt("POLYGON ((0 0, 9 9, 9 0, 0 9, 0 0))")), "make_valid"),
        (districts_of(甲=shapely.box(0, 0, 9, 9)).iloc[:0], "no rows"),
        (districts_of(甲=shapely.box(0, 0, 9, 9)).assign(name=[None]), "nulls"),
    ],
)
def test_bad_districts_are_named(districts: gpd.GeoDataFrame, words: str) -> None:
    with pytest.raises(InputError, match=words):
        grid_blocks(districts, cell_m=200)


def test_a_strip_of_drawing_noise_is_no_overlap() -> None:
    districts = districts_of(甲=shapely.box(0, 0, 1000, 1000), 乙=shapely.box(999.9, 0, 2000, 1000))
    assert set(grid_blocks(districts, cell_m=200)["district"]) == {"甲", "乙"}


def test_settings_and_references_are_checked() -> None:
    districts = districts_of(甲=shapely.box(0, 0, 1000, 1000))
    with pytest.raises(InputError, match="cell_m"):
        grid_blocks(districts, cell_m=0)
    with pytest.raises(InputError, match="max_km2"):
        street_blocks(districts, streets=streets_of(), max_km2=0)
    with pytest.raises(CrsError, match="streets"):
        street_blocks(districts, streets=streets_of("LINESTRING (0 0, 1 1)").to_crs(4528))
    with pytest.raises(CrsError):
        grid_blocks(districts.to_crs(4326), cell_m=200)


def own_of(*polygons: shapely.Geometry) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame({"block_id": [f"b{row}" for row in range(len(polygons))]}, geometry=list(polygons), crs=CRS)


TWO = districts_of(甲=shapely.box(0, 0, 1000, 1000), 乙=shapely.box(1000, 0, 2000, 1000))


def test_own_blocks_that_tile_stay_as_they_are() -> None:
    given_blocks = own_of(
        shapely.box(0, 0, 1000, 400), shapely.box(0, 400, 1000, 1000), shapely.box(1000, 0, 2000, 1000)
    )
    given_blocks = given_blocks.assign(people=[1, 2, 3]).set_axis([5, 6, 7])
    blocks = own_blocks(given_blocks, TWO)
    assert_tiles(blocks, TWO)
    assert blocks.index.tolist() == [5, 6, 7]
    assert blocks["people"].tolist() == [1, 2, 3]
    assert blocks["district"].tolist() == ["甲", "甲", "乙"]
    assert blocks.geometry.geom_equals(given_blocks.geometry).all()
    assert own_blocks(given_blocks.drop(columns="block_id"), TWO)["block_id"].tolist() == ["B0001", "B0002", "B0003"]


@given(seed=st.integers(0, 10_000))
@settings(max_examples=25, deadline=None)
def test_own_blocks_drawn_with_a_shaking_hand_are_snapped(seed: int) -> None:
    rng = np.random.default_rng(seed)

    def shaken(box: shapely.Polygon) -> shapely.Polygon:
        corners = shapely.get_coordinates(box)[:-1]
        return shapely.Polygon(corners + rng.uniform(-0.3, 0.3, corners.shape))

    grid = [shapely.box(x, y, x + 500, y + 500) for x in range(0, 2000, 500) for y in (0, 500)]
    assert_tiles(own_blocks(own_of(*map(shaken, grid)), TWO), TWO)


@given(seed=st.integers(0, 10_000), noise_m=st.sampled_from([1e-9, 1e-7, 1e-4, 1e-2]))
@settings(max_examples=25, deadline=None)
def test_own_blocks_that_went_through_another_reference_system_are_snapped(seed: int, noise_m: float) -> None:
    """Coordinates in degrees and back: neighbours' vertices differ by rounding, nine decimals by a tenth of a mm."""
    rng = np.random.default_rng(seed)
    angle = rng.uniform(0, np.pi)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])

    def turned(shape: shapely.Geometry) -> shapely.Geometry:
        return shapely.transform(shape, lambda xy: xy @ turn.T + [572_000.123, 3_402_000.456])

    districts = TWO.set_geometry([turned(shape) for shape in TWO.geometry])
    lines = gpd.GeoDataFrame(
        geometry=[turned(shapely.LineString(rng.uniform(-100, 2100, (2, 2)))) for _ in range(25)], crs=CRS
    )
    blocks = street_blocks(districts, streets=lines, min_m2=100, min_width_m=3)

    def shaken(ring: shapely.LinearRing) -> np.ndarray:
        corners = shapely.get_coordinates(ring)[:-1]
        return corners + rng.uniform(-noise_m, noise_m, corners.shape)

    loose = [shapely.Polygon(shaken(b.exterior), [shaken(ring) for ring in b.interiors]) for b in blocks.geometry]
    # A corner sharper than the noise crosses itself: loading mends such a polygon before it comes here.
    assume(shapely.is_valid(loose).all())
    again = own_blocks(gpd.GeoDataFrame({"block_id": blocks["block_id"]}, geometry=loose, crs=CRS), districts)
    assert_tiles(again, districts)
    assert again["district"].tolist() == blocks["district"].tolist()
    np.testing.assert_allclose(again.area, blocks.area, atol=4000 * (noise_m + 1e-3))


@pytest.mark.parametrize(
    ("polygons", "words"),
    [
        ([shapely.box(0, 0, 1000, 1000), shapely.box(1000, 0, 1900, 1000)], "gap 乙 b1 .* 100,000 m²"),
        (
            [shapely.box(0, 0, 1000, 1000), shapely.box(1000, 0, 1600, 1000), shapely.box(1500, 0, 2000, 1000)],
            "overlap 乙 b1–b2 .* 100,000 m²",
        ),
        ([shapely.box(0, 0, 1200, 1000), shapely.box(1200, 0, 2000, 1000)], "across a district border 乙 b0"),
        ([shapely.box(0, 0, 1000, 1000), shapely.box(1000, 0, 2050, 1000)], "outside the districts  b1"),
        ([shapely.box(0, 0, 1000, 1000), shapely.box(5000, 0, 5050, 10)], "no district: b1"),
        ([shapely.box(0, 0, 1000, 1000), shapely.LineString([(0, 0), (1, 1)])], "not polygons: b1"),
    ],
)
def test_own_blocks_that_do_not_tile_are_named(polygons: list[shapely.Geometry], words: str) -> None:
    with pytest.raises(InputError, match=words):
        own_blocks(own_of(*polygons), TWO)


def test_all_misfits_stand_in_one_message() -> None:
    polygons = [shapely.box(0, 0, 1000, 900), shapely.box(1000, 100, 2000, 1000), shapely.box(1500, 100, 2000, 1000)]
    with pytest.raises(InputError) as error:
        own_blocks(own_of(*polygons), TWO)
    english = error.value.text("en")
    assert "3 places" in english
    assert english.count("gap") == 2
    assert english.count("overlap") == 1


def test_more_cells_than_fit_are_refused_before_any_is_made() -> None:
    with pytest.raises(InputError, match="cell_m"):
        grid_blocks(districts_of(a=shapely.box(0, 0, 9000, 9000)), cell_m=1e-3)
