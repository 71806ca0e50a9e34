"""How wide columns are, so that a sheet fits the width of one printed page and can be read there."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from xlsxwriter.worksheet import Worksheet

__all__ = ["FONT_PT", "LEAST_PT", "WRITTEN", "Width", "fitted", "for_print", "pixels", "sheets_of"]

#: The size of letters, and the least on paper.
FONT_PT, LEAST_PT = 10, 7
#: When workbooks and documents say that they were written: always the same, as their bytes are.
WRITTEN = datetime(2000, 1, 1)
#: What stays free at the sides, in inches; the printed width of A4 across, in pixels of 1/96 inch.
_MARGIN = 0.4
_A4, _A3 = ((inches - 2 * _MARGIN) * 96 for inches in (11.69, 16.54))
_LETTER, _BESIDE = 7.4, 5.0
#: What such a page of A4 and of A3 holds whose letters are just large enough.
_HOLDS, _HOLDS_A3 = (width * FONT_PT / LEAST_PT for width in (_A4, _A3))


class Width(NamedTuple):
    """The width of a column in letters: that of its values, the least that it can do with, and whether its values wrap."""

    wide: float
    least: float
    wraps: bool = True


def pixels(widths: Sequence[float]) -> float:
    """How wide columns are: a letter 7 pixels, or up to 7.4 where another font stands in, and 5 beside them.

    Examples
    --------
    >>> pixels([10, 10])
    158.0
    """
    return _LETTER * sum(widths) + _BESIDE * len(widths)


def fitted(widths: Sequence[Width]) -> list[float]:
    """Widths that fit one page across: heads wrap first, then text does, that of the widest columns before others.

    Parameters
    ----------
    widths
        Of the columns.

    Examples
    --------
    >>> fitted([Width(30, 10), Width(8, 8)])
    [30, 8]
    >>> [round(width) for width in fitted([Width(300, 10), Width(30, 10), Width(18, 8, wraps=False)])]
    [162, 30, 8]
    """
    room = (_HOLDS - _BESIDE * len(widths)) / _LETTER
    found = [width.wide for width in widths]
    for wraps in (False, True):
        if sum(found) <= room:
            break
        rest = sum(wide for wide, width in zip(found, widths, strict=True) if width.wraps != wraps)
        cap = _cap([width for width in widths if width.wraps == wraps], room - rest)
        found = [
            max(width.least, min(wide, cap)) if width.wraps == wraps else wide
            for wide, width in zip(found, widths, strict=True)
        ]
    return found


def _cap(widths: Sequence[Width], room: float) -> float:
    """The width to which the widest are cut so that all together fit, as far as each has its least."""
    low, high = 0.0, max((width.wide for width in widths), default=0.0)
    for _ in range(60):  # as far as a number has digits
        cap = (low + high) / 2
        if sum(max(width.least, min(width.wide, cap)) for width in widths) <= room:
            low = cap
        else:
            high = cap
    return low


def sheets_of(widths: Sequence[Width], *, keys: int, tied: Collection[int] = ()) -> list[list[int]]:
    """Which columns stand on which sheet: all on one, where they fit a page; else each begins with the first few.

    Parameters
    ----------
    widths
        Of the columns.
    keys
        How many columns, from the first, tell the rows.
    tied
        Those that stand on the sheet of the one before them.

    Examples
    --------
    >>> sheets_of([Width(9, 9)] * 3, keys=1)
    [[0, 1, 2]]
    >>> [(len(at), at[:3]) for at in sheets_of([Width(9, 9)] * 40, keys=1)]
    [(20, [0, 1, 2]), (20, [0, 20, 21]), (2, [0, 39])]
    >>> [(len(at), at[:3]) for at in sheets_of([Width(9, 9)] * 40, keys=1, tied={20})]
    [(19, [0, 1, 2]), (20, [0, 19, 20]), (3, [0, 38, 39])]
    """
    found = [list(range(keys))]
    groups: list[list[int]] = []
    for at in range(keys, len(widths)):
        if groups and at in tied:
            groups[-1].append(at)
        else:
            groups.append([at])
    for group in groups:
        if len(found[-1]) > keys and pixels([widths[k].least for k in (*found[-1], *group)]) > _HOLDS:
            found.append(list(range(keys)))
        found[-1] += group
    return found


def for_print(page: Worksheet, widths: Sequence[float] = (), *, keys: int = 0, said: str = "") -> None:
    """Print a sheet across, as wide as one page: A4, else A3; what could not be read there goes on beside it on further pages.

    Parameters
    ----------
    page
        The sheet.
    widths
        Of its columns, in letters.
    keys
        How many columns, from the first, stand on every page where the sheet takes several beside each other.
    said
        What the head of each page says behind the name of the sheet.
    """
    wide = pixels(widths)
    page.set_landscape()
    page.set_paper(8 if math.ceil(_HOLDS) < wide <= _HOLDS_A3 else 9)
    page.set_margins(left=_MARGIN, right=_MARGIN, top=0.7, bottom=0.6)
    page.set_header(f"&L&A　{said}".rstrip())
    page.set_footer("&C&P / &N")
    if wide <= _HOLDS_A3:
        page.fit_to_pages(1, 0)
    else:
        page.set_print_scale(100 * LEAST_PT // FONT_PT)
        page.repeat_columns(0, max(keys, 1) - 1)
