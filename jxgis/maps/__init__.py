"""Interactive maps that open without internet, and figures, from the result tables.

``pages``: one function a map (hot spots, parks, units, scores); ``base``, ``layers``, ``legend``: what they are made
of, for a map of one's own; ``offline``: the page as HTML; ``figures``: PNG figures with Chinese text; ``colours``:
the palettes.
"""
