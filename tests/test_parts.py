"""What holds for every part's result, whatever it finds."""

from __future__ import annotations

from importlib import import_module

import pytest

from jxgis.part import Part, Result
from jxgis.run.parts import PARTS


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.name)
def test_a_result_shows_itself_as_every_result_does(part: Part) -> None:
    room = vars(import_module(f"{part.analyse.__module__.rpartition('.')[0]}.result")).values()
    (result,) = [
        found for found in room if isinstance(found, type) and issubclass(found, Result) and found is not Result
    ]
    # A dataclass writes a repr of its own, of all its tables to the last row, where it is not told otherwise.
    assert result.__repr__ is Result.__repr__
