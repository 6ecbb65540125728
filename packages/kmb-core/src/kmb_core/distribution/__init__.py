"""Devices in a mesh, and how variables and batches are laid out over them; each backend brings its own engine."""

from kmb_core._lazy import lazy_names

_MODULES = {
    "active": "distribution set_distribution",
    "devices": "distribute_tensor get_device_count initialize list_devices",
    "layout_map": "LayoutMap",
    "mesh": "DeviceMesh TensorLayout",
    "strategies": "DataParallel ModelParallel",
}
_NAMES = {name: f"{__name__}.{module}" for module, names in _MODULES.items() for name in names.split()}

__getattr__, __dir__, __all__ = lazy_names(__name__, _NAMES)
