from .analysis import measure_circle
from .figures import circle_chart
from .kinds import Kind, select_kinds
from .map import circle_map
from .reach import Reach, circle_table, reach, unserved_housing
from .result import CircleResult
from .siting import Sited, choose_sites, choose_with_capacity, within_walk

__all__ = [
    "CircleResult",
    "Kind",
    "Reach",
    "Sited",
    "choose_sites",
    "choose_with_capacity",
    "circle_chart",
    "circle_map",
    "circle_table",
    "measure_circle",
    "reach",
    "select_kinds",
    "unserved_housing",
    "within_walk",
]
