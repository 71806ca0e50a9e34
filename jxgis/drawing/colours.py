"""The palettes of the maps and figures: readable for the colour-blind, the same meaning everywhere.

Red to blue and green to purple are the diverging schemes RdBu and PRGn of ColorBrewer (Harrower and Brewer 2003),
the sequential one is cut from its YlGnBu; the qualitative one lightens that of Okabe and Ito (2008). All were chosen
by their authors to hold with the common forms of colour blindness.
"""

from __future__ import annotations

__all__ = [
    "ABSENT",
    "BORDER",
    "GAIN",
    "HOT_COLD",
    "INK",
    "LAND",
    "LOSS",
    "PARK",
    "PINS",
    "POCKET",
    "SEQUENTIAL",
    "SITE",
    "UNITS",
    "sequential",
]

#: Gi* bins from -3 (cold, q ≤ .01) to 3 (hot, q ≤ .01). Cold is kept pale: it mostly means that nobody is there, and
#: must not outshine the hot places.
HOT_COLD: dict[int, str] = {
    3: "#b2182b",
    2: "#ef6f4c",
    1: "#fcc5a3",
    0: "#e9ecec",
    -1: "#dcebf4",
    -2: "#b9d4e8",
    -3: "#8fb3d6",
}
#: From little to much.
SEQUENTIAL: tuple[str, ...] = ("#ffffcc", "#c7e9b4", "#7fcdbb", "#41b6c4", "#1d91c0", "#225ea8", "#0c2c84")
#: Neighbouring units; which unit has which colour means nothing.
UNITS: tuple[str, ...] = ("#a8d5e8", "#f6d58e", "#a7dbc8", "#eec1d9", "#d6c8ee", "#f3b99a", "#d9dfa0", "#c9ced3")
GAIN = "#3a9d5d"
LOSS = "#8e5aa8"
PARK = "#1b7837"
SITE = "#e66101"
POCKET = "#8a6a3a"
PINS = "#7f0d1d"
LAND = "#fbfcfb"
BORDER = "#5c6b78"
ABSENT = "#c4c9cc"
INK = "#1f2d3a"


def sequential(n: int) -> tuple[str, ...]:
    """``n`` colours from little to much, at most seven, spread over the whole scheme.

    Examples
    --------
    >>> sequential(3)
    ('#ffffcc', '#41b6c4', '#0c2c84')
    >>> sequential(1)
    ('#41b6c4',)
    """
    last = len(SEQUENTIAL) - 1
    if n == 1:
        return (SEQUENTIAL[last // 2],)
    return tuple(SEQUENTIAL[round(i * last / (n - 1))] for i in range(n))
