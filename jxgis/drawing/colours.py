"""The palettes of the maps and figures: readable for the colour-blind, the same meaning everywhere.

Red to blue and green to purple are the diverging schemes RdBu and PRGn of ColorBrewer (Harrower and Brewer 2003),
the sequential one is cut from its YlGnBu; the qualitative one lightens that of Okabe and Ito (2008). All were chosen
by their authors to hold with the common forms of colour blindness.
"""

from __future__ import annotations

__all__ = [
    "ABSENT",
    "ACCENT",
    "AWAY",
    "BAD",
    "BAND",
    "BORDER",
    "CHANGE",
    "CONTROL",
    "COUNTED",
    "COURSES",
    "COVERAGE",
    "FAILED",
    "FAILED_GROUND",
    "FAINT",
    "FLAGGED",
    "GAIN",
    "GOOD",
    "GREEN",
    "HOT_COLD",
    "INK",
    "ISOCHRONES",
    "LAND",
    "LEAF",
    "LOSS",
    "MOVED",
    "MOVED_EDGE",
    "NEAR",
    "NEWLY",
    "NEWLY_EDGE",
    "NEW_EDGE",
    "ON_FOOT",
    "OUT",
    "OUTCOMES",
    "OUTLINE",
    "PAPER",
    "PARK",
    "PARK_EDGE",
    "PATTERNS",
    "PEAK",
    "PINS",
    "POCKET",
    "POCKET_EDGE",
    "QUIET_EDGE",
    "QUIET_PARK",
    "RIVER",
    "ROLES",
    "SEQUENTIAL",
    "SERVED",
    "SITE",
    "SKETCH",
    "SMALL",
    "STILL",
    "STILL_EDGE",
    "STREET",
    "UNITS",
    "WATER",
    "WITHIN",
    "sequential",
    "year_colours",
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
#: What is well, near it and not well: in figures and borders the strong ones, for areas the pale ones.
GOOD, BAD = "#1b7837", "#c1272d"
WITHIN, NEAR, OUT = "#8cc5a2", "#f6d58e", "#e58a6b"
#: The band that values should lie in.
BAND = "#e3f1e8"
GAIN = "#3a9d5d"
LOSS = "#8e5aa8"
PARK = GOOD
#: Parks by radius, the widest first; from the second on apart from the green of housing served. Then those too small.
COUNTED: tuple[str, ...] = (PARK, "#7d9a1c", "#a3b64a", "#bdc978", "#d2d9a6")
SMALL = "#d9ecd0"
#: The border of parks, and of what a plan adds to them.
PARK_EDGE, NEW_EDGE, POCKET_EDGE = "#0f4d22", "#8a3b00", "#5a4526"
#: Parks that a plan leaves as they are, and their border.
QUIET_PARK, QUIET_EDGE = "#a3cfa8", "#7fb386"
#: Housing, lighter than the parks that serve it; what is newly served, and its border.
SERVED, NEWLY, NEWLY_EDGE = "#79c391", "#f5c518", "#a37c00"
#: Far below the target, below it, near it, reached: orange to blue, apart from the greens of parks and housing.
COVERAGE: tuple[str, ...] = ("#f1a340", "#fbd9a5", "#d5e6f1", "#9cc3dd")
#: Falls, stays, rises: orange, grey and three blues, likewise.
CHANGE: tuple[str, ...] = ("#f1a340", "#eceff1", "#d5e6f1", "#9cc3dd", "#4b8cbf")
#: On foot: near to far.
ON_FOOT = "#2f6f9f"
#: Areas that others are set against, as works are.
CONTROL = ON_FOOT
ISOCHRONES: tuple[str, ...] = ("#c6dbef", "#6baed6", "#2171b5")
SITE = "#c44e00"
POCKET = "#8a6a3a"
PINS = "#7f0d1d"
#: The ground: quiet, so that it is looked at second.
LAND, WATER, GREEN, STREET, AWAY = "#fbfcfb", "#d3e4ee", "#e4efdd", "#8d98a0", "#e9edee"
#: The names of waters and parks.
RIVER, LEAF = "#3d6f8e", "#4c7a45"
BORDER = "#5c6b78"
ABSENT = "#c4c9cc"
INK = "#1f2d3a"
PAPER = "#ffffff"
#: Borders of areas that stand side by side; borders that are half firm.
OUTLINE, FAINT = "#4a5864", "#7b8894"
#: What is out of bounds, and what is scored apart.
FLAGGED = "#8e24aa"
FAILED, FAILED_GROUND = "#4b5563", "#e7eaec"
PEAK = "#111827"
ACCENT = "#0b6e77"
SKETCH = "#8a6500"
#: Ground that changes unit, units as they are, and their borders.
MOVED, MOVED_EDGE, STILL, STILL_EDGE = "#f0b95b", "#c78a1e", "#e6ecf0", "#b4c0ca"

#: Treated areas, their controls, and what was left out for being near.
ROLES: dict[str, str] = {"treated": SITE, "control": "#5aa5c8", "near": "#efe3d3", "untreated": "#eceff1"}
#: What became of the areas that were looked at, and of last year's weak ones.
OUTCOMES: dict[str, str] = {
    "weak": SITE,
    "same_place": "#fdc58a",
    "few_issues": "#d9d2e9",
    "not_significant": "#dfe7ec",
    "not_judged": ABSENT,
}
COURSES: dict[str, str] = {
    "still_weak": CHANGE[0],
    "no_longer": "#fbd9a5",
    "improved": CHANGE[3],
    "not_comparable": ABSENT,
}
#: What a place has been over time: what comes is strong, what stays is red, what goes is pale, cold is as cold elsewhere.
PATTERNS: dict[str, str] = {
    "new_hot": "#6a1b7a",
    "consecutive_hot": "#a64aa6",
    "intensifying_hot": HOT_COLD[3],
    "persistent_hot": HOT_COLD[2],
    "diminishing_hot": HOT_COLD[1],
    "sporadic_hot": "#d9a441",
    "oscillating_hot": "#8c6d1f",
    "historical_hot": "#a9a59b",
    **{
        f"{name}_cold": HOT_COLD[-2]
        for name in (
            "new", "consecutive", "intensifying", "persistent", "diminishing", "sporadic", "oscillating", "historical",
        )
    },
    "none": HOT_COLD[0],
}  # fmt: skip


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


def year_colours(n: int) -> tuple[str, ...]:
    """Colours of ``n`` years, the first the darkest: what comes first stands out.

    Examples
    --------
    >>> len(set(year_colours(4))), len(year_colours(9))
    (4, 9)
    """
    few = sequential(min(n + 1, 7))[1:][::-1] if n < 7 else sequential(7)[::-1]
    return tuple(few[min(at, len(few) - 1)] for at in range(n))
