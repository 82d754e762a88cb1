"""Run independent tasks in this process, in local processes or on a cluster: one code path.

A task is a module-level function of one JSON-able specification. It owns its randomness and
its files, so where and when it runs cannot change what it makes. Dask carries the parallel
cases: a worker that dies by a signal is replaced and its task retried, and a task that kills
every worker it meets is reported instead of taking the run with it.
"""

import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, NamedTuple

from obman_gen.errors import InputError

ALLOWED_WORKER_DEATHS = 2
"""Further tries of a task whose worker died before it is reported as crashed."""

CONNECT_TIMEOUT_S = 10.0

SINGLE_THREAD: Mapping[str, str] = dict.fromkeys(
    ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"), "1"
)
"""One thread per worker process: parallelism is by process, and sums keep their order."""


@dataclass(frozen=True)
class EngineConfig:
    """Where tasks run."""

    scheduler: str = "local"
    """``serial``, ``local`` (worker processes on this machine) or ``tcp://HOST:PORT``."""
    workers: int = 0
    """Local worker processes; 0: one per core."""

    def __post_init__(self):
        if self.scheduler not in ("serial", "local") and not re.fullmatch(
            r"(tcp|tls)://[^:/]+:\d+", self.scheduler
        ):
            raise InputError(
                f"scheduler must be serial, local or tcp://HOST:PORT, got {self.scheduler!r}"
            )
        if self.workers < 0:
            raise InputError(f"workers must be 0 (one per core) or more, got {self.workers}")

    @property
    def worker_count(self) -> int:
        """Worker processes this configuration starts on this machine."""
        if self.scheduler == "serial":
            return 1
        return self.workers or len(os.sched_getaffinity(0))


class Outcome(NamedTuple):
    """What became of one task."""

    index: int
    """Position of the task's specification in the list that was given."""
    result: Any
    """What the function returned; None if its worker crashed."""
    crash: str = ""
    """Why there is no result, or empty."""


Task = Callable[[Mapping[str, Any]], Any]


class Engine:
    """Runs task lists; a context manager, because local workers must be stopped."""

    def __init__(self, config: EngineConfig):
        self._config = config
        self._client = None
        self._cluster = None

    def __enter__(self):
        """Start nothing yet: workers start with the first parallel task list."""
        return self

    def __exit__(self, *exception):
        """Stop the workers this engine started."""
        for part in (self._client, self._cluster):
            if part is not None:
                part.close()
        self._client = self._cluster = None

    def run(self, function: Task, specs: Sequence[Mapping[str, Any]]) -> Iterator[Outcome]:
        """Yield the outcome of ``function(spec)`` for every spec, as each one finishes.

        Raises:
            Exception: whatever the function raised first; tasks not yet begun are dropped.
        """
        in_process = self._config.scheduler == "serial" or (
            self._config.scheduler == "local" and min(self._config.worker_count, len(specs)) <= 1
        )
        return self._run_here(function, specs) if in_process else self._run_on(function, specs)

    def _run_here(self, function: Task, specs) -> Iterator[Outcome]:
        for index, spec in enumerate(specs):
            yield Outcome(index, function(spec))

    def _run_on(self, function: Task, specs) -> Iterator[Outcome]:
        from distributed import as_completed

        client = self._connect()
        futures = client.map(
            _run_single_threaded,
            specs,
            function=function,
            pure=False,
            # The order of a list is the order of importance: early tasks first.
            priority=0,
        )
        index_of = {future.key: index for index, future in enumerate(futures)}
        try:
            for future in as_completed(futures):
                yield _outcome(index_of[future.key], future)
        finally:
            client.cancel(futures)

    def _connect(self):
        if self._client is None:
            self._client = self._start_local() if self._is_local else self._connect_remote()
        return self._client

    @property
    def _is_local(self) -> bool:
        return self._config.scheduler == "local"

    def _start_local(self):
        import dask
        from distributed import Client, LocalCluster

        dask.config.set(
            {
                "distributed.scheduler.allowed-failures": ALLOWED_WORKER_DEATHS,
                # A worker that computes inside Blender or Bullet cannot answer heartbeats.
                "distributed.scheduler.worker-ttl": None,
                "distributed.worker.daemon": True,
                "distributed.admin.large-graph-warning-threshold": "1GB",
            }
        )
        with _environment(SINGLE_THREAD):
            self._cluster = LocalCluster(
                n_workers=self._config.worker_count,
                threads_per_worker=1,
                processes=True,
                # No dashboard; and its server takes a free port, so that runs stand each other.
                scheduler_kwargs={"dashboard": False, "dashboard_address": ":0"},
                memory_limit=0,
                silence_logs=50,
            )
        return Client(self._cluster)

    def _connect_remote(self):
        from distributed import Client

        try:
            return Client(self._config.scheduler, timeout=CONNECT_TIMEOUT_S)
        except OSError as error:
            raise InputError(
                f"no Dask scheduler answers at {self._config.scheduler} "
                f"within {CONNECT_TIMEOUT_S:g} s; "
                "start one with `dask scheduler`, or use --scheduler local"
            ) from error


def _run_single_threaded(spec: Mapping[str, Any], function: Task) -> Any:
    """Run a task with one thread per library, also on workers somebody else started."""
    import torch

    torch.set_num_threads(1)
    return function(spec)


def _outcome(index: int, future) -> Outcome:
    from distributed.scheduler import KilledWorker

    try:
        return Outcome(index, future.result())
    except KilledWorker:
        return Outcome(index, None, f"its worker process died {ALLOWED_WORKER_DEATHS + 1} times")


@contextmanager
def _environment(variables: Mapping[str, str]):
    """Set environment variables for the processes started inside the block."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
