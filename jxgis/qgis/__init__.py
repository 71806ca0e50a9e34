"""What QGIS shows of a result: the look of each layer, as it is declared, and a project that opens them all."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
