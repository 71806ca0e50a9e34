import geopandas as gpd
import numpy as np
import pytest
import shapely

from jxgis._errors import CrsError, InputError
from jxgis.parks.whole import merge_parks


def parcels(shapes, **columns):
    return gpd.GeoDataFrame(columns, geometry=shapes, crs=4549)


def row(*lefts, width=30):
    return [shapely.box(left, 0, left + width, 100) for left in lefts]


def test_same_id_is_one_park_however_far_apart():
    whole = merge_parks(parcels(row(0, 5000), park_id=[7.0, 7.0], name=["甲", "乙"]))
    assert whole.parks["area_m2"].tolist() == [6000]
    assert whole.parks["park_id"].tolist() == ["7"]


def test_different_ids_never_merge():
    whole = merge_parks(parcels(row(0, 30), park_id=["a", "b"], name=["甲", "甲"]))
    assert whole.parks["park_id"].tolist() == ["a", "b"]


@pytest.mark.parametrize(("gap", "parks"), [(19.99, 1), (20.0, 1), (20.01, 2)])
def test_same_name_merges_up_to_the_gap(gap, parks):
    assert len(merge_parks(parcels(row(0, 30 + gap), name=["甲", "甲"])).parks) == parks


def test_names_chain_over_gaps_but_gaps_add_no_area():
    whole = merge_parks(parcels(row(0, 45, 90), name=["甲"] * 3))
    assert whole.parks["parcels"].tolist() == [3]
    assert whole.parks["area_m2"].tolist() == [9000]


def test_unnamed_parcels_merge_only_where_they_touch():
    whole = merge_parks(parcels(row(0, 30, 61), name=[None, "", None]))
    assert whole.parks["area_m2"].tolist() == [6000, 3000]
    assert whole.parks["name"].isna().all()


def test_a_named_and_an_unnamed_neighbour_stay_apart():
    assert len(merge_parks(parcels(row(0, 30), name=["甲", None])).parks) == 2


def test_overlap_counts_once():
    whole = merge_parks(parcels(row(0, 20), name=["甲", "甲"]))
    assert whole.parks["area_m2"].tolist() == [5000]


def test_size_is_that_of_the_whole():
    """Two parcels of 3,000 m² are one park of 6,000 m²: another band than each alone."""
    from jxgis.parks.standards import load_standard

    whole = merge_parks(parcels(row(0, 35), name=["甲", "甲"]))
    assert load_standard().radius_of(whole.parks["area_m2"]).tolist() == [500]


def test_tiny_invalid_and_empty_ones_are_reported():
    bow = shapely.from_wkt("POLYGON ((0 0, 100 100, 100 0, 0 100, 0 0))")
    shapes = [bow, shapely.box(500, 0, 510, 10), shapely.Polygon(), None, shapely.Point(9, 9)]
    table = parcels(shapes, name=list("abcde"))
    table.index = [10, 11, 12, 13, 14]
    whole = merge_parks(table)
    assert whole.parks["area_m2"].tolist() == [5000, 100]
    assert whole.reports.groupby("code")["row"].apply(list).to_dict() == {
        "invalid_repaired": [10],
        "no_area": [12, 13, 14],
        "tiny": [11],
    }
    assert whole.parcel_park.to_dict() == {10: 0, 11: 1, 12: -1, 13: -1, 14: -1}


def test_rows_in_any_order_give_the_same_parks():
    rng = np.random.default_rng(1)
    table = parcels(row(*np.arange(0, 900, 45)), name=[f"park {i // 3}" for i in range(20)], park_id=None)
    merged = merge_parks(table).parks.set_index("name")["area_m2"].sort_index()
    shuffled = merge_parks(table.iloc[rng.permutation(20)]).parks.set_index("name")["area_m2"].sort_index()
    assert merged.equals(shuffled)


def test_made_up_ids_avoid_given_ones():
    whole = merge_parks(parcels(row(0, 500, 1000), park_id=[None, "P1", None]))
    assert whole.parks["park_id"].tolist() == ["P2", "P1", "P3"]


def test_input_stays_as_it_was():
    table = parcels(row(0, 30), name=["甲", "甲"])
    before = table.copy(deep=True)
    merge_parks(table)
    assert table.equals(before)


def test_degrees_and_a_negative_gap_are_refused():
    with pytest.raises(CrsError, match="parks is in EPSG:4326"):
        merge_parks(gpd.GeoDataFrame(geometry=row(0), crs=4326))
    with pytest.raises(InputError, match="merge_gap_m"):
        merge_parks(parcels(row(0)), merge_gap_m=-1)


def test_no_parks_at_all():
    assert len(merge_parks(parcels([])).parks) == 0
