"""Chinese and English texts: what a map, a report or a message says is data, not code."""

from __future__ import annotations

import re
import tomllib
import unicodedata
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd

__all__ = [
    "LANGS",
    "MANY",
    "Lang",
    "Sketch",
    "Table",
    "Text",
    "clauses",
    "counted",
    "decimals",
    "few",
    "listed",
    "localise_reasons",
    "number_words",
    "reason",
    "rows_said",
    "seamed",
    "set_apart",
    "sketch_mark",
    "text",
    "text_pair",
    "typed",
    "unbroken",
    "wide_signs",
]

Lang: TypeAlias = Literal["zh", "en"]
#: Whether what is drawn is marked: as schematic, or for its ``"borders"`` alone, which nobody declared official.
Sketch: TypeAlias = bool | Literal["borders"]
Table = TypeVar("Table", bound="pd.DataFrame")
LANGS: tuple[Lang, ...] = ("zh", "en")
#: The space between a number and its unit, or the sign it counts by.
_BEFORE_UNIT = re.compile(r"(?<=\d) (?=[%‰\u4e00-\u9fff]|(?:pp|[km]?m[²³]?|ha|min|h|s)\b)")
#: The spaces of a condition: q ≤ 0.05.
_OF_CONDITION = re.compile(r"(?<=\b[pqz]) (?=[<≤=≥>] \d)|(?<=[<≤=≥>]) (?=\d)")
#: What an English heading begins with before the number of what it lists.
_FIRST_OF = re.compile(r"\b([Ff]irst|top) \{(\w+)\}")
_FEW = 5
#: Decimals beyond those of a column that a small number is given: of km² in hundredths, tens of m².
_FURTHER = 3
#: As many names as a sentence holds: the districts of Jiaxing.
MANY = 12
#: Where a value meets a sentence; no text holds it (it is no character).
_SEAM = "\ufdd0"
_CHINESE = "[\u4e00-\u9fff]"
_FIELD_EDGE = re.compile(rf"(?<={_CHINESE})(?=\{{[^{{}}])|(?<=[^{{}}]\}})(?={_CHINESE})")
#: What words of a text count, in the singular and in the plural: ``{n} [row is|rows are]``; ``[n:is|are]`` names a field
#: that is not the last one before.
_ONE_OR_MORE = re.compile(r"\[(?:(\w+):)?([^\[\]{}|]*)\|([^\[\]{}|]*)\]")
_FIELD = re.compile(r"\{(\w+)[^{}]*\}")
_NAME_EDGE = re.compile(f"(?<={_CHINESE}){_SEAM}(?=[A-Za-z])|(?<=[A-Za-z%]){_SEAM}(?={_CHINESE})")


class Text(NamedTuple):
    """One text in both languages.

    Examples
    --------
    >>> Text(zh="公园", en="parks").of("zh")
    '公园'
    """

    zh: str
    en: str

    def of(self, lang: str) -> str:
        """The text in ``lang``; anything but ``"en"`` is Chinese."""
        return self.en if lang == "en" else self.zh


@cache
def _theme(theme: str) -> dict[str, dict[str, str]]:
    source = resources.files("jxgis.i18n").joinpath(f"{theme}.toml")
    return tomllib.loads(source.read_text(encoding="utf-8"))


def text(key: str, lang: str, /, **values: object) -> str:
    """Look a text up by ``theme.key`` and fill its fields in.

    Parameters
    ----------
    key
        ``"theme.key"``: the file ``i18n/{theme}.toml``, and in it the table ``[key]`` with ``zh`` and ``en``.
    lang
        ``"zh"`` or ``"en"``.
    **values
        Values of the ``{fields}`` in the text.

    Returns
    -------
    str

    Raises
    ------
    KeyError
        If there is no such text: a fault of the program, not of its input.

    Examples
    --------
    >>> text("common.sketch", "zh")
    '示意数据，非官方边界'
    >>> text("clusters.outside", "en", n=1), text("clusters.outside", "en", n="1,200")
    ('1 issue lies outside the city and takes no part.', '1,200 issues lie outside the city and take no part.')
    >>> text("scan.table_space", "en", n=1), text("scan.table_space", "en", n=10)
    ('Clusters, the first', 'Clusters, the first 10')
    """
    theme, _, name = key.partition(".")
    found = _theme(theme)[name]["en" if lang == "en" else "zh"]
    return set_apart(_with_seams(_counting(found, values)).format(**values)) if values else found


def _counting(words: str, values: dict[str, object]) -> str:
    """A text with its words in the singular or in the plural, as the figure that they count has it."""

    def one_or_more(found: re.Match[str]) -> str:
        field = found[1] or _FIELD.findall(words, 0, found.start())[-1]
        return found[2] if is_one(field) else found[3]

    def is_one(field: str) -> bool:
        return str(values[field]) in {"1", seamed("1")}

    words = _ONE_OR_MORE.sub(one_or_more, words) if "|" in words else words
    return _FIRST_OF.sub(lambda found: found[1] if is_one(found[2]) else found[0], words)


@cache
def _with_seams(words: str) -> str:
    """A text with its fields, marked where one meets Chinese."""
    return _FIELD_EDGE.sub(_SEAM, words)


def seamed(value: str) -> str:
    """A value that `set_apart` tells from the sentence it is put into."""
    return f"{_SEAM}{value}{_SEAM}"


def set_apart(words: str) -> str:
    """A filled sentence in which a Latin name or a percentage stands apart from the Chinese beside it; names stay as they are.

    Examples
    --------
    >>> [set_apart(f"缺口最大的是{seamed(name)}区。") for name in ("大桥", "South Boston", "A座")]
    ['缺口最大的是大桥区。', '缺口最大的是 South Boston 区。', '缺口最大的是 A座区。']
    """
    return _NAME_EDGE.sub(" ", words).replace(_SEAM, "")


def sketch_mark(sketch: Sketch, lang: str) -> str:
    """The mark of what is drawn of made-up polygons, or of some that nobody declared official; empty for official ones.

    Examples
    --------
    >>> sketch_mark(True, "en"), sketch_mark("borders", "en"), sketch_mark(False, "en")
    ('Schematic data, not official boundaries', 'Boundaries not declared official', '')
    """
    if not sketch:
        return ""
    return text("common.sketch_borders" if sketch == "borders" else "common.sketch", lang)


def listed(items: Iterable[object], lang: str) -> str:
    """Several things one after the other, as a language separates them; one that holds the separator stands in quotes.

    Examples
    --------
    >>> listed(["老城", "塘汇"], "zh"), listed(["老城", "塘汇"], "en"), listed(["甲、乙", "丙"], "zh")
    ('老城、塘汇', '老城, 塘汇', '“甲、乙”、丙')

    English has the typewriter's quotes: in a Chinese face the others are as wide as a Chinese sign.

    >>> listed(["三水湾, 建设街道", "月河"], "en")
    '"三水湾, 建设街道", 月河'
    """
    mark, quoted = (", ", '"{}"') if lang == "en" else ("、", "“{}”")
    words = [str(item) for item in items]
    return mark.join(quoted.format(word) if mark in word and len(words) > 1 else word for word in words)


def typed(value: object) -> str:
    """A value as it is typed: a number without the zeros that say nothing.

    Examples
    --------
    >>> typed(3.50), typed(2025.0), typed("老城")
    ('3.5', '2025', '老城')
    """
    return f"{value:g}" if isinstance(value, float) else str(value)


def number_words(value: float, digits: int) -> str:
    """A number with so many decimals, and with a few more where what is something would read as nothing.

    Examples
    --------
    >>> number_words(1234.5, 2), number_words(0.0042, 2), number_words(-0.04, 1), number_words(0.0, 2)
    ('1,234.50', '0.004', '−0.04', '0.00')
    >>> number_words(-1e-9, 2), number_words(0.3, 0)
    ('0.00', '0')
    """
    enough = decimals(value, digits)
    words = f"{abs(value):,.{enough}f}"
    return f"−{words}" if round(value, enough) < 0 else words


def decimals(value: float, digits: int) -> int:
    """As many decimals as a column's numbers have, and a few more where what is something would read as nothing.

    Examples
    --------
    >>> decimals(3.5, 2), decimals(0.0042, 2), decimals(0.0, 2), decimals(0.3, 0)
    (2, 3, 2, 0)
    """
    more = range(digits, digits + _FURTHER + 1) if digits else ()
    return next((enough for enough in more if round(value, enough)), digits)


def few(items: Iterable[object], measure: str = " 个", most: int = _FEW) -> Text:
    """Several things, or the first five of many and how many there are.

    Parameters
    ----------
    items
        What is named.
    measure
        The word by which Chinese counts them.
    most
        As many as are all named.

    Examples
    --------
    >>> few("abc").zh, few("abcdefg").zh, few("abcdefg").en, few("abcdefg", most=7).zh
    ('a、b、c', 'a、b、c、d、e 等 7 个', 'a, b, c, d, e and 2 more', 'a、b、c、d、e、f、g')
    """
    words = [*items]
    if len(words) <= most:
        return Text(zh=listed(words, "zh"), en=listed(words, "en"))
    n = Text(zh=f"{len(words)}{measure}", en=f"{len(words) - _FEW} more")
    return text_pair("common.few", first=words[:_FEW], n=n)


def rows_said(rows: Iterable[object]) -> Text:
    """The rows of a file, the first five of many by number.

    Examples
    --------
    >>> rows_said([2]).en, rows_said([1, 3]).zh, rows_said(range(1, 10)).zh
    ('row 2', '第 1、3 行', '第 1、2、3、4、5 等 9 行')
    """
    numbers = [*rows]
    return text_pair("common.row" if len(numbers) == 1 else "common.rows", rows=few(numbers, ""))


def counted(n: int, one: str, more: str) -> str:
    """A number and what it counts in English, in the singular or in the plural.

    Examples
    --------
    >>> counted(1, "row is", "rows are"), counted(2, "row is", "rows are")
    ('1 row is', '2 rows are')
    """
    return f"{n} {one if n == 1 else more}"


def clauses(said: Iterable[str], lang: str) -> str:
    """Clauses of a sentence one after the other, as a language parts them; those that say nothing are left out."""
    return ("; " if lang == "en" else "；").join(filter(None, said))


def sentences(said: Iterable[str], lang: str) -> str:
    """Sentences one after the other, as a language sets them; those that say nothing are left out.

    Examples
    --------
    >>> sentences(["One.", "", "Two."], "en"), sentences(["一。", "二。"], "zh")
    ('One. Two.', '一。二。')
    """
    return (" " if lang == "en" else "").join(filter(None, said))


def unbroken(words: str) -> str:
    r"""Words in which no line ends between a number and its unit, nor within a condition.

    Parameters
    ----------
    words
        A sentence, with ordinary spaces.

    Examples
    --------
    >>> unbroken("在 9 个片区占 83.8 %").split(" ")
    ['在', '9\xa0个片区占', '83.8\xa0%']
    >>> unbroken("hot: q ≤ 0.05").split(" ")
    ['hot:', 'q\xa0≤\xa00.05']
    """
    return _OF_CONDITION.sub("\u00a0", _BEFORE_UNIT.sub("\u00a0", words))


def wide_signs(words: str) -> int:
    """How many signs are twice as wide as a Latin letter, as Chinese ones are.

    Examples
    --------
    >>> wide_signs("公园 12")
    2
    """
    return 0 if words.isascii() else sum(unicodedata.east_asian_width(sign) in "WF" for sign in words)


def text_pair(key: str, /, **values: object) -> Text:
    """A text in both languages; lists are joined, and texts filled in, as each language has them.

    Examples
    --------
    >>> text_pair("common.sketch").en
    'Schematic data, not official boundaries'
    """

    def word(value: object, lang: Lang) -> object:
        if isinstance(value, Text):
            return value.of(lang)
        if isinstance(value, list):
            return listed((word(item, lang) for item in value), lang)
        return value

    def filled(lang: Lang) -> str:
        return text(key, lang, **{name: word(value, lang) for name, value in values.items()})

    return Text(zh=filled("zh"), en=filled("en"))


def reason(codes: str, lang: str) -> str:
    """A reason in words.

    Parameters
    ----------
    codes
        One code of ``i18n/reasons.toml``, or several joined by ``;``. What is not a code stands as it is.
    lang
        ``"zh"`` or ``"en"``.

    Examples
    --------
    >>> reason("no_housing", "zh")
    '没有居住用地'
    """
    known = _theme("reasons")
    words = [known.get(code.strip(), {}).get("en" if lang == "en" else "zh", code.strip()) for code in codes.split(";")]
    return clauses(words, lang)


def localise_reasons(table: Table, lang: str) -> Table:
    """A copy of a table with the codes of its columns ``reason`` and ``no_site`` in words.

    Parameters
    ----------
    table
        Any table; without such a column it comes back as it is.
    lang
        ``"zh"`` or ``"en"``.
    """
    for column in ("reason", "no_site"):
        if column in table.columns:
            words = {codes: reason(str(codes), lang) for codes in table[column].dropna().unique()}
            # As text even where no row has a reason: a column of nothing would be written as numbers.
            table = table.assign(**{column: table[column].map(words).astype("str")})
    return table
