import geopandas as gpd
import numpy as np
import pytest
import shapely

from jxgis.errors import CrsError, InputError
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


def test_separate_lawns_of_one_feature_are_parcels():
    """What QGIS dissolves into one feature is measured as the twenty features that it was."""
    lawns = [shapely.box(x, 0, x + 30, 20) for x in range(0, 20_000, 1000)]
    single, dissolved = merge_parks(parcels(lawns)), merge_parks(parcels([shapely.MultiPolygon(lawns)]))
    assert dissolved.parks.geometry.geom_equals(single.parks.geometry).all()
    assert dissolved.parks["area_m2"].tolist() == [600] * 20
    assert dissolved.parcel_park.index.tolist() == [0] * 20
    assert sorted(dissolved.parcel_park) == list(range(20))


def test_parts_of_one_feature_are_one_park_by_id_or_by_name_within_the_gap():
    two = [shapely.MultiPolygon(row(0, 45)), shapely.MultiPolygon(row(1000, 1080))]
    assert merge_parks(parcels(two, park_id=["a", "b"])).parks["area_m2"].tolist() == [6000, 6000]
    named = merge_parks(parcels(two, name=["甲", "乙"])).parks
    assert named[["name", "area_m2"]].values.tolist() == [["甲", 6000], ["乙", 3000], ["乙", 3000]]
    # Parts that meet in a point are one: a polygon may be drawn so.
    kite = shapely.MultiPolygon([shapely.box(0, 0, 10, 10), shapely.box(10, 10, 20, 20)])
    assert merge_parks(parcels([kite])).parks["area_m2"].tolist() == [200]


def test_a_parcel_without_id_joins_its_namesake_with_one():
    whole = merge_parks(parcels(row(0, 45, 90, 1000), park_id=[None, "7", None, None], name=["甲"] * 4))
    assert whole.parks[["park_id", "area_m2"]].values.tolist() == [["7", 9000], ["P1", 3000]]
    other = merge_parks(parcels(row(0, 45), park_id=["7", None], name=["甲", "乙"]))
    assert other.parks["park_id"].tolist() == ["7", "P1"]


def test_between_two_ids_a_parcel_goes_to_the_nearer():
    whole = merge_parks(parcels(row(0, 45, 85), park_id=["a", None, "b"], name=["甲"] * 3))
    assert whole.parks[["park_id", "area_m2"]].values.tolist() == [["a", 3000], ["b", 6000]]


@pytest.mark.parametrize(
    "word", ["未命名", "无名", "公园绿地", " 公园绿地 ", "暂无", "N/A", "ｎ／ａ", "Unnamed", "（无）", "<Null>", "—"]
)
def test_words_that_name_nothing_are_no_names(word):
    whole = merge_parks(parcels(row(0, 45, 500, 530), name=[word] * 4))
    assert whole.parks["area_m2"].tolist() == [3000, 3000, 6000]
    assert whole.parks["name"].isna().all()


def test_a_name_that_repeats_the_kind_is_none_and_real_names_stay():
    whole = merge_parks(parcels(row(0, 45), name=["滨河绿道"] * 2, kind=["滨河绿道"] * 2))
    assert len(whole.parks) == 2
    named = merge_parks(parcels(row(0, 500, 1000), name=["人民公园", "无锡园", "绿地公园"])).parks
    assert named["name"].tolist() == ["人民公园", "无锡园", "绿地公园"]


def test_one_id_kilometres_apart_stays_one_park_and_is_said():
    whole = merge_parks(parcels(row(0, 5030), park_id=["1", "1"], name=["甲", "乙"]))
    assert whole.parks["area_m2"].tolist() == [6000]
    said = whole.reports[whole.reports["code"] == "same_id_far_apart"]
    assert said[["row", "park_id", "area_m2"]].values.tolist() == [[0, "1", 6000], [1, "1", 6000]]
    # A greenway in steps of 500 m, 5 km long, is not such a case.
    assert merge_parks(parcels(row(*range(0, 5000, 500)), park_id=["g"] * 10)).reports.empty


@pytest.mark.parametrize("seed", range(60))
def test_parks_are_what_single_linkage_within_a_name_or_an_id_makes_of_them(seed):
    """Against Kruskal's rule on every pair, by hand: the nearest first, never two ids in one park."""
    rng = np.random.default_rng(seed)
    n = 14
    corner = rng.integers(0, 12, (n, 2)) * 15
    shapes = [shapely.box(x, y, x + rng.integers(5, 20), y + 10) for x, y in corner]
    ids = rng.choice(np.array([None, "a", "b"], dtype=object), n, p=[0.7, 0.15, 0.15])
    names = rng.choice(np.array([None, "甲", "乙", "无名"], dtype=object), n)
    whole = merge_parks(parcels(shapes, park_id=ids, name=names), merge_gap_m=10)

    name = [None if one == "无名" else one for one in names]
    park = list(range(n))
    for one in ("a", "b"):
        rows = [i for i in range(n) if ids[i] == one]
        for i in rows:
            park[i] = rows[0]
    pairs = sorted((shapes[i].distance(shapes[j]), i, j) for i in range(n) for j in range(i + 1, n))
    for away, i, j in pairs:
        reach = 10 if name[i] else 0
        if name[i] != name[j] or away > reach or (not name[i] and (ids[i] or ids[j])):
            continue
        of = [{ids[k] for k in range(n) if park[k] == park[at]} - {None} for at in (i, j)]
        if len(of[0] | of[1]) <= 1:
            park = [park[i] if one == park[j] else one for one in park]
    expected = {frozenset(i for i in range(n) if park[i] == one) for one in park}
    found = {frozenset(np.flatnonzero(whole.parcel_park == one).tolist()) for one in set(whole.parcel_park)}
    assert found == expected
    for members in found:
        if not any(ids[i] for i in members):
            assert len({name[i] for i in members}) == 1


def test_neighbours_of_different_names_never_merge():
    """Sharing an edge, overlapping, or one inside the other: a name is a name."""
    shapes = [
        shapely.box(0, 0, 50, 50),
        shapely.box(50, 0, 100, 50),
        shapely.box(90, 0, 140, 50),
        shapely.box(10, 10, 20, 20),
    ]
    whole = merge_parks(parcels(shapes, name=list("甲乙丙丁")))
    assert whole.parks[["name", "area_m2"]].values.tolist() == [["甲", 2500], ["乙", 2500], ["丙", 2500], ["丁", 100]]


def test_ids_that_name_nothing_join_nothing():
    """Rows without a number often say so in words, or with the 0 that a shapefile has for what is missing."""
    apart = [shapely.box(x, 0, x + 50, 50) for x in (0, 300, 600, 900)]
    for word in ("无", " - ", "N/A", 0):
        found = merge_parks(
            gpd.GeoDataFrame({"park_id": [word] * 4, "name": list("甲乙丙丁")}, geometry=apart, crs=4549)
        )
        assert found.parks["park_id"].tolist() == ["P1", "P2", "P3", "P4"]
    found = merge_parks(gpd.GeoDataFrame({"park_id": [7.0, 7.0, None, 7.5]}, geometry=apart, crs=4549))
    assert found.parks["park_id"].tolist() == ["7", "P1", "7.5"]


def test_a_park_bears_the_name_that_one_of_its_parcels_has():
    parcels = [shapely.box(0, 0, 100, 100), shapely.box(100, 0, 150, 50), shapely.box(150, 0, 160, 10)]
    found = merge_parks(
        gpd.GeoDataFrame({"park_id": [7, 7, 7], "name": ["未命名", "南湖公园", "西园"]}, geometry=parcels, crs=4549)
    )
    assert found.parks["name"].tolist() == ["南湖公园"]
