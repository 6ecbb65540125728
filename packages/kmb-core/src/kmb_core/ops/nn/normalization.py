"""Normalization: moments, and the shifts and scales that are made of them.

Means of 16-bit numbers are worked out in float32: the squares of float16 overflow from 256 on, and bfloat16 cannot
count past 256. Differences are taken before scaling, not folded into one product and one sum: where a mean is large
against the deviation, folding loses the digits that matter.
"""

from collections.abc import Sequence
from typing import Any

from kmb_core.backend import dtype_of
from kmb_core.errors import ShapeError, message
from kmb_core.ops.arithmetic import absolute, add, maximum, power, square
from kmb_core.ops.creation import stop_gradient
from kmb_core.ops.declaration import composite
from kmb_core.ops.functions import root_of_squares, rsqrt
from kmb_core.ops.manipulation import reshape
from kmb_core.ops.nn.precision import narrowed, widened
from kmb_core.ops.reduction import max, mean, sum
from kmb_core.settings import epsilon as default_epsilon
from kmb_core.shapes import normalize_axes, normalize_axis
from kmb_core.typing import Floating, Tensor

NN = "keras.src.ops.nn"
SMALLEST_HALF = 2.0**-14  # what is smaller in float16, some processors take for 0, and so divide by it

Axes = int | Sequence[int]


@composite(saved_module=NN)
def moments(x: Floating, axes: Axes, keepdims: bool = False, synchronized: bool = False) -> tuple[Tensor, Tensor]:
    """The mean and the variance along axes.

    Args:
        x: tensor of any shape.
        axes: the axes that disappear.
        keepdims: whether they stay, with size 1.
        synchronized: whether replicas average over all of them; there is but one here.

    Returns:
        Mean and variance (of the population: divided by the number of elements), in the floating dtype.

    Raises:
        ShapeError: for an axis that x does not have.

    Example:
        >>> from kmb_core import ops
        >>> [float(v) for v in ops.moments([1.0, 3.0], axes=[0])]
        [2.0, 1.0]
    """
    axes = (axes,) if isinstance(axes, int) else tuple(axes)
    dtype = dtype_of(x)
    x = widened(x, dtype)
    center = mean(x, axes, True)
    variance = mean(square(x - center), axes, keepdims)
    if not keepdims:
        center = mean(x, axes, False)
    return narrowed(center, dtype), narrowed(variance, dtype)


@composite(saved="BatchNorm", saved_module=NN, stated=True)
def batch_normalization(
    x: Floating,
    mean: Floating,
    variance: Floating,
    axis: int,
    offset: Floating | None = None,
    scale: Floating | None = None,
    epsilon: float = 0.001,
) -> Tensor:
    """`(x - mean) / sqrt(variance + epsilon) * scale + offset`, with one statistic for each index of an axis.

    Args:
        x: tensor of at least one axis.
        mean, variance: `(x.shape[axis],)`.
        axis: the axis that keeps its statistics apart; that of the channels, as a rule.
        offset, scale: like `mean`, or None for none.
        epsilon: keeps the root away from zero.

    Returns:
        The shape of x, in the promoted floating dtype.

    Raises:
        ShapeError: when the statistics do not fit.

    Source: Ioffe and Szegedy, "Batch Normalization", 2015, algorithm 2.

    Example:
        >>> from kmb_core import ops
        >>> y = ops.batch_normalization([[3.0], [5.0]], [3.0], [4.0], -1, epsilon=0.0)
        >>> [float(v) for v in y[:, 0]]
        [0.0, 1.0]
    """
    axis = normalize_axis(axis, len(x.shape), "ops.batch_normalization")
    for name, given in (("mean", mean), ("variance", variance), ("offset", offset), ("scale", scale)):
        if given is not None:
            _check_statistic(name, given, x, axis)
    shape = [1] * len(x.shape)
    shape[axis] = -1
    factor = rsqrt(add(variance, epsilon))
    if scale is not None:
        factor = factor * scale
    normalized = (x - reshape(mean, shape)) * reshape(factor, shape)
    return normalized if offset is None else normalized + reshape(offset, shape)


@composite(saved_module=NN)
def normalize_batch(
    x: Floating,
    axis: int,
    offset: Floating | None = None,
    scale: Floating | None = None,
    epsilon: float = 0.001,
) -> tuple[Tensor, Tensor, Tensor]:
    """`batch_normalization` with the statistics of x itself, which are returned too.

    It is not part of Keras' public API: the layer's step in training, in one call because frameworks have one kernel
    for it. The statistics are handed out as numbers, with no gradients; those of the outputs reach x through them.

    Args:
        x: tensor of at least one axis.
        axis: the axis that keeps its statistics apart.
        offset, scale: `(x.shape[axis],)`, or None for none.
        epsilon: keeps the root away from zero.

    Returns:
        The normalized tensor in the shape of x; mean and variance (of the population), `(x.shape[axis],)` each.

    Raises:
        ShapeError: for an axis that x does not have, or offset or scale that do not fit.

    Source: Ioffe and Szegedy, "Batch Normalization", 2015, algorithm 1.

    Example:
        >>> from kmb_core.ops.nn.normalization import normalize_batch
        >>> outputs, mean, variance = normalize_batch([[3.0], [5.0]], -1, epsilon=0.0)
        >>> [float(v) for v in outputs[:, 0]], float(mean[0]), float(variance[0])
        ([-1.0, 1.0], 4.0, 1.0)
    """
    axis = normalize_axis(axis, len(x.shape), "ops.normalize_batch")
    center, variance = moments(x, tuple(i for i in range(len(x.shape)) if i != axis))
    outputs = batch_normalization(x, center, variance, axis, offset, scale, epsilon)
    return outputs, stop_gradient(center), stop_gradient(variance)


def _check_statistic(name: str, given: Any, x: Any, axis: int) -> None:
    size, expected = tuple(given.shape), x.shape[axis]
    if len(size) != 1 or (None not in (size[0], expected) and size[0] != expected):
        where = f"ops.batch_normalization, axis {axis} of {tuple(x.shape)}"
        what = f"{where}: expected {name} of shape ({expected},), got {size}"
        raise ShapeError(message(what, "The axis is that of the channels.", None))


@composite(saved="LayerNorm", saved_module=NN, stated=True)
def layer_normalization(
    x: Floating,
    gamma: Floating | None = None,
    beta: Floating | None = None,
    axis: Axes = -1,
    epsilon: float | None = None,
    **kwargs: Any,
) -> Tensor:
    """Shift and scale to mean 0 and variance 1 along axes, then scale by `gamma` and shift by `beta`.

    Args:
        x: tensor of at least one axis.
        gamma, beta: sizes of x along `axis`, in the order of x's axes; None for none.
        axis: the axis or axes that are normalized together.
        epsilon: added to the variance; `config.epsilon()` when None.
        **kwargs: `rms_scaling=True`, of old files: divide by the deviation without shifting; beta is left out.

    Returns:
        The shape of x, in the promoted floating dtype.

    Raises:
        ShapeError: when gamma or beta does not fit.

    Source: Ba et al., "Layer Normalization", 2016.

    Example:
        >>> from kmb_core import ops
        >>> [float(v) for v in ops.layer_normalization([1.0, 3.0], epsilon=0.0)]
        [-1.0, 1.0]
    """
    rms_scaling = kwargs.pop("rms_scaling", False)
    if kwargs:
        raise TypeError(f"ops.layer_normalization: unexpected arguments {sorted(kwargs)}")
    axes = normalize_axes(axis, len(x.shape), "ops.layer_normalization")
    dtype = dtype_of(x)
    wide = widened(x, dtype)
    center = mean(wide, axes, True)
    shifted = wide - center
    factor = rsqrt(add(mean(square(shifted), axes, True), default_epsilon() if epsilon is None else epsilon))
    result = (wide if rms_scaling else shifted) * factor
    if gamma is not None:
        result = result * _along(widened(gamma, dtype), x, axes, "gamma")
    if beta is not None and not rms_scaling:
        result = result + _along(widened(beta, dtype), x, axes, "beta")
    return narrowed(result, dtype)


@composite(saved="RMSNorm", saved_module=NN)
def rms_normalization(
    x: Floating, scale: Floating | None = None, axis: Axes = -1, epsilon: float | None = None
) -> Tensor:
    """Divide by the root of the mean square along axes, then scale.

    Args:
        x: tensor of at least one axis.
        scale: sizes of x along `axis`, in the order of x's axes; None for none.
        axis: the axis or axes that are normalized together.
        epsilon: added to the mean square; `config.epsilon()` when None.

    Returns:
        The shape of x, in the promoted floating dtype.

    Raises:
        ShapeError: when scale does not fit.

    Source: Zhang and Sennrich, "Root Mean Square Layer Normalization", 2019, equation 4.

    Example:
        >>> from kmb_core import ops
        >>> [float(v) for v in ops.rms_normalization([2.0, -2.0], epsilon=0.0)]
        [1.0, -1.0]
    """
    axes = normalize_axes(axis, len(x.shape), "ops.rms_normalization")
    dtype = dtype_of(x)
    wide = widened(x, dtype)
    result = wide * rsqrt(add(mean(square(wide), axes, True), default_epsilon() if epsilon is None else epsilon))
    if scale is not None:
        result = result * _along(widened(scale, dtype), x, axes, "scale")
    return narrowed(result, dtype)


@composite(saved_module=NN)
def normalize(x: Floating, axis: Axes = -1, order: int = 2, epsilon: float | None = None) -> Tensor:
    """Divide by the norm along axes, so that it becomes 1.

    Args:
        x: tensor of at least one axis.
        axis: the axis or axes that the norm is taken over.
        order: the norm's power, 1 or more; infinity for the largest magnitude.
        epsilon: the smallest number to divide by; `config.epsilon()` when None.

    Returns:
        The shape of x, in the floating dtype.

    Raises:
        ValueError: for an order below 1.

    Example:
        >>> from kmb_core import ops
        >>> [round(float(v), 4) for v in ops.normalize([3.0, 4.0])]
        [0.6, 0.8]
    """
    if isinstance(order, str) or not order >= 1:
        raise ValueError(f"ops.normalize: order is a number from 1 on, got {order!r}")
    axes = normalize_axes(axis, len(x.shape), "ops.normalize")
    least = default_epsilon() if epsilon is None else epsilon
    if dtype_of(x) == "float16" and least < SMALLEST_HALF:
        least = SMALLEST_HALF
    return x / maximum(_norm(x, axes, order), least)


def _norm(x: Tensor, axes: tuple[int, ...], order: float) -> Tensor:
    if order == 1:
        return sum(absolute(x), axes, True)
    if order == 2:
        return root_of_squares(sum(square(x), axes, True))
    if order == float("inf"):
        return max(absolute(x), axes, True)
    return power(sum(power(absolute(x), order), axes, True), 1.0 / order)


def _along(parameter: Tensor, x: Tensor, axes: tuple[int, ...], name: str) -> Tensor:
    """The parameter with size 1 along all other axes of x."""
    sizes = [x.shape[axis] for axis in axes]
    given = tuple(parameter.shape)
    if len(given) == len(sizes) and all(None in pair or pair[0] == pair[1] for pair in zip(given, sizes, strict=True)):
        if axes[0] + len(axes) == len(x.shape):  # the last axes: it broadcasts as it is
            return parameter
        return reshape(parameter, [x.shape[axis] if axis in axes else 1 for axis in range(len(x.shape))])
    what = f"normalization: expected {name} of shape {tuple(sizes)} for axes {axes} of {tuple(x.shape)}, got {given}"
    raise ShapeError(message(what, "It has one element for each that is normalized together.", None))
