"""Steps as concrete functions: which trace a batch runs in, and how a trace is made."""

from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

from kmb_backend_tensorflow.concrete import quick
from kmb_backend_tensorflow.conversion import convert
from kmb_backend_tensorflow.rewriting import is_ours, rewritten, rewritten_calls
from kmb_core import tree
from kmb_core.training.preparation import check_accepted

_LEAVES = frozenset((np.ndarray, tf.__internal__.EagerTensor))


class Trace:
    """A step for one structure of batches."""

    __slots__ = ("function", "sizes", "specifications")

    def __init__(self, function: Callable[..., Any], specifications: list[tf.TensorSpec]) -> None:
        self.function = function
        self.specifications = specifications
        self.sizes = [(specification.dtype, tuple(specification.shape)[1:]) for specification in specifications]

    def takes(self, tensors: list[Any]) -> bool:
        """Whether the sizes beside the batch size are those that were traced."""
        for tensor, (dtype, size) in zip(tensors, self.sizes, strict=True):
            if tensor.dtype is not dtype:
                return False
            own = tuple(tensor.shape)[1:]
            if own != size and (len(own) != len(size) or not _fits(own, size)):
                return False
        return True


class Steps:
    """A step and its traces. `way` is "eager", "graph" or "xla"."""

    def __init__(self, step: Callable[[Any], Any], way: str, model: Any) -> None:
        self.step = step
        self.model = model
        self.way = way
        self._traces: dict[Any, Trace] = {}

    def run(self, batch: Any) -> Any:
        """Run the step on a batch of arrays or tensors."""
        if self.way == "eager":
            return self.step(tree.map_structure(_tensor, batch))
        plain = all(part.__class__ in _LEAVES for part in batch)
        leaves = batch if plain else [part for part in tree.flatten(batch) if part is not None]
        key = len(leaves) if plain else repr(tree.map_structure(_kind, batch))
        tensors = [convert(leaf) for leaf in leaves]
        trace = self._traces.get(key)
        if trace is None or not trace.takes(tensors):
            trace = self._traces[key] = self._trace(batch, tensors, trace)
        return trace.function(*tensors)

    def _trace(self, batch: Any, tensors: list[Any], before: Trace | None) -> Trace:
        specifications = [_relaxed(tensor) for tensor in tensors]
        if before is not None:
            if not any(map(self.model._overrides, ("train_step", "test_step", "predict_step"))):
                check_accepted(self.model, batch)  # with sizes unknown, only TensorFlow's own errors would be left
            specifications = [
                specification.most_specific_common_supertype([other]) or specification
                for specification, other in zip(specifications, before.specifications, strict=True)
            ]
        template = tree.map_structure(_kind, batch)
        return Trace(_traced(self.step, template, specifications, self.way, self.model), specifications)


def _tensor(x: Any) -> Any:
    return None if x is None else convert(x)


def _kind(x: Any) -> Any:
    """What stands for a leaf in the description of a batch."""
    return None if x is None else 0


def _packed(template: Any, tensors: Any) -> Any:
    remaining = iter(tensors)
    return tree.map_structure(lambda leaf: None if leaf is None else next(remaining), template)


def _relaxed(tensor: Any) -> tf.TensorSpec:
    shape = tuple(tensor.shape)
    return tf.TensorSpec((None, *shape[1:]) if shape else shape, tensor.dtype)


def _fits(own: tuple[int, ...], size: tuple[int | None, ...]) -> bool:
    return all(known is None or known == given for given, known in zip(own, size, strict=True))


def _traced(
    step: Callable[[Any], Any], template: Any, specifications: list[tf.TensorSpec], way: str, model: Any
) -> Callable[..., Any]:
    """A concrete function of the flat batch.

    A trace that meets Python's `if` or `while` on a tensor is made again with the user's code rewritten by AutoGraph.
    """

    def concrete(step: Callable[[Any], Any]) -> Callable[..., Any]:
        def flat_step(*tensors: Any) -> Any:
            logs = step(_packed(template, tensors))
            model._clear_losses()  # they are of the graph
            return logs

        xla = True if way == "xla" else None
        graph = tf.function(flat_step, input_signature=specifications, jit_compile=xla, autograph=False)
        return quick(graph.get_concrete_function())

    try:
        return concrete(step)
    except tf.errors.OperatorNotAllowedInGraphError:
        with rewritten_calls(model):
            return concrete(step if is_ours(step) else rewritten(step))
