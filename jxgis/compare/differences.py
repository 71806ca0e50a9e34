"""Where the tables of two results differ: rows known by their keys, places and units by the ground that they share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from jxgis.crs import M2_PER_KM2
from jxgis.i18n import listed, text
from jxgis.schema.tables import table, tables
from jxgis.units.alternatives import compare_plans
from jxgis.verify.compared import equal

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from jxgis.compare.folder import Folder
    from jxgis.units.alternatives import Comparison

__all__ = [
    "change_of_cases",
    "circle_differences",
    "coverage_differences",
    "place_differences",
    "plans",
    "rank_differences",
    "status_differences",
    "table_differences",
    "unit_differences",
    "weak_differences",
    "year_differences",
]

#: Of two places that share less of the smaller one, one has moved.
_MOVED = 0.5
#: What the edges of polygons drawn twice leave.
_SAME = 0.999
#: Changes of cases are said in steps: what is less than the first is none to speak of.
_STEPS = (0.05, 0.2, 0.5)


def change_of_cases(a: Any, b: Any, min_count: int) -> str | None:
    """How a number of cases changed, in steps: two numbers side by side would tell single cases.

    Parameters
    ----------
    a, b
        The numbers of the two results.
    min_count
        The least that is shown: of fewer nothing is said, and a change by fewer is none to speak of.

    Returns
    -------
    str or None
        ``same`` (less than 5 % more or fewer, or by a few cases), or ``more_`` and ``fewer_`` with 5, 20 or 50.

    Examples
    --------
    >>> [change_of_cases(100, b, 3) for b in (101, 104, 110, 130, 200, 60, 2)]
    ['same', 'same', 'more_5', 'more_20', 'more_50', 'fewer_20', None]
    >>> change_of_cases(10, 12, 3), change_of_cases(10, 13, 3)
    ('same', 'more_20')
    """
    if pd.isna(a) or pd.isna(b) or any(0 < count < min_count for count in (a, b)):
        return None
    by = abs(b - a)
    passed = [step for step in _STEPS if by >= step * max(a, 1)]
    if by < min_count or not passed:
        return "same"
    return f"{'more' if b > a else 'fewer'}_{passed[-1] * 100:.0f}"


def table_differences(a: Folder, b: Folder) -> pd.DataFrame:
    """Every table that either has: rows, how many of them the other does not have, and the columns in which rows of both differ."""
    rows = []
    for name in tables():
        one, other = a.tables.get(name), b.tables.get(name)
        if (one is None and other is None) or name.startswith("ground."):
            continue  # what lies under maps are layers that were read: those stand among the inputs
        only: tuple[int | None, int | None, str | None] = (None, None, None)
        # Words of another language are other words.
        if one is not None and other is not None and a.lang == b.lang and {*one.columns} == {*other.columns}:
            mine, theirs = _rows(a, name, list(one.columns)), _rows(b, name, list(one.columns))
            told = listed(_differing(a, b, name), a.lang) or None
            only = ((mine - theirs).total(), (theirs - mine).total(), told if mine != theirs else None)
        counts = [None if of is None else len(of) for of in (one, other)]
        rows.append((name.partition(".")[0], name.partition(".")[2], *counts, *only))
    return pd.DataFrame(rows, columns=["part", "table", "rows_a", "rows_b", "only_a", "only_b", "differing"])


def _rows(folder: Folder, name: str, columns: Sequence[str]) -> Counter[tuple[Any, ...]]:
    frame = folder.tables[name][[*columns]]
    values = [[*map(_plain, frame[column].tolist())] for column in columns]
    if name in folder.shapes:
        values.append(folder.shapes[name].tolist())
    return Counter(zip(*values, strict=True))


def _differing(a: Folder, b: Folder, name: str) -> list[str]:
    """Titles of the columns in which the rows that both have by their keys differ; without keys, of those that hold other values."""
    declared, frame = table(name), a.tables[name]
    keys = [key for key in declared.keys if key in frame.columns]
    values = {column: [of.tables[name][column] for of in (a, b)] for column in frame.columns if column not in keys}
    told = {column: declared.column(column, pair[0]).title.of(a.lang) for column, pair in values.items()}
    if name in a.shapes and name in b.shapes:
        values[""], told[""] = [a.shapes[name], b.shapes[name]], text("compare.shape", a.lang)
    known = [[*zip(*(map(_plain, of.tables[name][key]) for key in keys), strict=True)] for of in (a, b)]
    both = {*known[0]} & {*known[1]}

    def held(of: int, column: str) -> Counter[Any]:
        plain = map(_plain, values[column][of].tolist())
        if not keys:
            return Counter(plain)
        return Counter(row for row in zip(known[of], plain, strict=True) if row[0] in both)

    return [told[column] for column in values if held(0, column) != held(1, column)]


def _plain(value: Any) -> Any:
    """A number as far as another machine makes it again."""
    if isinstance(value, float):
        return None if np.isnan(value) else float(f"{value:.9g}")
    return value


def _side_by_side(a: Folder, b: Folder, name: str, columns: Sequence[str]) -> pd.DataFrame:
    """The rows of a table of both by its keys, with its columns as ``x_a`` and ``x_b``, where one of these differs.

    ``state``: ``new``, ``gone`` or ``other``.
    """
    keys = [*table(name).keys]
    frames = []
    for folder, of in ((a, "a"), (b, "b")):
        frame = folder.tables.get(name, pd.DataFrame(columns=[*keys, *columns]))
        frame = frame.reindex(columns=[*keys, *columns]).astype(object)
        frames.append(frame.rename(columns={column: f"{column}_{of}" for column in columns}).assign(**{f"_{of}": True}))
    both = frames[0].merge(frames[1], on=keys, how="outer", sort=False)
    there = [both[f"_{of}"].notna() for of in "ab"]
    same = np.ones(len(both), dtype=bool)
    for column in columns:
        pairs = zip(both[f"{column}_a"], both[f"{column}_b"], strict=True)
        same &= np.fromiter((_equal(*pair) for pair in pairs), dtype=bool, count=len(both))
    both["state"] = np.select([~there[0], ~there[1]], ["new", "gone"], "other")
    kept = both[~(same & there[0] & there[1])].drop(columns=["_a", "_b"])
    return kept.sort_values(keys, key=lambda values: values.astype(str), ignore_index=True)


def _equal(one: Any, other: Any) -> bool:
    lacks = [pd.isna(value) for value in (one, other)]
    if any(lacks):
        return all(lacks)
    if all(isinstance(value, int | float) and not isinstance(value, bool) for value in (one, other)):
        return equal(float(one), float(other))
    return bool(one == other)


def _numbers(values: pd.Series[Any]) -> pd.Series[float]:
    return pd.to_numeric(values, errors="coerce").astype(float)


def place_differences(a: Folder, b: Folder) -> pd.DataFrame:
    """Hot places that are new, gone, moved, of other extent or of another rank, by the ground that they share.

    ``state``: ``new``, ``gone``; ``split`` and ``merged``, of what shares ground with a place that another continues;
    ``moved`` where the two share less than half of the smaller one; ``resized``; ``reranked``, on the same ground.
    """
    one, other = a.layer("hotspots.places"), b.layer("hotspots.places")
    few = max(a.min_count, b.min_count)
    rows: list[dict[str, Any]] = []
    if one is not None and other is not None:
        other = other.to_crs(one.crs)
        for name in dict.fromkeys((*one["issue_class"], *other["issue_class"])):
            mine, theirs = (of[of["issue_class"] == name].reset_index(drop=True) for of in (one, other))
            rows += _places(mine, theirs, few)
    columns = [
        *("issue_class", "state", "name_a", "name_b", "district", "rank_a", "rank_b", "area_km2_a", "area_km2_b"),
        *("shared", "change_of_cases"),
    ]
    return pd.DataFrame(rows, columns=columns)


def _places(a: gpd.GeoDataFrame, b: gpd.GeoDataFrame, few: int) -> list[dict[str, Any]]:
    shared, together = _shared(a.geometry.to_numpy(), b.geometry.to_numpy())
    of_a, of_b = np.full(len(a), -1), np.full(len(b), -1)
    for i, j in zip(*np.unravel_index(np.argsort(-shared, axis=None, kind="stable"), shared.shape), strict=True):
        if shared[i, j] > 0 and of_a[i] < 0 and of_b[j] < 0:
            of_a[i], of_b[j] = j, i
    rows = []
    for j, i in enumerate(of_b):
        if i < 0:
            at = int(np.argmax(shared[:, j])) if len(a) and shared[:, j].any() else None
            rows.append(
                _place(None if at is None else a.loc[at].get("name"), b.loc[j], "new" if at is None else "split")
            )
            continue
        jaccard = shared[i, j] / together[i, j]
        smaller = min(a.geometry.iloc[i].area, b.geometry.iloc[j].area)
        state = "moved" if shared[i, j] < _MOVED * smaller else "resized" if jaccard < _SAME else "reranked"
        row = _place(a.loc[i], b.loc[j], state) | {"shared": jaccard}
        row["change_of_cases"] = change_of_cases(a.loc[i].get("issues"), b.loc[j].get("issues"), few)
        same = _equal(row["rank_a"], row["rank_b"]) and _equal(row["name_a"], row["name_b"])
        if state != "reranked" or not same or row["change_of_cases"] not in ("same", None):
            rows.append(row if state != "reranked" or not same else row | {"state": "recounted"})
    for i in np.flatnonzero(of_a < 0):
        at = int(np.argmax(shared[i])) if len(b) and shared[i].any() else None
        rows.append(_place(a.loc[i], None if at is None else b.loc[at].get("name"), "gone" if at is None else "merged"))
    return rows


def _place(a: Any, b: Any, state: str) -> dict[str, Any]:
    """A row of two places; in the stead of one that there is not, the name of that which took its ground."""
    row: dict[str, Any] = {"state": state}
    for of, place in (("a", a), ("b", b)):
        if isinstance(place, pd.Series):
            row |= {f"{name}_{of}": place.get(name) for name in ("name", "rank", "area_km2")}
            row |= {"issue_class": place["issue_class"], "district": place.get("district")}
        else:
            row |= {f"name_{of}": place, f"rank_{of}": None, f"area_km2_{of}": None}
    return row


def _shared(a: NDArray[np.object_], b: NDArray[np.object_]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Ground that each of one has in common with each of the other, and what they cover together."""
    a, b = (shapely.make_valid(shapes) for shapes in (a, b))
    shared = np.zeros((len(a), len(b)))
    if len(a) and len(b):
        at, to = shapely.STRtree(b).query(a, predicate="intersects")
        shared[at, to] = shapely.area(shapely.intersection(a[at], b[to]))
    return shared, np.maximum(shapely.area(a)[:, None] + shapely.area(b)[None, :] - shared, np.finfo(float).tiny)


def coverage_differences(a: Folder, b: Folder) -> pd.DataFrame:
    """Park coverage of districts and of the whole, by method, where it is another."""
    columns = ["coverage", "people_coverage", "residential_m2", "standard"]
    found = _side_by_side(a, b, "parks.coverage", columns)
    return found.assign(difference=_numbers(found["coverage_b"]) - _numbers(found["coverage_a"]))[
        [
            *("zone", "method", "state", "coverage_a", "coverage_b", "difference"),
            *("people_coverage_a", "people_coverage_b", "residential_m2_a", "residential_m2_b"),
            *("standard_a", "standard_b"),
        ]
    ]


def plans(a: Folder, b: Folder) -> Comparison | None:
    """Two plans of units side by side; None where one has none."""
    one, other = a.layer("units.units"), b.layer("units.units")
    if one is None or other is None:
        return None
    for plan in (one, other):
        if plan.empty or "area_km2" not in plan.columns:
            return None
    people = a.layer("units.blocks")
    if people is not None and "people_per_km2" in people.columns:
        people = people.assign(people=_numbers(people["people_per_km2"]).fillna(0) * people.area / M2_PER_KM2)
        people = people[people["people"] > 0]
    else:
        people = None
    return compare_plans(one, other.to_crs(one.crs), population=people)


def unit_differences(a: Folder, b: Folder, change: Comparison | None) -> pd.DataFrame:
    """Units that are not the same in both plans; the unit that each continues is that with which it shares most ground."""
    columns = ["state", "unit_a", "unit_b", "district", "area_km2_a", "area_km2_b", "kept_km2", "shared"]
    if change is None:
        return pd.DataFrame(columns=columns)
    one, other = (folder.tables["units.units"].set_index("unit_id") for folder in (a, b))
    rows = []
    for unit in change.units.itertuples():
        was = None if pd.isna(unit.was) else unit.was
        area = None if was is None else one.loc[was, "area_km2"]
        share = None if area is None else unit.kept_km2 / (area + unit.area_km2 - unit.kept_km2)
        moved = area is not None and unit.kept_km2 < _MOVED * min(area, unit.area_km2)
        state = "new" if share is None else "moved" if moved else "resized" if share < _SAME else "renamed"
        if state != "renamed" or was != unit.unit_id:
            district = other.loc[unit.unit_id].get("district")
            rows.append((state, was, unit.unit_id, district, area, unit.area_km2, unit.kept_km2, share))
    left = one.loc[one.index.difference(change.units["was"].dropna(), sort=False)]
    rows += [
        ("gone", str(gone), None, unit.get("district"), unit["area_km2"], None, None, None)
        for gone, unit in left.iterrows()
    ]
    return pd.DataFrame(rows, columns=columns)


def rank_differences(a: Folder, b: Folder) -> pd.DataFrame:
    """Candidates whose rank or score is another, and the indicator that did most of it.

    A score is made of cases: it stands where both results show it, with the digits that they write, and not where the cases
    in the candidate differ by few.
    """
    found = _side_by_side(a, b, "scores.scores", ["rank", "score", "name", "issues"])
    rank_a, rank_b = _numbers(found["rank_a"]), _numbers(found["rank_b"])
    there = found["state"] == "other"
    state = np.select(
        [~there, rank_a.isna() & rank_b.isna(), rank_b.isna(), rank_a.isna(), rank_b < rank_a, rank_b > rank_a],
        [found["state"], "unranked", "lost", "ranked", "up", "down"],
        "rescored",
    )
    same = there & np.array(
        [
            all(_equal(row[f"{name}_a"], row[f"{name}_b"]) for name in ("rank", "score"))
            for row in found.to_dict("records")
        ],
        dtype=bool,
    )
    few, cases = max(a.min_count, b.min_count), [_numbers(found[f"issues_{of}"]) for of in "ab"]
    by = (cases[1] - cases[0]).abs()
    telling = (by > 0) & (by < few)
    shown = [found["candidate_id"].map(folder.shown_scores()).round(1) for folder in (a, b)]
    for score, of in zip(shown, "ab", strict=True):
        telling |= score.isna() & found[f"score_{of}"].notna()
    mover = pd.Series([_mover(a, b, each) for each in found["candidate_id"]], index=found.index, dtype=object)
    found = found.assign(
        name=found["name_b"].where(found["name_b"].notna(), found["name_a"]),
        state=state,
        score_a=shown[0].mask(telling),
        score_b=shown[1].mask(telling),
        indicator=mover,
    )
    found["difference"] = found["score_b"] - found["score_a"]
    columns = ["candidate_id", "name", "state", "rank_a", "rank_b", "score_a", "score_b", "difference", "indicator"]
    return found.loc[~same, columns].sort_values("rank_b", key=_numbers, ignore_index=True, kind="stable")


def _mover(a: Folder, b: Folder, candidate: str) -> str | None:
    """What people call the indicator whose contribution to the score changed most."""
    name = "scores.swings"
    if name not in a.tables or name not in b.tables:
        return None
    points = []
    for folder in (a, b):
        own = folder.tables[name][folder.tables[name]["candidate_id"] == candidate].drop_duplicates("indicator")
        points.append(_numbers(own.set_index("indicator")["contribution"]))
    by = points[1].sub(points[0], fill_value=0).abs()
    if by.empty or by.max() < 1e-6:
        return None
    labels = pd.concat([folder.tables[name] for folder in (a, b)]).drop_duplicates("indicator", keep="last")
    label = labels.set_index("indicator")["label"].get(by.idxmax())
    return None if label is None else str(label)


def status_differences(a: Folder, b: Folder) -> pd.DataFrame:
    """Targets of the plan whose status is another."""
    found = _side_by_side(a, b, "scorecard.scorecard", ["status", "label"])
    moved = [not _equal(*pair) for pair in zip(found["status_a"], found["status_b"], strict=True)]
    found = found[np.array(moved, dtype=bool)]
    found = found.assign(label=found["label_b"].where(found["label_b"].notna(), found["label_a"]))
    order = {"city": 0, "area": 1, "district": 2}
    # What both have comes before zones and indicators that one of them alone has.
    found = found.sort_values("level", key=lambda values: values.map(order).fillna(3), kind="stable")
    found = found.sort_values("state", key=lambda values: values != "other", kind="stable", ignore_index=True)
    return found[["zone", "level", "indicator", "label", "status_a", "status_b"]]


def weak_differences(a: Folder, b: Folder) -> pd.DataFrame:
    """Areas that came onto the list of weak areas, left it, or have another rank on it."""
    found = _side_by_side(a, b, "weak.areas", ["rank", "status", "district"])
    listed = [found[f"rank_{of}"].notna() for of in "ab"]
    found = found.assign(
        state=np.select(
            [~listed[0] & listed[1], listed[0] & ~listed[1], listed[0] & listed[1]], ["new", "gone", "reranked"], ""
        ),
        district=found["district_b"].where(found["district_b"].notna(), found["district_a"]),
    )
    moved = [not _equal(*pair) for pair in zip(found["rank_a"], found["rank_b"], strict=True)]
    return found[np.array(moved, dtype=bool)][["name", "kind", "district", "state", "rank_a", "rank_b"]].sort_values(
        "rank_b", key=_numbers, ignore_index=True, kind="stable"
    )


def year_differences(a: Folder, b: Folder) -> pd.DataFrame:
    """Candidates that are chosen in one result alone, or for another year."""
    found = _side_by_side(a, b, "allocation.allocation", ["year", "name"])
    moved = [not _equal(*pair) for pair in zip(found["year_a"], found["year_b"], strict=True)]
    found = found[np.array(moved, dtype=bool)].assign(
        name=found["name_b"].where(found["name_b"].notna(), found["name_a"])
    )
    state = found["state"].where(found["state"] != "other", "moved")
    columns = ["candidate_id", "name", "state", "year_a", "year_b"]
    return found.assign(state=state)[columns].reset_index(drop=True)


def circle_differences(a: Folder, b: Folder) -> pd.DataFrame:
    """How much of the housing and of its people has each kind of facility within the walk, where that is another."""
    found = _side_by_side(a, b, "circle.circle", ["coverage", "people_coverage", "label"])
    values = ("coverage", "people_coverage")
    moved = np.zeros(len(found), dtype=bool)
    for name in values:
        pairs = zip(found[f"{name}_a"], found[f"{name}_b"], strict=True)
        moved |= np.fromiter((not _equal(*pair) for pair in pairs), dtype=bool, count=len(found))
    found = found[moved].assign(label=found["label_b"].where(found["label_b"].notna(), found["label_a"]))
    found = found.assign(difference=_numbers(found["people_coverage_b"]) - _numbers(found["people_coverage_a"]))
    found["difference"] = found["difference"].fillna(_numbers(found["coverage_b"]) - _numbers(found["coverage_a"]))
    columns = ["zone", "level", "kind", "label", *(f"{name}_{of}" for name in values for of in "ab"), "difference"]
    return found.sort_values("state", key=lambda values: values != "other", kind="stable")[columns].reset_index(
        drop=True
    )
