"""Programs of `torch.export`: an endpoint without its Python code, for `torch.export.load` and AOTInductor."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch

from kmb_backend_torch.conversion import convert, to_numpy
from kmb_core import tree
from kmb_core.plugins import Endpoint, ExportRequest

# Sizes that stand for unknown ones, of the first axis and of others: torch.export takes 0 and 1 for constants, and what
# a convolution or a stride makes of a small size may be one of them.
_BATCH, _LENGTH = 2, 8


class _Program(torch.nn.Module):
    """An endpoint as a module that holds what the endpoint reads, which is what torch.export asks for."""

    def __init__(self, function: Callable[..., Any], request: ExportRequest) -> None:
        super().__init__()
        self.function = function
        modules = [resource for resource in request.resources if isinstance(resource, torch.nn.Module)]
        self.resources = torch.nn.ModuleList(modules)
        held = {id(tensor) for module in modules for tensor in (*module.parameters(), *module.buffers())}
        others = [v._value for v in request.variables if id(v._value) not in held]
        for index, tensor in enumerate(others):
            if isinstance(tensor, torch.nn.Parameter):
                self.register_parameter(f"variable_{index}", tensor)
            else:
                self.register_buffer(f"variable_{index}", tensor)

    def forward(self, *inputs: Any) -> Any:
        return self.function(*inputs)


def write(request: ExportRequest, path: str) -> None:
    """Write the program of the request's only endpoint."""
    torch.export.save(program_of(request), path)


def load(path: str) -> dict[str, Callable[..., Any]]:
    """The program as a function of arrays."""
    module = torch.export.load(path).module()

    def serve(*arrays: Any) -> Any:
        with torch.no_grad():
            return tree.map_structure(to_numpy, module(*tree.map_structure(convert, arrays)))

    return {"serve": serve}


def program_of(request: ExportRequest, flat: bool = False, options: Mapping[str, Any] | None = None) -> Any:
    """The program of the request's only endpoint; sizes that are unknown stay free.

    Args:
        request: what is exported.
        flat: whether inputs and outputs come in one level, in the order of `kmb_core.tree.flatten`.
        options: for `torch.export.export`; the endpoint's when None.
    """
    (endpoint,) = request.endpoints
    options = dict(endpoint.options if options is None else options)
    function = _flat(endpoint) if flat else endpoint.function
    symbolic = tuple(tree.flatten(endpoint.signature)) if flat else endpoint.signature
    examples = tree.map_structure(_example, symbolic)
    options.setdefault("dynamic_shapes", {"inputs": tree.map_structure(_free_sizes, symbolic)})
    return torch.export.export(_Program(function, request), examples, **options)


def _flat(endpoint: Endpoint) -> Callable[..., Any]:
    def function(*inputs: Any) -> Any:
        return tuple(tree.flatten(endpoint.function(*tree.pack_sequence_as(endpoint.signature, list(inputs)))))

    return function


def _example(x: Any) -> torch.Tensor:
    sizes = [_BATCH if size is None else size for size in x.shape[:1]]
    sizes += [_LENGTH if size is None else size for size in x.shape[1:]]
    return convert(np.zeros(sizes, "bool"), x.dtype)  # on the device where inputs of the model come to lie


def _free_sizes(x: Any) -> dict[int, Any]:
    return {axis: torch.export.Dim.AUTO for axis, size in enumerate(x.shape) if size is None}
