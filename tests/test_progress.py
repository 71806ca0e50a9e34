"""How far long steps have come: told in order, in few lines, and to nobody who did not ask."""

from __future__ import annotations

import io
import itertools
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from jxgis.i18n import Text
from jxgis.progress import listening, paced, shown, stepped, stretch, tell, watched

OUTER, INNER = Text("外", "outer"), Text("内", "inner")


def heard_of(run: object) -> list[tuple[str, float]]:
    said: list[tuple[str, float]] = []
    with listening(lambda what, share: said.append((what.en, round(share, 9)))):
        run()  # type: ignore[operator]
    return said


def test_what_is_counted_inside_is_a_share_of_what_is_counted_outside() -> None:
    def run() -> None:
        for _ in stepped([1, 2], OUTER):
            for _ in stepped([1, 2], INNER):
                tell(1, 2, INNER)
            with stretch(0, 0.5, INNER):
                pass

    said = heard_of(run)
    assert {what for what, _ in said} == {"outer"}
    shares = [share for _, share in said]
    assert shares[0] == 0
    assert shares[-1] == 1
    assert {0.125, 0.25, 0.375, 0.5, 0.625, 0.875} < set(shares)


def test_a_loop_that_is_left_early_leaves_nothing_behind() -> None:
    def run() -> None:
        for _ in stepped([1, 2], OUTER):
            break
        tell(1, 2, INNER)

    assert heard_of(run)[-1] == ("inner", 0.5)


def test_nothing_is_said_where_nobody_listens(capsys: pytest.CaptureFixture[str]) -> None:
    assert list(stepped([1, 2], OUTER)) == [1, 2]
    with stretch(0, 1, OUTER):
        tell(1, 2, INNER)
    assert capsys.readouterr() == ("", "")


def test_lines_are_few_and_the_time_left_is_that_of_an_even_pace() -> None:
    lines: list[str] = []
    seconds = itertools.count()
    heard = paced(lambda line: lines.append(line.en), clock=lambda: float(next(seconds)))
    for second in range(601):
        heard(OUTER, second / 600)
    assert len(lines) == 10
    assert lines[1] == "outer: 15 %, about 8 min left"
    assert lines[-1] == "outer: 95 %, about 30 s left"
    # The next loop begins anew, and a quick one is not spoken of.
    for share in (0, 0.5, 1):
        heard(INNER, share)
    assert len(lines) == 10


def test_a_terminal_shows_one_line_that_goes(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    seconds = itertools.count(step=2)
    monkeypatch.setitem(paced.__kwdefaults__, "clock", lambda: float(next(seconds)))
    with shown("en"):
        for _ in stepped(range(10), OUTER):
            pass
    said, error = capsys.readouterr()
    assert "outer: 50 %, about 10 s left" in said
    assert "\n" not in said
    assert not error
    assert said.endswith("\r")
    assert not said.rsplit("\r", 2)[1].strip()


def test_a_line_on_a_terminal_is_as_wide_as_its_words(capsys: pytest.CaptureFixture[str]) -> None:
    # A line that is filled up beyond the terminal's width leaves a row behind at each step.
    long, short = "Drawing maps and figures: 67 %, about 2 s left", "绘制"
    with shown("en") as show:
        show(Text("", long))
        show(Text("", short))
    lines = capsys.readouterr().out.split("\r")[1::2]
    assert lines == [long, short + " " * (len(long) - 4), " " * len(long)]


def test_a_notebook_shows_one_output_that_is_written_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    display = pytest.importorskip("IPython.display")
    stream = type("OutStream", (io.StringIO,), {"__module__": "ipykernel.iostream"})()
    monkeypatch.setattr(sys, "stdout", stream)
    calls: list[tuple[str, str]] = []
    cell = SimpleNamespace(execution_count=-1)
    monkeypatch.setattr("IPython.get_ipython", lambda: cell)
    for name in ("display", "update"):
        monkeypatch.setattr(
            display.DisplayHandle, name, lambda _, data, raw, name=name: calls.append((name, data["text/plain"]))
        )
    with shown("en") as show:
        show(OUTER)
        show(INNER)
    assert calls == [("display", "outer"), ("update", "inner"), ("update", "")]
    with shown("en"):
        pass
    assert len(calls) == 3, "of what says nothing there is no output"
    with shown("en") as show:
        show(OUTER)
    assert calls[3:] == [("update", "outer"), ("update", "")], "a further step of the cell leaves no further output"
    cell.execution_count = -2
    with shown("en") as show:
        show(OUTER)
    assert calls[5:] == [("display", "outer"), ("update", "")]
    assert not stream.getvalue()


def test_a_notebook_and_a_terminal_are_watched_and_a_file_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stream = type("OutStream", (io.StringIO,), {"__module__": "ipykernel.iostream"})
    monkeypatch.setattr(sys, "stdout", stream())
    assert watched()
    monkeypatch.setattr(sys, "stdout", type("Terminal", (io.StringIO,), {"isatty": lambda self: True})())
    assert watched()
    with (tmp_path / "said.txt").open("w", encoding="utf-8") as file:
        monkeypatch.setattr(sys, "stdout", file)
        assert not watched()
