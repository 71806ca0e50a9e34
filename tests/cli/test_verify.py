"""`jxgis verify`: an untouched result is made again to the last number; what was changed by hand is named."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sqlite3
import zipfile
from contextlib import closing
from pathlib import Path

import openpyxl
import pytest
from small_city import write_city

from jxgis.run import run_part
from jxgis.settings import load_settings

INPUTS = {"districts": "districts.geojson", "parks": "parks.gpkg", "residential": "residential.gpkg"}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project, and in ``result`` what `jxgis parks --minutes 12` makes of it."""
    folder: Path = tmp_path_factory.mktemp("verify")
    write_city(folder)
    tables = [f'[inputs.{layer}]\npath = "{file}"\n' for layer, file in INPUTS.items()]
    (folder / "city" / "jxgis.toml").write_text('[city]\nprofile = "jiaxing"\n' + "".join(tables), encoding="utf-8")
    settings = load_settings(folder / "city" / "jxgis.toml").overridden("parks", {"minutes": 12})
    run_part("parks", settings, folder / "result", has_project=True, lang="zh")
    return folder


@pytest.fixture
def project(made: Path, tmp_path: Path) -> Path:
    shutil.copytree(made / "city", tmp_path / "city")
    return tmp_path / "city" / "jxgis.toml"


@pytest.fixture
def result(made: Path, tmp_path: Path) -> Path:
    shutil.copytree(made / "result", tmp_path / "result")
    return tmp_path / "result"


def _edit_run(result: Path, edit) -> None:
    run = json.loads((result / "run.json").read_text(encoding="utf-8"))
    edit(run)
    (result / "run.json").write_text(
        json.dumps(run, ensure_ascii=False, indent=2) + "\n", encoding="utf-8", newline="\n"
    )


def test_an_untouched_result_is_made_again_with_the_options_it_records(jxgis, project, result):
    ended = jxgis("verify", result, "--project", project)
    assert ended.code == 0, ended.out + ended.err
    assert "100 % 已重算，全部一致" in ended.out
    assert "parks.minutes = 12" in ended.out  # the project has another


def test_the_layers_that_a_result_was_made_of_are_asked_for_first(jxgis, project, result):
    def more(run):
        run["settings"]["inputs"]["toilets"] = {"path": "toilets.gpkg"}

    _edit_run(result, more)  # as where the project names a layer that its command does not read
    ended = jxgis("verify", result)
    assert ended.code == 2
    assert "inputs.residential.path" in ended.err
    assert "toilets" not in ended.err
    sets = [
        each for layer, file in INPUTS.items() for each in ("--set", f"inputs.{layer}.path={project.parent / file}")
    ]
    ended = jxgis("verify", result, *sets)
    assert ended.code == 2
    assert "inputs.toilets.path" in ended.err


@pytest.mark.slow
def test_the_key_of_a_base_map_is_neither_needed_nor_repeated(jxgis, project, tmp_path, monkeypatch):
    """Who checks a result has another key, or none; the pages are the same but for it."""
    out, word = tmp_path / "out", project.read_text(encoding="utf-8")
    keyed = word + '[report]\nbasemap = "tianditu"\ntianditu_key = "{}"\n'
    project.write_text(keyed.format("0f3SECRET"), encoding="utf-8")
    assert jxgis("parks", "--project", project, "--out", out).code == 0
    assert "0f3SECRET" in (out / "maps" / "parks.html").read_text(encoding="utf-8")
    monkeypatch.delenv("JXGIS_TIANDITU_KEY", raising=False)
    for said in (word, keyed.format("9c7OTHER")):
        project.write_text(said, encoding="utf-8")
        ended = jxgis("verify", out, "--project", project)
        assert ended.code == 0, ended.out + ended.err
        assert "SECRET" not in ended.out + ended.err
        assert "OTHER" not in ended.out + ended.err


@pytest.mark.slow
def test_without_a_project_files_are_given_by_set(jxgis, project, tmp_path):
    given = {layer: project.parent / file for layer, file in INPUTS.items()}
    out = tmp_path / "out"
    options = ["--parks", given["parks"], "--residential", given["residential"], "--by", given["districts"]]
    assert jxgis("parks", *options, "--out", out).code == 0
    sets = [each for layer, path in given.items() for each in ("--set", f"inputs.{layer}.path={path}")]
    assert jxgis("verify", out, *sets).code == 0
    ended = jxgis("verify", out)
    assert ended.code == 2
    assert "inputs.districts.path" in ended.err


def test_what_was_changed_by_hand_is_named_and_no_link_is_followed(jxgis, project, result, tmp_path):
    with closing(sqlite3.connect(result / "parks.gpkg")) as base, base:
        for (trigger,) in base.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            base.execute(f'DROP TRIGGER "{trigger}"')
        base.execute("UPDATE coverage SET coverage = 0.123 WHERE zone = '西片' AND method = 'radius'")
    (result / "figures" / "parks.png").unlink()
    (result / "more.txt").write_text("x", encoding="utf-8")
    secret = tmp_path / "secret.html"
    secret.write_text("<p>password 1</p>", encoding="utf-8")
    (result / "maps" / "parks.html").unlink()
    (result / "maps" / "parks.html").symlink_to(secret)
    os.mkfifo(result / "pipe.json")
    ended = jxgis("verify", result, "--project", project)
    assert ended.code == 2
    line = next(line for line in ended.out.splitlines() if "0.123" in line)
    assert line.startswith("parks.gpkg · coverage · ")
    assert "zone=西片, method=radius" in line
    assert " · coverage：结果中为 0.123，重算为 0" in line
    assert "figures/parks.png：结果中为 没有，重算为 有" in ended.out
    assert "more.txt：结果中为 有，重算为 没有" in ended.out
    for odd in ("maps/parks.html", "pipe.json"):
        assert f"{odd}：结果中为 普通文件以外的东西" in ended.out
    assert "password" not in ended.out


def test_an_input_that_is_another_is_said_and_nothing_is_computed(jxgis, project, result):
    parks = project.parent / "parks.gpkg"
    with closing(sqlite3.connect(parks)) as base, base:
        base.execute("CREATE TABLE another (x)")
    ended = jxgis("verify", result, "--project", project)
    assert ended.code == 2
    assert "parks.gpkg · inputs.parks" in ended.out
    assert "没有重算" in ended.out


def test_a_file_of_the_city_that_is_another_is_said_and_nothing_is_computed(jxgis, project, tmp_path):
    profile = project.parent / "town.toml"
    profile.write_text('key = "town"\nname = { zh = "某市", en = "Town" }\n', encoding="utf-8")
    project.write_text(project.read_text(encoding="utf-8").replace('"jiaxing"', '"town.toml"'), encoding="utf-8")
    result = tmp_path / "own"
    assert jxgis("parks", "--project", project, "--out", result).code == 0
    recorded = json.loads((result / "run.json").read_text(encoding="utf-8"))["city_files"]
    assert recorded == [{"name": "town.toml", "sha256": hashlib.sha256(profile.read_bytes()).hexdigest()}]
    assert jxgis("verify", result, "--project", project).code == 0
    profile.write_text(profile.read_text(encoding="utf-8").replace("某市", "某城"), encoding="utf-8")
    ended = jxgis("verify", result, "--project", project)
    assert ended.code == 2
    assert "town.toml · city" in ended.out
    assert "没有重算" in ended.out


def test_no_path_that_the_result_names_is_opened(jxgis, project, result, tmp_path):
    pipe = tmp_path / "pipe.gpkg"
    os.mkfifo(pipe)  # whoever opens it waits for ever

    def edit(run):
        run["settings"]["inputs"]["parks"]["path"] = str(pipe)
        run["settings"]["inputs"]["parks"]["crs"] = f"+proj=utm +zone=51 +nadgrids={pipe}"
        run["settings"]["city"]["outline"] = str(pipe)

    _edit_run(result, edit)
    ended = jxgis("verify", result, "--project", project)
    assert ended.code == 2
    assert "run.json" in ended.out
    assert "inputs.parks.path" in ended.out


@pytest.mark.parametrize(
    "edit",
    [
        lambda run: run.update(command="cycle"), lambda run: run.update(command=["demo"]), lambda run: run.update(settings=[]),
        lambda run: run.update(inputs=[{"layer": 1}]), lambda run: run["settings"].update(lang="../x"),
        lambda run: run["settings"].update(parks={"minutes": -1}), lambda run: run["settings"].update(parks={"nothing": 1}),
        lambda run: run["settings"]["inputs"].update(streets={"path": "/etc/passwd"}),
    ],
)  # fmt: skip
def test_a_run_that_cannot_be_made_again_is_refused(jxgis, project, result, edit):
    _edit_run(result, edit)
    ended = jxgis("verify", result, "--project", project)
    assert ended.code == 2
    assert ended.err.count("错误：") == 1
    assert "Traceback" not in ended.err


@pytest.mark.parametrize("content", [None, "", "[]", "[" * 100_000, "{}"])
def test_a_folder_that_is_no_result_is_refused(jxgis, project, tmp_path, content):
    if content is not None:
        (tmp_path / "run.json").write_text(content, encoding="utf-8")
    ended = jxgis("verify", tmp_path, "--project", project)
    assert ended.code == 2
    assert "run.json" in ended.err


@pytest.mark.slow
def test_a_check_is_made_again(jxgis, project, tmp_path):
    out = tmp_path / "checked"
    assert jxgis("check", "parks", project.parent / "parks.gpkg", "--project", project, "--out", out).code == 0
    assert jxgis("verify", out, "--project", project).code == 0


@pytest.mark.slow
def test_a_whole_report_is_made_again_and_a_digit_of_each_kind_is_named(jxgis, project, tmp_path):
    more = 'issues]\npath = "issues.csv"\ncrs = "EPSG:4490"\n[inputs.candidates]\npath = "candidates.gpkg"\n'
    project.write_text(project.read_text(encoding="utf-8") + f"[inputs.{more}", encoding="utf-8")
    out = tmp_path / "out"
    assert jxgis("report", project, "--out", out).code == 0
    ended = jxgis("verify", out, "--project", project)
    assert ended.code == 0, ended.out
    assert "100 %" in ended.out
    page = (out / "index.html").read_text(encoding="utf-8")
    (out / "index.html").write_text(page.replace(">600<", ">601<", 1), encoding="utf-8", newline="\n")
    with zipfile.ZipFile(out / "report.docx") as packed:
        content = {entry.filename: packed.read(entry) for entry in packed.infolist()}
    content["word/document.xml"] = content["word/document.xml"].replace(b">600<", b">602<", 1)
    with zipfile.ZipFile(out / "report.docx", "w") as packed:
        for name, data in content.items():
            packed.writestr(name, data)
    book = openpyxl.load_workbook(out / "report.xlsx")
    cell = next(cell for row in book["热点地段"].iter_rows(min_row=2) for cell in row if isinstance(cell.value, int))
    cell.value += 1
    book.save(out / "report.xlsx")
    ended = jxgis("verify", out, "--project", project)
    assert ended.code == 2
    named = [line for line in ended.out.splitlines() if "重算为" in line]
    assert [line.split(" · ")[0] for line in named] == ["index.html", "report.docx", "report.xlsx"]
    assert ["601" in named[0], "602" in named[1], "热点地段" in named[2]] == [True] * 3
