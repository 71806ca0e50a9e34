"""What a command works on: the city, the metric CRS, and each layer that its settings name, loaded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jxgis._postgis import is_address
from jxgis.city import City, contract_of, load_city
from jxgis.crs import box_around, distortion_note
from jxgis.demo._mark import is_schematic
from jxgis.drawing.ground import GROUND_LAYERS, Basemap, ground_of
from jxgis.errors import InputError, JxgisError, collect
from jxgis.i18n import Sketch, Text, text_pair
from jxgis.part import Given, Progress, Raster
from jxgis.reference import choose_metric_crs

if TYPE_CHECKING:
    from jxgis.load import Loaded
    from jxgis.settings import InputSettings, Settings

__all__ = [
    "GROUND",
    "Reader",
    "city_of",
    "named",
    "not_there",
    "read_options",
    "require_layer",
]

#: The layers that say where the city is.
GROUND = ("districts", "subdistricts")


def city_of(settings: Settings, *, has_project: bool) -> City | None:
    """The project's city, with what ``[city]`` replaces and the files that it names; None without a project.

    Raises
    ------
    SettingsError
        If the profile or a table that it names cannot be used.
    """
    if not has_project:
        return None
    city = load_city(settings.city.profile)
    if settings.city.crs is not None:
        city = replace(city, crs=settings.city.crs)
    if settings.city.outline is not None:
        city = replace(city, outline=Path(settings.city.outline))
    own = [Path(path) for path in (settings.city.outline, settings.city.issue_classes) if path is not None]
    return replace(city, files=(*city.files, *own))


def require_layer(layer: str, settings: Settings, *, has_project: bool) -> None:
    """Refuse a layer that neither every city has nor the project's adds.

    Raises
    ------
    InputError
        With the nearest name.
    """
    contract_of(layer, city_of(settings, has_project=has_project))


def read_options(settings: Settings, layer: str) -> dict[str, Any]:
    """The options of a layer's loader: what ``[inputs.LAYER]`` holds beside its path, and the project's own table of classes."""
    given = getattr(settings.inputs, layer)
    options: dict[str, Any] = given.model_dump(exclude={"path", "official"}, exclude_none=True)
    return options | ({"class_table": settings.city.issue_classes} if layer == "issues" else {})


def named(settings: Settings) -> list[str]:
    """The layers that the settings name, in the order in which they are read: polygons say where the city is."""
    layers = type(settings.inputs).model_fields
    return sorted((layer for layer in layers if getattr(settings.inputs, layer) is not None), key=_order)


def not_there(settings: Settings, layers: Sequence[str]) -> list[str]:
    """Those of the layers that the settings name whose file is not there."""
    return [layer for layer in layers if _missing(getattr(settings.inputs, layer).path) is not None]


def _missing(path: str) -> InputError | None:
    from jxgis.load.readers import find_files

    if is_address(path):
        return None
    try:
        find_files(path)
    except InputError as error:
        return error
    return None


def _sketch(ground: Sequence[InputSettings]) -> Sketch:
    from jxgis.load.readers import find_files

    if any(polygons.official for polygons in ground):
        return False
    paths = [polygons.path for polygons in ground if not is_address(polygons.path)]
    made_up = any(is_schematic(file) for path in paths for file in find_files(path))
    return True if made_up else "borders"


class Reader:
    """The layers that the settings name, each loaded once, when it is first asked for.

    Parameters
    ----------
    settings
        The settings.
    has_project
        Whether the settings come from a project, which has a city.
    lang
        Language of what is written.
    options
        The options of the command that give layers, by layer, for messages.

    Attributes
    ----------
    city
        The project's city; None without a project.
    """

    def __init__(
        self, settings: Settings, *, has_project: bool, lang: str = "zh", options: Mapping[str, str] | None = None
    ) -> None:
        self.city = city_of(settings, has_project=has_project)
        self._settings, self._lang, self._options = settings, lang, options or {}
        self._loaded: dict[str, Loaded] = {}
        self._where: dict[str, Any] = {}
        self._said: set[Text] = set()

    def read(self, layers: Sequence[str], progress: Progress = lambda _: None) -> Given:
        """Load layers; of those that the settings name, the others are left out.

        Parameters
        ----------
        layers
            The layers that can be used. Without a city's CRS the first of them that is read, districts before others,
            says where all are.
        progress
            Called with each step.

        Raises
        ------
        InputError
            If a layer cannot be used.
        """
        settings = self._settings
        given = [layer for layer in named(settings) if layer in layers]
        if not given:
            raise InputError(
                zh="设置中没有任何图层；请填写 [inputs.districts] 等的 path。",
                en="The settings name no layer; fill in the path of [inputs.districts] and so on.",
            )
        collect([*self._not_there(given), *self._no_outline()])
        loaded = {layer: self._load(layer, progress) for layer in given}
        if "districts" in layers and "districts" not in loaded and "subdistricts" in loaded:
            loaded["districts"] = self._districts(progress)
        first = next(iter(loaded.values()))
        crs, note = choose_metric_crs(None if self.city is None else self.city.crs, first.table)
        # The table stands in that CRS by now; its loader knows how it came to be chosen.
        note = first.crs_note or note
        stretched = distortion_note(crs, first.table.total_bounds)
        if stretched is not None:
            self._say(stretched, progress)
            note = Text(zh=f"{note.zh}{stretched.zh}", en=f"{note.en} {stretched.en}")
        return Given(
            settings=settings,
            city=self.city,
            crs=crs,
            crs_note=note,
            layers={layer: found.table for layer, found in loaded.items()},
            loaded=loaded,
            people_raster=_people_raster(settings) if "population" in loaded else None,
            sketch=_sketch([getattr(settings.inputs, layer) for layer in GROUND if layer in given]),
            lang=self._lang,
            progress=progress,
            **(_window(settings, loaded["issues"]) if "issues" in loaded else {}),
        )

    def with_ground(self, given: Given) -> Given:
        """The same with what the settings name of the ground of the maps, read where it is not; what cannot be used is said.

        Parameters
        ----------
        given
            What `read` read, which says where all are.
        """
        there = named(self._settings)
        around: dict[str, Loaded] = {}
        unread: list[Text] = []
        wanted = [layer for layer in there if layer in GROUND_LAYERS and not (layer == "roads" and "streets" in there)]
        for layer in wanted:
            try:
                collect(self._not_there([layer]))
                around[layer] = self._load(layer, given.progress)
            except JxgisError as error:
                unread.append(text_pair("run.no_ground", layer=contract_of(layer, self.city).title, why=error.message))
                self._say(unread[-1], given.progress)
        made = self.city is not None and not self.city.crosswalk.empty and "subdistricts" in around
        if made and "districts" not in there:
            around["districts"] = self._districts(given.progress)
        tables = {**{layer: found.table for layer, found in around.items()}, **given.layers}
        report = self._settings.report
        basemap = None if report.basemap == "none" else Basemap(report.basemap, report.key)
        ground = replace(ground_of(tables), basemap=basemap)
        return replace(given, ground=ground, around=around, unread=tuple(unread))

    def _not_there(self, layers: Sequence[str]) -> list[InputError]:
        """What is said of each layer whose file is not there: all at once, not one a run."""
        errors = []
        for layer in layers:
            error = None if layer in self._loaded else _missing(getattr(self._settings.inputs, layer).path)
            if error is not None:
                title, option = contract_of(layer, self.city).title, self._options.get(layer)
                first = Text("", "") if option is None else Text(zh=f"{option}，或 ", en=f"{option}, or ")
                errors.append(
                    InputError(
                        zh=f"{title.zh}：{error.text('zh')}请检查 {first.zh}[inputs.{layer}] 的 path；没有这份数据，就在这一段的各行前加 #。",
                        en=f"{title.en}: {error.text('en')} Check {first.en}the path of [inputs.{layer}]; without such data put "
                        "a # before the lines of that section.",
                    )
                )
        return errors

    def _no_outline(self) -> list[InputError]:
        """What is said of an outline whose file is not there: districts of a file of their own are not cut by it."""
        outline = None if self.city is None else self.city.outline
        error = None if outline is None else _missing(str(outline))
        if error is None:
            return []
        return [
            InputError(
                zh=f"中心城区边界：{error.text('zh')}请检查 [city] 的 outline。",
                en=f"The outline of the central city: {error.text('en')} Check outline of [city].",
            )
        ]

    def _load(self, layer: str, progress: Progress) -> Loaded:
        from jxgis import load

        if layer not in self._loaded:
            title = contract_of(layer, self.city).title
            progress(text_pair("run.reading", layer=title))
            reading = read_options(self._settings, layer) | self._where
            found = load.load_layer(layer, getattr(self._settings.inputs, layer).path, city=self.city, **reading)
            for note in noticed(title, found):
                self._say(note, progress)
            if not self._where and (self.city is None or self.city.crs is None):
                self._where = {"metric_crs": found.table.crs}
                if self.city is None:
                    self._where["box"] = box_around(found.table)
            if contract_of(layer, self.city).level:
                found = self._zones(found, title, progress)
            self._loaded[layer] = found
        return self._loaded[layer]

    def _zones(self, found: Loaded, title: Text, progress: Progress) -> Loaded:
        """Zones below the districts, told apart by these, and what is wrong with them."""
        from jxgis.load.boundaries import flaws_said
        from jxgis.zones import tell_apart

        there, districts = named(self._settings), None
        if "districts" in there:
            districts = self._load("districts", progress).table
        elif "subdistricts" in there and self.city is not None and not self.city.crosswalk.empty:
            self._load("subdistricts", progress)
            districts = self._districts(progress).table
        table, notes = tell_apart(found.table, districts)
        said = [Text(zh=f"{title.zh}：{note.zh}", en=f"{title.en}: {note.en}") for note in (*flaws_said(table), *notes)]
        for note in said:
            self._say(note, progress)
        return replace(found, table=table, file=None, row=None, notes=(*found.notes, *said))

    def _districts(self, progress: Progress) -> Loaded:
        if "districts" not in self._loaded:
            progress(text_pair("run.dissolving"))
            found = _dissolved(self._loaded["subdistricts"], self.city)
            for note in found.notes:
                progress(note)
            self._loaded["districts"] = found
        return self._loaded["districts"]

    def _say(self, note: Text, progress: Progress) -> None:
        if note not in self._said:
            progress(note)
        self._said.add(note)


def _people_raster(settings: Settings) -> Raster | None:
    """The people, where they are given as a raster."""
    from jxgis.load import check_raster
    from jxgis.load.rasters import is_raster

    given = settings.inputs.population
    if given is None or not is_raster(given.path):
        return None
    found = check_raster(given.path, crs=given.crs, towgs84=given.towgs84)
    return Raster(found.path, found.crs)


def _window(settings: Settings, loaded: Loaded) -> dict[str, Any]:
    """All issues with the file and the source of each, and the window that ``from`` opens among them."""
    import geopandas as gpd
    import numpy as np
    import pandas as pd

    from jxgis.load.times import local_date

    given = settings.inputs.issues
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


def noticed(title: Text, loaded: Loaded) -> list[Text]:
    """What a layer's loader noticed, and what it rejected: every figure hangs on it."""
    counts = loaded.rejects["reason"].value_counts()
    if counts.empty:
        return list(loaded.notes)
    reasons = [(text_pair(f"reasons.{reason}"), int(count)) for reason, count in counts.items()]
    why = Text(
        zh="；".join(f"{reason.zh} {count} 行" for reason, count in reasons),
        en="; ".join(f"{reason.en}: {count}" for reason, count in reasons),
    )
    return [
        *loaded.notes,
        text_pair("run.rejected", layer=title, count=len(loaded.rejects), why=why, file=f"{loaded.layer}.csv"),
    ]


def _order(layer: str) -> tuple[bool, bool, str]:
    """Polygons first: without a project they say where the city is."""
    return layer != "districts", layer != "subdistricts", layer


def _dissolved(subdistricts: Loaded, city: City | None) -> Loaded:
    """Districts made of sub-districts; they come from the same files, which are accounted for once."""
    from jxgis import load

    if city is None or city.crosswalk.empty:
        raise InputError(
            zh="没有片区面，也没有把街道归入片区的对照表；请提供 [inputs.districts]，或在城市配置中填写 crosswalk。",
            en="No district polygons and no crosswalk to make them of sub-districts; give [inputs.districts], "
            "or fill in the crosswalk of the city's profile.",
        )
    outline = None if city.outline is None else load.load_outline(city.outline, city=city)
    made = load.dissolve_districts(subdistricts.table, city=city, outline=outline)
    return load.Loaded("districts", made.districts, subdistricts.rejects.iloc[:0], (), made.notes)
