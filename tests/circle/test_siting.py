"""Siting on foot against brute force: every choice of sites, and with capacities the greatest flow of each."""

from __future__ import annotations

import itertools

import networkx as nx
import numpy as np
import pytest
from scipy.sparse import csr_array

from jxgis.circle.siting import choose_sites, choose_with_capacity, within_walk
from jxgis.errors import InputError
from jxgis.space.network import graph_of_edges, snap


def greatest_flow(cover, room, weight):
    graph = nx.DiGraph()
    graph.add_nodes_from(("from", "to"))
    for at, demand in enumerate(weight):
        graph.add_edge("from", ("d", at), capacity=float(demand))
        for site in np.flatnonzero(cover[at]):
            graph.add_edge(("d", at), ("s", site))
    for site, most in enumerate(room):
        graph.add_edge(("s", site), "to", capacity=float(most))
    return nx.maximum_flow_value(graph, "from", "to")


@pytest.mark.parametrize("seed", range(40))
def test_capacities_by_brute_force(seed):
    rng = np.random.default_rng(seed)
    m, k, n, sites = (int(rng.integers(1, top)) for top in (9, 4, 6, 4))
    existing, cover = rng.random((m, k)) < 0.35, rng.random((m, n)) < 0.4
    room, weight = rng.integers(0, 30, k).astype(float), rng.integers(1, 20, m).astype(float)
    capacity = float(rng.integers(5, 40)) if seed % 3 else np.inf
    found = choose_with_capacity(csr_array(existing), room, csr_array(cover), weight, sites=sites, capacity=capacity)
    most = min(capacity, weight.sum())
    best = max(
        greatest_flow(np.hstack([existing, cover[:, list(some)]]), [*room, *[most] * len(some)], weight)
        for some in itertools.combinations(range(n), min(sites, n))
    )
    assert found.after == pytest.approx(best)
    assert found.before == pytest.approx(greatest_flow(existing, room, weight))
    assert found.gap == 0
    assert len(found.chosen) <= sites
    assert (found.gain <= capacity + 1e-9).all()
    # What is newly served, and not whom today's facilities would serve without the sites.
    assert found.gain.sum() == pytest.approx(best - found.before)

    def served(some):
        return greatest_flow(np.hstack([existing, cover[:, some]]), [*room, *[most] * len(some)], weight)

    assert served(found.chosen) == pytest.approx(best)
    # No site is proposed that the others can do without.
    assert all(served(np.delete(found.chosen, at)) < best - 1e-6 for at in range(len(found.chosen)))


def test_where_all_is_served_it_is_known_that_no_site_adds():
    """Sums of fractions differ in their last digit: that is no doubt about the choice."""
    for seed in range(100):
        rng = np.random.default_rng(seed)
        weight = rng.uniform(0, 9, int(rng.integers(2, 12))).round(3)
        cover = rng.random((len(weight), 4)) < 0.4
        today = csr_array(np.ones((len(weight), 2)))
        found = choose_with_capacity(today, np.array([40.0, 99.0]), csr_array(cover), weight, sites=2, capacity=13.5)
        assert (len(found.chosen), found.gap) == (0, 0)
        assert found.after == pytest.approx(weight.sum())


@pytest.mark.parametrize("seed", range(40))
def test_a_solver_without_time_says_how_far_its_sites_may_be_from_the_best(monkeypatch, seed):
    rng = np.random.default_rng(500 + seed)
    m, k, n, sites = (int(rng.integers(1, top)) for top in (9, 4, 6, 4))
    existing, cover = rng.random((m, k)) < 0.35, rng.random((m, n)) < 0.4
    room, weight = rng.integers(0, 30, k).astype(float), rng.integers(1, 20, m).astype(float)
    capacity = float(rng.integers(5, 40)) if seed % 3 else np.inf
    monkeypatch.setattr("jxgis.circle.siting._MOST_SECONDS", 0)
    found = choose_with_capacity(csr_array(existing), room, csr_array(cover), weight, sites=sites, capacity=capacity)

    def served(some):
        most = min(capacity, weight.sum())
        return greatest_flow(np.hstack([existing, cover[:, list(some)]]), [*room, *[most] * len(some)], weight)

    best = max(served(some) for some in itertools.combinations(range(n), min(sites, n)))
    assert found.before == pytest.approx(served(()))
    assert found.after == pytest.approx(served(found.chosen))
    assert len(found.chosen) <= sites
    added = found.after - found.before
    assert best <= found.after + (found.gap * added if added > 0 else found.gap) + 1e-6
    # Something is sited wherever a candidate reaches demand that has no place.
    assert (added > 0) == (best > found.before + 1e-6)


@pytest.mark.parametrize("seed", range(20))
def test_without_capacities_by_brute_force(seed):
    rng = np.random.default_rng(100 + seed)
    cover, weight, served = rng.random((12, 7)) < 0.3, rng.random(12), rng.random(12) < 0.3
    found = choose_sites(csr_array(cover), weight, served, sites=2)
    best = max(weight[served | cover[:, list(pair)].any(axis=1)].sum() for pair in itertools.combinations(range(7), 2))
    assert found.after == pytest.approx(best)
    assert found.before == pytest.approx(weight[served].sum())


def test_a_way_of_just_the_limit_is_within_it():
    graph = graph_of_edges([0, 2000], [0, 0], [0], [1])
    shop, homes = snap(graph, [0], [0], max_snap_m=1), snap(graph, [1125.0, 1125.01], [0, 0], max_snap_m=1)
    assert within_walk(graph, shop, np.array([0]), homes, n=1, limit_m=1125).toarray().ravel().tolist() == [1, 0]


def test_several_doors_are_one_facility():
    graph = graph_of_edges([0, 2000], [0, 0], [0], [1])
    doors, homes = snap(graph, [0, 1000], [0, 0], max_snap_m=1), snap(graph, [900, 1500], [0, 0], max_snap_m=1)
    assert within_walk(graph, doors, np.array([1, 1]), homes, n=2, limit_m=200).toarray().tolist() == [[0, 1], [0, 0]]


def test_a_capacity_that_is_not_known_is_refused():
    with pytest.raises(InputError, match="容量"):
        choose_with_capacity(csr_array([[1]]), np.array([np.nan]), csr_array([[1]]), np.ones(1), sites=1, capacity=5)


def test_nothing_within_reach_is_no_site():
    none = csr_array((3, 2))
    assert not len(choose_with_capacity(csr_array((3, 1)), np.ones(1), none, np.ones(3), sites=2, capacity=9).chosen)
    assert not len(choose_sites(none, np.ones(3), np.zeros(3, dtype=bool), sites=2).chosen)
