"""The command line: words in, a command run, words out."""

from __future__ import annotations

import contextlib
import os
import re
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from jxgis.cli import _options as opt
from jxgis.cli._warnings import plain_warnings
from jxgis.cli._words import OF_LAYERS, Command, Group, UsageError, plain, say, usage_message, word
from jxgis.run.parts import PARTS

if TYPE_CHECKING:
    from jxgis.i18n import Text
    from jxgis.part import Part

__all__ = ["add_part", "app", "main"]

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
    ctx: typer.Context,
    version: Annotated[  # noqa: ARG001  (its callback says it)
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help=word("显示版本。", "Show the version.")),
    ] = False,
    lang: Annotated[
        Literal["zh", "en"] | None,
        opt.option("--lang", "提示和结果的语言", "Language of messages and results", "zh|en"),
    ] = None,
) -> None:
    # Said before the command, it holds for the command.
    if lang and ctx.invoked_subcommand:
        ctx.default_map = {ctx.invoked_subcommand: {"lang": lang}}


@app.command(cls=Command, help=word("在示意城市上运行全部流程", "Run everything on the schematic city"))
def demo(out: opt.Out = Path("out/demo"), lang: opt.Lang = "zh") -> None:
    """Run everything on the schematic city."""
    from jxgis import run

    with _progress(lang) as progress:
        run.run_demo(out, lang=lang, progress=progress)
    _done(out, "index.html")


@app.command(cls=Command, help=word("新建一个项目文件夹", "Make a project folder"))
def init(folder: Annotated[str, _argument("DIR", "项目文件夹", "The project's folder")], lang: opt.Lang = "zh") -> None:
    """Make a commented jxgis.toml, the text of the report and empty data folders."""
    from jxgis import run

    made = run.init_project(folder, lang=lang)
    # As a shell takes it: in quotes where it holds what ends a word.
    typed = f'"{made}"' if re.search(r"[\s&()';]", str(made)) else str(made)
    say(
        word(
            f"已新建 {made}；请填写其中的文件路径，然后运行：jxgis report {typed} --out out",
            f"Made {made}; fill in the paths, then run: jxgis report {typed} --out out",
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
        given |= {
            "class_column": class_column,
            "from": start,
            "to": end,
            "status": opt.names(status),
            "source": opt.names(source),
            "drop_points": opt.points(drop_points),
            "keep": opt.names(keep),
        }
    # A layer that there is not is said before what is wrong with its options.
    city = opt.settings_of(project, {}, [each for each in sets or () if each.lstrip().startswith("city.")])
    run.require_layer(layer, city, has_project=opt.has_city(project, city))
    settings = opt.settings_of(project, {"inputs": {layer: given}}, sets)
    lines = run.run_check(layer, settings, out=out, has_project=opt.has_city(project, settings), lang=lang)
    for line in lines:
        say(line)


def _part_command(part: Part) -> Callable[..., None]:
    """The function behind a part's command, with an option for each that the part declares."""

    def run_it(
        *, out: Path, project: Path | None, sets: list[str] | None, lang: Literal["zh", "en"], **texts: str | None
    ) -> None:
        from jxgis import run

        given = {name: text for name, text in zip(part.options, texts.values(), strict=True) if text is not None}
        settings = opt.part_settings(part, given, project, sets)
        said: list[Text] = []
        with _progress(lang) as progress:
            result = run.run_part(
                part.command,
                settings,
                out,
                has_project=opt.has_city(project, settings),
                lang=lang,
                progress=progress,
                warn=said.append,
            )
        _done(out, f"maps/{part.name}.html", [line.of(lang) for line in said], _counted(result, project))

    run_it.__signature__ = opt.signature(part)  # type: ignore[attr-defined]  # typer reads the options there
    run_it.__annotations__ = {name: each.annotation for name, each in opt.signature(part).parameters.items()}
    return run_it


def add_part(part: Part) -> None:
    """Add the command of a part."""
    app.command(part.command, cls=Command, help=word(*part.title))(_part_command(part))


for _part in PARTS:
    add_part(_part)


@app.command(
    cls=Command,
    help=word("样板单元的创建流程：进度、核对、到期", "The cycle of the sample units: states, checks, what is due"),
)
def cycle(
    out: opt.Out,
    steps: Annotated[
        str | None,
        opt.option("--steps", "填写过的 cycle.xlsx", "cycle.xlsx, filled in", "FILE"),
    ] = None,
    schedule: Annotated[
        str | None,
        opt.option(
            "--schedule",
            "jxgis allocate 的 allocation.xlsx 或 .gpkg：加入其中的单元",
            "allocation.xlsx or .gpkg of jxgis allocate: its units are added",
            "FILE",
        ),
    ] = None,
    on: Annotated[
        str | None,
        opt.option("--on", "按哪一天算到期，默认为今天", "The day for what is due; today by default", "DATE"),
    ] = None,
    project: opt.Project = None,
    sets: opt.Set = None,
    lang: opt.Lang = "zh",
) -> None:
    """Check the steps of every sample unit, and write the workbook to go on with."""
    from jxgis import run

    settings = opt.settings_of(project, {}, sets)
    has_city = opt.has_city(project, settings)
    lines = run.run_cycle(settings, out, steps=steps, schedule=schedule, on=on, has_project=has_city, lang=lang)
    for line in lines:
        say(line)
    say(word(f"完成：{out / 'cycle.xlsx'}", f"Done: {out / 'cycle.xlsx'}"))


@app.command(
    cls=Command,
    help=word(
        "把任意多的问题文件按网格、区域和月份计数", "Count issues of any number of files by cell, zone and month"
    ),
)
def count(
    out: opt.Out,
    store: Annotated[
        Path | None,
        opt.option(
            "--store",
            "计数库文件夹：保留每个文件的计数，新的月份只读新文件",
            "The store: keeps what was counted of each file, so that a new month is read alone",
            "DIR",
        ),
    ] = None,
    replace: Annotated[
        bool,
        typer.Option(
            "--replace",
            help=word(
                "计数库中同名而内容不同的文件以新的为准",
                "Files of a name that the store has, but other content, take its place",
            ),
        ),
    ] = False,
    scheduler: Annotated[
        str | None,
        opt.option(
            "--scheduler",
            "Dask 调度器的地址（tcp://…），或 local：用本机的几个进程",
            "Address of a Dask scheduler (tcp://...), or local: processes of this machine",
            "ADDRESS",
        ),
    ] = None,
    workers: Annotated[
        int | None,
        opt.option(
            "--workers",
            "本机进程数，默认与处理器核数相同",
            "Processes of this machine; by default as many as cores",
            "N",
        ),
    ] = None,
    issues: Annotated[str | None, opt.layer("--issues", "issues")] = None,
    projects: Annotated[
        Path | None,
        opt.option(
            "--projects",
            "装有多个项目的文件夹：每个项目一个结果，另有一张总表",
            "A folder of projects: a result for each, and one table over all",
            "DIR",
        ),
    ] = None,
    project: opt.Project = None,
    sets: opt.Set = None,
    lang: opt.Lang = "zh",
) -> None:
    """Count issues a batch at a time, and keep what was counted of each file."""
    from jxgis import run

    said: list[Text] = []
    with _progress(lang) as progress:
        how: dict[str, Any] = {
            "store": store, "replace_files": replace, "scheduler": scheduler, "workers": workers, "lang": lang, "progress": progress, "warn": said.append,
        }  # fmt: skip
        if projects is None:
            settings = opt.settings_of(project, {"inputs": {"issues": {"path": issues}}}, sets)
            found = {"": run.run_count(settings, out, has_project=opt.has_city(project, settings), **how)}
        else:
            _refuse_beside_projects({"--project": project, "--issues": issues, "--set": sets})
            found = run.run_count_cities(projects, out, **how)
    for line in said:
        say(line.of(lang), error=True)
    for name, counts in found.items():
        say(f"{name}{word('：', ': ') if name else ''}{counts.line().of(lang)}")
    written = out / ("counts.gpkg" if projects is None else "cities.parquet")
    say(word(f"完成：{written}", f"Done: {written}"))


def _refuse_beside_projects(given: Mapping[str, object]) -> None:
    from jxgis.errors import InputError
    from jxgis.i18n import text_pair

    for option, value in given.items():
        if value is not None:
            raise InputError.saying(text_pair("store.two_kinds", option=option))


@app.command(cls=Command, help=word("按项目设置生成全部结果和报告", "Everything the project's inputs allow"))
def report(
    project: Annotated[
        Path, _argument("jxgis.toml", "项目设置，或其文件夹", "The project's settings, or their folder")
    ],
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


@app.command(
    cls=Command,
    help=word("核对一个结果：重算并逐值比较", "Make a result again, and compare every value"),
)
def verify(
    folder: Annotated[Path, _argument("DIR", "要核对的结果文件夹", "The result folder")],
    project: opt.Project = None,
    sets: opt.Set = None,
    lang: opt.Lang = "zh",
) -> None:
    """Check the inputs by hash, run the command again, and say which values differ; exit code 2 where any does."""
    from jxgis import run

    settings = opt.settings_of(project, {}, sets)
    with _progress(lang) as progress:
        found = run.run_verify(folder, settings, has_project=opt.has_city(project, settings), progress=progress)
    for line in found.lines:
        say(line.of(lang))
    if not found.equal:
        raise typer.Exit(2)


@app.command(
    cls=Command,
    help=word("比较两次结果：哪里变了，为什么", "Compare two results: what changed, and why"),
)
def compare(
    a: Annotated[Path, _argument("A", "一次结果的文件夹", "A result folder")],
    b: Annotated[Path, _argument("B", "另一次结果的文件夹", "Another result folder")],
    out: opt.Out,
    lang: opt.Lang = "zh",
) -> None:
    """Say what differs between two results and which inputs, settings or versions can have caused it."""
    from jxgis import run

    with _progress(lang) as progress:
        found = run.run_compare(a, b, out, lang=lang, progress=progress)
    for line in found.lines():
        say(line)
    _done(out, "compare.html")


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
    # A name in brackets is not markup.
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

        def heard(what: Text, share: float, *rows: int) -> None:
            if share == 0:
                called(what)
            bar.update(task, total=1.0, completed=share)
            left(what, share, *rows)

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
    # A .numba_config.yaml in the working folder, which may have come with the data, could name a folder of compiled code
    # that numba would load; what the environment says stands above it.
    for name in ("NUMBA_CACHE_DIR", "NUMBA_CACHE_LOCATOR_CLASSES"):
        os.environ.setdefault(name, "")
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
