"""Concrete functions, called without what TensorFlow does around them."""

from collections.abc import Callable
from typing import Any


def quick(concrete: Any) -> Callable[..., Any]:
    """A concrete function without the binding of its arguments, 255 Python calls, where TensorFlow allows it."""
    call_flat = getattr(concrete, "_call_flat", None)
    if call_flat is None:
        return concrete
    return lambda *tensors: call_flat(list(tensors), concrete.captured_inputs)
