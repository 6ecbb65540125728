"""Names of classes and functions in files.

Built-in objects are written under the name that Keras gives them ("keras.layers" / "Dense"), set by `@saved_as`. A
file's names are looked up here and nowhere else: among the built-ins, whose packages announce themselves with
`provide`, and among what the process registered. Nothing is imported because a file says so.
"""

import inspect
import threading
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, TypeVar

from kmb_core._namespaces import RESOLVERS

T = TypeVar("T")

_saved: dict[tuple[str, str], Any] = {}
_providers = RESOLVERS  # filled for the public namespaces by the package itself
_custom: dict[str, Any] = {}
_custom_names: dict[Any, str] = {}


class _Scopes(threading.local):
    def __init__(self) -> None:
        self.stack: list[dict[str, Any]] = []


_scopes = _Scopes()


def saved_as(module: str, name: str | None = None) -> Callable[[T], T]:
    """Decorator: the module and name that a built-in class or function is written under."""

    def mark(thing: T) -> T:
        identity = (module, name or thing.__name__)  # type: ignore[attr-defined]  # classes and functions have it
        thing.__saved_as__ = identity  # type: ignore[attr-defined]  # ours
        _saved[identity] = thing
        return thing

    return mark


def provide(module: str, resolve: Callable[[str], Any]) -> None:
    """Announce a built-in package: `resolve(name)` gives its public object or raises AttributeError."""
    _providers[module] = resolve


def saved_identity(thing: Any) -> tuple[str, str] | None:
    """(module, name) of a built-in class or function; None for others. Subclasses do not inherit it."""
    identity = getattr(thing, "__dict__", {}).get("__saved_as__")
    return identity if identity is not None and identity[1] is not None else None


def built_in(module: str, name: str) -> Any:
    """The built-in object of a name in a file; None when there is none."""
    found = _saved.get((module, name))
    if found is not None:
        return found
    candidate = _offered(module, name)  # importing its module may enter it in the table
    return _saved.get((module, name)) or (candidate if saved_identity(candidate) is not None else None)


# Files write a built-in function by its bare name; these are searched for it in this order.
FUNCTION_MODULES = ("keras.activations", "keras.losses", "keras.metrics", "keras.ops")
_NO_FUNCTIONS_OF_FILES = frozenset({"get", "serialize", "deserialize"})


def built_in_function(name: str) -> Any:
    """The built-in function of a bare name in a file ("relu"); None when there is none."""
    if name.startswith("_") or name in _NO_FUNCTIONS_OF_FILES:
        return None
    for module in FUNCTION_MODULES:
        found = _saved.get((module, name)) or _offered(module, name)
        if inspect.isfunction(found) and found.__module__.startswith("kmb_core."):
            return found
    return None


def _offered(module: str, name: str) -> Any:
    """What the package behind a module of Keras has under a name; None when it has nothing."""
    try:
        return _providers[module](name)
    except (KeyError, AttributeError):
        return None


def register_keras_serializable(package: str = "Custom", name: str | None = None) -> Callable[[T], T]:
    """Decorator: let files name a custom class or function, as "package>name".

    Args:
        package: first part of the registered name.
        name: second part; the object's own name when None.

    Raises:
        ValueError: for a class without `get_config`.

    Example:
        >>> import kmb_core
        >>> @kmb_core.saving.register_keras_serializable("docs")
        ... def double(x):
        ...     return x + x
        >>> kmb_core.saving.get_registered_name(double)
        'docs>double'
    """

    def mark(thing: T) -> T:
        registered = f"{package}>{name or thing.__name__}"  # type: ignore[attr-defined]  # classes and functions have it
        if isinstance(thing, type) and not hasattr(thing, "get_config"):
            raise ValueError(f"register_keras_serializable: class {thing.__name__} has no get_config method")
        _custom[registered] = thing
        _custom_names[thing] = registered
        return thing

    return mark


def get_custom_objects() -> dict[str, Any]:
    """The process' registered objects by name; writing to it registers."""
    return _custom


def get_registered_name(obj: Any) -> str:
    """The name that an object is registered under; its own name when it is not."""
    return _custom_names.get(obj, getattr(obj, "__name__", type(obj).__name__))


def get_registered_object(
    name: str, custom_objects: Mapping[str, Any] | None = None, module_objects: Mapping[str, Any] | None = None
) -> Any:
    """The object of a registered name, or None: scopes first, then what was registered, then the dicts given."""
    for scope in [*reversed(_scopes.stack), _custom, custom_objects or {}, module_objects or {}]:
        if name in scope:
            return scope[name]
    return None


class CustomObjectScope:
    """Inside, names in files may also mean these objects.

    Args:
        custom_objects: {name: class or function}.

    Example:
        >>> import kmb_core
        >>> class Mine: pass
        >>> with kmb_core.saving.CustomObjectScope({"Mine": Mine}):
        ...     kmb_core.saving.get_registered_object("Mine") is Mine
        True
    """

    def __init__(self, custom_objects: dict[str, Any] | None) -> None:
        self.custom_objects = dict(custom_objects or {})

    def __enter__(self) -> "CustomObjectScope":
        _scopes.stack.append(self.custom_objects)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        _scopes.stack.pop()


custom_object_scope = CustomObjectScope
