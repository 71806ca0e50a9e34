"""The command line's own words in both languages: help, usage errors, progress."""

from __future__ import annotations

import difflib
import os
import re
import sys
from collections.abc import Iterable
from typing import Any, get_args

import typer
from typer.core import TyperCommand, TyperGroup

from jxgis.i18n import listed
from jxgis.privacy import hide_passwords

__all__ = [
    "OF_LAYER",
    "OF_LAYERS",
    "OF_SETTING",
    "Command",
    "Group",
    "UsageError",
    "plain",
    "say",
    "usage_message",
    "word",
]

#: A help text that begins so is what is said of the setting, of the layer; the last one lists the layers.
OF_SETTING, OF_LAYER, OF_LAYERS = "setting:", "layer:", "layers"

UsageError: type[Exception] = typer.BadParameter.__mro__[1]
_HelpFormatter: Any = typer.Context.formatter_class

_OBEYED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")

_HELP = ("help", "帮助")
_HEADINGS = {"Options": "选项", "Commands": "命令", "Arguments": "参数"}
_PHRASES = {
    "[required]": "[必填]",
    "[default: ": "[默认：",
    "Show this message and exit.": "显示本帮助。",
    "[OPTIONS]": "[选项]",
    "COMMAND [ARGS]...": "命令 [参数]…",
}


def _lang_of(arguments: list[str]) -> str:
    """The language asked for: ``--lang``, else the environment's ``JXGIS_LANG``, else Chinese.

    Examples
    --------
    >>> _lang_of(["report", "--lang", "en"]), _lang_of(["--lang=en"]), _lang_of([])
    ('en', 'en', 'zh')
    """
    for number, argument in enumerate(arguments):
        if argument == "--lang" and number + 1 < len(arguments):
            return "en" if arguments[number + 1] == "en" else "zh"
        if argument.startswith("--lang="):
            return "en" if argument == "--lang=en" else "zh"
    return "en" if os.environ.get("JXGIS_LANG") == "en" else "zh"


LANG = _lang_of(sys.argv[1:])


def word(zh: str, en: str) -> str:
    """The text in the language of this run."""
    return en if LANG == "en" else zh


def plain(text: str) -> str:
    r"""A text without passwords and what a terminal obeys: signs that control it, and those that turn the direction of writing.

    Line feeds stay: messages have them.

    Examples
    --------
    >>> plain("\x1b]0;x\x07\x1b[2J东栅\u202e\r\n")
    '�]0;x��[2J东栅��\n'
    """
    return _OBEYED.sub("\ufffd", hide_passwords(text))


def say(message: str, *, error: bool = False) -> None:
    """Print one line: to the standard error stream where it is an error."""
    typer.echo(plain(message), err=error)


def _translated(text: str) -> str:
    if LANG == "en":
        return text
    for english, chinese in _PHRASES.items():
        text = text.replace(english, chinese)
    return text


class _Formatter(_HelpFormatter):  # type: ignore[misc]  # typer keeps its formatter out of its public names
    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        super().write_usage(prog, _translated(args), word("用法：", "Usage: ") if prefix is None else prefix)

    def write_heading(self, heading: str) -> None:
        super().write_heading(word(_HEADINGS.get(heading, heading), heading))

    def write_dl(self, rows: Any, **kwargs: Any) -> None:
        super().write_dl([(first, _translated(second)) for first, second in rows], **kwargs)


class _Context(typer.Context):
    formatter_class = _Formatter


class Command(TyperCommand):
    """A command whose help speaks the run's language, and says of an option what its setting says of itself."""

    context_class = _Context

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write the help; the settings are asked only now, so that a command starts without them."""
        for parameter in self.get_params(ctx):
            if isinstance(help_text := getattr(parameter, "help", None), str):
                parameter.help = _said(help_text)  # type: ignore[attr-defined]  # options and arguments have one
        super().format_help(ctx, formatter)


def _said(help_text: str) -> str:
    """A help text: what is said of the setting or the layer that it names, else itself."""
    if help_text.startswith(OF_SETTING):
        from jxgis._toml import kind_at
        from jxgis.settings import about, default, option_at

        model, name = option_at(help_text.removeprefix(OF_SETTING))
        value = default(model, name)
        shown = "" if value in (None, (), {}) else listed(value if isinstance(value, tuple) else [value], LANG)
        end = word(f" [默认：{shown}]", f" [default: {shown}]") if shown else ""
        kind = kind_at(model, [model.model_fields[name].alias or name])
        if tuple[str, ...] in (kind, *get_args(kind)):
            end = word("；多项用逗号分隔", "; several by commas") + end
        return _capital(about(model, name).of(LANG)) + end
    if help_text.startswith(OF_LAYER):
        from jxgis.schema.layers import contract

        return _capital(contract(help_text.removeprefix(OF_LAYER)).about.of(LANG))
    if help_text == OF_LAYERS:
        from jxgis.schema.layers import contract, layers

        each = " ".join(f"{name}{word(f'（{contract(name).title.zh}）', '')}" for name in layers())
        return word(
            f"{each}；或城市配置中 [layers] 增加的图层（用 --project）",
            f"One of {each}; or, with --project, of [layers] of the city's profile",
        )
    return help_text


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


class _NoCommandError(UsageError):  # type: ignore[misc, valid-type]  # typer keeps the class out of its public names
    def __init__(self, given: str, known: list[str]) -> None:
        near = _near(given, known)
        there = word(f"；可用的有 {listed(known, LANG)}", f"; there are {listed(known, LANG)}")
        super().__init__(word(f"没有命令 {given}", f"No command {given!r}") + (near or there))


def _near(given: str, known: Iterable[str]) -> str:
    """The end of a sentence that names the nearest of what there is, if anything is near."""
    from jxgis.errors import near

    plain = {name.lstrip("-"): name for name in known}
    meant = plain.get(near(given.lstrip("-"), plain) or "")
    return word(f"，是否为 {meant}", f", did you mean {meant}") if meant else ""


def _in_place(error: Any) -> str:
    """That what was given as an option stands by itself here, where the command has it so: ``report jxgis.toml``."""
    known = [] if error.ctx is None else error.ctx.command.params
    arguments = {one.name: one.metavar for one in known if one.param_type_name == "argument"}
    near = difflib.get_close_matches(error.option_name.lstrip("-"), arguments, n=1, cutoff=0.8)
    if not near:
        return ""
    usage = f"{error.ctx.command_path} {arguments[near[0]]}"
    return word(f"，这里不写选项名：{usage}", f", it stands by itself here: {usage}")


class Group(TyperGroup):
    """The program, likewise."""

    context_class = _Context

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Find the command; of one that is not there, the nearest is named. ``help`` is asked for as ``--help`` is."""
        if args and args[0] in _HELP:
            say(ctx.get_help())
            ctx.exit()
        if args and self.get_command(ctx, args[0]) is None and not args[0].startswith("-"):
            raise _NoCommandError(args[0], self.list_commands(ctx))
        return super().resolve_command(ctx, args)


def usage_message(error: Any) -> str:
    """A wrong command line in words, with what to do about it."""
    name = type(error).__name__
    hint = word("；用 --help 查看用法。", "; see --help.")
    if name == "NoArgsIsHelpError":
        return str(error.format_message())
    if name == "_NoCommandError":
        return f"{error.message}{hint}"
    if name == "NoSuchOption":
        no_such = word(f"没有选项 {error.option_name}", f"No such option {error.option_name}")
        return f"{no_such}{_in_place(error) or _near(error.option_name, _options(error))}{hint}"
    if LANG == "en":
        return f"{error.format_message().rstrip('.')}{_as_project(error)}{hint}"
    if name == "MissingParameter":
        return f"缺少 {_parameter(error.param)}{hint}"
    if name == "BadParameter":
        rule = error.message.rstrip(".")
        if "integer" in rule:
            rule = "须为整数"
        elif "number" in rule:
            rule = "须为数字"
        elif "is not one of" in rule:
            rule = "可用的有 " + rule.split("is not one of")[1].strip()
        return f"{_parameter(error.param)} 的取值不可用（{rule}）{hint}"
    if name == "BadOptionUsage":
        return f"选项 {error.option_name} 后面缺少取值{hint}"
    if "unexpected extra argument" in error.format_message():
        return f"多余的参数：{_extra(error)}{_as_project(error)}{hint}"
    return f"命令行有误：{error.format_message().rstrip('.')}{hint}"


def _extra(error: Any) -> str:
    return str(error.format_message().split("(")[-1].rstrip(")."))


def _as_project(error: Any) -> str:
    """That a settings file which stands by itself is given by an option, where the command has it so."""
    if error.ctx is None or "unexpected extra argument" not in error.format_message():
        return ""
    options = _options(error)
    files = [each for each in _extra(error).split() if each.endswith(".toml")]
    if not files or "--project" not in options:
        return ""
    return word(f"，是否为 --project {files[0]}", f", did you mean --project {files[0]}")


def _options(error: Any) -> list[str]:
    params = [] if error.ctx is None else error.ctx.command.get_params(error.ctx)
    return [option for one in params if one.param_type_name == "option" for option in one.opts]


def _parameter(parameter: Any) -> str:
    if parameter is None:
        return "参数"
    longest = max(parameter.opts, key=len)
    return longest if longest.startswith("-") else str(parameter.metavar or parameter.name)
