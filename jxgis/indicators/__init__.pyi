from .cases import concentration, relative_density, share_of_rows, with_case_flags
from .figures import FIGURES, figures
from .foot import homes_on_streets, share_on_foot, ways_to
from .land import area_km2, compactness, hot_share, hull_share, park_coverage, share_of_area
from .lines import length_km, length_per_km2, share_of_streets
from .measures import MEASURES, Measure, Measured, layers_of, measure_indicators
from .points import count, count_per_km2, diversity, ratio_of_columns
from .rasters import raster_mean
from .rows import holds
from .standing import Standing, standing

__all__ = [
    "FIGURES",
    "MEASURES",
    "Measure",
    "Measured",
    "Standing",
    "area_km2",
    "compactness",
    "concentration",
    "count",
    "count_per_km2",
    "diversity",
    "figures",
    "holds",
    "homes_on_streets",
    "hot_share",
    "hull_share",
    "layers_of",
    "length_km",
    "length_per_km2",
    "measure_indicators",
    "park_coverage",
    "raster_mean",
    "ratio_of_columns",
    "relative_density",
    "share_of_area",
    "share_of_rows",
    "share_of_streets",
    "share_on_foot",
    "standing",
    "ways_to",
    "with_case_flags",
]
