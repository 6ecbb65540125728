"""The torch side of the contract. Everything a hot path reads is a plain module attribute."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
from torch._subclasses import FakeTensor

from kmb_backend_torch import conversion, distribution, tracing
from kmb_backend_torch.kernels import KERNELS
from kmb_backend_torch.module import NativeLayer
from kmb_backend_torch.placement import DeviceScope
from kmb_backend_torch.variable import TorchVariable
from kmb_core import ops
from kmb_core.backend import epsilon, floatx, image_data_format
from kmb_core.plugins import mirrored

# Dynamo can trace neither the first look at the user's settings, which takes a lock, nor the import that declares an op
# when it is first used. Both are done here, before anything is traced.
epsilon(), floatx(), image_data_format()
for _name in ops.__all__:
    getattr(ops, _name)
for _name in ops.image.__all__:
    getattr(ops.image, _name)

tensor_types: tuple[type, ...] = (torch.Tensor, torch.nn.Parameter)
floating_dtypes = conversion.FLOATS
integer_dtypes = conversion.INTEGERS
promotes = False
variable_class = TorchVariable
layer_class = NativeLayer
kernels: Mapping[str, Callable[..., Any]] = {
    **KERNELS,
    "agreed_number": distribution.agreed_number,
    "check_distribution": distribution.check_distribution,
    "compiled_whole": tracing.compiled_whole,
    "initialize_distribution": distribution.initialize_distribution,
    "list_devices": distribution.list_devices,
    "process_index_and_count": distribution.process_index_and_count,
}
ops_module = mirrored("kmb_backend_torch")

convert = conversion.convert
to_numpy = conversion.to_numpy
cast = conversion.cast
dtype_name = conversion.dtype_name
native_dtype = conversion.native_dtype
abstract_call = tracing.abstract_call
compiled = tracing.compiled
value_and_gradients = tracing.value_and_gradients
device_scope: Callable[[str], AbstractContextManager[Any]] = DeviceScope


def is_tensor(x: Any) -> bool:
    """torch's tensors, with what stands for them while tracing."""
    return isinstance(x, torch.Tensor)


def is_traced(x: torch.Tensor) -> bool:
    """Whether `torch.compile` or `torch.export` is looking at the call, or the tensor is one that holds nothing."""
    return torch.compiler.is_compiling() or isinstance(x, FakeTensor)


def outside_graph() -> AbstractContextManager[Any]:
    """Nothing: what torch makes while it traces outlives the trace."""
    return nullcontext()


def static_shape(x: torch.Tensor) -> tuple[int | None, ...]:
    """The shape: torch always knows it."""
    return tuple(x.shape)


def wide_float_scope() -> AbstractContextManager[Any]:
    """float64 is always there."""
    return nullcontext()


def synchronize(tensor: torch.Tensor) -> None:
    """Wait for the device that the tensor is computed on."""
    if tensor.is_cuda:
        torch.cuda.synchronize(tensor.device)


def framework_seed(seed: int) -> None:
    """Seed torch's generators on all devices."""
    torch.manual_seed(seed % 2**64)
