"""The annotations that ops are declared with.

An op's parameters annotated `TensorLike`, `Promoted` or `Floating` are the call's tensors; every other parameter is its
configuration. The dispatcher reads the role from the annotation, so conversion, promotion, saved form and conformance
rows all follow from the signature.
"""

from dataclasses import dataclass
from typing import Annotated, Any, TypeAlias

Tensor: TypeAlias = Any  # a framework's own tensor: the frameworks share no base class


@dataclass(frozen=True)
class Role:
    """What is done to a tensor argument before the backend's function sees it."""

    promotes: bool = False  # brought to the dtype that all promoted arguments of the call share
    to_float: bool = False  # and, where that is an integer or bool, on to floatx


TensorLike = Annotated[Any, Role()]
Promoted = Annotated[Any, Role(promotes=True)]
Floating = Annotated[Any, Role(promotes=True, to_float=True)]

Shape: TypeAlias = "tuple[int | None, ...]"
