"""Drawing random numbers, as ops.

`seed` is an int (each call gives the same numbers), a `SeedGenerator` (each call gives others), or None for the global
seed. What is drawn from is the framework's own generator; `threefry` has numbers that are the same on all backends.
"""

from collections.abc import Sequence
from math import erf as error_function
from math import sqrt
from typing import TYPE_CHECKING, Any, TypeAlias

from kmb_core.backend import KerasTensor
from kmb_core.dtypes import is_float, is_integer, standardize_dtype
from kmb_core.errors import DTypeError, ShapeError, message
from kmb_core.ops import rules
from kmb_core.ops.arithmetic import add, clip, multiply
from kmb_core.ops.comparison import greater_equal, where
from kmb_core.ops.creation import zeros_like
from kmb_core.ops.declaration import composite, primitive
from kmb_core.ops.functions import erfinv
from kmb_core.ops.tensors import shape as shape_of
from kmb_core.random.threefry import fold_in, seed_key
from kmb_core.shapes import broadcast_shapes, normalize_axis, standardize_shape
from kmb_core.typing import Floating, Tensor, TensorLike

if TYPE_CHECKING:
    from kmb_core.random.seed_generator import SeedGenerator

MODULE = "keras.src.random"

Seed: TypeAlias = "int | SeedGenerator | None"


@primitive(saved_module=MODULE)
def uniform(
    shape: Sequence[int], minval: float = 0.0, maxval: float = 1.0, dtype: str | None = None, seed: Seed = None
) -> Tensor:
    """Numbers that are uniform from `minval` up to, but without, `maxval`.

    Args:
        shape: sizes of the result.
        minval, maxval: bounds.
        dtype: a floating dtype; floatx when None.
        seed: int, SeedGenerator or None.

    Returns:
        A tensor of that shape and dtype.

    Raises:
        DTypeError: for a dtype that is not floating.

    Example:
        >>> from kmb_core import random
        >>> 2.0 <= float(random.uniform((1,), 2.0, 3.0, seed=1)[0]) < 3.0
        True
    """
    return _floating(shape, dtype, seed, "uniform")


@primitive(saved_module=MODULE)
def normal(
    shape: Sequence[int], mean: float = 0.0, stddev: float = 1.0, dtype: str | None = None, seed: Seed = None
) -> Tensor:
    """Numbers from a normal distribution.

    Args:
        shape: sizes of the result.
        mean: the distribution's mean.
        stddev: its standard deviation.
        dtype: a floating dtype; floatx when None.
        seed: int, SeedGenerator or None.

    Returns:
        A tensor of that shape and dtype.

    Raises:
        DTypeError: for a dtype that is not floating.

    Example:
        >>> from kmb_core import random
        >>> random.normal((2, 3), seed=1).shape[1]
        3
    """
    return _floating(shape, dtype, seed, "normal")


@composite(saved_module=MODULE)
def truncated_normal(
    shape: Sequence[int], mean: float = 0.0, stddev: float = 1.0, dtype: str | None = None, seed: Seed = None
) -> Tensor:
    """Numbers from a normal distribution, without those more than two standard deviations from the mean.

    Args:
        shape: sizes of the result.
        mean: the mean of the distribution before it is cut, and after.
        stddev: the standard deviation before it is cut; after it is 0.88 of that.
        dtype: a floating dtype; floatx when None.
        seed: int, SeedGenerator or None.

    Returns:
        A tensor of that shape and dtype.

    Raises:
        DTypeError: for a dtype that is not floating.

    Example:
        >>> from kmb_core import random
        >>> abs(float(random.truncated_normal((1,), seed=1)[0])) <= 2.0
        True
    """
    bound = error_function(sqrt(2.0))  # two deviations, on the scale of the error function
    standard = multiply(erfinv(uniform(shape, -bound, bound, dtype, seed)), sqrt(2.0))
    return add(multiply(clip(standard, -2, 2), stddev), mean)  # clipped: erfinv rounds


@primitive(saved_module=MODULE)
def randint(
    shape: Sequence[int], minval: int, maxval: int, dtype: str = "int32", seed: Seed = None
) -> Tensor:
    """Integers that are uniform from `minval` up to, but without, `maxval`.

    Args:
        shape: sizes of the result.
        minval, maxval: bounds.
        dtype: an integer dtype.
        seed: int, SeedGenerator or None.

    Returns:
        A tensor of that shape and dtype.

    Raises:
        DTypeError: for a dtype that is no integer.

    Example:
        >>> from kmb_core import random
        >>> 3 <= int(random.randint((1,), 3, 5, seed=1)[0]) < 5
        True
    """
    dtype = standardize_dtype(dtype)
    _check_seed(seed, "randint")
    if not is_integer(dtype):
        raise DTypeError(f"random.randint: expected an integer dtype, got {dtype!r}")
    return KerasTensor.like(standardize_shape(shape), dtype)


@primitive(saved_module=MODULE)
def gamma(shape: Sequence[int], alpha: Floating, dtype: str | None = None, seed: Seed = None) -> Tensor:
    """Numbers from a gamma distribution with rate 1.

    Args:
        shape: sizes of the result.
        alpha: positive; the distribution's shape parameter, a number or a tensor that broadcasts to `shape`.
        dtype: a floating dtype; floatx when None.
        seed: int, SeedGenerator or None.

    Returns:
        A tensor of that shape and dtype.

    Raises:
        DTypeError: for a dtype that is not floating. ShapeError: when alpha does not broadcast.

    Example:
        >>> from kmb_core import random
        >>> float(random.gamma((1,), 2.0, seed=1)[0]) > 0.0
        True
    """
    return _floating(shape, dtype, seed, "gamma", alpha)


@primitive(saved_module=MODULE)
def binomial(
    shape: Sequence[int], counts: Floating, probabilities: Floating, dtype: str | None = None, seed: Seed = None
) -> Tensor:
    """How many of `counts` trials succeed.

    Args:
        shape: sizes of the result.
        counts: numbers of trials, not negative; a number or a tensor that broadcasts to `shape`.
        probabilities: of one trial's success; likewise.
        dtype: a floating dtype; floatx when None.
        seed: int, SeedGenerator or None.

    Returns:
        Whole numbers as a tensor of that shape and dtype.

    Raises:
        DTypeError: for a dtype that is not floating. ShapeError: when a parameter does not broadcast.

    Example:
        >>> from kmb_core import random
        >>> float(random.binomial((1,), 5, 1.0, seed=1)[0])
        5.0
    """
    return _floating(shape, dtype, seed, "binomial", counts, probabilities)


@composite(saved_module=MODULE)
def beta(
    shape: Sequence[int], alpha: Floating, beta: Floating, dtype: str | None = None, seed: Seed = None
) -> Tensor:
    """Numbers from a beta distribution, between 0 and 1.

    Args:
        shape: sizes of the result.
        alpha, beta: positive; numbers or tensors that broadcast to `shape`.
        dtype: a floating dtype; floatx when None.
        seed: int, SeedGenerator or None.

    Returns:
        A tensor of that shape and dtype.

    Raises:
        DTypeError: for a dtype that is not floating. ShapeError: when a parameter does not broadcast.

    Source: the ratio `g1 / (g1 + g2)` of two gamma variates; Devroye, "Non-Uniform Random Variate Generation", IX.3.

    Example:
        >>> from kmb_core import random
        >>> 0.0 <= float(random.beta((1,), 2.0, 3.0, seed=1)[0]) <= 1.0
        True
    """
    first = gamma(shape, alpha, dtype, seed)
    return first / (first + gamma(shape, beta, dtype, second_seed(seed)))


@primitive(saved_module=MODULE)
def categorical(logits: Floating, num_samples: int, dtype: str = "int32", seed: Seed = None) -> Tensor:
    """Class numbers, drawn with the probabilities that softmax makes of logits.

    Args:
        logits: `(batch, classes)`; minus infinity for a class that does not occur.
        num_samples: how many to draw for each row.
        dtype: an integer dtype.
        seed: int, SeedGenerator or None.

    Returns:
        `(batch, num_samples)` in that dtype.

    Raises:
        ShapeError: unless logits have two axes.

    Example:
        >>> from kmb_core import random
        >>> [int(v) for v in random.categorical([[0.0, -1e9]], 3, seed=1)[0]]
        [0, 0, 0]
    """
    _check_seed(seed, "categorical")
    if len(logits.shape) != 2:
        raise ShapeError(f"random.categorical: expected logits of shape (batch, classes), got {logits.shape}")
    return KerasTensor.like((logits.shape[0], num_samples), standardize_dtype(dtype))


@primitive(saved_module=MODULE)
def shuffle(x: TensorLike, axis: int = 0, seed: Seed = None) -> Tensor:
    """The slices along an axis in random order.

    Args:
        x: tensor of at least one axis.
        axis: the axis along which they lie.
        seed: int, SeedGenerator or None.

    Returns:
        The same shape and dtype.

    Raises:
        ShapeError: for an axis that x does not have.

    Example:
        >>> from kmb_core import random
        >>> sorted(int(v) for v in random.shuffle([1, 2, 3], seed=1))
        [1, 2, 3]
    """
    _check_seed(seed, "shuffle")
    normalize_axis(axis, len(x.shape), "random.shuffle")
    return rules.same(x)


@composite(saved_module=MODULE)
def dropout(
    inputs: Floating, rate: float, noise_shape: Sequence[int | None] | None = None, seed: Seed = None
) -> Tensor:
    """Zero with probability `rate`, else divided by `1 - rate`, so that the expected value stays.

    Args:
        inputs: tensor of any shape.
        rate: from 0 to 1.
        noise_shape: sizes of what is drawn, broadcast to the inputs; None stands for the input's size. Axes of size 1
            are dropped as a whole.
        seed: int, SeedGenerator or None.

    Returns:
        The shape of the inputs, in the floating dtype.

    Raises:
        ValueError: for a rate outside of 0 to 1.

    Source: Srivastava et al., "Dropout", 2014, section 10 (inverted form).

    Example:
        >>> from kmb_core import ops, random
        >>> sorted({float(v) for v in random.dropout(ops.ones((100,)), 0.5, seed=1)})
        [0.0, 2.0]
    """
    if not 0 <= rate <= 1:
        raise ValueError(f"random.dropout: rate is from 0 to 1, got {rate}")
    if rate == 0:
        return inputs
    if rate == 1:
        return zeros_like(inputs)
    # float32 whatever the inputs are: bfloat16 has but 256 steps, which is too few for a probability
    drawn = uniform(_noise_shape(inputs, noise_shape), 0.0, 1.0, "float32", seed)
    return where(greater_equal(drawn, rate), multiply(inputs, 1.0 / (1.0 - rate)), 0)


def _noise_shape(inputs: Tensor, noise_shape: Sequence[int | None] | None) -> Sequence[int | None]:
    sizes = shape_of(inputs)
    if noise_shape is None:
        return sizes
    if len(noise_shape) > len(sizes):
        what = f"random.dropout: noise_shape {tuple(noise_shape)} has more axes than inputs {tuple(inputs.shape)}"
        raise ShapeError(message(what, None, "Give one size for each axis of the inputs, None for the input's own."))
    own = sizes[len(sizes) - len(noise_shape) :]
    return tuple(size if given is None else given for given, size in zip(noise_shape, own, strict=True))


def second_seed(seed: Seed) -> Seed:
    """The seed of another, independent draw in the same call; a SeedGenerator moves on by itself."""
    return int(fold_in(seed_key(seed), 1)[1]) >> 1 if isinstance(seed, int) else seed


def _floating(
    shape: Sequence[int], dtype: str | None, seed: Seed, op: str, *parameters: rules.Symbolic
) -> rules.Symbolic:
    dtype = standardize_dtype(dtype)
    _check_seed(seed, op)
    if not is_float(dtype):
        raise DTypeError(f"random.{op}: expected a floating dtype, got {dtype!r}")
    sizes = standardize_shape((shape,) if isinstance(shape, int) else shape)
    for parameter in parameters:
        if broadcast_shapes(parameter.shape, sizes, f"random.{op}") != sizes:
            raise ShapeError(f"random.{op}: a parameter of shape {parameter.shape} does not broadcast to {sizes}")
    return KerasTensor.like(sizes, dtype)


def _check_seed(seed: Any, op: str) -> None:
    if seed is not None and not hasattr(seed, "next") and not hasattr(seed, "__index__"):
        raise DTypeError(f"random.{op}: seed is a whole number, a SeedGenerator or None, got {seed!r:.40}")
