"""Sources of single samples, which a `BatchLoader` puts together to batches."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from kmb_core import tree


@dataclass(frozen=True)
class ArraySpec:
    """Shape and dtype of one array of a sample; sizes that differ between samples are None, texts are "string"."""

    shape: tuple[int | None, ...]
    dtype: str


class Samples:
    """A sequence of samples `(x,)`, `(x, y)` or `(x, y, sample_weight)`; a subclass says how one is read.

    `read` puts samples together; a subclass whose data lie in arrays overrides it with one indexing.
    """

    ragged = False  # whether x of a batch is an object array of arrays of different lengths

    def __len__(self) -> int:
        raise NotImplementedError(f"{type(self).__name__} must define __len__(self).")

    def __getitem__(self, index: int) -> tuple:
        raise NotImplementedError(f"{type(self).__name__} must define __getitem__(self, index).")

    def read(self, indices: Sequence[int] | np.ndarray) -> tuple:
        """A batch of some samples.

        Args:
            indices: which ones, in which order.

        Returns:
            A tuple like a sample, each array with a first axis more.
        """
        return tree.map_structure(lambda *parts: np.stack(parts), *[self[int(index)] for index in indices])

    def spec(self) -> tuple:
        """An `ArraySpec` for each array of a sample, in its structure; by default as the first sample has it."""
        return tree.map_structure(spec_of, self[0])

    def begin_epoch(self) -> None:
        """Run before each epoch."""


def spec_of(part: Any) -> ArraySpec:
    """The `ArraySpec` of one array, number or text."""
    array = np.asarray(part)
    return ArraySpec(array.shape, "string" if array.dtype.kind in "OUS" else array.dtype.name)


def _spec_of_row(rows: np.ndarray) -> ArraySpec:
    return ArraySpec(rows.shape[1:], "string" if rows.dtype.kind in "OUS" else rows.dtype.name)


class ArraySamples(Samples):
    """Samples that are rows of arrays.

    Args:
        arrays: `(x,)`, `(x, y)` or `(x, y, sample_weight)`, each nested at will, of arrays of one length.

    Example:
        >>> ArraySamples((np.arange(4), np.arange(4) * 10)).read([1, 3])
        (array([1, 3]), array([10, 30]))
    """

    def __init__(self, arrays: tuple) -> None:
        self.arrays = arrays
        self._length = len(tree.flatten(arrays)[0])

    def __len__(self) -> int:
        return self._length

    def __getitem__(self, index: int) -> tuple:
        return tree.map_structure(lambda rows: rows[index], self.arrays)

    def read(self, indices: Sequence[int] | np.ndarray) -> tuple:
        """The rows of those numbers."""
        chosen = np.asarray(indices)
        return tree.map_structure(lambda rows: rows[chosen], self.arrays)

    def spec(self) -> tuple:
        """Known where there is no row, too."""
        return tree.map_structure(_spec_of_row, self.arrays)


class ChosenSamples(Samples):
    """Some samples of another source, by number.

    Args:
        source: anything with `__len__` and `__getitem__`; an item that is no tuple is an x alone.
        indices: which ones, in which order.

    Example:
        >>> ChosenSamples("abcd", [3, 0])[0]
        ('d',)
    """

    def __init__(self, source: Any, indices: Sequence[int]) -> None:
        self.source = source
        self.indices = np.asarray(indices, dtype="int64")
        self.ragged = getattr(source, "ragged", False) is True

    def __len__(self) -> int:
        return len(self.indices)

    def __getitem__(self, index: int) -> tuple:
        return as_tuple(self.source[int(self.indices[index])])

    def read(self, indices: Sequence[int] | np.ndarray) -> tuple:
        """A batch, by the source's own way where it has one."""
        if isinstance(self.source, Samples):
            return self.source.read(self.indices[np.asarray(indices)])
        return super().read(indices)

    def spec(self) -> tuple:
        """As the source has it, where it says so."""
        return self.source.spec() if isinstance(self.source, Samples) else super().spec()

    def begin_epoch(self) -> None:
        """Run the source's own method."""
        if isinstance(self.source, Samples):
            self.source.begin_epoch()


class CachedSamples(Samples):
    """Samples of another source, each read once and kept in memory.

    Args:
        source: the samples.
    """

    def __init__(self, source: Samples) -> None:
        self._source = source
        self._kept: dict[int, tuple] = {}
        self.ragged = source.ragged

    def __len__(self) -> int:
        return len(self._source)

    def __getitem__(self, index: int) -> tuple:
        if index not in self._kept:
            self._kept[index] = self._source[index]
        return self._kept[index]

    def spec(self) -> tuple:
        """As the source has it."""
        return self._source.spec()


def as_tuple(element: Any) -> tuple:
    """An element as the tuple that the training loop reads.

    Args:
        element: `(x, y)`, `(x, y, sample_weight)`, or x alone.

    Returns:
        The tuple.

    Example:
        >>> as_tuple(3)
        (3,)
    """
    return element if type(element) is tuple and 0 < len(element) < 4 else (element,)
