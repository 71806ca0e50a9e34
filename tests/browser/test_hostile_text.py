"""Every command on a city whose every text is an attack: nothing runs, and each text is shown to the letter."""

from __future__ import annotations

import re
import sys
import zipfile
from pathlib import Path

import docx
import pyogrio
import pypdf
import pytest
from docx.oxml.ns import qn
from hostile_city import CLASS_POISON, FILE_POISON, POISON, text, write_hostile_city

#: What each command is called with, beside the project.
COMMANDS = {
    "hotspots": ["hotspots"],
    "parks": ["parks"],
    "units": ["units"],
    "score": ["score"],
    "allocate": ["allocate"],
    "scorecard": ["scorecard"],
    "circle": ["circle"],
    "weak": ["weak"],
    "clusters": ["clusters", "--set", "clusters.points=true", "--min-points", "3"],
    "scan": ["scan"],
    "trends": ["trends"],
    "cycle": ["cycle", "--schedule", f"allocate{FILE_POISON}/allocation.xlsx"],
    "check_issues": ["check", "issues"],
    "check_parks": ["check", "parks"],
    "report": ["report"],
    "report_en": ["report"],
}
PAGES = (
    "hotspots/maps/hotspots.html",
    "parks/maps/parks.html",
    "parks/maps/parks_change.html",
    "units/maps/units.html",
    "score/maps/scores.html",
    "score/score_cards.html",
    "allocate/maps/allocation.html",
    "scorecard/maps/scorecard.html",
    "circle/maps/circle.html",
    "weak/maps/weak.html",
    "clusters/maps/clusters.html",
    "scan/maps/scan.html",
    "trends/maps/trends.html",
    "report/index.html",
    "report_en/index.html",
    "report_en/maps/hotspots.html",
)


pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """Run all commands in one folder; its subfolders are named after ``COMMANDS``, with an attack behind the name."""
    from jxgis import cli

    root = tmp_path_factory.mktemp("hostile")
    settings = write_hostile_city(root / f"城{FILE_POISON}")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(root)
        for name, words in COMMANDS.items():
            called = list(words)
            if called[0] == "check":
                called.append(str(next(settings.parent.glob(f"{called[1]}*"))))
            called += [str(settings)] if called[0] == "report" else ["--project", str(settings)]
            called += ["--out", name + FILE_POISON, "--lang", "en" if name.endswith("_en") else "zh"]
            patch.setattr(sys, "argv", ["jxgis", *called])
            assert cli._run() == 0, name
    return root


def file_of(results: Path, name: str) -> Path:
    command, _, rest = name.partition("/")
    return results / f"{command}{FILE_POISON}" / rest


def attacked(words: str) -> list[str]:
    """What follows each ``§`` and its tag, where an attack begins."""
    return [found[1] for found in re.finditer(r"§[^{]{0,12}(.{7})", words)]


def test_no_text_runs_in_the_process(results):
    assert list(results.rglob("PWNED*")) == []
    made = {path.name for path in results.iterdir()}
    assert made == {f"{name}{FILE_POISON}" for name in COMMANDS} | {f"城{FILE_POISON}"}


def test_tables_hold_the_texts_to_the_letter(results):
    parks = pyogrio.read_dataframe(file_of(results, "parks/parks.gpkg"), layer="parks")
    assert set(parks["name"]) == {text("一园"), text("二园")}
    cells = pyogrio.read_dataframe(file_of(results, "hotspots/hotspots.gpkg"), layer="cells")
    assert CLASS_POISON in set(cells["issue_class"])
    units = pyogrio.read_dataframe(file_of(results, "units/units.gpkg"), layer="units")
    assert set(units["district"]) == {text("西"), text("东")}


def test_no_text_is_a_formula_in_a_workbook(results):
    books = list(results.rglob("*.xlsx"))
    assert books
    for book in books:
        with zipfile.ZipFile(book) as archive:
            sheets = {name: archive.read(name).decode("utf-8") for name in archive.namelist() if name.endswith(".xml")}
        assert not [name for name, xml in sheets.items() if re.search(r"<f[ >]", xml)]
        follows = attacked("".join(sheets.values()))
        assert set(follows) <= {"{{7*7}}"}, book.name


def test_the_document_shows_the_texts_to_the_letter(results):
    file = docx.Document(str(file_of(results, "report/report.docx")))
    words = "".join(part.text or "" for part in file.element.iter(qn("w:t")))
    paper = "".join(
        "".join(page.extract_text().split()) for page in pypdf.PdfReader(file_of(results, "report/report.pdf")).pages
    )
    for said in (words, paper):
        assert set(attacked(said)) == {"{{7*7}}"}


def test_every_page_is_one_of_those_looked_at_or_alike(results):
    written = {path.relative_to(results).as_posix().replace(FILE_POISON, "") for path in results.rglob("*.html")}
    assert set(PAGES) <= written
    assert {Path(name).name for name in written} == {Path(name).name for name in PAGES}


@pytest.mark.browser
@pytest.mark.parametrize("name", PAGES)
def test_a_page_shows_the_texts_and_runs_none(results, visit, name):
    found = visit(file_of(results, name))
    page = found.page
    page.wait_for_load_state("load")
    texts = [page.evaluate("() => document.title")]
    if "/maps/" in name:
        page.wait_for_selector(".jx-legend")
        for overlay in page.locator(".leaflet-control-layers-overlays input").all():
            overlay.check()
        texts.append(page.evaluate("() => document.body.innerText"))
        for at in range(found.layers()):
            found.show(at)
            page.wait_for_timeout(50)
            texts.append(page.evaluate("() => document.body.innerText"))
        pins = page.locator(".jx-pin")
        if pins.count():
            pins.first.hover()
            texts.append(page.locator(".jx-tip").first.inner_text())
    else:
        page.evaluate("() => document.querySelectorAll('details').forEach((d) => { d.open = true; })")
        texts.append(page.evaluate("() => document.body.innerText"))
    words = "\n".join(texts)
    follows = attacked(words)
    assert follows
    assert set(follows) == {"{{7*7}}"}
    # Somewhere a whole attack is read, from its first sign to its last.
    assert POISON in " ".join(words.split())
    assert page.evaluate("() => window.PWNED") is None
    assert page.locator("img[src='x']").count() == 0
    assert found.complaints == []
    assert found.outside() == []


@pytest.mark.browser
def test_the_browser_refuses_a_script_that_is_not_the_page_s(results, visit, tmp_path):
    """The second wall: were an attack to get into the page, it would not be run."""
    page = file_of(results, "parks/maps/parks.html").read_text(encoding="utf-8")
    inside = "<body><script>window.PWNED=1</script><img src=x onerror=window.PWNED=1><a onclick='window.PWNED=1'>x</a>"
    broken = tmp_path / "broken.html"
    broken.write_text(page.replace("<body>", inside, 1), encoding="utf-8")
    found = visit(broken)
    found.page.wait_for_selector(".jx-legend")
    found.page.evaluate("() => document.querySelector('a[onclick]').click()")
    assert found.page.evaluate("() => window.PWNED") is None
    assert any("Content Security Policy" in complaint for complaint in found.complaints)
