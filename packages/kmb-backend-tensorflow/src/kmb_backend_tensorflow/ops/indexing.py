"""Reading and writing parts of tensors.

Negative indices count from the end, which TensorFlow's gather does not know. `get_item` follows NumPy: TensorFlow's own
subscript takes ints, slices and new axes; arrays of indices are worked out here.
"""

import builtins
import functools
import math
from typing import Any

import numpy as np
import tensorflow as tf

from kmb_backend_tensorflow.dtypes import cast
from kmb_backend_tensorflow.raw import raw_op
from kmb_backend_tensorflow.shapes import as_shape, dynamic_shape

_gather, _select, _reshape = raw_op("GatherV2"), raw_op("SelectV2"), raw_op("Reshape")
_add, _shift_right, _bits_and = raw_op("AddV2"), raw_op("RightShift"), raw_op("BitwiseAnd")
MANY = 1024  # indices, from which on the chance of an exception is cheaper than a look at each
_INDEX_DTYPES = frozenset((tf.int32, tf.int64))


def _as_indices(indices: Any) -> Any:
    indices = tf.convert_to_tensor(indices)
    return indices if indices.dtype in _INDEX_DTYPES else cast(indices, tf.int32)


def _counted_from_front(indices: Any, size: Any) -> Any:
    """Negative indices with the size added. The sign, shifted through, is -1 (all bits) or 0: three cheap kernels."""
    sign = _shift_right(indices, indices.dtype.size * 8 - 1)
    return _add(indices, _bits_and(sign, size if isinstance(size, int) else tf.cast(size, indices.dtype)))


def take(x: Any, indices: Any, axis: int | None = None) -> Any:
    """The elements at indices along an axis (None: of the flattened tensor)."""
    indices = _as_indices(indices)
    if axis is None:
        x, axis = _reshape(x, [-1]), 0
    if tf.executing_eagerly() and _only_processor():
        return _taken_eagerly(x, indices, axis)
    return _gather(x, _counted_from_front(indices, dynamic_shape(x)[axis]), axis)


@functools.cache
def _only_processor() -> bool:
    return len(tf.config.list_logical_devices()) == 1


def _taken_eagerly(x: Any, indices: Any, axis: int) -> Any:
    """A processor's gather refuses indices that do not count from the front: these alone pay for being counted."""
    size = x.shape[axis]
    if math.prod(indices.shape) < MANY:  # where an exception costs more than a look
        if (indices.numpy() < 0).any():
            indices = _counted_from_front(indices, size)
        return _gather(x, indices, axis)
    try:
        return _gather(x, indices, axis)
    except tf.errors.InvalidArgumentError:
        return _gather(x, _counted_from_front(indices, size), axis)


def take_along_axis(x: Any, indices: Any, axis: int | None = None) -> Any:
    """For each place of `indices` the element of x there, its axis replaced by the index."""
    indices = _as_indices(indices)
    if axis is None:
        x, axis = _reshape(x, [-1]), 0
    last = len(x.shape) - 1
    if not -last - 1 <= axis <= last or len(indices.shape) != last + 1:
        raise ValueError("the axis is out of range, or the numbers of axes differ")
    axis = axis % (last + 1)
    if axis != last:
        x, indices = _with_last(x, axis), _with_last(indices, axis)
    x, indices = _broadcast_leading(x, indices)
    found = tf.gather(x, _counted_from_front(indices, dynamic_shape(x)[-1]), batch_dims=last, axis=last)
    return found if axis == last else _with_last(found, axis)


def _with_last(x: Any, axis: int) -> Any:
    """The axis and the last one exchanged."""
    order = list(range(len(x.shape)))
    order[axis], order[-1] = order[-1], order[axis]
    return tf.transpose(x, order)


def _broadcast_leading(x: Any, indices: Any) -> tuple[Any, Any]:
    if x.shape[:-1].is_fully_defined() and x.shape[:-1] == indices.shape[:-1]:
        return x, indices
    own, other = tf.shape(x), tf.shape(indices)
    leading = tf.broadcast_dynamic_shape(own[:-1], other[:-1])
    return (
        tf.broadcast_to(x, tf.concat([leading, own[-1:]], 0)),
        tf.broadcast_to(indices, tf.concat([leading, other[-1:]], 0)),
    )


# Subscripts ------------------------------------------------------------------------------------------------------


def get_item(x: Any, key: Any) -> Any:
    """`x[key]` as NumPy has it."""
    keys = key if isinstance(key, tuple) else (key,)
    if not any(_is_array(k) for k in keys):
        return x[key]
    keys = [np.asarray(k) if isinstance(k, (list, np.bool_, bool)) else k for k in keys]
    if len(keys) == 1 and _dtype(keys[0]) is tf.bool:
        return tf.boolean_mask(x, keys[0])
    return _advanced(x, _expanded(keys, len(x.shape)))


def _is_array(key: Any) -> bool:
    if isinstance(key, (list, bool, np.bool_)):
        return True
    shape = getattr(key, "shape", None)
    return shape is not None and (len(shape) > 0 or _dtype(key) is tf.bool)


def _dtype(key: Any) -> Any:
    return tf.as_dtype(key.dtype) if hasattr(key, "dtype") else None


def _expanded(keys: list[Any], count: int) -> list[Any]:
    """One entry an axis: masks become indices, the ellipsis becomes slices."""
    flat: list[Any] = []
    for key in keys:
        if _dtype(key) is tf.bool:
            flat.extend(tf.unstack(tf.where(key), axis=1))
        else:
            flat.append(key)
    used = sum(1 for k in flat if k is not None and k is not Ellipsis)
    if not any(k is Ellipsis for k in flat):
        flat.append(Ellipsis)
    at = next(i for i, k in enumerate(flat) if k is Ellipsis)
    return [*flat[:at], *[builtins.slice(None)] * (count - used), *flat[at + 1 :]]


def _advanced(x: Any, keys: list[Any]) -> Any:
    """Slices and new axes first; then the indexed axes go to the front, are gathered, and go where NumPy puts them."""
    basic = tuple(k if isinstance(k, builtins.slice) or k is None else builtins.slice(None) for k in keys)
    x = x[basic]
    places = [i for i, k in enumerate(keys) if not isinstance(k, builtins.slice) and k is not None]
    sizes = dynamic_shape(x)
    arrays = [_counted_from_front(_as_indices(keys[i]), sizes[i]) for i in places]
    arrays = [cast(a, tf.int64) for a in arrays]
    if len(arrays) > 1:
        common = tf.shape(arrays[0])
        for array in arrays[1:]:
            common = tf.broadcast_dynamic_shape(common, tf.shape(array))
        arrays = [tf.broadcast_to(a, common) for a in arrays]
    others = [i for i in range(len(keys)) if i not in places]
    found = tf.gather_nd(tf.transpose(x, [*places, *others]), tf.stack(arrays, axis=-1))
    adjacent = places == list(range(places[0], places[-1] + 1))
    return _moved(found, len(arrays[0].shape), places[0] if adjacent else 0)


def _moved(x: Any, count: int, start: int) -> Any:
    """The first `count` axes moved so that they begin at `start`."""
    if start == 0:
        return x
    rest = list(range(count, len(x.shape)))
    return tf.transpose(x, [*rest[:start], *range(count), *rest[start:]])


# Slices at positions ---------------------------------------------------------------------------------------------


def slice(inputs: Any, start_indices: Any, shape: Any) -> Any:
    """A block of a shape that begins at indices; a size of -1 reaches to the end."""
    return tf.slice(inputs, _starts(start_indices, tf.shape(inputs), tf.maximum(as_shape(shape), 0)), as_shape(shape))


def _starts(start_indices: Any, whole: Any, size: Any) -> Any:
    """Where a block begins; where only the device knows, so that the block lies in the tensor."""
    if isinstance(start_indices, (tuple, list)) and all(isinstance(start, int) for start in start_indices):
        if any(start < 0 for start in start_indices):  # TensorFlow would count from the end
            raise ValueError("a block starts inside")
        return tf.constant(start_indices, tf.int32)
    start = cast(tf.convert_to_tensor(as_shape(start_indices)), tf.int32)
    return tf.clip_by_value(start, 0, whole - cast(size, tf.int32))


def slice_update(inputs: Any, start_indices: Any, updates: Any) -> Any:
    """`inputs` with a block replaced."""
    if len(updates.shape) != len(inputs.shape):
        raise ValueError("updates have as many axes as inputs")  # the declaration says it in full
    size = tf.shape(updates)
    start = _starts(start_indices, tf.shape(inputs), size)
    return tf.raw_ops.TensorStridedSliceUpdate(
        input=inputs, begin=start, end=start + size, strides=tf.ones_like(start), value=updates
    )


_SCATTER = {
    None: raw_op("TensorScatterUpdate"),
    "add": raw_op("TensorScatterAdd"),
    "max": raw_op("TensorScatterMax"),
    "min": raw_op("TensorScatterMin"),
}


def scatter_update(inputs: Any, indices: Any, updates: Any, reduction: str | None = None) -> Any:
    """`inputs` with elements or rows replaced, or joined with the updates: "add", "mul", "max", "min"."""
    depth = indices.shape[-1]
    if reduction not in (*_SCATTER, "mul") or (depth is not None and depth > len(inputs.shape)):
        raise ValueError("the indices name more axes than there are")  # the declaration says it in full
    if depth is None:
        depth = tf.shape(indices)[-1]
    elif not updates.shape.is_compatible_with([*indices.shape[:-1], *inputs.shape[depth:]]):
        raise ValueError("the updates' shape does not fit")
    if inputs.dtype is tf.bool and reduction is not None:
        return cast(scatter_update(cast(inputs, tf.int32), indices, cast(updates, tf.int32), reduction), tf.bool)
    updates = cast(updates, inputs.dtype)
    if 0 in updates.shape or 0 in inputs.shape:
        return tf.identity(inputs)
    known = inputs.shape.is_fully_defined() and depth.__class__ is int
    sizes = tf.constant(tuple(inputs.shape)[:depth], tf.int32) if known else tf.shape(inputs)[:depth]
    indices = _counted_from_front(_as_indices(indices), sizes)
    if reduction == "mul":
        return _scatter_product(inputs, indices, updates, depth)
    if tf.executing_eagerly():
        try:
            return _SCATTER[reduction](inputs, indices, updates)
        except tf.errors.InvalidArgumentError:  # the host refuses a place out of range, other devices leave it out
            pass
    return _scattered_with_margin(inputs, indices, updates, sizes, reduction)


def _inside(indices: Any, sizes: Any) -> Any:
    return tf.reduce_all((indices >= 0) & (indices < cast(sizes, indices.dtype)), -1)


def _scattered_with_margin(inputs: Any, indices: Any, updates: Any, sizes: Any, reduction: str | None) -> Any:
    """One row more takes what is left out; derivatives, too, stay within the tensor."""
    outside = cast(tf.concat([sizes[:1], tf.zeros_like(sizes[1:])], 0), indices.dtype)
    indices = _select(_inside(indices, sizes)[..., None], indices, outside)
    rows = tf.pad(inputs, [[0, 1], *[[0, 0]] * (len(inputs.shape) - 1)])
    written = _SCATTER[reduction](rows, indices, updates)[: sizes[0]]
    return tf.ensure_shape(written, inputs.shape)


def _scatter_product(inputs: Any, indices: Any, updates: Any, depth: Any) -> Any:
    sizes = cast(tf.shape(inputs), indices.dtype)
    weights = tf.math.cumprod(sizes[:depth], exclusive=True, reverse=True)
    flat = tf.reduce_sum(indices * weights, -1)
    flat = _select(_inside(indices, sizes[:depth]), flat, tf.constant(-1, flat.dtype))  # which is left out
    factors = tf.math.unsorted_segment_prod(updates, flat, tf.reduce_prod(sizes[:depth]))
    return inputs * tf.reshape(factors, tf.shape(inputs))
