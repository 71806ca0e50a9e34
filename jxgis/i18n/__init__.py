"""Chinese and English texts: what a map, a report or a message says is data, not code."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources
from typing import Literal, NamedTuple, TypeAlias

__all__ = ["LANGS", "Lang", "Text", "text"]

Lang: TypeAlias = Literal["zh", "en"]
LANGS: tuple[Lang, ...] = ("zh", "en")


class Text(NamedTuple):
    """One text in both languages.

    Examples
    --------
    >>> Text(zh="公园", en="parks").of("zh")
    '公园'
    """

    zh: str
    en: str

    def of(self, lang: str) -> str:
        """The text in ``lang``; anything but ``"en"`` is Chinese."""
        return self.en if lang == "en" else self.zh


@cache
def _theme(theme: str) -> dict[str, dict[str, str]]:
    source = resources.files("jxgis.i18n").joinpath(f"{theme}.toml")
    return tomllib.loads(source.read_text(encoding="utf-8"))


def text(key: str, lang: str, /, **values: object) -> str:
    """Look a text up by ``theme.key`` and fill its fields in.

    Parameters
    ----------
    key
        ``"theme.key"``: the file ``i18n/{theme}.toml``, and in it the table ``[key]`` with ``zh`` and ``en``.
    lang
        ``"zh"`` or ``"en"``.
    values
        Values of the ``{fields}`` in the text.

    Returns
    -------
    str

    Raises
    ------
    KeyError
        If there is no such text: a fault of the program, not of its input.

    Examples
    --------
    >>> text("common.sketch", "zh")
    '示意数据，非官方边界'
    """
    theme, _, name = key.partition(".")
    found = _theme(theme)[name]["en" if lang == "en" else "zh"]
    return found.format(**values) if values else found
