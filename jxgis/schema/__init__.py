"""What a table is: the columns of every input layer and every result, declared once, and what is made of it."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
