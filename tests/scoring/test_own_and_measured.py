"""Whose value counts, both told; a percent that comes as a fraction; candidates in any order and any company."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from jxgis.errors import InputError, SettingsError
from jxgis.schema.tables import table as declared
from jxgis.scoring.analysis import score_candidates
from jxgis.settings import IndicatorSettings, MeasureSettings

IDS = ["甲", "乙", "丙"]


@pytest.fixture
def candidates():
    boxes = shapely.box([0, 3000, 6000], 0, [2000, 5000, 8000], 1000)
    return gpd.GeoDataFrame({"name": IDS}, geometry=boxes, crs=4549)


@pytest.fixture
def toilets():
    """Two in the first candidate, six in the second, none in the third."""
    x = [100, 200, *range(3100, 3700, 100)]
    return gpd.GeoDataFrame(geometry=gpd.points_from_xy(x, [500] * len(x)), crs=4549)


def test_own_values_count_and_the_measured_ones_stand_beside_them(candidates, toilets):
    brought = candidates.assign(公厕密度=[4.0, np.nan, np.nan])
    found = score_candidates(brought, further={"toilets": toilets}, lang="en")
    scores = found.scores
    assert scores["toilets_per_km2"].tolist() == [4, 3, 0]
    assert scores["toilets_per_km2_measured"].tolist() == [1, 3, 0]
    assert scores["toilets_per_km2_score"].tolist() == [100, 75, 0]
    account = found.indicators.set_index("indicator").loc["toilets_per_km2"]
    assert account[["own", "measured", "missing", "both", "apart"]].tolist() == [1, 2, 0, 1, 3]
    assert account["counted"] == "own_else_measured"
    assert account["method"] == "number per km²: toilets"
    figures = found.measures[found.measures["indicator"] == "toilets_per_km2"].set_index("candidate_id")
    assert figures["counted"].tolist() == ["own", "measured", "measured"]
    assert figures["value"].tolist() == [4, 3, 0]
    assert figures["numerator"].tolist() == [2, 6, 0]
    assert figures["denominator"].tolist() == [2, 2, 2]
    assert "toilets_per_km2_measured" not in score_candidates(candidates, further={"toilets": toilets}).scores


def test_own_values_are_read_as_a_layers_numbers_are(candidates):
    """Thousands with a comma, full width, 万: by the unit of the indicator, where that is in 万 itself."""
    options = {
        "cost": IndicatorSettings(dimension="A", target=2000, unit="万元", weight=1),
        "visitors": IndicatorSettings(dimension="A", target=20_000, unit="人", weight=1),
    }
    brought = candidates.assign(cost=["1,200", "800万", "NULL"], visitors=["１２０００", "1.2万", "12000.0"])
    scores = score_candidates(brought, indicators=options).scores
    assert scores["cost"].fillna(-1).tolist() == [1200, 800, -1]
    assert scores["visitors"].tolist() == [12_000] * 3


def test_a_layer_that_is_not_given_costs_its_indicator_with_the_reason_and_nothing_else(candidates, toilets):
    poi = gpd.GeoDataFrame({"kind": list("ab") * 6}, geometry=gpd.points_from_xy([9] * 12, [9] * 12), crs=4549)
    with_all = score_candidates(candidates, further={"toilets": toilets, "poi": poi})
    without = score_candidates(candidates, further={"poi": poi})
    figures = without.measures.set_index(["indicator", "candidate_id"])
    assert (figures.loc["toilets_per_km2", "reason"] == "no_layer").all()
    assert figures.loc[("poi_mix", "甲"), "value"] == pytest.approx(1)
    assert figures.loc["poi_mix", "reason"].tolist()[1:] == ["nothing_there", "nothing_there"]
    rest = with_all.measures["indicator"] != "toilets_per_km2"
    pd.testing.assert_frame_equal(with_all.measures[rest], without.measures[rest])


@pytest.mark.parametrize("column", ["林荫路覆盖率", "shaded_streets"])
def test_a_percent_that_comes_as_a_fraction_is_asked_about(candidates, column):
    brought = candidates.assign(**{column: [0.85, 0.4, np.nan]})
    with pytest.raises(InputError, match=r"column_units\.shaded_streets=fraction") as refused:
        score_candidates(brought)
    assert column in refused.value.text("zh")
    assert column in refused.value.text("en")
    taken = score_candidates(brought, column_units={"shaded_streets": "fraction"}).scores
    assert taken["shaded_streets"].tolist()[:2] == pytest.approx([85, 40])
    assert taken["shaded_streets_score"].iloc[0] == pytest.approx(100)
    as_said = score_candidates(brought, column_units={"shaded_streets": "percent"}).scores
    assert as_said["shaded_streets"].tolist()[:2] == [0.85, 0.4]


@pytest.mark.parametrize("brought", [[0.85, 1.0000000002, np.nan], [0.85, 1.0000000002, 60.0]])
def test_a_whole_that_rounding_made_more_than_one_is_a_fraction_still(candidates, brought):
    """Area over area, as GIS computes it: the column was taken for percent, and 0.85 scored a point."""
    with pytest.raises(InputError, match=r"column_units\.shaded_streets=percent"):
        score_candidates(candidates.assign(shaded_streets=brought))


@pytest.mark.parametrize(
    ("brought", "unit"), [([0.85, 77.0, 60.0], {}), ([85.0, 0.77, 0.6], {"shaded_streets": "fraction"})]
)
def test_fractions_among_percentages_are_asked_about_by_name(candidates, brought, unit):
    with pytest.raises(InputError, match=r"column_units\.shaded_streets=percent") as refused:
        score_candidates(candidates.assign(shaded_streets=brought), column_units=unit)
    assert "甲" in refused.value.text("zh")
    assert "乙" not in refused.value.text("en")
    as_said = score_candidates(candidates.assign(shaded_streets=brought), column_units={"shaded_streets": "percent"})
    assert as_said.scores["shaded_streets"].tolist() == brought


@pytest.mark.parametrize(
    ("name", "value"), [("shaded_streets", 850.0), ("rework_rate", -1.0), ("toilets_per_km2", -999.0)]
)
def test_what_no_candidate_can_have_is_refused(candidates, name, value):
    with pytest.raises(InputError, match=f"乙.*{value:g}"):
        score_candidates(candidates.assign(**{name: [5.0, value, np.nan]}))


@pytest.mark.parametrize(("value", "asked"), [(0.5, True), (0.02, False)])
def test_what_layers_measure_tells_a_fraction_from_less_than_one_percent(candidates, value, asked):
    lane = gpd.GeoDataFrame(
        {"road_class": ["主干路"] * 2, "condition": ["优", "差"]},
        geometry=[shapely.LineString([(0, 500), (1000, 500)]), shapely.LineString([(1000, 500), (2000, 500)])],
        crs=4549,
    )
    brought = candidates.assign(road_condition=[value, 3.0, 60.0])
    if asked:  # half of the streets are good
        with pytest.raises(InputError, match=r"0\.5"):
            score_candidates(brought, further={"roads": lane})
    else:
        bad = lane.assign(condition="差")
        assert score_candidates(brought, further={"roads": bad}).scores["road_condition"].iloc[0] == value


@pytest.mark.parametrize("values", [[0.0, 0.0, 0.0], [0.4, 9.6, 8.0], [np.nan] * 3])
def test_percent_columns_that_are_no_fractions_pass(candidates, values):
    assert score_candidates(candidates.assign(rework_rate=values)).scores["rework_rate"].tolist() == pytest.approx(
        values, nan_ok=True
    )


def test_a_fraction_of_what_should_be_little_is_asked_about(candidates):
    """5 % of rework that came as 0.05 would score best of all."""
    with pytest.raises(InputError, match=r"column_units\.rework_rate=percent"):
        score_candidates(candidates.assign(rework_rate=[0.05, 6.0, 7.0]))


def test_a_number_below_one_that_is_not_in_percent_is_what_it_is(candidates):
    scores = score_candidates(candidates.assign(poi_mix=[0.2, 0.4, 0.8])).scores
    assert scores["poi_mix_score"].tolist() == pytest.approx([25, 50, 100])


def test_an_indicator_of_the_project_is_measured_by_its_table(candidates, toilets):
    kinds = toilets.assign(kind=["一类", "三类", *["一类"] * 3, *["三类"] * 3])
    own = IndicatorSettings(
        dimension="设施",
        label="一类公厕占比",
        unit="%",
        weight=1,
        target=50,
        measures=(MeasureSettings(measure="share_of_rows", layers=("toilets",), hit={"kind": "一类"}, least=1),),
    )
    found = score_candidates(candidates, further={"toilets": kinds}, indicators={"good_toilets": own})
    assert found.scores["good_toilets"].tolist() == pytest.approx([50, 50, np.nan], nan_ok=True)
    assert found.labels == {"good_toilets": "一类公厕占比"}
    gaps = score_candidates(
        candidates, further={"toilets": kinds.assign(kind=["一类", *[None] * 7])}, indicators={"good_toilets": own}
    )
    assert gaps.indicators["method"].tolist() == ["占应计件数的比例：toilets（7 行没有填写，按“否”计）"]
    wrong = own.but({"measures": [{"measure": "count_per_km", "layers": ["toilets"]}]})
    with pytest.raises(SettingsError, match="count_per_km2"):
        score_candidates(candidates, indicators={"good_toilets": wrong})


def test_what_only_repeats_the_shape_is_no_second_source(candidates):
    """A table of `jxgis units` has the columns compactness and hull_ratio; figures that differ from the shape are brought."""
    square = candidates.set_geometry(shapely.box([0, 3000, 6000], 0, [1000, 4000, 7000], 1000), crs=4549)
    repeated = square.assign(compactness=[np.pi / 4, None, np.pi / 4 + 1e-9], hull_ratio=1.0, 公厕密度=3.0)
    names = ["compactness", "hull_ratio", "toilets_per_km2"]
    found = score_candidates(repeated)
    assert found.indicators.set_index("indicator").loc[names, "counted"].tolist() == ["measured", "measured", "own"]
    assert found.scores["compactness"].tolist() == pytest.approx([np.pi / 4] * 3)
    brought = score_candidates(square.assign(compactness=[np.pi / 4, 0.6, np.nan])).indicators.set_index("indicator")
    assert brought.loc["compactness", ["counted", "own", "measured"]].tolist() == ["own_else_measured", 2, 1]


def test_an_indicator_that_nothing_supplies_is_refused_each_by_name(candidates):
    own = {name: IndicatorSettings(dimension="设施", weight=1, target=5) for name in ("benches", "wells", "lamps")}
    with pytest.raises(InputError) as refused:
        score_candidates(candidates.assign(lamps=1.0), indicators=own)
    for lang in ("zh", "en"):
        said = refused.value.text(lang)
        assert "benches" in said
        assert "wells" in said
        assert "lamps" not in said


def test_a_score_changes_neither_with_the_order_nor_with_who_else_is_scored(candidates, toilets):
    whole = score_candidates(candidates, further={"toilets": toilets})
    figures = whole.measures.set_index(["candidate_id", "indicator"])["value"]
    for order in ([2, 0, 1], [1], [0, 2]):
        some = score_candidates(candidates.iloc[order], further={"toilets": toilets})
        assert some.scores.set_index("candidate_id")["score"].to_dict() == pytest.approx(
            whole.scores.set_index("candidate_id")["score"].iloc[order].to_dict()
        )
        mine = some.measures.set_index(["candidate_id", "indicator"])["value"]
        pd.testing.assert_series_equal(mine.sort_index(), figures.loc[[IDS[k] for k in order]].sort_index())
    turned = score_candidates(candidates, further={"toilets": toilets.iloc[::-1]})
    pd.testing.assert_frame_equal(turned.measures, whole.measures)


def test_two_columns_of_one_indicator_agree_or_are_asked_about(candidates):
    """The column named by the id counted, and the one named by the label was dropped without a word."""
    both = candidates.assign(toilets_per_km2=[1.0, np.nan, 3.0], 公厕密度=[1.0, 2.0, np.nan])
    assert score_candidates(both).scores["toilets_per_km2"].tolist() == [1.0, 2.0, 3.0]
    with pytest.raises(InputError, match="公厕密度"):
        score_candidates(both.assign(公厕密度=[1.5, 2.0, np.nan]))


def test_figures_that_would_tell_how_few_issues_there_are_stand_in_no_workbook(candidates):
    """Two issues in the first candidate, forty in the second, nine elsewhere: no figure that hangs on the two is shown."""
    x = [100, 200, *np.linspace(3100, 4900, 40), *[5500] * 9]
    issues = gpd.GeoDataFrame({"department": ["甲"] * 51}, geometry=gpd.points_from_xy(x, [500] * 51), crs=4549)
    city = gpd.GeoDataFrame({"name": ["城"]}, geometry=[shapely.box(0, 0, 9000, 1000)], crs=4549)
    found = score_candidates(candidates, issues=issues, districts=city)
    kept = found.measures.set_index(["indicator", "candidate_id"])
    shown = found.shown_tables()["measures"].set_index(["indicator", "candidate_id"])
    telling = ["value", "measured_value", "numerator", "denominator"]
    assert kept.loc[("issue_density", "甲"), "value"] > 0
    assert shown.loc[("issue_density", "甲"), telling].isna().all()
    assert shown.loc[("body_concentration", "甲"), telling].isna().all()
    assert shown.loc[("issue_density", "乙"), telling].tolist()[0] == kept.loc[("issue_density", "乙"), "value"]
    assert shown.loc[("compactness", "甲"), "value"] == kept.loc[("compactness", "甲"), "value"]
    # Without the nine elsewhere 42 in all, which the density of 乙 tells, less its 40 are the two.
    few = score_candidates(candidates, issues=issues[:42], districts=city).shown_tables()
    assert few["scores"].set_index("candidate_id").loc[["甲", "乙"], "issues"].tolist() == ["1–2", None]
    assert few["measures"].set_index(["indicator", "candidate_id"]).loc[("issue_density", "乙"), telling].isna().all()


def test_few_cases_of_a_measure_are_shown_for_no_candidate(candidates):
    """Many issues in both candidates, two of greening in the first: its numbers and those of the others are left out."""
    x = [100, 200, *np.linspace(300, 1900, 40), *np.linspace(3100, 4900, 40)]
    issues = gpd.GeoDataFrame(
        {"issue_class": ["园林绿化"] * 2 + ["街面秩序"] * 40 + ["园林绿化"] * 40, "closed": pd.Timestamp("2023-05-01")},
        geometry=gpd.points_from_xy(x, [500] * 82),
        crs=4549,
    )
    city = gpd.GeoDataFrame({"name": ["城"]}, geometry=[shapely.box(0, 0, 9000, 1000)], crs=4549)
    found = score_candidates(candidates, issues=issues, districts=city)
    kept = found.measures.set_index(["indicator", "candidate_id"])
    shown = found.shown_tables()["measures"].set_index(["indicator", "candidate_id"])
    assert kept.loc[("solved_rate", "甲"), "denominator"] == 2
    assert shown.loc["solved_rate", ["numerator", "denominator"]].isna().to_numpy().all()
    assert shown.loc[("solved_rate", "甲"), "reason"] == "too_few_cases"
    assert shown.loc[("solved_rate", "乙"), "value"] == 100
    assert shown.loc[("issue_density", "乙"), "numerator"] == kept.loc[("issue_density", "乙"), "numerator"]


def test_no_digits_tell_the_numbers_of_cases_that_are_left_out(candidates):
    """Two cases of greening in one candidate: no numbers; in the other 29 of 31 solved, of which 93.5483… would tell both."""
    x = [100, 200, *np.linspace(300, 1900, 40), *np.linspace(3100, 4900, 31)]
    issues = gpd.GeoDataFrame(
        {"issue_class": ["园林绿化"] * 2 + ["街面秩序"] * 40 + ["园林绿化"] * 31},
        geometry=gpd.points_from_xy(x, [500] * 73),
        crs=4549,
    )
    issues["closed"] = [pd.Timestamp("2023-05-01")] * 71 + [pd.NaT] * 2
    city = gpd.GeoDataFrame({"name": ["城"]}, geometry=[shapely.box(0, 0, 9000, 1000)], crs=4549)
    found = score_candidates(candidates, issues=issues, districts=city)
    exact = 100 * 29 / 31
    assert found.scores["solved_rate"].iloc[1] == pytest.approx(exact, abs=1e-9)
    told = [*found.shown_tables().items(), *found.sheets().items()]
    for name, table in told:
        if name == "averages":  # of the district, whose numbers are those of all its candidates
            continue
        numbers = table.select_dtypes("number").to_numpy(dtype=float)
        for secret in (exact, 100 * exact / 96, found.scores["score"].iloc[1]):
            assert not (abs(numbers - secret) < 1e-6).any(), name
    shown = found.shown_tables()["scores"]
    assert shown["solved_rate"].iloc[1] == 93.5
    assert shown["score"].iloc[1] == pytest.approx(found.scores["score"].iloc[1], abs=0.05)
    assert shown["compactness"].iloc[1] == found.scores["compactness"].iloc[1]


@pytest.mark.parametrize(("lang", "chinese"), [("zh", True), ("en", False)])
def test_dimensions_are_called_in_the_reader_s_language(candidates, lang, chinese):
    found = score_candidates(candidates, lang=lang)
    assert all(any(sign >= "\u4e00" for sign in name) is chinese for name in found.sheets()["indicators"]["dimension"])
    assert "管理绩效" in set(found.indicators["dimension"])


def test_a_column_that_nothing_reads_is_named_with_the_indicator_it_may_be(candidates):
    """A renamed column must not be dropped without a word: it decides who is ranked."""
    found = score_candidates(candidates.assign(林荫路=[60.0, 70.0, 80.0], 备注="无", 天气=1.0))
    assert [note.zh for note in found.said] == [
        "候选单元的列“林荫路”没有读取；若是“林荫路覆盖率”，请把列名改为 shaded_streets。"
    ]
    assert score_candidates(candidates.assign(林荫路覆盖率=[60.0, 70.0, 80.0])).said == []


def test_what_a_geographic_database_adds_is_taken_for_no_indicator(candidates):
    """Boston's own neighbourhoods come with ShapeSTArea, which shares letters with shaded_streets."""
    added = {
        "ShapeSTArea": 7e7,
        "ShapeSTLength": 5e4,
        "Shape_Area": 7e7,
        "Shape_Leng": 5e4,
        "OBJECTID": 1,
        "SqMiles": 2.5,
    }
    assert score_candidates(candidates.assign(**added)).said == []
    assert len(score_candidates(candidates.assign(shade_streets=60.0, toilets_km2=4.0)).said) == 2


def test_scores_read_again_have_no_unread_columns(candidates):
    found = score_candidates(candidates.assign(shaded_streets=[60.0, 70.0, 80.0]))
    assert score_candidates(found.scores).said == []


def test_units_handed_in_as_they_stand_have_no_unread_columns(candidates):
    """What `jxgis units` writes of a unit is not an indicator under another name."""
    units = candidates.assign(**{name: 1.0 for name in declared("units.units").columns if "*" not in name})
    assert score_candidates(units).said == []
