from . import in_heads, layers, tables
from .check import BrokenTableError, hold
from .columns import Column, Kind, Unit, column, declared, layer_column, own_column
from .contract import contract_text, said_of, with_tables
from .files import BASEMAP_KEY, RUN
from .layers import Contract, LayerEntry, coordinate_columns, nearest, nearest_file, same_name
from .matching import match_columns, rivals
from .styles import Colours, Style, style_of
from .tables import Table, case_columns, find_table, of_layer, table, telling_columns

__all__ = [
    "BASEMAP_KEY",
    "RUN",
    "BrokenTableError",
    "Colours",
    "Column",
    "Contract",
    "Kind",
    "LayerEntry",
    "Style",
    "Table",
    "Unit",
    "case_columns",
    "column",
    "contract_text",
    "coordinate_columns",
    "declared",
    "find_table",
    "hold",
    "in_heads",
    "layer_column",
    "layers",
    "match_columns",
    "nearest",
    "nearest_file",
    "of_layer",
    "own_column",
    "rivals",
    "said_of",
    "same_name",
    "style_of",
    "table",
    "tables",
    "telling_columns",
    "with_tables",
]
