"""Figures for print: PNG maps and charts whose Chinese text is never boxes."""

from __future__ import annotations

import importlib.util
import re
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
import numpy as np
import pandas as pd
import shapely
from matplotlib import font_manager
from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.patches import Patch

from jxgis._errors import InputError, MissingPackageError
from jxgis.i18n import listed, text
from jxgis.maps.colours import ABSENT, BORDER, GAIN, HOT_COLD, INK, LAND, SITE
from jxgis.maps.hotspots import class_label, hotspot_swatches

if TYPE_CHECKING:
    import geopandas as gpd
    from matplotlib.axes import Axes

__all__ = [
    "chinese_font",
    "coverage_chart",
    "figure_style",
    "hotspot_panels",
    "map_axes",
    "save_png",
    "score_chart",
    "unit_chart",
    "use_chinese_font",
]

#: What Windows, macOS and Linux bring, the sans-serif faces first.
_FAMILIES = (
    "Microsoft YaHei",
    "PingFang SC",
    "Noto Sans CJK SC",
    "Noto Sans SC",
    "Source Han Sans SC",
    "Source Han Sans CN",
    "Hiragino Sans GB",
    "SimHei",
    "Heiti SC",
    "STHeiti",
    "WenQuanYi Zen Hei",
    "WenQuanYi Micro Hei",
    "Droid Sans Fallback",
    # A collection file is known by its first face only; it holds the simplified signs too.
    "Noto Sans CJK JP",
    "SimSun",
)
_PROBE = "嘉兴市问题热点公园绿地单元"
_PACKAGE = "pylopdf_fonts_zh_cn"
#: Signs of the longest label.
_LONGEST = 32


def _holds_chinese(path: str) -> bool:
    signs = font_manager.get_font(path).get_charmap()
    return all(ord(sign) in signs for sign in _PROBE)


def _packaged() -> Path | None:
    """Noto Sans SC from the package pylopdf-fonts-zh-cn (SIL Open Font License 1.1)."""
    found = importlib.util.find_spec(_PACKAGE)
    if found is None or not found.submodule_search_locations:
        return None
    path = Path(found.submodule_search_locations[0]) / "NotoSansSC-Regular.otf"
    return path if path.is_file() else None


@cache
def chinese_font() -> tuple[str, ...]:
    """The font families for Chinese text: an installed one, and behind it the packaged one.

    Returns
    -------
    tuple of str
        Family names, best first; the last is matplotlib's own, for signs that the others lack.

    Raises
    ------
    MissingPackageError
        If the machine has no Chinese font and the package is not installed: a figure would show boxes.
    """
    families = []
    known = {entry.name: entry.fname for entry in font_manager.fontManager.ttflist}
    for family in _FAMILIES:
        # matplotlib remembers fonts that may have been removed since.
        if family in known and Path(known[family]).is_file() and _holds_chinese(known[family]):
            families.append(family)
            break
    packaged = _packaged()
    if packaged is not None:
        font_manager.fontManager.addfont(str(packaged))
        families.append(font_manager.FontProperties(fname=str(packaged)).get_name())
    if not families:
        raise MissingPackageError(
            zh="这台机器上没有中文字体，图中的汉字会变成方框。请运行 pip install pylopdf-fonts-zh-cn，"
            "或安装系统字体（Debian/Ubuntu：apt-get install fonts-noto-cjk；Windows 自带微软雅黑）。",
            en="There is no Chinese font on this machine, so Chinese text would be boxes. Run "
            "pip install pylopdf-fonts-zh-cn, or install a system font (Debian/Ubuntu: apt-get install fonts-noto-cjk; "
            "Windows has Microsoft YaHei).",
        )
    return (*dict.fromkeys(families), "DejaVu Sans")


def _style() -> Any:  # matplotlib types its settings by name, one by one
    return {
        "font.family": list(chinese_font()),
        "axes.unicode_minus": False,
        # A name with two "$" is a name, not a formula.
        "text.parse_math": False,
        "axes.edgecolor": BORDER,
        "axes.labelcolor": INK,
        "axes.spines.right": False,
        "axes.spines.top": False,
        "axes.titlesize": 12,
        "font.size": 9.5,
        "legend.frameon": False,
        "text.color": INK,
        "xtick.color": INK,
        "ytick.color": INK,
    }


def use_chinese_font() -> str:
    """Let all figures of this process, a notebook's for example, write Chinese.

    Returns
    -------
    str
        The family that was chosen.

    Raises
    ------
    MissingPackageError
        If there is no Chinese font.
    """
    mpl.rcParams.update(_style())
    return chinese_font()[0]


@contextmanager
def figure_style() -> Iterator[None]:
    """The style of jxgis's figures, for the time of a ``with`` block only."""
    with mpl.rc_context(_style()):
        yield


def save_png(figure: Figure, path: str | Path, *, dpi: int = 160) -> Path:
    """Write a figure as PNG, the same bytes at each run.

    Parameters
    ----------
    figure
        Any matplotlib figure.
    path
        The file.
    dpi
        Dots per inch.

    Returns
    -------
    pathlib.Path
        The file written.
    """
    target = Path(path)
    with figure_style():
        figure.savefig(target, dpi=dpi, format="png", metadata={"Software": None}, facecolor="white")
    return target


def _rings(geometries: Any) -> list[Any]:
    rings = shapely.get_rings(shapely.get_parts(np.asarray(geometries, dtype=object)))
    return [shapely.get_coordinates(ring) for ring in rings]


def map_axes(ax: Axes, districts: gpd.GeoDataFrame | None, bounds: Sequence[float], *, names: bool = False) -> None:
    """Turn axes into a map in metres: the districts' land and borders, a scale bar, no ticks.

    Parameters
    ----------
    ax
        The axes to draw on.
    districts
        Polygons in a metric CRS, with ``name``.
    bounds
        West, south, east, north in metres.
    names
        Whether the districts' names are written.
    """
    west, south, east, north = bounds
    if districts is not None:
        rings = _rings(districts.geometry.array)
        ax.add_collection(PolyCollection(rings, facecolors=LAND, edgecolors="none", zorder=0))
        ax.add_collection(LineCollection(rings, colors=BORDER, linewidths=0.6, zorder=3))
        if names:
            for name, point in zip(districts["name"], districts.geometry.representative_point(), strict=True):
                ax.annotate(_short(name), (point.x, point.y), ha="center", va="center", fontsize=6.5, zorder=4)
    ax.set(xlim=(west, east), ylim=(south, north), aspect="equal")
    ax.axis("off")
    rough = (east - west) / 4
    length = max(s * 10**e for e in range(1, 6) for s in (1, 2, 5) if s * 10**e <= max(rough, 10))
    ax.plot([west, west + length], [south, south], color=INK, linewidth=1.6, solid_capstyle="butt", zorder=5)
    label = f"{length / 1000:g} km" if length >= 1000 else f"{length} m"
    ax.annotate(label, (west + length / 2, south), (0, 3), textcoords="offset points", ha="center", fontsize=7)


def _short(name: object) -> str:
    """A name as a label: a long one is cut, for it would leave the figure no room."""
    words = str(name)
    return words if len(words) <= _LONGEST else f"{words[: _LONGEST - 1]}…"


def _wrapped(words: str, width_in: float, size: float) -> str:
    """Words broken to a width in inches; Chinese signs are as wide as the type is high, others about half."""
    room = 0.94 * 72 * width_in / size
    lines, used = [""], 0.0
    for piece in re.findall(r"[\u2e80-\uffef]|[^\u2e80-\uffef\s]+\s*|\s+", words):
        wide = sum(1.0 if unicodedata.east_asian_width(sign) in "WF" else 0.55 for sign in piece.rstrip())
        # No line begins with what ends a clause.
        if lines[-1] and used + wide > room and piece not in "、，。：；）":
            lines.append("")
            used = 0.0
        lines[-1] += piece
        used += wide + 0.3 * (len(piece) - len(piece.rstrip()))
    return "\n".join(line.rstrip() for line in lines)


def _mark(figure: Figure, *, sketch: bool, lang: str) -> None:
    if sketch:
        figure.text(0.995, 0.995, text("common.sketch", lang), ha="right", va="top", fontsize=8, color="#8a6500")


def hotspot_panels(
    cells: gpd.GeoDataFrame,
    *,
    districts: gpd.GeoDataFrame | None = None,
    classes: Sequence[str] | None = None,
    columns: int = 3,
    title: str | None = None,
    lang: str = "zh",
    sketch: bool = False,
) -> Figure:
    """Hot and cold cells of each class side by side: the plan's six maps.

    Classes without any hot or cold cell get no panel; they are named below the heading, those that were not judged
    apart.

    Parameters
    ----------
    cells
        The contract's ``cells`` in a metric CRS: ``issue_class, gi_q, gi_bin`` and geometry.
    districts
        Polygons with ``name``, for the ground.
    classes
        Which classes, in which order; by default all but ``all``.
    columns
        Panels in a row.
    title
        Heading of the whole figure.
    lang
        ``"zh"`` or ``"en"``.
    sketch
        Mark the figure as schematic.

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    InputError
        If there are no such cells.
    """
    found = [c for c in pd.unique(cells["issue_class"]) if c != "all"] or ["all"]
    asked = list(classes) if classes is not None else found
    if not asked or cells.empty:
        raise InputError(zh="没有可以画的问题类别。", en="There is no issue class to draw.")
    seen = cells[cells["gi_bin"].fillna(0).ne(0)]
    order = [c for c in asked if (seen["issue_class"] == c).any()] or asked
    judged = cells["gi_q"].notna().groupby(cells["issue_class"]).any()
    absent = {
        "absent": [c for c in asked if c not in order and judged.get(c, True)],
        "unjudged": [c for c in asked if not judged.get(c, True)],
    }
    rows = -(-len(order) // columns)
    bounds = cells.total_bounds if districts is None else districts.total_bounds
    with figure_style():
        # Room for the heading and the legend also above and below a single panel.
        wide = min(columns, len(order))
        across = max(3.5 * wide, 5.5)
        figure = Figure(figsize=(across, 3.6 * rows + 0.9), layout=ConstrainedLayoutEngine(h_pad=0.1))
        panels = np.atleast_1d(figure.subplots(rows, wide)).ravel()
        for ax in panels[len(order) :]:
            ax.remove()
        for ax, issue_class in zip(panels, order, strict=False):
            own = seen[seen["issue_class"] == issue_class]
            colours = [HOT_COLD[int(b)] for b in own["gi_bin"]]
            if len(own):
                outlines = [shapely.get_coordinates(g) for g in shapely.get_exterior_ring(own.geometry.array)]
                ax.add_collection(PolyCollection(outlines, facecolors=colours, edgecolors="none", zorder=1))
            map_axes(ax, districts, bounds)
            ax.set_title(_wrapped(_short(class_label(issue_class, lang)), across / wide, 12))
        handles = [Patch(color=s.colour, label=s.label) for s in hotspot_swatches(lang) if s.colour != HOT_COLD[0]]
        figure.legend(handles=handles, loc="outside lower center", ncols=len(handles) if wide > 2 else 3, fontsize=8)
        heading = title or text("maps.panels_title", lang)
        for key, some in absent.items():
            if some:
                names = listed([_short(class_label(c, lang)) for c in some], lang)
                heading += "\n" + _wrapped(text(f"maps.panels_{key}", lang, names=names), across, 13)
        # Below the mark in the corner, which a narrow figure would lay over it.
        figure.suptitle(("\n" if sketch and wide < 3 else "") + heading, fontsize=13)
        _mark(figure, sketch=sketch, lang=lang)
    return figure


def coverage_chart(coverage: pd.DataFrame, *, target: float = 0.9, lang: str = "zh", sketch: bool = False) -> Figure:
    """Coverage by zone, by radius and on foot, against the target.

    Parameters
    ----------
    coverage
        The contract's ``coverage``: ``zone, method, coverage``.
    target
        The coverage asked for, 0 to 1.
    lang
        ``"zh"`` or ``"en"``.
    sketch
        Mark the figure as schematic.

    Returns
    -------
    matplotlib.figure.Figure
        Zones from least to most covered; one without residential land is written as such, never as zero.
    """
    table = coverage.pivot_table(index="zone", columns="method", values="coverage", dropna=False, observed=False)
    methods = [m for m in ("radius", "walking") if m in table.columns]
    table = table.astype(float).sort_values(methods[0], ascending=False, na_position="first")
    looks = {"radius": GAIN, "walking": "#2f6f9f"}
    with figure_style():
        figure = Figure(figsize=(7.2, 0.42 * len(table) + 1.3), layout="constrained")
        ax = figure.subplots()
        height = 0.8 / len(methods)
        for at, method in enumerate(methods):
            place = np.arange(len(table)) + (len(methods) / 2 - at - 0.5) * height
            values = table[method].to_numpy()
            ax.barh(
                place,
                np.nan_to_num(values) * 100,
                height,
                color=looks[method],
                label=text(f"maps.method_{method}", lang),
            )
            for y, value in zip(place, values, strict=True):
                known = bool(np.isfinite(value))
                # At the foot of the bar, where the target's line never is; a bar too short for it has it outside.
                inside = known and value > 0.12
                words = f"{100 * value:.1f}" if known else text("maps.no_data", lang)
                ax.annotate(words, (100 * value if known and not inside else 0, y), (4, 0), va="center", ha="left",
                            fontsize=7.5, textcoords="offset points",
                            color="white" if inside else INK if known else BORDER)  # fmt: skip
        ax.margins(y=0.02)
        ax.axvline(
            100 * target,
            color=SITE,
            linewidth=1.4,
            linestyle="--",
            label=text("maps.target", lang, n=f"{100 * target:g}"),
        )
        zones = [text("common.whole_area", lang) if zone == "all" else _short(zone) for zone in table.index]
        ax.set(yticks=np.arange(len(table)), yticklabels=zones, xlim=(0, 112), xlabel=text("maps.coverage_axis", lang))
        ax.set_title(text("maps.coverage_chart", lang), loc="left")
        figure.legend(loc="outside lower center", ncols=3, fontsize=8)
        _mark(figure, sketch=sketch, lang=lang)
    return figure


def unit_chart(
    units: pd.DataFrame, *, min_km2: float = 2, max_km2: float = 5, lang: str = "zh", sketch: bool = False
) -> Figure:
    """Area of every unit by district, against the bounds.

    Parameters
    ----------
    units
        The contract's ``units``: ``district, area_km2, in_bounds``.
    min_km2, max_km2
        The bounds.
    lang
        ``"zh"`` or ``"en"``.
    sketch
        Mark the figure as schematic.

    Returns
    -------
    matplotlib.figure.Figure
    """
    districts = list(pd.unique(units["district"]))[::-1]
    place = units["district"].map({name: at for at, name in enumerate(districts)}).to_numpy(dtype=float)
    inside = units["in_bounds"].fillna(False).astype(bool).to_numpy()
    area = units["area_km2"].to_numpy(dtype=float)
    with figure_style():
        figure = Figure(figsize=(7.2, 0.34 * len(districts) + 1.3), layout="constrained")
        ax = figure.subplots()
        ax.axvspan(min_km2, max_km2, color="#e3f1e8", zorder=0, label=f"{min_km2:g}–{max_km2:g} km²")
        for mask, colour, mark, key in ((inside, "#1b7837", "o", "yes"), (~inside, "#c1272d", "X", "no")):
            if not mask.any():
                continue
            label = text(f"maps.in_bounds_{key}", lang, low=f"{min_km2:g}", high=f"{max_km2:g}")
            ax.scatter(
                area[mask], place[mask], s=34, c=colour, marker=mark, edgecolors="white", linewidths=0.6, label=label
            )
        ax.set(
            yticks=np.arange(len(districts)),
            yticklabels=[_short(name) for name in districts],
            xlabel=text("maps.area_axis", lang),
        )
        ax.set_xlim(left=0)
        ax.set_title(text("maps.unit_chart", lang), loc="left")
        figure.legend(loc="outside lower center", ncols=3, fontsize=8)
        _mark(figure, sketch=sketch, lang=lang)
    return figure


def score_chart(scores: pd.DataFrame, *, top: int = 20, lang: str = "zh", sketch: bool = False) -> Figure:
    """The best candidates' scores, and what they would be if missing data counted as zero.

    Those without a rank (a gate fails, or too little is known) do not stand in it.

    Parameters
    ----------
    scores
        The contract's ``scores``: ``candidate_id, score, score_if_missing_zero, rank``.
    top
        How many candidates.
    lang
        ``"zh"`` or ``"en"``.
    sketch
        Mark the figure as schematic.

    Returns
    -------
    matplotlib.figure.Figure
    """
    rank = pd.to_numeric(scores["rank"], errors="coerce")
    best = scores.assign(rank=rank)[rank.notna()].sort_values("rank", kind="stable").head(top).iloc[::-1]
    place = np.arange(len(best))
    with figure_style():
        figure = Figure(figsize=(7.2, 0.28 * max(len(best), 1) + 1.3), layout="constrained")
        ax = figure.subplots()
        score = best["score"].to_numpy(dtype=float)
        ax.barh(place, score, color="#41b6c4", label=text("maps.score", lang))
        ax.scatter(best["score_if_missing_zero"].to_numpy(dtype=float), place, c=INK, s=16, zorder=3,
                   label=text("maps.score_if_missing_zero", lang))  # fmt: skip
        named = "name" if "name" in best.columns and best["name"].notna().all() else "candidate_id"
        labels = [f"{int(n)}  {_short(name)}" for name, n in zip(best[named], best["rank"], strict=True)]
        ax.set(yticks=place, yticklabels=labels, xlim=(0, 100), xlabel=text("maps.score_legend", lang))
        ax.margins(y=0.02)
        ax.set_title(text("maps.score_chart", lang), loc="left")
        figure.legend(loc="outside lower center", ncols=3, fontsize=8)
        if best.empty:
            ax.annotate(text("maps.no_data", lang), (50, 0), ha="center", color=ABSENT)
        _mark(figure, sketch=sketch, lang=lang)
    return figure
