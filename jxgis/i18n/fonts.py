"""Chinese faces for machines that have none."""

from __future__ import annotations

import importlib.util
from pathlib import Path

__all__ = ["packaged_fonts"]


def packaged_fonts() -> Path | None:
    """The folder of the faces in the package pylopdf-fonts-zh-cn (SIL Open Font License 1.1), if it is installed."""
    found = importlib.util.find_spec("pylopdf_fonts_zh_cn")
    return Path(found.submodule_search_locations[0]) if found and found.submodule_search_locations else None
