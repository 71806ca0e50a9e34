"""The tables of the results, each declared once: where they are written, their columns, and what tells rows apart."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any

from jxgis.i18n import Text
from jxgis.schema.columns import Column, column, layer_column, own_column
from jxgis.schema.styles import Style, style_of

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

__all__ = ["Table", "case_columns", "class_columns", "find_table", "of_layer", "table", "tables", "telling_columns"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """One table of a result.

    Parameters
    ----------
    name
        ``part.table``.
    title
        What it is called; of a sheet its name.
    file
        Where it is written; empty for one that stands in a workbook or on a page alone.
    sheet
        Whether it is a sheet of report.xlsx.
    page
        Whether it is made for a page alone.
    keys
        The columns that together tell its rows apart.
    required
        Names of the columns that are always there.
    shown
        The columns that a page shows of it, in that order; all where none are named.
    columns
        All columns that are declared, by name or by pattern such as ``mix_*``, in order.
    indicators
        Whether it holds indicators: any ``x`` with its ``x_score``.
    tells
        Indicators that would tell a count of cases beside them.
    sums
        How its rows are added up for people, each a list of the columns whose values name the rows that share nothing;
        ``()`` among them: all rows do.
    no_sums
        Why they are not: ``overlap``, or the sum ``stands`` in the table already.
    filled
        The columns that people fill in before they hand the sheet back.
    when, note
        When the other columns are there, and what else docs/contract.md says.
    style
        How it is drawn in QGIS, where it is a layer.
    """

    name: str
    title: Text
    file: str = ""
    sheet: bool = False
    page: bool = False
    keys: tuple[str, ...] = ()
    required: tuple[str, ...] = ()
    shown: tuple[str, ...] = ()
    columns: Mapping[str, Column] = field(default_factory=dict)
    indicators: bool = False
    tells: tuple[str, ...] = ()
    sums: tuple[tuple[str, ...], ...] = ()
    no_sums: str = ""
    filled: tuple[str, ...] = ()
    when: str = ""
    note: str = ""
    style: Style | None = None

    @property
    def layer(self) -> str:
        """Its own name, without that of the part: the layer of the file."""
        return self.name.partition(".")[2]

    @property
    def counts_cases(self) -> bool:
        """Whether it has a column that counts cases."""
        return any(found.cases for found in self.columns.values())

    def column(self, name: str, values: pd.Series[Any], titles: Mapping[str, str] | None = None) -> Column:
        """What a column of the table is.

        Parameters
        ----------
        name
            Its name.
        values
            Its values: what is not declared goes by their dtype.
        titles
            Titles of columns that no contract has, such as indicators; they go before all others, since an indicator's id
            may be any word.

        Examples
        --------
        >>> import pandas as pd
        >>> [table("units.blocks").column(c, pd.Series([0.2])).head("zh") for c in ("mix_市容环境", "people_per_km2", "own")]
        ['市容环境占问题比例', '每平方公里人口', 'own']
        """
        called = (titles or {}).get(name)
        declared = self.declared(name)
        if declared is None or (called and self.indicators and name in self.columns):
            # An indicator is written in the unit that it declares, whatever its numbers are.
            own = own_column(name, values, called)
            return replace(own, digits=2) if called and self.indicators else own
        if name in self.columns:
            return replace(declared, title=Text(zh=called, en=called)) if called else declared
        before, after = declared.name.split("*")
        stem = name.removeprefix(before).removesuffix(after)
        stem = (titles or {}).get(stem, stem)
        zh, en = (called or words.format(name=stem) for words in (declared.title.zh, declared.title.en))
        return replace(declared, name=name, title=Text(zh=zh, en=en))

    def declared(self, name: str) -> Column | None:
        """The declaration of a column, by name or by pattern; None of one that is the user's own.

        Examples
        --------
        >>> table("units.blocks").declared("mix_市容环境").name, table("units.blocks").declared("own")
        ('mix_*', None)
        """
        pattern = next((p for p in self.columns if "*" in p and fnmatchcase(name, p)), None)
        return self.columns.get(name) or self.columns.get(pattern or "")

    def empty(self, crs: Any) -> gpd.GeoDataFrame:
        """The table without rows, with the dtypes of its kinds.

        Examples
        --------
        >>> table("parks.isochrones").empty(4549).dtypes.astype(str).to_dict()
        {'minutes': 'float64', 'area_km2': 'float64', 'geometry': 'geometry'}
        """
        import geopandas as gpd
        import pandas as pd

        kinds = {"number": "float64", "flag": "bool", "time": "datetime64[ns]"}
        known = {name: self.columns[name] for name in self.required}
        dtypes = {n: "int64" if found.whole else kinds.get(found.dtype, "str") for n, found in known.items()}
        columns = {name: pd.Series([], dtype=dtype) for name, dtype in dtypes.items()}
        return gpd.GeoDataFrame(columns, geometry=[], crs=crs)

    def described(self, frame: pd.DataFrame, titles: Mapping[str, str] | None = None) -> dict[str, Column]:
        """What each column of a data frame is, but for its geometry."""
        return {str(c): self.column(str(c), frame[c], titles) for c in frame.columns if c != "geometry"}


@cache
def _data() -> dict[str, dict[str, dict[str, Any]]]:
    return tomllib.loads(resources.files("jxgis.schema").joinpath("results.toml").read_text(encoding="utf-8"))


@cache
def tables() -> tuple[str, ...]:
    """Names of all tables, ``part.table``.

    Examples
    --------
    >>> "hotspots.places" in tables()
    True
    """
    return tuple(f"{part}.{name}" for part, own in _data().items() for name in own)


@cache
def table(name: str) -> Table:
    """A table of a result.

    Parameters
    ----------
    name
        One of `tables`.

    Raises
    ------
    KeyError
        If there is none: a fault of the program, not of its input.

    Examples
    --------
    >>> places = table("hotspots.places")
    >>> places.title.zh, places.keys, places.columns["share_issues"].writing
    ('热点地段', ('issue_class', 'rank'), 'percent')
    """
    part, _, own = name.partition(".")
    said = _data()[part][own]
    if "like" in said:
        like_part, _, like_own = said["like"].partition(".")
        said = _data()[like_part][like_own] | {"note": "", "sheet": False} | said
    every = (*said["columns"], *said.get("more", ()))
    return Table(
        name=name,
        title=Text(zh=said["zh"], en=said["en"]),
        file=said.get("file", ""),
        sheet=said.get("sheet", False),
        page=said.get("page", False),
        keys=tuple(said.get("keys", ())),
        required=tuple(said["columns"]),
        shown=tuple(said.get("shown", ())),
        columns={key: column(key, name) for key in every},
        indicators=said.get("indicators", False),
        tells=tuple(said.get("tells", ())),
        sums=tuple(tuple(by) for by in said.get("sums", ())),
        no_sums=said.get("no_sums", ""),
        filled=tuple(said.get("filled", ())),
        when=said.get("when", ""),
        note=said.get("note", ""),
        style=style_of(said["style"]) if "style" in said else None,
    )


def find_table(name: str) -> Table:
    """As `table`; one without columns where nothing of the name is declared."""
    return table(name) if name in tables() else Table(name=name, title=Text(zh=name, en=name))


@cache
def case_columns() -> tuple[str, ...]:
    """The columns of all results that count cases.

    Examples
    --------
    >>> {"count", "inside", "issues"} <= {*case_columns()}
    True
    """
    return tuple(dict.fromkeys(c.name for name in tables() for c in table(name).columns.values() if c.cases))


@cache
def class_columns() -> tuple[str, ...]:
    """The columns of all results that hold classes of issues.

    Examples
    --------
    >>> sorted(class_columns())
    ['class_a', 'class_b', 'issue_class', 'main_class']
    """
    found = (column for name in tables() for column in table(name).columns.values() if column.kind == "class")
    return tuple(dict.fromkeys(column.name for column in found))


@cache
def telling_columns() -> tuple[str, ...]:
    """The columns that tell a count of cases which stands beside them: times something that is shown it is the count, or it
    is what its one or two cases are.
    """
    found = [column.name for name in tables() for column in table(name).columns.values() if column.tells]
    found += [f"{one}{of}" for name in tables() for one in table(name).tells for of in ("", "_score")]
    return tuple(dict.fromkeys(found))


def of_layer(layer: str) -> Table:
    """A layer that was read, as a table that is written again; what it holds was checked when it was read."""
    from jxgis.schema.layers import contract, layers

    declared = contract(layer) if layer in layers() else None
    columns = {found.name: layer_column(found.name, layer) for found in (declared.columns if declared else ())}
    title = declared.title if declared else Text(zh=layer, en=layer)
    return Table(name=f"layers.{layer}", title=title, columns=columns)
