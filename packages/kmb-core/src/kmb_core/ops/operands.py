"""The second operand of a binary op in the body of a composite: it may still be a Python number there."""

from typing import Any

from kmb_core.backend import dtype_of
from kmb_core.ops.creation import full
from kmb_core.typing import Tensor


def beside(x: Tensor, other: Any) -> Tensor:
    """A Python number as a scalar tensor of x's dtype; a tensor as it is."""
    return full((), other, dtype_of(x)) if isinstance(other, (int, float)) else other
