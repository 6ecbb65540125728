"""Batches read by a thread while steps run, where the source is slow enough to be worth one.

To hand a batch from thread to thread costs about 0.1 ms of a processor (`python benchmarks/time_read_ahead.py`): more than
a small array takes to be cut. So the first batches are read as they are due and timed; only a source that takes longer
than `SLOW` gets a thread, and one that does not costs nothing from then on. The order stays, nothing is read beyond
the pass that is asked for, and an error of the source arrives where its batch would have.
"""

import contextvars
import logging
from collections.abc import Callable, Iterator
from itertools import chain
from queue import SimpleQueue
from threading import Thread
from time import perf_counter
from typing import Any

import numpy as np

from kmb_core import settings, tree
from kmb_core.backend import current_backend, use_backend
from kmb_core.random.states import random_state

SLOW = 1e-3  # seconds for a batch
TIMED = 3  # batches, the first of which may have been read before
PATIENCE = 5.0  # seconds that a source may take to end the batch it is at

_END: Any = object()
logger = logging.getLogger("kmb_core")


class ReadAhead:
    """Reads one pass over a source after another, the batches of a slow one by a thread.

    Args:
        backend: the model's; batches are made under it.
        allowed: False where each batch has to be read when it is due.

    Example:
        >>> from kmb_core.backend import current_backend
        >>> list(ReadAhead(current_backend()).read(iter("abc")))
        ['a', 'b', 'c']
    """

    def __init__(self, backend: Any, allowed: bool = True) -> None:
        self.noted: dict[str, Any] = {}  # random states that the source draws from, as the batch given last left them
        self._kernels = backend.kernels
        self._depth = settings.read_ahead()
        self._slow = None if allowed and self._depth else False
        self._drawn: list[str] = []
        self._reading: _Reading | None = None

    def read(self, batches: Iterator[Any]) -> Iterator[Any]:
        """Give the batches of a pass; `close` ends it."""
        return batches if self._slow is False else chain.from_iterable(self._stretches(batches))

    def _stretches(self, batches: Iterator[Any]) -> Iterator[Iterator[Any]]:
        # An iterator for each stretch, so that nothing stands between a quick source and the loop when it is timed.
        if self._slow is None:
            yield self._timed(batches)
        yield self._read_ahead(batches) if self._slow else batches

    def _timed(self, batches: Iterator[Any]) -> Iterator[Any]:
        seconds = []
        for _ in range(TIMED):
            begun = perf_counter()
            batch = next(batches, _END)
            seconds.append(perf_counter() - begun)
            if batch is _END:
                return
            yield batch
        self._slow = min(seconds[1:]) > SLOW
        if self._slow:
            yield from self._watched(batches)

    def _watched(self, batches: Iterator[Any]) -> Iterator[Any]:
        """One batch, to see which of the global random generators the source draws from."""
        before = random_state(self._kernels)
        batch = next(batches, _END)
        after = random_state(self._kernels)
        self._drawn = [name for name, state in after.items() if not _same(before[name], state)]
        # The steps may draw from the framework's generator too: who comes first must not be left to chance.
        self._slow = "framework" not in self._drawn
        if batch is not _END:
            yield batch

    def _read_ahead(self, batches: Iterator[Any]) -> Iterator[Any]:
        self._reading = _Reading(batches, self._depth, self._states)
        for batch, self.noted in self._reading.results():
            yield batch

    def _states(self) -> dict[str, Any]:
        if not self._drawn:
            return {}
        states = random_state(self._kernels)
        return {name: states[name] for name in self._drawn}

    def close(self) -> None:
        """End the pass; what was read and not given is dropped."""
        reading, self._reading = self._reading, None
        if reading is not None:
            reading.close()
        self.noted = {}


class _Reading:
    """A thread that reads one pass, at most `depth` batches ahead."""

    def __init__(self, batches: Iterator[Any], depth: int, note: Callable[[], Any]) -> None:
        self._batches = batches
        self._note = note
        self._results: SimpleQueue[Any] = SimpleQueue()
        self._places: SimpleQueue[None] = SimpleQueue()  # one for each batch that may be read
        self._ends = False
        for _ in range(depth):
            self._places.put(None)
        # What the source asks the surroundings for is answered as in the thread that began the pass.
        arguments = (self._run, current_backend())
        self._thread = Thread(target=contextvars.copy_context().run, args=arguments, daemon=True, name="kmb-read-ahead")
        self._thread.start()

    def _run(self, backend: Any) -> None:
        try:
            with use_backend(backend):
                for batch in self._batches_with_places():
                    self._results.put((batch, self._note(), None))
            self._results.put((_END, None, None))
        except BaseException as error:  # also what ends a program: it ends the thread that waits for the batch
            self._results.put((_END, None, error))

    def _batches_with_places(self) -> Iterator[Any]:
        while True:
            self._places.get()
            batch = _END if self._ends else next(self._batches, _END)
            if batch is _END:
                return
            yield batch

    def results(self) -> Iterator[tuple[Any, Any]]:
        """The batches in their order, each with what `note` gave after it."""
        while True:
            batch, noted, error = self._results.get()
            if error is not None:
                raise error
            if batch is _END:
                return
            self._places.put(None)
            yield batch, noted

    def close(self) -> None:
        """End the thread, after the batch that it is at."""
        self._ends = True
        self._places.put(None)
        self._thread.join(PATIENCE)
        if self._thread.is_alive():
            logger.warning("the data are still being read after %.0f s; the thread ends with its batch", PATIENCE)


def _same(first: Any, second: Any) -> bool:
    pairs = zip(tree.flatten(first), tree.flatten(second), strict=True)
    return all(np.array_equal(one, other) for one, other in pairs)
