"""Read MANO's and SMPL+H's pickles without chumpy, and without trusting them.

A pickle is a program. This reader runs only the few constructors those files need; any
other name is refused before anything is called.
"""

import importlib
import pickle
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

_ALLOWED: dict[tuple[str, str], Any] = {
    ("numpy", "ndarray"): np.ndarray,
    ("numpy", "dtype"): np.dtype,
    ("chumpy.ch", "Ch"): _Chumpy,
    ("chumpy.reordering", "Select"): _Chumpy,
    ("scipy.sparse.csc", "csc_matrix"): _SparseMatrix,
    ("scipy.sparse._csc", "csc_matrix"): _SparseMatrix,
    ("copy_reg", "_reconstructor"): lambda kind, _base, _state: _bare(kind),
    ("__builtin__", "object"): object,
    ("builtins", "object"): object,
}
for _module in ("numpy.core.multiarray", "numpy._core.multiarray"):
    _ALLOWED[_module, "_reconstruct"] = _multiarray._reconstruct
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
    try:
        with path.open("rb") as file:
            content = _Reader(file, encoding="latin1").load()
    except InputError as error:
        raise InputError(f"{path}: {error}") from error
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from error
    except Exception as error:  # a damaged pickle may fail in any way at all
        raise InputError(f"{path} is truncated or damaged: {error!r}") from error
    if not isinstance(content, dict):
        raise InputError(f"{path} holds a {type(content).__name__}, need a dictionary of arrays")
    return {str(key): _as_array_or_value(value) for key, value in content.items()}


def _as_array_or_value(value: Any) -> Any:
    return _as_array(value) if isinstance(value, _Chumpy | _SparseMatrix) else value


def _as_array(value: Any) -> np.ndarray:
    return value.array() if isinstance(value, _Chumpy | _SparseMatrix) else np.asarray(value)
