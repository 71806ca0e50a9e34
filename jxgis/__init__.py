"""Spatial analysis for city-management planners: hot spots, park coverage, units, scores, maps and the report.

A project in a notebook is opened with `open_project`; without one, tables go in and a result comes out of
`find_hotspots`, `measure_parks`, `propose_units`, `score_candidates`, `measure_scorecard` and `measure_circle`. The loaders are
``load_issues``, ``load_parks`` … All is imported on first use, so that ``import jxgis`` stays fast.

Examples
--------
>>> import jxgis
>>> jxgis.load_city("jiaxing").name.en
'Jiaxing'
>>> "find_hotspots" in dir(jxgis), "load_issues" in dir(jxgis), issubclass(jxgis.InputError, jxgis.JxgisError)
(True, True, True)
"""

import lazy_loader

__version__ = "0.1.0"

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
