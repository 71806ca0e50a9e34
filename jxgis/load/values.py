"""Values for the scorecard: a sheet that people fill in, a row a zone and indicator; rows left blank are left out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Unpack

import numpy as np
import pandas as pd

from jxgis import parse
from jxgis.city import TIMEZONE
from jxgis.errors import InputError
from jxgis.i18n import few
from jxgis.load._finish import finish, require_columns
from jxgis.load._layer import gather
from jxgis.load._options import ReadOptions
from jxgis.load.times import parse_times
from jxgis.privacy import mask_column

if TYPE_CHECKING:
    from jxgis.city import City
    from jxgis.load import Loaded
    from jxgis.load.readers import Source

__all__ = ["load_scorecard_values"]

_KEYS = ("zone", "level", "indicator", "date")


def load_scorecard_values(path: Source, /, *, city: City | None = None, **options: Unpack[ReadOptions]) -> Loaded:
    """Load what people filled in for the scorecard.

    Parameters
    ----------
    path
        Path, glob, several paths, or a table in memory, such as the sheet that `jxgis scorecard` writes.
    city
        Its time zone is that of the dates.
    **options
        `ReadOptions`.

    Returns
    -------
    Loaded
        Rows without geometry. Those without any number are left out: nobody filled them in. What is not a number or a
        date is rejected, and so is a second row that says the same of a zone, indicator and date; of rows that say something else
        of them nothing here tells which is right. What names a person in ``source`` is masked.

    Raises
    ------
    InputError
        If the file or its columns cannot be used, or nothing is filled in.

    Examples
    --------
    >>> sheet = pd.DataFrame({"区域": ["老城", "东栅", "高照"], "指标代码": ["gas_coverage"] * 3, "数值": [98.5, None, "很高"]})
    >>> loaded = load_scorecard_values(sheet)
    >>> loaded.table[["zone", "value"]].values.tolist(), loaded.rows_left_out, loaded.rejects["reason"].tolist()
    ([['老城', 98.5]], 1, ['bad_number'])
    """
    gathered = gather(path, "scorecard_values", city=city, options=options)
    require_columns(gathered)
    frame, ledger = gathered.frame, gathered.ledger
    numbers = [column.name for column in gathered.agreed.columns if column.dtype == "number" and column.name in frame]
    blank = frame[numbers].isna().all(axis=1).to_numpy() if numbers else np.ones(len(frame), dtype=np.bool_)
    files = few(dict.fromkeys(source.name for source in ledger.sources()))
    if ledger.leave_out(blank) and not (ledger.kept.any() or len(ledger.table())):
        raise InputError(
            zh=f"{files.zh} 还没有填入任何数值；请填写“数值”，或“分子”和“分母”（列名就写这几个词，不带单位），或从设置中去掉 [inputs.scorecard_values]。",
            en=f"{files.en} holds no number yet; fill in value, or numerator and denominator (heads without a unit), or take "
            "[inputs.scorecard_values] out of the settings.",
        )
    if "date" in frame:
        given = frame["date"] if frame["date"].dtype.kind == "M" else parse.texts(frame["date"])
        times = parse_times(given, timezone=TIMEZONE if city is None else city.timezone)
        ledger.reject(times.bad, field="date", reason="bad_time", values=given)
        frame["date"] = pd.Series(times.local, index=frame.index)
    if "source" in frame:
        frame["source"] = mask_column(frame["source"])
    keys = [*(key for key in _KEYS if key in frame), *numbers]
    again = frame.loc[ledger.kept, keys].duplicated().reindex(frame.index, fill_value=False)
    ledger.reject(again, field="indicator", reason="same_figure", values=frame["indicator"])
    return finish(gathered)
