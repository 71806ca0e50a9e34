"""How a layer is read: the options of its loader."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

from jxgis.errors import InputError
from jxgis.reference import choose_metric_crs
from jxgis.schema.layers import nearest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pyproj

    from jxgis._misplaced import AxisOrder
    from jxgis.city import City
    from jxgis.crs import Box

__all__ = ["ReadOptions", "crs_of_nowhere", "require_known"]


class ReadOptions(TypedDict, total=False):
    """How to read a layer; each is also a key of ``[inputs.LAYER]`` in jxgis.toml.

    ``layer``: the file's layer or sheet. ``crs``: an EPSG code, ``GCJ-02`` or ``BD-09``; required for tables of
    points. ``encoding``: of text. ``axes``: ``east_north`` or ``north_east``. ``name_column``: the column that holds
    the name. ``columns``: contract name to the name in the file. ``towgs84``: three or seven parameters of a local
    system. ``metric_crs``: the CRS to work in, where there is no city. ``box``: west, south, east, north in degrees,
    where there is no city. ``keep``: of issues, further columns of the file to carry along, personal values masked.
    ``table``, ``query``: of a database (``postgresql://…``), the table ``schema.name``, or one SELECT; the column of
    geometries, where there are several, is ``columns={"geometry": …}``.
    """

    keep: Sequence[str]
    layer: str | None
    crs: str | int | pyproj.CRS | None
    encoding: str | None
    axes: AxisOrder | None
    name_column: str | None
    columns: Mapping[str, str]
    towgs84: tuple[float, ...] | None
    metric_crs: str | int | pyproj.CRS | None
    box: Box | None
    table: str | None
    query: str | None


def require_known(options: Mapping[str, object]) -> None:
    """Refuse an option that there is not: a ``crs`` that is misspelt would leave the file where it is not."""
    for name in options:
        if name not in ReadOptions.__annotations__:
            hint = nearest(name, ReadOptions.__annotations__)
            raise InputError(zh=f"没有读取选项“{name}”{hint.zh}", en=f"No option {name!r} of reading{hint.en}")


def crs_of_nowhere(given: ReadOptions, city: City | None) -> pyproj.CRS:
    """The CRS of a table that lies nowhere: the project's or the city's, else any, for nothing of it is measured."""
    return choose_metric_crs(given.get("metric_crs") or (city and city.crs) or 4549)[0]
