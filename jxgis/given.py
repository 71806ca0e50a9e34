"""What a part is handed where there is no project: tables, and options by name."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from jxgis.drawing.ground import ground_of
from jxgis.errors import InputError, SettingsError, collect, near
from jxgis.i18n import Text, rows_said
from jxgis.part import Given
from jxgis.schema.layers import Contract, nearest

if TYPE_CHECKING:
    import geopandas as gpd
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    from jxgis.settings import Settings

__all__ = [
    "AREA",
    "districts_at",
    "given_tables",
    "named_tables",
    "of_period",
    "refuse_unread",
    "rows_in_file",
    "with_files",
]

AREA = Contract(layer="area", title=Text(zh="研究范围", en="study area"), geometry="polygon", columns=())
"""What is agreed of a study area that is handed over as a table."""


def given_tables(
    layers: Mapping[str, gpd.GeoDataFrame | None],
    *,
    further: Mapping[str, gpd.GeoDataFrame] = MappingProxyType({}),
    needs: Sequence[str] = (),
    history: gpd.GeoDataFrame | None = None,
    lang: str,
    sketch: bool = False,
    settings: Settings | None = None,
    contracts: Mapping[str, Contract] = MappingProxyType({}),
    **options: Mapping[str, Any],
) -> Given:
    """What a part is handed where there is no project: tables, and options by name.

    Parameters
    ----------
    layers
        Layer name to its rows; those that are None are not given. They share one metric CRS. Each is cast as a loader
        casts it, and held to its contract.
    further
        Layers that may be a city's own, from `named_tables`: of those that not every city has nothing is agreed.
    needs
        The layers that must be given.
    history
        All issues there are, where the layer holds those of a period.
    lang
        Language of what is shown, ``"zh"`` or ``"en"``.
    sketch
        Whether the polygons are schematic.
    settings
        Those of the sections that ``options`` does not name; the defaults where not given.
    contracts
        What is held to another contract than its layer's, such as one that is called as the argument is.
    **options
        Section of the settings to its options, such as ``hotspots={"cell_m": 100}``.

    Raises
    ------
    CrsError
        If the layers are not in one metric CRS.
    InputError
        If a layer that is needed is not given, one is not a table, or one breaks its contract.
    SettingsError
        If an option is unknown or out of range; the nearest name is suggested.
    """
    from jxgis.crs import require_table
    from jxgis.load.handed import as_layer
    from jxgis.schema.layers import layers as known
    from jxgis.schema.layers import unagreed
    from jxgis.settings import Settings

    there = {name: table for name, table in {**layers, **further}.items() if table is not None or name in needs}
    own = {name: unagreed(name) for name in further if name not in known()}
    agreed = {name: contracts.get(name, own.get(name, name)) for name in there}
    called = {name: like if isinstance(like, str) else like.layer for name, like in agreed.items()}
    first = next(iter(there))
    crs = require_table(there[first], called[first])
    # A layer in another CRS would lie elsewhere, and nothing would be found there.
    for name, table in {**there, **({} if history is None else {"history": history})}.items():
        require_table(table, called.get(name, name), like=crs)
    there = {name: as_layer(table, agreed[name]) for name, table in there.items()}
    _refuse_no_place(there)
    history = history if history is None else as_layer(history, "issues")
    asked = settings or Settings()
    for section, given in options.items():
        _refuse_mistyped(given, type(getattr(asked, section)).model_fields, layers)
        asked = asked.overridden(section, given)
    return Given(
        settings=asked,
        city=None,
        crs=crs,
        crs_note=Text(zh=f"坐标系 {crs.to_string()}。", en=f"CRS {crs.to_string()}."),
        layers=there,
        titles={name: contract.title for name, contract in contracts.items()},
        ground=ground_of(there),
        history=history,
        lang=lang,
        sketch=sketch,
    )


def _refuse_mistyped(given: Iterable[str], options: Collection[str], layers: Iterable[str]) -> None:
    """Refuse an argument that is no option and was meant for a layer; what was not, the settings refuse."""
    for name in given:
        meant = near(name, [*options, *layers])
        if name not in options and meant is not None and meant not in options:
            raise SettingsError(
                zh=f"没有参数 {name}，是否为 {meant}？", en=f"There is no argument {name}, did you mean {meant}?"
            )


def refuse_unread(tables: Iterable[str], read: Collection[str], argument: str) -> None:
    """Refuse tables of a name that nothing reads: it would count for nothing, and nobody know.

    Parameters
    ----------
    tables
        Names, as `named_tables` has them.
    read
        The layers that are read.
    argument
        What they were given as, for the message.

    Raises
    ------
    InputError
        For every such name, with the nearest one.

    Examples
    --------
    >>> refuse_unread(["toilts"], ["toilets", "schools"], "further")
    Traceback (most recent call last):
    jxgis.errors.InputError: further：没有用到图层“toilts”，是否为 toilets？...
    """
    errors = []
    for name in tables:
        if name not in read:
            hint = nearest(name, read)
            errors.append(
                InputError(
                    zh=f"{argument}：没有用到图层“{name}”{hint.zh}",
                    en=f"{argument}: nothing reads a layer {name!r}{hint.en}",
                )
            )
    collect(errors)


def _refuse_no_place(layers: Mapping[str, gpd.GeoDataFrame]) -> None:
    """Refuse polygons of the city without a row: nothing lies in them, and zeros for all of it would be wrong."""
    for name in ("area", "districts"):
        if name in layers and layers[name].empty:
            raise InputError(
                zh=f"{name} 没有任何一行；请给出至少一个面。", en=f"{name} has no rows; give at least one polygon."
            )


def named_tables(tables: object, argument: str) -> dict[str, gpd.GeoDataFrame]:
    """Tables by the names of their layers, as an argument gives them; none where it is None.

    Parameters
    ----------
    tables
        Layer name to its rows.
    argument
        What it is called, for the message.

    Raises
    ------
    InputError
        If it is not a mapping, such as one table alone.

    Examples
    --------
    >>> named_tables("schools.csv", "facilities")
    Traceback (most recent call last):
    jxgis.errors.InputError: facilities 应按图层名给出 GeoDataFrame，例如 {"schools": table}，而不是 str...
    """
    if tables is None:
        return {}
    if not isinstance(tables, Mapping):
        kind = type(tables).__name__
        raise InputError(
            zh=f'{argument} 应按图层名给出 GeoDataFrame，例如 {{"schools": table}}，而不是 {kind}。',
            en=f'{argument} takes GeoDataFrames by the names of their layers, such as {{"schools": table}}, not {kind}.',
        )
    return dict(tables)


def of_period(given: Given, start: pd.Timestamp | str | None, end: pd.Timestamp | str | None) -> Given:
    """The same of a period, half open, in local time: a text is read as in jxgis.toml, a time zone is left out.

    Raises
    ------
    InputError
        If a text is not a date.

    Examples
    --------
    >>> import geopandas as gpd, shapely
    >>> none = given_tables({"issues": gpd.GeoDataFrame(geometry=[shapely.Point(9, 9)], crs=4549)}, lang="zh")
    >>> of_period(none, "2023-01-01", None).start
    Timestamp('2023-01-01 00:00:00')
    """
    import pandas as pd

    from jxgis.load.times import local_date

    def time(at: pd.Timestamp | str | None, name: str) -> pd.Timestamp | None:
        if at is None:
            return None
        return pd.Timestamp(local_date(at, field=name) if isinstance(at, str) else at).tz_localize(None)

    return replace(given, start=time(start, "start"), end=time(end, "end"))


def with_files(given: Given) -> gpd.GeoDataFrame:
    """The issues with the ``file`` of each, where they were read from files.

    Parameters
    ----------
    given
        What a part was handed, ``issues`` among it.
    """
    import numpy as np

    issues, loaded = given.need("issues"), given.loaded.get("issues")
    if loaded is None or loaded.file is None or len(loaded.file) != len(issues):
        return issues
    return issues.assign(file=np.array([source.name for source in loaded.sources], dtype=object)[loaded.file])


def rows_in_file(given: Given, layer: str, at: Iterable[int]) -> Text:
    """Where rows of a layer stand: in which rows of which file, as a message says it.

    Parameters
    ----------
    given
        What a part was handed.
    layer
        The layer's name.
    at
        Positions of its rows, 0 the first; of a layer that was loaded they are found in the files.

    Examples
    --------
    >>> import geopandas as gpd, shapely
    >>> three = gpd.GeoDataFrame(geometry=[shapely.box(0, 0, 9, 9)] * 3, crs=4549)
    >>> rows_in_file(given_tables({"candidates": three}, lang="zh"), "candidates", [0, 2])
    Text(zh='第 1、3 行', en='rows 1, 3')
    """
    places, loaded = list(at), given.loaded.get(layer)
    found: dict[str, list[int]] = {}
    for place in places:
        file, row = ("", place + 1) if loaded is None else loaded.where(place)
        found.setdefault(file, []).append(row)
    return Text(
        zh="；".join(f"{file} {rows_said(rows).zh}".strip() for file, rows in found.items()),
        en="; ".join(f"{file}, {rows_said(rows).en}" if file else rows_said(rows).en for file, rows in found.items()),
    )


def districts_at(given: Given, areas: gpd.GeoDataFrame) -> NDArray[np.object_]:
    """The district in which the middle of each area lies.

    Parameters
    ----------
    given
        What a part was handed.
    areas
        (n,) polygons.

    Returns
    -------
    numpy.ndarray
        (n,) its name; None where there is none, or no districts are given.

    Examples
    --------
    >>> import geopandas as gpd, shapely
    >>> city = gpd.GeoDataFrame({"name": ["老城"]}, geometry=[shapely.box(0, 0, 9, 9)], crs=4549)
    >>> cells = gpd.GeoDataFrame(geometry=shapely.box([1, 20], 1, [3, 22], 3), crs=4549)
    >>> districts_at(given_tables({"districts": city}, lang="zh"), cells).tolist()
    ['老城', None]
    """
    import geopandas as gpd
    import numpy as np

    from jxgis.space.points import locate

    districts = given.table("districts")
    if districts is None or "name" not in districts.columns:
        return np.full(len(areas), None, dtype=object)
    names = np.array([*districts["name"], None], dtype=object)
    return np.asarray(names[locate(gpd.GeoSeries(areas.geometry.centroid), districts)])
