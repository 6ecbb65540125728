"""Sums, extremes, sorting.

Half precision is averaged in float32, as NumPy does. Where the two differ otherwise NumPy's way is taken: NaN sorts
last and wins argmax, the extreme of nothing is an error.
"""

import builtins
from collections.abc import Callable
from typing import Any

import tensorflow as tf

from kmb_backend_tensorflow.dtypes import (
    DTYPES,
    FLOATS,
    HALVES_AS_FLOAT32,
    WHOLE,
    as_dtype,
    cast,
    native_dtype,
    through,
)
from kmb_backend_tensorflow.raw import raw_op
from kmb_backend_tensorflow.shapes import axes_of, dynamic_shape

_sum, _prod, _mean = raw_op("Sum"), raw_op("Prod"), raw_op("Mean")
_max, _min, _any, _all = raw_op("Max"), raw_op("Min"), raw_op("Any"), raw_op("All")
_argmax, _argmin = raw_op("ArgMax"), raw_op("ArgMin")
_select, _isnan, _reshape = raw_op("SelectV2"), raw_op("IsNan"), raw_op("Reshape")

_WIDER = {
    tf.bool: tf.int32,
    tf.int8: tf.int32,
    tf.int16: tf.int32,
    tf.uint8: tf.uint32,
    tf.uint16: tf.uint32,
}
Axis = int | tuple[int, ...] | None


def _axes(x: Any, axis: Axis) -> Any:
    return list(range(len(x.shape))) if axis is None else axis


def sum(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """Sum; small integers are widened to 32 bits."""
    wide = _WIDER.get(x.dtype)
    return _sum(x if wide is None else cast(x, wide), _axes(x, axis), keepdims)


def prod(x: Any, axis: Axis = None, keepdims: bool = False, dtype: Any = None) -> Any:
    """Product; small integers are widened to 32 bits."""
    wide = _WIDER.get(x.dtype, x.dtype) if dtype is None else DTYPES[dtype]
    return _prod(cast(x, wide), _axes(x, axis), keepdims)


def mean(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """Arithmetic mean; integers are taken as floatx."""
    if x.dtype in WHOLE:
        x = cast(x, native_dtype(None))
    return _half_safe_mean(x, _axes(x, axis), keepdims)


_half_safe_mean = through(HALVES_AS_FLOAT32, _mean)


def var(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """Mean of the squared distances from the mean; integers are taken as floatx."""
    if x.dtype in WHOLE:
        x = cast(x, native_dtype(None))
    return _variance(x, _axes(x, axis), keepdims)


def _plain_variance(x: Any, axes: Any, keepdims: bool) -> Any:
    distance = tf.subtract(x, _mean(x, axes, True))
    return _mean(tf.square(distance), axes, keepdims)


_variance = through(HALVES_AS_FLOAT32, _plain_variance)


def std(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """Square root of the variance; where that is 0, so is the derivative."""
    square = var(x, axis, keepdims)
    least = tf.equal(square, 0)
    return tf.where(least, square, tf.sqrt(tf.where(least, tf.ones_like(square), square)))


# Extremes --------------------------------------------------------------------------------------------------------


def _refuse_nothing(x: Any, axis: Axis, name: str) -> None:
    if 0 in x.shape and _any_zero(x, axis):
        raise ValueError(f"ops.{name}: nothing has no {name}; shape {tuple(x.shape)}, axis {axis}")


def _any_zero(x: Any, axis: Axis) -> bool:
    return builtins.any(x.shape[a] == 0 for a in axes_of(x, axis))


def _extreme(function: Callable[..., Any], logical: Callable[..., Any], join: Callable[..., Any], name: str) -> Any:
    def extreme(x: Any, axis: Axis = None, keepdims: bool = False, initial: Any = None) -> Any:
        if initial is None:
            _refuse_nothing(x, axis, name)
        if x.dtype is tf.bool:
            result = logical(x, _axes(x, axis), keepdims)
            return result if initial is None else cast(join(cast(result, tf.int32), int(initial)), tf.bool)
        result = function(x, _axes(x, axis), keepdims)
        return result if initial is None else join(result, as_dtype(initial, x.dtype))

    return extreme


max = amax = _extreme(_max, _any, raw_op("Maximum"), "max")
min = amin = _extreme(_min, _all, raw_op("Minimum"), "min")


def any(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """Whether one element is true."""
    return _any(cast(x, tf.bool), _axes(x, axis), keepdims)


def all(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """Whether every element is true."""
    return _all(cast(x, tf.bool), _axes(x, axis), keepdims)


def _position(function: Callable[..., Any], nan_as: float, name: str) -> Callable[..., Any]:
    def position(x: Any, axis: int | None = None, keepdims: bool = False) -> Any:
        _refuse_nothing(x, axis, name)
        count = len(x.shape)
        if x.dtype in FLOATS:  # NumPy finds the first NaN
            x = _select(_isnan(x), tf.constant(nan_as, x.dtype), x)
        if axis is None:
            found = function(_reshape(x, [-1]), 0, tf.int32)
            return _reshape(found, [1] * count) if keepdims else found
        found = function(x, axis, tf.int32)
        return tf.expand_dims(found, axis) if keepdims else found

    return position


argmax = _position(_argmax, float("inf"), "argmax")
argmin = _position(_argmin, float("-inf"), "argmin")


def count_nonzero(x: Any, axis: Axis = None) -> Any:
    """Number of elements that are not zero."""
    return _sum(cast(cast(x, tf.bool), tf.int32), _axes(x, axis))


def logsumexp(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """log(sum(exp(x))), worked out without overflow."""
    return tf.reduce_logsumexp(x, axis, keepdims)


# Running and sorted ----------------------------------------------------------------------------------------------


def _running(function: Callable[..., Any]) -> Callable[..., Any]:
    def running(x: Any, axis: int | None = None, dtype: Any = None) -> Any:
        target = (tf.int32 if x.dtype is tf.bool else x.dtype) if dtype is None else DTYPES[dtype]
        x = cast(x, target)
        return function(_reshape(x, [-1]), 0) if axis is None else function(x, axis)

    return running


cumsum = _running(raw_op("Cumsum"))
_plain_cumprod = raw_op("Cumprod")


def _cumprod(x: Any, axis: int) -> Any:
    """TensorFlow's own gradient divides by x, and gives 0 behind a zero where it is not 0."""

    @tf.custom_gradient
    def products(x: Any) -> Any:
        def gradient(upstream: Any) -> Any:
            before = tf.math.cumprod(x, axis, exclusive=True)
            return before * _weighted_products_behind(x, upstream, axis)

        return _plain_cumprod(x, axis), gradient

    return products(x)


def _weighted_products_behind(x: Any, weights: Any, axis: Any) -> Any:
    """sum over j >= i of weights[j] * x[i + 1] * … * x[j], in a logarithmic number of steps."""
    last = len(x.shape) - 1
    order = list(range(last + 1))
    order[axis], order[-1] = order[-1], order[axis]
    factors, sums = tf.transpose(x, order), tf.transpose(weights, order)
    size = dynamic_shape(factors)[-1]
    factors = _ahead(factors, 1)
    step = tf.constant(1)

    def doubled(step: Any, factors: Any, sums: Any) -> tuple[Any, Any, Any]:
        return step * 2, factors * _ahead(factors, step), sums + factors * _ahead(sums, step)

    unknown = tf.TensorShape([None] * (last + 1))
    shapes = [step.shape, unknown, unknown]
    _, _, sums = tf.while_loop(lambda step, *_: step < size, doubled, [step, factors, sums], shapes)
    return tf.reshape(tf.transpose(sums, order), tf.shape(x))


def _ahead(x: Any, step: Any) -> Any:
    """The elements `step` places further on the last axis, zeros behind the end."""
    pads = [[0, 0]] * (len(x.shape) - 1) + [[0, step]]
    return tf.pad(x, pads)[..., step:]


def _zero_proof_cumprod(x: Any, axis: int) -> Any:
    return _cumprod(x, axis) if x.dtype in FLOATS else _plain_cumprod(x, axis)


cumprod = _running(_zero_proof_cumprod)


def argsort(x: Any, axis: int | None = -1) -> Any:
    """The order that sorts x, stable, NaN last."""
    if axis is None:
        x, axis = _reshape(x, [-1]), -1
    elif not len(x.shape):
        raise ValueError("a scalar has no axis to sort along")
    return tf.argsort(_sorting_keys(x), axis, stable=True)


def sort(x: Any, axis: int | None = -1) -> Any:
    """x in ascending order, NaN last."""
    if axis is None:
        x, axis = _reshape(x, [-1]), -1
    if x.dtype is tf.bool:
        return cast(tf.sort(cast(x, tf.int32), axis), tf.bool)
    if x.dtype not in FLOATS:
        return tf.sort(x, axis)
    from kmb_backend_tensorflow.ops.indexing import take_along_axis  # stands above this file

    return take_along_axis(x, argsort(x, axis), axis)


def _sorting_keys(x: Any) -> Any:
    """Integers in the order of floats, because TopK leaves NaN where it finds it.

    Read as integers, positive floats are in order already and negative ones in the opposite order; one NaN bit pattern
    stands for all of them, above infinity, and adding 0 turns -0 into 0.
    """
    if x.dtype is tf.bool:
        return cast(x, tf.int32)
    if x.dtype not in FLOATS:
        return x
    if x.dtype is not tf.float64:
        x = cast(x, tf.float32)
    integer, top = (tf.int64, 63) if x.dtype is tf.float64 else (tf.int32, 31)
    bits = tf.bitcast(_select(_isnan(x), tf.constant(float("nan"), x.dtype), x + 0.0), integer)
    return tf.where(bits < 0, tf.bitwise.bitwise_xor(bits, tf.constant(2**top - 1, integer)), bits)


def top_k(x: Any, k: int, sorted: bool = True) -> tuple[Any, Any]:
    """The k largest elements of the last axis and their positions."""
    if x.dtype is tf.bool:
        values, indices = tf.math.top_k(cast(x, tf.int32), k, sorted)
        return cast(values, tf.bool), indices
    values, indices = tf.math.top_k(x, k, sorted)
    return values, indices
