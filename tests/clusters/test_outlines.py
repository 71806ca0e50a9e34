"""Outlines hold their points, are valid and hang together; names come from where issues lie densest."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
import shapely

from jxgis.clusters.dbscan import dense_groups
from jxgis.clusters.outlines import densest_spots, outline_clusters
from jxgis.clusters.table import describe_clusters
from jxgis.drawing.ground import Ground

EAST, NORTH = 4.1e5, 3.41e6


@pytest.mark.parametrize("eps_m", [30.0, 100.0, pytest.param(300.0, marks=pytest.mark.slow)])
def test_an_outline_holds_its_points_in_one_valid_piece(eps_m: float) -> None:
    rng = np.random.default_rng(int(eps_m))
    centres = rng.uniform(0, 4000, (6, 2))
    xy = np.concatenate([centre + rng.normal(0, 120, (200, 2)) for centre in centres]) + np.array([EAST, NORTH])
    cluster = dense_groups(xy[:, 0], xy[:, 1], eps_m=eps_m, min_points=5).cluster
    outlines = outline_clusters(xy[:, 0], xy[:, 1], cluster, eps_m=eps_m)
    assert len(outlines) == cluster.max() + 1
    assert shapely.is_valid(outlines).all()
    assert set(shapely.get_type_id(outlines)) == {shapely.GeometryType.POLYGON}
    for own, outline in enumerate(outlines):
        points = shapely.points(xy[cluster == own])
        # Discs are drawn as polygons: a quarter of eps less a fiftieth.
        assert shapely.covers(outline, shapely.buffer(points, 0.2 * eps_m)).all()
        assert shapely.covers(shapely.buffer(shapely.union_all(points), eps_m * 1.001), outline)


def test_a_chain_of_points_exactly_eps_apart_stays_one_piece() -> None:
    x = np.arange(EAST, EAST + 900, 100.0)
    for shift in (0.0, 37.0):
        y = NORTH + shift * np.array([0.0, 1, 0, 1, 0, 1, 0, 1, 0])
        [outline] = outline_clusters(x, y, np.zeros(9, dtype=np.int64), eps_m=float(np.hypot(100, shift)))
        assert outline.geom_type == "Polygon"


def test_a_cluster_on_one_point_is_a_disc() -> None:
    [disc] = outline_clusters(np.full(40, EAST), np.full(40, NORTH), np.zeros(40, dtype=np.int64), eps_m=100)
    assert disc.area == pytest.approx(np.pi * 25**2, rel=0.05)
    assert disc.centroid.distance(shapely.Point(EAST, NORTH)) < 0.01


def test_without_clusters_there_is_nothing_to_draw() -> None:
    none = np.full(3, -1)
    assert len(outline_clusters(np.zeros(3), np.zeros(3), none, eps_m=100)) == 0
    assert len(densest_spots(np.zeros(3), np.zeros(3), none, side_m=100)) == 0


def test_outlines_do_not_hang_on_the_order_of_the_rows() -> None:
    rng = np.random.default_rng(5)
    x, y = EAST + rng.normal(0, 200, 500), NORTH + rng.normal(0, 200, 500)
    order, one = rng.permutation(500), np.zeros(500, dtype=np.int64)
    [drawn], [again] = (outline_clusters(x[by], y[by], one, eps_m=80) for by in (np.arange(500), order))
    assert drawn.equals_exact(again, 0)


def test_a_cluster_is_named_where_its_issues_lie_densest_and_no_two_alike() -> None:
    """A long cluster: its middle is at 乙, most of its issues at 甲; a second lies at 甲 too."""
    x = np.concatenate([np.linspace(0, 1000, 101), np.full(60, 20.0), np.full(20, 150.0)])
    y = np.concatenate([np.zeros(161), np.full(20, 150.0)])
    cluster = np.array([0] * 161 + [1] * 20)
    places = gpd.GeoDataFrame({"name": ["甲", "乙"]}, geometry=gpd.points_from_xy([20, 500], [30, 0]), crs=4549)
    issues = gpd.GeoDataFrame(
        {"issue_class": ["市容"] * 100 + ["街面"] * 81, "sub_type": ["垃圾"] * 181, "department": [None] * 181},
        geometry=gpd.points_from_xy(x, y), crs=4549,
    )  # fmt: skip
    found = describe_clusters(issues, cluster, "all", eps_m=100, ground=Ground(places=places), lang="zh")
    assert found["name"].tolist() == ["甲", "甲 (2)"]
    assert found["issues"].tolist() == [161, 20]
    assert found["share_issues"].tolist() == pytest.approx([161 / 181, 20 / 181])
    assert found["main_class"].tolist() == ["市容", "街面"]
    assert found["main_share"].tolist() == pytest.approx([100 / 161, 1])
    assert found["same_point_share"].tolist() == pytest.approx([61 / 161, 1])
    assert found["main_department"].isna().all()
    assert found["per_km2"].tolist() == pytest.approx((found["issues"] / found.area * 1e6).tolist())
