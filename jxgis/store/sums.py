"""Issues counted by keys, and counts added up."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyarrow as pa

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
    import pyarrow.compute as pc

    whole = pa.concat_tables(tables).group_by(list(keys), use_threads=False).aggregate([("issues", "sum")])
    whole = whole.rename_columns([*whole.column_names[:-1], "issues"]).select([*keys, "issues"])
    return whole.filter(pc.not_equal(whole["issues"], 0)).sort_by([(key, "ascending") for key in keys]).combine_chunks()


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
