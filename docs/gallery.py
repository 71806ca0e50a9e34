"""The pictures of the gallery, from the result folder of ``jxgis demo``: its figures, its maps and its page as Chromium shows them."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path

from PIL import Image

from jxgis.i18n import Text, text

WIDTH = 1100
#: What a picture of a page shows, in the order of the gallery; figures are called as in the report and follow the map of their part.
CAPTIONS = {
    "index": ("报告首页：先答最常被问到的问题", "The report: first what planners are asked"),
    "map_hotspots": (
        "热点地图：类别可切换，点一下看名称和数字",
        "Hot spots: a switch of classes, a card for each place",
    ),
    "map_parks": ("公园覆盖：服务范围、盲区、建议选址", "Parks: what they reach, blind spots, sites"),
    "map_parks_change": (
        "公园规划方案：现状与新增公园之后可切换（图中为现状）",
        "A plan of parks: a switch of today (shown here) and with it",
    ),
    "map_units": ("管理单元：2–5 平方公里，边界的把握写在线上", "Units of 2–5 km²; borders by how sure they are"),
    "map_scores": ("候选样板单元：得分与准入条件", "Candidates: scores and conditions"),
    "map_allocation": ("哪一年创建哪些样板单元", "Which sample units in which year"),
    "map_weak": ("薄弱区域：是同类的几倍", "Weak areas: times as many issues as their kind"),
    "map_clusters": ("问题密集区：全部和各类", "Clusters of issues: of all and of each class"),
    "map_scan": ("聚集区：是应有的几倍", "Clusters: times as many issues as expected"),
    "map_trends": ("时间变化：热点的来去", "Change over time: hot spots that come and go"),
    "map_effect": ("治理区域和与之相似的对照", "Treated areas and those that they are compared with"),
    "map_circle": ("15 分钟生活圈：样样够得着的与缺的", "The 15-minute circle: what is in reach and what lacks"),
    "map_scorecard": ("规划指标：各片区达标情况", "Targets of the plan by district"),
    "score_cards": ("单页评分卡：一个候选单元一页 A4", "A score card: a page of A4 for each candidate"),
}

#: Figures that are not called as their part is.
_PART_OF = {
    "months": "hotspots",
    "scale": "hotspots",
    "scan_time": "scan",
    "trends_change": "trends",
    "trends_times": "trends",
}


def make(result: Path, folder: Path) -> None:
    """Write the pictures; those of pages only where Chromium is installed."""
    folder.mkdir(parents=True)
    for path in sorted((result / "figures").glob("*.png")):
        _smaller(path, folder / f"figure_{path.name}")
    chromium = shutil.which("chromium")
    if chromium is None:
        return
    pages = {f"map_{path.stem}": path for path in sorted((result / "maps").glob("*.html"))}
    pages |= {name: result / f"{name}.html" for name in ("index", "score_cards")}
    with tempfile.TemporaryDirectory() as scratch:
        for name, page in pages.items():
            shot = Path(scratch) / f"{name}.png"
            options = ("--headless", "--no-sandbox", "--hide-scrollbars", "--virtual-time-budget=6000")
            command = [chromium, *options, f"--user-data-dir={scratch}/profile", f"--screenshot={shot}"]
            command += ["--window-size=1366,768", page.resolve().as_uri()]
            subprocess.run(command, check=True, capture_output=True)
            _smaller(shot, folder / f"{name}.png")


def page(folder: Path, lang: str) -> str:
    """The page that shows them."""
    zh = lang == "zh"
    lines = [
        "# 图集" if zh else "# Gallery",
        "",
        "以下图片都由 `jxgis demo` 的结果生成（示意城市，非官方边界，问题为虚构）；本页每次编译时重做。"
        if zh
        else "Made from the results of `jxgis demo` (the schematic city: no official borders, no real issues) whenever this page is built.",
        "",
    ]
    for name in sorted((path.stem for path in folder.glob("*.png")), key=_place):
        lines += [f"## {caption(name, lang)}", "", f"![{caption(name, lang)}](gallery/{name}.png){{ .shot }}", ""]
    return "\n".join(lines)


def caption(name: str, lang: str) -> str:
    """What a picture shows; a picture without its words is an error.

    Examples
    --------
    >>> caption("figure_units", "zh"), caption("map_weak", "en")
    ('各片区管理单元的面积', 'Weak areas: times as many issues as their kind')
    """
    if name.startswith("figure_"):
        return text(f"run.{name}", lang)
    return Text(*CAPTIONS[name]).of(lang)


def _place(name: str) -> tuple[int, str]:
    """Where a picture stands: figures after the map of their part, those of no map at the end."""
    order, part = [*CAPTIONS], name.removeprefix("figure_").removesuffix("_map")
    of = name if name in CAPTIONS else f"map_{_PART_OF.get(part, part)}"
    return order.index(of), "" if name in CAPTIONS else name


def _smaller(path: Path, to: Path) -> None:
    with Image.open(path) as picture:
        height = round(picture.height * WIDTH / picture.width)
        picture.convert("RGB").resize((WIDTH, height), Image.Resampling.LANCZOS).quantize(256).save(to, optimize=True)
