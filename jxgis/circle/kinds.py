"""The kinds of facilities of the 15-minute circle, as data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

from jxgis._toml import read_toml, validated
from jxgis.errors import SettingsError, collect
from jxgis.indicators.rows import holds, unmet
from jxgis.schema.layers import nearest
from jxgis.settings import Condition, KindSettings, Range, Section

if TYPE_CHECKING:
    from collections.abc import Iterable

    import geopandas as gpd

__all__ = ["ALL_KINDS", "Kind", "rows_of_kind", "select_kinds"]

#: What stands for all kinds together; no kind may be called so.
ALL_KINDS = "all"


@dataclass(frozen=True)
class Kind:
    """A kind of facility: its id, and what ``[circle.kinds]`` says of it."""

    id: str
    said: KindSettings


class _Row(KindSettings):
    id: str


class _File(Section):
    kinds: tuple[_Row, ...]


def select_kinds(own: Mapping[str, KindSettings], layers: Iterable[str] | None = None) -> tuple[Kind, ...]:
    """The kinds to measure: the project's own where it names any, else the default set.

    Parameters
    ----------
    own
        ``settings.circle.kinds``.
    layers
        The layers that there are; None: any may be named.

    Raises
    ------
    SettingsError
        If a kind is called ``all``, or one of the project's names a layer that there is not.

    Examples
    --------
    >>> [kind.id for kind in select_kinds({})][:3]
    ['parks', 'schools', 'hospitals']
    """
    if not own:
        source = Path(str(resources.files("jxgis.profiles").joinpath("circle.toml")))
        rows = validated(_File, read_toml(source), source.name).kinds
        return tuple(Kind(row.id, row) for row in rows)
    errors = []
    known = None if layers is None else {*layers}
    for name, said in own.items():
        if name == ALL_KINDS:
            errors.append(
                SettingsError(
                    zh="circle.kinds.all：all 表示全部种类合计，请换一个名称。",
                    en="circle.kinds.all: all stands for all kinds together; choose another name.",
                )
            )
        if known is not None and said.layer not in known:
            hint = nearest(said.layer, known)
            errors.append(
                SettingsError(
                    zh=f"circle.kinds.{name}：没有图层“{said.layer}”{hint.zh}",
                    en=f"circle.kinds.{name}: there is no layer {said.layer!r}{hint.en}",
                )
            )
    collect(errors)
    return tuple(Kind(name, said) for name, said in own.items())


def rows_of_kind(layer: gpd.GeoDataFrame, kind: Kind) -> gpd.GeoDataFrame:
    """The rows of a layer that are of a kind.

    Raises
    ------
    SettingsError
        If ``where`` or ``capacity`` names a column that the layer has not or that says nothing, or a word that no row has.

    Examples
    --------
    >>> import geopandas as gpd
    >>> schools = gpd.GeoDataFrame({"kind": ["小学", "初中"]}, geometry=gpd.points_from_xy([0, 9], [0, 0]), crs=4549)
    >>> len(rows_of_kind(schools, Kind("primary", KindSettings(layer="schools", where={"kind": "小学"}))))
    1
    """
    capacity: dict[str, Condition] = {kind.said.capacity: Range()} if kind.said.capacity else {}
    why = unmet(layer, kind.said.where) or unmet(layer.iloc[:0], capacity)
    if why is not None:
        raise SettingsError(
            zh=f"circle.kinds.{kind.id}：图层 {kind.said.layer} {why.zh}",
            en=f"circle.kinds.{kind.id}: {kind.said.layer} {why.en}",
        )
    return layer[holds(layer, kind.said.where)] if kind.said.where else layer
