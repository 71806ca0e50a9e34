"""What the run.json of a result says, as far as it can be believed."""

from __future__ import annotations

import json
import stat
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from jxgis._files import require_name
from jxgis.errors import InputError
from jxgis.i18n import LANGS, listed
from jxgis.schema.files import RUN

__all__ = ["flat", "recorded"]

_MOST_BYTES = 64 << 20
_MOST_LAYERS = 1000
_MOST_DIGITS = 40


def recorded(root: Path, *, known: Sequence[str]) -> dict[str, Any]:
    """What run.json says: its command, settings and inputs have the shape that they should have.

    Parameters
    ----------
    root
        The result folder. Nothing in it is trusted: no link is followed.
    known
        The commands whose results are of use.

    Raises
    ------
    InputError
        If it is not a result folder, it is damaged, or it is of another command.
    """
    require_name(root)
    path = root / RUN
    damaged = InputError(
        zh=f"{root} 不是 jxgis 的结果文件夹：没有 run.json，或它已损坏。",
        en=f"{root} is not a result folder of jxgis: there is no run.json, or it is damaged.",
    )
    try:
        kind = path.lstat()
        if not stat.S_ISREG(kind.st_mode) or kind.st_size > _MOST_BYTES:
            raise damaged
        run: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"), parse_int=_whole)
        # Half a sign, which JSON can hold and no file can.
        json.dumps(run, ensure_ascii=False).encode()
    except (OSError, ValueError, RecursionError):
        raise damaged from None
    rows = run.get("inputs") if isinstance(run, dict) else None
    if rows is None or not isinstance(run.get("settings"), dict) or run["settings"].get("lang", "zh") not in LANGS:
        raise damaged
    # Results of early releases do not have them.
    files = run.get("city_files", [])
    if not _is_account(rows, ("layer", "name", "sha256")) or not _is_account(files, ("name", "sha256")):
        raise damaged
    if run.get("command") not in known:
        command, those = str(run.get("command"))[:20], list(known)
        raise InputError(
            zh=f"{root} 是 jxgis {command} 的结果，不能用在这里；可以用的有：{listed(those, 'zh')}。",
            en=f"{root} is a result of jxgis {command}, which is of no use here; there are: {listed(those, 'en')}.",
        )
    return run


def _is_account(rows: Any, keys: Sequence[str]) -> bool:
    """Whether something is a list of files, each with what is said of it as text."""
    return (
        isinstance(rows, list)
        and len(rows) <= _MOST_LAYERS
        and all(isinstance(row, dict) and all(isinstance(row.get(key), str) for key in keys) for row in rows)
    )


def _whole(digits: str) -> int:
    if len(digits) > _MOST_DIGITS:
        raise ValueError("no number of a result")
    return int(digits)


def flat(value: Any, place: str = "") -> Iterator[tuple[str, Any]]:
    """The values of nested tables, each with the dotted key of its place.

    Yields
    ------
    tuple of str and object
        The key and the value; a list is one value.

    Examples
    --------
    >>> list(flat({"parks": {"minutes": 10}, "lang": "zh"}))
    [('parks.minutes', 10), ('lang', 'zh')]
    """
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from flat(item, f"{place}.{key}" if place else str(key))
    else:
        yield place, value
