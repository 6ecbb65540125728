"""Plugins: how backends are found, described, loaded and joined with the core."""

from kmb_core.plugins.assembled import Backend
from kmb_core.plugins.capabilities import FULL, Capability, Degree, Support, none, partial
from kmb_core.plugins.contract import CONTRACT, BackendImplementation, BackendInfo, Endpoint, Exporter, ExportRequest
from kmb_core.plugins.discovery import (
    InstalledBackend,
    collected,
    installed_backends,
    load_backend,
    loaded_backends,
    make_trainer,
    register,
    register_extension,
    register_vendor,
    unregister,
)
from kmb_core.plugins.extensions import OpExtension
from kmb_core.plugins.hookspecs import hookimpl, hookspec
from kmb_core.plugins.mirror import mirrored

__all__ = [
    "CONTRACT",
    "FULL",
    "Backend",
    "BackendImplementation",
    "BackendInfo",
    "Capability",
    "Degree",
    "Endpoint",
    "ExportRequest",
    "Exporter",
    "InstalledBackend",
    "OpExtension",
    "Support",
    "collected",
    "hookimpl",
    "hookspec",
    "installed_backends",
    "load_backend",
    "loaded_backends",
    "make_trainer",
    "mirrored",
    "none",
    "partial",
    "register",
    "register_extension",
    "register_vendor",
    "unregister",
]
