"""Standards of park service: size bands and radii, read from data that a planner may edit."""

from __future__ import annotations

import math
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, model_validator

from jxgis._toml import RuleError, read_toml, validated
from jxgis.bounds import at_least
from jxgis.errors import SettingsError
from jxgis.i18n import Text, listed, text_pair
from jxgis.schema.layers import nearest

if TYPE_CHECKING:
    import numpy.typing as npt

__all__ = ["Band", "Standard", "load_standard", "load_standards"]

_DEFAULT_STANDARD = "garden-city-2022"


class Band(BaseModel):
    """One size band: parks of ``min_m2`` (included) to ``max_m2`` (not included) serve ``radius_m``; see `jxgis.bounds`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    min_m2: Annotated[float, Field(ge=0)]
    max_m2: Annotated[float, Field(gt=0)] = math.inf
    radius_m: Annotated[float, Field(gt=0, allow_inf_nan=False)]
    context: Literal["any", "historic"] = "any"

    @model_validator(mode="after")
    def _ordered(self) -> Band:
        if self.min_m2 >= self.max_m2:
            raise RuleError(
                zh=f"min_m2（{self.min_m2:g}）须小于 max_m2（{self.max_m2:g}）",
                en=f"min_m2 {self.min_m2:g} is not below max_m2 {self.max_m2:g}",
            )
        return self


class Standard(BaseModel):
    """A named standard: its bands, what it divides by, and where it comes from.

    Examples
    --------
    >>> standard = load_standard("garden-city-2022")
    >>> standard.verified, standard.denominator
    (False, 'residential')
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    title_zh: str
    title_en: str
    source: str
    clause: str
    denominator: Literal["residential", "built_up"]
    verified: bool
    bands: Annotated[tuple[Band, ...], Field(min_length=1)]

    @property
    def title(self) -> Text:
        """The standard's full title in both languages."""
        return Text(zh=self.title_zh, en=self.title_en)

    @property
    def said(self) -> Text:
        """The title, and that nobody held the clause in hand where that is so.

        Examples
        --------
        >>> load_standard("garden-city-2022").said.zh
        '国家园林城市评选标准（2022），条文未经核对'
        """
        return self.title if self.verified else text_pair("parks.unverified", standard=self.title)

    def band_of(self, area_m2: npt.ArrayLike, historic: npt.ArrayLike | None = None) -> npt.NDArray[np.int64]:
        """Which band gives each park its radius.

        Parameters
        ----------
        area_m2
            (n,) areas of whole parks, in m².
        historic
            (n,) whether the park lies in a historic area; none do where it is not given.

        Returns
        -------
        numpy.ndarray
            (n,) position in ``bands`` of the widest band that the park fits; -1 where the park does not count.

        Examples
        --------
        >>> load_standard("garden-city-2022").band_of([1999, 2000, 5000, 1000], [False, False, False, True]).tolist()
        [-1, 1, 0, 2]
        """
        area = np.atleast_1d(np.asarray(area_m2, dtype=np.float64))
        old = np.zeros(area.shape, dtype=bool) if historic is None else np.atleast_1d(np.asarray(historic, dtype=bool))
        found = np.full(area.shape, -1, dtype=np.int64)
        reach = np.zeros(area.shape)
        for position, band in enumerate(self.bands):
            fits = at_least(area, band.min_m2) & ~at_least(area, band.max_m2) & (band.radius_m > reach)
            if band.context == "historic":
                fits &= old
            found[fits] = position
            reach[fits] = band.radius_m
        return found

    def radius_of(self, area_m2: npt.ArrayLike, historic: npt.ArrayLike | None = None) -> npt.NDArray[np.float64]:
        """The service radius of each park.

        Parameters
        ----------
        area_m2, historic
            As for `band_of`.

        Returns
        -------
        numpy.ndarray
            (n,) radii in metres; NaN where the park does not count.

        Examples
        --------
        >>> load_standard("gbt51346-2019").radius_of([3999, 4000, 60000, 900000]).tolist()
        [nan, 300.0, 800.0, 2000.0]
        """
        radii = np.array([*(band.radius_m for band in self.bands), np.nan])
        return radii[self.band_of(area_m2, historic)]


def load_standards(path: str | Path | None = None) -> dict[str, Standard]:
    """Read every preset of a standards file.

    Parameters
    ----------
    path
        A TOML file laid out as ``profiles/park_standards.toml``; that file where it is not given.

    Returns
    -------
    dict of Standard
        By name, in the file's order.

    Raises
    ------
    SettingsError
        If the file cannot be read, or a preset is not complete.

    Examples
    --------
    >>> list(load_standards())
    ['garden-city-2022', 'gbt50563-2010', 'gbt51346-2019']
    """
    source = (
        Path(str(resources.files("jxgis.profiles").joinpath("park_standards.toml"))) if path is None else Path(path)
    )
    found = {}
    for name, table in read_toml(source).items():
        own = {"name": name, **table} if isinstance(table, dict) else {"name": name}
        found[name] = validated(Standard, own, f"{source.name} [{name}]")
    return found


def load_standard(name: str = _DEFAULT_STANDARD, path: str | Path | None = None) -> Standard:
    """Read one preset by name.

    Parameters
    ----------
    name
        The preset: ``"garden-city-2022"``, ``"gbt50563-2010"``, ``"gbt51346-2019"``, or one of your own file.
    path
        As for `load_standards`.

    Returns
    -------
    Standard

    Raises
    ------
    SettingsError
        If there is no preset of that name.

    Examples
    --------
    >>> load_standard("gbt50563-2010").radius_of([4999, 5000]).tolist()
    [nan, 500.0]
    >>> load_standard("garden-city")
    Traceback (most recent call last):
    jxgis.errors.SettingsError: 没有名为 garden-city 的公园标准...
    """
    known = load_standards(path)
    if name not in known:
        hint = nearest(name, known)
        raise SettingsError(
            zh=f"没有名为 {name} 的公园标准{hint.zh}可用的有：{listed(known, 'zh')}。",
            en=f"There is no park standard {name}{hint.en} There are: {listed(known, 'en')}.",
        )
    return known[name]
