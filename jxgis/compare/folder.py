"""A result folder as the comparison reads it: what run.json says, and its tables by the names of the contract."""

from __future__ import annotations

import json
import re
import stat
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import shapely

from jxgis._files import reading
from jxgis.errors import InputError
from jxgis.i18n import Text
from jxgis.schema.check import ROUNDING, breaches
from jxgis.schema.tables import Table, table, tables
from jxgis.verify.contents import Grid, Limits, contents
from jxgis.verify.recorded import recorded

if TYPE_CHECKING:
    from jxgis.part import Part

__all__ = ["Folder", "read_folder"]

_LIMITS = Limits(4 << 30, 1 << 23)
#: Which grids another CRS would send PROJ to is not for a file to say.
_PLAIN_CRS = re.compile(r"(?i)EPSG:\d{4,6}")
_MOST_FILE = 64 << 20
#: Tables whose numbers are compared; of others, which an older version may have filled otherwise, rows are.
_READ = (
    "hotspots.places", "parks.coverage", "parks.targets", "units.units", "scores.scores", "allocation.allocation",
    "weak.areas", "scorecard.scorecard", "circle.circle",
)  # fmt: skip
#: Bytes of the envelope before a shape, by its kind.
_ENVELOPES = (0, 32, 48, 48, 64)
_DAMAGED = Text(zh="其中的图形已损坏。", en="holds shapes that are damaged.")


@dataclass(frozen=True, eq=False)
class Folder:
    """A result.

    Attributes
    ----------
    root
        Where it lies.
    run
        What its run.json says.
    parts
        The parts whose tables it holds, in their order.
    tables
        The tables of its GeoPackages, by the names of the contract, without geometry.
    shapes
        The geometry of those that have one, as it is packed.
    """

    root: Path
    run: dict[str, Any]
    parts: tuple[str, ...]
    tables: dict[str, pd.DataFrame] = field(repr=False)
    shapes: dict[str, pd.Series[Any]] = field(repr=False)

    @property
    def name(self) -> str:
        """What it is called, also where it is given as ``.``."""
        return self.root.resolve().name

    @property
    def lang(self) -> str:
        """The language of its words."""
        return str(self.run["settings"].get("lang", "zh"))

    @property
    def crs(self) -> str:
        """Its metric CRS, by its code.

        Raises
        ------
        InputError
            If it is not said, or not by a code.
        """
        crs = str(self.run.get("crs"))
        if not _PLAIN_CRS.fullmatch(crs) or not _is_known(crs):
            raise InputError(
                zh=f"{self.root} 的 run.json 没有写明用代码表示的坐标系（如 EPSG:4549），不能比较。",
                en=f"run.json of {self.root} says no CRS by its code, such as EPSG:4549: it cannot be compared.",
            )
        return crs

    @property
    def min_count(self) -> int:
        """The least number of cases that it shows."""
        report = self.run["settings"].get("report")
        said = report.get("min_count") if isinstance(report, dict) else None
        return said if isinstance(said, int) else 3

    def layer(self, name: str) -> gpd.GeoDataFrame | None:
        """A table with its geometry; None where there is none."""
        if name not in self.shapes:
            return None
        with reading(f"{self.root}: {table(name).file}", _DAMAGED):
            shapes = shapely.make_valid(shapely.from_wkb([_plain(packed) for packed in self.shapes[name]]))
            if not np.isfinite(shapely.get_coordinates(shapes)).all() or shapely.is_missing(shapes).any():
                raise ValueError("no ground")
            return gpd.GeoDataFrame(self.tables[name].copy(), geometry=np.asarray(shapes, dtype=object), crs=self.crs)

    def shown_scores(self) -> pd.Series[Any]:
        """The scores of candidates as the result shows them, by candidate: those that would tell how few cases there are in one are not there."""
        frame = self.tables.get("scores.scores")
        if frame is None:
            return pd.Series(dtype=float)
        if "issues" in frame.columns and frame["issues"].notna().any():
            path = self.root / "scores.xlsx"
            held = contents(path, _LIMITS) if path.is_file() and not path.is_symlink() else {}
            grid = held.get("scores", Grid([], []))
            frame = pd.DataFrame([dict(zip(grid.columns, row, strict=True)) for row in grid.rows])
        frame = frame.reindex(columns=["candidate_id", "score"]).drop_duplicates("candidate_id", keep=False)
        return pd.to_numeric(frame.set_index("candidate_id")["score"], errors="coerce").astype(float)

    def said(self, name: str) -> Any:
        """What one of its JSON files holds; None where there is none, or it is damaged."""
        path = self.root / name
        try:
            kind = path.lstat()
            if stat.S_ISREG(kind.st_mode) and kind.st_size <= _MOST_FILE:
                return json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError):
            pass
        return None

    def files(self, folder: str, ending: str) -> dict[str, Path]:
        """The ordinary files of a folder in it, by their names without ending; no link is followed."""
        there = self.root / folder
        if there.is_symlink() or not there.is_dir():
            return {}
        plain = (path for path in sorted(there.glob(f"*{ending}")) if re.fullmatch(r"[a-z_]+", path.stem))
        return {
            path.stem: path
            for path in plain
            if stat.S_ISREG((kind := path.lstat()).st_mode) and kind.st_size <= _MOST_FILE
        }


def read_folder(root: str | Path, parts: Sequence[Part]) -> Folder:
    """Read a result folder: that of a report, or of the command of one part.

    Parameters
    ----------
    root
        The folder. Nothing in it is trusted.
    parts
        The parts that there are.

    Raises
    ------
    InputError
        If it holds no result of theirs, or a file of it is damaged.
    """
    root = Path(root)
    run = recorded(root, known=("demo", "report", *(part.command for part in parts)))
    found: dict[str, pd.DataFrame] = {}
    shapes: dict[str, pd.Series[Any]] = {}
    declared = [of for name in tables() if (of := table(name)).file.endswith(".gpkg")]
    for file in dict.fromkeys(of.file for of in declared):
        path = root / file
        if path.is_symlink() or not path.is_file():
            continue
        try:
            held = contents(path, _LIMITS)
        except InputError as error:
            raise InputError(zh=f"{root}：{error.message.zh}", en=f"{root}: {error.message.en}") from None
        geometry = dict(_geometry_columns(held))
        for of in declared:
            layer = next((name for name in (of.layer, f"{of.layer}_rows") if name in held), None)
            if of.file != file or layer is None:
                continue
            grid = held[layer]
            frame = pd.DataFrame([list(row) for row in grid.rows], columns=list(grid.columns), dtype=object)
            frame = frame.drop(columns="fid", errors="ignore").infer_objects()
            if layer in geometry and geometry[layer] in frame.columns:
                shapes[of.name] = frame.pop(geometry[layer])
            if _whole(frame, of):
                _require_declared(frame, of, root)
                found[of.name] = frame
    own = [part.name for part in parts if any(name.startswith(f"{part.name}.") for name in found)]
    own += [part.name for part in parts if part.name not in own and (root / f"{part.name}.json").is_file()]
    order = tuple(part.name for part in parts if part.name in own)
    return Folder(root, run, order, found, {name: shape for name, shape in shapes.items() if name in found})


def _is_known(crs: str) -> bool:
    """Whether there is a CRS of that code."""
    try:
        pyproj.CRS.from_user_input(crs)
    except pyproj.exceptions.CRSError:
        return False
    return True


def _geometry_columns(held: Any) -> Iterator[tuple[str, str]]:
    grid = held.get("gpkg_geometry_columns")
    if grid is not None and {"table_name", "column_name"} <= {*grid.columns}:
        at = [list(grid.columns).index(name) for name in ("table_name", "column_name")]
        yield from ((str(row[at[0]]), str(row[at[1]])) for row in grid.rows)


def _whole(frame: pd.DataFrame, of: Table) -> bool:
    """Whether a table has the columns by which its rows are known: an older contract may have had none."""
    return {*of.keys} <= {*frame.columns}


def _require_declared(frame: pd.DataFrame, of: Table, root: Path) -> None:
    """Refuse a table whose rows share a key, and one that is compared by its numbers where they are not what is declared."""
    # What candidates bring may be called like a column that there may be. Times are texts there.
    names: Iterable[str] = [] if of.name not in _READ else of.required if of.indicators else frame.columns
    declared = [(name, column) for name in names if name in frame.columns and (column := of.declared(name)) is not None]
    columns = [
        replace(column, name=name, null=name not in of.keys) for name, column in declared if column.dtype != "time"
    ]
    for breach in breaches(frame, columns, required=(), keys=[of.keys] if of.keys else (), slack=ROUNDING):
        raise InputError(
            zh=f"{root}：{of.file} 的表“{of.layer}”已损坏或被改动：{breach.zh}。",
            en=f"{root}: table {of.layer!r} of {of.file} is damaged or was changed: {breach.en}.",
        )


def _plain(packed: Any) -> bytes | None:
    """A shape as WKB, of how a GeoPackage packs it."""
    if not isinstance(packed, bytes) or packed[:2] != b"GP" or len(packed) < 8:
        return None
    return packed[8 + _ENVELOPES[min((packed[3] >> 1) & 7, 4)] :]
