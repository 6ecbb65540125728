"""Complex numbers: their parts, their angle, their conjugate. Real tensors are taken too."""

from kmb_core.backend import dtype_of
from kmb_core.dtypes import is_complex
from kmb_core.ops import rules
from kmb_core.ops.comparison import equal
from kmb_core.ops.creation import ones_like
from kmb_core.ops.declaration import composite, primitive
from kmb_core.ops.functions import arctan2
from kmb_core.typing import Floating, Tensor, TensorLike

PART = {"complex64": "float32", "complex128": "float64"}


@primitive
def real(x: TensorLike) -> Tensor:
    """The real part; of real tensors, the tensor.

    Args:
        x: tensor of any shape and dtype.

    Returns:
        The same shape, in the floating dtype of the parts; real tensors keep their dtype.

    Example:
        >>> from kmb_core import ops
        >>> float(ops.real(3.0))
        3.0
    """
    return rules.typed(x, PART.get(x.dtype))


@primitive
def imag(x: TensorLike) -> Tensor:
    """The imaginary part; of real tensors, zeros.

    Args:
        x: tensor of any shape and dtype.

    Returns:
        The same shape, in the floating dtype of the parts; real tensors keep their dtype.

    Example:
        >>> from kmb_core import ops
        >>> float(ops.imag(3.0))
        0.0
    """
    return rules.typed(x, PART.get(x.dtype))


@primitive
def conjugate(x: TensorLike) -> Tensor:
    """The complex conjugate; of real tensors, the tensor.

    Args:
        x: tensor of any shape and dtype.

    Returns:
        The same shape and dtype.

    Example:
        >>> from kmb_core import ops
        >>> float(ops.conjugate(3.0))
        3.0
    """
    return rules.same(x)


@composite(saved="Conjugate")
def conj(x: TensorLike) -> Tensor:
    """The complex conjugate; the same as `conjugate`.

    Args:
        x: tensor of any shape and dtype.

    Returns:
        The same shape and dtype.

    Example:
        >>> from kmb_core import ops
        >>> float(ops.conj(3.0))
        3.0
    """
    return conjugate(x)


@composite
def angle(x: Floating) -> Tensor:
    """The angle of complex numbers in radians; π for negative real ones.

    Args:
        x: tensor of any shape; integers and booleans are taken as floatx.

    Returns:
        The same shape, in the floating dtype of the parts; angles in [-π, π].

    Example:
        >>> from kmb_core import ops
        >>> round(float(ops.angle(-1.0)), 4)
        3.1416
    """
    return arctan2(imag(x), real(x))


@composite
def isreal(x: TensorLike) -> Tensor:
    """Where the imaginary part is 0; everywhere in real tensors.

    Args:
        x: tensor of any shape and dtype.

    Returns:
        Booleans of the same shape.

    Example:
        >>> from kmb_core import ops
        >>> bool(ops.isreal(3.0))
        True
    """
    return equal(imag(x), 0) if is_complex(dtype_of(x)) else ones_like(x, "bool")
