"""Rows of `ops.nn.activations`; each oracle is the formula of the function's source."""

import math

import numpy as np

from kmb_core.conformance.row import NUMBERS, Table, apart, fixed, numbers

TABLE = Table()

erf = np.vectorize(math.erf, otypes=["float64"])


def sigmoid(x):
    """The logistic function."""
    return 1 / (1 + np.exp(-x))


def elu(x, alpha=1.0):
    """Exponential below zero."""
    return np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0)))


def selu(x):
    """Constants to seven digits more than float32 holds."""
    return 1.0507009873554804934193349852946 * elu(x, 1.6732632423543772848170429916717)


def celu(x, alpha=1.0):
    """Exponential below zero, of slope 1 there."""
    return np.where(x > 0, x, alpha * np.expm1(np.minimum(x, 0) / alpha))


def gelu(x, approximate=True):
    """x times the normal distribution function."""
    if approximate:
        return 0.5 * x * (1 + np.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))
    return 0.5 * x * (1 + erf(x / math.sqrt(2)))


def sparse_plus(x):
    """A parabola between two straight lines."""
    return np.where(x <= -1, 0, np.where(x >= 1, x, (x + 1) ** 2 / 4))


def threshold(x, limit, value):
    """By choice."""
    return np.where(x <= limit, value, x)


ELEMENTWISE = {
    "relu": lambda x: np.maximum(x, 0),
    "relu6": lambda x: np.clip(x, 0, 6),
    "leaky_relu": lambda x, negative_slope=0.2: np.where(x > 0, x, negative_slope * x),
    "elu": elu,
    "selu": selu,
    "celu": celu,
    "sigmoid": sigmoid,
    "log_sigmoid": lambda x: np.log(sigmoid(x)),
    "hard_sigmoid": lambda x: np.clip(x / 6 + 0.5, 0, 1),
    "sparse_sigmoid": lambda x: np.clip(0.5 * (x + 1), 0, 1),
    "silu": lambda x: x * sigmoid(x),
    "hard_silu": lambda x: x * np.clip(x / 6 + 0.5, 0, 1),
    "softplus": lambda x: np.log1p(np.exp(x)),
    "squareplus": lambda x, b=4: (x + np.sqrt(x**2 + b)) / 2,
    "sparse_plus": sparse_plus,
    "softsign": lambda x: x / (1 + np.abs(x)),
    "gelu": gelu,
    "hard_tanh": lambda x: np.clip(x, -1, 1),
    "hard_shrink": lambda x, threshold=0.5: np.where(np.abs(x) <= threshold, 0, x),
    "soft_shrink": lambda x, threshold=0.5: np.sign(x) * np.maximum(np.abs(x) - threshold, 0),
    "tanh_shrink": lambda x: x - np.tanh(x),
}
# No point lies on a bend (0, ±0.5, ±1, ±3, 6): gradients are compared there too.
POINTS = fixed([[-7.3, -3.4, -2.1, -1.2], [-0.7, -0.3, 0.2, 0.8], [1.3, 2.6, 3.7, 8.1]])
TABLE.add_all(ELEMENTWISE, POINTS, gradients=True, tolerance=2e-6)
TABLE.add_all(ELEMENTWISE, numbers(), gradients=True, tolerance=2e-6)
TABLE.add_all(ELEMENTWISE, numbers(0, 2))
TABLE.add_all(ELEMENTWISE, fixed([-2.0, 0.0, 1.0]), dtypes=("int32",), tolerance=2e-6)
TABLE.add("softplus", lambda x: np.logaddexp(x, 0), fixed([-200.0, 200.0]))
TABLE.add("log_sigmoid", lambda x: -np.logaddexp(-x, 0), fixed([-200.0, 200.0]))
TABLE.add("sigmoid", sigmoid, fixed([-300.0, 300.0]))

TABLE.add("leaky_relu", ELEMENTWISE["leaky_relu"], POINTS, negative_slope=0.5, gradients=True)
TABLE.add("elu", elu, POINTS, 0.5, gradients=True)
TABLE.add("celu", celu, POINTS, alpha=2.0, gradients=True)
TABLE.add("gelu", gelu, POINTS, False, gradients=True, tolerance=2e-6)
TABLE.add("squareplus", ELEMENTWISE["squareplus"], POINTS, b=1, gradients=True)
TABLE.add("hard_shrink", ELEMENTWISE["hard_shrink"], POINTS, threshold=2.0, gradients=True)
TABLE.add("soft_shrink", ELEMENTWISE["soft_shrink"], POINTS, threshold=0.25, gradients=True)
TABLE.add("threshold", threshold, POINTS, 1.0, -3.0, gradients=True)
TABLE.add("threshold", threshold, numbers(0), 0.0, 1.0)


def softmax(x, axis=-1):
    """Exponentials over their sum."""
    exponentials = np.exp(x)
    return exponentials / exponentials.sum(axis=axis, keepdims=True)


def log_softmax(x, axis=-1):
    """Its logarithm."""
    return np.log(softmax(x, axis))


def glu(x, axis=-1):
    """One half gates the other."""
    values, gates = np.split(x, 2, axis)
    return values * sigmoid(gates)


def sparsemax(x, axis=-1):
    """The projection on the simplex, its threshold found by bisection."""
    low, high = x.max(axis, keepdims=True) - 1, x.max(axis, keepdims=True)
    for _ in range(100):
        middle = (low + high) / 2
        above = np.maximum(x - middle, 0).sum(axis, keepdims=True) > 1
        low, high = np.where(above, middle, low), np.where(above, high, middle)
    return np.maximum(x - low, 0)


ALONG = {"softmax": softmax, "log_softmax": log_softmax}
for axis in (-1, 0, (0, 2), None):
    TABLE.add_all(ALONG, numbers(2, 3, 2), axis, gradients=True, tolerance=2e-6)
TABLE.add_all(ALONG, numbers(2, 3), dtypes=NUMBERS)
TABLE.add("softmax", lambda x: np.array([0.5, 0.5, 0.0]), fixed([1000.0, 1000.0, -1000.0]))
TABLE.add("log_softmax", lambda x: np.array([0.0, -1000.0]), fixed([0.0, -1000.0]))
TABLE.add("glu", glu, numbers(2, 4), gradients=True, tolerance=2e-6)
TABLE.add("glu", glu, numbers(2, 4, 3), 1, gradients=True, tolerance=2e-6)
TABLE.add("sparsemax", sparsemax, apart(3, 4, gap=0.3), gradients=True, tolerance=2e-6)
TABLE.add("sparsemax", sparsemax, apart(2, 3, 2, gap=0.17), axis=1, gradients=True, tolerance=2e-6)
