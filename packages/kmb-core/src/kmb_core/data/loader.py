"""`BatchLoader`: batches of samples that are read when they are needed, by threads, for any backend.

It is a `PyDataset`, so `fit`, `evaluate` and `predict` take it on each backend, and has the few methods that programs
written for tf.data call most: `map`, `batch`, `take`, `skip`, `shuffle`, `cache`, `prefetch`.
"""

import copy
import os
import random
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from kmb_core.data.dataset import PyDataset, PyDatasetAdapter
from kmb_core.data.samples import ArraySamples, CachedSamples, ChosenSamples, Samples, as_tuple
from kmb_core.errors import ShapeError, message

MOST_THREADS = 8


class BatchLoader(PyDataset):
    """Batches `(x,)`, `(x, y)` or `(x, y, sample_weight)` of NumPy arrays.

    Args:
        samples: where they come from.
        batch_size: samples in a batch; None gives the samples themselves.
        shuffle: whether each epoch has a new order.
        seed: seed of the orders; None takes one from Python's `random`.
        drop_remainder: whether a last batch that is not full is left out.
        workers: threads that read; one for each processor, eight at most, when None.

    Iterating over it gives `x` alone in place of `(x,)`, and begins an epoch.

    Raises:
        ShapeError: for a batch size below 1.

    Example:
        >>> loader = BatchLoader(ArraySamples((np.arange(5), np.arange(5) * 10)), batch_size=2)
        >>> len(loader), [y.tolist() for x, y in loader]
        (3, [[0, 10], [20, 30], [40]])
    """

    def __init__(
        self,
        samples: Samples,
        batch_size: int | None = 32,
        shuffle: bool = False,
        seed: int | None = None,
        drop_remainder: bool = False,
        workers: int | None = None,
    ) -> None:
        super().__init__(workers=min(MOST_THREADS, os.cpu_count() or 1) if workers is None else workers)
        if batch_size is not None and batch_size < 1:
            raise ShapeError(message(f"batch_size is a number from 1, got {batch_size}"))
        self.samples = samples
        self.batch_size = batch_size
        self.shuffled = bool(shuffle)
        self.seed = seed
        self.drop_remainder = drop_remainder
        self._generator = np.random.default_rng(random.getrandbits(64) if seed is None else seed)
        self._functions: tuple[Callable[..., Any], ...] = ()
        self._range = range(self._count())
        self._order = self._drawn()

    def _count(self) -> int:
        if self.batch_size is None:
            return len(self.samples)
        whole, rest = divmod(len(self.samples), self.batch_size)
        return whole + bool(rest and not self.drop_remainder)

    def _drawn(self) -> np.ndarray | None:
        return self._generator.permutation(len(self.samples)) if self.shuffled else None

    # As a dataset --------------------------------------------------------------------------------------------------

    def __len__(self) -> int:
        return len(self._range)

    def __getitem__(self, index: int) -> tuple:
        place = self._range[index]
        element = self._sample(place) if self.batch_size is None else self._batch(place, self.batch_size)
        for function in self._functions:
            element = as_tuple(function(*element))
        return element

    def _sample(self, place: int) -> tuple:
        return self.samples[place if self._order is None else int(self._order[place])]

    def _batch(self, place: int, size: int) -> tuple:
        first, last = place * size, min((place + 1) * size, len(self.samples))
        return self.samples.read(np.arange(first, last) if self._order is None else self._order[first:last])

    def on_epoch_begin(self) -> None:
        """Draw a new order, where the loader shuffles."""
        self.samples.begin_epoch()
        self._order = self._drawn()

    def __iter__(self) -> Iterator[Any]:
        if not len(self):
            return
        self.on_epoch_begin()
        adapter = PyDatasetAdapter(self)
        try:
            for batch in adapter.batches():
                yield batch[0] if len(batch) == 1 else batch
        finally:
            adapter.close()

    def as_numpy_iterator(self) -> Iterator[Any]:
        """The same as iterating over the loader: its batches are arrays."""
        return iter(self)

    def cardinality(self) -> int:
        """The number of elements, as `len` gives it."""
        return len(self)

    # Other loaders -------------------------------------------------------------------------------------------------

    def _changed(self, **attributes: Any) -> "BatchLoader":
        other = copy.copy(self)
        other._generator = copy.deepcopy(self._generator)
        for name, value in attributes.items():
            setattr(other, name, value)
        return other

    def map(self, function: Callable[..., Any], num_parallel_calls: int | None = None) -> "BatchLoader":
        """A loader whose elements are `function(x)`, or `function(x, y)` where there are targets.

        Args:
            function: called in the loader's threads; gives x or a tuple.
            num_parallel_calls: threads; the loader's own number when None or negative.
        """
        workers = num_parallel_calls if num_parallel_calls and num_parallel_calls > 0 else self.workers
        return self._changed(_functions=(*self._functions, function), workers=workers)

    def batch(self, batch_size: int, drop_remainder: bool = False) -> "BatchLoader":
        """A loader whose elements are batches of this one's elements.

        Args:
            batch_size: elements in a batch.
            drop_remainder: whether a last batch that is not full is left out.
        """
        plain = self.batch_size is None and not self._functions and len(self) == len(self.samples)
        samples = self.samples if plain and not self.shuffled else _Elements(self)
        return self._like(BatchLoader(samples, batch_size, drop_remainder=drop_remainder, workers=self.workers))

    def _like(self, other: "BatchLoader") -> "BatchLoader":
        known = set(vars(other))
        other.__dict__.update({name: value for name, value in vars(self).items() if name not in known})
        return other

    def take(self, count: int) -> "BatchLoader":
        """A loader of the first elements of each epoch; all of them for a negative count."""
        return self._changed(_range=self._range if count < 0 else self._range[:count])

    def skip(self, count: int) -> "BatchLoader":
        """A loader of the other elements of each epoch; none of them for a negative count."""
        return self._changed(_range=self._range[:0] if count < 0 else self._range[count:])

    def shuffle(
        self, buffer_size: int | None = None, seed: int | None = None, reshuffle_each_iteration: bool = True
    ) -> "BatchLoader":
        """A loader whose elements come in a new order in each epoch.

        Args:
            buffer_size: taken for compatibility: the whole is shuffled.
            seed: seed of the orders.
            reshuffle_each_iteration: False keeps the first order.
        """
        if len(self) == len(self.samples) and self.batch_size is None and not self._functions:
            other = self._like(BatchLoader(self.samples, None, True, seed, workers=self.workers))
        else:
            other = self._like(BatchLoader(_Elements(self), None, True, seed, workers=self.workers))
        return other if reshuffle_each_iteration else other._frozen()

    def _frozen(self) -> "BatchLoader":
        order = np.arange(len(self.samples)) if self._order is None else self._order
        return self._like(BatchLoader(ChosenSamples(self.samples, order), None, workers=self.workers))

    def cache(self) -> "BatchLoader":
        """A loader that reads each sample once and keeps it in memory."""
        in_memory = isinstance(self.samples, ArraySamples | CachedSamples)
        return self if in_memory else self._changed(samples=CachedSamples(self.samples))

    def prefetch(self, buffer_size: int | None = None) -> "BatchLoader":
        """A loader that reads so many elements ahead; as many as now when None or negative."""
        return self._changed(max_queue_size=buffer_size) if buffer_size and buffer_size > 0 else self


class _Elements(Samples):
    """The elements of a loader as the samples of another."""

    def __init__(self, loader: BatchLoader) -> None:
        self._loader = loader

    def __len__(self) -> int:
        return len(self._loader)

    def __getitem__(self, index: int) -> tuple:
        return self._loader[index]

    def begin_epoch(self) -> None:
        """The loader's own epoch begins too."""
        self._loader.on_epoch_begin()
