"""Read MANO's and SMPL+H's pickles without chumpy, and without trusting them.

A pickle is a program. This reader runs only the few constructors those files need; any
other name is refused before anything is called, and so is anything that asks for more memory
than its own bytes could fill.
"""

import importlib
import io
import pickle
import pickletools
from pathlib import Path
from typing import Any

import numpy as np

from obman_gen.errors import InputError


class _Chumpy:
    """Stands in for a chumpy array: keeps its state, computes what the files need of it."""

    def __setstate__(self, state: Any) -> None:
        self.state = state if isinstance(state, dict) else {}

    def array(self) -> np.ndarray:
        """Return the values: of a plain ``Ch``, or of a ``Select`` of one."""
        if "x" in self.state:
            return _as_array(self.state["x"])
        if {"a", "idxs"} <= self.state.keys():
            picked = _as_array(self.state["a"]).ravel()[np.asarray(self.state["idxs"])]
            shape = self.state.get("preferred_shape", picked.shape)
            return picked.reshape(shape)
        raise InputError(f"a chumpy object with {sorted(self.state)} is not understood")


class _SparseMatrix:
    """Stands in for a scipy sparse matrix of any version: keeps its compressed arrays."""

    def __setstate__(self, state: Any) -> None:
        self.state = state

    def array(self) -> np.ndarray:
        """Return the dense matrix of CSC arrays."""
        from scipy import sparse

        parts = tuple(self.state[key] for key in ("data", "indices", "indptr"))
        shape = self.state.get("_shape", self.state.get("shape"))
        return sparse.csc_matrix(parts, shape=shape).toarray()


# numpy renamed its core in 2.0; pickles carry either name, whatever numpy reads them.
_multiarray = importlib.import_module(
    "numpy._core.multiarray"
    if np.lib.NumpyVersion(np.__version__) >= "2.0.0"
    else "numpy.core.multiarray"
)


class _ArrayKind:
    """Stands in for the name numpy.ndarray: an argument of ``_reconstruct``, never called."""


def _empty_array(kind: Any, _shape: Any, _code: Any) -> np.ndarray:
    """Rebuild an array the way numpy does: empty first, its content comes from the state."""
    if kind is not _ArrayKind:
        raise InputError(f"refused to rebuild a {getattr(kind, '__name__', kind)!r} as an array")
    return _multiarray._reconstruct(np.ndarray, (0,), b"b")


_ALLOWED: dict[tuple[str, str], Any] = {
    ("numpy", "ndarray"): _ArrayKind,
    ("numpy", "dtype"): np.dtype,
    ("chumpy.ch", "Ch"): _Chumpy,
    ("chumpy.reordering", "Select"): _Chumpy,
    ("scipy.sparse.csc", "csc_matrix"): _SparseMatrix,
    ("scipy.sparse._csc", "csc_matrix"): _SparseMatrix,
    ("copy_reg", "_reconstructor"): lambda kind, _base, _state: _bare(kind),
    ("__builtin__", "object"): object,
    ("builtins", "object"): object,
    ("_codecs", "encode"): lambda text, _encoding: str(text).encode("latin1"),  # Python 3's bytes
}
for _module in ("numpy.core.multiarray", "numpy._core.multiarray"):
    _ALLOWED[_module, "_reconstruct"] = _empty_array
    _ALLOWED[_module, "scalar"] = _multiarray.scalar


def _bare(kind: Any) -> Any:
    if kind not in (_Chumpy, _SparseMatrix):
        raise InputError(f"refused to rebuild a {getattr(kind, '__name__', kind)!r}")
    return kind.__new__(kind)


class _Reader(pickle.Unpickler):
    """The unpickler with a closed list of names."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _ALLOWED:
            raise InputError(
                f"refused: it asks for {module}.{name}, which a hand or body model never needs"
            )
        return _ALLOWED[module, name]


def read_pickle(path: Path) -> dict[str, Any]:
    """Return a model file's entries, arrays as NumPy arrays.

    Raises:
        InputError: for a file that is truncated, is not a pickle of a dictionary, or asks for
            anything but the arrays those models are made of; nothing of it is run.
    """
    content = _content(path)
    if not isinstance(content, dict):
        raise InputError(f"{path} holds a {type(content).__name__}, need a dictionary of arrays")
    return {str(key): _as_array_or_value(value) for key, value in content.items()}


def read_array(path: Path) -> np.ndarray:
    """Return the one array that a pickle holds.

    Raises:
        InputError: as `read_pickle`, for a file that is not a pickle of an array.
    """
    content = _content(path)
    if not isinstance(content, np.ndarray):
        raise InputError(f"{path} holds a {type(content).__name__}, need an array")
    return content


def _content(path: Path) -> Any:
    try:
        data = path.read_bytes()
        _require_modest_memo(data)
        content = _Reader(io.BytesIO(data), encoding="latin1").load()
        _require_modest_arrays(content, len(data))
        return content
    except InputError as error:
        raise InputError(f"{path}: {error}") from error
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from error
    except Exception as error:  # a damaged pickle may fail in any way at all
        raise InputError(f"{path} is truncated or damaged: {error!r}") from error


def _require_modest_memo(data: bytes) -> None:
    """Refuse memo slots beyond the file's length: the C unpickler allocates up to the highest."""
    for opcode, argument, _ in pickletools.genops(data):
        if opcode.name in ("PUT", "BINPUT", "LONG_BINPUT") and int(argument or 0) > len(data):
            raise InputError(f"refused: it asks for {argument} memo slots")


def _require_modest_arrays(content: Any, file_size: int) -> None:
    """Refuse arrays with more elements than the file has bytes: items of size 0 can have them."""
    for value in content.values() if isinstance(content, dict) else (content,):
        if isinstance(value, np.ndarray) and value.size > file_size:
            raise InputError(f"refused: an array of {value.size} elements in {file_size} bytes")


def _as_array_or_value(value: Any) -> Any:
    return _as_array(value) if isinstance(value, _Chumpy | _SparseMatrix) else value


def _as_array(value: Any) -> np.ndarray:
    return value.array() if isinstance(value, _Chumpy | _SparseMatrix) else np.asarray(value)
