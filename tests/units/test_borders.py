"""What borders between units follow, and how it is told."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from shapely import box

from jxgis import escape
from jxgis.drawing.offline import to_html
from jxgis.gpkg import write_gpkg
from jxgis.i18n import text
from jxgis.settings import UnitSettings
from jxgis.units.analysis import propose_units
from jxgis.units.borders import explain_borders
from jxgis.units.delineate import delineate_units
from jxgis.units.shown import borders_in_words

CRS = 4549


def ragged_units(seed):
    """Cells of random points, each in the district that holds its middle."""
    rng = np.random.default_rng(seed)
    frame = box(0, 0, 8000, 6000)
    points = shapely.multipoints(rng.uniform((0, 0), (8000, 6000), (14, 2)))
    cells = shapely.intersection(shapely.get_parts(shapely.voronoi_polygons(points, extend_to=frame)), frame)
    names = np.where(shapely.get_x(shapely.centroid(cells)) < 4000, "甲", "乙")
    return gpd.GeoDataFrame(
        {"unit_id": [f"u{at:02d}" for at in range(len(cells))], "district": names}, geometry=cells, crs=CRS
    )


@pytest.mark.parametrize("seed", range(5))
def test_shares_are_those_of_the_length_near_each_layer(seed):
    units = ragged_units(seed)
    rng = np.random.default_rng(seed + 100)
    edges = shapely.get_parts(shapely.line_merge(shapely.union_all(shapely.boundary(units.geometry.to_numpy()))))
    # Streets along a part of some edges, a few metres beside them.
    taken = rng.choice(edges, 14, replace=False)
    lines = [
        shapely.transform(shapely.line_interpolate_point(edge, [0, 0.6], normalized=True), lambda xy: xy + 3)
        for edge in taken
    ]
    roads = [shapely.LineString([*((p.x, p.y) for p in ends)]) for ends in lines]
    streets = gpd.GeoDataFrame({"road_class": ["主干路", "支路"] * 6 + [None] * 2}, geometry=roads, crs=CRS)
    waters = gpd.GeoDataFrame(geometry=[box(2000, 0, 2600, 6000)], crs=CRS)
    towns = gpd.GeoDataFrame(
        {"name": ["东", "西"]}, geometry=[box(0, 0, 3100, 6000), box(3100, 0, 8000, 6000)], crs=CRS
    )
    found = explain_borders(units, streets=streets, waters=waters, subdistricts=towns).set_index(["unit_a", "unit_b"])
    shapes = units.set_index("unit_id").geometry
    layers = {
        "street_share": streets.geometry,
        "along_主干路": streets.geometry[streets["road_class"] == "主干路"],
        "along_支路": streets.geometry[streets["road_class"] == "支路"],
        "water_share": waters.boundary,
        "subdistrict_share": towns.boundary,
    }
    pairs = 0
    for at, one in enumerate(units["unit_id"]):
        for other in units["unit_id"][at + 1 :]:
            line = shapely.intersection(shapes[one], shapes[other])
            same = units["district"][at] == units.set_index("unit_id")["district"][other]
            if not same or line.length <= 1:
                assert (one, other) not in found.index
                continue
            pairs += 1
            row = found.loc[(one, other)]
            assert row["length_m"] == pytest.approx(line.length)
            assert row.geometry.length == pytest.approx(line.length)
            near = {
                name: shapely.union_all(layer.to_numpy()).buffer(10, quad_segs=64) for name, layer in layers.items()
            }
            for name, ground in near.items():
                # Sixteen points of a line tell its share to a sixteenth.
                assert row.get(name, 0.0) == pytest.approx(
                    line.intersection(ground).length / line.length, abs=1 / 16 + 1e-9
                )
            free = line.difference(shapely.union_all([*near.values()])).length / line.length
            assert row["free_share"] == pytest.approx(free, abs=1 / 8 + 1e-9)
    assert pairs == len(found) > 10


def streets_of(city):
    streets = [("主干路", f"LINESTRING ({x} -10, {x} 2510)") for x in range(500, 4000, 500)]
    streets += [("支路", f"LINESTRING (-10 {y}, 4010 {y})") for y in range(500, 2500, 500)]
    return gpd.GeoDataFrame(
        {"road_class": [name for name, _ in streets]},
        geometry=list(shapely.from_wkt([line for _, line in streets])),
        crs=CRS,
    )


@pytest.fixture(scope="module")
def result():
    districts = gpd.GeoDataFrame({"name": ["甲"]}, geometry=[box(0, 0, 4000, 2500)], crs=CRS)
    waters = gpd.GeoDataFrame(geometry=[box(3600, -100, 3700, 2600)], crs=CRS)
    return propose_units(districts, streets=streets_of(districts), waters=waters)


def test_units_and_their_borders_tell_one_share_along_streets_and_waters(result):
    why, units = result.why, result.units.set_index("unit_id")
    ends = pd.concat([why.set_index(name) for name in ("unit_a", "unit_b")])
    for name, rows in ends.groupby(level=0):
        assert rows["length_m"].sum() == pytest.approx(units.loc[name, "inner_border_m"])
        along = ((1 - rows["free_share"]) * rows["length_m"]).sum() / rows["length_m"].sum()
        assert along == pytest.approx(units.loc[name, "barrier_share"], abs=1e-9)
    # By length over the stretches between blocks, as units have it.
    firm = (ends["stability"] * ends["length_m"]).groupby(level=0).sum() / ends["length_m"].groupby(level=0).sum()
    assert firm.to_numpy() == pytest.approx(units["stability"].reindex(firm.index).to_numpy())
    assert set(zip(why["unit_a"], why["unit_b"], strict=True)) == set(
        zip(result.borders["unit_a"], result.borders["unit_b"], strict=True)
    )


def test_words_name_the_bound_the_unit_and_what_a_border_follows():
    why = pd.DataFrame(
        {
            "unit_a": "甲-01", "unit_b": "甲-02", "street_share": [0.7, 0.0, 0.0], "along_支路": [0.7, 0.0, 0.0],
            "water_share": [0.2, 0.0, 0.004], "free_share": [0.1, 1.0, 0.996], "move_cost": [0.00012, np.nan, np.nan],
            "move_similarity": [0.0002, np.nan, np.nan], "move_shape": [-0.00008, np.nan, np.nan],
            "move_border": [0.0, np.nan, np.nan], "move_blocks": [1, np.nan, np.nan], "move_block": ["B7", None, None], "move_km2": [0.214, np.nan, np.nan],
            "move_to": ["甲-02", None, None], "reason": [None, "unit_would_hold_too_much", "unit_would_part"],
            "stopped_unit": [None, "甲-02", "甲-01"], "stopped_by": [None, "people", None],
        }
    )  # fmt: skip
    options = UnitSettings(bounds={"people": {"max": 20000}})
    english = borders_in_words(why, options, "en")
    assert english["follows"].tolist() == [
        "支路 70 %, waters 20 %, none of these 10 %",
        "none of these 100 %",
        "none of these 100 %",
    ]
    assert english["moving"].tolist() == [
        (
            "cheapest is block B7 (0.21 km²) to 甲-02: objective +0.000120 (variance within +0.000200, shape −0.000080, border 0; "
            "above 0 is worse)"
        ),
        "no block can move: People of 甲-02 would rise above 20,000",
        "no block can move: 甲-01: the unit would fall apart",
    ]


def test_words_tell_how_many_blocks_only_move_together():
    """Two of four squares are one area to be kept whole: where they are what moves, the ground told is of both."""
    cells = [box(x * 1000, 0, x * 1000 + 1000, 1000) for x in range(4)]
    blocks = gpd.GeoDataFrame({"block_id": list("abcd")}, geometry=cells, crs=CRS)
    district = gpd.GeoDataFrame({"name": ["甲"]}, geometry=[box(0, 0, 4000, 1000)], crs=CRS)
    whole = gpd.GeoDataFrame(geometry=[box(1000, 0, 3000, 1000)], crs=CRS)
    plan = delineate_units(
        blocks, district, keep_together=whole, min_km2=1, max_km2=3, n_units={"甲": 2}, iterations=100
    )
    said = borders_in_words(plan.report.moves.assign(free_share=1.0), UnitSettings(), "en")["moving"].iloc[0]
    assert "block b, with all 2 that only move together, (2.00 km²) to 甲-0" in said


def test_map_workbook_and_file_tell_why_a_border_is_there(result, tmp_path):
    page = to_html(result.map())
    words = borders_in_words(result.why, UnitSettings(), "zh")
    for said in ("follows", "moving"):
        assert escape.javascript(words[said].iloc[0])[1:-1] in page
    assert set(result.section().sheets["unit_borders"]["unit_a"]) == set(result.why["unit_a"])
    written = tmp_path / "units.gpkg"
    write_gpkg(written, {"unit_borders": result.why, "borders": result.borders}, of="units")
    assert gpd.read_file(written, layer="unit_borders")["move_cost"].notna().any()


def test_without_other_plans_the_borders_are_drawn_without_how_firm_they_are():
    districts = gpd.GeoDataFrame({"name": ["甲"]}, geometry=[box(0, 0, 4000, 2500)], crs=CRS)
    result = propose_units(districts, cell_m=500, alternatives=False, lang="en")
    assert not {"stability", "street_share", "free_share"} & set(result.why.columns)
    assert text("units.why_borders", "en") in to_html(result.map())
    # Nobody weighs likeness, shape and borders where today's units are mended: no cost is told.
    mended = propose_units(districts, cell_m=500, units=result.units)
    assert set(mended.why.columns) == {"unit_a", "unit_b", "district", "length_m", "geometry"}


def test_a_city_of_single_units_has_no_borders(tmp_path):
    districts = gpd.GeoDataFrame(
        {"name": ["甲", "乙"]}, geometry=[box(0, 0, 2000, 1500), box(2000, 0, 4000, 1500)], crs=CRS
    )
    result = propose_units(districts, cell_m=500, streets=streets_of(districts), by_cells=True)
    assert result.why.empty
    write_gpkg(tmp_path / "units.gpkg", {"unit_borders": result.why}, of="units")
