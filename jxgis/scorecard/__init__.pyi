from .analysis import measure_scorecard
from .brought import bring_values
from .card import fill_card, judge_card
from .figures import target_chart
from .map import scorecard_map
from .measured import measure_targets
from .projects import project_progress
from .result import ScorecardResult
from .sheet import values_sheet
from .targets import Plan, PlanProject, PlanTarget, load_plan, meets

__all__ = [
    "Plan",
    "PlanProject",
    "PlanTarget",
    "ScorecardResult",
    "bring_values",
    "fill_card",
    "judge_card",
    "load_plan",
    "measure_scorecard",
    "measure_targets",
    "meets",
    "project_progress",
    "scorecard_map",
    "target_chart",
    "values_sheet",
]
