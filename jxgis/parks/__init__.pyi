from .analysis import measure_parks
from .change_map import parks_change_map
from .figures import coverage_chart
from .gaps import blind_spots
from .gates import Gates, park_gates
from .map import parks_map
from .people import people_of_housing
from .radius import RadiusCoverage, classify_parks, coverage_by_band, radius_coverage
from .result import ParksResult
from .siting import FewestParks, Siting, fewest_parks, radius_sensitivity, site_parks
from .standards import Standard, load_standard
from .supply import Supply, supply_by_zone, two_step_catchment
from .walking import WalkingCoverage, isochrones, walking_coverage
from .whatif import change_parks, changed_housing, compare_coverage
from .whole import WholeParks, merge_parks

__all__ = [
    "FewestParks",
    "Gates",
    "ParksResult",
    "RadiusCoverage",
    "Siting",
    "Standard",
    "Supply",
    "WalkingCoverage",
    "WholeParks",
    "blind_spots",
    "change_parks",
    "changed_housing",
    "classify_parks",
    "compare_coverage",
    "coverage_by_band",
    "coverage_chart",
    "fewest_parks",
    "isochrones",
    "load_standard",
    "measure_parks",
    "merge_parks",
    "park_gates",
    "parks_change_map",
    "parks_map",
    "people_of_housing",
    "radius_coverage",
    "radius_sensitivity",
    "site_parks",
    "supply_by_zone",
    "two_step_catchment",
    "walking_coverage",
]
