from .analysis import allocate_candidates
from .choice import Choice, Plan, choose
from .conflict import smallest_conflict
from .figures import allocation_chart
from .map import allocation_map
from .result import AllocationResult
from .rules import Rule, Terms, rules_of

__all__ = [
    "AllocationResult",
    "Choice",
    "Plan",
    "Rule",
    "Terms",
    "allocate_candidates",
    "allocation_chart",
    "allocation_map",
    "choose",
    "rules_of",
    "smallest_conflict",
]
