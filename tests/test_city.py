from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from jxgis import city
from jxgis.errors import SettingsError


def test_jiaxing_holds_the_plans_districts() -> None:
    jiaxing = city.load_city()
    assert jiaxing.districts.groupby("area").size().to_dict() == {"南湖区": 5, "秀洲区": 3, "经开区": 4}
    assert set(jiaxing.crosswalk["district"]) == set(jiaxing.districts["name"])
    assert jiaxing.crosswalk["code"].str.fullmatch(r"\d{9}").all()
    assert jiaxing.crosswalk["km2"].sum() == pytest.approx(425.9, abs=0.1), "domain.md: uncut, 425.9 km²"
    assert jiaxing.crosswalk.set_index("subdistrict")["part"].pipe(lambda p: sorted(p[p].index)) == [
        "余新镇",
        "大桥镇",
        "油车港镇",
    ]
    assert set(jiaxing.class_table["issue_class"]) == set(jiaxing.classes)


def test_each_category_of_the_domain_has_its_class() -> None:
    table = city.load_city().class_table
    expected = {
        ("部件", "上水井盖"): "公用设施",
        ("事件", "路面塌陷"): "道路交通",
        ("部件", "公厕"): "市容环境",
        ("事件", "暴露垃圾"): "市容环境",
        ("事件", "绿化积尘"): "园林绿化",
        ("部件", "喷泉"): "园林绿化",
        ("事件", "小广告"): "宣传广告",
        ("事件", "店外经营"): "街面秩序",
    }
    keys = pd.DataFrame(list(expected), columns=["tree", "sub_type"])
    assert city.classify(keys["tree"], keys["sub_type"], table).tolist() == list(expected.values())


def test_a_tree_of_its_own_goes_before_any_tree() -> None:
    table = pd.DataFrame(
        {"tree": ["", "事件"], "sub_type": ["垃圾箱", "垃圾箱"], "issue_class": ["公用设施", "市容环境"]}
    )
    tree = pd.Series(["事件", "部件", None], index=[5, 7, 9])
    found = city.classify(tree, pd.Series(["垃圾箱", "垃圾箱 ", None], index=[5, 7, 9]), table)
    assert found.to_dict() == {5: "市容环境", 7: "公用设施", 9: "未归类"}


def profile(folder: Path, text: str) -> Path:
    path = folder / "city.toml"
    path.write_text('key = "x"\nname = { zh = "某市", en = "X" }\n' + text, encoding="utf-8")
    return path


def test_a_second_city_is_a_second_profile(tmp_path: Path) -> None:
    (tmp_path / "classes.csv").write_text("小类,问题类型,六类\nPotholes,,Roads\nNoise,,\n", encoding="gb18030")
    path = profile(
        tmp_path,
        'crs = "EPSG:26986"\nissue_classes = "classes.csv"\n[classes]\nRoads = { en = "Roads", colour = "#112233" }\n',
    )
    found = city.load_city(path)
    assert found.classes == ("Roads",)
    assert found.class_table.to_dict("records") == [{"tree": "", "sub_type": "Potholes", "issue_class": "Roads"}]
    assert found.standards.name == "park_standards.toml"
    assert found.districts.empty


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('crz = "EPSG:4549"\n', "crs"),
        ("box = [121, 30, 120, 31]\n", "west"),
        ('[classes]\nA = { en = "A", colour = "red" }\n', "classes.A.colour"),
        ('[[districts]]\nname = "甲"\n[areas]\n"东区" = ["乙"]\n', "乙"),
        ("name = 3\n", "TOML"),
        ('issue_classes = "no.csv"\n', "no.csv"),
        ('[layers.model_config]\ntitle_zh = "甲"\ntitle_en = "a"\ngeometry = "polygon"\n', "model_"),
        (f"a = {'[' * 3000}{']' * 3000}\n", "TOML"),
    ],
)
def test_a_wrong_profile_is_refused(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(SettingsError) as error:
        city.load_city(profile(tmp_path, text))
    assert says in str(error.value)


def test_a_profile_names_the_file_of_its_plan(tmp_path: Path) -> None:
    assert city.load_city(profile(tmp_path, "")).targets is None
    assert city.load_city(profile(tmp_path, 'plan_targets = "ours.toml"\n')).targets == tmp_path / "ours.toml"


def test_a_category_in_two_classes_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "classes.csv"
    path.write_text("tree,sub_type,issue_class\n事件,A,x\n事件,A,y\n", encoding="utf-8")
    with pytest.raises(SettingsError, match="A"):
        city.read_class_table(path)


def test_no_such_profile(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="no city profile hangzhou\\. Built in are jiaxing"):
        city.load_city("hangzhou")
    with pytest.raises(SettingsError, match="no city profile jiaxin, did you mean jiaxing\\?"):
        city.load_city("jiaxin")
    profile(tmp_path, "")
    with pytest.raises(SettingsError, match=r"no city profile cty\.toml, did you mean city\.toml\?"):
        city.load_city(tmp_path / "cty.toml")
