"""Programs of `torch.export`: a model's inference, without its Python code, for `torch.export.load` and AOTInductor."""

from typing import Any

import torch

from kmb_backend_torch.conversion import native_dtype
from kmb_core import tree
from kmb_core.backend import KerasTensor

_EXAMPLE = 2  # a size that stands for an unknown one; torch.export takes 0 and 1 for constants


class _Inference(torch.nn.Module):
    """A model as `predict` runs it."""

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model = model
        self.options = {"training": False} if model._call_takes_training() else {}

    def forward(self, inputs: Any) -> Any:
        return self.model(inputs, **self.options)


def export_program(
    model: Any, filepath: Any, verbose: bool | None = None, input_signature: Any = None, **kwargs: Any
) -> None:
    """Write a program that torch loads without this library; sizes that are unknown stay free.

    Args:
        model: a built model.
        filepath: file to write, by custom with the ending ".pt2".
        verbose: not used.
        input_signature: KerasTensors in the structure of the inputs; the model's own when None.
        **kwargs: passed on to `torch.export.export`.
    """
    symbolic = model_inputs(model) if input_signature is None else input_signature
    example = tree.map_structure(_example, symbolic)
    program = torch.export.export(
        _Inference(model), (example,), dynamic_shapes=(tree.map_structure(_free_sizes, symbolic),), **kwargs
    )
    torch.export.save(program, str(filepath))


def model_inputs(model: Any) -> Any:
    """KerasTensors like the inputs that a model was built with."""
    if model.inputs is not None:
        return model.input
    return tree.map_shape_structure(lambda shape: KerasTensor(shape, dtype=model.input_dtype), model._build_shapes)


def _example(x: Any) -> torch.Tensor:
    return torch.zeros([_EXAMPLE if size is None else size for size in x.shape], dtype=native_dtype(x.dtype))


def _free_sizes(x: Any) -> dict[int, Any]:
    return {axis: torch.export.Dim.AUTO for axis, size in enumerate(x.shape) if size is None}
