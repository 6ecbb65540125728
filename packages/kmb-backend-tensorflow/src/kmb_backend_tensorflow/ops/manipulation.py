"""Shapes, orders and joins. Sizes that only the running graph knows are allowed everywhere."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from kmb_backend_tensorflow.dtypes import as_dtype
from kmb_backend_tensorflow.raw import raw_op
from kmb_backend_tensorflow.shapes import as_order, as_shape, axes_of, dynamic_shape
from kmb_core.shapes import normalize_axes

_reshape, _transpose, _concat = raw_op("Reshape"), raw_op("Transpose"), raw_op("ConcatV2")
_broadcast_to, _reverse, _expand, _squeeze = (
    raw_op("BroadcastTo"),
    raw_op("ReverseV2"),
    raw_op("ExpandDims"),
    raw_op("Squeeze"),
)
_pack, _unpack, _tile = raw_op("Pack"), raw_op("Unpack"), raw_op("Tile")


def reshape(x: Any, newshape: Any) -> Any:
    """The elements in another shape; one size may be -1 or None."""
    if isinstance(newshape, int):
        newshape = (newshape,)
    return _reshape(x, as_shape(newshape))


def ravel(x: Any) -> Any:
    """The elements in one axis."""
    return _reshape(x, [-1])


def transpose(x: Any, axes: Sequence[int] | None = None) -> Any:
    """The axes in another order; None reverses them."""
    count = len(x.shape)
    if axes is None:
        return _transpose(x, as_order(range(count)[::-1]))
    return _transpose(x, as_order(a + count if a < 0 else a for a in axes))


def swapaxes(x: Any, axis1: int, axis2: int) -> Any:
    """Two axes exchanged."""
    order = list(range(len(x.shape)))
    order[axis1], order[axis2] = order[axis2], order[axis1]
    return _transpose(x, as_order(order))


def moveaxis(x: Any, source: Any, destination: Any) -> Any:
    """Axes moved to other places."""
    sources, destinations = axes_of(x, source), axes_of(x, destination)
    order = [a for a in range(len(x.shape)) if a not in sources]
    for target, axis in sorted(zip(destinations, sources, strict=True)):
        order.insert(target, axis)
    return _transpose(x, as_order(order))


def concatenate(xs: Sequence[Any], axis: int | None = 0) -> Any:
    """Tensors joined along an axis."""
    if axis is None:
        xs, axis = [ravel(x) for x in xs], 0
    if len(xs) == 1 and -xs[0].shape.rank <= axis < xs[0].shape.rank:
        return tf.identity(xs[0])  # the kernel takes two or more
    return _concat(list(xs), axis)


def stack(x: Sequence[Any], axis: int = 0) -> Any:
    """Tensors joined along a new axis."""
    return _pack(list(x), axis)


def unstack(x: Any, num: int | None = None, axis: int = 0) -> list[Any]:
    """The slices along an axis."""
    return list(_unpack(x, x.shape[axis] if num is None else num, axis))


def split(x: Any, indices_or_sections: Any, axis: int = 0) -> list[Any]:
    """Parts along an axis: a number of equal ones, or those between the given indices."""
    if isinstance(indices_or_sections, int):
        return list(tf.split(x, indices_or_sections, axis))
    cuts = [int(i) for i in indices_or_sections]
    size = x.shape[axis]
    before = [slice(None)] * (axis % len(x.shape))
    if size is not None:
        cuts = [min(max(c + size if c < 0 else c, 0), size) for c in cuts]
    starts, ends = [0, *cuts], [*cuts, None]
    return [x[(*before, slice(a, b if b is None else max(a, b)))] for a, b in zip(starts, ends, strict=True)]


def pad(x: Any, pad_width: Any, mode: str = "constant", constant_values: Any = None) -> Any:
    """x with a margin: constant, reflected without or (symmetric) with the edge."""
    widths = _pad_widths(pad_width, len(x.shape))
    if mode == "constant":
        value = 0 if constant_values is None else constant_values
        return tf.raw_ops.PadV2(input=x, paddings=widths, constant_values=as_dtype(value, x.dtype))
    if mode not in ("reflect", "symmetric"):
        raise ValueError(f'ops.pad: mode is "constant", "reflect" or "symmetric", got {mode!r}')
    if not len(x.shape):
        return x
    if 0 in x.shape and not widths[[size == 0 for size in x.shape]].any():
        return tf.raw_ops.PadV2(input=x, paddings=widths, constant_values=tf.zeros((), x.dtype))  # nothing to mirror
    return tf.raw_ops.MirrorPad(input=x, paddings=widths, mode=mode.upper())


def _pad_widths(pad_width: Any, count: int) -> Any:
    if isinstance(pad_width, int):
        pad_width = ((pad_width, pad_width),)
    elif len(pad_width) and isinstance(pad_width[0], int):
        pad_width = (tuple(pad_width) * 2 if len(pad_width) == 1 else tuple(pad_width),)
    pairs = [tuple(pair) * 2 if len(pair) == 1 else tuple(pair) for pair in pad_width]
    pairs = pairs * count if len(pairs) == 1 else pairs
    return np.asarray(pairs, np.int32).reshape(count, 2)


def broadcast_to(x: Any, shape: Any) -> Any:
    """x repeated to a shape by the rule of broadcasting."""
    if isinstance(shape, (tuple, list)) and None in shape:
        own = dynamic_shape(x)
        own = (None,) * (len(shape) - len(own)) + own
        shape = [o if s is None else s for s, o in zip(shape, own, strict=True)]
    return _broadcast_to(x, as_shape(shape))


def flip(x: Any, axis: Any = None) -> Any:
    """x backwards along axes; None means all."""
    return _reverse(x, axes_of(x, axis))


def expand_dims(x: Any, axis: Any) -> Any:
    """x with axes of size 1, where they stand in the result."""
    if isinstance(axis, int):
        return _expand(x, axis)
    count = len(x.shape) + len(axis)
    for a in sorted(a + count if a < 0 else a for a in axis):
        x = _expand(x, a)
    return x


def squeeze(x: Any, axis: Any = None) -> Any:
    """x without axes of size 1."""
    if axis is None:
        return _squeeze(x, [i for i, size in enumerate(x.shape) if size == 1]) if 1 in tuple(x.shape) else x
    return _squeeze(x, axes_of(x, axis)) if axis != () else x


def tile(x: Any, repeats: Any) -> Any:
    """x repeated whole, axis by axis."""
    repeats = [repeats] if isinstance(repeats, int) else list(repeats)
    count = len(x.shape)
    if len(repeats) > count:
        x = _reshape(x, as_shape([1] * (len(repeats) - count) + list(dynamic_shape(x))))
    repeats = [1] * (len(x.shape) - len(repeats)) + repeats
    if x.dtype is tf.uint16:  # the only dtype without a kernel
        return tf.cast(_tile(tf.cast(x, tf.int32), as_shape(repeats)), tf.uint16)
    return _tile(x, as_shape(repeats))


def repeat(x: Any, repeats: Any, axis: int | None = None) -> Any:
    """Each element repeated along an axis; `repeats` is a number or one for each element."""
    if x.shape.rank == 0:
        normalize_axes(axis, 0, "ops.repeat")
    if isinstance(repeats, (tuple, list)) and len(repeats) == 1:
        repeats = repeats[0]
    if axis is None:
        x, axis = ravel(x), 0
    if 0 in x.shape and not isinstance(repeats, int):  # tf.repeat takes the size of an axis for that of another
        return tf.gather(x, tf.repeat(tf.range(x.shape[axis]), repeats), axis=axis)
    if x.dtype is tf.uint16:
        return tf.cast(tf.repeat(tf.cast(x, tf.int32), repeats, axis), tf.uint16)
    return tf.repeat(x, repeats, axis)


def roll(x: Any, shift: Any, axis: Any = None) -> Any:
    """x moved around along axes; what leaves at one end comes back at the other."""
    if axis is None:
        return tf.reshape(tf.roll(ravel(x), shift, 0), tf.shape(x))
    if isinstance(axis, (tuple, list)) and isinstance(shift, int):
        shift = [shift] * len(axis)
    return tf.roll(x, shift, axis)
