"""Working out in float32 what 16 bits cannot hold on the way: sums of squares, numbers next to 1."""

from kmb_core.ops.creation import cast
from kmb_core.typing import Tensor

NARROW = ("float16", "bfloat16")


def widened(x: Tensor, dtype: str) -> Tensor:
    """x in float32 where its dtype, which is given, has 16 bits."""
    return cast(x, "float32") if dtype in NARROW else x


def narrowed(x: Tensor, dtype: str) -> Tensor:
    """x back in the dtype that `widened` was given."""
    return cast(x, dtype) if dtype in NARROW else x
