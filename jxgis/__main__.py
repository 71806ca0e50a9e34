"""``python -m jxgis`` is the same as ``jxgis``."""

from jxgis.cli import main

if __name__ == "__main__":
    main()
