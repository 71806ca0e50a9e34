"""Housing as it is refused and taken, beside what the coverages test of it."""

import geopandas as gpd
import pytest
import shapely
from shapely.geometry import box

from jxgis.errors import InputError
from jxgis.parks.housing import cut_by_zone, sample_points
from jxgis.parks.people import people_of_housing


@pytest.mark.parametrize("below", [-0.5, -7.0])
def test_rows_with_fewer_people_than_none_are_named_as_a_table_counts_them(below):
    homes = gpd.GeoDataFrame(
        {"people": [3.0, below, 0.0, below]}, geometry=[box(x, 0, x + 40, 40) for x in range(0, 400, 100)], crs=4549
    )
    with pytest.raises(InputError, match=r"2 rows .* \(rows 2, 4\)"):
        people_of_housing(homes)


@pytest.mark.parametrize("width_m", [1e-10, 0.004, 0.09])
def test_a_zone_that_only_a_rounded_border_gives_land_has_none(width_m):
    housing = gpd.GeoDataFrame(geometry=[shapely.box(0, 0, 2000, 1000 + width_m)], crs=4549)
    zones = gpd.GeoDataFrame(geometry=[shapely.box(0, 0, 2000, 1000), shapely.box(0, 1000, 2000, 2500)], crs=4549)
    pieces = cut_by_zone(housing, zones)
    assert pieces.zone.tolist() == [0]
    assert pieces.area_m2.tolist() == [2e6]
    # Real land beside it keeps its hairs: no figure changes there.
    more = gpd.GeoDataFrame(geometry=[*housing.geometry, shapely.box(500, 1200, 600, 1300)], crs=4549)
    assert cut_by_zone(more, zones).area_m2.sum() == pytest.approx(2e6 + 2000 * width_m + 1e4, abs=1e-6)


def test_points_that_fill_the_memory_are_refused_before_they_are_made() -> None:
    homes = gpd.GeoDataFrame(geometry=[shapely.box(0, 0, 1000, 1000)], crs=4549)
    with pytest.raises(InputError, match="raise sample_m above"):
        sample_points(cut_by_zone(homes, homes), sample_m=0.01)
