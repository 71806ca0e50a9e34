from ._options import ReadOptions
from .boundaries import (
    Dissolved,
    boundary_flaws,
    dissolve_districts,
    in_crosswalk,
    load_districts,
    load_outline,
    load_subdistricts,
)
from .disagreement import Disagreement, disagreement
from .issues import load_issues, unclassified
from .layers import Loader, load_layer
from .loaded import Loaded, SourceFile
from .overlaps import snap_overlaps
from .rasters import PopulationRaster, check_raster, load_population
from .readers import Source
from .values import load_scorecard_values

load_barriers: Loader
load_blocks: Loader
load_built_up: Loader
load_candidates: Loader
load_communities: Loader
load_cycle: Loader
load_exposure: Loader
load_fixed_units: Loader
load_gates: Loader
load_grids: Loader
load_historic: Loader
load_keep_apart: Loader
load_keep_together: Loader
load_land_use: Loader
load_parks: Loader
load_places: Loader
load_planned_parks: Loader
load_residential: Loader
load_ring: Loader
load_streets: Loader
load_sub_areas: Loader
load_treated: Loader
load_unit_seeds: Loader
load_units: Loader
load_vacant: Loader
load_waters: Loader
load_weak_before: Loader

__all__ = [
    "Disagreement",
    "Dissolved",
    "Loaded",
    "Loader",
    "PopulationRaster",
    "ReadOptions",
    "Source",
    "SourceFile",
    "boundary_flaws",
    "check_raster",
    "disagreement",
    "dissolve_districts",
    "in_crosswalk",
    "load_districts",
    "load_issues",
    "load_layer",
    "load_outline",
    "load_population",
    "load_scorecard_values",
    "load_subdistricts",
    "snap_overlaps",
    "unclassified",
]
