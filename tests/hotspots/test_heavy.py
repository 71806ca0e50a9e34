"""Cells that hold much and are not hot, and what a reader is told of the level."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import pytest
import shapely

from jxgis.drawing.offline import to_html
from jxgis.hotspots.analysis import find_hotspots
from jxgis.hotspots.caution import cautions
from jxgis.hotspots.heavy import heavy_cells
from jxgis.hotspots.inference import hotspot_table
from jxgis.i18n import text
from jxgis.report.blocks import Paragraph
from jxgis.space.grid import Grid

CRS = pyproj.CRS(4549)


def test_the_cell_with_nearly_everything_is_listed_and_hides_what_is_hot():
    """100,000 of some 108,000 cases in one cell, and elsewhere an area that is hot."""
    grid = Grid(CRS, 200.0, 0, 0, np.ones((60, 60), dtype=bool))
    x, y = grid.centres()
    rng = np.random.default_rng(1)
    counts = rng.poisson(2, len(grid))
    area = np.hypot(x - 9000, y - 9000) <= 500
    counts[area] += 50
    lone = int(np.argmin(np.hypot(x - 3100, y - 3100)))
    counts[lone] = 100_000
    cells = hotspot_table(counts, grid, band_m=500).assign(cell_id=grid.ids(), issue_class="all")
    listed = heavy_cells(cells, grid, band_m=500)
    assert listed["cell_id"].tolist() == [grid.ids()[lone]]
    row = listed.iloc[0]
    assert row["share_issues"] == pytest.approx(100_000 / counts.sum())
    assert row["lone_p"] == pytest.approx(2 * 21 / 3600)
    # Its p is that of meeting the one value among 3,600, times the chance that the others add up so high.
    assert 0.25 * row["lone_p"] <= row["gi_p"] <= row["lone_p"] + 1e-12
    # A neighbourhood of the hot area is outdone whenever the large value is drawn: no p there is below that chance.
    assert (cells.loc[area, "gi_p"] >= 0.99 * row["lone_p"] * 9 / 21).all()
    counts[lone] = 2
    without = hotspot_table(counts, grid, band_m=500).assign(cell_id=grid.ids(), issue_class="all")
    assert (without.loc[area, "gi_q"] <= 0.05).all()
    assert heavy_cells(without, grid, band_m=500).empty


@pytest.mark.parametrize(
    ("side", "count", "total", "listed"),
    [
        (20, 10, 400, True), (20, 9, 400, False),  # ten times the mean of 1
        (50, 25, 2500, True), (50, 24, 2500, False),  # 1 % of the class
        (50, 10, 400, True), (50, 9, 400, False),  # ten issues
    ],
)  # fmt: skip
def test_what_a_heavy_cell_holds(side, count, total, listed):
    grid = Grid(CRS, 200.0, 0, 0, np.ones((side, side), dtype=bool))
    counts = np.zeros(len(grid), dtype=int)
    counts[1 : total - count + 1] = 1
    counts[0] = count
    cells = pd.DataFrame(
        {"cell_id": grid.ids(), "issue_class": "k", "count": counts, "gi_z": 1.0, "gi_p": 0.5, "gi_q": 0.5}
    )
    assert heavy_cells(cells, grid, band_m=500)["count"].tolist() == [count] * listed


@pytest.mark.parametrize("issues", [30, 60, 100])
def test_single_issues_of_a_small_class_are_not_much(issues):
    """One of sixty issues is 1.7 %, and on 2,500 cells forty times the mean."""
    grid = Grid(CRS, 200.0, 0, 0, np.ones((50, 50), dtype=bool))
    counts = np.random.default_rng(0).multinomial(issues, np.full(len(grid), 1 / len(grid)))
    cells = hotspot_table(counts, grid, band_m=500).assign(cell_id=grid.ids(), issue_class="k")
    assert heavy_cells(cells, grid, band_m=500).empty


def test_a_few_issues_in_a_cell_are_not_much():
    """Of 200 issues two are one per cent, and in 2,500 cells 25 times the mean."""
    grid = Grid(CRS, 200.0, 0, 0, np.ones((50, 50), dtype=bool))
    counts = np.zeros(len(grid), dtype=np.int64)
    counts[np.random.default_rng(3).choice(len(grid), 95, replace=False)] = 2
    counts[[1200, 700]] = [9, 10]
    cells = hotspot_table(counts, grid, band_m=500).assign(cell_id=grid.ids(), issue_class="all")
    assert not (cells["gi_q"] <= 0.05).any()
    assert heavy_cells(cells, grid, band_m=500)["count"].tolist() == [10]


@pytest.fixture(scope="module")
def three_and_many():
    area = gpd.GeoDataFrame({"name": ["甲"]}, geometry=[shapely.box(0, 0, 8000, 8000)], crs=4549)
    rng = np.random.default_rng(4)
    x, y = rng.uniform(0, 8000, (2, 600))
    x[:120], y[:120] = rng.normal(3000, 120, (2, 120))
    x, y = np.append(x, [4900, 5100, 5300]), np.append(y, [5100, 5100, 5100])
    classes = ["多"] * 600 + ["少"] * 3
    return gpd.GeoDataFrame({"issue_class": classes}, geometry=gpd.points_from_xy(x, y), crs=4549), area


def test_three_issues_are_answered_with_a_caution(three_and_many):
    issues, area = three_and_many
    found = find_hotspots(issues, area)
    few = found.cells[found.cells["issue_class"] == "少"]
    assert few["count"].sum() == 3
    assert few[["gi_z", "gi_p", "gi_q", "gi_q_all"]].isna().all(axis=None)
    assert (few["gi_bin"] == 0).all()
    assert not few["is_hot"].any()
    assert (few["reason"] == "few_issues").all()
    assert found.account()["not_judged"] == ["少"]
    assert found.judged_cells() is not None
    zones = find_hotspots(issues, area, districts=area).zones.set_index("issue_class")["share_hot"]
    assert zones["多"] > 0
    assert np.isnan(zones["少"])
    # Too few altogether, and a class that has none: nothing is judged, and no share of hot area is nought.
    alone = find_hotspots(issues[issues["issue_class"] == "少"], area, districts=area, classes=["少", "无"])
    assert alone.account()["not_judged"] == ["all", "少", "无"]
    assert alone.judged_cells() is None
    assert alone.zones["share_hot"].isna().all()
    assert set(found.places["issue_class"]) == {"all", "多"}
    said = cautions(found.levels, None, "zh")
    assert "少（3）" in said[-1].words
    # A class of one or two: its number is a range by then, or missing.
    for shown, written in (("1–2", "少（1–2）"), (None, "：少。")):
        masked = found.levels.assign(issues=[*found.levels["issues"][:-1].astype(object), shown])
        assert written in cautions(masked, None, "zh")[-1].words
    # Asked to, it answers: eleven cells and more around three issues.
    asked = find_hotspots(issues, area, min_issues=0)
    assert asked.cells.loc[asked.cells["issue_class"] == "少", "is_hot"].sum() >= 9


def test_the_family_decides_what_is_hot_everywhere(three_and_many):
    issues, area = three_and_many
    one, every = find_hotspots(issues, area, districts=area), find_hotspots(issues, area, districts=area, family="all")
    pd.testing.assert_series_equal(one.cells["gi_q"], every.cells["gi_q"])
    for result, column in ((one, "gi_q"), (every, "gi_q_all")):
        cells = result.cells
        hot = (cells["gi_z"] > 0) & (cells[column] <= 0.05)
        assert cells["is_hot"].tolist() == hot.tolist()
        for name, own in cells[hot].groupby("issue_class"):
            places = result.places[result.places["issue_class"] == name]
            assert places["area_km2"].sum() == pytest.approx(0.04 * len(own))
            zone = result.zones[result.zones["issue_class"] == name].iloc[0]
            assert zone["share_hot"] == pytest.approx(len(own) / 1600)
        assert (cells["gi_bin"].abs() >= 2).tolist() == (cells[column] <= 0.05).tolist()


def test_a_heavy_cell_is_told_by_its_street_and_district():
    area = gpd.GeoDataFrame(
        {"name": ["甲", "乙"]}, geometry=[shapely.box(0, 0, 4000, 8000), shapely.box(4000, 0, 8000, 8000)], crs=4549
    )
    streets = gpd.GeoDataFrame(
        {"name": ["中山路", "城北路"]},
        geometry=[shapely.LineString([(0, y), (8000, y)]) for y in (2100, 6100)],
        crs=4549,
    )
    rng = np.random.default_rng(5)
    x, y = rng.uniform(0, 8000, (2, 300))
    x, y = np.append(x, np.full(30, 6300.0)), np.append(y, np.full(30, 6100.0))
    issues = gpd.GeoDataFrame({"issue_class": ["a"] * len(x)}, geometry=gpd.points_from_xy(x, y), crs=4549)
    found = find_hotspots(issues, area, districts=area, streets=streets).heavy
    assert len(found) == 2, "of all, and of the class"
    assert set(found["street"]) == {"城北路"}
    assert set(found["district"]) == {"乙"}
    assert "subdistrict" not in found.columns
    bare = find_hotspots(issues, area).heavy
    assert not {"street", "district"} & set(bare.columns)
    (_, table) = cautions(None, found, "zh")
    assert table.rows[0][2:4] == ["城北路", "乙"]
    assert len(cautions(None, bare, "zh")[1].titles) == len(table.titles) - 2


@pytest.mark.slow
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_what_is_said_first_names_the_cell_with_nearly_everything(lang):
    """Nine cases in ten in one cell, the others evenly: no hot place, and yet nothing like placed at random."""
    area = gpd.GeoDataFrame({"name": ["甲"]}, geometry=[shapely.box(0, 0, 8000, 8000)], crs=4549)
    x, y = (axis.ravel() for axis in np.meshgrid(np.arange(100.0, 8000, 400), np.arange(100.0, 8000, 400)))
    x, y = np.append(x, np.full(3600, 4300.0)), np.append(y, np.full(3600, 4300.0))
    issues = gpd.GeoDataFrame({"issue_class": "a"}, index=range(4000), geometry=gpd.points_from_xy(x, y), crs=4549)
    found = find_hotspots(issues, area, lang=lang)
    assert found.places.empty
    first = next(block for block in found.section().blocks if isinstance(block, Paragraph)).words
    assert {"zh": "有 1 个孤立的格问题很多", "en": "lone cells (1) hold much"}[lang] in first
    on_map = {"zh": "另有 1 个孤立的格", "en": "lone cells (1) hold much"}[lang]
    assert on_map in to_html(found.maps()["hotspots"]).replace("\u00a0", " ")
    even = find_hotspots(issues.iloc[:400], area, lang=lang)
    assert even.places.empty
    assert text("report.places_none", lang) in [b.words for b in even.section().blocks if isinstance(b, Paragraph)]
    assert text("maps.no_places", lang) in to_html(even.maps()["hotspots"])


def test_the_p_of_a_lone_value_is_no_more_than_one():
    """In a square kilometre the band holds 21 of 25 cells in the middle: 2 k / n would be 1.68."""
    grid = Grid(CRS, 200.0, 0, 0, np.ones((5, 5), dtype=bool))
    counts = np.ones(25, dtype=int)
    counts[12] = 400
    cells = hotspot_table(counts, grid, band_m=500).assign(cell_id=grid.ids(), issue_class="all")
    assert heavy_cells(cells, grid, band_m=500)["lone_p"].tolist() == [1.0]
