"""Folders of the user's own photographs and skin scans."""

import numpy as np
import pytest
from numpy.testing import assert_allclose
from PIL import Image
from scene.stand_in import camera
from shards.synthetic import sample

from obman_gen.errors import InputError, SampleRejected
from obman_gen.sample import SPLITS
from obman_gen.scene.backgrounds import (
    Background,
    BackgroundConfig,
    BackgroundPainter,
    draw_background,
    split_files,
)
from obman_gen.scene.color import encode_srgb
from obman_gen.scene.compose import Draw
from obman_gen.scene.people import PersonConfig, draw_looks
from obman_gen.scene.pools import ArrayCache
from obman_gen.scene.scans import split_scans, tone_of
from obman_gen.scene.skin import albedo
from obman_gen.stages.studio import Studio, draw_sample


def picture(path, color=(120, 90, 70), size=(40, 30)):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, color).save(path)


def no_panorama(*_):
    raise AssertionError("a photograph needs no rendered panorama")


@pytest.fixture
def photographs(tmp_path):
    """ImageNet's layout: a folder per class."""
    for number in range(60):
        picture(tmp_path / f"n{number % 3:08d}" / f"{number}.JPEG")
    (tmp_path / "notes.txt").write_text("not an image")
    return tmp_path


def test_every_photograph_belongs_to_exactly_one_split(photographs):
    split_files.cache_clear()

    names = [set(split_files(str(photographs), split)) for split in SPLITS]

    assert sum(map(len, names)) == len(set.union(*names)) == 60
    assert len(names[0]) > 40


def test_a_broken_photograph_rejects_the_draw_and_names_the_file(photographs, tmp_path):
    broken = photographs / "broken.jpg"
    broken.write_bytes(b"\xff\xd8 not much of an image")
    painter = BackgroundPainter(BackgroundConfig(str(photographs)), ArrayCache(tmp_path))

    with pytest.raises(SampleRejected, match=r"unreadable_background: .*broken\.jpg"):
        painter.paint(Background("image", "broken.jpg", 0), camera(), np.eye(3), no_panorama)


class Painting(Studio):
    """A studio whose samples are as good as the photographs behind them."""

    def __init__(self, painter):
        self.painter = painter

    def sample(self, draw):
        background = draw_background(draw("background"), draw.split, self.painter.config)
        self.painter.paint(background, camera(16, 16), np.eye(3), no_panorama)
        return sample(draw.split, 0, size_px=16)


def test_one_broken_photograph_among_ten_thousand_costs_one_draw(tmp_path):
    folder = tmp_path / "photographs"
    picture(folder / "0.jpg")
    for number in range(1, 10_000):
        (folder / f"{number}.jpg").hardlink_to(folder / "0.jpg")
    config = BackgroundConfig(str(folder), kinds={"image": 1.0})
    broken = split_files(str(folder), "train")[77]
    (folder / broken).unlink()
    (folder / broken).write_bytes(b"\xff\xd8 not much of an image")

    def first_name(address):
        return draw_background(Draw(**address)("background"), "train", config).name

    addresses = (
        {"sample_id": f"train-{number:08d}", "split": "train", "seed": 0}
        for number in range(200_000)
    )
    met = next(address for address in addresses if first_name(address) == broken)

    _, rejected = draw_sample(Painting(BackgroundPainter(config, ArrayCache(tmp_path))), met, 60)

    assert [(record["rule"], record["attempt"]) for record in rejected] == [
        ("unreadable_background", 0)
    ]
    assert broken in rejected[0]["detail"]


def test_a_photograph_keeps_its_colours_and_gives_light_of_them(photographs, tmp_path):
    painter = BackgroundPainter(
        BackgroundConfig(str(photographs), blur_max_px=0.0), ArrayCache(tmp_path)
    )
    name = split_files(str(photographs), "train")[0]

    seen = painter.paint(Background("image", name, 3), camera(), np.eye(3), no_panorama)

    assert seen.image.shape == (64, 64, 3)
    assert (np.abs(encode_srgb(seen.image).astype(int) - [120, 90, 70]) <= 3).all()
    assert seen.light.shape == (32, 64, 3)
    assert seen.light[..., 0].mean() > seen.light[..., 2].mean()


def test_photographs_are_drawn_where_there_is_a_folder(photographs):
    config = BackgroundConfig(str(photographs), kinds={"image": 1.0})
    rng = np.random.default_rng(0)

    drawn = {draw_background(rng, "val", config).name for _ in range(50)}

    assert drawn <= set(split_files(str(photographs), "val"))


def test_missing_or_empty_folders_are_named(tmp_path):
    with pytest.raises(InputError, match=r"does not exist; check background\.folder"):
        split_files(str(tmp_path / "nowhere"), "train")
    with pytest.raises(InputError, match="has no image for the test split, which gets 10 %"):
        split_files(str(tmp_path), "test")
    with pytest.raises(InputError, match="has no image for the train split among 0"):
        split_scans(str(tmp_path), "train")


def test_bodywithands_layout_gives_each_split_its_folder(tmp_path):
    for split, count in (("train", 40), ("test", 5)):
        for number in range(count):
            picture(tmp_path / "bodywithands" / split / f"{split}{number}.jpg")

    scans = {split: split_scans(str(tmp_path), split) for split in SPLITS}

    assert all("/test/" in name for name in scans["test"])
    assert len(scans["test"]) == 5
    assert len(scans["train"]) + len(scans["val"]) == 40
    assert not set(scans["train"]) & set(scans["val"])


def test_surreal_lists_decide_where_they_speak(tmp_path):
    for number in range(30):
        picture(tmp_path / "textures" / "female" / f"nongrey_female_{number:04d}.jpg")
    listed = "textures/female/nongrey_female_{:04d}.jpg\n"
    (tmp_path / "female_train.txt").write_text("".join(map(listed.format, range(25))))
    (tmp_path / "female_test.txt").write_text("".join(map(listed.format, range(25, 30))))

    assert len(split_scans(str(tmp_path), "test")) == 5
    assert len(split_scans(str(tmp_path), "train")) + len(split_scans(str(tmp_path), "val")) == 25


@pytest.mark.parametrize("melanin", [0.1, 0.5, 0.9])
def test_tone_of_a_scan_is_that_of_its_skin_not_of_its_clothes(tmp_path, melanin):
    skin = encode_srgb(albedo(np.array([melanin]), np.array([0.2])))[0]
    pixels = np.full((64, 64, 3), (20, 60, 200), np.uint8)
    pixels[:, :20] = skin
    Image.fromarray(pixels).save(tmp_path / "scan.png")

    found, _ = tone_of(tmp_path / "scan.png")

    assert_allclose(found, melanin, atol=0.12)


def test_a_broken_scan_rejects_the_draw(tmp_path):
    (tmp_path / "broken.jpg").write_bytes(b"no")

    with pytest.raises(SampleRejected, match=r"unreadable_skin: .*broken\.jpg"):
        tone_of(tmp_path / "broken.jpg")


def test_people_wear_scans_where_there_are_any(tmp_path):
    for number in range(30):
        picture(tmp_path / f"{number}.jpg")
    config = PersonConfig(scans=str(tmp_path), scan_share=1.0)

    looks = draw_looks(np.random.default_rng(0), "train", config)

    assert looks.skin.removeprefix("scan:") in split_scans(str(tmp_path), "train")
