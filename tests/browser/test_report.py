"""The page in a real browser without internet: readable wide and narrow, and it runs no text as code."""

from __future__ import annotations

import io

import pypdf
import pytest
from told_parts import told_parts

from jxgis.report.blocks import Key, Paragraph, Section, TableBlock
from jxgis.report.page import report_page
from jxgis.run.parts import PARTS

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def index(tmp_path_factory):
    path = tmp_path_factory.mktemp("report") / "index.html"
    page = report_page(told_parts().sections(), title="报告", sketch=True)
    path.write_text(page, encoding="utf-8")
    return path


def test_the_page_opens_without_internet_and_runs_nothing(index, visit):
    found = visit(index)
    assert found.page.locator("h1").inner_text() == "报告"
    assert found.page.locator("section").count() == len(PARTS) + 1, "and what will be asked, first"
    assert found.page.evaluate("() => window.hacked") is None
    assert len(found.requests) == 1
    assert found.complaints == []


def test_a_narrow_screen_scrolls_tables_not_the_page(index, visit):
    page = visit(index).page
    page.set_viewport_size({"width": 390, "height": 800})
    assert page.evaluate("() => document.documentElement.scrollWidth") <= 390


def test_a_date_or_a_name_and_a_heading_stay_whole_where_there_is_room(index, visit):
    """Seven signs took two lines beside columns of numbers that stood half empty, and 平方公里 broke after 平."""
    page = visit(index).page
    page.set_viewport_size({"width": 1366, "height": 768})
    page.evaluate("() => document.querySelectorAll('details').forEach((folded) => { folded.open = true; })")
    broken = page.evaluate(
        """() => {
            const text = (cell) => { const range = document.createRange(); range.selectNodeContents(cell); return range; };
            const lines = (cell) => new Set([...text(cell).getClientRects()].map((line) => Math.round(line.bottom))).size;
            return [...document.querySelectorAll("td")]
                .filter((cell) => /^(.{1,8}|[0-9]{4}-[0-9]{2}-[0-9]{2})$/.test(cell.textContent.trim()) && lines(cell) > 1)
                .map((cell) => cell.textContent);
        }"""
    )
    assert broken == []
    inside = page.evaluate(
        "() => [...document.querySelectorAll('.wide')].filter((e) => e.scrollWidth > e.clientWidth).length"
    )
    assert inside == 0, "and no table scrolls for it"
    assert page.evaluate("() => getComputedStyle(document.querySelector('th')).wordBreak") == "keep-all"


def test_folded_tables_open(index, visit):
    page = visit(index).page
    page.locator("details summary").first.click()
    assert page.locator("details table").first.is_visible()


def test_no_table_is_cut_off_on_paper(index, visit):
    page = visit(index).page
    page.emulate_media(media="print")
    # A4 upright, the narrower, less its margins, at 96 dots an inch.
    page.set_viewport_size({"width": int((210 - 24) / 25.4 * 96), "height": 700})
    wide = page.evaluate("() => [...document.querySelectorAll('table')].map((t) => t.getBoundingClientRect().right)")
    assert max(wide) <= page.evaluate("() => window.innerWidth")


def test_a_table_that_goes_on_repeats_its_heading_on_paper(index, visit):
    """A button in a heading is painted on the first page alone: the page's own script makes one in each."""
    page = visit(index).page
    page.evaluate(
        """() => { const body = document.querySelector("#hotspots table tbody"), row = body.rows[0];
                   row.cells[0].textContent = "ROW";
                   for (let n = 0; n < 120; n++) body.append(row.cloneNode(true)); }"""
    )
    head = "".join(page.locator("#hotspots table").first.locator("th").nth(1).inner_text().split())
    told = ["".join(each.extract_text().split()) for each in pypdf.PdfReader(io.BytesIO(page.pdf(format="A4"))).pages]
    on = [words for words in told if words.count("ROW") > 9]
    assert len(on) > 2
    assert all(head in words for words in on)


@pytest.mark.slow
def test_no_row_of_a_table_stands_alone_on_paper(index, visit):
    """The first, which would stay behind with the head, and the last: wherever the page ends."""
    page = visit(index).page
    page.evaluate(
        """() => { const body = document.querySelector("#hotspots table tbody"), row = body.rows[0];
                   body.replaceChildren(...Array.from("ABCDEF", (sign) => {
                       const made = row.cloneNode(true);
                       made.cells[0].textContent = `ROW${sign}`;
                       return made;
                   }));
                   document.querySelector("#hotspots").before(Object.assign(document.createElement("div"), { id: "above" })); }"""
    )
    parted = set()
    for high in range(0, 700, 60):
        page.locator("#above").evaluate("(node, high) => { node.style.height = `${high}px`; }", high)
        reader = pypdf.PdfReader(io.BytesIO(page.pdf(format="A4", landscape=True)))
        on = [each.extract_text().count("ROW") for each in reader.pages]
        parted.add(tuple(filter(None, on)))
    assert len(parted) > 1
    assert not any(1 in rows for rows in parted)


def rows(table):
    return [row for row in table.locator("tbody tr").all_inner_texts() if row]


def test_a_head_sorts_its_table_by_mouse_and_by_keyboard(index, visit):
    page = visit(index).page
    table = page.locator("#hotspots table").first
    before = rows(table)
    head = table.locator("th.n").nth(1)
    at = table.locator("th").evaluate_all(
        "(heads) => heads.findIndex((one) => one === document.querySelectorAll('#hotspots table')[0].querySelectorAll('th.n')[1])"
    )
    head.locator("button").click()
    assert head.get_attribute("aria-sort") == "descending"
    column = [row.split("\t")[at] for row in rows(table)]
    numbers = [float(words.replace(",", "").replace("−", "-").rstrip(" %")) for words in column if words != "—"]
    assert numbers == sorted(numbers, reverse=True)
    assert [words for words in column if words == "—"] == column[len(numbers) :], "what is missing comes last"
    head.locator("button").focus()
    page.keyboard.press("Enter")
    assert head.get_attribute("aria-sort") == "ascending"
    assert sorted(rows(table)) == sorted(before), "no row is lost"
    text = table.locator("th:not(.n)").first
    text.locator("button").click()
    assert (text.get_attribute("aria-sort"), head.get_attribute("aria-sort")) == ("ascending", None)


def test_the_row_of_the_whole_stays_on_top(index, visit):
    page = visit(index).page
    table = page.locator("#parks table").first
    for _ in range(2):
        table.locator("th.n button").first.click()
        assert "全域" in rows(table)[0]


def test_only_rows_that_hold_some_words_are_seen_and_all_again(index, visit):
    page = visit(index).page
    shown = "() => [...document.querySelectorAll('tbody tr')].filter((row) => !row.hidden).length"
    total = page.evaluate(shown)
    folded = page.locator("details[open]").count()
    page.get_by_role("searchbox").fill("老城")
    found = page.locator("tbody tr:not([hidden])").all_text_contents()
    assert 0 < len(found) < total
    assert all("老城" in row for row in found)
    assert page.locator("form.filter output").inner_text() == f"{len(found)} 行"
    page.get_by_role("searchbox").fill("没有这个词 <b>")
    assert page.locator("form.filter output").inner_text() == "没有这样的行"
    page.get_by_role("searchbox").fill("")
    assert page.evaluate(shown) == total
    assert page.locator("details[open]").count() == folded


@pytest.mark.parametrize("width", [1366, 390])
def test_a_date_is_a_word_of_its_line_wherever_it_stands(tmp_path, visit, width):
    """Not broken after its hyphens, and no block of its own: a rule for another span took hold of it."""
    said = "2015-01 至 2015-12，按月；2014-01-01 至 2014-12-31，逐月与同一时段的全城相比。" * 3
    table = TableBlock("2015-07-03 起", ["名"], [False], [[said]])
    part = Section(
        part="trends", keys=[Key("新出现", "4", note=said)], blocks=[Paragraph(said), Paragraph(said, "sub"), table]
    )
    (tmp_path / "index.html").write_text(report_page([part], title="报告", sketch=False), encoding="utf-8")
    found = visit(tmp_path / "index.html")
    found.page.set_viewport_size({"width": width, "height": 800})
    looks = found.page.evaluate(
        """() => [...document.querySelectorAll(".jx-date")].map((date) => {
            const own = getComputedStyle(date), around = getComputedStyle(date.parentElement);
            return [own.display, own.color === around.color, own.fontSize === around.fontSize, date.getClientRects().length];
        })"""
    )
    assert len(looks) > 40
    assert {tuple(look) for look in looks} == {("inline", True, True, 1)}
