"""The 15-minute circle: what housing has within a walk, by kind of facility and all together, and where to build next."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
