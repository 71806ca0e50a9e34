"""Vector files as tables with geometry, with the right one of a file's layers and the right encoding of its text."""

from __future__ import annotations

import codecs
import contextlib
import html
import os
import re
import tempfile
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from jxgis._files import reading, require_few_columns
from jxgis.errors import InputError
from jxgis.i18n import Text, few, listed, text_pair
from jxgis.load._encodings import as_utf8, dbf_encoding, decoding, whole_characters
from jxgis.load._intact import (
    require_kind,
    require_no_shifts,
    require_plain,
    require_shallow,
    require_whole,
    unreadable,
)
from jxgis.load._text import distinct_names
from jxgis.load._views import long_geometries, require_finite_views
from jxgis.schema.layers import nearest

if TYPE_CHECKING:
    import geopandas as gpd
    import pyproj
    from numpy.typing import NDArray

__all__ = ["Features", "read_vector"]

# Formats that say their number of rows, of which less may be read where they are damaged.
_COUNTED = (".gpkg", ".gdb")
# What the driver of KML has for every place, whether the file says it or not, and tables have names like.
_OF_EVERY_PLACE = ["id", "timestamp", "begin", "end"]
_DATA = re.compile(rb"""(<(?:\w+:)?Data\b[^<>]*?\sname\s*=\s*)("[^"<]*"|'[^'<]*')""")
# What readers warn of and tables do not suffer from: a column of GeoJSON that holds numbers and words stays text, and rows are
# counted by their place, not by an id that comes twice.
_HARMLESS = r"Could not parse column .* as JSON|Several features with id = "
# No network; and chords of a degree for true arcs: their area is within 0.01 % of the arc's.
_OPTIONS = {"GDAL_HTTP_PROXY": "none://offline", "GDAL_HTTPS_PROXY": "none://offline", "OGR_ARC_STEPSIZE": "1"}


@dataclass(frozen=True, slots=True)
class Features:
    """Features as they were read.

    Parameters
    ----------
    frame
        Attributes.
    geometry
        (n,) shapely geometries or None; None where the layer has no geometry at all.
    crs
        As the file declares it.
    notes
        For people.
    left
        Columns that were not asked for, and not read.
    """

    frame: pd.DataFrame
    geometry: NDArray[Any] | None
    crs: pyproj.CRS | None
    notes: tuple[Text, ...] = field(default=())
    left: tuple[str, ...] = ()


def read_vector(path: Path, *, layer: str | None, expected: Sequence[str], encoding: str | None, what: str) -> Features:
    """Read one layer of a vector file.

    Parameters
    ----------
    path
        GeoPackage, GeoJSON, Shapefile, FlatGeobuf, KML, MapInfo or a file geodatabase.
    layer
        Its layer, or ``layerid=N`` for the one of that number; None for the only one, or the first of ``expected``. Of a KML
        whose folders are none of these, all are read: a folder holds some of the places, not another kind.
    expected
        The layer of the contract that is wanted, and what may stand in for it: ``("candidates", "units")``.
    encoding
        Of a Shapefile's text; None for .cpg, then the DBF language byte, then UTF-8 where all text is, then GB 18030.
    what
        The file, for messages.

    Returns
    -------
    Features

    Raises
    ------
    InputError
        If the file cannot be read, has no such layer, or several to choose from.
    """
    import pyogrio

    path = path.absolute()
    with reading(what, unreadable(path)), _offline():
        require_plain(path, what)
        require_kind(path)
        if path.suffix.lower() == ".gpkg":
            require_finite_views(path, None, what=what)
        require_no_shifts(path, what)
        names = [str(name) for name in pyogrio.list_layers(path)[:, 0]]
    if path.suffix.lower() == ".kml" and layer is None and len(names) > 1 and not set(expected) & set(names):
        return _read_folders(path, names, expected, what)
    chosen = _choose(names, layer, expected, what)
    with reading(what, unreadable(path)), decoding(what, path), _offline():
        if path.suffix.lower() == ".gpkg":
            require_finite_views(path, chosen, what=what)
            require_shallow(long_geometries(path, chosen))
        if path.suffix.lower() == ".shp":
            table = _read_shapefile(path, chosen, encoding or dbf_encoding(path))
        elif path.suffix.lower() == ".kml":
            table = _read_kml(path, chosen, what)
        else:
            table = _read_layer(path, chosen, what)
        require_whole(path, chosen, len(table), what)
    stands_in = layer is None and len(_of_data(names)) > 1 and chosen != expected[0]
    notes = [text_pair("load.stand_in", file=what, layer=chosen)] if stands_in else []
    if "geometry" not in table or not hasattr(table, "crs"):
        geometry, crs, frame = None, None, pd.DataFrame(table)
    else:
        geometry, crs = np.asarray(table.geometry.array, dtype=object), table.crs
        frame = pd.DataFrame(table.drop(columns="geometry"))
    frame, said = as_utf8(frame, what)
    return Features(frame, geometry, crs, (*notes, *said))


def _read_folders(path: Path, names: list[str], expected: Sequence[str], what: str) -> Features:
    """All folders of a KML, one after the other."""
    parts = [
        read_vector(path, layer=f"layerid={at}", expected=expected, encoding=None, what=what)
        for at in range(len(names))
    ]
    geometry = np.concatenate([part.geometry for part in parts if part.geometry is not None])
    note = text_pair("load.folders", file=what, count=len(names), names=few(names))
    return Features(pd.concat([part.frame for part in parts], ignore_index=True), geometry, parts[0].crs, (note,))


def _read_layer(path: Path, layer: str, what: str) -> gpd.GeoDataFrame:
    """A layer by Arrow; the slower way where that knows no true arcs, or ends at a damaged page without a word."""
    import pyogrio

    def read(*, use_arrow: bool) -> gpd.GeoDataFrame:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message=_HARMLESS)
            return pyogrio.read_dataframe(
                path, layer=layer, on_invalid="ignore", datetime_as_string=True, use_arrow=use_arrow
            )

    info = pyogrio.read_info(path, layer=layer, force_feature_count=path.suffix.lower() in _COUNTED)
    require_few_columns(len(info["fields"]), what=what)
    if path.suffix.lower() == ".fgb":
        _require_sound(path, layer)
    try:
        table = read(use_arrow=True)
    except NotImplementedError:
        table = None
    if table is None or (path.suffix.lower() in _COUNTED and len(table) < info["features"]):
        table = read(use_arrow=False)
    for name, dtype in zip(info["fields"], info["dtypes"], strict=True):
        if str(dtype).startswith("datetime64"):
            table[name] = _as_times(table[name])
    return table


def _read_kml(path: Path, layer: str, what: str) -> gpd.GeoDataFrame:
    """A folder of a KML, without what its places have none of.

    Of the name of a value its driver makes underscores, as many as it has bytes, and one column of all that have so many: names
    that are no plain words are put in by number.
    """
    written = path.read_bytes()
    names = dict.fromkeys(
        name for _, quoted in _DATA.findall(written) if not re.fullmatch(rb"\w+", name := quoted[1:-1])
    )
    plain = {name: b"jxgis_%d" % at for at, name in enumerate(names)}
    with tempfile.TemporaryDirectory() as folder:
        if plain:
            copy = Path(folder, path.name)
            copy.write_bytes(_DATA.sub(lambda at: at[1] + b'"' + plain.get(at[2][1:-1], at[2][1:-1]) + b'"', written))
            path = copy
        table = _read_layer(path, layer, what)
    table = table.drop(columns=[name for name in _OF_EVERY_PLACE if name in table and table[name].isna().all()])
    called = {put_in.decode(): html.unescape(name.decode(errors="replace")) for name, put_in in plain.items()}
    return table.set_axis(distinct_names([called.get(name, name) for name in table.columns]), axis=1)


def _require_sound(path: Path, layer: str) -> None:
    """Refuse a damaged FlatGeobuf: its driver leaves off within a row, and where a value ends it says wrongly, which kills its reader."""
    import pyarrow as pa
    import pyogrio

    for column in pyogrio.read_arrow(path, layer=layer, datetime_as_string=True)[1].columns:
        for chunk in column.chunks:
            # Text as bytes: in what encoding it is is seen later.
            (chunk.view(pa.binary()) if pa.types.is_string(chunk.type) else chunk).validate(full=True)


def _as_times(text: pd.Series) -> pd.Series:
    """Times of one column; as text where some say their zone and others another or none, which a driver takes for UTC."""
    try:
        return pd.to_datetime(text, format="ISO8601")
    except ValueError:
        return text


def _read_shapefile(path: Path, layer: str, encoding: str) -> gpd.GeoDataFrame:
    """A Shapefile's table; a head or a value of UTF-8 that its field cuts within a character loses that character.

    A head has ten bytes, three Chinese characters and a third: what QGIS leaves of 常住人口 is not UTF-8.
    """
    import pyogrio

    def read(codec: str) -> gpd.GeoDataFrame:
        return pyogrio.read_dataframe(path, layer=layer, encoding=codec, on_invalid="ignore", use_arrow=False)

    try:
        return read(encoding)
    except UnicodeDecodeError:
        if codecs.lookup(encoding).name != "utf-8":
            raise
    # As Latin-1, under the one name of it that GDAL takes, every byte is a character, and none is lost.
    table = read("ISO-8859-1")
    for name in table.columns:
        if pd.api.types.is_string_dtype(table[name]):
            table[name] = table[name].map(whole_characters, na_action="ignore")
    return table.rename(
        columns={name: name if name == "geometry" else whole_characters(name) for name in table.columns}
    )


@contextlib.contextmanager
def _offline() -> Iterator[None]:
    """Read without the network: a GeoJSON may give its CRS as an address, which GDAL would ask.

    GDAL has no switch for it, and takes JSON that is none; but it goes through the proxy that it is told of, and curl knows
    none of this kind.
    """
    import pyogrio

    before = {name: pyogrio.get_gdal_config_option(name) for name in _OPTIONS}
    excepted = os.environ.get("no_proxy")
    pyogrio.set_gdal_config_options(_OPTIONS)
    # What is excepted from the proxy would be asked all the same.
    os.environ["no_proxy"] = "none.invalid"
    try:
        yield
    finally:
        pyogrio.set_gdal_config_options(before)
        if excepted is None:
            del os.environ["no_proxy"]
        else:
            os.environ["no_proxy"] = excepted


def _of_data(names: list[str]) -> list[str]:
    """The layers without the table in which QGIS keeps their styles."""
    return [name for name in names if name != "layer_styles"]


def _choose(names: list[str], layer: str | None, expected: Sequence[str], what: str) -> str:
    if layer is not None:
        if layer in names:
            return layer
        number = layer.removeprefix("layerid=")
        if number != layer and number.isdecimal() and int(number) < len(names):
            return names[int(number)]
    names = _of_data(names)
    if layer is not None:
        hint = nearest(layer, names)
        raise InputError(
            zh=f"{what} 中没有图层“{layer}”{hint.zh}有：{listed(names, 'zh')}。",
            en=f"{what} has no layer {layer!r}{hint.en} It has {listed(names, 'en')}.",
        )
    if len(names) == 1:
        return names[0]
    for name in expected:
        if name in names:
            return name
    if not names:
        raise InputError(zh=f"{what} 中没有图层。", en=f"{what} holds no layer.")
    raise InputError(
        zh=f"{what} 中有多个图层：{listed(names, 'zh')}；请指明一个：写成 {what}|layername=图层名，或在设置中写 layer。",
        en=f"{what} has several layers: {listed(names, 'en')}; name one: {what}|layername=NAME, or layer in the settings.",
    )
