from .analysis import measure_effect
from .compare import Compared, compare_areas
from .figures import effect_chart
from .map import effect_map
from .placebo import placebo_places
from .result import EffectResult
from .typical import Centre, centre_of
from .windows import Windows, choose_windows

__all__ = [
    "Centre",
    "Compared",
    "EffectResult",
    "Windows",
    "centre_of",
    "choose_windows",
    "compare_areas",
    "effect_chart",
    "effect_map",
    "measure_effect",
    "placebo_places",
]
