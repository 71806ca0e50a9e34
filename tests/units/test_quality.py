"""Metrics of units equal independent computations."""

from __future__ import annotations

import itertools

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import pairwise_distances

from jxgis.errors import CrsError, InputError
from jxgis.units.quality import unit_codes, unit_quality, within_share

CRS = 4549


def units_of(*polygons: shapely.Geometry, district: str = "老城") -> gpd.GeoDataFrame:
    names = [f"u{row}" for row in range(len(polygons))]
    return gpd.GeoDataFrame({"unit_id": names, "district": district}, geometry=list(polygons), crs=CRS)


def test_quality_of_units_measured_by_hand() -> None:
    """Two halves of a square, the right one with a lake in it, and a third far away."""
    lake = shapely.box(1500, 500, 1600, 600)
    units = units_of(
        shapely.box(0, 0, 1000, 2000),
        shapely.box(1000, 0, 2000, 2000).difference(lake),
        shapely.box(9000, 0, 9500, 500),
    )
    units.index = pd.Index([7, 5, 3])
    road = gpd.GeoDataFrame(geometry=[shapely.LineString([(1000, -50), (1000, 500)])], crs=CRS)
    cases = gpd.GeoDataFrame(geometry=list(shapely.points([[10, 10], [20, 20], [1010, 10], [5000, 10]])), crs=CRS)
    land = gpd.GeoDataFrame(
        {"kind": ["居住", "商业", "居住"]},
        geometry=[shapely.box(0, 0, 400, 2000), shapely.box(400, 0, 900, 2000), shapely.box(1000, 0, 1100, 10)],
        crs=CRS,
    )
    found = unit_quality(units, barriers=road, barrier_tolerance_m=1, issues=cases, functions=land)
    assert found.index.tolist() == [7, 5, 3]
    np.testing.assert_allclose(found["area_km2"], [2, 1.99, 0.25])
    assert found["parts"].tolist() == [1, 1, 1]
    assert found["holes"].tolist() == [0, 1, 0]
    np.testing.assert_allclose(found["inner_border_m"], [2000, 2000, 0])
    # The road runs along 500 m of 2,000 m. Borders are asked at 16 points, so to within one of them.
    np.testing.assert_allclose(found["barrier_share"].iloc[:2], 0.25, atol=1 / 16)
    assert np.isnan(found["barrier_share"].iloc[2])
    assert found["issues"].tolist() == [2, 1, 0]
    np.testing.assert_allclose(found["issues_per_km2"], [1, 1 / 1.99, 0])
    assert found["function"].tolist()[:2] == ["商业", "居住"]
    assert pd.isna(found["function"].iloc[2])
    np.testing.assert_allclose(found["function_share"].iloc[:2], [0.5, 1000 / 1.99e6])
    assert unit_quality(units)["barrier_share"].isna().all()


def test_border_on_barriers_equals_the_border_inside_their_buffer() -> None:
    rng = np.random.default_rng(3)
    cuts = np.sort(rng.uniform(200, 3800, 5))
    edges = [0, *cuts, 4000]
    units = units_of(*[shapely.box(a, 0, b, 1000) for a, b in itertools.pairwise(edges)])
    roads = gpd.GeoSeries([shapely.LineString([(x, 0), (x, rng.uniform(100, 900))]) for x in cuts], crs=CRS)
    found = unit_quality(units, barriers=roads, barrier_tolerance_m=5)
    outline = units.union_all().boundary.buffer(1e-6)
    for row, unit in enumerate(units.geometry):
        inner = unit.boundary.difference(outline)
        along = inner.intersection(roads.union_all().buffer(5, cap_style="flat")).length
        assert found["inner_border_m"].iloc[row] == pytest.approx(inner.length, rel=1e-6)
        # 16 points a border: each share is right to 1/16 of it.
        assert found["barrier_share"].iloc[row] == pytest.approx(along / inner.length, abs=1 / 16)


@given(st.integers(0, 10_000), st.integers(2, 40), st.integers(1, 4))
@settings(max_examples=40, deadline=None)
def test_within_share_equals_the_pairwise_form(seed: int, n: int, d: int) -> None:
    """Squares around a weighted mean are Σ_i<j w_i w_j |x_i − x_j|² / Σ w: no mean is computed here."""
    rng = np.random.default_rng(seed)
    values, area = rng.normal(size=(n, d)), rng.uniform(0.1, 3, n)
    unit = np.unique(rng.integers(0, 5, n), return_inverse=True)[1]
    distance = pairwise_distances(values, metric="sqeuclidean") * np.outer(area, area) / 2
    inside = [distance[np.ix_(unit == u, unit == u)].sum() / area[unit == u].sum() for u in range(unit.max() + 1)]
    share, variance = within_share(values, area, unit)
    assert share == pytest.approx(sum(inside) / (distance.sum() / area.sum()), rel=1e-9)
    np.testing.assert_allclose(
        variance, np.array(inside) / [area[unit == u].sum() for u in range(unit.max() + 1)], rtol=1e-9, atol=1e-12
    )


def test_without_attributes_the_likeness_is_unknown() -> None:
    share, variance = within_share(np.empty((3, 0)), np.ones(3), np.array([0, 0, 1]))
    assert np.isnan(share)
    assert np.isnan(variance).all()
    assert np.isnan(within_share(np.ones((3, 1)), np.ones(3), np.array([0, 0, 1]))[0])


def test_codes_count_from_the_north_west_of_each_district() -> None:
    units = units_of(*[shapely.box(x, y, x + 1, y + 1) for y in (0, 1) for x in (0, 1)])
    units = pd.concat([units, units_of(shapely.box(9, 9, 10, 10), district="东栅")], ignore_index=True)
    assert unit_codes(units).tolist() == ["老城-02", "老城-04", "老城-01", "老城-03", "东栅-01"]
    shuffled = units.sample(frac=1, random_state=1)
    assert unit_codes(shuffled).sort_index().tolist() == unit_codes(units).tolist()


def test_bad_input_is_named() -> None:
    units = units_of(shapely.box(0, 0, 1000, 1000))
    with pytest.raises(InputError, match="kind"):
        unit_quality(units, functions=units[["geometry"]])
    with pytest.raises(CrsError, match="issues"):
        unit_quality(units, issues=units.to_crs(4528))
    with pytest.raises(CrsError):
        unit_quality(units.to_crs(4326))


def test_a_scrap_far_off_does_not_change_the_shape_of_its_unit() -> None:
    whole, scrap = shapely.box(0, 0, 2000, 1500), shapely.box(9000, 0, 9010, 10)
    neighbour = shapely.box(4000, 0, 6000, 1500)
    clean = unit_quality(units_of(whole, neighbour))
    scrapped = unit_quality(units_of(shapely.union_all([whole, scrap]), neighbour))
    shape = ["compactness", "reock", "hull_ratio", "parts", "holes", "necks", "encloses"]
    pd.testing.assert_frame_equal(scrapped[shape], clean[shape])
    assert scrapped["reock"][0] == pytest.approx(3e6 / (np.pi * 1250**2))
    assert scrapped["area_km2"][0] == pytest.approx(3.0001)
