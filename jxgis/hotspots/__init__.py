"""Hot spots of issues: where, whether by chance, of which class."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
