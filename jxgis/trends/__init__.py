"""What changes over time: whether a place rises, falls or comes and goes, beyond chance."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
