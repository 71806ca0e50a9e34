"""How far a long step has come: told from inside the loops that take long, shown only where somebody listens."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from typing import Any, NamedTuple, TypeAlias, TypeVar

from jxgis.i18n import Text, text_pair, wide_signs

__all__ = ["Heard", "listening", "paced", "shown", "stepped", "stretch", "tell", "watched"]

Item = TypeVar("Item")
#: Seconds that a loop may take before anything is said of it.
_QUICK_S = 2.0
#: Hears what is being done and which share of it is done, from 0 to 1; where rows are read, how many were so far.
Heard: TypeAlias = Callable[..., object]


class _Span(NamedTuple):
    """Who listens, to what, and which part of it what follows is."""

    heard: Heard
    what: Text | None = None
    low: float = 0.0
    high: float = 1.0


_SPAN: ContextVar[_Span | None] = ContextVar("jxgis_progress", default=None)


@contextmanager
def listening(heard: Heard) -> Iterator[None]:
    """For the time of a ``with`` block, hear how far steps have come.

    Parameters
    ----------
    heard
        Called with what is being done and the share of it that is done, from 0 to 1.

    Yields
    ------
    None

    Examples
    --------
    >>> said, halves, inside = [], Text("半", "halves"), Text("内", "inside")
    >>> with listening(lambda what, share: said.append(f"{what.en} {share:.0%}")):
    ...     for half in stepped("ab", halves):
    ...         for _ in stepped("cd", inside):
    ...             pass
    >>> list(dict.fromkeys(said))
    ['halves 0%', 'halves 25%', 'halves 50%', 'halves 75%', 'halves 100%']
    """
    before = _SPAN.set(_Span(heard))
    try:
        yield
    finally:
        _SPAN.reset(before)


def tell(done: float, total: float, what: Text, *, rows: int | None = None) -> None:
    """Say that so much of so much is done, and how many rows were read by then; nothing happens where nobody listens."""
    span = _SPAN.get()
    if span is not None and total > 0:
        counted = () if rows is None else (rows,)
        span.heard(span.what or what, span.low + (span.high - span.low) * done / total, *counted)


@contextmanager
def stretch(low: float, high: float, what: Text) -> Iterator[None]:
    """For the time of a ``with`` block, what is told is a share of this part of the step, which is done at its end.

    Parameters
    ----------
    low, high
        Which part it is, from 0 to 1.
    what
        What the step does, for people.

    Yields
    ------
    None
    """
    span = _SPAN.get()
    if span is None:
        yield
        return
    wide = span.high - span.low
    before = _SPAN.set(_Span(span.heard, span.what or what, span.low + wide * low, span.low + wide * high))
    try:
        yield
    finally:
        _SPAN.reset(before)
    tell(high, 1, what)


def stepped(items: Sequence[Item], what: Text) -> Iterator[Item]:
    """Items one after the other, each told when it is done; what is stepped inside one is a share of that one.

    Parameters
    ----------
    items
        What a loop goes through, each about as much work as the next.
    what
        What the loop does, for people.

    Yields
    ------
    Item
    """
    tell(0, 1, what)
    for at, item in enumerate(items):
        with stretch(at / len(items), (at + 1) / len(items), what):
            yield item


def paced(
    show: Callable[[Text], object],
    *,
    every_s: float = 5.0,
    every_share: float = 0.1,
    clock: Callable[[], float] = time.monotonic,
) -> Heard:
    """Say in lines how far a loop has come and how long it still takes: nothing of what takes less than two seconds.

    Parameters
    ----------
    show
        Shows one line.
    every_s, every_share
        A line follows another after so many seconds at least, and after so large a share.
    clock
        Seconds.

    Returns
    -------
    Heard
        For `listening`.

    Examples
    --------
    >>> seconds, lines = iter([0, 1, 3, 4, 12]), []
    >>> heard = paced(lambda line: lines.append(line.en), clock=lambda: next(seconds))
    >>> for share in (0, 0.1, 0.3, 0.4, 0.6):
    ...     heard(Text("例", "Example"), share)
    >>> lines
    ['Example: 30 %, about 7 s left', 'Example: 60 %, about 8 s left']
    """
    known: Text | None = None
    began = last = said = reached = 0.0

    def heard(what: Text, share: float, rows: int | None = None) -> None:
        nonlocal known, began, last, said, reached
        now = clock()
        if what != known or share < reached:
            known, began, last, said = what, now, now - every_s, share - every_share
        reached = share
        if now - began < _QUICK_S or not 0.05 <= share < 1 or now - last < every_s or share - said < every_share - 1e-9:
            return
        last, said = now, share
        left = (now - began) * (1 - share) / share
        words = f"{left:.0f} s" if left < 90 else f"{left / 60:.0f} min"
        said_share = f"{share:.0%}".replace("%", " %")
        if rows is not None:
            what = text_pair("run.rows_a_second", what=what, rows=f"{rows:,}", pace=f"{rows / (now - began):,.0f}")
        show(text_pair("run.left", what=what, share=said_share, left=words))

    return heard


def watched() -> bool:
    """Whether somebody sees what is written as it comes: in a notebook, or at a terminal."""
    return _in_notebook() or sys.stdout.isatty()


def _in_notebook() -> bool:
    return type(sys.stdout).__module__.startswith("ipykernel.")


@contextmanager
def shown(lang: str = "zh") -> Iterator[Callable[[Text], None]]:
    """Show on one line how far what is run in a ``with`` block has come; the line goes at the end.

    In a notebook it is one output that is written anew: what is printed stays in a saved notebook, line after line.

    Parameters
    ----------
    lang
        ``"zh"`` or ``"en"``.

    Yields
    ------
    callable
        Shows a text on the line, such as the step that begins.
    """
    put, begun = _in_a_cell() if _in_notebook() else _in_a_terminal(), False

    def show(line: Text) -> None:
        nonlocal begun
        begun = True
        put(line.of(lang))

    with listening(paced(show, every_s=0.5, every_share=0.0)):
        try:
            yield show
        finally:
            if begun:
                put("")


def _in_a_terminal() -> Callable[[str], object]:
    widest = 0

    def put(words: str) -> None:
        nonlocal widest
        columns = len(words) + wide_signs(words)
        widest = max(widest, columns)
        sys.stdout.write(f"\r{words}{' ' * (widest - columns)}\r")
        sys.stdout.flush()

    return put


def _in_a_cell() -> Callable[[str], object]:
    from IPython import get_ipython

    return _line_of(getattr(get_ipython(), "execution_count", None))


@lru_cache(maxsize=1)
def _line_of(cell: int | None) -> Callable[[str], object]:  # noqa: ARG001  (of each cell there is one)
    """The one output in which all steps of a cell are told: what has gone leaves an empty one behind."""
    from IPython.display import DisplayHandle

    handle: Any = DisplayHandle()  # type: ignore[no-untyped-call]  # IPython has none
    begun = False

    def put(words: str) -> None:
        nonlocal begun
        (handle.update if begun else handle.display)({"text/plain": words}, raw=True)
        begun = True

    return put
