"""Cross-entropies, and the encodings of classes that they are made of.

From logits everything goes through a logarithm that is exact where the probability itself rounds to 0 or 1.
Probabilities are kept `config.epsilon()` away from both, and those of several classes are divided by their sum first.
"""

from typing import Any

from kmb_core.backend import KerasTensor, current_backend, dtype_of
from kmb_core.dtypes import is_integer, standardize_dtype
from kmb_core.errors import CapabilityError, ShapeError, message
from kmb_core.ops.arithmetic import absolute, clip, maximum
from kmb_core.ops.comparison import equal
from kmb_core.ops.creation import arange, cast
from kmb_core.ops.declaration import composite
from kmb_core.ops.functions import exp, log, log1p
from kmb_core.ops.indexing import take_along_axis
from kmb_core.ops.manipulation import expand_dims, reshape, squeeze
from kmb_core.ops.nn.activations import log_softmax
from kmb_core.ops.nn.precision import narrowed, widened
from kmb_core.ops.reduction import any, sum
from kmb_core.plugins import Capability
from kmb_core.settings import epsilon
from kmb_core.shapes import normalize_axis
from kmb_core.typing import Floating, Tensor, TensorLike

NN = "keras.src.ops.nn"


@composite(saved_module=NN)
def binary_crossentropy(target: Floating, output: Floating, from_logits: bool = False) -> Tensor:
    """`-target * log(output) - (1 - target) * log(1 - output)`, element by element.

    Args:
        target: probabilities, or 0 and 1; the shape of `output`.
        output: probabilities, or logits: numbers that the logistic function makes probabilities of.
        from_logits: whether `output` are logits.

    Returns:
        The same shape, in the promoted floating dtype.

    Raises:
        ShapeError: when the shapes differ.

    Example:
        >>> from kmb_core import ops
        >>> round(float(ops.binary_crossentropy([1.0], [0.5])[0]), 4)
        0.6931
    """
    _check_same(target, output, "ops.binary_crossentropy")
    if from_logits:
        return maximum(output, 0) - output * target + log1p(exp(-absolute(output)))
    dtype = dtype_of(output)
    target, output = widened(target, dtype), _inside(widened(output, dtype))
    return narrowed(-(target * log(output) + (1 - target) * log(1 - output)), dtype)


@composite(saved_module=NN)
def categorical_crossentropy(target: Floating, output: Floating, from_logits: bool = False, axis: int = -1) -> Tensor:
    """`-sum(target * log(output))` along the axis of classes.

    Args:
        target: probabilities of the classes, or 0 and 1; the shape of `output`.
        output: probabilities, or logits: numbers that softmax makes probabilities of.
        from_logits: whether `output` are logits.
        axis: the axis of classes.

    Returns:
        The shape without `axis`, in the promoted floating dtype.

    Raises:
        ShapeError: when the shapes differ.

    Example:
        >>> from kmb_core import ops
        >>> round(float(ops.categorical_crossentropy([0.0, 1.0], [0.5, 0.5])), 4)
        0.6931
    """
    _check_same(target, output, "ops.categorical_crossentropy")
    return -sum(target * _log_probabilities(output, from_logits, axis), axis)


@composite(saved_module=NN)
def sparse_categorical_crossentropy(
    target: TensorLike, output: Floating, from_logits: bool = False, axis: int = -1
) -> Tensor:
    """`-log(output)` at the class that `target` names.

    Args:
        target: integers from 0 to classes - 1, of the shape of `output` without `axis`, or with size 1 there.
        output: probabilities of the classes, or logits: numbers that softmax makes probabilities of.
        from_logits: whether `output` are logits.
        axis: the axis of classes.

    Returns:
        The shape of `output` without `axis`, in its floating dtype.

    Raises:
        ShapeError: when the shapes do not fit.

    Example:
        >>> from kmb_core import ops
        >>> round(float(ops.sparse_categorical_crossentropy(1, [0.5, 0.5])), 4)
        0.6931
    """
    axis = normalize_axis(axis, len(output.shape), "ops.sparse_categorical_crossentropy")
    if len(target.shape) != len(output.shape):
        target = expand_dims(target, axis)
    _check_sparse(target, output, axis)
    picked = take_along_axis(_log_probabilities(output, from_logits, axis), _as_integers(target), axis)
    return -squeeze(picked, axis)


@composite(saved_module=NN)
def one_hot(
    x: TensorLike, num_classes: int, axis: int = -1, dtype: str | None = None, sparse: bool = False
) -> Tensor:
    """1 at the place that an integer names along a new axis, 0 elsewhere.

    Args:
        x: integers of any shape; one that is no class gives zeros only.
        num_classes: size of the new axis.
        axis: where it stands in the result.
        dtype: of the result; floatx when None.
        sparse: for a sparse tensor, where the backend has such.

    Returns:
        The shape of x with `num_classes` inserted.

    Raises:
        CapabilityError: for a sparse result, where the backend has none.

    Example:
        >>> from kmb_core import ops
        >>> [float(v) for v in ops.one_hot(1, 3)]
        [0.0, 1.0, 0.0]
    """
    member = _membership(x, num_classes, axis, "one_hot")
    return _sparse_form(member, dtype, "one_hot") if sparse else cast(member, standardize_dtype(dtype))


@composite(saved_module=NN)
def multi_hot(
    inputs: TensorLike,
    num_classes: int | None = None,
    axis: int = -1,
    dtype: str | None = None,
    sparse: bool = False,
    **kwargs: Any,
) -> Tensor:
    """1 at the places that any of a sample's integers names, 0 elsewhere.

    Args:
        inputs: integers, `(classes of a sample,)` or `(batch, classes of a sample, ...)`; what is no class is left out.
        num_classes: size of the new axis.
        axis: where it stands before the sample's integers are joined.
        dtype: of the result; floatx when None.
        sparse: for a sparse tensor, where the backend has such.
        **kwargs: `num_tokens`, the old name of `num_classes`.

    Returns:
        `(num_classes,)` or `(batch, ..., num_classes)`.

    Raises:
        CapabilityError: for a sparse result, where the backend has none.

    Example:
        >>> from kmb_core import ops
        >>> [float(v) for v in ops.multi_hot([0, 2], 4)]
        [1.0, 0.0, 1.0, 0.0]
    """
    num_classes = kwargs.pop("num_tokens", num_classes)
    if kwargs or num_classes is None:
        raise TypeError(f"ops.multi_hot: num_classes is needed, and nothing but it; got {sorted(kwargs)}")
    member = any(_membership(inputs, num_classes, axis, "multi_hot"), 1 if len(inputs.shape) > 1 else 0)
    return _sparse_form(member, dtype, "multi_hot") if sparse else cast(member, standardize_dtype(dtype))


def _sparse_form(member: Tensor, dtype: str | None, op: str) -> KerasTensor:
    """The symbolic sparse tensor; its values come from the backends that have such tensors."""
    remedy = "Use sparse=False."
    current_backend().require(Capability.SPARSE, f"ops.{op} with sparse=True", remedy)
    if isinstance(member, KerasTensor):
        return KerasTensor(member.shape, standardize_dtype(dtype), sparse=True)
    raise CapabilityError(message(f"ops.{op} with sparse=True: this backend does not make it", None, remedy))


def _membership(x: Tensor, num_classes: int, axis: int, op: str) -> Tensor:
    """Booleans: whether x is the class, along a new axis."""
    axis = normalize_axis(axis, len(x.shape) + 1, f"ops.{op}")
    classes = [1] * (len(x.shape) + 1)
    classes[axis] = num_classes
    x = _as_integers(x)
    return equal(expand_dims(x, axis), reshape(arange(num_classes, dtype="int32"), classes))


def _as_integers(x: Tensor) -> Tensor:
    return x if is_integer(dtype_of(x)) else cast(x, "int32")


def _inside(probabilities: Tensor) -> Tensor:
    return clip(probabilities, epsilon(), 1 - epsilon())


def _log_probabilities(output: Tensor, from_logits: bool, axis: int) -> Tensor:
    if from_logits:
        return log_softmax(output, axis)
    dtype = dtype_of(output)
    output = widened(output, dtype)
    return narrowed(log(_inside(output / sum(output, axis, True))), dtype)


def _check_same(target: Tensor, output: Tensor, where: str) -> None:
    if not _agree(target.shape, output.shape):
        what = f"{where}: expected target and output of one shape, got {tuple(target.shape)} and {tuple(output.shape)}"
        cause = "Targets that are class numbers belong in sparse_categorical_crossentropy."
        raise ShapeError(message(what, cause, None))


def _check_sparse(target: Tensor, output: Tensor, axis: int) -> None:
    expected = tuple(1 if i == axis else size for i, size in enumerate(output.shape))
    if not _agree(target.shape, expected):
        where = "ops.sparse_categorical_crossentropy"
        shapes = f"target {tuple(target.shape)} and output {tuple(output.shape)}"
        what = f"{where}: expected a class number for each row of outputs, got {shapes}"
        raise ShapeError(message(what, "Targets that are probabilities belong in categorical_crossentropy.", None))


def _agree(first: Any, second: Any) -> bool:
    pairs = zip(first, second, strict=False)
    return len(first) == len(second) and all(a == b or a is None or b is None for a, b in pairs)
