import pytest
from shards import synthetic


@pytest.fixture(scope="session")
def run(tmp_path_factory):
    """A small synthetic run; tests that change it take a copy."""
    return synthetic.make_run(tmp_path_factory.mktemp("shards") / "run")
