"""Points where a formula's derivative is none, or several, or lost in infinities: what the gradient is there.

Where an op bends, one convention holds on every backend: elements that tie share the gradient of an extreme, a bend of
an activation has the derivative of the side named here, a norm and a deviation have derivative 0 at their minimum. The
square root keeps its infinity at 0: that is its derivative, and hiding it would hide a mistake of the caller.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from kmb_core import ops

INF = float("inf")


@dataclass(frozen=True)
class Kink:
    """A function of one vector (or matrix), a point, and the gradient of the weighted sum of its outputs there."""

    function: Callable[[Any], Any]
    point: Any
    gradient: Any
    weights: Any = 1.0  # of the outputs
    tolerance: float = 2e-6


def _masked(x: Any) -> Any:
    """A mask inside and outside: what is not taken gives no NaN."""
    positive = x > 0
    return ops.where(positive, ops.log(ops.where(positive, x, 1.0)), 0.0)


KINKS = {
    "abs at 0": Kink(ops.abs, [0.0, -2.0], [0.0, -1.0]),
    "sqrt at 0": Kink(ops.sqrt, [0.0, 4.0], [INF, 0.25]),
    "square root of a square": Kink(lambda x: ops.power(x, 2), [0.0, 3.0], [0.0, 6.0]),
    "the power 0": Kink(lambda x: ops.power(x, 0.0), [0.0, 2.0, -2.0], [0.0, 0.0, 0.0]),
    "the power 1": Kink(lambda x: ops.power(x, 1.0), [0.0, 2.0], [1.0, 1.0]),
    "the exponent over 0": Kink(lambda y: ops.power(0.0, y), [2.0, 1.0], [0.0, 0.0]),
    "norm at 0": Kink(ops.norm, [0.0, 0.0, 0.0], [0.0, 0.0, 0.0]),
    "norms of rows, one at 0": Kink(lambda x: ops.norm(x, axis=1), [[0.0, 0.0], [3.0, 4.0]], [[0.0, 0.0], [0.6, 0.8]]),
    "normalize at 0": Kink(ops.normalize, [[0.0, 0.0]], [[1e7, 1e7]]),
    "std of equal elements": Kink(ops.std, [2.0, 2.0, 2.0], [0.0, 0.0, 0.0]),
    "var of equal elements": Kink(ops.var, [2.0, 2.0, 2.0], [0.0, 0.0, 0.0]),
    "prod with a zero": Kink(ops.prod, [2.0, 0.0, 3.0], [0.0, 6.0, 0.0]),
    "prod with two zeros": Kink(ops.prod, [2.0, 0.0, 0.0], [0.0, 0.0, 0.0]),
    "prod of rows": Kink(lambda x: ops.prod(x, axis=1), [[2.0, 0.0], [3.0, 5.0]], [[0.0, 2.0], [5.0, 3.0]]),
    "cumprod with a zero": Kink(ops.cumprod, [2.0, 0.0, 3.0], [1.0, 8.0, 0.0]),
    "cumprod with two zeros": Kink(ops.cumprod, [2.0, 0.0, 0.0, 5.0], [1.0, 2.0, 0.0, 0.0]),
    "max with a tie": Kink(ops.max, [1.0, 3.0, 3.0], [0.0, 0.5, 0.5]),
    "max along an axis with a tie": Kink(
        lambda x: ops.max(x, axis=1), [[1.0, 3.0, 3.0], [2.0, 2.0, 2.0]], [[0.0, 0.5, 0.5], [1 / 3, 1 / 3, 1 / 3]]
    ),
    "min with a tie": Kink(ops.min, [1.0, 1.0, 3.0], [0.5, 0.5, 0.0]),
    "amax with a tie": Kink(lambda x: ops.amax(x, axis=0), [3.0, 3.0], [0.5, 0.5]),
    "maximum at a tie": Kink(lambda x: ops.maximum(x, 1.0), [1.0, 2.0], [0.5, 1.0]),
    "minimum at a tie": Kink(lambda x: ops.minimum(x, 1.0), [1.0, 2.0], [0.5, 0.0]),
    "sort with a tie": Kink(ops.sort, [2.0, 1.0, 2.0], [2.0, 1.0, 3.0], [1.0, 2.0, 3.0]),
    "top_k with a tie": Kink(lambda x: ops.top_k(x, 2)[0], [2.0, 1.0, 2.0], [1.0, 0.0, 2.0], [1.0, 2.0]),
    "median of equal elements": Kink(ops.median, [1.0, 1.0, 1.0], [0.0, 1.0, 0.0]),
    "clip at its bounds": Kink(lambda x: ops.clip(x, -1.0, 1.0), [-2.0, -1.0, 1.0, 2.0], [0.0, 1.0, 1.0, 0.0]),
    "relu": Kink(ops.relu, [-1.0, 0.0, 1.0], [0.0, 0.0, 1.0]),
    "relu6": Kink(ops.relu6, [-1.0, 0.0, 6.0, 7.0], [0.0, 0.0, 0.0, 0.0]),
    "leaky_relu": Kink(ops.leaky_relu, [-1.0, 0.0, 1.0], [0.2, 0.2, 1.0]),
    "elu": Kink(lambda x: ops.elu(x, 2.0), [0.0, 1.0], [2.0, 1.0]),
    "celu": Kink(lambda x: ops.celu(x, 2.0), [0.0, 1.0], [1.0, 1.0]),
    "selu": Kink(ops.selu, [0.0, 1.0], [1.7580993408473766, 1.0507009873554805]),
    "hard_sigmoid": Kink(ops.hard_sigmoid, [-3.0, 0.0, 3.0], [0.0, 1 / 6, 0.0]),
    "hard_silu": Kink(ops.hard_silu, [-3.0, 0.0, 3.0], [0.0, 0.5, 1.0]),
    "hard_tanh": Kink(ops.hard_tanh, [-1.0, 0.0, 1.0], [1.0, 1.0, 1.0]),
    "hard_shrink": Kink(ops.hard_shrink, [-0.5, 0.0, 0.5, 1.0], [0.0, 0.0, 0.0, 1.0]),
    "soft_shrink": Kink(ops.soft_shrink, [-0.5, 0.0, 0.5, 1.0], [0.0, 0.0, 0.0, 1.0]),
    "sparse_sigmoid": Kink(ops.sparse_sigmoid, [-1.0, 0.0, 1.0], [0.5, 0.5, 0.5]),
    "sparse_plus": Kink(ops.sparse_plus, [-1.0, 0.0, 1.0], [0.0, 0.5, 1.0]),
    "threshold": Kink(lambda x: ops.threshold(x, 1.0, 5.0), [0.0, 1.0, 2.0], [0.0, 0.0, 1.0]),
    "softplus far out": Kink(ops.softplus, [-1000.0, 0.0, 1000.0], [0.0, 0.5, 1.0]),
    "log_sigmoid far out": Kink(ops.log_sigmoid, [-1000.0, 0.0, 1000.0], [1.0, 0.5, 0.0]),
    "sigmoid far out": Kink(ops.sigmoid, [-1000.0, 0.0, 1000.0], [0.0, 0.25, 0.0]),
    "silu far out": Kink(ops.silu, [-1000.0, 1000.0], [0.0, 1.0]),
    "gelu far out": Kink(lambda x: ops.gelu(x, approximate=False), [-1000.0, 1000.0], [0.0, 1.0]),
    "softsign at 0": Kink(ops.softsign, [0.0, 1.0], [1.0, 0.25]),
    "tanh far out": Kink(ops.tanh, [-1000.0, 1000.0], [0.0, 0.0]),
    "log_softmax far out": Kink(ops.log_softmax, [1000.0, -1000.0], [-2.0, 2.0], [1.0, 2.0]),
    "softmax far out": Kink(ops.softmax, [1000.0, -1000.0], [0.0, 0.0], [1.0, 2.0]),
    # torch works it out from the result, of which 1000 leaves four digits behind the point
    "logsumexp far out": Kink(ops.logsumexp, [1000.0, 1000.0, -1000.0], [0.5, 0.5, 0.0], tolerance=1e-4),
    "logsumexp beside -inf": Kink(ops.logsumexp, [-INF, 0.0], [0.0, 1.0]),
    "logaddexp far out": Kink(lambda x: ops.logaddexp(x, 0.0), [-1000.0, 0.0, 1000.0], [0.0, 0.5, 1.0]),
    "divide_no_nan by 0": Kink(lambda x: ops.divide_no_nan(3.0, x), [0.0, 2.0], [0.0, -0.75]),
    "divide_no_nan of x by 0": Kink(lambda x: ops.divide_no_nan(x, [0.0, 2.0]), [1.0, 1.0], [0.0, 0.5]),
    "arctan2 at the origin": Kink(lambda y: ops.arctan2(y, [0.0, 1.0]), [0.0, 0.0], [0.0, 1.0]),
    "arctan2 at the origin, of x": Kink(lambda x: ops.arctan2([0.0, 1.0], x), [0.0, 1.0], [0.0, -0.5]),
    "hypot at the origin": Kink(lambda x: ops.hypot(x, [0.0, 4.0]), [0.0, 3.0], [0.0, 0.6]),
    "where beside NaN": Kink(lambda x: ops.where([True, False], x, [float("nan"), 2.0]), [1.0, 2.0], [1.0, 0.0]),
    "where, masked inside": Kink(_masked, [0.0, -1.0, 2.0], [0.0, 0.0, 0.5]),
    "nan_to_num": Kink(ops.nan_to_num, [float("nan"), 1.0, INF], [0.0, 1.0, 0.0]),
    "nansum": Kink(ops.nansum, [float("nan"), 1.0], [0.0, 1.0]),
    "nanmean": Kink(ops.nanmean, [float("nan"), 1.0, 2.0], [0.0, 0.5, 0.5]),
    "nanprod with a zero": Kink(ops.nanprod, [float("nan"), 0.0, 2.0], [0.0, 2.0, 0.0]),
    "sinc at 0": Kink(ops.sinc, [0.0, 1.0], [0.0, -1.0]),
    "sign": Kink(ops.sign, [0.0, 2.0], [0.0, 0.0]),
    "floor": Kink(ops.floor, [0.0, 2.5], [0.0, 0.0]),
    "round": Kink(ops.round, [0.5, 2.5], [0.0, 0.0]),
    "cbrt away from 0": Kink(ops.cbrt, [8.0, -8.0], [1 / 12, 1 / 12]),
    "log1p at 0": Kink(ops.log1p, [0.0], [1.0]),
    "expm1 at 0": Kink(ops.expm1, [0.0], [1.0]),
}


def gradient(kink: Kink, backend: Any) -> np.ndarray:
    """The gradient that the backend gives."""

    def total(x: Any) -> Any:
        output = kink.function(x)
        weights = np.broadcast_to(np.asarray(kink.weights), tuple(output.shape))
        return ops.sum(output * backend.convert(weights, "float32"))

    point = backend.convert(np.asarray(kink.point), "float32")
    return backend.to_numpy(backend.implementation.value_and_gradients(total, [point])[1][0])


def check(kink: Kink, backend: Any) -> None:
    """It is the one given, NaN nowhere."""
    np.testing.assert_allclose(gradient(kink, backend), np.asarray(kink.gradient), rtol=kink.tolerance, atol=2e-7)
