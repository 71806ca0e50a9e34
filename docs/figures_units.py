"""Draw the figure of docs/methods_units.md: units of the schematic city's old town, as they were and as they are.

Run: ``python docs/figures_units.py`` (some minutes). Before: likeness weighed by the city's squares, no part searched again.
"""

from __future__ import annotations

from pathlib import Path
from unittest import mock

import geopandas as gpd
import matplotlib as mpl
import numpy as np

mpl.use("Agg")
import matplotlib.pyplot as plt

from jxgis.city import load_city
from jxgis.load.boundaries import load_districts
from jxgis.load.layers import load_lines
from jxgis.pipeline.units import UnitsResult, analyse
from jxgis.units import _objective, delineate
from jxgis.units.shape import check_shapes

DATA = Path(__file__).parents[1] / "data"
HERE = Path(__file__).parent / "images"
TOWN = "老城"


def flaws(result: UnitsResult) -> int:
    """Flaws of shape over the city."""
    return sum(check_shapes(own.geometry.to_numpy()).flaws for _, own in result.units.groupby("district"))
