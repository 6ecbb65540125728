"""Metric: numbers gathered over batches in variables, and a result worked out from them.

A metric remembers the backend that it was made on and enters it where another one is current. Its variables are found
like a layer's: those made with `add_variable`, and those of metrics in its attributes.
"""

import functools
from collections.abc import Callable, Iterator
from typing import Any

from kmb_core import dtype_policies, initializers
from kmb_core.backend import StatelessScope, Variable, auto_name, name_scope, use_backend
from kmb_core.backend.selection import current_backend
from kmb_core.backend.state import process, state
from kmb_core.dtypes import floatx
from kmb_core.errors import message
from kmb_core.ops.creation import zeros
from kmb_core.serialization import saved_as


@saved_as("keras")
class Metric:
    """Something measured over the batches of an epoch.

    Args:
        dtype: a dtype or policy of the results; floatx when None.
        name: automatic when None.

    Subclasses define `update_state(self, ...)` and `result(self)`.

    Example:
        >>> import kmb_core
        >>> class Largest(kmb_core.Metric):
        ...     def __init__(self):
        ...         super().__init__(name="largest")
        ...         self.largest = self.add_weight(initializer="zeros", name="largest")
        ...     def update_state(self, values):
        ...         self.largest.assign(kmb_core.ops.maximum(self.largest, kmb_core.ops.max(values)))
        ...     def result(self):
        ...         return self.largest.value
        >>> float(Largest()(kmb_core.ops.ones((3,))))
        1.0
    """

    _kind = "metric"  # how layers recognise a metric among their attributes
    _backend: Any

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        for name in ("update_state", "result", "reset_state"):
            if name in cls.__dict__:
                setattr(cls, name, _on_own_backend(cls.__dict__[name]))

    def __init__(self, dtype: Any = None, name: str | None = None) -> None:
        self._backend = current_backend()
        self.name = name or auto_name(type(self).__name__)
        self._dtype_policy = dtype_policies.get(dtype or floatx())
        self._dtype = self._dtype_policy.compute_dtype
        self._variables: list[Variable] = []

    @property
    def dtype(self) -> str:
        """The dtype of the results."""
        return self._dtype

    # State -------------------------------------------------------------------------------------------------------

    def add_variable(
        self, shape: Any, initializer: Any, dtype: Any = None, aggregation: str = "sum", name: str | None = None
    ) -> Variable:
        """Make a variable that belongs to the metric.

        Args:
            shape: sizes.
            initializer: name, object or callable; zeros when None.
            dtype: the metric's when None.
            aggregation: how replicas' values are joined.
            name: last part of its path.
        """
        first = initializers.get("zeros" if initializer is None else initializer)
        shape = (shape,) if isinstance(shape, int) else tuple(shape)
        with use_backend(self._backend), name_scope(self.name.replace("/", ">")):
            variable = Variable(
                first,
                shape=shape,
                dtype=dtype or self._dtype,
                trainable=False,
                autocast=False,
                aggregation=aggregation,
                name=name,
            )
        self._variables.append(variable)
        return variable

    def add_weight(
        self, shape: Any = (), initializer: Any = None, dtype: Any = None, name: str | None = None
    ) -> Variable:
        """Make a variable that belongs to the metric; see `add_variable`."""
        return self.add_variable(shape=shape, initializer=initializer, dtype=dtype, name=name)

    def _found(self) -> Iterator[Variable]:
        yield from self._variables
        for value in self.__dict__.values():
            yield from _variables_in(value)

    @property
    def variables(self) -> list[Variable]:
        """The metric's variables, and those of metrics inside."""
        return list({id(v): v for v in self._found()}.values())

    def reset_state(self) -> None:
        """Start again: all variables become zero."""
        for variable in self.variables:
            variable.assign(zeros(variable.shape, variable.dtype))

    # Measuring ---------------------------------------------------------------------------------------------------

    def update_state(self, *args: Any, **kwargs: Any) -> None:
        """Gather from a batch; subclasses define it."""
        raise NotImplementedError(f"{type(self).__name__} {self.name!r} defines no `update_state` method")

    def result(self) -> Any:
        """A scalar, or a dict of scalars, of what was gathered; subclasses define it."""
        raise NotImplementedError(f"{type(self).__name__} {self.name!r} defines no `result` method")

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Gather from a batch and return the result over all batches so far."""
        self.update_state(*args, **kwargs)
        return self.result()

    # Without side effects ----------------------------------------------------------------------------------------

    def _scope(self, metric_variables: Any, method: str) -> StatelessScope:
        own = self.variables
        if len(own) != len(metric_variables):
            what = f"Metric {self.name!r}.{method}: expected {len(own)} variables, got {len(metric_variables)}"
            raise ValueError(message(what, None, "Pass one value for each of `metric.variables`, in that order."))
        return StatelessScope(state_mapping=zip(own, metric_variables, strict=True))

    def stateless_update_state(self, metric_variables: Any, *args: Any, **kwargs: Any) -> list[Any]:
        """`update_state` as a function of the variables' values.

        Args:
            metric_variables: values in the order of `variables`.

        Returns:
            The new values.

        Raises:
            ValueError: for a wrong number of values.
        """
        with self._scope(metric_variables, "stateless_update_state") as scope:
            self.update_state(*args, **kwargs)
        return [scope.get_current_value(v) for v in self.variables]

    def stateless_result(self, metric_variables: Any) -> Any:
        """`result` as a function of the variables' values."""
        with self._scope(metric_variables, "stateless_result"):
            return self.result()

    def stateless_reset_state(self) -> list[Any]:
        """The values that the variables have after `reset_state`."""
        with StatelessScope() as scope:
            self.reset_state()
        values = [scope.get_current_value(v) for v in self.variables]
        return [v.value if value is None else value for v, value in zip(self.variables, values, strict=True)]

    # Describing --------------------------------------------------------------------------------------------------

    def get_config(self) -> dict[str, Any]:
        """The constructor's arguments, as plain data."""
        return {"name": self.name, "dtype": self.dtype}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "Metric":
        """A metric from what `get_config` gave."""
        return cls(**config)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} name={self.name}>"

    __str__ = __repr__


def _on_own_backend(method: Callable[..., Any]) -> Callable[..., Any]:
    """The method, run on the metric's backend: one `is` test where that is the current one."""

    @functools.wraps(method)
    def measured(self: Metric, *args: Any, **kwargs: Any) -> Any:
        backend = self._backend
        if (state.override or process.backend) is backend:
            return method(self, *args, **kwargs)
        with use_backend(backend):
            return method(self, *args, **kwargs)

    return measured


def _variables_in(value: Any) -> Iterator[Variable]:
    if isinstance(value, Variable):
        yield value
    elif isinstance(value, Metric):
        yield from value._found()
    elif isinstance(value, dict):
        for item in value.values():
            yield from _variables_in(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _variables_in(item)
