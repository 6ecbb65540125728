"""Files of datasets read as data: pickles among them by a reader that knows arrays, lists and dicts, and nothing else.

Some of the sets are pickles by their makers' choice: CIFAR's batches, and the arrays of lists in the npz files of IMDB
and Reuters. A pickle is a program; this reader refuses every name but those that rebuild NumPy's arrays.
"""

import ast
import io
import os
import pickle
import zipfile
from typing import IO, Any

import numpy as np

from kmb_core.errors import CheckpointError, SecurityError, message

BASE = "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"


class _ArraysOnly(pickle.Unpickler):
    """Rebuilds arrays, lists, dicts, texts and numbers."""

    def find_class(self, module: str, name: str) -> Any:
        if (module.replace("numpy._core", "numpy.core"), name) in _REBUILDS:
            return _REBUILDS[module.replace("numpy._core", "numpy.core"), name]
        what = f"a dataset's file names {module}.{name}, where only arrays may be"
        raise SecurityError(message(what, "Loading it would run whatever its author wrote.", "Download it again."))


def _empty_array(kind: Any, shape: Any, code: Any) -> np.ndarray:
    return np.ndarray.__new__(np.ndarray, (0,), "b")  # its contents follow


_REBUILDS: dict[tuple[str, str], Any] = {
    ("numpy.core.multiarray", "_reconstruct"): _empty_array,
    ("numpy", "ndarray"): np.ndarray,
    ("numpy", "dtype"): np.dtype,
}


def unpickled(file: IO[bytes], encoding: str = "ASCII") -> Any:
    """What a pickle of arrays, lists and dicts holds.

    Args:
        file: opened for reading bytes.
        encoding: of Python 2's texts; "bytes" leaves them.

    Raises:
        SecurityError: for a pickle that names anything else.
        CheckpointError: for a damaged one.
    """
    try:
        return _ArraysOnly(file, encoding=encoding).load()
    except SecurityError:
        raise
    except Exception as error:  # a damaged pickle can raise anything
        raise CheckpointError(message(f"a dataset's file is damaged: {type(error).__name__}: {error}")) from error


def npz(path: str, *names: str) -> list[np.ndarray]:
    """Arrays of an npz file, those of lists too.

    Args:
        path: the file.
        names: of the arrays.

    Raises:
        CheckpointError: for a file without them, or a damaged one.
        SecurityError: for an array of objects that holds more than lists.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            return [_array(archive.read(f"{name}.npy")) for name in names]
    except (zipfile.BadZipFile, KeyError, ValueError, EOFError) as error:
        if isinstance(error, CheckpointError | SecurityError):
            raise
        what = f"{os.fspath(path)} is no file of {', '.join(names)}: {error}"
        raise CheckpointError(message(what, None, "Remove it, and it is downloaded again.")) from error


def _array(content: bytes) -> np.ndarray:
    file = io.BytesIO(content)
    major, _ = np.lib.format.read_magic(file)
    size = int.from_bytes(file.read(2 if major == 1 else 4), "little")
    header = ast.literal_eval(file.read(size).decode("latin1" if major < 3 else "utf-8"))
    if not np.dtype(header["descr"]).hasobject:
        return np.load(io.BytesIO(content), allow_pickle=False)
    found = unpickled(file)
    if not isinstance(found, np.ndarray) or found.shape != tuple(header["shape"]):
        raise CheckpointError(message("a dataset's array is not what its header says"))
    return found
