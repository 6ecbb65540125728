"""Names of objects: snake case of the class, and a counter that makes automatic names unique in a process."""

import re
import threading
from collections import defaultdict

_lock = threading.Lock()
_counters: dict[str, int] = defaultdict(int)


def to_snake_case(name: str) -> str:
    """ "MaxPooling2D" → "max_pooling2d", "LSTMCell" → "lstm_cell"."""
    name = re.sub(r"\W+", "", name)
    name = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower()


def auto_name(prefix: str) -> str:
    """`prefix`, then `prefix_1`, `prefix_2`, … in the order of the calls."""
    prefix = to_snake_case(prefix)
    with _lock:
        count = _counters[prefix]
        _counters[prefix] += 1
    return prefix if count == 0 else f"{prefix}_{count}"


def get_uid(prefix: str = "") -> int:
    """The next number, from 1, for a prefix.

    Example:
        >>> import kmb_core
        >>> kmb_core.backend.get_uid("docs_example")
        1
    """
    with _lock:
        _counters[prefix] += 1
        return _counters[prefix]


def clear_session(free_memory: bool = True) -> None:
    """Start the automatic names again; with `free_memory`, collect garbage.

    Args:
        free_memory: whether to run Python's garbage collector.

    Example:
        >>> import kmb_core
        >>> kmb_core.backend.clear_session()
    """
    reset_names()
    if free_memory:
        import gc

        gc.collect()


def reset_names() -> None:
    """Start all counters again (`clear_session`)."""
    with _lock:
        _counters.clear()
