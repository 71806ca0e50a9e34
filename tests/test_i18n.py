"""Every text is there in both languages, with the same fields, and used."""

from __future__ import annotations

import ast
import re
import string
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from jxgis.i18n import text
from jxgis.schema.columns import declared
from jxgis.schema.tables import table, tables
from jxgis.settings import Settings

CODE = Path(__file__).parents[1] / "jxgis"
#: Fields that one language says in another way.
DIFFERENT = {"maps.wide_name": {"n", "more"}}
THEMES = {path.stem: tomllib.loads(path.read_text(encoding="utf-8")) for path in (CODE / "i18n").glob("*.toml")}
KEYS = [(theme, key) for theme, texts in THEMES.items() for key in texts]


def fields(words: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(words) if name}


#: Words in the singular and the plural, as a text has them: ``[row is|rows are]``.
ONE_OR_MORE = re.compile(r"\[(?:(\w+):)?([^\[\]{}|]*)\|([^\[\]{}|]*)\]")
#: Fields before such a word that are no count, or never 1: bounds, and the cells of a whole city.
NEVER_ONE = {
    *(("common.small_counts" + form, "n") for form in ("", "_blank")),
    ("maps.painted_note", "n"),
    ("report.few_issues", "least"),
    *(("report.finding_diversity" + form, "fewest") for form in ("", "_alike", "_few", "_several")),
    *(("report.ground_" + ground, "cells") for ground in ("all", "built_up")),
    ("report.key_places_untold", "n"),
    *((f"report.note_{part}_method", "least") for part in ("clusters", "weak")),
    ("report.on_time_note", "n"),
    *(("scorecard.projects_" + form, "items") for form in ("mixed", "shares")),
    ("store.other_content", "store"),
}


def strings() -> Iterator[str]:
    """Patterns of all texts in the code: a filled-in part of one matches anything."""
    for path in CODE.rglob("*.py"):
        nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
        filled = [node for node in nodes if isinstance(node, ast.JoinedStr)]
        within = {id(part) for node in filled for part in node.values}
        for node in nodes:
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in within:
                yield re.escape(node.value)
        for node in filled:
            parts = [re.escape(part.value) if isinstance(part, ast.Constant) else r"\w*" for part in node.values]
            if "".join(parts).strip(r"\w*. "):
                yield "".join(parts)
    for path in CODE.rglob("*.html"):
        yield from map(
            re.escape, re.findall(r'"([a-z_]+\.(?!css)[a-z0-9_]*[a-z0-9])"', path.read_text(encoding="utf-8"))
        )


def said_of(pattern: str) -> str:
    """What of a pattern is not filled in."""
    return pattern.replace(r"\w*", "")


PATTERNS = sorted(set(strings()))
#: Themes whose texts are looked up by a name that stands elsewhere: "compare.{key}" alone uses none of them.
LOOKED_UP = {theme for theme in THEMES for p in PATTERNS if p != said_of(p) == rf"{theme}\."}
ANY = {rf"{theme}\." for theme in LOOKED_UP}
TEXT = re.compile(
    "|".join(f"(?:{p})" for p in PATTERNS if re.match(r"[a-z_]+\\\.[a-z_\\]", p) and said_of(p) not in ANY)
)
WORD = re.compile(
    "|".join(f"(?:{p})" for p in PATTERNS if re.fullmatch(r"[\w\\*]+", p) and len(said_of(p).strip("_")) > 2)
)


def test_every_text_is_whole_in_both_languages() -> None:
    for theme, key in KEYS:
        words = THEMES[theme][key]
        assert set(words) == {"zh", "en"}, key
        assert fields(words["zh"]) ^ fields(words["en"]) == DIFFERENT.get(f"{theme}.{key}", set()), key


def test_an_english_text_says_one_issue_not_one_issues() -> None:
    """What is counted anywhere in two numbers is so everywhere: no figure stands before such a word in the plural alone."""
    said = {f"{theme}.{key}": THEMES[theme][key]["en"] for theme, key in KEYS}
    nouns = {many.split()[0] for words in said.values() for _, one, many in ONE_OR_MORE.findall(words) if one}
    plurals = "|".join(sorted(noun for noun in nouns if noun.endswith("s")))
    counted = re.compile(rf"\{{(\w+)[^{{}}]*\}} (?:(?!beside|of|to|in)[a-z]+ )?(?:{plurals})\b")
    found = {(key, match[1]) for key, words in said.items() for match in counted.finditer(ONE_OR_MORE.sub("", words))}
    assert found == NEVER_ONE


def test_an_english_text_has_the_quotes_of_a_typewriter() -> None:
    """A Chinese face, which pages and figures are set in, has the others as wide as a Chinese sign."""
    assert not [key for key in KEYS if re.search("[“”‘’]", THEMES[key[0]][key[1]]["en"])]
    assert text("hotspots.rate_i_axis", "en").isascii()


def test_the_first_of_one_is_the_first() -> None:
    assert text("trends.sheet_list", "en", n=1) == "The first"
    assert text("report.top_class_peaks", "en", name="Graffiti", n=1) == "Graffiti: the first local peak"
    assert text("trends.sheet_list", "en", n=12) == "The first 12"


def test_no_text_is_unused() -> None:
    styles = [style for name in tables() if (style := table(name).style) is not None]
    unused = {f"{theme}.{key}" for theme, key in KEYS if not (theme in LOOKED_UP and WORD.fullmatch(key))}
    unused -= {said for style in styles for said in style.says}
    assert not sorted(name for name in unused if not TEXT.fullmatch(name))


def test_every_text_asked_for_is_there() -> None:
    asked = {p.replace("\\", "") for p in PATTERNS if re.fullmatch(rf"(?:{'|'.join(THEMES)})\\\.[a-z0-9_]+", p)}
    asked = {
        key
        for key in asked
        if not key.endswith((".json", ".gpkg", ".html", ".js", ".xlsx", ".toml", ".docx", ".pdf", ".txt", ".typ"))
    }
    asked -= set(tables())  # names of tables look alike, and so do those of options
    sections = {name: field.annotation for name, field in Settings.model_fields.items()}
    asked -= {
        f"{name}.{key}"
        for name, model in sections.items()
        if hasattr(model, "model_fields")
        for key in model.model_fields
    }
    assert not {key for key in asked if key.partition(".")[2] not in THEMES[key.partition(".")[0]]}


def test_texts_and_titles_keep_to_the_glossary() -> None:
    # Of the words that docs/glossary.md says not to use those that mean nothing else.
    avoided = re.compile("候选地块|备选|责任区|拒收|筛除|格网|方格|街区|街坊|水系|案件|工单|分区|门槛|住宅")
    titles = {f"columns.{name}": said["zh"] for name, said in declared().items() if "zh" in said}
    said = {f"{theme}.{key}": THEMES[theme][key]["zh"] for theme, key in KEYS} | titles
    assert not {key: words for key, words in said.items() if avoided.search(words)}


def test_pages_and_notebooks_keep_to_the_glossary(root: Path) -> None:
    # 街区 of other cities are not blocks, and a city may be a 方格网.
    avoided = re.compile("候选地块|责任区|拒收|筛除|(?<!方)格网|方格(?!网)|水系|案件|工单|分区|门槛|住宅")
    paths = [*root.glob("docs/*.zh.md"), root / "README.zh.md", *root.glob("notebooks/*.ipynb")]
    found = {
        (path.name, line)
        for path in paths
        if path.name != "glossary.zh.md"
        for line in path.read_text(encoding="utf-8").splitlines()
        if avoided.search(line)
    }
    assert len(paths) > 20
    assert not found


def test_english_texts_and_titles_are_english() -> None:
    said = {f"{theme}.{key}": THEMES[theme][key]["en"] for theme, key in KEYS}
    said |= {f"columns.{name}": entry["en"] for name, entry in declared().items() if "en" in entry}
    assert not {key: words for key, words in said.items() if re.search("[\u4e00-\u9fff]", words)}


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("大桥", "缺口最大的是大桥。"), ("South Boston", "缺口最大的是 South Boston。"), ("A座", "缺口最大的是 A座。"),
        ("北A", "缺口最大的是北A。"),
    ],
)  # fmt: skip
def test_a_latin_name_stands_apart_from_the_chinese_before_it(name, said):
    words = text("report.coverage_lead", "zh", by="步行覆盖率", n=2, below=1, target=90, worst=name)
    assert words.endswith(said)


def test_what_is_put_in_stays_as_it_is():
    assert text("clusters.key_note", "zh", share="47 %") == "47 % 的问题在其中"
    assert text("report.missing", "zh", part="A{b}区C", why="无A有") == "A{b}区C：本次没有结果。无A有"


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_report_without_targets_tells_its_reader_no_option_of_the_command_line(lang):
    said = text("scorecard.no_plan", lang)
    assert "--" not in said
    assert "plan_targets" in said
