"""Profiles by tf.profiler."""

from collections.abc import Callable

import tensorflow as tf


def start_profile(folder: str) -> Callable[[], None]:
    """Profile what runs from now on.

    Args:
        folder: where the trace goes, below `plugins/profile`, for TensorBoard's profiler plugin.

    Returns:
        The function that ends the profile and writes it.
    """
    tf.profiler.experimental.start(folder)
    return tf.profiler.experimental.stop
