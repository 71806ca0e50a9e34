"""The text of the report is the project's own where it names one, and is looked at before anything is computed."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from jxgis.errors import InputError, SettingsError
from jxgis.report.document.wording import shipped_wording
from jxgis.run import commands, init_project
from jxgis.run.document import template_account, unverified, wording_of
from jxgis.settings import Settings, files_read, load_settings


def _named(path: Path) -> Settings:
    return Settings().overridden("report", {"template": str(path)})


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_text_of_ones_own_is_read_in_any_encoding(tmp_path, encoding):
    path = tmp_path / "报告.txt"
    path.write_bytes("# 结论\r\n公园 {parks.keys.1.value}".encode(encoding))
    settings = _named(path)
    assert [line.words for line in wording_of(settings, "zh")] == ["结论", "公园 {parks.keys.1.value}"]
    assert template_account(settings) == {
        "template": {"name": "报告.txt", "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}
    }
    assert str(path) in files_read(settings)


def test_without_one_the_text_that_comes_with_it_is_used():
    assert len(wording_of(Settings(), "zh")) > 20
    assert template_account(Settings()) == {}


def test_a_new_project_holds_the_text_and_can_name_it(tmp_path):
    project = init_project(tmp_path / "city", lang="zh")
    assert (project.parent / "report.txt").read_text(encoding="utf-8-sig") == shipped_wording("zh")
    said = project.read_text(encoding="utf-8")
    assert '# template = "report.txt"' in said
    project.write_text(said.replace('# template = "report.txt"', 'template = "report.txt"'), encoding="utf-8")
    assert load_settings(project).report.template == str(project.parent / "report.txt")


def test_a_text_that_is_there_is_left_as_it_is(tmp_path):
    (tmp_path / "report.txt").write_text("mine", encoding="utf-8")
    init_project(tmp_path)
    assert (tmp_path / "report.txt").read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize("kind", ["none", "folder", "pipe", "large"])
def test_what_is_no_text_is_refused(tmp_path, kind):
    path = tmp_path / "x.txt"
    if kind == "folder":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "large":
        path.write_bytes(bytes((1 << 20) + 1))
    with pytest.raises(InputError, match=r"x\.txt"):
        wording_of(_named(path), "zh")


def test_a_wrong_field_is_said_before_a_layer_is_read(tmp_path, monkeypatch):
    path = tmp_path / "x.txt"
    path.write_text("公园 {parks.sites.1.nmae}", encoding="utf-8")
    settings = _named(path).model_copy(update={"inputs": Settings().inputs.model_copy(update={"districts": object()})})

    def read(*_: object, **__: object) -> None:
        raise AssertionError

    monkeypatch.setattr(commands, "Reader", read)
    with pytest.raises(SettingsError, match=r"第 1 行.*是否为 name"):
        commands.run_report(settings, tmp_path / "out", lang="zh")
    assert not (tmp_path / "out").exists()


def test_a_standard_that_nobody_has_verified_is_said():
    from types import SimpleNamespace
    from typing import Any, cast

    from jxgis.parks.standards import load_standard

    standard = load_standard("garden-city-2022")
    for verified in (True, False):
        parks = SimpleNamespace(standard=standard.model_copy(update={"verified": verified}))
        said = unverified(cast("Any", {"parks": parks}), "zh")
        assert len(said) == (not verified)
        assert all(standard.title_zh in line for line in said)
