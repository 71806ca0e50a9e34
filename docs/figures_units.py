"""The figures of the methods pages, from the schematic city: ``python docs/figures_units.py`` (a minute on an idle machine)."""

from __future__ import annotations

import sys
from pathlib import Path
from unittest.mock import patch

import geopandas as gpd
import numpy as np
import shapely
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure

from jxgis.demo import SchematicCity, make_city
from jxgis.drawing.figures import figure_style, map_axes, save_png
from jxgis.i18n import text
from jxgis.units import _objective
from jxgis.units.analysis import propose_units
from jxgis.units.result import UnitsResult
from jxgis.units.shape import ENCLOSED_SHARE

FOLDER = Path(__file__).parent / "images"
TOWN = "老城"
FILLS = ("#8dd3c7", "#ffffb3", "#bebada", "#fb8072", "#80b1d3", "#fdb462", "#b3de69", "#fccde5")


def propose(city: SchematicCity, *, mended: bool) -> UnitsResult:
    """Units at the default dials; not mended: squares as they fall in the city, shapes as the dial draws them."""
    cases = city.cases[np.isfinite(city.cases["x"])]
    issues = gpd.GeoDataFrame(
        {"issue_class": cases["issue_class"]}, geometry=gpd.points_from_xy(cases["x"], cases["y"]), crs=4549
    )
    layers = {"streets": city.streets, "waters": city.waters, "issues": issues}
    if mended:
        return propose_units(city.districts, **layers, alternatives=False)
    with patch.object(_objective, "_evened", lambda graph, values, total: np.ones(len(values))):
        return propose_units(city.districts, **layers, mend_shapes=False, alternatives=False)


def figures(result: UnitsResult) -> str:
    """What the page quotes, over all units."""
    units = result.units
    worn = shapely.get_num_geometries(shapely.buffer(units.geometry.to_numpy(), -50))
    return (
        f"{len(units)} units, compactness {units['compactness'].min():.2f} to {units['compactness'].max():.2f}, mean "
        f"{units['compactness'].mean():.3f}; below .25: {(units['compactness'] < 0.25).sum()}; narrow places: "
        f"{units['necks'].sum()}; worn by 50 m in several lobes: {(worn > 1).sum()}; round another: "
        f"{(units['encloses'] > ENCLOSED_SHARE).sum()}; in bounds {units['in_bounds'].mean():.0%}; SSD share "
        f"{result.report.ssd_share:.4f}"
    )


def before_and_after(city: SchematicCity, before: UnitsResult, after: UnitsResult, lang: str) -> Figure:
    """The old town twice."""
    names, to = {"zh": (("改进前", "改进后"), "至"), "en": (("before", "after"), "to")}[lang]
    with figure_style():
        figure = Figure(figsize=(9, 5), layout="constrained")
        district = city.districts[city.districts["name"] == TOWN]
        for ax, result, name in zip(figure.subplots(1, 2), (before, after), names, strict=True):
            own = result.units[result.units["district"] == TOWN]
            rings = [shapely.get_coordinates(shape.exterior) for shape in own.geometry]
            colours = [FILLS[row % len(FILLS)] for row in range(len(own))]
            ax.add_collection(PolyCollection(rings, facecolors=colours, edgecolors="black", linewidths=1.4, zorder=1))
            map_axes(ax, district, district.total_bounds)
            for point, value in zip(own.representative_point(), own["compactness"], strict=True):
                ax.annotate(f"{value:.2f}", (point.x, point.y), ha="center", fontsize=9, zorder=5)
            least, most = own["compactness"].min(), own["compactness"].max()
            ax.set_title(f"{name}{'：' if lang == 'zh' else ': '}4πA/P² {least:.2f} {to} {most:.2f}")
        figure.text(0.995, 0.005, text("common.sketch", lang), ha="right", va="bottom", fontsize=8)
    return figure


def main() -> None:
    """Draw them, and print the figures."""
    city = make_city()
    before, after = propose(city, mended=False), propose(city, mended=True)
    for lang, suffix in (("zh", "_zh"), ("en", "")):
        save_png(before_and_after(city, before, after, lang), FOLDER / f"units_shapes{suffix}.png")
    sys.stdout.write(f"before: {figures(before)}\nafter:  {figures(after)}\n")


if __name__ == "__main__":
    main()
