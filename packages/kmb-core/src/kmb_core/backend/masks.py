"""Masks travel with tensors: which steps of a sequence count.

A mask is an attribute of its tensor; where the framework's tensors take none (NumPy), a table keyed by the tensor's
identity holds it as long as the tensor lives. `in_use.any` stays False until the first mask is made: no layer looks for
masks in a process that has none.
"""

import weakref
from typing import Any


class InUse:
    """Whether any mask was made in this process."""

    __slots__ = ("any",)

    def __init__(self) -> None:
        self.any = False


in_use = InUse()
_table: dict[int, tuple[Any, Any]] = {}


def set_mask(x: Any, mask: Any) -> None:
    """Attach a mask to a tensor; None takes it off."""
    if mask is None and not in_use.any:
        return
    in_use.any = True
    try:
        x._keras_mask = mask
        return
    except AttributeError:
        pass
    key = id(x)
    try:
        reference = weakref.ref(x, lambda _: _table.pop(key, None))
    except TypeError:  # a scalar: nothing that a mask could belong to
        return
    if mask is None:
        _table.pop(key, None)
    else:
        _table[key] = (reference, mask)


def get_mask(x: Any) -> Any:
    """The tensor's mask, or None."""
    if not in_use.any:
        return None
    mask = getattr(x, "_keras_mask", None)
    if mask is not None:
        return mask
    entry = _table.get(id(x))
    return entry[1] if entry is not None and entry[0]() is x else None
