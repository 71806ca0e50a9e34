"""What all layers have in common, from files to a table: one CRS, columns for one meaning, the account of the rows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from jxgis import load
from jxgis.errors import InputError
from jxgis.load._coordinates import degrees_apart
from jxgis.load._finish import finish
from jxgis.load._layer import gather


def places(**columns: Any) -> pd.DataFrame:
    table = pd.DataFrame({"名称": ["月河客栈", "府南菜场"], "经度": [120.75, 120.76], "纬度": [30.76, 30.75]})
    return table.assign(**columns)


def test_files_of_one_layer_come_into_one_crs_and_are_accounted_for_file_by_file(tmp_path) -> None:
    """The first file decides: a month from the next zone does not bring its own."""
    for name, east in (("1", 120.75), ("2", 119.9)):
        places(经度=[east, "?"]).to_csv(tmp_path / f"{name}.csv", index=False)
    loaded = finish(gather(str(tmp_path / "*.csv"), "places", city=None, options={"crs": 4326}))
    assert loaded.table.crs.to_epsg() == 32651
    lonlat = loaded.table.to_crs(4326)
    np.testing.assert_allclose(lonlat.geometry.x, [120.75, 119.9], atol=1e-9)
    np.testing.assert_allclose(lonlat.geometry.y, [30.76, 30.76], atol=1e-9)
    assert [(file.name, file.rows_kept, file.rows_rejected) for file in loaded.sources] == [
        ("1.csv", 1, 1),
        ("2.csv", 1, 1),
    ]
    assert loaded.file is not None
    assert loaded.file.tolist() == [0, 1]
    assert loaded.earlier is None


def test_texts_for_one_meaning_are_compared_as_texts_and_numbers_as_numbers(city) -> None:
    def told(layer: str, **columns: object) -> list[str]:
        notes = getattr(load, f"load_{layer}")(places(**columns), city=city, crs=4326).notes
        return [note.en.partition(": ")[2].partition(";")[0] for note in notes if "can both be" in note.en]

    assert told("places", name=["月河客栈", "府南市场"]) == ["name and 名称 can both be name and differ in 1 row"]
    assert told("places", name=["月河客栈", "府南菜场"]) == []
    people = {"people": ["12", "30"], "常住人口": ["12.0", "3e1"]}
    assert told("population", **people) == []


def test_a_column_to_keep_that_no_file_has_is_named_with_the_nearest(city, export) -> None:
    with pytest.raises(InputError, match=r"keep: no file has the column '单元网恪', did you mean 单元网格\?"):
        gather(export, "issues", city=city, options={"crs": 4326, "keep": ["单元网恪"]})


def test_how_far_two_pairs_of_coordinates_in_degrees_are_apart() -> None:
    """A thousandth of a degree at 60 N: 55.6 m to the east, 111.2 m to the north; the median of three."""
    frame = pd.DataFrame({"lon": [10.0] * 3, "lat": [60.0] * 3, "x": [10.001, 10.0, 10.0], "y": [60.0, 60.001, 60.0]})
    pairs = (("lon", "lat"), ("x", "y"))
    assert degrees_apart(frame, pairs) == pytest.approx(55.6, abs=0.1)
    assert degrees_apart(frame, pairs[:1]) is None
    assert degrees_apart(frame, (*pairs, ("coordinates",))) == pytest.approx(55.6, abs=0.1)
    assert degrees_apart(frame.assign(y=3e6), pairs) is None
    # A degree of longitude is 111.2 m · 1000 at the equator; the last longitude is 180, the last latitude 90.
    edge = pd.DataFrame({"lon": [179.0, -180.0], "lat": [0.0, 0.0], "x": [180.0, -179.0], "y": [0.0, 0.0]})
    assert degrees_apart(edge, pairs) == pytest.approx(111_200, abs=100)
    poles = edge.assign(x=edge["lon"], lat=[90.0, -89.0], y=[89.0, -90.0])
    assert degrees_apart(poles, pairs) == pytest.approx(111_200, abs=100)
    for name, past in (("lon", 180.5), ("x", -180.5), ("lat", 90.5), ("y", -90.5)):
        assert degrees_apart(edge.assign(**{name: past}), pairs) is None


@pytest.mark.parametrize(("own", "given", "said"), [(4326, None, 0), (4326, 4326, 0), (4490, 4326, 1)])
def test_a_crs_is_said_to_be_overridden_where_it_is_another(city, squares, own, given, said) -> None:
    table = squares.to_crs(4490).set_crs(own, allow_override=True)
    notes = load.load_parks(table, city=city, **({} if given is None else {"crs": given})).notes
    assert sum("EPSG:4490" in note.en and "EPSG:4326" in note.en for note in notes) == said


def test_a_layer_of_which_nothing_is_kept_names_the_file_the_row_and_the_field_of_its_most_common_fault(
    tmp_path,
) -> None:
    places(经度=["东经不详", "?"], 名称=["甲", "乙"]).to_csv(tmp_path / "bad.csv", index=False)
    with pytest.raises(InputError) as refused:
        finish(gather(str(tmp_path / "bad.csv"), "places", city=None, options={"crs": 4326}))
    assert refused.value.message.zh.endswith("坐标无法识别 2 行。例如 bad.csv 第 1 行 经度,纬度“东经不详,30.76”。")


def test_filters_that_leave_nothing_are_said_first(tmp_path) -> None:
    time = ["2023-01-05 10:00", "2023-01-06 10:00", "25:61"]
    table = pd.DataFrame({"任务号": list("abc"), "上报时间": time, "经度": 120.75, "纬度": 30.75})
    table.to_csv(tmp_path / "issues.csv", index=False)
    with pytest.raises(InputError) as refused:
        load.load_issues(tmp_path / "issues.csv", city=None, crs=4326, start="2024-01-01")
    assert refused.value.message.zh.endswith(
        "按筛选条件不计 2 行；时间无法识别（写成 2025-12-31 或 2025-12-31 08:30） 1 行。"
    )
