"""What radius and walking have in common, by hand: housing by zone, and once for all of them."""

import geopandas as gpd
import numpy as np
import pytest
from shapely.geometry import box

from jxgis.parks._tally import coverage_table, layer, study_of
from jxgis.parks.standards import load_standard


def table(shapes, **columns):
    return gpd.GeoDataFrame(columns, geometry=shapes, crs=4549)


HOMES = table([box(0, 0, 100, 10), box(200, 0, 300, 10)], name=["南湖苑", None], people=[50.0, 20.0])


def test_zones_apart_are_a_whole_of_their_own():
    study = study_of(HOMES, table([box(0, 0, 60, 10), box(60, 0, 300, 10)], name=["甲", "乙"]))
    assert study.zones == ("甲", "乙")
    assert study.whole is study.pieces
    assert sorted(zip(study.pieces.zone, study.pieces.house, study.pieces.area_m2, strict=True)) == [
        (0, 0, 600), (1, 0, 400), (1, 1, 1000),
    ]  # fmt: skip


def test_where_zones_overlap_the_whole_counts_what_they_share_once():
    """甲 holds the first house, 乙 its eastern half and the second; half of every piece is served."""
    study = study_of(HOMES, table([box(0, 0, 100, 10), box(50, 0, 300, 10)], name=["甲", "乙"]))
    found = coverage_table(
        study,
        study.pieces.area_m2 / 2,
        study.whole.area_m2 / 2,
        method="radius",
        standard=load_standard(),
        denominator=None,
    )
    assert found["zone"].tolist() == ["甲", "乙", "all"]
    assert found["residential_m2"].tolist() == pytest.approx([1000, 1500, 2000])
    assert found["served_m2"].tolist() == pytest.approx([500, 750, 1000])
    assert found["people"].tolist() == pytest.approx([50, 45, 70])
    assert found["served_people"].tolist() == pytest.approx([25, 22.5, 35])
    assert found["people_coverage"].tolist() == pytest.approx([0.5] * 3)
    drawn = layer(study, study.whole.geometry, np.where(study.whole.house == 0, 0.0, 250.0), method="radius")
    assert drawn[["name", "zone", "m2", "people"]].to_numpy().tolist() == [[None, "all", 250, 5]]
