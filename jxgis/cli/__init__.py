"""The command line: words in, a command run, words out."""

from __future__ import annotations

import contextlib
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from jxgis.cli import _options as opt
from jxgis.cli._warnings import plain_warnings
from jxgis.cli._words import Command, Group, UsageError, plain, say, usage_message, word

if TYPE_CHECKING:
    from jxgis.i18n import Text

__all__ = ["app", "main"]

app = typer.Typer(
    name="jxgis",
    cls=Group,
    help=word(
        "城市管理空间分析：问题热点、公园覆盖、管理单元、样板单元评分、地图与报告。",
        "Spatial analysis for city management: hot spots, parks, units, scores, maps and the report.",
    ),
    add_completion=False,
    rich_markup_mode=None,
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)


_STOPPED = 130
"""What a shell calls a command that Ctrl-C ended."""


def _argument(metavar: str, zh: str, en: str) -> Any:
    return typer.Argument(metavar=metavar, help=word(zh, en), show_default=False)


def _file(name: str, zh: str, en: str) -> Any:
    return typer.Option(name, metavar="FILE", help=word(zh, en), show_default=False)


def _value(name: str, zh: str, en: str, metavar: str = "N") -> Any:
    return typer.Option(name, metavar=metavar, help=word(zh, en), show_default=False)


def _version(wanted: bool) -> None:
    if wanted:
        from jxgis import __version__

        say(f"jxgis {__version__}")
        raise typer.Exit


@app.callback()
def _program(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help=word("显示版本。", "Show the version.")),
    ] = False,
) -> None:
    pass


@app.command(cls=Command, help=word("在示意城市上运行全部流程", "Run everything on the schematic city"))
def demo(out: opt.Out = Path("out/demo"), lang: opt.Lang = "zh") -> None:
    """Run everything on the schematic city."""
    from jxgis import run

    with _progress(lang) as progress:
        run.run_demo(out, lang=lang, progress=progress)
    _done(out, "index.html")


@app.command(cls=Command, help=word("新建一个项目文件夹", "Make a project folder"))
def init(
    folder: Annotated[Path, _argument("DIR", "项目文件夹", "The project's folder")], lang: opt.Lang = "zh"
) -> None:
    """Make a commented jxgis.toml and empty data folders."""
    from jxgis import run

    made = run.init_project(folder, lang=lang)
    say(
        word(
            f"已新建 {made}；请填写其中的文件路径，然后运行：jxgis report {made} --out out",
            f"Made {made}; fill in the paths, then run: jxgis report {made} --out out",
        )
    )


@app.command(cls=Command, help=word("检查一个数据文件", "Check a data file"))
def check(
    layer: Annotated[
        str,
        _argument(
            "LAYER",
            "subdistricts districts issues parks residential streets units candidates 之一",
            "One of subdistricts districts issues parks residential streets units candidates",
        ),
    ],
    file: Annotated[str, _argument("FILE", "要检查的文件", "The file to check")],
    crs: opt.Crs = None,
    project: opt.Project = None,
    out: Annotated[
        Path | None, _value("--out", "写入清洗结果和问题行的文件夹", "Folder for the clean rows and the rejects", "DIR")
    ] = None,
    name_column: opt.NameColumn = None,
    columns: opt.Columns = None,
    class_column: opt.ClassColumn = None,
    start: opt.From = None,
    end: opt.To = None,
    status: opt.Status = None,
    source: opt.Source = None,
    drop_points: opt.DropPoints = None,
    keep: opt.Keep = None,
    lang: opt.Lang = "zh",
) -> None:
    """Check a data file, say what it holds, and write its clean rows and its rejects."""
    from jxgis import run

    given: dict[str, object] = {
        "path": file,
        "crs": crs,
        "name_column": name_column,
        "columns": opt.pairs(columns) or None,
    }
    if layer == "issues":
        given |= _issue_options(class_column, start, end, status, source, drop_points, keep)
    from jxgis.settings import Inputs

    settings = opt.settings_of(project, {"inputs": {layer: given}} if layer in Inputs.model_fields else {})
    lines = run.run_check(layer, settings, out=out, has_project=project is not None, lang=lang)
    for line in lines:
        say(line)


@app.command(cls=Command, help=word("问题热点", "Hot spots of issues"))
def hotspots(
    out: opt.Out,
    issues: Annotated[str | None, _file("--issues", "问题数据", "Issues")] = None,
    crs: opt.Crs = None,
    area: Annotated[str | None, _file("--area", "研究范围（片区面）", "Study area (district polygons)")] = None,
    cell_m: Annotated[
        float | None, _value("--cell-m", "网格边长，米 [默认：200]", "Side of a cell, metres [default: 200]")
    ] = None,
    band_m: Annotated[
        float | None,
        _value("--band-m", "邻域半径，米 [默认：500]", "Radius of the neighbourhood, metres [default: 500]"),
    ] = None,
    project: opt.Project = None,
    name_column: opt.NameColumn = None,
    columns: opt.Columns = None,
    class_column: opt.ClassColumn = None,
    start: opt.From = None,
    end: opt.To = None,
    status: opt.Status = None,
    source: opt.Source = None,
    drop_points: opt.DropPoints = None,
    keep: opt.Keep = None,
    min_count: Annotated[
        int | None,
        _value(
            "--min-count",
            "少于这个数的件数在页面和表格中显示为区间 [默认：3]",
            "Fewer cases stand as a range on pages and in workbooks [default: 3]",
        ),
    ] = None,
    lang: opt.Lang = "zh",
) -> None:
    """Find the hot spots of the issues, by class and for all."""
    from jxgis import run

    issue_input: dict[str, object] = {"path": issues, "crs": crs, "columns": opt.pairs(columns) or None}
    issue_input |= _issue_options(class_column, start, end, status, source, drop_points, keep)
    settings = opt.settings_of(
        project,
        {
            "inputs": {"issues": issue_input, "districts": {"path": area, "name_column": name_column}},
            "hotspots": {"cell_m": cell_m, "band_m": band_m},
            "report": {"min_count": min_count},
        },
    )
    with _progress(lang) as progress:
        run.run_part("hotspots", settings, out, has_project=project is not None, lang=lang, progress=progress)
    _done(out, "maps/hotspots.html")


@app.command(cls=Command, help=word("公园绿地服务覆盖", "Park service coverage"))
def parks(
    out: opt.Out,
    parks: Annotated[str | None, _file("--parks", "公园面", "Park polygons")] = None,
    residential: Annotated[str | None, _file("--residential", "居住用地面", "Residential polygons")] = None,
    by: Annotated[
        str | None, _file("--by", "统计区域面（片区或单元）", "Zones to report by (districts or units)")
    ] = None,
    streets: Annotated[str | None, _file("--streets", "道路中心线（步行）", "Street centre lines (walking)")] = None,
    gates: Annotated[str | None, _file("--gates", "公园出入口点", "Park gates")] = None,
    barriers: Annotated[
        str | None, _file("--barriers", "步行不可穿越的线（铁路、快速路）", "Lines that nobody can cross on foot")
    ] = None,
    population: Annotated[
        str | None, _file("--population", "人口：栅格（tif）、点或面", "People: a raster (tif), points or polygons")
    ] = None,
    minutes: Annotated[
        float | None, _value("--minutes", "步行分钟 [默认：10]", "Minutes on foot [default: 10]")
    ] = None,
    speed: Annotated[
        float | None, _value("--speed-m-per-min", "步速，米/分钟 [默认：75]", "Speed, metres a minute [default: 75]")
    ] = None,
    standard: Annotated[
        str | None,
        _value("--standard", "服务半径标准 [默认：garden-city-2022]", "Standard [default: garden-city-2022]", "NAME"),
    ] = None,
    new_parks: Annotated[int | None, _value("--new-parks", "拟新建公园数", "Number of new parks to propose")] = None,
    objective: Annotated[
        Literal["area", "people"] | None,
        _value(
            "--objective",
            "新公园优先服务：居住用地面积 area 或人口 people [默认：area]",
            "What new parks serve most of: area of housing or people [default: area]",
            "area|people",
        ),
    ] = None,
    plan: Annotated[
        str | None, _file("--plan", "方案：新增或扩建的公园面", "A plan: polygons of new or enlarged parks")
    ] = None,
    close: Annotated[
        str | None,
        _value("--close", "方案：关闭的公园（编号或名称），用逗号分隔", "A plan: parks to close, by commas", "A,B"),
    ] = None,
    project: opt.Project = None,
    name_column: opt.NameColumn = None,
    columns: opt.Columns = None,
    lang: opt.Lang = "zh",
) -> None:
    """Measure park service coverage by radius and on foot."""
    from jxgis import run

    settings = opt.settings_of(
        project,
        {
            "inputs": {
                "parks": {"path": parks, "columns": opt.pairs(columns) or None},
                "residential": {"path": residential},
                "districts": {"path": by, "name_column": name_column},
                "streets": {"path": streets},
                "gates": {"path": gates},
                "barriers": {"path": barriers},
                "population": {"path": population},
                "planned_parks": {"path": plan},
            },
            "parks": {
                "close": opt.names(close),
                "minutes": minutes,
                "speed_m_per_min": speed,
                "standard": standard,
                "new_parks": new_parks,
                "objective": objective,
            },
        },
    )
    with _progress(lang) as progress:
        run.run_part("parks", settings, out, has_project=project is not None, lang=lang, progress=progress)
    _done(out, "maps/parks.html")


@app.command(cls=Command, help=word("划分管理单元（2–5 平方公里）", "Propose units of 2–5 km²"))
def units(
    out: opt.Out,
    districts: Annotated[str | None, _file("--districts", "片区面", "District polygons")] = None,
    blocks: Annotated[str | None, _file("--blocks", "自有地块面（社区、网格）", "Blocks of your own")] = None,
    streets: Annotated[
        str | None, _file("--streets", "道路中心线：按街区划分", "Street centre lines: cut by street blocks")
    ] = None,
    cell_m: Annotated[
        float | None, _value("--cell-m", "方格边长，米 [默认：200]", "Side of a cell, metres [default: 200]")
    ] = None,
    issues: Annotated[str | None, _file("--issues", "问题数据", "Issues")] = None,
    crs: opt.Crs = None,
    attributes: Annotated[
        str | None,
        _value("--attributes", "同质性属性列，用逗号分隔", "Columns to be alike within a unit, by commas", "A,B"),
    ] = None,
    min_km2: Annotated[float | None, _value("--min-km2", "最小面积 [默认：2]", "Least area [default: 2]")] = None,
    max_km2: Annotated[float | None, _value("--max-km2", "最大面积 [默认：5]", "Greatest area [default: 5]")] = None,
    target_km2: Annotated[
        float | None, _value("--target-km2", "目标面积 [默认：3.5]", "Target area [default: 3.5]")
    ] = None,
    seed: Annotated[int | None, _value("--seed", "随机种子 [默认：0]", "Seed [default: 0]")] = None,
    project: opt.Project = None,
    name_column: opt.NameColumn = None,
    columns: opt.Columns = None,
    lang: opt.Lang = "zh",
) -> None:
    """Propose units of 2–5 km² inside each district."""
    from jxgis import run

    settings = opt.settings_of(
        project,
        {
            "inputs": {
                "districts": {"path": districts, "name_column": name_column},
                "blocks": {"path": blocks},
                "streets": {"path": streets},
                "issues": {"path": issues, "crs": crs, "columns": opt.pairs(columns) or None},
            },
            "units": {
                "cell_m": cell_m,
                "by_cells": True if cell_m is not None and streets is None and blocks is None else None,
                "attributes": opt.names(attributes),
                "min_km2": min_km2,
                "max_km2": max_km2,
                "target_km2": target_km2,
                "seed": seed,
            },
        },
    )
    with _progress(lang) as progress:
        run.run_part("units", settings, out, has_project=project is not None, lang=lang, progress=progress)
    _done(out, "maps/units.html")


@app.command(cls=Command, help=word("候选样板单元评分", "Score candidate sample units"))
def score(
    out: opt.Out,
    candidates: Annotated[str | None, _file("--candidates", "候选单元面", "Candidate polygons")] = None,
    project: opt.Project = None,
    weights: Annotated[
        str | None,
        _value(
            "--weights",
            "权重：expert、equal、ahp、entropy 或 critic [默认：expert]",
            "Weights [default: expert]",
            "NAME",
        ),
    ] = None,
    name_column: opt.NameColumn = None,
    columns: opt.Columns = None,
    lang: opt.Lang = "zh",
) -> None:
    """Score candidate sample units against fixed references."""
    from jxgis import run

    settings = opt.settings_of(
        project,
        {
            "inputs": {
                "candidates": {"path": candidates, "name_column": name_column, "columns": opt.pairs(columns) or None}
            },
            "scoring": {"weights": weights},
        },
    )
    said: list[Text] = []
    with _progress(lang) as progress:
        run.run_part(
            "score", settings, out, has_project=project is not None, lang=lang, progress=progress, warn=said.append
        )
    _done(out, "maps/scores.html", [line.of(lang) for line in said])


@app.command(cls=Command, help=word("按项目设置生成全部结果和报告", "Everything the project's inputs allow"))
def report(
    project: Annotated[Path, _argument("jxgis.toml", "项目设置", "The project's settings")],
    out: opt.Out,
    lang: Annotated[
        Literal["zh", "en"] | None,
        _value("--lang", "结果的语言：zh 或 en", "Language of the results: zh or en", "zh|en"),
    ] = None,
) -> None:
    """Run every analysis that the project's inputs allow, and write the report."""
    from jxgis import run

    settings = opt.settings_of(project, {})
    lang = lang or settings.report.lang
    said: list[Text] = []
    with _progress(lang) as progress:
        run.run_report(settings, out, lang=lang, progress=progress, warn=said.append)
    _done(out, "index.html", [line.of(lang) for line in said])


def _issue_options(
    class_column: str | None,
    start: str | None,
    end: str | None,
    status: str | None,
    source: str | None,
    drop_points: str | None,
    keep: str | None,
) -> dict[str, object]:
    return {
        "class_column": class_column,
        "from": start,
        "to": end,
        "status": opt.names(status),
        "source": opt.names(source),
        "drop_points": opt.points(drop_points),
        "keep": opt.names(keep),
    }


@contextlib.contextmanager
def _progress(lang: str) -> Iterator[Callable[[Text], None]]:
    """Show progress: one line a step, and on a terminal a spinner beside the current one."""
    if not sys.stderr.isatty():
        yield lambda step: say(step.of(lang), error=True)
        return
    from rich.console import Console
    from rich.text import Text as Plain

    console = Console(stderr=True)
    with console.status("…") as status:

        def show(step: Text) -> None:
            # What was noticed stays on the screen; a name in brackets is no markup.
            console.print(Plain(plain(step.of(lang))))
            status.update(Plain(plain(step.of(lang))))

        yield show


def _done(out: Path, page: str, refused: Sequence[str] = ()) -> None:
    """Say where the page is; before it, what could not be done."""
    for line in refused:
        say(line, error=True)
    say(word(f"完成。请用浏览器打开：{out / page}", f"Done. Open in a browser: {out / page}"))


def main() -> None:
    """Run the command line; exit 0, 2 for bad input with one message, 1 for a fault of jxgis itself."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="replace")
    plain_warnings()
    sys.exit(_run())


def _run() -> int:
    from jxgis.errors import JxgisError

    try:
        code = int(app(standalone_mode=False) or 0)
    except JxgisError as error:
        say(word("错误：", "Error: ") + error.text(word("zh", "en")), error=True)
        return 2
    except UsageError as error:
        no_words = type(error).__name__ == "NoArgsIsHelpError"
        say(("" if no_words else word("错误：", "Error: ")) + usage_message(error), error=not no_words)
        return 2
    except (KeyboardInterrupt, typer.Abort):
        code = _STOPPED
    except Exception:  # noqa: BLE001  whatever it is, people get a sentence and the exit code 1
        traceback.print_exc()
        say(
            word(
                "jxgis 内部错误，没有写入结果；请把以上信息发给维护者。",
                "A fault of jxgis; no result was written. Please report the lines above.",
            ),
            error=True,
        )
        return 1
    # typer makes an exit code of Ctrl-C.
    if code == _STOPPED:
        say(word("已停止，没有写入结果。", "Stopped; no result was written."), error=True)
    return code
