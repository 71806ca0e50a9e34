"""What lies behind scores as people are shown it: nothing tells how few issues a candidate has."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest
import shapely

from jxgis.drawing.offline import to_html
from jxgis.scoring.analysis import score_candidates
from jxgis.scoring.depth import told

LEFT, MIDDLE, RIGHT = "甲", "乙", "丙"
OWN = {
    "calm": {
        "dimension": "静", "label": "问题强度", "weight": 1, "low": 0, "high": 3,
        "measures": [{"measure": "relative_density", "layers": ["issues", "districts"]}],
    },
    "toilets": {"dimension": "设施", "label": "公厕", "weight": 2, "target": 4, "unit": "座/km²"},
}  # fmt: skip


@pytest.fixture(scope="module", params=["zh", "en"])
def result(request):
    """Five candidates side by side; 甲 has two issues, which is the calmest quarter. Thirty lie between them."""
    x = np.arange(5) * 2000
    squares = gpd.GeoDataFrame(
        {"name": list("甲乙丙丁戊"), "toilets": [1.0, 2.0, 3.0, 4.0, 2.5]},
        geometry=shapely.box(x, 0, x + 1600, 1600),
        crs=4549,
    )
    at = np.repeat([*x, 1700], [2, 40, 50, 60, 70, 30]) + 100.0
    issues = gpd.GeoDataFrame(geometry=gpd.points_from_xy(at, [50.0] * len(at)), crs=4549)
    districts = gpd.GeoDataFrame({"name": ["区"]}, geometry=[shapely.box(0, 0, 10_000, 1600)], crs=4549)
    return score_candidates(squares, issues=issues, districts=districts, indicators=OWN, lang=request.param)


def test_nothing_tells_of_how_few_issues_a_candidate_is(result):
    shown = result.shown_tables()
    assert {"acceptability", "swings", "improvements", "types", "features"} <= set(shown)
    for name in ("acceptability", "swings", "improvements"):
        own = shown[name][shown[name]["candidate_id"] == LEFT].drop(
            columns=["candidate_id", "indicator", "label", "unit"], errors="ignore"
        )
        assert len(own)
        assert own.isna().all(axis=None), name
    # The best quarter of five are the best two, so that the calmer of them is nobody's step.
    calm = shown["improvements"][shown["improvements"]["indicator"] == "calm"]
    steps = calm["to_step"].dropna().tolist()
    assert steps == [result.scores.loc[1, "calm"]] * 3
    assert result.scores.loc[0, "calm"] < steps[0]


def test_a_step_that_is_the_value_of_a_hidden_candidate_is_hidden():
    """Of four the best quarter are one: 甲 itself. Thirty issues lie between them."""
    x = np.arange(4) * 2000
    squares = gpd.GeoDataFrame({"name": list("甲乙丙丁")}, geometry=shapely.box(x, 0, x + 1600, 1600), crs=4549)
    at = np.repeat([*x, 1700], [2, 40, 50, 60, 30]) + 100.0
    issues = gpd.GeoDataFrame(geometry=gpd.points_from_xy(at, [50.0] * len(at)), crs=4549)
    districts = gpd.GeoDataFrame({"name": ["区"]}, geometry=[shapely.box(0, 0, 8000, 1600)], crs=4549)
    found = score_candidates(squares, issues=issues, districts=districts, indicators={"calm": OWN["calm"]})
    kept, shown = found.improvements, found.shown_tables()["improvements"]
    assert kept["to_step"].notna().sum() == 3
    columns = ["to_step", "gain_step", "rank_step", "step_in_words"]
    assert shown[columns].isna().all(axis=None)
    assert shown["to_reference"].notna().sum() == 3


def test_a_geopackage_has_the_tables_and_keeps_all(result, tmp_path):
    from jxgis.gpkg import write_gpkg

    names = ("acceptability", "swings", "improvements", "types", "features")
    tables = {"scores": result.scores, **{name: result.tables()[name] for name in names}}
    write_gpkg(tmp_path / "a.gpkg", tables, of="scores", titles=result.titles, own={"scores": result.titles})
    listed = dict(pyogrio.list_layers(tmp_path / "a.gpkg"))
    assert listed == {"scores": "MultiPolygon", **dict.fromkeys(names), "layer_styles": None}
    kept = pyogrio.read_dataframe(tmp_path / "a.gpkg", layer="improvements", read_geometry=False)
    assert len(kept) == len(result.improvements)
    assert kept["gain_reference"].tolist() == pytest.approx(result.improvements["gain_reference"].tolist(), nan_ok=True)


def test_the_page_the_card_and_the_workbook_say_it(result):
    lang = result.given.lang
    said = told(result.shown_tables(), result.scores["candidate_id"], lang)
    assert said.loc[0, ["lifts", "pulls", "improve", "step"]].isna().all(), "甲 has few issues"
    best = result.improvements[(result.improvements["candidate_id"] == MIDDLE) & (result.improvements["place"] == 1)]
    assert said.loc[1, "improve"] == best["in_words"].item()
    page = to_html(result.map("scores"))
    assert best["in_words"].item() in page
    words = [
        str(cell) for block in result.section().blocks if hasattr(block, "rows") for row in block.rows for cell in row
    ]
    assert best["in_words"].item() in words
    assert set(result.sheets()) >= {"acceptability", "swings", "improvements", "types", "features"}


def test_a_place_near_the_top_is_what_project_or_city_say(result):
    assert result.top == 3
    one = score_candidates(
        result.scores[["candidate_id", "geometry"]].assign(toilets=[1, 2, 3, 4, 2.5]),
        indicators=OWN,
        top=1,
        weightings=200,
        min_completeness=0.5,
    )
    assert one.top == 1
    assert one.acceptability["acceptability"].tolist() == [0, 0, 0, 1, 0]
    assert one.scores["acceptability"].tolist() == one.acceptability["acceptability"].tolist()


def test_the_geometric_mean_stands_beside_the_sum(result):
    views = result.views
    points = result.scores[["calm_score", "toilets_score"]].clip(lower=1)
    by_hand = (points["calm_score"] * points["toilets_score"] ** 2) ** (1 / 3)
    assert np.allclose(views["score_geometric"], by_hand)
    assert views["rank_geometric"].tolist() == by_hand.rank(ascending=False).tolist()
    assert (pd.to_numeric(views["score_geometric"]) <= result.scores["score"] + 1e-9).all()
