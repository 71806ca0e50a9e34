"""jxgis.toml: the typed, frozen settings of a project, each option with its default and what is said of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, create_model

from jxgis._files import split_layer
from jxgis._postgis import is_address
from jxgis._toml import kind_at, model_in, path_of, read_toml, validated
from jxgis.schema.layers import layers
from jxgis.settings._circle import CircleSettings, KindSettings
from jxgis.settings._inputs import BoundaryInputSettings, CitySettings, Inputs, InputSettings, IssueInputSettings
from jxgis.settings._measures import Condition, MeasureSettings, Range
from jxgis.settings._option import Section, about, default, example, with_options
from jxgis.settings._output import OutputSettings
from jxgis.settings._parts import (
    ALLOCATE,
    CLUSTERS,
    EFFECT,
    HOTSPOTS,
    PARKS,
    REPORT,
    SCORECARD,
    SCORING,
    WEAK,
    AllocateSettings,
    ClusterMethod,
    ClusterSettings,
    Controls,
    CycleSettings,
    Decay,
    EffectSettings,
    Exposure,
    Family,
    HotspotSettings,
    IndicatorSettings,
    ParkSettings,
    Reference,
    ReportSettings,
    ScorecardSettings,
    ScoringSettings,
    WeakSettings,
    Weighing,
)
from jxgis.settings._scan import SCAN, ScanSettings
from jxgis.settings._trends import TRENDS, CompareWith, Step, TrendSettings
from jxgis.settings._units import UNITS, BoundSettings, UnitSettings

__all__ = [
    "ALLOCATE",
    "CLUSTERS",
    "EFFECT",
    "HOTSPOTS",
    "PARKS",
    "REPORT",
    "SCAN",
    "SCORECARD",
    "SCORING",
    "TRENDS",
    "UNITS",
    "WEAK",
    "AllocateSettings",
    "BoundSettings",
    "BoundaryInputSettings",
    "CircleSettings",
    "CitySettings",
    "ClusterMethod",
    "ClusterSettings",
    "CompareWith",
    "Condition",
    "Controls",
    "CycleSettings",
    "Decay",
    "EffectSettings",
    "Exposure",
    "Family",
    "HotspotSettings",
    "IndicatorSettings",
    "InputSettings",
    "Inputs",
    "IssueInputSettings",
    "KindSettings",
    "MeasureSettings",
    "OutputSettings",
    "ParkSettings",
    "Range",
    "Reference",
    "ReportSettings",
    "ScanSettings",
    "ScorecardSettings",
    "ScoringSettings",
    "Section",
    "Settings",
    "Step",
    "TrendSettings",
    "UnitSettings",
    "WeakSettings",
    "Weighing",
    "about",
    "default",
    "example",
    "files_read",
    "load_settings",
    "make_settings",
    "model_for",
    "option_at",
    "with_options",
]


def __dir__() -> list[str]:
    return __all__


class Settings(Section):
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
    allocate: AllocateSettings = AllocateSettings()
    cycle: CycleSettings = CycleSettings()
    effect: EffectSettings = EffectSettings()
    scorecard: ScorecardSettings = ScorecardSettings()
    circle: CircleSettings = CircleSettings()
    weak: WeakSettings = WeakSettings()
    clusters: ClusterSettings = ClusterSettings()
    scan: ScanSettings = ScanSettings()
    trends: TrendSettings = TrendSettings()
    report: ReportSettings = ReportSettings()
    output: OutputSettings = OutputSettings()

    def overridden(self, section: str, options: Mapping[str, Any]) -> Self:
        """The same with other options of a section, by the names that jxgis.toml has.

        Raises
        ------
        SettingsError
            If an option is unknown or out of range; the nearest name is suggested.
        """
        return self.model_copy(update={section: getattr(self, section).but(dict(options), f"[{section}]")})

    def shaping(self, sections: Sequence[str], layers: Sequence[str] | None = None) -> dict[str, Any]:
        """What of the settings shaped a result, for ``run.json``: ``city``, ``inputs`` (of some layers) and sections."""
        dumped = self.model_dump(by_alias=True, exclude_none=True, exclude={"report": {"tianditu_key"}})
        inputs = dumped["inputs"]
        shaped = {
            "city": dumped["city"],
            "inputs": inputs if layers is None else {name: inputs[name] for name in layers},
        }
        return shaped | {name: dumped[name] for name in sections}


def load_settings(path: str | Path) -> Settings:
    """Read jxgis.toml.

    Parameters
    ----------
    path
        The file, or the folder that holds it. Relative paths in it are relative to its folder, and come back absolute.

    Returns
    -------
    Settings

    Raises
    ------
    SettingsError
        If the file is missing, no TOML, or holds an unknown key or a value out of range; one message for all.
    """
    path = path_of(path)
    path = path / "jxgis.toml" if path.is_dir() else path
    raw = read_toml(path)
    folder = path.resolve().parent
    settings = make_settings(raw, path.name, folder=folder)
    return settings.model_copy(
        update={
            "city": _absolute_city(settings.city, folder),
            "inputs": _absolute(settings.inputs, folder),
            "scoring": _absolute_rasters(settings.scoring, folder),
            "report": _absolute_template(settings.report, folder),
        }
    )


def files_read(settings: Settings) -> list[str]:
    """Every path that the settings name, patterns as they stand; a database is none."""
    layers = [getattr(settings.inputs, layer) for layer in type(settings.inputs).model_fields]
    paths = [None if layer is None else layer.path for layer in layers]
    paths += [settings.city.outline, settings.city.issue_classes, settings.report.template]
    paths += [way.file for own in settings.scoring.indicators.values() for way in own.measures]
    return [split_layer(path)[0] for path in paths if path is not None and not is_address(path)]


def make_settings(raw: dict[str, Any], source: str, *, folder: Path = Path()) -> Settings:
    """Check settings against what there is: the options, every city's layers, and those that the profile adds.

    Parameters
    ----------
    raw
        Nested as the file is.
    source
        What they are called in a message.
    folder
        Where a relative path of the profile starts.

    Raises
    ------
    SettingsError
        As for `load_settings`.
    """
    return validated(model_for(raw, folder=folder), raw, source)


def model_for(raw: Mapping[str, Any], *, folder: Path = Path()) -> type[Settings]:
    """The model that settings are checked against: `Settings`, with the layers that the profile adds."""
    return _model(_further(raw, folder))


def option_at(key: str) -> tuple[type[BaseModel], str]:
    """The model and the field of a key of jxgis.toml.

    Examples
    --------
    >>> model, field = option_at("inputs.issues.from")
    >>> model.__name__, field
    ('IssueInputSettings', 'start')
    """
    *place, last = key.split(".")
    model = model_in(kind_at(Settings, place))
    fields = {} if model is None else model.model_fields
    return next((model, name) for name, field in fields.items() if model and (field.alias or name) == last)


def _further(raw: Mapping[str, Any], folder: Path) -> tuple[str, ...]:
    """The layers that the profile adds, where the settings name one that not every city has."""
    inputs, city = raw.get("inputs"), raw.get("city", {})
    profile = city.get("profile", default(CitySettings, "profile")) if isinstance(city, dict) else None
    if not isinstance(inputs, dict) or inputs.keys() <= {*layers()} or not isinstance(profile, str):
        return ()
    from jxgis.city import load_city

    return tuple(load_city(folder / profile if profile.endswith(".toml") else profile).layers)


@cache
def _model(further: tuple[str, ...]) -> type[Settings]:
    if not further:
        return Settings
    fields: dict[str, Any] = dict.fromkeys(further, (InputSettings | None, None))
    # A layer may be called model_streets: names that a model has for itself are refused where a profile is read.
    base = type("Inputs", (Inputs,), {"model_config": ConfigDict(protected_namespaces=())})
    inputs: type[Inputs] = create_model("Inputs", __base__=base, **fields)
    return create_model("Settings", __base__=Settings, inputs=(inputs, inputs()))


def _absolute_city(city: CitySettings, folder: Path) -> CitySettings:
    update = {
        name: str(folder / value)
        for name in ("profile", "outline", "issue_classes")
        if (value := getattr(city, name)) is not None and (name != "profile" or value.endswith(".toml"))
    }
    return city.model_copy(update=update)


def _absolute_template(report: ReportSettings, folder: Path) -> ReportSettings:
    template = report.template
    return report if template is None else report.model_copy(update={"template": str(folder / template)})


def _absolute_rasters(scoring: ScoringSettings, folder: Path) -> ScoringSettings:
    def moved(way: MeasureSettings) -> MeasureSettings:
        return way if way.file is None else way.model_copy(update={"file": str(folder / way.file)})

    own = {
        name: indicator.model_copy(update={"measures": tuple(map(moved, indicator.measures))})
        for name, indicator in scoring.indicators.items()
    }
    return scoring.model_copy(update={"indicators": own})


def _absolute(inputs: Inputs, folder: Path) -> Inputs:
    given = {name: getattr(inputs, name) for name in type(inputs).model_fields}
    return inputs.model_copy(
        update={
            name: layer.model_copy(update={"path": str(folder / layer.path)})
            for name, layer in given.items()
            if layer is not None and "://" not in layer.path
        }
    )
