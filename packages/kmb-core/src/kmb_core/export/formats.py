"""Which exporter writes a format, and on which backend."""

from dataclasses import dataclass
from importlib.util import find_spec

from kmb_core.errors import BackendNotInstalledError, ExportError, message
from kmb_core.plugins import Exporter
from kmb_core.plugins.discovery import backend_info, offered_exporters

# What has to be installed for the formats of the published backends; the backends themselves say how they are written.
FORMATS = {
    "litert": "kmb-core[tensorflow]",
    "onnx": "kmb-core[torch] onnx onnxscript",
    "openvino": "kmb-core[tensorflow] openvino",
    "stablehlo": "kmb-core[jax]",
    "tf_saved_model": "kmb-core[tensorflow]",
    "torch": "kmb-core[torch]",
}


@dataclass(frozen=True)
class Route:
    """An exporter, and the backend whose models it writes."""

    backend: str
    exporter: Exporter

    @property
    def missing(self) -> list[str]:
        """The packages that are not installed, as pip knows them."""
        return [package for module, package in self.exporter.packages.items() if not _installed(module)]


def export_formats() -> dict[str, list[str]]:
    """The formats that can be written here, each with the backends that write it.

    A model of another backend is moved to the first of them.

    Example:
        >>> import kmb_core
        >>> isinstance(kmb_core.export.export_formats(), dict)
        True
    """
    offered = offered_exporters()
    formats = sorted({format for table in offered.values() for format in table})
    routes = {format: [route for route in _routes(format) if not route.missing] for format in formats}
    return {format: [route.backend for route in usable] for format, usable in routes.items() if usable}


def find_route(format: str, backend: str, own_only: bool = False) -> Route:
    """The way to write a format: the model's own backend's where there is one, else that which asks for least.

    Args:
        format: name of a format.
        backend: name of the model's backend.
        own_only: whether other backends are no answer, because functions cannot be moved.

    Raises:
        ExportError: for a format that nothing installed writes.
        BackendNotInstalledError: for a known one that lacks a package, with the command that installs it.
    """
    routes = sorted(_routes(format), key=lambda route: route.backend != backend)  # keeps the order of the others
    if own_only:
        routes = [route for route in routes if route.backend == backend]
    for route in routes:
        if not route.missing:
            return route
    raise _no_route(format, backend, routes, own_only)


def _routes(format: str) -> list[Route]:
    routes = [Route(name, table[format]) for name, table in offered_exporters().items() if format in table]
    return sorted(routes, key=lambda r: (len(r.exporter.packages), -backend_info(r.backend).priority, r.backend))


def _no_route(format: str, backend: str, routes: list[Route], own_only: bool) -> Exception:
    usable = export_formats()
    own = [name for name, backends in usable.items() if backend in backends]
    listed = ", ".join(own if own_only else usable) or "none"
    cause = f"Formats that can be written {f'from backend {backend} ' if own_only else ''}here: {listed}."
    what = f"export: format {format!r} cannot be written"
    if routes:
        missing = routes[0].missing
        what = f"{what}: {', '.join(missing)} is not installed"
        return BackendNotInstalledError(message(what, cause, f"pip install {' '.join(missing)}"))
    if own_only and format in usable:
        what = f"{what} from functions of backend {backend}"
        remedy = f"`Model.export` moves a model to {usable[format][0]}; an ExportArchive moves nothing."
        return ExportError(message(what, cause, remedy))
    if format in FORMATS:
        command = " ".join(f'"{part}"' if "[" in part else part for part in FORMATS[format].split())
        return BackendNotInstalledError(message(f"{what} with what is installed", cause, f"pip install {command}"))
    return ExportError(message(f"export: unknown format {format!r}", cause, f"Known are {', '.join(sorted(FORMATS))}."))


def _installed(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except (ImportError, ValueError):  # a parent is missing, or it is half imported
        return False
