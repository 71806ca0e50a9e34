"""The four findings against plain loops, closed forms and identities."""

from __future__ import annotations

import math

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from jxgis.errors import CrsError, InputError
from jxgis.hotspots.mix import class_overlap, concentration, diversity, inside_ring, zone_table
from jxgis.space.grid import grid_over

CLASSES = ["市容环境", "道路交通", "公用设施"]
ZONES = gpd.GeoDataFrame(
    {"name": ["老城", "塘汇", "城南"]},
    geometry=[shapely.box(0, 0, 1000, 1000), shapely.box(1000, 0, 2000, 1000), shapely.box(0, 1000, 2000, 2000)],
    crs=4549,
)
GRID = grid_over(ZONES, cell_m=250)


def made_up(n=400, seed=1):
    rng = np.random.default_rng(seed)
    # Whole hundreds: many points lie on the borders of zones.
    x, y = rng.integers(0, 21, n) * 100.0, rng.integers(0, 21, n) * 100.0
    classes = rng.choice([*CLASSES, "未归类"], n, p=[0.5, 0.3, 0.15, 0.05])
    issues = gpd.GeoDataFrame({"issue_class": classes}, geometry=gpd.points_from_xy(x, y), crs=4549)
    frames = []
    for name in ["all", *CLASSES]:
        frame = {"cell_id": GRID.ids(), "issue_class": name, "count": rng.poisson(2, len(GRID))}
        frames.append(
            pd.DataFrame(frame | {"gi_z": rng.normal(size=len(GRID)), "gi_q": rng.uniform(0, 0.2, len(GRID))})
        )
    return issues, pd.concat(frames, ignore_index=True)


def test_zones_are_counted_once_and_compared_with_the_city():
    issues, cells = made_up()
    table = zone_table(issues, {"district": ZONES}, CLASSES, cells=cells, grid=GRID, alpha=0.05)
    assert len(table) == 3 * 4
    assert table[table["issue_class"] == "all"]["count"].sum() == len(issues)
    zones = list(zip(ZONES["name"], ZONES.geometry, strict=True))
    zone_of = [next(name for name, shape in zones if shape.intersects(point)) for point in issues.geometry]
    squares = GRID.cells().geometry
    for row in table.itertuples():
        mine = [c for c, z in zip(issues["issue_class"], zone_of, strict=True) if z == row.zone]
        in_class = [c for c in mine if row.issue_class in ("all", c)]
        assert row.count == len(in_class)
        city_share = 1 if row.issue_class == "all" else (issues["issue_class"] == row.issue_class).sum() / len(issues)
        assert row.location_quotient == pytest.approx(len(in_class) / len(mine) / city_share)
        assert row.per_km2 == pytest.approx(len(in_class) / row.geometry.area * 1e6)
        of_class = cells[cells["issue_class"] == row.issue_class]
        hot = ((of_class["gi_z"] > 0) & (of_class["gi_q"] <= 0.05)).to_numpy()
        assert row.share_hot == pytest.approx(
            squares[hot].union_all().intersection(row.geometry).area / row.geometry.area
        )


def test_an_empty_zone_has_no_quotient():
    issues, cells = made_up()
    inside = issues[issues.geometry.y < 900]
    table = zone_table(inside, {"district": ZONES, "subdistrict": ZONES}, CLASSES, cells=cells, grid=GRID)
    assert set(table["level"]) == {"district", "subdistrict"}
    south = table[table["zone"] == "城南"]
    assert (south["count"] == 0).all()
    assert south["location_quotient"].isna().all()
    mixed = diversity(table, CLASSES)
    empty = mixed[mixed["zone"] == "城南"].iloc[0]
    assert np.isnan(empty["entropy"])
    assert pd.isna(empty["main_class"])
    with pytest.raises(CrsError):
        zone_table(inside, {"district": ZONES.to_crs(4528)}, CLASSES, cells=cells, grid=GRID)


@pytest.mark.filterwarnings("error")
def test_a_zone_within_one_cell_is_as_hot_as_the_cell():
    issues, cells = made_up()
    x, y = (values[0] for values in GRID.centres())
    zones = gpd.GeoDataFrame({"name": ["缝"]}, geometry=[shapely.box(x + 1, y + 1, x + 20, y + 20)], crs=4549)
    first = cells.groupby("issue_class", sort=False).head(1)
    hot = ((first["gi_z"] > 0) & (first["gi_q"] <= 0.05)).astype(float)
    table = zone_table(issues, {"district": zones}, CLASSES, cells=cells, grid=GRID, alpha=0.05)
    assert table["share_hot"].tolist() == hot.tolist()


def test_a_zone_of_which_no_cell_was_judged_has_no_share_of_hot_ones():
    issues, cells = made_up()
    own = ZONES[ZONES["name"] == "城南"].geometry.item()
    beyond = np.tile(GRID.cells().intersects(own), cells["issue_class"].nunique())
    some = cells.assign(gi_q=cells["gi_q"].mask(beyond & (cells["issue_class"] != "all")))
    table, before = (
        zone_table(issues, {"district": ZONES}, CLASSES, cells=one, grid=GRID)[["zone", "issue_class", "share_hot"]]
        for one in (some, cells)
    )
    unknown = (table["zone"] == "城南") & (table["issue_class"] != "all")
    assert table["share_hot"].isna().equals(unknown)
    # Cells on its border were hot in others too, and are not known to be.
    assert (table["share_hot"] <= before["share_hot"])[~unknown].all()
    of_all = table["issue_class"] == "all"
    assert table[of_all].equals(before[of_all])


@given(st.lists(st.lists(st.integers(0, 30), min_size=3, max_size=3), min_size=1, max_size=6))
@settings(max_examples=50, deadline=None)
def test_entropy_is_shannons(counts):
    rows = [
        {"zone": f"z{i}", "level": "district", "issue_class": name, "count": n}
        for i, row in enumerate(counts)
        for name, n in zip(CLASSES, row, strict=True)
    ]
    table = diversity(pd.DataFrame(rows), CLASSES)
    assert table["zone"].tolist() == [f"z{i}" for i in range(len(counts))]
    for row, found in zip(counts, table.itertuples(), strict=True):
        total = sum(row)
        if total == 0:
            assert math.isnan(found.entropy)
            continue
        expected = -sum(n / total * math.log(n / total) for n in row if n)
        assert found.entropy == pytest.approx(expected, abs=1e-12)
        assert 0 <= found.evenness <= 1 + 1e-12
        assert found.main_share == pytest.approx(max(row) / total)
        assert CLASSES[row.index(max(row))] == found.main_class


def test_overlap_is_of_the_hot_cells():
    _, cells = made_up()
    table = class_overlap(cells, CLASSES, cell_m=250, alpha=0.1)
    assert len(table) == 3
    for row in table.itertuples():
        sets = []
        for name in (row.class_a, row.class_b):
            own = cells[(cells["issue_class"] == name) & (cells["gi_z"] > 0) & (cells["gi_q"] <= 0.1)]
            sets.append(set(own["cell_id"]))
        both, either = sets[0] & sets[1], sets[0] | sets[1]
        assert row.both_km2 == pytest.approx(len(both) * 0.0625)
        assert row.jaccard == pytest.approx(len(both) / len(either))
        assert row.shared_of_b == pytest.approx(len(both) / len(sets[1]))
    cold = class_overlap(cells.assign(gi_q=0.9), CLASSES, cell_m=250)
    assert cold["jaccard"].isna().all()


def test_one_class_or_none_overlaps_with_nothing_and_classes_lie_on_the_same_cells():
    _, cells = made_up()
    alone = cells[cells["issue_class"] == CLASSES[0]]
    for few in (alone, alone.iloc[:0]):
        assert class_overlap(few, CLASSES, cell_m=250).empty
    short = pd.concat([alone, cells[cells["issue_class"] == CLASSES[2]].iloc[1:]])
    with pytest.raises(InputError, match=f"class {CLASSES[2]} has {len(alone) - 1} cells, not {len(alone)}"):
        class_overlap(short, CLASSES, cell_m=250)


def test_a_ring_of_lines_is_its_inside():
    issues, _ = made_up()
    square = shapely.box(450, 450, 1450, 1450)
    corners = list(square.exterior.coords)
    lines = [shapely.LineString(corners[i : i + 2]) for i in range(4)]
    as_polygon = inside_ring(issues, gpd.GeoSeries([square], crs=4549), ZONES, CLASSES)
    as_lines = inside_ring(issues, gpd.GeoSeries(lines, crs=4549), ZONES, CLASSES)
    pd.testing.assert_frame_equal(as_polygon, as_lines)
    # Roads run on past the corners at which they cross, and no vertex stands there.
    roads = [[(450, 0), (450, 1900)], [(1450, 0), (1450, 1900)], [(0, 450), (1900, 450)], [(0, 1450), (1900, 1450)]]
    crossing = gpd.GeoSeries([shapely.LineString(road) for road in roads], crs=4549)
    pd.testing.assert_frame_equal(inside_ring(issues, crossing, ZONES, CLASSES), as_polygon)
    x, y = issues.geometry.x, issues.geometry.y
    inside = (x > 450) & (x < 1450) & (y > 450) & (y < 1450)
    assert as_polygon["inside"].iloc[0] == inside.sum()
    assert as_polygon["share_area"].iloc[0] == pytest.approx(0.25)
    for row in as_polygon.iloc[1:].itertuples():
        assert row.inside == (inside & (issues["issue_class"] == row.issue_class)).sum()
    with pytest.raises(InputError, match="encloses nothing"):
        inside_ring(issues, gpd.GeoSeries(lines[:3], crs=4549), ZONES, CLASSES)


@given(st.lists(st.integers(0, 20), min_size=1, max_size=40))
@settings(max_examples=60, deadline=None)
def test_gini_and_half(counts):
    cells = pd.DataFrame({"issue_class": "all", "count": counts})
    places = pd.DataFrame({"issue_class": [], "rank": [], "share_issues": [], "share_area": []})
    row = concentration(cells, places).iloc[0]
    if sum(counts) == 0:
        assert math.isnan(row["gini"])
        return
    n = len(counts)
    # The definition: mean absolute difference over twice the mean.
    differences = sum(abs(a - b) for a in counts for b in counts) / n**2
    assert row["gini"] == pytest.approx(differences / (2 * sum(counts) / n), abs=1e-12)
    most = sorted(counts, reverse=True)
    need = next(k for k in range(1, n + 1) if 2 * sum(most[:k]) >= sum(counts))
    assert row["half_in_area"] == pytest.approx(need / n)
    assert row["top5_share"] == 0


def test_top_places_add_up():
    cells = pd.DataFrame({"issue_class": "all", "count": [5, 3, 2, 0]})
    places = pd.DataFrame(
        {"issue_class": "all", "rank": [2, 1, 3], "share_issues": [0.3, 0.5, 0.2], "share_area": [0.25, 0.25, 0.25]}
    )
    row = concentration(cells, places).iloc[0]
    assert (row["top1_share"], row["top3_share"], row["top10_area"]) == (0.5, 1.0, 0.75)
    assert row["places"] == 3
