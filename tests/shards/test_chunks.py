import h5py
import numpy as np
import pytest
from numpy.testing import assert_array_equal

from obman_gen.shards.assembly import FILTERS
from obman_gen.shards.chunks import ChunkTable

FILTER_SETS = {
    "ours": FILTERS["gzip"](),
    "none": {},
    "deflate": {"compression": "gzip"},
    "shuffle": {"shuffle": True},
    "checksum": {"fletcher32": True},
    "shuffle and checksum": {"shuffle": True, "fletcher32": True},
}


@pytest.mark.parametrize("dtype", ["u1", "<u2", "i1", "<f4", "<f8"])
@pytest.mark.parametrize("filters", FILTER_SETS)
@pytest.mark.parametrize("compressible", [True, False])
def test_chunks_decode_as_the_library_decodes_them(tmp_path, filters, dtype, compressible):
    """Incompressible chunks are stored with deflate skipped, which the mask says."""
    rng = np.random.default_rng(0)
    data = rng.integers(0, 255, (3, 5, 7, 8), dtype=np.uint8)
    data = (data // 100 if compressible else data).view(dtype).copy()
    path = tmp_path / "maps.h5"
    with h5py.File(path, "w") as file:
        dataset = file.create_dataset(
            "map", data=data, chunks=(1, *data.shape[1:]), **FILTER_SETS[filters]
        )
        table = ChunkTable.of(dataset)
    file_bytes = np.fromfile(path, np.uint8)

    assert table is not None
    for row in range(3):
        # Bytes, not numbers: random floats hold NaN.
        got = table.read(file_bytes, row)
        assert_array_equal(got.view("u1"), data[row].view("u1"))
        assert got.flags.writeable
        again = np.zeros_like(got)
        table.read_into(file_bytes, row, again)
        assert_array_equal(again.view("u1"), data[row].view("u1"))


def test_foreign_filters_are_left_to_the_library(tmp_path):
    with h5py.File(tmp_path / "maps.h5", "w") as file:
        lzf = file.create_dataset(
            "map", data=np.zeros((2, 4, 4)), chunks=(1, 4, 4), compression="lzf"
        )
        two_each = file.create_dataset("other", data=np.zeros((2, 4, 4)), chunks=(2, 4, 4))

        assert ChunkTable.of(lzf) is None
        assert ChunkTable.of(two_each) is None


def test_a_damaged_chunk_is_an_os_error(tmp_path):
    path = tmp_path / "maps.h5"
    data = np.arange(400, dtype=np.uint16).reshape(1, 20, 20)
    with h5py.File(path, "w") as file:
        table = ChunkTable.of(
            file.create_dataset("map", data=data, chunks=(1, 20, 20), **FILTERS["gzip"]())
        )
    file_bytes = np.fromfile(path, np.uint8)
    file_bytes[table.places[0, 0] + 30] ^= 1

    with pytest.raises(OSError, match="cannot be decompressed"):
        table.read(file_bytes, 0)
