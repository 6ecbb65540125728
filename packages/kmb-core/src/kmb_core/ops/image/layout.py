"""How images lie in a tensor, and in which dtype one computes with them.

An image has three axes, a batch four. Interpolation of integers and of 16-bit floats is done in float32 and rounded
once, at the end: bytes stay bytes, as users of image files expect.
"""

from typing import Any, NamedTuple

import numpy as np

from kmb_core.backend import dtype_of
from kmb_core.dtypes import is_float, is_integer
from kmb_core.errors import DTypeError, ShapeError, message
from kmb_core.ops.arithmetic import clip
from kmb_core.ops.arithmetic import round as rounded
from kmb_core.ops.creation import cast, full
from kmb_core.ops.manipulation import concatenate, pad, reshape
from kmb_core.ops.tensors import shape as shape_of
from kmb_core.ops.tensors import static_shape
from kmb_core.settings import standardize_data_format
from kmb_core.typing import Tensor

IMAGE = "keras.src.ops.image"


class Axes(NamedTuple):
    """Where an image's rows, columns and channels lie, counted from the front."""

    rows: int
    columns: int
    channels: int


def image_axes(images: Any, data_format: str | None, where: str) -> Axes:
    """The axes of an image, or of a batch of images.

    Raises:
        ShapeError: for another number of axes than 3 or 4. ValueError: for a data format that does not exist.
    """
    shape = static_shape(images)
    if len(shape) not in (3, 4):
        what = f"{where}: expected an image with 3 axes or a batch with 4, got shape {tuple(shape)}"
        raise ShapeError(message(what, "The axis of channels is missing, perhaps.", "See ops.expand_dims."))
    first = len(shape) - 3
    if standardize_data_format(data_format) == "channels_first":
        return Axes(first + 1, first + 2, first)
    return Axes(first, first + 1, first + 2)


def replaced(shape: Any, sizes: dict[int, Any]) -> tuple[Any, ...]:
    """A shape with other sizes on some axes."""
    return tuple(sizes.get(axis, size) for axis, size in enumerate(shape))


def check_choice(value: Any, choices: tuple[Any, ...], name: str, where: str) -> None:
    """Raise ValueError for what is not among the choices."""
    if value not in choices:
        raise ValueError(f"{where}: {name} is one of {choices}, got {value!r}")


def check_floating(images: Any, where: str) -> None:
    """Raise DTypeError unless the dtype is floating."""
    if not is_float(dtype_of(images)):
        what = f"{where}: expected images of a floating dtype, got {dtype_of(images)}"
        raise DTypeError(message(what, None, "Divide bytes by 255."))


def working_dtype(*tensors: Any) -> str:
    """The dtype to compute in: float64 where a tensor has it, else float32."""
    return "float64" if any(dtype_of(x) == "float64" for x in tensors) else "float32"


def as_dtype(x: Tensor, dtype: str) -> Tensor:
    """A computed image in the dtype of the one it was made from: integers are rounded, and kept in their range."""
    if not is_integer(dtype):
        return x if dtype_of(x) == dtype else cast(x, dtype)
    bounds = np.iinfo(dtype)
    # beyond 16 bits the bounds are no floats, and what an image holds is far from them
    narrow = bounds.bits <= 16
    return cast(clip(rounded(x), float(bounds.min), float(bounds.max)) if narrow else rounded(x), dtype)


def bordered(x: Tensor, around: dict[int, tuple[Any, Any]], value: float = 0) -> Tensor:
    """x with a border of one value on some axes; how wide may be tensors, where a graph does not know its sizes."""
    if all(isinstance(amount, int) for pair in around.values() for amount in pair):
        widths = [around.get(axis, (0, 0)) for axis in range(len(static_shape(x)))]
        return pad(x, widths, constant_values=value)
    for axis, amounts in around.items():
        before, behind = (full(replaced(shape_of(x), {axis: amount}), value, dtype_of(x)) for amount in amounts)
        x = concatenate([before, x, behind], axis)
    return x


def of_sizes(x: Tensor, sizes: dict[int, int | None]) -> Tensor:
    """x, with what is known of its sizes told to a graph that did not see it."""
    told = {axis: size for axis, size in sizes.items() if size is not None}
    known = static_shape(x)
    return reshape(x, replaced(shape_of(x), told)) if any(known[axis] is None for axis in told) else x
