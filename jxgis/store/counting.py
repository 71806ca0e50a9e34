"""Files of issues counted into a store, and what all of the store adds up to."""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jxgis.city import UNCLASSIFIED
from jxgis.errors import InputError, collect
from jxgis.i18n import Text, few, number_words, text_pair
from jxgis.load._file_notes import files_label
from jxgis.load._masked import mask_words
from jxgis.load.batches import IssueTable, NamedFile, stage_issues
from jxgis.load.issues import ALIKE, spelling_note
from jxgis.parse import commonest_spelling
from jxgis.progress import tell
from jxgis.store.across import Repeats, find_repeats
from jxgis.store.folder import Held, open_store
from jxgis.store.one_file import CELLS, ROWS, ZONES
from jxgis.store.plan import CELL_KEYS, TEXTS, ZONE_KEYS
from jxgis.store.sums import Sum, counted, summed
from jxgis.store.workers import Done, count_all

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import pyarrow as pa

    from jxgis.load import SourceFile
    from jxgis.store.plan import Plan

__all__ = ["StoredCounts", "count_issues"]

# So much is said of what was counted anew: a year of months that differ, or a thousand files that do not.
_MOST_SAID = 30


@dataclass(frozen=True, eq=False)
class StoredCounts:
    """What all files of a store add up to.

    Parameters
    ----------
    plan
        What issues were counted by.
    cells
        `CELL_KEYS` and ``issues``, in the order of the keys: of the cells, classes and months that have any.
    zones
        `ZONE_KEYS` and ``issues``.
    sources
        The account of each file.
    held
        What was counted of each file.
    repeats
        Issues whose id was there before.
    refused
        Names of files that could not be counted, and why: they are in no count.
    notes
        For people.
    """

    plan: Plan
    cells: pa.Table
    zones: pa.Table
    sources: tuple[SourceFile, ...]
    held: tuple[Held, ...]
    repeats: Repeats
    refused: tuple[tuple[str, Text], ...]
    notes: tuple[Text, ...]

    def line(self) -> Text:
        """How many issues were counted, for people."""
        kept, rejected, left = (
            f"{sum(getattr(source, name) for source in self.sources):,}"
            for name in ("rows_kept", "rows_rejected", "rows_left_out")
        )
        return text_pair("store.counted", kept=kept, files=len(self.held), rejected=rejected, left=left)


def count_issues(
    sources: Sequence[Path | IssueTable],
    plan: Plan,
    store: str | Path,
    *,
    replace: bool = False,
    rows: int = ROWS,
    scheduler: str | None = None,
    workers: int | None = None,
    said: Callable[[Text], object] = lambda _: None,
) -> StoredCounts:
    """Count files of issues into a store, and add up all that is in it.

    Parameters
    ----------
    sources
        Files, or tables of databases; one that the store has, by name and content, is not counted again.
    plan
        What they are counted by.
    store
        The folder of the store: absent, empty, or a store of the same plan.
    replace
        Whether a file takes the place of one of its name, but other content, that the store has.
    rows
        How many rows are held at a time; what is counted does not depend on it.
    scheduler, workers
        As for `jxgis.store.workers.count_all`.
    said
        Called with what is to be said while files are read.

    Returns
    -------
    StoredCounts

    Raises
    ------
    InputError
        If two files have one name, or one that the store has of other content, no file can be counted, a database cannot be read,
        or the store is of another plan.
    OutputError
        If the store cannot be written.
    """
    kept = open_store(Path(store).resolve(), plan.terms)
    held = kept.held()
    with kept.staging() as folder:
        files = [_file(source, folder / f"{at}.parquet", plan) for at, source in enumerate(sources)]
        _refuse_same_names(files)
        on = {"rows": rows, "scheduler": scheduler, "workers": workers, "said": said}
        done = _counted(files, kept.root, plan, on)
    refused = [(one.file.name, one.refused) for one in done if one.refused is not None]
    if files and len(refused) == len(files):
        collect(InputError.saying(why) for _, why in refused)
    named = kept.counted([(one.file.name, one.sha256) for one in done if one.refused is None])
    _refuse_unknown(plan, [*held, *named])
    replaced = kept.take_in(named, replace=replace)
    before = {one.folder for one in held}
    new, known = ([one for one in named if (one.folder in before) is there] for there in (False, True))
    notes = [text_pair("store.replaced", files=replaced)] if replaced else []
    if known:
        notes.append(text_pair("store.known", files=few(one.account.name for one in known)))
    return _added_up(plan, tuple(kept.held()), tuple(sorted(refused)), [*_said(new), *notes])


def _file(source: Path | IssueTable, path: Path, plan: Plan) -> NamedFile:
    """A file as it is; a table of a database as it stands, read into another."""
    if isinstance(source, Path):
        return NamedFile(source, source.name)
    return stage_issues(source, path, plan.how, told=lambda rows: tell(0, 1, text_pair("store.fetching"), rows=rows))


def _counted(files: Sequence[NamedFile], root: Path, plan: Plan, on: Mapping[str, Any]) -> list[Done]:
    """What became of each file; how far it has come is told."""
    done, read = [], 0
    sizes = {file: max(file.path.stat().st_size, 1) for file in files}
    share, total = 0, sum(sizes.values())

    def told(rows_of_file: int) -> None:
        tell(share, total, text_pair("store.reading"), rows=read + rows_of_file)

    for one in count_all(files, root, plan, **on, told=told):
        done.append(one)
        read += one.rows
        share += sizes[one.file]
        told(0)
    return done


def _refuse_same_names(files: Sequence[NamedFile]) -> None:
    seen: dict[str, Path] = {}
    for file in files:
        if file.name in seen:
            raise InputError.saying(text_pair("store.same_name", name=file.name, one=seen[file.name], other=file.path))
        seen[file.name] = file.path


def _added_up(
    plan: Plan, held: tuple[Held, ...], refused: tuple[tuple[str, Text], ...], notes: list[Text]
) -> StoredCounts:
    import pyarrow.compute as pc
    import pyarrow.parquet as pq

    repeats = find_repeats([one.folder for one in held])
    totals = []
    for name, keys in ((CELLS, CELL_KEYS), (ZONES, ZONE_KEYS)):
        total = Sum(keys)
        for one in held:
            total.add(pq.read_table(one.folder / name))
        if repeats.doubles is not None:
            again = counted(repeats.doubles, keys)
            total.add(again.set_column(len(keys), "issues", pc.negate(again["issues"])))
        totals.append(total.table())
    cells, zones = totals
    if cells is None or zones is None:
        raise InputError.saying(text_pair("store.empty"))
    zones, spelt = _written_alike(zones)
    notes += spelt
    cells, zones = _masked(cells, zones)
    if repeats.other_cases:
        notes.append(text_pair("load.other_cases", count=repeats.other_cases))
    notes += _unclassified(zones)
    return StoredCounts(plan, cells, zones, _sources(held, repeats), held, repeats, refused, tuple(notes))


def _written_alike(zones: pa.Table) -> tuple[pa.Table, list[Text]]:
    """The counts with each source and department written as most issues do, as in the table of issues, and what is said of it."""
    import pyarrow as pa
    import pyarrow.compute as pc

    said = []
    for name in ALIKE:
        named = zones.select([name, "issues"]).to_pandas().dropna().groupby(name)["issues"].sum()
        usual = commonest_spelling(named)
        if usual:
            words = pa.array([usual.get(own, own) for own in named.index], type=pa.string())
            column = words.take(pc.index_in(zones[name], value_set=pa.array(named.index, type=pa.string())))
            zones = summed([zones.set_column(zones.column_names.index(name), name, column)], ZONE_KEYS)
            said.append(spelling_note(name, usual))
    return zones, said


def _masked(cells: pa.Table, zones: pa.Table) -> tuple[pa.Table, pa.Table]:
    """The counts with what names a person masked, as in the table of issues: only all values together tell which look alike."""
    import pyarrow as pa
    import pyarrow.compute as pc

    shown, keys = {"cells": cells, "zones": zones}, {"cells": CELL_KEYS, "zones": ZONE_KEYS}
    changed = set()
    for name in TEXTS:
        values = zones[name].unique().drop_null()
        words = values.to_pandas().astype("str")
        masked = mask_words(words, name)
        if masked is words:
            continue
        for of, table in shown.items():
            if name in table.column_names:
                column = pa.array(masked, type=pa.string()).take(pc.index_in(table[name], value_set=values))
                shown[of] = table.set_column(table.column_names.index(name), name, column)
                changed.add(of)
    # Values that are one once they are masked.
    for of in changed:
        shown[of] = summed([shown[of]], keys[of])
    return shown["cells"], shown["zones"]


def _refuse_unknown(plan: Plan, held: Sequence[Held]) -> None:
    """Refuse a filter for a value that no issue of any file has."""
    for name in ("status", "source"):
        have = {value for one in held for value in one.account.named.get(name, ())}
        unknown = [value for value in getattr(plan.how.filters, name) if value not in have]
        if unknown:
            raise InputError.saying(text_pair("store.no_such_value", filter=name, values=unknown))


def _sources(held: Sequence[Held], repeats: Repeats) -> tuple[SourceFile, ...]:
    """The accounts with what was rejected for its id."""
    again: dict[tuple[int, int], int] = defaultdict(int)
    if repeats.doubles is not None:
        for file, table in zip(*(repeats.doubles[name].to_pylist() for name in ("file", "table")), strict=True):
            again[file, table] += 1
    return tuple(
        dataclasses.replace(
            source,
            rows_kept=source.rows_kept - again[at, number],
            rows_rejected=source.rows_rejected + again[at, number],
        )
        for at, one in enumerate(held)
        for number, source in enumerate(one.account.sources)
    )


def _said(new: Sequence[Held]) -> list[Text]:
    """What is to be said of files that were not counted before: of all of which it holds at once, the most files first."""
    files: dict[tuple[str, str], list[str]] = defaultdict(list)
    for one in new:
        name = one.account.name
        for zh, en in one.account.notes:
            files[zh.removeprefix(f"{name}："), en.removeprefix(f"{name}: ")].append(name)
    said = [
        text_pair("store.of_files", files=files_label(names), note=Text(*note))
        for note, names in sorted(files.items(), key=lambda each: -len(each[1]))
    ]
    if len(said) > _MOST_SAID:
        said[_MOST_SAID:] = [text_pair("store.more_said", n=len(said) - _MOST_SAID)]
    for key, names in (
        ("store.at_once", [one.account.name for one in new if one.account.at_once]),
        ("store.nothing_kept", [one.account.name for one in new if one.account.nothing_kept]),
    ):
        if names:
            said.append(text_pair(key, files=few(names)))
    return said


def _unclassified(zones: pa.Table) -> list[Text]:
    """How many issues are of no class, as a loader says it."""
    import pyarrow.compute as pc

    of_none = zones.filter(pc.equal(zones["issue_class"], UNCLASSIFIED))
    if not of_none.num_rows:
        return []
    count, total = (pc.sum(table["issues"]).as_py() for table in (of_none, zones))
    kinds = pc.count_distinct(of_none["sub_type"], mode="all").as_py()
    return [text_pair("load.unclassified", count=count, share=number_words(100 * count / total, 1), kinds=kinds)]
