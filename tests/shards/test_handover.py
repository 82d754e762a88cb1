import multiprocessing
import pickle

import numpy as np
import pytest
from numpy.testing import assert_array_equal
from shards.workers import send_numbers

from obman_gen.shards import handover

pytestmark = pytest.mark.skipif(not handover.IS_POSSIBLE, reason="needs files in memory")

ARRAYS = {
    "words": np.arange(7, dtype=np.uint16),
    "picture": np.arange(60, dtype=np.uint8).reshape(4, 5, 3),
    "none": np.zeros((3, 0), np.float32),
    "turned": np.arange(6.0).reshape(2, 3).T,
}


@pytest.fixture(autouse=True)
def no_files_kept(monkeypatch):
    monkeypatch.setattr(handover, "_kept", type(handover._kept)())


def test_arrays_arrive_as_they_were_sent():
    got = handover.received(*pickle.loads(pickle.dumps(handover.sent(ARRAYS))))  # noqa: S301

    assert list(got) == list(ARRAYS)
    for name, array in ARRAYS.items():
        assert got[name].dtype == array.dtype
        assert got[name].flags.writeable
        assert_array_equal(got[name], array)


def test_a_file_is_used_again_once_it_was_read_and_not_before():
    first = handover.sent({"a": np.full(1000, 1)})
    second = handover.sent({"a": np.full(5, 2)})
    assert len(handover._kept) == 2

    got = handover.received(*first)
    third = handover.sent({"a": np.full(3000, 3)})

    assert len(handover._kept) == 2
    assert_array_equal(got["a"], np.full(1000, 1))
    assert_array_equal(handover.received(*second)["a"], np.full(5, 2))
    assert_array_equal(handover.received(*third)["a"], np.full(3000, 3))


def test_files_that_nobody_reads_are_not_kept_without_end():
    tickets = [handover.sent({"a": np.full(9, number)}) for number in range(30)]

    assert len(handover._kept) == handover._MAX_KEPT
    for number, ticket in enumerate(tickets):
        assert_array_equal(handover.received(*ticket)["a"], np.full(9, number))


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_arrays_of_two_workers_that_send_at_once_do_not_mix(method):
    handover.received(*handover.sent(ARRAYS))  # a forked child must not use the parent's file
    context = multiprocessing.get_context(method)
    queue = context.Queue()
    done = context.Event()
    workers = [
        context.Process(target=send_numbers, args=(queue, done, 100 * place, 40))
        for place in (1, 2)
    ]
    for worker in workers:
        worker.start()

    got = [handover.received(*queue.get(timeout=60))["a"] for _ in range(80)]
    done.set()
    for worker in workers:
        worker.join()

    assert sorted(int(array[0]) for array in got) == [*range(100, 140), *range(200, 240)]
    for array in got:
        assert_array_equal(array, array[0])
