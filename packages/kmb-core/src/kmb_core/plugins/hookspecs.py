"""The hooks that a backend plugin implements.

Each hook hands an object over once; none is called per op (a pluggy call costs 5.8 µs, an op 0.3 µs).
"""

from typing import TYPE_CHECKING, Any

import pluggy

if TYPE_CHECKING:
    from collections.abc import Callable

    from kmb_core.plugins.contract import BackendImplementation, BackendInfo, Exporter

PROJECT = "kmb"
hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


@hookspec
def kmb_backend_info() -> "BackendInfo":  # type: ignore[empty-body]  # a specification has no body
    """Describe the backend. Must not import the framework: listing what is installed calls this hook."""


@hookspec(firstresult=True)
def kmb_make_backend(name: str) -> "BackendImplementation | None":
    """Return the implementation of backend `name`; None for a name that is not this plugin's."""


@hookspec(firstresult=True)
def kmb_make_trainer(name: str, model: Any) -> Any:
    """Return the trainer for `model` on backend `name`; a vendor overrides it with `tryfirst=True`."""


@hookspec
def kmb_data_adapters(name: str) -> "list[Any]":  # type: ignore[empty-body]  # a specification has no body
    """Return data adapters (objects with `accepts(x)` and `make(x, ...)`) for the data types of a framework.

    One may also make a dataset of its framework: `from_loader(loader)` for the format that its `format` names.
    """


@hookspec
def kmb_exporters(name: str) -> "dict[str, Exporter]":  # type: ignore[empty-body]  # a specification has no body
    """Return the exporters of backend `name` by the names of their formats. Must not import the framework.

    All installed plugins are asked, so that a model can be moved to the backend that knows a format.
    """


@hookspec
def kmb_layers(name: str) -> "dict[str, Callable[[], type]]":  # type: ignore[empty-body]  # a specification has no body
    """Return the layers that hold the framework's own modules: functions that give the classes, by public name.

    Nothing of the framework is imported before such a function is called.
    """


@hookspec(firstresult=True)
def kmb_distribution(name: str) -> Any:
    """Return the object that lists devices and lays tensors out over them."""
