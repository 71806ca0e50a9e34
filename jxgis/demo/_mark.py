"""How files of the schematic city say that they are: a member of their GeoJSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["HEAD", "is_schematic"]

HEAD = '{"type":"FeatureCollection","schematic":true,"features":['


def is_schematic(path: Path) -> bool:
    """Whether a file is one of the schematic city as `write_city` writes them."""
    if not path.is_file():  # a geodatabase is a folder
        return False
    with path.open("rb") as file:
        return file.read(len(HEAD)) == HEAD.encode()
