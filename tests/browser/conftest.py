"""Chromium with the network off."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

CHROMIUM = Path("/usr/bin/chromium")
PATIENCE_MS = 120_000
"""What a step may take on a busy machine; a page that is broken fails by what it shows, not by its time."""

_LIST = ".leaflet-control-layers .jx-choice"
_BUTTONS = ".leaflet-control-layers-base input"

# Ten frames in a row alike, and no movement begun: counted in frames of the page itself, so that a busy machine only
# takes longer. Leaflet draws on the next frame and marks its map while it zooms or pans.
_AT_REST = """() => new Promise((done) => {
    let last = null, alike = 0;
    const look = () => {
        const drawn = [...document.querySelectorAll("canvas")].map((canvas) => canvas.toDataURL()).join();
        const now = drawn + [...document.querySelectorAll(".leaflet-map-pane")].map((pane) => pane.style.cssText).join();
        const moving = document.querySelector(".leaflet-zoom-anim, .leaflet-pan-anim");
        alike = now === last && !moving ? alike + 1 : 0;
        last = now;
        if (alike < 10) requestAnimationFrame(look);
        else done(true);
    };
    look();
})"""


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """A headless Chromium; a failure where CI asks for it, else a skip."""
    missing = None if CHROMIUM.exists() else f"{CHROMIUM} is not there"
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        missing = "playwright is not installed"
    if missing:
        if os.environ.get("JXGIS_REQUIRE_BROWSER"):
            pytest.fail(f"{missing}, and JXGIS_REQUIRE_BROWSER asks for it")
        pytest.skip(missing)
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(
            executable_path=str(CHROMIUM), args=["--no-sandbox", "--disable-gpu"], timeout=PATIENCE_MS
        )
        yield found
        found.close()


class Visit:
    """A page that is open, with what it asked for and what it complained of."""

    def __init__(self, page: Any) -> None:
        self.page = page
        self.requests: list[str] = []
        self.complaints: list[str] = []
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("console", lambda message: self.complaints.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: self.complaints.append(f"error: {error}"))

    def settle(self) -> None:
        """Wait until the map has come to rest."""
        # Not evaluate: that would wait without end for a page that draws no frames, or none alike.
        self.page.wait_for_function(_AT_REST)

    def layers(self) -> int:
        """How many layers exclude one another: the lines of the list that opens, then the buttons."""
        return self.page.locator(f"{_LIST} optgroup option, {_BUTTONS}").count()

    def show(self, at: int) -> None:
        """Show one of the layers that exclude one another."""
        lines = self.page.locator(f"{_LIST} optgroup option").count()
        if at < lines:
            self.page.locator(_LIST).select_option(index=at)
        else:
            self.page.locator(_BUTTONS).nth(at - lines).check()

    def outside(self) -> list[str]:
        """What it asked of anything but its own files."""
        return [url for url in self.requests if not url.startswith(("file:", "data:"))]


@pytest.fixture
def visit(browser: Any) -> Iterator[Any]:
    """Open a file with the network off: ``visit(path)`` gives a Visit; a script runs before those of the page, a link restores a view."""
    context = browser.new_context(offline=True, viewport={"width": 1280, "height": 800})
    context.set_default_timeout(PATIENCE_MS)

    def open_page(path: Path, *, script: str = "", link: str = "") -> Visit:
        found = Visit(context.new_page())
        if script:
            found.page.add_init_script(script)
        found.page.goto(path.as_uri() + (link and f"#{link}"))
        return found

    yield open_page
    context.close()
