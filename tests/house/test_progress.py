import io

import pytest
from rich.console import Console

from obman_gen.progress import PLAIN_INTERVAL_S, Reporter, describe_duration, describe_pace


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.4, "0 s"), (59.6, "1 min 00 s"), (200.0, "3 min 20 s"), (18121.0, "5 h 02 min")],
)
def test_durations_read_like_speech(seconds, text):
    assert describe_duration(seconds) == text


def test_pace_extrapolates_linearly():
    assert describe_pace(10, 40, 20.0, "object") == "2.0 s/object, 1 min 00 s left"
    assert describe_pace(40, 40, 10.0, "object") == "4.0 object/s, took 10 s"


def test_plain_lines_come_at_the_start_at_intervals_and_at_the_end():
    out, times = io.StringIO(), iter(range(0, 1000, 4))
    reporter = Reporter(Console(file=out, width=200), clock=lambda: float(next(times)))

    assert list(reporter.track("abcdef", 6, "render", "shard")) == list("abcdef")

    lines = out.getvalue().splitlines()
    assert lines[0] == "render: 0/6"  # before the first item, which may take minutes
    assert lines[1].startswith("render: 3/6")  # 12 s in: the first item after the interval
    assert 2 * 4 < PLAIN_INTERVAL_S <= 3 * 4
    assert lines[-1] == "render: 6/6, 4.0 s/shard, took 24 s"
    assert len(lines) == 3


def test_a_terminal_gets_a_bar():
    out = io.StringIO()
    reporter = Reporter(Console(file=out, force_terminal=True, width=120))

    assert list(reporter.track(range(3), 3, "render", "shard")) == [0, 1, 2]

    assert "render" in out.getvalue()
    assert "3/3" in out.getvalue()
