"""The four maps of a result: hot spots, parks, units and scores, each from its contract tables."""

from __future__ import annotations

from jxgis.maps.hotspots import hotspot_map
from jxgis.maps.parks import parks_map
from jxgis.maps.scores import scores_map
from jxgis.maps.units import units_map

__all__ = ["hotspot_map", "parks_map", "scores_map", "units_map"]
