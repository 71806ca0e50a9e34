"""What a loader returns: a layer's rows, those that were rejected, and the account of each file."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import geopandas as gpd
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    from jxgis.i18n import Text

__all__ = ["Conversion", "Loaded", "SourceFile"]


@dataclass(frozen=True, slots=True)
class SourceFile:
    """The account of one file that was read: every row is kept, rejected or left out.

    Parameters
    ----------
    name
        The file's name without its folder; ``outer.zip/inner.csv`` where a zip holds several files.
    sha256
        Hash of the file as it lies on disk (of the zip, where there is one).
    rows_in, rows_kept, rows_rejected, rows_left_out
        Rows read, kept, rejected as flawed, and left out by a filter.

    Examples
    --------
    >>> SourceFile("a.csv", "", rows_in=3, rows_kept=1, rows_rejected=1, rows_left_out=1).rows_in
    3
    """

    name: str
    sha256: str
    rows_in: int
    rows_kept: int
    rows_rejected: int
    rows_left_out: int

    def __post_init__(self) -> None:
        if self.rows_in != self.rows_kept + self.rows_rejected + self.rows_left_out:
            raise AssertionError(f"{self.name}: rows in are not rows kept + rejected + left out: {self}")


class Conversion(NamedTuple):
    """The note on coordinates that were converted, and the names of the two systems."""

    note: Text
    source: str
    target: str


@dataclass(frozen=True, slots=True)
class Loaded:
    """A layer as it was loaded.

    Parameters
    ----------
    layer
        The layer's name in the contract: ``"issues"``.
    table
        The rows kept: contract columns first, the others carried along, in the metric CRS.
    rejects
        One row a rejected row: ``source``, ``row`` (1 = first data row of that file), ``field``, ``value``
        (identifiers masked), ``reason`` (a code of ``i18n/reasons.toml``).
    sources
        The account of each file.
    notes
        What was repaired, assumed or found odd, for people.
    earlier
        Issues that are left out for nothing but their time before the window asked for, like ``table``: what the
        window is compared with. None where no window has a start. They count as left out.
    file, earlier_file
        (n,) which of ``sources`` each row of ``table``, and of ``earlier``, comes from; None where it is not known.
    row
        (n,) in which row of its file each row of ``table`` stands (1 = first data row); None where it is not known.
    flaws
        Of boundaries, where there are any: `boundary_flaws` as they were drawn, with ``share_of_smaller`` and
        ``given_to`` of overlaps, as `overlaps.Snapped` has them.
    crs_note
        How the metric CRS was chosen, one of ``notes``; None where it was given.
    converted
        From which systems to which coordinates were converted, each with its note, one of ``notes``.
    """

    layer: str
    table: gpd.GeoDataFrame
    rejects: pd.DataFrame
    sources: tuple[SourceFile, ...]
    notes: tuple[Text, ...] = ()
    earlier: gpd.GeoDataFrame | None = None
    file: NDArray[np.int64] | None = None
    earlier_file: NDArray[np.int64] | None = None
    row: NDArray[np.int64] | None = None
    flaws: gpd.GeoDataFrame | None = None
    crs_note: Text | None = None
    converted: tuple[Conversion, ...] = ()

    def __repr__(self) -> str:
        """The layer, and what became of its rows."""
        kept, rejected, left_out = len(self.table), len(self.rejects), self.rows_left_out
        return f"Loaded({self.layer}: {kept:,} rows in .table, {rejected:,} in .rejects, {left_out:,} left out)"

    def account(self) -> list[dict[str, Any]]:
        """What became of the rows, a dict a file: ``layer, name, sha256, rows_in, rows_kept, rows_rejected, rows_left_out``."""
        return [{"layer": self.layer, **asdict(source)} for source in self.sources]

    def where(self, at: int) -> tuple[str, int]:
        """The file of a row of ``table`` and its row there; without a file where it is not known: its place in the table."""
        if self.file is None or self.row is None:
            return "", at + 1
        return self.sources[self.file[at]].name, int(self.row[at])

    @property
    def rows_in(self) -> int:
        """Rows read from all files."""
        return sum(source.rows_in for source in self.sources)

    @property
    def rows_left_out(self) -> int:
        """Rows left out by a filter, from all files."""
        return sum(source.rows_left_out for source in self.sources)
