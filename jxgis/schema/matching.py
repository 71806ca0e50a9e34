"""Which column of a file is which of a layer: by the names that the user gave, else by those that are known."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from jxgis.errors import InputError
from jxgis.schema.in_heads import factor, name_and_unit
from jxgis.schema.layers import Contract, as_contract, coordinate_columns, heads, nearest, same_name

if TYPE_CHECKING:
    from jxgis.schema.columns import Column

__all__ = ["match_columns", "rivals", "units_in_heads"]


def match_columns(
    available: Iterable[str],
    layer: str | Contract,
    *,
    columns: Mapping[str, str] | None = None,
    name_column: str | None = None,
    what: str,
) -> dict[str, str]:
    """Find the contract columns of a layer, and its coordinates, among the columns of a file; a unit may follow their name in brackets.

    Parameters
    ----------
    available
        The file's columns.
    layer
        The layer, or its contract.
    columns
        Contract name (or one of its aliases) to the name in the file: goes before every alias.
    name_column
        The file's column that holds the name.
    what
        The file, for messages.

    Returns
    -------
    dict
        Contract name to the name in the file, for those found.

    Raises
    ------
    InputError
        If ``columns`` or ``name_column`` names something that is not there; the nearest name is suggested.

    Examples
    --------
    >>> match_columns(["任务号", "大类", "X坐标"], "issues", what="a.csv")
    {'issue_id': '任务号', 'main_type': '大类', 'x': 'X坐标'}
    >>> match_columns(["候选编号", "投资（亿元）"], "candidates", what="a.csv")
    {'candidate_id': '候选编号', 'cost': '投资（亿元）'}
    >>> match_columns(["任务号"], "issues", columns={"issue_id": "任务编号"}, what="a.csv")
    Traceback (most recent call last):
    jxgis.errors.InputError: a.csv 中没有列“任务编号”（columns.issue_id），是否为 任务号？...
    """
    names = [str(name) for name in available]
    agreed = as_contract(layer)
    aliases = {column.name: column.aliases for column in agreed.columns}
    if agreed.geometry in ("point", "any"):
        aliases |= coordinate_columns()
    wanted = dict(columns or {})
    if name_column is not None:
        wanted["name"] = name_column
    found: dict[str, str] = {}
    for key, value in wanted.items():
        found[_contract_name(key, aliases, agreed.layer)] = _file_name(key, value, names, what)
    plain = {same_name(name): name for name in reversed(names)}
    for key, others in aliases.items():
        if key in found:
            continue
        measured = _without_units(names, agreed, agreed.column(key))
        for candidate in (known.get(same_name(other)) for known in (plain, measured) for other in (key, *others)):
            if candidate is not None and candidate not in found.values():
                found[key] = candidate
                break
    return {key: found[key] for key in aliases if key in found}


def _without_units(names: Iterable[str], agreed: Contract, column: Column | None) -> dict[str, str]:
    """The heads that hold a unit that a column takes, by what stands before it, in plain letters."""
    known: dict[str, str] = {}
    for name in names:
        before, unit = name_and_unit(same_name(name))
        if unit and column is not None and _takes(agreed, column, unit):
            known.setdefault(before, name)
    return known


def _takes(agreed: Contract, column: Column, unit: str) -> bool:
    """Whether numbers of a column may be in a unit: one of its own, or any where each row of the layer says its unit."""
    if column.dtype != "number":
        return False
    return factor(unit, column.unit) is not None if column.unit else agreed.column("unit") is not None


def units_in_heads(layer: str | Contract, found: Mapping[str, str]) -> dict[str, str]:
    """The units that the heads of a file's columns hold in brackets.

    Parameters
    ----------
    layer
        The layer, or its contract.
    found
        From `match_columns`.

    Returns
    -------
    dict
        Contract name to unit, in plain letters, for columns of numbers that have one.

    Examples
    --------
    >>> units_in_heads("candidates", {"name": "名称（个）", "cost": "投资（亿元）"})
    {'cost': '亿元'}
    """
    agreed = as_contract(layer)
    units: dict[str, str] = {}
    for key, name in found.items():
        column, (_, unit) = agreed.column(key), name_and_unit(same_name(name))
        if unit and column is not None and _takes(agreed, column, unit):
            units[key] = unit
    return units


def rivals(
    available: Iterable[str], layer: str | Contract, found: Mapping[str, str], *, told: Iterable[str] = ()
) -> dict[str, list[str]]:
    """The other columns of a file that could be what a contract column was found to be: 经度 beside lon.

    Parameters
    ----------
    available
        The file's columns.
    layer
        The layer, or its contract.
    found
        From `match_columns`.
    told
        Columns of the file that the user named: nothing is a rival to them.

    Returns
    -------
    dict
        Contract name to names in the file, for those that have any.

    Examples
    --------
    >>> found = match_columns(["lon", "lat", "经度"], "issues", what="a.csv")
    >>> rivals(["lon", "lat", "经度"], "issues", found)
    {'lon': ['经度']}
    """
    agreed = as_contract(layer)
    aliases = {column.name: column.aliases for column in agreed.columns} | coordinate_columns()
    taken, chosen = set(found.values()), {same_name(name) for name in told}
    left = [str(name) for name in available if name not in taken]
    others: dict[str, list[str]] = {}
    for key, name in found.items():
        known = {same_name(alias) for alias in (key, *aliases[key])}
        measured = {other: before for before, other in _without_units(left, agreed, agreed.column(key)).items()}
        same = [other for other in left if known & {same_name(other), measured.get(other)}]
        if same and same_name(name) not in chosen:
            others[key] = same
    return others


def _contract_name(key: str, aliases: Mapping[str, tuple[str, ...]], layer: str) -> str:
    for name, others in aliases.items():
        if same_name(key) == same_name(name):
            return name
        if same_name(key) in {same_name(other) for other in others}:
            return name
    hint = nearest(key, aliases)
    raise InputError(
        zh=f"columns 中的“{key}”不是图层 {layer} 的列{hint.zh}",
        en=f"columns: {key!r} is not a column of {layer}{hint.en}",
    )


def _file_name(key: str, value: str, names: list[str], what: str) -> str:
    if value in names:
        return value
    same = [name for name in names if same_name(name) == same_name(value)]
    if same:
        return same[0]
    hint, have = nearest(value, names), heads(names)
    raise InputError(
        zh=f"{what} 中没有列“{value}”（columns.{key}）{hint.zh}文件中的列：{have.zh}。",
        en=f"{what} has no column {value!r} (columns.{key}){hint.en} Its columns: {have.en}.",
    )
