"""Carry a study out: train what is not trained yet, test what is not tested yet, write results."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from obman_gen.errors import InputError
from obman_gen.experiments.figures import draw
from obman_gen.experiments.results import Summary, Table
from obman_gen.experiments.study import Study, Test, Training
from obman_gen.progress import Reporter
from obman_gen.runfolder import write_atomically
from obman_gen.sample import Split
from obman_gen.shards.manifest import sha256_of
from obman_gen.training.config import TrainConfig
from obman_gen.training.start import to_toml

Counts = Mapping[tuple[Path | str, str], int]
"""Training pictures by data and kind."""


@dataclass(frozen=True)
class Laboratory:
    """Where a study is carried out."""

    run: Path
    """The run whose shards are trained on, unless a training names other data."""
    folder: Path
    """Of the study's trainings and results."""
    reporter: Reporter
    force: bool = False
    """Train anew what was trained with other settings."""

    def conduct(self, study: Study) -> list[Table]:
        """Return the study's tables, after writing them with their figure.

        Raises:
            InputError: if data are missing, or a training with other settings is in the way.
        """
        counts = self._require(study)
        for training in study.trainings:
            self._train(training, self._settled(training, counts))
        summaries = {test: self._test(test, study) for test in study.tests()}
        tables = [Table.filled(plan, summaries) for plan in study.tables]
        text = "\n".join(table.markdown() for table in tables)
        write_atomically(self.folder / "tables.md", f"{text}\n{study.note}\n")
        content = json.dumps([table.to_json() for table in tables], indent=1)
        write_atomically(self.folder / "tables.json", content + "\n")
        write_atomically(self.folder / "figure.png", draw(tables))
        return tables

    def _require(self, study: Study) -> Counts:
        """Read a sample of everything: what is missing shall not come out after hours.

        Returns:
            The number of training pictures.
        """
        from obman_gen.training.sources import open_source

        for test in study.tests():
            source = open_source(test.data, "test", test.image)
            _ = source[0], source.thing(0)
        configs = [training.config for training in study.trainings]
        for config in configs:
            if config.start_from and not Path(config.start_from).is_file():
                raise InputError(f"{config.start_from} does not exist; name a checkpoint")
        counts = {}
        for split in ("val", "train"):
            named = (pair for config in configs for pair in self._named(config, split))
            for where, kind in dict.fromkeys(named):
                source = open_source(where, split, kind)
                _ = source[0]
                counts[where, kind] = len(source)
        return counts

    def _named(self, config: TrainConfig, split: Split) -> list[tuple[Path | str, str]]:
        from obman_gen.training.data import data_of

        return [
            (where, kind) for where in data_of(self.run, config, split) for kind in config.images
        ]

    def checkpoint(self, training: str) -> Path:
        """Return the file of a training's last weights.

        Not the best: those are chosen by hand and object together, and a study may train
        one of them alone.
        """
        return self.folder / training / "last.pt"

    def _train(self, training: Training, config: TrainConfig) -> None:
        from obman_gen.training import loop

        out = self.folder / training.name
        state = self._state(out, config)
        if state == "done":
            self.reporter.say(f"{training.name}: trained already")
            return
        self.reporter.say(f"{training.name}: training")
        inputs = self._inputs(config)
        write_atomically(out / "inputs.json", json.dumps(inputs, indent=1) + "\n")
        write_atomically(out / "config.toml", to_toml(config))
        scores = loop.train(self.run, out, config, self.reporter, again=state == "begun")
        record = {"inputs": inputs, "scores": scores._asdict()}
        write_atomically(out / "finished.json", json.dumps(record, indent=1) + "\n")

    def _settled(self, training: Training, counts: Counts) -> TrainConfig:
        config = training.config
        if training.steps_of_all:
            config = self._with_steps_of_all(config, counts)
        if training.begins_with:
            config = replace(config, start_from=str(self.checkpoint(training.begins_with)))
        return config

    def _with_steps_of_all(self, config: TrainConfig, counts: Counts) -> TrainConfig:
        """Give a training on a share of the pictures the steps of one on all of them.

        Not by the share alone: an epoch leaves an incomplete batch out, and has one step at least.
        """
        from obman_gen.training.data import chosen_rows, steps_per_epoch

        every = [counts[pair] for pair in self._named(config, "train")]
        chosen = [len(chosen_rows(count, config.fraction, config.seed)) for count in every]
        steps = [steps_per_epoch(sum(each), config.batch_size) for each in (every, chosen)]
        more = {
            name: round(getattr(config, name) * steps[0] / steps[1])
            for name in ("epochs", "contact_epochs", "validate_every")
        }
        return replace(config, **more)

    def _inputs(self, config: TrainConfig) -> dict[str, str]:
        """Return what a training's result follows from, beside its settings."""
        from obman_gen.training.session import data_sha256

        start = sha256_of(Path(config.start_from)) if config.start_from else ""
        return {"data": data_sha256(self.run, config), "start": start}

    def _state(self, out: Path, config: TrainConfig) -> str:
        """Return whether a training is ``done``, ``begun`` or ``new``.

        Raises:
            InputError: if another one is in its folder and may not be replaced.
        """
        if not (out / "config.toml").exists():
            return "new"
        finished = out / "finished.json"
        same = (out / "config.toml").read_text() == to_toml(config)
        same = same and _read(out / "inputs.json") == self._inputs(config)
        if same:
            if finished.exists():
                return "done"
            return "begun" if (out / "last.pt").exists() else "new"
        if not self.force:
            raise InputError(
                f"{out} holds a training with other settings or data; "
                "repeat them, or train anew with --force"
            )
        for path in (finished, out / "last.pt", out / "best.pt"):
            path.unlink(missing_ok=True)
        return "new"

    def _test(self, test: Test, study: Study) -> Summary:
        from obman_gen.training import evaluation

        checkpoint = self.checkpoint(test.training)
        (device,) = {each.config.device for each in study.trainings if each.name == test.training}
        request = evaluation.Request(
            checkpoint, test.data, "test", test.image, measured=test.measured,
            simulate=study.simulate, device=device,
        )  # fmt: skip
        name = f"{test.training}-{_slug(test.data)}-{test.image}-{test.measured or 'all'}"
        folder = self.folder / "tests" / name
        asked = {**_asked(request), "sha256": sha256_of(checkpoint)}
        known = _read(folder / "asked.json")
        if known != asked:
            self.reporter.say(f"{test.training}: testing on {test.data}, {test.image} pictures")
            evaluation.evaluate_to(request, folder, self.reporter)
            write_atomically(folder / "asked.json", json.dumps(asked, indent=1) + "\n")
        return json.loads((folder / "results.json").read_text())["summary"]


def _asked(request: Any) -> dict[str, Any]:
    from obman_gen.training.sources import fingerprint

    return {
        "data": fingerprint(request.run),
        "image": request.image,
        "measured": request.measured,
        "simulate": request.simulate,
    }


def _read(path: Path) -> Mapping[str, Any] | None:
    return json.loads(path.read_text()) if path.exists() else None


def _slug(data: str) -> str:
    """Return a name for a file from a name of data."""
    return "".join(letter if letter.isalnum() else "-" for letter in data).strip("-")
