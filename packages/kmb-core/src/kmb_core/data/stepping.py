"""Epochs of a given number of steps, cut from any source.

A source is read on from epoch to epoch and begun again when it is used up. Where it ends inside an epoch, the epoch
is shorter and a warning says by how much: to repeat samples silently would falsify an evaluation.
"""

import warnings
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from kmb_core.data.adapter import DataAdapter

_END: Any = object()


class SteppedAdapter:
    """Gives at most `steps` batches an epoch and goes on where the last epoch stopped.

    Args:
        source: the adapter that gives the batches.
        steps: batches in an epoch.
    """

    def __init__(self, source: "DataAdapter", steps: int) -> None:
        self._source = source
        self.num_batches = steps
        self.batch_size = source.batch_size
        self.on_epoch_begin = source.on_epoch_begin
        self.on_epoch_end = source.on_epoch_end
        self.reads_ahead = getattr(source, "reads_ahead", False)
        self._iterator: Any = None  # an iterator of batches, most often a generator

    def batches(self) -> Iterator[tuple]:
        """Give the batches of one epoch.

        Returns:
            An iterator over at most `steps` batches.
        """
        iterator, carried_over = self._iterator, self._iterator is not None
        for got in range(self.num_batches):
            if iterator is None:
                iterator = self._iterator = self._source.batches()
            batch = next(iterator, _END)
            if batch is _END and got == 0 and carried_over:
                iterator = self._iterator = self._source.batches()
                batch = next(iterator, _END)
            if batch is _END:
                self._iterator = None
                self._warn(got)
                return
            yield batch

    def _warn(self, got: int) -> None:
        warnings.warn(
            f"Data ran out: {self.num_batches} steps were asked for in this epoch, the data gave {got}. "
            "Give fewer steps, more data, or a generator that goes on for steps x epochs batches.",
            stacklevel=3,
        )

    def close(self) -> None:
        """End the epoch that is under way and release the source."""
        iterator, self._iterator = self._iterator, None
        if hasattr(iterator, "close") and not getattr(iterator, "gi_running", False):  # a thread may be reading it
            iterator.close()
        self._source.close()
