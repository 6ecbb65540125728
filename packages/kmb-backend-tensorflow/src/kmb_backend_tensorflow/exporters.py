"""The formats that this backend writes. Nothing of TensorFlow is imported before one is written or read."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from kmb_core.plugins import Endpoint, Exporter, ExportRequest


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

    def load(self, path: str, endpoints: Sequence[Endpoint] = ()) -> Mapping[str, Callable[..., Any]]:
        """The endpoints as functions of arrays."""
        from kmb_backend_tensorflow.saved_model import load

        return load(path)


class LiteRt:
    """A file for LiteRT (TensorFlow Lite): each endpoint is a signature, with inputs and outputs by name.

    Options are attributes of `tf.lite.TFLiteConverter`, and `enable_select_tf_ops=False` for devices that have no
    kernels but LiteRT's own. With `optimizations` the numbers are others: pass a `tolerance`.
    """

    suffix = ".tflite"
    contents: frozenset[str] = frozenset()
    packages: Mapping[str, str] = {}
    option_names = frozenset(
        {
            "allow_custom_ops",
            "enable_select_tf_ops",
            "experimental_new_quantizer",
            "inference_input_type",
            "inference_output_type",
            "optimizations",
            "representative_dataset",
        }
    )
    several_endpoints = True
    collects_variables = False

    def write(self, request: ExportRequest, path: str) -> None:
        """Write the file."""
        from kmb_backend_tensorflow.litert import write

        write(request, path)

    def load(self, path: str, endpoints: Sequence[Endpoint] = ()) -> Mapping[str, Callable[..., Any]]:
        """The signatures as functions of arrays: by name, or one by one in the order of their names."""
        from kmb_backend_tensorflow.litert import load

        return load(path, endpoints)


class OpenVino:
    """A folder for OpenVINO: `model.xml` and `model.bin`. Needs the package openvino, which converts a SavedModel."""

    suffix = ""
    contents = frozenset({"model.xml", "model.bin"})
    packages: Mapping[str, str] = {"openvino": "openvino"}
    option_names: frozenset[str] = frozenset()
    several_endpoints = False
    collects_variables = False

    def write(self, request: ExportRequest, path: str) -> None:
        """Write the folder."""
        from kmb_backend_tensorflow.openvino import write

        write(request, path)

    def load(self, path: str, endpoints: Sequence[Endpoint] = ()) -> Mapping[str, Callable[..., Any]]:
        """The model as a function of arrays: by name, or one by one in the order of their names."""
        from kmb_backend_tensorflow.openvino import load

        return load(path, endpoints)


EXPORTERS: dict[str, Exporter] = {"tf_saved_model": SavedModel(), "litert": LiteRt(), "openvino": OpenVino()}
