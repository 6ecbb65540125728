"""Rows of `ops.nn.normalization` and `ops.nn.projection`."""

import math

import numpy as np

from kmb_core.conformance.row import NUMBERS, Table, fixed, integers, numbers, positive

TABLE = Table()

SMOOTH = {"gradients": True, "tolerance": 5e-6, "low_tolerance": 0.1}
EPSILON = 1e-7  # the configured one


def moments(x, axes, keepdims=False):
    """Mean and variance."""
    axes = (axes,) if isinstance(axes, int) else tuple(axes)
    return x.mean(axes, keepdims=keepdims), x.var(axes, keepdims=keepdims)


def batch_normalization(x, mean, variance, axis, offset=None, scale=None, epsilon=1e-3):
    """Statistics along one axis."""
    shape = [-1 if i == axis % x.ndim else 1 for i in range(x.ndim)]
    result = (x - mean.reshape(shape)) / np.sqrt(variance.reshape(shape) + epsilon)
    result = result if scale is None else result * scale.reshape(shape)
    return result if offset is None else result + offset.reshape(shape)


def along(parameter, x, axes):
    """A parameter with ones for the other axes."""
    return parameter.reshape([x.shape[i] if i in axes else 1 for i in range(x.ndim)])


def positions(axis, x):
    """Axes as a tuple of what is not negative."""
    return tuple(sorted(a % x.ndim for a in ((axis,) if isinstance(axis, int) else axis)))


def layer_normalization(x, gamma=None, beta=None, axis=-1, epsilon=EPSILON):
    """Mean 0 and variance 1 along axes."""
    axes = positions(axis, x)
    result = (x - x.mean(axes, keepdims=True)) / np.sqrt(x.var(axes, keepdims=True) + epsilon)
    result = result if gamma is None else result * along(gamma, x, axes)
    return result if beta is None else result + along(beta, x, axes)


def rms_normalization(x, scale=None, axis=-1, epsilon=EPSILON):
    """Mean square 1 along axes."""
    axes = positions(axis, x)
    result = x / np.sqrt((x**2).mean(axes, keepdims=True) + epsilon)
    return result if scale is None else result * along(scale, x, axes)


def normalize(x, axis=-1, order=2, epsilon=EPSILON):
    """Norm 1 along an axis."""
    return x / np.maximum(np.linalg.norm(x, order, axis, keepdims=True), epsilon)


TABLE.add("moments", moments, numbers(2, 3, 4), 1, **SMOOTH)
TABLE.add("moments", moments, numbers(2, 3, 4), (0, -1), True, **SMOOTH)
TABLE.add("moments", moments, numbers(2, 3), [0, 1], dtypes=NUMBERS, tolerance=4e-6, low_tolerance=0.1)
TABLE.add("moments", moments, fixed([1000.0, 1001.0]), 0, dtypes=("float32",))

BATCH = (positive(3), positive(3))
BY_BATCH = {"unknown_batch": 1, **SMOOTH}
BATCH_NORM = ("batch_normalization", batch_normalization)
TABLE.add(*BATCH_NORM, numbers(2, 4, 3), *BATCH, -1, **BY_BATCH)
TABLE.add(*BATCH_NORM, numbers(2, 3, 4), *BATCH, 1, numbers(3), numbers(3), **BY_BATCH)
TABLE.add(*BATCH_NORM, numbers(2, 3), *BATCH, 1, scale=numbers(3), epsilon=0.1, **BY_BATCH)


def normalize_batch(x, axis, offset=None, scale=None, epsilon=1e-3):
    """With the statistics of x."""
    others = tuple(i for i in range(x.ndim) if i != axis % x.ndim)
    mean, variance = x.mean(others), x.var(others)
    return batch_normalization(x, mean, variance, axis, offset, scale, epsilon), mean, variance


OF_ITSELF = ("normalize_batch", normalize_batch)
# The statistics have no gradients, which finite differences do not know: see tests/ops/nn/test_normalize_batch.py.
NO_GRADIENTS = {**BY_BATCH, "gradients": False}
TABLE.add(*OF_ITSELF, numbers(2, 4, 3), -1, numbers(3), numbers(3), **NO_GRADIENTS)
TABLE.add(*OF_ITSELF, numbers(2, 3, 4, 2), 1, numbers(3), **NO_GRADIENTS)
TABLE.add(*OF_ITSELF, numbers(2, 2, 3, 4), -1, scale=numbers(4), epsilon=0.1, **NO_GRADIENTS)
TABLE.add(*OF_ITSELF, numbers(4, 3), 1, **NO_GRADIENTS)
TABLE.add(*OF_ITSELF, numbers(1, 3), -1, epsilon=0.1, **NO_GRADIENTS)  # the variance of one number
# torch's kernel scales before it subtracts: a mean of 200 deviations costs two digits.
TABLE.add(*OF_ITSELF, fixed([[100.0, 0.0], [101.0, 0.0]]), -1, dtypes=("float32",), tolerance=2e-5)

LAYER_NORM = ("layer_normalization", layer_normalization)
TABLE.add(*LAYER_NORM, numbers(2, 4), epsilon=1e-3, **SMOOTH)
TABLE.add(*LAYER_NORM, numbers(2, 4), numbers(4), numbers(4), epsilon=1e-3, **BY_BATCH)
TABLE.add(*LAYER_NORM, numbers(2, 3, 4), numbers(3, 4), None, (1, 2), epsilon=1e-3, **BY_BATCH)
TABLE.add(*LAYER_NORM, numbers(2, 3, 4), numbers(3), numbers(3), 1, 1e-3, **BY_BATCH)
TABLE.add("rms_normalization", rms_normalization, numbers(2, 4), **SMOOTH)
TABLE.add("rms_normalization", rms_normalization, numbers(2, 3, 4), numbers(3), 1, 1e-3, **BY_BATCH)
for order in (1, 2, 3, math.inf):
    TABLE.add("normalize", normalize, positive(2, 4), order=order, **SMOOTH)
TABLE.add("normalize", normalize, numbers(3, 2), 0, **SMOOTH)
TABLE.add("normalize", lambda x: x, fixed([0.0, 0.0]))


def dense(x, kernel, bias=None):
    """A product and a sum."""
    return x @ kernel + (0 if bias is None else bias)


TABLE.add("dense", dense, numbers(2, 3), numbers(3, 4), numbers(4), **BY_BATCH)
TABLE.add("dense", dense, numbers(2, 2, 3), numbers(3, 4), **BY_BATCH)
TABLE.add("dense", dense, numbers(3), numbers(3, 2), numbers(2), **BY_BATCH)
TABLE.add("dense", dense, numbers(0, 3), numbers(3, 2), numbers(2), unknown_batch=1)


def integer_dense(x, kernel):
    """A product in 32 bits."""
    return x.astype("int32") @ kernel.astype("int32")


BYTES = {"low": -128, "high": 128, "dtype": "int8"}
TABLE.add("integer_dense", integer_dense, integers(2, 3, **BYTES), integers(3, 4, **BYTES), unknown_batch=1)
TABLE.add("integer_dense", integer_dense, integers(2, 3, 8, **BYTES), integers(8, 2, **BYTES), unknown_batch=1)
TABLE.add("integer_dense", integer_dense, integers(20, 1100, **BYTES), integers(1100, 8, **BYTES))
TABLE.add("integer_dense", integer_dense, integers(0, 3, **BYTES), integers(3, 4, **BYTES))
TABLE.add("embed", lambda table, indices: table[indices], numbers(4, 3), integers(2, 2), gradients=True)
TABLE.add("embed", lambda table, indices: table[indices], numbers(4, 3), integers(0))
