"""`jxgis check` as a command: one layer loaded beside those that it is held against, and what it writes."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jxgis import output
from jxgis._files import split_layer
from jxgis.city import contract_of
from jxgis.errors import InputError, require_lang
from jxgis.gpkg import stored_names, write_gpkg
from jxgis.i18n import text_pair
from jxgis.qgis import write_project
from jxgis.run.inputs import GROUND, Reader, city_of, not_there, read_options
from jxgis.settings import files_read
from jxgis.small_counts import hide_small

if TYPE_CHECKING:
    import pandas as pd

    from jxgis.i18n import Text
    from jxgis.load import Loaded
    from jxgis.output import Stage
    from jxgis.run.check import Checked
    from jxgis.settings import Settings

__all__ = ["run_check", "write_flaws", "write_lists"]


def run_check(
    layer: str, settings: Settings, *, out: str | Path | None = None, has_project: bool = False, lang: str = "zh"
) -> list[str]:
    """`jxgis check`: load one layer, say what is in it, and write its clean rows and its rejects.

    Parameters
    ----------
    layer
        The layer of the contract.
    settings
        The settings; ``inputs.LAYER`` says where it is.
    out
        The result folder: ``clean.gpkg``, ``jxgis.qgz``, ``rejects/LAYER.csv``, ``check.json``, ``run.json``, and the sheet of
        categories without a class, the list of cases that lie elsewhere than recorded, ``flaws.gpkg`` (see
        :func:`write_flaws`) and ``defects.gpkg`` (defects of edited units, and they with their slivers snapped), where
        there are any. None: nothing is written.
    has_project
        Whether the settings come from a project.
    lang
        ``"zh"`` or ``"en"``.

    Returns
    -------
    list of str
        Lines to print.

    Raises
    ------
    JxgisError
        If the layer cannot be used, or no row is kept.
    """
    from jxgis.run.check import check_layer

    require_lang(lang)
    # A new project names files that are still to come: the one that is asked about can be checked without them.
    held_against = {"issues": (*GROUND, "streets"), "units": GROUND}.get(layer, ())
    named = [name for name in held_against if getattr(settings.inputs, name) is not None]
    absent = not_there(settings, named)
    beside = [name for name in named if name not in absent]
    settings, unused = _without_absent(settings, layer)
    refused: Text | None = None
    city = city_of(settings, has_project=has_project)
    with contextlib.ExitStack() as stack:
        stage = None
        if out is not None:
            stage = stack.enter_context(output.staged(out, command="check", reads=files_read(settings)))
        options = read_options(settings, layer)
        if layer == "issues" and beside:
            try:
                ground = Reader(settings, has_project=has_project).read(beside)
                options |= {name: ground.table(name) for name in beside}
            except InputError as error:
                # What lies beside the issues may be wrong; they are to be checked all the same.
                refused = error.message
        if layer == "units":
            asked = settings.units
            options |= {"bounds_km2": (asked.min_km2, asked.max_km2), "snap_m": asked.snap_m}
            if beside and "districts" not in absent:
                ground = Reader(settings, has_project=has_project).read(("districts", *beside))
                options["districts"] = ground.table("districts")
        found = check_layer(layer, getattr(settings.inputs, layer).path, city=city, **options)
        if stage is not None:
            _write_check(found, stage, settings, () if city is None else city.classes, lang)
    lines = found.lines if out is None else (*found.lines, *_renamed(found))
    if refused is not None:
        titles = [contract_of(name, city).title for name in beside]
        lines = (*lines, text_pair("check.beside_refused", layers=titles, why=refused))
    if absent:
        titles = [contract_of(name, city).title for name in absent]
        inputs = [f"[inputs.{name}]" for name in absent]
        lines = (*lines, text_pair("check.not_compared", layers=titles, inputs=inputs))
    lines = (*lines, *(text_pair("check.not_used", key=key, file=file) for key, file in unused))
    return [line.of(lang) for line in lines]


def _without_absent(settings: Settings, layer: str) -> tuple[Settings, list[tuple[str, str]]]:
    """The settings without what ``[city]`` names and is not there yet; its keys and files, where the check would use it."""
    used = {"issues": ("outline", "issue_classes"), "units": ("outline",)}.get(layer, ())
    named = {key: split_layer(file)[0] for key in used if (file := getattr(settings.city, key)) is not None}
    files = {key: file for key, file in named.items() if not Path(file).exists()}
    city = settings.city.model_copy(update=dict.fromkeys(files))
    return settings.model_copy(update={"city": city}), [(key, Path(file).name) for key, file in files.items()]


def _renamed(found: Checked) -> list[Text]:
    """Which columns ``clean.gpkg`` holds under another name, and which."""
    names = stored_names(found.loaded.table)
    pairs = [f"{column} → {name}" for column, name in names.items()]
    return [text_pair("check.renamed", columns=pairs)] if pairs else []


def _write_check(found: Checked, stage: Stage, settings: Settings, classes: Sequence[str], lang: str) -> None:
    layer = found.loaded.layer
    write_gpkg(stage.path("clean.gpkg"), {layer: found.loaded.table}, of="layers", lang=lang)
    write_flaws(stage, found.loaded, lang)
    if "defects" in found.tables:
        drawn: dict[str, Any] = {name: found.tables[name] for name in found.tables if name in ("defects", "repaired")}
        write_gpkg(stage.path("defects.gpkg"), drawn, of="defects", lang=lang)
    write_lists(
        stage,
        unclassified=found.tables.get("unclassified"),
        disagreement=found.tables.get("disagreement"),
        classes=classes,
        min_count=settings.report.min_count,
    )
    text = json.dumps(found.summary, ensure_ascii=False, indent=2)
    stage.path("check.json").write_text(text + "\n", encoding="utf-8", newline="\n")
    output.write_rejects(stage, [found.loaded], lang)
    write_project(stage, lang)
    shaped = {"lang": lang} | settings.shaping((), (layer,))
    crs = found.loaded.table.crs
    output.write_run(stage, settings=shaped, crs=None if crs is None else crs.to_string(), loaded=[found.loaded])


def write_flaws(stage: Stage, boundaries: Loaded, lang: str) -> None:
    """``flaws.gpkg``: overlaps and gaps of boundaries, and a layer without overlaps to accept where some were left."""
    from jxgis.run.check import boundary_tables

    tables = boundary_tables(boundaries)
    if tables:
        write_gpkg(stage.path("flaws.gpkg"), tables, of="flaws", lang=lang)


def write_lists(
    stage: Stage,
    *,
    unclassified: pd.DataFrame | None,
    disagreement: pd.DataFrame | None,
    classes: Sequence[str],
    min_count: int,
) -> None:
    """``unclassified.xlsx`` to be filled in, small counts as ranges, and ``disagreement.csv`` to be looked at, where there is anything in them."""
    from jxgis.report.class_sheet import class_sheet

    if unclassified is not None and len(unclassified):
        # How many have no class at all is said elsewhere.
        shown = hide_small(
            unclassified.assign(whole=""),
            min_count=min_count,
            within=("tree", "main_type", "sub_type"),
            sums=("whole",),
        )
        class_sheet(stage.path("unclassified.xlsx"), shown, classes)
    if disagreement is not None and len(disagreement):
        output.write_csv(disagreement, stage.path("disagreement.csv"))
