"""The part that asks whether it worked: what it reads, and how it is run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jxgis.i18n import Text
from jxgis.part import Given, Option, Part

if TYPE_CHECKING:
    from jxgis.effect.result import EffectResult

__all__ = ["PART"]


def _measure(given: Given) -> EffectResult:
    from jxgis.effect.analysis import analyse

    return analyse(given)


PART = Part(
    name="effect",
    command="effect",
    title=Text(zh="治理成效", en="Did it work"),
    options={
        "--treated": Option("inputs.treated"),
        "--issues": Option("inputs.issues"),
        "--crs": Option("inputs.issues.crs"),
        "--districts": Option("inputs.districts"),
        "--at": Option("effect.at", metavar="DATE"),
        "--months": Option("effect.months"),
        "--selecting-months": Option("effect.selecting_months"),
        "--controls": Option("effect.controls", metavar="NAME"),
        "--spill-m": Option("effect.spill_m"),
        "--issue-class": Option("effect.issue_class", metavar="NAME"),
        "--name-column": Option("inputs.treated.name_column"),
    },
    reads=("districts", "subdistricts", "units", "issues", "treated"),
    needs=("treated", "issues", "districts"),
    analyse=_measure,
    settings_key="effect",
    settings=("effect", "report"),
)
