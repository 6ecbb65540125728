"""Profiles by torch.profiler, and how much memory was taken."""

from collections.abc import Callable

import torch

from kmb_backend_torch.placement import placement


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


def peak_memory() -> int | None:
    """The most bytes that tensors have taken on the current GPU; None on the processor."""
    device = placement.device
    return torch.cuda.max_memory_allocated(device) if device.type == "cuda" else None
