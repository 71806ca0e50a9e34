"""What a part is: what it is handed, its result, its entry in the list of parts."""

from jxgis.part.entry import Option, Part
from jxgis.part.given import Given, Progress, Raster
from jxgis.part.result import Result

__all__ = ["Given", "Option", "Part", "Progress", "Raster", "Result"]
