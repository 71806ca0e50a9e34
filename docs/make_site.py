"""The documentation as a site: ``python docs/make_site.py RESULT`` lays the pages out in build/docs and builds build/site.

The pages of docs/ are ``page.md`` (English) and ``page.zh.md``; the site is Chinese first, so that there an English page is
``page.en.md``. Beside them go the pictures of the gallery, made from the result folder of ``jxgis demo``, a page of the API
for each package (what its ``__init__.pyi`` names), the changelog and the architecture.
"""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import gallery

ROOT = Path(__file__).resolve().parents[1]
DOCS, STAGED = ROOT / "docs", ROOT / "build" / "docs"
#: What stands at a place of its own: the two languages of a page are switched in the head of the site.
SWITCH = re.compile(r"^\[(?:English|中文)\]\([\w.]+\)\n+", flags=re.MULTILINE)
NAMED = re.compile(r"(?<![\w/(\[`])(?:docs/)?((?:methods|profile|glossary|contract|howto)\w*)(?:\.zh)?\.md\b(?![`\])])")
#: A line end between two Chinese characters is not a space.
WITHIN_CHINESE = re.compile(r"(?<=[\u3001-\u9fff\uff01-\uff5e”])\n(?=[\u4e00-\u9fff（“《])")
_IN_ENGLISH = "本页由代码里的说明生成，为英文；中文的用法见[怎么做](../howto.md)和笔记本。 · Made of what the code says of itself, in English."
ALTERNATE = re.compile(r'<link rel="alternate"[^>]*hreflang[^>]*>')


def main(result: Path) -> int:
    """Lay out and build."""
    shutil.rmtree(STAGED, ignore_errors=True)
    STAGED.mkdir(parents=True)
    for folder in ("images", "assets"):
        shutil.copytree(DOCS / folder, STAGED / folder)
    for path in sorted(DOCS.glob("*.md")):
        lang = "zh" if path.name.endswith(".zh.md") else "en"
        stem = path.name.removesuffix(".md").removesuffix(".zh")
        write(f"{stem}.{lang}.md", path.read_text(encoding="utf-8"), lang)
    for name in ("CHANGELOG.md", "ARCHITECTURE.md"):
        write(name, (ROOT / name).read_text(encoding="utf-8"), "en")
    for stub in sorted((ROOT / "jxgis").rglob("__init__.pyi")):
        package = stub.parent.relative_to(ROOT).as_posix().replace("/", ".")
        write(f"api/{stub.parent.name}.md", api_page(package, stub), "en")
    gallery.make(result, STAGED / "gallery")
    for lang in ("zh", "en"):
        write(f"gallery.{lang}.md", gallery.page(STAGED / "gallery", lang), lang)
    environment = os.environ | {"NO_MKDOCS_2_WARNING": "1"}
    command = [sys.executable, "-m", "mkdocs", "build", "--strict"]
    built = subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode
    (ROOT / "build" / "site" / "404.html").unlink(missing_ok=True)  # a server's
    # By these the theme asks a server for the other language's pages; opened from a folder there is none.
    for path in (ROOT / "build" / "site").rglob("*.html"):
        path.write_text(ALTERNATE.sub("", path.read_text(encoding="utf-8")), encoding="utf-8", newline="\n")
    return built


def write(name: str, text: str, lang: str) -> None:
    """A page as the site has it."""
    path = STAGED / name
    path.parent.mkdir(exist_ok=True)
    parts = re.split(r"(^```.*?^```$)", SWITCH.sub("", text), flags=re.MULTILINE | re.DOTALL)
    for at in range(0, len(parts), 2):  # what is between fences stays
        parts[at] = NAMED.sub(lambda found: f"[{title(found[1], lang)}]({found[1]}.md)", parts[at])
        parts[at] = WITHIN_CHINESE.sub("", parts[at])
    path.write_text("".join(parts), encoding="utf-8", newline="\n")


def title(stem: str, lang: str) -> str:
    """The heading of a page."""
    path = DOCS / (f"{stem}.zh.md" if lang == "zh" else f"{stem}.md")
    return path.read_text(encoding="utf-8").partition("\n")[0].removeprefix("# ")


def api_page(package: str, stub: Path) -> str:
    """What a package names in its ``__init__.pyi``, each where it is defined; the packages below have pages of their own.

    Examples
    --------
    >>> "::: jxgis.hotspots.analysis.find_hotspots" in api_page("jxgis", ROOT / "jxgis" / "__init__.pyi")
    True
    """
    lines = [f"# {package}", "", _IN_ENGLISH, ""]
    for line in ast.parse(stub.read_text(encoding="utf-8")).body:
        if isinstance(line, ast.ImportFrom) and line.module:
            module = f"{package}.{line.module}"
            if (ROOT / module.replace(".", "/") / "__init__.pyi").is_file():  # has a page of its own
                names = ", ".join(f"`{name.name}`" for name in line.names)
                lines += [f"{names}: [{module}]({line.module}.md)", ""]
            else:
                lines += [f"::: {module}.{name.name}\n" for name in line.names]
        elif isinstance(line, ast.AnnAssign):
            lines += [f"`{ast.unparse(line)}`", ""]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
