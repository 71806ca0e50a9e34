"""No count below the least is shown, and none can be told from what is."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest

from jxgis.small_counts import hide_small, small_range, small_said
from jxgis.hotspots.shown import hide_mix, hide_tops
from jxgis.units.shown import hide_units as hide_small_units

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


def possible(shown: pd.DataFrame, counts: np.ndarray, min_count: int, *, city: bool) -> list[set[int]]:
    """Oracle: every table of counts that agrees with all that is shown; the values that each count takes in them."""
    n, k = counts.shape
    cells = shown["count"].to_numpy(dtype=object).reshape(n, k + 1)
    most = int(counts.max())
    options = [
        range(1, min_count) if isinstance(v, str) else range(min_count, most + 6) if v is None else [int(v)]
        for v in cells[:, 1:].ravel()
    ]
    found: list[set[int]] = [set() for _ in range(n * k)]
    for values in itertools.product(*options):
        table = np.array(values).reshape(n, k)
        totals = table.sum(axis=1)
        fits = all(
            total == known if isinstance(known, (int, np.integer)) else total < min_count if known is not None else True
            for total, known in zip(totals, cells[:, 0], strict=True)
        )
        # Who knows the rule knows that what is left out beside the small ones is the smallest of the others.
        fits = fits and all(
            table[row, column] <= least
            for row in range(n)
            if not city
            for least in [
                min((v for v in cells[row, 1:] if isinstance(v, (int, np.integer)) and v > 0), default=most + 6)
            ]
            for column in range(k)
            if cells[row, 1 + column] is None
        )
        if fits and (not city or (table.sum(axis=0) == counts.sum(axis=0)).all()):
            for at, value in enumerate(values):
                found[at].add(value)
    return found


@pytest.mark.parametrize("seed", range(60))
def test_no_hidden_count_follows_from_a_total(seed: int) -> None:
    rng = np.random.default_rng(seed)
    counts = rng.choice([0, 1, 2, 3, 4, 6], size=(1, 3), p=[0.15, 0.3, 0.2, 0.15, 0.1, 0.1])
    table = zones(counts)
    shown = hide_small(table, min_count=3, within=["zone"])
    if counts.sum() < 3:
        return
    for value, values in zip(counts.ravel(), possible(shown, counts, 3, city=False), strict=True):
        assert value in values
        if 0 < value < 3:
            assert values == {1, 2} or len(values) > 1


@pytest.mark.parametrize("seed", range(25))
def test_no_hidden_count_of_a_zone_follows_from_the_city(seed: int) -> None:
    rng = np.random.default_rng(seed)
    counts = np.array([[9, 9], [9, 9], [9, 9]])
    counts[rng.integers(3), rng.integers(2)] = rng.integers(1, 3)
    shown = hide_small(zones(counts), min_count=3, within=["level", "zone"], sums=["level"])
    for value, values in zip(counts.ravel(), possible(shown, counts, 3, city=True), strict=True):
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
    for value, values in zip(counts.ravel(), possible(shown, counts, 3, city=False), strict=True):
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
    assert [small_range(n) for n in (2, 3, 6)] == ["1", "1–2", "1–5"]
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
            "issues": [9, 9, 9, 9],
            "share_issues": 0.1,
            "issues_before": [2, 6, 0, 3],
            "issues_recent": [7, 1, 9, 6],
            "change": [2.5, -0.8, np.nan, 1.0],
        }
    )
    shown = hide_small(table, min_count=3)
    assert shown["issues_before"].isna().tolist() == [True, True, False, False]
    assert shown["issues_recent"].isna().tolist() == [True, True, False, False]
    assert shown["change"].isna().tolist() == [True, True, True, False]
    assert shown["issues"].tolist() == [9] * 4
    assert shown["share_issues"].tolist() == [0.1] * 4


def test_what_is_a_multiple_of_the_count_goes_with_it() -> None:
    table = pd.DataFrame({"issue_class": ["a", "b"], "count": [2, 12], "times_mean": [67.7, 400.0]})
    assert hide_small(table, min_count=3)["times_mean"].isna().tolist() == [True, False]


@pytest.mark.parametrize("seed", range(40))
def test_no_hidden_count_of_a_cell_follows_from_a_place_or_the_city(seed: int) -> None:
    rng = np.random.default_rng(seed)
    counts = rng.choice([0, 1, 2, 3, 5, 8], size=8)
    place = np.array([0, 0, 0, 1, 1, -1, -1, -1])
    if counts[place == 1].sum() < 3:
        place[place == 1] = -1
    table = pd.DataFrame({"cell_id": range(8), "issue_class": "甲", "count": counts, "place": place})
    shown = hide_small(table, min_count=3, within=["cell_id"], sums=["place"])["count"].to_numpy(dtype=object)
    totals = [(rows, counts[rows].sum()) for rows in (place == 0, place == 1, place >= -1) if counts[rows].sum() >= 3]
    options = [range(1, 3) if isinstance(v, str) else range(3, 13) if v is None else [int(v)] for v in shown]
    found: list[set[int]] = [set() for _ in counts]
    for values in itertools.product(*options):
        if all(np.array(values)[rows].sum() == total for rows, total in totals):
            for at, value in enumerate(values):
                found[at].add(value)
    for at in np.flatnonzero((counts > 0) & (counts < 3)):
        assert counts[at] in found[at]
        # Where all of a sum is left out and it is still told, the sum itself would have to go.
        if any(isinstance(v, (int, np.integer)) and v > 0 for v in shown[place == place[at]]):
            assert len(found[at]) > 1, (counts, shown, at)


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


def test_what_multiplies_to_the_count_of_a_place_goes_with_it() -> None:
    places = pd.DataFrame(
        {"issues": [9, 1], "share_area": 0.1, "concentration": [9.0, 1.0], "main_subclass_share": [0.5, 1.0]}
    )
    shown = hide_small(places, min_count=3)
    assert shown[["concentration", "main_subclass_share"]].isna().to_numpy().tolist() == [[False] * 2, [True] * 2]


def test_a_workbook_says_that_hidden_cells_are_blank() -> None:
    assert small_said(3, "zh", blank=True) == "不足 3 件的显示为 1–2；能反推出来的数留空。"
    assert small_said(1, "zh", blank=True) == ""


def told_by(shown: np.ndarray, rows: list[int], total: int | None, at: int | None) -> list[int]:
    """Oracle: which of the small counts of a sum have one value in all that agrees with what is shown of that sum."""
    options = [range(1, 3) if isinstance(v, str) else range(3, 20) if v is None else [int(v)] for v in shown]
    found: dict[int, set[int]] = {row: set() for row in rows}
    for values in itertools.product(*(options[row] for row in rows)):
        if sum(values) == total if at is None else sum(values) in options[at]:
            for row, value in zip(rows, values, strict=True):
                found[row].add(value)
    return [row for row in rows if isinstance(shown[row], str) and len(found[row]) < 2]


@pytest.mark.parametrize("seed", range(60))
def test_no_hidden_count_of_a_subdistrict_follows_from_its_district(seed: int) -> None:
    rng = np.random.default_rng(seed)
    inner = rng.choice([0, 1, 2, 3, 5, 8], size=5)
    home = np.array([0, 0, 1, 1, 2])
    outer = np.bincount(home, inner, minlength=3).astype(int)
    table = pd.DataFrame(
        {
            "zone": [*"ABC", *"abcde"],
            "level": ["district"] * 3 + ["subdistrict"] * 5,
            "issues": [*outer, *inner],
            "part_of": [None] * 3 + [*np.array([*"ABC"])[home]],
            "is": [*"ABC", *[None] * 5],
        }
    )
    shown = hide_small(table, min_count=3, within=("level", "zone"), sums=("level",), nested=("part_of", "is"))[
        "issues"
    ].to_numpy(dtype=object)
    total = int(inner.sum())
    sums = [([3 + int(i) for i in np.flatnonzero(home == d)], None, d) for d in range(3)]
    sums += [([0, 1, 2], total, None), ([3, 4, 5, 6, 7], total, None)]
    for rows, known, at in sums:
        # Left open: a district of two issues in two of its parts, and a sum of which everything is left out.
        if (
            not isinstance(shown[at], str)
            if at is not None
            else any(isinstance(shown[row], (int, np.integer)) and shown[row] > 0 for row in rows)
        ):
            assert not told_by(shown, rows, known, at), (table["issues"].tolist(), shown.tolist(), rows)


def test_units_do_not_tell_each_other() -> None:
    units = pd.DataFrame(
        {
            "unit_id": list("abcde"),
            "district": ["甲", "甲", "甲", "乙", "乙"],
            "issues": [40, 12, 1, 60, 9],
            "issues_per_km2": 1.0,
        }
    )
    shown = hide_small_units(units, min_count=3)
    assert shown["issues"].tolist() == [40, None, "1–2", 60, 9]
    assert shown["issues_per_km2"].isna().tolist() == [False, True, True, False, False]
    assert list(shown.columns) == list(units.columns)
    assert hide_small_units(units.drop(columns="district"), min_count=3)["issues"].tolist() == [40, 12, "1–2", 60, None]


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
