"""The small map of a card: the candidate on its streets, waters and parks, its neighbours, hot places."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import pandas as pd
import shapely

from jxgis.drawing.colours import BORDER, FAINT, INK, ON_FOOT, PAPER, PARK_EDGE, PINS
from jxgis.drawing.plate import Look, Plate, frame_around

if TYPE_CHECKING:
    from collections.abc import Mapping

    import geopandas as gpd

    from jxgis.drawing.ground import Ground

__all__ = ["LOOKS", "PATTERNS", "draw_place"]

WIDTH_MM, HEIGHT_MM = 94.0, 84.0
#: The names of streets, waters and parks that a map tries to write.
_STREETS, _AREAS = 14, 3

LOOKS: Mapping[str, Look] = {
    "water": Look(fill="#cfe3ef"),
    "park": Look(fill="#d8e8cf", pattern="card-park"),
    "street_2": Look(stroke="#c3c9cd", width=2.2),
    "street_1": Look(stroke="#9aa3aa", width=4),
    "street_0": Look(stroke="#727c85", width=7),
    "hot": Look(stroke=PINS, width=3, pattern="card-hot"),
    "district": Look(stroke=BORDER, width=3, dash="14 6 3 6"),
    "neighbour": Look(stroke=FAINT, width=2.5, dash="8 6"),
    "candidate": Look(stroke=INK, width=9),
}
"""How each kind of shape is drawn; told apart in black and white too."""

PATTERNS = (
    '<pattern id="card-park" width="12" height="12" patternUnits="userSpaceOnUse"><rect width="12" height="12" '
    'fill="#dcebd3"/><circle cx="3" cy="3" r="1.5" fill="#6f9a5f"/><circle cx="9" cy="9" r="1.5" fill="#6f9a5f"/></pattern>'
    '<pattern id="card-hot" width="10" height="10" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
    f'<rect width="3" height="10" fill="{PINS}" fill-opacity=".38"/></pattern>'
)
"""What fills parks and hot places, to stand once in the page."""


def draw_place(
    row: int,
    candidates: gpd.GeoDataFrame,
    *,
    ground: Ground,
    hot: gpd.GeoDataFrame | None = None,
    title: str,
    lang: str = "zh",
) -> tuple[str, list[str]]:
    """Draw the surroundings of one candidate.

    Parameters
    ----------
    row
        Its position.
    candidates
        All of them, with ``candidate_id``, in metres.
    ground
        What it lies on, in the same CRS.
    hot
        Hot places, with ``rank``.
    title
        What is said of the map to those who do not see it.
    lang
        ``"zh"`` or ``"en"``.

    Returns
    -------
    str
        SVG.
    list of str
        Of `LOOKS`, those that are on the map.
    """
    shape = candidates.geometry.iloc[row]
    plate = Plate(frame_around(shape.bounds, width_mm=WIDTH_MM, height_mm=HEIGHT_MM), width_mm=WIDTH_MM, lang=lang)
    around = {
        "waters": ground.waters,
        "parks": ground.parks,
        "streets": ground.streets,
        "land": ground.land,
        "hot": hot,
    }
    near = {name: plate.near(table) for name, table in around.items() if table is not None}
    others = plate.near(candidates.drop(index=candidates.index[row]))
    shown: list[str] = []

    def draw(key: str, shapes: Iterable[shapely.Geometry]) -> None:
        shapes = [*shapes]
        if shapes:
            plate.shapes(shapes, LOOKS[key])
            shown.append(key)

    for layer, key in (("waters", "water"), ("parks", "park")):
        if layer in near:
            draw(key, near[layer].geometry)
    streets = near.get("streets")
    if streets is not None:
        for k in (2, 1, 0):
            draw(f"street_{k}", streets.geometry[streets["order"] == k])
    if "hot" in near:
        draw("hot", near["hot"].geometry)
    plate.outside(shape, Look(fill=PAPER, opacity=0.45))
    if "land" in near:
        draw("district", near["land"].geometry.boundary)
    draw("neighbour", others.geometry.boundary)
    draw("candidate", [shape.boundary])
    plate.scale_and_north()
    if "hot" in near:
        for rank, place in zip(near["hot"]["rank"], near["hot"].geometry, strict=True):
            plate.badge(f"{rank:.0f}", place, colour=PINS)
    if streets is not None:
        _name_streets(plate, streets)
    for layer, colour in (("waters", ON_FOOT), ("parks", PARK_EDGE)):
        if layer in near:
            _name_areas(plate, near[layer], colour)
    for name, other in zip(others["candidate_id"], others.geometry, strict=True):
        plate.name_area(name, other.difference(shape), size=19, colour=FAINT)
    return plate.svg(title), shown


def _name_streets(plate: Plate, streets: gpd.GeoDataFrame) -> None:
    """The names of the main streets, then of the others, the longest first."""
    m = streets.geometry.clip_by_rect(*plate.frame).length
    found: dict[str, tuple[int, float, list[shapely.Geometry]]] = {}
    for name, order, length, line in zip(streets["name"], streets["order"], m, streets.geometry, strict=True):
        if pd.notna(name) and length > 0:
            least, whole, lines = found.get(str(name), (order, 0.0, []))
            found[str(name)] = (min(least, order), whole + length, [*lines, line])
    for name in sorted(found, key=lambda name: (found[name][0], -found[name][1]))[:_STREETS]:
        order, _, lines = found[name]
        plate.name_lines(name, lines, size=23 if order == 0 else 20)


def _name_areas(plate: Plate, layer: gpd.GeoDataFrame, colour: str) -> None:
    """The names of the largest areas that are seen."""
    table = layer.assign(_m2=layer.geometry.clip_by_rect(*plate.frame).area).dropna(subset="name")
    # A park may be drawn in parts: its largest has the name.
    table = table.sort_values("_m2", ascending=False, kind="stable").drop_duplicates("name").head(4 * _AREAS)
    written = 0
    for name, shape in zip(table["name"], table.geometry, strict=True):
        if written < _AREAS:
            written += plate.name_area(name, shape, size=20, colour=colour)
