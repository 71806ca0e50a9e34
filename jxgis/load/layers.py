"""Parks, housing, streets, waters, gates, places, blocks, units and candidates: one plain loader each."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from jxgis.errors import InputError
from jxgis.i18n import text_pair
from jxgis.load import Loaded
from jxgis.load._layer import Gathered, ReadOptions, finish, gather, require_columns

if TYPE_CHECKING:
    from typing import Unpack

    from jxgis.city import City
    from jxgis.load.readers import Source

__all__ = [
    "load_barriers",
    "load_blocks",
    "load_built_up",
    "load_candidates",
    "load_exposure",
    "load_gates",
    "load_historic",
    "load_keep_apart",
    "load_keep_together",
    "load_land_use",
    "load_parks",
    "load_places",
    "load_planned_parks",
    "load_residential",
    "load_ring",
    "load_streets",
    "load_units",
    "load_vacant",
    "load_waters",
]


def load_parks(path: Source, *, city: City | None = None, **options: Unpack[ReadOptions]) -> Loaded:
    """Load parks (公园绿地), parcel by parcel: ``park_id, name, kind``; merging parcels is `parks.whole`'s.

    Parameters
    ----------
    path
        Path, glob, several paths, or a GeoDataFrame.
    city
        Gives the metric CRS and the box.
    **options
        `ReadOptions`.

    Returns
    -------
    Loaded
        Polygons, valid, in the metric CRS; a text column of the contract that the files lack is there and empty.

    Raises
    ------
    InputError
        If the files, their columns or their CRS cannot be used, or nothing is left.

    Examples
    --------
    >>> import geopandas as gpd, shapely
    >>> table = gpd.GeoDataFrame({"公园名称": ["南湖公园"]}, geometry=[shapely.box(0, 0, 100, 100)], crs=4549)
    >>> loaded = load_parks(table)
    >>> loaded.table.columns.tolist(), loaded.sources[0].rows_kept
    (['park_id', 'name', 'kind', 'geometry'], 1)
    """
    return _plain("parks", path, city, options)


def load_residential(path: Source, *, city: City | None = None, **options: Unpack[ReadOptions]) -> Loaded:
    """Load residential land: ``name``, and ``people`` where the files have it; otherwise as `load_parks`."""
    return _plain("residential", path, city, options)


def load_streets(path: Source, *, city: City | None = None, **options: Unpack[ReadOptions]) -> Loaded:
    """Load streets: lines with ``name, level``; otherwise as `load_parks`."""
    return _plain("streets", path, city, options)


def load_waters(path: Source, *, city: City | None = None, **options: Unpack[ReadOptions]) -> Loaded:
    """Load waters: polygons with ``name``; otherwise as `load_parks`."""
    return _plain("waters", path, city, options)


def load_historic(path: Source, *, city: City | None = None, **options: Unpack[ReadOptions]) -> Loaded:
    """Load historic areas, in which smaller parks count: polygons with ``name``; otherwise as `load_parks`."""
    return _plain("historic", path, city, options)


def load_land_use(path: Source, *, city: City | None = None, **options: Unpack[ReadOptions]) -> Loaded:
    """Load land use or functional areas: polygons with ``kind``."""
    return _plain("land_use", path, city, options)


def load_keep_together(path: Source, *, city: City | None = None, **options: Unpack[ReadOptions]) -> Loaded:
    """Load areas that a unit should hold whole, such as model areas: polygons with ``name``."""
    return _plain("keep_together", path, city, options)


def load_keep_apart(path: Source, *, city: City | None = None, **options: Unpack[ReadOptions]) -> Loaded:
    """Load lines that no unit reaches across, such as a river without a bridge: lines with ``name``."""
    return _plain("keep_apart", path, city, options)


def load_vacant(path: Source, *, city: City | None = None, **options: Unpack[ReadOptions]) -> Loaded:
    """Load plots on which a park may be built: polygons with ``name``; otherwise as `load_parks`."""
    return _plain("vacant", path, city, options)


def load_gates(path: Source, *, city: City | None = None, **options: Unpack[ReadOptions]) -> Loaded:
    """Load park gates: points with ``name, level``, from a vector file or a table with coordinates and ``crs``."""
    return _plain("gates", path, city, options)


def load_barriers(path: Source, *, city: City | None = None, **options: Unpack[ReadOptions]) -> Loaded:
    """Load what cannot be crossed on foot, such as railways and expressways: lines with ``name``."""
    return _plain("barriers", path, city, options)


def load_planned_parks(path: Source, *, city: City | None = None, **options: Unpack[ReadOptions]) -> Loaded:
    """Load the parks of a plan, new ones and ground that joins a park: polygons with ``park_id, name``."""
    return _plain("planned_parks", path, city, options)


def load_places(path: Source, *, city: City | None = None, **options: Unpack[ReadOptions]) -> Loaded:
    """Load named places: points with ``name``, from a vector file or a table with coordinates and ``crs``."""
    return _plain("places", path, city, options)


def load_exposure(path: Source, *, city: City | None = None, **options: Unpack[ReadOptions]) -> Loaded:
    """Load what issues are set against: streets (their length), people (``people``), or any number of the file."""
    return _plain("exposure", path, city, options)


def load_ring(path: Source, *, city: City | None = None, **options: Unpack[ReadOptions]) -> Loaded:
    """Load the ring, such as 中环, for the share of issues inside it: a polygon, or a line that closes."""
    return _plain("ring", path, city, options)


def load_built_up(path: Source, *, city: City | None = None, **options: Unpack[ReadOptions]) -> Loaded:
    """Load built-up land: polygons (or streets); cells that hold none of it take no part in the hot spots."""
    return _plain("built_up", path, city, options)


def load_blocks(path: Source, *, city: City | None = None, **options: Unpack[ReadOptions]) -> Loaded:
    """Load the user's own blocks (社区, 网格): polygons with ``block_id``, numbered by row where there is none."""
    return _identified("blocks", "block_id", path, city, options)


def load_units(path: Source, *, city: City | None = None, **options: Unpack[ReadOptions]) -> Loaded:
    """Load units: polygons with ``unit_id`` (else the name serves as id), ``name, district``."""
    return _identified("units", "unit_id", path, city, options)


def load_candidates(path: Source, *, city: City | None = None, **options: Unpack[ReadOptions]) -> Loaded:
    """Load candidate sample units: polygons with ``candidate_id`` (else the name), ``name, district``.

    Other columns are carried along: one that is named like an indicator supplies its value.
    """
    return _identified("candidates", "candidate_id", path, city, options)


def _plain(layer: str, path: Source, city: City | None, options: ReadOptions) -> Loaded:
    gathered = gather(path, layer, city=city, options=options)
    require_columns(gathered)
    return finish(gathered)


def _identified(layer: str, column: str, path: Source, city: City | None, options: ReadOptions) -> Loaded:
    """A layer whose rows have an id, each once: given, else the name, else (blocks) the number of the row."""
    gathered = gather(path, layer, city=city, options=options)
    require_columns(gathered)
    frame, ledger = gathered.frame, gathered.ledger
    if column not in frame:
        _make_ids(gathered, column)
    elif "name" in frame:
        frame[column] = frame[column].where(frame[column].notna(), frame["name"])
    ids = frame[column]
    ledger.reject(ids.isna(), field=column, reason="missing_value", values=ids)
    again = pd.Series(ids[ledger.kept]).duplicated().reindex(ids.index, fill_value=False)
    ledger.reject(again, field=column, reason="duplicate_id", values=ids)
    return finish(gathered)


def _make_ids(gathered: Gathered, column: str) -> None:
    if "name" in gathered.frame:
        gathered.frame[column] = gathered.frame["name"]
        gathered.notes.append(text_pair("load.named_ids"))
        return
    if column != "block_id":
        have = "、".join(str(name) for name in gathered.frame.columns) or "—"
        raise InputError(
            zh=f"{gathered.agreed.title.zh}图层没有编号（{column}）也没有名称列；请用 --name-column 指定；文件中的列：{have}。",
            en=f"{gathered.agreed.title.en}: neither {column} nor a name; name a column with --name-column; the file's "
            f"columns: {have.replace('、', ', ')}.",
        )
    gathered.frame[column] = pd.Series([f"{row}" for row in range(1, len(gathered.frame) + 1)], dtype="str")
    gathered.notes.append(text_pair("load.numbered", column=column))
