"""Loading a layer by its name: the plain loader, and those that some layers have of their own."""

from __future__ import annotations

import importlib
import inspect
from typing import TYPE_CHECKING, Any, Protocol, Unpack

import pandas as pd

from jxgis.city import TIMEZONE, contract_of
from jxgis.errors import InputError
from jxgis.i18n import listed, text_pair
from jxgis.load import Loaded
from jxgis.load._finish import finish, require_columns, told_by
from jxgis.load._layer import Gathered, gather, read_times
from jxgis.load._options import ReadOptions
from jxgis.schema.layers import heads

if TYPE_CHECKING:
    from collections.abc import Callable

    from jxgis.city import City
    from jxgis.load.readers import Source

__all__ = ["Loader", "load_layer", "loader_of"]


def load_layer(layer: str, path: Source, /, *, city: City | None = None, **options: Any) -> Loaded:
    """Load a layer: rows that hold its contract, and an account of those that do not.

    Parameters
    ----------
    layer
        A layer of ``schema/layers.toml``, such as ``"parks"`` (parcel by parcel: merging them is `parks.whole`'s), or
        one that the city's profile adds.
    path
        Path, glob, several paths, or a table in memory. Of a GeoPackage with several layers the one named like the
        layer is read, unless the path (``units.gpkg|layername=plan_2``) or ``layer`` names another.
    city
        Gives the metric CRS and the box.
    **options
        `ReadOptions`; of issues, districts, sub-districts and population also those of their own loaders.

    Returns
    -------
    Loaded
        Geometries of the layer's kind, valid, in the metric CRS; a text column of the contract that the files lack is
        there and empty. Other columns are carried along. A layer with an id takes the name where it has none; each id
        stands once.

    Raises
    ------
    InputError
        If there is no such layer, the files, their columns or their CRS cannot be used, or nothing is left.

    Examples
    --------
    >>> import geopandas as gpd, shapely
    >>> table = gpd.GeoDataFrame({"公园名称": ["南湖公园"]}, geometry=[shapely.box(0, 0, 100, 100)], crs=4549)
    >>> loaded = load_layer("parks", table)
    >>> loaded.table.columns.tolist(), loaded.sources[0].rows_kept
    (['park_id', 'name', 'kind', 'geometry'], 1)
    """
    agreed = contract_of(layer, city)
    if agreed.loader is not None:
        own: Callable[..., Loaded] = getattr(importlib.import_module(f"jxgis.load.{agreed.loader}"), f"load_{layer}")
        return own(path, city=city, **options)
    gathered = gather(path, layer, city=city, options=options)  # type: ignore[arg-type]  # checked by name below it
    needed = [column.name for column in agreed.columns if not column.null]
    read_times(gathered, TIMEZONE if city is None else city.timezone, needed=needed)
    require_columns(gathered)
    if agreed.identifier is not None:
        _identify(gathered, agreed.identifier)
    return finish(gathered)


class Loader(Protocol):
    """The loader of one layer."""

    def __call__(self, path: Source, /, *, city: City | None = None, **options: Unpack[ReadOptions]) -> Loaded:
        """Load it: see `load_layer`."""


def loader_of(layer: str) -> Loader:
    """The loader of one layer: `load_layer` with its first argument given, and said of itself what it reads."""

    def loader(path: Source, /, *, city: City | None = None, **options: Unpack[ReadOptions]) -> Loaded:
        return load_layer(layer, path, city=city, **options)

    agreed = contract_of(layer, None)
    columns = (
        listed((column.name + ("" if column.null else " (required)") for column in agreed.columns), "en") or "none"
    )
    loader.__name__ = loader.__qualname__ = f"load_{layer}"
    loader.__doc__ = (
        f"Load {agreed.title.en} ({agreed.title.zh}): {agreed.about.en}.\n\nColumns of the contract: {columns}. "
        f"Parameters and result are those of `load_layer`.\n\n{inspect.getdoc(ReadOptions)}"
    )
    return loader


def _identify(gathered: Gathered, column: str) -> None:
    """Tell the rows apart by an id, each once: given, else the name, else (blocks) the number of the row."""
    frame, ledger = gathered.frame, gathered.ledger
    if column not in frame:
        _make_ids(gathered, column)
    elif "name" in frame:
        frame[column] = frame[column].where(frame[column].notna(), frame["name"])
    ids = frame[column]
    ledger.reject(ids.isna(), field=column, reason="missing_value", values=ids)
    again = pd.Series(ids[ledger.kept]).duplicated().reindex(ids.index, fill_value=False)
    ledger.reject(again, field=column, reason="duplicate_id", values=ids)


def _make_ids(gathered: Gathered, column: str) -> None:
    if "name" in gathered.frame:
        gathered.frame[column] = gathered.frame["name"]
        gathered.notes.append(text_pair("load.named_ids"))
        return
    agreed = gathered.agreed
    if not agreed.numbered:
        have = heads(gathered.frame.columns)
        option = told_by(agreed.layer, "name")
        raise InputError(
            zh=f"{agreed.title.zh}图层没有编号（{column}）也没有名称列；请指定，例如 {option.zh}；文件中的列：{have.zh}。",
            en=f"{agreed.title.en}: neither {column} nor a name; name a column, such as {option.en}; the file's "
            f"columns: {have.en}.",
        )
    gathered.frame[column] = pd.Series([f"{row}" for row in range(1, len(gathered.frame) + 1)], dtype="str")
    gathered.notes.append(text_pair("load.numbered", column=column))
