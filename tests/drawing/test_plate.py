"""The small map for print: where its shapes and names lie."""

from __future__ import annotations

import re

import geopandas as gpd
import numpy as np
import pytest
import shapely

from jxgis.drawing.plate import Look, Plate, frame_around


def boxes(plate: Plate) -> np.ndarray:
    return np.array(plate.names.taken, dtype=object)


@pytest.mark.parametrize("bounds", [(0, 0, 1000, 500), (0, 0, 500, 4000), (10, 10, 10, 10)])
def test_a_frame_has_the_shape_of_the_paper_and_holds_what_it_is_around(bounds):
    west, south, east, north = frame_around(bounds, width_mm=94, height_mm=84)
    assert (east - west) / (north - south) == pytest.approx(94 / 84)
    assert west < bounds[0]
    assert south < bounds[1]
    assert east > bounds[2]
    assert north > bounds[3]


def test_names_lie_along_their_streets_inside_the_map_and_never_on_one_another():
    rng = np.random.default_rng(3)
    ends = rng.uniform(-500, 3500, (60, 2, 2))
    streets = gpd.GeoSeries(shapely.linestrings(ends), crs=4549)
    plate = Plate((0, 0, 3000, 3000), width_mm=90)
    plate.scale_and_north()
    written = [plate.name_lines(f"第{k}路", [line], size=22) for k, line in enumerate(streets)]
    assert sum(written) > 15
    placed = boxes(plate)
    one, other = shapely.STRtree(placed).query(placed, predicate="intersects")
    assert (one == other).all()
    inside = shapely.box(0, 0, *plate.size)
    assert inside.covers(placed[-1])
    lines = [line for line, there in zip(streets, written, strict=True) if there]
    middles = [shapely.centroid(box) for box in placed[-sum(written) :]]
    for line, middle in zip(lines, middles, strict=True):
        x, y = middle.x / 0.3, 3000 - middle.y / 0.3
        assert line.distance(shapely.Point(x, y)) < 1
    angles = [int(turn) for turn in re.findall(r"rotate\((-?\d+)", plate.svg("m"))]
    assert all(-90 <= angle <= 90 for angle in angles)


def test_a_bent_street_is_named_where_it_is_straight():
    bend = shapely.LineString([(100, 100), (100, 300), (300, 300), (300, 2500)])
    plate = Plate((0, 0, 3000, 3000), width_mm=90)
    assert plate.name_lines("弯路", [bend], size=22)
    assert not Plate((0, 0, 3000, 3000), width_mm=90).name_lines(
        "弯路", [shapely.Point(50, 50).buffer(20).boundary], size=22
    )
    middle = shapely.centroid(boxes(plate)[0])
    assert (middle.x / 0.3) == pytest.approx(300, abs=1)


def test_a_name_that_is_too_long_or_too_wide_for_its_area_is_left_out():
    plate = Plate((0, 0, 3000, 3000), width_mm=90)
    assert not plate.name_area("湖", shapely.box(0, 0, 20, 20), size=20, colour="#000")
    assert not plate.name_area("湖" * 15, shapely.box(0, 0, 3000, 3000), size=20, colour="#000")
    assert not plate.name_area("湖", shapely.box(5000, 0, 6000, 900), size=20, colour="#000")
    assert plate.name_area("</text>湖", shapely.box(500, 500, 2500, 2500), size=20, colour="#000")
    assert "&lt;/text&gt;湖</text>" in plate.svg("a & b")
    assert 'aria-label="a &amp; b"' in plate.svg("a & b")


def test_what_is_covered_still_shows_through():
    plate = Plate((0, 0, 900, 900), width_mm=90)
    plate.outside(shapely.box(300, 300, 600, 600), Look(fill="#fff", opacity=0.45))
    assert ' fill="#fff" ' in plate.drawn[0]
    assert ' fill-opacity="0.45" fill-rule="evenodd"/>' in plate.drawn[0]


def test_shapes_are_cut_behind_the_edge_and_drawn_in_tenths_of_a_millimetre():
    plate = Plate((0, 0, 900, 900), width_mm=90)
    plate.shapes([shapely.LineString([(-10_000, 450), (10_000, 450)])], Look(stroke="#000", width=2))
    assert plate.drawn == ['<path d="M-30 450H930" fill="none" stroke="#000" stroke-width="2"/>']
    plate.shapes([shapely.Point(5, 5), shapely.box(2000, 0, 3000, 10), None], Look(fill="#000"))
    assert len(plate.drawn) == 1
    rough = shapely.LineString(np.column_stack([np.linspace(0, 900, 5000), np.tile([450, 450.2], 2500)]))
    plate.shapes([rough], Look())
    assert len(plate.drawn[-1]) < 70


@pytest.mark.parametrize(("metres", "said"), [(900, "200 m"), (3700, "1 km"), (40_000, "10 km"), (30, "5 m")])
def test_the_scale_bar_is_a_round_length(metres, said):
    plate = Plate((0, 0, metres, metres), width_mm=90)
    plate.scale_and_north()
    svg = plate.svg("m")
    assert f">{said}<" in svg
    start, end = map(int, re.search(r"M(\d+) \d+V\d+H(\d+)", svg).groups())
    length = float(said.split()[0]) * (1000 if "km" in said else 1)
    assert end - start == pytest.approx(length * 900 / metres, abs=1)
