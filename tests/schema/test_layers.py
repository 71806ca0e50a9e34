"""Contracts: complete, found by alias, held."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from jxgis.errors import CrsError, InputError
from jxgis.schema import layers as tables
from jxgis.schema.matching import match_columns

DOMAIN_EN = [
    "task_num",
    "create_time",
    "event_src_name",
    "rec_type",
    "main_type",
    "sub_type",
    "district",
    "street",
    "coordinate_x",
    "coordinate_y",
    "dispose_deadline",
    "archive_time",
    "cancel_time",
    "dispose_unit",
    "rework_count",
]
DOMAIN_ZH = [
    "任务号",
    "问题来源",
    "问题类型",
    "大类",
    "小类",
    "上报时间",
    "处置截止时间",
    "结案时间",
    "作废时间",
    "X坐标",
    "Y坐标",
    "所属区",
    "街道",
    "处置部门",
    "返工次数",
]


# Letters, digits and signs as they are typed with a Chinese keyboard.
_WIDE = {sign: sign + 0xFEE0 for sign in range(0x21, 0x7F)}


@pytest.mark.parametrize("layer", tables.layers())
def test_contracts_are_whole(layer: str) -> None:
    agreed = tables.contract(layer)
    assert agreed.title.zh
    assert agreed.title.en
    names = [tables.same_name(alias) for column in agreed.columns for alias in (column.name, *column.aliases)]
    assert len(set(names)) == len(names), "one alias for two columns"


@pytest.mark.parametrize("headers", [DOMAIN_EN, DOMAIN_ZH])
def test_the_headers_of_exports_are_known(headers: list[str]) -> None:
    found = match_columns(headers, "issues", what="a.csv")
    assert sorted(found.values()) == sorted(headers)
    assert (found["issue_id"], found["x"]) in {("task_num", "coordinate_x"), ("任务号", "X坐标")}


@pytest.mark.parametrize("layer", tables.layers())
def test_every_alias_leads_to_its_column(layer: str) -> None:
    for column in tables.contract(layer).columns:
        for alias in (column.name, *column.aliases):
            for written in (alias, alias.upper(), f" {alias} ", alias.translate(_WIDE)):
                assert match_columns([written], layer, what="f").get(column.name) == written


def test_the_contract_name_goes_before_aliases_and_settings_before_both() -> None:
    both = ["LATITUDE", "lat", "LONGITUDE", "lon"]
    assert match_columns(both, "issues", what="f") == {"lon": "lon", "lat": "lat"}
    told = match_columns(both, "issues", columns={"lat": "LATITUDE"}, what="f")
    assert told == {"lon": "lon", "lat": "LATITUDE"}
    assert match_columns(["街道"], "issues", columns={"subdistrict": "街道"}, what="f") == {
        "recorded_subdistrict": "街道"
    }


def test_one_column_does_not_serve_twice() -> None:
    found = match_columns(["街道名称", "名称"], "subdistricts", name_column="街道名称", what="f")
    assert found == {"name": "街道名称"}
    assert match_columns(["编号"], "candidates", name_column="编号", what="f") == {"name": "编号"}


@pytest.fixture
def parks() -> gpd.GeoDataFrame:
    shapes = [shapely.box(0, 0, 1, 1), shapely.box(2, 0, 3, 1)]
    return gpd.GeoDataFrame({"name": ["a", "b"]}, geometry=shapes, crs=4549)


def test_a_table_that_holds_is_returned_as_it_is(parks) -> None:
    assert tables.check(parks, "parks") is parks
    assert tables.check(parks.assign(name=pd.Series([None, None], dtype="str")), "parks") is not None


@pytest.mark.parametrize(
    ("layer", "change", "says"),
    [
        ("districts", {"name": pd.Series(["a", None], dtype="str")}, "name"),
        ("districts", {"name": ["a", "a"]}, "name"),
        ("parks", {"name": [1, 2]}, "name"),
        ("residential", {"people": ["1", "2"]}, "people"),
        ("places", {}, "geometry"),
        ("streets", {}, "2 rows are not lines, such as row 1"),
    ],
)
def test_what_breaks_a_contract_is_named(parks, layer: str, change: dict[str, object], says: str) -> None:
    with pytest.raises(InputError, match=says):
        tables.check(parks.assign(**change), layer)


def test_geometry_must_be_there_valid_and_in_metres(parks) -> None:
    with pytest.raises(CrsError):
        tables.check(parks.to_crs(4326), "parks")
    bow = shapely.Polygon([(0, 0), (1, 1), (1, 0), (0, 1)])
    for bad in (None, shapely.Polygon(), bow):
        with pytest.raises(InputError, match="geometry"):
            tables.check(parks.set_geometry([shapely.box(0, 0, 1, 1), bad], crs=4549), "parks")
    with pytest.raises(InputError):
        tables.check(parks.set_axis([0, 0]), "parks")


def test_everything_wrong_is_said_at_once(parks) -> None:
    table = parks.assign(name=[1.0, np.nan], people=["x", "y"])
    with pytest.raises(InputError) as caught:
        tables.check(table, "residential")
    assert "name" in caught.value.text("en")
    assert "people" in caught.value.text("en")


def test_a_number_below_what_a_layer_may_hold_is_refused() -> None:
    homes = gpd.GeoDataFrame({"people": [-1.0]}, geometry=[shapely.box(0, 0, 1, 1)], crs=4549)
    assert tables.check(homes.assign(people=0.0), "residential") is not None
    with pytest.raises(InputError, match=r"people：-1\.0 小于 0（第 1 行）"):
        tables.check(homes, "residential")
