"""Units of 2–5 km²: proposing, judging, verifying and comparing them."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
