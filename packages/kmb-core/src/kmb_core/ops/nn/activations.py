"""Activation functions, element by element or along an axis.

Each is made of elementary functions; a framework's own kernel replaces the body where it has one. The bodies are
written so that nothing overflows: `exp` gets no positive argument. A fraction meets a tensor in an op, not in an
operator, because NumPy's operators widen a bfloat16 array by a Python float; whole numbers and tensors do not.
"""

import math

from kmb_core.ops import manipulation, reduction
from kmb_core.ops.arithmetic import absolute, clip, maximum, minimum, multiply, square, true_divide
from kmb_core.ops.comparison import where
from kmb_core.ops.creation import ones_like
from kmb_core.ops.declaration import composite
from kmb_core.ops.functions import erf, exp, expm1, log, log1p, sqrt, tanh
from kmb_core.ops.tensors import static_shape
from kmb_core.shapes import normalize_axes
from kmb_core.typing import Floating, Tensor, TensorLike

NN = "keras.src.ops.nn"

SELU_ALPHA = 1.6732632423543772
SELU_SCALE = 1.0507009873554805

# Rectifiers ------------------------------------------------------------------------------------------------------


@composite(saved_module=NN)
def relu(x: TensorLike) -> Tensor:
    """The rectified linear unit, `max(x, 0)`.

    Args:
        x: tensor of any shape and numeric dtype.

    Returns:
        The same shape and dtype.

    Example:
        >>> from kmb_core import ops
        >>> [float(v) for v in ops.relu([-1.0, 2.0])]
        [0.0, 2.0]
    """
    return maximum(x, 0)


@composite(saved_module=NN)
def relu6(x: TensorLike) -> Tensor:
    """The rectified linear unit cut off at 6, `min(max(x, 0), 6)`.

    Args:
        x: tensor of any shape and numeric dtype.

    Returns:
        The same shape and dtype.

    Example:
        >>> from kmb_core import ops
        >>> [float(v) for v in ops.relu6([-1.0, 2.0, 9.0])]
        [0.0, 2.0, 6.0]
    """
    return clip(x, 0, 6)


@composite(saved_module=NN)
def leaky_relu(x: Floating, negative_slope: float = 0.2) -> Tensor:
    """`x` where it is positive, `negative_slope * x` elsewhere.

    Args:
        x: tensor of any shape.
        negative_slope: the slope below zero.

    Returns:
        The same shape, in the floating dtype.

    Example:
        >>> from kmb_core import ops
        >>> [float(v) for v in ops.leaky_relu([-2.0, 2.0], negative_slope=0.5)]
        [-1.0, 2.0]
    """
    return where(x > 0, x, multiply(x, negative_slope))


@composite(saved_module=NN)
def elu(x: Floating, alpha: float = 1.0) -> Tensor:
    """The exponential linear unit: `x` where it is positive, `alpha * (exp(x) - 1)` elsewhere.

    Args:
        x: tensor of any shape.
        alpha: minus the value that it approaches at minus infinity.

    Returns:
        The same shape, in the floating dtype.

    Source: Clevert et al., "Fast and Accurate Deep Network Learning by Exponential Linear Units", 2015.

    Example:
        >>> from kmb_core import ops
        >>> [round(float(v), 4) for v in ops.elu([-1.0, 2.0])]
        [-0.6321, 2.0]
    """
    return where(x > 0, x, multiply(expm1(minimum(x, 0)), alpha))


@composite(saved_module=NN)
def selu(x: Floating) -> Tensor:
    """The scaled exponential linear unit, whose two constants keep mean 0 and variance 1 from layer to layer.

    Args:
        x: tensor of any shape.

    Returns:
        The same shape, in the floating dtype.

    Source: Klambauer et al., "Self-Normalizing Neural Networks", 2017, equation 2.

    Example:
        >>> from kmb_core import ops
        >>> [round(float(v), 4) for v in ops.selu([-1.0, 1.0])]
        [-1.1113, 1.0507]
    """
    return multiply(elu(x, SELU_ALPHA), SELU_SCALE)


@composite(saved_module=NN)
def celu(x: Floating, alpha: float = 1.0) -> Tensor:
    """The continuously differentiable exponential linear unit: below zero `alpha * (exp(x / alpha) - 1)`.

    Args:
        x: tensor of any shape.
        alpha: minus the value that it approaches at minus infinity; not zero.

    Returns:
        The same shape, in the floating dtype.

    Source: Barron, "Continuously Differentiable Exponential Linear Units", 2017.

    Example:
        >>> from kmb_core import ops
        >>> [round(float(v), 4) for v in ops.celu([-1.0, 1.0], alpha=2.0)]
        [-0.7869, 1.0]
    """
    return where(x > 0, x, multiply(expm1(true_divide(minimum(x, 0), alpha)), alpha))


@composite(saved_module=NN)
def threshold(x: Floating, threshold: float, default_value: float) -> Tensor:
    """`x` where it is above a threshold, a fixed value elsewhere.

    Args:
        x: tensor of any shape.
        threshold: what x has to exceed.
        default_value: the value elsewhere.

    Returns:
        The same shape, in the floating dtype.

    Example:
        >>> from kmb_core import ops
        >>> [float(v) for v in ops.threshold([0.5, 2.0], 1.0, -3.0)]
        [-3.0, 2.0]
    """
    return where(x <= threshold, default_value, x)  # NaN, which is not below, stays


# Sigmoids --------------------------------------------------------------------------------------------------------


@composite(saved_module=NN)
def sigmoid(x: Floating) -> Tensor:
    """The logistic function, `1 / (1 + exp(-x))`.

    Args:
        x: tensor of any shape.

    Returns:
        The same shape, in the floating dtype; between 0 and 1.

    Example:
        >>> from kmb_core import ops
        >>> float(ops.sigmoid(0.0))
        0.5
    """
    return exp(minimum(x, 0)) / (exp(-absolute(x)) + 1)


@composite(saved_module=NN)
def log_sigmoid(x: Floating) -> Tensor:
    """The logarithm of the logistic function, exact also where the function itself rounds to 0 or 1.

    Args:
        x: tensor of any shape.

    Returns:
        The same shape, in the floating dtype; not positive.

    Example:
        >>> from kmb_core import ops
        >>> float(ops.log_sigmoid(-1000.0))
        -1000.0
    """
    return minimum(x, 0) - log1p(exp(-absolute(x)))


@composite(saved_module=NN)
def hard_sigmoid(x: Floating) -> Tensor:
    """A piecewise linear sigmoid, `relu6(x + 3) / 6`.

    Args:
        x: tensor of any shape.

    Returns:
        The same shape, in the floating dtype; between 0 and 1.

    Example:
        >>> from kmb_core import ops
        >>> [float(v) for v in ops.hard_sigmoid([-3.0, 0.0, 3.0])]
        [0.0, 0.5, 1.0]
    """
    return relu6(x + 3) / 6


@composite(saved_module=NN)
def sparse_sigmoid(x: Floating) -> Tensor:
    """The derivative of `sparse_plus`: 0 up to -1, 1 from 1 on, linear between.

    Args:
        x: tensor of any shape.

    Returns:
        The same shape, in the floating dtype; between 0 and 1.

    Example:
        >>> from kmb_core import ops
        >>> [float(v) for v in ops.sparse_sigmoid([-2.0, 0.5, 2.0])]
        [0.0, 0.75, 1.0]
    """
    return (clip(x, -1, 1) + 1) / 2


@composite(saved_module=NN)
def silu(x: Floating) -> Tensor:
    """The sigmoid linear unit, `x * sigmoid(x)`; also called swish.

    Args:
        x: tensor of any shape.

    Returns:
        The same shape, in the floating dtype.

    Source: Ramachandran et al., "Searching for Activation Functions", 2017.

    Example:
        >>> from kmb_core import ops
        >>> round(float(ops.silu(1.0)), 4)
        0.7311
    """
    return x * sigmoid(x)


@composite(saved_module=NN)
def hard_silu(x: Floating) -> Tensor:
    """`x * hard_sigmoid(x)`; also called hard swish.

    Args:
        x: tensor of any shape.

    Returns:
        The same shape, in the floating dtype.

    Source: Howard et al., "Searching for MobileNetV3", 2019.

    Example:
        >>> from kmb_core import ops
        >>> [float(v) for v in ops.hard_silu([-4.0, 3.0])]
        [-0.0, 3.0]
    """
    return x * hard_sigmoid(x)


@composite(saved_module=NN)
def glu(x: Floating, axis: int = -1) -> Tensor:
    """The gated linear unit: the first half of an axis times the sigmoid of the second.

    Args:
        x: tensor whose size along `axis` is even.
        axis: the axis that is halved.

    Returns:
        The shape of x with half the size along `axis`, in the floating dtype.

    Raises:
        ShapeError: where the axis cannot be halved.

    Source: Dauphin et al., "Language Modeling with Gated Convolutional Networks", 2016.

    Example:
        >>> from kmb_core import ops
        >>> [float(v) for v in ops.glu([3.0, 0.0])]
        [1.5]
    """
    values, gates = manipulation.split(x, 2, axis)
    return values * sigmoid(gates)


# Smooth and shrinking functions ----------------------------------------------------------------------------------


@composite(saved_module=NN)
def softplus(x: Floating) -> Tensor:
    """A smooth rectifier, `log(1 + exp(x))`.

    Args:
        x: tensor of any shape.

    Returns:
        The same shape, in the floating dtype; not negative.

    Example:
        >>> from kmb_core import ops
        >>> round(float(ops.softplus(0.0)), 4), float(ops.softplus(1000.0))
        (0.6931, 1000.0)
    """
    return maximum(x, 0) + log1p(exp(-absolute(x)))


@composite(saved_module=NN)
def squareplus(x: Floating, b: float = 4) -> Tensor:
    """A smooth rectifier without exponentials, `(x + sqrt(x**2 + b)) / 2`.

    Args:
        x: tensor of any shape.
        b: how wide the bend is; at zero the value is `sqrt(b) / 2`.

    Returns:
        The same shape, in the floating dtype.

    Source: Barron, "Squareplus: A Softplus-Like Algebraic Rectifier", 2021.

    Example:
        >>> from kmb_core import ops
        >>> float(ops.squareplus(0.0))
        1.0
    """
    return (x + sqrt(square(x) + b)) / 2


@composite(saved_module=NN)
def sparse_plus(x: Floating) -> Tensor:
    """A smooth rectifier that is 0 up to -1 and x from 1 on; `(x + 1)**2 / 4` between.

    Args:
        x: tensor of any shape.

    Returns:
        The same shape, in the floating dtype; not negative.

    Example:
        >>> from kmb_core import ops
        >>> [float(v) for v in ops.sparse_plus([-2.0, 0.0, 2.0])]
        [0.0, 0.25, 2.0]
    """
    return where(x < 1, square(clip(x, -1, 1) + 1) / 4, x)


@composite(saved_module=NN)
def softsign(x: Floating) -> Tensor:
    """`x / (1 + abs(x))`.

    Args:
        x: tensor of any shape.

    Returns:
        The same shape, in the floating dtype; between -1 and 1.

    Example:
        >>> from kmb_core import ops
        >>> [float(v) for v in ops.softsign([-1.0, 3.0])]
        [-0.5, 0.75]
    """
    return x / (absolute(x) + 1)


@composite(saved_module=NN)
def gelu(x: Floating, approximate: bool = True) -> Tensor:
    """The Gaussian error linear unit: x times the standard normal distribution function of x.

    Args:
        x: tensor of any shape.
        approximate: whether to use the approximation by tanh.

    Returns:
        The same shape, in the floating dtype.

    Source: Hendrycks and Gimpel, "Gaussian Error Linear Units", 2016, section 2.

    Example:
        >>> from kmb_core import ops
        >>> round(float(ops.gelu(1.0)), 3), round(float(ops.gelu(1.0, approximate=False)), 3)
        (0.841, 0.841)
    """
    if approximate:
        cubic = multiply(x * x * x, 0.044715) + x
        return x / 2 * (tanh(multiply(cubic, math.sqrt(2 / math.pi))) + 1)
    return x / 2 * (erf(multiply(x, math.sqrt(0.5))) + 1)


@composite(saved_module=NN)
def hard_tanh(x: Floating) -> Tensor:
    """`x` cut off at -1 and 1.

    Args:
        x: tensor of any shape.

    Returns:
        The same shape, in the floating dtype.

    Example:
        >>> from kmb_core import ops
        >>> [float(v) for v in ops.hard_tanh([-2.0, 0.5])]
        [-1.0, 0.5]
    """
    return clip(x, -1, 1)


@composite(saved_module=NN)
def hard_shrink(x: Floating, threshold: float = 0.5) -> Tensor:
    """`x` where it is further from zero than the threshold, zero elsewhere.

    Args:
        x: tensor of any shape.
        threshold: not negative.

    Returns:
        The same shape, in the floating dtype.

    Example:
        >>> from kmb_core import ops
        >>> [float(v) for v in ops.hard_shrink([-0.75, 0.5])]
        [-0.75, 0.0]
    """
    return where(absolute(x) <= threshold, 0, x)  # NaN, which is not below, stays


@composite(saved_module=NN)
def soft_shrink(x: Floating, threshold: float = 0.5) -> Tensor:
    """`x` brought nearer to zero by the threshold, zero where it is not further away than that.

    Args:
        x: tensor of any shape.
        threshold: not negative.

    Returns:
        The same shape, in the floating dtype.

    Example:
        >>> from kmb_core import ops
        >>> [float(v) for v in ops.soft_shrink([-0.75, 0.25, 2.0])]
        [-0.25, 0.0, 1.5]
    """
    return x - clip(x, -threshold, threshold)


@composite(saved_module=NN)
def tanh_shrink(x: Floating) -> Tensor:
    """`x - tanh(x)`.

    Args:
        x: tensor of any shape.

    Returns:
        The same shape, in the floating dtype.

    Example:
        >>> from kmb_core import ops
        >>> round(float(ops.tanh_shrink(1.0)), 4)
        0.2384
    """
    return x - tanh(x)


# Along an axis ---------------------------------------------------------------------------------------------------


@composite(saved_module=NN)
def softmax(x: Floating, axis: int | tuple[int, ...] | None = -1) -> Tensor:
    """Exponentials divided by their sum, so that they are positive and sum to 1.

    Args:
        x: tensor of at least one axis.
        axis: the axis or axes that are summed over; None for all.

    Returns:
        The same shape, in the floating dtype.

    Raises:
        ShapeError: for an axis that x does not have.

    Example:
        >>> from kmb_core import ops
        >>> [float(v) for v in ops.softmax([1000.0, 1000.0])]
        [0.5, 0.5]
    """
    normalize_axes(axis, len(static_shape(x)), "ops.softmax")
    exponentials = exp(x - reduction.max(x, axis, True))
    return exponentials / reduction.sum(exponentials, axis, True)


@composite(saved_module=NN)
def log_softmax(x: Floating, axis: int | tuple[int, ...] | None = -1) -> Tensor:
    """The logarithm of `softmax`, exact also where the softmax itself rounds to 0 or 1.

    Args:
        x: tensor of at least one axis.
        axis: the axis or axes that are summed over; None for all.

    Returns:
        The same shape, in the floating dtype.

    Raises:
        ShapeError: for an axis that x does not have.

    Example:
        >>> from kmb_core import ops
        >>> [float(v) for v in ops.log_softmax([0.0, -1000.0])]
        [0.0, -1000.0]
    """
    normalize_axes(axis, len(static_shape(x)), "ops.log_softmax")
    shifted = x - reduction.max(x, axis, True)
    return shifted - log(reduction.sum(exp(shifted), axis, True))


@composite(saved_module=NN)
def sparsemax(x: Floating, axis: int = -1) -> Tensor:
    """The point of the probability simplex that is nearest to x: like `softmax`, with exact zeros.

    Args:
        x: tensor of at least one axis.
        axis: the axis along which the result sums to 1.

    Returns:
        The same shape, in the floating dtype.

    Raises:
        ShapeError: for an axis that x does not have.

    Source: Martins and Astudillo, "From Softmax to Sparsemax", 2016, algorithm 1.

    Example:
        >>> from kmb_core import ops
        >>> [float(v) for v in ops.sparsemax([0.5, 1.0, -1.0])]
        [0.25, 0.75, 0.0]
    """
    shifted = x - reduction.max(x, axis, True)  # the result does not change, and the sums stay small
    descending = manipulation.flip(reduction.sort(shifted, axis), axis)
    count = reduction.cumsum(ones_like(descending), axis)
    inside = descending * count + 1 > reduction.cumsum(descending, axis)
    size = reduction.max(where(inside, count, 0), axis, True)
    excess = reduction.sum(where(inside, descending, 0), axis, True) - 1
    return maximum(shifted - excess / size, 0)
