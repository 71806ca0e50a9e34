from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest
from pydantic import BaseModel, ValidationError

from jxgis.city import load_city
from jxgis.errors import SettingsError
from jxgis.run.template import template
from jxgis.schema.layers import layers
from jxgis.settings import HOTSPOTS, Settings, files_read, load_settings, make_settings


def write(folder: Path, text: str, encoding: str = "utf-8") -> Path:
    path = folder / "jxgis.toml"
    path.write_bytes(text.encode(encoding))
    return path


def test_paths_are_relative_to_the_file(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        '[city]\nprofile = "city.toml"\noutline = "o.geojson"\n[inputs.issues]\npath = "data/*.csv"\ncrs = "GCJ-02"\nfrom = "2023-01-01"\n'
        '[inputs.districts]\npath = "postgresql://h/db"\n',
        "utf-8-sig",
    )
    settings = load_settings(path)
    assert settings.inputs.issues is not None
    assert settings.inputs.issues.path == str(tmp_path / "data/*.csv")
    assert settings.inputs.issues.start == "2023-01-01"
    assert settings.inputs.districts is not None
    assert settings.inputs.districts.path == "postgresql://h/db"
    assert settings.city.profile == str(tmp_path / "city.toml")
    assert settings.city.outline == str(tmp_path / "o.geojson")


def test_settings_are_frozen() -> None:
    with pytest.raises(ValidationError):
        Settings().hotspots.band_m = 3  # type: ignore[misc]


@pytest.mark.parametrize(
    ("text", "zh", "en"),
    [
        ("[hotspots]\nband = 300\n", "是否为 hotspots 的 band_m", "did you mean band_m"),
        ("[hotspot]\n", "hotspots", "did you mean hotspots"),
        ("[hotspots]\ndistrcts = 'a'\n", "distrcts，可用的有 cell_m", "unknown key hotspots.distrcts; known are"),
        (
            "[effect]\nat = 2023-01-01\n",
            'at = 2023-01-01 不可用（须为文字，加引号："2023-01-01"）',
            'in quotes: "2023-01-01"',
        ),
        ("[city]\ncrs = 4549\n", '加引号："4549"', 'must be text, in quotes: "4549"'),
        ("[hotspots]\nclasses = '市容'\n", "须为列表，如 ['市容']", "must be a list, such as ['市容']"),
        (
            "[inputs.issues]\npath = 'a'\ndrop_points = [1.5, 2]\n",
            "drop_points.0 = 1.5 不可用（须为列表，如 [1, 2]）",
            "such as [1, 2]",
        ),
        ("[scoring]\nweights = 'exprt'\n", "'critic'），是否为 expert？", "or 'critic', did you mean expert?"),
        (
            "[scan]\nscans = ['spac']\n",
            "scans.0 = 'spac' 不可用（须为 'space'、'space_time'），是否为 space？",
            "did you mean space?",
        ),
        ("[scoring]\nweights = 'zzz'\n", "'critic'）", "or 'critic'"),
        ("[parks]\nspeed = 70\n", "是否为 speed_m_per_min", "did you mean speed_m_per_min"),
        ("[inputs.isues]\npath='a'\n", "issues", "did you mean issues"),
        ("[inputs.parks]\npth='a'\n", "path", "did you mean path"),
        ("[units]\nmin_km2 = 6\n", "min_km2", "min_km2"),
        ("[hotspots]\ncell_m = -3\n", "须大于 0", "greater than 0"),
        ("[hotspots]\ncell_m = 'x'\n", "须为数字", "number"),
        ("[scoring.indicators.a]\ndimension='x'\nweight=1\n", "target", "target"),
        (
            "[scoring.indicators]\nweight=1\n",
            "如 scoring.indicators.weight.dimension",
            "scoring.indicators.weight.dimension",
        ),
        ("[circle.kinds]\nlabel='x'\n", "如 circle.kinds.label.layer", "must be a table of keys"),
        ("[hotspots\n", "TOML", "TOML"),
        ("[parks]\nminutes=1\n[parks]\n", "一段只写一处", "each key and table once"),
        ("parks.minutes=1\nparks.minutes=2\n", "一个键", "each key and table once"),
        ("[" + ".".join("a" * 3000) + "]\n", "嵌套太深", "nested too deep"),
        ("[cycle.due]\napply='02-30'\n", "须为“月-日”，如 03-31", "a month and day such as 03-31"),
    ],
)
def test_a_wrong_key_or_value_is_said_once(tmp_path: Path, text: str, zh: str, en: str) -> None:
    with pytest.raises(SettingsError) as error:
        load_settings(write(tmp_path, text))
    assert zh.removeprefix("是否为 hotspots 的 ") in error.value.text("zh")
    assert en in error.value.text("en")


def test_a_list_with_a_wrong_item_is_not_said_to_be_too_short(tmp_path: Path) -> None:
    for said in ("scans = ['spac']", "shapes = [0.5]"):
        with pytest.raises(SettingsError) as error:
            load_settings(write(tmp_path, f"[scan]\n{said}\n"))
        assert "至少要有" not in error.value.text("zh")
    with pytest.raises(SettingsError, match="至少要有 1 项"):
        load_settings(write(tmp_path, "[scan]\nscans = []\n"))


def test_a_value_without_end_is_cut_in_the_message(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as error:
        load_settings(write(tmp_path, f"[hotspots]\ncell_m = '{'x' * 9000}'\n"))
    assert max(len(error.value.text(lang)) for lang in ("zh", "en")) < 250


def test_missing_and_not_utf8(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="init"):
        load_settings(tmp_path / "none.toml")
    with pytest.raises(SettingsError, match="UTF-8"):
        load_settings(write(tmp_path, "# 设置\n", "gb18030"))


def keys_of(model: type[BaseModel], place: str = "") -> Iterator[str]:
    """All keys of the settings; those of an input layer once, whatever the layer."""
    for name, field in model.model_fields.items():
        key = field.alias or name
        kinds = [kind for kind in (field.annotation, *get_args(field.annotation)) if isinstance(kind, type)]
        sections = [kind for kind in kinds if issubclass(kind, BaseModel)]
        if sections and not str(field.annotation).startswith("dict"):
            yield from keys_of(sections[0], f"{place}{key}.")
        else:
            yield key if place.startswith("inputs.") else f"{place}{key}"


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_new_project_shows_every_key_and_each_may_be_put_to_use(tmp_path: Path, lang: str) -> None:
    used = re.sub(r"^# (?=\[[a-z_.]+\]|[a-z_0-9]+ = )", "", template(lang), flags=re.MULTILINE)
    load_settings(write(tmp_path, used))
    sections = tomllib.loads(used)
    inputs = sections.pop("inputs")
    shown = {f"{section}.{key}" for section, keys in sections.items() for key in keys}
    shown |= {key for layer in inputs.values() for key in layer}
    assert set(keys_of(Settings)) <= shown
    assert {*layers(), *load_city("jiaxing").layers} == inputs.keys()


@pytest.mark.parametrize(
    "written",
    [
        "hotspots.cell_m = true",
        "hotspots.alpha = true",
        "parks.new_parks = false",
        "parks.radii_m = [200, true]",
        'units.n_units."老城" = true',
        "report.min_count = true",
        "scoring.judgements.a.b = true",
        'scoring.indicators.x = {dimension = "a", weight = true, target = 3}',
        'inputs.districts = {path = "a", towgs84 = [true, 0, 0]}',
        'inputs.issues = {path = "a", drop_points = [[true, 1]]}',
    ],
)
def test_true_is_no_number(written: str) -> None:
    with pytest.raises(SettingsError, match="须为数字"):
        make_settings(tomllib.loads(written), "a.toml")


def test_true_is_true_where_it_is_meant() -> None:
    settings = make_settings(tomllib.loads('units.by_cells = true\n[inputs.parks]\npath = "a"\nofficial = true'), "a")
    assert settings.units.by_cells is True
    with pytest.raises(SettingsError, match="须为数字"):
        HOTSPOTS.but({"cell_m": True})


def test_the_raster_of_an_indicator_is_relative_to_the_file(tmp_path: Path) -> None:
    path = tmp_path / "jxgis.toml"
    path.write_text(
        '[scoring.indicators.shade]\ndimension = "d"\nweight = 1\ntarget = 50\n'
        '[[scoring.indicators.shade.measures]]\nmeasure = "raster_mean"\nfile = "rasters/shade.tif"\n',
        encoding="utf-8",
    )
    settings = load_settings(path)
    asked = str(tmp_path.resolve() / "rasters/shade.tif")
    assert settings.scoring.indicators["shade"].measures[0].file == asked
    assert asked in files_read(settings)
