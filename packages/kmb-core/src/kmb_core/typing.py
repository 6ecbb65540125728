"""The annotations that ops are declared with.

An op's parameters annotated `TensorLike`, `Promoted`, `Number`, `Floating`, `Indices` or `Scalar` are the call's
tensors, `Structure` is any nesting of tensors; `Operand` marks what belongs to a call without being a tensor,
`Function` what the op calls; every other parameter is configuration. The dispatcher reads the role from the
annotation, so conversion, promotion, saved form and conformance rows all follow from the signature.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, TypeAlias

Tensor: TypeAlias = Any  # a framework's own tensor: the frameworks share no base class


@dataclass(frozen=True)
class Role:
    """What is done to a tensor argument before the backend's function sees it."""

    promotes: bool = False  # brought to the dtype that all promoted arguments of the call share
    to_float: bool = False  # and, where that is an integer or bool, on to floatx
    to_number: bool = False  # and, where that is bool, on to int32
    indexes: bool = False  # has to be of an integer dtype
    keeps_numbers: bool = False  # a Python number stays one: a traced function may need to know it


@dataclass(frozen=True)
class InCall:
    """Marks an argument that is no tensor but belongs to a call rather than to an operation's configuration."""


@dataclass(frozen=True)
class Nested(InCall):
    """Marks an argument that is any nesting of tensors: each is converted, none is promoted; None stays None."""


TensorLike = Annotated[Any, Role()]
Indices = Annotated[Any, Role(indexes=True)]
Promoted = Annotated[Any, Role(promotes=True)]
Number = Annotated[Any, Role(promotes=True, to_number=True)]
Floating = Annotated[Any, Role(promotes=True, to_float=True)]

Scalar = Annotated[Any, Role(keeps_numbers=True)]

Operand = Annotated[Any, InCall()]
Function = Annotated[Callable[..., Any], InCall()]
Structure = Annotated[Any, Nested()]

Shape: TypeAlias = "tuple[int | None, ...]"
