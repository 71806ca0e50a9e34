"""Figures for print: PNG maps and charts whose Chinese text is never boxes."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
import numpy as np
import shapely
from matplotlib import font_manager
from matplotlib.collections import LineCollection, PolyCollection
from matplotlib.figure import Figure as PlainFigure
from PIL import Image

from jxgis.drawing.colours import BORDER, INK, LAND, SKETCH
from jxgis.drawing.scale import scale_bar
from jxgis.errors import MissingPackageError, require_lang
from jxgis.i18n import Sketch, sketch_mark, wide_signs
from jxgis.i18n.fonts import packaged_fonts

if TYPE_CHECKING:
    import geopandas as gpd
    from matplotlib.axes import Axes

__all__ = [
    "Figure",
    "chinese_font",
    "figure_style",
    "map_axes",
    "mark_schematic",
    "save_figure",
    "save_png",
    "screen_png",
    "short_label",
    "wrapped",
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
#: The formats for print, each without what it would say of the day and of the program's release.
_FORMATS: dict[str, dict[str, Any]] = {
    "png": {"metadata": {"Software": None}, "pil_kwargs": {"compress_level": 3}},
    "svg": {"metadata": {"Date": None, "Creator": None}},
    "pdf": {"metadata": {"CreationDate": None, "Creator": None, "Producer": None}},
}
#: Dots per inch of what is printed.
_PRINT_DPI = 300
#: Signs of the longest label.
_LONGEST = 32
#: What is not broken: a Chinese sign, a word, a number with its unit.
_PIECE = re.compile(r"(?:[^\u2e80-\uffef \t\n]*\u00a0)?[\u2e80-\uffef]|[^\u2e80-\uffef \t\n]+[ \t\n]*|[ \t\n]+")
_STUB = re.compile(r"[\u2e80-\uffef]{1,2}")


def _holds_chinese(path: str) -> bool:
    signs = font_manager.get_font(path).get_charmap()
    return all(ord(sign) in signs for sign in _PROBE)


def _packaged() -> Path | None:
    """Noto Sans SC of the package."""
    folder = packaged_fonts()
    path = None if folder is None else folder / "NotoSansSC-Regular.otf"
    return path if path is not None and path.is_file() else None


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
        # Ids in an SVG are made of it: at random otherwise.
        "svg.hashsalt": "jxgis",
        "legend.frameon": False,
        "text.color": INK,
        "xtick.color": INK,
        "ytick.color": INK,
    }


@contextmanager
def figure_style() -> Iterator[None]:
    """The style of jxgis's figures, for the time of a ``with`` block only.

    Yields
    ------
    None
        While the style holds.
    """
    with mpl.rc_context():
        # A matplotlibrc in the working folder, which may have come with the data, would rule the figures otherwise.
        mpl.rcdefaults()
        mpl.rcParams.update(_style())
        yield


class Figure(PlainFigure):
    """A figure of matplotlib that a notebook shows by itself, in the style in which it is written."""

    def png(self, dpi: int) -> bytes:
        """The figure as PNG of so many dots per inch."""
        image = io.BytesIO()
        _write_png(self, image, dpi=dpi)
        return image.getvalue()

    def _repr_png_(self) -> tuple[bytes, dict[str, int]]:
        """The figure as PNG, twice as fine as it is shown, and the width and the height that it is shown with."""
        width, height = (round(96 * inches) for inches in self.get_size_inches())
        return self.png(192), {"width": width, "height": height}


def _write_png(figure: PlainFigure, target: Path | io.BytesIO, *, dpi: int) -> None:
    with figure_style():
        figure.savefig(target, dpi=dpi, format="png", metadata={"Software": None}, facecolor="white")


def save_png(figure: PlainFigure, path: str | Path, *, dpi: int = 160) -> Path:
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
    _write_png(figure, target, dpi=dpi)
    return target


def save_figure(figure: PlainFigure, path: str | Path) -> list[Path]:
    """Write a figure for print as PNG, SVG and PDF, the same bytes at each run.

    The letters of an SVG are outlines: it looks the same where no Chinese font is installed, and names stay clear of one
    another. Those of a PDF are text, of a font that is part of it: they can be searched and copied.

    Parameters
    ----------
    figure
        Any matplotlib figure.
    path
        The file without its ending.

    Returns
    -------
    list of pathlib.Path
        The files written.
    """
    targets = [Path(f"{path}.{ending}") for ending in _FORMATS]
    with figure_style():
        layout = figure.get_layout_engine()
        if layout is not None:
            # Once is enough: it is the same in each format. Letters are up to 2 % wider in print than on a screen.
            dpi = figure.dpi
            figure.set_dpi(_PRINT_DPI)
            layout.execute(figure)
            figure.set_dpi(dpi)
            figure.set_layout_engine("none")
        for target, (ending, how) in zip(targets, _FORMATS.items(), strict=True):
            figure.savefig(target, dpi=_PRINT_DPI, format=ending, facecolor="white", **how)
        figure.set_layout_engine(layout)
    return targets


def screen_png(path: Path, *, width_px: int = 900) -> bytes:
    """A PNG for print as a page shows it: no wider than that, in at most 256 colours.

    Parameters
    ----------
    path
        The file.
    width_px
        How wide.

    Returns
    -------
    bytes
        PNG.
    """
    with Image.open(path) as opened:
        image = opened.convert("RGB")
    size = min(width_px, image.width)
    small = image.resize((size, round(image.height * size / image.width)), Image.Resampling.LANCZOS)
    few = small.quantize(256, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
    palette = np.array(few.getpalette(), dtype=np.uint8).reshape(-1, 3)
    # Paper that is near white would stand out on the page.
    palette[(palette > 250).all(axis=1)] = 255
    few.putpalette(palette.tobytes())
    found = io.BytesIO()
    few.save(found, "png", optimize=True)
    return found.getvalue()


def _rings(geometries: Any) -> list[Any]:
    rings = shapely.get_rings(shapely.get_parts(np.asarray(geometries, dtype=object)))
    return [shapely.get_coordinates(ring) for ring in rings]


def map_axes(ax: Axes, districts: gpd.GeoDataFrame | None, bounds: Sequence[float]) -> None:
    """Turn axes into a map in metres: the districts' land and borders, a scale bar, no ticks.

    Parameters
    ----------
    ax
        The axes to draw on.
    districts
        Polygons in a metric CRS, with ``name``.
    bounds
        West, south, east, north in metres.
    """
    west, south, east, north = bounds
    if districts is not None:
        rings = _rings(districts.geometry.array)
        ax.add_collection(PolyCollection(rings, facecolors=LAND, edgecolors="none", zorder=0))
        ax.add_collection(LineCollection(rings, colors=BORDER, linewidths=0.6, zorder=3))
    # Room for the outermost borders, and below them for the scale bar.
    edge = max(east - west, north - south) / 50
    ax.set(xlim=(west - edge, east + edge), ylim=(south - 3 * edge, north + edge), aspect="equal")
    ax.axis("off")
    length, label = scale_bar((east - west) / 4)
    below = south - 2 * edge
    ax.plot([west, west + length], [below, below], color=INK, linewidth=1.6, solid_capstyle="butt", zorder=5)
    ax.annotate(label, (west + length, below), (3, 0), textcoords="offset points", va="center", fontsize=7)


def short_label(name: object, lines: int = 1) -> str:
    """A name as a label of so many lines: a long one is cut, for it would leave the figure no room."""
    words, most = " ".join(str(name).split()), lines * _LONGEST
    return words if len(words) <= most else f"{words[: most - 1]}…"


def wrapped(words: str, width_in: float, size: float) -> str:
    """Words broken to a width in inches; Chinese signs are as wide as the type is high, others about half.

    A last line of one or two Chinese signs takes one more from the line before.
    """
    room = 0.94 * 72 * width_in / size
    lines = _lines(words, room)
    while len(lines) > 1 and _STUB.fullmatch(lines[-1]):
        room -= 1
        fewer = _lines(words, room)
        if room < 4 or len(fewer) > len(lines):
            break
        lines = fewer
    return "\n".join(lines)


def _lines(words: str, room: float) -> list[str]:
    lines, used = [""], 0.0
    for piece in _PIECE.findall(words):
        signs = piece.rstrip()
        wide = 0.55 * len(signs) + 0.45 * wide_signs(signs)
        # No line begins with what ends a clause.
        if lines[-1] and used + wide > room and piece not in "、，。：；）":
            lines.append("")
            used = 0.0
        lines[-1] += piece
        used += wide + 0.3 * (len(piece) - len(piece.rstrip()))
    return [line.rstrip() for line in lines]


def mark_schematic(figure: PlainFigure, *, sketch: Sketch, lang: str) -> None:
    """Write the schematic mark into the corner of a figure, where it is asked for, in a line of its own."""
    require_lang(lang)
    if sketch:
        figure.suptitle(sketch_mark(sketch, lang), x=0.995, ha="right", fontsize=8, color=SKETCH)
