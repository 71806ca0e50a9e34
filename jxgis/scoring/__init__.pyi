from .analysis import score_candidates
from .figures import score_chart
from .gates import check_gates
from .indicators import Indicator, Judgements, Registry, load_registry, select_indicators
from .map import scores_map
from .rank import rank_agreement, rank_candidates, score_table, topsis, weight_sensitivity
from .result import ScoresResult
from .weights import Weights, weigh

__all__ = [
    "Indicator",
    "Judgements",
    "Registry",
    "ScoresResult",
    "Weights",
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
