"""Commands: read, analyse, draw, write.

``parts`` lists the parts, ``found`` is what they find, ``commands`` runs one of them or all, ``check_command`` checks a layer, ``verify_command`` makes a
result again and compares, ``compare_command`` sets two side by side, ``project`` is a project in a notebook, ``init`` makes the folder of a new one.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
