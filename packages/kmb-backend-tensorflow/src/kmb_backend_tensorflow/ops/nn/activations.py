"""Activation functions for which TensorFlow has kernels or short graphs of its own."""

from typing import Any

import tensorflow as tf

from kmb_backend_tensorflow.raw import raw_op
from kmb_backend_tensorflow.shapes import axes_of

relu, relu6 = raw_op("Relu"), raw_op("Relu6")
sigmoid, tanh = raw_op("Sigmoid"), raw_op("Tanh")
softplus, softsign = raw_op("Softplus"), raw_op("Softsign")
selu = raw_op("Selu")
_elu, _leaky_relu, _multiply, _negative = raw_op("Elu"), raw_op("LeakyRelu"), raw_op("Mul"), raw_op("Neg")
_softmax, _log_softmax, _select = raw_op("Softmax"), raw_op("LogSoftmax"), raw_op("SelectV2")


def silu(x: Any) -> Any:
    """x times its sigmoid."""
    return _multiply(x, sigmoid(x))


swish = silu


def log_sigmoid(x: Any) -> Any:
    """log(sigmoid(x)) without underflow."""
    return _negative(softplus(_negative(x)))


def leaky_relu(x: Any, negative_slope: float = 0.2) -> Any:
    """x, below zero times a slope."""
    if x.dtype is tf.float64:  # the kernel's slope is a float32
        return _select(tf.greater(x, 0), x, _multiply(x, negative_slope))
    return _leaky_relu(x, negative_slope)


def elu(x: Any, alpha: float = 1.0) -> Any:
    """x, below zero alpha * (exp(x) - 1)."""
    below = _elu(x)
    return below if alpha == 1.0 else _select(tf.greater(x, 0), x, _multiply(below, alpha))


def softmax(x: Any, axis: Any = -1) -> Any:
    """exp(x) over its sum along an axis (several, or None for all, are taken together)."""
    return _along_last(_softmax, x, axis)


def log_softmax(x: Any, axis: Any = -1) -> Any:
    """log(softmax(x)) without underflow."""
    return _along_last(_log_softmax, x, axis)


def _along_last(function: Any, x: Any, axis: Any) -> Any:
    count = len(x.shape)
    if axis is None:
        return tf.reshape(function(tf.reshape(x, [1, -1])), tf.shape(x))
    if isinstance(axis, int):
        (axis,) = axes_of(x, axis)
        if axis == count - 1:
            return function(x)
        order = list(range(count))
        order[axis], order[-1] = order[-1], order[axis]
        return tf.transpose(function(tf.transpose(x, order)), order)
    return _along_several(function, x, axes_of(x, axis))


def _along_several(function: Any, x: Any, axes: list[int]) -> Any:
    others = [a for a in range(len(x.shape)) if a not in axes]
    order = [*others, *axes]
    turned = tf.transpose(x, order)
    sizes = tf.shape(turned)
    flat = function(tf.reshape(turned, tf.concat([sizes[: len(others)], [-1]], 0)))
    back = [order.index(a) for a in range(len(order))]
    return tf.transpose(tf.reshape(flat, sizes), back)
