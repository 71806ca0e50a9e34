from itertools import combinations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from shapely.geometry import box

from jxgis.errors import CrsError, InputError
from jxgis.parks.gaps import blind_spots
from jxgis.parks.lattice import candidate_lattice
from jxgis.parks.radius import classify_parks, radius_coverage
from jxgis.parks.siting import fewest_parks, radius_sensitivity, site_parks
from jxgis.parks.standards import load_standard
from jxgis.parks.whole import merge_parks

STANDARD = load_standard()


def table(shapes, **columns):
    return gpd.GeoDataFrame(columns, geometry=list(shapes), crs=4549)


@pytest.fixture(scope="module")
def town():
    """Three zones, 40 estates, two parks, ten plots."""
    rng = np.random.default_rng(4)
    corner = rng.uniform(0, 3000, (40, 2)) // 100 * 100
    estates = [box(x, y, x + 100, y + 100) for x, y in np.unique(corner, axis=0)]
    parks = classify_parks(merge_parks(table([box(200, 200, 300, 300), box(2500, 2000, 2560, 2050)])).parks, STANDARD)
    plots = [box(x, y, x + 50, y + 50) for x, y in rng.uniform(0, 3000, (10, 2))]
    zones = table([box(i * 1000, 0, i * 1000 + 1000, 3100) for i in range(4)], name=list("甲乙丙丁"))
    return parks, table(estates, people=np.arange(len(estates)) + 1.0), zones, table(plots)


@pytest.mark.parametrize("p", [1, 2, 3])
def test_the_best_of_all_choices(town, p):
    """Against every choice, measured by radius: sample points stand for areas to within a few per cent."""
    parks, homes, zones, plots = town

    def after(some):
        more = table([*parks.geometry, *plots.geometry.iloc[list(some)]])
        more["radius_m"] = [*parks["radius_m"], *[300.0] * len(some)]
        return radius_coverage(more, homes, zones, standard=STANDARD).coverage["coverage"].iloc[-1]

    best = max(after(some) for some in combinations(range(len(plots)), p))
    found = site_parks(parks, homes, zones, plots, new_parks=p, standard=STANDARD, sample_m=5)
    assert found.before_after["coverage_after"].iloc[-1] == pytest.approx(best, abs=0.002)
    assert found.before_after["coverage_after"].iloc[-1] == pytest.approx(after(found.sites["candidate"]))
    assert found.sites["rank"].tolist() == list(range(1, p + 1))
    assert found.solution.gap == 0


def test_existing_parks_are_respected():
    """The first plot would serve more housing, but a park serves it already."""
    homes = table([box(0, 0, 1000, 200), box(2000, 0, 2300, 200)])
    parks = classify_parks(merge_parks(table([box(400, 200, 500, 300)])).parks, STANDARD)
    zones = table([box(0, 0, 3000, 1000)], name=["甲"])
    plots = table([box(500, 200, 550, 250), box(2100, 200, 2150, 250)], name=["近", "远"])
    found = site_parks(parks, homes, zones, plots, new_parks=2, standard=STANDARD)
    assert found.sites["name"].tolist() == ["远"]
    assert found.sites["gain_m2"].tolist() == [60_000]


def test_by_people_or_by_area():
    homes = table([box(0, 0, 400, 100), box(2000, 0, 2100, 100)], people=[10.0, 500.0])
    parks = classify_parks(merge_parks(table([box(9000, 0, 9100, 100)])).parks, STANDARD)
    zones = table([box(0, 0, 9999, 1000)], name=["甲"])
    plots = table([box(200, 100, 250, 150), box(2000, 100, 2050, 150)])

    def chosen(by):
        return (
            site_parks(parks, homes, zones, plots, new_parks=1, standard=STANDARD, objective=by)
            .sites["candidate"]
            .tolist()
        )

    assert (chosen("area"), chosen("people")) == ([0], [1])
    with pytest.raises(InputError, match="people"):
        site_parks(parks, homes[["geometry"]], zones, plots, new_parks=1, standard=STANDARD, objective="people")


def test_size_of_the_plot_sets_the_radius(town):
    parks, homes, zones, _ = town
    plots = table([box(1500, 1500, 1520, 1520), box(1500, 1500, 1560, 1560), box(1500, 1500, 1580, 1580)])
    radii = [
        site_parks(parks, homes, zones, plots.iloc[[i]], new_parks=1, standard=STANDARD).sites["radius_m"].tolist()
        for i in range(3)
    ]
    assert radii == [[300], [300], [500]]


def test_what_a_target_takes_starts_from_the_measured_coverage(town):
    """Sample points 50 m apart choose; the figures are those of the coverage, today and with every plot that counts."""
    parks, homes, zones, plots = town
    found = fewest_parks(parks, homes, zones, plots, standard=STANDARD, target=0.999, sample_m=170)
    sites = found.siting.plots[found.siting.plots["counts"]]
    more = pd.concat([parks[["radius_m", "geometry"]], sites[["radius_m", "geometry"]]], ignore_index=True)
    for column, those in (("coverage_before", parks), ("best", more)):
        measured = radius_coverage(those, homes, zones, standard=STANDARD).coverage["coverage"]
        assert found.zones[column].to_numpy() == pytest.approx(measured.to_numpy(), rel=1e-12, nan_ok=True)
    # A target between the two figures of one coverage: what is measured decides whether it is held.
    today = float(found.zones["coverage_before"].iloc[-1])
    held = fewest_parks(parks, homes, zones, plots, standard=STANDARD, target=today, sample_m=170)
    assert held.zones["reason"].iloc[-1] == "target_held"
    missed = fewest_parks(parks, homes, zones, plots, standard=STANDARD, target=today + 1e-4, sample_m=170)
    assert pd.isna(missed.zones["reason"].iloc[-1])
    assert missed.siting.before_after["coverage_after"].iloc[-1] >= today + 1e-4


def test_fewest_for_a_target_is_the_least_of_all_choices(town):
    parks, homes, zones, plots = town
    everything = site_parks(parks, homes, zones, plots, new_parks=10, standard=STANDARD, sample_m=5)
    target = 0.8 * everything.before_after["coverage_after"].iloc[-1]
    found = fewest_parks(parks, homes, zones, plots, standard=STANDARD, target=target, sample_m=5)
    n = len(found.siting.sites)
    assert found.siting.before_after["coverage_after"].iloc[-1] >= target
    fewer = site_parks(parks, homes, zones, plots, new_parks=n - 1, standard=STANDARD, sample_m=5)
    assert fewer.before_after["coverage_after"].iloc[-1] < target + 0.002


@pytest.mark.parametrize("sample_m", [10, 90])
def test_what_the_target_takes_is_measured_exactly_whatever_the_samples(town, sample_m):
    """The coverage of today is one figure on a page, and what all plots reach is measured like it."""
    parks, homes, zones, plots = town
    found = fewest_parks(
        parks, homes, zones, plots, standard=STANDARD, target=0.3, every_zone=True, sample_m=sample_m
    ).zones
    every = table([*parks.geometry, *plots.geometry])
    every["radius_m"] = [*parks["radius_m"], *[300.0] * len(plots)]
    for some, column in ((parks, "coverage_before"), (every, "best")):
        exact = radius_coverage(some, homes, zones, standard=STANDARD).coverage["coverage"]
        assert found[column].tolist() == pytest.approx(exact.tolist(), abs=1e-12, nan_ok=True)


def test_every_zone_reaches_the_target_or_is_named(town):
    parks, homes, zones, plots = town
    found = fewest_parks(parks, homes, zones, plots, standard=STANDARD, target=0.3, every_zone=True, sample_m=10)
    told = found.zones.set_index("zone")
    after = found.siting.before_after.set_index("zone")["coverage_after"]
    for zone, reason in told["reason"].items():
        if reason == "no_housing":
            assert np.isnan(after[zone])
        elif reason == "target_out_of_reach":
            assert told.loc[zone, "best"] < 0.3
        else:
            assert after[zone] >= 0.3
    assert "no_housing" in set(told["reason"])


def test_a_target_that_holds_needs_no_park(town):
    parks, homes, zones, plots = town
    found = fewest_parks(parks, homes, zones, plots, standard=STANDARD, target=0.01)
    assert len(found.siting.sites) == 0
    assert found.zones["reason"].iloc[-1] == "target_held"


def test_lattice_plots_lie_inside_blind_spots():
    blind = table([box(0, 0, 300, 95), box(300, 0, 500, 95), box(1000, 1000, 1030, 1030)])
    plots = candidate_lattice(blind, spacing_m=50, min_plot_m2=900)
    ground = shapely.union_all(blind.geometry.to_numpy())
    assert shapely.covers(ground, plots.geometry.to_numpy()).all()
    assert plots.area.to_numpy() == pytest.approx(900)
    # Columns 0 … 9 across the common edge; row 1 would reach up to y = 90.
    assert len(plots) == 20
    assert plots["candidate_id"].is_unique
    assert len(candidate_lattice(blind.iloc[2:], min_plot_m2=2000)) == 0


def test_larger_radii_serve_more(town):
    parks, homes, zones, plots = town
    found = radius_sensitivity(parks, homes, zones, plots, new_parks=2, standard=STANDARD, radii_m=[200, 400, 800])
    assert (np.diff(found["coverage_after"]) >= -1e-3).all()
    assert len(set(found["coverage_before"])) == 1


def test_no_candidate_at_all(town):
    parks, homes, zones, plots = town
    found = site_parks(parks, homes, zones, plots.iloc[:0], new_parks=3, standard=STANDARD)
    assert len(found.sites) == 0
    assert found.before_after["coverage_after"].equals(found.before_after["coverage_before"].rename("coverage_after"))


def test_wrong_input_is_refused(town):
    parks, homes, zones, plots = town
    with pytest.raises(CrsError, match="candidates"):
        site_parks(parks, homes, zones, plots.set_crs(4326, allow_override=True), new_parks=1, standard=STANDARD)
    with pytest.raises(InputError, match="target"):
        fewest_parks(parks, homes, zones, plots, standard=STANDARD, target=90)
    with pytest.raises(InputError, match="min_plot_m2"):
        candidate_lattice(homes, min_plot_m2=0)


def test_pocket_parks_stand_beside_what_the_standard_counts():
    """A plot of 900 m² serves 300 m by itself, and adds nothing to the coverage by a standard that begins at 2,000 m²."""
    homes = table([box(0, 0, 1000, 100), box(3000, 0, 3400, 100)])
    parks = classify_parks(merge_parks(table([box(9000, 0, 9100, 100)])).parks, STANDARD)
    zones = table([box(0, 0, 9999, 1000)], name=["甲"])
    plots = table([box(500, 100, 530, 130), box(3000, 100, 3050, 150)], name=["口袋", "够大"])
    found = site_parks(parks, homes, zones, plots, new_parks=2, standard=STANDARD, sample_m=5)
    assert found.sites.set_index("name")["counts"].to_dict() == {"口袋": False, "够大": True}
    told = found.before_after.set_index("zone").loc["甲"]

    def covered(some):
        """Plain shapely: the housing within the radius of the plots."""
        reach = shapely.union_all([plot.buffer(300, quad_segs=32) for plot in plots.geometry.iloc[some]])
        return sum(home.intersection(reach).area for home in homes.geometry) / homes.area.sum()

    assert told["coverage_before"] == 0
    assert told["coverage_after"] == pytest.approx(covered([1]))
    assert told["coverage_with_pocket"] == pytest.approx(covered([0, 1]))
    # The target is the standard's too: the pocket park is no help towards it.
    fewest = fewest_parks(parks, homes, zones, plots, standard=STANDARD, target=0.4, sample_m=5)
    assert fewest.zones["reason"].tolist() == ["target_out_of_reach"] * 2
    assert fewest.zones["best"].to_numpy() == pytest.approx(covered([1]), abs=0.01)


def test_a_plot_in_a_historic_area_counts_from_its_band():
    homes = table([box(0, 0, 1000, 100)])
    parks = classify_parks(merge_parks(table([box(9000, 0, 9100, 100)])).parks, STANDARD)
    zones = table([box(0, 0, 9999, 1000)], name=["甲"])
    plots = table([box(500, 100, 540, 130)])
    old = table([box(400, 0, 700, 300)])
    for historic, counts in ((None, [False]), (old, [True])):
        found = site_parks(parks, homes, zones, plots, new_parks=1, standard=STANDARD, historic=historic)
        assert found.sites["counts"].tolist() == counts
        whole = found.before_after.iloc[-1]
        assert whole["coverage_after"] == (whole["coverage_with_pocket"] if counts[0] else 0)
        assert whole["coverage_with_pocket"] > 0


def test_points_of_people_replace_those_of_the_housing():
    homes = table([box(0, 0, 400, 100), box(2000, 0, 2100, 100)], people=[10.0, 500.0])
    parks = classify_parks(merge_parks(table([box(9000, 0, 9100, 100)])).parks, STANDARD)
    zones = table([box(0, 0, 9999, 1000)], name=["甲"])
    plots = table([box(200, 100, 250, 150), box(2000, 100, 2050, 150)])
    people = table(shapely.points([[100, 50], [2050, 50]]), people=[700.0, 3.0])
    found = site_parks(parks, homes, zones, plots, new_parks=2, standard=STANDARD, objective="people", people=people)
    assert found.sites["candidate"].tolist() == [0, 1]
    assert found.sites["gain_people"].tolist() == [700, 3]
    assert found.sites["gain_m2"].tolist() == [40_000, 10_000]


def test_gains_are_what_each_site_adds_to_those_before_it(town):
    parks, homes, zones, plots = town
    found = site_parks(parks, homes, zones, plots, new_parks=5, standard=STANDARD, sample_m=5)
    assert found.sites["gain_m2"].to_numpy() == pytest.approx(found.solution.added)


def test_a_zone_without_a_site_says_why():
    homes = table([box(0, 0, 400, 100), box(1000, 0, 1200, 100), box(2000, 0, 2100, 100), box(3000, 0, 3100, 100)])
    parks = classify_parks(merge_parks(table([box(3000, 100, 3100, 200)])).parks, STANDARD)
    zones = table([box(x, 0, x + 1000, 1000) for x in range(0, 5000, 1000)], name=list("甲乙丙丁戊"))
    plots = table([box(100, 100, 150, 150), box(1100, 500, 1150, 550), box(1100, 300, 1150, 350)])
    found = site_parks(parks, homes, zones, plots, new_parks=1, standard=STANDARD)
    spots = blind_spots(radius_coverage(parks, homes, zones, standard=STANDARD).unserved).sort_values("zone")
    assert dict(zip(spots["zone"], found.why_not(spots.geometry), strict=True)) == {
        "甲": None, "乙": "more_elsewhere", "丙": "no_plot_there",
    }  # fmt: skip
    assert found.before_after["no_site"].where(found.before_after["no_site"].notna(), "").tolist() == [
        "", "more_elsewhere", "no_plot_there", "", "", "",
    ]  # fmt: skip


def test_the_target_is_reached_though_sample_points_promise_twice_as_much():
    """Each plot reaches past the middle of one house, 26 of its 50 m: 0.4 of ten houses take 8 plots, not 4."""
    homes = table([box(x, 0, x + 50, 50) for x in range(0, 20_000, 2000)])
    plots = table([box(x - 324, 0, x - 274, 50) for x in range(0, 20_000, 2000)])
    parks = classify_parks(merge_parks(table([box(90_000, 0, 90_100, 100)])).parks, STANDARD)
    zones = table([box(-500, -500, 99_000, 500)], name=["甲"])
    found = fewest_parks(parks, homes, zones, plots, standard=STANDARD, target=0.4, sample_m=50)
    assert len(found.siting.sites) == 8
    assert found.siting.before_after["coverage_after"].iloc[-1] == pytest.approx(8 * 26 / 500)


def test_a_target_for_the_whole_asks_nothing_of_each_zone():
    """One house of a single sample point in 甲, nine in a row in 乙: the plot beside the row serves nine tenths."""
    homes = table([box(0, 0, 50, 50), box(5000, 0, 5450, 50)])
    plots = table([box(100, 0, 150, 50), box(5200, 100, 5250, 150)])
    parks = classify_parks(merge_parks(table([box(90_000, 0, 90_100, 100)])).parks, STANDARD)
    zones = table([box(-500, -500, 3000, 500), box(3000, -500, 99_000, 500)], name=["甲", "乙"])
    found = fewest_parks(parks, homes, zones, plots, standard=STANDARD, target=0.8)
    assert found.siting.sites["candidate"].tolist() == [1]
    assert found.zones["needed"].tolist() == [0, 1, 1]
    assert found.siting.before_after["no_site"].fillna("").tolist() == ["more_elsewhere", "", ""]
    each = fewest_parks(parks, homes, zones, plots, standard=STANDARD, target=0.8, every_zone=True)
    assert each.zones["needed"].tolist() == [1, 1, 2]


def test_people_that_are_known_in_part_are_no_ground_to_site_by():
    homes = table([box(0, 0, 400, 100), box(2000, 0, 2100, 100)], people=[10.0, np.nan])
    parks = classify_parks(merge_parks(table([box(9000, 0, 9100, 100)])).parks, STANDARD)
    zones = table([box(0, 0, 9999, 1000)], name=["甲"])
    plots = table([box(200, 100, 250, 150)])
    with pytest.raises(InputError, match="not fully known"):
        site_parks(parks, homes, zones, plots, new_parks=1, standard=STANDARD, objective="people")


@pytest.mark.parametrize("seed", range(12))
def test_a_plan_that_falls_short_as_measured_is_never_called_enough(seed):
    """Housing so thin that points 200 m apart stand badly for it: the target is met as measured, or said to be missed."""
    rng = np.random.default_rng(seed)
    x, y = rng.uniform(0, 3000, (2, 8))
    size = [((30, 400), (400, 30), (15, 600))[one] for one in rng.integers(0, 3, 8)]
    homes = shapely.union_all([box(a, b, a + w, b + h) for a, b, (w, h) in zip(x, y, size, strict=True)])
    homes = table(shapely.get_parts(homes))
    zones = table([box(-999, -999, 1500, 9999), box(1500, -999, 9999, 9999)], name=["甲", "乙"])
    parks = classify_parks(merge_parks(table([box(0, 0, 100, 100)])).parks, STANDARD)
    plots = table([box(a, b, a + 50, b + 50) for a, b in rng.uniform(0, 3000, (6, 2))])
    found = fewest_parks(parks, homes, zones, plots, standard=STANDARD, target=0.4, every_zone=True, sample_m=200)
    after = found.siting.before_after["coverage_after"].to_numpy()
    held = after >= 0.4 * (1 - 1e-6)
    for reason, enough in zip(found.zones["reason"], held, strict=True):
        assert reason == "target_out_of_reach" or enough == (reason != "target_missed")
