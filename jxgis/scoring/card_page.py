"""score_cards.html: a page of A4 for each candidate, one file without scripts that loads nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from markupsafe import Markup

from jxgis.drawing.colours import INK, PAPER, SEQUENTIAL
from jxgis.i18n import Sketch, text
from jxgis.report.page import template
from jxgis.schema.columns import column
from jxgis.scoring.card_map import LOOKS, PATTERNS, draw_place

if TYPE_CHECKING:
    import geopandas as gpd

    from jxgis.drawing.ground import Ground
    from jxgis.scoring.cards import Card

__all__ = ["cards_page"]

#: What the lines of the table share, in mm, and the highest that one becomes.
_TABLE_MM, _ROW_MM = 101.0, 4.2
#: Samples of the legend.
_LINE, _AREA = "M2 13H58", "M4 4H56V22H4Z"


class _Page(NamedTuple):
    card: Card
    map: Markup
    looks: Sequence[tuple[str, Markup, str]]
    no_streets: bool
    row_mm: float
    heads: Sequence[tuple[str, str]]


def cards_page(
    cards: Sequence[Card],
    candidates: gpd.GeoDataFrame,
    *,
    ground: Ground,
    hot: gpd.GeoDataFrame | None = None,
    title: str,
    period: str = "",
    lang: str = "zh",
    sketch: Sketch = False,
) -> str:
    """The cards as a file to print.

    Parameters
    ----------
    cards
        From `cards.make_cards`.
    candidates
        Polygons with ``candidate_id`` in a metric CRS, all of them: the others are neighbours.
    ground, hot
        What the maps show; see `card_map.draw_place`.
    title, period
        What heads each page.
    lang, sketch
        ``"zh"`` or ``"en"``; whether it is marked as schematic.

    Returns
    -------
    str
        HTML.
    """
    pages = [_page(card, candidates, ground, hot, lang) for card in cards]
    left = text("cards.cards_left", lang, n=len(candidates), most=len(cards)) if len(cards) < len(candidates) else ""
    return template("cards.html", "jxgis.scoring").render(
        pages=pages,
        title=title,
        period=period,
        left=left,
        patterns=Markup(PATTERNS),
        fill=SEQUENTIAL[3],
        ink=INK,
        paper=PAPER,
        lang=lang,
        sketch=sketch,
    )


def _page(card: Card, candidates: gpd.GeoDataFrame, ground: Ground, hot: gpd.GeoDataFrame | None, lang: str) -> _Page:
    words = text("cards.map", lang, name=card.title)
    drawn, shown = draw_place(card.row, candidates, ground=ground, hot=hot, title=words, lang=lang)
    looks = [
        (_LINE if look.is_line else _AREA, Markup(look.attributes()), text(f"cards.look_{key}", lang))
        for key, look in LOOKS.items()
        if key in shown
    ]
    lines = sum(1 + len(group.lines) for group in card.groups)
    district = dict(card.facts).get(column("district").title.of(lang), text("cards.district_mark", lang))
    heads = [
        (column("label").title.of(lang), "label"),
        (text("cards.value", lang), "value n"),
        (text("cards.reference", lang), "reference n"),
        (text("cards.chart", lang), "chart"),
        (text("cards.points", lang), "score n"),
        (column("weight").title.of(lang), "weight n"),
        (district, "district n"),
        (text("cards.city", lang), "city n"),
    ]
    row_mm = round(min(_ROW_MM, _TABLE_MM / max(lines, 1)), 2)
    return _Page(card, Markup(drawn), looks, ground.streets is None, row_mm, heads)
