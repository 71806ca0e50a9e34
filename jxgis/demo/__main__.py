"""``python -m jxgis.demo data``: write the schematic city to a folder."""

from __future__ import annotations

import sys

from jxgis.demo import write_city

if __name__ == "__main__":
    for file in write_city(sys.argv[1] if len(sys.argv) > 1 else "data"):
        sys.stdout.write(f"{file}\n")
