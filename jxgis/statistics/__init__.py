"""Inference for counts of issues, whatever the part: tails, overdispersion, shares of a total and their intervals, false discovery."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
