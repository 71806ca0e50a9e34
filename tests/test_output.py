from __future__ import annotations

import csv
import errno
import json
import multiprocessing
import os
import signal
import subprocess
import sys
import time
import unicodedata
from pathlib import Path

import pandas as pd
import pytest

from jxgis import output
from jxgis.errors import InputError, OutputError


def write(out: Path, text: str, command: str = "check") -> None:
    with output.staged(out, command=command) as stage:
        stage.path("a/b.txt").write_text(text)
        output.write_run(stage, settings={}, crs=None, loaded=[])


def content(out: Path) -> dict[str, str]:
    return {p.relative_to(out).as_posix(): p.read_text() for p in out.rglob("*") if p.is_file()}


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "result"


def test_new_empty_and_own_results_are_replaced(out: Path) -> None:
    write(out, "one")
    assert content(out)["a/b.txt"] == "one"
    write(out, "two")
    assert content(out)["a/b.txt"] == "two"
    assert [p.name for p in out.parent.iterdir()] == ["result"]
    empty = out.with_name("empty")
    empty.mkdir()
    write(empty, "three")
    assert content(empty)["a/b.txt"] == "three"


def test_run_json_lists_every_file(out: Path) -> None:
    write(out, "one")
    assert json.loads((out / "run.json").read_text())["outputs"] == ["a/b.txt", "run.json"]


@pytest.mark.parametrize("name", ["notes.txt", "a/notes.txt", ".hidden"])
def test_a_foreign_file_is_never_lost(out: Path, name: str) -> None:
    write(out, "one")
    (out / name).write_text("mine")
    before = content(out)
    with pytest.raises(OutputError) as error:
        write(out, "two")
    assert name in str(error.value)
    assert content(out) == before
    assert [p.name for p in out.parent.iterdir()] == ["result"]


def test_a_file_that_arrives_during_the_run_is_never_lost(out: Path) -> None:
    write(out, "one")
    with pytest.raises(OutputError), output.staged(out, command="check"):
        (out / "mine.txt").write_text("mine")
    assert content(out)["a/b.txt"] == "one"
    assert content(out)["mine.txt"] == "mine"


def test_somebody_elses_folder_and_another_commands_result_stay(out: Path) -> None:
    out.mkdir(parents=True)
    (out / "thesis.docx").write_text("x")
    with pytest.raises(OutputError, match=r"thesis\.docx"):
        write(out, "one")
    other = out.with_name("other")
    write(other, "one", command="parks")
    with pytest.raises(OutputError, match="parks"):
        write(other, "two")
    assert content(other)["a/b.txt"] == "one"


def test_an_error_leaves_the_old_result(out: Path) -> None:
    write(out, "one")
    with pytest.raises(ZeroDivisionError), output.staged(out, command="check") as stage:  # noqa: PT012 - as above
        stage.path("half.txt").write_text("half")
        raise ZeroDivisionError
    assert content(out)["a/b.txt"] == "one"
    assert [p.name for p in out.parent.iterdir()] == ["result"]


def test_a_start_puts_an_old_result_back(out: Path) -> None:
    write(out, "one")
    out.rename(out.with_name("result.old"))
    with pytest.raises(ZeroDivisionError), output.staged(out, command="check"):
        raise ZeroDivisionError
    assert content(out)["a/b.txt"] == "one"


def test_a_users_folder_named_old_is_never_taken(out: Path) -> None:
    write(out, "one")
    old = out.with_name("result.old")
    old.mkdir()
    (old / "mine.txt").write_text("mine")
    with pytest.raises(OutputError, match=r"result\.old"):
        write(out, "two")
    assert content(old) == {"mine.txt": "mine"}
    assert content(out)["a/b.txt"] == "one"


@pytest.mark.skipif(os.name == "nt", reason="signals")
def test_a_users_folder_named_old_outlives_a_first_result(out: Path) -> None:
    old = out.with_name("result.old")
    old.mkdir(parents=True)
    (old / "mine.txt").write_text("mine")
    write(out, "one")
    assert content(old) == {"mine.txt": "mine"}
    with pytest.raises(OutputError, match=r"result\.old"), output.staged(out, command="check"):
        raise AssertionError("it is said before the work, not after")
    assert content(old) == {"mine.txt": "mine"}
    assert content(out)["a/b.txt"] == "one"


@pytest.mark.parametrize("outputs", ['["run.json", {}]', "[" * 9_000 + "]" * 9_000])
def test_a_run_json_of_something_else_protects_its_folder(out: Path, outputs: str) -> None:
    out.mkdir(parents=True)
    (out / "run.json").write_text(f'{{"command": "check", "outputs": {outputs}}}')
    with pytest.raises(OutputError, match=r"run\.json"):
        write(out, "one")


@pytest.mark.parametrize("name", ["长" * 200, "/".join(["d" * 200] * 25)])
def test_a_path_too_long_is_said(tmp_path: Path, name: str) -> None:
    with pytest.raises(OutputError, match="太长"):
        write(tmp_path / name, "one")
    assert list(tmp_path.iterdir()) == []


def test_links_to_themselves_are_said_and_not_followed(tmp_path: Path) -> None:
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    with pytest.raises(OutputError, match="无法写入"):
        write(loop / "result", "one")
    with output.staged(tmp_path / "result", command="check", reads=[loop]):
        pass


def test_the_root_of_the_disk_is_no_result(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match="--out"):
        write(Path(tmp_path.anchor), "one")


def test_a_full_disk_is_said_and_leaves_nothing(out: Path) -> None:
    with pytest.raises(OutputError, match="磁盘已满"), output.staged(out, command="check"):
        raise OSError(errno.ENOSPC, "No space left on device")
    assert list(out.parent.iterdir()) == []


@pytest.mark.slow
def test_a_killed_run_leaves_a_whole_result(out: Path) -> None:
    """Kill a process that rewrites one result without pause, at many moments; the result is always whole."""
    write(out, "0" * 9)
    script = (
        "import sys; sys.path[:0] = [sys.argv[2]]\n"
        "from jxgis import output\n"
        "for n in range(10**6):\n"
        "    with output.staged(sys.argv[1], command='check') as stage:\n"
        "        for name in 'abcdef':\n"
        "            stage.path(f'a/{name}.txt').write_text(str(n))\n"
        "        output.write_run(stage, settings={}, crs=None, loaded=[])\n"
    )
    package = str(Path(output.__file__).parents[1])
    for pause in (0.6, 0.63, 0.66, 0.7, 0.75):
        process = subprocess.Popen([sys.executable, "-c", script, str(out), package])
        time.sleep(pause)
        process.send_signal(signal.SIGKILL)
        process.wait()
        result = out if out.exists() else out.with_name("result.old")
        listed = json.loads((result / "run.json").read_text())["outputs"]
        assert sorted(content(result)) == listed
        assert len({text for name, text in content(result).items() if name != "run.json"}) == 1
        write(out, "0" * 9)
    assert not out.with_name("result.old").exists()


def test_an_unwritable_place_is_said(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    with pytest.raises(OutputError, match="file"):
        write(blocked / "result", "one")
    with pytest.raises(OutputError, match="file"):
        write(blocked, "one")


def test_settings_hold_no_folder(out: Path) -> None:
    settings = {"inputs": {"issues": {"path": "/home/li/a b/issues.csv"}}, "win": "C:\\Users\\li\\x.csv", "cell_m": 200}
    settings["city"] = {"profile": "jiaxing", "issue_classes": "../li/classes.xlsx"}  # type: ignore[assignment]
    settings["parks"] = {"path": "data\\li\\parks.gpkg"}  # type: ignore[assignment]
    settings["db"] = "postgresql://user:secret@host/db"  # type: ignore[assignment]
    with output.staged(out, command="check") as stage:
        output.write_run(stage, settings=settings, crs=None, loaded=[])
    text = (out / "run.json").read_text()
    assert "li" not in text.replace("list", "")
    assert "secret" not in text
    assert '"issues.csv"' in text
    assert '"classes.xlsx"' in text
    assert '"parks.gpkg"' in text
    assert '"jiaxing"' in text
    assert '"x.csv"' in text


def test_csv_is_for_excel_and_holds_no_formula(tmp_path: Path) -> None:
    table = pd.DataFrame({"名": ["=1+1", "@x", "-3.5", "+86", None, "正常"], "n": [-1, 2, 3, 4, 5, 6]})
    output.write_csv(table, tmp_path / "a.csv")
    raw = (tmp_path / "a.csv").read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf")
    lines = raw.decode("utf-8-sig").splitlines()
    assert lines == ["名,n", "'=1+1,-1", "'@x,2", "-3.5,3", "+86,4", ",5", "正常,6"]


@pytest.mark.parametrize(
    "text",
    ["-2+3+cmd|' /C calc'!A0", "+1+1", "=1", "@SUM(1)", "\t=1", "\r=1", "＝1+1", "＋1", "－1", "＠x", "-", " =1", "\ufeff=1",
     "-1e", "-1-"],
)  # fmt: skip
def test_what_a_spreadsheet_would_run_begins_with_an_apostrophe(tmp_path: Path, text: str) -> None:
    output.write_csv(pd.DataFrame({"a": [text], text: ["x"]}), tmp_path / "a.csv")
    with (tmp_path / "a.csv").open(encoding="utf-8-sig", newline="") as file:
        (_, header), (cell, _) = csv.reader(file)
    want = "'" + text.replace("\r", "\n")
    assert (header, cell) == (want, want)


@pytest.mark.parametrize("text", ["-3.5", "+86", "-1e5", ".5", "-.5", "+1.", "-5%", "0", "-2", "a=b", "3-4"])
def test_numbers_and_other_texts_stay_as_they_are(tmp_path: Path, text: str) -> None:
    output.write_csv(pd.DataFrame({"a": [text]}), tmp_path / "a.csv")
    assert (tmp_path / "a.csv").read_text(encoding="utf-8-sig").splitlines() == ["a", text]


NAMES = ["all", "A/B", "a?b", "..", "Housing", "housing", "CON", "con.txt", "nul", "LPT1", "x.", "x", "a:b", "é", "e\u0301",
         "长" * 300, "长" * 299 + "短", "L" * 300, "", "\x00", "COM¹", "_CON"]  # fmt: skip


def test_file_names_are_safe_and_told_apart_on_every_system() -> None:
    files = list(output.safe_names(NAMES).values())
    assert len(files) == len(NAMES)
    assert len({unicodedata.normalize("NFC", name).casefold() for name in files}) == len(NAMES)
    for name in files:
        assert name
        assert len(name.encode()) <= 140
        assert not set(name) & set('\\/:*?"<>|\x00')
        assert name == name.strip(". ")
        assert name.split(".")[0].upper() not in {"CON", "PRN", "AUX", "NUL", "COM1", "LPT1", "COM¹"}


def _fill(folder: Path) -> None:
    """What a library that is not part of Python raises when it cannot write."""
    import resource

    with (folder / "big").open("wb") as file:
        resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))
        try:
            file.write(bytes(1 << 22))
            file.flush()
        except OSError:
            pass
    raise RuntimeError("TIFFAppendToStrip:Write error at scanline 128")


def _in_a_full_folder(out: Path, queue) -> None:
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        with output.staged(out, command="check") as stage:
            _fill(stage.folder)
    except Exception as error:  # noqa: BLE001  the other process tells what it was
        queue.put((type(error).__name__, str(error)))


@pytest.mark.skipif(sys.platform == "win32", reason="no limits on files")
def test_a_full_disk_is_said_whichever_library_notices(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    queue = context.Queue()
    child = context.Process(target=_in_a_full_folder, args=(tmp_path / "out", queue))
    child.start()
    kind, words = queue.get(timeout=120)
    child.join(timeout=120)
    assert kind == "OutputError"
    assert "无法写入" in words
    assert not list(tmp_path.iterdir())


def test_a_fault_while_the_disk_takes_everything_stays_a_fault(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="a fault"), output.staged(tmp_path / "out", command="check"):
        raise RuntimeError("a fault")
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(sys.platform != "linux", reason="names are bytes on Linux alone")
def test_a_folder_whose_name_is_no_utf8_is_refused(tmp_path: Path) -> None:
    out = os.fsdecode(os.fsencode(tmp_path) + b"/\xff")
    with pytest.raises(InputError, match="改名"), output.staged(out, command="check"):
        pass
    assert not list(tmp_path.iterdir())
