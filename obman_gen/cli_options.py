"""Options that commands share, and how they become a run's context."""

import errno
import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import click

from obman_gen.errors import InputError

DEFAULT_RUN = Path("runs/default")
OUT_OF_SPACE = (errno.ENOSPC, errno.EDQUOT)


@dataclass(frozen=True)
class RunOptions:
    """The shared options of one invocation."""

    run: Path
    config: Path | None
    overrides: tuple[str, ...]
    seed: int | None
    workers: int | None
    scheduler: str | None
    force: bool


def run_option(function: Callable) -> Callable:
    """Add ``--run``, which may also stand before the command."""

    @click.option(
        "--run",
        type=click.Path(path_type=Path, file_okay=False),
        help="Run folder; also accepted before the command.  [default: runs/default]",
    )
    @click.pass_context
    @functools.wraps(function)
    def wrapper(context: click.Context, run: Path | None, **arguments: Any):
        root = run or context.find_root().params.get("run") or DEFAULT_RUN
        return function(run=root, **arguments)

    return wrapper


def run_options(function: Callable) -> Callable:
    """Add the options of every command that works on a run; they arrive as ``options``."""

    @click.option(
        "--config",
        type=click.Path(path_type=Path, dir_okay=False),
        help="TOML file with settings; see RUN/config.toml for all of them.",
    )
    @click.option(
        "--set", "overrides", multiple=True, metavar="KEY=VALUE", help="Change one setting."
    )
    @click.option("--seed", type=int, help="Seed of everything that is drawn.")
    @click.option("--workers", type=int, help="Local worker processes.  [default: one per core]")
    @click.option("--scheduler", help="serial, local or tcp://HOST:PORT.  [default: local]")
    @click.option(
        "--force", is_flag=True, help="Throw away and make again what depends on a changed setting."
    )
    @run_option
    @functools.wraps(function)
    def wrapper(**arguments: Any):
        shared = {spec.name: arguments.pop(spec.name) for spec in fields(RunOptions)}
        return function(options=RunOptions(**shared), **arguments)

    return wrapper


class Commands(click.Group):
    """A group whose commands report a wrong option value like any mistake of the user's.

    One sentence and exit code 1; click keeps its usage lines and exit code 2 for options and
    commands that do not exist or are missing.
    """

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the group's own options."""
        with _wrong_values():
            return super().parse_args(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        """Read a command's options and run it."""
        with _wrong_values():
            return super().invoke(ctx)


@contextmanager
def _wrong_values() -> Iterator[None]:
    try:
        yield
    except click.MissingParameter:
        raise
    except click.BadParameter as error:
        raise click.ClickException(error.format_message()) from error


@contextmanager
def user_errors() -> Iterator[None]:
    """Turn what the user can fix into one line on stderr and exit code 1."""
    try:
        yield
    except InputError as error:
        raise click.ClickException(str(error)) from error
    except OSError as error:
        raise click.ClickException(_sentence(error)) from error


def _sentence(error: OSError) -> str:
    """Say which file the system refused and why.

    Raises:
        OSError: the same, if it is about no file: then it is a bug of ours.
    """
    if error.errno in OUT_OF_SPACE:
        where = f" at {error.filename}" if error.filename else ""
        return (
            f"there is no space left on the disk{where}; make some and run the command again: "
            "what is complete is kept"
        )
    if error.filename is None:
        raise error
    return f"{error.filename}: {error.strerror}; correct the path, or who may read and write there"


@contextmanager
def opened(options: RunOptions, preset: str | None = None) -> Iterator[Any]:
    """Settle the configuration, store it in the run folder and yield the run's context."""
    from obman_gen import pipeline
    from obman_gen.engine import EngineConfig
    from obman_gen.progress import Reporter
    from obman_gen.runfolder import RunFolder
    from obman_gen.settle import settle_config

    with user_errors():
        engine_config = EngineConfig(options.scheduler or "local", options.workers or 0)
        folder = RunFolder(options.run)
        with folder.withdrawn_if_unused():
            config = settle_config(
                folder, preset, options.config, _overrides(options), options.force
            )
            context = pipeline.open_run(options.run, config, engine_config, Reporter())
            with context.engine:
                yield context


def _overrides(options: RunOptions) -> tuple[str, ...]:
    seed = () if options.seed is None else (f"seed={options.seed}",)
    return (*options.overrides, *seed)
