"""Finding and loading backends.

Listing reads metadata only. Loading imports the one plugin that was named, checks its contract, asks it for its
implementation and assembles a `Backend`; a plugin that fails is reported with its own error and breaks no other.
"""

import copyreg
import os
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any

import pluggy

from kmb_core.errors import BackendNotInstalledError, BrokenBackendError, UnknownBackendError, message
from kmb_core.plugins import hookspecs
from kmb_core.plugins.assembled import Backend
from kmb_core.plugins.contract import CONTRACT, BackendInfo
from kmb_core.plugins.extensions import OpExtension

GROUP = "kmb.backends"
EXTENSION_GROUP = "kmb.extensions"
DISABLE_AUTOLOAD = "KMB_DISABLE_PLUGIN_AUTOLOAD"

_lock = threading.RLock()
_loaded: dict[str, Backend] = {}
_managers: dict[str, pluggy.PluginManager] = {}
_registered: dict[str, Any] = {}
_registered_extensions: list[OpExtension] = []
_vendors: dict[str, list[Any]] = {}

copyreg.pickle(Backend, lambda backend: (load_backend, (backend.name,)))  # a backend is pickled by name


@dataclass(frozen=True)
class InstalledBackend:
    """A backend that an entry point announces; `package` and `version` are its distribution's."""

    name: str
    package: str
    version: str
    entry_point: Any = None

    def plugin(self) -> Any:
        """Import the plugin module (not its framework)."""
        return self.entry_point.load() if self.entry_point is not None else _registered[self.name]


def installed_backends() -> dict[str, InstalledBackend]:
    """All backends that could be loaded, by name; imports nothing."""
    found = {} if os.environ.get(DISABLE_AUTOLOAD, "") not in ("", "0") else dict(_announced())
    for name in _registered:
        found[name] = InstalledBackend(name, "registered in this process", "")
    return found


@cache
def _announced() -> dict[str, InstalledBackend]:
    return {
        point.name: InstalledBackend(point.name, point.dist.name, point.dist.version, point)
        for point in _entry_points(GROUP)
        if point.dist is not None
    }


def _entry_points(group: str) -> Iterable[Any]:
    import importlib_metadata  # 30 ms; nothing needs it before a backend is chosen

    return importlib_metadata.entry_points(group=group)


def register(name: str, plugin: Any) -> None:
    """Announce a plugin from code: an object or module with the hooks of `kmb_core.plugins.hookspecs`."""
    with _lock:
        _registered[name] = plugin
        _forget(name)


def register_extension(extension: OpExtension) -> None:
    """Add an op extension; takes effect when its backend is loaded the next time."""
    with _lock:
        _registered_extensions.append(extension)
        _forget(extension.backend)


def unregister(name: str) -> None:
    """Take back what `register` announced, and the extensions registered for it."""
    with _lock:
        _registered.pop(name, None)
        _registered_extensions[:] = [e for e in _registered_extensions if e.backend != name]
        _forget(name)


def _forget(name: str) -> None:
    _loaded.pop(name, None)
    _managers.pop(name, None)


def loaded_backends() -> dict[str, Backend]:
    """The backends that this process has loaded so far."""
    return dict(_loaded)


def load_backend(name: str) -> Backend:
    """The assembled backend; loading happens once, in whichever thread comes first."""
    backend = _loaded.get(name)
    if backend is not None:
        return backend
    with _lock:
        if name not in _loaded:
            _loaded[name] = _load(name)
        return _loaded[name]


def _load(name: str) -> Backend:
    installed = installed_backends().get(name)
    if installed is None:
        raise _not_found(name)
    try:
        manager = _manager(installed)
        info = backend_info(name)
        if info.contract == CONTRACT:
            implementation = manager.hook.kmb_make_backend(name=name)
    except Exception as error:
        what = f"backend {name!r} ({installed.package} {installed.version}) is installed but does not load"
        cause = f"{type(error).__name__}: {error}"
        raise BrokenBackendError(
            message(what, cause, f"pip install --upgrade --force-reinstall {_package(name)}")
        ) from error
    if info.contract != CONTRACT:
        raise BrokenBackendError(_wrong_contract(installed, info))
    if implementation is None:
        what = f"backend {name!r} ({installed.package} {installed.version}) is installed but hands over nothing"
        raise BrokenBackendError(message(what, "Its hook kmb_make_backend returned None.", "Report it to its authors."))
    return Backend(info, implementation, _extensions_for(name))


def backend_info(name: str) -> BackendInfo:
    """What the plugin says of itself; imports the plugin module, not the framework."""
    installed = installed_backends().get(name)
    if installed is None:
        raise _not_found(name)
    answers = [info for info in _manager(installed).hook.kmb_backend_info() if info.name == name]
    if not answers:
        raise BrokenBackendError(f"backend {name!r}: its plugin implements no kmb_backend_info hook for this name")
    return answers[0]


def _manager(installed: InstalledBackend) -> pluggy.PluginManager:
    manager = _managers.get(installed.name)
    if manager is None:
        manager = pluggy.PluginManager(hookspecs.PROJECT)
        manager.add_hookspecs(hookspecs)
        manager.register(installed.plugin())
        for vendor in _vendors.get(installed.name, ()):
            manager.register(vendor)
        _managers[installed.name] = manager
    return manager


def register_vendor(name: str, plugin: Any) -> None:
    """Add a second plugin to a backend: its hooks (for instance kmb_make_trainer, tryfirst) join those of the first."""
    with _lock:
        _vendors.setdefault(name, []).append(plugin)
        _managers.pop(name, None)


def make_trainer(backend: Backend, model: Any) -> Any:
    """The trainer that the backend's plugin, or a vendor's override, makes for a model."""
    return _hooks(backend.name).kmb_make_trainer(name=backend.name, model=model)


def collected(backend: Backend, hook: str) -> list[Any]:
    """The answers of a collecting hook (`kmb_data_adapters`, `kmb_exporters`)."""
    return getattr(_hooks(backend.name), hook)(name=backend.name)


def offered_layer(layer: str) -> tuple[type | None, list[Exception]]:
    """The class of a layer that holds modules of a framework, and what kept plugins from being asked for it.

    Args:
        layer: its public name.
    """
    errors: list[Exception] = []
    for name in installed_backends():
        try:
            tables = _hooks(name).kmb_layers(name=name)
        except Exception as error:  # of a plugin that is broken: another one may have the layer
            errors.append(error)
            continue
        for table in tables:
            if layer in table:
                return table[layer](), errors
    return None, errors


def offered_exporters() -> dict[str, dict[str, Any]]:
    """{backend: {format: exporter}} of all installed plugins that load; no framework is imported.

    Of two exporters of one format that of the plugin registered later counts, as for other hooks.
    """
    found: dict[str, dict[str, Any]] = {}
    for name in installed_backends():
        try:
            tables = _hooks(name).kmb_exporters(name=name)
        except Exception:  # of a plugin that is broken: whoever asks for its backend learns why
            continue
        found[name] = {format: exporter for table in reversed(tables) for format, exporter in table.items()}
    return found


def _hooks(name: str) -> Any:
    return _manager(installed_backends()[name]).hook


def _extensions_for(name: str) -> list[OpExtension]:
    found: list[OpExtension] = []
    points = () if os.environ.get(DISABLE_AUTOLOAD, "") not in ("", "0") else _entry_points(EXTENSION_GROUP)
    for point in points:
        try:
            loaded = point.load()
        except Exception as error:
            import warnings

            warnings.warn(f"kmb extension {point.name!r} does not load and is left out: {error!r}", stacklevel=4)
            continue
        items = [loaded] if isinstance(loaded, OpExtension) else list(loaded)
        found += [OpExtension(e.backend, e.op, e.function, e.wrap, point.name) for e in items]
    return [e for e in [*found, *_registered_extensions] if e.backend == name]


def _published() -> tuple[str, ...]:
    """Names that can be had from the package index: the extras of this package that bring a backend."""
    import importlib_metadata  # see _entry_points

    requirements = importlib_metadata.requires("kmb-core") or []
    return tuple(
        r.removeprefix("kmb-backend-").split(";")[0].split("~")[0].strip()
        for r in requirements
        if r.startswith("kmb-backend-")
    )


def _package(name: str) -> str:
    return f"kmb-core[{name}]" if name in _published() else name


def _not_found(name: str) -> Exception:
    installed = sorted(installed_backends())
    if name in _published():
        what = f"backend {name!r} is not installed (installed: {', '.join(installed) or 'none'})"
        return BackendNotInstalledError(message(what, None, f"pip install {_package(name)}"))
    what = f"unknown backend {name!r}: installed are {', '.join(installed) or 'none'}"
    return UnknownBackendError(
        message(what, f"Known names: {', '.join(_published())}.", "`kmb backends` lists what is installed.")
    )


def none_installed() -> Exception:
    """The error for a machine without any backend."""
    commands = " or ".join(f"pip install {_package(name)}" for name in _published())
    return BackendNotInstalledError(
        message("no kmb backend is installed", "kmb-core runs on backends that are packages of their own.", commands)
    )


def _wrong_contract(installed: InstalledBackend, info: BackendInfo) -> str:
    what = f"backend {info.name!r}: contract {info.contract}, this core speaks {CONTRACT}"
    newer = info.contract > CONTRACT
    cause = f"{installed.package} {installed.version} was made for a {'newer' if newer else 'older'} kmb-core."
    remedy = f"pip install --upgrade {'kmb-core' if newer else installed.package}"
    return message(what, cause, remedy)
