import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import false_discovery_control

from jxgis.statistics.fdr import benjamini_hochberg, gi_bin, is_hot


@given(st.lists(st.floats(0, 1), max_size=40), st.lists(st.booleans(), max_size=40))
def test_q_equals_scipy_over_the_cells_that_have_a_p(p: list[float], gaps: list[bool]) -> None:
    values = np.array(p)
    missing = np.zeros(len(p), dtype=bool)
    missing[: len(gaps)] = gaps[: len(p)]
    values[missing] = np.nan
    q = benjamini_hochberg(values)
    np.testing.assert_array_equal(np.isnan(q), missing)
    if (~missing).any():
        np.testing.assert_allclose(q[~missing], false_discovery_control(values[~missing]), rtol=1e-12)


def test_bins_follow_q_and_the_sign_of_z() -> None:
    q = [0.01, 0.010001, 0.05, 0.0500001, 0.1, 0.11, np.nan, 0.001]
    z = [1, -1, 1, 1, -1, 5, np.nan, -2]
    assert gi_bin(q, z).tolist() == [3, -2, 2, 1, -1, 0, 0, -3]


def test_hot_is_above_nought_and_at_the_level_itself() -> None:
    above = np.nextafter(0.05, 1)
    assert (
        is_hot([1, 1, 1, 0, -1, np.nan], [0.05, above, np.nan, 0.01, 0.01, 0.01], 0.05).tolist() == [True] + [False] * 5
    )
