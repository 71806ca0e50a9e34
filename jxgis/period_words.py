"""What is said of the two periods that a change compares."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jxgis import i18n
from jxgis.i18n import Text, text_pair

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from jxgis.gaps import Gap
    from jxgis.periods import Comparison

__all__ = ["change_lines", "days_said", "gap_lines", "recent_days"]

_DAY = "%Y-%m-%d"
_SHOWN = 4
_YEAR = 365.25
_SAME = 0.02
"""Years, from or up to a whole number of them: a week, within which the season is the same."""


def change_lines(comparison: Comparison) -> list[Text]:
    """Say which periods are compared, what is left out of both and why; or why nothing is compared.

    Parameters
    ----------
    comparison
        From :func:`jxgis.periods.compare_periods`.

    Returns
    -------
    list of Text
        Dates are the first and the last day, both included.

    Examples
    --------
    >>> import pandas as pd
    >>> from jxgis.periods import compare_periods
    >>> [line.zh for line in change_lines(compare_periods(pd.Series([], dtype="datetime64[ns]")))]
    ['没有给出较上期变化：没有上报时间。']
    """
    periods, gaps, reason = comparison
    because = gap_lines(gaps)
    if periods is None:
        why = Text(zh=i18n.reason(reason, "zh"), en=i18n.reason(reason, "en"))
        if because:
            return [text_pair("report.change_none_gaps", why=why, gaps=because)]
        return [text_pair("report.change_none", why=why)]
    years = (periods.split - periods.before).days / _YEAR
    same = round(years) >= 1 and abs(years - round(years)) <= _SAME
    said = [
        text_pair(
            "report.change_periods" if same else "report.change_seasons",
            recent=days_said(periods.split, periods.end),
            before=days_said(*periods.earlier),
        )
    ]
    if periods.left_out:
        stretches = [days_said(*stretch) for stretch in periods.left_out]
        said.append(text_pair("report.change_left_out", stretches=stretches, gaps=because))
    return said


def recent_days(comparison: Comparison) -> Text:
    """The recent period; all the time there is where there are not two.

    Parameters
    ----------
    comparison
        From :func:`jxgis.periods.compare_periods`.

    Returns
    -------
    Text
        Dates are the first and the last day, both included.

    Examples
    --------
    >>> import pandas as pd
    >>> from jxgis.periods import compare_periods
    >>> recent_days(compare_periods(pd.Series([], dtype="datetime64[ns]"))).zh
    '全部时段'
    """
    periods = comparison.periods
    return text_pair("report.all_time") if periods is None else days_said(periods.split, periods.end)


def gap_lines(gaps: Sequence[Gap]) -> list[Text]:
    """What the data do not cover, the first few and how many more there are.

    Parameters
    ----------
    gaps
        From :mod:`jxgis.periods`.

    Examples
    --------
    >>> import pandas as pd
    >>> from jxgis.gaps import Gap
    >>> gap_lines([Gap("all", "", pd.Timestamp("2023-03-01"), pd.Timestamp("2023-05-01"))])[0].zh
    '2023-03-01 至 2023-04-30 没有或几乎没有问题记录'
    """
    said = [
        text_pair(f"report.change_gap_{gap.kind}", name=gap.name, days=days_said(gap.start, gap.end))
        for gap in gaps[:_SHOWN]
    ]
    return said if len(gaps) <= _SHOWN else [*said, text_pair("report.change_more", n=len(gaps) - _SHOWN)]


def days_said(start: pd.Timestamp, end: pd.Timestamp) -> Text:
    """A half-open stretch as people write it: its last day is the day before it ends."""
    import pandas as pd

    last = end - pd.Timedelta(microseconds=1)
    if start.normalize() == last.normalize():
        return Text(zh=f"{start:{_DAY}}", en=f"{start:{_DAY}}")
    return text_pair("report.change_days", first=f"{start:{_DAY}}", last=f"{last:{_DAY}}")
