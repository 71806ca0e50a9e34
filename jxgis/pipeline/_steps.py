"""The four analyses, called with what the inputs hold and the settings say."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from jxgis._errors import InputError, JxgisError, SettingsError
from jxgis.i18n import text_pair

if TYPE_CHECKING:
    import geopandas as gpd

    from jxgis.i18n import Text
    from jxgis.parks.standards import Standard
    from jxgis.pipeline._inputs import Inputs, Progress
    from jxgis.pipeline.hotspots import HotspotsResult
    from jxgis.pipeline.parks import ParksResult, Raster
    from jxgis.pipeline.score import ScoreResult
    from jxgis.pipeline.units import UnitsResult
    from jxgis.settings import Settings

__all__ = ["Refusal", "Refusals", "Results", "find_hotspots", "measure_parks", "propose", "score"]

Found = TypeVar("Found")


class Refusal(NamedTuple):
    """A part that could not be done with the inputs as they are, and why."""

    part: str
    why: Text


@dataclass(frozen=True)
class Refusals:
    """What a run could not do: a refused analysis does not take the others down."""

    found: list[Refusal] = field(default_factory=list)

    def attempt(self, part: str, analysis: Callable[..., Found], *given: Any) -> Found | None:
        """Run an analysis; where it refuses its input, note why and go on without it.

        Parameters
        ----------
        part
            One of `report.tables.PARTS`.
        analysis, given
            What to call, and with what. Settings that cannot be used are not caught: they are quick to correct, and
            what they ask for would be missing without having been refused. Nor are faults of the program.
        """
        try:
            return analysis(*given)
        except SettingsError:
            raise
        except JxgisError as error:
            self.found.append(Refusal(part, error.message))
            return None

    def account(self, lang: str) -> dict[str, Any]:
        """What ``run.json`` says."""
        return {"refused": [{"part": part, "message": why.of(lang)} for part, why in self.found]}

    def lines(self) -> list[Text]:
        """What to say on the way, one line a part."""
        return [
            text_pair("pipeline.refused", part=text_pair(f"report.part_{part}"), why=why) for part, why in self.found
        ]


@dataclass(frozen=True, eq=False, kw_only=True)
class Results:
    """What a run found; None where a part was not run or was refused."""

    hotspots: HotspotsResult | None = None
    parks: ParksResult | None = None
    units: UnitsResult | None = None
    scores: ScoreResult | None = None
    refused: tuple[Refusal, ...] = ()


def find_hotspots(inputs: Inputs, settings: Settings, progress: Progress) -> HotspotsResult:
    """Hot spots of the issues in the districts."""
    from jxgis.pipeline import hotspots

    progress(text_pair("pipeline.step_hotspots"))
    asked = settings.hotspots
    by_column = settings.inputs.issues is not None and settings.inputs.issues.class_column is not None
    districts = inputs.need("districts")
    return hotspots.analyse(
        inputs.need("issues"),
        districts,
        classes=None if inputs.city is None or by_column else list(inputs.city.classes),
        districts=districts,
        subdistricts=inputs.table("subdistricts"),
        ring=inputs.table("ring"),
        places=inputs.table("places"),
        streets=inputs.table("streets"),
        labels=_labels(inputs),
        exposure=inputs.table("exposure"),
        exposure_column=_people(inputs.table("exposure")),
        built_up_land=inputs.table("built_up"),
        **_window(inputs, settings),
        cell_m=asked.cell_m,
        band_m=asked.band_m,
        alpha=asked.alpha,
        family=asked.family,
        min_issues=asked.min_issues,
        bandwidth_m=asked.bandwidth_m,
        density_cell_m=asked.density_cell_m,
    )


def measure_parks(inputs: Inputs, settings: Settings, progress: Progress) -> ParksResult:
    """Coverage of housing by parks, by district; on foot too where there are streets; sites for new parks."""
    from jxgis.parks.standards import load_standard
    from jxgis.pipeline import parks

    progress(text_pair("pipeline.step_parks"))
    asked = settings.parks
    standard = load_standard(asked.standard, None if inputs.city is None else inputs.city.standards)
    result = parks.analyse(
        inputs.need("parks"),
        _built_up(inputs) if _of_built_up(settings, standard) else inputs.table("residential"),
        inputs.need("districts"),
        standard=standard,
        historic=inputs.table("historic"),
        merge_gap_m=asked.merge_gap_m,
        denominator=asked.denominator,
        streets=inputs.table("streets"),
        gates=inputs.table("gates"),
        barriers=inputs.table("barriers"),
        minutes=asked.minutes,
        speed_m_per_min=asked.speed_m_per_min,
        sample_m=asked.sample_m,
        max_snap_m=asked.max_snap_m,
        entry_m=asked.entry_m,
        people=_population(inputs, settings),
        catchment_m=asked.catchment_m,
        decay=asked.decay,
        places=inputs.table("places"),
        candidates=inputs.table("vacant"),
        new_parks=asked.new_parks,
        objective=asked.objective,
        target=asked.target,
        planned=inputs.table("planned_parks"),
        close=asked.close,
    )
    for line in result.warnings():
        progress(line)
    return result


def _of_built_up(settings: Settings, standard: Standard) -> bool:
    """Whether coverage is a share of built-up land: as the settings say, else as the standard does."""
    return (settings.parks.denominator or standard.denominator) == "built_up"


def _population(inputs: Inputs, settings: Settings) -> gpd.GeoDataFrame | Raster | None:
    """The people as they were given: a raster stays one, so that its cells are shared out by exact area."""
    from jxgis.load import check_raster
    from jxgis.load.rasters import is_raster
    from jxgis.pipeline.parks import Raster

    given = settings.inputs.population
    if given is None or not is_raster(given.path):
        return inputs.table("population")
    found = check_raster(given.path, crs=given.crs)
    return Raster(found.path, found.crs)


def _built_up(inputs: Inputs) -> gpd.GeoDataFrame:
    """Built-up land as what parks should serve: only polygons have an area."""
    land = inputs.table("built_up")
    kept = None if land is None else land[land.geom_type.isin(("Polygon", "MultiPolygon"))]
    if kept is None or kept.empty:
        raise InputError(
            zh='[parks] denominator = "built_up" 需要 [inputs.built_up] 给出建成区面图层；没有找到面。',
            en='[parks] denominator = "built_up" needs polygons of built-up land in [inputs.built_up]; there are none.',
        )
    return kept


def propose(inputs: Inputs, settings: Settings, progress: Progress) -> UnitsResult:
    """Units of the districts."""
    from jxgis.pipeline import units

    progress(text_pair("pipeline.step_units"))
    asked = settings.units
    result = units.analyse(
        inputs.need("districts"),
        blocks=None if asked.by_cells else inputs.table("blocks"),
        streets=inputs.table("streets"),
        waters=inputs.table("waters"),
        cell_m=asked.cell_m,
        by_cells=asked.by_cells,
        issues=inputs.table("issues"),
        population=inputs.table("population"),
        land_use=inputs.table("land_use"),
        keep_together=inputs.table("keep_together"),
        keep_apart=inputs.table("keep_apart"),
        attributes=asked.attributes,
        weights=asked.weights,
        min_km2=asked.min_km2,
        max_km2=asked.max_km2,
        target_km2=asked.target,
        compactness=asked.compactness,
        border_credit=asked.border_credit,
        n_units=asked.n_units,
        exclaves=asked.exclaves,
        mend_shapes=asked.mend_shapes,
        snap_m=asked.snap_m,
        alternatives=asked.alternatives,
        seed=asked.seed,
    )
    for note in result.notes():
        progress(note)
    return result


def score(
    inputs: Inputs,
    settings: Settings,
    candidates: gpd.GeoDataFrame,
    hotspots: HotspotsResult | None,
    progress: Progress,
    lang: str,
) -> ScoreResult:
    """Scores of candidates by whatever the inputs allow."""
    from jxgis.parks.standards import load_standard
    from jxgis.pipeline import score as scoring
    from jxgis.scoring.indicators import select_indicators

    progress(text_pair("pipeline.step_scores"))
    asked = settings.scoring
    standard = load_standard(settings.parks.standard, None if inputs.city is None else inputs.city.standards)
    return scoring.analyse(
        candidates,
        issues=inputs.table("issues"),
        parks=inputs.table("parks"),
        residential=inputs.table("residential"),
        waters=inputs.table("waters"),
        hot_cells=None if hotspots is None else hotspots.judged_cells(),
        hot_alpha=settings.hotspots.alpha,
        districts=inputs.table("districts"),
        historic=inputs.table("historic"),
        standard=standard,
        merge_gap_m=settings.parks.merge_gap_m,
        park_land=_built_up(inputs) if "parks" in inputs.loaded and _of_built_up(settings, standard) else None,
        indicators=select_indicators(asked.indicators),
        weights=asked.weights,
        judgements=asked.judgements or None,
        min_completeness=asked.min_completeness,
        min_km2=settings.units.min_km2,
        max_km2=settings.units.max_km2,
        lang=lang,
    )


def _window(inputs: Inputs, settings: Settings) -> dict[str, Any]:
    """All issues with the file and the source of each, and the window that ``from`` opens among them."""
    import geopandas as gpd
    import numpy as np
    import pandas as pd

    from jxgis.load.times import local_date

    given, loaded = settings.inputs.issues, inputs.loaded["issues"]
    columns = ["time", "issue_class", "source", "geometry"]
    names = np.array([source.name for source in loaded.sources], dtype=object)
    tables = [(loaded.earlier, loaded.earlier_file), (loaded.table, loaded.file)]
    parts = [
        table[columns].assign(file=None if file is None else names[file]) for table, file in tables if table is not None
    ]
    history = gpd.GeoDataFrame(pd.concat(parts, ignore_index=True))
    if given is None or given.start is None:
        return {"history": history}
    return {
        "history": history,
        "start": pd.Timestamp(local_date(given.start, field="from")),
        "end": None if given.end is None else pd.Timestamp(local_date(given.end, field="to")),
    }


def _people(exposure: gpd.GeoDataFrame | None) -> str | None:
    """The exposure's column of people; without one its points, lengths or areas count."""
    return "people" if exposure is not None and "people" in exposure.columns else None


def _labels(inputs: Inputs) -> gpd.GeoDataFrame | None:
    """The city's labels as points: names to put on a map where there is nothing better."""
    import geopandas as gpd

    if inputs.city is None or inputs.city.labels.empty:
        return None
    table = inputs.city.labels
    points = gpd.points_from_xy(table["lon"], table["lat"], crs=4326)
    labels: gpd.GeoDataFrame = gpd.GeoDataFrame({"name": table["name"]}, geometry=points).to_crs(inputs.crs)
    return labels
