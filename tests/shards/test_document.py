import re

import pytest
from shards import synthetic

from obman_gen.shards import document
from obman_gen.shards.field import SIZES
from obman_gen.shards.schema import FIELDS


def test_the_page_in_docs_is_the_one_the_schema_gives():
    assert document.PAGE.read_text() == document.page(), "run `python -m obman_gen.shards.document`"


def test_every_field_is_on_the_page_once():
    for path in FIELDS:
        assert document.page().count(f"| `{path}` |") == 1


@pytest.mark.parametrize("path", FIELDS)
def test_every_field_is_described(path):
    field = FIELDS[path]

    assert field.meaning
    sizes = {extent.removesuffix("+1") for extent in field.shape if isinstance(extent, str)}
    assert sizes <= set(SIZES)
    if field.dtype.startswith("float") and field.frame:
        assert field.unit


def test_every_example_on_the_page_runs(tmp_path, monkeypatch):
    synthetic.make_run(tmp_path / "runs" / "default")
    monkeypatch.chdir(tmp_path)
    examples = re.findall(r"```python\n(.*?)```", document.PAGE.read_text(), re.DOTALL)
    names = {"print": lambda *_: None}

    for example in examples:
        exec(example, names)  # noqa: S102 the page's own code

    assert len(examples) == 5
    assert names["images"].shape == (8, 3, 64, 64)


@pytest.mark.parametrize("page", ["README.md", "docs/hands.md"])
def test_the_examples_of_other_pages_run(tmp_path, monkeypatch, page):
    synthetic.make_run(tmp_path / "runs" / "default")
    text = (document.PAGE.parents[1] / page).read_text()
    monkeypatch.chdir(tmp_path)
    names = {}

    for example in re.findall(r"```python\n(.*?)```", text, re.DOTALL):
        if "import smplx" not in example:  # not ours to install
            exec(example, names)  # noqa: S102 the page's own code

    assert names["sample"]["hand/vertices"].shape == (1669, 3)
