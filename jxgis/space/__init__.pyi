from . import nearest, ratio
from .blocks import grid_blocks, own_blocks, street_blocks
from .count import count_points
from .districts import (
    EDGE_TOLERANCE_M,
    SCRAP_M2,
    check_districts,
    check_polygons,
    count_parts,
    overlaps,
    require_apart,
    without_scraps,
)
from .graph import Neighbours, align, as_numbers, neighbours
from .grid import Grid, grid_over, to_micrometres
from .levels import levels_of, zones_by_level
from .network import Snapped, StreetGraph, Walk, graph_of_edges, snap, street_graph, walk_from, walk_from_each
from .overlay import holds_most, pieces, sharing_ground
from .parts import connected, union_of_linked
from .people import people_in
from .points import locate, locate_each, locate_touching
from .polygons import as_one, fill_needles, members, polygon_parts, polygons_of, rows_of_polygons
from .shape import hull_ratio, polsby_popper, reock, width_m
from .sums import EVERYWHERE, Period, add_areas, when, whole_zones
from .tiling import Misfit, Tiling, tile
from .window import disc_reach, disc_sums

__all__ = [
    "EDGE_TOLERANCE_M",
    "EVERYWHERE",
    "SCRAP_M2",
    "Grid",
    "Misfit",
    "Neighbours",
    "Period",
    "Snapped",
    "StreetGraph",
    "Tiling",
    "Walk",
    "add_areas",
    "align",
    "as_numbers",
    "as_one",
    "check_districts",
    "check_polygons",
    "connected",
    "count_parts",
    "count_points",
    "disc_reach",
    "disc_sums",
    "fill_needles",
    "graph_of_edges",
    "grid_blocks",
    "grid_over",
    "holds_most",
    "hull_ratio",
    "levels_of",
    "locate",
    "locate_each",
    "locate_touching",
    "members",
    "nearest",
    "neighbours",
    "overlaps",
    "own_blocks",
    "people_in",
    "pieces",
    "polsby_popper",
    "polygon_parts",
    "polygons_of",
    "ratio",
    "reock",
    "require_apart",
    "rows_of_polygons",
    "sharing_ground",
    "snap",
    "street_blocks",
    "street_graph",
    "tile",
    "to_micrometres",
    "union_of_linked",
    "walk_from",
    "walk_from_each",
    "when",
    "whole_zones",
    "width_m",
    "without_scraps",
    "zones_by_level",
]
