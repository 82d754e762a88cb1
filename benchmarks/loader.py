"""Samples per CPU second: our shards against an ObMan folder, LMDB and WebDataset-like tars.

Usage: OMP_NUM_THREADS=1 python benchmarks/loader.py [RUN]

Without RUN a synthetic run of 96 samples is made, whose pictures take as many bytes as rendered
ones. The same samples, with the same JPEG bytes
and the same labels, are written in each layout, and each is read through a torch DataLoader
(batches of 16) with 0 and 2 workers; the workers' CPU time counts, their start does not. The
best of ten rounds is shown. LMDB takes part if it is installed.
"""

import importlib.util
import io
import pickle
import sys
import tarfile
import tempfile
import time
from pathlib import Path

import numpy as np
import psutil
import torch
from PIL import Image
from torch.utils.data import (
    BatchSampler,
    DataLoader,
    Dataset,
    IterableDataset,
    RandomSampler,
    get_worker_info,
)

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from obman_gen.arrays import transform_points
from obman_gen.sample import VIEWS
from obman_gen.shards import HandObjectDataset, Manifest, SampleReader, ShardFile
from obman_gen.shards.encoding import decode_image
from obman_gen.shards.reader import SURFACE_POINTS

LABELS = ["hand", "object"]
ALL_LABELS = ["sample_id", "camera", *LABELS, "body", "grasp", "visibility", "scene"]
SUBSETS = {
    "training": ["image", *LABELS],
    "everything": ["image", "images/h", "images/o", "depth", "segmentation", *ALL_LABELS],
}
BATCH = 16
READS = {"training": 480, "everything": 128}
ROUNDS = 10
PER_TAR = 32


def png(array):
    buffer = io.BytesIO()
    Image.fromarray(array).save(buffer, "PNG")
    return buffer.getvalue()


def stored_samples(run):
    """Yield (JPEG bytes by view, dense maps by path, labels) of every training sample."""
    reader = SampleReader(run, "train", fields=["depth", "segmentation", *ALL_LABELS])
    index = 0
    for entry in Manifest.load(run).of("train"):
        shard = ShardFile(run / entry.path)
        for row in range(entry.count):
            values = reader[index]
            index += 1
            maps = {
                name: values.pop(name)
                for name in list(values)
                if name.startswith(("depth/", "segmentation/"))
            }
            yield {view: shard.jpeg(view, row).tobytes() for view in VIEWS}, maps, values


def chosen(labels, subset):
    """Return the labels a subset asks for, as tensors."""
    groups = tuple(f"{name}/" for name in LABELS)
    return {
        name: value if isinstance(value, str) else torch.from_numpy(np.array(value))
        for name, value in labels.items()
        if subset == "everything" or name.startswith(groups)
    }


class InBatches(HandObjectDataset):
    """Our dataset, asked for whole batches."""


class Folder(Dataset):
    """ObMan's layout: a file per picture, label maps as PNG, labels as pickle, points per object.

    Depth is stored in 8 bits, as there. ``like_obman`` reads as ObMan's own reader does: pictures
    by Pillow, and an object's points from their file for each sample.
    """

    def __init__(self, root, subset, like_obman):
        self.root, self.subset, self.like_obman = root, subset, like_obman
        self.names = sorted(path.stem for path in (root / "meta").iterdir())
        self.kept_points = {}

    @staticmethod
    def write(root, samples):
        for folder in (*PICTURES, "segm", "depth", "meta", "points"):
            (root / folder).mkdir(parents=True)
        for index, (jpegs, maps, labels) in enumerate(samples):
            name = f"{index:08d}"
            for folder, view in PICTURES.items():
                (root / folder / f"{name}.jpg").write_bytes(jpegs[view])
            segm = np.stack([maps[f"segmentation/{view}"] for view in VIEWS], -1)
            depth = np.stack([maps[f"depth/{view}"] for view in VIEWS], -1)
            (root / "segm" / f"{name}.png").write_bytes(png(segm))
            (root / "depth" / f"{name}.png").write_bytes(png((depth >> 5).astype(np.uint8)))
            camera_points = labels.pop(SURFACE_POINTS)
            object_from_camera = np.linalg.inv(labels["object/camera_from_object"].astype(float))
            points = transform_points(object_from_camera, camera_points).astype(np.float32)
            points_file(root, labels["object/id"]).write_bytes(pickle.dumps(points))
            (root / "meta" / f"{name}.pkl").write_bytes(pickle.dumps(labels))

    def __len__(self):
        return len(self.names)

    def __getitem__(self, index):
        name = self.names[index]
        with (self.root / "meta" / f"{name}.pkl").open("rb") as file:
            labels = pickle.load(file)  # noqa: S301 written above
        points = self.points(labels["object/id"])
        item = chosen(labels, self.subset)
        placed = transform_points(labels["object/camera_from_object"], points)
        item[SURFACE_POINTS] = torch.from_numpy(placed)
        for folder in list(PICTURES)[: 1 if self.subset == "training" else 3]:
            item[folder] = torch.from_numpy(self.picture(self.root / folder / f"{name}.jpg"))
        if self.subset == "everything":
            for folder in ("segm", "depth"):
                with Image.open(self.root / folder / f"{name}.png") as image:
                    item[folder] = torch.from_numpy(np.array(image))
        return item

    def points(self, object_id):
        if object_id not in self.kept_points or self.like_obman:
            with points_file(self.root, object_id).open("rb") as file:
                self.kept_points[object_id] = pickle.load(file)  # noqa: S301 written above
        return self.kept_points[object_id]

    def picture(self, path):
        if not self.like_obman:
            return decode_image(path.read_bytes())
        with Image.open(path) as image:
            return np.array(image.convert("RGB"))


PICTURES = {"rgb": "ho", "rgb_hand": "h", "rgb_obj": "o"}


def points_file(root, object_id):
    return root / "points" / f"{object_id.replace('/', '_')}.pkl"


def unpacked(record, subset):
    """Turn one record of a tar or a database into an item."""
    item = chosen(pickle.loads(record["labels"]), subset)  # noqa: S301 written above
    for view in VIEWS[:1] if subset == "training" else VIEWS:
        item[view] = torch.from_numpy(decode_image(record[view]))
    if subset == "everything":
        item["segmentation"] = torch.from_numpy(np.array(Image.open(io.BytesIO(record["segm"]))))
        for view in VIEWS:
            depth = np.array(Image.open(io.BytesIO(record[f"depth_{view}"])))
            item[f"depth_{view}"] = torch.from_numpy(depth.astype(np.int32))
    return item


def record_of(jpegs, maps, labels):
    segm = np.stack([maps[f"segmentation/{view}"] for view in VIEWS], -1)
    depths = {f"depth_{view}": png(maps[f"depth/{view}"]) for view in VIEWS}
    return {**jpegs, "segm": png(segm), **depths, "labels": pickle.dumps(labels)}


class Tars(IterableDataset):
    """WebDataset's layout, read in order: the members of a sample follow one another."""

    def __init__(self, root, subset):
        self.paths, self.subset, self.read_count = sorted(root.iterdir()), subset, 0

    @staticmethod
    def write(root, samples):
        root.mkdir(parents=True)
        records = [record_of(*parts) for parts in samples]
        for start in range(0, len(records), PER_TAR):
            with tarfile.open(root / f"{start:08d}.tar", "w") as tar:
                for index, record in enumerate(records[start : start + PER_TAR], start):
                    for name, data in record.items():
                        info = tarfile.TarInfo(f"{index:08d}.{name}")
                        info.size = len(data)
                        tar.addfile(info, io.BytesIO(data))

    def __iter__(self):
        worker = get_worker_info()
        first, step = (worker.id, worker.num_workers) if worker else (0, 1)
        left = self.read_count // step
        while left:
            for path in self.paths[first::step]:
                for record in self.records(path):
                    if left:
                        yield unpacked(record, self.subset)
                        left -= 1

    @staticmethod
    def records(path):
        record, current = {}, None
        with tarfile.open(path, "r|") as tar:
            for member in tar:
                key, name = member.name.split(".")
                if key != current and record:
                    yield record
                    record = {}
                current = key
                record[name] = tar.extractfile(member).read()
        yield record


class Lmdb(Dataset):
    """A database of pickled records, opened by each worker for itself."""

    def __init__(self, root, subset):
        self.root, self.subset, self.database = root, subset, None
        with self._open() as database:
            self.count = database.stat()["entries"]

    def _open(self):
        import lmdb

        return lmdb.open(str(self.root), readonly=True, lock=False, readahead=False)

    @staticmethod
    def write(root, samples):
        import lmdb

        root.mkdir(parents=True)
        with lmdb.open(str(root), map_size=1 << 34) as database, database.begin(write=True) as txn:
            for index, parts in enumerate(samples):
                txn.put(b"%08d" % index, pickle.dumps(record_of(*parts)))

    def __len__(self):
        return self.count

    def __getitem__(self, index):
        if self.database is None:
            self.database = self._open()
        with self.database.begin(buffers=True) as txn:
            record = pickle.loads(txn.get(b"%08d" % index))  # noqa: S301 written above
            return unpacked(record, self.subset)


def cpu_s():
    """Return the CPU time so far of this process and its workers.

    By the clock of each process, which counts nanoseconds; /proc counts hundredths of a second.
    """
    me = psutil.Process()
    return sum(time.clock_gettime(process_clock(process.pid)) for process in (me, *me.children()))


def process_clock(pid):
    """Return the id of a process's CPU clock, as clock_getcpuclockid(3) makes it on Linux."""
    return (~pid << 3) | 2


def loader_of(dataset, read_count, worker_count):
    """Return a DataLoader that reads so many samples in random order, in batches."""
    options = {"num_workers": worker_count, "persistent_workers": worker_count > 0}
    if isinstance(dataset, IterableDataset):
        dataset.read_count = read_count
    else:
        options["sampler"] = RandomSampler(
            dataset, True, read_count, generator=torch.Generator().manual_seed(0)
        )
    if isinstance(dataset, InBatches):
        options["sampler"] = BatchSampler(options["sampler"], BATCH, drop_last=False)
    return DataLoader(dataset, None if isinstance(dataset, InBatches) else BATCH, **options)


def epoch(loader):
    return sum(len(next(iter(batch.values()))) for batch in loader)


def rate(loader, read_count):
    """Return samples per CPU second of one epoch."""
    begin_s = cpu_s()
    assert epoch(loader) == read_count
    return read_count / (cpu_s() - begin_s)


def decode_rate(jpegs, views, read_count):
    """Return how many samples a CPU second decodes if nothing else is done."""
    begin_s = cpu_s()
    for index in range(read_count):
        for view in views:
            decode_image(jpegs[index % len(jpegs)][view])
    return read_count / (cpu_s() - begin_s)


def layouts(run, root, subset):
    """Return what is compared, by name."""
    found = {
        "shards, in batches": InBatches(run, "train", fields=SUBSETS[subset]),
        "shards, sample by sample": HandObjectDataset(run, "train", fields=SUBSETS[subset]),
        "ObMan folder, as its own reader": Folder(root / "folder", subset, True),
        "ObMan folder, tuned": Folder(root / "folder", subset, False),
        "WebDataset-like tar, in order": Tars(root / "tars", subset),
    }
    if importlib.util.find_spec("lmdb"):
        found["LMDB"] = Lmdb(root / "lmdb", subset)
    return found


def disk_bytes(path):
    return sum(file.stat().st_size for file in path.rglob("*") if file.is_file())


def prepare(root):
    """Return a run, after writing it in the other layouts below ``root``."""
    if len(sys.argv) > 1:
        run = Path(sys.argv[1])
    else:
        from shards import synthetic

        run = synthetic.make_run(root / "run", {"train": 96}, per_shard=48, size_px=256)
    Folder.write(root / "folder", stored_samples(run))
    Tars.write(root / "tars", stored_samples(run))
    if importlib.util.find_spec("lmdb"):
        Lmdb.write(root / "lmdb", stored_samples(run))
    else:
        print("LMDB is not installed and left out")
    return run


def compare(run, root, jpegs, subset):
    views = VIEWS[:1] if subset == "training" else VIEWS
    read_count = READS[subset]
    print(f"\n{subset}: samples per CPU second     0 workers   2 workers   shards are")
    datasets = layouts(run, root, subset)
    loaders = {
        name: [loader_of(dataset, read_count, workers) for workers in (0, 2)]
        for name, dataset in datasets.items()
    }
    rates = {name: [] for name in datasets}
    for _ in range(1 + ROUNDS):  # interleaved: what else the machine does hits all alike
        for name, both in loaders.items():
            rates[name].append([rate(loader, read_count) for loader in both])
    # The first round starts the workers and is left out.
    rates = {name: np.max(measured[1:], axis=0) for name, measured in rates.items()}
    ours = rates["shards, in batches"]
    for name, (alone, two) in rates.items():
        times = f"{ours[0] / alone:6.2f} x {ours[1] / two:6.2f} x"
        print(f"  {name:<38} {alone:8.0f} {two:11.0f}   {times}")
    floor = max(decode_rate(jpegs, views, read_count) for _ in range(ROUNDS))
    print(f"  {'nothing but JPEG decoding':<38} {floor:8.0f}               {ours[0] / floor:6.0%}")


def main():
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        run = prepare(root)
        jpegs = [parts[0] for parts in stored_samples(run)]
        count = len(jpegs)
        sizes = {"shards": run / "shards" / "train", "ObMan folder": root / "folder"}
        sizes |= {name: root / name for name in ("tars", "lmdb") if (root / name).exists()}
        listed = ", ".join(
            f"{name} {disk_bytes(path) / count / 1e3:.0f} KB" for name, path in sizes.items()
        )
        jpeg_kb = sum(len(data) for views in jpegs for data in views.values()) / count / 1e3
        print(f"{count} samples; bytes per sample: {listed} (three JPEGs: {jpeg_kb:.0f} KB)")
        for subset in SUBSETS:
            compare(run, root, jpegs, subset)


if __name__ == "__main__":
    main()
