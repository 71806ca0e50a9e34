"""jxgis.toml: the typed, frozen settings of a project."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from jxgis._toml import RuleError, read_toml, validated

__all__ = [
    "BoundaryInputSettings",
    "CitySettings",
    "HotspotSettings",
    "IndicatorSettings",
    "InputSettings",
    "IssueInputSettings",
    "ParkSettings",
    "ReportSettings",
    "ScoringSettings",
    "Settings",
    "UnitSettings",
    "load_settings",
]

Finite = Annotated[float, Field(allow_inf_nan=False)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
# A city is tens of kilometres wide: more is a slip of the hand, and would fill the memory.
CityMetres = Annotated[float, Field(gt=0, le=100_000)]
Share = Annotated[float, Field(ge=0, le=1)]


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", str_strip_whitespace=True)


class CitySettings(_Section):
    """``[city]``: the profile, and what replaces parts of it.

    ``profile`` is a built-in name or a path; ``outline`` a polygon file that clips dissolved districts;
    ``issue_classes`` a table from the platform's categories to the classes, such as the sheet filled in by hand.
    """

    profile: str = "jiaxing"
    crs: str | None = None
    outline: str | None = None
    issue_classes: str | None = None


class InputSettings(_Section):
    """``[inputs.LAYER]``: where a layer is and how to read it.

    ``path`` may be a glob; ``layer`` is a layer or sheet of the file; ``crs`` overrides or supplies the
    reference system (an EPSG code, ``GCJ-02`` or ``BD-09``); ``columns`` maps contract names to names in the file;
    ``official`` says that the polygons are the authority's own, which takes the schematic mark away.
    """

    path: str
    layer: str | None = None
    crs: str | None = None
    encoding: str | None = None
    axes: Literal["east_north", "north_east"] | None = None
    name_column: str | None = None
    columns: dict[str, str] = Field(default_factory=dict)
    towgs84: tuple[Finite, ...] | None = None
    official: bool = False


class BoundaryInputSettings(InputSettings):
    """``[inputs.districts]``, ``[inputs.subdistricts]``: ground that two of them claim.

    An overlap of up to ``overlap_share`` of the smaller one goes to the smaller; 0 leaves all as they are drawn.
    """

    overlap_share: Share = 0.01


class IssueInputSettings(InputSettings):
    """``[inputs.issues]``: the issues' file, its class column, filters and time zone.

    ``drop_points`` are pairs of coordinates, as the file has them: issues there are left out, such as those that a
    geocoder could not place.
    Of the file's other columns only those in ``keep`` are carried, what names a person in them masked.
    """

    class_column: str | None = None
    timezone: str | None = None
    start: str | None = Field(default=None, alias="from")
    end: str | None = Field(default=None, alias="to")
    status: tuple[str, ...] = ()
    source: tuple[str, ...] = ()
    drop_status: tuple[str, ...] = ("作废", "重复")
    drop_points: tuple[tuple[Finite, Finite], ...] = ()
    keep: tuple[str, ...] = ()


class Inputs(_Section):
    """``[inputs]``: one table a layer; a layer that is not there is not analysed."""

    subdistricts: BoundaryInputSettings | None = None
    districts: BoundaryInputSettings | None = None
    issues: IssueInputSettings | None = None
    parks: InputSettings | None = None
    residential: InputSettings | None = None
    historic: InputSettings | None = None
    vacant: InputSettings | None = None
    planned_parks: InputSettings | None = None
    streets: InputSettings | None = None
    gates: InputSettings | None = None
    barriers: InputSettings | None = None
    waters: InputSettings | None = None
    places: InputSettings | None = None
    population: InputSettings | None = None
    exposure: InputSettings | None = None
    ring: InputSettings | None = None
    built_up: InputSettings | None = None
    land_use: InputSettings | None = None
    blocks: InputSettings | None = None
    keep_together: InputSettings | None = None
    keep_apart: InputSettings | None = None
    units: InputSettings | None = None
    candidates: InputSettings | None = None


class HotspotSettings(_Section):
    """``[hotspots]``: cells, band and the level of the inference.

    ``family`` says over which tests the level holds: those of one class, or of all. Classes with fewer than
    ``min_issues`` issues are not judged.
    """

    cell_m: CityMetres = 200
    band_m: CityMetres = 500
    alpha: Annotated[float, Field(gt=0, lt=1)] = 0.05
    family: Literal["class", "all"] = "class"
    min_issues: Annotated[int, Field(ge=0)] = 30
    bandwidth_m: CityMetres = 500
    density_cell_m: CityMetres = 100


class ParkSettings(_Section):
    """``[parks]``: the standard, the walk, what counts as one park, and what if.

    ``denominator`` says what the residential layer holds (the standard's own where not given). Housing is sampled every
    ``sample_m``; a way to a street is ``max_snap_m`` at most; a street within ``entry_m`` of a park's edge leads into
    it. ``catchment_m`` and ``decay`` shape the park area that people reach. ``new_parks`` are proposed, where they
    serve most ``objective`` (``area`` of housing or its ``people``), and the fewest for ``target``; ``close`` names
    parks, by id or name, that a plan gives up.
    """

    standard: str = "garden-city-2022"
    denominator: Literal["residential", "built_up"] | None = None
    minutes: Positive = 10
    speed_m_per_min: Positive = 75
    merge_gap_m: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 20
    sample_m: Positive = 25
    max_snap_m: Positive = 200
    entry_m: Positive = 20
    catchment_m: Positive = 1000
    decay: Literal["gaussian", "linear", "none"] = "gaussian"
    new_parks: Annotated[int, Field(ge=0)] = 0
    objective: Literal["area", "people"] = "area"
    target: Annotated[float, Field(gt=0, le=1)] = 0.9
    close: tuple[str, ...] = ()


class UnitSettings(_Section):
    """``[units]``: the bounds, the target (the middle of the bounds where not given) and the dials.

    Blocks are the user's own, else faces of streets, else cells of ``cell_m``; ``by_cells`` takes cells although there
    are streets. ``attributes`` are columns that units should be alike in: of the blocks, or made of the other layers
    (``issues_per_km2``, ``mix_{class}``, ``people_per_km2``); none named: all that the layers make. ``n_units`` gives a
    number of units for a district by name. ``mend_shapes`` searches a part with ragged, narrow or enclosing units
    again, rounder. ``snap_m`` is the widest gap, overlap or stray edge of the user's own blocks (and of edited units)
    that is drawing noise. ``alternatives`` proposes further plans, which say how stable each border is.
    """

    cell_m: CityMetres = 200
    by_cells: bool = False
    min_km2: Positive = 2
    max_km2: Positive = 5
    target_km2: Positive | None = None
    attributes: tuple[str, ...] | None = None
    weights: dict[str, Annotated[float, Field(ge=0, allow_inf_nan=False)]] = Field(default_factory=dict)
    compactness: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 0.05
    border_credit: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 0.05
    n_units: dict[str, Annotated[int, Field(ge=1)]] = Field(default_factory=dict)
    exclaves: Literal["own", "attach"] = "own"
    mend_shapes: bool = True
    snap_m: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 1
    alternatives: bool = True
    seed: Annotated[int, Field(ge=0)] = 0

    @model_validator(mode="after")
    def _bounds(self) -> UnitSettings:
        if not self.min_km2 < self.max_km2:
            raise RuleError(
                zh=f"min_km2（{self.min_km2:g}）须小于 max_km2（{self.max_km2:g}）",
                en=f"min_km2 ({self.min_km2:g}) must be less than max_km2 ({self.max_km2:g})",
            )
        if self.target_km2 is not None and not self.min_km2 <= self.target_km2 <= self.max_km2:
            raise RuleError(
                zh=f"target_km2（{self.target_km2:g}）须在 {self.min_km2:g} 与 {self.max_km2:g} 之间",
                en=f"target_km2 ({self.target_km2:g}) must lie between {self.min_km2:g} and {self.max_km2:g}",
            )
        return self

    @property
    def target(self) -> float:
        """The area to aim at, km²."""
        return (self.min_km2 + self.max_km2) / 2 if self.target_km2 is None else self.target_km2


class IndicatorSettings(_Section):
    """``[scoring.indicators.ID]``: one indicator against fixed references, all in its ``unit`` (for people)."""

    dimension: str
    unit: str = ""
    weight: Positive
    target: Positive | None = None
    low: Finite | None = None
    high: Finite | None = None

    @model_validator(mode="after")
    def _kind(self) -> IndicatorSettings:
        benefit = self.target is not None
        cost = self.low is not None and self.high is not None and self.low < self.high
        if benefit == cost or (benefit and (self.low, self.high) != (None, None)):
            raise RuleError(
                zh="请给出 target（效益型），或给出 low < high（成本型），二者取一",
                en="give either target (benefit), or low < high (cost)",
            )
        return self


class ScoringSettings(_Section):
    """``[scoring]``: the weights and, where given, the indicators that replace the default set.

    ``judgements`` are AHP's pairwise judgements of the dimensions: ``[scoring.judgements.ROW] COLUMN = times`` says how
    many times as important ROW is.
    """

    weights: Literal["expert", "equal", "ahp", "entropy", "critic"] = "expert"
    min_completeness: Share = 0.7
    indicators: dict[str, IndicatorSettings] = Field(default_factory=dict)
    judgements: dict[str, dict[str, Positive]] = Field(default_factory=dict)


class ReportSettings(_Section):
    """``[report]``: what stands on the report's first page, its language, and the least number of cases that is shown.

    Counts of cases from 1 to below ``min_count`` stand as a range on every page, map and workbook; 1 shows all.
    GeoPackages keep the counts.
    """

    title: str | None = None
    lang: Literal["zh", "en"] = "zh"
    min_count: Annotated[int, Field(ge=1)] = 3


class Settings(_Section):
    """All of jxgis.toml.

    Examples
    --------
    >>> Settings().hotspots.cell_m, Settings().parks.standard
    (200, 'garden-city-2022')
    """

    city: CitySettings = CitySettings()
    inputs: Inputs = Inputs()
    hotspots: HotspotSettings = HotspotSettings()
    parks: ParkSettings = ParkSettings()
    units: UnitSettings = UnitSettings()
    scoring: ScoringSettings = ScoringSettings()
    report: ReportSettings = ReportSettings()


def load_settings(path: str | Path) -> Settings:
    """Read jxgis.toml.

    Parameters
    ----------
    path
        The file. Relative paths in it are relative to its folder, and come back absolute.

    Returns
    -------
    Settings

    Raises
    ------
    SettingsError
        If the file is missing, no TOML, or holds an unknown key or a value out of range; one message for all.
    """
    path = Path(path)
    settings = validated(Settings, read_toml(path), path.name)
    folder = path.resolve().parent
    return settings.model_copy(
        update={"city": _absolute_city(settings.city, folder), "inputs": _absolute(settings.inputs, folder)}
    )


def _absolute_city(city: CitySettings, folder: Path) -> CitySettings:
    update = {
        name: str(folder / value)
        for name in ("profile", "outline", "issue_classes")
        if (value := getattr(city, name)) is not None and (name != "profile" or value.endswith(".toml"))
    }
    return city.model_copy(update=update)


def _absolute(inputs: Inputs, folder: Path) -> Inputs:
    layers = {name: getattr(inputs, name) for name in Inputs.model_fields}
    return inputs.model_copy(
        update={
            name: layer.model_copy(update={"path": str(folder / layer.path)})
            for name, layer in layers.items()
            if layer is not None and "://" not in layer.path
        }
    )
