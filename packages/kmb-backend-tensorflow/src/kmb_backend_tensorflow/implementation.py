"""The TensorFlow side of the contract: tensors are `tf.Tensor`s, eager or of a graph, and `tf.Variable`s."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import tensorflow as tf

from kmb_backend_tensorflow.conversion import convert, is_tensor, to_numpy
from kmb_backend_tensorflow.dtypes import FLOATS, INTEGERS, cast, dtype_name, native_dtype
from kmb_backend_tensorflow.kernels import KERNELS
from kmb_backend_tensorflow.module import TensorFlowModule
from kmb_backend_tensorflow.rewriting import leave_core_alone
from kmb_backend_tensorflow.shapes import dynamic_shape, static_shape
from kmb_backend_tensorflow.tracing import Compiled, abstract_call, value_and_gradients
from kmb_backend_tensorflow.variable import TensorFlowVariable
from kmb_core.errors import CapabilityError, message
from kmb_core.plugins import mirrored

__all__ = [
    "abstract_call",
    "cast",
    "convert",
    "dtype_name",
    "dynamic_shape",
    "is_tensor",
    "native_dtype",
    "static_shape",
    "to_numpy",
    "value_and_gradients",
]

leave_core_alone()

# The class of resource variables has no public name; `is_tensor` meets it at the first op.
tensor_types: tuple[type, ...] = (tf.__internal__.EagerTensor,)
# Made dense for every op but the products, for which there are kernels.
sparse_types: tuple[type, ...] = (tf.SparseTensor, tf.RaggedTensor)
sparse_ops = ("matmul", "dense")
floating_dtypes = tuple(FLOATS)
integer_dtypes = tuple(INTEGERS)
promotes = False
variable_class = TensorFlowVariable
layer_class = TensorFlowModule
kernels: Mapping[str, Callable[..., Any]] = KERNELS
ops_module = mirrored("kmb_backend_tensorflow")
compiled = Compiled


def shape_tuple(x: Any) -> tuple[int | None, ...]:
    """The shape as a plain tuple, () for an unknown rank: a TensorShape's length and items are calls of Python code."""
    return x._shape_tuple() or ()


def is_traced(x: Any) -> bool:
    """Whether it is a tensor of a graph."""
    return any(map(tf.is_symbolic_tensor, tf.nest.flatten(x, expand_composites=True)))


def outside_graph() -> AbstractContextManager[Any]:
    """Leave the graph."""
    return tf.init_scope()


def device_scope(name: str) -> AbstractContextManager[Any]:
    """Place what is made inside on a device: "cpu", "gpu:1"."""
    kind, _, index = name.upper().partition(":")
    kind = "GPU" if kind == "CUDA" else kind
    present = [device.name for device in tf.config.list_logical_devices()]
    wanted = f"/device:{kind}:{index or 0}"
    if wanted not in present:
        what = f"device {name!r}: TensorFlow has no such device"
        raise CapabilityError(message(what, f"Present are {', '.join(present)}.", "Write the name as 'gpu:0'."))
    return tf.device(wanted)


def wide_float_scope() -> AbstractContextManager[Any]:
    """float64 is always there."""
    return nullcontext()


def synchronize(tensor: Any) -> None:
    """Wait for a tensor: GPUs compute in the background."""
    if not tf.is_symbolic_tensor(tensor):
        tf.test.experimental.sync_devices()


def framework_seed(seed: int) -> None:
    """Seed TensorFlow's global generator."""
    tf.random.set_seed(seed)
