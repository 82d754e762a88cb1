import os
import pickle
import struct

import numpy as np
import pytest
from hands.model_files import chumpy_pickle, mano_arrays
from numpy.testing import assert_array_equal

from obman_gen.errors import InputError
from obman_gen.hands import load_hand_model
from obman_gen.hands.unpickle import read_pickle


class Calls:
    """Pickles to a call."""

    def __init__(self, function, *arguments):
        self.call = (function, arguments)

    def __reduce__(self):
        return self.call


@pytest.fixture
def pickled(tmp_path):
    def write(data: bytes):
        path = tmp_path / "MANO_RIGHT.pkl"
        path.write_bytes(data)
        return path

    return write


def test_a_chumpy_pickle_gives_its_arrays_without_chumpy(pickled):
    content = mano_arrays()

    entries = read_pickle(pickled(chumpy_pickle(content)))

    for name, array in content.items():
        dense = array.toarray() if name == "J_regressor" else array
        assert_array_equal(entries[name], dense)


@pytest.mark.parametrize(
    ("attack", "asked"),
    [
        (lambda marker: Calls(os.system, f"touch {marker}"), "system"),
        (lambda marker: Calls(eval, f"open({str(marker)!r}, 'w')"), "eval"),
        (lambda marker: Calls(getattr, str(marker), "touch"), "getattr"),
        (lambda marker: Calls(np.save, str(marker), 1), "save"),
        (lambda marker: [{"deep": Calls(exec, f"open({str(marker)!r}, 'w')")}], "exec"),
    ],
    ids=["os.system", "eval", "getattr", "np.save", "nested"],
)
def test_a_malicious_pickle_is_refused_by_name_and_runs_nothing(pickled, tmp_path, attack, asked):
    marker = tmp_path / "ran"
    data = pickle.dumps({"v_template": attack(marker)}, protocol=2)

    with pytest.raises(InputError, match=f"refused: it asks for .*{asked}"):
        read_pickle(pickled(data))

    assert not any(tmp_path.glob("ran*"))


@pytest.mark.parametrize(
    "data",
    [
        # numpy.ndarray((2**40,)): an array's own constructor
        b"\x80\x02cnumpy\nndarray\n\x8a\x06" + (2**40).to_bytes(6, "little") + b"\x85\x85R.",
        # a memo slot far beyond the file's length
        b"\x80\x02}r" + struct.pack("<I", 2**31 - 1) + b".",
        # 2**40 items of no size
        pickle.dumps({"f": np.zeros(0, "S1")}, protocol=2)
        .replace(b"S1", b"S0")
        .replace(b"K\x00\x85", b"\x8a\x06" + (2**40).to_bytes(6, "little") + b"\x85"),
    ],
    ids=["constructor", "memo", "empty items"],
)
def test_a_huge_allocation_is_refused(pickled, data):
    with pytest.raises(InputError, match=r"refused|damaged"):
        read_pickle(pickled(data))


def test_what_is_no_dictionary_is_named(pickled):
    with pytest.raises(InputError, match="holds a list, need a dictionary"):
        read_pickle(pickled(pickle.dumps([1, 2])))


def test_mutations_give_the_right_model_or_one_clear_error(pickled):
    """Flip, cut or repeat bytes anywhere in the structure of a valid file, 200 times."""
    rng = np.random.default_rng(0)
    content = mano_arrays()
    small = {name: content[name] for name in ("v_template", "kintree_table", "hands_mean")}
    valid = chumpy_pickle(small | {"shapedirs": content["shapedirs"][:2]}, ("shapedirs",))
    outcomes = []
    for _ in range(200):
        data = bytearray(valid)
        kind = rng.integers(3)
        place = int(rng.integers(len(data)))
        if kind == 0:
            data[place] = int(rng.integers(256))
        elif kind == 1:
            del data[place:]
        else:
            data[place:place] = data[max(0, place - 20) : place]
        try:
            outcomes.append(isinstance(read_pickle(pickled(bytes(data))), dict))
        except InputError as error:
            outcomes.append("MANO_RIGHT.pkl" in str(error))

    assert outcomes == [True] * 200


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("weights", None, "has no 'weights'; it has"),
        (
            "posedirs",
            np.zeros((778, 3, 9)),
            r"posedirs has shape \(778, 3, 9\), need \(778, 3, 135\)",
        ),
        ("v_template", np.full((778, 3), np.nan), "template holds values that are not finite"),
        ("f", np.array([[0, 1, 778]]), "faces name vertex 778, but there are 778"),
        ("hands_mean", "flat", "hands_mean is not an array of numbers"),
    ],
)
def test_a_bad_array_is_named_with_what_was_expected(pickled, name, value, message):
    content = mano_arrays()
    content[name] = value
    if value is None:
        del content[name]

    with pytest.raises(InputError, match=message):
        load_hand_model(pickled(pickle.dumps(content, protocol=2)))
