import pytest
from shards import synthetic

from obman_gen.hands import load_hand_model


@pytest.fixture(scope="session")
def run(tmp_path_factory):
    """A synthetic run of tiny pictures; no test changes it."""
    counts = {"train": 8, "val": 3, "test": 0}
    return synthetic.make_run(tmp_path_factory.mktemp("training") / "run", counts)


@pytest.fixture(scope="session")
def hand():
    return load_hand_model()
