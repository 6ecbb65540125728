"""Switches, and the limits that cut every `fit` short while trying something out."""

from kmb_core.settings import checks
from kmb_core.settings.store import settings


def enable_interactive_logging() -> None:
    """Show progress on the standard output (the default)."""
    settings.interactive_logging = True


def disable_interactive_logging() -> None:
    """Send progress to the log instead of the standard output."""
    settings.interactive_logging = False


def is_interactive_logging_enabled() -> bool:
    """Tell whether progress is shown on the standard output."""
    return settings.interactive_logging


def enable_traceback_filtering() -> None:
    """Leave the library's own frames out of tracebacks (the default)."""
    settings.traceback_filtering = True


def disable_traceback_filtering() -> None:
    """Show the library's own frames in tracebacks."""
    settings.traceback_filtering = False


def is_traceback_filtering_enabled() -> bool:
    """Tell whether the library's own frames are left out of tracebacks."""
    return settings.traceback_filtering


def enable_flash_attention() -> None:
    """Ask for the backend's fused attention kernel, and fail where it cannot be used."""
    settings.flash_attention = True


def disable_flash_attention() -> None:
    """Keep to the plain attention formula."""
    settings.flash_attention = False


def is_flash_attention_enabled() -> bool | None:
    """Return True, False, or None where the backend may choose (the default)."""
    return settings.flash_attention


def is_nnx_enabled() -> bool:
    """Return False: layers are not made of Flax NNX modules."""
    return False


def enable_unsafe_deserialization() -> None:
    """Let files that hold code be loaded in this process, from here on; only for files you trust."""
    settings.unsafe_deserialization = True


def is_unsafe_deserialization_enabled() -> bool:
    """Tell whether files that hold code may be loaded."""
    return settings.unsafe_deserialization


def max_epochs() -> int | None:
    """Return the most epochs that any `fit` runs, or None."""
    return settings.max_epochs


def set_max_epochs(max_epochs: int | None) -> None:
    """Set the most epochs that any `fit` runs, or None for no limit.

    Raises:
        ValueError: where it is neither None nor a whole number above 0.
    """
    settings.max_epochs = checks.limit("max_epochs", max_epochs)


def max_steps_per_epoch() -> int | None:
    """Return the most steps that any epoch of `fit`, `evaluate` or `predict` runs, or None."""
    return settings.max_steps_per_epoch


def set_max_steps_per_epoch(max_steps_per_epoch: int | None) -> None:
    """Set the most steps that any epoch runs, or None for no limit.

    Raises:
        ValueError: where it is neither None nor a whole number above 0.
    """
    settings.max_steps_per_epoch = checks.limit("max_steps_per_epoch", max_steps_per_epoch)


def read_ahead() -> int:
    """Return how many batches of a slow source are read while steps run."""
    return settings.read_ahead


def set_read_ahead(batches: int) -> None:
    """Set how many batches of a slow source a thread reads while steps run; 0 reads each batch when its step is due.

    Say 0 where what is read depends on the steps before: a generator that asks the model which samples it finds hard.

    Args:
        batches: how many, 2 at first.

    Raises:
        ValueError: where it is no whole number, or below 0.
    """
    settings.read_ahead = checks.count("read_ahead", batches)
