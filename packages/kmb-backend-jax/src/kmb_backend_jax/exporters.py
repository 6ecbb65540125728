"""The formats that this backend writes. Nothing of JAX or TensorFlow is imported before one is written or read."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from kmb_core.plugins import Endpoint, Exporter, ExportRequest


class StableHlo:
    """A zip archive of programs in StableHLO, as `jax.export` serializes them, with the weights they take.

    Option: `platforms`, what the programs shall run on ("cpu", "cuda", "tpu"); this machine's kind when not given.
    """

    suffix = ".stablehlo"
    contents: frozenset[str] = frozenset()
    packages: Mapping[str, str] = {"flatbuffers": "flatbuffers"}
    option_names = frozenset({"platforms"})
    several_endpoints = True
    collects_variables = True

    def write(self, request: ExportRequest, path: str) -> None:
        """Write the archive."""
        from kmb_backend_jax.stablehlo import write

        write(request, path)

    def load(self, path: str, endpoints: Sequence[Endpoint] = ()) -> Mapping[str, Callable[..., Any]]:
        """The endpoints as functions of arrays."""
        from kmb_backend_jax.stablehlo import load

        return load(path)


class SavedModel:
    """A folder for `tf.saved_model.load` and TensorFlow Serving, by `jax2tf` with the programs in StableHLO.

    Options: `jax2tf_kwargs`, arguments of `jax2tf.convert`; `is_static=False` keeps what the endpoint assigns.
    """

    suffix = ""
    contents = frozenset({"saved_model.pb", "fingerprint.pb", "variables", "assets", "assets.extra"})
    packages: Mapping[str, str] = {"tensorflow": "tensorflow"}
    option_names = frozenset({"is_static", "jax2tf_kwargs"})
    several_endpoints = True
    collects_variables = True

    def write(self, request: ExportRequest, path: str) -> None:
        """Write the folder."""
        from kmb_backend_jax.saved_model import write

        write(request, path)

    def load(self, path: str, endpoints: Sequence[Endpoint] = ()) -> Mapping[str, Callable[..., Any]]:
        """The endpoints as functions of arrays."""
        from kmb_backend_jax.saved_model import load

        return load(path)


EXPORTERS: dict[str, Exporter] = {"stablehlo": StableHlo(), "tf_saved_model": SavedModel()}
