"""The plan's scorecard: every target against what is measured or brought, by city, area, district and unit."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
