"""All declared ops: every family is imported, so that `OPS` holds each of them."""

import importlib
import pkgutil


def import_all_ops() -> None:
    """Import the modules below `ops` and `random`."""
    for package_name in ("kmb_core.ops", "kmb_core.random"):
        package = importlib.import_module(package_name)
        for module in pkgutil.walk_packages(package.__path__, f"{package_name}."):
            importlib.import_module(module.name)
