"""Covering models against brute force and against spopt."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array

from jxgis.errors import InputError
from jxgis.parks.cover import _greedy, _merge, cover_most, fewest_to_cover


def small(seed):
    rng = np.random.default_rng(seed)
    n_demand, n_sites = rng.integers(5, 40), rng.integers(3, 9)
    cover = rng.random((n_demand, n_sites)) < rng.uniform(0.1, 0.5)
    # Twins among demand and sites, so that merging has something to merge.
    cover[:2], cover[:, 0] = cover[2:4], cover[:, 1]
    return cover, rng.integers(0, 50, n_demand).astype(float), rng


def covered(cover, weight, chosen):
    return weight[cover[:, list(chosen)].any(axis=1)].sum()


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 100_000), st.integers(0, 5))
def test_most_equals_brute_force(seed, p):
    cover, weight, _ = small(seed)
    best = max(covered(cover, weight, some) for some in combinations(range(cover.shape[1]), min(p, cover.shape[1])))
    found = cover_most(csr_array(cover), weight, sites=p)
    assert len(found.chosen) <= p
    assert found.covered == pytest.approx(best)
    assert covered(cover, weight, found.chosen) == pytest.approx(best)
    assert found.added.sum() == pytest.approx(best)
    assert (np.diff(found.added) <= 1e-9).all()
    assert found.gap == 0


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 100_000), st.floats(0.05, 1.0), st.booleans())
def test_fewest_equals_brute_force(seed, share, every_group):
    cover, weight, rng = small(seed)
    group = rng.integers(0, 3, len(weight))
    total = np.bincount(group, weights=weight * cover.any(axis=1), minlength=3)
    need = share * total if every_group else np.zeros(3)
    n = cover.shape[1]

    def enough(some):
        hit = cover[:, list(some)].any(axis=1)
        by_group = np.bincount(group, weights=weight * hit, minlength=3)
        return (by_group >= need * (1 - 1e-6)).all() and by_group.sum() >= share * total.sum() * (1 - 1e-6)

    fewest = next(k for k in range(n + 1) if any(enough(some) for some in combinations(range(n), k)))
    found = fewest_to_cover(csr_array(cover), weight, need=need, group=group, need_all=share * total.sum())
    assert len(found.chosen) == fewest
    assert enough(found.chosen)


def test_a_clock_that_stops_at_once_still_gives_an_answer_and_its_gap(monkeypatch):
    rng = np.random.default_rng(11)
    cover = csr_array(rng.random((400, 60)) < 0.05)
    weight = rng.integers(1, 50, 400).astype(float)
    need = 0.9 * weight[np.diff(cover.indptr) > 0].sum()
    best = fewest_to_cover(cover, weight, need=[need])
    monkeypatch.setattr("jxgis.parks.cover._MOST_SECONDS", 1e-6)
    hasty = fewest_to_cover(cover, weight, need=[need])
    assert hasty.status == "greedy"
    assert hasty.covered >= need * (1 - 1e-6)
    assert hasty.bound <= len(best.chosen) <= len(hasty.chosen)
    assert best.gap == 0


@pytest.mark.parametrize("limit", [("_MOST_SECONDS", 1e-6), ("_MOST_NODES", 0), ("_MOST_NODES", 1), ("_MOST_NODES", 5)])
@pytest.mark.parametrize("seed", range(4))
def test_most_that_is_stopped_gives_the_best_it_has_with_an_honest_gap(monkeypatch, limit, seed):
    """Against every choice: no limit loses the answer, and the bound is never below the optimum."""
    rng = np.random.default_rng(seed)
    cover = rng.random((120, 16)) < 0.12
    weight = rng.integers(1, 50, 120).astype(float)
    best = max(covered(cover, weight, some) for some in combinations(range(16), 5))
    monkeypatch.setattr(f"jxgis.parks.cover.{limit[0]}", limit[1])
    hasty = cover_most(csr_array(cover), weight, sites=5)
    assert hasty.covered <= best * (1 + 1e-9) <= hasty.bound * (1 + 2e-9)
    assert hasty.covered == pytest.approx(covered(cover, weight, hasty.chosen))
    assert hasty.gap == pytest.approx((hasty.bound - hasty.covered) / hasty.covered)
    # One site after the other covers at least 1 - 1/e of the optimum (Nemhauser, Wolsey and Fisher 1978).
    assert hasty.covered >= (1 - np.exp(-1)) * best
    assert hasty.status in {"optimal", "stopped", "greedy"}
    assert hasty.gap == 0 or hasty.status != "optimal"


def test_a_clock_that_stops_at_once_gives_the_greedy_plan_and_names_it(monkeypatch):
    rng = np.random.default_rng(12)
    cover = rng.random((500, 50)) < 0.06
    monkeypatch.setattr("jxgis.parks.cover._MOST_SECONDS", 1e-6)
    hasty = cover_most(csr_array(cover), np.ones(500), sites=12)
    left, by_hand = np.ones(500), 0.0
    for _ in range(12):
        site = int(np.argmax(left @ cover))
        by_hand += left @ cover[:, site]
        left[cover[:, site]] = 0
    assert (hasty.status, hasty.covered) == ("greedy", by_hand)


def test_out_of_reach_is_none():
    cover = csr_array(np.array([[1], [0]]))
    assert fewest_to_cover(cover, [1.0, 1.0], need=[2.0]) is None
    assert len(fewest_to_cover(cover, [1.0, 1.0], need=[0.0]).chosen) == 0


def test_nothing_to_cover():
    found = cover_most(csr_array((4, 3)), np.ones(4), sites=2)
    assert (len(found.chosen), found.covered) == (0, 0)


def test_wrong_input_is_refused():
    cover = csr_array(np.eye(3))
    with pytest.raises(InputError, match="new parks"):
        cover_most(cover, np.ones(3), sites=-1)
    with pytest.raises(InputError, match="weights"):
        cover_most(cover, np.ones(2), sites=1)
    with pytest.raises(InputError, match="weights"):
        cover_most(cover, [1.0, np.nan, 1.0], sites=1)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of PuLP, as spopt calls it
def test_a_middling_problem_equals_spopt():
    """spopt solves it with CBC in a process of its own: no second solver library beside HiGHS."""
    pulp = pytest.importorskip("pulp")
    locate = pytest.importorskip("spopt.locate")
    rng = np.random.default_rng(7)
    site, home = rng.uniform(0, 6000, (60, 2)), rng.uniform(0, 6000, (600, 2))
    weight = rng.integers(1, 100, 600).astype(float)
    away = np.hypot(*(home[:, None] - site[None]).transpose(2, 0, 1))
    model = locate.MCLP.from_cost_matrix(away, weight, 500, 8).solve(pulp.PULP_CBC_CMD(msg=False))
    theirs = [j for j in range(60) if model.fac_vars[j].value() > 0.5]
    found = cover_most(csr_array(away <= 500), weight, sites=8)
    assert found.covered == pytest.approx(covered(away <= 500, weight, theirs))


def crossing():
    """Of two groups that want 10 each: sites 0 and 2 cover 100 of one, site 1 covers 10 of both."""
    weight = np.array([100.0, 10.0, 10.0, 100.0])
    cover = csr_array(np.array([[1, 0, 0], [0, 1, 0], [0, 1, 0], [0, 0, 1]]))
    return _merge(cover, weight, np.array([0, 0, 1, 1]))


def test_one_by_one_no_more_counts_than_is_wanted():
    merged = crossing()
    assert merged.site[_greedy(merged, np.array([10.0, 10.0, 0.0]))].tolist() == [1]


def test_what_rounding_leaves_of_a_need_ends_the_choice():
    """Ten tenths are one, and taken off one by one they leave 1e-16 that no site covers."""
    left = 1.0
    for _ in range(10):
        left -= 0.1
    assert 0 < left < 1e-15
    merged = _merge(csr_array(np.eye(10)), np.full(10, 0.1), np.zeros(10, dtype=np.int64))
    assert _greedy(merged, np.array([1.0, 0.0])).tolist() == list(range(10))


def test_more_than_enough_for_one_group_takes_nothing_from_another():
    cover = csr_array(np.eye(2))
    found = fewest_to_cover(cover, [10.0, 0.5], need=[5.0, 0.5], group=np.array([0, 1]))
    assert sorted(found.chosen.tolist()) == [0, 1]
    assert found.status == "optimal"
