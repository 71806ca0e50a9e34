from .analysis import find_hotspots
from .figures import hotspot_panels, scale_chart
from .getis_ord import GiResult, getis_ord_graph, getis_ord_grid
from .heavy import heavy_cells
from .inference import compare_with_normal, hotspot_table, hotspot_table_graph
from .map import hotspot_map
from .mix import class_overlap, concentration, diversity, inside_ring, zone_table
from .months import Months
from .moran import MoranResult, local_moran_graph, local_moran_grid
from .names import Numbers
from .permutation import Null
from .places import HotPlaces, Naming, hot_places
from .rates import hot_rates, hot_rates_graph
from .result import HotspotsResult
from .scale import Scale, suggest_scale

__all__ = [
    "GiResult",
    "HotPlaces",
    "HotspotsResult",
    "Months",
    "MoranResult",
    "Naming",
    "Null",
    "Numbers",
    "Scale",
    "class_overlap",
    "compare_with_normal",
    "concentration",
    "diversity",
    "find_hotspots",
    "getis_ord_graph",
    "getis_ord_grid",
    "heavy_cells",
    "hot_places",
    "hot_rates",
    "hot_rates_graph",
    "hotspot_map",
    "hotspot_panels",
    "hotspot_table",
    "hotspot_table_graph",
    "inside_ring",
    "local_moran_graph",
    "local_moran_grid",
    "scale_chart",
    "suggest_scale",
    "zone_table",
]
