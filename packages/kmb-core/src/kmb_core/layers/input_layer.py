"""Input: where a functional model starts."""

from typing import Any

from kmb_core.backend import KerasTensor, Node
from kmb_core.dtypes import standardize_dtype
from kmb_core.errors import DTypeError, ShapeError, message
from kmb_core.layers.layer import Layer
from kmb_core.plugins.capabilities import Capability
from kmb_core.serialization import saved_as
from kmb_core.shapes import Shape, standardize_shape


@saved_as("keras.layers")
class InputLayer(Layer):
    """The place of one input in a graph; `Input` makes it and returns its tensor.

    Args:
        shape: sizes without the batch axis, None where unknown.
        batch_size: size of the batch axis.
        dtype: floatx when None.
        sparse, ragged: whether the tensors that take its place are.
        batch_shape: sizes with the batch axis, instead of `shape` and `batch_size`.
        input_tensor: a symbolic tensor that becomes the input, instead of a new one.
        optional: whether the model may get None in its place.
        name: automatic when None.

    Raises:
        ShapeError: unless exactly one of shape, batch_shape and input_tensor says what it is.
        CapabilityError: for sparse or ragged where the backend has no such tensors.

    Example:
        >>> import kmb_core
        >>> kmb_core.layers.InputLayer(shape=(3,)).output.shape
        (None, 3)
    """

    def __init__(
        self,
        shape: Any = None,
        batch_size: int | None = None,
        dtype: str | None = None,
        sparse: bool | None = None,
        ragged: bool | None = None,
        batch_shape: Any = None,
        input_tensor: Any = None,
        optional: bool = False,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        old_shape = kwargs.pop("input_shape", None)
        batch_shape = kwargs.pop("batch_input_shape", batch_shape)  # its name in files of Keras 2
        super().__init__(name=name, **kwargs)
        self.optional = bool(optional)
        tensor = input_tensor
        if tensor is None:
            sizes = self._sizes(old_shape if shape is None else shape, batch_size, batch_shape)
            self._require_kind(sparse, ragged)
            tensor = KerasTensor(sizes, standardize_dtype(dtype), sparse=bool(sparse), ragged=bool(ragged), name=name)
        else:
            self._check_tensor(tensor, dtype)
        self._tensor = tensor
        self.sparse, self.ragged = tensor.sparse, tensor.ragged
        Node(self, (), {}, tensor)
        self.built = True

    def _sizes(self, shape: Any, batch_size: int | None, batch_shape: Any) -> Shape:
        if batch_shape is not None:
            if shape is not None or batch_size is not None:
                raise ShapeError(f"{self._where()}: batch_shape excludes shape and batch_size")
            return standardize_shape(batch_shape)
        if shape is None:
            what = f"{self._where()}: expected shape, batch_shape or tensor, got none of them"
            raise ShapeError(message(what, None, "A vector of 8 numbers for each example is shape=(8,)."))
        return (batch_size, *standardize_shape(shape))

    def _require_kind(self, sparse: bool | None, ragged: bool | None) -> None:
        for asked, capability in ((sparse, Capability.SPARSE), (ragged, Capability.RAGGED)):
            if asked:
                self._backend.require(capability, self._where(), "Use dense tensors, or another backend.")
        if sparse and ragged:
            raise ValueError(f"{self._where()}: sparse and ragged exclude each other")

    def _check_tensor(self, tensor: Any, dtype: str | None) -> None:
        if not isinstance(tensor, KerasTensor):
            raise DTypeError(f"{self._where()}: expected a KerasTensor as tensor, got {type(tensor).__name__}")
        if dtype is not None and standardize_dtype(dtype) != tensor.dtype:
            raise DTypeError(f"{self._where()}: expected dtype {dtype}, got a tensor of {tensor.dtype}")

    def call(self) -> None:  # type: ignore[override]  # an input computes nothing, so it takes nothing
        """Nothing: an input is given, not computed."""

    @property
    def output(self) -> KerasTensor:
        """The symbolic tensor."""
        return self._tensor

    @property
    def batch_shape(self) -> Shape:
        """Sizes with the batch axis."""
        return self._tensor.shape

    @property
    def dtype(self) -> str:
        """The tensor's dtype."""
        return self._tensor.dtype

    def get_config(self) -> dict[str, Any]:
        return {
            "batch_shape": self.batch_shape,
            "dtype": self.dtype,
            "sparse": self.sparse,
            "ragged": self.ragged,
            "name": self.name,
            "optional": self.optional,
        }


def Input(
    shape: Any = None,
    batch_size: int | None = None,
    dtype: str | None = None,
    sparse: bool | None = None,
    ragged: bool | None = None,
    batch_shape: Any = None,
    name: str | None = None,
    tensor: Any = None,
    optional: bool = False,
) -> KerasTensor:
    """A symbolic tensor that a functional model starts from.

    Args:
        shape: sizes without the batch axis, None where unknown.
        batch_size: size of the batch axis.
        dtype: floatx when None.
        sparse, ragged: whether the tensors that take its place are.
        batch_shape: sizes with the batch axis, instead of `shape` and `batch_size`.
        name: name of the input, for dicts of inputs.
        tensor: a symbolic tensor that becomes the input, instead of a new one.
        optional: whether the model may get None in its place.

    Returns:
        The tensor; layers are called on it.

    Raises:
        ShapeError: when no shape is given, or two are.

    Example:
        >>> import kmb_core
        >>> kmb_core.Input((28, 28, 1), dtype="float32").shape
        (None, 28, 28, 1)
    """
    return InputLayer(shape, batch_size, dtype, sparse, ragged, batch_shape, tensor, optional, name).output
