"""The year's cycle: states by hand, every break of the order, what is due, and the workbook there and back."""

import datetime as dt
import json
import zipfile
from pathlib import Path
from types import SimpleNamespace

import geopandas as gpd
import numpy as np
import openpyxl
import pandas as pd
import pytest

from jxgis.allocate.cycle import follow, named_units, with_schedule
from jxgis.city import load_city
from jxgis.errors import InputError, SettingsError
from jxgis.load.cycle import read_schedule, read_steps
from jxgis.report.blocks import Paragraph
from jxgis.run.cycle_command import run_cycle
from jxgis.run.project import Project
from jxgis.settings import Settings, make_settings

PATH = load_city("jiaxing").cycle
KEYS = [step.key for step in PATH]
ON = dt.date(2026, 7, 10)
DATA = Path(__file__).parents[2] / "data"


def steps(*dates, gates=None, evidence="有", unit="C1", name="子城", year=2026):
    """One unit: a date a step, as ``MM-DD`` of its year, None where there is none."""
    dates = [*dates, *[None] * (len(KEYS) - len(dates))]
    gates = [*(gates or [True if date else None for date in dates]), *[None] * len(KEYS)][: len(KEYS)]
    when = pd.to_datetime([None if date is None else f"{year}-{date}" for date in dates])
    return pd.DataFrame(
        {"candidate_id": unit, "name": name, "area": "南湖区", "type": "历史文化", "year": year, "step": KEYS, "date": when,
         "gate": pd.Series(gates, dtype=object), "evidence": [evidence if date else None for date in dates]}
    )  # fmt: skip


def codes(*tables, **options):
    found = follow(pd.concat(tables, ignore_index=True), PATH, on=ON, **options)
    return found, list(zip(found.problems["step"], found.problems["problem"], strict=True))


def test_the_steps_are_the_plans():
    assert [step.zh for step in PATH] == ["创建申报", "方案编制", "名单公布", "创建推进", "考核验收", "创建命名"]


@pytest.mark.parametrize(
    ("dates", "gates", "state", "following", "late"),
    [
        ([], None, None, "apply", 101),
        (["03-01"], None, "apply", "plan", 40),
        (["03-01", "05-20", "06-30"], None, "list", "carry_out", -113),
        (["03-01", "05-20"], [True, False], "plan", None, None),
        (["03-01", None, "06-30"], None, "apply", "plan", 40),
        (["03-01", "05-20", "06-30", "08-01"], None, "list", "carry_out", -113),
    ],
)
def test_a_state_is_the_last_step_without_a_gap(dates, gates, state, following, late):
    found, _ = codes(steps(*dates, gates=gates))
    row = found.states.iloc[0]
    told = [None if pd.isna(row[name]) else row[name] for name in ("state", "next_step", "days_late")]
    assert told == [state, following, late]


def test_a_unit_that_is_named_is_through():
    found = follow(steps("01-05", "02-05", "03-05", "04-05", "05-05", "06-05"), PATH, on=ON)
    assert found.states[["state", "problems"]].to_numpy().tolist() == [["name", 0]]
    assert found.states[["next_step", "due", "days_late"]].isna().all(axis=None)
    assert found.due(10_000).empty


ALL = ("01-05", "02-05", "03-05", "04-05", "05-05", "06-05")


@pytest.mark.parametrize(
    ("gate", "state", "following", "told", "named"),
    [
        (True, "创建命名", None, [], 1),
        (False, "创建命名（未通过，当年流程结束）", None, [], 0),
        (None, "考核验收", "创建命名", ["gate_not_judged"], 0),
    ],
)
def test_only_a_naming_that_was_passed_names(tmp_path, gate, state, following, told, named):
    table = steps(*ALL, gates=[*[True] * 5, gate])
    table.to_csv(tmp_path / "steps.csv", index=False)
    run_cycle(Settings(), tmp_path / "out", steps=tmp_path / "steps.csv", on="2026-07-10")
    row = dict(zip(*rows_of(tmp_path / "out" / "cycle.xlsx", "进度"), strict=True))
    found = json.loads((tmp_path / "out" / "cycle.json").read_text(encoding="utf-8"))
    assert (row["状态"], row["下一步"]) == (state, following)
    assert [each["problem"] for each in found["problems"]] == told
    assert found["named"] == len(named_units(table, PATH)) == named


@pytest.mark.parametrize(
    ("table", "found"),
    [
        (steps("03-01", None, "06-30"), [("plan", "skipped")]),
        (steps(None, None, "06-30"), [("apply", "skipped"), ("plan", "skipped")]),
        (steps("05-01", "04-01"), [("plan", "out_of_order")]),
        (steps("05-01", "05-01"), []),
        (steps("03-01", "04-01", gates=[False, True]), [("apply", "gate_not_passed")]),
        (steps("03-01", "04-01", gates=[True, False]), []),
        (steps("03-01", "04-01", gates=[None, None]), [("apply", "gate_not_judged")]),
        (steps("03-01", gates=[True, True]), [("plan", "gate_without_date")]),
        (steps("03-01", evidence=None), [("apply", "no_evidence")]),
        (steps("03-01", "12-01"), [("plan", "still_to_come")]),
        (steps("03-01", "07-10"), []),
    ],
)
def test_each_break_of_the_order_is_told(table, found):
    assert codes(table)[1] == found


def test_no_unit_is_named_twice_nor_begins_again():
    before = steps(*ALL, year=2025)
    assert codes(before, steps(*ALL))[1] == [("name", "named_twice")]
    assert codes(before, steps("03-01"))[1] == [("name", "named_before")]
    assert codes(before, steps())[1] == []
    # The same unit under another number, in the same year too.
    found, told = codes(steps(*ALL), steps(*ALL, unit="C2"))
    assert told == [("name", "named_twice")]
    assert found.problems["candidate_id"].tolist() == ["C2"]
    # However its number or its name is written again.
    assert codes(before, steps(*ALL, unit="ｃ1 ", name="别名"))[1] == [("name", "named_twice")]
    assert codes(before, steps(*ALL, unit="C2", name="子 城"))[1] == [("name", "named_twice")]
    assert codes(before, steps(*ALL, unit="C2", name="月河"))[1] == []
    assert codes(steps(*ALL, name=None, year=2025), steps(*ALL, unit="C2", name=None))[1] == []
    # One that was assessed and not named may come again.
    assert codes(steps(*ALL, gates=[True] * 5 + [False], year=2025), steps("03-01"))[1] == []


def test_one_that_failed_and_is_scheduled_once_more_is_no_slip():
    failed = steps(*ALL[:5], gates=[True] * 4 + [False], year=2025)
    schedule = pd.DataFrame({"candidate_id": ["C1"], "year": [2026]})
    assert codes(with_schedule(failed, schedule, PATH), schedule=schedule)[1] == []
    running = steps(*ALL[:4], year=2025)
    assert codes(with_schedule(running, schedule, PATH), schedule=schedule)[1] == [(None, "not_scheduled")]


def test_what_the_schedule_has_elsewhere_is_told():
    schedule = pd.DataFrame({"candidate_id": ["C1", "C9"], "year": [2027, 2026]})
    assert codes(steps("03-01"), schedule=schedule)[1] == [(None, "not_scheduled")]
    whole = with_schedule(steps("03-01").head(2), schedule, PATH)
    assert whole.groupby(["year", "candidate_id"]).size().to_dict() == {
        (2026, "C1"): 6,
        (2026, "C9"): 6,
        (2027, "C1"): 6,
    }
    assert (
        whole.loc[(whole["candidate_id"] == "C1") & (whole["year"] == 2026), "date"].notna().tolist()
        == [True] + [False] * 5
    )


def test_due_is_late_first_and_by_ones_own_days():
    found = follow(pd.concat([steps(), steps("03-01", unit="C2"), steps(*ALL[:3], unit="C3")]), PATH, on=ON)
    assert found.due(30)["candidate_id"].tolist() == ["C1", "C2"]
    assert found.due(113)["candidate_id"].tolist() == ["C1", "C2", "C3"]
    own = follow(steps(), PATH, on=ON, due={"apply": "07-31"})
    assert own.states["days_late"].tolist() == [-21]


def test_states_hang_neither_on_the_order_of_rows_nor_on_others():
    rng = np.random.default_rng(0)
    tables = [steps(*ALL[: rng.integers(0, 7)], unit=f"C{k}", name=f"单元{k}") for k in range(9)]
    whole = pd.concat(tables, ignore_index=True)
    one_by_one = pd.concat([follow(table, PATH, on=ON).states for table in tables])
    mixed = follow(whole.sample(frac=1, random_state=3), PATH, on=ON).states.sort_values("candidate_id")
    assert one_by_one["state"].nunique(dropna=False) > 3
    assert (
        mixed.astype("object").fillna("").to_numpy().tolist()
        == one_by_one.astype("object").fillna("").to_numpy().tolist()
    )


@pytest.fixture
def schedule(tmp_path):
    path = tmp_path / "allocation.xlsx"
    rows = {
        "candidate_id": ["330402001", "C2"],
        "name": ["=2+3", "月河"],
        "year": [2026, 2026],
        "area": ["南湖区", None],
    }
    with pd.ExcelWriter(path, engine="xlsxwriter", engine_kwargs={"options": {"strings_to_formulas": False}}) as book:
        pd.DataFrame(rows).to_excel(book, sheet_name="allocation", index=False)
    return path


def rows_of(book, sheet):
    return [[cell.value for cell in row] for row in openpyxl.load_workbook(book)[sheet].iter_rows()]


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_workbook_there_and_back(tmp_path, schedule, lang):
    first = tmp_path / "first"
    run_cycle(Settings(), first, schedule=schedule, on="2026-07-10", lang=lang)
    book = openpyxl.load_workbook(first / "cycle.xlsx")
    sheet = book.worksheets[0]
    heads = [cell.value for cell in sheet[1]]
    assert sheet.max_row == 13
    assert sheet.cell(2, 2).data_type == "s"
    assert sheet.cell(2, 2).value == "=2+3"
    offered = sheet.data_validations.dataValidation
    assert [(str(each.sqref), each.formula1) for each in offered] == [
        ("H2:H13", '"是,否"' if lang == "zh" else '"yes,no"')
    ]
    # A planner fills in two steps, with a date of Excel's and one that is typed.
    date, gate, evidence = (
        heads.index(name) + 1
        for name in (("完成日期", "是否通过", "佐证材料") if lang == "zh" else ("Done on", "Passed", "Evidence"))
    )
    sheet.cell(2, date).value, sheet.cell(3, date).value = dt.datetime(2026, 3, 2), "2026年5月6日"
    own = len(heads) + 1
    sheet.cell(1, own).value, sheet.cell(3, own).value = "责任人", "张三"
    for row in (2, 3):
        sheet.cell(row, gate).value, sheet.cell(row, evidence).value = "是" if lang == "zh" else "yes", "=HYPERLINK(1)"
        sheet.cell(row, evidence).data_type = "s"
    filled = tmp_path / "filled.xlsx"
    book.save(filled)
    second, third = tmp_path / "second", tmp_path / "third"
    run_cycle(Settings(), second, steps=filled, schedule=schedule, on="2026-07-10", lang=lang)
    run_cycle(Settings(), third, steps=second / "cycle.xlsx", schedule=schedule, on="2026-07-10", lang=lang)
    assert (second / "cycle.xlsx").read_bytes() == (third / "cycle.xlsx").read_bytes()
    told = json.loads((second / "cycle.json").read_text(encoding="utf-8"))
    assert told["states"] == {"plan": 1, "none": 1}
    assert told["problems"] == []
    assert [(each["candidate_id"], each["step"], each["days_late"]) for each in told["due"]] == [
        ("C2", "apply", 101), ("330402001", "list", 10),
    ]  # fmt: skip
    states = rows_of(second / "cycle.xlsx", "进度" if lang == "zh" else "States")
    assert states[1][0] == "330402001"
    assert states[1][5] == ("方案编制" if lang == "zh" else "drawing up the plan")
    again, _ = read_steps(second / "cycle.xlsx", PATH)
    assert again.loc[:1, "date"].dt.strftime("%m-%d").tolist() == ["03-02", "05-06"]
    assert again.loc[:1, "evidence"].tolist() == ["=HYPERLINK(1)"] * 2
    assert again["责任人"].fillna("").tolist() == ["", "张三", *[""] * 10]
    other = "en" if lang == "zh" else "zh"
    run_cycle(Settings(), tmp_path / "turned", steps=second / "cycle.xlsx", on="2026-07-10", lang=other)
    assert json.loads((tmp_path / "turned" / "cycle.json").read_text(encoding="utf-8"))["states"] == told["states"]


@pytest.mark.parametrize("written", ["zh", "en"])
def test_types_stand_in_the_language_of_the_workbook(tmp_path, schedule, written):
    """Of the city's types, whichever language the schedule says them in; another stays as it was typed."""
    said = {"zh": ["历史文化", "自定"], "en": ["History and culture", "自定"]}
    table = pd.read_excel(schedule, dtype={"candidate_id": str}, engine="openpyxl").assign(type=said[written])
    table.to_excel(tmp_path / "typed.xlsx", sheet_name="allocation", index=False)
    first, there, back = tmp_path / "first", tmp_path / "there", tmp_path / "back"
    run_cycle(Settings(), first, schedule=tmp_path / "typed.xlsx", on="2026-07-10", lang="zh")
    run_cycle(Settings(), there, steps=first / "cycle.xlsx", on="2026-07-10", lang="en")
    run_cycle(Settings(), back, steps=there / "cycle.xlsx", on="2026-07-10", lang="zh")
    for folder, lang, sheets in (
        (first, "zh", ("步骤", "进度", "到期")),
        (there, "en", ("Steps", "States", "Due")),
        (back, "zh", ("步骤", "进度", "到期")),
    ):
        for sheet in sheets:
            head, *rows = rows_of(folder / "cycle.xlsx", sheet)
            column = head.index("类型" if lang == "zh" else "Type")
            assert {row[0]: row[column] for row in rows} == dict(zip(["330402001", "C2"], said[lang], strict=True))
    assert rows_of(first / "cycle.xlsx", "步骤") == rows_of(back / "cycle.xlsx", "步骤")


def test_a_second_sheet_of_steps_is_not_passed_over(tmp_path, schedule):
    """A copy in which somebody filled in: of that nothing would be read. One that says the same is no harm."""
    run_cycle(Settings(), tmp_path / "out", schedule=schedule, on="2026-07-10")
    book = openpyxl.load_workbook(tmp_path / "out" / "cycle.xlsx")
    copy = book.copy_worksheet(book["步骤"])
    copy.title = "步骤 (2)"
    copy.move_range("A1:J13", cols=1)
    copy.delete_cols(1)
    book.save(tmp_path / "same.xlsx")
    assert len(read_steps(tmp_path / "same.xlsx", PATH)[0]) == 12
    copy.cell(2, 7).value = dt.datetime(2026, 3, 2)
    book.save(tmp_path / "two.xlsx")
    with pytest.raises(InputError, match=r"two.xlsx has further sheets of steps beside 步骤 .*: 步骤 \(2\)"):
        run_cycle(Settings(), tmp_path / "again", steps=tmp_path / "two.xlsx", on="2026-07-10")
    assert not (tmp_path / "again").exists()
    copy.sheet_state = "hidden"
    book.save(tmp_path / "hidden.xlsx")
    assert len(read_steps(tmp_path / "hidden.xlsx", PATH)[0]) == 12


def table_of(tmp_path, **columns):
    base = {"candidate_id": ["C1", "C1"], "year": [2026, 2026], "step": ["创建申报", "方案编制"], "date": ["2026-03-01", None],
            "gate": ["是", None], "evidence": ["a", None]}  # fmt: skip
    path = tmp_path / "steps.csv"
    pd.DataFrame(base | columns).to_csv(path, index=False, encoding="utf-8-sig")
    return path


@pytest.mark.parametrize(
    ("columns", "says"),
    [
        ({"step": ["创建申报", "打分"]}, r"row 2, step '打分': is not a step; the steps are 创建申报、方案编制"),
        ({"date": ["昨天", None]}, r"row 1, date '昨天': is not a date"),
        ({"date": ["联系人:张三 13812345678", None]}, r"row 1, date '联系人:\*\* 138\*{8}': is not a date"),
        ({"gate": ["也许", None]}, r"row 1, gate '也许': is not understood; write yes"),
        ({"year": ["明年", "2026"]}, r"row 1, year '明年': is not a year"),
        ({"candidate_id": [None, "C1"]}, r"row 1, candidate_id '': the unit is missing"),
        (
            {"step": ["创建申报", "申报"]},
            r"rows 1, 2, step '创建申报': this step of the unit and year stands more than once",
        ),
        ({"candidate_id": ["C1", "c1 "], "step": ["申报", "申报"]}, r"rows 1, 2, step '申报': this step of the unit"),
    ],
)
def test_what_cannot_be_understood_is_said_with_its_row(tmp_path, columns, says):
    with pytest.raises(InputError, match=says):
        run_cycle(Settings(), tmp_path / "out", steps=table_of(tmp_path, **columns), on="2026-07-10")
    assert not (tmp_path / "out").exists()


def test_other_bad_input(tmp_path, schedule):
    path = table_of(tmp_path)
    pd.read_csv(path).drop(columns="step").to_csv(path, index=False)
    with pytest.raises(InputError, match="has no column step"):
        run_cycle(Settings(), tmp_path / "out", steps=path)
    with pytest.raises(InputError, match="There are no sample units"):
        run_cycle(Settings(), tmp_path / "out")
    with pytest.raises(InputError, match="--on"):
        run_cycle(Settings(), tmp_path / "out", schedule=schedule, on="heute")
    with pytest.raises(InputError, match="give --project"):
        run_cycle(Settings(), tmp_path / "out", schedule=schedule, has_project=False)
    asked = make_settings({"cycle": {"due": {"aply": "03-01"}}}, "test")
    with pytest.raises(SettingsError, match="no step 'aply', did you mean apply"):
        run_cycle(asked, tmp_path / "out", schedule=schedule)
    with pytest.raises(SettingsError, match=r"cycle\.due\.apply"):
        make_settings({"cycle": {"due": {"apply": "02-30"}}}, "test")
    twice = tmp_path / "twice.csv"
    pd.DataFrame({"candidate_id": ["a", "a"], "year": [2026, 2027]}).to_csv(twice, index=False)
    with pytest.raises(InputError, match="rows 1, 2, candidate_id 'a': this unit stands more than once"):
        run_cycle(Settings(), tmp_path / "out", schedule=twice)


def _text_file(folder, *rows, name="steps.csv", head="candidate_id,name,year,step,date,gate,evidence"):
    path = folder / name
    path.write_text("\n".join([head, *rows]) + "\n", encoding="utf-8")
    return path


ROW = "C1,子城,2026,申报,2026-03-01,是,文件"


@pytest.mark.parametrize(
    ("rows", "options", "says"),
    [
        ((ROW, f"{ROW},x"), {}, "1 row cannot be split into fields; row 2, the first, has 8 instead of 7"),
        (
            (ROW, "C1,月河,2026,命名,,,"),
            {},
            "rows 1, 2, name '子城': the rows of the unit and year do not say the same",
        ),
        (
            (f"{ROW},2026-05-01",),
            {"head": "candidate_id,name,year,step,日期,gate,evidence,完成日期"},
            r"the columns 日期 and 完成日期 mean the same and differ \(row 1, for one\)",
        ),
        ((",,,,,,",), {}, "steps.csv: there is no sample unit"),
        (
            (ROW, "备注：月底前报送,,,,,,"),
            {},
            r"row 2, candidate_id '备注：月底前报送': .*take out what is no step \(a remark\)[^;]*$",
        ),
    ],
)
def test_no_row_no_column_and_no_name_is_dropped_without_a_word(tmp_path, rows, options, says):
    with pytest.raises(InputError, match=says):
        run_cycle(Settings(), tmp_path / "out", steps=_text_file(tmp_path, *rows, **options), on="2026-07-10")
    assert not (tmp_path / "out").exists()


def test_of_several_files_none_is_passed_over(tmp_path):
    for name in ("a.csv", "b.csv"):
        _text_file(tmp_path, ROW, name=name)
    with zipfile.ZipFile(tmp_path / "both.zip", "w") as archive:
        for name in ("a.csv", "b.csv"):
            archive.write(tmp_path / name, name)
    for source in (tmp_path / "*.csv", tmp_path / "both.zip"):
        with pytest.raises(InputError, match=r"should be one file; it is .*a\.csv, .*b\.csv"):
            run_cycle(Settings(), tmp_path / "out", steps=source, on="2026-07-10")


def test_what_names_a_person_does_not_reach_the_workbook(tmp_path):
    head = "candidate_id,name,year,step,date,gate,evidence,备注"
    said = "13812345678 浙F12345 330402199001011234"
    file = _text_file(tmp_path, f"C1,子城,2026,申报,2026-03-01,是,嘉政发〔2026〕12号 {said},{said}", head=head)
    lines = run_cycle(Settings(), tmp_path / "out", steps=file, on="2026-07-10", lang="en")
    assert "steps.csv: phone, ID, plate and house numbers and names of people are masked in Evidence, 备注" in lines[-1]
    cells = [str(cell) for row in rows_of(tmp_path / "out" / "cycle.xlsx", "Steps") for cell in row]
    assert "嘉政发〔2026〕12号 138******** 浙F***** 3304**************" in cells
    assert not [cell for cell in cells if "13812345678" in cell or "12345" in cell or "19900101" in cell]
    # The workbook that comes back hides nothing more, and says nothing more.
    again = run_cycle(Settings(), tmp_path / "two", steps=tmp_path / "out" / "cycle.xlsx", on="2026-07-10", lang="en")
    assert not [line for line in again if "masked" in line]


DONE = ("03-01", "05-20", "06-30", "08-01", "10-10", "12-20")


def candidates(tmp_path, **columns):
    """Four candidates that bring their scores, each in its district's middle."""
    districts = gpd.read_file(DATA / "boundaries/districts.geojson").to_crs(4549).set_index("name")
    middle = [districts.geometry[name].representative_point() for name in ("老城", "新城", "嘉北", "塘汇")]
    table = gpd.GeoDataFrame(
        {"candidate_id": ["C1", "C2", "C3", "C4"], "score": [60.0, 90.0, 80.0, 70.0], **columns},
        geometry=[point.buffer(900, cap_style="square") for point in middle], crs=4549,
    )  # fmt: skip
    table.to_file(tmp_path / "candidates.geojson")
    return tmp_path / "candidates.geojson"


def allocated(tmp_path, cycle, **columns):
    """What `jxgis allocate` chooses of the candidates, the cycle handed over as it stands."""
    found = allocation(tmp_path, cycle, **columns)
    return found.allocation.set_index("candidate_id")["year"].to_dict()


def allocation(tmp_path, cycle, projects=None, **columns):
    asked = make_settings(
        {
            "city": {"profile": "jiaxing"},
            "inputs": {
                "districts": {"path": str(DATA / "boundaries/districts.geojson")},
                "candidates": {"path": str(candidates(tmp_path, **columns))},
                "cycle": {"path": str(cycle)},
                **({} if projects is None else {"projects": {"path": str(projects)}}),
            },
            "allocate": {
                "years": [2026, 2027], "by": {2027: 2}, "number": {2026: 1, 2027: 1}, "each_area": 0, "each_year": 0,
                "each_type": 0,
            },
        },
        "test",
    )  # fmt: skip
    return Project(asked, lang="en").allocation()


def filled(tmp_path, *tables):
    path = tmp_path / "filled.csv"
    told = pd.concat(tables).assign(gate=lambda table: table["gate"].map({True: "是", False: "否"}))
    told.to_csv(path, index=False, encoding="utf-8-sig")
    return path


def test_a_unit_that_the_cycle_names_keeps_its_year_without_copying_it(tmp_path):
    """The one named is the worst of four: only the cycle brings it in."""
    named, begun = steps(*DONE), steps(*DONE[:3], unit="C4")
    planned = steps(*DONE, unit="C3", gates=[*[True] * 5, None])
    assert allocated(tmp_path, filled(tmp_path, begun, planned)) == {"C2": 2026, "C3": 2027}
    assert allocated(tmp_path, filled(tmp_path, named, begun, planned)) == {"C1": 2026, "C2": 2027}
    # The workbook itself, as it is written by the cycle.
    run_cycle(Settings(), tmp_path / "out", steps=filled(tmp_path, named, begun), on="2026-12-31")
    assert allocated(tmp_path, tmp_path / "out" / "cycle.xlsx") == {"C1": 2026, "C2": 2027}


@pytest.mark.parametrize(
    ("tables", "columns", "says"),
    [
        ([steps(*DONE, unit="C9")], {}, r"filled.csv: named, and no candidate has the id: C9 \(2026; row 6\)"),
        ([steps(*DONE), steps(*DONE, year=2027)], {}, r"named twice.*: C1 \(2026; row 6\), C1 \(2027; row 12\)"),
        ([steps(*DONE), steps(*DONE, unit="C2", year=2027)], {}, r"named twice.*: C1 \(2026; row 6\), C2 \(2027; row 12\)"),
        ([steps(*DONE), steps(*DONE, unit="c 1", name="别名", year=2027)], {}, r"named twice.*: C1 \(2026; row 6\), c 1 \(2027; row 12\)"),
        ([steps(*DONE, year=2020)], {}, r"named in none of the years 2026, 2027 .*: C1 \(2020; row 6\)"),
        ([steps(*DONE)], {"named_year": [2027.0, None, None, None]}, "own named_year: C1"),
    ],
)  # fmt: skip
def test_what_the_cycle_names_and_the_candidates_do_not_know_is_refused(tmp_path, tables, columns, says):
    with pytest.raises(InputError, match=says):
        allocated(tmp_path, filled(tmp_path, *tables), **columns)


def test_what_is_wrong_in_the_workbook_of_the_cycle_is_said_with_its_sheet(tmp_path):
    run_cycle(Settings(), tmp_path / "out", steps=filled(tmp_path, steps(*DONE, year=2020)), on="2026-12-31")
    with pytest.raises(InputError) as caught:
        allocated(tmp_path, tmp_path / "out" / "cycle.xlsx")
    assert "cycle.xlsx 工作表“步骤”：命名年份不在规划年份 2026、2027 之内" in caught.value.text("zh")
    assert "C1（2020，第 6 行）" in caught.value.text("zh")


def test_named_is_every_step_done_in_order_and_passed():
    tables = [
        steps(*DONE, unit="a"),
        steps(*DONE[:5], unit="b"),
        steps(DONE[0], None, *DONE[2:], unit="c"),
        steps(*DONE, unit="d", gates=[True, True, False, True, True, True]),
        steps(*DONE, unit="e", gates=[*[True] * 5, False]),
    ]
    assert named_units(pd.concat(tables, ignore_index=True), PATH)[["candidate_id", "year"]].to_numpy().tolist() == [
        ["a", 2026]
    ]


def test_units_named_in_years_that_are_over_have_nothing_to_come(tmp_path):
    path = tmp_path / "chosen.csv"
    head = "候选单元,名称,年份,年份已确定\n"
    rows = ["A,子城,2024,是", "B,南湖,2026,是", "C,月河,2025,否"]
    path.write_text(head + "\n".join(rows), encoding="utf-8-sig")
    lines = run_cycle(Settings(), tmp_path / "out", schedule=path, on="2026-04-01")
    assert lines[0].startswith("2 个样板单元")
    assert lines[-1] == "另有 1 个往年已命名的单元，不必再走流程，没有列入：子城。"
    states = rows_of(tmp_path / "out" / "cycle.xlsx", "进度")
    assert [(row[0], row[5]) for row in states[1:]] == [("C", "未开始"), ("B", "未开始")]
    # One whose steps are there is followed on.
    steps("03-01", "04-01", gates=[True, False], unit="A", year=2024).to_csv(tmp_path / "steps.csv", index=False)
    run_cycle(Settings(), tmp_path / "on", steps=tmp_path / "steps.csv", schedule=path, on="2026-04-01")
    states = rows_of(tmp_path / "on" / "cycle.xlsx", "进度")
    assert [(row[0], row[5]) for row in states[1:2]] == [("A", "方案编制（未通过，当年流程结束）")]
    path.write_text(head + rows[0], encoding="utf-8-sig")
    assert run_cycle(Settings(), tmp_path / "none", schedule=path, on="2026-04-01")[0].startswith("0 个样板单元")


def test_a_unit_whose_dates_are_out_of_order_is_not_named_for_good():
    days = ["02-01", "03-01", "04-01", "05-01", "09-01", "11-01"]
    tables = [steps(*days, unit="a", name="甲"), steps(*days[::-1], unit="b", name="乙")]
    assert named_units(pd.concat(tables, ignore_index=True), PATH)[["candidate_id", "year"]].to_numpy().tolist() == [
        ["a", 2026]
    ]


@pytest.mark.parametrize(("year", "gate"), [("2026年", "√"), ("２０２６", "Y"), ("二〇二六", "通过"), ("2026.0", "1")])
def test_years_and_answers_are_read_as_people_write_them(tmp_path, year, gate):
    file = table_of(tmp_path, year=[year, year], gate=[gate, "不通过"], date=["２０２６-03-01", "2026年4月1日"])
    told, _ = read_steps(file, PATH)
    assert told["year"].tolist() == [2026, 2026]
    assert told["gate"].tolist() == [True, False]
    assert told["date"].dt.strftime("%Y-%m-%d").tolist() == ["2026-03-01", "2026-04-01"]


def test_an_answer_that_is_not_understood_is_said_with_its_sheet(tmp_path):
    table = pd.DataFrame({"候选单元": ["C1"], "年份": [2026], "步骤": ["申报"], "是否通过": ["大概"]})
    table.columns = ["candidate_id", "year", "step", "gate"]
    with pd.ExcelWriter(tmp_path / "steps.xlsx") as book:
        table.to_excel(book, sheet_name="步骤", index=False)
    with pytest.raises(InputError, match=r"steps.xlsx, sheet '步骤', row 1, gate '大概': is not understood"):
        read_steps(tmp_path / "steps.xlsx", PATH)


def test_a_date_in_another_year_is_told_and_refuses_nothing():
    table = steps("03-01", "04-01")
    table.loc[0, "date"] = pd.Timestamp("2025-12-30")
    table.loc[2, "date"] = pd.Timestamp("2099-01-01")
    found, told = codes(table)
    assert ("apply", "other_year") in told
    assert ("list", "other_year") in told
    assert ("list", "still_to_come") in told
    assert ("plan", "other_year") not in told
    assert found.states["state"].tolist() == ["plan"]


def said(found):
    return [block.words for block in found.section().blocks if isinstance(block, Paragraph)]


def test_a_naming_dated_in_another_year_is_said_with_file_and_row(tmp_path):
    """Row 6 names C1 for 2026 and row 12 names C2 for 2027, each by a date of 2099: the year given counts, and it is said."""
    sound = steps(*DONE), steps(*DONE, unit="C2", year=2027).assign(name="乙")
    assert not any("date of naming" in words for words in said(allocation(tmp_path, filled(tmp_path, *sound))))
    far = [table.copy() for table in sound]
    for table in far:
        table.loc[table.index[-1], "date"] = pd.Timestamp("2099-12-20")
    found = allocation(tmp_path, filled(tmp_path, *far))
    assert found.allocation.set_index("candidate_id")["year"].to_dict() == {"C1": 2026, "C2": 2027}
    assert any(
        words == "filled.csv: the date of naming is not in the year given, and the year given counts: "
        "C1 (2026; 2099-12-20; row 6), C2 (2027; 2099-12-20; row 12); correct it."
        for words in said(found)
    )


def test_a_naming_dated_after_today_is_said_with_file_and_row(tmp_path, monkeypatch):
    """On 1 December C1's naming of the 20th is still to come, on the 20th it is not; the page, which knows no day, says nothing."""
    table = steps(*DONE)
    table.loc[table.index[-1], "date"] = pd.Timestamp("2026-12-20")
    path = filled(tmp_path, table)
    found = allocation(tmp_path, path)
    for today, sentences in ((dt.date(2026, 12, 1), 1), (dt.date(2026, 12, 20), 0)):
        monkeypatch.setattr("jxgis.allocate.result.date", SimpleNamespace(today=lambda today=today: today))
        told = [note.en for note in found.notes() if "the date of naming is after" in note.en]
        assert len(told) == sentences
        if told:
            assert told[0].startswith("filled.csv: the date of naming is after 2026-12-01 and yet")
            assert told[0].endswith("counts as named: C1 (2026; 2026-12-20; row 6); correct it.")
    assert not any("2026-12-20" in words for words in said(found))
    for day, sentences in (("2026-12-19", 1), ("2026-12-20", 0)):
        lines = run_cycle(Settings(), tmp_path / day, steps=path, on=day, lang="en")
        told = [line for line in lines if "does not count as named" in line]
        assert len(told) == sentences
        assert not told or told[0].endswith("C1 (2026; 2026-12-20; row 6); correct it.")


@pytest.mark.parametrize(
    ("done", "tells"),
    [(3, "has 3 named, the candidates and the cycle say a year of naming for 1"), (1, "has 1 named: they are the 1")],
)
def test_how_the_named_units_belong_to_those_that_the_plan_counts(tmp_path, done, tells):
    """Two rows of project 40 add up; another project's rows, and what is planned, do not count."""
    table = pd.DataFrame(
        {"item": [40, 40, 7], "done": [done - 1, 1, 50], "total": [9, 9, 60], "district": ["老城", "新城", "老城"]}
    )
    table.to_csv(tmp_path / "projects.csv", index=False, encoding="utf-8-sig")
    found = allocation(tmp_path, filled(tmp_path, steps(*DONE)), tmp_path / "projects.csv")
    assert sum(tells in words for words in said(found)) == 1


@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_a_schedule_without_a_unit_says_that_rules_may_not_hold(tmp_path, ending):
    path, table = tmp_path / f"allocation.{ending}", pd.DataFrame(columns=["candidate_id", "year"])
    (table.to_csv if ending == "csv" else table.to_excel)(path, index=False)
    with pytest.raises(InputError, match=rf"allocation\.{ending} 中没有选中的单元.*规则"):
        read_schedule(path)
    steps = pd.DataFrame(columns=["candidate_id", "year", "step"])
    (steps.to_csv if ending == "csv" else steps.to_excel)(path, index=False)
    with pytest.raises(InputError, match="只有表头"):
        read_steps(path, ())
