"""What TensorFlow can say of a function besides running it: output shapes, a compiled form, gradients."""

from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import tensorflow as tf

from kmb_backend_tensorflow.conversion import convert, is_tensor
from kmb_backend_tensorflow.dtypes import DTYPES, dtype_name
from kmb_backend_tensorflow.rewriting import rewritten, rewritten_calls
from kmb_core.backend import KerasTensor

# What XLA's compiler says of an operation that it has no kernel for, or of a shape that it has to know.
XLA_REFUSALS = (tf.errors.InvalidArgumentError, tf.errors.UnimplementedError)


def abstract_call(function: Callable[..., Any], arguments: Any) -> Any:
    """KerasTensors for what `function(*arguments)` returns; `arguments` may also be a pair of args and kwargs.

    The function is traced in a graph of its own, in which unknown sizes are unknown to TensorFlow too; nothing runs.
    """
    args, kwargs = arguments if _is_pair(arguments) else (arguments, {})
    try:
        return _traced(function, args, kwargs)
    except tf.errors.OperatorNotAllowedInGraphError:  # Python's `if` on a tensor
        owner = getattr(function, "__self__", None)
        with rewritten_calls(owner) if hasattr(owner, "_flatten_layers") else nullcontext():
            return _traced(rewritten(function), args, kwargs)


def _traced(function: Callable[..., Any], args: Any, kwargs: Any) -> Any:
    with tf.__internal__.FuncGraph("abstract_call").as_default():
        args, kwargs = tf.nest.map_structure(_placeholder, (list(args), dict(kwargs)))
        return tf.nest.map_structure(_symbolic, function(*args, **kwargs))


def _is_pair(arguments: Any) -> bool:
    if not isinstance(arguments, tuple) or len(arguments) != 2:
        return False
    return isinstance(arguments[0], (tuple, list)) and isinstance(arguments[1], dict)


def _placeholder(x: Any) -> Any:
    if not isinstance(x, KerasTensor):
        return x
    return tf.compat.v1.placeholder(DTYPES[x.dtype], x.shape)


def _symbolic(x: Any) -> Any:
    return KerasTensor.like(tuple(x.shape), dtype_name(x)) if is_tensor(x) else x


class Compiled:
    """A function under XLA, or as a plain graph when XLA turns it down; called like the function."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function
        self._graph = tf.function(function, jit_compile=True, autograph=False)
        self._plain: Any = None

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run it."""
        if self._plain is not None:
            return self._plain(*args, **kwargs)
        try:
            return self._graph(*args, **kwargs)
        except XLA_REFUSALS as refusal:
            plain = tf.function(self.function, autograph=False)
            try:
                result = plain(*args, **kwargs)
            except XLA_REFUSALS as own:  # the function's own error, not XLA's
                raise own from refusal
            self._plain = plain
            return result


def value_and_gradients(function: Callable[..., Any], arguments: list[Any]) -> tuple[Any, list[Any]]:
    """A scalar function's value and its gradients; zeros for an argument that it does not depend on."""
    tensors = [convert(x) for x in arguments]
    with tf.GradientTape() as tape:
        tape.watch([x for x in tensors if _is_smooth(x)])
        value = function(*tensors)
    zero = tf.UnconnectedGradients.ZERO
    gradients = iter(tape.gradient(value, list(filter(_is_smooth, tensors)), unconnected_gradients=zero))
    return value, [convert(next(gradients)) if _is_smooth(x) else tf.zeros_like(x) for x in tensors]


def _is_smooth(x: Any) -> bool:
    return x.dtype.is_floating or x.dtype.is_complex
