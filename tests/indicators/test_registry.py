"""The registry: indicators measured by their tables, the first way that can be taken, and tables that say nonsense."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from jxgis.city import load_city
from jxgis.errors import SettingsError
from jxgis.i18n import Text
from jxgis.indicators import MEASURES, holds, layers_of, measure_indicators
from jxgis.indicators.measures import IndicatorInputs, check_measures
from jxgis.schema.layers import layers
from jxgis.scorecard.targets import load_plan
from jxgis.scoring.indicators import load_registry
from jxgis.settings import MeasureSettings, Range

KM = gpd.GeoDataFrame(geometry=[shapely.box(0, 0, 1000, 1000)], crs=4549)


def things(**columns):
    n = len(next(iter(columns.values())))
    return gpd.GeoDataFrame(columns, geometry=gpd.points_from_xy(np.arange(1, n + 1), np.ones(n)), crs=4549)


def way(measure, *names, **options):
    return MeasureSettings(measure=measure, layers=names, **options)


def value(ground, *ways, percent=()):
    found = measure_indicators(KM, {"a": ways}, IndicatorInputs(ground), percent=percent)["a"]
    return found.table["value"].item(), found.table["reason"].item()


def test_conditions_of_rows():
    rows = pd.DataFrame({"k": [" 优 ", "良", None, "3"], "n": [1, 2.5, np.nan, 4], "f": [True, False, True, False]})
    assert holds(rows, {"k": "优"}).tolist() == [True, False, False, False]
    assert holds(rows, {"k": ("优", "良")}).tolist() == [True, True, False, False]
    assert holds(rows, {"k": 3}).tolist() == [False, False, False, True]
    assert holds(rows, {"k": True}).tolist() == [True, True, False, True]
    assert holds(rows, {"k": False}).tolist() == [False, False, True, False]
    assert holds(rows, {"f": True}).tolist() == [True, False, True, False]
    assert holds(rows, {"f": False}).tolist() == [False, True, False, True]
    assert holds(rows, {"n": Range(least=1, most=2.5)}).tolist() == [True, True, False, False]
    assert holds(rows, {"n": Range(least=2), "f": False}).tolist() == [False, True, False, True]
    assert holds(rows, {}).all()


@pytest.mark.parametrize(
    "lit",
    [[True, False, None, True], ["True", "False", None, "True"], ["是", "否", "", "是 "], [True, False, False, True]],
    ids=["a gap", "read as text", "words", "no gap"],
)
def test_a_no_is_no_yes_however_it_is_written(lit):
    rows = pd.DataFrame({"lit": pd.Series(lit, dtype=object if None in lit or "" in lit else None)})
    assert holds(rows, {"lit": True}).tolist() == [True, False, False, True]
    assert holds(rows, {"lit": False}).tolist() == [False, True, True, False]
    assert holds(rows, {"lit": Range(least=1)}).tolist() == [True, False, False, True]
    assert holds(rows, {"lit": Range(most=0)}).tolist()[1] is True


@pytest.mark.parametrize("lit", [[True, False, True, False], ["是", "否", "是", "否"], [1, 0, 1, 0]])
def test_lamps_that_are_dark_count_among_all(lit):
    of_plan = next(target for target in load_plan().targets if "lightscape" in layers_of(target.measures))
    assert value({"lightscape": things(lit=lit)}, *of_plan.measures) == (0.5, "")


@pytest.mark.parametrize("lit", [[96.5, 80.0, 92.0, 99.0], [0.965, 0.8, 0.92, 0.99]], ids=["percent", "fractions"])
def test_a_rate_is_no_yes_and_no_no(lit):
    of_plan = next(target for target in load_plan().targets if "lightscape" in layers_of(target.measures))
    found, reason = value({"lightscape": things(lit=lit)}, *of_plan.measures)
    assert (np.isnan(found), reason != "") == (True, True)


@pytest.mark.parametrize(
    ("column", "hit", "silent"),
    [
        (["是", None, "否", " ", None], True, 3),
        ([True, None, False, None, None], True, 3),
        ([1.0, np.nan, 0.0, np.nan, np.nan], 1, 3),
        (["优", None, "差", "良", None], ("优", "良"), 2),
        ([90.0, np.nan, 60.0, 70.0, 80.0], Range(least=80), 1),
        (["是", "否", "否", "是", "否"], True, 0),
        (["2023-05-01", None, "2023-06-01", None, None], True, 0),  # any value will do: a blank has answered
    ],
)
def test_a_blank_counts_as_a_no_and_how_many_there_are_is_said(column, hit, silent):
    ground = IndicatorInputs({"a": things(k=pd.Series(column, dtype=None if hit in (1, Range(least=80)) else object))})
    asked = way("share_of_rows", "a", hit={"k": hit}, least=1)
    found = measure_indicators(KM, {"a": [asked]}, ground)["a"]
    assert found.silent == silent
    said = found.method(lambda name: Text(name, name))
    assert said.zh == f"占应计件数的比例：a{f'（{silent} 行没有填写，按“否”计）' if silent else ''}"
    assert ("as a no" in said.en) == bool(silent)
    of_known = measure_indicators(KM, {"a": [asked.but({"where": {"k": True}})]}, ground)["a"]
    assert isinstance(hit, bool) or of_known.silent == 0  # where the blanks are left out there are none


@pytest.mark.parametrize(
    ("layer", "few", "none"), [("issues", "cases", "no_cases"), ("lamps", "rows", "nothing_there")]
)
def test_what_is_no_case_is_not_called_one(layer, few, none):
    rows = things(k=["x", "x"])
    share = way("share_of_rows", layer, hit={"k": "x"})
    bodies = way("concentration", layer, column="k", least=3)
    for asked in (share, bodies):
        assert value({layer: rows}, asked)[1] == f"too_few_{few}"
        assert value({layer: rows.set_geometry(rows.translate(5000))}, asked)[1] == none


def test_words_that_are_no_numbers_tell_nothing_of_a_range():
    assert (
        value({"a": things(lit=["亮", "不亮"])}, way("share_of_rows", "a", hit={"lit": Range(least=1)}))[1]
        == "no_column"
    )


def test_the_first_way_whose_layers_and_columns_are_there_is_taken():
    first, second = way("count", "a", where={"kind": "x"}), way("count", "b")
    both = {"a": things(kind=["x", "y"]), "b": things(kind=["x"] * 5)}
    assert value(both, first, second) == (1, "")
    assert value({"b": both["b"]}, first, second) == (5, "")
    assert value({"a": both["a"].drop(columns="kind"), "b": both["b"]}, first, second) == (5, "")
    assert value({}, first, second)[1] == "no_layer"
    assert value({"a": both["a"].drop(columns="kind")}, first)[1] == "no_column"
    assert value(both)[1] == "no_measure"


def test_a_column_with_nothing_in_it_is_none():
    empty = things(kind=[None, None])
    assert value({"a": empty}, way("concentration", "a", column="kind"))[1] == "no_column"


def test_a_share_is_in_percent_where_the_indicator_is():
    cases = {"issues": things(status=["done", "done", "open", "open", "open"])}
    asked = way("share_of_rows", "issues", hit={"status": "done"}, least=5)
    assert value(cases, asked) == (0.4, "")
    assert value(cases, asked, percent=["a"]) == (40.0, "")
    # A number of things is none the less a number of things.
    assert value(cases, way("count", "issues"), percent=["a"]) == (5, "")


def test_nobody_at_home_leaves_the_area_as_the_exposure():
    ground = {
        "issues": things(time=[pd.NaT] * 4),
        "districts": gpd.GeoDataFrame(geometry=[shapely.box(0, 0, 2000, 1000)], crs=4549),
        "residential": gpd.GeoDataFrame({"people": [0.0]}, geometry=[shapely.box(0, 0, 9, 9)], crs=4549),
    }
    ways = (
        way("relative_density", "issues", "districts", "residential", column="people"),
        way("relative_density", "issues", "districts", least=2),
    )
    assert value(ground, *ways) == (2.0, "")


def test_the_method_is_said_of_the_way_that_was_taken():
    found = measure_indicators(
        KM, {"a": [way("count_per_km2", "toilets")]}, IndicatorInputs({"toilets": things(name=["甲"])})
    )["a"]
    said = found.method(lambda layer: load_city().layers[layer].title)
    assert said.zh == "每平方公里数量：公共厕所"
    assert said.en == "number per km²: public toilets"


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (way("count_per_km", "toilets"), "count_per_km2"),
        (way("count_per_km2"), "count_per_km2"),
        (way("count_per_km2", "toilets", "parks"), "count_per_km2"),
        (way("count_per_km2", "toilet"), "toilets"),
        (way("diversity", "poi"), "column"),
        (way("share_of_rows", "issues"), "hit"),
        (way("share_of_streets", "roads"), "hit"),
        (way("count", "toilets", minutes=5), "minutes"),
        (way("ratio_of_columns", "projects", column="done"), "over"),
    ],
)
def test_a_table_that_says_nonsense_is_refused(wrong, says):
    with pytest.raises(SettingsError, match=says):
        check_measures({"x": [wrong]}, [*layers(), *load_city().layers])


def test_each_default_names_measures_and_layers_that_there_are():
    ways = {indicator.id: indicator.measures for indicator in load_registry().indicators}
    assert all(ways.values())
    check_measures(ways, [*layers(), *load_city().layers])
    assert "toilets" in layers_of(each for some in ways.values() for each in some)


def test_every_measure_is_named_in_both_languages():
    from jxgis.i18n import text_pair

    for name in MEASURES:
        said = text_pair(f"indicators.{name}", minutes="5")
        assert said.zh
        assert said.en
