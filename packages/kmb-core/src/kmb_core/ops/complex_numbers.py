"""Complex numbers: their parts, their angle, their conjugate; made of parts. Real tensors are taken too."""

from kmb_core.backend import KerasTensor, dtype_of
from kmb_core.dtypes import is_complex
from kmb_core.errors import DTypeError, ShapeError
from kmb_core.ops import rules
from kmb_core.ops.arithmetic import multiply
from kmb_core.ops.comparison import equal
from kmb_core.ops.creation import ones_like
from kmb_core.ops.declaration import composite, primitive
from kmb_core.ops.functions import arctan2, cos, sin
from kmb_core.ops.manipulation import stack
from kmb_core.ops.operands import beside
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


@primitive(saved_module="keras.src.ops.math")
def view_as_complex(x: Floating) -> Tensor:
    """Complex numbers from their parts, which lie side by side on the last axis.

    Args:
        x: tensor of shape (..., 2): real and imaginary parts; integers and booleans are taken as floatx.

    Returns:
        A tensor of shape (...), complex128 for float64, else complex64.

    Raises:
        ShapeError: when the last size is not 2. DTypeError: for complex numbers.

    Example:
        >>> from kmb_core import ops
        >>> complex(ops.view_as_complex([1.0, 2.0]))
        (1+2j)
    """
    if is_complex(x.dtype):
        raise DTypeError(f"ops.view_as_complex: expected real and imaginary parts, got {x.dtype}")
    if not x.shape or not rules.fits(x.shape[-1:], (2,)):
        raise ShapeError(f"ops.view_as_complex: expected shape (..., 2), got {x.shape}")
    return KerasTensor.like(x.shape[:-1], "complex128" if x.dtype == "float64" else "complex64")


@composite(saved_module="keras.src.ops.math")
def view_as_real(x: Floating) -> Tensor:
    """The parts of complex numbers side by side on a new last axis.

    Args:
        x: tensor of any shape; real numbers have the imaginary part 0, integers and booleans are taken as floatx.

    Returns:
        A tensor of shape (..., 2), in the floating dtype of the parts.

    Example:
        >>> from kmb_core import ops
        >>> [float(v) for v in ops.view_as_real(ops.view_as_complex([1.0, 2.0]))]
        [1.0, 2.0]
    """
    return stack([real(x), imag(x)], -1)


@composite(saved_module="keras.src.ops.nn")
def polar(abs_: Floating, angle: Floating) -> Tensor:
    """Complex numbers from their sizes and angles.

    Args:
        abs_: tensor of sizes; integers and booleans are taken as floatx.
        angle: tensor of angles in radians; the shapes broadcast.

    Returns:
        The broadcast shape, complex128 for float64, else complex64.

    Raises:
        ShapeError: when the shapes do not broadcast. DTypeError: for complex numbers.

    Example:
        >>> from kmb_core import ops
        >>> complex(ops.polar(2.0, 0.0))
        (2+0j)
    """
    angle = beside(abs_, angle)
    return view_as_complex(stack([multiply(abs_, cos(angle)), multiply(abs_, sin(angle))], -1))
