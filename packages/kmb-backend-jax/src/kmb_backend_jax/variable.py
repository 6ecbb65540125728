"""The variable class: a `jax.Array` that is replaced by each assignment, and that can be lent to a training session.

A session keeps the state of a model in one flat list and donates it from step to step; the arrays that the variables
held would be dead after the first step. So while it is on loan a variable has no `_value` at all: reading it lands in
`__getattr__`, which asks the lender to write everything back. Variables that are not on loan pay nothing for this.
"""

from typing import Any, Protocol

import jax
import numpy as np

from kmb_backend_jax.dtypes import native_dtype
from kmb_core.backend import Variable
from kmb_core.errors import message


class Lender(Protocol):
    """Who holds the values of lent variables."""

    def write_back(self) -> None:
        """Give every lent variable its value again."""


class JaxVariable(Variable):
    """A variable of the JAX backend."""

    _lender: Lender

    def _initial_value(self, initializer: Any, shape: Any, dtype: str | None) -> Any:
        # A variable outlives the function that is being traced, so its value must be worked out at once.
        with jax.ensure_compile_time_eval():
            value = super()._initial_value(initializer, shape, dtype)
        if isinstance(value, jax.core.Tracer):
            what = f"Variable {self._name!r}: the initial value depends on the arguments of a function being traced"
            remedy = "Create variables outside of jax.jit, jax.grad and jax.vmap, or in build()."
            raise ValueError(message(what, "Such a value exists only while JAX traces the function.", remedy))
        return value

    def _create(self, value: Any) -> Any:
        return value if self._layout is None else laid_out(value, self._layout, self._path)

    def _placeholder(self) -> Any:
        return jax.ShapeDtypeStruct(self._shape, native_dtype(self._dtype))

    def _adopt(self, value: np.ndarray) -> None:
        held = jax.device_put(value)  # which shares the memory, where a function that is compiled would copy
        if held.dtype == value.dtype:
            self._write(held)
        else:
            super()._adopt(value)

    def lay_out(self, layout: Any) -> None:
        """Take a layout of `kmb_core.distribution`, and bring the value there."""
        value = self._value
        self._layout = layout
        self._write(laid_out(value, layout, self._path))

    def __getattr__(self, name: str) -> Any:
        if name == "_value" and "_lender" in self.__dict__:
            self._lender.write_back()
            return self.__dict__["_value"]
        return super().__getattr__(name)

    def _may_wait(self) -> bool:
        return jax.config.jax_default_device is None and super()._may_wait()

    def lend(self, lender: Lender) -> None:
        """Forget the value until the lender, who holds it now, writes it back."""
        self._lender = lender
        self.__dict__.pop("_value", None)

    def take_back(self, lender: Lender, value: jax.Array) -> None:
        """Hold a value again, where it is this lender's to give."""
        if self.__dict__.get("_lender") is lender:
            self._value = value
            del self._lender

    def _write(self, value: Any) -> None:
        if "_lender" in self.__dict__:
            self._lender.write_back()
        self._value = value if self._layout is None else laid_out(value, self._layout, self._path)

    def __jax_array__(self) -> Any:
        return self.value

    def __deepcopy__(self, memo: dict[int, Any]) -> Variable:
        _ = self._value  # off the loan first: a copy belongs to no session
        return super().__deepcopy__(memo)

    def __reduce__(self) -> tuple[Any, ...]:
        _ = self._value
        return super().__reduce__()


def laid_out(value: Any, layout: Any, path: str) -> Any:
    """A variable's value over the devices of a layout."""
    if isinstance(value, jax.core.Tracer):
        return value
    layout.check(value.shape, f"Variable {path}")
    with jax.ensure_compile_time_eval():
        return jax.device_put(value, layout.backend_layout)
