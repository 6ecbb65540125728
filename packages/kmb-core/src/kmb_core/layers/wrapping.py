"""Layers that hold modules of another framework: each lives in the package of the backend that runs them.

They are names of `kmb_core.layers` like all others, but which of them exist depends on what is installed, so they are
looked up when they are asked for and stand in no list of names.
"""

from typing import Any

from kmb_core.errors import BackendNotInstalledError, message
from kmb_core.plugins.discovery import offered_layer

# What has to be installed for each; the packages themselves say which layers they have.
REQUIREMENTS = {
    "FlaxLayer": "kmb-core[jax] flax",
    "JaxLayer": "kmb-core[jax]",
    "TFSMLayer": "kmb-core[tensorflow]",
    "TorchModuleWrapper": "kmb-core[torch]",
}


def __getattr__(name: str) -> Any:
    if name not in REQUIREMENTS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found, errors = offered_layer(name)
    if found is not None:
        return found
    what = f"layers.{name}: no installed backend has this layer"
    cause = "It holds modules of another framework, and comes with the backend of that framework."
    remedy = f"pip install {' '.join(repr(part) for part in REQUIREMENTS[name].split())}".replace("'", '"')
    raise BackendNotInstalledError(message(what, cause, remedy)) from (errors[0] if errors else None)
