"""Which rows of the table of projects are of something that was called off: they count nowhere, and that is said."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pandas as pd

from jxgis.i18n import few, text_pair
from jxgis.privacy import quoted
from jxgis.schema.layers import same_name

if TYPE_CHECKING:
    from jxgis.i18n import Text

__all__ = ["called_off", "carried_out"]

_OFF = r"(取消|撤销|撤消|撤项|终止|废止|作废|停建|停办|删除|调出|移出|不再?(实施|建设|列入))"
#: Merged into another item, where its work counts from now on.
_MERGED = r"(并入|合并(到|至|入)).*"
#: What says that a project is no longer one; paused, or to be called off, it still is. Further words may stand behind a mark.
_STATE = re.compile(
    rf"((因|由于|经|按|根据).*)?(该?项目|工程)?(已|被|现)*{_OFF}(实施|建设|立项|项目|项目库|计划)?(\W.*)?"
    rf"|(该?项目|工程)?(已|被|现)*{_MERGED}"
    r"|(cancel(l)?ed|terminated|withdrawn|dropped|abandoned|calledoff)(\W.*)?|mergedinto.+"
)
#: The same behind a name: 东升路(已取消).
_BEHIND = re.compile(rf".+[(\[](已|被)*({_OFF}|{_MERGED})[)\]]")


def carried_out(table: pd.DataFrame) -> pd.DataFrame:
    """The rows of the table of projects that were not called off, as ``status`` or a bracket behind ``name`` says.

    Examples
    --------
    >>> rows = pd.DataFrame({"name": list("abcd"), "status": ["已取消", "暂停", None, "取消（并入 22 项）"]})
    >>> carried_out(rows)["name"].tolist()
    ['b', 'c']
    """
    return table[~_are_off(table)].reset_index(drop=True)


def called_off(table: pd.DataFrame) -> list[Text]:
    """A note on the rows that were called off, or merged into others.

    Examples
    --------
    >>> called_off(pd.DataFrame({"item": ["22", "22"], "name": ["东升路（已取消）", "西升路"]}))[0].en
    'Rows of the table of projects that were called off or merged into others, and count neither as done nor as planned: 22 东升路（已取消）.'
    """
    rows = table[_are_off(table)].reindex(columns=["item", "district", "name"]).astype("object")
    said = [quoted(" ".join(str(word) for word in row if pd.notna(word))) for row in rows.to_numpy().tolist()]
    return [text_pair("scorecard.called_off", rows=few(said, " 行"))] if said else []


def _are_off(table: pd.DataFrame) -> pd.Series:
    found = pd.Series(False, index=table.index)
    for name, pattern in (("status", _STATE), ("name", _BEHIND)):
        if name in table.columns:
            found |= table[name].map(lambda said, pattern=pattern: pattern.fullmatch(same_name(said)) is not None)
    return found
