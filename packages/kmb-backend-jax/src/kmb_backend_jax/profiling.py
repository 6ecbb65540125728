"""Profiles by jax.profiler."""

from collections.abc import Callable

import jax


def start_profile(folder: str) -> Callable[[], None]:
    """Profile what runs from now on.

    Args:
        folder: where the trace goes, below `plugins/profile`, for TensorBoard's profiler plugin and Perfetto.

    Returns:
        The function that ends the profile and writes it.
    """
    jax.profiler.start_trace(folder)
    return jax.profiler.stop_trace
