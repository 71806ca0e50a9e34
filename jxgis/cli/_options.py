"""Options that several commands share, and how they and a project's file become one settings object."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from jxgis.cli._words import word

if TYPE_CHECKING:
    from jxgis.settings import Settings

__all__ = [
    "ClassColumn",
    "Columns",
    "Crs",
    "DropPoints",
    "From",
    "Keep",
    "Lang",
    "NameColumn",
    "Out",
    "Project",
    "Source",
    "Status",
    "To",
    "pairs",
    "points",
    "settings_of",
]


def _option(name: str, zh: str, en: str, metavar: str) -> Any:
    return typer.Option(name, help=word(zh, en), metavar=metavar, show_default=False)


Out = Annotated[Path, _option("--out", "结果文件夹", "Result folder", "DIR")]
Project = Annotated[
    Path | None,
    _option(
        "--project",
        "项目设置 jxgis.toml：补上没有给出的选项",
        "Project settings jxgis.toml: supplies what is not given",
        "FILE",
    ),
]
Lang = Annotated[
    Literal["zh", "en"], _option("--lang", "结果的语言：zh 或 en", "Language of the results: zh or en", "zh|en")
]
Crs = Annotated[
    str | None,
    _option("--crs", "坐标系：EPSG 代码、GCJ-02 或 BD-09", "Reference system: an EPSG code, GCJ-02 or BD-09", "CRS"),
]
NameColumn = Annotated[str | None, _option("--name-column", "名称所在的列", "Column that holds the name", "COLUMN")]
Columns = Annotated[
    str | None,
    _option(
        "--columns",
        "列的对应：约定名=文件中的列名，用逗号分隔",
        "Columns: contract name=name in the file, separated by commas",
        "A=B,…",
    ),
]
ClassColumn = Annotated[
    str | None,
    _option("--class-column", "直接作为问题类别的列", "Column whose values are the classes", "COLUMN"),
]
From = Annotated[
    str | None, _option("--from", "起始日期（含），如 2023-01-01", "First date, such as 2023-01-01", "DATE")
]
To = Annotated[str | None, _option("--to", "截止日期（不含）", "Date to stop before", "DATE")]
Status = Annotated[str | None, _option("--status", "只要这些状态，用逗号分隔", "Only these statuses, by commas", "A,B")]
Source = Annotated[str | None, _option("--source", "只要这些来源，用逗号分隔", "Only these sources, by commas", "A,B")]
Keep = Annotated[
    str | None,
    _option(
        "--keep",
        "问题数据中另外保留的列（个人信息会被遮盖），用逗号分隔",
        "Further columns of the issues to carry (personal values masked), by commas",
        "A,B",
    ),
]

DropPoints = Annotated[
    str | None,
    _option(
        "--drop-points",
        "不计落在这些点上的问题：坐标照文件中的写法，点之间用分号",
        "Leave out issues at these points: coordinates as in the file, points by semicolons",
        "X,Y;…",
    ),
]


def pairs(text: str | None) -> dict[str, str]:
    """Read ``contract=file,…``.

    Raises
    ------
    InputError
        If a part has no ``=``.

    Examples
    --------
    >>> pairs("issue_id=任务号, time=上报时间")
    {'issue_id': '任务号', 'time': '上报时间'}
    """
    from jxgis.errors import InputError

    found = {}
    for part in filter(None, (text or "").split(",")):
        name, sign, value = part.partition("=")
        if not sign or not name.strip() or not value.strip():
            raise InputError(
                zh=f"--columns 中的“{part}”不是“约定名=列名”的形式，例如 issue_id=任务号。",
                en=f"--columns: {part!r} is not contract=file, such as issue_id=任务号.",
            )
        found[name.strip()] = value.strip()
    return found


def names(text: str | None) -> tuple[str, ...] | None:
    """Read ``A,B``; None where nothing was given.

    Examples
    --------
    >>> names("已结案, 处置中"), names(None)
    (('已结案', '处置中'), None)
    """
    return None if text is None else tuple(part.strip() for part in text.split(",") if part.strip())


def points(text: str | None) -> tuple[tuple[float, float], ...] | None:
    """Read ``X,Y;X,Y``; None where nothing was given.

    Raises
    ------
    InputError
        If a part is not two numbers.

    Examples
    --------
    >>> points("120.75,30.74; 120.8,30.7"), points(None)
    (((120.75, 30.74), (120.8, 30.7)), None)
    """
    from jxgis.errors import InputError

    if text is None:
        return None
    found = []
    for part in filter(None, (part.strip() for part in text.split(";"))):
        try:
            first, second = (float(number) for number in part.split(","))
        except ValueError:
            raise InputError(
                zh=f"--drop-points 中的“{part}”不是“X,Y”两个数，例如 120.7559,30.7461。",
                en=f"--drop-points: {part!r} is not two numbers X,Y, such as 120.7559,30.7461.",
            ) from None
        found.append((first, second))
    return tuple(found)


def settings_of(project: Path | None, options: Mapping[str, Any]) -> Settings:
    """The project's settings with the command line's options laid over them.

    Parameters
    ----------
    project
        jxgis.toml, or None.
    options
        Nested like the file, ``{"inputs": {"issues": {"path": …}}}``; what is None was not given.

    Raises
    ------
    SettingsError
        If the file or an option cannot be used.
    """
    from jxgis._toml import validated
    from jxgis.settings import Settings, load_settings

    base = {} if project is None else load_settings(project).model_dump(by_alias=True, exclude_unset=True)
    return validated(Settings, _laid_over(base, options), word("命令行", "the command line"))


def _laid_over(base: Mapping[str, Any], options: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for key, value in options.items():
        if isinstance(value, Mapping):
            inner = _laid_over(merged.get(key) or {}, value)
            if inner or key in merged:
                merged[key] = inner
        elif value is not None:
            merged[key] = value
    return merged
