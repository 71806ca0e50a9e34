"""Indicators measured from layers: plain functions of zones, each with numerator, denominator and reason, and their registry."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
