from .analysis import scan_clusters
from .figures import scan_sheet
from .map import scan_map
from .result import ScanResult
from .statistic import Scanned, Window, gumbel_p, scan_cases, scan_times
from .varying import varying_in_time, varying_of
from .windows import Shape, Stretches, grow_shapes, stretches_of

__all__ = [
    "ScanResult",
    "Scanned",
    "Shape",
    "Stretches",
    "Window",
    "grow_shapes",
    "gumbel_p",
    "scan_cases",
    "scan_clusters",
    "scan_map",
    "scan_sheet",
    "scan_times",
    "stretches_of",
    "varying_in_time",
    "varying_of",
]
