"""Chromium with the network off."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

CHROMIUM = Path("/usr/bin/chromium")


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
        found = playwright.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox", "--disable-gpu"])
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

    def outside(self) -> list[str]:
        """What it asked of anything but its own files."""
        return [url for url in self.requests if not url.startswith(("file:", "data:"))]


@pytest.fixture
def visit(browser: Any) -> Iterator[Any]:
    """Open a file with the network off: ``visit(path)`` gives a Visit."""
    context = browser.new_context(offline=True, viewport={"width": 1280, "height": 800})

    def open_page(path: Path) -> Visit:
        found = Visit(context.new_page())
        found.page.goto(path.as_uri())
        return found

    yield open_page
    context.close()
