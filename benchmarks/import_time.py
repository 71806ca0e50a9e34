"""Whole-process time of ``import jxgis`` and ``jxgis --help``, beside an empty Python and ``import geopandas``.

Run: ``python benchmarks/import_time.py``. Each command is run in turn, in fresh processes, after one warm-up; the
medians and their ratio to an empty Python are printed.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import time

RUNS = 7
COMMANDS = {
    "python -c pass": [sys.executable, "-c", "pass"],
    "import jxgis": [sys.executable, "-c", "import jxgis"],
    "jxgis --help": [sys.executable, "-m", "jxgis", "--help"],
    "import geopandas": [sys.executable, "-c", "import geopandas"],
}


def seconds(command: list[str]) -> float:
    """Wall time of one fresh process."""
    start = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - start


def main() -> None:
    """Print the table."""
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    times: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for command in COMMANDS.values():
        seconds(command)
    for _ in range(RUNS):
        for name, command in COMMANDS.items():
            times[name].append(seconds(command))
    empty = statistics.median(times["python -c pass"])
    print(f"{'':18} {'median s':>9} {'min':>7} {'max':>7} {'x empty':>8}")
    for name, runs in times.items():
        median = statistics.median(runs)
        print(f"{name:18} {median:9.3f} {min(runs):7.3f} {max(runs):7.3f} {median / empty:8.1f}")


if __name__ == "__main__":
    main()
