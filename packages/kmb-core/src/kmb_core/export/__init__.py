"""What users call `keras.export`: models as artifacts for serving, without this library and without their own code.

Formats are named by the exporters of the installed backends (`plugins.contract.Exporter`); nothing here writes one.
"""

from kmb_core._lazy import lazy_names

_NAMES = {
    "ExportArchive": "kmb_core.export.archive",
    "export_formats": "kmb_core.export.formats",
    "load_exported": "kmb_core.export.reading",
}

__getattr__, __dir__, __all__ = lazy_names(__name__, _NAMES)
