"""The issues of one file counted, a batch at a time: counts, ids and rejected rows on disk, and an account of every row."""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from jxgis.load import SourceFile
from jxgis.load.batches import Unlike, issue_batches
from jxgis.parse import is_one_of
from jxgis.store.plan import CELL_KEYS, ZONE_KEYS
from jxgis.store.sums import Sum, counted

if TYPE_CHECKING:
    from collections.abc import Callable

    import pyarrow as pa

    from jxgis.load._layer import Gathered
    from jxgis.load.batches import NamedFile
    from jxgis.store.plan import Plan

__all__ = ["ACCOUNT", "CELLS", "IDS", "PARTITIONS", "REJECTS", "ROWS", "ZONES", "Account", "count_file"]

ROWS = 200_000
"""Rows that are held at a time."""
PARTITIONS = 64
"""Into so many parts ids are put by their hash: those of one part are held at once, of all files."""
ACCOUNT, CELLS, ZONES, REJECTS, IDS = "account.json", "cells.parquet", "zones.parquet", "rejects.parquet", "ids"


@dataclass
class Account:
    """What became of the rows of one file.

    Parameters
    ----------
    name, sha256
        The file's name and its hash.
    sources
        The account of each table in it, before ids are compared with those of other files.
    at_once
        Whether it had to be held as a whole.
    named
        Of ``status`` and ``source``, where a filter is on them, which of the filter's values the file has.
    notes
        For people, ``(zh, en)`` each: what holds for every batch of it.
    """

    name: str
    sha256: str
    sources: list[SourceFile] = field(default_factory=list)
    at_once: bool = False
    named: dict[str, list[str]] = field(default_factory=dict)
    notes: list[tuple[str, str]] = field(default_factory=list)

    @classmethod
    def read(cls, path: Path) -> Account:
        """The account as `count_file` wrote it."""
        said = json.loads(path.read_text(encoding="utf-8"))
        notes = [(zh, en) for zh, en in said["notes"]]
        return cls(**{**said, "sources": [SourceFile(**each) for each in said["sources"]], "notes": notes})

    @property
    def rows_in(self) -> int:
        """The rows read."""
        return sum(source.rows_in for source in self.sources)

    @property
    def nothing_kept(self) -> bool:
        """Whether it has rows, and all of them were rejected."""
        return 0 < self.rows_in == sum(source.rows_rejected for source in self.sources)

    def add(self, gathered: Gathered, wanted: dict[str, tuple[str, ...]]) -> None:
        """Add the rows of a batch."""
        # In which system all is counted is said of the borders.
        said = [(note.zh, note.en) for note in gathered.notes if note != gathered.crs_note]
        self.notes = [note for note in self.notes if note in said] if self.sources else said
        there = gathered.ledger.sources()
        # A file that is read in batches is one table.
        self.sources = [_added(*pair) for pair in zip(self.sources, there, strict=True)] if self.sources else [*there]
        for name, values in wanted.items():
            have = [value for value in values if is_one_of(gathered.frame[name], [value]).any()]
            self.named[name] = sorted({*self.named.get(name, ()), *have})


def _added(one: SourceFile, other: SourceFile) -> SourceFile:
    rows = ("rows_in", "rows_kept", "rows_rejected", "rows_left_out")
    return SourceFile(one.name, one.sha256, *(getattr(one, name) + getattr(other, name) for name in rows))


def count_file(
    file: NamedFile,
    sha256: str,
    plan: Plan,
    folder: Path,
    *,
    rows: int = ROWS,
    told: Callable[[int], object] = lambda _: None,
) -> Account:
    """Count the issues of a file.

    Parameters
    ----------
    file, sha256
        The file, and its hash.
    plan
        What they are counted by.
    folder
        A new folder; what was counted is written there.
    rows
        How many are held at a time; what is counted does not depend on it.
    told
        Called with the number of rows read so far.

    Returns
    -------
    Account

    Raises
    ------
    InputError
        If the file cannot be used.
    """
    try:
        return _count(file, sha256, plan, folder, rows, told)
    except Unlike:
        shutil.rmtree(folder)
        return _count(file, sha256, plan, folder, None, told)


def _count(
    file: NamedFile, sha256: str, plan: Plan, folder: Path, rows: int | None, told: Callable[[int], object]
) -> Account:
    import pyarrow.parquet as pq

    account, filters = Account(file.name, sha256, at_once=rows is None), plan.how.filters
    wanted = {name: values for name, values in (("status", filters.status), ("source", filters.source)) if values}
    cells, zones = Sum(CELL_KEYS), Sum(ZONE_KEYS)
    (folder / IDS).mkdir(parents=True)
    with pq.ParquetWriter(folder / REJECTS, _rejected_schema(), compression="zstd") as rejects:
        for number, gathered in enumerate(issue_batches(file, sha256, plan.how, rows=rows)):
            account.add(gathered, wanted)
            rejects.write_table(_rejected(gathered))
            table = plan.rows_of(gathered)
            cells.add(counted(table, CELL_KEYS))
            zones.add(counted(table, ZONE_KEYS))
            _write_ids(table, folder / IDS / f"{number:05d}.arrow")
            told(account.rows_in)
    for name, total in ((CELLS, cells), (ZONES, zones)):
        pq.write_table(total.table(), folder / name, compression="zstd")
    (folder / ACCOUNT).write_text(json.dumps(asdict(account), ensure_ascii=False, indent=1), encoding="utf-8")
    return account


def _rejected_schema() -> pa.Schema:
    import pyarrow as pa

    return pa.schema({"source": "string", "row": "int64", "field": "string", "value": "string", "reason": "string"})


def _rejected(gathered: Gathered) -> pa.Table:
    import pyarrow as pa

    return pa.Table.from_pandas(
        gathered.ledger.table().astype({"value": "str"}), _rejected_schema(), preserve_index=False
    )


def _write_ids(table: pa.Table, path: Path) -> None:
    """Write which the issues are, by their hash, each part of the hashes a batch of its own."""
    import pyarrow as pa

    hashes = table["hash"].to_numpy()
    order = np.lexsort((table["row"].to_numpy(), hashes))
    table = table.take(order)
    ends = np.searchsorted(hashes[order], _bounds())
    options = pa.ipc.IpcWriteOptions(compression="zstd")
    with pa.ipc.new_file(path, table.schema, options=options) as out:
        for start, end in zip([0, *ends], [*ends, len(table)], strict=True):
            # An empty part too: the number of the batch is that of the part.
            out.write_batch(
                pa.RecordBatch.from_struct_array(table.slice(start, end - start).to_struct_array().combine_chunks())
            )


def _bounds() -> list[np.uint64]:
    return [np.uint64(part << (64 - PARTITIONS.bit_length() + 1)) for part in range(1, PARTITIONS)]
