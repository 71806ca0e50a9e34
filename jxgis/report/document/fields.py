"""Every figure of a report by name: ``parks.sites.1.name`` is the name of the first proposed park."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import pandas as pd

from jxgis.errors import SettingsError
from jxgis.i18n import Text, listed, text, typed
from jxgis.report.blocks import Absent, Paragraph, Section, answers_of
from jxgis.report.columns import written
from jxgis.schema.columns import Column
from jxgis.schema.layers import nearest
from jxgis.schema.tables import Table, table, tables

__all__ = ["OF_KEYS", "Fields", "known_parts", "known_tables", "near_key"]

#: What there is of the report itself.
_OF_REPORT = ("title", "city", "period", "version")
#: What there is of each number that stands first on the page.
OF_KEYS = ("label", "value", "note")
#: How many rows a table has.
_ROWS = "rows"
_KEYS, _TEXT, _ANSWERS = "keys", "text", "answers"
_PIECE = re.compile(r'"([^"]*)"|([^."]+)')
_NOTHING = "—"


def _split_name(name: str) -> list[str]:
    """The pieces of a name; what holds a full stop itself stands in quotation marks.

    Examples
    --------
    >>> _split_name('parks.coverage."No. 1".radius.coverage')
    ['parks', 'coverage', 'No. 1', 'radius', 'coverage']
    """
    return [quoted or plain.strip() for quoted, plain in _PIECE.findall(name)]


@cache
def known_parts() -> tuple[str, ...]:
    """The parts that have sheets in the workbook."""
    return tuple(
        dict.fromkeys(name.partition(".")[0] for name in tables() if table(name).sheet and name != "report.inputs")
    )


@cache
def known_tables(part: str) -> dict[str, Table]:
    """The sheets of a part, by the name of the table."""
    return {found.layer: found for name in tables() if (found := table(name)).sheet and name.startswith(f"{part}.")}


def _no_such(name: str, piece: str, known: Sequence[str]) -> SettingsError:
    hint = nearest(piece, known)
    there = listed(known, "zh"), listed(known, "en")
    return SettingsError(
        zh=f"报告模板中没有字段 {{{name}}}：不认识“{piece}”{hint.zh}可用的有：{there[0]}。",
        en=f"The report's template: no field {{{name}}}: {piece!r} is not known{hint.en} There are: {there[1]}.",
    )


def require_known(name: str) -> None:
    """Refuse the name of a field that no report has; whether this one has a value for it is another question.

    Raises
    ------
    SettingsError
        With the nearest name.

    Examples
    --------
    >>> require_known("parks.sites.1.name")
    >>> require_known("parks.sites.1.nmae")
    Traceback (most recent call last):
    jxgis.errors.SettingsError: 报告模板中没有字段 {parks.sites.1.nmae}：不认识“nmae”，是否为 name？…
    """
    part, *rest = [*_split_name(name), ""]
    rest = rest[:-1]
    if part == "report":
        if len(rest) != 1 or rest[0] not in _OF_REPORT:
            raise _no_such(name, rest[0] if rest else "", _OF_REPORT)
        return
    if part not in known_parts():
        raise _no_such(name, part, ("report", *known_parts()))
    own = known_tables(part)
    if not rest or rest[0] not in {_KEYS, _TEXT, _ANSWERS, *own}:
        raise _no_such(name, rest[0] if rest else "", (_KEYS, _TEXT, _ANSWERS, *own))
    what, *rest = rest
    if what in (_TEXT, _ANSWERS):
        if len(rest) != 1 or not rest[0].isdecimal():
            raise _wrong_rows(name, *([text("document.number_of", lang)] for lang in ("zh", "en")))
        return
    if what == _KEYS:
        if len(rest) != 2:
            raise _wrong_rows(name, *([text("document.key_label", lang)] for lang in ("zh", "en")))
        if rest[1] not in OF_KEYS:
            raise _no_such(name, rest[1], OF_KEYS)
        return
    if rest == [_ROWS]:
        return
    _require_row(name, own[what], rest)


def _require_row(name: str, of: Table, rest: Sequence[str]) -> None:
    *row, column = rest or [""]
    if not of.indicators and of.declared(column) is None:
        raise _no_such(name, column, (_ROWS, *of.columns))
    if len(row) not in {1, len(of.keys)} or (len(row) == 1 < len(of.keys) and not row[0].isdecimal()):
        heads = ([of.columns[key].head(lang) for key in of.keys] for lang in ("zh", "en"))
        raise _wrong_rows(name, *heads)


def _wrong_rows(name: str, zh: Sequence[str], en: Sequence[str]) -> SettingsError:
    return SettingsError(
        zh=f"报告模板中的字段 {{{name}}} 没有说清是哪一行：请写行号（1 为第一行），或依次写 {listed(zh, 'zh')}。",
        en=f"The report's template: the field {{{name}}} does not say which row: give its number (1 is the first) or, in this order, "
        f"{listed(en, 'en')}.",
    )


def near_key(said: Section, name: str) -> Text:
    """What ends a message that a part has no such figure: of a number of the page the nearest label that it has.

    Examples
    --------
    >>> from jxgis.report.blocks import Key
    >>> said = Section(part="parks", blocks=[], keys=[Key("公园服务半径覆盖率", "87.7 %")])
    >>> near_key(said, "parks.keys.公园服务半径复盖率.value").zh, near_key(said, "parks.sites.9.name").zh
    ('，是否为 公园服务半径覆盖率？', '。')
    """
    _, what, asked, *_ = _split_name(name)
    return nearest(asked, [key.label for key in said.keys] if what == _KEYS else [])


class Fields:
    """The figures of one report, as people are shown them.

    Parameters
    ----------
    parts
        What each part says, or why it is not there.
    own
        ``title, city, period, version``.
    lang
        ``"zh"`` or ``"en"``.

    Examples
    --------
    >>> sites = pd.DataFrame({"rank": [1, 2], "name": ["闲置地块093", "闲置地块022"], "gain_m2": [132668.4, None]})
    >>> fields = Fields([Section(part="parks", blocks=[], sheets={"sites": sites})], {}, "zh")
    >>> [fields.value(f"parks.sites.{name}") for name in ("1.name", "1.gain_m2", "2.gain_m2", "3.name", "rows")]
    ['闲置地块093', '132,668', None, None, '2']
    """

    def __init__(self, parts: Sequence[Section | Absent], own: Mapping[str, str], lang: str) -> None:
        self._parts = {said.part: said for said in parts if isinstance(said, Section)}
        self._own, self._lang = own, lang

    def value(self, name: str) -> str | None:
        """A figure as it is written; None where this report has none.

        Raises
        ------
        SettingsError
            If no report has such a field.
        """
        require_known(name)
        part, what, *rest = _split_name(name)
        if part == "report":
            return self._own.get(what) or None
        said = self._parts.get(part)
        if said is None:
            return None
        if what == _KEYS:
            named = next((key for key in said.keys if key.label == rest[0]), None)
            key = named or (_at(said.keys, rest[0]) if rest[0].isdecimal() else None)
            return None if key is None else _there(getattr(key, rest[1]))
        if what in (_TEXT, _ANSWERS):
            paragraphs = [block for block in said.blocks if isinstance(block, Paragraph)]
            lines = answers_of(said, self._lang) if what == _ANSWERS else paragraphs
            words = _at([line.words for line in lines], rest[0])
            return None if words is None else _there(words)
        frame = said.sheets.get(what)
        if frame is None:
            return None
        if rest == [_ROWS]:
            return f"{len(frame):,}"
        return self._cell(frame, known_tables(part)[what], rest, said.titles)

    def _cell(self, frame: pd.DataFrame, of: Table, rest: Sequence[str], titles: Mapping[str, str]) -> str | None:
        *row, column = rest
        if column not in frame.columns:
            return None
        known = of.described(frame, titles if of.indicators else None)
        at = self._row(frame, of, row, known)
        return None if at is None else _there(written(frame[column].iloc[at], known[column], self._lang))

    def _row(self, frame: pd.DataFrame, of: Table, asked: Sequence[str], known: Mapping[str, Column]) -> int | None:
        """Which row is meant: by its keys, else by its number."""
        if len(asked) == len(of.keys) and {*of.keys} <= {*frame.columns}:
            keys = [[{typed(value), written(value, known[key], self._lang)} for value in frame[key]] for key in of.keys]
            for at, row in enumerate(zip(*keys, strict=True)):
                if all(word in either for word, either in zip(asked, row, strict=True)):
                    return at
        number = int(asked[0]) if len(asked) == 1 and asked[0].isdecimal() else 0
        return number - 1 if 1 <= number <= len(frame) else None


def _at(items: Sequence[Any], number: str) -> Any:
    return items[int(number) - 1] if 1 <= int(number) <= len(items) else None


def _there(words: str) -> str | None:
    return words if words not in ("", _NOTHING) else None
