import json
import math

import numpy as np
import pytest
import torch
import trimesh
from click.testing import CliRunner
from numpy.testing import assert_allclose
from PIL import Image
from scipy.ndimage import gaussian_filter

from obman_gen.cli import main
from obman_gen.errors import InputError
from obman_gen.hands import load_hand_model
from obman_gen.sample import HandParameters
from obman_gen.training.checkpoints import load_model
from obman_gen.training.prediction import View, parse_box, read_picture, reconstruct

MIRROR = [-1, 1, 1]


@pytest.fixture(scope="module")
def picture():
    """Smooth colours, so that a mirrored picture is sampled alike."""
    noise = np.random.default_rng(0).uniform(0, 255, (120, 160, 3))
    smooth = gaussian_filter(noise, (6, 6, 0))
    low, high = smooth.min(), smooth.max()
    return np.rint(255 * (smooth - low) / (high - low)).astype(np.uint8)


@pytest.fixture(scope="module")
def loaded(checkpoint):
    model, info = load_model(checkpoint)
    return model, info.config


def test_a_mirrored_picture_of_the_other_hand_gives_the_mirror_image(picture, loaded):
    box = (60.0, 30.0, 40.0, 50.0)
    flipped = (160 - 60 - 40.0, 30.0, 40.0, 50.0)

    right = reconstruct(picture, View(box), *loaded).shape
    left = reconstruct(picture[:, ::-1], View(flipped, side="left"), *loaded).shape

    for name in ("hand_vertices", "hand_joints", "object_vertices"):
        assert_allclose(getattr(left, name) * MIRROR, getattr(right, name), atol=1e-4)


@pytest.mark.parametrize("side", ["right", "left"])
def test_parameters_give_the_vertices_and_the_surface_looks_outwards(picture, loaded, side):
    made = reconstruct(picture, View(side=side), *loaded)

    hand = made.record["hand"]
    names = ("global_orient", "pose", "betas", "translation")
    parameters = HandParameters(*(np.array(hand[name]) for name in names), side=side)
    vertices, joints = load_hand_model(side=side).vertices_of(parameters)
    assert_allclose(vertices, made.shape.hand_vertices, atol=1e-5)
    assert_allclose(joints, made.record["joints_m"], atol=1e-5)
    for corners, faces in (
        (made.shape.hand_vertices, made.hand_faces),
        (made.shape.object_vertices, made.shape.object_faces),
    ):
        assert trimesh.Trimesh(corners, faces, process=False).volume > 0


def test_a_longer_lens_moves_everything_away_and_nothing_else(picture, loaded):
    near, far = (reconstruct(picture, View(focal_px=f), *loaded).shape for f in (300.0, 600.0))

    assert_allclose(far.hand_joints[0, 2], 2 * near.hand_joints[0, 2], rtol=1e-5)
    relative = [shape.object_vertices - shape.hand_joints[0] for shape in (near, far)]
    assert_allclose(*relative, atol=1e-6)


def test_overlay_covers_where_the_hand_projects(picture, loaded):
    made = reconstruct(picture, View(), *loaded)

    middle = made.shape.hand_joints[9]
    intrinsics = np.array(made.record["intrinsics_px"])
    column, row = (intrinsics @ middle / middle[2])[:2].astype(int)
    changed = np.abs(made.overlay.astype(int) - picture).sum(axis=-1) > 0
    assert made.overlay.shape == picture.shape
    assert changed[row, column]
    assert not changed[0, 0]


def test_files_are_written_for_each_picture(picture, checkpoint, tmp_path):
    Image.fromarray(picture).save(tmp_path / "one.png")
    out = tmp_path / "out"

    result = CliRunner().invoke(
        main,
        f"predict {tmp_path}/one.png --checkpoint {checkpoint} --box 60,30,40,50 --out {out}",
    )

    assert result.exit_code == 0, result.output
    assert sorted(path.name for path in out.iterdir()) == [
        "one.json",
        "one_hand.ply",
        "one_object.ply",
        "one_overlay.png",
    ]
    record = json.loads((out / "one.json").read_text())
    mesh = trimesh.load(out / "one_hand.ply", process=False)
    model = load_hand_model()
    given = {
        name: torch.tensor([record["hand"][name]])
        for name in ("global_orient", "pose", "betas", "translation")
    }
    with torch.no_grad():
        assert_allclose(mesh.vertices, model(**given).vertices[0], atol=1e-5)


def test_pictures_are_turned_upright(tmp_path):
    image = Image.new("RGB", (80, 40))
    exif = image.getexif()
    exif[0x0112] = 6  # the camera was on its side
    image.save(tmp_path / "turned.jpg", exif=exif)

    assert read_picture(tmp_path / "turned.jpg").shape == (80, 40, 3)


def test_what_cannot_be_read_is_one_sentence(tmp_path):
    (tmp_path / "text.png").write_text("no picture")
    with pytest.raises(InputError, match=r"text\.png is not a readable picture"):
        read_picture(tmp_path / "text.png")
    with pytest.raises(InputError, match="does not exist"):
        read_picture(tmp_path / "none.png")
    for text in ("1,2,3", "nan,0,5,5", "0,0,inf,5"):
        with pytest.raises(InputError, match="--box takes LEFT,TOP,WIDTH,HEIGHT"):
            parse_box(text)
    with pytest.raises(InputError, match="positive width and height"):
        View((0.0, 0.0, 0.0, 5.0))
    for focal_px in (0.0, math.nan, math.inf):
        with pytest.raises(InputError, match="--focal must be positive and finite"):
            View(focal_px=focal_px)


def test_a_missing_picture_is_told_before_others_are_predicted(picture, checkpoint, tmp_path):
    Image.fromarray(picture).save(tmp_path / "there.png")
    pictures = (tmp_path / "there.png", tmp_path / "none.png")
    words = ("--checkpoint", checkpoint, "--out", tmp_path / "out")

    result = CliRunner().invoke(main, ["predict", *map(str, (*pictures, *words))])

    assert result.exit_code == 1
    assert "none.png does not exist" in result.output
    assert not (tmp_path / "out").exists()


def test_two_pictures_of_one_name_are_refused(tmp_path, checkpoint):
    result = CliRunner().invoke(main, ["predict", "a/x.png", "b/x.jpg"])

    assert result.exit_code == 1
    assert "two pictures have one name: x, x" in result.output
