"""What candidates are called: their ids, the column that names them, and both together."""

from __future__ import annotations

import pandas as pd

__all__ = ["ids_and_names", "ids_of", "named_by", "names_of"]


def ids_of(candidates: pd.DataFrame) -> pd.Series:
    """The candidates' ids: their own, else those of units, else their names, else their numbers; never twice the same."""
    number = pd.Series([f"C{k + 1}" for k in range(len(candidates))], index=candidates.index, dtype="str")
    ids = number
    for name in ("name", "unit_id", "candidate_id"):
        if name in candidates.columns:
            given = candidates[name].astype("str").where(candidates[name].notna())
            ids = given.fillna(ids)
    while ids.duplicated().any():  # "a", "a", "a-C2": what tells the second apart may be the name of a third
        ids = ids.where(~ids.duplicated(), ids + "-" + number)
    return ids


def named_by(candidates: pd.DataFrame) -> str:
    """The column that candidates are called by: their names where all have one, else their ids."""
    named = "name" in candidates.columns and candidates["name"].notna().all()
    return "name" if named else "candidate_id"


def names_of(table: pd.DataFrame) -> pd.Series:
    """What candidates are called: by id where they have no name."""
    ids = table["candidate_id"].astype("str")
    return table["name"].astype("str").where(table["name"].notna(), ids) if "name" in table.columns else ids


def ids_and_names(candidates: pd.DataFrame) -> list[str]:
    """The candidates by id, and by name where that is another.

    Examples
    --------
    >>> ids_and_names(pd.DataFrame({"candidate_id": ["C1", "C2", "C3"], "name": ["西埏", "C2", None]}))
    ['C1 西埏', 'C2', 'C3']
    """
    ids = candidates["candidate_id"].astype(str)
    if "name" not in candidates.columns:
        return ids.tolist()
    named = candidates["name"].notna() & (candidates["name"].astype(str) != ids)
    return ids.where(~named, ids + " " + candidates["name"].astype(str)).tolist()
