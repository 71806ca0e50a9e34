"""Counts in a store: those of the issues that `load_issues` keeps, for any size of batches, in any order, on any workers."""

from __future__ import annotations

import pandas as pd
import pytest

from jxgis.load import load_issues
from jxgis.load.issues import Filters
from jxgis.space.points import locate
from jxgis.store.counting import StoredCounts, count_issues


def by_the_loader(paths, plan, filters: Filters | None = None):
    """The same counts of the table that the thorough loader gives."""
    filters = filters or Filters()
    loaded = load_issues(
        paths, city=plan.how.city, start=filters.start, end=filters.end, status=filters.status, **plan.how.options
    )
    table = loaded.table
    month = table["time"].dt.year.sub(1970) * 12 + table["time"].dt.month - 1
    keyed = table.assign(
        month=month,
        cell=plan.grid.index_of(table.geometry.x, table.geometry.y),
        district=locate(table, plan.zones["district"]),
    )
    return loaded, keyed


def same_counts(found: StoredCounts, keyed: pd.DataFrame) -> None:
    cells = keyed[keyed["cell"] >= 0].groupby(["cell", "issue_class", "month"]).size()
    mine = found.cells.to_pandas().set_index(["cell", "issue_class", "month"])["issues"]
    assert mine.to_dict() == cells.to_dict()
    keys = ["district", "issue_class", "sub_type", "department", "source", "month"]
    zones = keyed.groupby(keys, dropna=False).size()
    other = found.zones.to_pandas().groupby(keys, dropna=False)["issues"].sum()
    assert {str(key): n for key, n in other.items()} == {str(key): n for key, n in zones.items()}


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("rows", [5, 59, 1000])
def test_counts_are_those_of_the_loader_for_any_size_of_batches(seed, rows, files, plan, tmp_path) -> None:
    paths, how = files(seed), plan()
    found = count_issues(paths, how, tmp_path / "store", rows=rows)
    loaded, keyed = by_the_loader(paths, how)
    same_counts(found, keyed)
    assert found.sources == loaded.sources
    assert found.repeats.doubles is not None
    doubles = loaded.rejects[loaded.rejects["reason"] == "duplicate_id"]
    assert sorted(found.repeats.doubles["row"].to_pylist()) == sorted(doubles["row"])
