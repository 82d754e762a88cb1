"""Data that are no run: read, trained on and measured through the same code."""

from dataclasses import replace

import pytest
from numpy.testing import assert_allclose, assert_array_equal

from obman_gen.errors import InputError
from obman_gen.progress import Reporter
from obman_gen.realdata import ObMan
from obman_gen.shards.exporters import EXPORTERS
from obman_gen.training import evaluation, loop, session, sources
from obman_gen.training.config import TrainConfig
from obman_gen.training.data import Draw, Pictures
from obman_gen.training.sources import READERS, Reader, open_source

TINY = TrainConfig(
    image_px=32, batch_size=4, epochs=1, points=100, device="cpu", warmup_steps=1, seed=4
)


@pytest.fixture(scope="module")
def obman(run, tmp_path_factory):
    """The run again, as a folder of ObMan."""
    folder = tmp_path_factory.mktemp("obman") / "out"
    EXPORTERS["obman"](run, folder)
    return f"obman:{folder}"


class Jointed(ObMan):
    """A dataset that knows hands by their joints alone, as FHB does."""

    def __getitem__(self, index):
        return replace(super().__getitem__(index), vertices=None)


class Unlabelled(ObMan):
    """A dataset of pictures alone, as CORe50 is."""

    def __getitem__(self, index):
        return replace(super().__getitem__(index), joints=None)


@pytest.fixture
def jointed(obman, monkeypatch):
    monkeypatch.setattr(sources, "READERS", {**READERS, "jointed": Reader(Jointed, ("ho",))})
    return obman.replace("obman:", "jointed:")


@pytest.mark.parametrize("view", ["ho", "h", "o"])
def test_an_exported_run_gives_the_training_material_of_the_run(run, obman, hand, view):
    config = replace(TINY, images=(view,))
    ours, theirs = (Pictures(where, "train", config, hand) for where in (run, obman))

    assert len(ours) == len(theirs)
    for index in range(len(ours)):
        one, other = ours[Draw(index, None)], theirs[Draw(index, None)]
        assert one["has_mesh"] == other["has_mesh"] == 1
        for name in ("hand_vertices", "hand_joints", "root"):
            assert_allclose(other[name], one[name], atol=2e-6)
        assert_allclose(other["object_points"], one["object_points"], atol=2e-6)
        assert_allclose(other["joints_2d"], one["joints_2d"], atol=1e-3)
        if view != "o":  # crops around points in another type may differ in the last bits
            assert_array_equal(other["image"], one["image"])


def test_objects_stand_where_the_run_has_them(run, obman):
    for index in range(3):
        one, other = (open_source(where, "train").thing(index) for where in (run, obman))

        # Reading a file again numbers the vertices anew; the triangles stay.
        assert_allclose(other.vertices[other.faces], one.vertices[one.faces], atol=2e-6)


def test_without_hand_meshes_the_joints_still_teach(jointed, tmp_path):
    config = replace(TINY, data=(jointed,))
    ongoing = session.open_session(tmp_path / "no run", config)

    (first, *_) = loop.fit(ongoing)

    assert first.terms["vertices"] == 0
    assert first.terms["joints"] > 0


def test_validation_and_training_read_the_named_data_instead_of_the_run(obman, run, tmp_path):
    config = replace(TINY, data=(obman,), also=(str(run),))

    ongoing = session.open_session(tmp_path / "no run", config)

    assert len(ongoing.pictures) == 2 * len(open_source(run, "train"))
    assert len(ongoing.validation) == len(open_source(run, "val"))
    alone = session.data_sha256(run, replace(config, also=()))
    assert len({alone, ongoing.data_sha256, session.data_sha256(run, TINY)}) == 3


def test_evaluating_without_hand_meshes_measures_joints_as_ever(obman, jointed, tmp_path):
    ongoing = session.open_session(tmp_path / "no run", replace(TINY, data=(obman,)))
    ongoing.save(tmp_path / "best.pt")
    requests = [
        evaluation.Request(tmp_path / "best.pt", where, "val", simulate=False)
        for where in (obman, jointed)
    ]

    full, _ = evaluation.evaluate_to(requests[0], requests[0].folder, Reporter())
    bare, files = evaluation.evaluate_to(requests[1], requests[1].folder, Reporter())

    names = set(full.summary()) - set(bare.summary())
    assert names
    assert all(name.startswith(("mesh_error", "hand_f")) for name in names)
    for name in bare.summary():
        assert_array_equal(bare.column(name), full.column(name))
    assert files.pictures == tmp_path / "evaluation" / "jointed-best-val-ho" / "cases.png"


def test_pictures_without_truth_are_refused_by_name(obman, hand, monkeypatch):
    monkeypatch.setattr(sources, "READERS", {**READERS, "core50": Reader(Unlabelled, ("ho",))})
    pictures = Pictures(obman.replace("obman:", "core50:"), "train", TINY, hand)

    with pytest.raises(InputError, match=r"core50:.* has no hand/joints for train-00000000"):
        pictures[Draw(0, None)]


@pytest.mark.parametrize(
    ("where", "image", "message"),
    [
        ("fbh:/data", "ho", "dataset.*fbh"),
        ("jointed:/data", "o", "Jointed has pictures of the kind ho only, not o"),
        ("obman:/data?fraction=0.1", "ho", "option of ObMan.*fraction"),
        ("obman:/nowhere", "ho", "/nowhere/train has no meta"),
    ],
)
def test_what_cannot_be_read_is_named(jointed, where, image, message):
    with pytest.raises(InputError, match=message):
        open_source(where, "train", image)


def test_options_are_numbers_truths_and_texts():
    name, folder, options = sources.parsed("obman:/a/b?objects=/c&n=0.5&only=true")

    assert (name, folder) == ("obman", "/a/b")
    assert options == {"objects": "/c", "n": 0.5, "only": True}
