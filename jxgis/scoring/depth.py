"""What lies behind a score: how it stands under other weights, what moves it, what to improve, which type it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from jxgis.indicators.measures import MEASURES
from jxgis.scoring.indicators import score_values
from jxgis.scoring.moves import Amount, Scored, improvements, swings
from jxgis.scoring.types import UnitTypes, affinities, given_types

if TYPE_CHECKING:
    from jxgis.indicators.measures import Measured
    from jxgis.scoring.indicators import Indicator

__all__ = ["feature_table", "improvement_table", "swing_table", "type_table"]


def swing_table(ids: pd.Series, scored: Scored, indicators: Sequence[Indicator], lang: str) -> pd.DataFrame:
    """The contract's ``swings``: see `moves.swings`."""
    return _called(swings(scored), ids, indicators, "swings", lang)


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
    return _called(improvements(scored, indicators, amounts=amounts, lang=lang), ids, indicators, "improvements", lang)


def _amount(indicator: Indicator, some: Measured, own: pd.Series) -> Amount:
    """How much of the things that a measure counts make a difference of 1 in the indicator's unit."""
    measure = None if some.how is None else MEASURES[some.how.measure]
    if measure is None or not measure.adds:
        return Amount("", np.full(len(own), np.nan))
    each = some.table["denominator"].to_numpy(dtype=np.float64)
    if np.isnan(each).all():
        each = np.ones(len(own))  # a sum, not a ratio
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


def _called(table: pd.DataFrame, ids: pd.Series, indicators: Sequence[Indicator], name: str, lang: str) -> pd.DataFrame:
    """A table with the candidates' ids and the indicators' names and units, in the order of its declaration."""
    from jxgis.schema.tables import table as declared

    by_id = {i.id: i for i in indicators}
    called = table.assign(
        candidate_id=ids.to_numpy()[table["row"]],
        label=table["indicator"].map({i: by_id[i].title(lang) for i in by_id}),
        unit=table["indicator"].map({i: by_id[i].unit.of(lang) for i in by_id}),
    )
    return called[list(declared(f"scores.{name}").required)]
