"""The page says first what is asked, with method and denominator, and says in words what is missing."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from result_tables import CLASSES
from told_parts import Told, told_parts

from jxgis.drawing.offline import require_offline
from jxgis.hotspots.section import hotspot_section
from jxgis.parks.section import park_section
from jxgis.parks.siting_words import siting_lines
from jxgis.report.blocks import Block, Paragraph, Picture, Section, Sources, TableBlock
from jxgis.report.columns import write_value
from jxgis.report.page import FileLink, report_page
from jxgis.report.workbook import report_workbook
from jxgis.run.parts import PARTS
from jxgis.settings import HotspotSettings, ParkSettings, UnitSettings
from jxgis.small_counts import hide_small, small_range
from jxgis.units.section import unit_section

NO_PLACES = pd.DataFrame(columns=["issue_class", "rank", "share_area", "share_issues"])


def make(tables: Told, **options) -> str:
    parts = tables.sections(options.get("lang", "zh"))
    return report_page(parts, title="报告 <b>", sources=tables.sources, **options)


def of_hotspots(tables: Mapping[str, pd.DataFrame]) -> list[Block]:
    return list(hotspot_section(tables, HotspotSettings()).blocks)


def of_parks(tables: Mapping[str, pd.DataFrame]) -> list[Block]:
    return list(park_section(tables, ParkSettings()).blocks)


def of_scores(scores: pd.DataFrame) -> list[Block]:
    said = next(part for part in Told(scores=scores).sections() if isinstance(part, Section) and part.part == "scores")
    return list(said.blocks)


def words(page: str) -> str:
    """What is read, with the spaces that do not break as ordinary ones."""
    body = page.split("<body", 1)[1].split(">", 1)[1].split("<script>", maxsplit=1)[0]
    return re.sub(r"<[^>]+>", "", body).replace("\u00a0", " ")


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_no_line_ends_between_a_number_and_its_percent(tables, lang):
    page = re.sub(r'<td class="n[^>]*>[^<]*', "", make(tables, lang=lang).split("<body", 1)[1])
    page = re.sub(r"<script.*", "", page, flags=re.DOTALL)
    assert re.findall(r"\d\u00a0%", page)
    assert not re.findall(r".{9}\d %", page)


def test_a_number_copied_from_a_cell_has_an_ordinary_space(tables):
    assert re.search(r'<td class="n[^>]*>[^<]*\d %', make(tables))
    assert not re.search(r'<td class="n[^>]*>[^<]*\u00a0', make(tables))


def test_top_places_come_first_with_street_class_and_change(tables):
    page = words(make(tables))
    assert page.index(
        "第 1 位：三水湾（中山路、东栅），3,000 件，占全部问题 5.0 %，较上期 +7 %（全域 −17 %）。"
    ) < page.index("各类问题的首位热点")
    assert (
        page.index("各类问题的首位热点")
        < page.index("各区域覆盖率")
        < page.index("各片区的单元")
        < page.index("得分靠前的 10 个候选")
    )


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_each_part_has_its_method_and_denominator(tables, lang):
    page = make(tables, lang=lang)
    parts = re.findall(r'<section id="(\w+)">(.*?)</section>', page, re.DOTALL)
    assert [name for name, _ in parts] == ["answers", *(part.name for part in PARTS), "data"]
    for name, body in parts[1:5]:
        assert 'class="how"' in body, name
        assert ("分母" if lang == "zh" else "Denominator") in body


def test_coverage_and_deficit_are_the_tables_own(tables):
    block = next(b for b in of_parks(tables.parks) if isinstance(b, TableBlock))
    at = {title: n for n, title in enumerate(block.titles)}
    first = block.rows[0]
    assert first[0] == "全域"
    city = tables.parks["coverage"].query("zone == 'all' and method == 'radius'")["coverage"].iloc[0]
    assert first[at["服务半径覆盖率"]] == f"{100 * city:.1f} %"
    assert first[at["距目标差（百分点）"]] == f"{90 - 100 * city:.1f}"
    shown = [float(row[at["服务半径覆盖率"]].rstrip(" %")) for row in block.rows[1:-1]]
    assert shown == sorted(shown)
    assert block.rows[-1][0] == "余新"
    assert block.rows[-1][at["服务半径覆盖率"]] == "—"
    assert block.rows[-1][at["原因"]] == "没有居住用地"


def test_units_by_district_add_up(tables):
    block = next(b for b in unit_section(tables.units, UnitSettings()).blocks if isinstance(b, TableBlock))
    at = block.titles.index("单元数")
    assert sum(int(row[at]) for row in block.rows) == len(tables.units)


def test_it_loads_nothing_and_runs_nothing(tables, tmp_path):
    page = make(
        tables,
        figures=[Picture("hotspots", Path("figures/a.png"), "图 <b>", b"\x89PNG")],
        maps=[FileLink("maps/hotspots.html", "m")],
        files=[FileLink("report.xlsx", "表")],
        sketch=True,
    )
    require_offline(page)
    own = re.findall(r"<script>(.*?)</script>", page, re.DOTALL)
    assert page.count("<script") == len(own) == 1
    digest = base64.b64encode(hashlib.sha256(own[0].encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}';" in page, "the page runs its own script and no other"
    assert "<img src=x" not in page
    assert "&lt;script&gt;window.hacked=1&lt;/script&gt;" in page
    assert str(tmp_path) not in page
    assert not re.findall(r"https?:", page)
    assert 'href="maps/hotspots.html"' in page
    assert 'href="figures/a.svg"' in page
    assert "示意数据，非官方边界" in page


def test_two_runs_write_the_same_page(tables):
    assert make(tables) == make(tables)


def test_a_report_of_nothing_says_why(tables):
    page = words(make(Told(absent={"parks": "没有公园图层。"})))
    assert "公园覆盖：本次没有结果。没有公园图层。" in page
    assert page.count("本次没有结果") == len(PARTS)


def test_no_housing_is_a_reason_and_not_a_zero(tables):
    empty = tables.parks["coverage"].assign(
        coverage=np.nan, served_m2=np.nan, residential_m2=np.nan, reason="no_housing_file"
    )
    page = words(make(Told(parks={"coverage": empty})))
    assert "没有给出覆盖率：没有提供居住用地图层。" in page
    assert "0.0 %" not in page


def test_no_hot_place_is_said(tables):
    page = words(make(Told(hotspots={"places": tables.hotspots["places"].iloc[:0]})))
    assert "没有显著的热点地段" in page


def test_english(tables):
    page = words(make(tables, lang="en"))
    assert "First: 三水湾" in page
    assert not re.findall("[热覆评]点|片区", page)


def test_no_argument_is_changed(tables):
    given = [tables.hotspots["places"], tables.hotspots["zones"], tables.parks["coverage"], tables.units, tables.scores]
    before = [table.copy() for table in given]
    make(tables)
    assert all(table.equals(old) for table, old in zip(given, before, strict=True))


def test_every_table_of_hot_spots_is_explained(tables):
    places = tables.hotspots["places"]
    more = tables.with_hotspots(peaks=places.assign(place_rank=1, gi_z=3.0), rate_places=places.iloc[:0])
    figures = [note.figure for note in hotspot_section(more.hotspots, HotspotSettings()).methods]
    assert {"局部最高点", "扣除暴露量的热点", "每平方公里问题数"} <= set(figures)
    page = words(make(more))
    assert "先去哪：前 10 个局部最高点" in page
    assert "扣除暴露量（人口、道路等）后没有显著偏高的地段。" in page
    fewer = [note.figure for note in hotspot_section({"places": places}, HotspotSettings()).methods]
    assert "局部最高点" not in fewer


def test_wide_places_are_led_by_their_peaks(tables):
    own = tables.hotspots["places"][tables.hotspots["places"]["issue_class"] == "all"]
    peaks = own.assign(
        place_rank=[1, 1, 1, *range(2, len(own) - 1)], gi_z=30.0 / own["rank"], name=[f"峰{n}" for n in own["rank"]]
    )
    blocks = of_hotspots(tables.hotspots | {"peaks": peaks})
    lead, wide, first, places = blocks[:4]
    assert lead.words.startswith("第 1 位：峰1（中山路、")
    assert "0.8 km²" in wide.words
    assert "含 3 个局部最高点" in wide.words
    assert [row[1] for row in first.rows][:2] == ["峰1", "峰2"]
    assert places.rows[0][1] == "三水湾等 3 处"
    assert places.rows[1][1] == "府南"
    narrow = of_hotspots(tables.hotspots | {"peaks": peaks.assign(place_rank=peaks["rank"])})
    assert narrow[0].words.startswith("第 1 位：三水湾")


def test_classes_go_by_peaks_where_one_of_them_is_wide(tables):
    peaks = pd.concat(
        [
            tables.hotspots["places"].assign(
                place_rank=tables.hotspots["places"]["rank"],
                gi_z=3.0,
                name="峰" + tables.hotspots["places"]["issue_class"],
            )
        ]
        * 2
    )
    blocks = of_hotspots(tables.hotspots | {"peaks": peaks})
    table = next(b for b in blocks if isinstance(b, TableBlock) and b.heading.startswith("各类问题先去哪"))
    assert [row[:2] for row in table.rows] == [[c, f"峰{c}"] for c in CLASSES]


def test_issues_at_one_point_are_asked_about(tables):
    piled = tables.hotspots["places"].assign(
        same_point_share=np.where(tables.hotspots["places"]["rank"] == 1, 0.42, 0.0)
    )
    said = words(make(tables.with_hotspots(places=piled)))
    assert said.count("42 % 的问题坐标完全相同") == 2, "in the answer that is read first, and in the section"
    assert "坐标完全相同" not in words(make(tables.with_hotspots(places=piled.assign(same_point_share=0.1))))


def test_who_rose_most_is_said_of_those_whose_change_is_given_alone(tables):
    """The first place rose by 49 %, which is not shown: another with 5 % was called the one that rose most of all."""
    places = tables.hotspots["places"]
    own = (places["issue_class"] == "all").to_numpy()
    assert own.sum() >= 3
    change = np.where(own, np.cumsum(own) / 100, np.nan)
    known = places.assign(change=change, change_city=0.06)
    said = words(make(tables.with_hotspots(places=known)))
    n = min(own.sum(), 10)
    assert f"前 {n} 处中增得最多的是" in said
    said = words(make(tables.with_hotspots(places=known.assign(change=np.where(change == 0.01, np.nan, change)))))
    assert f"前 {n} 处中，1 处没有给出增减，其余各处增得最多的是" in said


def test_a_candidate_that_fails_a_gate_is_listed_apart_with_its_reason(tables):
    rank = tables.scores["rank"]
    failing = tables.scores.assign(
        gates=np.where(rank <= 2, "fail", "pass"),
        reason=np.where(rank <= 2, "gate_several_districts", ""),
        rank=(rank - 2).where(rank > 2),
    )
    lead, note, passed, _, failed, *_ = of_scores(failing)
    assert "2 个候选不符合准入条件" in note.words
    assert passed.rows[0][0] == "1"
    best = tables.scores.sort_values("rank")["candidate_id"].head(2)
    assert [row[0] for row in failed.rows] == best.tolist(), "without a rank, the better score first"
    assert all("在同一片区内的面积不足 95 %" in row for row in failed.rows)
    assert "参与排名" in lead.words


def test_blind_spots_say_by_what_they_are_ranked_and_never_lie_in_all(tables):
    spots = pd.DataFrame(
        {"rank": [1, 2], "name": ["甲", "乙"], "zone": ["老城", "all"], "m2": [1e4, 3e4], "people": [90.0, 20.0]}
    )
    block = of_parks(tables.parks | {"blind_spots": spots})[2]
    assert block.heading == "服务盲区（前 2 处，按人口排名）"
    assert [row[2] for row in block.rows] == ["老城", "—"]
    by_area = of_parks(tables.parks | {"blind_spots": spots.drop(columns="people")})[2]
    assert by_area.heading == "服务盲区（前 2 处，按面积排名）"


@pytest.mark.parametrize(("change", "written"), [(0.004, "0 %"), (-0.004, "0 %"), (-0.006, "−1 %"), (0.5, "+50 %")])
def test_no_change_has_no_sign(change, written):
    assert write_value(change, "change", "zh") == written


def test_without_any_rank_it_says_how_far_the_data_go(tables):
    none = tables.scores.assign(rank=np.nan, completeness=0.44)
    blocks = of_scores(none)
    assert "数据完整度最高为 44 %" in blocks[1].words
    assert blocks[2].heading == f"数据不足、不排名的候选（{len(none)} 个）"
    by_score = none.sort_values("score", ascending=False, kind="stable")["candidate_id"].tolist()
    assert [row[0] for row in blocks[2].rows] == by_score
    assert [type(block) for block in blocks[3:]] == [Paragraph], "and of no type"


def test_further_maps_of_a_part_get_a_button_of_their_own(tables):
    maps = [FileLink("maps/parks.html", "公园覆盖地图"), FileLink("maps/parks_change.html", "前后对比 <b>")]
    page = make(tables, maps=maps)
    parks = page[page.index('<section id="parks">') : page.index('<section id="units">')]
    assert '<a class="open" href="maps/parks.html">打开互动地图</a>' in parks
    assert '<a class="open" href="maps/parks_change.html">前后对比 &lt;b&gt;</a>' in parks
    assert parks.count('class="open"') == 2
    assert '<a class="open" href="score_cards.html">评分卡（每个一页，可打印）</a>' in page


def test_the_four_findings_are_said_in_a_sentence_each(tables: Told) -> None:
    findings = {
        "ring": pd.DataFrame({"issue_class": ["all", "甲"], "share_inside": [0.58, 0.4], "share_area": [0.094, 0.094]}),
        "concentration": pd.DataFrame({"issue_class": ["all"], "half_in_area": [0.04]}),
        "overlap": pd.DataFrame(
            {
                "class_a": ["甲", "甲"],
                "class_b": ["乙", "丙"],
                "hot_a_km2": 2.0,
                "hot_b_km2": 1.0,
                "jaccard": [0.7, 0.4],
            }
        ),
        "diversity": pd.DataFrame(
            {
                "zone": ["老城", "东栅"],
                "level": "district",
                "issues": [900, 800],
                "effective_classes": [4.9, 5.6],
                "main_class": "甲",
                "main_share": [0.37, 0.25],
            }
        ),
    }
    page = words(make(tables.with_hotspots(**findings)))
    for said in (
        "给定环线之内有 58.0 % 的问题，面积只占 9.4 %",
        "一半的问题集中在 4.0 % 的面积上",
        "重叠最少的是甲与丙（交÷并 40.0 %），最多的是甲与乙（70.0 %）",
        "东栅的问题类别最混杂（相当于 5.6 个等量类别），老城最单一（4.9 个，甲占 37.0 %）",
    ):
        assert said in page
    assert tables.hotspots is not None
    assert "规划的四个判断" not in make(replace(tables, hotspots={"places": tables.hotspots["places"]}))


@pytest.mark.parametrize(("at", "said"), [(9, True), (10, False)])
@pytest.mark.parametrize("issue_class", ["all", "甲"])
def test_places_without_issues_are_explained_where_they_are_listed(at: int, said: bool, issue_class: str) -> None:
    issues = np.where(np.arange(12) == at, 0, 50)
    first = dict(told_parts().hotspots or {})["places"].query("issue_class == 'all'").iloc[[0]]
    places = [
        pd.concat([first] * 12, ignore_index=True).assign(
            rank=range(1, 13), issue_class=name, issues=issues if name == issue_class else 50
        )
        for name in ("all", "甲")
    ]
    page = words(make(told_parts().with_hotspots(places=pd.concat(places, ignore_index=True))))
    assert ("问题数为 0 的热点地段" in page) is said


def test_the_normal_p_stands_beside(tables: Told) -> None:
    beside = pd.DataFrame(
        {
            "issue_class": ["all", "甲"],
            "hot": [224, 1],
            "cold": [855, 2],
            "normal_hot": [21, 3],
            "normal_cold": [0, 4],
            "disagree": [1058, 5],
        }
    )
    page = words(make(tables.with_hotspots(against_normal=beside)))
    assert "热点 224 格、冷点 855 格；按正态近似有 21 格、0 格；1,058 格结论不同" in page
    assert "结论不同" not in make(tables)


def overlap_of(hot):
    """The table of overlaps of classes whose hot cells are given, as the analysis makes it."""
    from jxgis.hotspots.mix import class_overlap

    frames = [
        pd.DataFrame({"issue_class": name, "gi_z": 3.0, "gi_q": [0.01 if cell in own else 0.9 for cell in range(9)]})
        for name, own in hot.items()
    ]
    return class_overlap(pd.concat(frames), list(hot), cell_m=200)


def test_a_class_without_a_hot_cell_overlaps_with_nobody():
    table = overlap_of({"甲": {0, 1, 2}, "乙": {2, 3, 4}, "丙": {2, 3, 8}, "丁": set()})
    assert table.loc[(table["class_a"] == "丁") | (table["class_b"] == "丁"), "jaccard"].isna().all()
    found = {"places": NO_PLACES, "overlap": table}
    said = " ".join(block.words for block in of_hotspots(found) if isinstance(block, Paragraph))
    # 甲乙 1 of 5, 甲丙 1 of 5, 乙丙 2 of 4.
    assert "热点重叠最少的是甲与乙、甲与丙（交÷并 20.0 %），最多的是乙与丙（50.0 %）。丁没有热点，不参与比较。" in said
    assert "0.0 %" not in said.replace("20.0 %", "").replace("50.0 %", "")


def test_of_figures_that_read_the_same_none_is_called_least_or_most():
    overlap = overlap_of({"甲": {0, 1}, "乙": {1, 2}, "丙": {0, 2}})
    diversity = pd.DataFrame(
        {"zone": ["老城", "东栅"], "level": "district", "issues": [900, 800], "effective_classes": [2.98, 3.01],
         "main_class": "甲", "main_share": [0.37, 0.35]}
    )  # fmt: skip
    found = {"places": NO_PLACES, "overlap": overlap, "diversity": diversity}
    said = " ".join(block.words for block in of_hotspots(found) if isinstance(block, Paragraph))
    assert "各类热点两两重叠的程度相当（交÷并 33.3 %）" in said
    assert "各片区问题类别的混杂程度相当（相当于 3.0 个等量类别）" in said
    assert "最少的是" not in said
    assert "最混杂" not in said


def test_all_that_read_the_same_are_named_least_or_most():
    zones = ["老城", "东栅", "城南", "高照", "新城", "嘉北", "西区", "塘汇"]
    diversity = pd.DataFrame(
        {"zone": zones, "level": "district", "issues": 900, "effective_classes": [5, 5.01, *[5.6] * 6],
         "main_class": "甲", "main_share": 0.4}
    )  # fmt: skip

    def said(lang):
        blocks = hotspot_section({"places": NO_PLACES, "diversity": diversity}, HotspotSettings(), lang=lang).blocks
        return " ".join(block.words for block in blocks if isinstance(block, Paragraph))

    assert (
        "城南、高照、新城、嘉北、西区 等 6 个片区的问题类别最混杂（相当于 5.6 个等量类别），老城、东栅最单一（5.0 个）"
        in said("zh")
    )
    assert "most mixed in 城南, 高照, 新城, 嘉北, 西区 and 1 more" in said("en")


def test_where_no_mix_is_shown_no_table_of_it_stands():
    mix = {
        "effective_classes": [np.nan, 4.0],
        "entropy": [np.nan, 1.3],
        "main_class": "甲",
        "main_share": [np.nan, 0.4],
    }
    table = pd.DataFrame({"zone": ["老城", "东栅"], "level": "district", "issues": [900, 800], **mix})
    for shown, tables in ((table, 1), (table.iloc[:1], 0)):
        blocks = of_hotspots({"places": NO_PLACES, "diversity": shown})
        said = " ".join(block.words for block in blocks if isinstance(block, Paragraph))
        assert "多样性：可比较的片区不足两个" in said
        assert sum(isinstance(b, TableBlock) and "多样性" in b.heading for b in blocks) == tables


def test_the_city_s_change_does_not_stand_where_nothing_is_compared_with_it(tables):
    without = tables.hotspots["places"].assign(change=np.nan)
    blocks = [block for block in of_hotspots(tables.hotspots | {"places": without}) if isinstance(block, TableBlock)]
    ours = [block for block in blocks if "热点" in block.heading and "最高 z 值" in block.titles]
    assert ours
    assert not any("变化" in title for block in ours for title in block.titles)


def test_a_district_of_a_few_issues_is_neither_mixed_nor_uniform():
    table = pd.DataFrame(
        {"zone": ["甲", "乙", "丙"], "level": "district", "issues": [1, 30, 500], "effective_classes": [1.0, 2.5, 4.0],
         "main_class": "街面秩序", "main_share": [1.0, 0.5, 0.3]}
    )  # fmt: skip
    found = {"places": NO_PLACES, "diversity": table}
    said = " ".join(block.words for block in of_hotspots(found) if isinstance(block, Paragraph))
    assert "丙的问题类别最混杂" in said
    assert "乙最单一" in said


def test_a_class_and_a_district_of_one_or_two_issues_are_written_as_ranges():
    levels = pd.DataFrame(
        {"issue_class": ["all", "甲", "乙"], "issues": [1302, 1300, 2], "tested": [True, True, False], "alpha": 0.05,
         "family": "class", "min_issues": 30, "hot_class": 12, "hot_all": 9}
    )  # fmt: skip
    diversity = pd.DataFrame(
        {"zone": ["东", "西", "北"], "level": "district", "issues": [900, 400, 2], "effective_classes": [1.2, 1.5, 1.0],
         "main_class": "甲", "main_share": [0.9, 0.8, 1.0]}
    )  # fmt: skip
    found = {
        "places": NO_PLACES,
        "levels": hide_small(levels, min_count=3),
        "diversity": hide_small(diversity, min_count=3),
    }
    page = words(make(Told(hotspots=found, beside={"min_count": 3})))
    assert "乙（1–2）" in page
    assert "西的问题类别最混杂" in page
    assert "北最单一" not in page


def test_which_periods_are_compared_stands_below_the_places(tables):
    page = words(make(replace(tables, beside={"lines": ("较上期变化：甲 与 乙 相比。",)})))
    assert "较上期变化：甲 与 乙 相比。" in page
    assert page.index("较上期 +7 %") < page.index("较上期变化：甲")


def test_the_city_s_change_stands_in_the_head_where_it_is_one_for_all_rows(tables):
    blocks = [block for block in of_hotspots(tables.hotspots) if isinstance(block, TableBlock)]
    assert "较上期变化（全域 −17 %）" in blocks[0].titles
    assert "全域同类变化" not in blocks[0].titles
    each = tables.hotspots["places"].assign(
        change_city=np.where(tables.hotspots["places"]["issue_class"] == "街面秩序", 0.1, -0.17)
    )
    blocks = [b for b in of_hotspots(tables.hotspots | {"places": each}) if isinstance(b, TableBlock)]
    by_class = next(block for block in blocks if "首位热点" in block.heading)
    at = list(by_class.titles).index("全域同类变化")
    assert {row[at] for row in by_class.rows} == {"+10 %", "−17 %"}


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_page_of_few_issues_says_that_nothing_was_judged(lang):
    levels = pd.DataFrame(
        {"issue_class": ["all", "甲"], "issues": [3, 3], "tested": False, "alpha": 0.05, "family": "class",
         "min_issues": 30, "hot_class": 0, "hot_all": 0}
    )  # fmt: skip
    against = pd.DataFrame(
        {"issue_class": ["all"], "hot": [0], "cold": 0, "normal_hot": 0, "normal_cold": 0, "disagree": 0}
    )
    page = make(Told(hotspots={"places": NO_PLACES, "levels": levels, "against_normal": against}), lang=lang)
    for said in {"zh": ("没有判断冷热", "未判断冷热"), "en": ("too few issues to judge",)}[lang]:
        assert said in words(page)
    assert {"zh": "多到不像随机放置", "en": "would explain"}[lang] not in page
    assert {"zh": "结论不同", "en": "cells differ"}[lang] not in page
    judged = make(
        Told(hotspots={"places": NO_PLACES, "levels": levels.assign(tested=True), "against_normal": against}),
        lang=lang,
    )
    assert {"zh": "多到不像随机放置", "en": "would explain"}[lang] in judged


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("least", [3, 10**9])
def test_a_page_and_a_workbook_of_hidden_counts_are_written(tables, tmp_path, lang, least):
    """Any count may be a range or missing by the time it is written."""
    counts = pd.DataFrame({"issue_class": ["all", *CLASSES], "issues": [40, 31, 2, 1, 2, 1, 3]})
    levels = counts.assign(
        tested=[True, True, *[False] * 5], alpha=0.05, family="class", min_issues=30, hot_class=1, hot_all=1
    )
    findings = {
        "ring": counts.assign(inside=counts["issues"] - 1, share_inside=0.6, share_area=0.1),
        "concentration": counts.assign(half_in_area=0.1, places=0),
        "diversity": pd.DataFrame(
            {"zone": ["甲", "乙", "丙"], "level": "district", "issues": [40, 31, 1], "effective_classes": [2.0, 3.0, 1.0],
             "main_class": "甲", "main_share": 0.5}
        ),
    }  # fmt: skip
    zones = tables.hotspots["zones"].assign(count=1 + np.arange(len(tables.hotspots["zones"])) % 4)
    heavy = pd.DataFrame(
        {"issue_class": "all", "cell_id": ["a", "b"], "count": [2, 12], "share_issues": 0.1, "times_mean": 40.0,
         "gi_z": 3.0, "gi_p": 0.02, "gi_q": 0.4, "lone_p": 0.02}
    )  # fmt: skip
    places = tables.hotspots["places"].assign(issues=[1, *tables.hotspots["places"]["issues"][1:]])
    hidden = replace(tables, beside={**tables.beside, "min_count": least}).with_hotspots(
        places=hide_small(places, min_count=least),
        zones=hide_small(zones, min_count=least, within=("level", "zone")),
        levels=hide_small(levels, min_count=least),
        heavy_cells=hide_small(heavy, min_count=least),
        **{key: hide_small(table, min_count=least) for key, table in findings.items()},
    )
    assert small_range(least) in words(make(hidden, lang=lang))
    report_workbook(tmp_path / "report.xlsx", hidden.sections(lang), title="某市", sources=hidden.sources, lang=lang)


def test_a_figure_that_just_misses_its_target_is_told_from_it(tables):
    def keys_of(value):
        coverage = tables.parks["coverage"].assign(coverage=value)
        return park_section({"coverage": coverage}, ParkSettings(target=0.9)).keys

    near = keys_of(0.89966)[0]
    assert (near.value, near.note) == ("89.97 %", "低于目标 90 %，差 0.03 个百分点")
    assert keys_of(0.8936)[0].value == "89.4 %"
    assert keys_of(0.9001)[0].value == "90.0 %"
    assert keys_of(0.8999996)[0].look == "good", "within a millionth it is the target"


def test_no_new_park_is_not_called_the_fewest(tables):
    targets = pd.DataFrame(
        {"zone": ["老城", "all"], "coverage_before": [0.95, 0.95], "best": [0.95, 0.95], "needed": [0, 0],
         "no_site": ["no_plot_there", None], "reason": ["target_held", "target_held"]}
    )  # fmt: skip
    page = words(make(tables.with_parks(targets=targets)))
    assert "不需为此新增公园" in page
    assert "最少需新增" not in page
    assert "没有一块可建公园用地" not in page


def test_the_fewest_new_parks_are_so_by_sample_points():
    targets = pd.DataFrame(
        {"zone": ["老城", "all"], "coverage_before": [0.5, 0.5], "best": [0.95, 0.95], "needed": [3, 3],
         "no_site": [None, None], "reason": [None, None]}
    )  # fmt: skip
    for lang, told in (("zh", "“最少”只对取样点得到证明"), ("en", "the fewest are proven for the points only")):
        assert any(told in line for line in siting_lines(None, None, targets, None, 0.9, lang))


def test_too_few_new_parks_are_not_called_the_fewest(tables):
    targets = pd.DataFrame(
        {"zone": ["老城", "all"], "coverage_before": [0.5, 0.5], "best": [0.95, 0.95], "needed": [3, 3],
         "no_site": [None, None], "reason": ["target_missed", None]}
    )  # fmt: skip
    page = words(make(tables.with_parks(targets=targets)))
    assert "需新增多于 3 处公园：按取样点求得的 3 处，实测后老城仍未达到" in page
    assert "按取样点最少需新增" not in page


def test_what_was_said_on_reading_stands_with_the_input_data(tables):
    notes = ["3 处重叠已归入面积较小的一方 <b>", "按 drop_points 不计 30 件"]
    page = make(replace(tables, sources=Sources(table=tables.sources.table, notes=notes)))
    assert "读入时的说明（2 条）" in words(page)
    assert "归入面积较小的一方 &lt;b&gt;" in page
    assert "drop_points 不计 30\u00a0件" in page.split('id="data"')[1]
    assert "读入时的说明" not in make(tables)


def test_indicators_without_data_are_named_with_their_weight_and_why(tables):
    n = len(tables.scores)
    indicators = pd.DataFrame(
        {
            "label": ["公厕密度", "返工率", "业态混合度", "林荫路覆盖率"],
            "weight": [0.14, 0.7, 0.06, 0.1],
            "missing": [n, 1, n, n],
            "reasons": [["no_layer"], ["too_few_cases"], ["too_few_rows", "nothing_there"], ["no_layer"]],
        }
    )
    page = words(make(replace(tables, indicators=indicators)))
    said = "公厕密度、林荫路覆盖率（没有提供所需的图层）；业态混合度（点位太少、其中没有这类要素）。"
    assert f"未计入得分的指标（权重合计 30 %）：{said}" in page
    assert "未计入得分" not in words(make(replace(tables, indicators=indicators.assign(missing=0))))


def test_a_hot_place_without_a_case_is_explained(tables):
    assert "问题数为 0 的热点地段" not in words(make(tables))
    places = tables.hotspots["places"].copy()
    places.loc[places.index[-1], "issues"] = 0
    assert "问题数为 0 的热点地段" in words(make(tables.with_hotspots(places=places)))
    hidden = places.assign(issues=places["issues"].astype(object).mask(places["issues"] == 0, "1–2"))
    assert "问题数为 0 的热点地段" not in words(make(tables.with_hotspots(places=hidden)))


def test_every_word_of_statistics_in_a_head_is_explained_once(tables):
    page = make(tables)
    assert 'title="区域面积中被判为热点的比例"' in page
    hotspots = page[page.index('<section id="hotspots">') : page.index('<section id="parks">')]
    assert hotspots.count("<p><b>热点面积占比</b>") == 1
