"""Points of surfaces in ObMan's folders; the rest of its reader is tested with the exporter."""

import pickle
import shutil

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.spatial import cKDTree
from shards import synthetic

from obman_gen.errors import InputError
from obman_gen.hands.unpickle import read_array
from obman_gen.realdata import ObMan
from obman_gen.shards import SampleReader
from obman_gen.shards.exporters import EXPORTERS

FLOAT32 = 1e-6
STORED = "ShapeNetCore.v2/*/*/models/surface_points.pkl"


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    counts = {"train": 3, "val": 0, "test": 0}
    return synthetic.make_run(tmp_path_factory.mktemp("obman") / "run", counts)


@pytest.fixture(scope="module")
def exported(run, tmp_path_factory):
    folder = tmp_path_factory.mktemp("obman") / "out"
    EXPORTERS["obman"](run, folder)
    return folder


@pytest.fixture
def copy(exported, tmp_path):
    """A folder of one's own to change."""
    shutil.copytree(exported, tmp_path / "obman")
    return tmp_path / "obman"


def test_surface_points_are_those_beside_the_model(exported, run):
    for read, ours in zip(ObMan(exported, "train"), SampleReader(run, "train"), strict=True):
        assert_allclose(read.object_points, ours["object/surface_points"], atol=FLOAT32)


def test_any_number_of_points_makes_2048_and_strays_are_left_out(copy, run):
    for path in copy.glob(STORED):
        points = read_array(path)[:2000]
        path.write_bytes(pickle.dumps(np.concatenate([points, 1e3 * points[:3]])))

    for read, ours in zip(ObMan(copy, "train"), SampleReader(run, "train"), strict=True):
        assert read.object_points.shape == (2048, 3)
        gaps_m, _ = cKDTree(ours["object/surface_points"]).query(read.object_points)
        assert_allclose(gaps_m, 0, atol=FLOAT32)


def test_without_such_a_file_points_are_drawn_from_the_mesh_the_same_ones_every_time(copy):
    for path in copy.glob(STORED):
        path.unlink()

    first, again = (ObMan(copy, "train")[0] for _ in range(2))

    corners = first.object_vertices[first.object_faces]
    low, high = corners.min(axis=(0, 1)), corners.max(axis=(0, 1))
    assert_allclose(first.object_points.clip(low, high), first.object_points, atol=FLOAT32)
    assert_allclose(first.object_points, again.object_points, atol=0)


@pytest.mark.parametrize(
    ("points", "complaint"),
    [
        (np.zeros((5, 2)), r"surface_points\.pkl holds float64 \(5, 2\), need points \(n, 3\)"),
        ({"points": np.zeros((5, 3))}, r"surface_points\.pkl holds a dict, need an array"),
        (np.full((5, 3), np.nan), r"surface_points\.pkl has no point of a surface"),
        (np.zeros((0, 3)), r"surface_points\.pkl has no point of a surface"),
    ],
)
def test_odd_surface_points_are_named(copy, points, complaint):
    for path in copy.glob(STORED):
        path.write_bytes(pickle.dumps(points))

    with pytest.raises(InputError, match=complaint):
        ObMan(copy, "train")[0]
