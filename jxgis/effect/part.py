"""The part that asks whether it worked: what it reads, and how it is run."""

from __future__ import annotations

from jxgis.i18n import Text
from jxgis.part import Option, Part

__all__ = ["PART"]


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
    settings_key="effect",
    settings=("effect", "report"),
)
