"""What a part is handed where there is no project: tables, and options by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from jxgis.drawing.ground import ground_of
from jxgis.i18n import Text
from jxgis.part import Given

if TYPE_CHECKING:
    import geopandas as gpd

    from jxgis.schema.layers import Contract
    from jxgis.settings import Settings

__all__ = ["given_tables"]


def given_tables(
    layers: Mapping[str, gpd.GeoDataFrame | None],
    *,
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
    from jxgis.settings import Settings

    there = {name: table for name, table in layers.items() if table is not None or name in needs}
    agreed = {name: contracts.get(name, name) for name in there}
    called = {name: like if isinstance(like, str) else like.layer for name, like in agreed.items()}
    first = next(iter(there))
    crs = require_table(there[first], called[first])
    # A layer in another CRS would lie elsewhere, and nothing would be found there.
    for name, table in {**there, **({} if history is None else {"history": history})}.items():
        require_table(table, called.get(name, name), like=crs)
    there = {name: as_layer(table, agreed[name]) for name, table in there.items()}
    history = history if history is None else as_layer(history, "issues")
    asked = settings or Settings()
    for section, given in options.items():
        asked = asked.overridden(section, given)
    return Given(
        settings=asked,
        city=None,
        crs=crs,
        crs_note=Text(zh=f"坐标系 {crs.to_string()}。", en=f"CRS {crs.to_string()}."),
        layers=there,
        ground=ground_of(there),
        history=history,
        lang=lang,
        sketch=sketch,
    )
