import numpy as np
import pytest
from numpy.testing import assert_array_equal

from obman_gen.errors import InputError
from obman_gen.hands.model import JOINTS_21
from obman_gen.hands.orders import ORDERS, reorder, reordering

FULL = [name for name in ORDERS if len(ORDERS[name]) == 21]


@pytest.mark.parametrize("source", FULL)
@pytest.mark.parametrize("target", FULL)
def test_there_and_back_is_the_identity(source, target):
    joints = np.arange(21 * 3).reshape(21, 3)

    assert_array_equal(reorder(reorder(joints, source, target), target, source), joints)


@pytest.mark.parametrize("name", ORDERS)
def test_orders_name_each_joint_once(name):
    assert len(set(ORDERS[name])) == len(ORDERS[name])


def test_the_hand_models_own_reordering_is_the_tables():
    """JOINTS_21 indexes MANO's 16 joints followed by the five tips: HO-3D's order."""
    assert_array_equal(JOINTS_21, reordering("ho3d", "manopth"))


def test_manos_fingers_are_index_middle_little_ring_thumb():
    assert_array_equal(
        reordering("manopth", "mano"), [0, 5, 6, 7, 9, 10, 11, 17, 18, 19, 13, 14, 15, 1, 2, 3]
    )


def test_missing_tips_are_named():
    with pytest.raises(InputError, match="'mano' has no thumb4, index4"):
        reordering("mano", "openpose")


def test_an_unknown_order_lists_the_choices():
    with pytest.raises(
        InputError, match=r"unknown joint order 'openpos'\. Did you mean 'openpose'"
    ):
        reordering("openpos", "mano")
