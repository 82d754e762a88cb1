"""Readers in many processes at once."""

import fcntl
import multiprocessing

import numpy as np
import pytest
import torch
from numpy.testing import assert_array_equal
from shards.crowd import expected_digests, wrong_reads
from shards.workers import count_wrong_reads, digest

from obman_gen.shards import HandObjectDataset, SampleReader, shard_path
from obman_gen.shards import reader as reader_module


@pytest.fixture(scope="module")
def expected(run):
    return [digest(sample) for sample in SampleReader(run, "train")]


def test_sixteen_forked_workers_read_what_the_files_hold(run):
    assert wrong_reads(run, "train", "fork", worker_count=16, read_count=960) == 0


def test_spawned_workers_read_what_the_files_hold(run):
    assert wrong_reads(run, "train", "spawn", worker_count=2, read_count=120) == 0


def test_wrong_data_would_be_noticed(run):
    reader = SampleReader(run, "train")
    expected = expected_digests(run, "train", reader.fields)
    expected[3] += 1
    indices = np.random.default_rng(0).integers(len(reader), size=50)

    assert count_wrong_reads(reader, expected, 0, 50) == np.sum(indices == 3) > 0


def test_a_forked_child_reads_maps_through_a_reader_that_is_open(run, expected):
    """Inherited HDF5 handles would share state with the parent; the child opens its own."""
    reader = SampleReader(run, "train")
    assert [digest(sample) for sample in reader] == expected
    context = multiprocessing.get_context("fork")
    results = context.Queue()

    def child():
        results.put([digest(sample) for sample in reader])

    process = context.Process(target=child)
    process.start()
    got = results.get(timeout=60)
    process.join()

    assert got == expected
    assert [digest(sample) for sample in reader] == expected


@pytest.mark.parametrize("worker_count", [0, 2])
def test_batches_of_a_data_loader_are_the_samples(run, worker_count):
    dataset = HandObjectDataset(run, "train", fields=["image", "hand", "depth/ho", "object/id"])
    loader = torch.utils.data.DataLoader(dataset, batch_size=3, num_workers=worker_count)

    rows = [
        {name: values[place] for name, values in batch.items()}
        for batch in loader
        for place in range(len(batch["object/id"]))
    ]

    assert len(rows) == 8
    for row, item in zip(rows, dataset, strict=True):
        for name, value in item.items():
            assert_array_equal(row[name], value, err_msg=name)


@pytest.mark.parametrize("worker_count", [0, 2])
def test_batches_made_in_workers_arrive_as_they_were(run, worker_count):
    dataset = HandObjectDataset(run, "train")
    order = torch.utils.data.BatchSampler(range(8), 3, drop_last=False)
    loader = torch.utils.data.DataLoader(
        dataset, sampler=order, batch_size=None, num_workers=worker_count
    )

    for indices, batch in zip(order, loader, strict=True):
        whole = dataset[indices]
        assert list(batch) == list(whole)
        for name, value in whole.items():
            if torch.is_tensor(value):
                assert batch[name].dtype == value.dtype
            assert_array_equal(batch[name], value, err_msg=name)


def test_what_a_collate_function_puts_into_a_batch_arrives(run):
    def changed(batch):
        batch["hand/side"] = torch.full_like(batch["hand/side"], 7)
        batch["image"] = batch["image"].float() / 255
        batch["depth/ho"] += 1
        batch["note"] = "mine"
        del batch["hand/pose"]
        return batch

    dataset = HandObjectDataset(run, "train", fields=["image", "depth/ho", "segmentation", "hand"])
    loader = torch.utils.data.DataLoader(
        dataset, sampler=[[2, 5]], batch_size=None, num_workers=1, collate_fn=changed
    )
    wanted = changed(dataset[[2, 5]])

    got = next(iter(loader))

    assert list(got) == list(wanted)
    for name, value in wanted.items():
        assert_array_equal(np.asarray(got[name]), np.asarray(value), err_msg=name)


def test_a_batch_without_pictures_arrives_from_a_worker(run):
    dataset = HandObjectDataset(run, "train", fields=["hand/joints", "object/id"])
    loader = torch.utils.data.DataLoader(
        dataset, sampler=[[1, 4, 0]], batch_size=None, num_workers=1
    )

    got = next(iter(loader))

    assert got["object/id"] == dataset[[1, 4, 0]]["object/id"]
    assert_array_equal(got["hand/joints"], dataset[[1, 4, 0]]["hand/joints"])


def test_reading_takes_no_lock_and_leaves_no_trace(run):
    """On network file systems locks are slow or refused, read-only ones take no new files."""
    before = {path: path.stat().st_mtime_ns for path in run.rglob("*")}

    with (run / shard_path("train", 0)).open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        list(SampleReader(run, "train"))

    assert {path: path.stat().st_mtime_ns for path in run.rglob("*")} == before


def test_open_shards_stay_within_the_limit_of_file_descriptors():
    """A process has 1,024 by default: a map and an HDF5 handle per open shard must fit."""
    assert 2 * reader_module.MAX_OPEN_SHARDS <= 1024 / 2
