"""DBSCAN: core points and noise are scikit-learn's, border points go by the rule, and the order of rows means nothing."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from sklearn.cluster import DBSCAN

from jxgis.clusters._kernels import _SMALL
from jxgis.clusters.dbscan import NOISE, Labels, dense_groups, numbered_by_size
from jxgis.errors import InputError

Floats = NDArray[np.float64]

#: Where a city of EPSG:4549 lies.
FAR = np.array([4.1e5, 3.41e6])


def group(xy: Floats, eps_m: float, min_points: int) -> Labels:
    return dense_groups(xy[:, 0], xy[:, 1], eps_m=eps_m, min_points=min_points)


def same_as_peer(xy: Floats, eps_m: float, min_points: int) -> Labels:
    """What was found, held to scikit-learn's core points, noise, and partition of the core points."""
    found = group(xy, eps_m, min_points)
    # By distances as they are: the other way expands the square, and loses a tie at such coordinates.
    peer = DBSCAN(eps=eps_m, min_samples=min_points, algorithm="kd_tree").fit(xy)
    core = np.zeros(len(xy), dtype=bool)
    core[peer.core_sample_indices_] = True
    assert found.core.tolist() == core.tolist()
    assert (found.cluster == NOISE).tolist() == (peer.labels_ == NOISE).tolist()
    pairs = set(zip(found.cluster[core].tolist(), peer.labels_[core].tolist(), strict=True))
    assert len(pairs) == len({mine for mine, _ in pairs}) == len({theirs for _, theirs in pairs})
    return found


def by_hand(xy: Floats, found: Labels, eps_m: float) -> list[int]:
    """Of each border point the cluster by the rule, of all distances."""
    core = np.flatnonzero(found.core)
    sizes = np.bincount(found.cluster[core], minlength=found.cluster.max() + 1)
    begins = {
        own: min(map(tuple, xy[core][found.cluster[core] == own].tolist())) for own in set(found.cluster[core].tolist())
    }
    chosen = []
    for at in np.flatnonzero(~found.core & (found.cluster >= 0)):
        apart = ((xy[core] - xy[at]) ** 2).sum(axis=1)
        nearest = set(found.cluster[core[(apart == apart.min()) & (apart <= eps_m**2)]].tolist())
        chosen.append(min(nearest, key=lambda own: (-sizes[own], begins[own])))
    return chosen


@pytest.mark.parametrize("seed", range(40))
@pytest.mark.parametrize("kind", ["lattice", "clumps", "duplicates", "decimetres"])
def test_core_points_noise_and_clusters_are_scikit_learns(kind: str, seed: int) -> None:
    rng = np.random.default_rng([seed, len(kind)])
    n = int(rng.integers(1, 400))
    if kind == "lattice":  # neighbours at exactly eps
        xy, eps_m = rng.integers(0, 20, (n, 2)) * 50.0, 50 * float(rng.choice([1, 2, np.sqrt(2), 5]))
    elif kind == "clumps":
        xy, eps_m = rng.normal(0, 200, (n, 2)) + rng.integers(0, 5, (n, 1)) * 500, float(rng.uniform(5, 300))
    elif kind == "duplicates":  # many cases on one point
        xy, eps_m = np.repeat(rng.uniform(0, 1000, (n, 2)), rng.integers(1, 9, n), axis=0), float(rng.uniform(1, 200))
    else:  # sums of tenths, whose squares are rounded
        xy, eps_m = rng.integers(0, 30, (n, 2)) * 0.1, float(rng.choice([0.1, 0.2, 0.3, 0.5]))
    xy, min_points = xy + FAR, int(rng.integers(1, 12))
    found = same_as_peer(xy, eps_m, min_points)
    assert found.cluster[~found.core & (found.cluster >= 0)].tolist() == by_hand(xy, found, eps_m)


@settings(max_examples=60)
@given(
    st.lists(st.tuples(st.integers(0, 12), st.integers(0, 12)), min_size=1, max_size=60),
    st.sampled_from([1.0, np.sqrt(2), 2.0, np.sqrt(5), 100.0]),
    st.integers(1, 9),
    st.randoms(use_true_random=False),
)
def test_the_order_of_the_rows_means_nothing(points, eps_m, min_points, random) -> None:
    xy = np.array(points, dtype=np.float64) + FAR
    order = list(range(len(xy)))
    random.shuffle(order)
    one, other = group(xy, eps_m, min_points), group(xy[order], eps_m, min_points)
    assert one.cluster[order].tolist() == other.cluster.tolist()
    assert one.core[order].tolist() == other.core.tolist()


def test_clusters_are_numbered_by_size_then_core_points_then_place() -> None:
    line = np.arange(5.0)
    xy = np.concatenate(
        [
            [[900 + x, 0] for x in line],
            [[500 + x, 0] for x in line],
            [[0, 10 * x] for x in (0, 0.1, 0.2)],
            [[500.0, 900]],
        ]
    )
    found = group(xy, 1.0, 3)
    assert found.cluster.tolist() == [1] * 5 + [0] * 5 + [2] * 3 + [NOISE]


@pytest.mark.parametrize(("middle", "like"), [(0.0, "east"), (0.02, "east"), (-0.02, "west")])
def test_a_border_point_between_two_clusters_is_of_the_nearer_and_of_two_as_near_of_the_larger(
    middle: float, like: str
) -> None:
    west, east = [[-1.0, 0], [-1.6, 0], [-1.6, 0]], [[1.0, 0], [1.6, 0], [1.6, 0], [1.6, 0]]
    found = group(np.array([*west, *east, [middle, 0]]), 1.03, 4)
    assert found.core.tolist() == [True, False, False, True, True, True, True, False]
    assert found.cluster[-1] == found.cluster[{"west": 0, "east": 3}[like]]
    assert found.cluster[0] != found.cluster[3]


@pytest.mark.parametrize("n", [0, 1, 2, 5])
def test_fewer_points_than_make_a_dense_place_are_noise(n: int) -> None:
    found = group(np.zeros((n, 2)) + FAR, 100, 6)
    assert found.cluster.tolist() == [NOISE] * n
    assert not found.core.any()


def test_a_distance_beyond_the_city_makes_one_cluster_of_all() -> None:
    xy = np.random.default_rng(0).uniform(0, 20_000, (3000, 2)) + FAR
    found = group(xy, 1e6, 3000)
    assert set(found.cluster.tolist()) == {0}
    assert found.core.all()
    assert set(group(xy, 1e6, 3001).cluster.tolist()) == {NOISE}


def test_cells_of_thousands_are_told_apart_without_comparing_every_pair() -> None:
    """Two combs whose teeth face each other a hair beyond eps: the boxes of their cells overlap, no two points are near."""
    rng = np.random.default_rng(3)
    n = 3000
    assert n * n > 1000 * _SMALL
    low = np.column_stack([rng.uniform(0, 70, n), np.zeros(n)])
    high = np.column_stack([rng.uniform(0, 70, n), np.full(n, 100.0001)])
    found = same_as_peer(np.concatenate([low, high]), 100.0, 10)
    assert found.cluster.max() == 1
    high[0] = [low[0, 0], 100.0]
    assert same_as_peer(np.concatenate([low, high]), 100.0, 10).cluster.max() == 0


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_point_without_coordinates_is_refused(value: float) -> None:
    with pytest.raises(InputError, match="没有坐标"):
        group(np.array([[0.0, 0], [value, 1]]), 10, 2)


def test_points_too_far_apart_for_the_distance_are_refused() -> None:
    with pytest.raises(InputError, match="40,000 千米"):
        group(np.array([[0.0, 0], [4e7, 1]]), 1, 2)


def test_numbers_of_any_method_go_by_size() -> None:
    xy = np.array([[5.0, 0], [3, 0], [4, 0], [9, 9], [1, 1], [2, 2]])
    assert numbered_by_size(xy, np.array([7, 2, 2, NOISE, 3, 3])).tolist() == [2, 1, 1, NOISE, 0, 0]
    assert numbered_by_size(xy, np.full(6, NOISE)).tolist() == [NOISE] * 6
