"""Attributes of blocks: sums are kept, scales are one, missing values are said."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from sklearn.preprocessing import StandardScaler

from jxgis.errors import CrsError, InputError
from jxgis.units.attributes import block_attributes, standardise

CRS = 4549
BLOCKS = gpd.GeoDataFrame(
    {"block_id": list("abcd"), "plots": [1, 2, None, 4], "note": "x"},
    geometry=[shapely.box(x, 0, x + 1000, 500 + x / 2) for x in (0, 1000, 2000, 3000)],
    index=[9, 7, 5, 3],
    crs=CRS,
)


def issues_of(rng: np.random.Generator, n: int) -> gpd.GeoDataFrame:
    xy = rng.uniform((0, 0), (4000, 2000), (n, 2))
    classes = rng.choice(["甲", "乙", None], n)
    return gpd.GeoDataFrame({"issue_class": classes}, geometry=list(shapely.points(xy)), crs=CRS)


def test_issue_columns_equal_a_spatial_join() -> None:
    issues = issues_of(np.random.default_rng(1), 500)
    found = block_attributes(BLOCKS, issues=issues, mix_prior=0)
    joined = gpd.sjoin(issues, BLOCKS)
    np.testing.assert_allclose(
        found["issues_per_km2"] * BLOCKS.area / 1e6, joined.groupby("block_id").size().reindex(list("abcd"))
    )
    share = pd.crosstab(joined["block_id"], joined["issue_class"], normalize="index")
    np.testing.assert_allclose(found[["mix_甲", "mix_乙"]], share[["甲", "乙"]])
    assert found.index.equals(BLOCKS.index)


def test_few_cases_are_drawn_to_the_city_s_mix() -> None:
    xy = [[10, 10]] * 6 + [[1010, 10]] * 2
    issues = gpd.GeoDataFrame({"issue_class": ["甲"] * 6 + ["乙"] * 2}, geometry=list(shapely.points(xy)), crs=CRS)
    found = block_attributes(BLOCKS, issues=issues, mix_prior=2)
    np.testing.assert_allclose(found["mix_乙"], [0.5 / 8, 2.5 / 4, 0.25, 0.25])
    assert block_attributes(BLOCKS, issues=issues, mix_prior=0)["mix_甲"].isna().sum() == 2


def test_people_and_land_are_kept_to_the_last() -> None:
    zones = gpd.GeoDataFrame(
        {"people": [300.0, 50.0, np.nan], "kind": ["居住", "居住", "商业"]},
        geometry=[shapely.box(500, 0, 1500, 500), shapely.Point(2500, 10), shapely.box(0, 0, 250, 500)],
        crs=CRS,
    )
    found = block_attributes(BLOCKS, population=zones)
    np.testing.assert_allclose(found["people_per_km2"] * BLOCKS.area / 1e6, [150, 150, 50, 0])
    land = block_attributes(BLOCKS, land_use=zones)
    np.testing.assert_allclose(land["land_居住"] * BLOCKS.area, [250_000, 250_000, 0, 0])
    np.testing.assert_allclose(land["land_商业"] * BLOCKS.area, [125_000, 0, 0, 0])


def test_columns_of_the_blocks() -> None:
    found = block_attributes(BLOCKS, columns=["plots"])
    np.testing.assert_allclose(found["plots"], [1, 2, np.nan, 4])
    assert block_attributes(BLOCKS).shape == (4, 0)


def test_standardised_as_scikit_learn_does_it() -> None:
    rng = np.random.default_rng(2)
    table = pd.DataFrame(rng.gamma(2, 3, (30, 3)), columns=list("abc"))
    area = rng.uniform(1, 9, 30)
    scaled = standardise(table, area_m2=area, weights={"b": 4.0, "c": 0.0})
    expected = StandardScaler().fit(table, sample_weight=area).transform(table)
    np.testing.assert_allclose(scaled.table, expected[:, :2] * [1, 2], atol=1e-12)
    assert scaled.table.columns.tolist() == ["a", "b"]
    assert not scaled.filled
    assert scaled.dropped == ()


def test_nulls_stand_at_the_mean_and_are_said() -> None:
    table = pd.DataFrame({"a": [1.0, np.nan, 3.0], "same": [7.1, 7.1, np.nan], "empty": np.nan})
    scaled = standardise(table, area_m2=np.array([1.0, 5.0, 1.0]))
    np.testing.assert_allclose(scaled.table["a"], [-1, 0, 1])
    assert scaled.filled == {"a": 1}
    assert scaled.dropped == ("same", "empty")


def test_bad_input_is_named() -> None:
    with pytest.raises(InputError, match="density"):
        block_attributes(BLOCKS, columns=["density"])
    with pytest.raises(InputError, match="note"):
        block_attributes(BLOCKS, columns=["note"])
    with pytest.raises(InputError, match="issue_class"):
        block_attributes(BLOCKS, issues=BLOCKS.set_geometry(BLOCKS.centroid)[["geometry"]])
    with pytest.raises(CrsError, match="population"):
        block_attributes(BLOCKS, population=BLOCKS.to_crs(4528))
    with pytest.raises(InputError, match="z"):
        standardise(pd.DataFrame({"a": [1.0, 2.0]}), area_m2=np.ones(2), weights={"z": 1})
    with pytest.raises(InputError, match="a"):
        standardise(pd.DataFrame({"a": [1.0, 2.0]}), area_m2=np.ones(2), weights={"a": -1})


@pytest.mark.parametrize("value", [1e-6, 0.1, 1_234_567.1])
def test_a_constant_is_one_whatever_rounding_leaves_of_it(value: float) -> None:
    area = np.random.default_rng(4).uniform(1, 9, 60)
    table = pd.DataFrame({"same": np.full(60, value), "other": np.where(np.arange(60) == 7, value * (1 + 1e-9), value)})
    scaled = standardise(table, area_m2=area)
    assert scaled.dropped == ("same",)
    assert scaled.table.columns.tolist() == ["other"]
