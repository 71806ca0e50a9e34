"""The pictures of the gallery, from the result folder of ``jxgis demo``: its figures, its maps and its page as Chromium shows them."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path

from PIL import Image

WIDTH = 1100
#: What a picture shows, in the order of the page; one that is not named here is called by its file.
CAPTIONS = {
    "index": ("报告首页：先答最常被问到的问题", "The report: first what planners are asked"),
    "map_hotspots": (
        "热点地图：类别可切换，点一下看名称和数字",
        "Hot spots: a switch of classes, a card for each place",
    ),
    "figure_hotspots": ("六类问题的热点与冷点", "Hot and cold spots of the six classes"),
    "figure_scale": ("网格和邻域选多大：依据", "Which cell and band: the reasons"),
    "map_parks": ("公园覆盖：服务范围、盲区、建议选址", "Parks: what they reach, blind spots, sites"),
    "figure_parks": ("各片区覆盖率：半径法与步行法", "Coverage by district, by radius and on foot"),
    "map_parks_change": ("新增公园之后：多服务到的居住用地", "With the new parks: the housing that they add"),
    "map_units": ("管理单元：2–5 平方公里，边界的把握写在线上", "Units of 2–5 km²; borders by how sure they are"),
    "figure_units": ("单元的面积与紧凑度", "Area and compactness of the units"),
    "map_scores": ("候选样板单元：得分与准入条件", "Candidates: scores and conditions"),
    "figure_scores": ("得分由哪些维度构成", "What the scores are made of"),
    "map_allocation": ("哪一年创建哪些样板单元", "Which sample units in which year"),
    "figure_allocation": ("逐年安排与比选方案", "The schedule and its alternatives"),
    "map_weak": ("薄弱区域：是同类的几倍", "Weak areas: times as many issues as their kind"),
    "figure_weak": ("薄弱区域的严重程度与区间", "Severity and interval of the weak areas"),
    "map_clusters": ("问题聚集区，全部和各类", "Clusters of issues, of all and of each class"),
    "figure_clusters_map": ("问题聚集区，供打印", "Clusters of issues, for print"),
    "map_effect": ("治理区域和与之相似的对照", "Treated areas and those that they are compared with"),
    "figure_effect": ("治理前后：治理区域与对照", "Before and after: treated areas and controls"),
    "map_circle": ("15 分钟生活圈：样样够得着的与缺的", "The 15-minute circle: what is in reach and what lacks"),
    "figure_circle": ("各类设施的步行可达比例", "Share within the walk, by kind"),
    "map_scorecard": ("规划指标：各片区达标情况", "Targets of the plan by district"),
    "figure_scorecard": ("规划指标：现状与目标", "Targets of the plan: today and wanted"),
    "score_cards": ("单页评分卡：一个候选单元一页 A4", "A score card: a page of A4 for each candidate"),
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
    made = {path.stem for path in folder.glob("*.png")}
    for name in [*(name for name in CAPTIONS if name in made), *sorted(made - set(CAPTIONS))]:
        caption = CAPTIONS.get(name, (name, name))[0 if zh else 1]
        lines += [f"## {caption}", "", f"![{caption}](gallery/{name}.png){{ .shot }}", ""]
    return "\n".join(lines)


def _smaller(path: Path, to: Path) -> None:
    with Image.open(path) as picture:
        height = round(picture.height * WIDTH / picture.width)
        picture.convert("RGB").resize((WIDTH, height), Image.Resampling.LANCZOS).quantize(256).save(to, optimize=True)
