"""Units as people write them: behind a number, in a column of their own, or in brackets in the head of a column."""

from __future__ import annotations

import re

__all__ = ["THINGS", "factor", "is_unit", "name_and_unit", "pieces"]

THINGS = re.compile(r"[条个只座处段根家户栋幢台盏套块片件项期次人部份批所间株口点张]|个?(项目|小区|路段|点位|单元)")
"""Counts, by what is counted."""
# Units of measure, however they are written (延米, 百分比); 区城管局 under 单位 is none.
_MEASURE = re.compile(
    r".*([米里币亩吨率%百千万亿]|(?<!单)元|公顷|平方|立方).*|k?m[23]?|(kilo)?met(re|er)s?|ha|hectares?|yuan|rmb|cny|percent"
)
_BODY = re.compile(r"\w{2,}([局委办厅部队院所站科处社会区镇乡]|公司|集团|中心|街道|政府)")
_PIECES = re.compile(r"[()/、,，;；:或]|单位")
_HEAD = re.compile(r"(.+)[(\[【](?:单位[:：]?)?([^()\[\]【】]+)[)\]】]")
_MYRIADS = {"百": 1e2, "千": 1e3, "万": 1e4, "亿": 1e8}


def pieces(unit: str) -> list[str]:
    """What a unit is written of, without who does it.

    Examples
    --------
    >>> pieces("公里(km)"), pieces("区住建局"), pieces("个小区")
    (['公里', 'km'], [], ['个小区'])
    """
    return [piece for piece in _PIECES.split(unit) if piece and (THINGS.fullmatch(piece) or not _BODY.fullmatch(piece))]


def is_unit(word: str) -> bool:
    """Whether a word, in plain letters, is a unit of measure or a count.

    Examples
    --------
    >>> is_unit("延米"), is_unit("条/处"), is_unit("区城管局"), is_unit("截至3月")
    (True, True, False, False)
    """
    return any(_MEASURE.fullmatch(piece) or THINGS.fullmatch(piece) for piece in pieces(word))


def name_and_unit(head: str) -> tuple[str, str]:
    """A head in plain letters (`schema.layers.same_name`), and the unit that it holds in brackets at its end; empty where it holds none.

    Examples
    --------
    >>> name_and_unit("完成量(公里)"), name_and_unit("投资[单位:万元]"), name_and_unit("完成量(截至3月)")
    (('完成量', '公里'), ('投资', '万元'), ('完成量(截至3月)', ''))
    """
    found = _HEAD.fullmatch(head)
    if found and pieces(found[2]) and all(map(is_unit, pieces(found[2]))):
        return found[1], found[2]
    return head, ""


def factor(said: str, declared: str) -> float | None:
    """What a number in one unit is to be multiplied with to be one in another; None where they are not of one thing.

    Examples
    --------
    >>> factor("亿元", "万元"), factor("元", "万元"), factor("万", "人"), factor("户", "人")
    (10000.0, 0.0001, 10000.0, None)
    """
    many, per = (_MYRIADS.get(unit[:1], 1.0) for unit in (said, declared))
    thing, of = (unit[1:] if unit[:1] in _MYRIADS else unit for unit in (said, declared))
    return many / per if thing in ("", of) else None
