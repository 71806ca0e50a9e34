"""Closed forms, identities, and Cambridge against plain shapely."""

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import box

from jxgis.errors import CrsError, InputError
from jxgis.parks.housing import cut_by_zone, within
from jxgis.parks.radius import classify_parks, coverage_by_band, radius_coverage, service_area
from jxgis.parks.standards import load_standard
from jxgis.parks.whole import merge_parks

STANDARD = load_standard()
# With 32 segments a quarter, a circle is short by 1 - sin(t)/t of its area, t = pi/64: 4.0e-4.
CIRCLE = 4.1e-4


def table(shapes, **columns):
    return gpd.GeoDataFrame(columns, geometry=shapes, crs=4549)


def zones_of(*shapes):
    return table(list(shapes), name=[f"zone {i}" for i in range(len(shapes))])


def sized(*shapes, standard=STANDARD, **kwargs):
    return classify_parks(merge_parks(table(list(shapes))).parks, standard, **kwargs)


def measure(parks, housing, zones, **kwargs):
    return radius_coverage(parks, housing, zones, standard=STANDARD, **kwargs)


def test_square_park_in_a_ring_of_housing():
    """Park 100 × 100, 500 m: served are its four sides and four quarter circles, less the park itself."""
    park = box(0, 0, 100, 100)
    ring = shapely.difference(box(-1000, -1000, 1100, 1100), park)
    found = measure(sized(park), table([ring]), zones_of(box(-2000, -2000, 2000, 2000))).coverage
    served = 4 * 100 * 500 + np.pi * 500**2
    assert found["served_m2"].iloc[0] == pytest.approx(served, rel=CIRCLE)
    assert found["served_m2"].iloc[0] <= served
    assert found["coverage"].iloc[0] == pytest.approx(served / (2100**2 - 100**2), rel=CIRCLE)
    assert found["zone"].tolist() == ["zone 0", "all"]


def test_corner_of_a_park_serves_a_quarter_circle():
    found = measure(sized(box(-100, -100, 0, 0)), table([box(0, 0, 900, 900)]), zones_of(box(0, 0, 900, 900)))
    assert found.coverage["served_m2"].iloc[0] == pytest.approx(np.pi * 500**2 / 4, rel=CIRCLE)


def test_two_parks_that_overlap_serve_their_union():
    """Circles of two far corners: radius r, centres d apart, lens 2r²acos(d/2r) - d/2·sqrt(4r²-d²)."""
    parks = sized(box(-100, -100, 0, 0), box(400, -100, 500, 0))
    found = measure(parks, table([box(-1000, 0, 1500, 1000)]), zones_of(box(-1000, 0, 1500, 1000)))
    d, r = 400, 500
    # North of the parks, y > 0: two strips of 100 × 500 and half circles around corners, all within y > 0 only.
    lens = 2 * r**2 * np.arccos(d / (2 * r)) - d / 2 * np.sqrt(4 * r**2 - d**2)
    served = 2 * (100 * r + np.pi * r**2 / 2) - lens / 2
    assert found.coverage["served_m2"].iloc[0] == pytest.approx(served, rel=2 * CIRCLE)


def test_a_park_just_outside_the_border_serves_inside():
    zones = zones_of(box(0, 0, 1000, 1000))
    found = measure(sized(box(-101, 0, -1, 100)), table([box(0, 0, 1000, 100)]), zones)
    assert found.coverage["served_m2"].iloc[0] == pytest.approx(499 * 100, rel=1e-9)


def test_a_zone_without_housing_has_no_coverage_but_a_reason():
    zones = zones_of(box(0, 0, 1000, 1000), box(1000, 0, 2000, 1000))
    found = measure(sized(box(0, 0, 100, 100)), table([box(0, 0, 200, 200)]), zones).coverage
    assert np.isnan(found["coverage"].iloc[1])
    assert found["reason"].fillna("").tolist() == ["", "no_housing", ""]
    assert found["residential_m2"].iloc[1] == 0


def test_no_park_that_counts_covers_nothing():
    found = measure(sized(box(0, 0, 40, 40)), table([box(0, 0, 200, 200)]), zones_of(box(0, 0, 1000, 1000)))
    assert found.coverage["coverage"].tolist() == [0, 0]
    assert len(found.served) == 0
    assert found.unserved["m2"].sum() == 40000


def test_zero_housing_everywhere():
    found = measure(sized(box(0, 0, 100, 100)), table([]), zones_of(box(0, 0, 1000, 1000))).coverage
    assert found["coverage"].isna().all()
    assert found["reason"].tolist() == ["no_housing"] * 2


def test_overlapping_zones_count_once_in_all():
    zones = zones_of(box(0, 0, 600, 100), box(400, 0, 1000, 100))
    found = measure(sized(box(-100, 0, 0, 100)), table([box(0, 0, 1000, 100)]), zones)
    assert found.coverage["residential_m2"].tolist() == [60_000, 60_000, 100_000]
    assert found.coverage["served_m2"].tolist() == pytest.approx([50_000, 10_000, 50_000])
    assert found.served["m2"].sum() == pytest.approx(50_000)


def test_overlapping_housing_counts_once():
    found = measure(
        sized(box(-100, 0, 0, 100)), table([box(0, 0, 600, 100), box(400, 0, 1000, 100)]), zones_of(box(0, 0, 999, 99))
    )
    assert found.coverage["residential_m2"].iloc[0] == pytest.approx(999 * 99)


def test_historic_parks_need_less():
    park = box(0, 0, 40, 30)
    old = table([box(0, 0, 20, 30)])
    assert np.isnan(sized(park)["radius_m"].iloc[0])
    assert sized(park, historic=old)["radius_m"].tolist() == [300]
    assert np.isnan(sized(park, historic=table([box(0, 0, 19.9, 30)]))["radius_m"].iloc[0])


def test_people_are_shared_out_by_area():
    housing = table([box(0, 0, 1000, 100)], people=[1000.0])
    found = measure(sized(box(-100, 0, 0, 100)), housing, zones_of(box(0, 0, 800, 100))).coverage.iloc[0]
    assert (found["people"], found["served_people"]) == pytest.approx((800, 500))
    assert found["people_coverage"] == pytest.approx(500 / 800)


def test_people_that_are_not_known_stay_unknown_in_their_zone():
    housing = table([box(0, 0, 100, 100), box(2000, 0, 2100, 100)], people=[np.nan, 7.0])
    found = measure(sized(box(-100, 0, 0, 100)), housing, zones_of(box(0, 0, 999, 999), box(1000, 0, 2999, 999)))
    assert found.coverage["people"].tolist() == pytest.approx([np.nan, 7, np.nan], nan_ok=True)
    assert found.coverage["people_coverage"].tolist() == pytest.approx([np.nan, 0, np.nan], nan_ok=True)
    assert found.coverage["coverage"].tolist() == [1, 0, 0.5]


def test_by_band_counts_each_size_alone():
    parks = sized(box(0, 0, 100, 100), box(2000, 0, 2060, 50))
    land, zones = table([box(-5000, -100, 5000, 0)]), zones_of(box(-5000, -100, 5000, 100))
    by_band = coverage_by_band(parks, land, zones, standard=STANDARD)
    whole = by_band[by_band["zone"] == "all"].set_index("min_m2")
    assert whole["parks"].to_dict() == {5000: 1, 2000: 1, 1000: 0}
    # Parks of 5,000 m² and more have no upper bound: none is written, not a number without end.
    assert whole["max_m2"].fillna("none").to_dict() == {5000: "none", 2000: 5000, 1000: 2000}
    # Apart from one another, the bands add up to all.
    assert whole["served_m2"].sum() == pytest.approx(measure(parks, land, zones).coverage["served_m2"].iloc[-1])


def test_the_name_of_the_standard_and_the_denominator_go_with_every_row():
    found = measure(
        sized(box(0, 0, 100, 100)), table([box(0, 0, 9, 9)]), zones_of(box(0, 0, 9, 9)), denominator="built_up"
    )
    assert set(found.coverage["standard"]) == {"garden-city-2022"}
    assert set(found.coverage["denominator"]) == {"built_up"}


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.floats(-1e5, 1e5), st.floats(-1e5, 1e5))
def test_against_plain_union_and_intersection(seed, dx, dy):
    """Areas equal one union, one intersection; moving everything changes nothing; served + unserved is all."""
    rng = np.random.default_rng(seed)
    corner = rng.uniform(0, 3000, (30, 2))
    size = rng.uniform(40, 160, (30, 2))
    park_shapes = [box(x, y, x + w, y + h) for (x, y), (w, h) in zip(corner[:8], size[:8], strict=True)]
    homes = [box(x, y, x + 2 * w, y + 2 * h) for (x, y), (w, h) in zip(corner[8:], size[8:], strict=True)]
    zone_shapes = [box(0, 0, 1500, 3500), box(1500, 0, 3500, 3500)]
    parks, housing, zones = sized(*park_shapes), table(homes), zones_of(*zone_shapes)
    found = measure(parks, housing, zones)

    reach = shapely.union_all(
        [
            shape.buffer(radius, quad_segs=32)
            for shape, radius in zip(parks.geometry, parks["radius_m"], strict=True)
            if radius > 0
        ]
    )
    ground = shapely.union_all(homes)
    for outline, area, served in zip(
        [*zone_shapes, shapely.union_all(zone_shapes)],
        found.coverage["residential_m2"],
        found.coverage["served_m2"],
        strict=True,
    ):
        land = shapely.intersection(ground, outline)
        assert area == pytest.approx(land.area, rel=1e-9, abs=1e-6)
        assert served == pytest.approx(shapely.intersection(land, reach).area, rel=1e-9, abs=1e-6)
    both = found.served["m2"].sum() + found.unserved["m2"].sum()
    assert both == pytest.approx(found.coverage["residential_m2"].iloc[-1], rel=1e-9)

    moved = [one.translate(dx, dy) for one in (parks.geometry, housing.geometry, zones.geometry)]
    again = measure(parks.set_geometry(moved[0]), housing.set_geometry(moved[1]), zones.set_geometry(moved[2]))
    # Moving by 1e5 m leaves coordinates good to 1e-11 m, areas of 1e7 m² to well below 1e-3 m².
    assert again.coverage["served_m2"].to_numpy() == pytest.approx(found.coverage["served_m2"].to_numpy(), abs=1e-3)


def test_more_parks_never_serve_less():
    rng = np.random.default_rng(3)
    corner = rng.uniform(0, 5000, (12, 2))
    shapes = [box(x, y, x + 80, y + 70) for x, y in corner]
    housing, zones = table([box(0, 0, 5000, 5000)]), zones_of(box(0, 0, 5000, 5000))
    served = [measure(sized(*shapes[:n]), housing, zones).coverage["served_m2"].iloc[0] for n in range(1, 12)]
    assert (np.diff(served) >= -1e-6).all()


def test_wrong_input_is_refused():
    parks, housing, zones = sized(box(0, 0, 100, 100)), table([box(0, 0, 9, 9)]), zones_of(box(0, 0, 9, 9))
    with pytest.raises(CrsError, match="residential is in EPSG:4326"):
        measure(parks, housing.set_crs(4326, allow_override=True), zones)
    with pytest.raises(CrsError, match="zones"):
        measure(parks, housing, zones.set_crs(4547, allow_override=True))
    with pytest.raises(InputError, match="name"):
        measure(parks, housing, zones.drop(columns="name"))
    with pytest.raises(InputError, match="quad_segs"):
        service_area(parks, quad_segs=8)
    with pytest.raises(InputError, match="people"):
        measure(parks, table([box(0, 0, 9, 9)], people=[-1.0]), zones)


@pytest.mark.real
@pytest.mark.parametrize("name", ["garden-city-2022", "gbt50563-2010", "gbt51346-2019"])
def test_cambridge_equals_plain_shapely(cambridge, name):
    """Every step again in plain shapely: union of buffers, union of housing, intersection by neighbourhood."""
    standard = load_standard(name)
    parks = classify_parks(merge_parks(cambridge.parks).parks, standard)
    found = radius_coverage(parks, cambridge.housing, cambridge.zones, standard=standard).coverage

    radii = [
        max([b.radius_m for b in standard.bands if b.context == "any" and b.min_m2 <= a < b.max_m2], default=0)
        for a in shapely.area(parks.geometry.to_numpy())
    ]
    reach = shapely.union_all(
        [shape.buffer(r, quad_segs=32) for shape, r in zip(parks.geometry, radii, strict=True) if r]
    )
    land = shapely.union_all(cambridge.housing.geometry.to_numpy())
    for zone, residential, served in zip(
        cambridge.zones.geometry, found["residential_m2"], found["served_m2"], strict=False
    ):
        here = shapely.intersection(land, zone)
        assert residential == pytest.approx(here.area, rel=1e-9)
        assert served == pytest.approx(shapely.intersection(here, reach).area, rel=1e-9)
    city = shapely.intersection(land, shapely.union_all(cambridge.zones.geometry.to_numpy()))
    assert found["coverage"].iloc[-1] == pytest.approx(shapely.intersection(city, reach).area / city.area, rel=1e-9)


def test_a_hole_of_no_width_takes_nothing_away():
    """Borders snapped to each other leave such holes; an overlay then raises or loses the whole polygon."""
    rng = np.random.default_rng(0)
    circle = shapely.Point(568500, 3405300).buffer(1000, quad_segs=80)
    at = np.array([568300, 3405100])
    lost = 0
    for _ in range(300):
        start, end = rng.uniform(0, 400, (2, 2)) + at
        middle = start + (end - start) * rng.random() + rng.normal(0, 1e-9, 2)
        outline = shapely.Polygon(circle.exterior, [[start, middle, end, start]])
        low = rng.uniform(0, 200, (3, 2)) + at
        homes = shapely.box(*low.T, *(low + rng.uniform(300, 900, (3, 2))).T)
        whole = shapely.intersection(shapely.union_all(homes), circle).area
        assert cut_by_zone(table(homes), zones_of(outline)).area_m2.sum() == pytest.approx(whole, rel=1e-9)
        lost += abs(shapely.intersection(shapely.union_all(homes), outline).area / whole - 1) > 0.01
    assert lost >= 1


def test_an_outline_with_a_vertex_on_the_box_is_cut_as_exactly_as_any():
    """A quick clip then gives a ring that crosses itself and holds ground outside the outline."""
    corners = [(11, 2), (0, 4), (-1, 6), (-9, 6), (-11, 4), (-11, -4), (-1, -3), (-2, -6), (5, -5), (3, -1)]
    outline = shapely.segmentize(shapely.Polygon(corners), 0.125)
    homes = np.array([box(-4, -4, 4, 4), box(-3, -4, 4, 4)])
    assert shapely.get_num_coordinates(outline) > 200
    assert not shapely.clip_by_rect(outline, -5, -5, 5, 5).is_valid
    expected = shapely.area(shapely.intersection(homes, outline))
    assert shapely.area(within(homes, np.full(2, outline))) == pytest.approx(expected, rel=1e-12)


def test_zones_that_share_a_hair_are_neighbours():
    """Snapped borders overlap in the last digit; what is not served still lies in its zone, not in all."""
    zones = zones_of(box(0, 0, 2000, 2000), box(2000 - 1e-9, 0, 4000, 2000))
    homes = table([box(100, 100, 200, 200), box(3500, 100, 3600, 200)])
    found = radius_coverage(sized(box(9000, 9000, 9100, 9100)), homes, zones, standard=STANDARD)
    assert set(found.unserved["zone"]) == set(zones["name"])
    wide = zones_of(box(0, 0, 2000, 2000), box(1999, 0, 4000, 2000))
    found = radius_coverage(sized(box(9000, 9000, 9100, 9100)), homes, wide, standard=STANDARD)
    assert set(found.unserved["zone"]) == {"all"}
