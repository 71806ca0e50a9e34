"""The tables of the results as docs/contract.md has them: written from their declarations."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from jxgis.schema.columns import KINDS, UNITS, Column
from jxgis.schema.tables import Table, table, tables

__all__ = ["MARKS", "contract_text", "with_tables"]

#: Between these stands what is written here.
MARKS = ("<!-- tables: python -m jxgis.schema docs/contract.md -->", "<!-- end of tables -->")


def contract_text() -> str:
    """All tables that are files or sheets, file by file.

    Examples
    --------
    >>> "| `coverage` | 覆盖率 | Coverage | share, 0–1 |" in contract_text()
    True
    """
    shown = [found for found in map(table, tables()) if not found.page]
    lines: list[str] = []
    for file, own in groupby(shown, key=lambda found: found.file or "workbooks"):
        heading = "Sheets of the workbooks alone" if file == "workbooks" else file
        lines += [f"### {heading}", "", *(line for found in own for line in (*_table(found, shown), ""))]
    return "\n".join(lines).rstrip("\n") + "\n"


def with_tables(page: str) -> str:
    """A page with the tables between its marks written anew."""
    before, _, rest = page.partition(MARKS[0])
    _, _, after = rest.partition(MARKS[1])
    return f"{before}{MARKS[0]}\n\n{contract_text()}\n{MARKS[1]}{after}"


def _table(found: Table, shown: list[Table]) -> Iterator[str]:
    keys = ", ".join(f"`{key}`" for key in found.keys)
    sheet = f"sheet {found.title.zh} of report.xlsx" if found.sheet else ""
    facts = [f"one row for each {keys}" if keys else "", sheet, found.note]
    said = "; ".join(filter(None, facts))
    first = next(other for other in shown if other.columns == found.columns)
    as_first = "" if first is found else f" Columns as of `{first.layer}`."
    yield f"**{found.layer}**: {found.title.en}, {found.title.zh}{f'; {said}' if said else ''}.{as_first}"
    if as_first:
        return
    yield ""
    yield "| column | 标题 | title | what it holds |"
    yield "|---|---|---|---|"
    for name, column in found.columns.items():
        some = "" if name in found.required else "; not always there"
        titles = (column.title.of(lang).replace("{name}", "…") for lang in ("zh", "en"))
        yield f"| `{name}` | {' | '.join(titles)} | {_what(column, null=name not in found.keys)}{some} |"
    if found.when:
        yield ""
        yield f"Not always there: {found.when}."


def _what(column: Column, *, null: bool) -> str:
    unit = UNITS[column.unit or ""].head.en
    kind = unit if column.kind in UNITS else f"{column.kind} ({unit})" if unit else column.kind
    least, most = column.least, column.most
    bounds = (
        f"{least:g}–{most:g}" if least is not None and most is not None else f"≥ {least:g}" if least is not None else ""
    )
    words = ", ".join(f"`{value}`" for value in column.words)
    filled = "" if null and column.null else "never null"
    numbers = bounds if KINDS[column.kind].dtype == "number" else ""
    return "; ".join(filter(None, [", ".join(filter(None, [kind, numbers])), words, filled, column.note]))
