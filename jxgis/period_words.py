"""What is said of the two periods that a change compares."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jxgis import i18n
from jxgis.i18n import Text, text_pair

if TYPE_CHECKING:
    import pandas as pd

    from jxgis.periods import Comparison, Gap

__all__ = ["change_lines", "gap_said", "recent_days"]

_DAY = "%Y-%m-%d"
_SHOWN = 4


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
    because = [gap_said(gap) for gap in gaps[:_SHOWN]]
    if len(gaps) > _SHOWN:
        because.append(text_pair("report.change_more", n=len(gaps) - _SHOWN))
    if periods is None:
        why = Text(zh=i18n.reason(reason, "zh"), en=i18n.reason(reason, "en"))
        if because:
            return [text_pair("report.change_none_gaps", why=why, gaps=because)]
        return [text_pair("report.change_none", why=why)]
    said = [
        text_pair(
            "report.change_periods",
            recent=_days(periods.split, periods.end),
            before=_days(periods.before, periods.split),
        )
    ]
    if periods.left_out:
        stretches = [_days(*stretch) for stretch in periods.left_out]
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
    return text_pair("report.all_time") if periods is None else _days(periods.split, periods.end)


def gap_said(gap: Gap) -> Text:
    """What the data, a file or a source does not cover, with its days."""
    return text_pair(f"report.change_gap_{gap.kind}", name=gap.name, days=_days(gap.start, gap.end))


def _days(start: pd.Timestamp, end: pd.Timestamp) -> Text:
    """A half-open stretch as people write it: its last day is the day before it ends."""
    import pandas as pd

    last = end - pd.Timedelta(microseconds=1)
    if start.normalize() == last.normalize():
        return Text(zh=f"{start:{_DAY}}", en=f"{start:{_DAY}}")
    return text_pair("report.change_days", first=f"{start:{_DAY}}", last=f"{last:{_DAY}}")
