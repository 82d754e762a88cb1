"""The page's example runs as it stands."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_the_pages_example_runs_in_twenty_lines(monkeypatch):
    monkeypatch.chdir(ROOT)
    code = re.search(r"```python\n(.*?)```", (ROOT / "docs/pygraspit.md").read_text(), re.DOTALL)[1]
    names: dict = {}

    exec(code, names)  # noqa: S102

    assert len([line for line in code.splitlines() if line]) <= 23
    assert names["planned"]
    assert names["epsilon"] > 0.0
    assert names["volume"] > 0.0
