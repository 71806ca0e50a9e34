from .analysis import score_candidates
from .conditions import check_conditions
from .figures import score_chart
from .indicators import Indicator, Judgements, Registry, load_registry, select_indicators
from .map import scores_map
from .rank import geometric_mean, rank_agreement, rank_candidates, score_table, topsis
from .result import ScoresResult
from .weightings import acceptability, draw_weightings, moved_weightings, weight_sensitivity
from .weights import Weights, weigh

__all__ = [
    "Indicator",
    "Judgements",
    "Registry",
    "ScoresResult",
    "Weights",
    "acceptability",
    "check_conditions",
    "draw_weightings",
    "geometric_mean",
    "load_registry",
    "moved_weightings",
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
