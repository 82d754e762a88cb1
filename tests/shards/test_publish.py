import errno
import shutil
from importlib.util import find_spec

import fsspec
import pytest
from click.testing import CliRunner
from shards.editing import flip

from obman_gen.cli import main
from obman_gen.errors import InputError
from obman_gen.shards import Manifest, SampleReader, shard_path
from obman_gen.shards.publish import publish
from obman_gen.shards.verify import verify


@pytest.fixture
def bucket():
    """Return an address in fsspec's file system that lives in this process."""
    files = fsspec.filesystem("memory")
    yield "memory://bucket/hands"
    files.rm("/bucket", recursive=True)


def held(address):
    files, root = fsspec.core.url_to_fs(address)
    return {path.removeprefix(root): files.cat_file(path) for path in files.find(root)}


def test_a_published_run_is_read_and_verified_like_the_run(run, tmp_path):
    assert publish(run, str(tmp_path / "copy")) == (4, 4)

    assert verify(tmp_path / "copy") == []
    ours, theirs = SampleReader(run, "val"), SampleReader(tmp_path / "copy", "val")
    assert [s["sample_id"] for s in ours] == [s["sample_id"] for s in theirs]


def test_a_bucket_holds_the_files_of_the_run(run, bucket):
    publish(run, bucket)

    assert held(bucket) == {
        f"/{path}": (run / path).read_bytes()
        for path in ("config.toml", "manifest.json", *(e.path for e in Manifest.load(run).entries))
    }


def test_what_is_there_is_not_copied_again(run, bucket, tmp_path):
    part = shutil.copytree(run, tmp_path / "run")
    whole = Manifest.load(part)
    whole.without([shard_path("test", 0)]).save(part)

    assert publish(part, bucket) == (3, 3)
    whole.save(part)
    assert publish(part, bucket) == (1, 4)
    assert publish(part, bucket) == (0, 4)


def test_a_copy_that_is_cut_off_lists_nothing_that_is_not_whole(run, bucket, monkeypatch):
    files = fsspec.filesystem("memory")
    put, calls = type(files).pipe_file, []

    def cut_off(self, path, data, **options):
        calls.append(path)
        put(self, path, data[: 100 if len(calls) == 3 else None], **options)
        if len(calls) == 3:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(type(files), "pipe_file", cut_off)
        with pytest.raises(KeyboardInterrupt):
            publish(run, bucket)
    assert "/manifest.json" not in held(bucket)

    publish(run, bucket)

    assert held(bucket)["/manifest.json"] == (run / "manifest.json").read_bytes()
    for entry in Manifest.load(run).entries:
        assert held(bucket)[f"/{entry.path}"] == (run / entry.path).read_bytes()


def test_a_storage_that_fails_in_its_own_way_is_named(run, bucket, monkeypatch):
    class EndpointConnectionError(Exception):  # as botocore's: no OSError
        pass

    def fail(self, path, data, **options):
        raise EndpointConnectionError("no answer")

    monkeypatch.setattr(type(fsspec.filesystem("memory")), "pipe_file", fail)
    with pytest.raises(InputError, match=f"{bucket} cannot be written: no answer"):
        publish(run, bucket)


def test_a_full_disk_gets_no_half_written_shard(run, tmp_path, monkeypatch):
    files = fsspec.filesystem("file")
    put = type(files).pipe_file

    def full(self, path, data, **options):
        put(self, path, data[:100], **options)
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(type(files), "pipe_file", full)
    with pytest.raises(InputError, match=r"cannot be written: .*No space left"):
        publish(run, str(tmp_path / "copy"))

    assert [path for path in (tmp_path / "copy").rglob("*") if path.is_file()] == []


def test_a_damaged_shard_is_not_published(run, bucket, tmp_path):
    copy = shutil.copytree(run, tmp_path / "run")
    flip(copy / shard_path("train", 1), 5000)

    with pytest.raises(InputError, match=r"00001.h5 is not what the manifest lists; run"):
        publish(copy, bucket)
    assert "/manifest.json" not in held(bucket)


WITHOUT_S3FS = pytest.mark.skipif(find_spec("s3fs") is not None, reason="s3fs would look for it")


@pytest.mark.parametrize(
    "target", ["nosuch://place/x", pytest.param("s3://bucket/hands", marks=WITHOUT_S3FS)]
)
def test_targets_that_cannot_be_opened_are_named(run, target):
    result = CliRunner().invoke(main, ["--run", str(run), "publish", target])

    assert result.exit_code == 1
    assert result.stderr.splitlines()[-1].startswith(f"Error: {target} cannot be opened: ")
