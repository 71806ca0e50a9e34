import geopandas as gpd
import numpy as np
import pytest
import shapely

from jxgis.errors import InputError
from jxgis.space.count import CHUNK, count_points
from jxgis.space.grid import grid_over

AREA = gpd.GeoSeries([shapely.Point(1000, 1000).buffer(800)], crs=4549)


def test_counts_agree_with_a_spatial_join() -> None:
    rng = np.random.default_rng(0)
    x, y = rng.uniform(0, 2000, (2, 5000))
    grid = grid_over(AREA, cell_m=90)
    counts, outside = count_points(grid, x, y)
    cells = grid.cells()
    joined = gpd.sjoin(gpd.GeoDataFrame(geometry=gpd.points_from_xy(x, y), crs=4549), cells, predicate="within")
    np.testing.assert_array_equal(counts[0], np.bincount(joined.index_right, minlength=len(grid)))
    assert counts.sum() + outside == 5000
    assert outside > 0


def test_classes_add_up_and_a_point_on_an_edge_counts_once() -> None:
    rng = np.random.default_rng(1)
    x, y = rng.integers(0, 200, (2, 4000)) * 10.0  # 19 % lie on cell edges
    codes = rng.integers(0, 3, 4000)
    grid = grid_over(AREA, cell_m=100)
    by_class, outside = count_points(grid, x, y, codes, 3)
    whole, outside_whole = count_points(grid, x, y)
    np.testing.assert_array_equal(by_class.sum(axis=0), whole[0])
    assert outside == outside_whole == 4000 - whole.sum()
    for code in range(3):
        one, _ = count_points(grid, x[codes == code], y[codes == code])
        np.testing.assert_array_equal(by_class[code], one[0])


def test_more_points_than_one_chunk_are_all_counted() -> None:
    x, y = np.random.default_rng(3).uniform(0, 2000, (2, 2 * CHUNK + 17))
    codes = np.arange(len(x)) % 2
    grid = grid_over(AREA, cell_m=100)
    counts, outside = count_points(grid, x, y, codes, 2)
    cell = grid.index_of(x, y)
    for code in range(2):
        here = cell[(cell >= 0) & (codes == code)]
        np.testing.assert_array_equal(counts[code], np.bincount(here, minlength=len(grid)))
    assert outside == (cell < 0).sum()


def test_no_points_and_classes_without_points_count_zero() -> None:
    grid = grid_over(AREA, cell_m=100)
    counts, outside = count_points(grid, [], [])
    assert counts.shape == (1, len(grid))
    assert counts.sum() == outside == 0
    counts, outside = count_points(grid, [1000.0], [1000.0], [1], 4)
    assert counts.sum(axis=1).tolist() == [0, 1, 0, 0]


@pytest.mark.parametrize("codes", [[0, 5], [0, -1], [0.0, 1.0], [0]])
def test_codes_that_are_no_classes_are_refused(codes: list[float]) -> None:
    grid = grid_over(AREA, cell_m=100)
    with pytest.raises(InputError):
        count_points(grid, [1000, 1000], [1000, 1000], codes, 2)
