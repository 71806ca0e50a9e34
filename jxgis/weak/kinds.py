"""The kinds of areas that may be weak, and what they are called."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jxgis.schema.tables import table

if TYPE_CHECKING:
    from jxgis.city import City
    from jxgis.i18n import Text

__all__ = ["kind_titles"]


def kind_titles(city: City | None) -> dict[str, Text]:
    """What kinds are called: as results have them, else as the city calls the layer.

    Examples
    --------
    >>> kind_titles(None)["old_estates"].zh
    '老旧小区'
    """
    own = {} if city is None else {name: contract.title for name, contract in city.layers.items()}
    return own | dict(table("weak.weak_areas").columns["kind"].words)
