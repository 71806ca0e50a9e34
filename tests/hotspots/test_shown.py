"""The tables of hot spots side by side: what one leaves out the others do not tell."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from jxgis.hotspots.shown import show
from jxgis.units.shown import hide_units

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

SIDE = 6
CELL_M = 100.0
BAND_M = 250.0


def boxes(xmin: ArrayLike, ymin: ArrayLike, xmax: ArrayLike, ymax: ArrayLike) -> Any:
    """A box for each, where numbers stand for all."""
    sides: list[Any] = [*np.broadcast_arrays(xmin, ymin, xmax, ymax)]
    return shapely.box(*sides)


def tables(seed: int) -> tuple[gpd.GeoDataFrame, dict[str, Any], pd.Series]:
    """A town of 6 x 6 cells in three districts, few issues, the three fullest cells of a class its places and peaks."""
    rng = np.random.default_rng(seed)
    classes = ["甲", "乙", "丙"][: rng.integers(1, 4)]
    across, up = (axis.ravel() for axis in np.meshgrid(np.arange(SIDE), np.arange(SIDE)))
    rate = (
        rng.choice([0.2, 0.5, 1, 3]) * rng.gamma(0.4, 2.5, size=(SIDE**2, 1)) * rng.choice([0.1, 0.5, 1], len(classes))
    )
    own = rng.poisson(rate)
    count = pd.DataFrame(own, columns=classes)
    count.insert(0, "all", own.sum(axis=1))
    shape = shapely.box(across * CELL_M, up * CELL_M, (across + 1) * CELL_M, (up + 1) * CELL_M)
    city = count.sum()

    cells = pd.concat(
        [
            gpd.GeoDataFrame({"cell_id": across * 10 + up, "issue_class": c, "count": count[c]}, geometry=shape)
            for c in count
        ]
    )
    by_zone = count.groupby(across // 2).sum()
    quotient = by_zone.div(by_zone["all"], axis=0) / (city / city["all"])
    zones: gpd.GeoDataFrame = pd.concat(
        [
            gpd.GeoDataFrame(
                {"zone": list("东中西"), "level": "district", "issue_class": c, "count": by_zone[c],
                 "location_quotient": quotient[c]},
                geometry=boxes(np.arange(0, 600, 200), 0, np.arange(200, 800, 200), 600),
            )
            for c in count
        ]
    )  # fmt: skip
    places, peaks = [], []
    for c in count:
        top = [at for at in np.argsort(-count[c].to_numpy(), kind="stable")[:3] if count[c][at]]
        middle = shapely.centroid(shape)
        far = np.array([shapely.distance(middle, middle[at]) for at in top]).reshape(len(top), SIDE**2)
        for rank, at in enumerate(top):
            catchment = (far.argmin(axis=0) == rank) & (far[rank] <= BAND_M)
            row = {"rank": rank + 1, "issue_class": c}
            share = count[c].iloc[at] / city[str(c)]
            places.append({**row, "issues": count[c][at], "share_issues": share, "geometry": shape[at]})
            around = count[c][catchment].sum()
            peaks.append(
                {
                    **row,
                    "issues": around,
                    "share_issues": around / city[str(c)],
                    "geometry": middle[at],
                    "of": catchment,
                }
            )
    levels = pd.DataFrame({"issue_class": list(count), "issues": city.to_numpy()})
    return (
        cells,
        {"places": gpd.GeoDataFrame(places), "peaks": gpd.GeoDataFrame(peaks), "zones": zones, "levels": levels},
        city,
    )


def number(values: pd.Series) -> pd.Series:
    return pd.to_numeric(values, errors="coerce")


@pytest.mark.parametrize("seeds", [range(6), pytest.param(range(6, 12), marks=pytest.mark.slow)])
def test_no_share_tells_the_number_of_a_class_that_is_left_out(seeds: range) -> None:
    left_out = 0
    for seed in seeds:
        cells, found, city = tables(seed)
        if city["all"] < 3:
            continue
        shown = show({"cells": cells, **found}, min_count=3, band_m=BAND_M).tables
        told = set(shown["levels"].loc[number(shown["levels"]["issues"]).isna(), "issue_class"]) & set(
            city[city > 2].index
        )
        left_out += len(told)
        for table, column in ((shown["places"], "issues"), (shown["peaks"], "issues"), (shown["zones"], "count")):
            share = table["share_issues" if "share_issues" in table.columns else "location_quotient"]
            hidden = table["issue_class"].isin(told) & (number(table[column]) > 0)
            assert share[hidden].isna().all(), (seed, told)
        # A quotient and the counts of the class make the zone's total.
        of_all = shown["zones"][shown["zones"]["issue_class"] == "all"].set_index("zone")["count"]
        own = shown["zones"][shown["zones"]["zone"].map(number(of_all)).isna()]
        assert own["location_quotient"].isna().all(), seed
    assert left_out


@pytest.mark.parametrize("seeds", [range(6), pytest.param(range(6, 12), marks=pytest.mark.slow)])
def test_the_issues_of_a_peak_tell_no_cell_near_it(seeds: range) -> None:
    """Oracle: the sums that the other cells can have, each within what is shown of it."""
    looked_at = 0
    for seed in seeds:
        cells, found, city = tables(seed)
        if city["all"] < 3:
            continue
        shown = show({"cells": cells, **found}, min_count=3, band_m=BAND_M).tables
        for peak, words in zip(found["peaks"].to_dict("records"), shown["peaks"]["issues"], strict=True):
            of_class = cells["issue_class"].to_numpy() == peak["issue_class"]
            mine = shown["cells"]["count"].to_numpy()[of_class][peak["of"]]
            true = cells["count"].to_numpy()[of_class][peak["of"]]
            if isinstance(words, str) or pd.isna(words):
                continue
            choices: list[Sequence[int]] = [
                range(1, 3)
                if isinstance(value, str)
                else range(2 * max(real, 3) + 1)
                if value is None
                else [int(value)]
                for value, real in zip(mine, true, strict=True)
            ]
            for at, own in enumerate(choices):
                if not 0 < true[at] < 3:
                    continue
                sums = {0}
                for other in choices[:at] + choices[at + 1 :]:
                    sums = {rest + value for rest in sums for value in other}
                looked_at += 1
                assert sum(peak["issues"] - value in sums for value in own) > 1, (seed, peak["issue_class"], mine, at)
    assert looked_at


@pytest.mark.parametrize(
    ("name", "seeds"),
    [
        ("peaks", range(20, 30)),
        pytest.param("peaks", range(30, 40), marks=pytest.mark.slow),
        ("heavy_cells", range(40, 50)),
    ],
)
def test_a_z_that_is_shown_tells_no_cell_around_it(name: str, seeds: range) -> None:
    """z is a function of the sum within the band: the sums that the other cells can have, as they are shown, are tried."""
    looked_at = 0
    for seed in seeds:
        cells, found, city = tables(seed)
        if city["all"] < 3:
            continue
        cells, peaks = cells.reset_index(drop=True), found["peaks"]
        at = peaks.geometry.get_coordinates() // CELL_M
        peaks = peaks.assign(cell_id=(at["x"] * 10 + at["y"]).astype(int), gi_z=2.0)
        shown = show({"cells": cells, **found, name: peaks.assign(count=5)}, min_count=3, band_m=BAND_M).tables
        for issue_class, centre, z in zip(peaks["issue_class"], peaks.geometry, shown[name]["gi_z"], strict=True):
            around = (cells["issue_class"] == issue_class) & (cells.centroid.distance(centre) <= BAND_M + 1e-6)
            if np.isnan(z):
                continue
            true = cells["count"][around].tolist()
            choices: list[Sequence[int]] = [
                range(1, 3)
                if isinstance(value, str)
                else range(2 * max(real, 3) + 1)
                if value is None
                else [int(value)]
                for value, real in zip(shown["cells"]["count"][around], true, strict=True)
            ]
            for one, own in enumerate(choices):
                if not 0 < true[one] < 3:
                    continue
                sums = {0}
                for other in choices[:one] + choices[one + 1 :]:
                    sums = {rest + value for rest in sums for value in other}
                looked_at += 1
                assert sum(sum(true) - value in sums for value in own) > 1, (seed, issue_class, choices, one)
    assert looked_at


@pytest.mark.parametrize("very_many", [False, True])
def test_two_bands_that_differ_by_one_cell_are_not_both_told_by_their_z(
    very_many: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of 9, 9, 9, 2 in a row one peak reaches the first three and the next all: 29 less 27 is two. A third lies far off."""
    if very_many:
        monkeypatch.setattr("jxgis.suppression._AT_ONCE", -1)
    issues = [9, 9, 9, 2, 40, 40]
    left = np.array([0, 1, 2, 3, 20, 21]) * CELL_M
    cells = gpd.GeoDataFrame(
        {"cell_id": list("abcdef"), "issue_class": "all", "count": issues}, geometry=boxes(left, 0, left + CELL_M, 100)
    )
    at = shapely.points([50.0, 150.0, 2050.0], 50.0)
    peaks = gpd.GeoDataFrame(
        {"rank": [1, 2, 3], "place_rank": [1, 1, 2], "issue_class": "all", "issues": [9, 20, 80], "gi_z": [3.0, 2.9, 2.5],
         "gi_q": [0.01] * 3},
        geometry=at,
    )  # fmt: skip
    places = gpd.GeoDataFrame(
        {"rank": [1, 2], "issue_class": "all", "issues": [29, 80], "peak_z": [3.0, 2.5]},
        geometry=boxes([0, 2000], 0, [400, 2200], 100),
    )
    shown = show({"cells": cells, "peaks": peaks, "places": places}, min_count=3, band_m=BAND_M).tables
    hidden = shown["peaks"]["gi_z"].isna()
    assert hidden[:2].any()
    assert not hidden[2]
    assert hidden.equals(shown["peaks"]["gi_q"].isna())
    # The hottest cell of a place is a peak: its z stands there too.
    assert shown["places"]["peak_z"].isna().tolist() == [True, False]


@pytest.mark.parametrize("very_many", [False, True])
def test_a_place_less_its_peak_tells_no_cell(very_many: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """The peak reaches three cells of 9 in a place that has one of two besides: 29 less 27 is two."""
    if very_many:
        monkeypatch.setattr("jxgis.suppression._AT_ONCE", -1)
    left = np.array([0, 1, 2, 3, 20]) * CELL_M
    cells = gpd.GeoDataFrame(
        {"cell_id": list("abcde"), "issue_class": "all", "count": [9, 9, 9, 2, 80]},
        geometry=boxes(left, 0, left + CELL_M, 100),
    )
    peaks = gpd.GeoDataFrame(
        {"rank": [1], "place_rank": [1], "issue_class": "all", "issues": [27]}, geometry=[shapely.Point(150, 50)]
    )
    places = gpd.GeoDataFrame(
        {"rank": [1], "issue_class": "all", "issues": [29]}, geometry=[shapely.box(0, 0, 400, 100)]
    )
    shown = show({"cells": cells, "peaks": peaks, "places": places}, min_count=3, band_m=CELL_M * 1.5).tables
    assert shown["places"]["issues"].isna().all() or shown["peaks"]["issues"].isna().all()


@pytest.mark.parametrize("very_many", [False, True])
def test_ranges_of_zones_and_of_cells_do_not_meet_in_one_total(
    very_many: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Four issues of a class, two a district, each in its own cell: at least four by the cells, at most four by the zones."""
    if very_many:
        monkeypatch.setattr("jxgis.suppression._AT_ONCE", -1)
    left = np.arange(8) * CELL_M
    rare, common = np.array([1, 0, 1, 0, 0, 1, 0, 1]), np.full(8, 50)
    cells = gpd.GeoDataFrame(
        {
            "cell_id": np.tile(list("abcdefgh"), 3),
            "issue_class": np.repeat(["all", "甲", "乙"], 8),
            "count": np.concatenate([rare + common, common, rare]),
        },
        geometry=np.tile(boxes(left, 0, left + CELL_M, 100), 3),
    )
    zones = gpd.GeoDataFrame(
        {"zone": ["西", "东"] * 3, "level": "district", "issue_class": np.repeat(["all", "甲", "乙"], 2),
         "count": [202, 202, 200, 200, 2, 2]},
        geometry=np.tile(boxes([0, 400], 0, [400, 800], 100), 3),
    )  # fmt: skip
    levels = pd.DataFrame({"issue_class": ["all", "甲", "乙"], "issues": [404, 400, 4]})
    shown = show({"cells": cells, "zones": zones, "levels": levels}, min_count=3).tables

    cells_of, zones_of, total = (
        table.loc[table["issue_class"] == "乙", column]
        for table, column in ((shown["cells"], "count"), (shown["zones"], "count"), (shown["levels"], "issues"))
    )
    # What is left out may be none, or any number.
    least = sum(1 if isinstance(value, str) else 0 if value is None else value for value in cells_of)
    most = sum(2 if isinstance(value, str) else np.inf if value is None else value for value in zones_of)
    assert total.isna().all()
    assert least < most


def test_how_issues_are_spread_tells_no_cell_of_a_rare_class() -> None:
    """Of 1, 1 and 3 issues in 24 cells the least share of cells with half of them is one cell: one has three, the others one."""
    left = np.arange(24) * CELL_M
    count = np.array([1, 1, 3] + [0] * 21 + [10] * 24)
    cells = gpd.GeoDataFrame(
        {"cell_id": np.tile(np.arange(24), 2), "issue_class": np.repeat(["乙", "甲"], 24), "count": count},
        geometry=np.tile(boxes(left, 0, left + CELL_M, 100), 2),
    )
    spread = pd.DataFrame(
        {"issue_class": ["乙", "甲"], "issues": [5, 240], "gini": [0.9123456, 0.1234567], "half_in_area": [1 / 24, 0.5]}
    )
    shown = show({"cells": cells, "concentration": spread}, min_count=3).tables["concentration"]
    assert shown["gini"].tolist() == pytest.approx([np.nan, 0.123], nan_ok=True, abs=1e-12)
    assert shown["half_in_area"].tolist() == pytest.approx([np.nan, 0.5], nan_ok=True, abs=1e-12)


@pytest.mark.parametrize(
    ("before", "recent", "total", "told"),
    [(2, 37, 39, True), (4, 74, 78, True), (6, 111, 117, False), (30, 2, 32, True), (200, 190, 400, False)],
)
def test_the_change_of_a_class_tells_no_small_period(before: int, recent: int, total: int, told: bool) -> None:
    """Oracle: all pairs of whole numbers that have this change and fit into the number of the class."""
    change = recent / before - 1
    fit = [
        b for b in range(1, total + 1) for r in [round(b * (1 + change))] if b + r <= total and r * before == b * recent
    ]
    ends = {min(b, round(b * (1 + change))) for b in fit}
    assert told or len(ends) > 1 or min(ends) > 2
    cells = gpd.GeoDataFrame(
        {"cell_id": [1], "issue_class": ["all"], "count": [total]}, geometry=boxes([0], 0, 100, 100)
    )
    places = gpd.GeoDataFrame(
        {"rank": [1], "issue_class": "all", "issues": [total], "change_city": [change]},
        geometry=boxes([0], 0, 100, 100),
    )
    shown = show({"cells": cells, "places": places}, min_count=3).tables["places"]["change_city"]
    assert shown.isna().tolist() == [told]


def test_an_issue_of_no_class_hides_no_class_of_the_city() -> None:
    """How many issues of the file have no class is said when it is read: 1 of 101 takes no class's number with it."""
    shape = boxes([0, 1], 0, [1, 2], 1)
    cells = gpd.GeoDataFrame(
        {
            "cell_id": ["E0", "E1"] * 3,
            "issue_class": np.repeat(["all", "甲", "乙"], 2),
            "count": [41, 60, 20, 30, 20, 30],
        },
        geometry=np.tile(shape, 3),
    )
    levels = pd.DataFrame({"issue_class": ["all", "甲", "乙"], "issues": [101, 50, 50]})
    shown = show({"cells": cells, "levels": levels}, min_count=3).tables
    assert shown["levels"]["issues"].tolist() == [101, 50, 50]
    # In which cell it lies is not said.
    assert shown["cells"]["count"].isna().any()


def test_what_adds_up_to_the_city_does_so_table_by_table() -> None:
    """Districts 2 + 100 and a ring of 50 beside 52: that the ring hides neither number does not hide the 2."""
    shape = boxes([0, 1], 0, [1, 2], 1)
    cells = gpd.GeoDataFrame({"cell_id": ["E0", "E1"], "issue_class": "all", "count": [2, 100]}, geometry=shape)
    zones = gpd.GeoDataFrame(
        {"zone": ["东", "西"], "level": "district", "issue_class": "all", "count": [2, 100]}, geometry=shape
    )
    ring = pd.DataFrame({"issue_class": ["all"], "issues": [102], "inside": [50], "share_inside": [50 / 102]})
    shown = show({"cells": cells, "zones": zones, "ring": ring}, min_count=3).tables
    assert shown["zones"]["count"].tolist() == ["1–2", None]
    assert shown["ring"]["inside"].tolist() == [50]


def test_units_add_up_to_their_district_beside_its_sub_districts() -> None:
    """Two sub-districts of 2 and 98 hide each other; so must the units of the same numbers, in which the border runs elsewhere."""
    cells = gpd.GeoDataFrame({"cell_id": ["E0"], "issue_class": "all", "count": [100]}, geometry=boxes([0], 0, 1, 1))
    zones = gpd.GeoDataFrame(
        {"zone": ["老城", "甲街道", "乙街道"], "level": ["district", "subdistrict", "subdistrict"], "issue_class": "all",
         "count": [100, 2, 98]},
        geometry=boxes([0, 0, 5], 0, [10, 5, 10], 10),
    )  # fmt: skip
    counts = show({"cells": cells, "zones": zones}, min_count=3).counts
    assert counts is not None
    units = pd.DataFrame({"unit_id": ["a", "b"], "district": "老城", "issues": [2, 98]})
    assert hide_units(units, min_count=3, known=[counts.assign(known=True)])["issues"].tolist() == ["1–2", None]
