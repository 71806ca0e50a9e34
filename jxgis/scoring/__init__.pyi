from .analysis import score_candidates
from .figures import score_chart
from .gates import check_gates
from .indicators import Indicator, load_registry, select_indicators
from .map import scores_map
from .rank import rank_agreement, rank_candidates, score_table, topsis, weight_sensitivity
from .result import ScoresResult
from .weights import weigh

__all__ = [
    "Indicator",
    "ScoresResult",
    "check_gates",
    "load_registry",
    "rank_agreement",
    "rank_candidates",
    "score_candidates",
    "score_chart",
    "score_table",
    "scores_map",
    "select_indicators",
    "topsis",
    "weigh",
    "weight_sensitivity",
]
