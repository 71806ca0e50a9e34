"""How an indicator is measured, as data: a measure of the registry, the layers and rows that it takes."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from jxgis._toml import RuleError
from jxgis.settings._option import Finite, Positive, Section

__all__ = ["Condition", "MeasureSettings", "Range"]

Word = Annotated[str, Field(min_length=1)]


class Range(Section):
    """Numbers from ``least`` to ``most``, both included."""

    least: Finite | None = None
    most: Finite | None = None


#: What a column must hold: ``true`` (a value, of a yes-or-no column a yes), ``false`` (none, or a no), one of some values,
#: or a number in a range.
Condition = bool | float | Word | tuple[float | Word, ...] | Range


class MeasureSettings(Section):
    """One way to measure an indicator.

    Attributes
    ----------
    measure
        Name of the measure, of `jxgis.indicators.measures`.
    layers
        The layers that it takes, in its order.
    where
        Rows that count: column to `Condition`; of several layers those hold to it that have the column.
    hit
        Of a share of rows or lengths: which of the rows that count are the numerator.
    column, over
        The column that is added up, told apart or taken as the numerator; the one that is the denominator.
    minutes
        Of a share on foot: the longest way.
    least
        Fewest rows of the denominator, of a relative density fewest cases that are to be expected, for which a value is given.
    file
        Of the mean of a raster: the file (GeoTIFF), relative to the folder of jxgis.toml.
    """

    measure: Word
    layers: tuple[Word, ...] = ()
    where: dict[str, Condition] = Field(default_factory=dict)
    hit: dict[str, Condition] = Field(default_factory=dict)
    column: Word | None = None
    over: Word | None = None
    minutes: Positive | None = None
    least: Annotated[int, Field(ge=1)] | None = None
    file: Word | None = None

    @model_validator(mode="after")
    def _hit_of(self) -> MeasureSettings:
        if self.hit.keys() and len(self.layers) > 1:
            raise RuleError(
                zh="hit 只用于一个图层：分子另有图层时不必写 hit",
                en="hit goes with one layer: where the numerator has a layer of its own there is no hit",
            )
        return self
