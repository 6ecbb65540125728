"""Dense projection and table look-up as ops of their own, because frameworks have one fused call for each.

They are not part of Keras' public API; layers use them.
"""

from kmb_core.errors import ShapeError
from kmb_core.ops.declaration import composite
from kmb_core.ops.indexing import take
from kmb_core.ops.products import matmul
from kmb_core.typing import Floating, Indices, Tensor, TensorLike

NN = "keras.src.ops.nn"


@composite(saved_module=NN)
def dense(x: Floating, kernel: Floating, bias: Floating | None = None) -> Tensor:
    """`x @ kernel + bias`, with bias and kernel as a dense layer has them.

    Args:
        x: `(..., inputs)`.
        kernel: `(inputs, outputs)`.
        bias: `(outputs,)`, or None.

    Returns:
        `(..., outputs)`, in the promoted floating dtype.

    Raises:
        ShapeError: when the sizes do not fit.

    Example:
        >>> from kmb_core.ops.nn.projection import dense
        >>> [float(v) for v in dense([1.0, 2.0], [[1.0], [1.0]], [10.0])]
        [13.0]
    """
    if len(kernel.shape) != 2:
        raise ShapeError(f"ops.dense: expected a kernel of shape (inputs, outputs), got {tuple(kernel.shape)}")
    product = matmul(x, kernel)
    return product if bias is None else product + bias


@composite(saved_module=NN)
def embed(table: TensorLike, indices: Indices) -> Tensor:
    """Rows of a table.

    Args:
        table: `(rows, columns)`.
        indices: integers of any shape, from 0 to rows - 1.

    Returns:
        The shape of `indices` with columns as one more axis, in the dtype of the table.

    Example:
        >>> from kmb_core.ops.nn.projection import embed
        >>> [float(v) for v in embed([[1.0], [2.0], [3.0]], [2, 0])[:, 0]]
        [3.0, 1.0]
    """
    return take(table, indices, axis=0)
