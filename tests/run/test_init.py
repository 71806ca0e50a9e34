"""A project is made whole or not at all."""

from __future__ import annotations

import errno
from pathlib import Path
from typing import Any

import pytest

from jxgis.errors import OutputError
from jxgis.run.init import init_project


@pytest.mark.parametrize("there", [False, True])
@pytest.mark.parametrize("full", ["mkdir", "write"])
def test_a_full_disk_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, there: bool, full: str) -> None:
    folder = tmp_path / "新建" / "city"
    if there:
        folder.mkdir(parents=True)
    before = sorted(tmp_path.rglob("*"))
    if full == "mkdir":
        plain = Path.mkdir

        def mkdir(self: Path, *args: Any, **options: Any) -> None:
            if self.name == "layers":
                raise OSError(errno.ENOSPC, "No space left on device")
            plain(self, *args, **options)

        monkeypatch.setattr(Path, "mkdir", mkdir)
    else:
        opened = Path.open

        def open_(self: Path, *args: Any, **options: Any) -> object:
            opened(self, *args, **options).close()
            raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr(Path, "open", open_)
    with pytest.raises(OutputError, match="the disk is full"):
        init_project(folder)
    assert sorted(tmp_path.rglob("*")) == before
    monkeypatch.undo()
    assert init_project(folder).is_file()
