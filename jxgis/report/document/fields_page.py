"""The list of all fields as docs/report.md has it: written from the declarations of the tables."""

from __future__ import annotations

from collections.abc import Iterator

from jxgis.i18n import listed, text
from jxgis.report.document.fields import OF_KEYS, known_parts, known_tables
from jxgis.schema.tables import Table

__all__ = ["MARKS", "with_fields"]

#: Between these stands what is written here.
MARKS = ("<!-- fields: python -m jxgis.report.document docs/report.md docs/report.zh.md -->", "<!-- end of fields -->")


def _fields_text(lang: str) -> str:
    """All fields, part by part and sheet by sheet.

    Examples
    --------
    >>> "- `parks.sites` 建议新增公园，行：`rank`：`rank` 排名、`m2` 面积（平方米）、" in _fields_text("zh")
    True
    """
    return "\n".join(line for part in known_parts() for line in _part(part, lang)).rstrip("\n") + "\n"


def with_fields(page: str, lang: str) -> str:
    """A page with the list between its marks written anew."""
    before, _, rest = page.partition(MARKS[0])
    _, _, after = rest.partition(MARKS[1])
    return f"{before}{MARKS[0]}\n\n{_fields_text(lang)}\n{MARKS[1]}{after}"


def _part(part: str, lang: str) -> Iterator[str]:
    yield f"### {text(f'report.part_{part}', lang)}: `{part}`"
    yield ""
    yield f"- `{part}.keys.LABEL.{'|'.join(OF_KEYS)}`, `{part}.text.N`, `{part}.answers.N`"
    for table in known_tables(part).values():
        yield _table(table, lang)
    yield ""


def _table(table: Table, lang: str) -> str:
    columns = [f"`{name}` {column.head(lang).replace('{name}', '…')}" for name, column in table.columns.items()]
    rows = " ".join(f"`{key}`" for key in table.keys)
    said = text("document.fields_rows", lang, rows=rows) if rows else text("document.fields_numbers", lang)
    more = text("document.fields_indicators", lang) if table.indicators else ""
    return f"- `{table.name}` {table.title.of(lang)}{said}{listed(columns, lang)}{more}"
