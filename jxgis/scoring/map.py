"""The map of scores: candidates by score, by completeness and by each indicator, with the ranked list."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from jxgis.drawing.canvas import BLANK, Canvas
from jxgis.drawing.colours import ACCENT, BAD, FAILED, FAILED_GROUND, OUTLINE
from jxgis.drawing.layers import (
    TOP,
    Field,
    PlaceList,
    add_group,
    add_place_lists,
    add_points,
    add_polygons,
    add_switch,
    dot,
    fields_of,
    fill,
    land_map,
    line,
)
from jxgis.drawing.legend import Classes, LegendSection, Swatch, add_legend, classify
from jxgis.i18n import localise_reasons, text
from jxgis.schema.columns import column
from jxgis.scoring.conditions import fails_condition
from jxgis.scoring.indicators import value_digits
from jxgis.scoring.names import named_by
from jxgis.scoring.rank import ranked

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import folium
    import geopandas as gpd
    from numpy.typing import NDArray

__all__ = ["failing_first", "score_classes", "scores_map", "unranked"]

#: Scores and shares are on fixed scales, so that two maps can be laid side by side.
_SCORE_BREAKS = (40.0, 55.0, 70.0, 85.0)
_COMPLETE_BREAKS = (0.5, 0.7, 0.9)
_FIRST = ("rank", "score", "score_if_missing_zero", "completeness", "acceptability", "type")


def _indicator_columns(scores: pd.DataFrame) -> list[str]:
    """The indicators of a score table: each ``x`` with a column ``x_score`` beside it.

    Examples
    --------
    >>> _indicator_columns(pd.DataFrame(columns=["score", "toilets", "toilets_score", "lost_score"]))
    ['toilets']
    """
    return [c for c in scores.columns if f"{c}_score" in scores.columns]


def unranked(scores: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """The candidates that no condition keeps out and of which too little is known for a rank."""
    return scores[pd.to_numeric(scores["rank"], errors="coerce").isna() & ~fails_condition(scores)]


def failing_first(scores: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Candidates in the order of drawing: none that fails a condition lies on one that passes."""
    return scores.iloc[np.argsort(~fails_condition(scores), kind="stable")]


def _value_and_points(scores: pd.DataFrame, indicator: str, unit: str, lang: str) -> list[str | None]:
    """What a candidate has of an indicator, with its unit, and then the points that it gets for it."""
    value, points = (pd.to_numeric(scores[c], errors="coerce") for c in (indicator, f"{indicator}_score"))
    digits = value_digits(value, unit)
    behind = f" {unit}" if unit else ""
    return [
        None
        if pd.isna(n)
        else text("maps.points", lang, n=f"{n:.0f}")
        if pd.isna(v)
        else text("maps.value_points", lang, value=f"{v:,.{digits}f}{behind}".replace("-", "−"), n=f"{n:.0f}")
        for v, n in zip(value, points, strict=True)
    ]


def _missing(classes: Classes, score: pd.Series, withheld: NDArray[np.bool_], lang: str) -> Classes:
    """Missing scores called what they are: not there, or not shown."""
    missing = pd.to_numeric(score, errors="coerce").isna().to_numpy()
    if not (missing & withheld).any():
        return classes
    key = "maps.absent_or_withheld" if (missing & ~withheld).any() else "maps.withheld"
    return classes._replace(labels=(*classes.labels[:-1], text(key, lang)))


def _apart(classes: Classes, fails: NDArray[np.bool_], lang: str) -> Classes:
    """Candidates that fail a condition as a class of their own: no shade of theirs could be told from a lower score's."""
    if not fails.any():
        return classes
    row = classes.row.copy()
    row[fails] = len(classes.colours)
    colours, labels = (*classes.colours, FAILED_GROUND), (*classes.labels, text("maps.condition_failed_ground", lang))
    return Classes(classes.breaks, row, colours, labels)


def _withheld(scores: pd.DataFrame) -> NDArray[np.bool_]:
    """Whose issues, and so whose scores, are not shown."""
    if "issues" not in scores.columns:
        return np.zeros(len(scores), dtype=np.bool_)
    return pd.to_numeric(scores["issues"], errors="coerce").isna().to_numpy(dtype=np.bool_)


def score_classes(scores: pd.DataFrame, lang: str) -> Classes:
    """Candidates by score; those that fail a condition, and those without a score, apart."""
    fails = fails_condition(scores)
    found = classify(scores["score"], breaks=_SCORE_BREAKS, lang=lang)
    return _apart(_missing(found, scores["score"].mask(fails, 0), _withheld(scores), lang), fails, lang)


def scores_map(
    scores: gpd.GeoDataFrame,
    *,
    canvas: Canvas = BLANK,
    indicators: Mapping[str, str] | None = None,
    units: Mapping[str, str] | None = None,
    told: pd.DataFrame | None = None,
    cards: pd.Series | None = None,
) -> folium.Map:
    """Draw candidates by score, with a switch to completeness and to each indicator's score.

    Parameters
    ----------
    scores
        The contract's ``scores``: ``candidate_id, score, completeness, rank, type``, for each indicator x its value
        ``x`` and its score ``x_score``, and polygons. An indicator without any score gets no layer. Those whose
        ``gates`` is ``fail`` are grey on the layer of scores with a dashed border, below the others, and stand neither
        among the pins nor in the list. Where ``issues`` is not a number (few, see `small_counts.hide_small`) a missing
        score is said to be withheld.
    canvas
        What it is drawn on, and what is said around it.
    indicators
        What people call each indicator; its id where not given.
    units
        The unit of each indicator's value, ``"%"`` for instance, by its id.
    told
        What `depth.told` says of each candidate, on the index of ``scores``.
    cards
        Links to the candidates' cards, on the index of the scores; see `cards.card_links`.

    Returns
    -------
    folium.Map
    """
    lang = canvas.lang
    scores = localise_reasons(scores, lang)
    link = None
    if cards is not None:
        scores, link = scores.assign(_card=cards), ("_card", text("cards.open_one", lang))
    scores = failing_first(scores)
    fails = fails_condition(scores)
    page = land_map(canvas, scores, title=text("maps.scores_title", lang))
    called = indicators or {}
    # An indicator that no candidate has is not a layer to switch to: all of it would be grey.
    label = {x: called.get(x, x) for x in _indicator_columns(scores) if scores[f"{x}_score"].notna().any()}
    scores, fields = _with_told(scores, label, units or {}, told, lang)
    heading = named_by(scores)
    sections: list[LegendSection] = []
    groups: list[folium.FeatureGroup] = []
    for layer in _layers(scores, label, lang):
        group = add_group(page, name=layer.name, show=not groups, under=layer.under)
        styles = [fill(c, border=OUTLINE, weight=0.9) for c in layer.classes.colours]
        add_polygons(
            group, scores, styles=styles, style=layer.classes.row, heading=heading, fields=fields, simplify_m=0.5,
            link=link,
        )  # fmt: skip
        sections.append(LegendSection(layer.key, layer.classes.swatches(), "", [group]))
        groups.append(group)
    # The score's own legend says what is grey by it.
    sections += _add_apart(page, scores[fails], unranked(scores), groups[1:], lang)
    _add_best(page, groups[0], scores, heading, fields, link, int(fails.sum()), lang)
    add_legend(page, sections, lang=lang)
    add_switch(page)
    return page


def _with_told(
    scores: gpd.GeoDataFrame, label: Mapping[str, str], units: Mapping[str, str], told: pd.DataFrame | None, lang: str
) -> tuple[gpd.GeoDataFrame, list[Field]]:
    """Candidates with all that is said of one, and the fields that say it."""
    figures = {f"{x}_told": _value_and_points(scores, x, units.get(x, ""), lang) for x in label}
    behind = {} if told is None else {f"_{name}": said.reindex(scores.index) for name, said in told.items()}
    fields = [
        *fields_of("scores.scores", [c for c in _FIRST if c in scores.columns], lang),
        *[Field(name, text(f"scoring.title{name}", lang)) for name in behind],
        *[Field(f"{x}_told", words) for x, words in label.items()],
        *fields_of("scores.scores", ["reason"], lang),
    ]
    return scores.assign(**figures, **behind), fields


class _Layer(NamedTuple):
    """What can be switched to: its name, the head of its legend, its classes, and the list that it stands in."""

    name: str
    key: str
    classes: Classes
    under: str


def _layers(scores: gpd.GeoDataFrame, label: Mapping[str, str], lang: str) -> list[_Layer]:
    """The score, which is shown first, the completeness, and the points of each indicator."""
    # In a list that opens: a button for each of twenty would cover the legend.
    whole, single = (text(f"maps.scores_{of}", lang) for of in ("whole", "single"))
    by_share = classify(scores["completeness"], breaks=_COMPLETE_BREAKS, percent=True, unit="%", lang=lang)
    complete = text("maps.completeness", lang)
    layers = [
        _Layer(text("maps.score", lang), text("maps.score_legend", lang), score_classes(scores, lang), whole),
        _Layer(complete, complete, by_share, whole),
    ]
    for x, words in label.items():
        points = classify(scores[f"{x}_score"], breaks=_SCORE_BREAKS, lang=lang)
        points = _missing(points, scores[f"{x}_score"], _withheld(scores), lang)
        key = text("maps.indicator_legend", lang, label=words)
        layers.append(_Layer(column("*_score").title.of(lang).format(name=words), key, points, single))
    return layers


def _add_best(
    page: folium.Map,
    main: folium.FeatureGroup,
    scores: gpd.GeoDataFrame,
    heading: str,
    fields: list[Field],
    link: tuple[str, str] | None,
    failed: int,
    lang: str,
) -> None:
    """The best candidates as pins with their ranks, and in the list beside the map."""
    top = ranked(scores).head(TOP)
    if top.empty:
        return
    called = text("maps.top_scores", lang, n=len(top))
    add_points(page, top, name=called, styles=[dot(ACCENT, radius_px=8)], heading=heading, fields=fields, number="rank",
               link=link)  # fmt: skip
    notes = ["—" if pd.isna(s) else text("maps.points", lang, n=f"{s:.1f}") for s in top["score"]]
    named = top.assign(name=top[heading].astype(str), note=np.asarray(notes, dtype=object))
    note = text("maps.condition_note", lang, n=failed) if failed else ""
    add_place_lists(page, [PlaceList(main, called, named, note)])


def _add_apart(
    page: folium.Map,
    failed: gpd.GeoDataFrame,
    unknown: gpd.GeoDataFrame,
    others: Sequence[folium.FeatureGroup],
    lang: str,
) -> list[LegendSection]:
    """The borders of candidates that fail a condition, and of those of which too little is known for a rank."""
    sections: list[LegendSection] = []
    for rows, key, colour, dash, note, layers in (
        (failed, "maps.condition_failed", FAILED, "2 5", "", others),
        (unknown, "maps.unranked", BAD, "6 4", text("maps.score_note", lang), ()),
    ):
        if len(rows):
            called = text(key, lang)
            add_polygons(page, rows, name=called, styles=[line(colour, weight=2, dash=dash)])
            sections.append(LegendSection("", [Swatch(colour, called, "dash")], note, layers))
    return sections
