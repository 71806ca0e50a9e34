"""Which type of sample unit a candidate is nearest to, by stated features."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Annotated, NamedTuple

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict, Field

from jxgis._toml import read_toml, validated
from jxgis.bounds import at_least
from jxgis.errors import SettingsError, collect
from jxgis.i18n import Text, text_pair
from jxgis.privacy import quoted
from jxgis.scoring.indicators import Indicator, Reference, check_indicators
from jxgis.scoring.rank import SLACK, complete_enough, score_table, totals
from jxgis.settings import SCORING

__all__ = ["UnitType", "UnitTypes", "affinities", "given_types", "load_types", "strange_types"]


class UnitType(NamedTuple):
    """A type of sample unit: what the data call it, what people do, and its features with their weights."""

    name: str
    title: Text
    weights: Mapping[str, float]


@dataclass(frozen=True)
class UnitTypes:
    """The types that a candidate can be of.

    Attributes
    ----------
    types
        In the order of reports.
    features
        What they are known by, each with its fixed reference and the ways to measure it.
    least_affinity, least_margin
        Points that the nearest must have, and be ahead of every other.
    """

    types: tuple[UnitType, ...]
    features: tuple[Indicator, ...]
    least_affinity: float = 0.0
    least_margin: float = 0.0


class _Type(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)
    name: Annotated[str, Field(min_length=1)]
    en: str = ""
    features: Annotated[dict[str, Annotated[float, Field(gt=0, allow_inf_nan=False)]], Field(min_length=1)]


class _File(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    least_affinity: Annotated[float, Field(ge=0, le=100)] = 0.0
    least_margin: Annotated[float, Field(ge=0, le=100)] = 0.0
    types: Annotated[tuple[_Type, ...], Field(min_length=2)]
    features: tuple[Reference, ...]


def load_types(path: str | Path | None = None) -> UnitTypes:
    """Read a file of types.

    Parameters
    ----------
    path
        TOML; None: ``profiles/unit_types.toml``, the plan's four types with the features that jxgis proposes.

    Returns
    -------
    UnitTypes

    Raises
    ------
    SettingsError
        If a key is unknown, a name is there twice, a type names a feature that there is not, or a feature has no reference.

    Examples
    --------
    >>> [kind.name for kind in load_types().types]
    ['品质生活', '历史文化', '商贸服务', '特色产业']
    """
    source = Path(str(resources.files("jxgis.profiles").joinpath("unit_types.toml"))) if path is None else Path(path)
    model = validated(_File, read_toml(source), source.name)
    features = tuple(row.indicator() for row in model.features)
    _check(model, features, source.name)
    types = tuple(
        UnitType(row.name, Text(zh=row.name, en=row.en or row.name), dict(row.features)) for row in model.types
    )
    return UnitTypes(types, features, model.least_affinity, model.least_margin)


def _check(model: _File, features: Sequence[Indicator], where: str) -> None:
    """Raise once for all that cannot be."""
    check_indicators(features, where)
    names, there = [row.name for row in model.types], {feature.id for feature in features}
    twice = [name for name in dict.fromkeys(names) if names.count(name) > 1]
    errors = [
        SettingsError(zh=f"{where}：类型 {n} 出现了两次。", en=f"{where}: type {n} is there twice.") for n in twice
    ]
    errors += [
        SettingsError(
            zh=f"{where}：类型 {row.name} 用到的特征 {name} 没有声明。",
            en=f"{where}: type {row.name} names a feature {name} that [[features]] does not have.",
        )
        for row in model.types
        for name in row.features
        if name not in there
    ]
    collect(errors)


def given_types(values: pd.Series, types: UnitTypes) -> pd.Series:
    """Types as people write them, by their names: 历史文化类基本单元 is 历史文化; null for other words.

    Examples
    --------
    >>> given_types(pd.Series(["历史文化类", "Commerce and Services", "其他", None]), load_types()).tolist()
    ['历史文化', '商贸服务', nan, nan]
    """
    names = {spelling: kind.name for kind in types.types for spelling in (kind.name, kind.title.en.casefold())}
    plain = values.astype("str").str.strip().str.replace(r"(基本单元|样板单元|单元)$", "", regex=True)
    plain = plain.str.removesuffix("型").str.removesuffix("类").str.casefold()
    return plain.map(names).astype("str").where(values.notna())


def strange_types(values: pd.Series, types: UnitTypes) -> list[Text]:
    """A note on what candidates bring as types and the city does not have, where they bring such.

    Examples
    --------
    >>> strange_types(pd.Series(["历史文化类", "宜居", None]), load_types())[0].en
    'Not among the types 品质生活, 历史文化, 商贸服务, 特色产业: 宜居; each counts as a type of its own. Correct the column, or declare it.'
    """
    strange = values[values.notna() & given_types(values, types).isna()].astype("str")
    names, known = [quoted(name) for name in strange.drop_duplicates()], [kind.name for kind in types.types]
    return [text_pair("scoring.strange_types", names=names, known=known)] if names else []


def affinities(
    values: pd.DataFrame, types: UnitTypes, *, min_completeness: float = SCORING.min_completeness
) -> pd.DataFrame:
    """Find which type each candidate is nearest to: per type Σw·s/Σw over the features that are known.

    A type is found where it has ``least_affinity`` points and is ahead of every other by ``least_margin``. Of one of which
    too little is known counts what it would have were all that is missing the best: whoever is ahead of that is ahead for
    certain.

    Parameters
    ----------
    values
        (n) rows, columns by feature id, NaN where not known.
    types
        The types, and the references of their features.
    min_completeness
        Share of a type's weight that must be known.

    Returns
    -------
    pandas.DataFrame
        On the index: ``affinity_X`` of each type X, 0–100 (NaN where too little is known), ``type_found`` (null where none
        is), its ``affinity``, the ``runner_up`` and the ``margin`` to it in points, and ``reason``: ``type_weak`` (it has
        not enough of any), ``type_close``, or ``type_incomplete`` (one of which too little is known could be ahead).

    Examples
    --------
    >>> two = UnitTypes((UnitType("甲", Text("甲", "A"), {"x": 1.0}), UnitType("乙", Text("乙", "B"), {"y": 3.0, "z": 1.0})),
    ...     tuple(Indicator(i, "", 1, target=10) for i in "xyz"), least_margin=5)
    >>> table = pd.DataFrame({"x": [8.0, 8.0, 7.0], "y": [4.0, 7.5, np.nan], "z": [8.0, 9.0, 0.0]})
    >>> affinities(table, two)[["affinity_甲", "affinity_乙", "type_found", "margin", "reason"]].values.tolist()
    [[80.0, 50.0, '甲', 30.0, nan], [80.0, 78.75, nan, 1.25, 'type_close'], [70.0, nan, nan, nan, 'type_incomplete']]
    """
    n, names = len(values), np.array([*(kind.name for kind in types.types), None], dtype=object)
    points = score_table(values, types.features)
    own, most = np.full((n, len(types.types)), np.nan), np.full((n, len(types.types)), np.nan)
    for k, kind in enumerate(types.types):
        weight = np.array([kind.weights.get(feature.id, 0.0) for feature in types.features])
        score, floor, known = totals(points.to_numpy(), weight)
        enough = complete_enough(known, min_completeness) & np.isfinite(score)
        own[enough, k] = score[enough]
        most[:, k] = np.where(enough, score, floor + 100.0 * (1.0 - known))
    columns = {f"affinity_{kind.name}": own[:, k] for k, kind in enumerate(types.types)}
    rows, some = np.arange(n), np.isfinite(own).any(axis=1)
    nearest = np.where(np.isfinite(own), own, -1.0).argmax(axis=1)
    behind = most.copy()
    behind[rows, nearest] = -np.inf
    second = behind.argmax(axis=1)
    top = own[rows, nearest]
    margin, certain = top - behind[rows, second], np.isfinite(own[rows, second])
    ahead = some & at_least(margin, types.least_margin) & (margin > SLACK)
    weak = some & ~at_least(most.max(axis=1), types.least_affinity)
    reason = np.select(
        [weak, ahead & at_least(top, types.least_affinity), some & certain],
        ["type_weak", "", "type_close"],
        "type_incomplete",
    )
    is_found = reason == ""
    found = np.where(is_found, nearest, -1)
    return pd.DataFrame(
        {
            **columns,
            "type_found": pd.Series(names[found], index=values.index, dtype="str"),
            "affinity": np.where(is_found, top, np.nan),
            "runner_up": pd.Series(names[np.where(is_found & certain, second, -1)], index=values.index, dtype="str"),
            "margin": np.where(certain, margin, np.nan),
            "reason": pd.Series(reason, index=values.index, dtype="str").replace("", None),
        },
        index=values.index,
    )
