"""The tables of the results as docs/contract.md and its Chinese page have them: written from their declarations."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import resources
from itertools import groupby
from string import Template

from jxgis.schema.columns import KINDS, UNITS, Column
from jxgis.schema.tables import Table, table, tables

__all__ = ["MARKS", "contract_text", "said_of", "with_tables"]

#: Between these stands what is written here.
MARKS = {
    lang: (f"<!-- tables: python -m jxgis.schema docs/{page} -->", "<!-- end of tables -->")
    for lang, page in (("en", "contract.md"), ("zh", "contract.zh.md"))
}
_WORDS = {
    "en": {
        "workbooks": "Sheets of the workbooks alone",
        "table": "**$layer**: $title, $other$facts.$as_first",
        "keys": "one row for each $keys",
        "sheet": "sheet $title of report.xlsx",
        "as_first": " Columns as of `$layer`.",
        "head": "| column | 标题 | title | what it holds |",
        "some": "; not always there",
        "when": "Not always there: $when.",
        "unit": "$kind ($unit)",
        "filled": "never null",
        "and": ", ",
        "then": "; ",
    },
    "zh": {
        "workbooks": "只在工作簿里的工作表",
        "table": "**$layer**：$title（$other）$facts。$as_first",
        "keys": "每个 $keys 一行",
        "sheet": "report.xlsx 的工作表“$title”",
        "as_first": "各列同 `$layer`。",
        "head": "| 列 | 标题 | 英文标题 | 内容 |",
        "some": "；不一定有",
        "when": "不一定有的列：$when。",
        "unit": "$kind（$unit）",
        "filled": "不为空",
        "and": "，",
        "then": "；",
    },
}


def contract_text(lang: str = "en") -> str:
    """All tables that are files or sheets, file by file.

    Parameters
    ----------
    lang
        Of the page.

    Examples
    --------
    >>> "| `coverage` | 覆盖率 | Coverage | share, 0–1 |" in contract_text()
    True
    >>> "| `coverage` | 覆盖率 | Coverage | 比例，0–1 |" in contract_text("zh")
    True
    """
    shown = [found for found in map(table, tables()) if not found.page]
    lines: list[str] = []
    for file, own in groupby(shown, key=lambda found: found.file or "workbooks"):
        heading = _WORDS[lang]["workbooks"] if file == "workbooks" else file
        lines += [f"### {heading}", "", *(line for found in own for line in (*_table(found, shown, lang), ""))]
    return "\n".join(lines).rstrip("\n") + "\n"


def with_tables(page: str, lang: str = "en") -> str:
    """A page with the tables between its marks written anew."""
    begin, end = MARKS[lang]
    before, _, rest = page.partition(begin)
    _, _, after = rest.partition(end)
    return f"{before}{begin}\n\n{contract_text(lang)}\n{end}{after}"


@cache
def _chinese() -> Mapping[str, Mapping[str, str]]:
    source = resources.files("jxgis.schema").joinpath("contract_zh.toml")
    return tomllib.loads(source.read_text(encoding="utf-8"))


def _say(key: str, lang: str, **values: str) -> str:
    return Template(_WORDS[lang][key]).substitute(values)


def said_of(note: str, lang: str) -> str:
    """What is said of a column or a table, in the language asked for.

    Examples
    --------
    >>> said_of("1 = first data row", "zh")
    '1 为第一行数据'
    """
    return _chinese()["notes"][note] if note and lang == "zh" else note


def _table(found: Table, shown: list[Table], lang: str) -> Iterator[str]:
    words = _WORDS[lang]
    keys = ("、" if lang == "zh" else ", ").join(f"`{key}`" for key in found.keys)
    facts = [
        _say("keys", lang, keys=keys) if keys else "",
        _say("sheet", lang, title=found.title.zh) if found.sheet else "",
        said_of(found.note, lang),
    ]
    first = next(other for other in shown if other.columns == found.columns)
    yield _say(
        "table",
        lang,
        layer=found.layer,
        title=found.title.of(lang),
        other=found.title.of("zh" if lang == "en" else "en"),
        facts="".join(words["then"] + fact for fact in facts if fact),
        as_first="" if first is found else _say("as_first", lang, layer=first.layer),
    )
    if first is not found:
        return
    yield ""
    yield words["head"]
    yield "|---|---|---|---|"
    for name, column in found.columns.items():
        some = "" if name in found.required else words["some"]
        titles = (column.title.of(shown_in).replace("{name}", "…") for shown_in in ("zh", "en"))
        yield f"| `{name}` | {' | '.join(titles)} | {_what(column, lang, null=name not in found.keys)}{some} |"
    if found.when:
        yield ""
        yield _say("when", lang, when=said_of(found.when, lang))


def _what(column: Column, lang: str, *, null: bool) -> str:
    words = _WORDS[lang]
    unit = UNITS[column.unit or ""].head.of(lang)
    called = _chinese()["kinds"][column.kind] if lang == "zh" else column.kind
    kind = unit if column.kind in UNITS else _say("unit", lang, kind=called, unit=unit) if unit else called
    least, most = column.least, column.most
    bounds = (
        f"{least:g}–{most:g}" if least is not None and most is not None else f"≥ {least:g}" if least is not None else ""
    )
    codes = ("、" if lang == "zh" else ", ").join(f"`{value}`" for value in column.words)
    filled = "" if null and column.null else words["filled"]
    numbers = bounds if KINDS[column.kind].dtype == "number" else ""
    return words["then"].join(
        filter(None, [words["and"].join(filter(None, [kind, numbers])), codes, filled, said_of(column.note, lang)])
    )
