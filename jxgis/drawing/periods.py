"""A layer that goes through time: areas coloured by class, one period after the other, with a slider."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from jxgis.drawing import _encode
from jxgis.drawing.data import DataLayer, Shapes, datum_of
from jxgis.drawing.layers import Style
from jxgis.i18n import text

if TYPE_CHECKING:
    import folium
    import geopandas as gpd
    from numpy.typing import NDArray

__all__ = ["add_periods"]

_DIGITS = np.array(list("0123456789abcdefghijklmnopqrstuvwxyz"))


def add_periods(
    parent: folium.FeatureGroup,
    table: gpd.GeoDataFrame,
    *,
    classes: NDArray[np.int64],
    styles: Sequence[Style],
    labels: Sequence[str],
    periods: Sequence[str],
    told: Sequence[str],
    heading: str,
    fields: tuple[str, str],
    lang: str = "zh",
) -> None:
    """Draw polygons by class, which changes from period to period.

    Parameters
    ----------
    parent
        The group that holds the layer: one of those that exclude one another.
    table
        Polygons in any CRS.
    classes
        (n, periods) class of each polygon in each period: its place in ``styles`` and ``labels``, at most 36.
    styles, labels
        The looks, and what each says.
    periods, told
        What each period is called, and what is said of it as a whole.
    heading
        The column that heads the card.
    fields
        What a card calls the period and the class.
    lang
        ``"zh"`` or ``"en"``.
    """
    shapes = Shapes(table.geometry, datum=datum_of(parent))
    parent.add_child(shapes)
    data = {
        "shape": list(range(len(table))),
        "classes": ["".join(row) for row in _DIGITS[classes]],
        "styles": list(styles),
        "labels": list(labels),
        "periods": list(periods),
        "told": list(told),
        "heading": _encode.column(table[heading], digits=None),
        "fields": [{"label": label, "kind": "text", "digits": 0, "unit": ""} for label in fields],
        "searched": False,
        "level": 0,
        "says": {key: text(f"tools.{key}", lang) for key in ("play", "pause", "period", "period_title")},
    }
    parent.add_child(DataLayer("periods", data, shapes=shapes))
