"""The product of 8-bit integers, for which frameworks have kernels of their own.

It is not part of Keras' public API; quantized layers use it.
"""

from kmb_core.backend import dtype_of
from kmb_core.errors import DTypeError, ShapeError
from kmb_core.ops.declaration import composite
from kmb_core.ops.products import matmul
from kmb_core.ops.tensors import static_shape
from kmb_core.typing import Tensor, TensorLike

NN = "keras.src.ops.nn"


@composite(saved_module=NN)
def integer_dense(x: TensorLike, kernel: TensorLike) -> Tensor:
    """`x @ kernel` of 8-bit integers, exact, in 32 bits.

    Args:
        x: `(..., inputs)`, int8.
        kernel: `(inputs, outputs)`, int8.

    Returns:
        `(..., outputs)`, int32.

    Raises:
        DTypeError: for tensors that are not int8.
        ShapeError: when the sizes do not fit.

    Example:
        >>> from kmb_core import ops
        >>> from kmb_core.ops.nn.integer_projection import integer_dense
        >>> x = ops.convert_to_tensor([[100, 100]], "int8")
        >>> int(integer_dense(x, ops.transpose(x))[0, 0])
        20000
    """
    if dtype_of(x) != "int8" or dtype_of(kernel) != "int8":
        raise DTypeError(f"ops.integer_dense: expected int8 and int8, got {dtype_of(x)} and {dtype_of(kernel)}")
    if len(static_shape(kernel)) != 2:
        raise ShapeError(f"ops.integer_dense: expected a kernel (inputs, outputs), got shape {static_shape(kernel)}")
    return matmul(x, kernel)
