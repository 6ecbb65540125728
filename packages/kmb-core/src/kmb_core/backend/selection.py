"""Which backend is current.

Chosen at the first use, never at import; the first that says something wins: `use_backend(...)`,
`config.set_backend(...)`, `KMB_BACKEND`, `KERAS_BACKEND`, the user's config file, the only one installed, and then the
priority that the installed plugins declare.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from kmb_core import settings
from kmb_core.backend.state import process, state
from kmb_core.plugins import Backend, installed_backends, load_backend
from kmb_core.plugins.discovery import backend_info, none_installed

VARIABLES = ("KMB_BACKEND", "KERAS_BACKEND")


def current_backend() -> Backend:
    """The backend that ops run on here and now; chosen and loaded at the first call."""
    return state.override or process.backend or _choose()


def _choose() -> Backend:
    process.backend = load_backend(chosen_name())
    return process.backend


def chosen_name() -> str:
    """The name that the rules give when no scope and no `set_backend` has spoken."""
    for variable in VARIABLES:
        if os.environ.get(variable):
            return os.environ[variable]
    configured = settings.configured_backend()
    if configured:
        return configured
    names = sorted(installed_backends())
    if not names:
        raise none_installed()
    return names[0] if len(names) == 1 else max(names, key=_priority)


def _priority(name: str) -> int:
    try:
        return backend_info(name).priority
    except Exception:  # a broken plugin is passed over here and reported by `kmb backends`
        return -1


def resolve_backend(backend: str | Backend) -> Backend:
    """The backend object for a name."""
    return load_backend(backend) if isinstance(backend, str) else backend


@contextmanager
def use_backend(backend: str | Backend) -> Iterator[Backend]:
    """Run the code inside on another backend, in this thread only.

    Args:
        backend: a name such as "numpy", or a `Backend`.

    Raises:
        BackendNotInstalledError, UnknownBackendError, BrokenBackendError: see `kmb backends`.

    Example:
        >>> import kmb_core
        >>> with kmb_core.use_backend(kmb_core.config.backend()) as backend:
        ...     float(kmb_core.ops.add(1.0, 2.0))
        3.0
    """
    resolved = resolve_backend(backend)
    before = state.override
    state.override = resolved
    try:
        yield resolved
    finally:
        state.override = before


def set_backend(backend: str | Backend) -> None:
    """Make a backend the process' default: for this thread and all others that have no scope of their own.

    Objects built before keep the backend that they were built on.
    """
    process.backend = resolve_backend(backend)


def backend() -> str:
    """The current backend's name.

    Example:
        >>> import kmb_core
        >>> isinstance(kmb_core.config.backend(), str)
        True
    """
    return current_backend().name
