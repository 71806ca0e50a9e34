"""Last year's list of weak areas as people hand it in: what kinds its rows are of, and rows that stand twice."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from jxgis.errors import InputError, collect
from jxgis.given import rows_in_file
from jxgis.i18n import Text, text_pair
from jxgis.privacy import quoted
from jxgis.schema.layers import layers, nearest, same_name
from jxgis.weak.kinds import kind_titles

if TYPE_CHECKING:
    import geopandas as gpd

    from jxgis.part import Given

__all__ = ["kinds_listed", "refuse_twice", "unknown_kinds"]

_LAYER = "weak_before"


def kinds_listed(given: Given, listed: gpd.GeoDataFrame) -> pd.Series:
    """The kind of each row by its code, however people write it; as it stands where it is unknown, empty where none is said.

    Parameters
    ----------
    given
        Whose city's layers, and whose kinds of this year, are known.
    listed
        Last year's list; ``kind`` where it has one.
    """
    if "kind" not in listed.columns:
        return pd.Series("", index=listed.index, dtype="str")
    codes = {same_name(word): code for code, title in kind_titles(given.city).items() for word in (*title, code)}
    codes |= {same_name(code): code for code in _codes(given)}
    said = listed["kind"].astype("str").fillna("").str.strip()
    return pd.Series([codes.get(same_name(kind), kind) for kind in said], listed.index, dtype="str")


def refuse_twice(given: Given, listed: gpd.GeoDataFrame, kinds: pd.Series) -> None:
    """Refuse a list in which an area stands twice: it would count twice in what became of last year's.

    Parameters
    ----------
    given
        Whose file the list is.
    listed
        Polygons with ``name`` where known.
    kinds
        From `kinds_listed`.

    Raises
    ------
    InputError
        With the rows of each area of one kind and one name, or of one kind and one shape.
    """
    name = listed["name"] if "name" in listed.columns else pd.Series(None, index=listed.index, dtype="str")
    shape = pd.Series(listed.geometry.normalize().to_wkb(), index=listed.index)
    named = name.where(name.fillna("").str.strip() != "")
    keys = {"weak.before_name_twice": named, "weak.before_shape_twice": shape}
    errors, told = [], set[tuple[int, ...]]()
    for key, own in keys.items():
        places = pd.Series(range(len(listed))).groupby([kinds.to_numpy(), own.to_numpy()], sort=False)
        for at in (tuple(each) for _, each in places if len(each) > 1 and tuple(each) not in told):
            told.add(at)
            called = quoted(name.iloc[at[0]]) if pd.notna(name.iloc[at[0]]) else ""
            errors.append(InputError.saying(text_pair(key, where=rows_in_file(given, _LAYER, at), name=called)))
    collect(errors)


def unknown_kinds(given: Given) -> list[Text]:
    """A note on each kind of last year's list that nothing is known by, with its rows and the nearest that is.

    Examples
    --------
    >>> import geopandas as gpd, shapely
    >>> from jxgis.given import given_tables
    >>> last = gpd.GeoDataFrame({"name": ["甲"], "kind": ["markts"]}, geometry=[shapely.box(0, 0, 9, 9)], crs=4549)
    >>> unknown_kinds(given_tables({"weak_before": last}, lang="zh"))[0].en
    "Last year's list (row 1): there is no kind 'markts', did you mean markets? These rows have no places of their kind beside them."
    """
    listed = given.table(_LAYER)
    if listed is None or listed.empty:
        return []
    titles, codes = kind_titles(given.city), _codes(given)
    kinds, notes = kinds_listed(given, listed), []
    for kind in (each for each in dict.fromkeys(kinds) if each not in codes):
        at = np.flatnonzero(kinds == kind)
        where = rows_in_file(given, _LAYER, at)
        if not kind:
            notes.append(text_pair("weak.before_no_kind", where=where))
            continue
        words = [word for code in codes for word in (code, *titles.get(code, ()))]
        hint = nearest(kind, words)
        notes.append(text_pair("weak.before_strange_kind", where=where, kind=quoted(kind), hint=hint))
    return notes


def _codes(given: Given) -> list[str]:
    """All kinds that there can be: layers of the contract and the city, those of this year, and what is not a layer."""
    own = () if given.city is None else given.city.layers
    return list(dict.fromkeys((*kind_titles(given.city), *layers(), *own, *(given.settings.weak.kinds or ()))))
