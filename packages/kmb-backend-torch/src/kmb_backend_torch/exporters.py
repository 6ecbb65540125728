"""The formats that this backend writes. Nothing of torch is imported before one is written or read."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from kmb_core.plugins import Endpoint, Exporter, ExportRequest


class TorchProgram:
    """A file for `torch.export.load` and AOTInductor, by custom with the ending ".pt2".

    Options are those of `torch.export.export`.
    """

    suffix = ".pt2"
    contents: frozenset[str] = frozenset()
    packages: Mapping[str, str] = {}
    option_names = frozenset(
        {
            "strict",
            "dynamic_shapes",
            "prefer_deferred_runtime_asserts_over_guards",
            "preserve_module_call_signature",
        }
    )
    several_endpoints = False
    collects_variables = False

    def write(self, request: ExportRequest, path: str) -> None:
        """Write the file."""
        from kmb_backend_torch.exporting import write

        write(request, path)

    def load(self, path: str, endpoints: Sequence[Endpoint] = ()) -> Mapping[str, Callable[..., Any]]:
        """The endpoint as a function of arrays; the file does not hold its name, which is taken to be "serve"."""
        from kmb_backend_torch.exporting import load

        return load(path)


class Onnx:
    """A file for ONNX Runtime and others: inputs and outputs by name, in one level.

    Options: `opset_version`, and those of `torch.export.export`.
    """

    suffix = ".onnx"
    contents: frozenset[str] = frozenset()
    packages: Mapping[str, str] = {"onnx": "onnx", "onnxscript": "onnxscript"}
    option_names = TorchProgram.option_names | {"opset_version"}
    several_endpoints = False
    collects_variables = False

    def write(self, request: ExportRequest, path: str) -> None:
        """Write the file."""
        from kmb_backend_torch.onnx import write

        write(request, path)

    def load(self, path: str, endpoints: Sequence[Endpoint] = ()) -> Mapping[str, Callable[..., Any]]:
        """The endpoint as a function of arrays, run by ONNX Runtime where it is installed, else by `onnx.reference`."""
        from kmb_backend_torch.onnx import load

        return load(path)


EXPORTERS: dict[str, Exporter] = {"torch": TorchProgram(), "onnx": Onnx()}
