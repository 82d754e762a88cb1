"""Rows told apart, against NumPy's own way."""

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from obman_gen.arrays import distinct_rows


@pytest.mark.parametrize("kind", [int, float])
def test_distinct_rows_are_those_of_numpy(kind):
    rows = np.random.default_rng(3).integers(-2, 3, (300, 3)).astype(kind)
    rows[rows == 0] *= -1  # negative zeros are zeros

    first, which = distinct_rows(rows)

    expected, earliest, inverse = np.unique(rows, axis=0, return_index=True, return_inverse=True)
    assert_array_equal(rows[first], expected)
    assert_array_equal(first, earliest)
    assert_array_equal(which, inverse.reshape(-1))
