from .analysis import find_trends
from .change import batch_around, batches, change_p, detectable, find_change
from .cube import Scores, count_cube, score_cube
from .emerging import batches_of, find_emerging, judge_cells
from .figures import change_sheet, pattern_sheet, times_chart
from .map import trends_map
from .open_days import Spans, median_days, spans_open
from .patterns import CATEGORIES, last_runs, patterns, since
from .response import measure_response
from .result import TrendsResult
from .series import profile, season, series_by, series_of
from .slices import Slices, lay_slices, slice_of
from .sources import share_by_source
from .tables import Cubes, Judged, change_places, change_table, judge_all, place_table

__all__ = [
    "CATEGORIES",
    "Cubes",
    "Judged",
    "Scores",
    "Slices",
    "Spans",
    "TrendsResult",
    "batch_around",
    "batches",
    "batches_of",
    "change_p",
    "change_places",
    "change_sheet",
    "change_table",
    "count_cube",
    "detectable",
    "find_change",
    "find_emerging",
    "find_trends",
    "judge_all",
    "judge_cells",
    "last_runs",
    "lay_slices",
    "measure_response",
    "median_days",
    "pattern_sheet",
    "patterns",
    "place_table",
    "profile",
    "score_cube",
    "season",
    "series_by",
    "series_of",
    "share_by_source",
    "since",
    "slice_of",
    "spans_open",
    "times_chart",
    "trends_map",
]
