"""An adapter whose first batch was looked at before its first epoch: the shapes that a model is built from."""

import itertools
from collections.abc import Iterator
from typing import Any

from kmb_core.errors import StructureError, message


class PeekedAdapter:
    """Gives the batches of another adapter; `first` is known beforehand and comes again in the first epoch.

    Args:
        source: the adapter.

    Raises:
        StructureError: where it gives no batch.
    """

    def __init__(self, source: Any) -> None:
        self._source = source
        self.num_batches = source.num_batches
        self.batch_size = source.batch_size
        self.on_epoch_begin = source.on_epoch_begin
        self.on_epoch_end = source.on_epoch_end
        self.reads_ahead = getattr(source, "reads_ahead", False)
        iterator = source.batches()
        self.first = next(iterator, None)
        if self.first is None:
            raise StructureError(
                message("the data gave no batch", "It is empty, or a generator that was used up.", None)
            )
        self._pending: Iterator[tuple] | None = itertools.chain([self.first], iterator)

    def batches(self) -> Iterator[tuple]:
        """The batches of an epoch."""
        pending, self._pending = self._pending, None
        return pending if pending is not None else self._source.batches()

    def close(self) -> None:
        """Release what the source holds."""
        self._pending = None
        self._source.close()
