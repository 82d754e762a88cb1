"""``obman-gen experiment``: the paper's studies from the command line."""

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from obman_gen.cli_options import Commands, run_option, user_errors
from obman_gen.errors import InputError


@click.group(cls=Commands)
def experiment():
    """Repeat the paper's studies, as tables and a figure.

    Results are in RUN/training/experiments/STUDY; what is trained and tested there already is not
    repeated.
    """


STUDY_OPTIONS = (
    click.option(
        "--config",
        type=click.Path(path_type=Path, dir_okay=False),
        help="TOML file with a [training] table.",
    ),
    click.option("--preset", help="default or paper: settings to start from."),
    click.option(
        "--set", "overrides", multiple=True, metavar="KEY=VALUE", help="Change one setting."
    ),
    click.option("--device", help="auto, cpu or cuda.  [default: auto]"),
    click.option("--force", is_flag=True, help="Train anew where settings differ."),
)


def study_options(function: Callable) -> Callable:
    """Add the options of every study; they arrive as ``options``."""
    for option in reversed(STUDY_OPTIONS):
        function = option(function)
    return function


@experiment.command(epilog="Example: obman-gen experiment occlusion --set training.epochs=10")
@study_options
@run_option
def occlusion(run: Path, **options: Any):
    """Train each branch with and without the other in the way."""
    from obman_gen.experiments.occlusion import occlusion as plan

    _conduct(run, options, lambda base: plan(base, str(run)))


@experiment.command(epilog="Example: obman-gen experiment contact --start best.pt --sweep")
@click.option("--data", metavar="DATA", help="Run folder or DATASET:FOLDER.  [default: the run]")
@click.option(
    "--start",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Checkpoint to fine-tune.  [default: one is trained first]",
)
@click.option("--sweep", is_flag=True, help="Also vary the balance of the two terms.")
@study_options
@run_option
def contact(run: Path, data: str | None, start: Path | None, sweep: bool, **options: Any):
    """Fine-tune one model with no, either and both contact terms."""
    from obman_gen.experiments.contact import contact as plan

    begin = str(start) if start else ""
    _conduct(run, options, lambda base: plan(base, data or str(run), start=begin, sweep=sweep))


@experiment.command(
    epilog="Example: obman-gen experiment transfer --source obman=runs/obman "
    "--source real=hic:/data/hic --target hic:/data/hic"
)
@click.option(
    "--source",
    "sources",
    multiple=True,
    required=True,
    metavar="LABEL=DATA",
    help="What to train on: run folder or DATASET:FOLDER.",
)
@click.option("--target", required=True, metavar="DATA", help="What to test on.")
@study_options
@run_option
def transfer(run: Path, sources: tuple[str, ...], target: str, **options: Any):
    """Train on several datasets, test on the same other one."""
    from obman_gen.experiments.transfer import transfer as plan

    _conduct(run, options, lambda base: plan(base, _labelled(sources), target))


@experiment.command(
    epilog="Example: obman-gen experiment lowdata --real fhb:/data/fhb?contact_only=true"
)
@click.option("--real", required=True, metavar="DATA", help="Dataset with real pictures.")
@click.option("--synthetic", metavar="DATA", help="Run folder.  [default: the run]")
@click.option("--fractions", help="Shares of the real pictures, such as 0.01,0.1,1.")
@study_options
@run_option
def lowdata(run: Path, real: str, synthetic: str | None, fractions: str | None, **options: Any):
    """Train on ever fewer real pictures, after synthetic ones or not."""
    from obman_gen.experiments.lowdata import FRACTIONS
    from obman_gen.experiments.lowdata import lowdata as plan

    shares = functools.partial(_fractions, fractions) if fractions else lambda: FRACTIONS
    _conduct(run, options, lambda base: plan(base, synthetic or str(run), real, shares()))


def _conduct(run: Path, options: dict[str, Any], plan: Callable) -> None:
    from obman_gen.experiments.conduct import Laboratory
    from obman_gen.progress import Reporter
    from obman_gen.runfolder import RunFolder
    from obman_gen.training.start import StartOptions, settle

    with user_errors():
        folder = RunFolder(run)
        force = options.pop("force")
        study = plan(settle(folder, run, StartOptions(**options)))
        place = folder.training / "experiments" / study.name
        tables = Laboratory(run, place, Reporter(), force).conduct(study)
        click.echo("\n".join(table.markdown() for table in tables))
        click.echo(f"Tables and figure: {place}")


def _labelled(words: tuple[str, ...]) -> dict[str, str]:
    sources = {}
    for word in words:
        label, equals, data = word.partition("=")
        if not equals or not data:
            raise InputError(f"--source takes LABEL=DATA, got {word!r}")
        if label in sources:
            raise InputError(f"--source names {label} twice; give each source its own label")
        sources[label] = data
    return sources


def _fractions(words: str) -> list[float]:
    try:
        return [float(word) for word in words.split(",")]
    except ValueError as error:
        raise InputError(f"--fractions takes numbers such as 0.1,1, got {words!r}") from error
