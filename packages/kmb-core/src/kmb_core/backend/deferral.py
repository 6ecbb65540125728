"""Initial values that are worked out when somebody first wants to know them.

Drawing is most of the time of building a large model, and for nothing where a file's weights replace the values
(`benchmarks/time_applications.py`, `time_files.py`). What decides the numbers, the key and the shape, is fixed when the
variable is made, so they do not depend on when they are read, or whether in another order.

A variable that waits has no attribute `_value`; reading it lands in `Variable.__getattr__`, which settles it. Variables
that wait no longer pay nothing.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import RLock, Thread
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

    from kmb_core.backend.variable import Variable

_lock = RLock()  # two threads that read a variable for the first time get the same value


class Deferred:
    """An initializer whose values may wait until they are read.

    Args:
        initializer: has a method `later(shape, dtype)`, which gives a function without arguments, or None where the
            values cannot wait.
    """

    def __init__(self, initializer: Any) -> None:
        self.initializer = initializer


class Waiting:
    """How a variable comes by its value: a function that gives an array, and `trainable` as it was at the start."""

    def __init__(self, draw: "Callable[[], np.ndarray]", trainable: bool) -> None:
        self.draw, self.trainable = draw, trainable


def deferred(initializer: Any) -> Any:
    """The initializer, marked where its values may wait."""
    return Deferred(initializer) if hasattr(initializer, "later") else initializer


def settle(variable: "Variable") -> None:
    """Work out the value of a variable that waits for it."""
    with _lock:
        waiting = variable._waiting
        if waiting is not None:
            _outside_contexts(variable, lambda: _hold(variable, waiting, lambda: _stored(variable, waiting.draw())))


def hold_first(variable: "Variable", value: Any) -> None:
    """Give a variable that waits a tensor of its own dtype instead; its initial value is never worked out."""
    with _lock:
        waiting = variable._waiting
        if waiting is None:
            variable._write(value)
        else:
            _hold(variable, waiting, lambda: _stored(variable, value))


@contextmanager
def storage_to_fill(variable: "Variable") -> Iterator[None]:
    """Inside, a variable that waited has storage, to be given a value; where that fails it waits again."""
    with _lock:
        waiting = variable._waiting
        if waiting is not None:
            _hold(variable, waiting, variable._placeholder)
    try:
        yield
    except BaseException:
        if waiting is not None:
            del variable._value
            variable._waiting = waiting
        raise


def _outside_contexts(variable: "Variable", hold: Callable[[], None]) -> None:
    """Make the value where it would have been made at first, whatever devices or replicas are current by now."""
    if variable._may_wait():
        hold()
        return
    failed: list[BaseException] = []

    def run() -> None:
        try:
            hold()
        except BaseException as error:  # raised again in the thread that asked
            failed.append(error)

    thread = Thread(target=run, name="initial value")
    thread.start()
    thread.join()
    if failed:
        raise failed[0]


def _stored(variable: "Variable", value: Any) -> Any:
    return variable._create(variable._initial_value(value, None, variable._dtype))


def _hold(variable: "Variable", waiting: Waiting, create: Callable[[], Any]) -> None:
    now = variable._trainable
    try:
        variable._trainable = waiting.trainable  # by which frameworks choose the storage
        created = create()
    finally:
        variable._trainable = now
    variable._value = created
    variable._waiting = None
    if now != waiting.trainable:
        variable.trainable = now


__all__ = ["Deferred", "Waiting", "deferred", "hold_first", "settle", "storage_to_fill"]
