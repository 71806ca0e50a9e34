"""Which column of a file is which of a layer: by the names that the user gave, else by those that are known."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from jxgis.errors import InputError
from jxgis.schema.layers import Contract, as_contract, coordinate_columns, heads, nearest, same_name

__all__ = ["match_columns", "rivals"]


def match_columns(
    available: Iterable[str],
    layer: str | Contract,
    *,
    columns: Mapping[str, str] | None = None,
    name_column: str | None = None,
    what: str,
) -> dict[str, str]:
    """Find the contract columns of a layer, and its coordinates, among the columns of a file.

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
        for other in (key, *others):
            candidate = plain.get(same_name(other))
            if candidate is not None and candidate not in found.values():
                found[key] = candidate
                break
    return {key: found[key] for key in aliases if key in found}


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
    aliases = {column.name: column.aliases for column in as_contract(layer).columns} | coordinate_columns()
    taken, chosen = set(found.values()), {same_name(name) for name in told}
    others: dict[str, list[str]] = {}
    for key, name in found.items():
        known = {same_name(alias) for alias in (key, *aliases[key])}
        same = [str(other) for other in available if other not in taken and same_name(other) in known]
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
