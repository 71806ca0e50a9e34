"""What libraries warn of, as a line for people: no path of the machine, no line of code, no password."""

from __future__ import annotations

import logging
import re
import sys
import warnings
from typing import TextIO

from jxgis.cli._words import say, word
from jxgis.errors import NO_ROOM
from jxgis.privacy import hide_passwords, mask

__all__ = ["plain_warnings"]

_FOLDERS = re.compile(r"(?:\b[A-Za-z]:|(?<![\w:/\\.*]))[\\/](?:[^\\/\n:*?\"'<>|,;，；]+[\\/])+")


def _without_folders(text: str) -> str:
    r"""Cut absolute paths in a text to their last part.

    Examples
    --------
    >>> _without_folders("/home/li/数据 1/a.shp: 3 of 4 read; D:\\x\\b.csv, km/h, https://a.b/c")
    'a.shp: 3 of 4 read; b.csv, km/h, https://a.b/c'
    """
    return _FOLDERS.sub("", text)


def _warn(text: str) -> None:
    say(word("提示：", "Note: ") + mask(_without_folders(hide_passwords(text))), error=True)


def _show(
    message: Warning | str, category: type[Warning], filename: str, lineno: int, file: TextIO | None = None,
    line: str | None = None,
) -> None:  # fmt: skip
    _warn(str(message))


class _Plain(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        _warn(record.getMessage())


def _left_open(failed: sys.UnraisableHookArgs) -> None:
    """A file that a full disk keeps from being closed as it is thrown away was told of when it was written."""
    if not isinstance(failed.exc_value, OSError) or failed.exc_value.errno not in NO_ROOM:
        sys.__unraisablehook__(failed)


def plain_warnings() -> None:
    """From now on show warnings, and what is logged as one, in the words of the warning alone."""
    warnings.showwarning = _show
    sys.unraisablehook = _left_open
    logging.lastResort = _Plain(logging.WARNING)
