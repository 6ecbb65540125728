"""AutoGraph, which rewrites Python's `if` and `while` on tensors into graph operations.

The core has none of those, and tracing it rewritten takes several times longer, so AutoGraph is told to leave it alone:
a user's own `tf.function` that calls a layer traces the layer directly. Code of users below the core (`call` of their
layers, their steps) is rewritten when a trace of the trainer meets a condition that needs it.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import tensorflow as tf
from tensorflow.python.autograph.core import config  # there is no public way to name code that stays as it is

OURS = ("kmb_core", "kmb_backend_tensorflow")


def leave_core_alone() -> None:
    """Exempt the core and this package from being rewritten."""
    ours = tuple(config.DoNotConvert(name) for name in OURS)
    if not any(getattr(rule, "_prefix", None) == OURS[0] for rule in config.CONVERSION_RULES):
        config.CONVERSION_RULES = (*ours, *config.CONVERSION_RULES)


def rewritten(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function as AutoGraph rewrites it."""
    context = tf.__internal__.autograph.control_status_ctx()
    return tf.__internal__.autograph.tf_convert(function, context, convert_by_default=True, user_requested=True)


@contextmanager
def rewritten_calls(model: Any) -> Iterator[None]:
    """Inside, users' layers run their rewritten `call`."""
    own = [layer for layer in model._flatten_layers() if not is_ours(layer.call)]
    for layer in own:
        layer.__dict__["call"] = rewritten(layer.call)
    try:
        yield
    finally:
        for layer in own:
            del layer.__dict__["call"]


def is_ours(function: Any) -> bool:
    """Whether a function is the core's or this package's."""
    return function.__module__.partition(".")[0] in OURS
