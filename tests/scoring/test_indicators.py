"""Indicators: the shipped set, the project's own, and scores by fixed references."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jxgis.errors import SettingsError
from jxgis.scoring.indicators import RESERVED, Indicator, load_registry, score_values, select_indicators
from jxgis.settings import IndicatorSettings


def test_the_shipped_set_is_the_proposal():
    defaults = load_registry()
    by_dimension: dict[str, float] = {}
    for indicator in defaults.indicators:
        by_dimension[indicator.dimension] = by_dimension.get(indicator.dimension, 0) + indicator.weight
        assert indicator.label.zh
        assert indicator.label.en
        assert indicator.source
    assert by_dimension == {"基础条件": 30, "管理绩效": 30, "集中连片": 15, "四态与规划融合": 25}
    assert list(defaults.dimensions) == list(by_dimension)
    target = {i.id: i.target for i in defaults.indicators}
    assert (target["park_coverage"], target["toilets_per_km2"], target["shaded_streets"]) == (90, 4, 85)
    assert (target["road_condition"], target["solved_rate"]) == (98, 96)


@given(st.floats(0, 1e6), st.floats(0.01, 1e5))
def test_benefit_rises_to_its_target_and_stays(value, target):
    score = score_values([value], Indicator("x", "A", 1, target=target)).item()
    assert score == pytest.approx(100.0 if value >= target else 100.0 * value / target)


@given(st.floats(-1e3, 1e3), st.floats(-1e3, 1e3), st.floats(0.01, 1e3))
def test_cost_falls_from_low_to_high(value, low, width):
    high = low + width
    score = score_values([value], Indicator("x", "A", 1, low=low, high=high)).item()
    if value <= low:
        assert score == 100.0
    elif value >= high:
        assert score == 0.0
    else:
        assert score == pytest.approx(100.0 * (high - value) / (high - low))


def test_a_missing_value_stays_missing():
    assert np.isnan(score_values([np.nan], Indicator("x", "A", 1, target=5))).all()


def test_own_indicators_replace_the_set():
    own = {
        "park_coverage": IndicatorSettings(dimension="绿", weight=2, target=95),
        "noise": IndicatorSettings(dimension="静", weight=1, low=45, high=70),
    }
    chosen = select_indicators(own)
    assert [(i.id, i.target, i.low, i.high, i.weight) for i in chosen] == [
        ("park_coverage", 95, None, None, 2),
        ("noise", None, 45, 70, 1),
    ]
    assert chosen[0].title("zh") == "公园绿地服务半径覆盖率"
    assert chosen[1].title("zh") == "noise"
    assert select_indicators({}) == load_registry().indicators


def test_reserved_names_are_refused():
    for name in (*RESERVED, "noise_score"):
        with pytest.raises(SettingsError, match=name):
            select_indicators({name: IndicatorSettings(dimension="A", weight=1, target=1)})


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ('[[indicators]]\nid = "a"\ndimension = "A"\nweight = 1', "target"),
        ('[[indicators]]\nid = "a"\ndimension = "A"\nweight = 1\ntarget = 1\nlow = 0\nhigh = 1', "target"),
        ('[[indicators]]\nid = "a"\ndimension = "A"\nweight = 1\nlow = 2\nhigh = 1', "low < high"),
        ('[[indicators]]\nid = "a"\ndimension = "A"\nweight = 0\ntarget = 1', "weight"),
        ('[[indicators]]\nid = "a"\ndimension = "A"\nweigth = 1\ntarget = 1', "weigth"),
        ('[[indicators]]\nid = "a"\ndimension = "A"\nweight = 1\ntarget = 1\n' * 2, "a"),
    ],
)
def test_a_wrong_file_is_refused_and_named(tmp_path, text, named):
    path = tmp_path / "mine.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError, match=r"mine\.toml") as error:
        load_registry(path)
    assert named in str(error.value)
