"""Real QGIS opens what is written: every layer valid, its style the default, the project drawn in the maps' colours."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from qgis_rows import SPATIAL, qgis_python, rows_of

from jxgis.drawing import colours
from jxgis.gpkg import write_for_qgis, write_gpkg
from jxgis.output import Stage
from jxgis.schema.tables import table

SCRIPT = """
import json, sys
from qgis.core import *
from qgis.PyQt.QtCore import QSize
from qgis.PyQt.QtGui import QColor
app = QgsApplication([], False); app.initQgis()
project, told = QgsProject.instance(), {}
told["read"] = project.read(sys.argv[1] + "/jxgis.qgz")
told["crs"] = project.crs().authid()
told["broken"] = [l.name() for l in project.mapLayers().values() if not l.isValid()]
told["layers"] = len(project.mapLayers())
root = project.layerTreeRoot()
seen = [l for l in root.layerOrder() if root.findLayer(l.id()).isVisible()]
told["seen"] = [l.name() for l in seen]
settings = QgsMapSettings(); settings.setLayers(seen); settings.setDestinationCrs(project.crs())
settings.setOutputSize(QSize(300, 300)); settings.setExtent(QgsRectangle(572200, 3402200, 572400, 3402400))
settings.setFlag(QgsMapSettings.Antialiasing, False)
job = QgsMapRendererParallelJob(settings); job.start(); job.waitForFinished()
image = job.renderedImage()
told["colour"] = QColor(image.pixel(150, 150)).name()
told["styles"] = {}
for file, layer in json.loads(sys.argv[2]):
    found = QgsVectorLayer(f"{sys.argv[1]}/{file}|layername={layer}", layer, "ogr")
    told["styles"][layer] = [found.isValid(), found.loadDefaultStyle()[1], found.renderer().type(), found.attributeAlias(1)]
print(json.dumps(told))
"""


@pytest.mark.slow
def test_every_layer_opens_with_its_style(tmp_path: Path) -> None:
    files: dict[str, dict[str, object]] = {}
    for name in SPATIAL:
        declared = table(name)
        if not name.startswith(("flaws", "defects", "ground")):
            files.setdefault(declared.file, {})[declared.layer] = rows_of(declared)
    hot = rows_of(table("hotspots.cells")).assign(issue_class="all", gi_bin=3, gi_q=0.001)
    files["hotspots.gpkg"]["cells"] = hot
    for file, layers in files.items():
        part = next(name for name in SPATIAL if table(name).file == file).partition(".")[0]
        write_gpkg(tmp_path / file, layers, of=part, by_zone=["scorecard"] if part == "scorecard" else [])  # type: ignore[arg-type]
    write_for_qgis(Stage(tmp_path, "report"), {"streets": rows_of(table("ground.streets"))})
    asked = json.dumps([(file, layer) for file, layers in files.items() for layer in layers])
    python = qgis_python()
    assert python is not None
    ran = subprocess.run(
        [python, "-c", SCRIPT, str(tmp_path), asked], capture_output=True, text=True, check=True,
        env={"QT_QPA_PLATFORM": "offscreen", "HOME": str(tmp_path), "LANG": "C.UTF-8"},
    )  # fmt: skip
    told = json.loads(ran.stdout.splitlines()[-1])
    assert told["read"]
    assert told["crs"] == "EPSG:4549"
    assert told["broken"] == []
    assert told["layers"] >= len(json.loads(asked))
    assert "网格（全部问题）" in told["seen"]
    assert told["colour"] == colours.HOT_COLD[3]
    for layer, (valid, styled, renderer, alias) in told["styles"].items():
        assert (valid, styled, renderer) == (True, True, "RuleRenderer"), layer
        assert alias, layer
