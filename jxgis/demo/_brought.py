"""What a bureau would bring for the scorecard of the schematic city, all invented: a table, some of it left out."""

from __future__ import annotations

import numpy as np
import pandas as pd

__all__ = ["make_values"]

_DATE = "2023-12-31"
#: Indicator, share (of the denominator), denominator at least and at most of a district.
_RATIOS: tuple[tuple[str, float, int, int], ...] = (
    ("planning_mechanism", 0.62, 3, 12),
    ("remote_enforcement", 0.34, 200, 900),
    ("orderly_parking", 0.981, 400, 1200),
    ("furniture_in_time", 0.955, 300, 900),
    ("water_leakage", 0.071, 300, 900),
    ("gas_coverage", 0.984, 9000, 30000),
    ("drainage", 0.985, 12, 40),
    ("secondary_water", 0.78, 20, 90),
    ("sponge_area", 0.47, 8, 25),
)


def make_values(seed: int, districts: list[str], subdistricts: list[str]) -> pd.DataFrame:
    """Invent what people would fill in.

    Parameters
    ----------
    seed
        The city's.
    districts, subdistricts
        Their names.

    Returns
    -------
    pandas.DataFrame
        ``区域, 层级, 指标代码, 数值, 分子, 分母, 日期, 来源``.
    """
    rng = np.random.default_rng([seed, 2000])
    rows: list[tuple[str, str, str, float | None, float | None, float | None]] = []
    for indicator, share, least, most in _RATIOS:
        below = rng.integers(least, most + 1, len(districts))
        above = rng.binomial(below, share)
        rows += [(name, "片区", indicator, None, a, b) for name, a, b in zip(districts, above, below, strict=True)]
    marks = np.round(rng.normal(78, 2.5, len(districts)), 1)
    rows += [
        (name, "片区", "road_cleanliness", None, 12 * mark, 12) for name, mark in zip(districts, marks, strict=True)
    ]
    people = np.round(rng.uniform(3, 14, len(districts)), 1)
    groups = np.round(people * rng.normal(9.8, 0.8, len(districts)))
    rows += [
        (name, "片区", "social_organisations", None, n, p) for name, n, p in zip(districts, groups, people, strict=True)
    ]
    rows += [
        (name, "片区", "weak_areas", n, None, None)
        for name, n in zip(districts, rng.integers(0, 3, len(districts)), strict=True)
    ]
    done = rng.random(len(subdistricts)) < 0.8
    rows += [(name, "街道", "zero_discharge", None, int(d), 1) for name, d in zip(subdistricts, done, strict=True)]
    rows += [("全市", "全市", "regulations", 3, None, None), ("全市", "全市", "platform_phase", 2, None, None)]
    table = pd.DataFrame(rows, columns=["区域", "层级", "指标代码", "数值", "分子", "分母"])
    return table.assign(日期=_DATE, 来源="示意数据").round(1)
