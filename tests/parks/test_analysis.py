"""The whole of `jxgis parks` on a small town made by hand."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pytest
import shapely
from shapely.geometry import LineString, MultiPoint, MultiPolygon, Point, Polygon, box

from jxgis import output
from jxgis.errors import CrsError, InputError
from jxgis.parks.analysis import measure_parks


def table(shapes, **columns):
    return gpd.GeoDataFrame(columns, geometry=list(shapes), crs=4549)


@pytest.fixture(scope="module")
def town():
    return {
        "parks": table([box(0, 0, 50, 60), box(65, 0, 115, 60)], name=["南湖公园", "南湖公园"]),
        "housing": table([box(x, 100, x + 100, 200) for x in range(0, 3000, 200)], people=np.full(15, 100.0)),
        "zones": table([box(-100, -100, 1500, 300), box(1500, -100, 3000, 300)], name=["西", "东"]),
        "streets": table([LineString([(-50, 80), (3000, 80)]), LineString([(5000, 0), (5100, 0)])]),
        "places": table([Point(2700, 150)], name=["三水湾"]),
    }


@pytest.fixture(scope="module")
def found(town):
    return measure_parks(
        town["parks"], town["housing"], town["zones"], streets=town["streets"], places=town["places"], new_parks=2
    )


def test_coverage_has_a_row_a_zone_and_method(found):
    assert found.coverage[["zone", "method"]].to_numpy().tolist() == [
        ["西", "radius"], ["东", "radius"], ["all", "radius"],
        ["西", "walking"], ["东", "walking"], ["all", "walking"],
    ]  # fmt: skip
    assert found.coverage["coverage"].between(0, 1).all()
    assert set(found.coverage["standard"]) == {"garden-city-2022"}
    assert found.coverage.geometry.iloc[2].area == found.coverage.geometry.iloc[:2].area.sum()


def test_people_are_told_the_standard_by_its_title(found):
    """Whichever table they ask for: coverage, and the change that the new parks make."""
    for name in ("coverage", "change"):
        assert set(found.table(name)["采用标准"]) == {"国家园林城市评选标准（2022）"}, name


def test_parcels_became_one_park_that_counts(found):
    assert found.parks["area_m2"].tolist() == [6000]
    assert found.parks["radius_m"].tolist() == [500]


def test_layers_add_up_to_the_coverage(found):
    for method in ("radius", "walking"):
        whole = found.coverage[(found.coverage["method"] == method) & (found.coverage["zone"] == "all")].iloc[0]
        served = found.served.loc[found.served["method"] == method, "m2"].sum()
        unserved = found.unserved.loc[found.unserved["method"] == method, "m2"].sum()
        assert served == pytest.approx(whole["served_m2"])
        assert served + unserved == pytest.approx(whole["residential_m2"])


def test_sites_raise_the_coverage(found):
    assert found.sites["rank"].tolist() == [1, 2]
    radius = found.coverage[found.coverage["method"] == "radius"]
    assert (radius["coverage_after"] >= radius["coverage"]).all()
    assert found.siting.solution.gap == 0


def test_blind_spots_have_names(found):
    assert found.blind_spots["name"].tolist() == ["三水湾", "西-1"]
    # 100 people live on each estate.
    assert found.blind_spots["people"].sum() == pytest.approx(found.blind_spots["m2"].sum() / 100)


def test_supply_shares_out_the_park(found, town):
    whole = found.supply.set_index("zone").loc["all"]
    assert whole["people"] == pytest.approx(1500)
    # All of the park's 6,000 m² go to the people, who live in the zones.
    assert whole["reached_m2_per_person"] * 1500 == pytest.approx(6000)
    assert measure_parks(town["parks"], town["housing"][["geometry"]], town["zones"]).supply is None


def test_targets_say_what_they_take(found):
    told = found.targets.set_index("zone")
    after = found.coverage[found.coverage["method"] == "radius"].set_index("zone")
    assert (told["best"] >= told["coverage_before"] - 1e-12).all()
    assert told["coverage_before"].to_numpy() == pytest.approx(after["coverage"].to_numpy(), abs=0.03)
    assert told.loc["all", "needed"] == len(found.target_sites)
    plan = found.account()["target_plan"]
    assert plan["parks"] == len(found.target_sites)
    assert plan["status"] == "optimal"
    assert plan["at_least"] == pytest.approx(plan["parks"])
    assert plan["proven_for"] == "sample_points"


def test_people_given_replace_those_of_the_housing(town):
    people = table([Point(50, 150), Point(2950, 150)], people=[30.0, 10.0])
    by_points = measure_parks(town["parks"], town["housing"], town["zones"], streets=town["streets"], population=people)
    assert by_points.coverage["people"].tolist() == [30, 10, 40] * 2
    assert by_points.coverage["people_coverage"].tolist() == [1, 0, 0.75] * 2
    polygons = table([box(0, 100, 100, 200), box(2900, 100, 3000, 200)], people=[30.0, 10.0])
    by_polygons = measure_parks(
        town["parks"], town["housing"], town["zones"], streets=town["streets"], population=polygons
    )
    assert by_polygons.coverage["people_coverage"].tolist() == pytest.approx([1, 0, 0.75] * 2)


def test_a_district_has_one_number_of_people(town):
    # A border that runs through blocks between the sample points: by area, one district holds 0.3 of them.
    blocks = table([box(x, 100, x + 100, 200) for x in range(0, 3000, 300)], people=[7.0] * 10)
    zones = table([box(-10, -10, 3100, 130), box(-10, 130, 3100, 900)], name=["南", "北"])
    for layers in ({"residential": blocks}, {"residential": town["housing"], "population": blocks}):
        found = measure_parks(town["parks"], zones=zones, streets=town["streets"], **layers)
        by_radius = found.coverage[found.coverage["method"] == "radius"]
        for people in (by_radius["people"], found.supply["people"]):
            assert people.tolist() == pytest.approx([21, 49, 70])


def test_what_is_odd_stands_in_one_table(town, tmp_path):
    parks = table([*town["parks"].geometry, box(500, 0, 510, 10)], name=["南湖公园", "南湖公园", "小园"])
    gates = table([Point(7000, 7000)])
    odd = measure_parks(parks, town["housing"], town["zones"], streets=town["streets"], gates=gates)
    assert set(odd.noticed()["reason"]) == {"tiny", "streets_apart", "gate_without_park"}
    with output.staged(tmp_path / "out", command="parks") as stage:
        odd.write_tables(stage)
        output.write_run(stage, settings={}, crs="EPSG:4549", loaded=[])
    noticed = (tmp_path / "out/parks_noticed.csv").read_text(encoding="utf-8-sig")
    assert "整座公园不足 400 平方米" in noticed
    assert "道路中有与主路网不连通的部分,道路,1" in noticed


def test_streets_that_stand_apart_are_noted(found):
    assert found.oddities.set_index("code")["count"].to_dict() == {"streets_apart": 1}


def test_without_streets_or_housing(town):
    bare = measure_parks(town["parks"], None, town["zones"], streets=town["streets"], new_parks=3)
    assert bare.coverage["coverage"].isna().all()
    assert bare.coverage["residential_m2"].isna().all()
    assert set(bare.coverage["reason"]) == {"no_housing_file"}
    assert len(bare.sites) == len(bare.served) == len(bare.blind_spots) == 0
    assert set(measure_parks(town["parks"], town["housing"], town["zones"]).coverage["method"]) == {"radius"}


def test_same_input_same_tables(town, found):
    again = measure_parks(
        town["parks"], town["housing"], town["zones"], streets=town["streets"], places=town["places"], new_parks=2
    )
    for name in ("coverage", "served", "unserved", "sites", "blind_spots", "isochrones", "supply"):
        assert getattr(again, name).equals(getattr(found, name))


def test_written_layers(town, found, tmp_path):
    with output.staged(tmp_path / "out", command="parks") as stage:
        found.write_tables(stage)
        output.write_run(stage, settings={}, crs="EPSG:4549", loaded=[])
    path = tmp_path / "out/parks.gpkg"
    assert pyogrio.list_layers(path)[:, 0].tolist() == [
        "coverage", "served", "unserved", "sites", "parks", "blind_spots", "coverage_by_band",
        "housing_on_foot", "gates", "isochrones", "supply", "targets", "target_sites", "plan", "change", "changed_housing",
        "layer_styles",
    ]  # fmt: skip
    coverage = gpd.read_file(path, layer="coverage")
    needed = ["zone", "method", "residential_m2", "served_m2", "coverage", "standard", "unreachable_share", "reason"]
    assert set(needed) <= set(coverage.columns)
    assert coverage["coverage"].to_numpy() == pytest.approx(found.coverage["coverage"].to_numpy())


def test_bands_polygons_and_sensitivity_are_written(found, tmp_path):
    with output.staged(tmp_path / "out", command="parks") as stage:
        found.write_tables(stage)
        output.write_run(stage, settings={}, crs="EPSG:4549", loaded=[])
    bands = gpd.read_file(tmp_path / "out/parks.gpkg", layer="coverage_by_band")
    # The town's one park counts in one band: there it serves what all parks serve.
    whole = found.coverage.set_index(["zone", "method"]).loc[("all", "radius"), "served_m2"]
    assert bands.loc[bands["zone"] == "all", "served_m2"].sum() == pytest.approx(whole)
    homes = gpd.read_file(tmp_path / "out/parks.gpkg", layer="housing_on_foot")
    served = (homes["coverage"] * homes["m2"]).sum()
    assert served == pytest.approx(found.coverage.set_index(["zone", "method"]).loc[("all", "walking"), "served_m2"])
    siting = pd.read_csv(tmp_path / "out/parks_siting.csv")
    assert siting["gap"].tolist() == [0] * 5
    assert siting["coverage_after"].iloc[1:].is_monotonic_increasing
    assert siting["coverage_after"].iloc[0] == pytest.approx(
        found.coverage.set_index(["zone", "method"]).loc[("all", "radius"), "coverage_after"]
    )


def test_degrees_are_refused(town):
    with pytest.raises(CrsError, match="parks is in EPSG:4326"):
        measure_parks(town["parks"].to_crs(4326), town["housing"], town["zones"])


def test_a_siting_that_cannot_be_made_leaves_the_coverage(town):
    bare = measure_parks(town["parks"], town["housing"][["geometry"]], town["zones"], new_parks=2, objective="people")
    alone = measure_parks(town["parks"], town["housing"][["geometry"]], town["zones"])
    assert bare.coverage.equals(alone.coverage)
    assert len(bare.sites) == 0
    assert "objective" in bare.siting_refused.zh
    assert [line.zh for line in bare.notes()] == ["未能选址，覆盖率不受影响：" + bare.siting_refused.zh]


def test_coverage_with_new_parks_is_that_of_the_parks_which_the_standard_counts(town):
    """A pocket park beside the plan: the contract's column leaves it out, in every table."""
    plots = table([box(2000, 210, 2030, 240), box(1000, 210, 1050, 260)])
    found = measure_parks(town["parks"], town["housing"], town["zones"], vacant=plots, new_parks=2)
    counted = measure_parks(town["parks"], town["housing"], town["zones"], vacant=plots.iloc[[1]], new_parks=1)
    assert found.sites["counts"].tolist() == [True, False] or found.sites["counts"].tolist() == [False, True]
    assert found.coverage["coverage_after"].to_numpy() == pytest.approx(counted.coverage["coverage_after"].to_numpy())
    assert found.change["coverage_after"].to_numpy() == pytest.approx(counted.change["coverage_after"].to_numpy())
    assert found.coverage["coverage_with_pocket"].iloc[-1] > found.coverage["coverage_after"].iloc[-1]
    assert "coverage_with_pocket" not in counted.coverage
    assert found.plan["radius_m"].isna().sum() == 1


def test_gates_that_serve_no_park_are_said_beside_the_figures(town):
    odd = measure_parks(
        town["parks"], town["housing"], town["zones"], streets=town["streets"], gates=table([Point(7000, 7000)])
    )
    assert [line.zh for line in odd.notes()] == [
        "出入口 50 米内没有计入标准的公园（障碍另一侧的不算），未使用（1 处，见清单 parks_noticed.csv）"
    ]


def test_the_spacing_of_sample_points_reaches_the_siting(town, monkeypatch):
    from jxgis.parks import siting

    asked = []
    made = siting.sample_points
    monkeypatch.setattr(
        siting, "sample_points", lambda pieces, *, sample_m: asked.append(sample_m) or made(pieces, sample_m=sample_m)
    )
    measure_parks(town["parks"], town["housing"], town["zones"], new_parks=2, sample_m=40)
    # The sites, the fewest for the target, and four radii.
    assert asked == [40] * 6


def test_parcels_of_a_plan_are_one_park_by_the_same_rule(town):
    """Two lawns of 1,500 m² dissolved into one planned feature, 1 km apart, count no more than they would today."""
    lawns = [box(1000, 210, 1050, 240), box(2000, 210, 2050, 240)]
    apart = measure_parks(
        town["parks"], town["housing"], town["zones"], planned_parks=table([MultiPolygon(lawns)], name=[None])
    )
    assert apart.plan.loc[apart.plan["change"] == "added", "area_m2"].tolist() == [1500, 1500]
    assert (apart.change["change"] == 0).all()
    near = table([lawns[0], box(1060, 210, 1110, 240)], name=["新园", "新园"], kind=["公园", "公园"])
    joined = measure_parks(town["parks"], town["housing"], town["zones"], planned_parks=near)
    new = joined.plan[joined.plan["change"] == "added"]
    assert new[["area_m2", "parcels", "kind"]].to_numpy().tolist() == [[3000, 2, "公园"]]
    assert joined.change["change"].iloc[-1] > 0


def test_fewer_sites_than_asked_are_said(town):
    """A plot that reaches nobody; and more than there are plots."""
    east, north = town["housing"].total_bounds[2:]
    far = gpd.GeoDataFrame(geometry=[shapely.box(east + 9e3, north, east + 9.1e3, north + 100)], crs=town["zones"].crs)
    for plots, asked in ((far, 2), (None, 500)):
        found = measure_parks(town["parks"], town["housing"], town["zones"], vacant=plots, new_parks=asked)
        n = len(found.sites)
        assert n == 0 if plots is far else 0 < n < asked
        line = f"拟新建 {asked} 处公园，只选出 {n} 处：其余可建公园用地都不能再增加服务。"
        assert line in [said.zh for said in found.notes()]


def test_gates_and_barriers_without_streets_are_said_to_be_unused(town):
    layers = {"gates": table([Point(0, 0)]), "barriers": table([LineString([(0, 0), (9, 9)])])}
    for name, layer in layers.items():
        found = measure_parks(town["parks"], town["housing"], town["zones"], **{name: layer})
        assert any("没有道路图层" in line.zh for line in found.notes())
        walked = measure_parks(town["parks"], town["housing"], town["zones"], streets=town["streets"], **{name: layer})
        assert not any("没有道路图层" in line.zh for line in walked.notes())
    assert not measure_parks(town["parks"], town["housing"], town["zones"]).notes()


def test_people_count_whatever_geometry_they_are_stored_with(town):
    row = table([Point(x, 50) for x in (150, 250, 350)]).assign(people=[6.0, 6.0, 6.0])
    as_multi = table([MultiPoint([(150, 50), (250, 50), (350, 50)])]).assign(people=18)
    mixed = table([MultiPoint([(150, 50), (250, 50)]), box(300, 0, 400, 100)]).assign(people=[12.0, 6.0])
    columns = ["people", "served_people"]
    told = [
        measure_parks(town["parks"], town["housing"], town["zones"], streets=town["streets"], population=people)
        for people in (row, as_multi, mixed)
    ]
    for found in told:
        whole = found.coverage[found.coverage["zone"] == "all"]
        assert whole["people"].tolist() == pytest.approx([18, 18])
        assert found.supply["people"].iloc[-1] == pytest.approx(18)
    assert told[0].coverage[columns].equals(told[1].coverage[columns])
    some = table([Point(150, 50), LineString([(0, 0), (9, 9)])]).assign(people=[5.0, 2.0])
    with pytest.raises(InputError, match="row 1"):
        measure_parks(town["parks"], town["housing"], town["zones"], population=some)
    nobody = measure_parks(town["parks"], town["housing"], town["zones"], population=some.assign(people=[5.0, 0.0]))
    assert nobody.coverage["people"].iloc[-1] == 5
    for broken in (None, Polygon([(0, 0), (9, 9), (0, 0)])):
        with pytest.raises(InputError, match="geometry: 1 row is invalid, empty or missing, such as row 2"):
            measure_parks(
                town["parks"],
                town["housing"],
                town["zones"],
                population=some.set_geometry([Point(150, 50), broken], crs=some.crs),
            )


def test_the_map_speaks_of_walking_only_where_it_was_measured(town, found):
    bare = measure_parks(town["parks"], town["housing"], town["zones"])
    pages = [result.maps()["parks"].get_root().render().replace("\u00a0", " ") for result in (found, bare)]
    assert ["步行 10 分钟" in page for page in pages] == [True, False]


def test_what_the_plan_serves_needs_no_site(town):
    planned = table([box(2000, 210, 2700, 260)], name=["规划公园"])
    asked = {"streets": town["streets"], "places": town["places"], "new_parks": 1}
    found = measure_parks(town["parks"], town["housing"], town["zones"], planned_parks=planned, **asked)
    # A park of 35,000 m² reaches 500 m: all estates of 东, and one or two of 西.
    reached = [e for e in town["housing"].geometry if e.distance(planned.geometry.iloc[0]) < 500]
    whole = found.coverage[(found.coverage["zone"] == "all") & (found.coverage["method"] == "radius")].iloc[0]
    served = shapely.union_all(
        [shapely.intersection(e, planned.geometry.iloc[0].buffer(500, quad_segs=64)) for e in reached]
    )
    expected = whole["coverage"] + served.area / whole["residential_m2"]
    told = found.targets.set_index("zone").loc["all", "coverage_before"]
    assert told == pytest.approx(expected, abs=1e-4)
    assert told > whole["coverage"]
    page = " ".join(line for line in found.section().lines)
    assert f"由 {100 * whole['coverage']:.1f} % 变为 {100 * told:.1f} %" in page
    assert f"加上建议新增的公园为 {100 * whole['coverage_after']:.1f} %" in page
    assert "新增 1 处、扩建 0 处、关闭 0 处" in page
    heads = {name: drawn.get_root().render().replace("\u00a0", " ") for name, drawn in found.maps().items()}
    assert "含建议新增的 1 处公园" in heads["parks_change"]
    assert "含方案中的公园" in heads["parks"]
    within = found.blind_spots.geometry.within(planned.geometry.iloc[0].buffer(499))
    assert found.blind_spots["name"][within].tolist() == ["三水湾"]
    assert ((found.blind_spots["no_site"] == "plan_serves") == within).all()
    alone = measure_parks(town["parks"], town["housing"], town["zones"], planned_parks=planned)
    assert "即“新增公园后覆盖率”" in alone.section().lines[0]
    assert "含建议新增的" not in alone.maps()["parks_change"].get_root().render()
    sited = measure_parks(town["parks"], town["housing"], town["zones"], **asked)
    assert sited.section().lines == []
    assert "含方案中的公园" not in sited.maps()["parks"].get_root().render()


def test_land_is_called_what_it_is_where_coverage_is_of_built_up_land(town):
    land = table([box(0, 0, 1400, 200)])
    found = measure_parks(
        town["parks"], town["housing"], town["zones"], built_up=land, denominator="built_up", new_parks=1
    )
    assert found.coverage.set_index("zone").loc["西", "residential_m2"] == pytest.approx(1400 * 200)
    pages = {name: drawn.get_root().render() for name, drawn in found.maps().items()}
    assert set(pages) == {"parks", "parks_change"}
    for name, page in pages.items():
        assert "建成区覆盖率" in page, name
        assert "居住用地覆盖率" not in page, name
        assert "覆盖的居住用地" not in page, name
    assert found.figures()["parks"].axes[0].get_xlabel() == "覆盖率（%，分母为建成区面积）"
    assert any("都指建成区" in line for line in found.section().lines)
    housing = measure_parks(town["parks"], town["housing"], town["zones"])
    assert housing.figures()["parks"].axes[0].get_xlabel() == "覆盖率（%，分母为居住用地面积）"
    assert "居住用地覆盖率" in housing.maps()["parks"].get_root().render()


def test_no_minutes_draw_no_ground_near_parks(town, found):
    lots, homes, zones = (town[name] for name in ("parks", "housing", "zones"))
    none = measure_parks(lots, homes, zones, streets=town["streets"], isochrones_min=())
    assert found.isochrones is not None
    assert none.isochrones is None
    assert (none.coverage["coverage"] == found.coverage["coverage"]).all()


def test_a_park_to_close_that_there_is_not_gets_the_nearest_name(town):
    with pytest.raises(InputError, match="是否为 南湖公园？"):
        measure_parks(town["parks"], town["housing"], town["zones"], close=("南湖公圆",))
