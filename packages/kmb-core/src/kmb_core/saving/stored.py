"""One array of an HDF5 file, which is read when somebody asks.

HDF5 finds out where the values are; those of a large array that lie in one piece, as they are in memory, are read from
there by several threads.
"""

import math
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np

from kmb_core.backend.memory import aligned
from kmb_core.errors import CheckpointError, KmbError, SecurityError, message
from kmb_core.saving.chunks import longer_than_declared
from kmb_core.saving.reading import Place, place_of, read_into

_LARGE = 1 << 20  # bytes of an array that is worth finding out where it lies


@dataclass(frozen=True)
class Stored:
    """An array in a file: what is known without reading it."""

    shape: tuple[int, ...]
    dtype: str
    dataset: Any
    where: str = ""
    source: BinaryIO | None = None  # what HDF5 reads

    @property
    def nbytes(self) -> int:
        """Of the values."""
        return int(math.prod(self.shape)) * int(self.dataset.dtype.itemsize)

    @property
    def stored_bytes(self) -> int:
        """In the file: less where they are compressed."""
        return int(self.dataset.id.get_storage_size())

    def read(self, out: np.ndarray | None = None) -> np.ndarray:
        """The values.

        Args:
            out: where to put them, of the array's shape and dtype, contiguous; None for memory that nobody else holds.

        Raises:
            CheckpointError: where they are damaged.
            SecurityError: where more is compressed in them than the file states.
        """
        try:
            if longer_than_declared(self.dataset):
                what = f"{self.where} is refused: {self.dataset.name!r:.100} unpacks to more than the file states"
                raise SecurityError(message(what, "It may be made to fill the memory."))
            array = aligned(self.shape, self.dtype) if out is None else out
            self._read(array.view(f"V{array.itemsize}") if self.dataset.dtype.kind == "V" else array)
        except KmbError:
            raise
        except Exception as error:  # of a damaged file, h5py raises whatever it stumbles over
            raise damaged(self.where, error) from error
        return array

    def _read(self, array: np.ndarray) -> None:
        place = self._place() if array.nbytes >= _LARGE else None
        if place is not None:
            read_into(memoryview(array.reshape(-1).view(np.uint8)), place.descriptor, place.start)
        elif array.size:
            self.dataset.read_direct(array)

    def _place(self) -> Place | None:
        """Where the values lie in one piece, as they are in memory; None where HDF5 has to put them together."""
        import h5py

        held, start = self.dataset.dtype, self.dataset.id.get_offset()
        if start is None or self.dataset.chunks or self.stored_bytes != self.nbytes or self.dataset.file.userblock_size:
            return None
        if held.kind not in "iufcV" or not held.isnative or self.dataset.id.get_type() != h5py.h5t.py_create(held):
            return None  # numbers of another kind, or in another order
        file = place_of(self.source) if self.source is not None else None
        if file is None or start < 0 or start + self.nbytes > file.size:
            return None
        return Place(file.descriptor, file.start + start, self.nbytes)


def damaged(where: str, error: BaseException) -> CheckpointError:
    """The error for a file that h5py stumbles over."""
    what = f"{where} is damaged: {type(error).__name__}: {error}"
    return CheckpointError(message(what, "The file was changed after it was saved.", "Copy or save it again."))


__all__ = ["Stored", "damaged"]
