"""Variables of a torch module: what the module holds under a name, looked up each time.

Nothing is copied, and nothing can get out of step: whatever the module, `module.to(...)` or torch's own functions put
in the place of a parameter or a buffer is the variable's value from then on.
"""

import copy
from collections.abc import Iterator
from typing import Any

import torch
from torch import nn
from torch.nn.parameter import is_lazy

from kmb_backend_torch.conversion import dtype_name
from kmb_backend_torch.variable import TorchVariable
from kmb_core.plugins import load_backend


class ModuleVariable(TorchVariable):
    """A parameter or a buffer of a module that is not a layer."""

    in_module = True  # the module enters it among torch's parameters, so the layer does not

    def __init__(self, owner: nn.Module, registry: str, key: str, path: str) -> None:
        self._owner, self._registry, self._key = owner, registry, key
        value = getattr(owner, registry)[key]
        trainable = isinstance(value, nn.Parameter) and value.requires_grad
        super().__init__(value, trainable=trainable, autocast=False, name=path)

    def _create(self, value: torch.Tensor) -> torch.Tensor:
        return value

    @property
    def _value(self) -> torch.Tensor:
        return getattr(self._owner, self._registry)[self._key]

    @_value.setter
    def _value(self, value: torch.Tensor) -> None:
        getattr(self._owner, self._registry)[self._key] = value

    @property
    def _dtype(self) -> str:
        return dtype_name(self._value)

    @_dtype.setter
    def _dtype(self, value: str) -> None:
        """It is the value's."""

    def __deepcopy__(self, memo: dict[int, Any]) -> "ModuleVariable":
        duplicate = object.__new__(type(self))
        memo[id(self)] = duplicate
        duplicate.__dict__.update(self.__dict__, _owner=copy.deepcopy(self._owner, memo))
        return duplicate

    def __reduce__(self) -> tuple[Any, ...]:
        attributes = {name: value for name, value in self.__dict__.items() if name != "_backend"}
        return _restore, (self._backend.name, attributes)


def _restore(backend: str, attributes: dict[str, Any]) -> ModuleVariable:
    variable = object.__new__(ModuleVariable)
    variable.__dict__.update(attributes, _backend=load_backend(backend))
    return variable


def module_variables(module: nn.Module, prefix: str = "") -> Iterator[ModuleVariable]:
    """A variable for each parameter and buffer of a module, each once, named after its place in the module."""
    seen: set[int] = set()
    for path, owner in module.named_modules():
        for registry in ("_parameters", "_buffers"):
            for key, value in getattr(owner, registry).items():
                if value is not None and id(value) not in seen:
                    seen.add(id(value))
                    yield _described(owner, registry, key, ".".join(filter(None, (prefix, path, key))))


def _described(owner: nn.Module, registry: str, key: str, path: str) -> ModuleVariable:
    """The variable; where the module is a layer of the core, what that says of its own weight holds for it too."""
    variable = ModuleVariable(owner, registry, key, path)
    own = getattr(owner, "_native_variables", {}).get(key)
    if own is not None:
        variable.regularizer, variable.constraint = own.regularizer, own.constraint
    return variable


def awaits_shapes(module: nn.Module) -> bool:
    """Whether the module makes some of its parameters at its first call: lazy modules do, and layers of the core."""
    lazy = any(is_lazy(value) for value in (*module.parameters(), *module.buffers()))
    return lazy or any(getattr(part, "built", True) is False for part in module.modules())
