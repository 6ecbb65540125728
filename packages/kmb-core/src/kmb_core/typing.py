"""The annotations that ops are declared with.

An op's parameters annotated `TensorLike`, `Promoted`, `Number` or `Floating` are the call's tensors; `Operand` marks
what belongs to a call without being a tensor; every other parameter is configuration. The dispatcher reads the role
from the annotation, so conversion, promotion, saved form and conformance rows all follow from the signature.
"""

from dataclasses import dataclass
from typing import Annotated, Any, TypeAlias

Tensor: TypeAlias = Any  # a framework's own tensor: the frameworks share no base class


@dataclass(frozen=True)
class Role:
    """What is done to a tensor argument before the backend's function sees it."""

    promotes: bool = False  # brought to the dtype that all promoted arguments of the call share
    to_float: bool = False  # and, where that is an integer or bool, on to floatx
    to_number: bool = False  # and, where that is bool, on to int32


@dataclass(frozen=True)
class InCall:
    """Marks an argument that is no tensor but belongs to a call rather than to an operation's configuration."""


TensorLike = Annotated[Any, Role()]
Promoted = Annotated[Any, Role(promotes=True)]
Number = Annotated[Any, Role(promotes=True, to_number=True)]
Floating = Annotated[Any, Role(promotes=True, to_float=True)]

Operand = Annotated[Any, InCall()]

Shape: TypeAlias = "tuple[int | None, ...]"
