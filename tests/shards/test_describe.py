import io
import json
import re
import shutil
import subprocess
from html.parser import HTMLParser

import numpy as np
import pytest
from numpy.testing import assert_allclose
from PIL import Image
from rich.console import Console
from shards import synthetic

from obman_gen.assets import AssetsConfig
from obman_gen.config import Config
from obman_gen.engine import Engine, EngineConfig
from obman_gen.errors import InputError
from obman_gen.hands import load_hand_model
from obman_gen.objects import ObjectsConfig
from obman_gen.progress import Reporter
from obman_gen.runfolder import RunFolder
from obman_gen.shards import Manifest, SampleReader
from obman_gen.shards.card import origins_of
from obman_gen.shards.figures.charts import CHARTS
from obman_gen.shards.figures.hand import draw_hand, facing, flat_hand
from obman_gen.shards.figures.style import THEME, render, themed
from obman_gen.shards.report import print_statistics
from obman_gen.shards.whole_run import WholeRun, evenly
from obman_gen.stages import describe
from obman_gen.stages.context import Context
from obman_gen.view import write_contact_sheet

VOID = {"meta", "link", "img", "br", "input"}


def context_of(root):
    reporter = Reporter(Console(quiet=True))
    return Context(RunFolder(root), Config(), Engine(EngineConfig()), reporter)


@pytest.fixture(scope="module")
def described(run, tmp_path_factory):
    """A copy of the run with its statistics written."""
    copy = tmp_path_factory.mktemp("described") / "run"
    shutil.copytree(run, copy)
    describe.run(context_of(copy))
    return copy


@pytest.fixture(scope="module")
def page(described):
    return (described / "stats" / "index.html").read_text()


def written(root):
    paths = [root / "README.md", *(root / "stats").iterdir()]
    return {path.name: path.read_bytes() for path in paths}


def test_describing_again_writes_the_same_bytes(described):
    before = written(described)

    sheet = describe.run(context_of(described))

    assert written(described) == before
    assert sheet == described / "stats" / "contact_sheet.png"


def test_a_single_sample_is_described_too(tmp_path):
    counts = {"train": 1, "val": 0, "test": 0}
    run = synthetic.make_run(tmp_path / "run", counts)

    describe.run(context_of(run))

    assert "1 rendered sample" in (run / "README.md").read_text()
    assert not (run / "stats" / "pose_variance.png").exists()


def test_every_chart_of_the_table_is_drawn(described):
    assert {f"{chart.name}.png" for chart in CHARTS} <= set(written(described))


def test_a_run_without_shards_says_what_to_do(tmp_path):
    with pytest.raises(InputError, match="has no finished shard; run `obman-gen"):
        describe.run(context_of(tmp_path))


class Balance(HTMLParser):
    """Fails on tags that are not closed in order; collects what the page would fetch."""

    def __init__(self):
        super().__init__()
        self.open_tags, self.fetched, self.anchors, self.ids = [], [], [], []

    def handle_starttag(self, tag, attrs):
        values = dict(attrs)
        self.ids += [values["id"]] if "id" in values else []
        self.fetched += [values["src"]] if "src" in values else []
        self.anchors += [values["href"]] if tag == "a" else []
        if tag not in VOID:
            self.open_tags.append(tag)

    def handle_startendtag(self, tag, attrs):
        del tag, attrs

    def handle_endtag(self, tag):
        assert self.open_tags.pop() == tag


def test_the_page_is_whole_and_fetches_nothing(described, page):
    checker = Balance()
    checker.feed(page)

    assert not checker.open_tags
    assert all(address.startswith("data:image/") for address in checker.fetched)
    for address in checker.anchors:
        known = address[1:] in checker.ids if address[0] == "#" else True
        assert known
        assert address[0] == "#" or (described / "stats" / address).is_file()


def test_ids_of_charts_do_not_clash_in_one_page(page):
    ids = re.findall(r'<clipPath id="([^"]+)"', page)

    uses = {name: page.count(f'id="{name}"') for name in ids}

    # Equal clip paths may share a name: their content decides it.
    for name, count in uses.items():
        if count > 1:
            shapes = set(re.findall(rf'<clipPath id="{name}">(.*?)</clipPath>', page, re.DOTALL))
            assert len(shapes) == 1


def test_charts_follow_the_theme_of_the_page(page):
    assert "var(--ink)" in page
    assert not any(color in page[page.index("<main") :] for color in THEME)
    assert themed('<?xml?><svg width="9pt" height="3pt"><g/></svg>') == "<svg><g/></svg>"


def test_a_chart_is_the_same_every_time():
    def draw(figure):
        figure.subplots().plot([0, 1], [1, 3])

    assert render(draw) == render(draw)


@pytest.mark.parametrize("width_px", [390, 1440])
def test_the_page_fits_the_window_of_a_browser(tmp_path, page, width_px):
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if browser is None:
        pytest.skip("needs chromium: the page's width is not checked in a browser")
    report = (
        "<script>parent.document.body.dataset.wide = document.documentElement.scrollWidth</script>"
    )
    source = (page + report).replace("&", "&amp;").replace('"', "&quot;")
    frame = tmp_path / "frame.html"
    frame.write_text(
        f'<body><iframe width="{width_px}" height="20000" style="border:0" srcdoc="{source}">'
    )

    command = [browser, "--headless=new", "--no-sandbox", "--disable-gpu", "--dump-dom"]
    command += [f"--user-data-dir={tmp_path}/profile", f"file://{frame}"]
    result = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)

    found = re.search(r'data-wide="(\d+)"', result.stdout)
    assert found
    assert int(found[1]) == width_px


def test_contact_regions_name_vertices_of_the_hand(described):
    document = json.loads((described / "stats" / "contact_regions.json").read_text())
    hand = load_hand_model()

    assert set(document["contact_regions"]) == set(hand.contact_region_names)
    for name, members in document["contact_regions"].items():
        assert members
        assert set(members) <= set(hand.regions[name].tolist())
    assert document["hand_model"]["sha256"] == hand.sha256
    assert len(document["frequency"]) == len(hand.template)


def test_training_reads_the_contact_regions(described):
    contact = pytest.importorskip("obman_gen.reconstruction.contact")
    path = described / "stats" / "contact_regions.json"

    regions = contact.read_regions(path, load_hand_model())

    assert len(regions) == 6


def test_the_card_has_front_matter_counts_and_hashes(described):
    text = (described / "README.md").read_text()

    _, matter, body = text.split("---\n", 2)
    keys = re.findall(r"^(\w+):", matter, re.MULTILINE)
    assert {"license", "pretty_name", "task_categories", "size_categories"} <= set(keys)
    for entry in Manifest.load(described).entries:
        assert entry.sha256 in body
    assert "no split shares objects" not in body  # the synthetic runs have one body pose
    assert "1 body poses" in body


def test_gated_files_are_named_as_sources_with_their_terms(tmp_path):
    given = AssetsConfig(mano=str(tmp_path), shapenet=str(tmp_path))

    origins = origins_of(given, ObjectsConfig())

    assert origins["hand model"] == "MANO"
    assert origins["objects"] == "ShapeNetCore"
    assert origins["skin"] == "procedural skin"
    assert origins_of(given, ObjectsConfig(source="procedural"))["objects"] == "procedural objects"


def test_tables_on_the_terminal_show_counts_and_medians(described):
    output = io.StringIO()

    print_statistics(described / "stats", Console(width=120, file=output))

    text = output.getvalue()
    assert re.search(r"train +8 ", text)
    assert "Greatest penetration" in text


def test_tables_without_statistics_say_what_to_run(tmp_path):
    with pytest.raises(InputError, match="run `obman-gen stats` first"):
        print_statistics(tmp_path)


def test_a_contact_sheet_shows_at_most_what_there_is(described):
    with Image.open(described / "stats" / "contact_sheet.png") as sheet:
        width, height = sheet.size

    # 16 samples are two rows of eight.
    assert width > 8 * 200
    assert height < 6 * 220 + 200


@pytest.mark.parametrize(("total", "count"), [(1, 48), (48, 48), (49, 48), (1000, 7)])
def test_even_selections_are_distinct_ordered_and_within(total, count):
    chosen = evenly(total, count)

    assert len(chosen) == min(total, count)
    assert sorted(set(chosen)) == chosen
    assert 0 <= chosen[0] <= chosen[-1] < total
    assert max(np.diff(chosen), default=1) <= -(-total // len(chosen))


def test_the_whole_run_is_its_splits_one_after_the_other(run):
    whole = WholeRun(run, ("sample_id",))

    assert len(whole) == 16
    assert whole[8] == SampleReader(run, "val", fields=("sample_id",))[0]
    assert whole.split_of(8) == "val"
    assert [sample["sample_id"] for sample in whole] == whole.column("sample_id").tolist()
    with pytest.raises(InputError, match="samples 0 to 15, not 16"):
        whole[16]


def test_hands_stand_upright_with_the_named_side_to_the_viewer():
    hand = load_hand_model()
    vertices, joints = hand.vertices_of(flat_hand(hand))

    seen = facing(hand, np.concatenate([vertices, joints]), "palm")[len(vertices) :]
    turned = facing(hand, np.concatenate([vertices, joints]), "back")[len(vertices) :]

    assert seen[12, 1] < seen[0, 1] - 0.1  # y is down
    assert seen[4, 0] > seen[20, 0]  # a right hand's thumb is right of its little finger
    assert turned[4, 0] < turned[20, 0]


def test_a_drawn_sphere_covers_the_area_of_a_disc():
    import trimesh

    ball = trimesh.creation.icosphere(4, 0.05)
    vertices, faces = np.array(ball.vertices), np.array(ball.faces)

    picture = draw_hand(vertices, faces, np.ones_like(vertices), 120, 0.1)

    # Half the width: a quarter of pi/4. From 1 m away a sphere's rim stands out by 0.13 %.
    assert_allclose(picture[..., 3].mean() / 255, np.pi / 16, rtol=0.01)


@pytest.mark.parametrize(
    ("name", "kind"), [("a.png", "PNG"), ("a.jpg", "JPEG"), ("a.webp", "WEBP")]
)
def test_a_contact_sheet_is_the_picture_its_name_says(described, tmp_path, name, kind):
    with Image.open(write_contact_sheet(described, tmp_path / name)) as sheet:
        assert sheet.format == kind


def test_a_contact_sheet_of_no_kind_is_refused(described, tmp_path):
    with pytest.raises(InputError, match=r"unknown kind of contact sheet '\.xyz'. Choices: .jpeg"):
        write_contact_sheet(described, tmp_path / "a.xyz")
