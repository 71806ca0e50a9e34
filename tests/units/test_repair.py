"""Today's units brought within the bounds: what stays, what moves, what is told where it cannot be done."""

from __future__ import annotations

import geopandas as gpd
import networkx as nx
import numpy as np
import pandas as pd
import pytest
import shapely
from shapely import box

import jxgis
from jxgis.errors import InputError
from jxgis.units.delineate import delineate_units
from jxgis.units.repair import Repair
from jxgis.units.shown import repair_notes

CRS = 4549


def squares(columns, rows, side=500, people=True):
    """Square blocks of one district, with people."""
    cells = [box(x * side, y * side, (x + 1) * side, (y + 1) * side) for y in range(rows) for x in range(columns)]
    blocks = gpd.GeoDataFrame({"block_id": [f"b{at}" for at in range(len(cells))]}, geometry=cells, crs=CRS)
    if people:
        blocks["people"] = np.random.default_rng(columns).integers(1, 900, len(cells)).astype(float)
    district = gpd.GeoDataFrame({"name": ["甲"]}, geometry=[box(0, 0, columns * side, rows * side)], crs=CRS)
    return blocks, district


def of_blocks(blocks, names):
    """Units as the union of blocks, those without a name in none."""
    named = blocks.assign(unit_id=names)
    return named[named["unit_id"].notna()].dissolve("unit_id").reset_index()[["unit_id", "geometry"]]


def columns_of(blocks, *edges):
    """Names by the column of a block: U1 up to the first edge, in metres, and so on."""
    at = np.searchsorted(edges, blocks.centroid.x)
    return np.array([f"U{number + 1}" for number in at], dtype=object)


def whole(plan):
    """Whether every unit hangs together by the edges that its blocks share."""
    shapes = np.asarray(plan.blocks.geometry.array)
    u, v = shapely.STRtree(shapes).query(shapes, predicate="touches")
    shared = shapely.length(shapely.intersection(shapes[u], shapes[v])) > 1
    network = nx.Graph(zip(u[shared].tolist(), v[shared].tolist(), strict=True))
    network.add_nodes_from(range(len(shapes)))
    unit = plan.blocks["unit_id"].to_numpy()
    return all(nx.is_connected(network.subgraph(np.flatnonzero(unit == name).tolist())) for name in set(unit))


def repaired(blocks, district, names, **options):
    plan = delineate_units(blocks, district, today=of_blocks(blocks, names), iterations=500, **options)
    return plan, plan.report.repair


def said_of(repair):
    return " ".join(note.en for note in repair_notes(repair, pd.DataFrame(index=repair.districts.index)))


@pytest.mark.parametrize("seed", range(3))
def test_a_plan_within_the_bounds_stays_to_the_last_block(seed):
    blocks, district = squares(12, 8)
    proposed = delineate_units(blocks, district, iterations=500, seed=seed)
    names = ("旧" + proposed.blocks["unit_id"]).to_numpy()
    plan, repair = repaired(blocks, district, names)
    assert plan.blocks["unit_id"].tolist() == names.tolist()
    assert len(repair.moved) == 0
    assert repair.districts[["moved_people", "least_people", "proven"]].to_numpy().tolist() == [[0.0, 0.0, True]]
    assert set(repair.units["state"]) == {"same"}
    assert repair.units["was_in_bounds"].all()


@pytest.mark.parametrize("seed", range(3))
def test_a_plan_of_which_five_blocks_were_moved_is_mended_with_no_more_people_than_moving_them_back(seed):
    blocks, district = squares(8, 4)
    proposed = delineate_units(blocks, district, iterations=500, seed=seed).blocks["unit_id"].to_numpy()
    rng = np.random.default_rng(seed)
    names = proposed.copy()
    for row in rng.choice(len(names), 5, replace=False):
        names[row] = names[rng.integers(len(names))]
    changed = names != proposed
    plan, repair = repaired(blocks, district, names)
    assert whole(plan)
    assert plan.units["in_bounds"].all()
    assert set(plan.units["unit_id"]) == set(names)
    now = plan.blocks["unit_id"].to_numpy()
    people = blocks["people"].to_numpy()
    moved = people[now != names].sum()
    assert moved <= people[changed].sum()
    row = repair.districts.iloc[0]
    assert row["moved_people"] == moved
    assert row["moved_blocks"] == (now != names).sum()
    assert row["least_people"] == moved if row["proven"] else row["least_people"] < moved
    assert row["moved_share"] == pytest.approx(moved / people.sum())
    # The tables of units and of ground tell the same, each by itself.
    assert repair.units["people_in"].sum() == repair.units["people_out"].sum() == moved
    assert repair.units["blocks_in"].sum() == repair.units["blocks_out"].sum() == (now != names).sum()
    assert repair.moved["people"].sum() == moved
    assert repair.moved["m2"].sum() == pytest.approx(blocks.area[now != names].sum())
    for _, piece in repair.moved.iterrows():
        inside = blocks.centroid.within(piece["geometry"]).to_numpy()
        assert set(zip(names[inside], now[inside], strict=True)) == {(piece["from_unit"], piece["to_unit"])}
    by_name = repair.units.set_index("unit_id")
    for name in by_name.index:
        assert by_name.loc[name, "was_km2"] == pytest.approx((names == name).sum() / 4)
        assert by_name.loc[name, "people_out"] == people[(names == name) & (now != name)].sum()


def test_the_order_of_rows_does_not_matter():
    blocks, district = squares(8, 4)
    blocks["people"] = 10.0  # so that many plans move as few
    today = of_blocks(blocks, columns_of(blocks, 1000, 2500))
    options = {"iterations": 500, "min_km2": 2.4}
    plan = delineate_units(blocks, district, today=today, **options)
    again = delineate_units(blocks[::-1], district, today=today[::-1], **options)
    assert again.blocks["unit_id"].sort_index().tolist() == plan.blocks["unit_id"].tolist()
    assert len(plan.report.repair.moved) > 0


@pytest.mark.parametrize("by_people", [True, False])
def test_what_is_not_proven_is_said_with_a_bound_that_is_not_rounded_up(by_people):
    row = {"district": "甲", "units_before": 3, "units": 3, "moved_blocks": 5, "moved_km2": 1.998, "reason": None}
    row |= {"proven": False} | ({"moved_people": 671.0, "least_people": 390.9} if by_people else {"least_km2": 1.246})
    none, units = pd.DataFrame(), pd.DataFrame({"blocks_in": [3, 2], "blocks_out": [4, 1]})
    repair = Repair(
        units, pd.DataFrame([row]), none, none, ("远",), ((), 0.0), by_people, 1000.0 if by_people else 10.0
    )
    said = [note.en for note in repair_notes(repair, pd.DataFrame([{"fewest": 2, "most": 4, "area_km2": 10.0}]))]
    assert not any("It is proven" in note for note in said)
    assert ("67.1 %" if by_people else "20.0 %") in said[0]
    moved, least = ("671 people", "moves 390 at least") if by_people else ("2.00 km²", "moves 1.24 km² at least")
    assert moved in said[1]
    assert least in said[1]
    assert said[2:4] == [
        "1 unit of today holds no block, or lies by more than half outside of the districts given, and does not count: 远.",
        "Other parts of a report that count by units use those of the layer units, not these.",
    ]


def test_without_people_ground_is_what_moves():
    blocks, district = squares(8, 4, people=False)
    plan, repair = repaired(blocks, district, columns_of(blocks, 1500), min_km2=3.5, max_km2=5)
    assert not repair.by_people
    # 3 and 5 km²: half a square kilometre, two blocks, brings both in.
    assert repair.districts[["moved_km2", "least_km2", "moved_blocks"]].to_numpy().tolist() == [[0.5, 0.5, 2]]
    assert sorted(plan.units["area_km2"]) == [3.5, 4.5]
    assert repair.units["was_in_bounds"].tolist() == [False, True]


def test_no_share_is_said_of_nobody():
    blocks, district = squares(8, 4)
    blocks["people"] = 0.0
    result = jxgis.propose_units(district, blocks=blocks, units=of_blocks(blocks, columns_of(blocks, 2000)))
    assert result.notes()[0].en.endswith("0 people change unit (—), 0.00 km², 0 blocks.")
    assert not any("nan" in note.en for note in result.notes())


def test_a_unit_in_several_pieces_keeps_the_one_with_the_most_people():
    blocks, district = squares(8, 4)
    blocks["people"] = 10.0
    names = columns_of(blocks, 2000)
    names[31] = "U1"  # in the far corner of U2
    plan, repair = repaired(blocks, district, names)
    assert plan.blocks["unit_id"].tolist() == columns_of(blocks, 2000).tolist()
    assert repair.districts["moved_people"].tolist() == [10.0]
    assert repair.units.set_index("unit_id")["was_in_bounds"].to_dict() == {"U1": False, "U2": True}
    assert repair.moved[["from_unit", "to_unit", "blocks"]].to_numpy().tolist() == [["U1", "U2", 1]]


def test_ground_of_no_unit_is_placed_and_nobody_moves_for_it():
    blocks, district = squares(8, 4)
    names = columns_of(blocks, 2000)
    names[[9, 18]] = None  # a hole in U1, and one more
    plan, repair = repaired(blocks, district, names)
    assert set(plan.blocks["unit_id"]) == {"U1", "U2"}
    assert plan.blocks["unit_id"].iloc[9] == "U1"
    assert repair.districts["moved_people"].tolist() == [0.0]
    assert repair.units["blocks_in"].sum() == 2
    assert repair.units["blocks_out"].sum() == 0
    assert whole(plan)
    people = blocks["people"].iloc[[9, 18]].sum()
    assert f"0.50 km², 2 blocks, {people:,.0f} people were of no unit" in said_of(repair)


def test_half_a_unit_that_has_the_id_of_the_other_half_is_told_as_ground_of_no_unit(tmp_path):
    # What a split in QGIS leaves; the loader keeps the first of two rows with one id.
    blocks, district = squares(8, 4, people=False)
    today = of_blocks(blocks, columns_of(blocks, 2000, 3000)).replace({"unit_id": {"U3": "U2"}})
    for layer, table in (("districts", district), ("blocks", blocks), ("units", today)):
        in_the_city = table.translate(575_000, 3_405_000)
        table.set_geometry(in_the_city).to_file(tmp_path / f"{layer}.gpkg")
    (tmp_path / "jxgis.toml").write_text(
        "[inputs]\n" + "".join(f'{layer}.path = "{layer}.gpkg"\n' for layer in ("districts", "blocks", "units"))
    )
    repair = jxgis.open_project(tmp_path / "jxgis.toml").units(from_units=True).report.repair
    assert repair.districts["moved_blocks"].tolist() == [0]
    assert "2.00 km², 8 blocks were of no unit" in said_of(repair)


def test_a_block_that_two_units_share_is_of_the_one_that_holds_most_of_it():
    blocks, district = squares(8, 4)
    # The border runs through a column of blocks, three quarters of which are west of it; a strip is in neither.
    today = gpd.GeoDataFrame(
        {"unit_id": ["西", "东"]}, geometry=[box(0, 0, 2375, 2000), box(2375, 0, 4000, 2000)], crs=CRS
    )
    plan = delineate_units(blocks, district, today=today, iterations=500)
    assert (plan.blocks["unit_id"] == np.where(blocks.centroid.x < 2375, "西", "东")).all()
    today.loc[1, "geometry"] = box(3300, 0, 4000, 2000)
    plan = delineate_units(blocks, district, today=today, iterations=500, min_km2=1, max_km2=7)
    repair = plan.report.repair
    assert sorted(repair.before.area) == [1e6, 5e6]  # of the column 3000–3500 two fifths lie in 东
    assert repair.districts["moved_people"].tolist() == [0.0]


def test_of_units_that_overlap_the_larger_part_counts_then_the_first():
    blocks, district = squares(8, 4)
    today = gpd.GeoDataFrame(
        {"unit_id": ["a", "b"]}, geometry=[box(0, 0, 2500, 2000), box(2000, 0, 4000, 2000)], crs=CRS
    )
    plan = delineate_units(blocks, district, today=today, iterations=500)
    assert (plan.blocks["unit_id"] == np.where(blocks.centroid.x < 2500, "a", "b")).all()


def test_a_unit_outside_of_the_city_is_told_and_does_not_count():
    blocks, district = squares(8, 4)
    today = of_blocks(blocks, columns_of(blocks, 2000))
    today.loc[2] = ["远", box(90_000, 0, 91_000, 1000)]
    plan = delineate_units(blocks, district, today=today, iterations=500)
    assert plan.report.repair.outside == ("远",)
    assert plan.units["unit_id"].tolist() == ["U1", "U2"]


def test_units_of_another_place_are_no_start():
    blocks, district = squares(8, 4)
    today = of_blocks(blocks, columns_of(blocks, 2000))
    today.geometry = today.translate(90_000)
    with pytest.raises(InputError, match="crs"):
        delineate_units(blocks, district, today=today, iterations=500)


@pytest.mark.parametrize("own", [True, False])
@pytest.mark.parametrize("off_m", [-40, -8, 0, 8])
def test_units_of_other_districts_drawn_over_the_border_do_not_go_on_in_these(off_m, own):
    """One district of a city whose layer of units lies some metres off: the strips of the neighbours' are no units."""
    blocks, district = squares(8, 6)
    drawn = {"U1": (0, 1500), "U2": (1500, 2700), "U3": (2700, 4000), "V1": (4000, 6000), "W1": (-2000, 0)}
    shapes = [box(west + off_m, 0, east + off_m, 3000) for west, east in drawn.values()]
    today = gpd.GeoDataFrame({"unit_id": [*drawn]}, geometry=shapes, crs=CRS)
    given = {"blocks": blocks} if own else {"cell_m": 500}
    result = jxgis.propose_units(district, units=today, **given)
    repair = result.report.repair
    assert result.units["unit_id"].tolist() == ["U1", "U2", "U3"]
    assert repair.districts["moved_blocks"].tolist() == [0]
    assert repair.outside == ("V1", "W1")
    assert repair.before["unit_id"].tolist() == ["U1", "U2", "U3"]


def test_a_unit_of_which_half_lies_here_goes_on():
    blocks, district = squares(8, 6)
    for east, kept in ((6000, True), (6001, False)):
        today = gpd.GeoDataFrame(
            {"unit_id": ["a", "b"]}, geometry=[box(0, 0, 2000, 3000), box(2000, 0, east, 3000)], crs=CRS
        )
        plan = delineate_units(blocks, district, today=today, max_km2=6.5, iterations=500, n_units={"甲": 2})
        assert ("b" in plan.units["unit_id"].tolist()) == kept


def test_two_bounds_are_held_both():
    blocks, district = squares(8, 4)
    blocks["people"] = 100.0
    blocks.loc[blocks.centroid.x < 1000, "people"] = 400.0
    plan, repair = repaired(blocks, district, columns_of(blocks, 2000), bounds={"people": {"max": 3000}})
    assert (plan.units["people"] <= 3000).all()
    assert plan.units["in_bounds"].all()
    # West there are 8 blocks of 400 and 8 of 100: 4,000. A thousand has to go, and ten of its blocks of 100 are not there.
    assert repair.districts["moved_people"].iloc[0] >= 1000
    assert repair.units.set_index("unit_id").loc["U1", "was_in_bounds"] == False  # noqa: E712


@pytest.mark.parametrize(
    ("edges", "reason", "counts"),
    [((), "too_few_units", "2–4"), ((500, 1000, 1500, 2000, 2500), "too_many_units", "2–4")],
)
def test_a_number_of_units_that_the_ground_does_not_allow_is_told_and_they_stay(edges, reason, counts):
    blocks, district = squares(8, 4)
    names = columns_of(blocks, *edges)
    plan, repair = repaired(blocks, district, names)
    assert plan.blocks["unit_id"].tolist() == names.tolist()
    assert repair.districts[["reason", "moved_people", "proven"]].to_numpy().tolist() == [[reason, 0.0, False]]
    assert np.isnan(repair.districts["least_people"].iloc[0])
    assert set(plan.units.loc[~plan.units["in_bounds"], "reason"]) == {reason}
    result = jxgis.propose_units(district, blocks=blocks, units=of_blocks(blocks, names))
    said = " ".join(note.zh for note in result.notes())
    assert f"现有 {len(edges) + 1} 个单元，按上下限只能分成 {counts} 个" in said


@pytest.mark.parametrize(
    ("edges", "bounds", "reason"),
    [
        ((2000,), {"min_km2": 3, "max_km2": 3.4}, "area_indivisible"),
        ((2000,), {"bounds": {"people": {"min": 1000, "max": 1200}}}, "bounds_indivisible"),
        ((2000,), {"bounds": {"people": {"min": 6500}}}, "part_holds_too_little"),
        ((), {"bounds": {"people": {"min": 6500}}}, "part_holds_too_little"),
    ],
)
def test_units_stay_where_no_number_of_them_fits_and_none_is_advised(edges, bounds, reason):
    blocks, district = squares(8, 4)
    blocks["people"] = 200.0
    if "people" in bounds.get("bounds", {}) and reason == "bounds_indivisible":
        blocks["people"] = 2500 / 32
    names = columns_of(blocks, *edges)
    options = {"target_km2": 3.2} if "min_km2" in bounds else {}
    plan, repair = repaired(blocks, district, names, **bounds, **options)
    assert plan.blocks["unit_id"].tolist() == names.tolist()
    assert repair.districts[["reason", "moved_people", "proven"]].to_numpy().tolist() == [[reason, 0.0, False]]
    result = jxgis.propose_units(district, blocks=blocks, units=of_blocks(blocks, names), **bounds, **options)
    said = [note.zh for note in result.notes()]
    units = len(edges) + 1
    assert said[0].startswith(f"{units} 个单元中有 {units} 个不在上下限以内：甲 {units} 个（")
    (told,) = [note for note in said if "原样保留" in note]
    assert "分成几个单元都不行" in told
    assert not any("n_units" in note for note in said)


@pytest.mark.parametrize(("over_m", "told"), [(0, None), (2, None), (500, ("1.000", ["U1", "U2"]))])
def test_units_of_today_that_overlap_are_told(over_m, told):
    blocks, district = squares(8, 4)
    ground = [box(0, 0, 2000 + over_m, 2000), box(2000, 0, 4000, 2000)]
    today = gpd.GeoDataFrame({"unit_id": ["U1", "U2"]}, geometry=ground, crs=CRS)
    result = jxgis.propose_units(district, cell_m=500, units=today, population=blocks)
    assert result.report.repair.claimed[0] == (() if told is None else tuple(told[1]))
    said = [note.en for note in result.notes() if "overlap" in note.en]
    assert [note.split(":")[0] for note in said] == (
        [] if told is None else [f"Units of today overlap (U1, U2), by {told[0]} km² in all"]
    )


def test_units_are_opened_and_closed_where_their_number_is_given():
    blocks, district = squares(8, 4)
    plan, repair = repaired(blocks, district, columns_of(blocks), n_units={"甲": 2})
    assert plan.units["in_bounds"].all()
    assert sorted(repair.units["state"]) == ["changed", "opened"]
    opened = repair.units.loc[repair.units["state"] == "opened", "unit_id"].item()
    assert opened != "U1"
    names = columns_of(blocks, 1000, 2000, 3000)
    blocks["people"] = 10.0
    blocks.loc[names == "U2", "people"] = 1.0
    plan, repair = repaired(blocks, district, names, n_units={"甲": 3})
    assert plan.units["unit_id"].tolist() == ["U1", "U3", "U4"]
    assert repair.units.set_index("unit_id")["state"]["U2"] == "closed"
    assert repair.districts[["units_before", "units", "moved_people"]].to_numpy().tolist() == [[4, 3, 8.0]]


def test_a_new_unit_never_has_the_id_of_a_closed_one():
    blocks, _ = squares(8, 4)
    blocks["people"] = 10.0
    names = np.array([f"甲-0{name[1]}" for name in columns_of(blocks, 1000, 2500)], dtype=object)
    blocks.loc[names == "甲-02", "people"] = 1.0
    exclave = box(9000, 0, 10000, 1000)
    blocks.loc[32] = ["外", exclave, 5.0]
    ground = shapely.MultiPolygon([box(0, 0, 4000, 2000), exclave])
    district = gpd.GeoDataFrame({"name": ["甲"]}, geometry=[ground], crs=CRS)
    plan, repair = repaired(blocks, district, np.append(names, None), n_units={"甲": 3})
    states = repair.units.set_index("unit_id")["state"]
    assert states[["甲-02", "甲-04"]].tolist() == ["closed", "opened"]
    assert set(states.index) == {"甲-01", "甲-02", "甲-03", "甲-04"}
    assert plan.blocks["unit_id"].iloc[32] == "甲-04"


def test_blocks_that_no_units_can_be_made_of_are_told():
    blocks, district = squares(3, 1, side=1000)
    names = np.array(["U1", "U1", "U2"], dtype=object)
    plan, repair = repaired(blocks, district, names, min_km2=1.4, max_km2=1.6)
    assert repair.districts["reason"].tolist() == ["no_partition"]
    assert plan.blocks["unit_id"].tolist() == names.tolist()


@pytest.mark.parametrize(
    ("names", "together", "options", "now", "reason"),
    [
        # Two units of three are the only two, and part the blocks kept together.
        ("AABBCC", (2, 4), {"min_km2": 2, "max_km2": 3, "n_units": {"甲": 2}}, {"AAACCC", "AAABBB", "BBBCCC"}, None),
        # No number of units fits, and kept together B has no block left.
        ("ABCCCC", (1, 4), {"min_km2": 4, "max_km2": 5}, {"ABCCCC"}, "area_indivisible"),
    ],
)
def test_blocks_kept_together_that_no_units_hold_are_parted_and_units_keep_their_ids(
    names, together, options, now, reason
):
    blocks, district = squares(6, 1, side=1000)
    kept = gpd.GeoDataFrame({"name": ["园"]}, geometry=[box(together[0] * 1000, 0, together[1] * 1000, 1000)], crs=CRS)
    options |= {"target_km2": (options["min_km2"] + options["max_km2"]) / 2}
    plan, repair = repaired(blocks, district, np.array([*names], dtype=object), keep_together=kept, **options)
    assert "".join(plan.blocks["unit_id"]) in now
    assert repair.districts["reason"].dropna().tolist() == ([reason] if reason else [])
    assert not plan.report.together["kept"].any()


def test_fixed_units_keep_their_ids_and_the_rest_is_mended_around_them():
    blocks, district = squares(12, 4)
    names = columns_of(blocks, 1500, 4500)
    today = of_blocks(blocks, names)
    fixed = today[today["unit_id"] == "U1"]
    plan = delineate_units(blocks, district, today=today, fixed_units=fixed, iterations=500)
    assert (plan.blocks["unit_id"] == "U1").tolist() == (names == "U1").tolist()
    assert plan.units["in_bounds"].all()
    assert set(plan.units["unit_id"]) == {"U1", "U2", "U3"}


def test_places_apart_hold_in_what_is_mended():
    blocks, district = squares(8, 4)
    blocks["people"] = 10.0
    plan, repair = repaired(blocks, district, columns_of(blocks, 2000), apart=(("b0", "b3"),))
    unit = plan.blocks.set_index("block_id")["unit_id"]
    assert unit["b0"] != unit["b3"]
    assert plan.report.rules["held"].all()
    assert repair.districts["moved_people"].tolist() == [10.0]


def test_a_unit_across_two_districts_goes_on_where_it_holds_the_most():
    blocks, _ = squares(12, 4)
    districts = gpd.GeoDataFrame(
        {"name": ["甲", "乙"]}, geometry=[box(0, 0, 3000, 2000), box(3000, 0, 6000, 2000)], crs=CRS
    )
    blocks["people"] = 10.0
    plan, repair = repaired(blocks, districts, columns_of(blocks, 3500))
    assert set(plan.blocks.loc[blocks.centroid.x > 3000, "unit_id"]) == {"U2"}
    assert repair.districts.set_index("district")["moved_people"].to_dict() == {"甲": 0.0, "乙": 40.0}
    assert not repair.units.set_index("unit_id").loc["U1", "was_in_bounds"]


@pytest.mark.parametrize("ids", [["a", "a"], ["a", None]])
def test_units_without_ids_of_their_own_are_refused(ids):
    blocks, district = squares(8, 4)
    today = of_blocks(blocks, columns_of(blocks, 2000)).assign(unit_id=ids)
    with pytest.raises(InputError, match="unit_id"):
        delineate_units(blocks, district, today=today)


def test_cells_are_cut_along_todays_units_so_that_these_stay_as_they_are_drawn():
    """By shapes alone: what cells would not follow."""
    district = gpd.GeoDataFrame({"name": ["甲"]}, geometry=[box(0, 0, 4000, 2000)], crs=CRS)
    slanted = shapely.Polygon([(0, 0), (1730, 0), (2210, 2000), (0, 2000)])
    rest = shapely.difference(district.geometry.iloc[0], slanted)
    today = gpd.GeoDataFrame({"unit_id": ["西", "东"]}, geometry=[slanted, rest], crs=CRS)
    people = gpd.GeoDataFrame({"people": [800.0]}, geometry=[box(0, 0, 4000, 2000)], crs=CRS)
    result = jxgis.propose_units(district, units=today, population=people, cell_m=500)
    found = result.units.set_index("unit_id").geometry
    for name, shape in zip(today["unit_id"], today.geometry, strict=True):
        assert shapely.area(shapely.symmetric_difference(found[name], shape)) < 1.0
    assert result.alternatives is None
    assert result.blocks["people"].sum() == pytest.approx(800)
    assert [note.en for note in result.notes()] == [
        "From today's units, changed only as far as the bounds need: 0 people change unit (0.0 %), 0.00 km², 0 blocks.",
        "It is proven that no plan moves less.",
        (
            "No other plans are set beside one that starts from today's units: its borders have no stability, and no cost of moving "
            "them."
        ),
    ]


def test_starting_from_units_without_any_is_refused():
    district = gpd.GeoDataFrame({"name": ["甲"]}, geometry=[box(0, 0, 4000, 2000)], crs=CRS)
    with pytest.raises(InputError, match="from_units"):
        jxgis.propose_units(district, from_units=True)


def test_pages_and_tables_tell_what_moves(tmp_path):
    blocks, district = squares(8, 4)
    result = jxgis.propose_units(
        district, blocks=blocks, units=of_blocks(blocks, columns_of(blocks, 1000, 2500)), min_km2=2.2
    )
    assert set(result.maps()) == {"units", "units_change"}
    tables = result.tables()
    assert {"moved", "repair", "changes"} <= set(tables)
    account = result.account()["plan"]["repair"]
    assert account["moved_people"] == pytest.approx(tables["moved"]["people"].sum())
    assert account["proven"]
    section = result.section()
    assert {"repair", "changes", "moved"} <= set(section.sheets)
    assert isinstance(section.sheets["moved"], pd.DataFrame)
