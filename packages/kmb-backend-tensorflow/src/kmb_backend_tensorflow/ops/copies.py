"""Copies: tensors cannot be overwritten, but variables can."""

from typing import Any

import tensorflow as tf


def copy(x: Any) -> tf.Tensor:
    """The values as they are now."""
    return tf.identity(x)
