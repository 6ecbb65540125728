"""Arithmetic of sliding windows: what convolution and pooling make of a shape, unknown sizes included."""

import operator
from collections.abc import Sequence

from kmb_core.errors import ShapeError, message
from kmb_core.settings import image_data_format
from kmb_core.shapes import Shape

PADDINGS = ("valid", "same")
DATA_FORMATS = ("channels_last", "channels_first")


def per_axis(value: int | Sequence[int], rank: int, name: str, where: str, least: int = 1) -> tuple[int, ...]:
    """One number for each spatial axis; an int stands for all of them.

    Raises:
        ShapeError: for another count, or for a number below `least`.
    """
    try:
        values = tuple(map(operator.index, value)) if isinstance(value, Sequence) else (operator.index(value),) * rank
    except TypeError:
        values = ()
    if len(values) != rank or any(v < least for v in values):
        kind = "a positive int" if least else "an int, not negative,"
        raise ShapeError(f"{where}: {name} is {kind} or {rank} of them, got {value!r}")
    return values


def spatial_rank(inputs: Shape, where: str) -> int:
    """How many spatial axes there are between batch and channels.

    Raises:
        ShapeError: unless there are 1, 2 or 3.
    """
    if len(inputs) not in (3, 4, 5):
        what = f"{where}: expected inputs with batch, 1 to 3 spatial axes and channels, got shape {inputs}"
        raise ShapeError(message(what, "An axis is missing, the batch axis for instance.", "See ops.expand_dims."))
    return len(inputs) - 2


def kernel_shape(inputs: Shape, kernel: Shape, layout: str, where: str) -> Shape:
    """The shape of a kernel that has as many axes as its inputs; `layout` tells what they are.

    Raises:
        ShapeError: for another number of axes.
    """
    if len(kernel) != len(inputs):
        what = f"{where}: expected a kernel of {len(inputs)} axes for inputs of shape {inputs}, got shape {kernel}"
        raise ShapeError(message(what, f"A kernel is {layout}.", None))
    return kernel


def check_depth(channels: int | None, depth: int | None, where: str) -> None:
    """Raise ShapeError for a kernel that is for another number of channels than there are."""
    if channels is not None and depth is not None and channels != depth:
        what = f"{where}: expected a kernel for {channels} channels, got one for {depth}"
        raise ShapeError(message(what, "The data format is another one, or the kernel is of another layer.", None))


def check_padding(padding: str, where: str) -> None:
    """Raise ShapeError for a padding that does not exist."""
    if padding not in PADDINGS:
        raise ShapeError(f"{where}: padding is one of {PADDINGS}, got {padding!r}")


def chosen_format(data_format: str | None, where: str) -> str:
    """The data format, the configured one for None.

    Raises:
        ShapeError: for one that does not exist.
    """
    if data_format is None:
        return image_data_format()
    if data_format not in DATA_FORMATS:
        raise ShapeError(f"{where}: data_format is one of {DATA_FORMATS}, got {data_format!r}")
    return data_format


def split_channels(shape: Shape, data_format: str) -> tuple[Shape, int | None]:
    """The spatial sizes and the number of channels."""
    if data_format == "channels_first":
        return shape[2:], shape[1]
    return shape[1:-1], shape[-1]


def join_channels(batch: int | None, spatial: Sequence[int | None], channels: int | None, data_format: str) -> Shape:
    """The inverse of `split_channels`, with the batch size."""
    if data_format == "channels_first":
        return (batch, channels, *spatial)
    return (batch, *spatial, channels)


def window_count(size: int | None, window: int, stride: int, dilation: int, padding: str, where: str) -> int | None:
    """How many windows there are along an axis; None when its size is unknown.

    Raises:
        ShapeError: when the window is longer than the axis and there is no padding.
    """
    if size is None:
        return None
    if padding == "same":
        return -(-size // stride)
    extent = (window - 1) * dilation + 1
    if size < extent:
        what = f"{where}: a window of {extent} does not fit in an axis of {size}"
        cause = "Without padding each such layer makes its input smaller."
        raise ShapeError(message(what, cause, 'Use padding="same".'))
    return (size - extent) // stride + 1
