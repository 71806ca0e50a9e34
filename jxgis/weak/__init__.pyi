from .analysis import find_weak_areas
from .areas import gather_areas
from .exposure import Denominator, choose_denominator
from .figures import weak_chart
from .followup import follow_up
from .map import weak_map
from .ranking import rank_areas
from .regression import expected_again, spread_of_severity
from .result import WeakResult
from .severity import Yardstick, change_of, lay_yardstick, measure_severity

__all__ = [
    "Denominator",
    "WeakResult",
    "Yardstick",
    "change_of",
    "choose_denominator",
    "expected_again",
    "find_weak_areas",
    "follow_up",
    "gather_areas",
    "lay_yardstick",
    "measure_severity",
    "rank_areas",
    "spread_of_severity",
    "weak_chart",
    "weak_map",
]
