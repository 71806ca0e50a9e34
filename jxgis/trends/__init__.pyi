from .change import batches, change_p, find_change
from .cube import Scores, count_cube, score_cube
from .emerging import find_emerging
from .mann_kendall import MOST_EXACT, MannKendall, mann_kendall, sen_slope
from .patterns import CATEGORIES, last_runs, patterns, since
from .response import FUNNEL, funnel_limits, measure_response, median_days, share_interval
from .series import profile, season, series_of
from .slices import Slices, lay_slices, slice_of
from .sources import share_by_source
from .tables import Cubes, cell_table, change_table, place_table

__all__ = [
    "CATEGORIES",
    "FUNNEL",
    "MOST_EXACT",
    "Cubes",
    "MannKendall",
    "Scores",
    "Slices",
    "batches",
    "cell_table",
    "change_p",
    "change_table",
    "count_cube",
    "find_change",
    "find_emerging",
    "funnel_limits",
    "last_runs",
    "lay_slices",
    "mann_kendall",
    "measure_response",
    "median_days",
    "patterns",
    "place_table",
    "profile",
    "score_cube",
    "season",
    "sen_slope",
    "series_of",
    "share_by_source",
    "share_interval",
    "since",
    "slice_of",
]
