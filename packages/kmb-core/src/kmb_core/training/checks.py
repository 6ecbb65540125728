"""What is refused before anything runs, with words that are the same on every backend.

Frameworks notice such mistakes too, but late, deep inside a step, and each in its own way; some of them broadcast or
drop imaginary parts and say nothing.
"""

import inspect
from typing import Any

import numpy as np

from kmb_core import tree
from kmb_core.data.structure import take_apart
from kmb_core.errors import CapabilityError, DTypeError, KmbError, NotCompiledError, ShapeError, StructureError, message
from kmb_core.plugins import Capability

_PARTS = ("x", "y", "sample_weight")
_WHAT = {"U": "text", "S": "text", "O": "Python objects", "M": "dates", "m": "time spans", "c": "complex numbers"}


class StepSignatureError(KmbError, TypeError):
    """A model's own step is written in the style of another framework."""


def check_step(model: Any, name: str, given: tuple[str, ...]) -> None:
    """Refuse a step that the backend cannot call.

    Args:
        model: the model.
        name: "train_step", "test_step" or "predict_step".
        given: what the backend hands to it, by position.

    Raises:
        StepSignatureError: with the signature that the backend asks for.
    """
    try:
        inspect.signature(getattr(model, name)).bind(*given)
    except TypeError:
        own = ", ".join(inspect.signature(getattr(model, name)).parameters)
        backend, wanted = model._backend.name, ", ".join(given)
        what = f"model {model.name!r}: {name} takes ({own}), but the {backend} backend calls it with ({wanted})"
        cause = "Each framework has a style of its own: steps on a state get (state, data) and return the new state."
        remedy = f"Write `def {name}(self, {wanted})`, or make the model on the backend that it was written for."
        raise StepSignatureError(message(what, cause, remedy)) from None


def check_parts(model: Any) -> None:
    """Refuse a model whose steps cannot be made of steps on parts of a batch, one for each replica.

    Args:
        model: the model, compiled or not.

    Raises:
        CapabilityError: with the reason.
    """
    backend = model._backend.name
    for name in ("train_step", "test_step"):
        if model._overrides(name):
            what = f"model {model.name!r}: its own {name} does not run under a distribution on {backend}"
            cause = "It is given one replica's rows, and nothing joins what the replicas make of theirs."
            raise CapabilityError(message(what, cause, "Override compute_loss instead, or write a loop of your own."))
    for loss in tree.flatten(getattr(model, "loss", None)):
        reduction = getattr(loss, "reduction", "mean")
        if reduction not in ("mean", "sum_over_batch_size"):
            what = f"model {model.name!r}: no loss with reduction {reduction!r} under a distribution on {backend}"
            cause = "The losses of parts of a batch do not add up to its loss by their numbers of rows."
            raise CapabilityError(message(what, cause, "Take reduction='sum_over_batch_size'."))


def require_compiled(model: Any, method: str) -> None:
    """Raise NotCompiledError unless `compile` was called."""
    if not model.compiled:
        what = f"model {model.name!r}: {method} needs a compiled model"
        raise NotCompiledError(message(what, None, "Call model.compile(optimizer=..., loss=...) first."))


def require_optimizer(model: Any, method: str) -> None:
    """Raise NotCompiledError where the default training step has no optimizer."""
    if model.optimizer is None and not model._overrides("train_step"):
        what = f"model {model.name!r}: {method} needs an optimizer"
        raise NotCompiledError(
            message(what, "It was compiled with optimizer=None.", "Call model.compile('adam', ...).")
        )


def require_numbers(model: Any, method: str) -> None:
    """Raise CapabilityError where a model begins with text and its backend's steps take none."""
    if model._reads_text:
        purpose = f"model {model.name!r}: {method} on text"
        remedy = "Apply the layers that read text to the data first; model(x) and predict take text everywhere."
        model._backend.require(Capability.STRINGS, purpose, remedy)


def check_numbers(model: Any, *parts: Any) -> None:
    """Refuse text, dates, objects and complex numbers where the model computes with real numbers.

    Args:
        model: the model.
        *parts: x, y and sample_weight, nested.

    Raises:
        DTypeError: naming the array.
    """
    for name, part in zip(_PARTS, parts, strict=False):
        for leaf in take_apart(part, name)[0] if part is not None else ():
            kind = _kind(leaf.value)
            if kind in _WHAT and not (name == "x" and _takes(model, kind)):
                what = f"{leaf.path} holds {_WHAT[kind]}, but model {model.name!r} expects numbers"
                remedy = "Encode it first: text as class numbers, dates as seconds, complex numbers as two columns."
                if name == "x" and kind in "US":
                    remedy += " A model that reads text begins with Input(shape, dtype='string')."
                raise DTypeError(message(what, "It is data as it was read, not yet prepared for a model.", remedy))


def _kind(value: Any) -> str:
    """NumPy's letter for what an array, or a list of plain values, holds; "" for tensors."""
    while isinstance(value, list) and value:
        value = value[0]
    if isinstance(value, (str, bytes)):
        return "U"
    if isinstance(value, complex):
        return "c"
    kind = value.dtype.kind if isinstance(value, np.ndarray) else ""
    return "U" if kind == "O" and value.size and isinstance(value.flat[0], (str, bytes)) else kind


def _takes(model: Any, kind: str) -> bool:
    wanted = "complex" if kind == "c" else "string"
    if model._graph is not None:
        return any(tensor.dtype.startswith(wanted) for tensor in model._graph.inputs)
    return kind == "c" or (kind in "USO" and model._backend.supports(Capability.STRINGS))


def check_lengths(parts: Any) -> None:
    """Refuse a batch of plain arrays that is empty, or whose parts differ in length.

    Args:
        parts: x, y and sample_weight of a batch; nested ones are left to the model.

    Raises:
        ShapeError: listing the lengths.
    """
    lengths = {
        name: part.shape[0]
        for name, part in zip(_PARTS, parts, strict=False)
        if isinstance(part, np.ndarray) and part.ndim
    }
    if len(set(lengths.values())) > 1:
        listed = ", ".join(f"{name}: {length}" for name, length in lengths.items())
        cause = "The first axis of each array runs over the same samples."
        raise ShapeError(
            message(f"The arrays of a batch differ in length: {listed}.", cause, "Check how the batch was cut.")
        )
    if 0 in lengths.values():
        raise ShapeError(message("A batch holds no samples: the first axis of x has length 0."))


def check_fit(fit: Any) -> None:
    """Refuse arguments of `fit` that make no sense.

    Args:
        fit: an object with the arguments as attributes.

    Raises:
        ValueError: naming the argument.
    """
    for name in ("epochs", "initial_epoch"):
        value = getattr(fit, name)
        if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < 0:
            raise ValueError(f"fit: {name} is a number of epochs, 0 or more, got {value!r}")
    frequency = fit.validation_freq
    if not isinstance(frequency, (list, tuple, set)) and not (isinstance(frequency, int) and frequency > 0):
        raise ValueError(f"fit: validation_freq is a positive int or a list of epochs, got {frequency!r}")
    if fit.validation_split and fit.validation_data is None and not _sliceable(fit.x):
        what = f"fit: validation_split needs arrays, x is of type {type(fit.x).__name__}"
        raise StructureError(message(what, "A stream of batches cannot be cut in two.", "Give validation_data."))


def _sliceable(x: Any) -> bool:
    return x is None or hasattr(x, "shape") or isinstance(x, (list, tuple, dict)) or hasattr(x, "__array__")
