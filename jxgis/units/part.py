"""The part that proposes units: what it reads, and how it is run."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from jxgis.i18n import Text
from jxgis.part import Option, Part

if TYPE_CHECKING:
    from jxgis.settings import Settings

__all__ = ["PART"]


def _implied(options: Collection[str]) -> dict[str, Any]:
    """Who asks for a size of cells, and neither for streets nor for blocks, wants cells; who gives units, a repair of them."""
    cells = "--cell-m" in options and not {"--streets", "--blocks"} & {*options}
    asked = {"by_cells": cells, "from_units": "--units" in options}
    units = {name: True for name, wanted in asked.items() if wanted}
    return {"units": units} if units else {}


def _further(settings: Settings) -> tuple[str, ...]:
    """Places are read where two of them are to be kept apart, units where the plan starts from them."""
    asked = {"places": bool(settings.units.apart), "units": settings.units.from_units}
    return tuple(layer for layer, wanted in asked.items() if wanted)


def _units(settings: Settings) -> tuple[str, ...]:
    return ("units",) if settings.units.from_units else ()


PART = Part(
    name="units",
    command="units",
    title=Text(zh="划分管理单元", en="Propose units"),
    options={
        "--districts": Option("inputs.districts", Text(zh="片区面", en="District polygons")),
        "--blocks": Option("inputs.blocks"),
        "--streets": Option("inputs.streets"),
        "--units": Option(
            "inputs.units",
            Text(zh="现有或改过的单元：从它们出发，改得最少", en="units to start from: least is changed"),
        ),
        "--cell-m": Option("units.cell_m"),
        "--issues": Option("inputs.issues"),
        "--crs": Option("inputs.issues.crs"),
        "--attributes": Option("units.attributes", metavar="A,B"),
        "--min-km2": Option("units.min_km2"),
        "--max-km2": Option("units.max_km2"),
        "--target-km2": Option("units.target_km2"),
        "--seed": Option("units.seed"),
        "--name-column": Option("inputs.districts.name_column"),
        "--columns": Option("inputs.issues.columns"),
    },
    reads=(
        *("districts", "subdistricts", "blocks", "streets", "waters", "issues", "population", "land_use"),
        *("keep_together", "keep_apart", "fixed_units", "unit_seeds"),
    ),
    also_reads=_further,
    also_needs=_units,
    needs=("districts",),
    settings_key="units",
    settings=("units", "report"),
    blames=("districts", "subdistricts"),
    implied=_implied,
    less_before={"alternatives": False},
)
