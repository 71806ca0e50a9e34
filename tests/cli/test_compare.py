"""`jxgis compare` on results that commands made: what was changed between them is found, and nothing else."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from two_runs import parks_twice


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The parks of a small city (``a``), and those with a park more in the east (``b``)."""
    return parks_twice(tmp_path_factory.mktemp("compare"))


def test_a_park_that_was_added_is_found_with_its_cause(jxgis, made, tmp_path):
    ended = jxgis("compare", made / "a", made / "b", "--out", tmp_path / "out")
    assert ended.code == 0, ended.err
    assert "公园绿地" in ended.out
    assert "设置：全部相同" in ended.out
    assert "公园覆盖的差别只可能来自输入（公园绿地）。" in ended.out
    found = json.loads((tmp_path / "out" / "compare.json").read_text("utf-8"))
    assert [(row["layer"], row["rows_kept_a"], row["rows_kept_b"]) for row in found["inputs"]] == [("parks", 2, 3)]
    # 丙 lies in the east alone: its 400 m × 400 m are served now, and the west is as it was.
    assert {row["zone"] for row in found["coverage"]} == {"all", "东片"}
    figures = {(row["figure"], row["of"]): (row["value_a"], row["value_b"]) for row in found["figures"]}
    assert figures["公园数", ""] == (2, 3)
    run = json.loads((tmp_path / "out" / "run.json").read_text("utf-8"))
    assert run["compared"] == [{"folder": name, "command": "parks"} for name in "ab"]
    assert str(made) not in "".join(path.read_text("utf-8") for path in (tmp_path / "out").glob("*.[hj]*"))


def test_a_result_beside_itself_differs_in_nothing(jxgis, made, tmp_path):
    ended = jxgis("compare", made / "a", shutil.copytree(made / "a", tmp_path / "c"), "--out", tmp_path / "out", "--lang", "en")  # fmt: skip
    assert ended.code == 0, ended.err
    assert "Nothing differs: inputs, settings, versions and all tables are the same." in ended.out
    assert not (tmp_path / "out" / "maps").exists()


def test_bad_input_is_one_message(jxgis, made, tmp_path):
    a, copy = made / "a", shutil.copytree(made / "a", tmp_path / "copy")
    (tmp_path / "empty").mkdir()
    for arguments, said in (
        ((a, tmp_path / "empty", "--out", tmp_path / "out"), "不是 jxgis 的结果文件夹"),
        ((a, tmp_path / "nowhere", "--out", tmp_path / "out"), "不是 jxgis 的结果文件夹"),
        ((a, copy, "--out", copy), "不能被 jxgis compare 覆盖"),
        ((a, copy, "--out", copy / "maps" / "out"), "在要比较的结果"),
    ):
        ended = jxgis("compare", *arguments)
        assert (ended.code, ended.out) == (2, ""), ended.out
        assert said in ended.err
        assert "Traceback" not in ended.err
    assert not (copy / "maps" / "out").exists()
    assert jxgis("compare", a, copy, "--out", tmp_path / "out").code == 0
    ended = jxgis("compare", a, tmp_path / "out", "--out", tmp_path / "again")
    assert ended.code == 2
    assert "jxgis compare 的结果" in ended.err
    ended = jxgis("compar", a, copy)
    assert ended.code == 2
    assert "compare" in ended.err


def test_a_link_in_a_result_is_not_followed(jxgis, made, tmp_path):
    copy = shutil.copytree(made / "a", tmp_path / "copy")
    secret = tmp_path / "secret.html"
    secret.write_text("secret", encoding="utf-8")
    (copy / "maps" / "parks.html").unlink()
    (copy / "maps" / "parks.html").symlink_to(secret)
    assert jxgis("compare", copy, made / "b", "--out", tmp_path / "out").code == 0
    assert not any("secret" in path.read_text("utf-8", "replace") for path in (tmp_path / "out").rglob("*.html"))
