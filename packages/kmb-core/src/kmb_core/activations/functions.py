"""Activations as functions with the signatures that layers' users know.

Each hands its arguments to the op of the same name; what has no op is composed here. They take anything that ops take.
"""

from kmb_core.ops import arithmetic, comparison, functions
from kmb_core.ops.nn import activations as ops
from kmb_core.serialization import saved_as
from kmb_core.typing import Tensor, TensorLike

MODULE = "keras.activations"


@saved_as(MODULE)
def celu(x: TensorLike, alpha: float = 1.0) -> Tensor:
    """The continuously differentiable exponential linear unit: below zero `alpha * (exp(x / alpha) - 1)`.

    Args:
        x: tensor of any shape.
        alpha: minus the value at minus infinity.

    Returns:
        The same shape, in the floating dtype.

    Example:
        >>> from kmb_core import activations
        >>> [round(float(v), 4) for v in activations.celu([-1.0, 1.0])]
        [-0.6321, 1.0]
    """
    return ops.celu(x, alpha)


@saved_as(MODULE)
def elu(x: TensorLike, alpha: float = 1.0) -> Tensor:
    """The exponential linear unit: below zero `alpha * (exp(x) - 1)`.

    Args:
        x: tensor of any shape.
        alpha: minus the value at minus infinity.

    Returns:
        The same shape, in the floating dtype.

    Example:
        >>> from kmb_core import activations
        >>> [round(float(v), 4) for v in activations.elu([-1.0, 1.0])]
        [-0.6321, 1.0]
    """
    return ops.elu(x, alpha)


@saved_as(MODULE)
def exponential(x: TensorLike) -> Tensor:
    """The exponential function.

    Args:
        x: tensor of any shape.

    Returns:
        The same shape, in the floating dtype.

    Example:
        >>> from kmb_core import activations
        >>> [round(float(v), 4) for v in activations.exponential([0.0, 1.0])]
        [1.0, 2.7183]
    """
    return functions.exp(x)


@saved_as(MODULE)
def gelu(x: TensorLike, approximate: bool = False) -> Tensor:
    """The Gaussian error linear unit: x times the standard normal distribution function of x.

    Args:
        x: tensor of any shape.
        approximate: whether to use the approximation by tanh.

    Returns:
        The same shape, in the floating dtype.

    Example:
        >>> from kmb_core import activations
        >>> [round(float(v), 4) for v in activations.gelu([-1.0, 1.0])]
        [-0.1587, 0.8413]
    """
    return ops.gelu(x, approximate)


@saved_as(MODULE)
def glu(x: TensorLike, axis: int = -1) -> Tensor:
    """The gated linear unit: the first half of an axis times the sigmoid of the second.

    Args:
        x: tensor of any shape.
        axis: the axis that is halved.

    Returns:
        Half the size along `axis`, in the floating dtype.

    Example:
        >>> from kmb_core import activations
        >>> [round(float(v), 4) for v in activations.glu([3.0, 0.0])]
        [1.5]
    """
    return ops.glu(x, axis)


@saved_as(MODULE)
def hard_shrink(x: TensorLike, threshold: float = 0.5) -> Tensor:
    """`x` where it is further from zero than the threshold, zero elsewhere.

    Args:
        x: tensor of any shape.
        threshold: not negative.

    Returns:
        The same shape, in the floating dtype.

    Example:
        >>> from kmb_core import activations
        >>> [round(float(v), 4) for v in activations.hard_shrink([-0.75, 0.5])]
        [-0.75, 0.0]
    """
    return ops.hard_shrink(x, threshold)


@saved_as(MODULE)
def hard_sigmoid(x: TensorLike) -> Tensor:
    """A piecewise linear sigmoid, `relu6(x + 3) / 6`.

    Args:
        x: tensor of any shape.

    Returns:
        The same shape, in the floating dtype.

    Example:
        >>> from kmb_core import activations
        >>> [round(float(v), 4) for v in activations.hard_sigmoid([-3.0, 0.0])]
        [0.0, 0.5]
    """
    return ops.hard_sigmoid(x)


@saved_as(MODULE)
def hard_silu(x: TensorLike) -> Tensor:
    """`x * hard_sigmoid(x)`; also called hard swish.

    Args:
        x: tensor of any shape.

    Returns:
        The same shape, in the floating dtype.

    Example:
        >>> from kmb_core import activations
        >>> [round(float(v), 4) for v in activations.hard_silu([3.0, 4.0])]
        [3.0, 4.0]
    """
    return ops.hard_silu(x)


@saved_as(MODULE)
def hard_tanh(x: TensorLike) -> Tensor:
    """`x` cut off at -1 and 1.

    Args:
        x: tensor of any shape.

    Returns:
        The same shape, in the floating dtype.

    Example:
        >>> from kmb_core import activations
        >>> [round(float(v), 4) for v in activations.hard_tanh([-2.0, 0.5])]
        [-1.0, 0.5]
    """
    return ops.hard_tanh(x)


@saved_as(MODULE)
def leaky_relu(x: TensorLike, negative_slope: float = 0.2) -> Tensor:
    """`x` where it is positive, `negative_slope * x` elsewhere.

    Args:
        x: tensor of any shape.
        negative_slope: the slope below zero.

    Returns:
        The same shape, in the floating dtype.

    Example:
        >>> from kmb_core import activations
        >>> [round(float(v), 4) for v in activations.leaky_relu([-1.0, 1.0])]
        [-0.2, 1.0]
    """
    return ops.leaky_relu(x, negative_slope)


@saved_as(MODULE)
def linear(x: TensorLike) -> Tensor:
    """`x` itself.

    Args:
        x: anything.

    Returns:
        The same object.

    Example:
        >>> from kmb_core import activations
        >>> [round(float(v), 4) for v in activations.linear([1.5])]
        [1.5]
    """
    return x


@saved_as(MODULE)
def log_sigmoid(x: TensorLike) -> Tensor:
    """The logarithm of the logistic function.

    Args:
        x: tensor of any shape.

    Returns:
        The same shape, in the floating dtype.

    Example:
        >>> from kmb_core import activations
        >>> [round(float(v), 4) for v in activations.log_sigmoid([0.0])]
        [-0.6931]
    """
    return ops.log_sigmoid(x)


@saved_as(MODULE)
def log_softmax(x: TensorLike, axis: int | tuple[int, ...] = -1) -> Tensor:
    """The logarithm of `softmax`.

    Args:
        x: tensor of any shape.
        axis: the axis or axes that softmax sums over.

    Returns:
        The same shape, in the floating dtype.

    Example:
        >>> from kmb_core import activations
        >>> [round(float(v), 4) for v in activations.log_softmax([0.0, 0.0])]
        [-0.6931, -0.6931]
    """
    return ops.log_softmax(x, axis)


@saved_as(MODULE)
def mish(x: TensorLike) -> Tensor:
    """`x * tanh(softplus(x))`.

    Args:
        x: tensor of any shape.

    Returns:
        The same shape, in the floating dtype.

    Source: Misra, "Mish: A Self Regularized Non-Monotonic Activation Function", 2019.

    Example:
        >>> from kmb_core import activations
        >>> [round(float(v), 4) for v in activations.mish([1.0])]
        [0.8651]
    """
    return arithmetic.multiply(x, functions.tanh(ops.softplus(x)))


@saved_as(MODULE)
def relu(
    x: TensorLike, negative_slope: float = 0.0, max_value: float | None = None, threshold: float = 0.0
) -> Tensor:
    """The rectified linear unit: `x` above the threshold, `negative_slope * (x - threshold)` below.

    Args:
        x: tensor of any shape and numeric dtype.
        negative_slope: the slope below the threshold.
        max_value: what the result is cut off at; None for nothing.
        threshold: where the bend is.

    Returns:
        The same shape and, unless a fraction is among the arguments, dtype.

    Example:
        >>> from kmb_core import activations
        >>> [float(v) for v in activations.relu([-2.0, 0.5, 9.0], negative_slope=0.5, max_value=6.0)]
        [-1.0, 0.5, 6.0]
    """
    if not negative_slope and not threshold:
        return ops.relu(x) if max_value is None else arithmetic.clip(x, 0, max_value)
    below = arithmetic.multiply(arithmetic.subtract(x, threshold), negative_slope) if negative_slope else 0
    result = comparison.where(comparison.greater(x, threshold), x, below)
    return result if max_value is None else arithmetic.minimum(result, max_value)


@saved_as(MODULE)
def relu6(x: TensorLike) -> Tensor:
    """The rectified linear unit cut off at 6.

    Args:
        x: tensor of any shape.

    Returns:
        The same shape, in the floating dtype.

    Example:
        >>> from kmb_core import activations
        >>> [round(float(v), 4) for v in activations.relu6([-1.0, 9.0])]
        [0.0, 6.0]
    """
    return ops.relu6(x)


@saved_as(MODULE)
def selu(x: TensorLike) -> Tensor:
    """The scaled exponential linear unit, which keeps mean 0 and variance 1 from layer to layer.

    Args:
        x: tensor of any shape.

    Returns:
        The same shape, in the floating dtype.

    Example:
        >>> from kmb_core import activations
        >>> [round(float(v), 4) for v in activations.selu([-1.0, 1.0])]
        [-1.1113, 1.0507]
    """
    return ops.selu(x)


@saved_as(MODULE)
def sigmoid(x: TensorLike) -> Tensor:
    """The logistic function, `1 / (1 + exp(-x))`.

    Args:
        x: tensor of any shape.

    Returns:
        The same shape, in the floating dtype.

    Example:
        >>> from kmb_core import activations
        >>> [round(float(v), 4) for v in activations.sigmoid([0.0])]
        [0.5]
    """
    return ops.sigmoid(x)


@saved_as(MODULE)
def silu(x: TensorLike) -> Tensor:
    """The sigmoid linear unit, `x * sigmoid(x)`; also called swish.

    Args:
        x: tensor of any shape.

    Returns:
        The same shape, in the floating dtype.

    Example:
        >>> from kmb_core import activations
        >>> [round(float(v), 4) for v in activations.silu([1.0])]
        [0.7311]
    """
    return ops.silu(x)


@saved_as(MODULE)
def soft_shrink(x: TensorLike, threshold: float = 0.5) -> Tensor:
    """`x` brought nearer to zero by the threshold.

    Args:
        x: tensor of any shape.
        threshold: not negative.

    Returns:
        The same shape, in the floating dtype.

    Example:
        >>> from kmb_core import activations
        >>> [round(float(v), 4) for v in activations.soft_shrink([-0.75, 2.0])]
        [-0.25, 1.5]
    """
    return ops.soft_shrink(x, threshold)


@saved_as(MODULE)
def softmax(x: TensorLike, axis: int | tuple[int, ...] = -1) -> Tensor:
    """Exponentials divided by their sum.

    Args:
        x: tensor of any shape.
        axis: the axis or axes that are summed over.

    Returns:
        The same shape, in the floating dtype.

    Example:
        >>> from kmb_core import activations
        >>> [round(float(v), 4) for v in activations.softmax([1.0, 1.0])]
        [0.5, 0.5]
    """
    return ops.softmax(x, axis)


@saved_as(MODULE)
def softplus(x: TensorLike) -> Tensor:
    """A smooth rectifier, `log(1 + exp(x))`.

    Args:
        x: tensor of any shape.

    Returns:
        The same shape, in the floating dtype.

    Example:
        >>> from kmb_core import activations
        >>> [round(float(v), 4) for v in activations.softplus([0.0])]
        [0.6931]
    """
    return ops.softplus(x)


@saved_as(MODULE)
def softsign(x: TensorLike) -> Tensor:
    """`x / (1 + abs(x))`.

    Args:
        x: tensor of any shape.

    Returns:
        The same shape, in the floating dtype.

    Example:
        >>> from kmb_core import activations
        >>> [round(float(v), 4) for v in activations.softsign([-1.0, 3.0])]
        [-0.5, 0.75]
    """
    return ops.softsign(x)


@saved_as(MODULE)
def sparse_plus(x: TensorLike) -> Tensor:
    """A smooth rectifier that is 0 up to -1 and x from 1 on.

    Args:
        x: tensor of any shape.

    Returns:
        The same shape, in the floating dtype.

    Example:
        >>> from kmb_core import activations
        >>> [round(float(v), 4) for v in activations.sparse_plus([0.0, 2.0])]
        [0.25, 2.0]
    """
    return ops.sparse_plus(x)


@saved_as(MODULE)
def sparse_sigmoid(x: TensorLike) -> Tensor:
    """0 up to -1, 1 from 1 on, linear between.

    Args:
        x: tensor of any shape.

    Returns:
        The same shape, in the floating dtype.

    Example:
        >>> from kmb_core import activations
        >>> [round(float(v), 4) for v in activations.sparse_sigmoid([0.5, 2.0])]
        [0.75, 1.0]
    """
    return ops.sparse_sigmoid(x)


@saved_as(MODULE)
def sparsemax(x: TensorLike, axis: int = -1) -> Tensor:
    """The point of the probability simplex that is nearest to x: like `softmax`, with exact zeros.

    Args:
        x: tensor of any shape.
        axis: the axis along which the result sums to 1.

    Returns:
        The same shape, in the floating dtype.

    Example:
        >>> from kmb_core import activations
        >>> [round(float(v), 4) for v in activations.sparsemax([0.5, 1.0, -1.0])]
        [0.25, 0.75, 0.0]
    """
    return ops.sparsemax(x, axis)


@saved_as(MODULE)
def squareplus(x: TensorLike, b: float = 4) -> Tensor:
    """A smooth rectifier without exponentials, `(x + sqrt(x**2 + b)) / 2`.

    Args:
        x: tensor of any shape.
        b: how wide the bend is.

    Returns:
        The same shape, in the floating dtype.

    Example:
        >>> from kmb_core import activations
        >>> [round(float(v), 4) for v in activations.squareplus([0.0])]
        [1.0]
    """
    return ops.squareplus(x, b)


@saved_as(MODULE)
def tanh(x: TensorLike) -> Tensor:
    """The hyperbolic tangent.

    Args:
        x: tensor of any shape.

    Returns:
        The same shape, in the floating dtype.

    Example:
        >>> from kmb_core import activations
        >>> [round(float(v), 4) for v in activations.tanh([0.0, 1.0])]
        [0.0, 0.7616]
    """
    return functions.tanh(x)


@saved_as(MODULE)
def tanh_shrink(x: TensorLike) -> Tensor:
    """`x - tanh(x)`.

    Args:
        x: tensor of any shape.

    Returns:
        The same shape, in the floating dtype.

    Example:
        >>> from kmb_core import activations
        >>> [round(float(v), 4) for v in activations.tanh_shrink([1.0])]
        [0.2384]
    """
    return ops.tanh_shrink(x)


@saved_as(MODULE)
def threshold(x: TensorLike, threshold: float, default_value: float) -> Tensor:
    """`x` where it is above a threshold, a fixed value elsewhere.

    Args:
        x: tensor of any shape.
        threshold: what x has to exceed.
        default_value: the value elsewhere.

    Returns:
        The same shape, in the floating dtype.

    Example:
        >>> from kmb_core import activations
        >>> [round(float(v), 4) for v in activations.threshold([0.5, 2.0], 1.0, -3.0)]
        [-3.0, 2.0]
    """
    return ops.threshold(x, threshold, default_value)
