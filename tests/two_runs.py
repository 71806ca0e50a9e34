"""Result folders by hand, to compare: a few rows of the contract's tables and a run.json, without any analysis."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely
from small_city import write_city

from jxgis.run import run_part
from jxgis.settings import load_settings

EAST, NORTH, CRS = 572_000.0, 3_402_000.0, "EPSG:4549"
RUN: dict[str, Any] = {
    "command": "report",
    "settings": {
        "lang": "zh",
        "city": {"profile": "jiaxing"},
        "inputs": {"districts": {"path": "d.gpkg"}, "issues": {"path": "i.csv", "crs": "GCJ-02"}},
        "hotspots": {"band_m": 500.0},
        "parks": {"minutes": 10.0},
        "units": {"seed": 0},
        "report": {"min_count": 3, "title": "甲"},
    },
    "versions": {"jxgis": "0.1.0", "numpy": "2.0"},
    "crs": CRS,
    "inputs": [
        {"layer": layer, "name": f"{layer}.gpkg", "sha256": layer, "rows_in": 9, "rows_kept": 9, "rows_rejected": 0, "rows_left_out": 0}
        for layer in ("districts", "issues", "parks", "residential", "streets", "candidates")
    ],
    "outputs": ["run.json"],
}  # fmt: skip


def box(x: float, y: float, width: float = 1000, height: float = 1000) -> shapely.Polygon:
    return shapely.box(EAST + x, NORTH + y, EAST + x + width, NORTH + y + height)


def places(*rows: tuple[str, str, int, shapely.Polygon]) -> gpd.GeoDataFrame:
    """Hot places of ``(class, name, issues, polygon)``, ranked by class in that order."""
    table = gpd.GeoDataFrame(rows, columns=["issue_class", "name", "issues", "geometry"], crs=CRS)
    return table.assign(
        rank=table.groupby("issue_class").cumcount() + 1, district="老城", area_km2=table.geometry.area / 1e6
    )


def coverage(**served: float) -> gpd.GeoDataFrame:
    rows = [
        {"zone": zone, "method": "radius", "coverage": share, "residential_m2": 5000.0, "standard": "s", "geometry": box(at, 0)}
        for at, (zone, share) in enumerate(served.items())
    ]  # fmt: skip
    return gpd.GeoDataFrame(rows, crs=CRS)


def units(**polygons: shapely.Polygon) -> gpd.GeoDataFrame:
    table = gpd.GeoDataFrame({"unit_id": [*polygons]}, geometry=[*polygons.values()], crs=CRS)
    return table.assign(district="老城", area_km2=table.geometry.area / 1e6, in_bounds=True)


def scores(*rows: tuple[str, float | None, float, int]) -> gpd.GeoDataFrame:
    """Candidates of ``(id, rank, score, issues)``."""
    table = gpd.GeoDataFrame(rows, columns=["candidate_id", "rank", "score", "issues"], geometry=[box(0, 0)] * len(rows), crs=CRS)  # fmt: skip
    return table.assign(name=table["candidate_id"] + "号")


def swings(**points: dict[str, float]) -> pd.DataFrame:
    rows = [
        {"candidate_id": candidate, "indicator": key, "label": f"指标{key}", "contribution": value}
        for candidate, of in points.items()
        for key, value in of.items()
    ]
    return pd.DataFrame(rows)


def write_result(folder: Path, tables: dict[str, pd.DataFrame], **changed: Any) -> Path:
    """Write a result of these tables (``"parks.gpkg/coverage"``) and ``RUN``, changed by ``section__key=value``.

    Of scores there is what people are shown, too: none of a candidate with one case or two.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for file in {name.partition("/")[0] for name in tables}:
        (folder / file).unlink(missing_ok=True)
    for name, table in tables.items():
        file, _, layer = name.partition("/")
        frame = table if isinstance(table, gpd.GeoDataFrame) else gpd.GeoDataFrame(table, geometry=[None] * len(table), crs=CRS)  # fmt: skip
        frame.to_file(folder / file, layer=layer)
    if (found := tables.get("scores.gpkg/scores")) is not None:
        shown = pd.DataFrame(found.drop(columns="geometry"))
        shown["score"] = shown["score"].mask(shown["issues"].between(1, 2))
        shown.to_excel(folder / "scores.xlsx", sheet_name="scores", index=False)
    run = copy.deepcopy(RUN)
    for key, value in changed.items():
        section, _, option = key.partition("__")
        if option:
            run["settings"].setdefault(section, {})[option] = value
        else:
            run[section] = value
    (folder / "run.json").write_text(json.dumps(run, ensure_ascii=False), encoding="utf-8")
    return folder


def other_input(layer: str, **rows: Any) -> list[dict[str, Any]]:
    """The inputs of ``RUN`` with other content of a layer."""
    return [row | ({"sha256": "other"} | rows if row["layer"] == layer else {}) for row in RUN["inputs"]]


def parks_twice(folder: Path) -> Path:
    """Run `jxgis parks` on a small city (``a``), and again with a park more in the east (``b``)."""
    city = write_city(folder)
    files = {"districts": "districts.geojson", "parks": "parks.gpkg", "residential": "residential.gpkg"}
    lines = [f'[inputs.{layer}]\npath = "{file}"\n' for layer, file in files.items()]
    (city / "jxgis.toml").write_text('[city]\nprofile = "jiaxing"\n' + "".join(lines), encoding="utf-8")
    settings = load_settings(city / "jxgis.toml")
    run_part("parks", settings, folder / "a", has_project=True, lang="zh")
    parks = gpd.read_file(city / "parks.gpkg")
    new = gpd.GeoDataFrame({"name": ["三园"]}, geometry=[box(5500, 2300, 200, 150)], crs=CRS)
    pd.concat([parks, new]).to_file(city / "parks.gpkg")
    run_part("parks", settings, folder / "b", has_project=True, lang="zh")
    return folder
