"""Weights and closeness against worked examples that others have published."""

import numpy as np
import pandas as pd
import pytest

from jxgis.scoring.rank import topsis
from jxgis.scoring.weights import ahp_weights, critic_weights, entropy_weights


def between_nought_and_hundred(table):
    return 100 * (table - table.min(axis=0)) / np.ptp(table, axis=0)


def test_ahp_of_saaty_2008():
    """Which drink is consumed most in the US: Saaty (2008), Decision making with the analytic hierarchy process,
    International Journal of Services Sciences 1: 83-98.
    """
    upper = [
        [9, 5, 2, 1, 1, 1 / 2],  # coffee over wine, tea, beer, sodas, milk, water
        [1 / 3, 1 / 9, 1 / 9, 1 / 9, 1 / 9],
        [1 / 3, 1 / 4, 1 / 3, 1 / 9],
        [1 / 2, 1, 1 / 3],
        [2, 1 / 2],
        [1 / 3],
    ]
    matrix = np.eye(7)
    for i, row in enumerate(upper):
        matrix[i, i + 1 :] = row
        matrix[i + 1 :, i] = 1 / np.array(row)
    found = ahp_weights(matrix)
    assert found.weights.round(3).tolist() == [0.177, 0.019, 0.042, 0.116, 0.190, 0.129, 0.327]
    assert found.cr == pytest.approx(0.022, abs=0.0005)


def test_entropy_of_zavadskas_and_podvezko_2016():
    """Zavadskas and Podvezko (2016), Integrated determination of objective criteria weights in MCDM, International Journal of
    Information Technology & Decision Making 15: 267-283.
    """
    table = pd.DataFrame([[3.0, 100, 10, 7], [2.5, 80, 8, 5], [1.8, 50, 20, 11], [2.2, 70, 12, 9]])
    assert entropy_weights(table).round(4).tolist() == [0.1146, 0.1981, 0.4185, 0.2689]


def test_critic_of_tus_and_aytac_adali_2019():
    """Tuş and Aytaç Adalı (2019), The new combination with CRITIC and WASPAS methods for the time and attendance software
    selection problem, OPSEARCH 56: 528-538.
    """
    table = np.array(
        [[5000, 3, 3, 4, 3, 2], [680, 5, 3, 2, 2, 1], [2000, 3, 2, 3, 4, 3], [600, 4, 3, 1, 2, 2], [800, 2, 4, 3, 3, 4]]
    )
    found = critic_weights(pd.DataFrame(between_nought_and_hundred(table)))
    assert found.round(3).tolist() == [0.157, 0.249, 0.168, 0.121, 0.154, 0.151]


def test_topsis_of_hwang_and_yoon_1981():
    """The fighter aircraft of Hwang and Yoon (1981), Multiple Attribute Decision Making. Theirs takes the best and the worst of the
    batch for its ideals: scores from 0 to 100 between these, the weights by how far they are apart, are the same distances.
    """
    table = np.array(
        [
            [2.0, 1500, 20000, 5.5, 5, 9],  # speed, range, payload, cost, reliability, manoeuvrability
            [2.5, 2700, 18000, 6.5, 3, 5],
            [1.8, 2000, 21000, 4.5, 7, 7],
            [2.2, 1800, 20000, 5.0, 5, 5],
        ]
    )
    normal = table / np.linalg.norm(table, axis=0)
    scores = between_nought_and_hundred(normal)
    scores[:, 3] = 100 - scores[:, 3]
    weights = np.array([0.2, 0.1, 0.1, 0.1, 0.2, 0.3]) * np.ptp(normal, axis=0)
    found = topsis(pd.DataFrame(scores), pd.Series(weights))
    assert found.tolist() == pytest.approx([0.643, 0.268, 0.613, 0.312], abs=0.001)
