import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from jxgis.errors import CrsError, InputError
from jxgis.space.grid import Grid, distinct_cells, grid_over

L_SHAPE = gpd.GeoSeries(
    [shapely.box(512_030, 3_400_010, 513_000, 3_400_490), shapely.box(512_030, 3_400_490, 512_400, 3_401_020)],
    crs=4549,
)


def test_every_cell_centre_is_in_the_area_and_no_other_is() -> None:
    grid = grid_over(L_SHAPE, cell_m=100)
    union = L_SHAPE.union_all()
    x, y = grid.centres()
    assert shapely.intersects_xy(union, x, y).all()
    cols, rows = np.meshgrid(np.arange(5110, 5140), np.arange(33_990, 34_020))
    expected = shapely.intersects_xy(union, (cols + 0.5) * 100, (rows + 0.5) * 100)
    assert set(grid.ids()) == {f"E{c}N{r}" for c, r in zip(cols[expected], rows[expected], strict=True)}


def test_cells_are_whole_squares_named_by_their_south_west_corner() -> None:
    cells = grid_over(L_SHAPE, cell_m=100).cells()
    bounds = cells.bounds
    np.testing.assert_array_equal(cells.area, np.full(len(cells), 1e4))
    col, row = (bounds.minx // 100).astype(int), (bounds.miny // 100).astype(int)
    assert [f"E{c}N{r}" for c, r in zip(col, row, strict=True)] == cells.cell_id.tolist()
    assert cells.crs == L_SHAPE.crs


def test_cells_run_along_the_rows_from_the_south() -> None:
    grid = grid_over(L_SHAPE, cell_m=100)
    order = np.lexsort((grid.cols, grid.rows))
    np.testing.assert_array_equal(order, np.arange(len(grid)))


@given(
    st.lists(st.tuples(st.floats(-500, 500), st.floats(-500, 500)), min_size=1, max_size=50),
    st.sampled_from([7.0, 50.0, 100.0]),
)
def test_index_agrees_with_half_open_boxes(points: list[tuple[float, float]], cell_m: float) -> None:
    area = gpd.GeoSeries([shapely.Point(0, 0).buffer(300)], crs=4549)
    grid = grid_over(area, cell_m=cell_m)
    x, y = np.array(points).T
    names = dict(zip(grid.ids().tolist(), range(len(grid)), strict=True))
    # In whole micrometres, where every step is exact.
    side = round(cell_m * 1e6)
    expected = [names.get(f"E{round(a * 1e6) // side}N{round(b * 1e6) // side}", -1) for a, b in points]
    assert grid.index_of(x, y).tolist() == expected


@pytest.mark.parametrize("off", [-1e-9, -4e-7, 0.0, 4e-7])
def test_what_lies_on_an_edge_but_for_rounding_lies_on_it(off: float) -> None:
    grid = grid_over(gpd.GeoSeries([shapely.box(572_000, 3_402_000, 574_000, 3_404_000)], crs=4549), cell_m=200)
    x, y = 572_000 + 200 * np.arange(10.0), 3_402_000 + 200 * np.arange(10.0)
    np.testing.assert_array_equal(grid.index_of(x + off, y + off), grid.index_of(x, y))
    # A micrometre short of the edge is the cell before.
    assert grid.index_of([572_200 - 2e-6], [3_402_000.0]).tolist() == [0]


def test_a_centre_on_the_edge_of_a_turned_area_counts() -> None:
    square = gpd.GeoSeries([shapely.box(572_100, 3_402_100, 572_500, 3_402_500)], crs=4549)
    there_and_back = square.to_crs(4490).to_crs(4549)
    assert not there_and_back.geom_equals(square).all()
    assert grid_over(there_and_back, cell_m=200).ids().tolist() == grid_over(square, cell_m=200).ids().tolist()
    assert len(grid_over(square, cell_m=200)) == 9


def test_points_on_edges_belong_to_one_cell_and_far_or_missing_ones_to_none() -> None:
    grid = grid_over(gpd.GeoSeries([shapely.box(0, 0, 200, 200)], crs=4549), cell_m=100)
    x = [0, 100, 100, 200, -0.001, np.nan, np.inf, 1e300, 50]
    y = [0, 0, 100, 100, 0, 0, 0, 0, np.nan]
    assert grid.index_of(x, y).tolist() == [0, 1, 3, -1, -1, -1, -1, -1, -1]


def test_a_part_of_the_grid_keeps_the_names() -> None:
    grid = grid_over(L_SHAPE, cell_m=100)
    keep = np.arange(len(grid)) % 3 == 0
    part = grid.where(keep)
    assert part.ids().tolist() == grid.ids()[keep].tolist()
    x, y = part.centres()
    np.testing.assert_array_equal(part.index_of(x, y), np.arange(len(part)))
    with pytest.raises(InputError, match="one truth value"):
        grid.where(keep[:-1])


def test_what_cannot_be_gridded_is_refused() -> None:
    with pytest.raises(CrsError):
        grid_over(L_SHAPE.to_crs(4490), cell_m=100)
    with pytest.raises(InputError, match="above 0"):
        grid_over(L_SHAPE, cell_m=0)
    with pytest.raises(InputError, match="too many"):
        grid_over(L_SHAPE, cell_m=0.001)
    # 16 km² by 1 m: the box would do, the cells would not.
    with pytest.raises(InputError, match=r"1\.6e\+07 of them here.*raise cell_m above 2 m"):
        grid_over(gpd.GeoSeries([shapely.box(0, 0, 4000, 4000)], crs=4549), cell_m=1)
    with pytest.raises(InputError, match="too many"):
        grid_over(L_SHAPE, cell_m=1e-300)
    with pytest.raises(InputError, match="centre"):
        grid_over(gpd.GeoSeries([shapely.box(1, 1, 2, 2)], crs=4549), cell_m=100)
    with pytest.raises(InputError, match="empty"):
        grid_over(gpd.GeoSeries([], crs=4549), cell_m=100)


def test_a_grid_can_be_made_by_hand() -> None:
    grid = Grid(L_SHAPE.crs, 50.0, -2, -1, np.eye(2, dtype=bool))
    assert grid.ids().tolist() == ["E-2N-1", "E-1N0"]
    assert grid.index_of([-75, -25, -75], [-25, 25, 25]).tolist() == [0, 1, -1]


def test_coordinates_of_unequal_length_are_refused() -> None:
    grid = grid_over(L_SHAPE, cell_m=100)
    with pytest.raises(InputError, match="shape"):
        grid.index_of([1.0, 2.0], [1.0])


def test_different_cells_are_those_that_numpy_finds() -> None:
    rng = np.random.default_rng(2)
    for low, high in ((-3, 4), (10**8, 10**8 + 5), (-(10**9), 10**9)):
        cells = rng.integers(low, high, (200, 2))
        different, which = distinct_cells(cells)
        want, inverse = np.unique(cells, axis=0, return_inverse=True)
        np.testing.assert_array_equal(different, want)
        np.testing.assert_array_equal(which, inverse.ravel())
