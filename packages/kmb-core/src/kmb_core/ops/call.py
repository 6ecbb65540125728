"""The general way to call an op: arguments are bound, converted and promoted; symbolic ones are worked out and
recorded.

Also the examination of a failed call (`explain`): the framework's exception is replaced by the op's own when the
symbolic rule can tell what is wrong.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from kmb_core.backend.keras_tensor import KerasTensor
from kmb_core.backend.state import state
from kmb_core.backend.variable import Variable
from kmb_core.dtypes import standardize_dtype
from kmb_core.errors import DTypeError, KmbError, ShapeError, message
from kmb_core.ops.inference import SCALARS, default_dtype, infer, items, promoted, widening
from kmb_core.ops.operation import record
from kmb_core.plugins import Backend
from kmb_core.typing import Role

if TYPE_CHECKING:
    from kmb_core.ops.declaration import Op


def call_general(op: "Op", backend: Backend, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Call an op with anything: native tensors, arrays, scalars, variables, lists of these, or symbolic tensors."""
    bound = op.signature.bind(*args, **kwargs)
    arguments = bound.arguments
    symbolic = _unwrap(op, arguments) or (state.symbolic and not op.tensors)
    if symbolic:
        return symbolic_call(op, arguments)
    _convert(op, backend, arguments)
    function = backend.functions[op.name]
    try:
        return function(*bound.args, **bound.kwargs)
    except Exception as error:
        raise explain(op, backend, bound.args, bound.kwargs, error) from error


def _unwrap(op: "Op", arguments: dict[str, Any]) -> bool:
    """Replace variables by their values; tell whether any tensor is symbolic."""
    symbolic = False
    for parameter in op.tensors:
        given = arguments.get(parameter.name)
        if given is None:
            continue
        if parameter.nested and isinstance(given, (list, tuple)):
            items = [x.value if isinstance(x, Variable) else x for x in given]
            arguments[parameter.name] = items
            symbolic = symbolic or any(isinstance(x, KerasTensor) for x in items)
            continue
        if isinstance(given, Variable):
            given = arguments[parameter.name] = given.value
        symbolic = symbolic or isinstance(given, KerasTensor)
    return symbolic


# Concrete arguments ----------------------------------------------------------------------------------------------


def _convert(op: "Op", backend: Backend, arguments: dict[str, Any]) -> None:
    slots = [
        (parameter.name, index, parameter.role, value)
        for parameter in op.tensors
        for index, value in items(parameter.nested, arguments.get(parameter.name))
    ]
    target = _common_dtype(backend, slots)
    for name, index, role, value in slots:
        converted = _converted(op, backend, role, value, target)
        if index is None:
            arguments[name] = converted
        else:
            arguments[name][index] = converted


def _common_dtype(backend: Backend, slots: list[Any]) -> str | None:
    """The dtype that promoted arguments share; None when nothing is promoted."""
    dtypes = [_weak_dtype(backend, value) for _, _, role, value in slots if role.promotes]
    if not dtypes:
        return None
    return promoted(tuple(dtypes), *widening(slots))


def _weak_dtype(backend: Backend, value: Any) -> Any:
    """A dtype name, or int, float, complex for a Python scalar."""
    if value.__class__ in SCALARS:
        return value.__class__
    if value.__class__ is bool:
        return "bool"
    if backend.is_tensor(value):
        return backend.dtype_name(value)
    dtype = getattr(value, "dtype", None)
    if dtype is not None:
        return standardize_dtype(dtype)
    array = np.asarray(value)
    return {"f": float, "i": int, "u": int, "c": complex}.get(array.dtype.kind) or standardize_dtype(array.dtype)


def _converted(op: "Op", backend: Backend, role: Role, value: Any, target: str | None) -> Any:
    if not role.promotes:
        if backend.is_tensor(value):
            return value
        return backend.convert(value, default_dtype(value))
    if backend.is_tensor(value):
        return value if backend.dtype_name(value) == target else backend.cast(value, target)  # type: ignore[arg-type]  # promoted
    return backend.convert(value, target)


# Symbolic arguments ----------------------------------------------------------------------------------------------


def symbolic_call(op: "Op", arguments: dict[str, Any]) -> Any:
    """Run the op's body on shapes and dtypes; outside of a SymbolicScope record a node."""
    outputs = infer(op, dict(arguments))
    if state.symbolic:
        return outputs
    return record(op, arguments, outputs)


# Failed calls ----------------------------------------------------------------------------------------------------


def explain(op: "Op", backend: Backend, args: Sequence[Any], kwargs: dict[str, Any], error: Exception) -> Exception:
    """What to raise instead of `error`: the symbolic rule's complaint where it has one, else `error` with a note."""
    if isinstance(error, KmbError):
        return error
    try:
        bound = op.signature.bind(*args, **kwargs)
    except TypeError as wrong_call:
        return TypeError(f"ops.{op.name}{op.signature}: {wrong_call}")
    if _unwrap(op, bound.arguments):
        return error
    abstract = {name: _shape_and_dtype(backend, value) for name, value in bound.arguments.items()}
    try:
        infer(op, abstract)
    except (ShapeError, DTypeError, KmbError) as complaint:
        return complaint
    except Exception:  # the rule itself cannot take these arguments: the framework's message says more
        pass
    _note(op, backend, bound.arguments, error)
    return error


def _shape_and_dtype(backend: Backend, value: Any) -> Any:
    if isinstance(value, (list, tuple)) and any(backend.is_tensor(v) for v in value):
        return [_shape_and_dtype(backend, v) for v in value]
    if backend.is_tensor(value):
        return KerasTensor.like(backend.static_shape(value), backend.dtype_name(value))
    return value


def _note(op: "Op", backend: Backend, arguments: dict[str, Any], error: Exception) -> None:
    described = ", ".join(f"{name}={_description(backend, value)}" for name, value in arguments.items())
    note = message(f"in ops.{op.name}({described}) on the {backend.name} backend")
    if hasattr(error, "add_note") and note not in getattr(error, "__notes__", ()):
        error.add_note(note)


def _description(backend: Backend, value: Any) -> str:
    if backend.is_tensor(value):
        return f"{backend.dtype_name(value)}{list(backend.static_shape(value))}"
    text = repr(value)
    return text if len(text) <= 40 else f"{text[:37]}..."
