"""TensorFlow's generated op functions, without what its public API lays over them.

`tf.add` asks type dispatchers before it runs (10 Python calls); the function behind `tf.raw_ops.AddV2` goes straight
into the eager runtime or the graph. `tf.raw_ops` is public; only its check that arguments are named is unwrapped here.
"""

import inspect
from collections.abc import Callable
from typing import Any

import tensorflow as tf


def raw_op(name: str) -> Callable[..., Any]:
    """The function of `tf.raw_ops.<name>`, which takes its arguments in order, tensors first."""
    return inspect.unwrap(getattr(tf.raw_ops, name))
