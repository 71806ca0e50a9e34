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
from jxgis.cli._words import OF_LAYERS, Command, Group, UsageError, plain, say, usage_message, word

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
    layer: Annotated[str, typer.Argument(metavar="LAYER", help=OF_LAYERS, show_default=False)],
    file: Annotated[str, _argument("FILE", "要检查的文件", "The file to check")],
    crs: opt.Crs = None,
    project: opt.Project = None,
    sets: opt.Set = None,
    out: Annotated[
        Path | None,
        opt.option("--out", "写入清洗结果和问题行的文件夹", "Folder for the clean rows and the rejects", "DIR"),
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
    run.require_layer(layer, opt.settings_of(project, {}), has_project=project is not None)
    settings = opt.settings_of(project, {"inputs": {layer: given}}, sets)
    lines = run.run_check(layer, settings, out=out, has_project=project is not None, lang=lang)
    for line in lines:
        say(line)


@app.command(cls=Command, help=word("问题热点", "Hot spots of issues"))
def hotspots(
    out: opt.Out,
    issues: Annotated[str | None, opt.layer("--issues", "issues")] = None,
    crs: opt.Crs = None,
    area: Annotated[
        str | None, opt.option("--area", "研究范围（片区面）", "Study area (district polygons)", "FILE")
    ] = None,
    cell_m: Annotated[float | None, opt.setting("--cell-m", "hotspots", "cell_m")] = None,
    band_m: Annotated[float | None, opt.setting("--band-m", "hotspots", "band_m")] = None,
    project: opt.Project = None,
    sets: opt.Set = None,
    name_column: opt.NameColumn = None,
    columns: opt.Columns = None,
    class_column: opt.ClassColumn = None,
    start: opt.From = None,
    end: opt.To = None,
    status: opt.Status = None,
    source: opt.Source = None,
    drop_points: opt.DropPoints = None,
    keep: opt.Keep = None,
    min_count: Annotated[int | None, opt.setting("--min-count", "report", "min_count")] = None,
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
        sets,
    )
    with _progress(lang) as progress:
        result = run.run_part("hotspots", settings, out, has_project=project is not None, lang=lang, progress=progress)
    _done(out, "maps/hotspots.html", counted=_counted(result, project))


@app.command(cls=Command, help=word("公园绿地服务覆盖", "Park service coverage"))
def parks(
    out: opt.Out,
    parks: Annotated[str | None, opt.layer("--parks", "parks")] = None,
    residential: Annotated[str | None, opt.layer("--residential", "residential")] = None,
    by: Annotated[
        str | None, opt.option("--by", "统计区域面（片区或单元）", "Zones to report by (districts or units)", "FILE")
    ] = None,
    streets: Annotated[str | None, opt.layer("--streets", "streets")] = None,
    gates: Annotated[str | None, opt.layer("--gates", "gates")] = None,
    barriers: Annotated[str | None, opt.layer("--barriers", "barriers")] = None,
    population: Annotated[str | None, opt.layer("--population", "population")] = None,
    minutes: Annotated[float | None, opt.setting("--minutes", "parks", "minutes")] = None,
    speed: Annotated[float | None, opt.setting("--speed-m-per-min", "parks", "speed_m_per_min")] = None,
    standard: Annotated[str | None, opt.setting("--standard", "parks", "standard", "NAME")] = None,
    new_parks: Annotated[int | None, opt.setting("--new-parks", "parks", "new_parks")] = None,
    objective: Annotated[
        Literal["area", "people"] | None, opt.setting("--objective", "parks", "objective", "area|people")
    ] = None,
    plan: Annotated[str | None, opt.layer("--plan", "planned_parks")] = None,
    close: Annotated[str | None, opt.setting("--close", "parks", "close", "A,B")] = None,
    project: opt.Project = None,
    sets: opt.Set = None,
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
        sets,
    )
    with _progress(lang) as progress:
        result = run.run_part("parks", settings, out, has_project=project is not None, lang=lang, progress=progress)
    _done(out, "maps/parks.html", counted=_counted(result, project))


@app.command(cls=Command, help=word("划分管理单元", "Propose units"))
def units(
    out: opt.Out,
    districts: Annotated[str | None, opt.option("--districts", "片区面", "District polygons", "FILE")] = None,
    blocks: Annotated[str | None, opt.layer("--blocks", "blocks")] = None,
    streets: Annotated[str | None, opt.layer("--streets", "streets")] = None,
    cell_m: Annotated[float | None, opt.setting("--cell-m", "units", "cell_m")] = None,
    issues: Annotated[str | None, opt.layer("--issues", "issues")] = None,
    crs: opt.Crs = None,
    attributes: Annotated[str | None, opt.setting("--attributes", "units", "attributes", "A,B")] = None,
    min_km2: Annotated[float | None, opt.setting("--min-km2", "units", "min_km2")] = None,
    max_km2: Annotated[float | None, opt.setting("--max-km2", "units", "max_km2")] = None,
    target_km2: Annotated[float | None, opt.setting("--target-km2", "units", "target_km2")] = None,
    seed: Annotated[int | None, opt.setting("--seed", "units", "seed")] = None,
    project: opt.Project = None,
    sets: opt.Set = None,
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
        sets,
    )
    with _progress(lang) as progress:
        result = run.run_part("units", settings, out, has_project=project is not None, lang=lang, progress=progress)
    _done(out, "maps/units.html", counted=_counted(result, project))


@app.command(cls=Command, help=word("候选样板单元评分", "Score candidate sample units"))
def score(
    out: opt.Out,
    candidates: Annotated[str | None, opt.layer("--candidates", "candidates")] = None,
    project: opt.Project = None,
    sets: opt.Set = None,
    weights: Annotated[str | None, opt.setting("--weights", "scoring", "weights", "NAME")] = None,
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
        sets,
    )
    said: list[Text] = []
    with _progress(lang) as progress:
        result = run.run_part(
            "score", settings, out, has_project=project is not None, lang=lang, progress=progress, warn=said.append
        )
    _done(out, "maps/scores.html", [line.of(lang) for line in said], _counted(result, project))


@app.command(cls=Command, help=word("按项目设置生成全部结果和报告", "Everything the project's inputs allow"))
def report(
    project: Annotated[Path, _argument("jxgis.toml", "项目设置", "The project's settings")],
    out: opt.Out,
    sets: opt.Set = None,
    lang: Annotated[Literal["zh", "en"] | None, opt.setting("--lang", "report", "lang", "zh|en")] = None,
) -> None:
    """Run every analysis that the project's inputs allow, and write the report."""
    from jxgis import run

    settings = opt.settings_of(project, {}, sets)
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
    """Show progress: one line a step; of what takes longer, on a terminal a bar with the time left, else a few lines."""
    from jxgis.progress import listening, paced

    if not sys.stderr.isatty():

        def line(step: Text) -> None:
            say(step.of(lang), error=True)

        with listening(paced(line)):
            yield line
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn
    from rich.text import Text as Plain

    console = Console(stderr=True)
    # A name in brackets is no markup.
    words = TextColumn("{task.description}", markup=False)
    with Progress(SpinnerColumn(), words, BarColumn(), console=console, transient=True) as bar:
        task = bar.add_task("…", total=None)

        def called(step: Text) -> None:
            bar.update(task, description=plain(step.of(lang)))

        def show(step: Text) -> None:
            # What was noticed stays on the screen.
            console.print(Plain(plain(step.of(lang))))
            bar.reset(task, description=plain(step.of(lang)), total=None)

        left = paced(called, every_s=0.5, every_share=0.0)

        def heard(what: Text, share: float) -> None:
            if share == 0:
                called(what)
            bar.update(task, total=1.0, completed=share)
            left(what, share)

        with listening(heard):
            yield show


def _counted(result: Any, project: Path | None) -> list[str]:
    """Without a project, which settles what is read: what was counted, and the CRS chosen."""
    from jxgis import run

    return [line.of(result.given.lang) for line in run.counted(result)] if project is None else []


def _done(out: Path, page: str, refused: Sequence[str] = (), counted: Sequence[str] = ()) -> None:
    """Say where the page is; before it, what was counted and what could not be done."""
    for line in counted:
        say(line)
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
