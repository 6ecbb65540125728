"""Profiles by tf.profiler, and how much memory was taken."""

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


def peak_memory() -> int | None:
    """The most bytes that tensors have taken on the first GPU; None without one."""
    if not tf.config.list_logical_devices("GPU"):
        return None
    return tf.config.experimental.get_memory_info("GPU:0")["peak"]
