"""Layers of a backend that has a native layer class: torch.nn.Module, TensorFlow's trackable objects.

`Layer.__new__` makes an instance of a class joined from the declared class and the native one. It is made once per
class and backend and has the declared class' name, module and documentation; `public_class` gives the declared one
back, which is what serialization and pickle use. The native base comes last among the bases, so the declared class'
methods win, and it is initialised here, so attributes may be set before `super().__init__()`.

Without a native class (JAX, NumPy) an instance is of the declared class itself.
"""

import threading
import types
from typing import Any

from kmb_core.backend import current_backend, use_backend
from kmb_core.plugins import Backend

_joined: dict[tuple[type, type], type] = {}
_lock = threading.Lock()


def public_class(x: Any) -> type:
    """The declared class of an object or of a joined class."""
    cls = x if isinstance(x, type) else type(x)
    return cls.__dict__.get("__kmb_public__", cls)


def joined_class(cls: type, native: type) -> type:
    """`cls` with the native layer class as its last base; `cls` itself when it has that base already."""
    if issubclass(cls, native):
        return cls
    with _lock:
        if (cls, native) not in _joined:
            namespace = {
                "__kmb_public__": cls,
                "__module__": cls.__module__,
                "__qualname__": cls.__qualname__,
                "__doc__": cls.__doc__,
            }
            # What a native class has to say before the declared one, by name; all else stays the other way round.
            namespace |= {name: native.__dict__[name] for name in native.__dict__.get("__kmb_overrides__", ())}
            _joined[cls, native] = types.new_class(cls.__name__, (cls, native), {}, lambda body: body.update(namespace))
        return _joined[cls, native]


def new_instance(cls: type, backend: Backend | None = None) -> Any:
    """An empty instance of `cls` for a backend, its native base initialised."""
    backend = backend or current_backend()
    native = backend.layer_class
    if native is None:
        instance = object.__new__(cls)
    else:
        instance = object.__new__(joined_class(cls, native))
        native.__init__(instance)
    instance.__dict__["_native_attributes"] = frozenset(instance.__dict__)
    instance.__dict__["_backend"] = backend
    return instance


def rebuild(cls: type, backend: Backend) -> Any:
    """What unpickling and copying call: a new instance, whose attributes follow."""
    with use_backend(backend):
        return new_instance(cls, backend)
