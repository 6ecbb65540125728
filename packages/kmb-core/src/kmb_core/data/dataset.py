"""`PyDataset`, the user's own source of batches, and its adapter.

The order of the batches is decided here; who fetches them (this thread, worker threads, worker processes) changes
neither the order nor the values.
"""

import itertools
import random
from collections.abc import Iterator
from typing import Any

import numpy as np

from kmb_core.data.leaves import batch_reader
from kmb_core.data.prefetch import Prefetcher
from kmb_core.errors import ShapeError, message


class PyDataset:
    """Base class of datasets that give a whole batch for an index.

    A subclass defines `__getitem__` and, unless it is endless, `__len__` or `num_batches`. It may define
    `on_epoch_begin` and `on_epoch_end`, which run in the main process.

    Args:
        workers: threads or processes that call `__getitem__`; 1 calls it in the training thread, or where a batch
            takes longer than a millisecond in one beside it, unless `use_multiprocessing` is set.
        use_multiprocessing: True for processes in place of threads; the dataset must then be picklable.
        max_queue_size: batches that may be fetched ahead.

    Example:
        >>> class Squares(PyDataset):
        ...     def __len__(self):
        ...         return 3
        ...     def __getitem__(self, index):
        ...         return (index * index,)
        >>> list(Squares())
        [(0,), (1,), (4,)]
    """

    # Class attributes, so that a subclass that does not call super().__init__() works too.
    _workers = 1
    _use_multiprocessing = False
    _max_queue_size = 10

    def __init__(self, workers: int = 1, use_multiprocessing: bool = False, max_queue_size: int = 10) -> None:
        self._workers = workers
        self._use_multiprocessing = use_multiprocessing
        self._max_queue_size = max_queue_size

    @property
    def workers(self) -> int:
        """Number of threads or processes."""
        return self._workers

    @workers.setter
    def workers(self, value: int) -> None:
        self._workers = value

    @property
    def use_multiprocessing(self) -> bool:
        """Whether processes are used in place of threads."""
        return self._use_multiprocessing

    @use_multiprocessing.setter
    def use_multiprocessing(self, value: bool) -> None:
        self._use_multiprocessing = value

    @property
    def max_queue_size(self) -> int:
        """How many batches may be fetched ahead."""
        return self._max_queue_size

    @max_queue_size.setter
    def max_queue_size(self, value: int) -> None:
        self._max_queue_size = value

    def __getitem__(self, index: int) -> Any:
        """Give batch `index` as `(x,)`, `(x, y)` or `(x, y, sample_weight)`.

        Args:
            index: number of the batch, from 0.

        Returns:
            The batch.

        Raises:
            NotImplementedError: where the subclass does not define it.
        """
        raise NotImplementedError(f"{type(self).__name__} must define __getitem__(self, index).")

    @property
    def num_batches(self) -> int | None:
        """Number of batches in an epoch, None for an endless dataset."""
        return len(self) if hasattr(self, "__len__") else None

    def on_epoch_begin(self) -> None:
        """Run before each epoch."""

    def on_epoch_end(self) -> None:
        """Run after each epoch."""

    def __iter__(self) -> Iterator[Any]:
        count = self.num_batches
        return (self[index] for index in (itertools.count() if count is None else range(count)))


class PyDatasetAdapter:
    """Batches from a `PyDataset`.

    Args:
        dataset: the dataset.
        shuffle: True to draw a new order of the batches each epoch; an endless dataset stays in order.
        seed: seed of that order. None takes one from Python's `random`.
        backend: whose tensors pass as they are; see `leaves`.

    Raises:
        ShapeError: where the dataset has no batches.

    Example:
        >>> class Letters(PyDataset):
        ...     def __len__(self):
        ...         return 2
        ...     def __getitem__(self, index):
        ...         return ("ab"[index],)
        >>> list(PyDatasetAdapter(Letters()).batches())
        [('a',), ('b',)]
    """

    batch_size = None

    def __init__(self, dataset: PyDataset, shuffle: bool = False, seed: int | None = None, backend: Any = None) -> None:
        self._dataset = dataset
        self._read = batch_reader(dataset, backend)
        self._shuffle = bool(shuffle)
        self._generator = np.random.default_rng(random.getrandbits(64) if seed is None else seed)
        self.num_batches = self._count()
        self._prefetcher = self._make_prefetcher()

    def _count(self) -> int | None:
        count = self._dataset.num_batches
        if count is not None and count < 1:
            raise ShapeError(
                message(
                    f"{type(self._dataset).__name__} has {count} batches; expected at least one.",
                    "__len__ gives the number of batches, not of samples; with // a small dataset rounds down to 0.",
                    "Use math.ceil(samples / batch_size).",
                )
            )
        return count

    def _make_prefetcher(self) -> Prefetcher | None:
        dataset = self._dataset
        if dataset.workers < 1 or (dataset.workers == 1 and not dataset.use_multiprocessing):
            return None
        return Prefetcher(dataset, dataset.workers, dataset.use_multiprocessing, dataset.max_queue_size)

    @property
    def reads_ahead(self) -> bool:
        """Whether workers fetch batches before they are asked for."""
        return self._prefetcher is not None

    def batches(self) -> Iterator[tuple]:
        """Give the batches of one epoch.

        Returns:
            An iterator over the batches; closing it drops what was fetched ahead.

        Raises:
            StructureError: where an item is not a tuple of one to three parts.
            WorkerError: where a worker process died.
        """
        read = self._read
        if self._prefetcher is None:
            for index in self._order():
                yield read(self._dataset[index])
            return
        fetched = self._prefetcher.fetch(self._order())
        try:
            for batch in fetched:
                yield read(batch)
        finally:
            fetched.close()

    def _order(self) -> Iterator[int]:
        if self.num_batches is None:
            return itertools.count()
        if self._shuffle:
            return iter(self._generator.permutation(self.num_batches).tolist())
        return iter(range(self.num_batches))

    def on_epoch_begin(self) -> None:
        """Run the dataset's own method."""
        self._dataset.on_epoch_begin()
        self._changed_by("on_epoch_begin")

    def on_epoch_end(self) -> None:
        """Run the dataset's own method and count the batches anew."""
        self._dataset.on_epoch_end()
        self._changed_by("on_epoch_end")
        self.num_batches = self._count()

    def _changed_by(self, method: str) -> None:
        # Processes hold a copy: where the dataset's own method may have changed it, they get a new one.
        overridden = getattr(type(self._dataset), method) is not getattr(PyDataset, method)
        if overridden and self._prefetcher is not None:
            self._prefetcher.renew()

    def close(self) -> None:
        """End the workers."""
        if self._prefetcher is not None:
            self._prefetcher.close()
