import numpy as np
import pytest
from hands.model_files import chumpy_pickle, mano_arrays, smplh_arrays
from numpy.testing import assert_allclose

from obman_gen.bodies import load_body_model
from obman_gen.errors import InputError
from obman_gen.hands import load_hand_model


@pytest.mark.parametrize("folder", ["", "mano", "models", "mano_v1_2/models"])
def test_mano_is_found_in_the_usual_folders(tmp_path, folder):
    place = tmp_path / folder
    place.mkdir(parents=True, exist_ok=True)
    (place / "MANO_RIGHT.pkl").write_bytes(chumpy_pickle(mano_arrays()))

    model = load_hand_model(tmp_path)

    assert model.name == "MANO_RIGHT"
    assert_allclose(model.template, mano_arrays()["v_template"])


def test_the_left_file_is_preferred_to_a_mirrored_right_one(tmp_path):
    for side, seed in (("RIGHT", 0), ("LEFT", 7)):
        (tmp_path / f"MANO_{side}.pkl").write_bytes(chumpy_pickle(mano_arrays(seed)))

    left = load_hand_model(tmp_path, side="left")

    assert_allclose(left.template, mano_arrays(7)["v_template"])


def test_a_right_file_alone_gives_the_left_hand_by_mirroring(tmp_path):
    (tmp_path / "MANO_RIGHT.pkl").write_bytes(chumpy_pickle(mano_arrays()))

    left = load_hand_model(tmp_path, side="left")

    assert left.side == "left"
    assert_allclose(left.template, mano_arrays()["v_template"] * (-1, 1, 1))


@pytest.mark.parametrize(
    ("folder", "name"),
    [("", "SMPLH_male.pkl"), ("smplh", "SMPLH_FEMALE.npz"), ("neutral", "model.npz")],
)
def test_smplh_is_found_as_pickle_npz_and_amass_folder(tmp_path, folder, name):
    place = tmp_path / folder
    place.mkdir(exist_ok=True)
    content = smplh_arrays()
    if name.endswith("pkl"):
        (place / name).write_bytes(chumpy_pickle(content))
    else:
        content["J_regressor"] = content["J_regressor"].toarray()
        np.savez(place / name, **content)

    model = load_body_model(tmp_path)

    assert_allclose(model.template, content["v_template"])
    assert {"head", "torso", "upper_arms", "forearms", "legs"} <= model.regions.keys()


def test_a_folder_without_a_model_says_what_is_looked_for(tmp_path):
    with pytest.raises(InputError, match=r"no hand model at .*MANO_RIGHT\.pkl"):
        load_hand_model(tmp_path)
    with pytest.raises(InputError, match=r"no body model at .*SMPLH_neutral\.npz"):
        load_body_model(tmp_path)


def test_a_file_that_does_not_exist_is_named(tmp_path):
    with pytest.raises(InputError, match=r"gone\.pkl"):
        load_hand_model(tmp_path / "gone.pkl")


def test_a_truncated_npz_is_named(tmp_path):
    path = tmp_path / "MANO_RIGHT.npz"
    path.write_bytes(b"PK\x03\x04 cut short")

    with pytest.raises(InputError, match=r"MANO_RIGHT\.npz"):
        load_hand_model(path)


def test_side_is_right_or_left():
    with pytest.raises(InputError, match="side must be right or left, got 'both'"):
        load_hand_model(side="both")
