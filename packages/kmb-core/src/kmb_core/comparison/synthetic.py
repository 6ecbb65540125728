"""Arrays that a model takes: random inputs of the right shapes, and targets that its loss takes."""

from typing import Any

import numpy as np

from kmb_core import tree
from kmb_core.backend import KerasTensor
from kmb_core.errors import StructureError, message
from kmb_core.layers import Embedding
from kmb_core.training.output_parts import output_names, spread


def batch_like(model: Any, batch_size: int, length: int) -> tuple[Any, Any]:
    """A batch of random data for a model.

    Args:
        model: a built model.
        batch_size: number of samples.
        length: what stands for sizes that the model leaves open.

    Returns:
        (inputs, targets); None in place of the targets of a model without a loss.

    Raises:
        StructureError: where shapes or kinds of the inputs are not known, or they are texts.
    """
    generator = np.random.default_rng(0)
    inputs = _symbolic_inputs(model)
    x = tree.map_structure(lambda tensor: _input(generator, tensor, batch_size, length, _vocabulary(model)), inputs)
    if not model.compiled or model.loss is None:
        return x, None
    outputs = model.compute_output_spec(tree.map_structure(lambda a: KerasTensor(a.shape, a.dtype.name), x))
    flat = tree.flatten(outputs)
    losses = spread(model.loss, outputs, output_names(outputs, model.output_names), "loss", _is_loss)
    targets = [_target(generator, *pair) for pair in zip(losses, flat, strict=True)]
    return x, tree.pack_sequence_as(outputs, targets) if tree.is_nested(outputs) else targets[0]


def _symbolic_inputs(model: Any) -> Any:
    if model.inputs is not None:
        return model.input
    shapes = getattr(model, "_build_shapes", None)
    if not isinstance(shapes, tuple):
        what = f"model {model.name!r}: the shapes of its inputs are not known"
        raise StructureError(message(what, "It is a class of its own.", "Give data: x and y, or --data FILE.npz."))
    return KerasTensor(shapes, "float32")


def _vocabulary(model: Any) -> int:
    """The numbers that every embedding of the model has an entry for."""
    return min((layer.input_dim for layer in model._flatten_layers() if isinstance(layer, Embedding)), default=2)


def _input(generator: np.random.Generator, tensor: Any, batch_size: int, length: int, vocabulary: int) -> np.ndarray:
    if tensor.dtype == "string":
        raise StructureError(message("random texts measure nothing", None, "Give data: x and y, or --data FILE.npz."))
    shape = (batch_size, *(length if size is None else size for size in tensor.shape[1:]))
    if tensor.dtype == "bool" or "int" in tensor.dtype or vocabulary > 2:
        return generator.integers(0, vocabulary, shape).astype("float32" if "float" in tensor.dtype else tensor.dtype)
    return generator.standard_normal(shape).astype("float32")


def _target(generator: np.random.Generator, loss: Any, output: Any) -> Any:
    if loss is None:
        return None
    name = loss if isinstance(loss, str) else getattr(loss, "name", None) or getattr(loss, "__name__", "")
    if "sparse" in str(name).lower():
        return generator.integers(0, output.shape[-1], output.shape[:-1]).astype("int32")
    return generator.random(output.shape).astype("float32")


def _is_loss(x: Any) -> bool:
    return not isinstance(x, (list, tuple)) and (not isinstance(x, dict) or "class_name" in x)
