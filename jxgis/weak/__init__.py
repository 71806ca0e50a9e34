"""Weak areas: which units, hot places and places of the plan's kinds are worse than others beyond chance."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
