from . import nearest, ratio
from .blocks import grid_blocks, own_blocks, street_blocks
from .count import count_points
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

__all__ = [
    "EVERYWHERE",
    "Grid",
    "Neighbours",
    "Period",
    "Snapped",
    "StreetGraph",
    "Walk",
    "add_areas",
    "align",
    "as_numbers",
    "as_one",
    "connected",
    "count_points",
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
    "own_blocks",
    "people_in",
    "pieces",
    "polsby_popper",
    "polygon_parts",
    "polygons_of",
    "ratio",
    "reock",
    "rows_of_polygons",
    "sharing_ground",
    "snap",
    "street_blocks",
    "street_graph",
    "to_micrometres",
    "union_of_linked",
    "walk_from",
    "walk_from_each",
    "when",
    "whole_zones",
    "width_m",
    "zones_by_level",
]
