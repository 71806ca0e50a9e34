"""The figures of the methods page, from the schematic city: ``python docs/figures_hotspots.py``."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure
from shapely import get_coordinates, get_exterior_ring

from jxgis.demo import SchematicCity, make_city
from jxgis.drawing.colours import HOT_COLD
from jxgis.drawing.figures import figure_style, map_axes, save_png
from jxgis.hotspots.analysis import find_hotspots
from jxgis.hotspots.figures import scale_chart
from jxgis.hotspots.result import HotspotsResult
from jxgis.hotspots.scale import suggest_scale
from jxgis.i18n import text

FOLDER = Path(__file__).parent / "images"


def find(plants: bool) -> tuple[SchematicCity, HotspotsResult]:
    """Hot spots of all issues, by number and against people."""
    city = make_city(plants=plants)
    cases = city.cases[np.isfinite(city.cases["x"])]
    issues = gpd.GeoDataFrame(geometry=gpd.points_from_xy(cases["x"], cases["y"]), crs=4549)
    return city, find_hotspots(issues, city.districts, exposure=city.residential)


def lesson(lang: str) -> Figure:
    """Two rows: without and with planted hot spots; two columns: by number and by rate. Hot cells only."""
    titles = {"zh": ("没有埋设热点", "埋设了三水湾、府南等热点"), "en": ("Nothing planted", "Hot spots planted")}[lang]
    with figure_style():
        figure = Figure(figsize=(8.2, 8.6), layout="constrained")
        panels = figure.subplots(2, 2)
        for row, plants in zip(panels, (False, True), strict=True):
            city, found = find(plants)
            for ax, basis, column in zip(row, ("by_number", "by_rate"), ("gi_bin", "rate_bin"), strict=True):
                # q <= .05: what the tables call a hot place.
                hot = found.cells[found.cells[column] >= 2]
                rings = [get_coordinates(ring) for ring in get_exterior_ring(hot.geometry.array)]
                colours = [HOT_COLD[int(level)] for level in hot[column]]
                ax.add_collection(PolyCollection(rings, facecolors=colours, edgecolors="none", zorder=1))
                map_axes(ax, city.districts, city.districts.total_bounds)
                unit = "格" if lang == "zh" else "cells"
                title = f"{titles[int(plants)]}：{text(f'hotspots.{basis}', lang)}"
                ax.set_title(f"{title}\n{len(hot):,} {unit}", fontsize=10.5)
                if plants:
                    spots = city.hot_spots[city.hot_spots["issue_class"] == "all"]
                    ax.scatter(spots["x"], spots["y"], s=160, facecolors="none", edgecolors="black", zorder=5)
        figure.text(0.995, 0.005, text("common.sketch", lang), ha="right", va="bottom", fontsize=8)
    return figure


def scale(lang: str) -> Figure:
    """Why a cell and a band are proposed for the schematic city."""
    city = make_city()
    cases = city.cases[np.isfinite(city.cases["x"])]
    found = suggest_scale(cases["x"], cases["y"], city.districts, exposure=city.residential, exposure_column="people")
    return scale_chart(
        found.cells,
        found.profile,
        cell_m=found.cell_m,
        band_m=found.band_m,
        reason=found.reason,
        of_rates=found.of_rates,
        lang=lang,
    )


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for language, suffix in (("zh", "_zh"), ("en", "")):
        save_png(lesson(language), FOLDER / f"hotspots_lesson{suffix}.png", dpi=90)
        save_png(scale(language), FOLDER / f"hotspots_scale{suffix}.png", dpi=90)
