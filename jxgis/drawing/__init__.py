"""What maps and figures are made of: pages that open without internet, and figures with Chinese text.

``base``, ``layers``, ``legend``: the pieces of a map, for a map of one's own; ``offline``: the page as HTML; ``figures``:
the style of figures, and PNG; ``colours``: the palettes. Each part draws its own map and figures with them.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
