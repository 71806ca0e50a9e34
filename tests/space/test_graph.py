import numpy as np
import pandas as pd
import pytest
from libpysal.graph import Graph

from jxgis.errors import InputError
from jxgis.space.graph import align, as_numbers, neighbours

QUEEN = Graph.from_dicts({"a": {"b": 1, "c": 1}, "b": {"a": 1}, "c": {"a": 1}, "d": {}})
KERNEL = Graph.from_arrays(list("aabc"), list("bcaa"), [0.5, 0.2, 0.5, 0.2])


def test_binary_graphs_stay_binary_with_and_without_self() -> None:
    plain = neighbours(QUEEN, star=False)
    assert plain.binary
    np.testing.assert_array_equal(plain.weights.toarray(), QUEEN.sparse.toarray())
    star = neighbours(QUEEN, star=True)
    np.testing.assert_array_equal(star.weights.toarray(), QUEEN.sparse.toarray() + np.eye(4))


def test_row_standardised_contiguity_counts_as_binary() -> None:
    for star in (False, True):
        got = neighbours(QUEEN.transform("r"), star=star)
        assert got.binary
        np.testing.assert_array_equal(got.weights.toarray(), neighbours(QUEEN, star=star).weights.toarray())


def test_kernels_keep_their_weights_and_their_own_self_weight() -> None:
    star = neighbours(KERNEL, star=True)
    assert not star.binary
    # c has one neighbour only, and still weighs it 0.2
    np.testing.assert_array_equal(star.weights.toarray(), [[1, 0.5, 0.2], [0.5, 1, 0], [0.2, 0, 1]])
    own = neighbours(KERNEL.assign_self_weight(2.0), star=True)
    np.testing.assert_array_equal(own.weights.toarray()[0], [2, 0.5, 0.2])
    np.testing.assert_array_equal(
        neighbours(KERNEL.assign_self_weight(2.0), star=False).weights.toarray()[0], [0, 0.5, 0.2]
    )


@pytest.mark.parametrize("second", [0.3, 0.499, 0.5 + 1e-9, 0.6])
def test_weights_that_differ_a_little_are_not_taken_for_ones(second: float) -> None:
    close = Graph.from_arrays(list("aabc"), list("bcaa"), [0.5, second, 0.5, second])
    got = neighbours(close, star=False)
    assert not got.binary
    np.testing.assert_array_equal(got.weights.toarray()[0], [0, 0.5, second])


@pytest.mark.parametrize("size", [1e-3, 1.0, 1e3])
@pytest.mark.parametrize(("apart", "binary"), [(1e-13, True), (1e-10, False)])
def test_a_self_weight_equals_the_others_to_rounding_whatever_their_size(
    size: float, apart: float, binary: bool
) -> None:
    own = size * (1 + apart)
    kernel = Graph.from_arrays(list("aabb"), list("abab"), [own, size, size, own])
    assert neighbours(kernel, star=True).binary is binary


def test_weights_that_cannot_be_read_are_refused() -> None:
    with pytest.raises(InputError, match="self weight"):
        neighbours(KERNEL.transform("r"), star=True)
    # One self weight of three does not tell the others.
    some = Graph.from_arrays(list("aaabc"), list("abcaa"), [1.0, 0.5, 0.2, 0.5, 0.2])
    assert neighbours(some, star=True).weights.toarray().diagonal().tolist() == [1, 1, 1]
    with pytest.raises(InputError, match="self weight"):
        neighbours(some.transform("r"), star=True)
    with pytest.raises(InputError, match="negative"):
        neighbours(Graph.from_arrays([0, 1], [1, 0], [-1.0, 1.0]), star=True)


def test_values_are_put_in_the_order_of_the_graph() -> None:
    values = pd.Series([4, 3, 2, 1], index=list("dcba"))
    assert align(values, QUEEN).tolist() == [1, 2, 3, 4]
    for bad in (values.rename({"a": "z"}), values.iloc[:3], [1, 2, 3]):
        with pytest.raises(InputError):
            align(bad, QUEEN)


def test_whole_numbers_are_integers_and_gaps_are_refused() -> None:
    assert as_numbers(np.array([1.0, 2.0**52])).dtype == np.int64
    assert as_numbers(np.array([1.0, 2.0**60])).dtype == np.float64
    assert as_numbers(np.array([True, False])).tolist() == [1, 0]
    for gap in (np.nan, np.inf):
        with pytest.raises(InputError, match="NaN"):
            as_numbers([1.0, gap])
