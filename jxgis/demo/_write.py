"""The schematic city on disk, the same bytes each time: what ``data/`` holds and ``jxgis demo`` makes again."""

from __future__ import annotations

import io
import json
import zipfile
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import shapely

from jxgis.demo._city import SchematicCity, make_city
from jxgis.demo._export import FIRST_YEAR
from jxgis.demo._mark import HEAD

if TYPE_CHECKING:
    import geopandas as gpd

__all__ = ["LAYERS", "write_city"]

LAYERS = {
    "subdistricts": "boundaries/subdistricts.geojson",
    "districts": "boundaries/districts.geojson",
    "central_city": "boundaries/central_city.geojson",
    "communities": "boundaries/communities.geojson",
    "streets": "layers/streets.geojson",
    "waters": "layers/waters.geojson",
    "parks": "layers/parks.geojson",
    "residential": "layers/residential.geojson",
    "vacant": "layers/vacant.geojson",
    "historic": "layers/historic.geojson",
    "ring": "layers/ring.geojson",
    "places": "layers/places.geojson",
    "candidates": "layers/candidates.geojson",
    "weak_before": "layers/weak_before.geojson",
}
"""Table of the city to its file in the folder."""

_DECIMALS = 7  # of a degree: about a centimetre
_EPOCH = (2024, 1, 3, 8, 0, 0)
_ENCODINGS = ("gb18030", "utf-8-sig", "utf-8-sig")  # an older export, then two newer ones


def write_city(folder: str | Path, *, city: SchematicCity | None = None) -> list[Path]:
    """Write the schematic city with a project file that reads it.

    Parameters
    ----------
    folder
        Made where it is not there; files of the same names are replaced, others left.
    city
        What to write; None: `make_city` with its fixed seed.

    Returns
    -------
    list of Path
        The files, relative to ``folder``, in the order of writing.
    """
    root = Path(folder)
    drawn = make_city() if city is None else city
    files: dict[str, bytes] = {name: _geojson(getattr(drawn, layer)) for layer, name in LAYERS.items()}
    files.update({f"layers/plan/{name}.geojson": _geojson(table) for name, table in drawn.further.items()})
    files["layers/plan/scorecard_values.csv"] = _csv(drawn.values, "utf-8-sig")
    files.update(_issue_files(drawn))
    files.update(_truth_files(drawn))
    source = resources.files("jxgis.demo")
    files["jxgis.toml"] = source.joinpath("project.toml").read_text(encoding="utf-8").encode()
    readme = source.joinpath("data_readme.md").read_text(encoding="utf-8")
    if drawn.changes is not None and drawn.patrols is not None:
        files["layers/patrols_2023.geojson"] = _geojson(drawn.patrols)
        files["truth/changes.csv"] = _csv(drawn.changes, "utf-8-sig")
        readme = source.joinpath("changes_readme.md").read_text(encoding="utf-8")
    files["README.md"] = readme.encode()
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return [Path(name) for name in files]


def _geojson(table: gpd.GeoDataFrame) -> bytes:
    """RFC 7946: longitude first, WGS-84, shells counter-clockwise, one feature a line."""
    degrees = table.to_crs(4490)
    shapes = shapely.transform(degrees.geometry.to_numpy(), lambda xy: np.round(xy, _DECIMALS))
    shapes = shapely.orient_polygons(shapes, exterior_cw=False)
    columns = [column for column in table.columns if column != table.geometry.name]
    values = [[_plain(value) for value in table[column]] for column in columns]
    features = []
    for row, shape in enumerate(shapes):
        feature = {
            "type": "Feature",
            "properties": {column: column_values[row] for column, column_values in zip(columns, values, strict=True)},
            "geometry": shapely.geometry.mapping(shape),
        }
        features.append(json.dumps(feature, ensure_ascii=False, allow_nan=False, separators=(",", ":")))
    return (f"{HEAD}\n" + ",\n".join(features) + "\n]}\n").encode()


def _plain(value: Any) -> Any:
    """A value as JSON knows it; missing ones are null."""
    if pd.isna(value):
        return None
    return value.item() if isinstance(value, np.generic) else value


def _csv(table: pd.DataFrame, encoding: str) -> bytes:
    return table.to_csv(index=False, lineterminator="\r\n").encode(encoding)


def _years(city: SchematicCity) -> np.ndarray:
    """Year of reporting of each row; a row whose time is spoiled stays with the row before it."""
    year = pd.to_numeric(city.issues["任务号"].str.slice(2, 6), errors="coerce").ffill().bfill()
    return year.to_numpy(dtype=np.int64)


def _issue_name(year: int) -> str:
    return f"issues_{year}"


def _issue_files(city: SchematicCity) -> dict[str, bytes]:
    """One zip a year, its only member a CSV; times and modes in the archive are fixed."""
    files = {}
    years = _years(city)
    for k, encoding in enumerate(_ENCODINGS):
        name = _issue_name(FIRST_YEAR + k)
        buffer = io.BytesIO()
        member = zipfile.ZipInfo(f"{name}.csv", date_time=_EPOCH)
        member.compress_type = zipfile.ZIP_DEFLATED
        member.create_system = 3  # the same on Windows
        member.external_attr = 0o644 << 16
        with zipfile.ZipFile(buffer, "w") as archive:
            archive.writestr(member, _csv(city.issues[years == FIRST_YEAR + k], encoding), compresslevel=9)
        files[f"issues/{name}.zip"] = buffer.getvalue()
    return files


def _truth_files(city: SchematicCity) -> dict[str, bytes]:
    """The planted spots, and the spoiled rows by file and row (1 = first data row)."""
    years = _years(city)
    first = {year: int(np.flatnonzero(years == year)[0]) for year in np.unique(years)}
    row = city.flaws["row"].to_numpy()
    flaws = pd.DataFrame(
        {
            "file": [f"{_issue_name(y)}.zip" for y in years[row]],
            "row": row - np.array([first[y] for y in years[row]]) + 1,
            "task": city.issues["任务号"].to_numpy()[row],
            "kind": city.flaws["kind"],
            "expect": city.flaws["expect"],
        }
    )
    spots = city.hot_spots.drop(columns=["x", "y"])
    return {"truth/hot_spots.csv": _csv(spots, "utf-8-sig"), "truth/flaws.csv": _csv(flaws, "utf-8-sig")}
