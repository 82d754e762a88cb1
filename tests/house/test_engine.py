import os
import signal

import pytest

from obman_gen import engine
from obman_gen.engine import Engine, EngineConfig, Outcome
from obman_gen.errors import InputError, SampleRejected


def square(spec):
    return spec["x"] ** 2


def fail_on_three(spec):
    if spec["x"] == 3:
        raise InputError("three is too many")
    return spec["x"]


def reject(spec):
    raise SampleRejected("object_visibility", f"{spec['x']} of 100 px")


def die_on_two(spec):
    if spec["x"] == 2:
        os.kill(os.getpid(), signal.SIGKILL)
    return spec["x"]


def threads(_):
    return os.environ["OMP_NUM_THREADS"]


SPECS = [{"x": x} for x in range(6)]


def run(function, scheduler, specs=SPECS):
    with Engine(EngineConfig(scheduler, workers=2)) as running:
        return sorted(running.run(function, specs))


def test_in_process_and_on_workers_give_the_same():
    expected = [Outcome(x, x**2) for x in range(6)]

    assert run(square, "serial") == expected
    assert run(square, "local") == expected


@pytest.mark.parametrize("scheduler", ["serial", "local"])
def test_the_users_errors_come_back_as_they_are(scheduler):
    with pytest.raises(InputError, match="three is too many"):
        run(fail_on_three, scheduler)


def test_a_rejection_survives_the_way_from_a_worker():
    with pytest.raises(SampleRejected, match=r"object_visibility: \d of 100 px") as caught:
        run(reject, "local", SPECS[:2])
    assert caught.value.rule == "object_visibility"


@pytest.mark.slow
def test_a_task_that_kills_its_workers_is_reported_and_the_others_finish():
    outcomes = run(die_on_two, "local")

    assert [outcome.result for outcome in outcomes] == [0, 1, None, 3, 4, 5]
    assert "died 3 times" in outcomes[2].crash


def test_workers_compute_with_one_thread():
    assert {outcome.result for outcome in run(threads, "local", SPECS[:2])} == {"1"}


@pytest.mark.parametrize("scheduler", ["tcp://nowhere", "slurm", ""])
def test_unknown_scheduler_is_refused(scheduler):
    with pytest.raises(InputError, match="serial, local or tcp://HOST:PORT"):
        EngineConfig(scheduler)


def test_negative_worker_count_is_refused():
    with pytest.raises(InputError, match="got -1"):
        EngineConfig(workers=-1)


def test_a_cluster_that_does_not_answer_is_named(monkeypatch):
    monkeypatch.setattr(engine, "CONNECT_TIMEOUT_S", 0.5)

    with pytest.raises(InputError, match=r"no Dask scheduler answers at tcp://127\.0\.0\.1:9"):
        run(square, "tcp://127.0.0.1:9")
