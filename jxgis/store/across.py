"""Ids that come again, in one file or in several: found part by part of their hashes, so that never all are held."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from jxgis.load.repeated import Again, seen_again
from jxgis.store.one_file import IDS, PARTITIONS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    import pyarrow as pa
    from numpy.typing import NDArray

__all__ = ["Repeats", "find_repeats"]


@dataclass(frozen=True, eq=False)
class Repeats:
    """Issues whose id was there before.

    Parameters
    ----------
    doubles
        The rows of those that are rejected, as `Plan.rows_of` has them, with ``file``: the position of their folder.
    other_cases
        How many have the id of another case, and count.
    """

    doubles: pa.Table | None
    other_cases: int


def find_repeats(folders: Sequence[Path]) -> Repeats:
    """Find the issues whose id an earlier one has, by the rule of `jxgis.load.load_issues`.

    Parameters
    ----------
    folders
        What was counted, one folder a file, in the order in which the files count.

    Returns
    -------
    Repeats
    """
    import pyarrow as pa

    balance, doubles, stay, other_cases = 0, [], [], np.zeros(2, dtype=np.int64)
    for rows, again in _groups(folders):
        balance += again.balance()
        # Whether most are other cases only all of them tell; who is a double if so is one if not.
        other, if_most = (again.other_cases(begun_anew=begun_anew) for begun_anew in (False, True))
        other_cases += other.sum(), if_most.sum()
        own = ~again.first & ~other
        doubles.append(rows.filter(pa.array(own)))
        stay.append(~if_most[own])
    most = balance > 0
    if not doubles:
        return Repeats(None, 0)
    found = pa.concat_tables(doubles)
    return Repeats(found.filter(pa.array(np.concatenate(stay))) if most else found, int(other_cases[int(most)]))


def _groups(folders: Sequence[Path]) -> Iterator[tuple[pa.Table, Again]]:
    """Part by part of the hashes the rows that share theirs with another, in their order, held against the first of each."""
    import pyarrow as pa

    batches = [(at, path) for at, folder in enumerate(folders) for path in sorted((folder / IDS).glob("*.arrow"))]
    of_hash = [_rows(path, 0).schema.get_field_index("hash") for _, path in batches[:1]]
    for part in range(PARTITIONS):
        hashes = [_rows(path, part, of_hash)["hash"].to_numpy() for _, path in batches]
        known, count = np.unique(np.concatenate([np.empty(0, dtype=np.uint64), *hashes]), return_counts=True)
        shared = known[count > 1]
        if not len(shared):
            continue
        tables = []
        for (at, path), own in zip(batches, hashes, strict=True):
            mine = np.flatnonzero(_among(own, shared))
            if len(mine):
                rows = _rows(path, part).take(mine)
                tables.append(rows.append_column("file", pa.array(np.full(len(mine), at, dtype=np.int32))))
        rows = pa.concat_tables(tables)
        rows = rows.sort_by([(key, "ascending") for key in ("file", "table", "row")])
        yield rows, seen_again(*(rows[name].to_numpy() for name in ("hash", "x", "y", "time")))


def _rows(path: Path, part: int, columns: list[int] | None = None) -> pa.Table:
    import pyarrow as pa

    options = pa.ipc.IpcReadOptions(included_fields=columns)
    with pa.memory_map(str(path)) as file:
        return pa.Table.from_batches([pa.ipc.open_file(file, options=options).get_batch(part)])


def _among(values: NDArray[np.uint64], sorted_values: NDArray[np.uint64]) -> NDArray[np.bool_]:
    at = np.searchsorted(sorted_values, values)
    at[at == len(sorted_values)] = 0
    return np.asarray(sorted_values[at] == values)
