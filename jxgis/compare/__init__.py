"""Two results side by side: what differs, and which inputs, settings or versions can have caused it.

``folder``: a result as it is read; ``causes``: what two runs differ in, and which parts that reaches; ``headlines`` and
``differences``: figures and tables; ``result``: all of it, as it shows and writes itself; ``page``: compare.html.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
