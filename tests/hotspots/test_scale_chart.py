"""The scale's figure says what was proposed and draws every band."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from jxgis.hotspots.figures import scale_chart


@pytest.mark.parametrize("reason", ["first_peak", "elbow", "few_issues"])
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_figure_shows_the_proposal(reason, lang):
    cells = pd.DataFrame({"cell_m": [100.0, 200.0], "mean_count": [0.4, 1.6], "empty_share": [0.8, 0.4]})
    band = np.array([200.0, 300, 400, 500])
    z = np.array([2.0, 5, 4, 3])
    profile = pd.DataFrame(
        {"band_m": band, "moran_i": 1 / band, "z": z, "peak": z == (5 if reason == "first_peak" else 9)}
    )
    figure = scale_chart(cells, profile, cell_m=200, band_m=300, reason=reason, lang=lang)
    left, right, _ = figure.axes
    assert "200" in left.get_title()
    assert np.array_equal(right.lines[0].get_xydata(), np.column_stack([band, z]))
    assert right.lines[1].get_xdata()[0] == 300
    assert [len(drawn.get_offsets()) for drawn in right.collections] == [1] * (reason == "first_peak")
    # The legend names a peak only where one is drawn.
    assert len(right.get_legend().get_texts()) == 1 + (reason == "first_peak")
    assert right.get_title()


@pytest.mark.parametrize("least", [0.0004, 0.2, 1.2])
def test_the_numbers_of_the_logarithmic_axis_are_plain(least):
    cells = pd.DataFrame({"cell_m": [50.0, 100.0, 500.0], "mean_count": [least, 3 * least, 80 * least]})
    profile = pd.DataFrame({"band_m": [500.0, 1000.0], "z": [1.0, 2.0], "moran_i": 0.1, "peak": [False, True]})
    figure = scale_chart(cells, profile, cell_m=100, band_m=1000, reason="first_peak")
    figure.draw_without_rendering()
    shown = [
        label.get_text()
        for label in [*figure.axes[0].get_yticklabels(), *figure.axes[0].get_yticklabels(minor=True)]
        if label.get_text()
    ]
    assert len(shown) >= 2
    for label in shown:
        assert float(label) > 0
        assert "$" not in label


@pytest.mark.parametrize(("of_rates", "named"), [(False, True), (True, False)])
def test_only_the_index_of_the_counts_is_called_morans(of_rates, named):
    cells = pd.DataFrame({"cell_m": [100.0], "mean_count": [2.0]})
    profile = pd.DataFrame({"band_m": [500.0, 1000.0], "z": [1.0, 2.0], "moran_i": [2.4, 0.1], "peak": [False, True]})
    asked = {"cell_m": 100, "band_m": 1000, "reason": "first_peak", "of_rates": of_rates}
    figure = scale_chart(cells, profile, **asked, sketch=True)
    labels = [ax.get_ylabel() for ax in figure.axes[1:]]
    assert ["莫兰" in label for label in labels] == [named, named]
    assert [drawn.get_text() for drawn in figure.texts] == ["示意数据，非官方边界"]
    assert not scale_chart(cells, profile, **asked).texts
