"""Kernels that hand tuples of arrays on do not count who holds them."""

from pygraspit.kernels import UNCOUNTED
from pygraspit.transforms import multiply


def test_this_numba_knows_the_option_that_makes_kernels_light():
    assert UNCOUNTED
    assert multiply.targetoptions.items() >= UNCOUNTED.items()
