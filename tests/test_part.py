"""What holds of the result of every part."""

from __future__ import annotations

from importlib import import_module

import pytest

from jxgis.part import Part, Result
from jxgis.run.parts import PARTS


def result_of(part: Part) -> type[Result]:
    """The class of a part's result, which stands beside its entry in the list of parts."""
    module = import_module(part.analyse.__module__.removesuffix("part") + "result")
    (found,) = (
        kind for kind in vars(module).values() if isinstance(kind, type) and getattr(kind, "part", None) is part
    )
    return found


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.name)
def test_nothing_of_a_result_hides_what_every_result_can(part):
    """Were a table called as a method of `part.Result` is, nobody could ask for that method any more."""
    kind = result_of(part)
    methods = {name for name, value in vars(Result).items() if callable(value) and not name.startswith("__")}
    own = {name for name, value in vars(kind).items() if not callable(value)} | set(vars(kind)["__annotations__"])
    assert not own & methods


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.name)
def test_a_result_shows_itself_as_every_result_does(part):
    """A dataclass writes a repr of its own, of all its tables to the last row, where it is not told otherwise."""
    assert result_of(part).__repr__ is Result.__repr__
