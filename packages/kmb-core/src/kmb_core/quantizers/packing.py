"""Two 4-bit integers in a byte: the first of a pair in the low half, the second in the high one."""

from typing import Any

from kmb_core.backend import convert_to_tensor, dtype_of
from kmb_core.errors import DTypeError, ShapeError, message
from kmb_core.ops.arithmetic import subtract
from kmb_core.ops.bits import bitwise_and, bitwise_or, bitwise_xor, left_shift, right_shift
from kmb_core.ops.creation import cast
from kmb_core.ops.indexing import take
from kmb_core.ops.manipulation import moveaxis, pad, reshape, stack
from kmb_core.ops.tensors import static_shape
from kmb_core.shapes import normalize_axis

_BYTES = ("int8", "uint8")


def pack_int4(arr: Any, axis: int = 0, dtype: str = "int8") -> tuple[Any, tuple[int, ...], int]:
    """Put each two 4-bit integers along an axis into one byte.

    Args:
        arr: a tensor of `dtype`: from -8 to 7 for int8, from 0 to 15 for uint8. Other bits are lost.
        axis: along which pairs are formed; a last one without partner gets a zero.
        dtype: "int8" or "uint8", of the tensor and of the bytes.

    Returns:
        The bytes, their shape, and the length of the axis before.

    Raises:
        DTypeError: for another dtype.

    Example:
        >>> from kmb_core import ops, quantizers
        >>> packed, shape, length = quantizers.pack_int4(ops.convert_to_tensor([1, 2, -1], "int8"))
        >>> [int(b) for b in packed], shape, length
        ([33, 15], (2,), 3)
    """
    if dtype not in _BYTES:
        raise DTypeError(f"pack_int4: dtype is one of {', '.join(_BYTES)}, got {dtype!r}")
    arr = convert_to_tensor(arr) if not hasattr(arr, "shape") else arr
    if dtype_of(arr) != dtype:
        raise DTypeError(f"pack_int4: expected a tensor of {dtype}, got {dtype_of(arr)}")
    axis = normalize_axis(axis, len(static_shape(arr)), "pack_int4")
    first = moveaxis(arr, axis, 0)
    length, *rest = static_shape(first)
    if length is None:
        raise ShapeError(f"pack_int4: axis {axis} has to be of known size, got shape {static_shape(arr)}")
    if length % 2:
        first = pad(first, ((0, 1), *((0, 0) for _ in rest)))
    pairs = reshape(first, (-(-length // 2), 2, *_sizes(rest)))
    low, high = bitwise_and(take(pairs, 0, axis=1), 15), left_shift(bitwise_and(take(pairs, 1, axis=1), 15), 4)
    packed = moveaxis(cast(bitwise_or(low, high), dtype), 0, axis)
    return packed, tuple(static_shape(packed)), length


def unpack_int4(packed: Any, orig_len: int, axis: int = 0, dtype: str = "int8") -> Any:
    """Take the 4-bit integers out of the bytes of `pack_int4`.

    Args:
        packed: a tensor of int8 or uint8.
        orig_len: length of the axis before it was packed.
        axis: along which pairs were formed.
        dtype: "int8" for integers from -8 to 7, "uint8" for integers from 0 to 15.

    Returns:
        A tensor of `dtype` with `orig_len` for the size of the axis.

    Raises:
        DTypeError: for other dtypes.
        ShapeError: when the bytes do not hold so many.

    Example:
        >>> from kmb_core import ops, quantizers
        >>> [int(i) for i in quantizers.unpack_int4(ops.convert_to_tensor([33, 15], "int8"), 3)]
        [1, 2, -1]
    """
    packed = convert_to_tensor(packed) if not hasattr(packed, "shape") else packed
    if dtype not in _BYTES or dtype_of(packed) not in _BYTES:
        raise DTypeError(f"unpack_int4: expected int8 or uint8, got a tensor of {dtype_of(packed)} and dtype {dtype!r}")
    axis = normalize_axis(axis, len(static_shape(packed)), "unpack_int4")
    first = moveaxis(packed, axis, 0)
    length, *rest = static_shape(first)
    if length is not None and -(-orig_len // 2) != length:
        what = f"unpack_int4: {length} bytes on axis {axis} hold {2 * length - 1} or {2 * length}, not {orig_len}"
        raise ShapeError(message(what, None, "Pass the length that pack_int4 gave."))
    low, high = bitwise_and(first, 15), bitwise_and(right_shift(first, 4), 15)
    both = reshape(stack([low, high], axis=1), (-1 if length is None else 2 * length, *_sizes(rest)))[:orig_len]
    if dtype == "int8":  # 8 to 15 stand for -8 to -1
        both = subtract(bitwise_xor(cast(both, "int8"), 8), 8)
    return moveaxis(cast(both, dtype), 0, axis)


def _sizes(rest: list[int | None]) -> tuple[int, ...]:
    """Sizes for a reshape: at most one may be unknown."""
    return tuple(-1 if size is None else size for size in rest)
