"""The formats that this backend writes. Nothing of TensorFlow is imported before one is written or read."""

from collections.abc import Callable, Mapping
from typing import Any

from kmb_core.plugins import Exporter, ExportRequest


class SavedModel:
    """A folder for `tf.saved_model.load` and TensorFlow Serving.

    Each endpoint is a function of what is loaded and a signature; the first is "serving_default" too. Its variables are
    there as `variables`, `trainable_variables` and `non_trainable_variables`.
    """

    suffix = ""
    contents = frozenset({"saved_model.pb", "fingerprint.pb", "variables", "assets", "assets.extra"})
    packages: Mapping[str, str] = {}
    option_names: frozenset[str] = frozenset()
    several_endpoints = True
    collects_variables = True

    def write(self, request: ExportRequest, path: str) -> None:
        """Write the folder."""
        from kmb_backend_tensorflow.saved_model import write

        write(request, path)

    def load(self, path: str) -> Mapping[str, Callable[..., Any]]:
        """The endpoints as functions of arrays."""
        from kmb_backend_tensorflow.saved_model import load

        return load(path)


EXPORTERS: dict[str, Exporter] = {"tf_saved_model": SavedModel()}
