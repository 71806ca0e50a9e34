"""Kulldorff's scan statistic: where, how large, since when, and how many times as many issues as expected."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
