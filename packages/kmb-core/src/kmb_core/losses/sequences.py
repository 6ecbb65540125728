"""Connectionist temporal classification: sequences of labels without a place in time."""

from typing import Any

from kmb_core.errors import ShapeError, message
from kmb_core.losses.loss import LossFunctionWrapper
from kmb_core.losses.regression import floating, tensor
from kmb_core.ops.arithmetic import multiply
from kmb_core.ops.comparison import not_equal
from kmb_core.ops.creation import cast, ones
from kmb_core.ops.nn.ctc import ctc_loss
from kmb_core.ops.reduction import sum as sum_of
from kmb_core.ops.tensors import shape
from kmb_core.serialization import saved_as


@saved_as("keras.losses")
def ctc(y_true: Any, y_pred: Any) -> Any:
    """Minus the logarithm of the probability of a sequence of labels, over all ways to spread it over the steps.

    Args:
        y_true: labels from 1 on, filled up with 0; `(batch, labels)`. 0 is the blank.
        y_pred: logits of the classes, `(batch, steps, classes)`; all steps count.

    Returns:
        `(batch,)`. See Graves et al., Connectionist temporal classification, 2006.

    Raises:
        ShapeError: for predictions that have not three axes.

    Example:
        >>> import kmb_core
        >>> round(float(kmb_core.losses.ctc([[1]], [[[0.0, 0.0]]])[0]), 4)
        0.6931
    """
    y_pred, y_true = floating(y_pred), tensor(y_true)
    if len(y_pred.shape) != 3 or len(y_true.shape) != 2:
        what = (
            f"losses.ctc: expected y_true (batch, labels) and y_pred (batch, steps, classes), "
            f"got {tuple(y_true.shape)} and {tuple(y_pred.shape)}"
        )
        raise ShapeError(message(what))
    batch, steps, _ = shape(y_pred)
    y_true = cast(y_true, "int32")
    lengths = multiply(ones((batch,), "int32"), steps)
    return ctc_loss(y_true, y_pred, sum_of(cast(not_equal(y_true, 0), "int32"), axis=-1), lengths, mask_index=0)


@saved_as("keras.losses")
class CTC(LossFunctionWrapper):
    """The loss of connectionist temporal classification; see `ctc`.

    Args:
        reduction, name, dtype: see `Loss`.

    Example:
        >>> import kmb_core
        >>> round(float(kmb_core.losses.CTC()([[1]], [[[0.0, 0.0]]])), 4)
        0.6931
    """

    targets_as_given = True

    def __init__(
        self, reduction: str | None = "sum_over_batch_size", name: str | None = "ctc", dtype: Any = None
    ) -> None:
        super().__init__(ctc, reduction=reduction, name=name, dtype=dtype)

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """The loss of each sequence: labels and steps are different things, so ranks are not brought together."""
        return self.fn(y_true, y_pred)
