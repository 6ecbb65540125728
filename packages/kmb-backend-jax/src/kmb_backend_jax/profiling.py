"""Profiles by jax.profiler, and how much memory was taken."""

from collections.abc import Callable

import jax
import jax.numpy as jnp


def start_profile(folder: str) -> Callable[[], None]:
    """Profile what runs from now on.

    Args:
        folder: where the trace goes, below `plugins/profile`, for TensorBoard's profiler plugin and Perfetto.

    Returns:
        The function that ends the profile and writes it.
    """
    jax.profiler.start_trace(folder)
    return jax.profiler.stop_trace


def peak_memory() -> int | None:
    """The most bytes that arrays have taken on the default device; None on the processor."""
    statistics = jnp.zeros(()).devices().pop().memory_stats()
    return None if statistics is None else statistics.get("peak_bytes_in_use")
