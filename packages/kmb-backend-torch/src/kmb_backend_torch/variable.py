"""Variables: a `torch.nn.Parameter` (trainable, floating) or a plain tensor, which layers register as a buffer.

The tensor object stays the same for the variable's life: an assignment copies into it, so optimizers, state dicts and
compiled graphs that hold it go on working. Kernels of convolutions keep the shape (height, width, in, out) with the
memory order (out, height, width, in): the permuted view that `conv2d` gets is channels-last, and so are its gradients.
"""

import copy
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch._subclasses.fake_tensor import unset_fake_temporarily

from kmb_backend_torch.conversion import AS_BITS, convert, dtype_name, native_dtype
from kmb_backend_torch.placement import placement
from kmb_core.backend import Variable
from kmb_core.backend.memory import StoredArray, aligned
from kmb_core.backend.state import state
from kmb_core.dtypes import is_float, numpy_dtype

# torch pickles wide unsigned tensors and cannot read them again: they travel as their bits.
_SIGNED = {torch.uint16: torch.int16, torch.uint32: torch.int32, torch.uint64: torch.int64}
_PLAIN = (torch.nn.Parameter, torch.Tensor)  # what holds its values itself


class TorchVariable(Variable):
    """A variable of the torch backend."""

    in_module = False  # whether it is a parameter or a buffer of a module of torch's, which looks after it

    def _initial_value(self, initializer: Any, shape: Any, dtype: str | None) -> torch.Tensor:
        with unset_fake_temporarily():  # a layer may be built while its model is traced for shapes
            return super()._initial_value(initializer, shape, dtype)

    def _may_wait(self) -> bool:
        # Dynamo would trace the drawing: in a thread of its own it is left alone.
        return not torch.compiler.is_compiling() and super()._may_wait()

    def _create(self, value: torch.Tensor) -> torch.Tensor:
        # A model may be built while it predicts, or while it is traced: its weights are real all the same.
        with unset_fake_temporarily(), torch.inference_mode(False), torch.no_grad():
            return self._stored(_owned(value))

    def _stored(self, value: torch.Tensor) -> torch.Tensor:
        return torch.nn.Parameter(value) if self._trainable and value.is_floating_point() else value

    def _placeholder(self) -> torch.Tensor:
        with unset_fake_temporarily(), torch.inference_mode(False), torch.no_grad():
            if not _channels_last(len(self._shape), is_float(self._dtype)):
                return self._stored(_empty(self._shape, self._dtype))
            return self._stored(_out_last(_empty((self._shape[-1], *self._shape[:-1]), self._dtype)))

    def _read_from(self, stored: StoredArray) -> None:
        view = self._memory()
        if view is None or not view.flags.c_contiguous:
            super()._read_from(stored)
        else:
            stored.read(view)
            torch.autograd.graph.increment_version(self._value)

    def _host_view(self) -> np.ndarray:
        view = self._memory()
        return self.numpy() if view is None else view

    def _memory(self) -> np.ndarray | None:
        """The variable's memory as an array; None where it is on a device, or is not to be read or written now."""
        value = self._value
        away = not value.is_cpu or type(value) not in _PLAIN or value.layout is not torch.strided
        if away or value.is_inference() or state.stateless is not None or state.symbolic:
            return None
        bits = AS_BITS.get(self._dtype)
        value = value.detach()
        return value.numpy() if bits is None else value.view(bits[2]).numpy().view(numpy_dtype(self._dtype))

    def _write(self, value: torch.Tensor) -> None:
        with torch.no_grad():
            self._value.copy_(value)

    @property
    def trainable(self) -> bool:
        """Whether gradients reach it; torch's `requires_grad` follows."""
        return self._trainable

    @trainable.setter
    def trainable(self, value: bool) -> None:
        self._trainable = bool(value)
        if self._waiting is None and self._value.is_floating_point():
            self._value.requires_grad_(self._trainable)

    def adopt(self, value: torch.Tensor) -> None:
        """Take another tensor as the storage: what `module.to(...)` made of it."""
        self._value = value
        self._dtype = dtype_name(value)
        self._waiting = None

    def __deepcopy__(self, memo: dict[int, Any]) -> "TorchVariable":
        _ = self._value  # a copy does not wait
        duplicate = object.__new__(type(self))
        memo[id(self)] = duplicate
        duplicate.__dict__.update(self.__dict__)
        duplicate._value = copy.deepcopy(self._value.detach() if self._value.grad_fn else self._value, memo)
        return duplicate

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        _ = self._value
        # The tensor goes along as it is: a pickled module holds it twice, and must hold one tensor again afterwards.
        attributes = {name: value for name, value in self.__dict__.items() if name not in ("_value", "_backend")}
        signed = _SIGNED.get(self._value.dtype)
        return _restore, (self._backend.name, attributes, self._value if signed is None else self._value.view(signed))


def _restore(backend: str, attributes: dict[str, Any], value: torch.Tensor) -> TorchVariable:
    from kmb_core.plugins import load_backend

    variable = object.__new__(TorchVariable)
    if attributes["_dtype"] in ("uint16", "uint32", "uint64"):
        value = value.view(native_dtype(attributes["_dtype"]))
    variable.__dict__.update(attributes, _backend=load_backend(backend), _value=value)
    return variable


def _owned(value: torch.Tensor) -> torch.Tensor:
    """A copy that nobody else holds, in the memory order that torch's kernels want."""
    value = value.detach()
    if not _channels_last(value.ndim, value.is_floating_point()):
        return value.clone(memory_format=torch.contiguous_format)
    order = (value.ndim - 1, *range(value.ndim - 1))  # out first, then the spatial axes, then in
    return _out_last(value.permute(order).clone(memory_format=torch.contiguous_format))


def _channels_last(ndim: int, floating: bool) -> bool:
    return ndim in (4, 5) and floating


def _out_last(value: torch.Tensor) -> torch.Tensor:
    """The view that has the first axis of the memory last."""
    return value.permute((*range(1, value.ndim), 0))


def _empty(shape: tuple[int, ...], dtype: str) -> torch.Tensor:
    if placement.device.type == "cpu":
        return convert(aligned(shape, dtype))
    return torch.empty(shape, dtype=native_dtype(dtype), device=placement.device)
