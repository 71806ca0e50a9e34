"""The ground floor: which polygon a point is in, people in polygons, overlays, what hangs together, cells, blocks, streets."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
