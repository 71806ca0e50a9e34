"""What stands on the one-page card of each candidate: figures beside references and averages, strengths, gaps, what is not known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import numpy as np
import pandas as pd

from jxgis.i18n import listed, number_words, reason, text, wide_signs
from jxgis.report.blocks import Key
from jxgis.report.columns import percent, write_value
from jxgis.schema.columns import column
from jxgis.scoring.conditions import FAILED, MIN_SHARE, NEARLY, PASSED, fails_condition
from jxgis.scoring.indicators import value_digits
from jxgis.scoring.rank import by_rank
from jxgis.zones import ALL

if TYPE_CHECKING:
    from numpy.typing import NDArray

    FloatArray = NDArray[np.float64]

__all__ = [
    "CARDS_FILE",
    "Card",
    "CardTables",
    "ConditionLine",
    "Finding",
    "Group",
    "Line",
    "Unknown",
    "card_links",
    "make_cards",
]

CARDS_FILE = "score_cards.html"
"""The file that holds them."""
#: How many strengths and how many gaps a card names; which effect on the score is none.
_NAMED, _NOTHING = 3, 0.05
#: Letters of a label, of Chinese signs half as many, beyond which it is written smaller.
_LONG = 38
#: Signs of a type that somebody typed.
_TYPED = 40
_CONDITIONS = {
    "area": ("gate_no_polygon", "gate_too_small", "gate_too_large", "gate_nearly_too_small", "gate_nearly_too_large"),
    "pieces": ("gate_several_pieces",),
    "district": ("gate_several_districts",),
    "city": ("gate_outside_city",),
    "lively": ("gate_empty_land",),
}


class ConditionLine(NamedTuple):
    """A condition: what is asked, what the candidate has, its state (``pass``, ``nearly``, ``fail`` or ``unknown``), in words too."""

    asked: str
    value: str
    state: str
    words: str


class Line(NamedTuple):
    """An indicator of a candidate: texts, and the points of its value, of the district's and of the city's; NaN where not known."""

    label: str
    value: str
    reference: str
    weight: str
    score: str
    district: str
    city: str
    brought: bool
    cost: bool
    long: bool
    points: float
    district_points: float
    city_points: float
    why: str = ""


class Group(NamedTuple):
    """The indicators of a dimension, and its share of the weight."""

    title: str
    weight: str
    lines: Sequence[Line]


class Finding(NamedTuple):
    """A strength or a gap in words, and what it does to the score beside what it is compared with; empty where it does nothing."""

    words: str
    effect: str = ""


class Unknown(NamedTuple):
    """Why indicators have no value, which, and their share of the weight."""

    why: str
    labels: str
    weight: str


class Card(NamedTuple):
    """One page.

    Parameters
    ----------
    row
        Position of the candidate among the scores.
    title, id
        What people call it, and its id.
    facts
        What it is, each with its name: type, district, area.
    keys
        The figures that stand first.
    conditions, groups, strengths, gaps, unknown
        See the classes.
    improve
        What would lift the score most, in words.
    alone
        Whether it has no district beside it: it is one itself.
    """

    row: int
    title: str
    id: str
    facts: Sequence[tuple[str, str]]
    keys: Sequence[Key]
    conditions: Sequence[ConditionLine]
    groups: Sequence[Group]
    strengths: Sequence[Finding]
    gaps: Sequence[Finding]
    unknown: Sequence[Unknown]
    improve: Sequence[str]
    alone: bool


class CardTables(NamedTuple):
    """What cards are made of: the tables of `ScoresResult` as people are shown them.

    Parameters
    ----------
    scores, measures, indicators, averages, improvements, types
        As of `ScoresResult`.
    conditions
        From `conditions.check_conditions`, on the index of the scores.
    """

    scores: pd.DataFrame
    measures: pd.DataFrame
    indicators: pd.DataFrame
    averages: pd.DataFrame
    conditions: pd.DataFrame
    improvements: pd.DataFrame
    types: pd.DataFrame


def make_cards(
    tables: CardTables,
    *,
    most: int,
    top: int,
    bounds: tuple[float, float],
    areas: Mapping[str, str] | None = None,
    dimensions: Mapping[str, str] | None = None,
    lang: str = "zh",
) -> list[Card]:
    """Make the cards of the best candidates, in the order of their ranks; then of those without one.

    Parameters
    ----------
    tables
        What people are shown: a value that is hidden there is hidden here.
    most
        Of how many candidates.
    top
        How many places acceptability is of.
    bounds
        Smallest and largest area, in km².
    areas
        District to its area.
    dimensions
        What a dimension is called.
    lang
        ``"zh"`` or ``"en"``.

    Returns
    -------
    list of Card
    """
    scores, units = tables.scores, dict(zip(tables.indicators["indicator"], tables.indicators["unit"], strict=True))
    digits = {
        str(name): value_digits(of["value"], units[str(name)])
        for name, of in tables.measures.groupby("indicator", sort=False)
    }
    order = _carded(scores, most)
    figures = {str(name): of.set_index("indicator") for name, of in tables.measures.groupby("candidate_id", sort=False)}
    around = {(row["zone"], row["level"], row["indicator"]): row for row in tables.averages.to_dict("records")}
    ranked = int(pd.to_numeric(scores["rank"], errors="coerce").notna().sum())
    failed, best = fails_condition(scores), _best(tables.improvements)
    types = {str(kind["candidate_id"]): kind for kind in tables.types.to_dict("records")}
    cards = []
    for row in order:
        one, conditions = scores.iloc[row], tables.conditions.iloc[row]
        name, home = str(one["candidate_id"]), conditions["district"]
        beside = "" if pd.isna(home) or conditions["of_district"] >= MIN_SHARE else str(home)
        lines = _lines(one, figures[name], tables.indicators, around, beside, digits, lang)
        strengths, gaps = _findings(lines, tables.indicators, beside, lang)
        called = one.get("name")
        cards.append(
            Card(
                row=row,
                title=name if pd.isna(called) else str(called),
                id=name,
                facts=_facts(one, types[name], conditions, areas or {}, lang),
                keys=_keys(one, ranked, len(scores), top, lang, failed=bool(failed[row])),
                conditions=_conditions(conditions, bounds, lang),
                groups=_groups(lines, tables.indicators, dimensions or {}),
                strengths=() if conditions["things"] == 0 else strengths,  # empty land has no merit in its few issues
                gaps=gaps,
                unknown=_unknown(lines, tables.indicators, lang),
                improve=best.get(name, []),
                alone=not pd.isna(home) and not beside,
            )
        )
    return cards


def _carded(scores: pd.DataFrame, most: int) -> list[int]:
    """The positions of the candidates that get a card, in the order of the cards."""
    rows: list[int] = scores.index.get_indexer(by_rank(scores).index)[:most].tolist()
    return rows


def card_links(scores: pd.DataFrame, *, most: int) -> pd.Series:
    """Where the card of each candidate stands, from the folder of the maps; None for those that have none.

    Examples
    --------
    >>> scores = pd.DataFrame({"rank": [None, 2, 1], "gates": ["fail", "pass", "pass"]})
    >>> card_links(scores, most=2).tolist()
    [None, '../score_cards.html#card-2', '../score_cards.html#card-3']
    """
    carded = set(_carded(scores, most))
    links = [f"../{CARDS_FILE}#card-{row + 1}" if row in carded else None for row in range(len(scores))]
    return pd.Series(links, index=scores.index, dtype=object)


def _best(improvements: pd.DataFrame) -> dict[str, list[str]]:
    """The improvements that gain most, in words, by candidate."""
    first = improvements[improvements["place"] <= _NAMED].dropna(subset="in_words").sort_values("place", kind="stable")
    return {str(name): [str(words) for words in of] for name, of in first.groupby("candidate_id")["in_words"]}


def _facts(
    one: pd.Series, kind: Mapping[Any, Any], conditions: pd.Series, areas: Mapping[str, str], lang: str
) -> list[tuple[str, str]]:
    home = conditions["district"]
    facts = {
        column("type").title.of(lang): _type(one, kind, lang),
        column("district").title.of(lang): home,
        column("area").title.of(lang): areas.get(str(home)),
        text("cards.area", lang): f"{number_words(conditions['area_km2'], 2)} km²",
    }
    return [(label, str(value)) for label, value in facts.items() if not pd.isna(value)]


def _type(one: pd.Series, kind: Mapping[Any, Any], lang: str) -> str | None:
    """The type, given or found, with what the features say of it."""
    given = None if pd.isna(one["type"]) else _cut(str(one["type"]))
    if pd.isna(kind["type_found"]):
        if pd.isna(kind["reason"]):
            return given
        why = reason(str(kind["reason"]), lang)
        return text("cards.type_open", lang, given=given or text("cards.type_none", lang), why=why)
    said = {"found": kind["type_found"], "second": kind["runner_up"], "margin": f"{kind['margin']:.0f}"}
    if pd.isna(kind["type_given"]):
        return text("cards.type_found", lang, **said)
    return text("cards.type_agrees" if kind["agrees"] == "agree" else "cards.type_differs", lang, given=given, **said)


def _cut(words: str) -> str:
    """What somebody typed, so long that what is said of it has room behind it."""
    return words if len(words) <= _TYPED else words[: _TYPED - 1] + "…"


def _keys(one: pd.Series, ranked: int, all_of_them: int, top: int, lang: str, *, failed: bool) -> list[Key]:
    """Rank, score, the least that it can be, and how much of the data there is."""
    place, codes = one["rank"], one.get("reason")
    said = text("cards.of_how_many", lang, ranked=ranked, n=all_of_them)
    if pd.isna(place):
        said = text("cards.no_rank_condition" if failed else "cards.no_rank", lang)
        said = said if pd.isna(codes) or failed else reason(str(codes).rpartition(";")[2], lang)
    hidden = pd.isna(one["score"]) and one["completeness"] > 0
    return [
        Key(text("cards.rank", lang), "—" if pd.isna(place) else f"{place:.0f}", said),
        Key(text("cards.score", lang), _score(one["score"]), text("cards.hidden" if hidden else "cards.of_100", lang)),
        Key(text("cards.floor", lang), _score(one["score_if_missing_zero"]), text("cards.floor_note", lang)),
        Key(
            column("acceptability").title.of(lang),
            "—" if pd.isna(one["acceptability"]) else percent(float(one["acceptability"]), 0),
            text("cards.acceptability_note", lang, top=top),
        ),
        Key(text("cards.complete", lang), percent(float(one["completeness"]), 0), text("cards.complete_note", lang)),
    ]


def _score(value: Any) -> str:
    return "—" if pd.isna(value) else f"{value:.1f}"


def _conditions(conditions: pd.Series, bounds: tuple[float, float], lang: str) -> list[ConditionLine]:
    """Each condition with what is asked, what there is, and how it stands."""
    codes = [code for code in str(conditions["reason"]).split(";") if code]
    asked = {"low": f"{bounds[0]:g}", "high": f"{bounds[1]:g}", "share": percent(MIN_SHARE, 0)}
    shares = {key: conditions[f"{key}_share"] for key in ("district", "city")}
    values = {
        "area": f"{number_words(conditions['area_km2'], 2)} km²",
        "pieces": text("cards.pieces", lang, n=conditions["pieces"]),
    }
    things = conditions["things"]
    values["lively"] = "—" if pd.isna(things) else text("cards.things" if things else "cards.nothing_in_it", lang)
    values |= {key: "—" if pd.isna(share) else _rounded_down(share) for key, share in shares.items()}
    lines = []
    for condition, own in _CONDITIONS.items():
        hit = next((code for code in codes if code in own), None)
        state = PASSED if hit is None else NEARLY if "nearly" in hit else FAILED
        state = "unknown" if values[condition] == "—" else state
        lines.append(
            ConditionLine(
                text(f"cards.condition_{condition}", lang, **asked),
                values[condition],
                state,
                text(f"cards.state_{state}", lang),
            )
        )
    return lines


def _rounded_down(share: float) -> str:
    """A share that is never written as more than it is: 94.96 % is not the 95 % that are asked for."""
    return percent(np.floor(1000 * share + 1e-6) / 1000)


def _lines(
    one: pd.Series,
    figures: pd.DataFrame,
    indicators: pd.DataFrame,
    around: Mapping[tuple[str, str, str], Mapping[Any, Any]],
    home: str,
    digits: Mapping[str, int],
    lang: str,
) -> list[Line]:
    lines = []
    for i in indicators.to_dict("records"):
        name, unit = str(i["indicator"]), str(i["unit"])
        figure = figures.loc[name]
        value = figure["value"]
        # Where a value is hidden, so are its points.
        points: float = np.nan if pd.isna(value) else float(cast("float", one[f"{name}_score"]))
        own, city = around.get((home, "district", name)), around.get((ALL, "city", name))
        words = f"{write_value(value, 'number', lang, digits[name])} {unit}".strip()
        lines.append(
            Line(
                label=str(i["label"]),
                value="—" if pd.isna(value) else words,
                reference=str(i["reference"]),
                weight=percent(float(i["weight"]), 1),
                score=write_value(points, "number", lang, 1),
                district=_average(own, digits[name], lang),
                city=_average(city, digits[name], lang),
                brought=bool(figure["counted"] == "own"),
                cost=i["kind"] == "cost",
                long=len(str(i["label"])) + wide_signs(str(i["label"])) > _LONG,
                points=points,
                district_points=np.nan if own is None else float(own["points"]),
                city_points=np.nan if city is None else float(city["points"]),
                why="" if pd.isna(figure["reason"]) else reason(str(figure["reason"]), lang),
            )
        )
    return lines


def _average(found: Mapping[Any, Any] | None, digits: int, lang: str) -> str:
    """A value of a district or the city; with a mark where it is a mean over candidates."""
    if found is None:
        return "—"
    mark = "*" if found["of"] == "candidates" else ""
    return write_value(found["value"], "number", lang, digits) + mark


def _findings(
    lines: Sequence[Line], indicators: pd.DataFrame, home: str, lang: str
) -> tuple[list[Finding], list[Finding]]:
    """What lifts the score most beside the district's, else the city's values, and what lowers it most; where there are few
    such, indicators that reach their reference, and those that fall shortest of it.
    """
    weight = indicators["weight"].to_numpy(dtype=np.float64)
    points = np.array([line.points for line in lines])
    share = np.where(np.isnan(points), 0.0, weight)
    share = share / share.sum() if share.any() else share
    own = np.array([line.district_points for line in lines])
    beside = np.where(np.isnan(own), [line.city_points for line in lines], own)
    effect = np.nan_to_num(share * (points - beside))
    lost = np.nan_to_num(share * (100 - points))
    reached = np.where(points >= 100, share, 0.0)

    def found(most: FloatArray, rest: FloatArray, sign: int) -> list[Finding]:
        first = [k for k in np.argsort(-most, kind="stable") if most[k] >= _NOTHING][:_NAMED]
        then = [k for k in np.argsort(-rest, kind="stable") if rest[k] > 0 and k not in first]
        then = [k for k in then if sign * effect[k] > -_NOTHING][: _NAMED - len(first)]
        return [_finding(lines[k], home, sign * most[k], lang) for k in first] + [
            _finding(lines[k], "", 0.0, lang) for k in then
        ]

    return found(effect, reached, 1), found(-effect, lost, -1)


def _finding(line: Line, home: str, effect: float, lang: str) -> Finding:
    """An indicator in words: how it stands beside its reference, and beside the average where that is what it is named for."""
    said = {"label": line.label, "value": line.value, "reference": line.reference}
    if not effect:
        return Finding(text("cards.alone", lang, **said))
    in_district = not np.isnan(line.district_points)
    place = home if in_district else text("cards.the_city", lang)
    other = (line.district if in_district else line.city).rstrip("*")
    more = (effect > 0) != line.cost
    words = text("cards.above" if more else "cards.below", lang, place=place, other=other, **said)
    return Finding(words, f"{effect:+.1f}".replace("-", "−"))


def _groups(lines: Sequence[Line], indicators: pd.DataFrame, dimensions: Mapping[str, str]) -> list[Group]:
    own = indicators["dimension"].astype(str).to_numpy()
    weight = indicators["weight"].to_numpy(dtype=np.float64)
    return [
        Group(
            dimensions.get(name, name),
            percent(float(weight[own == name].sum()), 0),
            [line for line, of in zip(lines, own, strict=True) if of == name],
        )
        for name in dict.fromkeys(own)
    ]


def _unknown(lines: Sequence[Line], indicators: pd.DataFrame, lang: str) -> list[Unknown]:
    """Indicators without a value by the reason, those that weigh most first."""
    found: dict[str, tuple[float, list[str]]] = {}
    for line, weight in zip(lines, indicators["weight"], strict=True):
        if np.isnan(line.points):
            whole, labels = found.get(line.why, (0.0, []))
            found[line.why] = (whole + weight, [*labels, line.label])
    by_weight = sorted(found.items(), key=lambda each: -each[1][0])
    return [Unknown(why, listed(labels, lang), percent(weight, 0)) for why, (weight, labels) in by_weight]
