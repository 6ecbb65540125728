"""Variables: a `torch.nn.Parameter` (trainable, floating) or a plain tensor, which layers register as a buffer.

The tensor object stays the same for the variable's life: an assignment copies into it, so optimizers, state dicts and
compiled graphs that hold it go on working. Kernels of convolutions keep the shape (height, width, in, out) with the
memory order (out, height, width, in): the permuted view that `conv2d` gets is channels-last, and so are its gradients.
"""

import copy
from collections.abc import Callable
from typing import Any

import torch
from torch._subclasses.fake_tensor import unset_fake_temporarily

from kmb_backend_torch.conversion import dtype_name, native_dtype
from kmb_core.backend import Variable

# torch pickles wide unsigned tensors and cannot read them again: they travel as their bits.
_SIGNED = {torch.uint16: torch.int16, torch.uint32: torch.int32, torch.uint64: torch.int64}


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
            value = _owned(value)
            if self._trainable and value.is_floating_point():
                return torch.nn.Parameter(value)
            return value

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
    if value.ndim not in (4, 5) or not value.is_floating_point():
        return value.clone(memory_format=torch.contiguous_format)
    order = (value.ndim - 1, *range(value.ndim - 1))  # out first, then the spatial axes, then in
    stored = value.permute(order).clone(memory_format=torch.contiguous_format)
    return stored.permute((*range(1, value.ndim), 0))
