"""What one deserialization knows across the nested calls that classes make in `from_config`.

Each thread has its own.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

# Levels of objects, lists and dicts in one another. A level of nested models is some ten Python calls of the thousand
# that the interpreter allows; real models have fewer than ten levels.
MAX_DEPTH = 64


class _State(threading.local):
    def __init__(self) -> None:
        self.depth = 0
        self.compile = True  # whether models are compiled as the file says
        self.shared: dict[Any, Any] = {}  # objects with a shared_object_id


state = _State()


@contextmanager
def compiling(wanted: bool) -> Iterator[None]:
    """Inside, models are compiled as their file says, or not."""
    before, state.compile = state.compile, wanted
    try:
        yield
    finally:
        state.compile = before
