"""The choice of each year against every choice that there is, and its conflicts against every set of rules."""

import re
from itertools import combinations, product

import numpy as np
import pandas as pd
import pytest

from jxgis.allocate.choice import choose
from jxgis.allocate.conflict import smallest_conflict
from jxgis.allocate.rules import Terms
from jxgis.errors import InputError

AREAS = ("北", "南")


def case(seed):
    """A small programme: some with ties, some that cannot hold, some with years that are over."""
    rng = np.random.default_rng(seed)
    n, years = int(rng.integers(3, 8)), tuple(range(2024, 2024 + int(rng.integers(2, 4))))
    if n > 6:
        years = years[:2]
    this_year = int(rng.choice([2024, 2024, 2025]))
    whole = rng.random() < 0.5  # few different values: ties
    value = rng.integers(60, 64, n).astype(float) if whole else rng.uniform(30, 99, n).round(2)
    named = np.where(rng.random(n) < 0.1, rng.choice(years, n), np.nan)
    table = pd.DataFrame(
        {
            "candidate_id": rng.permutation([f"C{k}" for k in range(n)]),
            "value": value,
            "area": rng.choice([*AREAS, None], n, p=[0.45, 0.45, 0.1]),
            "district": rng.choice(["甲", "乙", "丙"], n),
            "type": rng.choice(["生活", "历史", None], n),
            "cost": rng.integers(1, 9, n).astype(float),
            "ready_year": np.where(rng.random(n) < 0.2, rng.choice(years, n), np.nan),
            "named_year": named,
            "passes": rng.random(n) < 0.9,
            "known": rng.random(n) < 0.95,
        }
    )
    maybe = lambda chance, made: made if rng.random() < chance else None  # noqa: E731
    terms = Terms(
        years=years,
        this_year=this_year,
        areas=AREAS,
        each_area=int(maybe(0.4, 1) or 0),
        each_year=int(maybe(0.5, rng.integers(1, 3)) or 0),
        each_type=int(maybe(0.4, 1) or 0),
        by={int(year): int(rng.integers(1, n - 1)) for year in years if rng.random() < 0.3},
        number={int(year): int(rng.integers(1, 3)) for year in years if rng.random() < 0.15},
        total=maybe(0.6, int(rng.integers(2, n + 1))),
        district_most=maybe(0.4, 1),
        budget={int(year): float(rng.integers(6, 18)) for year in years if rng.random() < 0.3},
    )
    pairs = [pair for pair in combinations(range(n), 2) if rng.random() < 0.1]
    return table, terms, np.array(pairs, dtype=np.int64).reshape(-1, 2)


def broken(table, terms, pairs, years):
    """Of each choice (a row of ``years``: the year of each candidate, 0 for none) which rules it breaks, by hand."""
    names, masks = [], []

    def rule(name, breaks):
        names.append(name)
        masks.append(breaks)

    named = table["named_year"].to_numpy()
    is_named = ~np.isnan(named)
    chosen = years > 0
    rule("gates", (chosen & ~is_named & ~table["passes"].to_numpy(bool)).any(axis=1))
    rule("known", (chosen & ~is_named & ~table["known"].to_numpy(bool)).any(axis=1))
    rule("ready", (chosen & ~is_named & (years < table["ready_year"].fillna(0).to_numpy())).any(axis=1))
    still = is_named & ~(named < terms.this_year)
    rule("named", (still & (years != named)).any(axis=1))
    over = named < terms.this_year
    clash = np.zeros(len(years), dtype=bool)
    for a, b in pairs:
        if not (over[a] and over[b]):
            clash |= chosen[:, a] & chosen[:, b]
    rule("no_overlap", clash)
    for year in terms.open:
        there = years == year
        for area in AREAS if terms.each_area else ():
            rule(
                f"each_area:{area}:{year}",
                there[:, (table["area"] == area).to_numpy(bool)].sum(axis=1) < terms.each_area,
            )
        if terms.each_year:
            rule(f"each_year:{year}", there.sum(axis=1) < terms.each_year)
        if year in terms.number:
            rule(f"number:{year}", there.sum(axis=1) != terms.number[year])
        if year in terms.budget:
            rule(f"budget:{year}", there @ table["cost"].to_numpy() > terms.budget[year])
    for year, n in terms.by.items():
        if year in terms.open:
            rule(f"by:{year}", (chosen & (years <= year)).sum(axis=1) < n)
    if terms.total is not None:
        rule("total", chosen.sum(axis=1) > terms.total)
    can_be = is_named | (table["passes"] & table["known"]).to_numpy(bool)
    for kind in table.loc[can_be, "type"].dropna().unique() if terms.each_type else ():
        rule(f"each_type:{kind}", chosen[:, (table["type"] == kind).to_numpy(bool)].sum(axis=1) < terms.each_type)
    if terms.district_most is not None:
        many = np.zeros(len(years), dtype=bool)
        for year, district in product(terms.open, table["district"].unique()):
            there = (years == year)[:, (table["district"] == district).to_numpy(bool)]
            many |= there.sum(axis=1) > terms.district_most
        rule("district_most", many)
    return names, np.array(masks)


def every_choice(table, terms):
    """Every choice that the years which are over allow."""
    open_years = [0, *terms.open]
    return np.array(list(product(*([int(n)] if n < terms.this_year else open_years for n in table["named_year"]))))


def place(table, terms, years):
    """The order among equals as one number: candidates by value and id, each by its year, none at all last."""
    order = sorted(range(len(table)), key=lambda at: (-table["value"][at], table["candidate_id"][at]))
    digit = np.where(years > 0, years - terms.years[0], 9)[:, order]
    return digit @ 10 ** np.arange(len(order))[::-1]


@pytest.mark.parametrize("block", [0, *(pytest.param(k, marks=pytest.mark.slow) for k in range(1, 5))])
def test_equals_every_choice(block):
    held = infeasible = ties = 0
    for seed in range(100 * block, 100 * (block + 1)):
        table, terms, pairs = case(seed)
        years = every_choice(table, terms)
        names, breaks = broken(table, terms, pairs, years)
        fine = years[~breaks.any(axis=0)]
        found = choose(table, terms, overlaps=pairs, alternatives=3, within=0.02)
        if len(fine) == 0:
            infeasible += 1
            assert found.plan is None
            check_conflict(names, breaks, [rule.name for rule in found.conflict], seed)
            continue
        held += 1
        assert (found.status, found.gap, found.conflict) == ("optimal", 0, ())
        # In hundredths of a point, which is how the values were made.
        worth = np.round(100 * table["value"].to_numpy()).astype(int) @ (fine.T > 0)
        key = place(table, terms, fine)
        by = np.lexsort([key, -worth])
        ties += int((worth == worth.max()).sum() > 1)
        assert found.plan.year.tolist() == fine[by[0]].tolist(), seed
        assert found.plan.value == pytest.approx(worth.max() / 100)
        # Alternatives: the next best sets of candidates, each in its first order.
        _, firsts = np.unique(fine[by] > 0, axis=0, return_index=True)
        near = [by[at] for at in sorted(firsts)[1:] if worth[by[at]] >= 0.98 * worth.max() - 1e-6]
        assert [plan.year.tolist() for plan in found.alternatives] == [fine[at].tolist() for at in near[:3]], seed
    assert min(held - 20, infeasible - 20, ties - 5) > 0, "cases of each kind"


def check_conflict(names, breaks, conflict, seed):
    """The conflict cannot hold, every part of it can, and no smaller set cannot."""
    at = [names.index(name) for name in conflict]
    assert breaks[at].any(axis=0).all(), seed
    for left_out in at:
        rest = [one for one in at if one != left_out]
        assert not breaks[rest].any(axis=0).all(), seed
    sets = np.unique(breaks, axis=1)
    for fewer in combinations(range(len(names)), len(at) - 1):
        assert not sets[list(fewer)].any(axis=0).all(), seed


def plain(n=4, **columns):
    """Candidates that pass everything."""
    base = {
        "candidate_id": [f"c{k}" for k in range(n)], "value": [90.0, 80.0, 70.0, 60.0][:n], "area": ["a", "a", "b", "b"][:n],
        "district": ["d1", "d1", "d2", "d2"][:n], "type": None, "cost": np.nan, "ready_year": np.nan, "named_year": np.nan,
        "passes": True, "known": True,
    }  # fmt: skip
    return pd.DataFrame(base | columns)


YEARS = {"years": (2024, 2025), "this_year": 2024}


def test_equals_go_to_the_higher_score_earlier_and_then_to_the_id():
    found = choose(plain(), Terms(**YEARS, number={2024: 1, 2025: 2}))
    assert found.plan.year.tolist() == [2024, 2025, 2025, 0]
    equal = plain(value=70.0, candidate_id=["z", "b", "a", "c"])
    assert choose(equal, Terms(**YEARS, number={2024: 1, 2025: 1})).plan.year.tolist() == [0, 2025, 2024, 0]


def test_scores_a_ten_thousandth_of_a_point_apart_are_told_apart():
    close = plain(value=[70.0, 70.0001, 70.0002, 70.0001])
    assert choose(close, Terms(**YEARS, total=1)).plan.year.tolist() == [0, 0, 2024, 0]
    assert choose(close, Terms(**YEARS, total=2)).plan.year.tolist() == [0, 2024, 2024, 0], "c1 before c3"


def test_what_is_over_is_counted_and_not_blamed():
    table = plain(named_year=[np.nan, 2024.0, np.nan, np.nan])
    found = choose(table, Terms(years=(2024, 2025), this_year=2025, each_year=2, by={2024: 3, 2025: 3}))
    assert found.plan.year.tolist() == [2025, 2024, 2025, 2025]
    told = {rule.name: kept for rule, kept in zip(found.rules, found.satisfied, strict=True)}
    missed = {"each_year:2024": False, "each_year:2025": True, "by:2024": False, "by:2025": True}
    assert told == {"gates": True, "no_overlap": True, **missed}


def test_an_area_without_candidates_is_the_conflict_alone():
    found = choose(plain(), Terms(**YEARS, areas=("a", "b", "c"), each_area=1, each_year=1))
    assert [rule.name for rule in found.conflict] == ["each_area:c:2024"]
    assert found.conflict[0].words.zh == "c 2024 年不少于 1 个"
    assert set(found.satisfied) == {None, False}


def test_a_plan_on_the_edge_of_its_budget_is_within_it():
    costs = plain(cost=[0.1, 0.2, 0.7, 0.4])
    assert choose(costs, Terms(**YEARS, budget={2024: 0.3, 2025: 0.0})).plan.year.tolist() == [2024, 2024, 0, 0]


def test_two_named_units_that_overlap_stay_where_they_are_over():
    table = plain(named_year=[2024.0, 2024.0, np.nan, np.nan])
    pairs = np.array([[0, 1]])
    assert choose(table, Terms(years=(2024, 2025), this_year=2025), overlaps=pairs).plan is not None
    found = choose(table, Terms(**YEARS), overlaps=pairs)
    assert [rule.name for rule in found.conflict] == ["named", "no_overlap"]


def test_order_of_rows_changes_nothing():
    table, terms, pairs = case(53)
    found = choose(table, terms, overlaps=pairs, alternatives=3)
    turn = np.random.default_rng(0).permutation(len(table))
    back = np.argsort(turn)
    other = choose(table.iloc[turn].reset_index(drop=True), terms, overlaps=back[pairs], alternatives=3)
    assert found.plan is not None
    assert other.plan.year[back].tolist() == found.plan.year.tolist()
    assert [plan.year[back].tolist() for plan in other.alternatives] == [p.year.tolist() for p in found.alternatives]


def test_a_higher_score_never_takes_a_candidate_out():
    for seed in range(40):
        table, terms, pairs = case(seed)
        found = choose(table, terms, overlaps=pairs)
        if found.plan is None:
            continue
        at = int(np.argmax(found.plan.year > 0))
        raised = table.assign(value=table["value"] + np.where(np.arange(len(table)) == at, 5.0, 0.0))
        assert choose(raised, terms, overlaps=pairs).plan.year[at] > 0


def test_no_candidates_and_no_rules():
    with pytest.raises(InputError, match="no candidates"):
        choose(plain(0), Terms(**YEARS))
    assert choose(plain(), Terms(**YEARS)).plan.year.tolist() == [2024] * 4, (
        "without a rule that holds it back all are taken"
    )


def test_negative_values_are_refused():
    with pytest.raises(InputError, match="negative"):
        choose(plain(value=[1.0, -1.0, 2.0, 3.0]), Terms(**YEARS))


def test_the_smallest_conflict_of_sets_drawn_at_random():
    rng = np.random.default_rng(1)
    for _ in range(60):
        n = int(rng.integers(2, 9))
        bad = [
            frozenset(rng.choice(n, int(rng.integers(1, n + 1)), replace=False).tolist())
            for _ in range(rng.integers(0, 5))
        ]
        found = smallest_conflict(n, lambda some, bad=bad: None if any(each <= set(some) for each in bad) else some)
        if bad:
            assert frozenset(found) in bad
            assert len(found) == min(map(len, bad))
        else:
            assert found == []


def test_a_search_that_runs_out_of_time_names_no_number_of_nodes(monkeypatch):
    """The solver stopped before its first node: that it had searched all nodes of its limit would be untrue."""
    monkeypatch.setattr("jxgis.allocate.choice._TIME_LIMIT_S", 0.0)
    with pytest.raises(InputError) as refused:
        choose(plain(), Terms(**YEARS, number={2024: 1, 2025: 2}))
    assert "时间" in str(refused.value)
    assert not re.search(r"\d", str(refused.value))
