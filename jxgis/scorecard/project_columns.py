"""The columns of the tables that people fill in: none that may be a second one of what is done, or of an indicator's value."""

from __future__ import annotations

import re

import pandas as pd

from jxgis.errors import InputError
from jxgis.i18n import listed
from jxgis.privacy import quoted
from jxgis.schema.in_heads import name_and_unit
from jxgis.schema.layers import same_name

__all__ = ["refuse_unclear_columns", "refuse_unclear_values"]

_READ = ("item", "name", "district", "done", "total")
#: Heads of what may be done in all, beside one that is read; rates, money and days are none.
_BUILT = "完成|建成|完工|竣工"
_IN_ALL = re.compile(
    rf"(?=.*({_BUILT}))(?=.*(累计|累积|实际|截[至止到])).*|.*(累计|累积)(数|量|值|数量|数值|总数|总量|个数|工程量|长度|里程)?"
)
_NONE_OF_THINGS = re.compile(
    rf"[率%]|占比|比例|投资|资金|金额|产值|时间|日期|情况|说明|({_BUILT})(年|月|日)|计划|规划|目标|预计|应[完建]|开工(?!以来|至今)"
)
#: Heads of what a value of an indicator may be in all, beside one that is read.
_VALUE_IN_ALL = re.compile(rf"(?=.*(累计|累积|截[至止到]))(?=.*([数量值]|{_BUILT}|累[计积])$).*")
_MONEY = re.compile(r"元|币|yuan|rmb|cny|%|百分")


def refuse_unclear_columns(table: pd.DataFrame) -> None:
    """Refuse a second column of what is done, by a name that is read, without a name, or by one that may say it better.

    Parameters
    ----------
    table
        The layer ``projects``; columns that are not read keep their heads.

    Raises
    ------
    InputError
        Naming the columns.

    Examples
    --------
    >>> refuse_unclear_columns(pd.DataFrame({"item": ["22"], "done": [2], "累计完成投资（万元）": [900]}))
    >>> refuse_unclear_columns(pd.DataFrame({"item": ["22"], "done": [2], "2025年累计完成量": [9]}))
    Traceback (most recent call last):
    jxgis.errors.InputError: Projects: 2025年累计完成量 may be what is done in all...
    """
    _refuse_two(table)
    _refuse_in_all(table.drop(columns=[*_READ], errors="ignore"))


def refuse_unclear_values(values: pd.DataFrame) -> None:
    """Refuse a column beside the value of indicators that may say it better: what there is in all, beside what came this year.

    Parameters
    ----------
    values
        The layer ``scorecard_values``; columns that are not read keep their heads.

    Raises
    ------
    InputError
        Naming the columns.

    Examples
    --------
    >>> refuse_unclear_values(pd.DataFrame({"value": [3.0], "累计投资（万元）": [900], "累计天数": ["—"]}))
    >>> refuse_unclear_values(pd.DataFrame({"value": [3.0], "累计数值": [30]}))
    Traceback (most recent call last):
    jxgis.errors.InputError: Values for the scorecard: 累计数值 may be the value that is meant...
    """
    found = [quoted(head) for head in _numbers_called(values, _VALUE_IN_ALL)]
    if found:
        raise InputError(
            zh=f"填报表：{listed(found, 'zh')} 可能才是要填的数值，但没有读取；请把要与规划目标比较的一列命名为“数值”，其余的删去。",
            en=f"Values for the scorecard: {listed(found, 'en')} may be the value that is meant, and is not read. Call the column that the "
            "plan's targets are compared with 数值 (value), and take the others out.",
        )


def _refuse_in_all(table: pd.DataFrame) -> None:
    heads = _numbers_called(table, _IN_ALL)
    found = [quoted(head) for head in heads if not _MONEY.search(name_and_unit(same_name(head))[1])]
    if found:
        raise InputError(
            zh=f"项目表：{listed(found, 'zh')} 可能是累计完成的数量，但没有读取；请把从开始到现在累计完成的一列命名为“累计完成量”，"
            "其余的删去。",
            en=f"Projects: {listed(found, 'en')} may be what is done in all, and is not read. Call the column of all that is done "
            "since the beginning 累计完成量 (done), and take the others out.",
        )


def _numbers_called(table: pd.DataFrame, pattern: re.Pattern[str]) -> list[str]:
    """The heads of columns of numbers that are called by a pattern, unit aside, and not as rates, money, days or plans."""
    found = []
    for head, column in table.items():
        name = name_and_unit(same_name(head))[0]
        called = pattern.fullmatch(name) and not _NONE_OF_THINGS.search(name)
        if called and pd.to_numeric(column, errors="coerce").notna().any():
            found.append(str(head))
    return found


def _refuse_two(table: pd.DataFrame) -> None:
    """Refuse a second column of a name that is read: 完成量 of 2025 beside that of 2026, say, under a head of two rows."""
    unnamed = [
        found[1]
        for name in table.columns
        if (found := re.fullmatch(r"column_(\d+)", str(name))) and table[name].map(same_name).any()
    ]
    if unnamed:
        raise InputError(
            zh=f"项目表的第 {listed(unnamed, 'zh')} 列没有列名，可能是两行表头的第二个完成量；请填上列名（两行表头请改为一行），或删去这一列。",
            en=f"Projects: column {listed(unnamed, 'en')} has no head and may be a second one of what is done, under a head of two rows. Give "
            "it a head (and a head of one row), or take it out.",
        )
    parts = [re.fullmatch(r"(?!column_)(.+)_\d", str(name)) for name in table.columns]
    again = [part[1] for part in parts if part and (part[1] in _READ or part[1] not in table.columns)]
    if again:
        names = [quoted(base) for base in again]
        raise InputError(
            zh=f"项目表中 {listed(dict.fromkeys(names), 'zh')} 不止一列，分不出哪一列是最近的；请只留一列（两行表头请改为一行）。",
            en=f"Projects: more than one column is called {listed(dict.fromkeys(names), 'en')}, and nothing tells the latest; leave one of "
            "them (and a head of one row).",
        )
