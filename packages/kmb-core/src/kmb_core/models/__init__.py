"""Models: layers that can be trained, saved and looked at."""

from kmb_core._lazy import lazy_names

_NAMES = {
    "Functional": "kmb_core.models.functional",
    "Model": "kmb_core.models.functional",
    "Sequential": "kmb_core.models.sequential",
    "clone_model": "kmb_core.models.cloning",
    "load_model": "kmb_core.saving",
    "model_from_json": "kmb_core.models.cloning",
    "save_model": "kmb_core.saving",
}

__getattr__, __dir__, __all__ = lazy_names(__name__, _NAMES)
