"""From rows that were gathered to a table that holds its contract: columns that must be there, and what is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from jxgis.errors import InputError
from jxgis.i18n import Text, listed
from jxgis.load._masked import mask_people
from jxgis.load.loaded import Loaded
from jxgis.load.rejects import refuse_empty
from jxgis.schema import layers as _tables

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

    from jxgis.load._layer import Gathered

__all__ = ["finish", "require_columns", "told_by"]


def require_columns(gathered: Gathered) -> None:
    """Refuse a layer without a column that it must have, and reject the rows in which one is missing.

    Parameters
    ----------
    gathered
        The layer; its ledger is added to.

    Raises
    ------
    InputError
        If no file has the column.
    """
    agreed = gathered.agreed
    for column in agreed.columns:
        if column.null:
            continue
        if column.name not in gathered.frame:
            have = [str(name) for name in gathered.frame.columns]
            hint, heads = _tables.nearest(column.name, have), _tables.heads(have)
            option = told_by(agreed.layer, column.name)
            raise InputError(
                zh=f"{gathered.agreed.title.zh}图层没有“{column.name}”列（也没有已知别名 {listed(column.aliases[:4], 'zh')} 等）"
                f"{hint.zh}请指定，例如 {option.zh}；文件中的列：{heads.zh}。",
                en=f"{gathered.agreed.title.en}: no column {column.name!r}, nor a known alias "
                f"({listed(column.aliases[:4], 'en')} ...){hint.en} Name it, such as {option.en}; the file's columns: "
                f"{heads.en}.",
            )
        values = gathered.frame[column.name]
        gathered.ledger.reject(values.isna(), field=column.name, reason="missing_value", values=values)


def told_by(layer: str, column: str) -> Text:
    """How a command is told the column of a layer; the key is that of jxgis.toml and of the loader."""
    key = "name_column" if column == "name" else f"columns.{column}"
    return Text(zh=f"--set inputs.{layer}.{key}=列名", en=f"--set inputs.{layer}.{key}=COLUMN")


def finish(gathered: Gathered) -> Loaded:
    """Put the kept rows into a table that holds its contract.

    Parameters
    ----------
    gathered
        The layer, everything rejected that is to be.

    Returns
    -------
    Loaded
        Text, code and time columns of the contract are always there; numbers only where the files have them.

    Raises
    ------
    InputError
        If nothing is kept.
    """
    refuse_empty(gathered.agreed, gathered.ledger)
    kept = gathered.ledger.kept if gathered.absorbed is None else gathered.ledger.kept & ~gathered.absorbed
    if not gathered.agreed.carries:
        mask_people(gathered)
    return Loaded(
        gathered.agreed.layer,
        _table(gathered, kept),
        gathered.ledger.table(),
        gathered.ledger.sources(),
        tuple(gathered.notes),
        None if gathered.earlier is None else _table(gathered, gathered.earlier),
        file=gathered.ledger.source[kept],
        row=gathered.ledger.row[kept],
        earlier_file=None if gathered.earlier is None else gathered.ledger.source[gathered.earlier],
        crs_note=gathered.crs_note,
        converted=gathered.converted,
    )


def _table(gathered: Gathered, rows: NDArray[np.bool_]) -> gpd.GeoDataFrame:
    """Some of the rows as a table that holds the contract."""
    import geopandas as gpd

    frame = gathered.frame.loc[rows].reset_index(drop=True)
    for column in gathered.agreed.columns:
        if column.name in frame or column.dtype == "number":
            continue
        dtype = "datetime64[us]" if column.dtype == "time" else "str"
        frame[column.name] = pd.Series(pd.NaT if column.dtype == "time" else None, index=frame.index, dtype=dtype)
    own = [column.name for column in gathered.agreed.columns if column.name in frame]
    for name in frame.columns.difference(own):
        # Lists, dates and mixtures that a driver made objects of: as text every format can hold them.
        if frame[name].dtype == object:
            frame[name] = frame[name].astype("str").where(frame[name].notna())
    frame = frame[[*own, *(name for name in frame.columns if name not in own)]]
    table = gpd.GeoDataFrame(frame, geometry=gathered.geometry[rows], crs=gathered.metric)
    return _tables.check(table, gathered.agreed)
