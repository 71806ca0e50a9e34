"""The map of a park plan: it shows today, the plan and the difference, loads nothing, and survives hostile names."""

from __future__ import annotations

import geopandas as gpd
import pytest
import shapely
from result_tables import on_land

from jxgis import escape
from jxgis.drawing import Ground
from jxgis.drawing.canvas import Canvas
from jxgis.drawing.colours import CHANGE
from jxgis.drawing.legend import LegendSection
from jxgis.drawing.offline import require_offline, to_html
from jxgis.errors import InputError
from jxgis.i18n import text
from jxgis.parks import change_map
from jxgis.parks.analysis import measure_parks
from jxgis.parks.change_map import _change_rows, parks_change_map
from jxgis.parks.land_words import land_words
from jxgis.parks.map import parks_map
from jxgis.parks.result import ParksResult

EAST, NORTH = 572_000.0, 3_402_000.0
HOSTILE = "<img src=x onerror=alert(1)>"


def table(*boxes: tuple[float, float, float, float], **columns: object) -> gpd.GeoDataFrame:
    shapes = [shapely.box(EAST + a, NORTH + b, EAST + c, NORTH + d) for a, b, c, d in boxes]
    return gpd.GeoDataFrame(columns, geometry=shapes, crs=4549)


@pytest.fixture(scope="module")
def planned() -> ParksResult:
    """One park closes, one grows until it counts, one is new."""
    street = shapely.LineString([(EAST, NORTH + 150), (EAST + 6000, NORTH + 150)])
    return measure_parks(
        table((0, 0, 100, 100), (3000, 0, 3050, 36), park_id=["a", "b"], name=["甲园", "乙园"]),
        table((0, 200, 6000, 300)),
        table((0, 0, 3000, 400), (3000, 0, 6000, 400), name=["西", HOSTILE]),
        streets=gpd.GeoDataFrame(geometry=[street], crs=4549),
        planned_parks=table((3060, 0, 3110, 50), (5000, 0, 5100, 100), name=["乙园", HOSTILE]),
        close=["甲园"],
    )


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_map_shows_before_after_and_difference(planned: ParksResult, lang: str) -> None:
    page = to_html(
        parks_change_map(planned.change, planned.changed, planned.plan, canvas=Canvas(lang=lang, sketch=True))
    )
    require_offline(page)
    assert "<img src=x" not in page
    for method in ("radius", "walking"):
        for state in ("before", "after", "change"):
            label = text(f"parks.state_{state}", lang, method=text(f"parks.by_{method}", lang))
            assert escape.javascript(label) in page
    for key in ("newly_served", "lost", "added", "enlarged", "closed", "change_legend"):
        assert text(f"parks.{key}", lang, **land_words("residential", lang)) in page
    whole = planned.change.set_index(["zone", "method"]).loc[("all", "radius")]
    for share in (whole["coverage_before"], whole["coverage_after"]):
        assert f"{100 * share:.1f}\xa0%" in page


def test_a_plan_without_effect_has_a_map_too(planned: ParksResult) -> None:
    still = planned.change.assign(coverage_after=planned.change["coverage_before"], change=0.0, change_m2=0.0)
    page = to_html(
        parks_change_map(
            still,
            planned.changed.iloc[:0],
            canvas=Canvas(ground=Ground(land=still.iloc[:2].rename(columns={"zone": "name"}))),
        )
    )
    require_offline(page)
    assert text("parks.lost", "zh", **land_words("residential", "zh")) not in page


def test_a_zone_without_coverage_is_not_called_unchanged(planned: ParksResult) -> None:
    at = (planned.change["zone"] == "西").to_numpy()
    absent = planned.change.assign(
        change=planned.change["change"].mask(at), coverage_after=planned.change["coverage_after"]
    )
    legend = text("maps.no_data", "zh")
    assert legend in to_html(parks_change_map(absent))
    assert legend not in to_html(parks_change_map(planned.change))
    own = absent[(absent["zone"] != "all") & (absent["method"] == "radius")]
    assert (_change_rows(own) == len(CHANGE)).tolist() == own["change"].isna().tolist()


def test_a_table_without_zones_is_refused(planned: ParksResult) -> None:
    with pytest.raises(InputError, match="no zone"):
        parks_change_map(planned.change[planned.change["zone"] == "all"])


def test_parks_stand_on_the_coverage_map_by_class() -> None:
    """5,000 m² and more reach 500 m, 2,000 m² and more 300 m, smaller ones do not count."""
    zones = table((0, 0, 6000, 400), name=["西"])
    parks, homes = table((0, 0, 100, 100), (3000, 0, 3050, 50), (5000, 0, 5030, 30)), table((0, 200, 6000, 300))
    found = measure_parks(parks, homes, zones)
    page = to_html(parks_map(found.coverage, canvas=on_land(zones), parks=found.parks))
    for label in ("服务半径 500\xa0m", "服务半径 300\xa0m", text("maps.park_small", "zh")):
        assert label in page
    only = to_html(parks_map(found.coverage, canvas=on_land(zones), parks=found.parks.iloc[:1]))
    assert "服务半径 300\xa0m" not in only
    assert text("maps.park_small", "zh") not in only


def test_the_legend_of_today_explains_no_housing_that_only_the_plan_serves(planned, monkeypatch) -> None:
    legends: list[list[LegendSection]] = []
    monkeypatch.setattr(change_map, "add_legend", lambda _, sections, lang: legends.append([*sections]))
    parks_change_map(planned.change, planned.changed, planned.plan)
    words = text("parks.newly_served", "zh", **land_words("residential", "zh"))
    holding = [each for each in legends[0] if words in [swatch.label for swatch in each.swatches]]
    shown = {layer.layer_name for each in holding for layer in each.layers}
    assert len(shown) == 4, "with the plan and the difference, by both methods"
    assert not any(text("parks.state_before", "zh", method="").strip() in name for name in shown)
