"""Arrays in memory, sliced with NumPy.

No dataset object of a framework stands between an array and the step: `fit` on arrays spends its time in the step,
and a pipeline costs more than it gives (`predict` on one batch through a compiled pipeline was 25,000 calls). Rows
in order are views. A shuffled epoch draws one permutation and copies each batch's rows once.
"""

import random
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Literal

import numpy as np

from kmb_core.data.class_weights import sample_weights
from kmb_core.data.columns import reader, rows_of
from kmb_core.data.structure import Leaf, take_apart
from kmb_core.errors import ShapeError, message

DEFAULT_BATCH_SIZE = 32
Shuffle = bool | Literal["batch"]


class ArrayAdapter:
    """Batches from arrays in memory.

    Args:
        x: arrays of shape `(samples, ...)`, in any nesting.
        y: targets, likewise, or None.
        sample_weight: weights of shape `(samples,)` or nested like `y`, or None.
        batch_size: rows in a batch; the last one may be shorter. 32 where it is None.
        shuffle: False for the order given, True for a new permutation each epoch, `"batch"` to permute whole
            batches of neighbouring rows, which stay views.
        class_weight: weight of each class, multiplied into `sample_weight`.
        seed: seed of the permutations. None takes one from Python's `random`.
        backend: whose tensors are sliced as they are, on their device; those of others become arrays.

    Raises:
        ShapeError: where the arrays are empty, scalar, or differ in length, or the batch size is not positive.
        StructureError: where an entry is None or no array.

    Example:
        >>> import numpy
        >>> adapter = ArrayAdapter(numpy.arange(5), batch_size=2)
        >>> [batch[0].tolist() for batch in adapter.batches()]
        [[0, 1], [2, 3], [4]]
    """

    def __init__(
        self,
        x: Any,
        y: Any = None,
        sample_weight: Any = None,
        batch_size: int | None = None,
        shuffle: Shuffle = False,
        class_weight: Mapping[int, float] | None = None,
        seed: int | None = None,
        backend: Any = None,
    ) -> None:
        self._backend = backend
        if class_weight:
            sample_weight = sample_weights(y, class_weight, sample_weight)
        self.batch_size = _checked_batch_size(batch_size)
        self._shuffle = shuffle
        self._generator = np.random.default_rng(random.getrandbits(64) if seed is None else seed)
        self._plan(x, y, sample_weight)
        self.num_batches = -(-self._length // self.batch_size)

    def _plan(self, x: Any, y: Any, sample_weight: Any) -> None:
        given = _without_missing_tail(x, y, sample_weight)
        leaves, self._rebuild = _take_apart_batch(given)
        columns = [(leaf.path, rows_of(leaf, self._backend)) for leaf in leaves]
        self._length = _common_length(columns)
        shuffled = bool(self._shuffle) and self._shuffle != "batch"
        self._readers = [reader(rows, shuffled) for _, rows in columns]
        self._flat = len(self._readers) == len(given) and not any(
            part is None or isinstance(part, tuple | list | Mapping) for part in given
        )

    def batches(self) -> Iterator[tuple]:
        """Give the batches of one epoch.

        Returns:
            An iterator of `(x,)`, `(x, y)` or `(x, y, sample_weight)`.
        """
        readers, rebuild = self._readers, self._rebuild
        if self._flat and len(readers) == 2:
            read_x, read_y = readers
            for chosen in self._selections():
                yield read_x(chosen), read_y(chosen)
        elif self._flat:
            for chosen in self._selections():
                yield tuple([read(chosen) for read in readers])
        else:
            for chosen in self._selections():
                yield rebuild([read(chosen) for read in readers])

    def _selections(self) -> Iterator[Any]:
        length, size = self._length, self.batch_size
        if self._shuffle == "batch":
            starts: Any = (self._generator.permutation(self.num_batches) * size).tolist()
        else:
            starts = range(0, length, size)
        if not self._shuffle or self._shuffle == "batch":
            return (slice(start, start + size if start + size < length else length) for start in starts)
        order = self._generator.permutation(length)
        return (order[start : start + size] for start in starts)

    def on_epoch_begin(self) -> None:
        """Nothing to do: arrays do not change between epochs."""

    def on_epoch_end(self) -> None:
        """Nothing to do: the next call of `batches` draws its own order."""

    def close(self) -> None:
        """Nothing to release."""


def train_validation_split(arrays: Any, validation_split: float) -> tuple[Any, Any]:
    """Cut arrays in two: the first rows to train on, the last ones to validate with.

    Args:
        arrays: arrays of shape `(samples, ...)` in any nesting; `(x, y, sample_weight)` with None for what is
            missing, as `fit` has them.
        validation_split: fraction of the rows, between 0 and 1, that goes into the second part.

    Returns:
        Two structures like `arrays`. Parts of NumPy arrays are views.

    Raises:
        ShapeError: where one part would be empty, or the arrays differ in length.

    Example:
        >>> import numpy
        >>> train, held_out = train_validation_split((numpy.arange(10), None), 0.2)
        >>> train[0].shape, held_out[0].tolist(), held_out[1]
        ((8,), [8, 9], None)
    """
    leaves, rebuild = _take_apart_batch(arrays) if isinstance(arrays, tuple) else take_apart(arrays, "x")
    columns = [(leaf.path, rows_of(leaf)) for leaf in leaves]
    length = _common_length(columns)
    cut = int(length * (1.0 - validation_split)) if 0.0 < validation_split < 1.0 else 0
    if not 0 < cut < length:
        raise ShapeError(
            message(
                f"validation_split={validation_split} of {length} samples leaves one of the two parts empty.",
                remedy="Give a fraction between 0 and 1, or more samples.",
            )
        )
    return rebuild([rows[:cut] for _, rows in columns]), rebuild([rows[cut:] for _, rows in columns])


def _without_missing_tail(*parts: Any) -> tuple:
    count = max((index + 1 for index, part in enumerate(parts) if part is not None), default=1)
    return parts[:count]


def _take_apart_batch(given: tuple) -> tuple[list[Leaf], Callable[[Any], tuple]]:
    leaves: list[Leaf] = []
    builders = []
    for position, (name, part) in enumerate(zip(("x", "y", "sample_weight"), given)):
        # Only whole parts after the first may be missing: y of an unsupervised model, weights that were not given.
        if part is None and position > 0:
            builders.append(lambda parts: None)
            continue
        found, rebuild = take_apart(part, name)
        builders.append(_shifted(rebuild, len(leaves), len(found)))
        leaves += found
    return leaves, lambda parts: tuple([build(parts) for build in builders])


def _shifted(rebuild: Callable[[Any], Any], start: int, count: int) -> Callable[[Any], Any]:
    return lambda parts: rebuild(parts[start : start + count])


def _checked_batch_size(batch_size: int | None) -> int:
    size = DEFAULT_BATCH_SIZE if batch_size is None else int(batch_size)
    if size < 1:
        raise ShapeError(f"batch_size is {batch_size}; expected a positive number of samples.")
    return size


def _common_length(columns: list[tuple[str, Any]]) -> int:
    if not columns:
        raise ShapeError(message("x holds no array.", remedy="Give at least one array of shape (samples, ...)."))
    lengths = {path: int(rows.shape[0]) for path, rows in columns}
    if len(set(lengths.values())) > 1:
        listed = ", ".join(f"{path}: {length}" for path, length in lengths.items())
        raise ShapeError(
            message(
                f"The arrays differ in length: {listed}.",
                "The first axis of each array runs over the same samples.",
                "Check how the arrays were cut, or whether one of them lacks its batch axis.",
            )
        )
    path, length = next(iter(lengths.items()))
    if length == 0:
        raise ShapeError(message(f"{path} holds no samples: its first axis has length 0."))
    return length
