"""The report: a page and workbooks from what the parts say.

``blocks``: what a section is made of; ``columns``: values and tables as people read them; ``page``: index.html, and what a
notebook shows; ``workbook``: report.xlsx, scores.xlsx and the others, of ``sheets`` that fit their ``paper``, with ``sums`` and
``column_notes``.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
