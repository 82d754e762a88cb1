import numpy as np
import pytest
from numpy.testing import assert_allclose
from shards import synthetic

from obman_gen.shards import SampleReader
from obman_gen.training.baseline import Baseline


@pytest.fixture(scope="module")
def baseline(run):
    return Baseline.of(run, 0, "right")


def relative(run, field):
    samples = list(SampleReader(run, "train", fields=("hand/joints", field)))
    return [sample[field].astype(float) - sample["hand/joints"][0] for sample in samples]


def test_joints_are_the_mean_of_the_training_split(run, baseline):
    assert_allclose(baseline.joints, np.mean(relative(run, "hand/joints"), axis=0), atol=1e-7)


def test_sphere_has_the_mean_place_and_size_of_the_training_objects(run, baseline):
    clouds = relative(run, "object/surface_points")
    centre = baseline.object_points.mean(axis=0)
    radius = np.linalg.norm(baseline.object_points - centre, axis=1)

    assert_allclose(centre, np.mean([cloud.mean(axis=0) for cloud in clouds], axis=0), atol=1e-6)
    spreads = [np.sqrt(cloud.var(axis=0).sum()) for cloud in clouds]
    assert_allclose(radius, np.mean(spreads), rtol=1e-5)


def test_a_left_handed_model_gets_the_mirror_image(run, baseline):
    left = Baseline.of(run, 0, "left")

    assert_allclose(left.joints, baseline.joints * [-1, 1, 1], atol=1e-9)
    assert_allclose(left.object_points.mean(0), baseline.object_points.mean(0) * [-1, 1, 1])


def test_a_run_without_training_samples_has_none(tmp_path):
    run = synthetic.make_run(tmp_path / "run", {"train": 0, "val": 0, "test": 1}, size_px=64)

    assert Baseline.of(run, 0, "right") is None
