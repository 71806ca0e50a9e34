"""The gallery of the documentation: every picture has words, figures those of the report, beside the map of their part."""

from __future__ import annotations

import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
TEXTS = tomllib.loads((ROOT / "jxgis/i18n/run.toml").read_text(encoding="utf-8"))
FIGURES = [name for name in TEXTS if name.startswith("figure_")]


@pytest.fixture
def gallery(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT / "docs"))
    yield __import__("gallery")
    sys.modules.pop("gallery")


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_picture_is_called_in_words_and_figures_follow_their_map(gallery, tmp_path, lang) -> None:
    for name in (*FIGURES, *gallery.CAPTIONS):
        (tmp_path / f"{name}.png").touch()
    page = gallery.page(tmp_path, lang)
    headings = [line.removeprefix("## ") for line in page.splitlines() if line.startswith("## ")]
    assert len(headings) == len({*headings}) == len(FIGURES) + len(gallery.CAPTIONS)
    assert not any("_" in heading for heading in headings)
    at = [
        headings.index(gallery.caption(name, lang))
        for name in ("map_units", "figure_units", "figure_units_map", "map_scores")
    ]
    assert at == sorted(at)


def test_a_picture_without_words_stops_the_build(gallery, tmp_path) -> None:
    (tmp_path / "figure_new.png").touch()
    with pytest.raises((KeyError, ValueError)):
        gallery.page(tmp_path, "zh")
