"""What candidates, the zones that hold them and the zones that they hold tell of one another's counts."""

import itertools

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from scipy.optimize import Bounds, LinearConstraint, milp

from jxgis.scoring.shown import candidate_counts, counted_zones
from jxgis.small_counts import count_rows, leave_out

SIDE, LEAST = 4, 3


def box(x0, y0, x1, y1):
    return shapely.box(x0 * 1000, y0 * 1000, x1 * 1000, y1 * 1000)


def lost(zones, candidates):
    """Which counts of candidates, given as (shape, count), are left out beside zones, given as (level, shape, count)."""
    table = pd.DataFrame({"zone": range(len(zones)), "count": [count for *_, count in zones]})
    known = count_rows(table, "count", of="zones").assign(known=True)
    level, shapes = [level for level, *_ in zones], [shape for _, shape, _ in zones]
    shown = counted_zones(known, {"zones": gpd.GeoDataFrame({"level": level}, geometry=shapes, crs=4549)})
    scores = gpd.GeoDataFrame(
        {"candidate_id": [f"C{k}" for k in range(len(candidates))], "issues": [count for _, count in candidates]},
        geometry=[shape for shape, _ in candidates],
        crs=4549,
    )
    rows = candidate_counts(scores, known, shown, min_count=LEAST)
    return leave_out(rows, LEAST)[-len(scores) :].tolist()


def test_candidates_that_make_a_district_hide_the_other_of_a_small_one():
    district = ("district", box(0, 0, 4, 2), 42)
    assert lost([district], [(box(0, 0, 2, 2), 2), (box(2, 0, 4, 2), 40)]) == [False, True]
    # Where more lies beside them, nothing follows.
    assert lost([("district", box(0, 0, 4, 2), 60)], [(box(0, 0, 2, 2), 2), (box(2, 0, 3, 2), 40)]) == [False, False]


def test_a_candidate_hides_what_would_tell_how_few_lie_beside_it():
    assert lost([("district", box(0, 0, 4, 2), 42)], [(box(0, 0, 3.9, 2), 41)]) == [True]
    assert lost([], [(box(0, 0, 4, 4), 42), (box(0, 0, 4, 3.9), 41)]) in ([True, False], [False, True])


def test_a_candidate_that_is_a_community_of_which_nothing_is_shown_shows_nothing():
    communities = [("community", box(0, 0, 2, 2), 2), ("community", box(2, 0, 4, 2), 40)]
    whole = ("district", box(0, 0, 4, 2), 42)
    table = pd.DataFrame({"level": ["district", *["community"] * 2], "count": [42, 2, 40], "of": [None, "d", "d"]})
    known = count_rows(table.assign(_is=[["d"], None, None]), "count", of="zones", sums=["of"], whole="_is")
    known = known.assign(known=True, lost=leave_out(known, LEAST))
    assert known["lost"].tolist() == [False, False, True]
    zones = gpd.GeoDataFrame(
        {"level": table["level"]}, geometry=[whole[1], *(shape for _, shape, _ in communities)], crs=4549
    )
    # Drawn by another hand, some metres off.
    scores = gpd.GeoDataFrame(
        {"candidate_id": ["甲"], "issues": [40]}, geometry=[shapely.box(1999.5, 0.4, 3999.5, 2000)], crs=4549
    )
    rows = candidate_counts(scores, known, counted_zones(known, {"zones": zones}), min_count=LEAST)
    assert leave_out(rows, LEAST).tolist()[-1]


@pytest.mark.parametrize("seed", range(25))
def test_no_small_count_follows_from_districts_and_candidates(seed):
    """The oracle: squares of which readers know only that each holds none or more issues, and all that is shown."""
    rng = np.random.default_rng(seed)
    squares = rng.choice([0, 0, 0, 1, 2, 20], (SIDE, SIDE))
    halves = [(slice(0, SIDE), slice(0, 2)), (slice(0, SIDE), slice(2, SIDE))]
    candidates = []
    for _, across in halves:  # strips side by side, some left out
        ends = [0, *sorted(rng.choice(np.arange(1, SIDE), rng.integers(1, 3), replace=False)), SIDE]
        strips = [(slice(one, end), across) for one, end in itertools.pairwise(ends)]
        candidates += strips[rng.random() < 0.3 :]

    def shape(x, y):
        return box(x.start, y.start, x.stop, y.stop)

    counts = [int(squares[one].sum()) for one in candidates]
    gone = lost(
        [("district", shape(*half), int(squares[half].sum())) for half in halves],
        [(shape(*one), count) for one, count in zip(candidates, counts, strict=True)],
    )
    holds = []
    for one, least, most in [
        *((half, squares[half].sum(), squares[half].sum()) for half in halves),
        *(
            (one, 1, LEAST - 1) if 0 < count < LEAST else (one, count, count)
            for one, count, left_out in zip(candidates, counts, gone, strict=True)
            if not left_out
        ),
    ]:
        inside = np.zeros((SIDE, SIDE))
        inside[one] = 1
        holds.append(LinearConstraint(inside.ravel(), least, most))
    for one, count in zip(candidates, counts, strict=True):
        if 0 < count < LEAST and squares[:, :2].sum() >= LEAST and squares[:, 2:].sum() >= LEAST:
            inside = np.zeros((SIDE, SIDE))
            inside[one] = 1
            ends = [
                milp(sign * inside.ravel(), constraints=holds, bounds=Bounds(0, np.inf), integrality=np.ones(SIDE**2))
                for sign in (1, -1)
            ]
            assert round(ends[0].fun) < round(-ends[1].fun)
