"""What issues are counted by, for every file alike: how they are read, and the cells and zones that they fall in."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely

from jxgis.space.points import locate

if TYPE_CHECKING:
    import geopandas as gpd
    import pyarrow as pa
    from numpy.typing import NDArray

    from jxgis.load._layer import Gathered
    from jxgis.load.batches import HowRead
    from jxgis.space.grid import Grid

__all__ = ["CELL_KEYS", "TEXTS", "ZONE_KEYS", "Plan"]

CELL_KEYS = ["cell", "issue_class", "month"]
"""What issues are counted by in the cells; the month is in months since 1970, null where no time is known."""
ZONE_KEYS = ["district", "subdistrict", "issue_class", "sub_type", "department", "source", "month"]
"""What issues are counted by in the zones; districts and sub-districts by their position, -1 for none."""
TEXTS = ("issue_class", "sub_type", "department", "source")
"""Those of them that are words of the files."""
# Another number for another way of counting: what is stored would no longer go with what is added.
_FORMAT = 1


@dataclass(frozen=True, eq=False)
class Plan:
    """What issues are counted by, for every file alike.

    Parameters
    ----------
    how
        How they are read.
    grid
        The cells.
    zones
        ``"district"`` and ``"subdistrict"`` to polygons with ``name``, as far as there are any.
    """

    how: HowRead
    grid: Grid
    zones: Mapping[str, gpd.GeoDataFrame]

    def rows_of(self, gathered: Gathered) -> pa.Table:
        """Which the kept issues of a file are, and what they are counted by.

        Parameters
        ----------
        gathered
            Some of its issues.

        Returns
        -------
        pyarrow.Table
            The columns of `CELL_KEYS` (``cell``: -1 for none) and `ZONE_KEYS`, and ``hash`` (of the id), ``issue_id``, ``table`` (which
            of the file), ``row``, ``x``, ``y``, ``time``.
        """
        import pyarrow as pa

        kept = np.flatnonzero(gathered.ledger.kept)
        frame, points = gathered.frame.iloc[kept], gathered.geometry[kept]
        x, y = shapely.get_x(points), shapely.get_y(points)
        time = np.full(len(kept), "NaT", dtype="M8[us]")
        if "time" in frame:
            time = frame["time"].to_numpy().astype("M8[us]")
        month = pa.array(time.astype("M8[M]").astype(np.int64), mask=np.isnat(time)).cast(pa.int32())
        texts = {
            name: pa.array(frame[name], type=pa.string(), from_pandas=True)
            if name in frame
            else pa.nulls(len(kept), pa.string())
            for name in TEXTS
        }
        return pa.table(
            {
                "hash": pd.util.hash_array(frame["issue_id"].to_numpy(dtype=object), categorize=False),
                "issue_id": pa.array(frame["issue_id"], type=pa.string(), from_pandas=True),
                "table": gathered.ledger.source[kept].astype(np.int16),
                "row": gathered.ledger.row[kept],
                "x": x,
                "y": y,
                "time": time,
                "cell": self.grid.index_of(x, y).astype(np.int32),
                **{level: self._zone(points, level) for level in ("district", "subdistrict")},
                **texts,
                "month": month,
            }
        )

    def _zone(self, points: NDArray[np.object_], level: str) -> NDArray[np.int32]:
        import geopandas as gpd

        polygons = self.zones.get(level)
        if polygons is None:
            return np.full(len(points), -1, dtype=np.int32)
        return locate(gpd.GeoSeries(points, crs=self.grid.crs), polygons).astype(np.int32)

    @cached_property
    def terms(self) -> dict[str, str]:
        """What must be the same for counts to be added up: each term in short, as JSON or a hash."""
        how, classes = self.how, self.how.classes
        given = classes.table
        table, file = (given, None) if given is None or isinstance(given, pd.DataFrame) else (None, Path(given))
        mapping = pd.concat([each for each in (table, how.city.class_table) if each is not None])
        own = "" if file is None else _hash(file.read_bytes())
        plain: dict[str, Any] = {
            "format": _FORMAT,
            "city": how.city.key,
            "crs": self.grid.crs.to_string(),
            "box": how.city.box,
            "cell_m": self.grid.cell_m,
            "cells": _hash(np.ascontiguousarray(self.grid.mask).tobytes() + repr(self._corner).encode()),
            **{level: _hash_of_zones(self.zones.get(level)) for level in ("district", "subdistrict")},
            "classes": _hash(mapping.to_csv(index=False).encode() + own.encode() + str(classes.column).encode()),
            "timezone": how.timezone or how.city.timezone,
            **asdict(how.filters),
            **{f"options.{name}": value for name, value in how.options.items()},
        }
        return {
            name: json.dumps(value, ensure_ascii=False, sort_keys=True, default=str) for name, value in plain.items()
        }

    @property
    def _corner(self) -> tuple[int, int, tuple[int, ...]]:
        return self.grid.col0, self.grid.row0, self.grid.mask.shape


def _hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()[:16]


def _hash_of_zones(zones: gpd.GeoDataFrame | None) -> str | None:
    if zones is None:
        return None
    shapes = b"".join(shapely.to_wkb(zones.geometry.to_numpy(), byte_order=1).tolist())
    return _hash(shapes + "\n".join(map(str, zones["name"])).encode())
