"""The year's cycle of sample units as it comes back: the sheet of steps that was filled in, and the units that were chosen."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

import geopandas as gpd
import numpy as np
import pandas as pd

from jxgis import parse
from jxgis.city import TIMEZONE
from jxgis.errors import InputError, collect
from jxgis.i18n import Text, listed, rows_said, text_pair
from jxgis.load._columns import differing
from jxgis.load._options import ReadOptions, crs_of_nowhere, require_known
from jxgis.load._workbook import shown_sheets
from jxgis.load.loaded import Loaded, SourceFile
from jxgis.load.readers import EXCEL, read_tables
from jxgis.load.times import parse_times
from jxgis.privacy import mask_column, quoted
from jxgis.schema.layers import head as shown_head
from jxgis.schema.layers import same_name
from jxgis.schema.tables import table as declared

if TYPE_CHECKING:
    from jxgis.city import City, CycleStep
    from jxgis.load.readers import RawTable, Source
    from jxgis.schema.columns import Column

__all__ = ["STEPS", "load_cycle", "read_schedule", "read_steps"]

_ALIASES = {
    "candidate_id": ("候选单元", "单元编号", "编号", "candidate"),
    "gate": ("通过",),
    "date": ("日期",),
    "area": ("三区", "责任区"),
}
STEPS = ("candidate_id", "name", "area", "type", "year", "step", "date", "gate", "evidence")
_NEEDED = ("candidate_id", "year", "step")
_NOT_WORDS = (*_NEEDED, "date", "gate", "named")


def load_cycle(path: Source, /, *, city: City | None = None, **options: Unpack[ReadOptions]) -> Loaded:
    r"""Load the workbook of the year's cycle: a row a sample unit and step, as `jxgis cycle` wrote it and people filled it in.

    Parameters
    ----------
    path
        ``cycle.xlsx``, or a CSV with its columns.
    city
        Whose steps they are.
    **options
        `ReadOptions`; none of them is needed.

    Returns
    -------
    Loaded
        Rows without geometry, as of `read_steps`, with ``source_sheet`` (missing of a CSV) and ``source_row``.

    Raises
    ------
    InputError
        As of `read_steps`, and where the city has no steps.

    Examples
    --------
    >>> import tempfile
    >>> from jxgis.city import load_city
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder, "steps.csv")
    ...     _ = file.write_text("candidate_id,year,step,date,gate\n子城,2026,申报,2026-03-01,是\n", encoding="utf-8")
    ...     load_cycle(file, city=load_city()).table[["candidate_id", "year", "step", "gate"]].to_numpy().tolist()
    [['子城', 2026, 'apply', True]]
    """
    require_known(options)
    if city is None or not city.cycle:
        raise InputError(
            zh="创建流程的步骤在城市配置（[[cycle]]）中：请给出 --project。",
            en="The steps of the cycle stand in the city's profile ([[cycle]]): give --project.",
        )
    if not isinstance(path, (str, Path)):
        raise InputError(zh="创建流程是一个文件：cycle.xlsx。", en="The cycle is one file: cycle.xlsx.")
    loaded = read_steps(path, city.cycle)[1]
    return replace(loaded, table=loaded.table.set_crs(crs_of_nowhere(options, city)))


@dataclass(frozen=True)
class _Read:
    """A table as it was read: its columns by the names of the contract, its sheet, its rows' numbers, its account."""

    frame: pd.DataFrame
    sheet: str | None
    row: Any
    name: str
    loaded: Loaded


def _read(source: str | Path, *, of: str, expected: str, needed: Sequence[str], sheets: Sequence[str | None]) -> _Read:
    """Read a table by heads of the contract or of either language, every cell as text."""
    raw, sheet = _sheet_of(source, expected, sheets)
    if of == "cycle.steps" and sheet is not None:
        _refuse_second(source, raw, sheet)
    _refuse_broken(raw)
    if raw.frame.empty:
        raise InputError.saying(
            text_pair("cycle.no_rows" if expected == "cycle" else "cycle.none_chosen", file=raw.name)
        )
    meant = _meant(raw, of)
    _refuse_rivals(raw, meant)
    frame = raw.frame.rename(columns=meant)
    frame = frame.loc[:, ~frame.columns.duplicated()]
    missing = [name for name in needed if name not in frame.columns]
    if missing:
        zh = listed((declared(of).columns[name].title.zh for name in missing), "zh")
        raise InputError(
            zh=f"{raw.name} 缺少列 {zh}（{listed(missing, 'zh')}）；请用 jxgis 写出的表填写。",
            en=f"{raw.name} has no column {listed(missing, 'en')}; fill in the table that jxgis wrote.",
        )
    trimmed = frame.astype("str").where(frame.notna()).apply(lambda column: column.str.strip())
    plain = trimmed.where(trimmed != "")
    filled = plain[list(needed)].notna().any(axis=1).to_numpy()
    n, kept = len(plain), int(filled.sum())
    account = SourceFile(raw.name, raw.sha256, n, kept, 0, n - kept)
    shown, notes = _masked(plain[filled].reset_index(drop=True), raw, declared(of).columns)
    table = gpd.GeoDataFrame(shown, geometry=gpd.GeoSeries([None] * kept))
    rejects = pd.DataFrame(columns=["source", "row", "field", "value", "reason"])
    return _Read(
        table, sheet, np.asarray(raw.row)[filled], raw.name, Loaded(expected, table, rejects, (account,), notes)
    )


def _meant(raw: RawTable, of: str) -> dict[str, str]:
    """Each column of a table by the name that the contract has for it."""
    known: dict[str, str] = {}
    for name, column in declared(of).columns.items():
        heads = (name, column.head("zh"), column.head("en"), column.title.zh, column.title.en, *_ALIASES.get(name, ()))
        known |= {same_name(head): name for head in heads}
    return {column: known.get(same_name(column), column) for column in raw.frame.columns}


def _refuse_second(source: str | Path, raw: RawTable, sheet: str) -> None:
    """Refuse a workbook with a second sheet of steps that says something else: filled in, it would be lost without a word."""
    path, mine = Path(source), _rows(raw)
    others = []
    for name in shown_sheets(path, what=path.name):
        if name != sheet:
            with contextlib.suppress(InputError):
                other = _one_table(source, "cycle", name)
                if {*_NEEDED, "date"} <= {*_meant(other, "cycle.steps").values()} and not _rows(other) <= mine:
                    others.append(name)
    if others:
        raise InputError.saying(text_pair("cycle.several_sheets", file=path.name, read=sheet, others=others))


def _rows(raw: RawTable) -> set[frozenset[tuple[str, str]]]:
    """What each row says, whatever the order of the columns."""
    meant = _meant(raw, "cycle.steps")
    return {
        frozenset((meant[str(column)], str(value).strip()) for column, value in row.items() if pd.notna(value))
        for row in raw.frame.to_dict("records")
    }


def _refuse_broken(raw: RawTable) -> None:
    """Refuse a text whose rows cannot all be split into fields: none is lost without a word."""
    if raw.broken:
        first = raw.broken[0]
        asked = {"file": raw.name, "row": first.row, "fields": first.fields, "expected": first.expected}
        raise InputError.saying(text_pair("cycle.broken_rows", n=len(raw.broken), **asked))


def _refuse_rivals(raw: RawTable, meant: Mapping[str, str]) -> None:
    """Refuse two columns for one meaning that do not say the same."""
    first: dict[str, str] = {}
    wrong: list[InputError] = []
    for head, name in meant.items():
        taken = first.setdefault(name, head)
        differ = differing(raw.frame[taken], raw.frame[head], numbers=False)
        if differ.any():
            row = int(raw.row[differ.argmax()])
            said = {"file": raw.name, "taken": shown_head(taken), "other": shown_head(head), "row": row}
            wrong.append(InputError.saying(text_pair("cycle.two_columns", **said)))
    collect(wrong)


def _masked(frame: pd.DataFrame, raw: RawTable, columns: Mapping[str, Column]) -> tuple[pd.DataFrame, tuple[Text, ...]]:
    """The rows, what names a person in their words masked, and what is to be said of the file."""
    hidden: dict[str, pd.Series] = {}
    for name in frame.columns.difference([*_NOT_WORDS], sort=False):
        column = frame[name]
        masked = mask_column(column, distinct=name == "name")
        if masked is not column:
            hidden[name] = masked
    if not hidden:
        return frame, raw.notes
    heads = [columns[name].title if name in columns else shown_head(str(name)) for name in hidden]
    note = text_pair("cycle.masked", file=raw.name, columns=heads)
    return frame.assign(**hidden), (*raw.notes, note)


def _sheet_of(source: str | Path, expected: str, sheets: Sequence[str | None]) -> tuple[RawTable, str | None]:
    """The first of the sheets that is there, and its name."""
    for sheet in sheets[:-1]:
        with contextlib.suppress(InputError):
            return _one_table(source, expected, sheet), sheet
    return _one_table(source, expected, sheets[-1]), sheets[-1]


def _one_table(source: str | Path, expected: str, sheet: str | None) -> RawTable:
    tables = read_tables(source, expected=expected, layer=sheet, may_be_empty=True)
    if len(tables) > 1:
        names = [table.name for table in tables]
        raise InputError.saying(text_pair("cycle.several_files", source=Path(source).name, names=names))
    return tables[0]


def read_steps(source: str | Path, path: Sequence[CycleStep]) -> tuple[pd.DataFrame, Loaded]:
    """Read the sheet of steps that was filled in.

    Parameters
    ----------
    source
        ``cycle.xlsx``, or a CSV with its columns.
    path
        The steps there are; a step is found by its key or its name in either language.

    Returns
    -------
    steps : pandas.DataFrame
        As of `allocate.cycle.with_schedule`.
    loaded : Loaded
        With the account of the rows: those without a unit, a year and a step are left out. Columns of the user's own
        are carried along, what names a person in them masked.

    Raises
    ------
    InputError
        With every row whose year, step, date or answer is not understood, steps that stand twice, units of several
        names, rows that cannot be split into fields, columns of one meaning that disagree; and if there are several files.
    """
    sheets = [declared("cycle.steps").title.zh, declared("cycle.steps").title.en, None]
    found = _read(source, of="cycle.steps", expected="cycle", needed=_NEEDED, sheets=_sheets(source, sheets))
    further = [name for name in found.frame.columns if name not in (*STEPS, "gate_asks", "geometry")]
    frame = found.frame.reindex(columns=[*STEPS, *further])
    keys = {
        same_name(name): step.key
        for step in path
        for name in (step.key, step.zh, step.en, step.zh.removeprefix("创建"))
    }
    names = listed((step.zh for step in path), "zh")
    step = frame["step"].map(lambda name: keys.get(same_name(name)) if pd.notna(name) else None)
    answer, no_answer = parse.yes_no(frame["gate"], marks=True)
    date, strange = _dates(frame["date"])
    year, no_year = _years(frame["year"])
    remark = frame["year"].isna() & frame["step"].isna()
    asked = [
        (frame["candidate_id"].isna(), "candidate_id", text_pair("cycle.needs_unit")),
        (no_year, "year", text_pair("cycle.needs_year")),
        (step.isna(), "step", text_pair("cycle.needs_step", names=names)),
        (pd.Series(no_answer, frame.index), "gate", text_pair("cycle.needs_gate")),
        (strange, "date", text_pair("cycle.needs_date")),
    ]
    wrong = [(bad & ~remark, column, rule) for bad, column, rule in asked]
    _refuse(found, [(remark, "candidate_id", text_pair("cycle.is_remark")), *wrong])
    gate = answer.map({1.0: True, 0.0: False}).astype("object")
    steps = frame.assign(step=step, gate=gate.where(gate.notna(), None), date=date, year=year)
    twice = steps.assign(candidate_id=steps["candidate_id"].map(parse.folded)).duplicated(
        ["candidate_id", "year", "step"], keep=False
    )
    by_unit = steps.groupby(["candidate_id", "year"])
    _refuse(
        found,
        [
            (twice, "step", text_pair("cycle.stands_twice")),
            *(
                (by_unit[name].transform("nunique") > 1, name, text_pair("cycle.differs_within_unit"))
                for name in ("name", "area", "type")
            ),
        ],
    )
    steps["evidence"] = steps["evidence"].astype("object").where(steps["evidence"].notna(), None)
    table = gpd.GeoDataFrame(steps, geometry=[None] * len(steps))
    table["source_sheet"], table["source_row"] = found.sheet, found.row
    return pd.DataFrame(steps), replace(found.loaded, table=table)


def read_schedule(source: str | Path) -> tuple[pd.DataFrame, Loaded]:
    """Read the units that were chosen: ``candidate_id, year``, where known ``name, area, type``, and ``named``.

    Parameters
    ----------
    source
        ``allocation.gpkg``, ``allocation.xlsx``, or a table with its columns.

    Raises
    ------
    InputError
        If a unit has no year, or stands twice; and as of `read_steps`.
    """
    sheets = _sheets(source, ["allocation", None])
    found = _read(
        source, of="allocation.allocation", expected="allocation", needed=("candidate_id", "year"), sheets=sheets
    )
    frame = found.frame.reindex(columns=["candidate_id", "name", "area", "type", "year", "named"])
    named, strange = parse.yes_no(frame["named"], marks=True)
    year, no_year = _years(frame["year"])
    twice = frame["candidate_id"].map(parse.folded, na_action="ignore").duplicated(keep=False)
    asked = [
        (frame["candidate_id"].isna(), "candidate_id", text_pair("cycle.needs_unit")),
        (no_year, "year", text_pair("cycle.needs_year")),
        (pd.Series(strange, frame.index), "named", text_pair("cycle.needs_gate")),
        (twice, "candidate_id", text_pair("cycle.unit_twice")),
    ]
    _refuse(found, asked)
    return pd.DataFrame(frame.assign(year=year, named=named == 1)), found.loaded


def _sheets(source: str | Path, names: Sequence[str | None]) -> list[str | None]:
    """The sheets to try; a file that is not a workbook has none."""
    return [*names] if Path(str(source)).suffix.lower() in EXCEL else [None]


def _years(column: pd.Series) -> tuple[pd.Series, pd.Series]:
    """The years, and which rows have none."""
    year, _ = parse.years(column)
    return year.fillna(parse.FIRST_YEAR).astype("int64"), year.isna()


def _dates(column: pd.Series) -> tuple[pd.Series, pd.Series]:
    found = parse_times(column, timezone=TIMEZONE)
    return pd.Series(found.local, index=column.index).dt.normalize(), pd.Series(found.bad, index=column.index)


def _refuse(found: _Read, asked: Sequence[tuple[pd.Series, str, Text]]) -> None:
    """Refuse the rows that break rules: each with its column, all in one message."""
    collect([_wrong(found, bad, column, rule) for bad, column, rule in asked if bad.any()])


def _wrong(found: _Read, bad: pd.Series, column: str, rule: Text) -> InputError:
    """A message that names the rows whose column breaks a rule."""
    title = (declared("cycle.steps").columns.get(column) or declared("allocation.allocation").columns[column]).title
    rows = rows_said(int(row) for row in found.row[bad.to_numpy(dtype=bool)])
    first = found.frame.loc[bad, [column]].astype("object").fillna("").iloc[0, 0]
    value = quoted(first)
    sheet_zh, sheet_en = ("", "") if found.sheet is None else (f"工作表“{found.sheet}”", f", sheet {found.sheet!r}")
    return InputError(
        zh=f"{found.name} {sheet_zh}{rows.zh}，{title.zh}“{value}”：{rule.zh}。",
        en=f"{found.name}{sheet_en}, {rows.en}, {column} {value!r}: {rule.en}.",
    )
