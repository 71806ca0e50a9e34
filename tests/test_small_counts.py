"""No count below the least is shown, and none can be told from what is."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from scipy.optimize import linprog
from scipy.sparse import csc_array, eye, kron, vstack

from jxgis.hotspots.shown import hide_mix, hide_shares, hide_tops, show
from jxgis.small_counts import count_rows, hide_small, leave_out, small_range, small_said
from jxgis.suppression import _Search, left_out
from jxgis.units.shown import hide_units

CLASSES = ["all", "a", "b", "c"]


def zones(counts: np.ndarray) -> pd.DataFrame:
    """Counts (zones, classes) as the contract's zones, with the total of each."""
    whole = np.column_stack([counts.sum(axis=1), counts])
    n, k = whole.shape
    return pd.DataFrame(
        {
            "zone": np.repeat([f"z{i}" for i in range(n)], k),
            "level": "district",
            "issue_class": CLASSES[:k] * n,
            "count": whole.ravel(),
            "per_km2": whole.ravel() / 7.0,
            "location_quotient": whole.ravel() * 1.5,
        }
    )


def agreeing(counts: np.ndarray, lost: np.ndarray, sums: np.ndarray, leaves: int, min_count: int) -> list[set[int]]:
    """Oracle: the values that each count takes in all tables that agree with what is shown, every one of them tried.

    The first ``leaves`` counts are free, the others follow from the sums. Of what is left out, a reader knows whether it is
    small, and otherwise that it is no more than twice as much: more than is shown, so that who knows less is told less.
    """
    options: list[Sequence[int]] = []
    for value, gone in zip(counts.tolist(), lost.tolist(), strict=True):
        small = 0 < value < min_count
        if gone:
            options.append(range(min_count if value >= min_count else 0, 2 * max(value, min_count) + 1))
        else:
            options.append(range(1, min_count) if small else [value])
    free = np.stack(np.meshgrid(*options[:leaves], indexing="ij"), axis=-1).reshape(-1, leaves)
    table = np.column_stack([free, np.zeros((len(free), len(counts) - leaves), dtype=int)])
    for row in sums:
        table[:, row == -1] = table[:, row == 1].sum(axis=1, keepdims=True)
    agrees = (table @ sums.T == sums @ counts).all(axis=1)
    for at, own in enumerate(options):
        agrees &= np.isin(table[:, at], np.array(own))
    return [set(values.tolist()) for values in table[agrees].T]


def nesting(seed: int) -> tuple[np.ndarray, np.ndarray, int]:
    """Counts and sums: sub-districts in districts of a known city; all tiny; zones by class with totals, and the city's."""
    rng = np.random.default_rng(seed)
    if seed % 3 == 2:
        leaves = 6
        wholes = np.zeros((5, leaves), dtype=int)
        wholes[0, :3] = wholes[1, 3:] = 1
        for of_class in range(3):
            wholes[2 + of_class, [of_class, 3 + of_class]] = 1
    else:
        leaves = 5
        wholes = np.zeros((3, leaves), dtype=int)
        wholes[[0, 0, 1, 1, 2], range(leaves)] = 1
    values, odds = (
        ([0, 1, 2], [0.2, 0.45, 0.35]) if seed % 3 == 1 else ([0, 1, 2, 3, 5, 8], [0.15, 0.3, 0.2, 0.15, 0.1, 0.1])
    )
    leaf = rng.choice(values, size=leaves, p=odds)
    sums = np.hstack([wholes, -np.eye(len(wholes), dtype=int)])
    city = np.concatenate([np.ones(leaves, dtype=int), np.zeros(len(wholes), dtype=int)])
    return np.concatenate([leaf, wholes @ leaf]), np.vstack([sums, city]), leaves


@pytest.mark.parametrize("seeds", [range(at, at + 30) for at in range(0, 300, 30)])
def test_all_that_is_shown_together_tells_no_small_count(seeds: range) -> None:
    for seed in seeds:
        counts, sums, leaves = nesting(seed)
        lost = left_out(counts, csc_array(sums), min_count=3)
        found = agreeing(counts, lost, sums, leaves, 3)
        for at in np.flatnonzero((counts > 0) & (counts < 3)):
            assert len(found[at]) > 1, (seed, counts.tolist(), lost.tolist(), at)
        assert all(value in own for value, own in zip(counts, found, strict=True))


@pytest.mark.parametrize("least", [4, 6])
def test_any_least_count_is_kept(least: int) -> None:
    for seed in range(0, 60, 3):
        counts, sums, leaves = nesting(seed)
        found = agreeing(counts, left_out(counts, csc_array(sums), min_count=least), sums, leaves, least)
        assert all(len(found[at]) > 1 for at in np.flatnonzero((counts > 0) & (counts < least)))


def test_two_issues_in_two_parts_are_three_ranges_that_tell_all() -> None:
    """Sub-districts 1 + 1 of a district of 2: each by itself would be safe."""
    sums = np.array([[-1, 1, 1, 0], [1, 0, 0, 1]])
    counts = np.array([2, 1, 1, 40])
    nothing = np.zeros(4, dtype=bool)
    order = [1, 2, 3, 0]
    assert [len(own) for own in agreeing(counts[order], nothing, sums[:, order], 3, 3)] == [1, 1, 1, 1]
    lost = left_out(counts, csc_array(sums), min_count=3)
    assert all(len(own) > 1 for own in agreeing(counts[order], lost[order], sums[:, order], 3, 3))


def test_zeros_far_off_take_no_part_in_the_search(monkeypatch: pytest.MonkeyPatch) -> None:
    """A fine grid with few issues: its thousands of empty cells change nothing, and the search does not grow with them."""
    asked: list[int] = []
    solve = _Search._solve

    def counted(self, rows, *more, **named):
        asked.append(len(rows))
        return solve(self, rows, *more, **named)

    monkeypatch.setattr(_Search, "_solve", counted)

    def grid(empty: int) -> np.ndarray:
        """Cells of one issue of one of two classes (each cell: all, 甲, 乙), then empty ones; all totals are known."""
        cells = np.array([[1, 1, 0]] * 6 + [[1, 0, 1]] * 5 + [[0, 0, 0]] * empty)
        n = len(cells)
        own = kron(eye(n), [[-1, 1, 1]])
        known = kron(np.ones((1, n)), eye(3))
        sums = csc_array(vstack([own, known]))
        return left_out(cells.ravel(), sums, min_count=3)

    few, most = grid(0), max(asked)
    asked.clear()
    many = grid(3000)
    assert max(asked) <= most
    assert not many[len(few) :].any()
    for lost in (few.reshape(-1, 3), many[: len(few)].reshape(-1, 3)):
        # Of either class one cell may be without any, total and all: then each of the others may have two.
        assert (lost[:6, 0] & lost[:6, 1]).any()
        assert (lost[6:, 0] & lost[6:, 2]).any()


def shown_as(counts: Sequence[int], sums: csc_array, least: int) -> tuple[object, ...]:
    """What a reader sees of each count: the number, a range, or nothing."""
    lost = left_out(np.array(counts), sums, min_count=least)
    return tuple(None if gone else "few" if 0 < n < least else n for n, gone in zip(counts, lost, strict=True))


@pytest.mark.parametrize(
    ("parts", "total", "least"),
    [(3, 20, 3), (3, 21, 3), (3, 17, 5), (4, 14, 3), pytest.param(4, 24, 3, marks=pytest.mark.slow)],
)  # fmt: skip
def test_what_is_left_out_does_not_tell_who_knows_by_which_rule(parts: int, total: int, least: int) -> None:
    """The oracle: all tables of a known sum, by what is shown of them. 2 of [2, 10, 9] was told: of [1, 10, 10] it would be the
    other 10 that is left out.
    """
    whole = csc_array(np.ones((1, parts)))
    tables: dict[tuple[object, ...], list[tuple[int, ...]]] = {}
    for found in itertools.product(range(total + 1), repeat=parts):
        if sum(found) == total and any(0 < n < least for n in found):
            tables.setdefault(shown_as(found, whole, least), []).append(found)
    for shown, alike in tables.items():
        for values in zip(*alike, strict=True):
            assert len(set(values)) > 1 or not 0 < values[0] < least, (shown, alike)


@pytest.mark.parametrize("cells", [[[9, 3, 3], [2, 0, 0]], [[0, 0, 3], [1, 4, 5]]])
def test_a_count_beside_zeros_alone_is_not_told_by_its_sum(cells: list[list[int]]) -> None:
    """The oracle: all tables with the same sums of rows and columns, which are known; what is left out may be any number."""
    counts = np.array(cells)
    sums = np.vstack([np.kron(np.eye(2), np.ones(3)), np.kron(np.ones(2), np.eye(3))])
    shown = np.array(shown_as(counts.ravel().tolist(), csc_array(sums), 3)).reshape(counts.shape)
    alike = []
    for first in itertools.product(*(range(n + 1) for n in counts.sum(axis=0))):
        table = np.array([first, counts.sum(axis=0) - first])
        said = [
            n is None or (0 < own < 3 if n == "few" else own == n)
            for n, own in zip(shown.flat, table.flat, strict=True)
        ]
        if (table.sum(axis=1) == counts.sum(axis=1)).all() and all(said):
            alike.append(table)
    small = (counts > 0) & (counts < 3)
    assert (np.ptp(alike, axis=0)[small] > 0).all()


def test_known_sums_that_determine_every_part_leave_all_of_them_out() -> None:
    """a + b, b + c and a + c known: no sum tells a part by itself, the three together tell all, whatever is left out."""
    sums = np.array([[1, 1, 0, 0], [0, 1, 1, 0], [1, 0, 1, 0], [0, 0, 1, 1]])
    counts = np.array([1, 2, 5, 9])
    hidden = np.ones(4, dtype=bool)
    assert [len(own) for own in agreeing(counts, hidden, sums, 4, 3)] == [1, 1, 1, 1]
    assert left_out(counts, csc_array(sums), min_count=3)[:3].all()


def test_sums_that_overlap_are_solved_together() -> None:
    """The same sums, shown as counts of their own: what is left out of them hides the parts."""
    sums = np.array([[1, 1, 0, -1, 0, 0], [0, 1, 1, 0, -1, 0], [1, 0, 1, 0, 0, -1]])
    counts = np.array([1, 2, 5, 3, 7, 6])
    nothing = np.zeros(6, dtype=bool)
    assert len(agreeing(counts, nothing, sums, 3, 3)[0]) == 1
    found = agreeing(counts, left_out(counts, csc_array(sums), min_count=3), sums, 3, 3)
    assert all(len(found[at]) > 1 for at in (0, 1))


def ones_of_a_city(ones: int, nothing: int) -> tuple[np.ndarray, np.ndarray]:
    """Cells of one issue each and empty ones, of a class and of all; both sums of the city are known."""
    n = ones + nothing
    counts = np.tile(np.concatenate([np.ones(ones, dtype=int), np.zeros(nothing, dtype=int)]), 2)
    both = np.hstack([np.eye(n, dtype=int), -np.eye(n, dtype=int)])
    return counts, np.vstack([both, np.kron(np.eye(2, dtype=int), np.ones(n, dtype=int))])


@pytest.mark.parametrize("ones", [2, 3, 4, 5])
@pytest.mark.parametrize("nothing", [0, 1, 2])
@pytest.mark.parametrize("least", [3, 4])
def test_of_ones_alone_one_that_may_be_zero_serves_all_others(ones: int, nothing: int, least: int) -> None:
    counts, sums = ones_of_a_city(ones, nothing)
    lost = left_out(counts, csc_array(sums), min_count=least)
    found = agreeing(counts, lost, sums, ones + nothing, least)
    assert all(len(own) > 1 for own, count in zip(found, counts, strict=True) if count)
    assert lost.sum() == 2


def test_four_hundred_ones_are_not_searched_for_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """A search of all of them each took more than a minute."""
    searched: list[int] = []
    cheapest = _Search.cheapest

    def counted(self: _Search, rows: np.ndarray, row: np.int64, lost: np.ndarray, **how: bool) -> np.ndarray | None:
        searched.append(int(row))
        return cheapest(self, rows, row, lost, **how)

    monkeypatch.setattr(_Search, "cheapest", counted)
    counts, sums = ones_of_a_city(400, 200)
    lost = left_out(counts, csc_array(sums), min_count=3)
    assert lost.sum() == 2
    assert len(set(searched)) <= 4


def test_what_is_shown_already_stays() -> None:
    sums = csc_array([[1, 1, 1]])
    fixed = np.array([False, True, False])
    assert left_out(np.array([1, 5, 9]), sums, min_count=3, fixed=fixed).tolist() == [False, False, True]


def possible(shown: pd.DataFrame, counts: np.ndarray) -> list[set[int]]:
    """The same for the contract's zones, whose classes add up to ``all``, and each class to a city that is known."""
    n, k = counts.shape
    whole = np.column_stack([counts, counts.sum(axis=1)])
    order = [*range(1, k + 1), 0]
    cells = shown["count"].to_numpy(dtype=object).reshape(n, k + 1)[:, order]
    sums = np.zeros((n + k, n * k + n), dtype=int)
    for row in range(n):
        sums[row, row * k : row * k + k], sums[row, n * k + row] = 1, -1
    for column in range(k):
        sums[n + column, column : n * k : k] = 1
    flat = np.concatenate([whole[:, :k].ravel(), whole[:, k]])
    missing = pd.isna(cells)
    lost = np.concatenate([missing[:, :k].ravel(), missing[:, k]])
    return agreeing(flat, lost, sums if n > 1 else sums[:n], n * k, 3)[: n * k]


@pytest.mark.parametrize("seed", range(60))
def test_no_hidden_count_follows_from_a_total(seed: int) -> None:
    rng = np.random.default_rng(seed)
    counts = rng.choice([0, 1, 2, 3, 4, 6], size=(1, 3), p=[0.15, 0.3, 0.2, 0.15, 0.1, 0.1])
    table = zones(counts)
    shown = hide_small(table, min_count=3, within=["zone"])
    if counts.sum() < 3:
        return
    for value, values in zip(counts.ravel(), possible(shown, counts), strict=True):
        assert value in values
        if 0 < value < 3:
            assert len(values) > 1


@pytest.mark.parametrize("seed", range(25))
def test_no_hidden_count_of_a_zone_follows_from_the_city(seed: int) -> None:
    rng = np.random.default_rng(seed)
    counts = np.array([[9, 9], [9, 9], [9, 9]])
    counts[rng.integers(3), rng.integers(2)] = rng.integers(1, 3)
    shown = hide_small(zones(counts), min_count=3, within=["level", "zone"], sums=["level"])
    for value, values in zip(counts.ravel(), possible(shown, counts), strict=True):
        assert value in values
        if 0 < value < 3:
            assert len(values) > 1


def test_what_gives_a_hidden_count_away_goes_with_it_and_nothing_else() -> None:
    table = zones(np.array([[40, 30, 2], [50, 0, 8]]))
    shown = hide_small(table, min_count=3, within=["level", "zone"], sums=["level"])
    hidden = shown["count"].map(lambda value: value is None or isinstance(value, str))
    assert hidden.any()
    assert shown.loc[hidden, ["per_km2", "location_quotient"]].isna().all(axis=None)
    kept = table[~hidden.to_numpy()]
    pd.testing.assert_frame_equal(
        shown.loc[~hidden, ["per_km2", "location_quotient"]], kept[["per_km2", "location_quotient"]]
    )
    assert shown.loc[~hidden, "count"].tolist() == kept["count"].tolist()
    assert (shown.loc[table["count"] == 0, "count"] == 0).all()


@pytest.mark.parametrize("seed", range(40))
def test_no_hidden_count_of_a_class_follows_from_the_whole_table(seed: int) -> None:
    rng = np.random.default_rng(seed)
    counts = rng.choice([1, 2, 3, 5, 9], size=(1, 3))
    table = zones(counts).rename(columns={"count": "issues"})
    shown = hide_small(table, min_count=3, within=()).rename(columns={"issues": "count"})
    for value, values in zip(counts.ravel(), possible(shown, counts), strict=True):
        assert value in values
        assert value >= 3 or len(values) > 1


def test_a_row_a_zone_is_its_all() -> None:
    table = pd.DataFrame({"zone": ["东", "西", "北"], "level": "district", "issues": [500, 2, 700]})
    assert hide_small(table, min_count=3, within=("level", "zone"), sums=("level",))["issues"].tolist() == [
        None,
        "1–2",
        700,
    ]


def test_places_without_a_total_hide_the_small_ones_alone() -> None:
    places = pd.DataFrame(
        {
            "issue_class": ["a", "a", "b"],
            "issues": [9, 2, 3],
            "share_issues": [0.9, 0.2, 0.3],
            "main_subclass": list("xyz"),
        }
    )
    shown = hide_small(places, min_count=3)
    assert shown["issues"].tolist() == [9, "1–2", 3]
    assert shown["main_subclass"].fillna("").tolist() == ["x", "", "z"]
    assert hide_small(places, min_count=1) is places


def test_the_range_is_said() -> None:
    assert [small_range(n) for n in (3, 6)] == ["1–2", "1–5"]
    assert "1–2" in small_said(3, "zh")
    assert "1–2" in small_said(3, "en")
    assert small_said(1, "zh") == ""


def test_how_many_times_the_mean_would_give_a_count_away():
    heavy = pd.DataFrame(
        {"issue_class": ["甲", "甲"], "cell_id": ["E1N1", "E2N2"], "count": [60, 6], "times_mean": [120, 12.0]}
    )
    assert hide_small(heavy, min_count=10)["times_mean"].tolist()[0] == 120
    assert hide_small(heavy, min_count=10)["times_mean"].isna().tolist() == [False, True]


def test_the_counts_of_two_periods_hide_each_other() -> None:
    table = pd.DataFrame(
        {
            # Of the last, 31 less 20 and 10 is one issue in the time outside both.
            "issues": [9, 9, 9, 9, 31],
            "share_issues": 0.1,
            "issues_before": [2, 6, 0, 3, 20],
            "issues_recent": [7, 1, 9, 6, 10],
            "change": [2.5, -0.8, np.nan, 1.0, -0.5],
        }
    )
    shown = hide_small(table, min_count=3)
    assert shown["issues_before"].isna().tolist() == [True, True, False, False, True]
    assert shown["issues_recent"].isna().tolist() == [True, True, False, False, True]
    assert shown["change"].isna().tolist() == [True, True, True, False, True]
    assert shown["issues"].tolist() == [9, 9, 9, 9, 31]
    assert shown["share_issues"].tolist() == [0.1] * 5


def test_what_is_a_multiple_of_the_count_goes_with_it() -> None:
    table = pd.DataFrame({"issue_class": ["a", "b"], "count": [2, 12], "times_mean": [67.7, 400.0]})
    assert hide_small(table, min_count=3)["times_mean"].isna().tolist() == [True, False]


def test_the_shares_of_first_places_do_not_tell_a_hidden_place() -> None:
    counts = {"all": [49, 25, 3, 3, 1, 0], "a": [12, 7, 4, 4, 3, 1], "b": [1, 0], "c": [9, 4, 3]}
    total = {"all": 291, "a": 87, "b": 78, "c": 40}
    rows = [(name, at + 1, n) for name, row in counts.items() for at, n in enumerate(row)]
    places = pd.DataFrame(rows, columns=["issue_class", "rank", "issues"])
    tops = pd.DataFrame({"issue_class": list(counts), "issues": total.values()})
    for n in (1, 3, 5, 10):
        tops[f"top{n}_share"] = [sum(row[:n]) / total[name] for name, row in counts.items()]
    seen = hide_small(places, min_count=3)
    shown = hide_tops(tops, seen)
    for name in counts:
        own, row = seen[seen["issue_class"] == name], shown[shown["issue_class"] == name].iloc[0]
        for n in (1, 3, 5, 10):
            whole = pd.to_numeric(own["issues"].head(n), errors="coerce").sum(skipna=False)
            # What is shown is what adds up from the counts that are, and nothing more is left out.
            assert pd.isna(whole) == pd.isna(row[f"top{n}_share"])
    assert shown["issues"].tolist() == list(total.values())


def test_how_issues_mix_does_not_tell_what_the_zones_hide() -> None:
    counts = np.array([[1, 1, 1], [2, 1, 0], [10, 8, 12], [9, 1, 20]])
    seen = hide_small(zones(counts), min_count=3, within=["level", "zone"])
    mix = pd.DataFrame(
        {
            "zone": [f"z{i}" for i in range(4)],
            "level": "district",
            "issues": counts.sum(axis=1),
            "entropy": 1.0,
            "main_class": "a",
            "main_share": 0.5,
        }
    )
    shown = hide_mix(mix, seen).set_index("zone")
    known = seen.assign(known=pd.to_numeric(seen["count"], errors="coerce").notna())
    for zone, own in known.groupby("zone"):
        assert pd.notna(shown.loc[zone, "issues"]) == own[own["issue_class"] == "all"]["known"].item()
        assert shown.loc[zone, ["entropy", "main_class", "main_share"]].notna().tolist() == [own["known"].all()] * 3
    assert known.groupby("zone")["known"].all().tolist() == [False, False, True, False]


def test_how_many_issues_mix_tells_not_how_many_have_no_class() -> None:
    """Of 12 issues 5 and 5 have a class, and of 13 one does: the classes' sum, 10 or 11, is not shown beside what is hidden."""
    zone = pd.DataFrame({"zone": "东", "level": "district", "issue_class": ["all", "甲", "乙"], "count": [12, 5, 5]})
    seen = hide_small(zone, min_count=3, within=["level", "zone"])
    mix = pd.DataFrame({"zone": ["东"], "level": ["district"], "issues": [10], "entropy": [1.0]})
    assert seen["count"].isna().sum() == 1
    assert hide_mix(mix, seen)["issues"].isna().all()
    seen = hide_small(zone.assign(count=[13, 10, 1]), min_count=3, within=["level", "zone"])
    assert hide_mix(mix.assign(issues=11), seen)["issues"].isna().all()


def test_what_multiplies_to_the_count_of_a_place_goes_with_it() -> None:
    places = pd.DataFrame(
        {"issues": [9, 1], "share_area": 0.1, "concentration": [9.0, 1.0], "main_subclass_share": [0.5, 1.0]}
    )
    shown = hide_small(places, min_count=3)
    assert shown[["concentration", "main_subclass_share"]].isna().to_numpy().tolist() == [[False] * 2, [True] * 2]


def test_a_workbook_says_that_hidden_cells_are_blank() -> None:
    assert small_said(3, "zh", blank=True) == "不足 3 件的显示为 1–2；会让人推算出它们的数留空，不论大小。"
    assert small_said(1, "zh", blank=True) == ""


def test_units_do_not_tell_each_other() -> None:
    units = pd.DataFrame(
        {
            "unit_id": list("abcde"),
            "district": ["甲", "甲", "甲", "乙", "乙"],
            "issues": [40, 12, 1, 60, 9],
            "issues_per_km2": 1.0,
        }
    )
    shown = hide_units(units, min_count=3)
    assert shown["issues"].tolist() == [40, None, "1–2", 60, 9]
    assert shown["issues_per_km2"].isna().tolist() == [False, True, True, False, False]
    assert list(shown.columns) == list(units.columns)
    assert hide_units(units.drop(columns="district"), min_count=3)["issues"].tolist() == [40, 12, "1–2", 60, None]


def test_the_score_of_a_candidate_does_not_tell_its_few_issues() -> None:
    """What is shown of the indicators, times their weights, and the score give the one that is hidden."""
    scores = pd.DataFrame(
        {"issues": [40, 1], "score": [80.0, 70.0], "score_if_missing_zero": [70.0, 60.0], "rank": [1, 2],
         "toilets": [3.0, 2.0], "toilets_score": [75.0, 50.0], "issue_density": [1.0, 0.1],
         "issue_density_score": [100.0, 100.0]}
    )  # fmt: skip
    shown = hide_small(scores, min_count=3)
    hidden = ["score", "score_if_missing_zero", "issue_density", "issue_density_score"]
    assert shown[hidden].isna().to_numpy().tolist() == [[False] * 4, [True] * 4]
    assert shown["rank"].tolist() == [1, 2]
    assert shown["toilets_score"].tolist() == [75, 50]


def test_units_do_not_add_up_to_a_district_that_is_hidden() -> None:
    zones = pd.DataFrame(
        {
            "zone": list("甲乙丙"),
            "issues": [2, 7, 90],
            "_city": "city",
            "_is": ["units:甲", "units:乙", "units:丙"],
        }
    )
    known = count_rows(zones, "issues", of="zones", sums=["_city"], whole="_is")
    known = known.assign(lost=leave_out(known, 3), known=True)
    assert known["lost"].tolist() == [False, True, False]
    units = pd.DataFrame({"unit_id": list("abcd"), "district": list("乙乙丙丙"), "issues": [3, 4, 40, 50]})
    assert hide_units(units, min_count=3)["issues"].tolist() == [3, 4, 40, 50]
    shown = hide_units(units, min_count=3, known=[known])["issues"]
    # 3 + 4 would give district 乙, and the city less 乙 and 丙 the two issues of 甲.
    assert shown.isna().tolist() == [True, False, False, False] or shown.isna().tolist() == [False, True, False, False]


def test_shares_of_a_place_do_not_tell_a_few_issues() -> None:
    issues = np.repeat([3, 4, 5, 9, 400], 2)
    part = np.array([2, 3, 2, 3, 3, 4, 4, 8, 1, 200])
    places = pd.DataFrame({"issues": issues, "main_subclass_share": part / issues, "same_point_share": part / issues})
    shown = hide_shares(places, places, 3)
    kept = [(of, of_all - of) for of, of_all in zip(part, issues, strict=True)]
    assert shown["main_subclass_share"].notna().tolist() == [all(n == 0 or n >= 3 for n in both) for both in kept]
    assert shown["same_point_share"].notna().tolist() == [of >= 3 for of, _ in kept]


def test_a_large_table_tells_no_small_count_by_one_sum() -> None:
    """Of all cells of a city each sum is looked at by itself; what it shows is checked sum by sum, all ways tried."""
    rng = np.random.default_rng(5)
    counts = rng.choice([1, 2, 3, 4, 9], size=2400)
    cell = np.repeat(np.arange(600), 4)
    table = pd.DataFrame({"cell": cell, "issue_class": "a", "count": counts, "sum": "s" + pd.Series(cell).astype(str)})
    lost = leave_out(count_rows(table, "count", sums=["sum"]), 3)
    for at in range(600):
        own = counts[4 * at : 4 * at + 4]
        sums = np.ones((1, 4), dtype=int)
        found = agreeing(own, lost[4 * at : 4 * at + 4], sums, 4, 3)
        small = np.flatnonzero((own < 3) & ~lost[4 * at : 4 * at + 4])
        if not lost[4 * at : 4 * at + 4].all() and (own >= 3).any() and ((own >= 3) & ~lost[4 * at : 4 * at + 4]).any():
            assert all(len(found[k]) > 1 for k in small), (own, lost[4 * at : 4 * at + 4])


@pytest.mark.parametrize(
    "levels", [["district", "district"], ["subdistrict", "subdistrict"], ["district", "subdistrict"]]
)
def test_zones_are_hidden_whatever_levels_there_are(levels: list[str]) -> None:
    ground = shapely.box([0, 100], 0, [100, 200], 100)
    cells = gpd.GeoDataFrame({"cell_id": ["1", "2"], "issue_class": "all", "count": [40, 2]}, geometry=ground, crs=4549)
    zones = gpd.GeoDataFrame(
        {"zone": ["甲", "乙"], "level": levels, "issue_class": "all", "count": [40, 2]}, geometry=ground, crs=4549
    )
    shown = show({"cells": cells, "zones": zones}, min_count=3).tables["zones"]
    assert 2 not in set(shown["count"])


def others_reach(choices: Sequence[Sequence[int]], signs: Sequence[int]) -> set[int]:
    """Oracle: all values that a sum of numbers, each one of a few, can have."""
    reached = {0}
    for own, sign in zip(choices, signs, strict=True):
        reached = {value + sign * one for value in reached for one in own}
    return reached


@pytest.mark.parametrize("least", [3, pytest.param(5, marks=pytest.mark.slow)])
def test_of_very_many_counts_no_sum_tells_one_by_itself(least: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jxgis.suppression._AT_ONCE", -1)
    for seed in range(240):
        counts, sums, _ = nesting(seed)
        lost = left_out(counts, csc_array(sums), min_count=least)
        choices: list[Sequence[int]] = []
        for value, gone in zip(counts.tolist(), lost.tolist(), strict=True):
            small = 0 < value < least
            hidden = range(0 if value < least else least, 2 * max(value, least) + 1)
            choices.append(hidden if gone else range(1, least) if small else [value])
        for row in sums:
            at = np.flatnonzero(row).tolist()
            for one in at:
                if not 0 < counts[one] < least:
                    continue
                rest = [other for other in at if other != one]
                reached = others_reach([choices[other] for other in rest], row[rest].tolist())
                target = int(row @ counts)
                possible_values = [value for value in choices[one] if target - row[one] * value in reached]
                # What is known to have one part only tells it, whatever is left out.
                alone = row.min() == 0 and not counts[rest].any()
                assert alone or len(possible_values) > 1, (seed, counts.tolist(), lost.tolist(), row.tolist())


def test_two_issues_of_two_classes_in_a_cell_are_not_three_ranges(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jxgis.suppression._AT_ONCE", -1)
    cells = pd.DataFrame({"cell_id": "E1N1", "issue_class": ["all", "a", "b", "c"], "count": [2, 1, 0, 1]})
    assert hide_small(cells, min_count=3, within=["cell_id"])["count"].tolist() == [None, "1–2", 0, "1–2"]


def narrowed(counts: np.ndarray, lost: np.ndarray, sums: np.ndarray, least: int) -> list[tuple[int, int]]:
    """Oracle: what each count can be, as a range, when every sum is held against the ranges of its others again and again."""
    ranges = []
    for value, gone in zip(counts.tolist(), lost.tolist(), strict=True):
        small = 0 < value < least
        hidden = (0 if value < least else least, 2 * max(value, least))
        ranges.append(hidden if gone else (1, least - 1) if small else (value, value))
    while True:
        before = list(ranges)
        for row in sums:
            at, target = np.flatnonzero(row).tolist(), int(row @ counts)
            for one in at:
                others = [sorted((row[k] * ranges[k][0], row[k] * ranges[k][1])) for k in at if k != one]
                ends = [(target - sum(side)) * row[one] for side in zip(*others, strict=True)] or [target * row[one]]
                ranges[one] = max(ranges[one][0], min(ends)), min(ranges[one][1], max(ends))
        if ranges == before:
            return ranges


@pytest.mark.parametrize("least", [3, pytest.param(5, marks=pytest.mark.slow)])
def test_of_very_many_counts_sums_in_turn_tell_none(least: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jxgis.suppression._AT_ONCE", -1)
    told = []
    for seed in range(400):
        counts, sums, _ = nesting(seed)
        sums = sums[:-1]  # A city that is known leaves so small a table no way out.
        lost = left_out(counts, csc_array(sums), min_count=least)
        found = narrowed(counts, lost, sums, least)
        told += [(seed, at) for at in range(len(counts)) if 0 < counts[at] < least and found[at][0] == found[at][1]]
    assert not told


def test_of_very_many_counts_sums_solved_together_tell_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """Oracle: the least and the most of each small count, each by a linear program of its own over all that is shown."""
    monkeypatch.setattr("jxgis.suppression._AT_ONCE", -1)
    told, asked = [], 0
    for seed in range(60):
        counts, sums, _ = nesting(seed)
        sums = sums[:-1]
        lost = left_out(counts, csc_array(sums), min_count=3)
        small = (counts > 0) & (counts < 3)
        low = np.where(lost, np.where(counts < 3, 0, np.minimum(counts, np.maximum(counts - counts // 2, 3))), counts)
        low, high = (
            np.where(small & ~lost, 1, low),
            np.where(lost, 2 * np.maximum(counts, 3), np.where(small, 2, counts)),
        )
        for one in np.flatnonzero(small):
            aim = np.arange(len(counts)) == one
            ends = [
                linprog(sign * aim, A_eq=sums, b_eq=sums @ counts, bounds=np.column_stack([low, high])).fun * sign
                for sign in (1, -1)
            ]
            asked += 1
            told += [(seed, one, ends)] if ends[1] - ends[0] < 1e-6 else []
    assert asked > 100
    assert not told


@pytest.mark.parametrize("seed", range(40))
def test_the_issues_of_no_class_are_told_by_no_total(seed: int) -> None:
    """Two zones of two classes and what has none, which stands nowhere: all ways tried."""
    rng = np.random.default_rng(seed)
    of_zone = rng.choice([0, 1, 2, 3, 6], size=(2, 3), p=[0.2, 0.3, 0.2, 0.15, 0.15])
    shown = zones(of_zone)[lambda table: table["issue_class"] != CLASSES[3]].reset_index(drop=True)
    lost = leave_out(count_rows(shown, "count", within=["zone"]), 3)
    for at in range(2):
        whole, *classes = shown["count"][3 * at : 3 * at + 3].tolist()
        counts = np.array([*classes, of_zone[at, 2], whole])
        gone = np.array([*lost[3 * at + 1 : 3 * at + 3], counts[2] > 0, lost[3 * at]])
        found = agreeing(counts, gone, np.array([[1, 1, 1, -1]]), 3, 3)
        for one in np.flatnonzero((counts > 0) & (counts < 3)):
            assert len(found[one]) > 1, (counts.tolist(), gone.tolist(), one)


@pytest.mark.parametrize("seeds", [range(225, 265), pytest.param(range(225), marks=pytest.mark.slow)])
def test_of_very_many_counts_sums_that_overlap_tell_none(seeds: range, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sums over windows of a row, some of them known: two counts may be able to move only against one another.

    Oracle: the least and the most of each small count, each by a linear program of its own; where all is left out that may be
    and a count still has one value, known sums alone tell it.
    """
    monkeypatch.setattr("jxgis.suppression._AT_ONCE", -1)
    told, asked = [], 0
    for seed in seeds:
        rng = np.random.default_rng(seed)
        cells = rng.choice([0, 1, 2, 3, 9, 40], size=14, p=[0.1, 0.25, 0.2, 0.2, 0.15, 0.1])
        windows = np.zeros((9, 14), dtype=int)
        for window, (start, width) in zip(
            windows, zip(rng.integers(0, 11, 9), rng.integers(2, 7, 9), strict=True), strict=True
        ):
            window[start : start + width] = 1
        known = rng.random(9) < 0.3
        counts = np.concatenate([cells, (windows @ cells)[~known]])
        sums = np.hstack([windows, -np.eye(9, dtype=int)[:, ~known]])
        lost = left_out(counts, csc_array(sums), min_count=3)
        small = (counts > 0) & (counts < 3)

        def ends(gone: np.ndarray, one: int, counts: np.ndarray, sums: np.ndarray, small: np.ndarray) -> float:
            low = np.where(
                gone, np.where(counts < 3, 0, np.minimum(counts, np.maximum(counts - counts // 2, 3))), counts
            )
            low = np.where(small & ~gone, 1, low)
            high = np.where(gone, 2 * np.maximum(counts, 3), np.where(small, 2, counts))
            aim, bounds = np.arange(len(counts)) == one, np.column_stack([low, high])
            least, most = (
                linprog(sign * aim, A_eq=sums, b_eq=sums @ counts, bounds=bounds).fun * sign for sign in (1, -1)
            )
            return float(most - least)

        for one in np.flatnonzero(small):
            asked += 1
            if ends(lost, one, counts, sums, small) < 1e-6 <= ends(np.ones_like(lost), one, counts, sums, small):
                told.append((seed, one))
    assert asked > 100
    assert not told


def test_a_sum_of_one_class_binds_no_issue_of_no_class() -> None:
    """How many issues of all classes lie around two peaks is said, and not how many of each class: that of two cells around
    one and one of them around the other one has a single issue of no class is not told, and nothing is left out for it.
    """
    cells = pd.DataFrame(
        {"cell_id": ["a", "b"] * 3, "issue_class": np.repeat(["甲", "乙", "all"], 2), "count": [4, 6, 3, 5, 8, 14]}
    )
    whole = cells["issue_class"] == "all"
    cells["one"], cells["other"] = (
        np.where(whole, "one", None),
        np.where(whole & (cells["cell_id"] == "b"), "other", None),
    )
    peaks = pd.DataFrame({"issue_class": "all", "issues": [22, 14], "is": ["one", "other"]})
    rows = [
        count_rows(cells, "count", of="cells", within=["cell_id"], sums=["one", "other"]),
        count_rows(peaks, "issues", of="peaks", whole="is"),
    ]
    # The issue of no class is what is left of 8 less 4 and 3.
    assert leave_out(pd.concat(rows, ignore_index=True), 3).tolist() == [False, False, True, *5 * [False]]
