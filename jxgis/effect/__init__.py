"""Did it work: treated areas before and after a date, against similar untreated ones."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
