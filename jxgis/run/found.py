"""What a run found, part by part, and what the parts before a part find: for a command and in a notebook."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from jxgis.errors import JxgisError, NotGivenError, SettingsError
from jxgis.i18n import Text, text_pair
from jxgis.run.parts import with_those_before

if TYPE_CHECKING:
    from jxgis.part import Given, Part, Result
    from jxgis.settings import Settings

__all__ = ["Found", "Refusal", "attempt", "find_before", "knows", "refusing"]


class Refusal(NamedTuple):
    """A part that could not be done with the inputs as they are, and why."""

    part: str
    why: Text


@dataclass(frozen=True, eq=False)
class Found:
    """What a run found.

    Attributes
    ----------
    results
        Name of a part to what it found, in the order of the parts.
    missing
        Name of a part to the reason for which it was not done: its layers, or what it works on, were not given.
    refused
        The parts that refused their input: they do not take the others down.
    """

    results: dict[str, Result] = field(default_factory=dict)
    missing: dict[str, Text] = field(default_factory=dict)
    refused: list[Refusal] = field(default_factory=list)

    def lines(self) -> list[Text]:
        """What to say of the parts that refused, one line a part."""
        return [text_pair("run.refused", part=text_pair(f"report.part_{part}"), why=why) for part, why in self.refused]

    def account(self, lang: str) -> dict[str, Any]:
        """What ``run.json`` says of the parts that refused."""
        return {"refused": [{"part": part, "message": why.of(lang)} for part, why in self.refused]}


def refusing(part: str, step: Callable[[], Result], found: Found) -> Result | None:
    """Take a step of a part; where it refuses its input, or lacks it, note why and go on without it.

    Settings that cannot be used are not caught: they are quick to correct, and what they ask for would be missing
    without having been refused. Nor are faults of the program.
    """
    try:
        return step()
    except SettingsError:
        raise
    except NotGivenError as error:
        found.missing[part] = error.message
        return None
    except JxgisError as error:
        found.refused.append(Refusal(part, error.message))
        return None


def attempt(part: Part, run: Callable[[Part], Result], found: Found) -> None:
    """Run a part and keep what it finds; where it refuses its input, note why."""
    result = refusing(part.name, partial(run, part), found)
    if result is not None:
        found.results[part.name] = result


def knows(part: Part, there: Collection[str], own: Callable[[], Given]) -> bool:
    """Whether the layers that a part reads, handed by ``own``, tell what the parts before it find: none of them is run then."""
    return {*part.needs} <= {*there} and part.knows(own())


def find_before(part: Part, there: Collection[str], settings: Settings, run: Callable[[Part], Result]) -> Found:
    """Run the parts before a part that have their layers ``there``, or what stands in for them; note those that refuse.

    Parameters
    ----------
    part
        The part.
    there
        The layers that were given.
    settings
        By which it may do without some of them.
    run
        Runs a part as a part before another: with the options of its ``less_before``.
    """
    found = Found()
    for before in with_those_before(part, there, settings)[:-1]:
        if not before.lacks({*there, *found.results}):
            attempt(before, run, found)
    return found
