"""The plan's targets as data: what is to be reached by when, what it is measured by, and the library of projects."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, model_validator

from jxgis._toml import ID, RuleError, read_toml, validated
from jxgis.bounds import at_least, at_most, widened
from jxgis.errors import SettingsError, collect
from jxgis.i18n import Text, text
from jxgis.indicators.measures import check_measures
from jxgis.settings import MeasureSettings

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

__all__ = [
    "KILOMETRES",
    "LEVELS",
    "PERCENT",
    "WHOLES",
    "Level",
    "Plan",
    "PlanProject",
    "PlanTarget",
    "load_plan",
    "meets",
]

Level: TypeAlias = Literal["city", "area", "district", "unit"]
Direction: TypeAlias = Literal["at_least", "at_most", "below"]
LEVELS: tuple[Level, ...] = ("city", "area", "district", "unit")
"""From the whole to its parts."""
WHOLES: tuple[Level, ...] = ("city", "area", "district")
"""Those whose figures are sums of each other; each zone of another level is measured for itself."""
PERCENT = ("%", "％")
KILOMETRES = ("公里", "千米", "km")
#: So many times what the city is to reach is no length in km, and no number of things, that is done.
_TIMES = 10


def meets(value: NDArray[np.float64], target: NDArray[np.float64], direction: Direction) -> NDArray[np.bool_]:
    """Whether values meet their targets, by the one rule of bounds (`jxgis.bounds`).

    Parameters
    ----------
    value, target
        (n,) in one unit; NaN meets nothing.
    direction
        ``at_least`` and ``at_most`` include the target, ``below`` does not.

    Examples
    --------
    >>> meets(np.array([6.0, 5.9]), np.array([6.0, 6.0]), "below").tolist()
    [False, True]
    >>> meets(np.array([98 - 1e-9, 97.9]), np.array([98.0, 98.0]), "at_least").tolist()
    [True, False]
    """
    if direction == "at_least":
        return at_least(value, target)
    if direction == "at_most":
        return at_most(value, target)
    return np.asarray(~at_least(value, target) & ~np.isnan(value) & ~np.isnan(target))


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


Number = Annotated[float, Field(allow_inf_nan=False)]
Id = Annotated[str, Field(pattern=ID)]


class _Aim(_Entry):
    unit: str = ""
    unit_en: str | None = None
    target_2025: Number | None = None
    target_2027: Number | None = None

    def target(self, year: int) -> float:
        """The plan's number for the end of a year, NaN where it has none."""
        found = self.target_2025 if year == 2025 else self.target_2027
        return float("nan") if found is None else found

    @property
    def far_more(self) -> float:
        """Above it a number is one in another unit; NaN where the plan has none."""
        return widened(_TIMES * float(np.fmax(self.target(2025), self.target(2027))))

    def unit_of(self, lang: str) -> str:
        """Its unit."""
        return Text(self.unit, self.unit if self.unit_en is None else self.unit_en).of(lang)


class PlanTarget(_Aim):
    """``[[targets]]``: one target of the plan; see the head of ``profiles/plan_targets.toml``.

    Attributes
    ----------
    id, number
        Its id, and its row of the plan's table; None: it stands in the body.
    zh, en, unit, unit_en
        What it is called, and its unit; in ``%`` a share is taken times 100.
    kind
        ``binding`` (约束性), ``expected`` (预期性), or ``body``.
    direction, target_2025, target_2027
        What is to be reached by the end of which year; None where the plan says nothing of that year.
    source, source_en
        Where it stands in the plan.
    count
        Whether it is a number of things; else it is a numerator over a denominator.
    signed
        Whether its value may be below 0, or a percentage above 100: a growth.
    levels
        The levels at which it is set against something.
    at
        Those at which the plan's number is the target; where not given, all levels of a ratio, and the city of a count.
    numerator, denominator
        What they are, for who has to bring them.
    denominator_most
        A denominator of the city above it, or of a zone above a quarter of it, can only be in another unit (residents where 10,000 residents
        are meant).
    asked
        The level by which people are asked for it: the lowest of districts, areas and the city where not given.
    project
        The item of the library of projects whose progress is its value.
    measures
        The ways to measure it, the first that the layers allow.
    """

    id: Id
    number: Annotated[int, Field(ge=1)] | None = None
    zh: str
    en: str
    kind: Literal["binding", "expected", "body"]
    direction: Direction = "at_least"
    source: str = ""
    source_en: str = ""
    count: bool = False
    signed: bool = False
    levels: tuple[Level, ...] = LEVELS
    at: tuple[Level, ...] = ()
    numerator: str = ""
    numerator_en: str = ""
    denominator: str = ""
    denominator_en: str = ""
    denominator_most: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None
    asked: Literal["subdistrict", "district", "area", "city"] | None = None
    project: int | None = None
    measures: tuple[MeasureSettings, ...] = ()

    @model_validator(mode="after")
    def _some_target(self) -> PlanTarget:
        if self.target_2025 is None and self.target_2027 is None:
            raise RuleError(
                zh=f"目标 {self.id} 既没有 target_2025 也没有 target_2027",
                en=f"target {self.id} has neither target_2025 nor target_2027",
            )
        return self

    def kept_at(self, level: str) -> bool:
        """Whether it is kept at a level: at those of communities and the like where it is of units."""
        return (level if level in LEVELS else "unit") in self.levels

    def aimed_at(self, level: str) -> bool:
        """Whether the plan's number is the target at a level."""
        return (level if level in LEVELS else "unit") in self.target_levels

    @property
    def in_percent(self) -> bool:
        """Whether its values are in %."""
        return self.unit in PERCENT

    @property
    def of_hundred(self) -> bool:
        """Whether 100 is the most there is: a percentage, or marks (分)."""
        return self.in_percent or self.unit == "分"

    @property
    def scale(self) -> float:
        """What numerator over denominator is taken times."""
        return 100.0 if self.in_percent else 1.0

    @property
    def target_levels(self) -> tuple[Level, ...]:
        """The levels at which the plan's number is the target."""
        return self.at or (("city",) if self.count else self.levels)

    @property
    def asked_at(self) -> str:
        """The level by which people are asked for it."""
        return self.asked or next(level for level in ("district", "area", "city") if level in self.levels)

    def title(self, lang: str) -> str:
        """What it is called."""
        return Text(self.zh, self.en).of(lang)

    def over(self, lang: str) -> str:
        """What numerator and denominator are, in one phrase; of a number of things what is counted."""
        above, below = self.parts(lang)
        return text("scorecard.over", lang, above=above, below=below) if below else above

    def parts(self, lang: str) -> tuple[str, str]:
        """What its numerator and its denominator are."""
        return Text(self.numerator, self.numerator_en).of(lang), Text(self.denominator, self.denominator_en).of(lang)


class PlanProject(_Aim):
    """``[[projects]]``: an item of the library of projects, with the city's totals by the end of the years.

    Attributes
    ----------
    number, group, group_en, zh, en, unit, unit_en
        Its number, the heading that it stands under, what it is called, and the unit of its totals.
    target_2025, target_2027
        The totals; None where the plan has no number.
    said_2025, said_2025_en, said_2027, said_2027_en
        What it says instead.
    """

    number: Annotated[int, Field(ge=1)]
    group: str = ""
    group_en: str = ""
    zh: str
    en: str = ""
    said_2025: str = ""
    said_2025_en: str = ""
    said_2027: str = ""
    said_2027_en: str = ""

    def title(self, lang: str) -> str:
        """What it is called."""
        return Text(self.zh, self.en or self.zh).of(lang)

    def group_of(self, lang: str) -> str:
        """The heading that it stands under."""
        return Text(self.group, self.group_en or self.group).of(lang)

    def said(self, year: int, lang: str) -> str:
        """What the plan says for the end of a year where it has no number."""
        first = year == 2025
        zh, en = (self.said_2025, self.said_2025_en) if first else (self.said_2027, self.said_2027_en)
        return Text(zh, en or zh).of(lang)


class _File(_Entry):
    targets: tuple[PlanTarget, ...]
    projects: tuple[PlanProject, ...] = ()


@dataclass(frozen=True)
class Plan:
    """A plan: its targets in the order of reports, and its library of projects."""

    targets: tuple[PlanTarget, ...]
    projects: tuple[PlanProject, ...] = ()


def load_plan(path: str | Path | None = None, *, layers: Iterable[str] | None = None) -> Plan:
    """Read a file of targets.

    Parameters
    ----------
    path
        TOML; None: ``profiles/plan_targets.toml``, the plan of Jiaxing.
    layers
        The layers that its measures may name; None: any.

    Returns
    -------
    Plan

    Raises
    ------
    SettingsError
        If a key is unknown, an id or a number is used twice, a target has no number for any year, or a measure is not one.

    Examples
    --------
    >>> plan = load_plan()
    >>> [sum(t.kind == kind for t in plan.targets) for kind in ("binding", "expected", "body")], len(plan.projects)
    ([12, 8, 29], 42)
    """
    source = Path(str(resources.files("jxgis.profiles").joinpath("plan_targets.toml"))) if path is None else Path(path)
    model = validated(_File, read_toml(source), source.name)
    collect(
        [
            *_twice([target.id for target in model.targets], source.name),
            *_twice([target.number for target in model.targets if target.number is not None], source.name),
            *_twice([project.number for project in model.projects], source.name),
        ]
    )
    check_measures({target.id: target.measures for target in model.targets}, layers)
    return Plan(model.targets, model.projects)


def _twice(names: list[str] | list[int], where: str) -> list[SettingsError]:
    twice = [name for name in dict.fromkeys(names) if names.count(name) > 1]  # type: ignore[arg-type]  # one kind each
    return [
        SettingsError(zh=f"{where}：{name} 出现了不止一次。", en=f"{where}: {name} stands there more than once.")
        for name in twice
    ]
