"""What a reader of a map can do, in words: the texts that the page's tools are labelled with."""

from __future__ import annotations

from jxgis.i18n import text

__all__ = ["ASSETS", "words_of"]

#: The scripts and styles of the ground and the tools, in the order in which they stand in a page.
ASSETS = ("ground.js", "controls.js", "compare.js", "periods.js", "picture.js", "controls.css")
_WORDS = (
    "tools", "search", "found", "n_found", "none", "close", "opacity", "opacity_title", "opacity_of", "compare", "compare_title",
    "compare_with", "compare_none", "divider", "link", "link_title", "copied", "copied_short", "picture", "picture_title", "saved",
    "source", "of_places", "of_towns", "of_waters", "of_parks", "of_streets",
)  # fmt: skip


def words_of(lang: str, *, source: str = "") -> dict[str, str]:
    """The texts of the tools by their keys; what the page fills in stands in braces.

    Parameters
    ----------
    lang
        ``"zh"`` or ``"en"``.
    source
        Where the data of the page come from; without it run.json is named.

    Examples
    --------
    >>> words_of("en")["none"]
    'Nothing on this map is called "{name}"'
    """
    words = {key: text(f"tools.{key}", lang, n="{n}", name="{name}") for key in _WORDS}
    said = {"source": text("tools.source_of", lang, source=source)} if source else {}
    return words | {"north": text("maps.north", lang)} | said
