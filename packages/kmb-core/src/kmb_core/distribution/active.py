"""The distribution under which variables are made and models train; None as long as nobody sets one."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from kmb_core.backend import current_backend
from kmb_core.plugins import Capability

_active: list[Any] = [None]


def distribution() -> Any:
    """The distribution that is set, or None.

    Example:
        >>> from kmb_core.distribution import distribution
        >>> distribution() is None
        True
    """
    return _active[0]


def set_distribution(value: Any) -> None:
    """Set the distribution of the process.

    Args:
        value: a `DataParallel` or a `ModelParallel`; None for no distribution.

    Raises:
        CapabilityError: the current backend cannot train under one; what was set before stays.
    """
    if value is not None:
        current_backend().require(Capability.DISTRIBUTION, "set_distribution", "Set None, or choose another backend.")
    _active[0] = value


@contextmanager
def under(value: Any) -> Iterator[None]:
    """Set a distribution for the time of a block."""
    before = _active[0]
    set_distribution(value)
    try:
        yield
    finally:
        _active[0] = before
