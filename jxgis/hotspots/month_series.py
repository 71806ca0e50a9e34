"""Issues month by month, one line a year: whether there are more than a year ago, and when in the year they come."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from jxgis.drawing.colours import ABSENT, INK, SITE
from jxgis.drawing.figures import Figure, figure_style, mark_schematic
from jxgis.hotspots.months import whole_months
from jxgis.i18n import Sketch, text
from jxgis.periods import ends, recorded_months
from jxgis.small_counts import hide_small

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["month_counts", "months_chart"]


def month_counts(time: pd.Series) -> pd.DataFrame:
    """Count issues by month of the calendar, from the first to the last; strays far from all others aside.

    Parameters
    ----------
    time : (n,) datetime64
        When each was reported, local; without one it counts in no month.

    Returns
    -------
    pandas.DataFrame
        ``year, month, count, whole``: whether the reports cover the month; months without any count zero. Without rows where
        no more than quarters were recorded.

    Examples
    --------
    >>> days = pd.Series(pd.to_datetime(["2023-01-30", "2023-03-01", "2023-03-31"]))
    >>> month_counts(days).values.tolist()
    [[2023, 1, 1, False], [2023, 2, 0, True], [2023, 3, 2, True]]
    """
    time = time.dropna()
    step = recorded_months(time.to_numpy()) if len(time) else 0
    if time.empty or step > 1:
        return pd.DataFrame({"year": [], "month": [], "count": [], "whole": []})
    start, end = ends(np.sort(time.to_numpy()))
    months = pd.period_range(start, end - pd.Timedelta(1, "us"), freq="M")
    count = time.dt.to_period("M").value_counts().reindex(months, fill_value=0)
    whole = whole_months(months.start_time.to_numpy(dtype="datetime64[D]"), start, end, step)
    return pd.DataFrame({"year": months.year, "month": months.month, "count": count.to_numpy(), "whole": whole})


def months_chart(months: pd.DataFrame, *, min_count: int, lang: str = "zh", sketch: Sketch = False) -> Figure:
    """Draw the months of each year as a line, the last year in front.

    Parameters
    ----------
    months
        From `month_counts`.
    min_count
        The least number of cases that is shown: a month of fewer, but not none, is a gap in its line, and so is one with
        which the sum of all would tell how many these are.
    lang, sketch
        ``"zh"`` or ``"en"``; whether it is marked as schematic.

    Returns
    -------
    Figure
    """
    shown = hide_small(pd.DataFrame({"issues": months["count"], "of": "all"}), min_count=min_count, sums=["of"])
    count: NDArray[np.float64] = pd.to_numeric(shown["issues"], errors="coerce").to_numpy(dtype=np.float64)
    years = sorted(months["year"].unique().tolist())
    with figure_style():
        figure = Figure(figsize=(9.2, 3.2), layout="constrained")
        axes = figure.subplots()
        for year in years:
            own = (months["year"] == year).to_numpy()
            last = year == years[-1]
            colour = SITE if last else INK if year == years[-2] else ABSENT
            at, value = months["month"].to_numpy()[own], count[own]
            axes.plot(
                at,
                value,
                color=colour,
                linewidth=2 if last else 1.3,
                marker="o",
                markersize=4,
                label=f"{year}",
                zorder=3 if last else 2,
            )
            part = ~months["whole"].to_numpy()[own]
            axes.plot(at[part], value[part], "o", color="white", markeredgecolor=colour, markersize=6, zorder=4)
        if not months["whole"].all():
            axes.plot(
                [],
                [],
                "o",
                color="white",
                markeredgecolor=INK,
                markersize=6,
                label=text("hotspots.part_of_month", lang),
            )
        axes.set(
            xticks=range(1, 13),
            xlim=(0.6, 12.4),
            xlabel=text("hotspots.month_axis", lang),
            ylabel=text("hotspots.issues_axis", lang),
        )
        axes.set_ylim(bottom=0)
        axes.yaxis.set_major_formatter("{x:,.0f}")
        axes.grid(axis="y", color="#e3e7ea", linewidth=0.7)
        axes.set_axisbelow(True)
        axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
        mark_schematic(figure, sketch=sketch, lang=lang)
    return figure
