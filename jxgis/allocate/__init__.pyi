from .choice import Choice, Plan, choose
from .conflict import smallest_conflict
from .rules import Rule, Terms, rules_of

__all__ = ["Choice", "Plan", "Rule", "Terms", "choose", "rules_of", "smallest_conflict"]
