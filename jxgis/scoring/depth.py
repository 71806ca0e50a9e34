"""What lies behind a score: how it stands under other weights, what moves it, what to improve, which type it is."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from jxgis.i18n import reason, text
from jxgis.indicators.measures import MEASURES
from jxgis.scoring.indicators import score_values
from jxgis.scoring.moves import Amount, Scored, improvements, swings
from jxgis.scoring.types import UnitTypes, affinities, given_types

if TYPE_CHECKING:
    from jxgis.indicators.measures import Measured
    from jxgis.scoring.indicators import Indicator

__all__ = ["feature_table", "improvement_table", "swing_table", "told", "type_table"]

_NOTHING = 0.05  # points: less is written as 0.0


def swing_table(ids: pd.Series, scored: Scored, indicators: Sequence[Indicator], lang: str) -> pd.DataFrame:
    """The contract's ``swings``: see `moves.swings`."""
    return _labelled(swings(scored), ids, indicators, "swings", lang)


def improvement_table(
    ids: pd.Series,
    scored: Scored,
    indicators: Sequence[Indicator],
    found: Mapping[str, Measured],
    own: pd.DataFrame,
    lang: str,
) -> pd.DataFrame:
    """The contract's ``improvements``: see `moves.improvements`.

    Parameters
    ----------
    ids
        Of the candidates.
    scored
        As they were scored.
    indicators
        What by.
    found
        How each was measured, and of what.
    own
        The values that candidates bring, which go before what is measured.
    lang
        Language of the words.
    """
    amounts = {i.id: _amount(i, found[i.id], own[i.id]) for i in indicators}
    return _labelled(
        improvements(scored, indicators, amounts=amounts, lang=lang), ids, indicators, "improvements", lang
    )


def _amount(indicator: Indicator, some: Measured, own: pd.Series) -> Amount:
    """How much of the things that a measure counts make a difference of 1 in the indicator's unit."""
    measure = None if some.how is None else MEASURES[some.how.measure]
    if measure is None or not measure.adds:
        return Amount("", np.full(len(own), np.nan))
    above, below = (some.table[name].to_numpy(dtype=np.float64) for name in ("numerator", "denominator"))
    each = np.where(np.isnan(below) & ~np.isnan(above), 1.0, below)  # a sum has no denominator
    each = np.where(each > 0, each, np.nan)
    if measure.share and indicator.in_percent:
        each = each / 100.0
    # The cases behind a rate that a candidate brings are not those that were measured.
    return Amount(measure.adds, np.where(own.notna(), np.nan, each) if measure.adds == "cases" else each)


def type_table(
    ids: pd.Series, given: pd.Series, features: pd.DataFrame, types: UnitTypes, *, min_completeness: float
) -> pd.DataFrame:
    """The contract's ``types``: the type that candidates bring, the one that their features find, and whether they agree.

    Parameters
    ----------
    ids, given
        Of the candidates: their ids and the types that they bring, null where none.
    features
        Value of each feature.
    types
        The types.
    min_completeness
        Share of a type's weight that must be known.
    """
    found = affinities(features, types, min_completeness=min_completeness)
    known = given_types(given, types)
    agrees = np.where(known == found["type_found"], "agree", "differ")
    both = known.notna() & found["type_found"].notna()
    columns = ["type_found", "affinity", "runner_up", "margin"]
    table = pd.DataFrame({"candidate_id": ids, "type_given": given, **{c: found[c] for c in columns}})
    table["agrees"] = pd.Series(agrees, index=table.index, dtype="str").where(both)
    table["reason"] = found["reason"]
    return pd.concat([table, found.filter(like="affinity_")], axis=1)


def feature_table(
    ids: pd.Series, values: pd.DataFrame, types: UnitTypes, found: Mapping[str, Measured], lang: str
) -> pd.DataFrame:
    """The contract's ``features``: what each type is known by, candidate by candidate."""
    tables = [
        pd.DataFrame(
            {
                "candidate_id": ids,
                "feature": feature.id,
                "label": feature.title(lang),
                "unit": feature.unit.of(lang),
                "reference": feature.reference,
                "value": values[feature.id],
                "points": score_values(values[feature.id], feature),
                "reason": found[feature.id].table["reason"].where(values[feature.id].isna()).replace("", None),
            }
        )
        for feature in types.features
    ]
    return pd.concat(tables, ignore_index=True)


def told(depth: Mapping[str, pd.DataFrame], ids: pd.Series, lang: str) -> pd.DataFrame:
    """What moves each candidate, what to improve first and which type it is, in a sentence each.

    Parameters
    ----------
    depth
        The contract's ``swings``, ``improvements`` and ``types``, as people are shown them.
    ids
        Of the candidates.
    lang
        ``"zh"`` or ``"en"``.

    Returns
    -------
    pandas.DataFrame
        On the index of ``ids``: ``lifts`` and ``pulls`` (the indicators that raise and lower the score most), ``improve`` (to
        the reference), ``step`` (the same to what the best quarter reach, where that is less), ``kind``; null where nothing can
        be said.
    """
    swings = depth["swings"].dropna(subset="lift")
    swings = swings[swings["lift"].abs() > _NOTHING].sort_values(["candidate_id", "place"], kind="stable")
    words: dict[str, pd.Series] = {}
    for name, side in (("lifts", swings[swings["lift"] > 0]), ("pulls", swings[swings["lift"] < 0])):
        most = side.drop_duplicates("candidate_id").set_index("candidate_id")
        said = [
            text(f"scoring.{name}", lang, label=label, n=f"{abs(lift):.1f}")
            for label, lift in zip(most["label"], most["lift"], strict=True)
        ]
        words[name] = pd.Series(said, index=most.index, dtype="str")
    first = depth["improvements"]
    first = first[first["place"] == 1].set_index("candidate_id")
    words["improve"] = first["in_words"]
    nothing = (first["step_in_words"] == first["in_words"]) | first["gain_step"].lt(_NOTHING)
    words["step"] = first["step_in_words"].mask(nothing)
    types = depth["types"]
    kinds = [_kind(row, lang) for row in types.to_dict("records")]
    words["kind"] = pd.Series(kinds, index=types["candidate_id"], dtype="str")
    return pd.DataFrame({name: ids.map(known) for name, known in words.items()}, index=ids.index, dtype="str")


def _kind(row: Mapping[Hashable, Any], lang: str) -> str | None:
    """The type that features find, how far ahead it is, and whether it is the one given."""
    if pd.isna(row["type_found"]):
        return None if pd.isna(row["reason"]) else reason(row["reason"], lang)
    said = text("scoring.kind", lang, kind=row["type_found"], n=f"{row['affinity']:.0f}")
    if not pd.isna(row["runner_up"]):
        said += text("scoring.kind_ahead", lang, other=row["runner_up"], n=f"{row['margin']:.0f}")
    if not pd.isna(row["agrees"]):
        said += text(f"scoring.kind_{row['agrees']}", lang)
    return said


def _labelled(
    table: pd.DataFrame, ids: pd.Series, indicators: Sequence[Indicator], name: str, lang: str
) -> pd.DataFrame:
    """A table with the candidates' ids and the indicators' names and units, in the order of its declaration."""
    from jxgis.schema.tables import table as declared

    by_id = {i.id: i for i in indicators}
    called = table.assign(
        candidate_id=ids.to_numpy()[table["row"]],
        label=table["indicator"].map({i: by_id[i].title(lang) for i in by_id}),
        unit=table["indicator"].map({i: by_id[i].unit.of(lang) for i in by_id}),
    )
    return called[list(declared(f"scores.{name}").required)]
