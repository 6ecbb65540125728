"""Generators and other iterables of batches.

The first batch is drawn when the adapter is made, so that a wrong one is refused before anything is compiled; it is
handed out again as the first of the first epoch. An iterator can be read once and continues from epoch to epoch; any
other iterable starts anew each epoch.
"""

import itertools
import warnings
from collections.abc import Iterable, Iterator, Sized
from typing import Any

from kmb_core.data.leaves import batch_reader
from kmb_core.errors import ShapeError, message


def _length(source: Any) -> int | None:
    try:
        return len(source) if isinstance(source, Sized) else None
    except (TypeError, NotImplementedError):  # it has the method, and does not know
        return None


class GeneratorAdapter:
    """Batches from a generator, an iterator or any iterable.

    Args:
        source: gives tuples `(x,)`, `(x, y)` or `(x, y, sample_weight)`; a dataset of a framework may give x alone.
        backend: whose tensors pass as they are; see `leaves`.

    Raises:
        ShapeError: where it gives nothing.
        StructureError: where the first item is not such a tuple.

    Example:
        >>> adapter = GeneratorAdapter([("first",), ("second",)])
        >>> adapter.num_batches, list(adapter.batches())
        (2, [('first',), ('second',)])
    """

    batch_size = None

    def __init__(self, source: Iterable[Any], backend: Any = None) -> None:
        self._source = source
        self._read = batch_reader(source, backend)
        self.num_batches = _length(source)
        iterator = iter(source)
        self._runs_once = iterator is source
        first = next(iterator, None)
        if first is None:
            raise ShapeError(
                message(
                    f"The {type(source).__name__} gave no batch.",
                    "It is empty, or it was already used up.",
                    "Make a new one for each call.",
                )
            )
        self._read(first)
        self._pending: Iterator[tuple] | None = itertools.chain([first], iterator)

    def batches(self) -> Iterator[tuple]:
        """Give the batches of one epoch; for an iterator, all those that are left.

        Returns:
            An iterator over the batches.

        Raises:
            StructureError: where an item is not a tuple of one to three parts.
        """
        name = f"the {type(self._source).__name__}"
        given = 0
        read = self._read
        for item in self._take_pending():
            given += 1
            yield read(item)
        if given == 0:
            warnings.warn(
                f"Data ran out: {name} has no batches left for this epoch. Give an iterable that can be read more than "
                "once, or steps_per_epoch so that the batches are divided over the epochs.",
                stacklevel=2,
            )

    def _take_pending(self) -> Iterator[tuple]:
        pending, self._pending = self._pending, None
        return pending if pending is not None else iter(self._source)

    def on_epoch_begin(self) -> None:
        """Nothing to do: an iterable has no notion of epochs."""

    def on_epoch_end(self) -> None:
        """Nothing to do: an iterable has no notion of epochs."""

    def close(self) -> None:
        """Forget the batch that was drawn ahead; the source belongs to the caller."""
        self._pending = None
