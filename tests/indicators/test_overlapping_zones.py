"""Every measure on zones that overlap, lie on one another and inside one another, against plain geopandas a zone at a time."""

import geopandas as gpd
import numpy as np
import pytest
import shapely

from jxgis.indicators.land import park_coverage
from jxgis.indicators.measures import IndicatorInputs, measure_indicators
from jxgis.parks.standards import load_standard
from jxgis.settings import MeasureSettings

CRS = 4549
BOXES = shapely.box(
    [0, 0, 500, 200, 1500], [0, 0, 500, 200, 0], [1000, 1000, 1500, 600, 2500], [1000, 1000, 1500, 600, 1500]
)
ZONES = gpd.GeoDataFrame(geometry=[*BOXES, shapely.Polygon([(0, 0), (2500, 0), (1200, 1300)])], crs=CRS)


def things(seed=1):
    """Points, some on borders of zones and some twice; streets; parks and housing that overlap among themselves."""
    rng = np.random.default_rng(seed)
    n = 2000
    at = np.round(rng.uniform(0, 2500, (n, 2)))
    at[:20, 0], at[20:40, 1], at[40:50] = 1000, 500, at[50:60]
    columns = {
        "kind": rng.choice(list("xyz"), n),
        "yes": rng.choice([1.0, 0.0, np.nan], n),
        "p": rng.uniform(1, 5, n),
        "q": rng.uniform(1, 5, n),
    }
    points = gpd.GeoDataFrame(columns, geometry=shapely.points(at), crs=CRS)
    ends = rng.uniform(0, 2500, (2, 60, 2))
    shade = {"shade": rng.choice([1.0, 0.0], 60)}
    lines = gpd.GeoDataFrame(shade, geometry=shapely.linestrings(np.stack(ends, axis=1)), crs=CRS)
    middle, half = rng.uniform(0, 2500, (40, 2)), rng.uniform(20, 150, 40)
    squares = gpd.GeoDataFrame(geometry=shapely.box(*(middle - half[:, None]).T, *(middle + half[:, None]).T), crs=CRS)
    return points, lines, squares


WAYS = {
    "count": {"layers": ("poi",)},
    "count_per_km2": {"layers": ("poi",)},
    "length_km": {"layers": ("lines",)},
    "length_per_km2": {"layers": ("lines",)},
    "area_km2": {"layers": ("squares",)},
    "share_of_area": {"layers": ("squares",)},
    "share_of_streets": {"layers": ("lines",), "hit": {"shade": 1}},
    "share_of_rows": {"layers": ("poi",), "hit": {"yes": 1}},
    "diversity": {"layers": ("poi",), "column": "kind"},
    "ratio_of_columns": {"layers": ("poi",), "column": "p", "over": "q"},
}


def by_hand(zone, points, lines, squares):
    km2 = zone.area / 1e6
    inside = points[points.intersects(zone)]
    street_km = lines.intersection(zone).length / 1e3
    covered = squares.union_all().intersection(zone).area / 1e6
    share = inside["kind"].value_counts(normalize=True)
    return {
        "count": len(inside),
        "count_per_km2": len(inside) / km2,
        "length_km": street_km.sum(),
        "length_per_km2": street_km.sum() / km2,
        "area_km2": covered,
        "share_of_area": covered / km2,
        "share_of_streets": street_km[lines["shade"] == 1].sum() / street_km.sum(),
        "share_of_rows": (inside["yes"] == 1).mean(),
        "diversity": -(share * np.log(share)).sum() / np.log(3),
        "ratio_of_columns": inside["p"].sum() / inside["q"].sum(),
    }


def test_each_zone_counts_all_that_lies_in_it():
    points, lines, squares = things()
    ways = {name: (MeasureSettings(measure=name, **how),) for name, how in WAYS.items()}
    found = measure_indicators(ZONES, ways, IndicatorInputs({"poi": points, "lines": lines, "squares": squares}))
    for at, zone in enumerate(ZONES.geometry):
        expected = by_hand(zone, points, lines, squares)
        values = {name: some.table["value"].iloc[at] for name, some in found.items()}
        # A street that crosses a border at a narrow angle lies along it for some metres.
        for name, value in expected.items():
            off = 0.03 if name.startswith("length") or name == "share_of_streets" else 1e-9
            assert values[name] == pytest.approx(value, rel=1e-9, abs=off), (name, at)


def test_housing_near_parks_counts_in_every_zone_that_it_lies_in():
    """Parks of 0.64 to 1 ha reach 500 m; the circle of plain geopandas has fewer sides."""
    _, _, homes = things()
    parks = gpd.GeoDataFrame(
        geometry=shapely.box([100, 1400, 2300], [100, 1400, 200], [180, 1500, 2400], [180, 1480, 300]), crs=CRS
    )
    found = park_coverage(ZONES, parks, homes, standard=load_standard(), merge_gap_m=0)
    housing, reach = homes.union_all(), parks.buffer(500, quad_segs=64).union_all()
    for at, zone in enumerate(ZONES.geometry):
        inside = housing.intersection(zone)
        assert found["denominator"].iloc[at] == pytest.approx(inside.area / 1e6)
        assert found["numerator"].iloc[at] == pytest.approx(inside.intersection(reach).area / 1e6, abs=2e-4)
