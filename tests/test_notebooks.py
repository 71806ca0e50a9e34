"""Each notebook runs from top to bottom, as a planner opens it: in a copy, so that nothing in the project changes.

The quickstart runs in JupyterLab itself: tests/browser/test_jupyterlab.py.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

NOTEBOOKS = sorted((Path(__file__).resolve().parents[1] / "notebooks").glob("*.ipynb"))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebooks_are_committed_without_outputs(path: Path) -> None:
    assert all(not cell.get("outputs") for cell in nbformat.read(path, as_version=4).cells)


@pytest.mark.slow
@pytest.mark.parametrize("path", NOTEBOOKS[1:], ids=lambda path: path.stem)
def test_notebook_runs(path: Path, root: Path, tmp_path: Path) -> None:
    (tmp_path / "data").symlink_to(root / "data", target_is_directory=True)
    (tmp_path / "notebooks").mkdir()
    shutil.copy(path, tmp_path / "notebooks")
    notebook = nbformat.read(path, as_version=4)
    # No time limit on a cell; a kernel that is slow to start, or whose output comes late, is waited for.
    client = NotebookClient(
        notebook,
        timeout=None,
        startup_timeout=600,
        iopub_timeout=120,
        resources={"metadata": {"path": tmp_path / "notebooks"}},
    )
    client.execute()
    shown = [output for cell in notebook.cells for output in cell.get("outputs", ())]
    assert shown
    assert not any("Warning" in output.get("text", "") for output in shown if output.get("name") == "stderr")
