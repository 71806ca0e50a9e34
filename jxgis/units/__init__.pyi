from .alternatives import Alternatives, Comparison, compare_plans, propose_alternatives
from .analysis import propose_units
from .attributes import Standardised, block_attributes, shared_weights, standardise
from .delineate import delineate_units
from .figures import unit_chart
from .map import units_map
from .plan import Plan
from .quality import unit_quality
from .result import UnitsResult
from .verify import Verification, repair_units, verify_units

__all__ = [
    "Alternatives",
    "Comparison",
    "Plan",
    "Standardised",
    "UnitsResult",
    "Verification",
    "block_attributes",
    "compare_plans",
    "delineate_units",
    "propose_alternatives",
    "propose_units",
    "repair_units",
    "shared_weights",
    "standardise",
    "unit_chart",
    "unit_quality",
    "units_map",
    "verify_units",
]
