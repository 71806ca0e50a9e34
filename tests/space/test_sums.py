"""What areas, the zones that hold them and the zones that they hold tell of one another's counts, by all parts together."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from scipy.optimize import Bounds, LinearConstraint, milp

from jxgis.small_counts import count_rows, leave_out
from jxgis.space.sums import EVERYWHERE, Period, add_areas, when, whole_zones

SIDE, TIMES, LEAST = 4, 4, 3
Block = tuple[slice, slice]


def box(x0: float, y0: float, x1: float, y1: float) -> shapely.Polygon:
    return shapely.box(x0 * 1000, y0 * 1000, x1 * 1000, y1 * 1000)


def shapes(blocks: list[Block]) -> gpd.GeoDataFrame:
    drawn = [box(x.start, y.start, x.stop, y.stop) for x, y in blocks]
    return gpd.GeoDataFrame(geometry=drawn, crs=4549)


def known_zones(zones: list[tuple[str, shapely.Polygon, int]]) -> pd.DataFrame:
    """Counts of zones, given as (level, shape, count), that are shown."""
    table = pd.DataFrame({"count": [count for *_, count in zones]})
    rows = count_rows(table, "count", of="zones")
    return rows.assign(
        known=True,
        level=[level for level, *_ in zones],
        geometry=np.array([shape for _, shape, _ in zones], dtype=object),
    )


def lost(zones: pd.DataFrame, candidates: list[tuple[shapely.Polygon, int]]) -> list[bool]:
    """Which counts of candidates, given as (shape, count), are left out beside zones."""
    areas = gpd.GeoDataFrame(geometry=[shape for shape, _ in candidates], crs=4549)
    rows = add_areas(zones, areas, pd.Series([count for _, count in candidates]), of="scores", min_count=LEAST)
    return [bool(gone) for gone in rows.loc[rows["of"] == "scores", "lost"]]


def test_candidates_that_make_a_district_hide_the_other_of_a_small_one() -> None:
    halves = [(box(0, 0, 2, 2), 2), (box(2, 0, 4, 2), 40)]
    assert lost(known_zones([("district", box(0, 0, 4, 2), 42)]), halves) == [False, True]
    # Where more lies beside them, nothing follows.
    part = [(box(0, 0, 2, 2), 2), (box(2, 0, 3, 2), 40)]
    assert lost(known_zones([("district", box(0, 0, 4, 2), 60)]), part) == [False, False]


def test_a_candidate_hides_what_would_tell_how_few_lie_beside_it() -> None:
    assert lost(known_zones([("district", box(0, 0, 4, 2), 42)]), [(box(0, 0, 3.9, 2), 41)]) == [True]
    nothing = known_zones([])
    assert sum(lost(nothing, [(box(0, 0, 4, 4), 42), (box(0, 0, 4, 3.9), 41)])) == 1


def test_few_beside_one_are_told_though_another_lies_there() -> None:
    """42 less 40 are the two beside the first, of which one lies in the second."""
    assert lost(known_zones([("district", box(0, 0, 4, 2), 42)]), [(box(0, 0, 2, 2), 40), (box(2, 0, 3, 2), 1)])[0]


def test_small_ones_that_fill_a_zone_are_held_together_though_a_large_one_lies_over_them() -> None:
    """The largest does not fill the zone; those that it overlaps do, with one that lies beside it."""
    inner = [(box(0.5, 0, 3, 2), 60), (box(0, 0, 2, 2), 39), (box(2, 0, 4, 2), 1)]
    found = lost(known_zones([("district", box(0, 0, 4, 2), 40)]), inner)
    assert found[1]


def test_a_candidate_that_is_a_community_of_which_nothing_is_shown_shows_nothing() -> None:
    table = pd.DataFrame({"count": [42, 2, 40], "of": [None, "d", "d"], "_is": [["d"], None, None]})
    known = count_rows(table, "count", of="zones", sums=["of"], whole="_is")
    known["lost"] = leave_out(known, LEAST)
    assert known["lost"].tolist() == [False, False, True]
    drawn = [box(0, 0, 4, 2), box(0, 0, 2, 2), box(2, 0, 4, 2)]
    known = known.assign(known=True, level=["district", *["community"] * 2], geometry=np.array(drawn))
    # Drawn by another hand, some metres off.
    assert lost(known, [(shapely.box(1999.5, 0.4, 3999.5, 2000), 40)]) == [True]


def test_two_parts_that_count_the_same_period_hide_the_same() -> None:
    """What the one leaves out, for its kind's total is told, the other does not show either."""
    halves = gpd.GeoDataFrame(geometry=[box(0, 0, 2, 2), box(2, 0, 4, 2)], crs=4549)
    shown, few, many = np.zeros(2, dtype=bool), np.array([1, 40]), np.array([90, 80])
    first = add_areas(
        known_zones([]), halves, few + many, of="weak", kinds=["unit"] * 2,
        periods={"now": Period(few, shown, "2024"), "before": Period(many, shown, "2023")}, min_count=LEAST,
    )  # fmt: skip
    assert first.loc[first["of"] == "weak:now", "lost"].tolist() == [False, True]
    for name, expected in (("2024", [False, True]), ("2022", [False, False])):
        then = add_areas(
            first.assign(known=True), halves, few + many + 50, of="effect",
            periods={"after": Period(few, shown, name), "before": Period(many, shown, "2021")}, when="other", min_count=LEAST,
        )  # fmt: skip
        assert then.loc[then["of"] == "effect:after", "lost"].tolist() == expected


def test_what_is_the_same_period_is_found_by_its_issues() -> None:
    days = pd.DataFrame({"time": pd.to_datetime(["2023-01-01", "2023-06-01", "2024-02-01"])})
    assert when(days, days) == ""
    assert when(days[:2], days) == when(days.iloc[[0, 1]], days[:1]) != when(days[1:], days)
    assert when(pd.DataFrame(index=range(3)), pd.DataFrame(index=range(3))) == ""


def test_where_nothing_is_shown_yet_city_and_districts_are_known_of_each_class() -> None:
    issues = gpd.GeoDataFrame(
        {"issue_class": ["甲", "甲", "乙", None]}, geometry=gpd.points_from_xy([1, 6, 6, 99], [1] * 4), crs=4549
    )
    districts = gpd.GeoDataFrame(
        {"name": ["西", "东"]}, geometry=[shapely.box(0, 0, 5, 9), shapely.box(5, 0, 9, 9)], crs=4549
    )
    rows = whole_zones(districts, issues)
    assert rows[["issue_class", "level", "count"]].to_numpy().tolist() == [
        *(["all", "city", 4], ["all", "district", 1], ["all", "district", 2]),
        *(["甲", "city", 2], ["甲", "district", 1], ["甲", "district", 1]),
        *(["乙", "city", 1], ["乙", "district", 0], ["乙", "district", 1]),
    ]
    assert whole_zones(districts, None).empty
    assert whole_zones(None, issues)["level"].tolist() == ["city"] * 3


@dataclass(frozen=True, eq=False)
class Said:
    """A count that a part shows, or hides: of which squares in which times."""

    inside: np.ndarray
    count: int
    lost: bool


def strips(rng: np.random.Generator, *, least: int = 1) -> list[Block]:
    """Strips side by side in the two halves of the city, some left out."""
    found: list[Block] = []
    for across in (slice(0, 2), slice(2, SIDE)):
        ends = [0, *sorted(rng.choice(np.arange(1, SIDE), rng.integers(least, 3), replace=False)), SIDE]
        own = [(slice(int(one), int(end)), across) for one, end in itertools.pairwise(ends)]
        found += own[int(rng.random() < 0.3) :]
    return found


def around(rng: np.random.Generator, within: list[Block]) -> Block:
    """A place that lies over some of the strips of a half of the city."""
    across = within[rng.integers(len(within))][1]
    ends = sorted({end for x, y in within if y == across for end in (x.start, x.stop)})
    first, last = sorted(rng.choice(ends, 2, replace=False).tolist())
    return slice(first, last), across


def report(seed: int) -> tuple[np.ndarray, list[Said]]:
    """All that a report says: zones and units, then candidates, weak areas of two kinds and the areas of effect."""
    rng = np.random.default_rng(seed)
    squares = rng.choice([0, 0, 0, 1, 2, 20], (SIDE, SIDE, 1)) + rng.choice([0, 0, 0, 0, 1, 7], (SIDE, SIDE, TIMES))
    every, said = np.ones(TIMES, dtype=bool), []

    def of(blocks: list[Block], times: np.ndarray) -> np.ndarray:
        return np.array([int(squares[one][..., times].sum()) for one in blocks], dtype=np.int64)

    def say(blocks: list[Block], times: np.ndarray, counts: np.ndarray, gone: np.ndarray) -> None:
        for one, count, hidden in zip(blocks, counts.tolist(), gone.tolist(), strict=True):
            inside = np.zeros(squares.shape)
            inside[one] = times
            said.append(Said(inside.ravel(), count, hidden))

    def shown(known: pd.DataFrame, name: str) -> np.ndarray:
        return known.loc[known["of"] == name, "lost"].to_numpy(dtype=bool)

    halves = [(slice(0, SIDE), slice(0, 2)), (slice(0, SIDE), slice(2, SIDE))]
    counts = of(halves, every)
    known = count_rows(pd.DataFrame({"count": [counts.sum()]}), "count", of="city").assign(geometry=EVERYWHERE)
    zones = count_rows(pd.DataFrame({"count": counts}), "count", of="zones")
    zones = zones.assign(level="district", geometry=shapes(halves).geometry.to_numpy())
    known = pd.concat([known, zones], ignore_index=True).assign(known=True)
    say([(slice(None), slice(None)), *halves], every, np.array([counts.sum(), *counts]), np.zeros(3, dtype=bool))
    units, kinds = strips(rng), ["unit", "plot"]
    for name, blocks in (("units", units), ("scores", [*(own := strips(rng)), around(rng, own)])):
        known = add_areas(known.assign(known=True), shapes(blocks), of(blocks, every), of=name, min_count=LEAST)
        say(blocks, every, of(blocks, every), shown(known, name))
    recent = rng.permutation(TIMES)
    spans = {
        "weak": (recent[:1], recent[1:2]),
        "effect": (recent[:1], recent[2:]) if rng.random() < 0.5 else (recent[1:], recent[:1]),
    }
    plots = [around(rng, units)]
    for name, blocks in (("weak", [*units, *plots]), ("effect", strips(rng))):
        periods = {}
        for called, at in zip(("now", "before"), spans[name], strict=True):
            times = np.isin(np.arange(TIMES), at)
            periods[called] = (times, of(blocks, times))
        few = np.any([(n > 0) & (n < LEAST) for _, n in periods.values()], axis=0)
        asked = {
            c: Period(n, few if name == "effect" else few & (c == "before"), str(t.tolist()))
            for c, (t, n) in periods.items()
        }
        known = add_areas(
            known.assign(known=True), shapes(blocks), of(blocks, every), of=name, periods=asked, min_count=LEAST,
            kinds=[kinds[n >= len(units)] for n in range(len(blocks))] if name == "weak" else None,
        )  # fmt: skip
        for called, (times, n) in periods.items():
            say(blocks, times, n, shown(known, f"{name}:{called}"))
    return squares, said


@pytest.mark.parametrize("seed", range(25))
def test_no_small_count_follows_from_all_that_a_report_shows(seed: int) -> None:
    """The oracle: squares of which readers know only that each holds none or more issues at any time, and all that is shown."""
    squares, said = report(seed)
    holds = [
        LinearConstraint(one.inside, *((1, LEAST - 1) if 0 < one.count < LEAST else (one.count, one.count)))
        for one in said
        if not one.lost
    ]
    for one in {(*each.inside.tolist(), each.count): each for each in said}.values():
        if 0 < one.count < LEAST:
            least, most = (
                milp(
                    sign * one.inside,
                    constraints=holds,
                    bounds=Bounds(0, np.inf),
                    integrality=np.ones(squares.size, dtype=np.int64),
                ).x
                for sign in (1, -1)
            )
            assert round(float(one.inside @ least)) <= one.count <= round(float(one.inside @ most))
            assert round(float(one.inside @ least)) < round(float(one.inside @ most)), one
