"""What `find_clusters` finds and shows: thresholds, classes, small counts, and what is refused."""

from __future__ import annotations

from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from sklearn.cluster import DBSCAN

import jxgis
from jxgis.clusters.analysis import analyse
from jxgis.clusters.density import dense_from, suggest_eps
from jxgis.drawing.offline import to_html
from jxgis.errors import InputError, SettingsError
from jxgis.hotspots.caution import at_one_point

SIDE = 6000.0
CITY = gpd.GeoDataFrame({"name": ["城"]}, geometry=[shapely.box(0, 0, SIDE, SIDE)], crs=4549)


def made(rng: np.random.Generator) -> gpd.GeoDataFrame:
    """Two dense places among 3,000 issues: one of all classes, one of 甲 alone."""
    x, y = rng.uniform(0, SIDE, (2, 3000))
    x[:300], y[:300] = rng.normal(1000, 60, (2, 300))
    x[300:500], y[300:500] = rng.normal(4500, 60, (2, 200))
    classes = rng.choice(["甲", "乙", "丙"], 3000)
    classes[300:500] = "甲"
    kinds = {"sub_type": rng.choice(["垃圾", "停车"], 3000), "issue_class": classes}
    return gpd.GeoDataFrame(kinds, geometry=gpd.points_from_xy(x, y), crs=4549)


@pytest.fixture(scope="module")
def issues() -> gpd.GeoDataFrame:
    return made(np.random.default_rng(1))


@pytest.fixture(scope="module")
def result(issues):
    return jxgis.find_clusters(issues, CITY)


def test_the_planted_places_are_found_and_no_others(result):
    own = result.clusters[result.clusters["issue_class"] == "all"]
    assert own["rank"].tolist() == [1, 2]
    assert [shapely.covers(area, shapely.Point(at, at)) for area, at in zip(own.geometry, (1000, 4500), strict=True)] == [
        True, True,
    ]  # fmt: skip
    assert own["main_class"].iloc[1] == "甲"
    assert own["main_share"].iloc[1] > 0.9
    assert (result.clusters["issue_class"] == "甲").sum() == 2
    assert result.clusters["cluster_id"].tolist() == list(range(1, len(result.clusters) + 1))


def test_counts_are_those_of_scikit_learn_at_the_threshold_of_each_class(issues, result):
    for row in result.classes.itertuples():
        own = issues if row.issue_class == "all" else issues[issues["issue_class"] == row.issue_class]
        mean = len(own) * np.pi * 100**2 / SIDE**2
        assert row.min_points == max(10, int(np.ceil(10 * mean)))
        xy = np.column_stack([own.geometry.x, own.geometry.y])
        peer = DBSCAN(eps=100, min_samples=row.min_points, algorithm="kd_tree").fit(xy).labels_
        assert row.clusters == peer.max() + 1
        assert row.clustered == (peer >= 0).sum()
        sizes = result.clusters.loc[result.clusters["issue_class"] == row.issue_class, "issues"]
        assert sizes.sum() == row.clustered
        assert (sizes >= row.min_points).all()


def test_what_other_distances_find_stands_beside_the_one_chosen(issues, result):
    assert result.distances["eps_m"].tolist() == [50, 100, 150, 200, 300]
    own, whole = result.distances.iloc[1], result.classes.iloc[0]
    assert own[["min_points", "clusters", "share_clustered", "share_largest"]].tolist() == pytest.approx(
        whole[["min_points", "clusters", "share_clustered", "share_largest"]].tolist()
    )
    assert jxgis.find_clusters(issues, CITY, eps_m=70).distances["eps_m"].tolist() == [50, 70, 100, 150, 200, 300]
    assert suggest_eps(np.zeros(3), np.zeros(3), [5], lambda eps_m: 4).iloc[0, 2:].tolist() == [0, 0, 0]


def test_the_least_number_is_never_below_what_is_shown():
    assert dense_from(10, 1e9, eps_m=100, density_times=1, fewest=25) == 25
    few = jxgis.find_clusters(made(np.random.default_rng(0)).head(60), CITY)
    assert (few.classes["min_points"] >= 10).all()


def test_the_order_of_the_rows_means_nothing(issues, result):
    again = jxgis.find_clusters(issues.sample(frac=1, random_state=3), CITY)
    pd.testing.assert_frame_equal(
        pd.DataFrame(again.clusters.drop(columns="geometry")), pd.DataFrame(result.clusters.drop(columns="geometry"))
    )
    assert all(a.equals_exact(b, 0) for a, b in zip(again.clusters.geometry, result.clusters.geometry, strict=True))


def test_points_are_written_on_request_alone_and_tell_nothing_but_their_cluster(issues, result, tmp_path):
    assert "points" not in result.tables()
    asked = jxgis.find_clusters(issues, CITY, points=True)
    asked.write(tmp_path / "out")
    points = gpd.read_file(tmp_path / "out" / "clusters.gpkg", layer="points")
    assert list(points.columns) == ["cluster_id", "issue_class", "geometry"]
    sizes = points.groupby("cluster_id").size()
    assert sizes.to_dict() == asked.clusters.set_index("cluster_id")["issues"].to_dict()
    classes = points.drop_duplicates("cluster_id").set_index("cluster_id")["issue_class"]
    assert classes.to_dict() == asked.clusters.set_index("cluster_id")["issue_class"].to_dict()
    assert any("points" in note.zh and "不要外传" in note.zh for note in asked.notes())
    for one in asked.clusters.itertuples():
        inside = points.geometry[points["cluster_id"] == one.cluster_id]
        assert shapely.covers(one.geometry, inside.to_numpy()).all()


def lattice(n: int, x: float, issue_class: str) -> gpd.GeoDataFrame:
    """``n`` issues of one class at one point."""
    return gpd.GeoDataFrame(
        {"issue_class": [issue_class] * n}, geometry=gpd.points_from_xy(np.full(n, x), np.full(n, 500.0)), crs=4549
    )


def test_a_count_is_left_out_with_which_a_small_one_would_follow():
    """Of 42 issues at a point 40 are 甲 and 2 are 乙; of 丙 all but one lie in a cluster."""
    parts = [lattice(40, 500, "甲"), lattice(2, 500, "乙"), lattice(30, 3000, "丙"), lattice(1, 5000, "丙")]
    issues = gpd.GeoDataFrame(pd.concat(parts, ignore_index=True))
    result = jxgis.find_clusters(issues, CITY, min_points=10)
    shown = result.shown_tables()["clusters"].set_index(["issue_class", "rank"])
    count = pd.to_numeric(shown["issues"], errors="coerce")
    assert result.clusters["issues"].tolist() == [42, 30, 30, 40]
    assert count[[("all", 1), ("甲", 1)]].isna().any(), "42 − 40 tells the two of 乙"
    assert pd.isna(count[("丙", 1)]), "31 − 30 tells the one of 丙"
    assert shown.loc[count.isna(), ["share_issues", "per_km2", "main_subclass"]].isna().to_numpy().all()
    assert pd.isna(shown.loc[("all", 1), "main_share"]), "40 of 42"
    classes = result.shown_tables()["classes"].set_index("issue_class")
    assert classes.loc["丙", ["clustered", "share_clustered"]].isna().all()
    # Of all issues one is in no cluster.
    assert classes.loc["all", ["clustered", "share_clustered"]].isna().all()
    assert "不显示" in result.section().keys[0].note
    told = [str(cell) for rows in result.section().sheets.values() for cell in rows.to_numpy().ravel()]
    assert "72" not in told


def test_nothing_is_left_out_where_all_is_to_be_shown():
    parts = [lattice(40, 500, "甲"), lattice(2, 500, "乙"), lattice(1, 5000, "丙")]
    issues = gpd.GeoDataFrame(pd.concat(parts, ignore_index=True))
    given = jxgis.find_clusters(issues, CITY, min_points=10).given
    shows_all = replace(given, settings=given.settings.overridden("report", {"min_count": 1}))
    shown = analyse(shows_all).shown_tables()
    assert shown["clusters"]["issues"].tolist() == [42, 40]
    assert shown["classes"]["clustered"].tolist() == [42, 0, 0, 40]


def test_the_section_and_the_map_say_that_nothing_was_tested(result):
    from jxgis.report.blocks import Paragraph

    section = result.section()
    said = [block.words for block in section.blocks if isinstance(block, Paragraph)]
    for words in ("没有做任何检验", "与热点地段同名的，件数不是一回事"):
        assert any("密集区不是热点" in each and words in each for each in said)
    page = to_html(result.map())
    assert "没有做检验" in page
    # What the list numbers, the map numbers.
    assert "编号同列表" in page
    assert '"pins":{' in page
    assert "有 2 处密集区" in section.lines[0]
    assert result.draws("figure") == ["clusters_map"]
    assert "问题密集区" in repr(result)


def test_one_wide_cluster_is_said_to_be_too_wide(issues):
    wide = jxgis.find_clusters(issues, CITY, eps_m=600, min_points=5).section()
    assert any("太宽" in getattr(block, "words", "") for block in wide.blocks)
    assert not any(
        "太宽" in getattr(block, "words", "") for block in jxgis.find_clusters(issues, CITY).section().blocks
    )


def test_a_default_of_the_platform_is_asked_about():
    parts = [lattice(40, 500, "甲"), made(np.random.default_rng(6)).drop(columns="sub_type")]
    found = jxgis.find_clusters(gpd.GeoDataFrame(pd.concat(parts, ignore_index=True)), CITY, min_points=30, lang="en")
    asked = [block.words for block in found.section().blocks if "very same coordinates" in getattr(block, "words", "")]
    assert len(asked) == 1
    assert asked[0].startswith("In ")
    # `jxgis clusters` alone has no page: its workbook and its words say what its notes say.
    assert asked[0] in [note.en for note in found.notes()]
    # The first thing that is read on the page says it too, of the cluster that it names: the largest.
    more = pd.concat([lattice(400, 500, "甲"), *parts], ignore_index=True)
    heaped = jxgis.find_clusters(gpd.GeoDataFrame(more), CITY, min_points=30, lang="en")
    for result, is_asked in ((found, False), (heaped, True)):
        [answer] = result.section().answers
        assert ("very same coordinates" in answer.words) == is_asked
    # Hot places, scan clusters and clusters are asked about by one rule: from a fifth of their issues on.
    for share, n in ((0.2, 1), (0.199, 0)):
        assert len(at_one_point(found.clusters.assign(same_point_share=share))) == n


@pytest.mark.parametrize("n", [1, 2, 9])
def test_few_issues_are_no_fault_and_no_cluster(n, tmp_path):
    result = jxgis.find_clusters(lattice(n, 500, "甲"), CITY)
    assert len(result.clusters) == 0
    assert result.classes["clusters"].tolist() == [0, 0]
    assert "没有" in result.section().lines[0]
    assert result.draws("figure") == []
    result.write(tmp_path / "out")
    assert len(gpd.read_file(tmp_path / "out" / "clusters.gpkg", layer="clusters")) == 0


def test_issues_without_a_class_are_one_group():
    found = jxgis.find_clusters(lattice(30, 500, "甲").drop(columns="issue_class"), CITY)
    assert found.classes["issue_class"].tolist() == ["all"]
    assert found.clusters["main_class"].isna().all()


def test_hdbscan_goes_the_same_way(issues):
    found = jxgis.find_clusters(issues.head(800), CITY, method="hdbscan", min_points=40, classes=["甲"])
    assert set(found.clusters["issue_class"]) == {"all", "甲"}
    assert (found.clusters["issues"] >= 40).all()
    assert "HDBSCAN" in found.section().lines[0]
    assert found.clusters.geometry.is_valid.all()


def test_what_cannot_be_grouped_is_refused_with_words(issues):
    far = issues.assign(geometry=issues.translate(1e5, 0))
    with pytest.raises(InputError, match="3,000 件问题都不在城区范围内"):
        jxgis.find_clusters(far, CITY)
    with pytest.raises(InputError, match="0 件问题都不在城区范围内"):
        jxgis.find_clusters(issues.head(0), CITY)
    with pytest.raises(InputError, match="比城区（长 6,000 米）还大"):
        jxgis.find_clusters(issues, CITY, eps_m=7000)
    with pytest.raises(InputError, match="名为 all"):
        jxgis.find_clusters(issues.assign(issue_class="all"), CITY)
    for wrong in ({"eps_m": 0}, {"eps_m": float("nan")}, {"min_points": 1}, {"density_times": 0}, {"method": "kmeans"}):
        with pytest.raises(SettingsError):
            jxgis.find_clusters(issues, CITY, **wrong)


def test_issues_outside_the_city_are_counted_and_left_out(issues):
    out = gpd.GeoDataFrame(pd.concat([issues, issues.head(50).assign(geometry=issues.head(50).translate(1e5, 0))]))
    found = jxgis.find_clusters(out, CITY)
    assert found.outside == 50
    assert found.classes["issues"].iloc[0] == 3000
    assert any("50 件问题在城区范围外" in note.zh for note in found.notes())


def test_a_small_number_of_issues_is_a_range_in_sentences_too():
    issues = gpd.GeoDataFrame(geometry=gpd.points_from_xy([10, 20], [10, 20]), crs=4549)
    section = jxgis.find_clusters(issues, CITY).section()
    assert "全部问题（1–2 件）" in section.lines[0]
