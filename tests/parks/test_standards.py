import numpy as np
import pytest

from jxgis.errors import SettingsError
from jxgis.parks.standards import load_standard, load_standards


@pytest.mark.parametrize(
    ("name", "area_m2", "historic", "radius_m"),
    [
        ("garden-city-2022", 1999.9, False, np.nan),
        ("garden-city-2022", 2000, False, 300),
        ("garden-city-2022", 4999.9, False, 300),
        ("garden-city-2022", 5000, False, 500),
        ("garden-city-2022", 1e7, False, 500),
        ("garden-city-2022", 1000, True, 300),
        ("garden-city-2022", 999.9, True, np.nan),
        ("garden-city-2022", 5000, True, 500),
        ("gbt50563-2010", 4999.9, False, np.nan),
        ("gbt50563-2010", 5000, False, 500),
        ("gbt50563-2010", 1000, True, 300),
        ("gbt51346-2019", 3999.9, False, np.nan),
        ("gbt51346-2019", 4000, False, 300),
        ("gbt51346-2019", 9999.9, False, 300),
        ("gbt51346-2019", 10_000, False, 500),
        ("gbt51346-2019", 50_000, False, 800),
        ("gbt51346-2019", 100_000, False, 1200),
        ("gbt51346-2019", 200_000, False, 2000),
        ("gbt51346-2019", 600_000, True, 2000),
    ],
)
def test_bounds_of_the_bands(name, area_m2, historic, radius_m):
    assert load_standard(name).radius_of([area_m2], [historic]).tolist() == pytest.approx([radius_m], nan_ok=True)


def test_presets_are_not_verified_and_name_their_source():
    for standard in load_standards().values():
        assert not standard.verified
        assert standard.source
        assert standard.clause


def test_a_file_of_ones_own(tmp_path):
    path = tmp_path / "own.toml"
    path.write_text(
        '[ours]\ntitle_zh="甲"\ntitle_en="a"\nsource="s"\nclause="c"\ndenominator="built_up"\nverified=true\n'
        "bands=[{min_m2=400, radius_m=250}]\n",
        encoding="utf-8",
    )
    standard = load_standard("ours", path)
    assert standard.radius_of([399, 400, 1e9]).tolist() == pytest.approx([np.nan, 250, 250], nan_ok=True)
    assert list(load_standards(path)) == ["ours"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[a]\nbands=[]", "title_zh"),
        (
            (
                '[a]\ntitle_zh="a"\ntitle_en="a"\nsource="s"\nclause="c"\ndenominator="residential"\nverified=false\n'
                "bands=[{min_m2=5, max_m2=4, radius_m=1}]"
            ),
            "min_m2 5 is not below max_m2 4",
        ),
        ("a = 1", "bad.toml [a]"),
        ("[a", "not valid TOML"),
    ],
)
def test_a_file_that_is_wrong_says_where(tmp_path, text, says):
    path = tmp_path / "bad.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError) as caught:
        load_standards(path)
    assert says in caught.value.text("en")


def test_an_unknown_name_gets_the_near_one():
    with pytest.raises(SettingsError, match="did you mean gbt51346-2019"):
        load_standard("gbt51346")
