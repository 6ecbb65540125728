"""Wrong calls, made from right ones: what the op's declaration refuses, the backend has to refuse in the same words.

A row's tensors get another shape or dtype, its axes lie outside, arguments are too many, too few or unknown. Where the
declared rule complains, the eager call must raise the same error: the same class, the same message, beginning with the
op's name. A framework's own exception is as wrong as a result.
"""

import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from kmb_core.backend import KerasTensor, current_backend
from kmb_core.conformance.checks import Called
from kmb_core.conformance.row import Row, flat
from kmb_core.conformance.rows import ROWS
from kmb_core.dtypes import numpy_dtype, standardize_dtype
from kmb_core.errors import CapabilityError, DTypeError, KmbError, ShapeError
from kmb_core.ops.complaints import called, is_named
from kmb_core.ops.declaration import OPS, Parameter
from kmb_core.plugins import Capability

AXES = {"axis", "axes", "axis1", "axis2", "axisa", "axisb", "axisc", "source", "destination"}
OUTSIDE = (99, -99)
OTHER_DTYPES = ("complex64", "bool", "int32", "float32")


@dataclass(frozen=True)
class Misuse:
    """A call and what is wrong with it."""

    what: str
    call: Called


def right_calls(op: str) -> list[Called]:
    """The rows of an op in one dtype each, float32 where the row takes it."""
    calls = []
    for seed, row in enumerate(ROWS[op]):
        dtype = "float32" if "float32" in row.dtypes else row.dtypes[0]
        calls.append(Called(op, row, dtype, row.sample(dtype, seed)))
    return calls


def changed(call: Called) -> Iterator[Misuse]:
    """The call with one thing changed, right or wrong: the declaration decides.

    Not of ops that call functions: what such a function makes of another shape is no matter of the op.
    """
    if calls_functions(call.row):
        return
    for place, array in enumerate(call.arrays):
        for shape in other_shapes(array.shape):
            yield _with(call, place, np.resize(array, shape) if array.size else np.zeros(shape, array.dtype))
        for dtype in OTHER_DTYPES:
            if array.dtype != numpy_dtype(dtype):
                with np.errstate(invalid="ignore"):
                    yield _with(call, place, array.astype(numpy_dtype(dtype)))
    yield from _outside(call)


def calls_functions(row: Row) -> bool:
    """Whether a function is among the arguments."""
    return any(callable(argument) for argument in _arguments(row))


def _arguments(row: Row) -> Iterator[Any]:
    for argument in (*row.arguments, *row.keywords.values()):
        yield from argument if isinstance(argument, (list, tuple)) else (argument,)


def other_shapes(shape: tuple[int, ...]) -> list[tuple[int, ...]]:
    """Shapes of another rank, none and one more among them, and of one other size."""
    ranks = [(2, *shape), *dict.fromkeys([shape[1:], ()] if shape else [])]
    return ranks + [(*shape[:i], shape[i] + 1, *shape[i + 1 :]) for i in range(len(shape))]


def _with(call: Called, place: int, array: np.ndarray) -> Misuse:
    arrays = [array if i == place else other for i, other in enumerate(call.arrays)]
    return Misuse(f"tensor {place} as {array.dtype}{list(array.shape)}", replace(call, arrays=arrays))


def _outside(call: Called) -> Iterator[Misuse]:
    parameters = OPS[call.op].parameters
    for parameter in parameters:
        if parameter.name in AXES and parameter.role is None:
            for axis in OUTSIDE:
                yield given(call, parameter.name, axis)
                yield given(call, parameter.name, (0, axis))


def given(call: Called, name: str, value: Any) -> Misuse:
    """The call with another value of a setting; itself where that was a tensor."""
    bound = OPS[call.op].signature.bind(*call.row.arguments, **call.row.keywords)
    bound.arguments[name] = value
    row = replace(call.row, arguments=bound.args, keywords=bound.kwargs)
    if len(row.draws()) == len(call.arrays) - 1:  # it was a tensor
        return Misuse(f"{name}={value!r}", call)
    return Misuse(f"{name}={value!r}", replace(call, row=row))


def wrong_arguments(call: Called) -> Iterator[tuple[str, tuple[Any, ...], dict[str, Any]]]:
    """Calls that the signature does not take: an unknown name, one argument too many, none at all."""
    signature = OPS[call.op].signature
    kinds = {parameter.kind for parameter in signature.parameters.values()}
    args, kwargs = call.row.filled(call.tensors(), call.dtype)
    if inspect.Parameter.VAR_KEYWORD not in kinds:
        yield "an unknown name", args, {**kwargs, "no_such_argument": 1}
    if not kinds & {inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.KEYWORD_ONLY, inspect.Parameter.VAR_KEYWORD}:
        bound = signature.bind(*args, **kwargs)
        bound.apply_defaults()
        yield "one argument too many", (*bound.args, bound.args[0]), bound.kwargs
    if any(p.default is inspect.Parameter.empty and p.kind in _PLAIN for p in signature.parameters.values()):
        yield "no arguments", (), {}


_BY_NAME = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
_PLAIN = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)

NO_TENSORS: dict[str, Any] = {
    "strings": np.array(["a", "b"]),
    "a Python string": "ab",
    "an object": object(),
    "rows that differ": [[1.0], [1.0, 2.0]],
    "None": None,
}


def no_tensors(call: Called) -> Iterator[tuple[str, Parameter, tuple[Any, ...], dict[str, Any]]]:
    """What is no tensor, in the place of each tensor that the call needs."""
    op = OPS[call.op]
    args, kwargs = call.row.filled(call.tensors(), call.dtype)
    for parameter in op.tensors:
        if parameter.default is not inspect.Parameter.empty or parameter.nested:
            continue
        for what, value in NO_TENSORS.items():
            bound = op.signature.bind(*args, **kwargs)
            bound.arguments[parameter.name] = value
            yield f"{parameter.name}: {what}", parameter, bound.args, bound.kwargs


def symbolic_values(call: Called) -> Iterator[tuple[str, tuple[Any, ...], dict[str, Any]]]:
    """A symbolic tensor in the place of each setting, beside eager tensors and beside symbolic ones."""
    op = OPS[call.op]
    symbolic = [KerasTensor(array.shape, standardize_dtype(array.dtype)) for array in call.arrays]
    for beside, tensors in (("eager", call.tensors()), ("symbolic", symbolic)):
        args, kwargs = call.row.filled(tensors, call.dtype)
        for parameter in op.configuration:
            bound = op.signature.bind(*args, **kwargs)
            annotation = op.signature.parameters[parameter.name]
            if callable(bound.arguments.get(parameter.name)) or annotation.kind not in _BY_NAME:
                continue
            bound.arguments[parameter.name] = KerasTensor((), "int32")
            yield f"{parameter.name} symbolic beside {beside} tensors", bound.args, bound.kwargs


def error_of(function: Callable[[], Any]) -> Exception | None:
    """What a call raises."""
    try:
        function()
    except Exception as error:
        return error
    return None


def first_line(error: Exception | None) -> str:
    """The error's class and the first line of its message."""
    return "no error" if error is None else f"{type(error).__name__}: {str(error).partition(chr(10))[0]}"


def check_refused(misuse: Misuse) -> str:
    """Where the declaration refuses a call, so does the backend, in the same words; which are returned."""
    call = misuse.call
    declared = error_of(call.inferred)
    if declared is None or isinstance(declared, CapabilityError):  # the latter needs no more than values
        return ""
    expected = isinstance(declared, (KmbError, TypeError, ValueError))
    assert expected, f"{misuse.what}: the declaration raises {first_line(declared)}"
    assert is_named(OPS[call.op], declared), f"{misuse.what}: does not name the op: {first_line(declared)}"
    eager = first_line(error_of(lambda: call.run(call.tensors())))
    assert eager == first_line(declared), f"{misuse.what}: {eager}; the declaration: {first_line(declared)}"
    return eager


def check_signature(call: Called) -> list[str]:
    """Wrong arguments give a TypeError that shows the signature."""
    op, found = OPS[call.op], []
    for what, args, kwargs in wrong_arguments(call):
        error = error_of(lambda args=args, kwargs=kwargs: op.function(*args, **kwargs))
        assert type(error) is TypeError, f"{what}: {first_line(error)}"
        assert is_named(op, error), f"{what}: {first_line(error)}"
        found.append(first_line(error))
    return found


def check_no_tensors(call: Called) -> list[str]:
    """Strings, objects and ragged lists are refused by the op, None too; a backend with strings may take those."""
    op, found = OPS[call.op], []
    for what, parameter, args, kwargs in no_tensors(call):
        error = error_of(lambda args=args, kwargs=kwargs: op.function(*args, **kwargs))
        if "string" in what and not parameter.role.promotes and current_backend().supports(Capability.STRINGS):
            continue  # an op that only moves elements may take them
        refused = isinstance(error, (DTypeError, ShapeError)) or type(error) is TypeError
        assert refused, f"{what}: {first_line(error)}"
        assert is_named(op, error), f"{what}: {first_line(error)}"
        found.append(f"{what}: {first_line(error)}")
    return found


def check_symbolic_values(call: Called) -> list[str]:
    """Where a value is needed a symbolic tensor is refused, in the op's and the parameter's name.

    Else the outputs are symbolic as well, because a formula took it for one more tensor; or they are those of the call
    without it, because the backend has no use for the setting.
    """
    op, found = OPS[call.op], []
    for what, args, kwargs in symbolic_values(call):
        outputs: list[Any] = []
        give = partial(op.function, *args, **kwargs)
        error = error_of(lambda give=give, outputs=outputs: outputs.extend(flat(give())))
        told = first_line(error)
        if error is None:
            assert any(isinstance(x, KerasTensor) for x in outputs) or _as_without(call, outputs), f"{what}: no error"
        elif isinstance(error, CapabilityError):
            assert is_named(op, error), f"{what}: {told}"
        else:
            expected = f"{called(op)}: {what.partition(' ')[0]} needs a value, got a symbolic tensor: int32[]"
            assert told == f"SymbolicValueError: {expected}", f"{what}: {told}"
            found.append(told)
    return found


def _as_without(call: Called, outputs: list[Any]) -> bool:
    to_numpy = current_backend().to_numpy
    args, kwargs = call.row.filled(call.tensors(), call.dtype)
    usual = flat(OPS[call.op].function(*args, **kwargs))
    return len(outputs) == len(usual) and all(map(np.array_equal, map(to_numpy, outputs), map(to_numpy, usual)))
