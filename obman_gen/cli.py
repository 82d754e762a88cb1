"""Command line: parse, call, report. No logic lives here, and nothing heavy is imported.

Exit codes: 0 done, 1 something the user can fix (one sentence on stderr), 2 wrong usage.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click

from obman_gen.cli_options import Commands, RunOptions, opened, run_option, run_options, user_errors
from obman_gen.experiments.commands import experiment
from obman_gen.sample import SPLITS, VIEWS

EPILOG_DATASET = """\b
Examples:
  obman-gen dataset                            48 samples, a few minutes
  obman-gen --run runs/mine dataset --preset small --seed 7
  obman-gen dataset --preset obman --scheduler tcp://head:8786
  obman-gen dataset --set samples.train=100 --set objects.per_category=5
"""


@click.group(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.option(
    "--run",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder of one dataset.  [default: runs/default]",
)
@click.version_option(package_name="obman-gen")
def main(run: Path | None):
    """Generate hand-object datasets like ObMan and train on them.

    A run folder holds everything of one dataset. Every command resumes: it skips what is
    complete, makes what is not, and overwrites nothing without --force.
    """
    del run  # commands look it up when they have no --run of their own


@main.command(epilog=EPILOG_DATASET)
@click.option("--preset", help="smoke, small or obman.  [default: smoke for a new run]")
@run_options
def dataset(options: RunOptions, preset: str | None):
    """Make a whole dataset, from objects to statistics."""
    from obman_gen import pipeline
    from obman_gen.runfolder import RunFolder

    if preset is None and not RunFolder(options.run).config.exists():
        preset = "smoke"
    with opened(options, preset) as context:
        sheet = pipeline.build_dataset(context)
        click.echo(f"Dataset: {context.folder.root}")
        click.echo(f"Contact sheet: {sheet}")


@main.command(epilog="Example: obman-gen objects --set objects.per_category=10")
@run_options
def objects(options: RunOptions):
    """Make or find objects and prepare them."""
    from obman_gen import pipeline

    with opened(options) as context:
        pipeline.prepare_objects(context)


@main.command(epilog="Example: obman-gen grasp --set grasps.per_scale=12")
@click.option(
    "--import",
    "source",
    type=click.Path(path_type=Path, file_okay=False),
    help="Take grasps from ObMan's released shapenet_grasps folder instead of planning.",
)
@run_options
def grasp(options: RunOptions, source: Path | None):
    """Plan, refine and validate grasps of the prepared objects."""
    from obman_gen import pipeline

    with opened(options) as context:
        if source:
            pipeline.import_grasps(context, source)
        else:
            pipeline.plan_grasps(context)


@main.command(epilog="Example: obman-gen render --split train --limit 100")
@click.option("--split", type=click.Choice(SPLITS), multiple=True, help="[default: all three]")
@click.option("--limit", type=click.IntRange(1), help="Only the shards of the first N samples.")
@run_options
def render(options: RunOptions, split: tuple, limit: int | None):
    """Render samples of the planned grasps and write shards."""
    from obman_gen import pipeline

    with opened(options) as context:
        pipeline.render_samples(context, split or SPLITS, limit)


@main.command(epilog="Example: obman-gen --run runs/mine stats")
@run_options
def stats(options: RunOptions):
    """Describe the dataset: tables, plots, an HTML page."""
    from obman_gen import pipeline
    from obman_gen.shards.report import print_statistics

    with opened(options) as context:
        pipeline.describe_dataset(context)
        print_statistics(context.folder.stats)


@main.command(epilog="Example: obman-gen --run runs/mine verify")
@click.option("--deep", is_flag=True, help="Also rebuild meshes and compare depth.")
@click.option("--repair", is_flag=True, help="Take broken shards out of the manifest.")
@run_option
def verify(run: Path, deep: bool, repair: bool):
    """Read every byte of every shard back and name what is wrong."""
    from obman_gen.progress import Reporter
    from obman_gen.shards import verify as verification

    def track(shards: Iterable, count: int) -> Iterable:
        return Reporter().track(shards, count, "verify", "shard")

    with user_errors():
        problems = verification.verify(run, deep, track)
        for problem in problems:
            click.echo(str(problem), err=True)
        if problems and repair:
            click.echo(verification.repair(run, problems))
        elif problems:
            plural = "" if len(problems) == 1 else "s"
            raise click.ClickException(f"{len(problems)} problem{plural} in {run}")
        else:
            click.echo(verification.summary(run))


@main.command(epilog="Example: obman-gen view --sheet sheet.png")
@click.option(
    "--port",
    type=click.IntRange(1, 65535),
    default=8080,
    show_default=True,
    help="Port of the browser viewer.",
)
@click.option("--sheet", type=click.Path(path_type=Path), help="Write a contact sheet instead.")
@run_option
def view(run: Path, port: int, sheet: Path | None):
    """Look at a dataset in the browser, or as a contact sheet."""
    with user_errors():
        if sheet is not None:
            from obman_gen.view import write_contact_sheet

            write_contact_sheet(run, sheet)
            click.echo(f"Contact sheet: {sheet}")
        else:
            from obman_gen.view import serve

            serve(run, port, click.echo)


@main.command(epilog="Example: obman-gen export --format coco exported/coco")
@click.option("--format", "layout", required=True, help="obman, bop, coco, ho3d or webdataset.")
@click.argument("out", type=click.Path(path_type=Path, file_okay=False))
@run_option
def export(run: Path, layout: str, out: Path):
    """Write the dataset in another layout to OUT."""
    from obman_gen.progress import Reporter
    from obman_gen.registry import lookup
    from obman_gen.shards.exporters import EXPORTERS

    def track(rows: Iterable, count: int) -> Iterable:
        return Reporter().track(rows, count, "export", "sample")

    with user_errors():
        count = lookup(EXPORTERS, layout, "export format")(run, out, track)
        click.echo(f"{count} samples in {out}")


@main.command(epilog="Example: obman-gen publish s3://my-bucket/hands")
@click.argument("target")
@run_option
def publish(run: Path, target: str):
    """Copy finished shards to a folder or a bucket.

    TARGET is a folder, or an address such as s3://BUCKET/FOLDER. What is there already is left
    alone. Addresses are fsspec's; s3:// needs the package s3fs.
    """
    from obman_gen.progress import Reporter
    from obman_gen.shards.publish import publish as copy_shards

    def track(shards: Iterable, count: int) -> Iterable:
        return Reporter().track(shards, count, "publish", "shard")

    with user_errors():
        copied, total = copy_shards(run, target, track)
        click.echo(f"{copied} of {total} shards copied to {target}, the others were there")


EPILOG_TRAIN = """\b
Examples:
  obman-gen train --overfit 8                              does it learn at all? minutes
  obman-gen --run runs/mine train --name first
  obman-gen --run runs/mine train --name first --resume    go on where it stopped
  obman-gen train --set training.epochs=5 --set training.contact_epochs=2
  obman-gen train --preset paper --set training.model.encoder_weights=resnet18.pth
"""


@main.command(epilog=EPILOG_TRAIN)
@click.option(
    "--config",
    type=click.Path(path_type=Path, dir_okay=False),
    help="TOML file with a [training] table; RUN/training/NAME/config.toml has all settings.",
)
@click.option("--preset", help="default or paper: settings to start from.")
@click.option("--set", "overrides", multiple=True, metavar="KEY=VALUE", help="Change one setting.")
@click.option(
    "--name", help="Folder under RUN/training.  [default: default; overfit-N with --overfit]"
)
@click.option("--device", help="auto, cpu or cuda.  [default: auto]")
@click.option("--resume", is_flag=True, help="Go on from the last checkpoint.")
@click.option("--overfit", type=click.IntRange(1), metavar="N", help="Fit N samples, as a test.")
@click.option("--force", is_flag=True, help="Begin anew, replacing what is there.")
@run_option
def train(run: Path, **options: Any):
    """Train the reconstruction model on the run's shards."""
    from obman_gen.progress import Reporter
    from obman_gen.training.start import StartOptions, start

    with user_errors():
        result = start(run, StartOptions(**options), Reporter())
        click.echo(f"{result.summary}\nCheckpoint: {result.checkpoint}")


EPILOG_EVALUATE = """\b
Examples:
  obman-gen evaluate runs/default/training/default/best.pt
  obman-gen evaluate best.pt --data runs/mine --split val --no-simulation
  obman-gen evaluate best.pt --data obman:/data/obman
"""


@main.command(epilog=EPILOG_EVALUATE)
@click.argument("checkpoint", type=click.Path(path_type=Path, dir_okay=False))
@click.option(
    "--data",
    metavar="DATA",
    help="Run folder to evaluate on, or DATASET:FOLDER such as obman:/data/obman.  "
    "[default: the run]",
)
@click.option("--split", type=click.Choice(SPLITS), default="test", show_default=True)
@click.option("--image", type=click.Choice(VIEWS), default="ho", show_default=True)
@click.option(
    "--root-joint",
    type=click.IntRange(0, 20),
    help="Joint that both sides are relative to.  [default: as trained]",
)
@click.option("--no-simulation", is_flag=True, help="Leave out the displacement in simulation.")
@click.option("--device", type=click.Choice(("auto", "cpu", "cuda")), default="auto")
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder of results.  [default: training/evaluation/ in the data's run]",
)
@run_option
def evaluate(run: Path, checkpoint: Path, data: str | None, out: Path | None, **options: Any):
    """Measure a trained model on every sample of a split.

    Writes each sample's measures as JSON, a table, and pictures of the best and worst.
    """
    from obman_gen.progress import Reporter
    from obman_gen.training import evaluation

    with user_errors():
        simulate = not options.pop("no_simulation")
        request = evaluation.Request(checkpoint, data or run, simulate=simulate, **options)
        result, files = evaluation.evaluate_to(request, out or request.folder, Reporter())
        click.echo(result.table())
        click.echo(f"Results: {files.results}")
        click.echo(f"Pictures: {files.pictures}")


EPILOG_PREDICT = """\b
Examples:
  obman-gen predict photo.jpg --box 210,140,180,200
  obman-gen predict left.png --side left --checkpoint best.pt --out meshes/
  obman-gen predict --data core50:/data/core50 --limit 40
"""


@main.command(epilog=EPILOG_PREDICT)
@click.argument("images", nargs=-1, type=click.Path(path_type=Path, dir_okay=False))
@click.option("--data", metavar="DATASET:FOLDER", help="Another dataset's pictures, instead.")
@click.option("--split", type=click.Choice(SPLITS), default="test", show_default=True)
@click.option("--limit", type=click.IntRange(1), default=24, show_default=True, metavar="N")
@click.option(
    "--checkpoint",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Trained model.  [default: training/default/best.pt in the run]",
)
@click.option("--box", help="LEFT,TOP,WIDTH,HEIGHT of the hand, pixels.  [default: whole picture]")
@click.option("--focal", type=float, help="Focal length, pixels.  [default: 1.875 times the side]")
@click.option("--side", type=click.Choice(("right", "left")), default="right", show_default=True)
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("predictions"),
    show_default=True,
)
@run_option
def predict(
    run: Path, images: tuple, data: str | None, checkpoint: Path | None, out: Path, **options: Any
):
    """Reconstruct hand and object from pictures.

    Writes meshes, parameters and an overlay of each.
    """
    from obman_gen.runfolder import RunFolder
    from obman_gen.training import prediction, prediction_samples

    if bool(images) == bool(data):
        raise click.UsageError("predict takes pictures, or a dataset's pictures by --data")
    with user_errors():
        best = checkpoint or RunFolder(run).training / "default" / "best.pt"
        if data:
            choice = prediction_samples.Choice(data, options["split"], options["limit"])
            lines = prediction_samples.predict_samples(choice, best, out)
        else:
            box = prediction.parse_box(options["box"])
            view = prediction.View(box, options["focal"], options["side"])
            lines = prediction.predict_files(images, best, view, out)
        for line in lines:
            click.echo(line)


@main.command(epilog="Example: obman-gen doctor")
@click.option("--libraries", is_flag=True, help="Only look for missing system libraries.")
def doctor(libraries: bool):
    """Say what is installed, found or missing, and what to do."""
    from obman_gen import doctor as examination

    missing = examination.missing_libraries()
    if missing:
        raise click.ClickException(examination.install_advice(missing))
    if libraries:
        return
    findings = list(examination.examine())
    for finding in findings:
        click.echo(f"{'ok     ' if finding.fine else 'MISSING'} {finding.name}: {finding.detail}")
    if not all(finding.fine for finding in findings):
        raise click.ClickException("something is missing; the lines above say what to do")


main.add_command(experiment)


@main.group(cls=Commands)
def lists():
    """Make or import lists of ShapeNet objects."""


@lists.command(name="build", epilog="Example: obman-gen lists build /data/ShapeNetCore.v2 my.csv")
@click.argument("shapenet", type=click.Path(path_type=Path, file_okay=False))
@click.argument("out", type=click.Path(path_type=Path, dir_okay=False))
def build_lists(shapenet: Path, out: Path):
    """List ShapeNet's objects of the eight categories, with splits."""
    from obman_gen.objects import lists as object_lists

    with user_errors():
        click.echo(object_lists.build(shapenet, out))


@lists.command(name="import", epilog="Example: obman-gen lists import splits.csv my.csv")
@click.argument("source", type=click.Path(path_type=Path, dir_okay=False))
@click.argument("out", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--with-mug", is_flag=True, help="Keep mugs, which ObMan's images do not show.")
def import_lists(source: Path, out: Path, with_mug: bool):
    """Read ObMan's split file ("synset id split" lines)."""
    from obman_gen.objects import lists as object_lists

    with user_errors():
        click.echo(object_lists.import_obman(source, out, with_mug=with_mug))


@main.group(cls=Commands)
def assets():
    """Build or check the open hand and body."""


@assets.command(name="build", epilog="Example: obman-gen assets build rebuilt/")
@click.argument("out", type=click.Path(path_type=Path, file_okay=False))
def build_assets(out: Path):
    """Rebuild the shipped arrays (needs the extra `assets`)."""
    from obman_gen.open_assets import build

    with user_errors():
        for line in build(out):
            click.echo(line)


@assets.command(name="export", epilog="Example: obman-gen assets export models/")
@click.argument("out", type=click.Path(path_type=Path, file_okay=False))
def export_assets(out: Path):
    """Write the open models as pickles in MANO's and SMPL+H's schema."""
    from obman_gen.bodies.files import OPEN_BODY, load_body_model
    from obman_gen.hands import load_hand_model
    from obman_gen.hands.export import export_models
    from obman_gen.hands.files import OPEN_HAND

    with user_errors():
        right, left = (load_hand_model(OPEN_HAND, side).asset for side in ("right", "left"))
        for path in export_models(right, left, load_body_model(OPEN_BODY).asset, out):
            click.echo(path)


@assets.command(name="check", epilog="Example: obman-gen assets check")
def check_assets():
    """Say which hand and body models would be used."""
    from obman_gen.bodies import load_body_model
    from obman_gen.hands import load_hand_model

    with user_errors():
        for kind, model in (("hand", load_hand_model()), ("body", load_body_model())):
            click.echo(
                f"{kind}: {model.name}, {len(model.template)} vertices, sha256 {model.sha256}"
            )
