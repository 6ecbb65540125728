"""Losses of directions and of embeddings: the cosine, and the circle loss over pairs of a batch."""

from typing import Any

from kmb_core.backend import masks
from kmb_core.errors import ShapeError, message
from kmb_core.losses.loss import LossFunctionWrapper
from kmb_core.losses.regression import floating, targets_and_predictions, tensor
from kmb_core.ops.arithmetic import add, maximum, multiply, negative, subtract
from kmb_core.ops.comparison import equal, logical_and, logical_not, where
from kmb_core.ops.creation import eye
from kmb_core.ops.manipulation import expand_dims, reshape, transpose
from kmb_core.ops.nn.activations import softplus
from kmb_core.ops.nn.normalization import normalize
from kmb_core.ops.products import matmul
from kmb_core.ops.reduction import any as any_of
from kmb_core.ops.reduction import logsumexp
from kmb_core.ops.reduction import sum as sum_of
from kmb_core.ops.tensors import shape
from kmb_core.serialization import saved_as

_ABSENT = -1e30  # what a pair that does not count adds to a sum of exponentials: nothing


@saved_as("keras.losses")
def cosine_similarity(y_true: Any, y_pred: Any, axis: int = -1) -> Any:
    """Minus the cosine of the angle between two vectors: -1 for the same direction, 0 at right angles.

    Args:
        y_true, y_pred: `(batch, ..., values)`.
        axis: the axis of the vectors.

    Returns:
        The shape without `axis`; 0 for a vector of zeros.

    Example:
        >>> import kmb_core
        >>> round(float(kmb_core.losses.cosine_similarity([[0.0, 2.0]], [[1.0, 1.0]])[0]), 4)
        -0.7071
    """
    y_true, y_pred = targets_and_predictions(y_true, y_pred)
    return negative(sum_of(multiply(normalize(y_true, axis=axis), normalize(y_pred, axis=axis)), axis=axis))


@saved_as("keras.losses")
def circle(
    y_true: Any,
    y_pred: Any,
    ref_labels: Any = None,
    ref_embeddings: Any = None,
    remove_diagonal: bool = True,
    gamma: float = 80,
    margin: float = 0.4,
) -> Any:
    """The circle loss: pulls embeddings of one class together and pushes others apart, the more the further to go.

    Args:
        y_true: class numbers, `(batch,)` or `(batch, 1)`.
        y_pred: embeddings of length 1, `(batch, features)`.
        ref_labels, ref_embeddings: what they are compared with; the batch itself when None.
        remove_diagonal: whether a sample is not compared with itself.
        gamma: scale. margin: relaxation of the goals, which are cosines of `1 - margin` and `margin`.

    Returns:
        `(batch,)`, masked where no other sample is of the class:
        `log(1 + sum(exp(gamma a_n (s_n - margin))) * sum(exp(-gamma a_p (s_p - 1 + margin))))` with
        `a_p = max(1 + margin - s_p, 0)` and `a_n = max(s_n + margin, 0)`. See Sun et al., Circle loss, 2020.

    Raises:
        ShapeError: for embeddings that are no matrix.

    Example:
        >>> import kmb_core
        >>> labels, embeddings = [0, 0], [[1.0, 0.0], [1.0, 0.0]]
        >>> round(float(kmb_core.losses.circle(labels, embeddings, gamma=1.0)[0]), 4)
        0.0
    """
    y_pred = floating(y_pred)
    if len(y_pred.shape) != 2:
        what = f"losses.circle: expected embeddings of shape (batch, features), got {tuple(y_pred.shape)}"
        raise ShapeError(message(what, None, "Flatten the features first."))
    labels = reshape(tensor(y_true), (-1,))
    others = labels if ref_labels is None else reshape(tensor(ref_labels), (-1,))
    references = y_pred if ref_embeddings is None else floating(ref_embeddings)
    similarity = matmul(y_pred, transpose(references))
    alike = equal(expand_dims(labels, 1), expand_dims(others, 0))
    different = logical_not(alike)
    if remove_diagonal:
        alike = logical_and(alike, logical_not(eye(shape(y_pred)[0], shape(references)[0], dtype="bool")))
    pull = maximum(subtract(1.0 + margin, similarity), 0.0)
    push = maximum(add(similarity, margin), 0.0)
    near = multiply(multiply(pull, subtract(similarity, 1.0 - margin)), -gamma)
    far = multiply(multiply(push, subtract(similarity, margin)), gamma)
    values = softplus(add(_total(near, alike), _total(far, different)))
    masks.set_mask(values, any_of(alike, axis=1))  # a sample with nothing alike is no part of a mean
    return values


def _total(exponents: Any, counted: Any) -> Any:
    return logsumexp(where(counted, exponents, _ABSENT), axis=1)


@saved_as("keras.losses")
class CosineSimilarity(LossFunctionWrapper):
    """Minus the cosine between targets and predictions.

    Args:
        axis: the axis of the vectors.
        reduction, name, dtype: see `Loss`.

    Example:
        >>> import kmb_core
        >>> round(float(kmb_core.losses.CosineSimilarity()([[0.0, 2.0]], [[1.0, 1.0]])), 4)
        -0.7071
    """

    targets_as_given = True

    def __init__(
        self,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "cosine_similarity",
        dtype: Any = None,
    ) -> None:
        super().__init__(cosine_similarity, reduction=reduction, name=name, dtype=dtype, axis=axis)

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments; `axis` only where it is not the default, which is how Keras's own files look."""
        axis = self._fn_kwargs["axis"]
        return super().get_config() | ({} if axis == -1 else {"axis": axis})


@saved_as("keras.losses")
class Circle(LossFunctionWrapper):
    """The circle loss over the pairs of a batch; see `circle`.

    Args:
        gamma: scale.
        margin: relaxation of the goals.
        remove_diagonal: whether a sample is not compared with itself.
        reduction, name, dtype: see `Loss`.

    Example:
        >>> import kmb_core
        >>> loss = kmb_core.losses.Circle(gamma=1.0)
        >>> round(float(loss([0, 0], [[1.0, 0.0], [1.0, 0.0]])), 4)
        0.0
    """

    targets_as_given = True

    def __init__(
        self,
        gamma: float = 80.0,
        margin: float = 0.4,
        remove_diagonal: bool = True,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "circle",
        dtype: Any = None,
    ) -> None:
        settings = {"gamma": gamma, "margin": margin, "remove_diagonal": remove_diagonal}
        super().__init__(circle, reduction=reduction, name=name, dtype=dtype, **settings)
        self.gamma, self.margin, self.remove_diagonal = gamma, margin, remove_diagonal

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, as plain data."""
        return super().get_config() | self._fn_kwargs
