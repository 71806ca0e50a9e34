"""Zones below the districts: told apart, nested, and in every table that is made by zone, each figure counted by hand."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

import jxgis
from jxgis.errors import InputError, SettingsError
from jxgis.hotspots.shown import show
from jxgis.schema.layers import LayerEntry
from jxgis.settings import make_settings
from jxgis.space.levels import levels_of
from jxgis.zones import nested, tell_apart

DISTRICTS = gpd.GeoDataFrame(
    {"name": ["东", "西"], "area": ["甲区", "乙区"]},
    geometry=[shapely.box(x, 0, x + 2000, 2000) for x in (0, 2000)],
    crs=4549,
)
# Each district in two; the two 新华 are not one, the two rows of 南 are.
BOXES = [
    (0, 0, 2000, 1000),
    (0, 1000, 2000, 2000),
    (2000, 0, 3000, 1000),
    (3000, 0, 4000, 1000),
    (2000, 1000, 4000, 2000),
]
COMMUNITIES = gpd.GeoDataFrame(
    {"name": ["北", "新华", "南", "南", "新华"]}, geometry=[shapely.box(*box) for box in BOXES], crs=4549
)
NAMES = ["北", "东·新华", "南", "西·新华"]


def points(n, seed=3):
    xy = np.random.default_rng(seed).uniform(0, [4000, 2000], (n, 2))
    return gpd.GeoDataFrame({"issue_class": ["甲类", "乙类"] * (n // 2)}, geometry=gpd.points_from_xy(*xy.T), crs=4549)


def communities():
    return tell_apart(COMMUNITIES, DISTRICTS)[0]


def test_zones_of_one_name_are_told_apart_and_rows_of_one_zone_put_together():
    table, notes = tell_apart(COMMUNITIES, DISTRICTS)
    assert table["name"].tolist() == NAMES
    assert table["within"].tolist() == ["东", "东", "西", "西"]
    assert table.area.tolist() == [2e6] * 4
    assert [note.zh for note in notes] == [
        "同名多行已合并为一个：南 (2)。",
        "重名的区域已加上所属区域（仍重名的加代码）以便区分：东·新华、西·新华。",
    ]


def test_what_the_file_says_of_home_and_code_goes_before_the_ground():
    said = COMMUNITIES.iloc[[1, 4, 4]].assign(within=["甲街道", "甲街道", "甲街道"], code=["01", "02", "02"])
    assert tell_apart(said, DISTRICTS)[0]["name"].tolist() == ["甲街道·新华 (01)", "甲街道·新华 (02)"]


def test_ground_in_no_zone_is_said_and_zones_outside_have_no_home():
    outside = gpd.GeoDataFrame({"name": ["远"]}, geometry=[shapely.box(9000, 0, 9100, 100)], crs=4549)
    table, notes = tell_apart(pd.concat([COMMUNITIES.iloc[1:], outside]), DISTRICTS)
    assert "25.0 %" in notes[-1].en
    assert table.loc[table["name"] == "远", "within"].isna().all()


@pytest.mark.parametrize("seed", range(5))
def test_nesting_is_that_of_the_middle(seed):
    rng = np.random.default_rng(seed)
    corner = rng.uniform(0, 3900, (30, 2)) * [1, 0.5]
    small = gpd.GeoDataFrame(
        {"zone": [f"g{k}" for k in range(30)], "level": "grid"},
        geometry=shapely.box(*corner.T, *(corner + 90).T),
        crs=4549,
    )
    every = pd.concat(
        [
            DISTRICTS.rename(columns={"name": "zone"}).assign(level="district"),
            communities().rename(columns={"name": "zone"}).assign(level="community"),
            small,
        ]
    )
    found = nested(every, ["district", "community", "grid"])
    for zone, shape in zip(small["zone"], small.geometry, strict=True):
        middle = shape.representative_point()
        homes = {"district": DISTRICTS, "community": communities()}
        want = {
            level: [n for n, g in zip(table["name"], table.geometry, strict=True) if g.contains(middle)]
            for level, table in homes.items()
        }
        assert found[("grid", zone)] == {level: names[0] for level, names in want.items() if names}


def test_every_table_by_zone_has_the_communities_with_figures_counted_by_hand():
    issues, layer = points(400), communities()
    park = gpd.GeoDataFrame(geometry=[shapely.box(500, 200, 700, 400)], crs=4549)
    homes = gpd.GeoDataFrame(geometry=[shapely.box(x, y, x + 200, y + 200) for x in range(0, 4000, 500) for y in (300, 1300)], crs=4549)  # fmt: skip
    streets = gpd.GeoDataFrame(geometry=[shapely.LineString([(0, 600), (4000, 600)]), shapely.LineString([(2000, 0), (2000, 2000)])], crs=4549)  # fmt: skip
    toilets = gpd.GeoDataFrame(geometry=gpd.points_from_xy([100, 2100, 2200], [1500, 100, 1900]), crs=4549)
    given = {"levels": {"communities": layer}}

    hot = jxgis.find_hotspots(issues, DISTRICTS, districts=DISTRICTS, history=issues, cell_m=200, **given)
    zones = hot.zones[(hot.zones["level"] == "community") & (hot.zones["issue_class"] == "all")].set_index("zone")
    assert zones["count"].to_dict() == {
        name: int(issues.within(shape).sum()) for name, shape in zip(layer["name"], layer.geometry, strict=True)
    }

    parks = jxgis.measure_parks(park, homes, DISTRICTS, **given).coverage_levels
    alone = jxgis.measure_parks(park, homes, layer).coverage
    assert parks["coverage"].tolist() == alone.loc[alone["zone"] != "all", "coverage"].tolist()
    assert parks["zone"].tolist() == NAMES
    assert set(parks["level"]) == {"community"}
    served = parks.set_index("zone")["served_m2"]
    for name, shape in zip(layer["name"], layer.geometry, strict=True):
        near = shapely.buffer(park.geometry[0], parks_radius(park), quad_segs=64)
        assert served[name] == pytest.approx(homes.intersection(shape).intersection(near).area.sum(), rel=1e-3, abs=1)

    circle = jxgis.measure_circle({"toilets": toilets}, homes, DISTRICTS, streets, **given).circle
    mine = circle[(circle["level"] == "community") & (circle["kind"] == "toilets")].set_index("zone")
    assert mine["things"].to_dict() == {"北": 0, "东·新华": 1, "南": 1, "西·新华": 1}
    assert mine["residential_m2"].sum() == pytest.approx(homes.area.sum())
    of_district = circle[(circle["level"] == "district") & (circle["kind"] == "toilets")]
    assert mine["served_m2"].sum() == pytest.approx(of_district["served_m2"].sum())

    card = jxgis.measure_scorecard(DISTRICTS, further={"toilets": toilets, "communities": layer}).scorecard
    mine = card[(card["level"] == "community") & (card["indicator"] == "toilets_per_km2")].set_index("zone")
    assert mine["value"].to_dict() == {"北": 0, "东·新华": 0.5, "南": 0.5, "西·新华": 0.5}
    assert mine["target_2027"].eq(4).all()
    assert set(mine["status"]) == {"below"}


def parks_radius(park):
    from jxgis.parks.radius import classify_parks
    from jxgis.parks.standards import load_standard
    from jxgis.parks.whole import merge_parks

    return float(classify_parks(merge_parks(park).parks, load_standard())["radius_m"].iloc[0])


def test_people_bring_values_of_communities_too():
    values = pd.DataFrame(
        {"zone": ["南", "东·新华"], "level": ["社区", "community"], "indicator": ["15", "15"], "value": [97.0, 99.0]}
    )
    card = jxgis.measure_scorecard(DISTRICTS, values=values, further={"communities": communities()}).scorecard
    mine = card[(card["indicator"] == "gas_coverage") & card["value"].notna()]
    assert mine[["zone", "level", "value", "status"]].to_numpy().tolist() == [
        ["东·新华", "community", 99.0, "met"],
        ["南", "community", 97.0, "below"],
    ]


def zones_table(counts, layers):
    """The contract's zones of one class, counts from the finest level up."""
    rows = []
    for level, layer in layers.items():
        for name, shape in zip(layer["name"], layer.geometry, strict=True):
            rows.append((name, level, "all", counts[level, name], shape))
    columns = ["zone", "level", "issue_class", "count", "geometry"]
    return gpd.GeoDataFrame(rows, columns=columns, crs=4549).assign(area_km2=1.0, per_km2=1.0, location_quotient=1.0)


@pytest.mark.parametrize("seed", range(40))
def test_no_small_count_of_a_nested_level_follows_from_what_is_shown(seed):
    """What readers know: each zone is the sum of those in it. Every small count has two values that fit all that is shown."""
    rng = np.random.default_rng(seed)
    layer = communities()
    halves = [piece for shape in layer.geometry for piece in halved(shape)]
    grids = gpd.GeoDataFrame({"name": [f"网格{k}" for k in range(len(halves))]}, geometry=halves, crs=4549)
    layers = {"district": DISTRICTS, "community": layer, "grid": grids}
    counts = {("grid", name): int(rng.choice([0, 1, 2, 5, 9])) for name in grids["name"]}
    for level, inner in (("community", "grid"), ("district", "community")):
        for name, shape in zip(layers[level]["name"], layers[level].geometry, strict=True):
            inside = [n for n, g in zip(layers[inner]["name"], layers[inner].geometry, strict=True) if shape.covers(g)]
            counts[level, name] = sum(counts[inner, n] for n in inside)
    zones = zones_table(counts, layers)
    cells = gpd.GeoDataFrame(
        {"cell_id": ["c"], "issue_class": ["all"], "count": [sum(counts["grid", n] for n in grids["name"])]},
        geometry=[shapely.box(0, 0, 4000, 2000)], crs=4549,
    )  # fmt: skip
    shown = show({"cells": cells, "zones": zones}, min_count=3).tables["zones"].set_index(["level", "zone"])["count"]
    assert not pd.to_numeric(shown, errors="coerce").isin([1, 2]).any()
    ends = possible(shown, layers)
    for (level, name), count in counts.items():
        if 0 < count < 3:
            least, most = ends[level, name]
            assert least < most, (seed, level, name)


def halved(shape):
    west, south, east, north = shape.bounds
    return [shapely.box(west, south, (west + east) / 2, north), shapely.box((west + east) / 2, south, east, north)]


def possible(shown, layers):
    """Brute force from below: of each zone the least and the greatest count that agree with all that is shown.

    Enumerates the counts of grids that the figures of their community and district leave open; a hidden count may be anything up
    to twice the largest.
    """
    from itertools import product

    def options(value):
        if value is None or (isinstance(value, float) and np.isnan(value)):
            return range(24)
        return (1, 2) if isinstance(value, str) else (int(value),)

    community, grid = layers["community"], layers["grid"]
    found = {}
    for district, ground in zip(DISTRICTS["name"], DISTRICTS.geometry, strict=True):
        sums = []  # of each community: its possible counts, each with the grids' counts that make it
        names = [n for n, g in zip(community["name"], community.geometry, strict=True) if ground.covers(g)]
        for name in names:
            shape = community.geometry[community["name"].tolist().index(name)]
            own = [n for n, g in zip(grid["name"], grid.geometry, strict=True) if shape.covers(g)]
            made = {}
            for combination in product(*(options(shown["grid", n]) for n in own)):
                if sum(combination) in options(shown["community", name]):
                    made.setdefault(sum(combination), []).append(dict(zip(own, combination, strict=True)))
            sums.append(made)
        for totals in product(*sums):
            if sum(totals) not in options(shown["district", district]):
                continue
            seen = {("district", district): [sum(totals)]}
            for name, total, made in zip(names, totals, sums, strict=True):
                seen["community", name] = [total]
                for combination in made[total]:
                    for n, count in combination.items():
                        seen.setdefault(("grid", n), []).append(count)
            for key, values in seen.items():
                low, high = found.get(key, (values[0], values[0]))
                found[key] = min(low, *values), max(high, *values)
    return found


def test_a_layer_that_holds_no_zones_is_refused_and_a_city_adds_its_own():
    with pytest.raises(InputError, match="parks"):
        levels_of(["parks"], {})
    with pytest.raises(InputError, match="communities"):
        levels_of(["comunities"], {})
    own = LayerEntry(title_zh="警务区", title_en="beats", geometry="polygon", level="beat")
    assert own.contract("beats").level == "beat"
    for wrong in ({"geometry": "line", "level": "beat"}, {"geometry": "polygon", "level": "district"}):
        with pytest.raises(ValueError, match="level"):
            LayerEntry(title_zh="甲", title_en="a", **wrong)


def test_the_setting_names_the_layers():
    assert make_settings({"report": {"levels": ["grids"]}}, "jxgis.toml").report.levels == ("grids",)
    with pytest.raises(SettingsError):
        make_settings({"report": {"levels": 3}}, "jxgis.toml")
