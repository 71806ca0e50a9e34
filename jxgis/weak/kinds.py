"""The kinds of areas that may be weak, and what they are called."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jxgis.errors import InputError
from jxgis.i18n import text_pair
from jxgis.schema.layers import contract, layers, nearest
from jxgis.schema.tables import table
from jxgis.weak.areas import HOT_PLACE, UNIT

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from jxgis.city import City
    from jxgis.i18n import Text

__all__ = ["kind_titles", "kinds_of"]

_NO_PLACES = frozenset({"issues", "weak_before"})
"""What is counted, and what is compared with, beside the layers whose rows need no place."""


def kinds_of(asked: Sequence[str] | None, city: City | None, there: Collection[str] = ()) -> tuple[str, ...]:
    """The kinds that are looked at.

    Parameters
    ----------
    asked
        ``[weak] kinds``; where there are none, units, hot places and the city's ``weak_kinds``.
    city
        Whose layers may be kinds.
    there
        Further layers that may be.

    Raises
    ------
    InputError
        If a kind is unknown, or holds no places.

    Examples
    --------
    >>> kinds_of(None, None), kinds_of(["streets"], None)
    (('unit', 'hot_place'), ('streets',))
    """
    own = {} if city is None else city.layers
    places = [name for name in (*layers(), *own) if name not in _NO_PLACES and not contract(name, own).placeless]
    known = dict.fromkeys((UNIT, HOT_PLACE, *places, *there))
    kinds = (UNIT, HOT_PLACE, *(() if city is None else city.weak_kinds)) if asked is None else tuple(asked)
    for kind in kinds:
        if kind not in known or kind in _NO_PLACES:
            said = "no_places" if kind in {*layers(), *own} else "no_kind"
            raise InputError.saying(text_pair(f"weak.{said}", kind=kind, hint=nearest(kind, known)))
    return tuple(dict.fromkeys(kinds))


def kind_titles(city: City | None) -> dict[str, Text]:
    """What kinds are called: as results have them, else as the city calls the layer.

    Examples
    --------
    >>> kind_titles(None)["old_estates"].zh
    '老旧小区'
    """
    own = {} if city is None else {name: contract.title for name, contract in city.layers.items()}
    return own | dict(table("weak.weak_areas").columns["kind"].words)
