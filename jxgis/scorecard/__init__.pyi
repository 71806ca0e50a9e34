from .brought import bring_values
from .card import fill_card, judge_card
from .measured import measure_targets
from .projects import project_progress
from .targets import Plan, PlanProject, PlanTarget, load_plan, meets
from .zones import scorecard_zones

__all__ = [
    "Plan",
    "PlanProject",
    "PlanTarget",
    "bring_values",
    "fill_card",
    "judge_card",
    "load_plan",
    "measure_targets",
    "meets",
    "project_progress",
    "scorecard_zones",
]
