"""Each how-to runs as it stands: its ``sh`` and ``python`` blocks, in order, on the schematic city in an empty folder."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PAGES = sorted(path.name.removesuffix(".zh.md") for path in (ROOT / "docs").glob("howto*.zh.md"))
#: Pages whose commands read what those of another wrote.
AFTER = {"howto_score": "howto_units"}
#: Pages that run in `make slow`; the others, a quarter of an hour and more, in `make howto`.
QUICK = ("howto_batch", "howto_check", "howto_data")


def blocks(page: str) -> list[tuple[str, str]]:
    """The language and the text of each block of a page."""
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    return re.findall(r"^```(\w*)\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL)


def run(page: str, folder: Path) -> None:
    """Run the blocks of a page."""
    environment = os.environ | {"PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"}
    for lang, text in blocks(f"{page}.zh.md"):
        commands = [["-c", text]] if lang == "python" else []
        if lang == "sh":
            lines = [shlex.split(line) for line in text.splitlines()]
            assert all(words[0] == "jxgis" for words in lines), lines
            commands = [["-m", "jxgis", *words[1:]] for words in lines]
        for command in commands:
            done = subprocess.run(
                [sys.executable, *command], cwd=folder, env=environment, capture_output=True, text=True, check=False
            )
            assert done.returncode == 0, (command, done.stdout, done.stderr)


@pytest.mark.parametrize("page", PAGES)
def test_both_languages_have_the_same_commands(page: str) -> None:
    assert blocks(f"{page}.md") == blocks(f"{page}.zh.md")


def test_every_page_is_listed() -> None:
    for name in ("howto.md", "howto.zh.md"):
        text = (ROOT / "docs" / name).read_text(encoding="utf-8")
        assert set(re.findall(r"\((howto_\w+)\.md\)", text)) == set(PAGES) - {"howto"}


@pytest.mark.parametrize(
    "page",
    [
        pytest.param(page, marks=pytest.mark.slow if page in QUICK else pytest.mark.howto)
        for page in PAGES
        if blocks(f"{page}.zh.md")
    ],
)
def test_a_page_runs(page: str, tmp_path: Path) -> None:
    (tmp_path / "data").symlink_to(ROOT / "data", target_is_directory=True)
    if page in AFTER:
        run(AFTER[page], tmp_path)
    run(page, tmp_path)
