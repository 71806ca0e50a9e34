"""The choice of each year: which candidates in which year, within the plan's rules."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
