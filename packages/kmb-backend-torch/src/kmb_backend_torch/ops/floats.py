"""Signs and neighbours: torch's."""

import torch

from kmb_backend_torch.ops.operands import Operand, beside
from kmb_backend_torch.ops.unsigned import with_unsigned

signbit = with_unsigned(torch.signbit)
isposinf = with_unsigned(torch.isposinf)
isneginf = with_unsigned(torch.isneginf)


def nextafter(x1: torch.Tensor, x2: Operand) -> torch.Tensor:
    """The number that follows x1 on the way to x2."""
    if x1.dtype is torch.float16:  # torch has no kernel for it
        from kmb_core.ops.floats import nextafter as declared

        return declared.op.body(x1, x2)  # type: ignore[attr-defined]  # every declared op has its declaration
    return torch.nextafter(x1, beside(x1, x2))
