import errno
import fcntl
import json
from pathlib import Path

import pytest

from obman_gen.errors import InputError
from obman_gen.runfolder import RejectionLog, RunFolder, write_atomically


def test_an_unwritable_place_is_named(tmp_path):
    (tmp_path / "file").touch()

    with pytest.raises(InputError, match=r"file/run cannot be written: Not a directory; choose"):
        RunFolder(tmp_path / "file" / "run").open_for_writing()


def test_a_missing_stage_names_the_command(tmp_path):
    folder = RunFolder(tmp_path)

    with pytest.raises(InputError, match=r"objects\.csv does not exist; run `obman-gen"):
        folder.require(folder.objects_table, "objects")


def test_a_file_is_whole_or_absent(tmp_path):
    target = tmp_path / "a" / "b.json"

    write_atomically(target, "one")
    write_atomically(target, b"two")

    assert target.read_text() == "two"
    assert [path.name for path in target.parent.iterdir()] == ["b.json"]


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path):
    (tmp_path / "taken").mkdir()
    (tmp_path / "taken" / "inside").touch()

    with pytest.raises(InputError, match="taken cannot be written"):
        write_atomically(tmp_path / "taken", "data")

    assert [path.name for path in tmp_path.iterdir()] == ["taken"]


def test_redoing_a_task_replaces_its_rejections(tmp_path):
    path = tmp_path / "rejected.jsonl"
    log = RejectionLog(path)
    log.replace("render", "b", [{"rule": "few_pixels", "detail": "3 px"}] * 2)
    log.replace("render", "a", [{"rule": "object_visibility", "detail": "10 %"}])
    log.save()

    again = RejectionLog(path)
    again.replace("render", "b", [{"rule": "few_pixels", "detail": "3 px"}])
    again.replace("grasp", "c", [])
    again.save()

    records = [json.loads(line) for line in path.read_text().splitlines()]
    assert [record["task"] for record in records] == ["a", "b"]
    assert again.counts("render") == {"few_pixels": 1, "object_visibility": 1}


def test_tasks_that_are_no_more_are_forgotten_in_their_stage_only(tmp_path):
    log = RejectionLog(tmp_path / "rejected.jsonl")
    for stage, task in (("objects", "mended"), ("objects", "broken"), ("grasp", "mended")):
        log.replace(stage, task, [{"rule": "some", "detail": "thing"}])

    log.forget_others("objects", {"broken"})

    assert log.counts("objects") == {"some": 1}
    assert log.counts("grasp") == {"some": 1}


def test_processes_that_log_at_the_same_time_keep_each_others_lines(tmp_path):
    path = tmp_path / "rejected.jsonl"
    one, other = RejectionLog(path), RejectionLog(path)
    one.replace("render train", "00000", [{"rule": "few_pixels", "detail": "3 px"}])
    other.replace("render val", "00000", [{"rule": "few_pixels", "detail": "4 px"}])

    one.save()
    other.save()

    assert RejectionLog(path).counts("render train") == {"few_pixels": 1}
    assert RejectionLog(path).counts("render val") == {"few_pixels": 1}


@pytest.mark.parametrize("content", ["garbage", '{"rule": "x"}', "3", "[]"])
def test_a_damaged_log_is_named_with_the_way_out(tmp_path, content):
    path = tmp_path / "rejected.jsonl"
    path.write_text(content)

    with pytest.raises(InputError, match=r"rejected\.jsonl is damaged .*; delete it"):
        RejectionLog(path)


def test_a_folder_that_was_there_before_stays(tmp_path):
    def fail():
        with RunFolder(tmp_path).withdrawn_if_unused():
            RunFolder(tmp_path).config.write_text("seed = 1")
            raise InputError("nothing was made")

    with pytest.raises(InputError, match="nothing"):
        fail()

    assert list(tmp_path.iterdir()) == []


def test_a_read_only_disk_is_one_sentence(tmp_path, monkeypatch):
    def refuse(self, *words, **options):
        raise OSError(errno.EROFS, "Read-only file system", str(self))

    monkeypatch.setattr(Path, "open", refuse)
    monkeypatch.setattr(Path, "unlink", refuse)

    with pytest.raises(InputError, match=r"sheet\.png cannot be written: Read-only file system"):
        write_atomically(tmp_path / "sheet.png", b"data")


def test_what_a_killed_writer_left_is_cleared_away_and_what_is_being_written_is_not(tmp_path):
    (tmp_path / "shards").mkdir()
    abandoned = tmp_path / "shards" / ".00000.h5.7.tmp"
    abandoned.write_bytes(b"half")
    busy = tmp_path / ".manifest.json.8.tmp"

    with busy.open("wb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        RunFolder(tmp_path).open_for_writing()

    assert busy.exists()
    assert not abandoned.exists()
