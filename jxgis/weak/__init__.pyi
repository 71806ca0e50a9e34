from .areas import gather_areas
from .exposure import Ground, choose_ground
from .followup import follow_up
from .ranking import rank_areas
from .regression import expected_again, spread_of_severity
from .severity import Yardstick, change_of, lay_yardstick, measure_severity

__all__ = [
    "Ground",
    "Yardstick",
    "change_of",
    "choose_ground",
    "expected_again",
    "follow_up",
    "gather_areas",
    "lay_yardstick",
    "measure_severity",
    "rank_areas",
    "spread_of_severity",
]
