"""Where `fit` stands in its data, so that a later process can go on at the very next batch.

Orders are drawn at the start of an epoch. What they are drawn from is noted there: the generator of the adapter, and
the global ones, from which a framework's loader may draw. Going on means to set them back, to read the epoch's batches
again up to the place, without training, and then to set the global ones to what they were at the place.

A source that runs through several epochs (a generator, or any with `steps_per_epoch`) is read again from its beginning.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from kmb_core.data.read_ahead import ReadAhead
from kmb_core.random.states import random_state, set_random_state


class Position:
    """The place in the data of one `fit`.

    Args:
        source: the adapter, before anything was read from it.
        kernels: the backend's; "random_state" and "set_random_state" take and give its global generators' states.
        first_epoch: number of the first epoch.
        reader: what reads the batches, some perhaps before they are trained on.
    """

    def __init__(self, source: Any, kernels: Any, first_epoch: int, reader: ReadAhead) -> None:
        self.source = source
        self.reader = reader
        self.kernels = kernels
        self.epoch = self.first_epoch = first_epoch
        self.batch = 0  # how many batches of the epoch are to be passed over
        self.order = self.origin = self._order()
        self.globals = self.random_state()
        self.restore: Callable[[], None] | None = None  # sets everything else, once the epoch has begun
        self._runs_on = hasattr(source, "_iterator") or getattr(source, "_runs_once", False)

    def note(self) -> None:
        """Be ready for `state` in the midst of an epoch."""
        self.reader.notes = True

    def begin(self, epoch: int) -> None:
        """Note what the order of an epoch is drawn from."""
        if epoch != self.first_epoch:  # the order of the first may have been drawn before, with its first batch
            self.order, self.globals = self._order(), self.random_state()

    def state(self, epoch: int, batch: int) -> dict[str, Any]:
        """The place before a batch of an epoch, as plain data and arrays."""
        at_start = batch == 0
        return {
            "epoch": epoch,
            "batch": batch,
            "first_epoch": self.first_epoch,
            "order": self._order() if at_start else self.order,
            "origin": self.origin,
            "globals": self.random_state() if at_start else self.globals,
            "globals_now": self.random_state() | self.reader.states(),
        }

    def go_to(self, state: dict[str, Any], restore: Callable[[], None]) -> None:
        """Let `fit` go on from a place; `restore` sets variables and callbacks to what they were there."""
        self.epoch, self.batch, self.first_epoch = state["epoch"], state["batch"], state["first_epoch"]
        self.order, self.origin, self.globals = state["order"], state["origin"], state["globals"]

        def restore_all() -> None:
            restore()
            self.set_random_state(state["globals_now"])

        self.restore = restore_all

    def adapter(self, adapter: Any) -> Any:
        """The adapter to read from: as it is, or set to the place."""
        if self.restore is None:
            return adapter
        if self._runs_on:
            if self._generator() is not None:  # it can be begun again, and what was read of it was in another order
                self._set_order(self.origin)
                self.source._iterator, adapter = None, self.source
            for _ in range(self.first_epoch, self.epoch):
                adapter.on_epoch_begin()
                for _ in adapter.batches():
                    pass
                adapter.on_epoch_end()
            return adapter
        self._set_order(self.order)
        self.set_random_state(self.globals)
        return self.source

    def restore_once(self) -> None:
        """Set variables and callbacks to what they were at the place."""
        restore, self.restore = self.restore, None
        if restore is not None:
            restore()

    # Generators ------------------------------------------------------------------------------------------------------

    def _generator(self) -> np.random.Generator | None:
        source = self.source
        while source is not None:
            found = getattr(source, "_generator", None)
            if isinstance(found, np.random.Generator):
                return found
            source = getattr(source, "_source", None)
        return None

    def _order(self) -> Any:
        generator = self._generator()
        return None if generator is None else generator.bit_generator.state

    def _set_order(self, state: Any) -> None:
        generator = self._generator()
        if generator is not None and state is not None:
            generator.bit_generator.state = state

    def random_state(self) -> dict[str, Any]:
        """The global random states as they are now."""
        return random_state(self.kernels)

    def set_random_state(self, state: dict[str, Any]) -> None:
        """Set all of them back."""
        set_random_state(self.kernels, state)
