"""Issues counted by keys, and counts added up."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyarrow as pa
    from numpy.typing import NDArray

__all__ = ["Sum", "counted", "summed"]

# So many rows of counts are put together before they are added up.
_PENDING = 2_000_000


def counted(rows: pa.Table, keys: Sequence[str]) -> pa.Table:
    """Count rows by some keys.

    Parameters
    ----------
    rows
        With the keys.
    keys
        Those of `jxgis.store.plan`; what lies in no cell is in no count of cells.

    Returns
    -------
    pyarrow.Table
        The keys and ``issues``.

    Examples
    --------
    >>> import pyarrow as pa
    >>> counted(pa.table({"cell": [5, -1, 5]}), ["cell"]).to_pylist()
    [{'cell': 5, 'issues': 2}]
    """
    import pyarrow.compute as pc

    if "cell" in keys:
        rows = rows.filter(pc.greater_equal(rows["cell"], 0))
    found = rows.select(list(keys)).group_by(list(keys), use_threads=False).aggregate([([], "count_all")])
    return found.rename_columns([*found.column_names[:-1], "issues"]).select([*keys, "issues"])


def summed(tables: Sequence[pa.Table], keys: Sequence[str]) -> pa.Table:
    """Add counts up, and put them in the order of their keys; what adds up to nothing is left out.

    Examples
    --------
    >>> import pyarrow as pa
    >>> one, other = (pa.table({"cell": cell, "issues": n}) for cell, n in (([2, 1], [4, 1]), ([2, 1], [3, -1])))
    >>> summed([one, other], ["cell"]).to_pylist()
    [{'cell': 2, 'issues': 7}]
    """
    import pyarrow as pa

    whole = pa.concat_tables(tables)
    codes = [_codes(whole[key]) for key in keys]
    order = np.lexsort(codes[::-1])
    first = np.zeros(len(order), dtype=bool)
    first[:1] = True
    for code in codes:
        first[1:] |= np.diff(code[order]) != 0
    starts = np.flatnonzero(first)
    issues = whole["issues"].to_numpy()[order]
    total = np.add.reduceat(issues, starts) if len(starts) else issues
    some = total != 0
    found = whole.select(list(keys)).take(pa.array(order[starts[some]])).combine_chunks()
    return found.append_column("issues", pa.array(total[some], pa.int64()))


def _codes(values: pa.ChunkedArray) -> NDArray[np.int32]:
    """Whole numbers in the order of some values, those that are missing last."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if not pa.types.is_integer(values.type):
        values = pc.index_in(values, value_set=values.unique().drop_null().sort())
    codes: NDArray[np.int32] = values.fill_null(np.iinfo(np.int32).max).to_numpy()
    return codes


class Sum:
    """Counts by some keys, added up as they come.

    Parameters
    ----------
    keys
        The keys.
    """

    def __init__(self, keys: Sequence[str]) -> None:
        self._keys = keys
        self._tables: list[pa.Table] = []

    def add(self, counts: pa.Table) -> None:
        """Add counts by these keys."""
        self._tables.append(counts)
        # As many again as are summed already: else each file would be added to all that were before it.
        if sum(table.num_rows for table in self._tables[1:]) > max(_PENDING, self._tables[0].num_rows):
            self._tables = [summed(self._tables, self._keys)]

    def table(self) -> pa.Table | None:
        """What they add up to; None where nothing was added."""
        return summed(self._tables, self._keys) if self._tables else None
