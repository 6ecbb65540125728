"""Profiles by torch.profiler."""

from collections.abc import Callable

import torch


def start_profile(folder: str) -> Callable[[], None]:
    """Profile what runs from now on.

    Args:
        folder: where the trace goes, a `.pt.trace.json` file for TensorBoard's profiler plugin and chrome://tracing.

    Returns:
        The function that ends the profile and writes it.
    """
    profiler = torch.profiler.profile(on_trace_ready=torch.profiler.tensorboard_trace_handler(folder))
    profiler.start()
    return profiler.stop
