"""Flaws planted in the export: one kind for each thing that a loader must catch."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

__all__ = ["FLAWS", "plant_flaws"]

FLAWS: dict[str, tuple[int, str]] = {
    "null_coordinates": (260, "rejected"),
    "zero_coordinates": (220, "rejected"),
    "swapped_axes": (160, "rejected_or_repaired"),
    "outside_city": (120, "rejected"),
    "text_in_coordinate": (90, "rejected"),
    "both_in_one_field": (110, "rejected_or_repaired"),
    "duplicate": (240, "rejected"),
    "bad_time": (90, "rejected"),
    "missing_id": (60, "rejected_or_reported"),
    "unknown_category": (180, "unclassified"),
    "wrong_district": (200, "reported"),
    "trailing_blanks": (150, "trimmed"),
    "hostile_text": (6, "escaped"),
}
"""Kind of flaw to its number of rows and what should come of them. 作废 and 重复 are states, not flaws: the export has
them by itself, about one case in sixty."""

_TEXTS = ("定位失败", "东经不详", "无", "待补")
_TIMES = ("2022-13-45 10:00:00", "0000-00-00 00:00:00", "待补录", "25:61")
_ELSEWHERE = (("121.473700", "31.230400"), ("116.407400", "39.904200"), ("120.155100", "30.274100"))
_UNKNOWN = (
    ("事件", "其他", "其他问题"),
    ("事件", "突发事件", "自来水管破裂"),
    ("部件", "扩展部件", "智慧灯杆（扩展）"),
)
_HOSTILE = (
    "</script><script>alert(1)</script>",
    "`${document.title}`",
    "<img src=x onerror=alert(1)>",
    '=HYPERLINK("http://example.invalid","x")',
    "联系人：张三，电话13800138000，身份证110101199003070000，车牌浙F12345",
    'a,"b"\nc',
)
_AREAS = ("南湖区", "秀洲区", "经开区")


def plant_flaws(rng: np.random.Generator, table: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Spoil some rows of an export, each row in one way.

    Parameters
    ----------
    rng
        The source of chance.
    table
        The clean export, all text, a row a case.

    Returns
    -------
    pandas.DataFrame
        The spoiled export; duplicates stand right after the row that they repeat. Its index holds the row of ``table``
        that each row comes from.
    pandas.DataFrame
        Columns ``row`` (0-based in the spoiled export), ``kind``, ``expect``.
    """
    spoiled = table.reset_index(drop=True).copy()
    kinds = np.repeat(list(FLAWS), [count for count, _ in FLAWS.values()])
    # Only closed cases are spoiled: 作废 and 重复 ones are left out before anyone looks at their coordinates.
    sound = np.flatnonzero(~spoiled["案件状态"].isin(["作废", "重复"]))
    rows = rng.permutation(sound)[: kinds.size]
    spoil: dict[str, Callable[[int, int], None]] = {
        "null_coordinates": lambda r, _: _set(spoiled, r, X坐标="", Y坐标=""),
        "zero_coordinates": lambda r, _: _set(spoiled, r, X坐标="0", Y坐标="0"),
        "swapped_axes": lambda r, _: _set(spoiled, r, X坐标=_get(spoiled, r, "Y坐标"), Y坐标=_get(spoiled, r, "X坐标")),
        "outside_city": lambda r, k: _set(spoiled, r, X坐标=_ELSEWHERE[k % 3][0], Y坐标=_ELSEWHERE[k % 3][1]),
        "text_in_coordinate": lambda r, k: _set(spoiled, r, X坐标=_TEXTS[k % len(_TEXTS)]),
        "both_in_one_field": lambda r, _: _set(
            spoiled, r, X坐标=f"{_get(spoiled, r, 'X坐标')},{_get(spoiled, r, 'Y坐标')}", Y坐标=""
        ),
        "bad_time": lambda r, k: _set(spoiled, r, 上报时间=_TIMES[k % len(_TIMES)]),
        "missing_id": lambda r, _: _set(spoiled, r, 任务号=""),
        "unknown_category": lambda r, k: _set(
            spoiled, r, 问题类型=_UNKNOWN[k % 3][0], 大类=_UNKNOWN[k % 3][1], 小类=_UNKNOWN[k % 3][2]
        ),
        "wrong_district": lambda r, k: _set(spoiled, r, 所属区=_other_area(_get(spoiled, r, "所属区"), k)),
        "trailing_blanks": lambda r, _: _set(
            spoiled, r, 单元网格=_get(spoiled, r, "单元网格") + "  ", 小类=_get(spoiled, r, "小类") + " "
        ),
        "hostile_text": lambda r, k: _set(spoiled, r, 问题描述=_HOSTILE[k % len(_HOSTILE)]),
    }
    for kind in FLAWS:
        for k, row in enumerate(rows[kinds == kind]):
            if kind in spoil:
                spoil[kind](int(row), k)
    twice = np.sort(rows[kinds == "duplicate"])
    spoiled = pd.concat([spoiled, spoiled.iloc[twice]]).sort_index(kind="stable")
    position = np.flatnonzero(~spoiled.index.duplicated())
    where = np.where(kinds == "duplicate", position[rows] + 1, position[rows])
    truth = pd.DataFrame({"row": where, "kind": kinds, "expect": [FLAWS[kind][1] for kind in kinds]})
    return spoiled, truth.sort_values("row", ignore_index=True)


def _get(table: pd.DataFrame, row: int, column: str) -> str:
    return str(table[column].iloc[row])


def _set(table: pd.DataFrame, row: int, **values: str) -> None:
    for column, value in values.items():
        table.loc[row, column] = value  # the index is 0, 1, 2 … here


def _other_area(area: str, k: int) -> str:
    return [name for name in _AREAS if name != area][k % 2]
