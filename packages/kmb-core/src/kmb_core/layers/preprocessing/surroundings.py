"""Which backend the tensors of a call are of, where that is not the layer's own.

A framework that traces a function into a graph (the `map` of a dataset, a compiled step) hands over tensors without
values: nothing but that framework can go on from them.
"""

from collections.abc import Iterable
from typing import Any

import numpy as np

from kmb_core.plugins import Backend, installed_backends, load_backend, loaded_backends
from kmb_core.plugins.discovery import backend_info

_VALUES = frozenset({int, float, bool, str, bytes, type(None), np.ndarray})  # what has a value for certain
_owners: dict[type, Backend | None] = {}


def tracing_backend(leaves: Iterable[Any]) -> Backend | None:
    """The backend whose framework is tracing one of these objects into a graph; None where all have values."""
    for leaf in leaves:
        if leaf.__class__ in _VALUES or isinstance(leaf, np.generic):
            continue
        backend = owner(leaf)
        if backend is not None and backend.implementation.is_traced(leaf):
            return backend
    return None


def owner(leaf: Any) -> Backend | None:
    """The backend that a tensor is of, loaded where its framework is there and the backend is not yet."""
    kind = leaf.__class__
    if kind not in _owners:
        _owners[kind] = _loaded_owner(leaf) or _installed_owner(leaf)
    return _owners[kind]


def _loaded_owner(leaf: Any) -> Backend | None:
    return next((backend for backend in loaded_backends().values() if backend.is_tensor(leaf)), None)


def _installed_owner(leaf: Any) -> Backend | None:
    root = type(leaf).__module__.partition(".")[0]
    for name in installed_backends():
        if name not in loaded_backends() and backend_info(name).framework.partition("-")[0] == root:
            backend = load_backend(name)
            return backend if backend.is_tensor(leaf) else None
    return None
