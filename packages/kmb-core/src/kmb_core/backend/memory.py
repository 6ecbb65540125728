"""Memory that frameworks take over as it is, and values that are read into it."""

import math
from typing import Any, Protocol

import numpy as np

from kmb_core.dtypes.arrays import numpy_dtype

ALIGNMENT = 64  # bytes: frameworks copy what begins elsewhere


class StoredArray(Protocol):
    """An array in a file."""

    @property
    def shape(self) -> tuple[int, ...]:
        """The sizes."""

    @property
    def dtype(self) -> str:
        """The name of the dtype."""

    def read(self, out: np.ndarray | None = None) -> np.ndarray:
        """The values.

        Args:
            out: where to put them, of the array's shape and dtype, contiguous; None for memory that nobody else holds.
        """


def aligned(shape: tuple[int, ...], dtype: str) -> np.ndarray:
    """An array of no particular values, which begins where frameworks want it to.

    NumPy asks the system for large pages, which are filled in two thirds of the time that small ones take.

    Args:
        shape: sizes.
        dtype: a canonical name.
    """
    kind = numpy_dtype(dtype)
    size = math.prod(shape) * kind.itemsize
    memory = np.empty(size + ALIGNMENT, np.uint8)
    start = -memory.ctypes.data % ALIGNMENT
    return memory[start : start + size].view(kind).reshape(shape)


def assign_from(variable: Any, store: Any, key: str) -> None:
    """Set a variable to what a mapping holds under a key.

    Args:
        variable: the variable.
        store: a mapping of arrays; one of a file also has `stored(key)`, and lets the variable say where they go.
        key: the key.
    """
    if hasattr(store, "stored"):
        variable._load(store.stored(key))
    else:
        variable.assign(store[key])


__all__ = ["StoredArray", "aligned", "assign_from"]
