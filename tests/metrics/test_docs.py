import re
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "metrics.md"
BLOCKS = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
FIRST, *OTHERS = BLOCKS


def test_first_example_prints_three_plausible_numbers(capsys):
    exec(compile(FIRST, PAGE.name, "exec"), {})  # noqa: S102 our own page

    depth, volume, moved = re.findall(r"([\d.]+) (?:mm|cm3)", capsys.readouterr().out)
    assert float(depth) < 5.0
    assert 0 < float(volume) < 10
    assert float(moved) > 0


@pytest.mark.parametrize("number", range(len(OTHERS)))
def test_every_further_example_runs(number):
    heading = FIRST.split("ball =")[0]

    exec(compile(heading + OTHERS[number], PAGE.name, "exec"), {})  # noqa: S102
