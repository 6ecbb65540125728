"""The symbolic tensor: a shape and a dtype, and where in a graph it comes from."""

from typing import Any

from kmb_core.backend.names import auto_name
from kmb_core.backend.operators import OPERATIONS, with_operators
from kmb_core.dtypes import standardize_dtype
from kmb_core.errors import KmbError, message
from kmb_core.shapes import standardize_shape


class SymbolicValueError(KmbError, TypeError, ValueError):
    """A symbolic tensor was used where a value is needed."""


@with_operators
class KerasTensor:
    """A stand-in for a tensor while a functional model is put together.

    Args:
        shape: sizes, None where unknown.
        dtype: name of the dtype.
        sparse, ragged: whether the tensor that takes its place will be.
        record_history: whether operations on it are recorded as nodes.
        name: a name for messages; automatic when None.

    Example:
        >>> import kmb_core
        >>> x = kmb_core.KerasTensor((None, 3))
        >>> (x + 1).shape
        (None, 3)
    """

    __array_priority__ = 100  # NumPy arrays on the left leave the operators to this class

    def __init__(
        self,
        shape: Any,
        dtype: str = "float32",
        sparse: bool = False,
        ragged: bool = False,
        record_history: bool = True,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        if sparse and ragged:
            raise ValueError("KerasTensor: sparse and ragged exclude each other")
        self._shape = standardize_shape(shape)
        self._dtype = standardize_dtype(dtype)
        self._sparse = bool(sparse)
        self._ragged = bool(ragged)
        self._ragged_rank = kwargs.pop("ragged_rank", None)
        self._row_splits_dtype = kwargs.pop("row_splits_dtype", None)
        if kwargs:
            raise TypeError(f"KerasTensor: unexpected arguments {sorted(kwargs)}")
        self.record_history = record_history
        self._name = name
        self._history: tuple[Any, int, int] | None = None  # operation, index of its node, index among the outputs
        self._keras_mask: Any = None
        self._uncast: KerasTensor | None = None  # the tensor of the graph, where this is a layer's cast of its input

    @classmethod
    def like(cls, shape: tuple[int | None, ...], dtype: str) -> "KerasTensor":
        """A tensor of a shape and dtype that are known to be in canonical form."""
        tensor = object.__new__(cls)
        tensor.__dict__.update(_PLAIN)
        tensor._shape = shape
        tensor._dtype = dtype
        return tensor

    @property
    def name(self) -> str:
        """The tensor's name; automatic names are given when first asked for."""
        if self._name is None:
            self._name = auto_name("keras_tensor")
        return self._name

    @property
    def shape(self) -> tuple[int | None, ...]:
        """The sizes; None where unknown."""
        return self._shape

    @property
    def dtype(self) -> str:
        """The name of the dtype."""
        return self._dtype

    @property
    def sparse(self) -> bool:
        """Whether it stands for a sparse tensor."""
        return self._sparse

    @property
    def ragged(self) -> bool:
        """Whether it stands for a ragged tensor."""
        return self._ragged

    @property
    def ragged_rank(self) -> int | None:
        """Number of ragged axes; None when not ragged."""
        return self._ragged_rank

    @property
    def row_splits_dtype(self) -> str | None:
        """Dtype of the row splits of a ragged tensor."""
        return self._row_splits_dtype

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self._shape)

    def reshape(self, newshape: Any) -> Any:
        """Symbolic `ops.reshape`."""
        return OPERATIONS["reshape"](self, newshape)

    def squeeze(self, axis: Any = None) -> Any:
        """Symbolic `ops.squeeze`."""
        return OPERATIONS["squeeze"](self, axis)

    def __getitem__(self, key: Any) -> Any:
        return OPERATIONS["get_item"](self, key)

    def __repr__(self) -> str:
        return f"<KerasTensor shape={self._shape}, dtype={self._dtype}, name={self.name}>"

    def _no_value(self, purpose: str) -> SymbolicValueError:
        what = f"KerasTensor {self.name} of shape {self._shape} has no value: {purpose}"
        cause = "It is symbolic: it stands for data that a model will get later."
        remedy = "Use kmb_core.ops on it, or put the code into the call method of a Layer."
        return SymbolicValueError(message(what, cause, remedy))

    def __array__(self) -> Any:
        raise self._no_value("it cannot become a NumPy array")

    def __jax_array__(self) -> Any:
        raise self._no_value("it cannot become a framework's array")

    def __tf_tensor__(self, dtype: Any = None, name: str | None = None) -> Any:
        raise self._no_value("it cannot become a framework's tensor")

    def __iter__(self) -> Any:
        raise self._no_value("it cannot be iterated over")

    def __contains__(self, item: Any) -> bool:
        raise self._no_value("it cannot be searched")

    def __bool__(self) -> bool:
        raise self._no_value("it cannot decide an `if`; see ops.where and ops.cond")

    def __float__(self) -> float:
        raise self._no_value("it cannot become a float")

    def __int__(self) -> int:
        raise self._no_value("it cannot become an int")

    def __index__(self) -> int:
        raise self._no_value("it cannot become a size or an index")


_PLAIN = {key: value for key, value in KerasTensor(()).__dict__.items() if key not in ("_shape", "_dtype")}


def is_keras_tensor(x: Any) -> bool:
    """Whether x is symbolic and belongs to a graph, so that a functional model can start or end there.

    Example:
        >>> import kmb_core
        >>> kmb_core.backend.is_keras_tensor(kmb_core.KerasTensor((2,)))
        True
    """
    return isinstance(x, KerasTensor)
