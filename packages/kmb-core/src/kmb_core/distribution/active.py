"""The distribution under which variables are made and models train; None as long as nobody sets one."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from kmb_core.backend import current_backend
from kmb_core.plugins import Capability
from kmb_core.settings.store import settings


def distribution() -> Any:
    """The distribution that is set, or None.

    Example:
        >>> from kmb_core.distribution import distribution
        >>> distribution() is None
        True
    """
    return settings.distribution


def set_distribution(value: Any) -> None:
    """Set the distribution of the process: variables that are made and models that train from here on follow it.

    Args:
        value: a `DataParallel` or a `ModelParallel`; None for no distribution.

    Raises:
        CapabilityError: the current backend cannot train under it; what was set before stays.
    """
    if value is not None:
        backend = current_backend()
        backend.require(Capability.DISTRIBUTION, "set_distribution", "Set None, or choose another backend.")
        backend.kernels["check_distribution"](value)
    settings.distribution = value


@contextmanager
def under(value: Any) -> Iterator[None]:
    """Set a distribution for the time of a block."""
    before = settings.distribution
    set_distribution(value)
    try:
        yield
    finally:
        settings.distribution = before
