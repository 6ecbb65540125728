"""What a call of a layer class needs to know, worked out once per class from the signature of `call`."""

import inspect
from collections.abc import Callable
from functools import cache
from typing import Any

_POSITIONAL = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)


class CallPlan:
    """The parameters of a `call` method.

    Attributes:
        names: positional parameters without self.
        takes_training: whether `training` is accepted, with `training_default`.
        mask_of: {parameter: its mask parameter}; the first parameter's mask is `mask`.
        open: whether *args or **kwargs are accepted.
    """

    __slots__ = ("first", "mask_of", "names", "open", "signature", "takes_training", "training_default")

    def __init__(self, call: Callable[..., Any]) -> None:
        self.signature = inspect.signature(call)
        parameters = list(self.signature.parameters.values())[1:]
        self.names = tuple(p.name for p in parameters if p.kind in _POSITIONAL)
        named = {p.name: p for p in parameters}
        self.open = any(p.kind in (p.VAR_KEYWORD, p.VAR_POSITIONAL) for p in parameters)
        self.takes_training = "training" in named
        default = named["training"].default if self.takes_training else None
        self.training_default = None if default is inspect.Parameter.empty else default
        self.first = self.names[0] if self.names else None
        self.mask_of = {name: f"{name}_mask" for name in self.names if f"{name}_mask" in named}
        if "mask" in named and self.first is not None:
            self.mask_of.setdefault(self.first, "mask")

    def name_arguments(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
        """All arguments by parameter name (positional ones beyond the named parameters are left out)."""
        return {**dict(zip(self.names, args, strict=False)), **kwargs}


@cache
def call_plan(cls: type) -> CallPlan:
    """The plan of a class."""
    return CallPlan(cls.call)  # type: ignore[attr-defined]  # every layer class has `call`


@cache
def build_parameters(cls: type) -> tuple[str, ...]:
    """Names of the parameters of `build`, without self; ("*",) where it takes any."""
    parameters = list(inspect.signature(cls.build).parameters.values())[1:]  # type: ignore[attr-defined]  # layers have it
    if any(p.kind is p.VAR_KEYWORD for p in parameters):
        return ("*",)
    return tuple(p.name for p in parameters if p.kind in _POSITIONAL)


@cache
def constructor_parameters(cls: type) -> dict[str, Any]:
    """{name: default} of what `__init__` takes, those of base classes behind **kwargs included."""
    found: dict[str, Any] = {}
    for base in cls.__mro__:
        if "__init__" not in base.__dict__:
            continue
        parameters = list(inspect.signature(base.__init__).parameters.values())[1:]  # type: ignore[misc]  # of a class
        for parameter in parameters:
            if parameter.kind not in (parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL):
                found.setdefault(parameter.name, parameter.default)
        if not any(p.kind is p.VAR_KEYWORD for p in parameters):
            break
    return found
