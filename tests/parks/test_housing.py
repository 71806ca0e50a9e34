"""Housing as it is refused and taken, beside what the coverages test of it."""

import geopandas as gpd
import pytest
from shapely.geometry import box

from jxgis.errors import InputError
from jxgis.parks.people import people_of_housing


@pytest.mark.parametrize("below", [-0.5, -7.0])
def test_rows_with_fewer_people_than_none_are_named_as_a_table_counts_them(below):
    homes = gpd.GeoDataFrame(
        {"people": [3.0, below, 0.0, below]}, geometry=[box(x, 0, x + 40, 40) for x in range(0, 400, 100)], crs=4549
    )
    with pytest.raises(InputError, match=r"2 rows .* \(rows 2、4\)"):
        people_of_housing(homes)
