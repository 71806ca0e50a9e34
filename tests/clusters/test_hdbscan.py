"""HDBSCAN through scikit-learn: what it finds, whatever the order, and what is refused with words."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from sklearn.cluster import HDBSCAN

from jxgis.clusters import hdbscan
from jxgis.clusters.hdbscan import stable_groups
from jxgis.errors import InputError, MissingPackageError

RNG = np.random.default_rng(2)
TOWNS = [RNG.normal(0, 20, (80, 2)), RNG.normal((1500, 0), 150, (120, 2)), RNG.uniform(-500, 2000, (60, 2))]
XY = np.concatenate(TOWNS) + np.array([4.1e5, 3.41e6])


def test_two_towns_of_different_density_are_two_clusters() -> None:
    found = stable_groups(XY[:, 0], XY[:, 1], min_points=15)
    peer = HDBSCAN(min_cluster_size=15, copy=True).fit_predict(XY - XY.mean(axis=0))
    assert found.max() == 1
    assert set(zip(found.tolist(), peer.tolist(), strict=True)) == {(0, a) for a in set(peer[found == 0].tolist())} | {
        (1, b) for b in set(peer[found == 1].tolist())
    } | {(-1, -1)}
    assert (found == 0).sum() >= (found == 1).sum()


def test_the_order_of_the_rows_means_nothing() -> None:
    order = np.random.default_rng(0).permutation(len(XY))
    one = stable_groups(XY[:, 0], XY[:, 1], min_points=15)
    assert one[order].tolist() == stable_groups(XY[order, 0], XY[order, 1], min_points=15).tolist()


@pytest.mark.parametrize("n", [0, 1, 9, 10])
def test_as_many_points_as_make_a_cluster_or_fewer_make_none(n: int) -> None:
    assert stable_groups(XY[:n, 0], XY[:n, 1], min_points=10).tolist() == [-1] * n


def test_all_at_one_point_is_no_fault() -> None:
    assert len(stable_groups(np.zeros(40), np.zeros(40), min_points=10)) == 40


def test_too_many_points_are_refused_before_hours_are_spent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hdbscan, "MOST_POINTS", 100)
    with pytest.raises(InputError, match=r"至多用于 100 件问题.*这里有 260 件"):
        stable_groups(XY[:, 0], XY[:, 1], min_points=10)


def test_without_scikit_learn_it_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sklearn.cluster", None)
    with pytest.raises(MissingPackageError, match=r"jxgis\[clusters\]"):
        stable_groups(XY[:, 0], XY[:, 1], min_points=10)
