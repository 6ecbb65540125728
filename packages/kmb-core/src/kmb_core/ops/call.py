"""The general way to call an op: arguments are bound, converted and promoted; symbolic ones are worked out and
recorded.

Also the examination of a failed call (`explain`): the framework's exception is replaced by the op's own when the
symbolic rule can tell what is wrong.
"""

from collections.abc import Sequence
from inspect import BoundArguments, Parameter
from typing import TYPE_CHECKING, Any, NoReturn

from kmb_core.backend.keras_tensor import KerasTensor
from kmb_core.backend.state import state
from kmb_core.backend.variable import Variable
from kmb_core.dtypes import is_integer, standardize_dtype
from kmb_core.errors import DTypeError, KmbError, message
from kmb_core.ops.complaints import called, is_named, no_tensors, value_needed, wrong_arguments
from kmb_core.ops.inference import SCALARS, default_dtype, infer, items, promoted, weak_dtype, widening
from kmb_core.ops.operation import record
from kmb_core.ops.structures import converted, refuse_captured, unwrapped
from kmb_core.plugins import Backend
from kmb_core.typing import Role

if TYPE_CHECKING:
    from kmb_core.ops.declaration import Op


def call_general(op: "Op", backend: Backend, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Call an op with anything: native tensors, arrays, scalars, variables, lists of these, or symbolic tensors."""
    try:
        bound = op.signature.bind(*args, **kwargs)
    except TypeError as error:
        raise wrong_arguments(op, error) from None
    arguments = bound.arguments
    symbolic = _unwrap(op, arguments) or (state.symbolic and (not op.tensors or op.structures))
    if symbolic:
        return symbolic_call(op, arguments)
    try:
        _convert(op, backend, arguments)
    except Exception as error:
        raise no_tensors(op, arguments, error) from None
    function = backend.functions[op.name]
    try:
        return function(*bound.args, **bound.kwargs)
    except Exception as error:
        explain(op, backend, bound.args, bound.kwargs, error)


def _unwrap(op: "Op", arguments: dict[str, Any]) -> bool:
    """Replace variables by their values; tell whether any tensor is symbolic."""
    symbolic = False
    for parameter in op.tensors:
        given = arguments.get(parameter.name)
        if given is None:
            if parameter.name in arguments and parameter.default is Parameter.empty:
                raise TypeError(f"{called(op)}: {parameter.name} is a tensor, got None")
            continue
        if parameter.nested and isinstance(given, (list, tuple)):
            items = [x.value if isinstance(x, Variable) else x for x in given]
            arguments[parameter.name] = items
            symbolic = symbolic or any(isinstance(x, KerasTensor) for x in items)
            continue
        if isinstance(given, Variable):
            given = arguments[parameter.name] = given.value
        symbolic = symbolic or isinstance(given, KerasTensor)
    for parameter in op.structures:
        if parameter.name in arguments:
            arguments[parameter.name], found = unwrapped(arguments[parameter.name])
            symbolic = symbolic or found
    return symbolic


# Concrete arguments ----------------------------------------------------------------------------------------------


def _convert(op: "Op", backend: Backend, arguments: dict[str, Any]) -> None:
    slots = [
        (parameter.name, index, parameter.role, _layout(op, backend, value))
        for parameter in op.tensors
        for index, value in items(parameter.nested, arguments.get(parameter.name))
    ]
    target = _common_dtype(backend, slots)
    for name, index, role, value in slots:
        tensor = _converted(op, backend, role, value, target)
        if index is None:
            arguments[name] = tensor
        else:
            arguments[name][index] = tensor
    for parameter in op.structures:
        if parameter.name in arguments:
            arguments[parameter.name] = converted(backend, arguments[parameter.name])


def _layout(op: "Op", backend: Backend, value: Any) -> Any:
    """A sparse tensor as a dense one, unless the backend's function takes it as it is."""
    if value.__class__ in backend.sparse_types and op.name not in backend.sparse_ops:
        return backend.convert(value)
    return value


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
    return weak_dtype(value)


def _converted(op: "Op", backend: Backend, role: Role, value: Any, target: str | None) -> Any:
    if not role.promotes:
        if backend.is_tensor(value) or (role.keeps_numbers and isinstance(value, (bool, int, float))):
            return value if not role.indexes else _indices(op, backend, value)
        converted = backend.convert(value, default_dtype(value))
        return converted if not role.indexes else _indices(op, backend, converted)
    if backend.is_tensor(value):
        return value if backend.dtype_name(value) == target else backend.cast(value, target)  # type: ignore[arg-type]  # promoted
    return backend.convert(value, target)


def _indices(op: "Op", backend: Backend, value: Any) -> Any:
    dtype = backend.dtype_name(value)
    if not is_integer(dtype):
        raise DTypeError(f"{called(op)}: expected indices of an integer dtype, got {dtype}")
    return value


# Symbolic arguments ----------------------------------------------------------------------------------------------


def symbolic_call(op: "Op", arguments: dict[str, Any]) -> Any:
    """Run the op's body on shapes and dtypes; outside of a SymbolicScope record a node.

    A node holds its configuration as it is, so symbolic tensors, which no model would ever fill, are refused there.
    """
    complaint = value_needed(op, arguments, whole=state.symbolic)
    if complaint is not None:
        raise complaint
    if op.expanded:
        bound = BoundArguments(op.signature, arguments)  # type: ignore[arg-type]  # any mapping does
        return op.body(*bound.args, **bound.kwargs)
    outputs = infer(op, dict(arguments))
    if state.symbolic:
        return outputs
    if op.structures:
        refuse_captured(called(op), list(arguments.values()))
    return record(op, arguments, outputs)


# Failed calls ----------------------------------------------------------------------------------------------------


def explain(op: "Op", backend: Backend, args: Sequence[Any], kwargs: dict[str, Any], error: Exception) -> NoReturn:
    """Raise what says more than `error` does of a wrong call, else `error` itself."""
    explanation = _explanation(op, backend, args, kwargs, error)
    if explanation is error:
        raise error  # not from itself: whoever follows the causes would never come to an end
    raise explanation from error


def _explanation(
    op: "Op", backend: Backend, args: Sequence[Any], kwargs: dict[str, Any], error: Exception
) -> Exception:
    """What to raise instead of `error`: the symbolic rule's complaint where it has one, else `error` with a note."""
    try:
        bound = op.signature.bind(*args, **kwargs)
    except TypeError as wrong_call:
        return wrong_arguments(op, wrong_call)
    complaint = value_needed(op, bound.arguments)
    if complaint is not None:
        return complaint
    if isinstance(error, KmbError) and is_named(op, error):
        return error
    if _unwrap(op, bound.arguments) or any(callable(value) for value in bound.arguments.values()):
        return error  # what a function among the arguments raises says more than its second run would
    abstract = {name: _shape_and_dtype(backend, value) for name, value in bound.arguments.items()}
    try:
        infer(op, abstract)
    except Exception as complaint:
        if isinstance(complaint, KmbError) or is_named(op, complaint):
            return complaint
        # A framework's own error while it traces: the rule knows no more than the framework.
    if isinstance(error, KmbError) or any(_is_text(backend, value) for value in bound.arguments.values()):
        return no_tensors(op, bound.arguments, error)
    _note(op, backend, bound.arguments, error)
    return error


def _is_text(backend: Backend, value: Any) -> bool:
    parts = value if isinstance(value, (list, tuple)) else [value]
    return any(backend.is_tensor(part) and backend.dtype_name(part) == "string" for part in parts)


def _shape_and_dtype(backend: Backend, value: Any) -> Any:
    if isinstance(value, (list, tuple)) and any(backend.is_tensor(v) for v in value):
        return type(value)([_shape_and_dtype(backend, v) for v in value])
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
