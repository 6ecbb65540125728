"""Variables: state with a name, a shape, a dtype and a backend.

Each backend supplies a subclass with `_create`, `_write` and what its framework needs; `Variable(...)` makes one of the
current backend's class. `value` is read in every layer call, so it is one attribute test unless a scope is active.
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from kmb_core.backend.deferral import Deferred, Waiting, hold_first, settle, storage_to_fill
from kmb_core.backend.keras_tensor import KerasTensor
from kmb_core.backend.memory import StoredArray
from kmb_core.backend.names import auto_name
from kmb_core.backend.operators import OPERATIONS, with_operators
from kmb_core.backend.selection import current_backend
from kmb_core.backend.state import state
from kmb_core.dtypes import is_float, standardize_dtype
from kmb_core.dtypes.arrays import numpy_dtype
from kmb_core.errors import ShapeError, message
from kmb_core.settings.store import settings
from kmb_core.shapes import standardize_shape

AGGREGATIONS = (None, "none", "mean", "sum", "only_first_replica")
SYNCHRONIZATIONS = (None, "none", "on_read", "on_write", "auto")


@with_operators
class Variable:
    """A tensor that can be assigned to.

    Args:
        initializer: an array-like, or a callable `(shape, dtype)`; then `shape` is needed.
        shape: sizes; all known.
        dtype: name; floatx, or that of the array, when None.
        trainable: whether gradients reach it.
        autocast: whether layers with a mixed policy read it in their compute dtype.
        aggregation: how replicas' updates are joined: "none", "mean", "sum", "only_first_replica".
        synchronization: when replicas are synchronised: "auto", "none", "on_read", "on_write".
        name: last part of its path; automatic when None.
        layout: a layout of `kmb_core.distribution`.

    Raises:
        ValueError: for a missing shape, or a name with "/".

    Example:
        >>> import kmb_core
        >>> v = kmb_core.Variable([1.0, 2.0], name="scale")
        >>> v.assign_add([1.0, 1.0]) is v.value, v.shape, float(v[1])
        (True, (2,), 3.0)
    """

    __array_priority__ = 100
    _waiting: Waiting | None = None  # how it will come by its value; see `deferral`

    def __new__(cls, *args: Any, **kwargs: Any) -> "Variable":
        """An instance of the current backend's class."""
        if cls is Variable:
            return object.__new__(current_backend().variable_class)
        return object.__new__(cls)

    def __init__(
        self,
        initializer: Any,
        shape: Any = None,
        dtype: str | None = None,
        trainable: bool = True,
        autocast: bool = True,
        aggregation: str | None = "none",
        synchronization: str | None = "auto",
        name: str | None = None,
        layout: Any = None,
        **kwargs: Any,
    ) -> None:
        name = name or auto_name("variable")
        if not isinstance(name, str) or "/" in name:
            raise ValueError(f"Variable: name is a string without '/', got {name!r}")
        if aggregation not in AGGREGATIONS:
            raise ValueError(f"Variable {name!r}: aggregation is one of {AGGREGATIONS}, got {aggregation!r}")
        if synchronization not in SYNCHRONIZATIONS:
            raise ValueError(
                f"Variable {name!r}: synchronization is one of {SYNCHRONIZATIONS}, got {synchronization!r}"
            )
        if kwargs:
            raise TypeError(f"Variable {name!r}: unexpected arguments {sorted(kwargs)}")
        self._backend = current_backend()
        self._name = name
        self._path = "/".join((*state.path, name))
        self._trainable = bool(trainable)
        self._autocast = bool(autocast)
        self._aggregation = aggregation
        self._synchronization = synchronization
        self._layout = layout
        self._regularizer: Callable[[Any], Any] | None = None
        self._constraint: Callable[[Any], Any] | None = None
        self._overwrite_with_gradient = False
        self._shape: tuple[int, ...]
        if initializer.__class__ is Deferred:
            if self._waits(initializer.initializer, shape, dtype):
                return
            initializer = initializer.initializer
        initial = self._initial_value(initializer, shape, dtype)
        self._shape = tuple(self._backend.static_shape(initial))  # type: ignore[arg-type]  # concrete
        self._follow_distribution()
        self._value = self._create(initial)

    def _waits(self, initializer: Any, shape: Any, dtype: str | None) -> bool:
        """Whether the value is left for later; then shape and dtype are set."""
        if not self._may_wait():
            return False
        known, name = self._known_shape(shape), standardize_dtype(dtype)
        draw = initializer.later(known, name)
        if draw is None:
            return False
        self._count_elements(known)
        self._shape, self._dtype = known, name
        self._waiting = Waiting(draw, self._trainable)
        return True

    def _may_wait(self) -> bool:
        """Whether nothing is in force here that says where the storage of a new variable lies."""
        return state.device is None and settings.distribution is None

    def __getattr__(self, name: str) -> Any:
        if name == "_value" and self._waiting is not None:
            settle(self)
            return self._value
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def _initial_value(self, initializer: Any, shape: Any, dtype: str | None) -> Any:
        if isinstance(initializer, str):
            raise ValueError(f"Variable {self._name!r}: initializer is a callable or an array, got {initializer!r}")
        convert = self._backend.convert
        if callable(initializer) and not self._backend.is_tensor(initializer) and not isinstance(initializer, Variable):
            shape = self._known_shape(shape)
            self._count_elements(shape)
            self._dtype = standardize_dtype(dtype)
            return convert(initializer(shape, dtype=self._dtype), self._dtype)
        if isinstance(initializer, Variable):
            initializer = initializer.value
        if dtype is None and not hasattr(initializer, "dtype"):
            initializer = np.asarray(initializer)
            dtype = {"f": standardize_dtype(None), "i": "int32", "u": "uint32"}.get(initializer.dtype.kind)
        value = convert(initializer, None if dtype is None else standardize_dtype(dtype))
        self._dtype = self._backend.dtype_name(value)
        if shape is not None and standardize_shape(shape) != tuple(value.shape):
            raise ShapeError(
                f"Variable {self._name!r}: shape is {tuple(shape)}, the initial value's {tuple(value.shape)}"
            )
        return value

    def _known_shape(self, shape: Any) -> tuple[int, ...]:
        if shape is None:
            raise ValueError(f"Variable {self._name!r}: an initializer that is a function needs `shape`")
        known = standardize_shape(shape)
        if None in known:
            raise ShapeError(f"Variable {self._name!r}: all sizes must be known, got {known}")
        return tuple(size for size in known if size is not None)

    def _count_elements(self, shape: tuple[int, ...]) -> None:
        """Refuse what is larger than the file that is being loaded."""
        if state.elements_left is not None:
            state.elements_left -= math.prod(shape)
            if state.elements_left < 0:
                what = f"Variable {self._path}: shape {shape} is more than the file has weights for"
                raise ShapeError(message(what, "The file is damaged, or made to fill the memory.", None))

    def _follow_distribution(self) -> None:
        """Take the layout that the active distribution has for the variable, where it has none of its own."""
        if self._layout is None and settings.distribution is not None:
            self._layout = settings.distribution.get_variable_layout(self)

    # What a backend supplies -------------------------------------------------------------------------------------

    def _create(self, value: Any) -> Any:
        """The framework's storage for an initial value (a tensor of this backend that nobody else holds)."""
        return value

    def _write(self, value: Any) -> None:
        """Store a tensor of the right shape and dtype."""
        self._value = value

    def _placeholder(self) -> Any:
        """Storage whose value nobody reads before another one is assigned."""
        return self._create(self._backend.convert(np.zeros(self._shape, numpy_dtype(self._dtype)), self._dtype))

    def _read_from(self, stored: StoredArray) -> None:
        """Store an array of the right shape and dtype out of a file."""
        self._adopt(stored.read())

    def _adopt(self, value: np.ndarray) -> None:
        """Store an array of the right shape and dtype that nobody else holds: its memory may become the variable's."""
        self._write(self._backend.convert(value, self._dtype))

    def _host_view(self) -> np.ndarray:
        """The value on the host, to be looked at before the next assignment: it may be the variable's own memory."""
        return self.numpy()

    # Reading and writing -----------------------------------------------------------------------------------------

    @property
    def value(self) -> Any:
        """The backend's tensor."""
        if state.indirect:
            return self._indirect_value()
        return self._value

    def _indirect_value(self) -> Any:
        value = None
        if state.stateless is not None:
            value = state.stateless.get_current_value(self)
        if value is None:
            if state.symbolic:
                return KerasTensor.like(self._shape, self._read_dtype())
            value = self._value
        dtype = self._read_dtype()
        return value if dtype == self._dtype else OPERATIONS["cast"](value, dtype)

    def _read_dtype(self) -> str:
        if state.autocast is not None and self._autocast and is_float(self._dtype):
            return state.autocast
        return self._dtype

    def assign(self, value: Any) -> Any:
        """Set the value.

        Args:
            value: array-like of the variable's shape; cast to its dtype.

        Returns:
            The new value.

        Raises:
            ShapeError: when the shape differs.
        """
        backend = self._backend
        if value.__class__ is KerasTensor or state.symbolic:
            self._check_shape(getattr(value, "shape", self._shape))
            return value
        if isinstance(value, Variable):
            value = value.value
        value = backend.convert(value, self._dtype)
        self._check_shape(backend.static_shape(value))
        if state.stateless is not None:
            state.stateless.add_update((self, value))
            return value
        if self._waiting is not None and not backend.implementation.is_traced(value):
            hold_first(self, value)
        else:
            self._write(value)
        return self._value

    def _load(self, stored: StoredArray) -> None:
        """Set the value to that of an array in a file, which is read for this variable alone.

        Raises:
            ShapeError: when the shape differs.
        """
        self._check_shape(stored.shape)
        as_it_is = (tuple(stored.shape), stored.dtype) == (self._shape, self._dtype)
        if state.stateless is not None or state.symbolic or not as_it_is:
            self.assign(stored.read())
        else:
            with storage_to_fill(self):
                self._read_from(stored)

    def _check_shape(self, shape: Any) -> None:
        if tuple(shape) != self._shape and not _compatible(shape, self._shape):
            what = f"Variable {self._path}: expected a value of shape {self._shape}, got {tuple(shape)}"
            raise ShapeError(message(what, "A variable's shape is fixed when it is made.", None))

    def assign_add(self, value: Any) -> Any:
        """Add to the value; see `assign`."""
        return self.assign(OPERATIONS["add"](self._plain_value(), value))

    def assign_sub(self, value: Any) -> Any:
        """Subtract from the value; see `assign`."""
        return self.assign(OPERATIONS["subtract"](self._plain_value(), value))

    def _plain_value(self) -> Any:
        """The value without autocast: what is added in float32 stays float32."""
        autocast, state.autocast = state.autocast, None
        try:
            return self.value
        finally:
            state.autocast = autocast

    def numpy(self) -> np.ndarray:
        """The value on the host."""
        return self._backend.to_numpy(self.value)

    # What it is --------------------------------------------------------------------------------------------------

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self._name

    @property
    def path(self) -> str:
        """The names of the enclosing scopes and its own, joined by '/'."""
        return self._path

    @property
    def shape(self) -> tuple[int, ...]:
        """The sizes."""
        return self._shape

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self._shape)

    @property
    def dtype(self) -> str:
        """The dtype that it is read in here: autocast scopes change it."""
        return self._read_dtype() if state.indirect else self._dtype

    @property
    def trainable(self) -> bool:
        """Whether gradients reach it."""
        return self._trainable

    @trainable.setter
    def trainable(self, value: bool) -> None:
        self._trainable = bool(value)

    @property
    def aggregation(self) -> str | None:
        """How replicas' updates are joined."""
        return self._aggregation

    @property
    def synchronization(self) -> str | None:
        """When replicas are synchronised."""
        return self._synchronization

    @property
    def regularizer(self) -> Callable[[Any], Any] | None:
        """What adds a penalty of the value to the loss; None for nothing."""
        return self._regularizer

    @regularizer.setter
    def regularizer(self, value: Callable[[Any], Any] | None) -> None:
        if value is not None and not callable(value):
            raise ValueError(f"Variable {self._path}: a regularizer is callable, got {value!r}")
        self._regularizer = value

    @property
    def constraint(self) -> Callable[[Any], Any] | None:
        """What is applied to the value after each update; None for nothing."""
        return self._constraint

    @constraint.setter
    def constraint(self, value: Callable[[Any], Any] | None) -> None:
        if value is not None and not callable(value):
            raise ValueError(f"Variable {self._path}: a constraint is callable, got {value!r}")
        self._constraint = value

    @property
    def overwrite_with_gradient(self) -> bool:
        """Whether the optimizer puts the gradient in its place."""
        return self._overwrite_with_gradient

    @overwrite_with_gradient.setter
    def overwrite_with_gradient(self, value: bool) -> None:
        self._overwrite_with_gradient = bool(value)

    def __repr__(self) -> str:
        value = f", value={self.numpy()}" if not state.indirect else ""
        return f"<Variable path={self._path}, shape={self._shape}, dtype={self._dtype}{value}>"

    def __getitem__(self, idx: Any) -> Any:
        return OPERATIONS["get_item"](self.value, idx)

    def __array__(self, dtype: Any = None) -> np.ndarray:
        array = self.numpy()
        return array if dtype is None else array.astype(dtype)

    def __bool__(self) -> bool:
        raise TypeError(f"Variable {self._path}: a variable has no truth value; write `v.value` or `v is not None`")

    def __float__(self) -> float:
        return float(self.numpy().item())

    def __int__(self) -> int:
        return int(self.numpy().item())

    def __pos__(self) -> Any:
        return self.value

    def __eq__(self, other: Any) -> Any:
        return OPERATIONS["equal"](self, other)

    __hash__ = object.__hash__

    def __deepcopy__(self, memo: dict[int, Any]) -> "Variable":
        _ = self._value  # a copy does not wait
        copy = object.__new__(type(self))
        copy.__dict__.update(self.__dict__)
        copy._value = copy._create(self._backend.convert(np.array(self.numpy()), self._dtype))
        memo[id(self)] = copy
        return copy

    def __reduce__(self) -> tuple[Any, ...]:
        _ = self._value
        attributes = {k: v for k, v in self.__dict__.items() if k not in ("_value", "_backend", "_layout")}
        return _restore, (self._backend, attributes, np.array(self.numpy()))


def _restore(backend: Any, attributes: dict[str, Any], value: np.ndarray) -> Variable:
    variable = object.__new__(backend.variable_class)
    variable.__dict__.update(attributes, _backend=backend, _layout=None)  # its devices may be others here
    variable._follow_distribution()
    variable._value = variable._create(backend.convert(value, attributes["_dtype"]))
    return variable


def _compatible(given: Any, expected: tuple[int, ...]) -> bool:
    return len(given) == len(expected) and all(g is None or g == e for g, e in zip(given, expected, strict=True))
