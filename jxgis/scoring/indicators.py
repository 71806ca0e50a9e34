"""Indicators as data: what is measured and how, against which fixed reference, and with which weight."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict, Field

from jxgis._toml import ID, read_toml, validated
from jxgis.bounds import at_least, at_most
from jxgis.errors import InputError, JxgisError, SettingsError, collect
from jxgis.i18n import Text
from jxgis.indicators.measures import MEASURES, check_measures
from jxgis.privacy import quoted
from jxgis.schema.layers import nearest
from jxgis.schema.tables import table
from jxgis.settings import MeasureSettings

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from jxgis.settings import IndicatorSettings, ScoringSettings

__all__ = [
    "Indicator",
    "Judgements",
    "Reference",
    "Registry",
    "check_indicators",
    "check_named",
    "check_values",
    "indicator_table",
    "load_registry",
    "score_values",
    "select_indicators",
    "value_digits",
]

#: Column names of the result that no indicator may take; one called ``area_km2`` is that column.
RESERVED = frozenset([*table("scores.scores").required, "geometry", "fid"]) - {"area_km2"}

Judgements = Mapping[str, Mapping[str, float]]
_NO_TEXT = Text("", "")
#: Measures whose values may be any number.
_ANY_NUMBER = ("raster_mean", "ratio_of_columns")


@dataclass(frozen=True, slots=True)
class Indicator:
    """One indicator, the ways to measure it (``over``: what is set against what), and its fixed reference: a target
    (benefit), or a low and a high (cost).

    ``fixed``: no upkeep changes it, such as the shape of a unit or its old buildings.

    Examples
    --------
    >>> Indicator("rework_rate", "管理绩效", 5, low=0, high=10).is_cost
    True
    """

    id: str
    dimension: str
    weight: float
    target: float | None = None
    low: float | None = None
    high: float | None = None
    label: Text = _NO_TEXT
    unit: Text = _NO_TEXT
    source: Text = _NO_TEXT
    over: Text = _NO_TEXT
    measures: tuple[MeasureSettings, ...] = ()
    fixed: bool = False

    @property
    def in_percent(self) -> bool:
        """Whether its values are in %."""
        return self.unit.zh.strip() in ("%", "％")

    @property
    def is_cost(self) -> bool:
        """Whether less is better."""
        return self.target is None

    @property
    def reference(self) -> str:
        """The reference in words: ``≥ 90`` or ``0 … 10``."""
        return f"≥ {self.target:g}" if self.target is not None else f"{self.low:g} … {self.high:g}"

    def title(self, lang: str) -> str:
        """The label in ``lang``; the id where there is none."""
        return self.label.of(lang) or self.id


@dataclass(frozen=True)
class Registry:
    """What a file of indicators holds.

    Attributes
    ----------
    indicators
        In the order of reports.
    dimensions
        Name of each dimension to its text in both languages, in the order of reports.
    judgements
        Pairwise judgements of the dimensions for AHP: row, column, how many times as important.
    """

    indicators: tuple[Indicator, ...]
    dimensions: dict[str, Text]
    judgements: dict[str, dict[str, float]]


class Reference(BaseModel):
    """What a file says of something that is measured: its texts, its fixed reference, the ways to measure it."""

    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)
    id: Annotated[str, Field(pattern=ID)]
    target: Annotated[float | None, Field(gt=0, allow_inf_nan=False)] = None
    low: Annotated[float | None, Field(allow_inf_nan=False)] = None
    high: Annotated[float | None, Field(allow_inf_nan=False)] = None
    zh: str = ""
    en: str = ""
    unit: str = ""
    unit_en: str = ""
    source: str = ""
    source_en: str = ""
    over: str = ""
    over_en: str = ""
    measures: tuple[MeasureSettings, ...] = ()
    fixed: bool = False

    def indicator(self, dimension: str = "", weight: float = 1.0) -> Indicator:
        """As an indicator."""
        return Indicator(
            self.id,
            dimension,
            weight,
            target=self.target,
            low=self.low,
            high=self.high,
            label=Text(zh=self.zh, en=self.en),
            unit=Text(zh=self.unit, en=self.unit_en or self.unit),
            source=Text(zh=self.source, en=self.source_en or self.source),
            over=Text(zh=self.over, en=self.over_en or self.over),
            measures=self.measures,
            fixed=self.fixed,
        )


class _Row(Reference):
    dimension: str
    weight: Annotated[float, Field(gt=0, allow_inf_nan=False)]


class _Dimension(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    en: str = ""


class _File(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")
    dimensions: dict[str, _Dimension] = Field(default_factory=dict)
    ahp: dict[str, dict[str, Annotated[float, Field(gt=0, allow_inf_nan=False)]]] = Field(default_factory=dict)
    indicators: tuple[_Row, ...]


def load_registry(path: str | Path | None = None) -> Registry:
    """Read a file of indicators.

    Parameters
    ----------
    path
        TOML; None: ``profiles/indicators.toml``, the proposal that ships with jxgis.

    Returns
    -------
    Registry

    Raises
    ------
    SettingsError
        If a key is unknown, an id is used twice or reserved, or an indicator has neither a target nor low < high.

    Examples
    --------
    >>> defaults = load_registry()
    >>> len(defaults.indicators), sum(i.weight for i in defaults.indicators)
    (19, 100.0)
    """
    source = Path(str(resources.files("jxgis.profiles").joinpath("indicators.toml"))) if path is None else Path(path)
    model = validated(_File, read_toml(source), source.name)
    indicators = tuple(row.indicator(row.dimension, row.weight) for row in model.indicators)
    check_indicators(indicators, source.name)
    names = dict.fromkeys([*model.dimensions, *(row.dimension for row in model.indicators)])
    dimensions = {n: Text(zh=n, en=model.dimensions[n].en if n in model.dimensions else n) for n in names}
    return Registry(indicators, dimensions, {row: dict(columns) for row, columns in model.ahp.items()})


def select_indicators(own: Mapping[str, IndicatorSettings]) -> tuple[Indicator, ...]:
    """The indicators to score by: the project's own where it names any, else the default set.

    Parameters
    ----------
    own
        ``settings.scoring.indicators``; where not empty, it replaces the default set. An id of the default set keeps
        its label, its unit, its ways of measuring and whether it is fixed where none is given.

    Returns
    -------
    tuple of Indicator

    Raises
    ------
    SettingsError
        If an id is reserved.

    Examples
    --------
    >>> from jxgis.settings import IndicatorSettings
    >>> own = {"toilets_per_km2": IndicatorSettings(dimension="基础", weight=1, target=5)}
    >>> [(i.id, i.target, i.title("zh")) for i in select_indicators(own)]
    [('toilets_per_km2', 5.0, '公厕密度')]
    """
    known = {indicator.id: indicator for indicator in load_registry().indicators}
    if not own:
        return tuple(known.values())
    chosen = []
    for name, given in own.items():
        old = known.get(name)
        chosen.append(
            Indicator(
                name,
                given.dimension,
                given.weight,
                target=given.target,
                low=given.low,
                high=given.high,
                label=Text(given.label, given.label) if given.label else old.label if old else _NO_TEXT,
                unit=Text(given.unit, given.unit) if given.unit else old.unit if old else _NO_TEXT,
                source=Text("jxgis.toml", "jxgis.toml"),
                over=Text(given.over, given.over) if given.over or given.measures else old.over if old else _NO_TEXT,
                measures=given.measures or (old.measures if old else ()),
                fixed=given.fixed if given.fixed is not None else bool(old and old.fixed),
            )
        )
    check_indicators(chosen, "jxgis.toml [scoring.indicators]")
    return tuple(chosen)


def score_values(values: ArrayLike, indicator: Indicator) -> NDArray[np.float64]:
    """Score values of one indicator from 0 to 100 against its fixed reference.

    Benefit: 100·clip(x/target, 0, 1). Cost: 100·clip((high − x)/(high − low), 0, 1). A score does not depend on who
    else is scored.

    Parameters
    ----------
    values
        Shape (n,), in the indicator's unit; NaN where not known.
    indicator
        Its reference.

    Returns
    -------
    ndarray
        Shape (n,); NaN where the value is.

    Examples
    --------
    >>> score_values([45, 90, 120, np.nan], Indicator("park_coverage", "基础条件", 8, target=90)).tolist()
    [50.0, 100.0, 100.0, nan]
    >>> score_values([0, 4, 12], Indicator("rework_rate", "管理绩效", 5, low=2, high=10)).tolist()
    [100.0, 75.0, 0.0]
    """
    x = np.asarray(values, dtype=np.float64)
    if indicator.target is not None:
        share = x / indicator.target
    elif indicator.low is None or indicator.high is None:
        raise AssertionError(f"{indicator.id} has neither a target nor low and high")
    else:
        share = (indicator.high - x) / (indicator.high - indicator.low)
    return np.asarray(100.0 * np.clip(share, 0.0, 1.0), dtype=np.float64)


def value_digits(values: ArrayLike, unit: str) -> int:
    """Decimals with which the values of an indicator are written.

    Examples
    --------
    >>> value_digits([2.0, np.nan], "km"), value_digits([12.34], "%"), value_digits([0.7, 1], "")
    (0, 1, 2)
    """
    known = pd.Series(np.asarray(values, dtype=np.float64)).dropna()
    return 0 if (known % 1 == 0).all() else 1 if unit == "%" else 2


def indicator_table(indicators: Iterable[Indicator], lang: str = "zh") -> pd.DataFrame:
    """The indicators as a table for reports.

    Returns
    -------
    pandas.DataFrame
        Columns ``indicator, label, dimension, kind`` (benefit or cost), ``reference, unit, source``.

    Examples
    --------
    >>> indicator_table(load_registry().indicators)["kind"].value_counts().to_dict()
    {'benefit': 16, 'cost': 3}
    """
    return pd.DataFrame(
        [
            {
                "indicator": i.id,
                "label": i.title(lang),
                "dimension": i.dimension,
                "kind": "cost" if i.is_cost else "benefit",
                "reference": i.reference,
                "unit": i.unit.of(lang),
                "source": i.source.of(lang),
            }
            for i in indicators
        ],
        columns=["indicator", "label", "dimension", "kind", "reference", "unit", "source"],
    )


def check_indicators(indicators: Iterable[Indicator], where: str) -> None:
    """Raise once for every indicator that cannot be scored.

    Raises
    ------
    SettingsError
        If an id is used twice or reserved, one has neither a target nor low < high, or a way of measuring cannot be.
    """
    seen: set[str] = set()
    errors: list[JxgisError] = []
    for i in indicators:
        benefit, cost = i.target is not None, i.low is not None and i.high is not None
        if i.id in RESERVED or i.id.endswith(("_score", "_measured")):
            errors.append(
                SettingsError(
                    zh=f"{where}：指标名 {i.id} 是结果表已有的列名，请换一个名称。",
                    en=f"{where}: indicator {i.id} has the name of a column of the result; choose another.",
                )
            )
        if i.id in seen:
            errors.append(
                SettingsError(
                    zh=f"{where}：指标 {i.id} 出现了两次，请只保留一个。",
                    en=f"{where}: indicator {i.id} stands there twice; keep one.",
                )
            )
        if benefit == cost or (i.low is not None and i.high is not None and i.low >= i.high):
            errors.append(
                SettingsError(
                    zh=f"{where}：指标 {i.id} 需要 target（正向），或 low < high（负向），二者取一。",
                    en=f"{where}: indicator {i.id} needs a target (benefit), or low < high (cost), one of the two.",
                )
            )
        seen.add(i.id)
    collect(errors)
    check_measures({i.id: i.measures for i in indicators})


def check_named(options: ScoringSettings, chosen: Iterable[Indicator]) -> None:
    """Refuse options that name what there is not: it would count for nothing, and nobody know.

    Parameters
    ----------
    options
        ``judgements`` of dimensions and ``column_units`` of indicators.
    chosen
        The indicators that are scored; those of the default set may be named beside them.

    Raises
    ------
    SettingsError
        For every name, with the nearest one.

    Examples
    --------
    >>> from jxgis.settings import ScoringSettings
    >>> check_named(ScoringSettings(column_units={"shaded_street": "fraction"}), [])
    Traceback (most recent call last):
    jxgis.errors.SettingsError: scoring.column_units：没有指标“shaded_street”，是否为 shaded_streets？...
    """
    there = [*chosen, *load_registry().indicators]
    named = [*options.judgements, *(column for row in options.judgements.values() for column in row)]
    asked = (
        ("judgements", Text("维度", "dimension"), named, [each.dimension for each in there]),
        ("column_units", Text("指标", "indicator"), [*options.column_units], [each.id for each in there]),
    )
    errors = []
    for key, kind, names, known in asked:
        for name in dict.fromkeys(name for name in names if name not in known):
            hint = nearest(name, known)
            errors.append(
                SettingsError(
                    zh=f"scoring.{key}：没有{kind.zh}“{name}”{hint.zh}",
                    en=f"scoring.{key}: there is no {kind.en} {name!r}{hint.en}",
                )
            )
    collect(errors)


def check_values(own: pd.DataFrame, indicators: Iterable[Indicator], ids: pd.Series) -> None:
    """Refuse what no candidate can have of what layers could measure: below nothing (a code for no data), more than the whole.

    Parameters
    ----------
    own
        (n) rows, a column an indicator; NaN where nothing was brought.
    indicators
        With their ways of measuring; of one without any, nothing is said.
    ids
        What the rows are called.

    Raises
    ------
    InputError
        Of every indicator.

    Examples
    --------
    >>> shaded = [each for each in load_registry().indicators if each.id == "shaded_streets"]
    >>> check_values(pd.DataFrame({"shaded_streets": [85.0, -999.0]}), shaded, pd.Series(["甲", "乙"]))
    Traceback (most recent call last):
    jxgis.errors.InputError: 候选单元 乙 自带的“林荫路覆盖率”为 -999，不可能（共 1 处）；若是无数据的代号请清空，否则请改正。...
    """
    wrong = []
    for indicator in indicators:
        ways = [MEASURES[way.measure] for way in indicator.measures if way.measure not in _ANY_NUMBER]
        most = 100.0 if indicator.in_percent and any(way.share for way in ways) else np.inf
        value = own[indicator.id].dropna() if ways else own[indicator.id].iloc[:0]
        odd = value[~(at_least(value.to_numpy(), 0.0) & at_most(value.to_numpy(), most))]
        if len(odd):
            wrong.append(
                InputError(
                    zh=f"候选单元 {quoted(ids[odd.index[0]])} 自带的“{indicator.title('zh')}”为 {odd.iloc[0]:g}，不可能（共 {len(odd)} 处）；"
                    "若是无数据的代号请清空，否则请改正。",
                    en=f"Candidate {quoted(ids[odd.index[0]])} brings {odd.iloc[0]:g} of {indicator.title('en')}, which cannot be "
                    f"({len(odd)} in all); empty it if it is a code for no data, or correct it.",
                )
            )
    collect(wrong)
