"""The section of hot spots: what its first numbers say."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from result_tables import on_land, result_tables

from jxgis.hotspots.analysis import find_hotspots
from jxgis.hotspots.map import hotspot_map
from jxgis.hotspots.section import hotspot_section
from jxgis.report.blocks import Paragraph
from jxgis.settings import HotspotSettings


@pytest.mark.parametrize(
    ("shares", "said"),
    [
        ([0.5, 0.25], "占问题数 75.0 %"),
        ([0.5, 0.25, np.nan], "占问题数 75.0 %（另有 1 个地段的件数不予显示，未计入）"),
        ([np.nan, np.nan], "占问题数 —"),
    ],
)
def test_one_share_that_is_not_shown_does_not_take_the_others_along(shares: list[float], said: str) -> None:
    places = pd.DataFrame(
        {"issue_class": "all", "rank": range(1, len(shares) + 1), "share_area": 0.1, "share_issues": shares}
    )
    places = places.assign(name="甲", issues=30, district="甲", subdistrict="甲", street="甲")
    key = next(
        key for key in hotspot_section({"places": places}, HotspotSettings(), lang="zh").keys if key.label == "热点地段"
    )
    assert key.note.endswith(said)


@pytest.mark.parametrize(("issues", "said"), [(205, True), (206, False), (None, False)])
def test_a_place_and_its_peak_of_one_name_and_two_numbers_are_told_apart(issues: int | None, said: bool) -> None:
    row = {"issue_class": "all", "rank": [1], "name": "甲", "district": "甲", "subdistrict": "甲", "street": "甲"}
    places = pd.DataFrame({**row, "issues": 206, "share_area": 0.1, "share_issues": 0.5, "area_km2": 1.3})
    peaks = pd.DataFrame({**row, "issues": [issues], "place_rank": 1, "gi_z": 9.0, "share_issues": 0.5})
    section = hotspot_section({"places": places, "peaks": peaks}, HotspotSettings(), lang="zh")
    notes = [block.words for block in section.blocks if isinstance(block, Paragraph) and "不止一个数" in block.words]
    assert [("205 件" in note, "206 件" in note) for note in notes] == [(True, True)] * said


def test_the_map_asks_about_issues_at_one_point_as_the_page_does() -> None:
    made = result_tables()
    for share, asked in ((0.42, True), (0.1, False)):
        places = made.places.assign(same_point_share=share)
        page = hotspot_map(made.cells, places, canvas=on_land(made.districts), min_count=1).get_root().render()
        assert ("问题坐标完全相同" in page) == asked


@pytest.mark.parametrize(("band_m", "wide"), [(2500, False), (2600, True)])
def test_why_nothing_is_judged_is_said_as_it_is(band_m: float, wide: bool) -> None:
    """Of 2,000 issues that were all compared with themselves it was said that they were too few."""
    rng = np.random.default_rng(0)
    x, y = rng.uniform(0, 2000, (2, 2000))
    issues = gpd.GeoDataFrame({"issue_class": "甲"}, geometry=gpd.points_from_xy(x, y), crs=4549, index=range(2000))
    found = find_hotspots(issues, gpd.GeoSeries([shapely.box(0, 0, 2000, 2000)], crs=4549), band_m=band_m)
    section = found.section()
    said = [key.note for key in section.keys] + [note.method for note in section.methods]
    said += [block.words for block in section.blocks if isinstance(block, Paragraph)]
    assert any("邻域覆盖整个研究范围，" in words for words in said) == wide
    assert not any("问题太少" in words for words in said)
    page = found.maps()["hotspots"].get_root().render()
    assert ("邻域覆盖整个研究范围，没有判断冷热" in page) == wide
