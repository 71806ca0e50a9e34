from .mann_kendall import MannKendall, mann_kendall, sen_slope
from .patterns import CATEGORIES, patterns, since

__all__ = [
    "CATEGORIES",
    "MannKendall",
    "mann_kendall",
    "patterns",
    "sen_slope",
    "since",
]
