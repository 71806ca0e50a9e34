"""The command line's own words in both languages: help, usage errors, progress."""

from __future__ import annotations

import os
import re
import sys
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

__all__ = ["Command", "Group", "UsageError", "lang_of", "plain", "say", "usage_message", "word"]

UsageError: type[Exception] = typer.BadParameter.__mro__[1]
_HelpFormatter: Any = typer.Context.formatter_class

_OBEYED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")

_HEADINGS = {"Options": "选项", "Commands": "命令", "Arguments": "参数"}
_PHRASES = {
    "[required]": "[必填]",
    "[default: ": "[默认：",
    "Show this message and exit.": "显示本帮助。",
    "[OPTIONS]": "[选项]",
    "COMMAND [ARGS]...": "命令 [参数]…",
}


def lang_of(arguments: list[str]) -> str:
    """The language asked for: ``--lang``, else the environment's ``JXGIS_LANG``, else Chinese.

    Examples
    --------
    >>> lang_of(["report", "--lang", "en"]), lang_of(["--lang=en"]), lang_of([])
    ('en', 'en', 'zh')
    """
    for number, argument in enumerate(arguments):
        if argument == "--lang" and number + 1 < len(arguments):
            return "en" if arguments[number + 1] == "en" else "zh"
        if argument.startswith("--lang="):
            return "en" if argument == "--lang=en" else "zh"
    return "en" if os.environ.get("JXGIS_LANG") == "en" else "zh"


LANG = lang_of(sys.argv[1:])


def word(zh: str, en: str) -> str:
    """The text in the language of this run."""
    return en if LANG == "en" else zh


def plain(text: str) -> str:
    r"""A text without what a terminal obeys: signs that control it, and those that turn the direction of writing.

    Line feeds stay: messages have them.

    Examples
    --------
    >>> plain("\x1b]0;x\x07\x1b[2J东栅\u202e\r\n")
    '�]0;x��[2J东栅��\n'
    """
    return _OBEYED.sub("\ufffd", text)


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
    """A command whose help speaks the run's language."""

    context_class = _Context


class Group(TyperGroup):
    """The program, likewise."""

    context_class = _Context


def usage_message(error: Any) -> str:
    """A wrong command line in words, with what to do about it."""
    name = type(error).__name__
    hint = word("；用 --help 查看用法。", "; see --help.")
    if name == "NoArgsIsHelpError":
        return str(error.format_message())
    if LANG == "en":
        return f"{error.format_message().rstrip('.')}{hint}"
    if name == "NoSuchOption":
        near = "，是否为 " + "、".join(error.possibilities) if error.possibilities else ""
        return f"没有选项 {error.option_name}{near}{hint}"
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
    if "No such command" in error.format_message():
        return f"没有这个命令：{error.format_message().split(chr(39))[1]}{hint}"
    if "unexpected extra argument" in error.format_message():
        return f"多余的参数：{error.format_message().split('(')[-1].rstrip(').')}{hint}"
    return f"命令行有误：{error.format_message().rstrip('.')}{hint}"


def _parameter(parameter: Any) -> str:
    if parameter is None:
        return "参数"
    longest = max(parameter.opts, key=len)
    return longest if longest.startswith("-") else str(parameter.metavar or parameter.name)
