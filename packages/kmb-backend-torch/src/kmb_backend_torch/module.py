"""Layers as `torch.nn.Module`s.

The core joins a layer's class with `NativeLayer` as the last base. Attributes stay where the core puts them, in the
instance's `__dict__`, so reading one costs nothing; beside that, variables are entered into torch's `_parameters` and
`_buffers` and sublayers into `_modules`, under the attributes' names. That is all that `parameters()`, `state_dict()`,
`to()`, `torch.compile` and hooks need.

Lists and dicts of layers or variables become a `Container`, whose content is looked up each time it is asked for: what
is appended to the list later is never missed.
"""

import threading
import warnings
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import torch
from torch import nn

from kmb_backend_torch.module_variable import ModuleVariable, awaits_shapes, module_variables
from kmb_core.backend import Variable
from kmb_core.errors import message

CONTAINERS = (list, tuple, dict, set)
# Of the core's own attributes: variables are entered by their names, and arguments where they are kept.
_OF_THE_CORE = ("_trainable_variables", "_non_trainable_variables", "_constructor")


def _named(items: Any) -> Iterator[tuple[str, Any]]:
    """A container's items with their names in a state dict; dots would look like another level."""
    pairs = items.items() if isinstance(items, dict) else enumerate(items)
    return ((str(name).replace(".", "_"), item) for name, item in pairs)


def _belongs(value: Any) -> bool:
    """Whether a container holds anything for torch, or is empty and may do so later."""
    if not value:
        return isinstance(value, (list, dict, set))
    items = value.values() if isinstance(value, dict) else value
    return any(_is_nested(item) or isinstance(item, (Variable, nn.Module, nn.Parameter)) for item in items)


def _is_nested(item: Any) -> bool:
    return isinstance(item, CONTAINERS) and bool(item) and _belongs(item)


def _modules_in(items: Any, prefix: str) -> Iterator[tuple[str, nn.Module]]:
    """The modules of a container at any depth, with their names in a state dict."""
    for name, item in _named(items):
        if isinstance(item, nn.Module):
            yield f"{prefix}.{name}", item
        elif isinstance(item, CONTAINERS):
            yield from _modules_in(item, f"{prefix}.{name}")


class _Live:
    """A dict of a Container, made anew at each access; torch's own attempts to set it are ignored."""

    def __init__(self, accepts: Callable[[Any], bool], native: Callable[[Any], Any]) -> None:
        self._accepts, self._native = accepts, native

    def __get__(self, container: Any, owner: type | None = None) -> dict[str, Any]:
        return {name: self._native(item) for name, item in _named(container.__dict__["_items"]) if self._accepts(item)}

    def __set__(self, container: Any, value: Any) -> None:
        """torch's constructor sets empty dicts."""


def _is_parameter(item: Any) -> bool:
    return isinstance(item, nn.Parameter) or (isinstance(item, Variable) and isinstance(item._value, nn.Parameter))


def _is_buffer(item: Any) -> bool:
    return isinstance(item, Variable) and not isinstance(item._value, nn.Parameter)


def _is_module(item: Any) -> bool:
    return isinstance(item, nn.Module) or _is_nested(item)


class Container(nn.Module):
    """A list, tuple, dict or set of layers and variables, as torch sees it."""

    _parameters = _Live(_is_parameter, lambda item: item._value if isinstance(item, Variable) else item)
    _buffers = _Live(_is_buffer, lambda item: item._value)
    _modules = _Live(_is_module, lambda item: item if isinstance(item, nn.Module) else Container(item))

    def __init__(self, items: Any) -> None:
        self.__dict__["_items"] = items
        super().__init__()

    def _apply(self, fn: Callable[[torch.Tensor], torch.Tensor], recurse: bool = True) -> "Container":
        super()._apply(fn, recurse)
        for _, item in _named(self._items):
            if _is_buffer(item):
                item.adopt(fn(item._value))
            elif isinstance(item, Variable):
                item.adopt(item._value)  # its data was replaced in place; the dtype may be another
        return self


def _held(module: nn.Module) -> Iterator[nn.Module]:
    """A module, or those in a container at any depth."""
    if not isinstance(module, Container):
        yield module
        return
    for inner in module._modules.values():
        yield from _held(inner)


class _Entries(dict[str, Any]):
    """`_parameters` or `_buffers` of a layer: what torch puts there, its variable has from then on.

    So `torch.func.functional_call`, `torch.export` and `module.to(...)` reach the tensor that the layer computes with.
    """

    def __init__(self, variables: dict[str, Variable]) -> None:
        super().__init__()
        self.variables = variables
        self.waiting: dict[str, Variable] = {}  # their tensors are made when torch looks at them

    def __setitem__(self, name: str, value: Any) -> None:
        super().__setitem__(name, value)
        self.waiting.pop(name, None)
        if name in self.variables and isinstance(value, torch.Tensor):
            self.variables[name].adopt(value)

    def enter_later(self, name: str, variable: Variable) -> None:
        """Hold the place of a variable that waits for its value."""
        super().__setitem__(name, None)
        self.waiting[name] = variable

    def _settle(self) -> None:
        for name, variable in list(self.waiting.items()):
            super().__setitem__(name, variable._value)
        self.waiting.clear()

    def __getitem__(self, name: str) -> Any:
        self._settle()
        return super().__getitem__(name)

    def __iter__(self) -> Iterator[str]:  # which also keeps `dict(entries)` from reading past these methods
        return super().__iter__()

    def get(self, name: str, default: Any = None) -> Any:
        self._settle()
        return super().get(name, default)

    def items(self) -> Any:
        self._settle()
        return super().items()

    def values(self) -> Any:
        self._settle()
        return super().values()

    def __delitem__(self, name: str) -> None:
        self.waiting.pop(name, None)
        super().__delitem__(name)

    def copy(self) -> dict[str, Any]:
        self._settle()
        return super().copy()

    def pop(self, name: str, *default: Any) -> Any:
        self.waiting.pop(name, None)
        return super().pop(name, *default)


class _Entered(threading.local):
    """The layer whose hooks are running in this thread: its `forward` is the computation itself."""

    def __init__(self) -> None:
        self.layer: Any = None


_entered = _Entered()


def _hooking(name: str) -> Callable[..., Any]:
    register = getattr(nn.Module, name)

    def method(self: "NativeLayer", *args: Any, **kwargs: Any) -> Any:
        handle = register(self, *args, **kwargs)
        object.__setattr__(self, "_hooked", True)
        self._plan_calls()
        return handle

    method.__name__ = name
    method.__doc__ = f"See `torch.nn.Module.{name}`."
    return method


class NativeLayer(nn.Module):
    """The native base of layers and models."""

    # Methods that stand before those of the declared class: see `kmb_core.layers.specialization`.
    __kmb_overrides__ = ("_native_track", "_native_untrack", "_native_track_variable", "_call_hooked")

    register_forward_hook = _hooking("register_forward_hook")
    register_forward_pre_hook = _hooking("register_forward_pre_hook")
    register_full_backward_hook = _hooking("register_full_backward_hook")
    register_full_backward_pre_hook = _hooking("register_full_backward_pre_hook")
    register_backward_hook = _hooking("register_backward_hook")

    def __init__(self) -> None:
        nn.Module.__init__(self)
        # Set here, these count as native: they are not copied or pickled with the layer.
        variables: dict[str, Variable] = {}
        self.__dict__["_native_variables"] = variables
        self.__dict__["_parameters"], self.__dict__["_buffers"] = _Entries(variables), _Entries(variables)
        self.__dict__["_hooked"] = False

    def __getattr__(self, name: str) -> Any:
        # A property that raised AttributeError ends here too: asked again, it says itself what is wrong.
        for cls in type(self).__mro__:
            if name in cls.__dict__:
                if isinstance(cls.__dict__[name], property):
                    return cls.__dict__[name].fget(self)
                break
        return super().__getattr__(name)

    # What the core tells ----------------------------------------------------------------------------------------

    def _native_track_variable(self, variable: Variable) -> None:
        if any(variable is known for known in self._native_variables.values()):
            return
        name = base = variable.name.replace(".", "_")
        count = 1
        while name in self._native_variables or name in self._modules:
            name, count = f"{base}_{count}", count + 1
        self._enter(name, variable)

    def _native_track(self, name: str, value: Any) -> None:
        if name in _OF_THE_CORE:
            return
        if isinstance(value, Variable):
            self._native_rename(name, value)
            return
        if self._state_name(name) in self._native_variables:
            self._native_untrack(name)
        if name in self._modules and self._modules[name] is not value:
            self._release_module(self._modules[name])
        if isinstance(value, nn.Module):
            if value is not self and self.__dict__.get(name) is value:  # else `_native_complete` finds it
                self._modules[name] = value
                self._hold_module(name, value)
        elif isinstance(value, CONTAINERS) and _belongs(value):
            self._drop_provisional(value)
            self._modules[name] = Container(value)
            for item, module in _modules_in(value, name):
                self._hold_module(item, module)
        elif isinstance(value, nn.Parameter):
            self._parameters[name] = value
            self._hold([ModuleVariable(self, "_parameters", name, name)])
        else:
            self._modules.pop(name, None)
            if isinstance(self.__dict__.get(name, 0), type(value)):  # a plain value in place of a parameter
                self._parameters.pop(name, None)

    def _hold_module(self, name: str, module: nn.Module) -> None:
        """Make a module's parameters and buffers variables of the layer, which trains and saves them."""
        if isinstance(module, NativeLayer):
            return  # the core finds it by itself
        if awaits_shapes(module):
            what = f"{type(self).__name__}.{name}: {type(module).__name__} makes its parameters at its first call"
            remedy = "Wrap it in kmb_core.layers.TorchModuleWrapper, or call it on data before it is assigned."
            warnings.warn(message(what, "They are not among the layer's variables.", remedy), stacklevel=4)
            return
        self._hold(module_variables(module, name))

    def _hold(self, variables: Iterable[ModuleVariable]) -> None:
        own = [*self._trainable_variables, *self._non_trainable_variables]
        known = {(id(variable._owner), variable._key) for variable in own if variable.in_module}
        for variable in variables:
            if (id(variable._owner), variable._key) not in known:
                self._track_variable(variable)

    def _release_module(self, module: nn.Module) -> None:
        owners = {id(part) for part in module.modules()}
        for variable in [*self._trainable_variables, *self._non_trainable_variables]:
            if variable.in_module and id(variable._owner) in owners:
                self._untrack_variable(variable)

    def _native_untrack(self, name: str) -> None:
        if name in self._modules:
            self._release_module(self._modules[name])
        for known in {name, self._state_name(name)}:
            for registered in (self._native_variables, self._parameters, self._buffers, self._modules):
                registered.pop(known, None)

    def _state_name(self, name: str) -> str:
        """The name in state dicts: a weight behind a property goes by the property's."""
        public = name.lstrip("_")
        return public if isinstance(getattr(type(self), public, None), property) else name

    def _native_rename(self, name: str, variable: Variable) -> None:
        """Enter a variable under its attribute's name instead of the provisional one."""
        known = [key for key, value in self._native_variables.items() if value is variable]
        if any(key != name and self._is_attribute(key, variable) for key in known):
            return  # a second attribute for the same variable: one name is enough
        for key in known:
            self._native_untrack(key)
        self._native_untrack(name)
        self._enter(self._state_name(name), variable)

    def _is_attribute(self, name: str, variable: Variable) -> bool:
        """Whether a name is that of an attribute, or of the property in front of one."""
        return self.__dict__.get(name) is variable or self.__dict__.get(f"_{name}") is variable

    def _drop_provisional(self, items: Any) -> None:
        """Variables of a container go by their names in it, not by those that add_weight gave."""
        for _, item in _named(items):
            if isinstance(item, Variable):
                names = [name for name, variable in self._native_variables.items() if variable is item]
                for name in names:
                    if not self._is_attribute(name, item):
                        self._native_untrack(name)
            elif isinstance(item, CONTAINERS):
                self._drop_provisional(item)

    def _enter(self, name: str, variable: Variable) -> None:
        if variable.in_module:
            return
        if variable._waiting is not None:
            (self._parameters if variable._waiting.trainable else self._buffers).enter_later(name, variable)
        else:
            value = variable._value
            (self._parameters if isinstance(value, nn.Parameter) else self._buffers)[name] = value
        self._native_variables[name] = variable

    # What torch asks --------------------------------------------------------------------------------------------

    def _native_complete(self) -> None:
        """Enter the sublayers that are no attributes, those of a model's graph or stack, by position: "0", "1", …

        The names are those of `nn.Sequential`. It is done when torch looks, because until then models may change.
        """
        for name in [name for name in self._modules if name.isdecimal()]:
            del self._modules[name]
        held = {id(module) for entered in self._modules.values() for module in _held(entered)}
        for position, layer in enumerate(self._sublayers()):
            if id(layer) not in held:
                self._modules[str(position)] = layer

    def named_children(self) -> Iterator[tuple[str, nn.Module]]:
        """See `torch.nn.Module.named_children`."""
        self._native_complete()
        return super().named_children()

    def named_modules(self, *args: Any, **kwargs: Any) -> Iterator[tuple[str, nn.Module]]:
        """See `torch.nn.Module.named_modules`."""
        self._native_complete()
        return super().named_modules(*args, **kwargs)

    def get_submodule(self, target: str) -> nn.Module:
        """See `torch.nn.Module.get_submodule`; a list's name stands for the layers in it."""
        found = dict(self.named_modules(remove_duplicate=False)).get(target)
        if found is None:
            raise AttributeError(f"{type(self).__name__} has no submodule {target!r}")
        return found

    def get_parameter(self, target: str) -> nn.Parameter:
        """See `torch.nn.Module.get_parameter`: the tensor, where the attribute is a variable."""
        path, _, name = target.rpartition(".")
        parameters = self.get_submodule(path)._parameters
        if name not in parameters:
            raise AttributeError(f"{type(self).__name__} has no parameter {target!r}")
        return parameters[name]

    def _save_to_state_dict(self, *args: Any) -> None:
        self._native_complete()
        super()._save_to_state_dict(*args)

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """The computation, as torch's machinery calls it."""
        if _entered.layer is self:
            _entered.layer = None
            return self._call_unhooked(args, kwargs)
        return self(*args, **kwargs)

    def _call_hooked(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if not (self._forward_hooks or self._forward_pre_hooks or self._backward_hooks or self._backward_pre_hooks):
            object.__setattr__(self, "_hooked", False)  # all were removed: calls are quick again
            self._plan_calls()
            return self._call_unhooked(args, kwargs)
        outer, _entered.layer = _entered.layer, self
        try:
            return nn.Module._call_impl(self, *args, **kwargs)
        finally:
            _entered.layer = outer

    def train(self, mode: bool = True) -> "NativeLayer":
        """Make `training=mode` the default of calls from now on, here and in everything inside."""
        super().train(mode)
        object.__setattr__(self, "_training_default", mode)
        return self

    def _apply(self, fn: Callable[[torch.Tensor], torch.Tensor], recurse: bool = True) -> "NativeLayer":
        super()._apply(fn, recurse)
        for name, variable in self._native_variables.items():
            registered = self._parameters if name in self._parameters else self._buffers
            variable.adopt(registered[name])
        return self

    def _load_from_state_dict(self, state_dict: Any, prefix: str, local_metadata: dict[str, Any], *args: Any) -> None:
        self._native_complete()
        # Variables own their tensors: `assign=True` copies into them, as without it.
        super()._load_from_state_dict(state_dict, prefix, {**local_metadata, "assign_to_params_buffers": False}, *args)
