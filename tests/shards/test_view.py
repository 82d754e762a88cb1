import time
import urllib.request

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from obman_gen.errors import InputError
from obman_gen.sample import HAND, OBJECT
from obman_gen.shards import SampleReader
from obman_gen.shards.figures.hand import SKIN
from obman_gen.view import overlay
from obman_gen.view.browsing import DIMMED, PICTURES, REACH_M, Browser, Filter, contact_colors
from obman_gen.view.panel import Panel, upright_view
from obman_gen.view.server import link_to, start


@pytest.fixture(scope="module")
def browser(run):
    return Browser(run)


@pytest.fixture(scope="module")
def viewer(run):
    viewer = start(run, 0)
    yield viewer
    viewer.stop()


@pytest.fixture
def panel(viewer, browser):
    """A panel on the server's own scene and controls, which every window would see."""
    panel = Panel(viewer.server, browser, viewer.link)
    yield panel
    viewer.server.gui.reset()
    viewer.server.scene.reset()


def eventually(claim, within_s=20.0):
    """Wait for callbacks, which viser runs in threads of its own."""
    end_s = time.monotonic() + within_s
    while not claim() and time.monotonic() < end_s:
        time.sleep(0.02)
    return claim()


@pytest.mark.parametrize(
    "wanted",
    [
        Filter(),
        Filter(split="val"),
        Filter(category="bowl"),
        Filter(max_penetration_mm=2.0),
        Filter(split="train", min_object_visible=0.5),
    ],
)
def test_a_filter_keeps_exactly_what_meets_every_condition(run, browser, wanted):
    expected = []
    index = 0
    for split in ("train", "val", "test"):
        for sample in SampleReader(run, split, fields=("object", "grasp", "visibility")):
            meets = (
                wanted.split in ("any", split)
                and wanted.category in ("any", sample["object/category"])
                and 1e3 * sample["grasp/max_penetration_m"] <= wanted.max_penetration_mm
                and sample["visibility/object"] >= wanted.min_object_visible
            )
            expected += [index] if meets else []
            index += 1

    assert browser.matching(wanted).tolist() == expected


def test_a_sight_has_hand_and_object_where_the_camera_sees_them(run, browser):
    index = browser.find("val-00000002")

    sight = browser.sight(index)

    fields = ("hand/vertices", "segmentation/o", "object/category")
    sample = SampleReader(run, "val", fields=fields).by_id("val-00000002")
    assert_array_equal(sight.hand.vertices, sample["hand/vertices"])
    pixels = sight.thing.vertices @ sight.intrinsics.T
    rows, columns = np.nonzero(sample["segmentation/o"] == OBJECT)
    low, high = (
        (pixels[:, :2] / pixels[:, 2:]).min(axis=0),
        (pixels[:, :2] / pixels[:, 2:]).max(axis=0),
    )
    # Pixel centres inside the silhouette lie within the projected vertices' box.
    assert (np.array([columns.min(), rows.min()]) + 0.5 >= low - 1e-3).all()
    assert (np.array([columns.max(), rows.max()]) + 0.5 <= high + 1e-3).all()
    assert sight.facts["category"] == sample["object/category"]


def test_an_unknown_sample_is_not_found(browser):
    assert browser.find("train-99999999") is None


@pytest.mark.parametrize("name", PICTURES)
@pytest.mark.parametrize("joints", [False, True])
def test_every_picture_can_be_shown_with_and_without_joints(browser, name, joints):
    picture = browser.sight(0).picture(name, joints=joints, outlines=True)

    assert picture.dtype == np.uint8
    assert picture.std() > 0


def test_contact_colors_go_from_skin_out_of_reach_to_dark_inside():
    colors = contact_colors(np.array([1.0, REACH_M, 0.01, 0.0, -0.001]))

    brightness = colors.astype(float).sum(axis=1)
    assert_array_equal(colors[0], np.rint(255 * SKIN * DIMMED))
    assert_array_equal(colors[0], colors[1])
    assert (np.diff(brightness[1:]) < 0).all()


def test_outlines_lie_inside_the_masks_and_change_nothing_else():
    image = np.full((20, 20, 3), 7, np.uint8)
    segmentation = np.zeros((20, 20), np.uint8)
    segmentation[4:12, 5:15] = HAND

    drawn = overlay.with_outlines(image, segmentation)

    changed = (drawn != image).any(axis=2)
    assert changed.sum() == 2 * (8 + 10) - 4
    assert (segmentation[changed] == HAND).all()


def test_depth_of_nothing_is_dark_and_near_is_lighter_than_far():
    stored = np.array([[0, 5000, 6000, 7000]], np.uint16)

    colors = overlay.depths(stored, np.full((1, 4), HAND, np.uint8)).astype(int).sum(axis=2)

    assert colors[0, 1] > colors[0, 2] > colors[0, 3]
    assert_allclose(overlay.depths(np.zeros((2, 2), np.uint16), np.zeros((2, 2), np.uint8)), 0)


def test_joints_are_drawn_where_they_project():
    image = np.zeros((64, 64, 3), np.uint8)
    joints_px = np.full((21, 2), 32.0)
    joints_px[1:5] = [[20, 20], [16, 16], [12, 12], [8, 8]]

    drawn = overlay.with_joints(image, joints_px, 128)

    assert drawn.shape == (128, 128, 3)
    assert drawn[16, 16].max() > 150  # the thumb's tip, at twice its pixel
    assert drawn[100:].max() == 0


def test_the_viewers_page_is_served(viewer):
    with urllib.request.urlopen(viewer.address, timeout=20) as answer:
        assert answer.status == 200
        assert b"<html" in answer.read()


def test_a_link_opens_the_viewer_on_its_sample(viewer):
    link = link_to("localhost:8080", "val-00000003")

    assert link == "http://localhost:8080/?websocket=ws://localhost:8080/val-00000003"
    assert viewer.link("val-00000003").startswith(f"{viewer.address}/?websocket=ws://127.0.0.1:")


def test_a_window_that_asks_for_a_sample_by_its_link_is_understood(viewer):
    """viser keeps the request to itself: this fails if an update of viser moves it."""
    import viser
    from websockets.sync.client import connect

    from obman_gen.view.server import requested

    address = viewer.address.replace("http", "ws") + "/test-00000001"
    protocol = f"viser-v{viser.__version__}"
    with connect(address, subprotocols=[protocol], compression=None, max_size=None):
        connections = viewer.server._websock_server._live_connections
        assert eventually(lambda: len(connections) > 0)
        host, sample_id = requested(viewer.server, max(connections))

    assert sample_id == "test-00000001"
    assert viewer.address.endswith(host)


def test_stepping_the_slider_shows_the_next_sample(panel):
    panel.open("val-00000001")
    assert "val-00000001" in panel.caption

    panel.move_to(10)

    assert eventually(lambda: "val-00000002" in panel.caption)


def test_filtering_shows_the_first_sample_that_passes(panel):
    panel.open("")
    assert "train-00000000" in panel.caption

    panel.choose_split("test")

    assert eventually(lambda: "test-00000000" in panel.caption)
    assert "4 of 16 samples" in panel.caption


def test_a_run_without_shards_is_refused_before_a_port_is_opened(tmp_path):
    with pytest.raises(InputError, match="has no finished shard"):
        start(tmp_path, 0)


def test_on_a_phone_the_hand_stands_in_the_middle_of_what_the_controls_leave_free():
    position, look_at = upright_view(390 / 844)
    forward = (look_at - position) / np.linalg.norm(look_at - position)
    right = np.cross([0, 1, 0], forward) / np.linalg.norm(np.cross([0, 1, 0], forward))
    down = np.cross(forward, right)

    hand = -position  # the hand's middle is the origin
    across, below = (hand @ right, hand @ down) / (hand @ forward * np.tan(0.3))

    assert_allclose(across, 0, atol=1e-9)
    # From -1 at the top: the free 40 % end at -0.2. Looking down tilts it, a little.
    assert_allclose(below, -0.6, atol=0.1)
