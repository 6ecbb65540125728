"""Batches read by a thread while steps run, where the source is slow enough to be worth one.

To hand a batch from thread to thread takes longer than to cut a small array (`python benchmarks/time_read_ahead.py`).
So the first batches are read when they are due, and timed; only a source that takes longer than `SLOW` gets a thread,
and one that does not costs nothing from then on. The order stays, nothing is read beyond the pass that is asked for,
and an error of the source arrives where its batch would have.

What a program draws from the global random generators stays the same as well: a source that draws from one that the
steps draw from too is never read ahead.
"""

import contextvars
import logging
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from itertools import chain, islice
from queue import SimpleQueue
from threading import Lock, Thread
from time import perf_counter
from typing import Any

import numpy as np

from kmb_core import settings, tree
from kmb_core.backend import current_backend, device, use_backend
from kmb_core.backend.state import state
from kmb_core.random.states import random_state

SLOW = 1e-3  # seconds for a batch
TIMED = 2  # batches
PATIENCE = 5.0  # seconds that a source may take to end the batch it is at

_END: Any = object()
_NOTE = "Raised in a thread that reads ahead of the steps; after kmb_core.config.set_read_ahead(0) none does."
logger = logging.getLogger("kmb_core")


class ReadAhead:
    """Reads one pass over a source after another, the batches of a slow one by a thread.

    Args:
        backend: the model's; batches are made under it.
        together: how many batches are taken for one execution of steps.
        allowed: False where each batch has to be read when it is due.

    Example:
        >>> from kmb_core.backend import current_backend
        >>> list(ReadAhead(current_backend()).read(iter("abc")))
        ['a', 'b', 'c']
    """

    def __init__(self, backend: Any, together: int = 1, allowed: bool = True) -> None:
        self.notes = False  # whether somebody is going to ask for `states`
        self._kernels = backend.kernels
        self._together = together
        self._depth = settings.read_ahead()
        self._slow = None if allowed and self._depth else False
        self._seconds: list[float] = []
        self._of_steps: set[str] = set()  # the random states that the steps draw from
        self._reading: _Reading | None = None

    def read(self, batches: Iterator[Any]) -> Iterator[Any]:
        """Give the batches of a pass; `close` ends it."""
        return batches if self._slow is False else chain.from_iterable(self._stretches(batches))

    def _stretches(self, batches: Iterator[Any]) -> Iterator[Iterator[Any]]:
        # An iterator for each stretch, so that nothing stands between a quick source and the loop once it is timed.
        if self._slow is None:
            yield self._timed(batches)
        yield self._read_ahead(batches) if self._slow else batches

    def _timed(self, batches: Iterator[Any]) -> Iterator[Any]:
        yield from islice(batches, 1)  # the first of a pass may take longer than the others: a file is opened
        while len(self._seconds) < TIMED:
            begun = perf_counter()
            batch = next(batches, _END)
            if batch is _END:
                return
            self._seconds.append(perf_counter() - begun)
            yield batch
        if min(self._seconds) < SLOW:
            self._slow = False
        else:
            yield from self._watched(batches)

    def _watched(self, batches: Iterator[Any]) -> Iterator[Any]:
        """The batches of one execution of steps, to see what the source draws from and what the steps do."""
        of_source: set[str] = set()
        before_batch = random_state(self._kernels)
        for _ in range(self._together):
            batch = next(batches, _END)
            if batch is _END:
                return
            before_step = random_state(self._kernels)
            of_source |= _changed(before_batch, before_step)
            yield batch
            before_batch = random_state(self._kernels)
            self._of_steps |= _changed(before_step, before_batch)
        self._slow = not of_source & self._of_steps

    def _read_ahead(self, batches: Iterator[Any]) -> Iterator[Any]:
        self._reading = _Reading(batches, self._depth, self._look)
        try:
            yield from self._reading.results()
        finally:
            self.close()

    def _look(self) -> dict[str, Any]:
        """The random states that may be the source's, as they are now."""
        if not self.notes:
            return {}
        return {name: found for name, found in random_state(self._kernels).items() if name not in self._of_steps}

    def states(self) -> dict[str, Any]:
        """The random states that the source draws from as the batch given last left them, where more are read."""
        return {} if self._reading is None else self._reading.states()

    def close(self) -> None:
        """End the pass; what was read and not given is dropped."""
        reading, self._reading = self._reading, None
        if reading is not None:
            reading.close()


class _Reading:
    """A thread that reads one pass, at most `depth` batches ahead.

    Args:
        batches: of the pass.
        depth: how many may have been read and not been taken.
        look: gives the random states, before and after a batch is read.
    """

    def __init__(self, batches: Iterator[Any], depth: int, look: Callable[[], dict[str, Any]]) -> None:
        self._batches = batches
        self._look = look
        self._results: SimpleQueue[Any] = SimpleQueue()
        self._places: SimpleQueue[None] = SimpleQueue()  # one for each batch that may be read
        self._ends = False
        self._at_batch = Lock()
        self._drawn: set[str] = set()  # the states that the source was seen to change
        self._left: dict[str, Any] = {}  # the states as they were after the batch that was given last
        for _ in range(depth):
            self._places.put(None)
        # What the source asks its surroundings for is answered as in the thread that began the pass.
        arguments = (self._run, current_backend(), state.device)
        self._thread = Thread(target=contextvars.copy_context().run, args=arguments, daemon=True, name="kmb-read-ahead")
        self._thread.start()

    def _run(self, backend: Any, place: str | None) -> None:
        try:
            with use_backend(backend), nullcontext() if place is None else device(place):
                batch = None
                while batch is not _END and self._may_read():
                    batch, left = self._read()
                    self._results.put((batch, left, None))
        except BaseException as error:  # also what ends a program: it is raised in the thread that waits for the batch
            error.add_note(_NOTE)
            self._results.put((_END, {}, error))

    def _may_read(self) -> bool:
        self._places.get()
        return not self._ends

    def _read(self) -> tuple[Any, dict[str, Any]]:
        with self._at_batch:
            before = self._look()
            batch = next(self._batches, _END)
            left = self._look()
            self._drawn |= _changed(before, left)
        return batch, left

    def results(self) -> Iterator[Any]:
        """The batches in their order."""
        while True:
            batch, left, error = self._results.get()
            if error is not None:
                raise error
            if batch is _END:
                return
            self._left = left
            self._places.put(None)
            yield batch

    def states(self) -> dict[str, Any]:
        """The states that the source draws from, as they were after the batch that was given last."""
        with self._at_batch:
            return {name: left for name, left in self._left.items() if name in self._drawn}

    def close(self) -> None:
        """End the thread, after the batch that it is at."""
        self._ends = True
        self._places.put(None)
        self._thread.join(PATIENCE)
        if self._thread.is_alive():
            logger.warning("the data are still being read after %.0f s; the thread ends with its batch", PATIENCE)


def _changed(before: dict[str, Any], after: dict[str, Any]) -> set[str]:
    return {name for name, left in after.items() if not _same(before[name], left)}


def _same(first: Any, second: Any) -> bool:
    pairs = zip(tree.flatten(first), tree.flatten(second), strict=True)
    return all(np.array_equal(one, other) for one, other in pairs)
