"""Write a synthetic run shard by shard, resuming what is there, as the render stage does."""

from shards import synthetic

from obman_gen.runfolder import RunFolder
from obman_gen.shards import Manifest, shard_path

PLAN = [("train", number, 3 * number, 3) for number in range(2)] + [("val", 0, 0, 2)]


def write_missing(root):
    """Write the shards that are not intact, entering each in the manifest when it is done."""
    RunFolder(root).open_for_writing()
    manifest = Manifest.load(root)
    for split, number, first, count in PLAN:
        if manifest.is_intact(shard_path(split, number), count):
            continue
        entry = synthetic.write_one(root, split, number, first, count, size_px=32)
        manifest = manifest.with_entry(entry)
        manifest.save(root)
