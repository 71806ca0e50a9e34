"""A whole report of the made-up city."""

from __future__ import annotations

import pytest
from told_parts import Told, told_parts


@pytest.fixture
def tables() -> Told:
    return told_parts()
