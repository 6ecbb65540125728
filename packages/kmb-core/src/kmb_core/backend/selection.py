"""Which backend is current.

Chosen at the first use, never at import; the first that says something wins: `use_backend(...)`,
`config.set_backend(...)`, `KMB_BACKEND`, `KERAS_BACKEND`, the user's config file, the only one installed, and then the
priority that the installed plugins declare.

The name "auto" stands for the backend that was fastest when the model was measured last (`kmb bench`). Before a model
is known that is the fastest one for the model that was measured last of all; while nothing was measured, the next rule
in the order above speaks. `load_model` knows its model, and takes the backend measured for it (`chosen_for`).
"""

import logging
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from kmb_core import settings
from kmb_core.backend.state import process, state
from kmb_core.plugins import Backend, installed_backends, load_backend
from kmb_core.plugins.discovery import backend_info, none_installed
from kmb_core.settings import measured

VARIABLES = ("KMB_BACKEND", "KERAS_BACKEND")
AUTO = "auto"

logger = logging.getLogger("kmb_core")


def current_backend() -> Backend:
    """The backend that ops run on here and now; chosen and loaded at the first call."""
    return state.override or process.backend or _choose()


def _choose() -> Backend:
    process.backend = load_backend(chosen_name())
    return process.backend


def chosen_name() -> str:
    """The name that the rules give when no scope and no `set_backend` has spoken."""
    for name in _wanted():
        if name != AUTO:
            return name
        process.automatic = True
        found = _fastest(None, "training")
        if found is not None:
            return found
    return _usual(process.automatic)


def _wanted() -> Iterator[str]:
    """What the user's surroundings name, in the order of their weight."""
    yield from filter(None, map(os.environ.get, VARIABLES))
    configured = settings.configured_backend()
    if configured:
        yield configured


def _usual(said: bool) -> str:
    names = sorted(installed_backends())
    if not names:
        raise none_installed()
    name = names[0] if len(names) == 1 else max(names, key=_priority)
    if said:
        logger.warning("backend 'auto': nothing was measured yet, so it is %s; `kmb bench MODEL.keras` measures", name)
    return name


def _fastest(fingerprint: str | None, purpose: str) -> str | None:
    return measured.fastest(fingerprint, purpose, installed_backends())


@contextmanager
def chosen_for(fingerprint: Callable[[], str], purpose: str) -> Iterator[None]:
    """Run the code inside on the backend that was measured as the fastest for a model, where "auto" was asked for.

    Args:
        fingerprint: gives the fingerprint of the model's architecture; called only where it matters.
        purpose: "training" or "inference".
    """
    if state.override is not None or not _is_automatic():
        yield
        return
    name = _fastest(fingerprint(), purpose)
    if name is None:
        yield
    elif process.backend is None:  # the model is the first that asks: the whole process goes along
        process.backend = load_backend(name)
        yield
    else:
        if name != process.backend.name:
            logger.warning("backend 'auto': the model was fastest on %s, and is loaded on it", name)
        with use_backend(name):
            yield


def _is_automatic() -> bool:
    if process.backend is None:
        process.automatic = next(_wanted(), None) == AUTO
    return process.automatic


def _priority(name: str) -> int:
    try:
        return backend_info(name).priority
    except Exception:  # a broken plugin is passed over here and reported by `kmb backends`
        return -1


def resolve_backend(backend: str | Backend) -> Backend:
    """The backend object for a name."""
    if not isinstance(backend, str):
        return backend
    return load_backend(_fastest(None, "training") or _usual(True) if backend == AUTO else backend)


def is_current(backend: Backend) -> bool:
    """Whether a backend is the current one of this thread: a scope is entered where it is not."""
    return (state.override or process.backend) is backend


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
    process.automatic = backend == AUTO


def backend() -> str:
    """The current backend's name.

    Example:
        >>> import kmb_core
        >>> isinstance(kmb_core.config.backend(), str)
        True
    """
    return current_backend().name
