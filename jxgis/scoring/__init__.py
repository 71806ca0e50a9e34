"""Scoring candidate sample units against fixed references: indicators, weights, ranks, conditions."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
