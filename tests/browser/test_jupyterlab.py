"""The quickstart in a real JupyterLab, with the network off: every cell runs, and maps, figures and tables are seen."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

#: Slow: the whole quickstart, a report among it.
pytestmark = [pytest.mark.browser, pytest.mark.slow]

QUICKSTART = "01_quickstart.ipynb"
#: All cells are on the page, not only those in sight; and JupyterLab asks for no news.
SETTINGS = {
    "notebook-extension/tracker": {"windowingMode": "none"},
    "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
}
STARTS_S, RUNS_MS = 300, 1_200_000
PROMPTS = (
    "() => [...document.querySelectorAll('.jp-Notebook .jp-CodeCell .jp-InputPrompt')].map((one) => one.textContent)"
)


@pytest.fixture(scope="module")
def lab(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a JupyterLab that has the quickstart, beside the schematic city, in a folder of its own."""
    folder = tmp_path_factory.mktemp("lab")
    (folder / "data").symlink_to(root / "data", target_is_directory=True)
    (folder / "notebooks").mkdir()
    shutil.copy(root / "notebooks" / QUICKSTART, folder / "notebooks")
    for plugin, chosen in SETTINGS.items():
        path = folder / "settings" / "@jupyterlab" / f"{plugin}.jupyterlab-settings"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(chosen), encoding="utf-8")
    own = {f"JUPYTER_{name}_DIR": str(folder / "own" / name.lower()) for name in ("CONFIG", "RUNTIME", "DATA")}
    said = folder / "said"
    asked = ["--no-browser", "--allow-root", "--ServerApp.port=0", "--IdentityProvider.token=lab"]
    with said.open("w") as output:
        server = subprocess.Popen(
            [sys.executable, "-m", "jupyterlab", *asked, f"--ServerApp.root_dir={folder}"],
            env=os.environ | own | {"JUPYTERLAB_SETTINGS_DIR": str(folder / "settings")},
            stdout=output,
            stderr=output,
        )
    try:
        until = time.monotonic() + STARTS_S
        while not (found := re.search(r"http://127\.0\.0\.1:\d+/lab", said.read_text())):
            assert server.poll() is None, said.read_text()
            assert time.monotonic() < until, said.read_text()
            time.sleep(0.2)
        yield f"{found[0]}/tree/notebooks/{QUICKSTART}?token=lab"
    finally:
        server.terminate()
        server.wait()


def test_the_quickstart_runs_and_is_seen(lab: str, browser: Any) -> None:
    context = browser.new_context(viewport={"width": 1366, "height": 900})
    context.set_default_timeout(RUNS_MS)
    outside: list[str] = []

    def refuse(route: Any) -> None:
        outside.append(route.request.url)
        route.abort()

    context.route(lambda url: not url.startswith("http://127.0.0.1:"), refuse)
    page = context.new_page()
    page.goto(lab)
    # Before the kernel answers, nothing runs.
    page.get_by_text("| Idle").first.wait_for()
    page.locator(".jp-Notebook .jp-CodeCell").nth(3).wait_for()
    for item in ("Run", "Run All Cells"):
        page.get_by_role("menuitem", name=item, exact=True).click()
    page.wait_for_function(
        f"() => ({PROMPTS})().every((one) => /^\\[\\d+\\]/.test(one)) || document.querySelector('[data-mime-type$=error]')"
    )
    page.get_by_text("| Idle").first.wait_for()
    output = page.locator(".jp-OutputArea")
    assert output.locator("[data-mime-type='application/vnd.jupyter.error']").all_inner_texts() == []
    assert not any("Warning" in said for said in output.locator("[data-mime-type$=stderr]").all_inner_texts())

    frames = output.locator("iframe")
    assert frames.count() >= 5
    for at in range(frames.count()):
        frames.nth(at).scroll_into_view_if_needed()
        frame = frames.nth(at).content_frame
        frame.locator(".leaflet-overlay-pane canvas").first.wait_for()
        assert frame.locator(".jx-title h1").inner_text().strip()
    pictures = output.locator("img")
    assert pictures.count() >= 2
    assert all(pictures.evaluate_all("(all) => all.map((one) => one.complete && one.naturalWidth > 300)"))
    heads = output.locator("table th").all_inner_texts()
    assert any("热点地段" in head or "名称" in head for head in heads)
    # No table is wider than the notebook without a bar to move it by.
    cut = output.locator("table").evaluate_all(
        "(all) => all.filter((one) => { const box = one.closest('.jp-OutputArea-output');"
        " return one.scrollWidth > box.clientWidth + 1 && getComputedStyle(box).overflowX === 'hidden'; }).length"
    )
    assert cut == 0
    assert outside == []
    context.close()
