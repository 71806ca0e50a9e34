"""What a page and a workbook are made of, not yet HTML: numbers that stand first, sentences, tables, notes of method."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple, TypeAlias

import numpy as np
import pandas as pd

from jxgis.bounds import at_least
from jxgis.i18n import text
from jxgis.report.columns import write_value, written
from jxgis.schema.tables import table as declared

__all__ = [
    "TOP",
    "Absent",
    "Answer",
    "Block",
    "Key",
    "MethodNote",
    "Paragraph",
    "Picture",
    "Section",
    "Sources",
    "TableBlock",
    "answers_of",
    "count_in_words",
    "method_note",
    "of_all",
    "of_city",
    "table_block",
]

#: How many rows a ranked table shows.
TOP = 10


class Key(NamedTuple):
    """A number that stands first on the page, with a note below; ``look``: ``""``, ``"good"`` or ``"bad"``."""

    label: str
    value: str
    note: str = ""
    look: str = ""


class Paragraph(NamedTuple):
    """A sentence; ``look``: ``"lead"``, ``"head"`` (of what follows), ``"none"`` (something is missing) or ``"sub"``."""

    words: str
    look: str = "lead"


class TableBlock(NamedTuple):
    """A table in words: titles, which columns are numbers, rows; rows and cells that stand out.

    ``means``: for each title what it means, empty where that is plain.
    """

    heading: str
    titles: Sequence[str]
    numeric: Sequence[bool]
    rows: Sequence[Sequence[str]]
    strong: frozenset[int] = frozenset()
    marked: frozenset[tuple[int, int]] = frozenset()
    folded: bool = False
    means: Sequence[str] = ()


Block: TypeAlias = Paragraph | TableBlock


class Picture(NamedTuple):
    """A figure: the part it belongs to, its PNG for print, its caption, and a PNG as a page shows it."""

    part: str
    path: Path
    caption: str
    small: bytes


class Answer(NamedTuple):
    """A question that a planner is asked, and what the section says to it."""

    question: str
    words: str


class MethodNote(NamedTuple):
    """How one figure was measured, and over what.

    Parameters
    ----------
    part
        The part that it belongs to.
    figure, method, denominator
        In words: what it is, how it was computed with which settings, and what it is divided by or counted over.
    """

    part: str
    figure: str
    method: str
    denominator: str


class Absent(NamedTuple):
    """A part that a report does not have, and why, in words; ``refused``: it was asked for and could not be done."""

    part: str
    why: str = ""
    refused: bool = False

    def words(self, lang: str) -> str:
        """What is said in its place."""
        key = "refused" if self.refused else "missing"
        why = self.why or text("report.missing_default", lang)
        return text(f"report.{key}", lang, part=text(f"report.part_{self.part}", lang), why=why)


@dataclass(frozen=True, eq=False, kw_only=True)
class Sources:
    """What a report was made from.

    Attributes
    ----------
    table
        ``layer, name, rows_in, rows_kept, rows_rejected, rows_left_out``: a row a file read.
    notes
        What was noticed on reading, in words.
    outside_area
        Issues kept that lie in no cell; None where unknown.
    in_notebook
        Whether it is shown where no folder with the rejected rows lies beside it.
    """

    table: pd.DataFrame
    notes: Sequence[str] = ()
    outside_area: int | None = None
    in_notebook: bool = False

    def blocks(self, lang: str) -> list[Block]:
        """Which files were read, what became of their rows, and what was said of them."""
        found: list[Block] = [
            # A hash is for run.json and the workbook: on a page it runs over the counts.
            table_block("", self.table.drop(columns="sha256", errors="ignore"), lang, of="report.inputs"),
            Paragraph(text("report.data_lead_notebook" if self.in_notebook else "report.data_lead", lang), "sub"),
        ]
        if self.outside_area:
            words = text("report.outside_area", lang, n=count_in_words(self.outside_area))
            found.append(Paragraph(words, "sub"))
        if self.notes:
            heading = text("report.load_notes", lang, n=len(self.notes))
            rows = [[note] for note in self.notes]
            found.append(TableBlock(heading, [text("report.load_note", lang)], [False], rows, folded=True))
        return found


@dataclass(frozen=True, eq=False, kw_only=True)
class Section:
    """What one part says in a report.

    Attributes
    ----------
    part
        Its name.
    keys
        The numbers that stand first on the page.
    blocks
        Sentences and tables of its section; the first is what leads.
    answers
        What it says to the questions that planners are asked; where there is none, what leads is the answer.
    checks
        What is to be looked at before its figures are quoted.
    methods
        How each figure was measured and over what.
    sheets
        Its sheets of the workbook: name of the table, as `schema.tables` declares it, to its rows.
    titles
        Titles of columns that no contract has, such as indicators.
    lines
        What stands on the workbook's sheet of notes, in words.
    links
        Further files that its section opens: path in the result folder to what it is in words.
    """

    part: str
    keys: Sequence[Key] = ()
    blocks: Sequence[Block]
    answers: Sequence[Answer] = ()
    checks: Sequence[str] = ()
    methods: Sequence[MethodNote] = ()
    sheets: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    titles: Mapping[str, str] = field(default_factory=dict)
    lines: Sequence[str] = ()
    links: Mapping[str, str] = field(default_factory=dict)


def answers_of(said: Section, lang: str) -> list[Answer]:
    """What a part says to what is asked; where it has no words of its own for it, what leads its section."""
    lead = next((block for block in said.blocks if isinstance(block, Paragraph)), None)
    return [*said.answers] or ([] if lead is None else [Answer(text(f"answers.{said.part}", lang), lead.words)])


def table_block(
    heading: str,
    table: pd.DataFrame,
    lang: str,
    *,
    of: str,
    columns: Sequence[str] | None = None,
    strong: Sequence[bool] | None = None,
    below: tuple[float, Sequence[str]] | None = None,
    folded: bool = False,
) -> TableBlock:
    """The columns that its declaration ``of`` shows, those that have a value; cells below a limit are marked."""
    made = declared(of)
    shown_columns = columns or made.shown or [str(c) for c in table.columns if c != "geometry"]
    kept = [c for c in shown_columns if c in table.columns and table[c].notna().any()]
    if "change_city" in kept and "change" not in kept:
        kept.remove("change_city")  # It is there to be compared with.
    known = made.described(table[kept])
    titles = {name: column.head(lang) for name, column in known.items()}
    of_city = list(table["change_city"].dropna().unique()) if {"change", "change_city"} <= set(kept) else []
    if len(of_city) == 1:
        # One figure for all rows stands in the head: a column of it would be pushed off a screen.
        city = written(of_city[0], known["change_city"], lang)
        titles["change"] = text("report.change_beside_city", lang, title=titles["change"], city=city)
        kept.remove("change_city")
    shown = [known[c] for c in kept]
    rows = [
        [written(value, column, lang) for value, column in zip(row, shown, strict=True)]
        for row in table[kept].itertuples(index=False, name=None)
    ]
    marked = set()
    if below is not None:
        limit, names = below
        for at, column in enumerate(kept):
            if column in names:
                value = pd.to_numeric(table[column], errors="coerce").to_numpy(dtype=np.float64)
                low = ~np.isnan(value) & ~at_least(value, limit)
                marked |= {(int(row), at) for row in np.flatnonzero(low)}
    return TableBlock(
        heading,
        [titles[c] for c in kept],
        [column.dtype == "number" for column in shown],
        rows,
        frozenset(np.flatnonzero(strong).tolist()) if strong is not None else frozenset(),
        frozenset(marked),
        folded,
        [column.means.of(lang) for column in shown],
    )


def count_in_words(value: float | str) -> str:
    """A number of cases, or the range that it is shown as."""
    return write_value(value, "number", "zh")


def method_note(part: str, key: str, lang: str, **values: object) -> MethodNote:
    """The note of a figure, from the texts ``report.note_{key}_figure``, ``_method`` and ``_denominator``."""
    figure, method, denominator = (
        text(f"report.note_{key}_{piece}", lang, **values) for piece in ("figure", "method", "denominator")
    )
    return MethodNote(part, figure, method, denominator)


def of_city(table: pd.DataFrame) -> pd.DataFrame:
    """The rows of the city as a whole."""
    return table[table["level"] == "city"]


def of_all(table: pd.DataFrame) -> pd.DataFrame:
    """The rows of all issues together; a table without classes as it is."""
    return table[table["issue_class"] == "all"] if "issue_class" in table.columns else table
