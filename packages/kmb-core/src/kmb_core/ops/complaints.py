"""Errors in the name of the op that was called.

The body of a composite complains in the names of the ops that it is made of, and which of them run differs between
backends. What a user reads is the op that stands in the program: "ops.dense: …", whatever "ops.matmul" said inside.
What cannot be made a tensor, the frameworks refuse in as many ways as there are frameworks; here it is one.
"""

import inspect
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from kmb_core.backend.keras_tensor import KerasTensor, SymbolicValueError
from kmb_core.dtypes import standardize_dtype
from kmb_core.errors import DTypeError, KmbError, ShapeError, message

if TYPE_CHECKING:
    from kmb_core.ops.declaration import Op

_ANOTHER_NAME = re.compile(r"^[a-z_0-9.]+: ")


def called(op: "Op") -> str:
    """The op as it stands in programs: "ops.add", "random.normal"."""
    return f"{'random' if op.family.startswith('random') else 'ops'}.{op.name}"


def is_named(op: "Op", error: Exception) -> bool:
    """Whether the error's message begins with the op's name."""
    return re.match(rf"{re.escape(called(op))}(?![\w.])", str(error)) is not None


def in_its_name(op: "Op", arguments: Mapping[str, Any], error: Exception) -> Exception:
    """The error with the op's own name in front.

    A Python error of the rule itself (an axis that is a dict, say) becomes a TypeError. What a function among the
    arguments raises, and what a framework raises while tracing, is left as it is.
    """
    if is_named(op, error) or any(callable(argument) for argument in arguments.values()):
        return error
    if isinstance(error, SymbolicValueError) or not isinstance(error, KmbError):
        complaint = value_needed(op, arguments)
        if complaint is not None:
            return complaint
    text = f"{called(op)}: {_ANOTHER_NAME.sub('', str(error))}"
    if isinstance(error, KmbError):
        return type(error)(text).with_traceback(error.__traceback__)
    if type(error).__module__ != "builtins" or isinstance(error, (MemoryError, NotImplementedError)):
        return error
    missing = _missing(op, arguments)
    if missing:
        return TypeError(f"{called(op)}: {missing}")
    kind = ValueError if isinstance(error, ValueError) else TypeError
    return kind(text).with_traceback(error.__traceback__)


def value_needed(op: "Op", arguments: Mapping[str, Any], whole: bool = False) -> SymbolicValueError | None:
    """The complaint of a symbolic tensor among the configuration, where a value is needed.

    Args:
        op: the op.
        arguments: by parameter name.
        whole: whether only the parameters are looked at that take whole numbers, flags and names; a float may be
            worked out from another tensor while a function is traced.
    """
    for parameter in op.settings if whole else op.configuration:
        symbolic = _symbolic_part(arguments.get(parameter.name))
        if symbolic is not None:
            what = f"{called(op)}: {parameter.name} needs a value, got a symbolic tensor: "
            what += f"{symbolic.dtype}{list(symbolic.shape)}"
            cause = "A symbolic tensor stands for data that a model will get later."
            kind = inspect.formatannotation(op.signature.parameters[parameter.name].annotation)
            known = "what is known now" if kind == "Any" else kind.replace("collections.abc.", "")
            return SymbolicValueError(message(what, cause, f"Pass {known.replace('typing.', '')} as {parameter.name}."))
    return None


def _symbolic_part(value: Any) -> KerasTensor | None:
    for part in value if isinstance(value, (list, tuple)) else (value,):
        if isinstance(part, KerasTensor):
            return part
    return None


def _missing(op: "Op", arguments: Mapping[str, Any]) -> str:
    """What has to be a tensor, and is none."""
    for parameter in op.parameters:
        value = arguments.get(parameter.name)
        if parameter.role is not None and value is None and parameter.default is inspect.Parameter.empty:
            return f"{parameter.name} is a tensor, got None"
    return ""


def no_tensors(op: "Op", arguments: Mapping[str, Any], error: Exception) -> Exception:
    """For arguments that cannot be converted: strings, objects, lists of rows that differ in length."""
    for parameter in op.tensors:
        given = arguments.get(parameter.name)
        for value in given if parameter.nested and isinstance(given, (list, tuple)) else [given]:
            complaint = _no_tensor(value)
            if complaint is not None:
                return type(complaint)(f"{called(op)}: {complaint}")
    return in_its_name(op, arguments, error)


def _no_tensor(value: Any) -> KmbError | None:
    if value is None:
        return None
    if hasattr(value, "dtype"):
        return _no_numbers(value.dtype)
    try:
        kind = np.asarray(value).dtype.kind
    except ValueError:
        return ShapeError("the rows of a nested list differ in shape")
    if kind in "UST":
        return DTypeError("expected numbers, got strings")
    return DTypeError(f"expected a tensor, got {type(value).__name__}") if kind == "O" else None


def _no_numbers(dtype: Any) -> KmbError | None:
    try:
        return DTypeError("expected numbers, got strings") if standardize_dtype(dtype) == "string" else None
    except DTypeError:
        return DTypeError(f"expected numbers, got a tensor of dtype {dtype}")


def wrong_arguments(op: "Op", error: TypeError) -> TypeError:
    """For a call that the op's signature does not take."""
    plain = [p.replace(annotation=inspect.Parameter.empty) for p in op.signature.parameters.values()]
    signature = op.signature.replace(parameters=plain, return_annotation=inspect.Signature.empty)
    return TypeError(f"{called(op)}{signature}: {error}")
