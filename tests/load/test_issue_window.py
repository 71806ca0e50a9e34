"""The window of dates at its two ends, to the microsecond: from is in it, to is not."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pandas as pd
import pytest

from jxgis.city import load_city
from jxgis.errors import InputError
from jxgis.load.issues import load_issues

TIMES = [
    "2023-01-31 23:59:59.999999",
    "2023-02-01 00:00:00",
    "2023-02-01 00:00:00.000001",
    "2023-03-31 23:59:59.999999",
    "2023-04-01 00:00:00",
    "2023-04-01",
    "2023-04-01 00:00:00.000001",
]


def loaded(**window: Any):
    export = pd.DataFrame({"任务号": [str(i) for i in range(len(TIMES))], "上报时间": TIMES})
    export = export.assign(X坐标=572_000.0, Y坐标=3_402_000.0)
    return load_issues(export, city=load_city("jiaxing"), crs=4549, **window)


@pytest.mark.parametrize("end", ["2023-04-01", "2023-04-01 00:00", "2023-04-01 00:00:00"])
@pytest.mark.parametrize("start", ["2023-02-01", "2023-02-01 00:00"])
def test_midnight_of_from_is_in_and_of_to_is_out(start: str, end: str) -> None:
    found = loaded(start=start, end=end)
    first, last = pd.Timestamp(start), pd.Timestamp(end)
    want = [str(i) for i, time in enumerate(TIMES) if first <= pd.Timestamp(time) < last]
    assert want == ["1", "2", "3"]
    assert found.table["issue_id"].tolist() == want
    assert found.earlier is not None
    assert found.earlier["issue_id"].tolist() == ["0"]
    assert found.sources[0].rows_left_out == 4


def test_months_in_a_row_hold_each_case_once() -> None:
    ends = ["2023-01-01", "2023-02-01", "2023-04-01", "2023-05-01"]
    seen = [case for start, end in pairwise(ends) for case in loaded(start=start, end=end).table["issue_id"]]
    assert sorted(seen) == [str(i) for i in range(len(TIMES))]


def test_a_window_of_no_length_is_refused() -> None:
    with pytest.raises(InputError, match="2023-02-01"):
        loaded(start="2023-02-01", end="2023-02-01")
