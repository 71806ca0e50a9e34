"""Part over whole against plain Python."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from jxgis.space.ratio import ratio

# Without numbers so small that a quotient is not a float any more: plain Python and NumPy differ there.
numbers = st.floats(-1e9, 1e9).map(lambda x: x if abs(x) > 1e-200 else 0.0) | st.just(float("nan"))


@given(st.lists(st.tuples(numbers, numbers), max_size=20))
def test_a_part_over_what_is_no_whole_is_not_known(pairs: list[tuple[float, float]]) -> None:
    found = ratio([part for part, _ in pairs], [whole for _, whole in pairs])
    for value, (part, whole) in zip(found.tolist(), pairs, strict=True):
        expected = part / whole if whole > 0 else math.nan
        assert value == expected or (math.isnan(value) and math.isnan(expected))


def test_shapes_broadcast_and_what_stands_for_no_whole_can_be_said() -> None:
    counts = np.array([[1, 3], [0, 0]])
    assert ratio(counts, counts.sum(axis=1)[:, None], none=0).tolist() == [[0.25, 0.75], [0, 0]]
    assert float(ratio(1, 4)) == 0.25
