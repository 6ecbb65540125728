"""Declaring ops: one annotated function is the op's signature, documentation, symbolic rule and contract entry.

`@primitive` and `@composite` return a function of the same signature that
- hands concrete arguments to the current backend's function (`Backend.functions[name]`),
- runs the body on symbolic ones and records a node.

The dispatchers below are what every call pays, so they make no call of their own: a class in a set, a dtype in a set
(`is` for two tensors), a subscript. What does not fit (lists, arrays, variables, other dtypes) takes the general path.
An exception from the framework is examined after the fact: the op's symbolic rule runs on the arguments' shapes and
says what is wrong with them, the same on every backend.
"""

import functools
import inspect
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, ParamSpec, TypeVar, get_args

from kmb_core.backend.operators import OPERATIONS
from kmb_core.backend.selection import current_backend
from kmb_core.backend.state import process, state
from kmb_core.ops.call import call_general, explain
from kmb_core.plugins.contract import OpRecord, declare
from kmb_core.typing import InCall, Nested, Role

P = ParamSpec("P")
R = TypeVar("R")

OPS: dict[str, "Op"] = {}


@dataclass(frozen=True)
class Parameter:
    """One parameter of an op; `role` is None for configuration."""

    name: str
    role: Role | None
    nested: bool  # a sequence (or optional sequence) of tensors
    default: Any
    variadic: bool = False  # *operands: as many tensors as the call has
    in_call: bool = False  # stands among a node's arguments; the rest is the operation's config
    structure: bool = False  # any nesting of tensors


@dataclass(eq=False)
class Op:
    """A declared op."""

    name: str
    family: str
    body: Callable[..., Any]
    primitive: bool
    signature: inspect.Signature
    parameters: tuple[Parameter, ...]
    class_name: str  # as it is saved in files
    saved_module: str
    expanded: bool = False  # a graph gets the ops of the body instead of this one
    stated: bool = False  # a node has every tensor of a call by position, None for one that was left out
    function: Callable[..., Any] = field(init=False)  # what users call
    tensors: tuple[Parameter, ...] = field(init=False)  # the parameters that are tensors
    structures: tuple[Parameter, ...] = field(init=False)  # those that are nested structures of tensors
    configuration: tuple[Parameter, ...] = field(init=False)  # those that are no part of a graph: they need values
    settings: tuple[Parameter, ...] = field(init=False)  # of these whole numbers, flags and names

    def __post_init__(self) -> None:
        self.tensors = tuple(p for p in self.parameters if p.role is not None)
        self.structures = tuple(p for p in self.parameters if p.structure)
        self.configuration = tuple(p for p in self.parameters if not p.in_call and not p.structure)
        self.settings = tuple(p for p in self.configuration if _is_setting(self.signature.parameters[p.name]))


def primitive(
    body: Callable[P, R] | None = None, *, saved: str | None = None, saved_module: str = "keras.src.ops.numpy"
) -> Any:
    """Declare an op that every backend must supply; its body is the rule for shapes and dtypes.

    Args:
        body: the function; runs on KerasTensors only.
        saved: class name in files, where it is not the CamelCase of the name.
        saved_module: module in files.
    """
    if body is None:
        return functools.partial(primitive, saved=saved, saved_module=saved_module)
    return _declared(body, True, saved, saved_module)


def composite(
    body: Callable[P, R] | None = None,
    *,
    saved: str | None = None,
    saved_module: str = "keras.src.ops.numpy",
    expanded: bool = False,
    stated: bool = False,
) -> Any:
    """Declare an op made of other ops; a backend may override it. See `primitive`.

    Args:
        body: the function.
        saved, saved_module: class name and module in files.
        expanded: whether a symbolic call puts the ops of the body into the graph, instead of this one.
        stated: whether files state every tensor of a call, also those left out, as Keras needs it for some ops.
    """
    if body is None:
        return functools.partial(composite, saved=saved, saved_module=saved_module, expanded=expanded, stated=stated)
    return _declared(body, False, saved, saved_module, expanded, stated)


def camel_case(name: str) -> str:
    """ "log_softmax" → "LogSoftmax"."""
    return "".join(part[:1].upper() + part[1:] for part in name.split("_"))


def _declared(
    body: Callable[..., Any],
    is_primitive: bool,
    saved: str | None,
    saved_module: str,
    expanded: bool = False,
    stated: bool = False,
) -> Callable[..., Any]:
    signature = inspect.signature(body)
    parameters = tuple(_parameter(p) for p in signature.parameters.values())
    family = body.__module__.removeprefix("kmb_core.")
    name = body.__name__
    class_name = saved or camel_case(name)
    op = Op(name, family, body, is_primitive, signature, parameters, class_name, saved_module, expanded, stated)
    OPS[name] = op
    declare(OpRecord(name, family, body, is_primitive))
    function = functools.wraps(body)(_dispatcher(op))
    op.function = function
    OPERATIONS[name] = function
    function.op = op  # type: ignore[attr-defined]  # how the conformance suite and the graph find the declaration
    return function


def _parameter(parameter: inspect.Parameter) -> Parameter:
    variadic = parameter.kind is inspect.Parameter.VAR_POSITIONAL
    role, nested = _role(parameter.annotation, variadic)
    marks = getattr(parameter.annotation, "__metadata__", ())
    in_call = role is not None or any(isinstance(mark, InCall) for mark in marks)
    structure = any(isinstance(mark, Nested) for mark in marks)
    return Parameter(parameter.name, role, nested, parameter.default, variadic, in_call, structure)


def _is_setting(parameter: inspect.Parameter) -> bool:
    """Whether the annotation says that only whole numbers, flags, names and sequences of these will do."""
    words = set(re.findall(r"\w+", inspect.formatannotation(parameter.annotation)))
    return not words - {"int", "bool", "str", "None", "Sequence", "tuple", "list", "collections", "abc"}


def _role(annotation: Any, nested: bool) -> tuple[Role | None, bool]:
    for metadata in getattr(annotation, "__metadata__", ()):
        if isinstance(metadata, Role):
            return metadata, nested
    origin = getattr(annotation, "__origin__", None)
    is_sequence = isinstance(origin, type)  # list[...], Sequence[...]: a generic class; Optional is no class
    for argument in get_args(annotation):
        role, inner = _role(argument, nested or is_sequence)
        if role is not None:
            return role, inner
    return None, False


def _dispatcher(op: Op) -> Callable[..., Any]:
    tensors = op.tensors
    if op.structures:
        return _general(op)
    leading = op.parameters[: len(tensors)] == tensors  # tensors come first, then configuration
    if leading and not any(t.nested for t in tensors):
        if len(tensors) == 1:
            return _unary_float(op) if tensors[0].role.to_float else _unary(op)  # type: ignore[union-attr]  # has a role
        if len(tensors) == 2 and all(t.role.promotes and t.default is inspect.Parameter.empty for t in tensors):  # type: ignore[union-attr]  # has a role
            return _binary(op, *_kinds(op))
        if len(tensors) == 2 and all(t.role and not t.role.promotes for t in tensors):
            return _pair(op)
        if len(tensors) == 3 and [bool(t.role and t.role.promotes) for t in tensors] == [False, True, True]:
            return _choice(op)
    if leading and len(tensors) == 1 and tensors[0].role:
        return _sequence(op, tensors[0].role.to_float)
    if not tensors:
        return _without_tensors(op)
    variadic = any(p.kind is p.VAR_POSITIONAL for p in op.signature.parameters.values())
    if not variadic and not any(t.nested for t in tensors):
        return _several(op, *_kinds(op))
    if [p.variadic for p in op.parameters if p.role is not None] == [True] and tensors[0].role.promotes:  # type: ignore[union-attr]  # has a role
        return _variadic(op, *_kinds(op))
    return _general(op)


def _unary(op: Op) -> Callable[..., Any]:
    name, most, configured = op.name, len(op.parameters), len(op.parameters) > 1

    def dispatch(*args: Any, **kwargs: Any) -> Any:
        backend = state.override or process.backend or current_backend()
        if (
            args
            and args[0].__class__ in backend.native
            and len(args) <= most
            and (configured or not kwargs)  # a framework's function may have parameters that the op has not
        ):
            try:
                return backend.functions[name](*args, **kwargs)
            except Exception as error:
                explain(op, backend, args, kwargs, error)
        return call_general(op, backend, args, kwargs)

    return dispatch


def _unary_float(op: Op) -> Callable[..., Any]:
    name, most, configured = op.name, len(op.parameters), len(op.parameters) > 1

    def dispatch(*args: Any, **kwargs: Any) -> Any:
        backend = state.override or process.backend or current_backend()
        if (
            args
            and args[0].__class__ in backend.native
            and args[0].dtype in backend.floats
            and len(args) <= most
            and (configured or not kwargs)
        ):
            try:
                return backend.functions[name](*args, **kwargs)
            except Exception as error:
                explain(op, backend, args, kwargs, error)
        return call_general(op, backend, args, kwargs)

    return dispatch


def _kinds(op: Op) -> tuple[bool, bool]:
    """Whether the op's promoted tensors become floats; whether any dtype will do."""
    roles = [t.role for t in op.tensors if t.role is not None]
    to_float = any(role.to_float for role in roles)
    return to_float, not to_float and not any(role.to_number for role in roles)


def _binary(op: Op, to_float: bool, any_kind: bool) -> Callable[..., Any]:
    name, most, configured = op.name, len(op.parameters), len(op.parameters) > 2

    def dispatch(*args: Any, **kwargs: Any) -> Any:
        backend = state.override or process.backend or current_backend()
        native = backend.native
        if 1 < len(args) <= most and args[0].__class__ in native and (configured or not kwargs):
            dtype, other = args[0].dtype, args[1].__class__
            if (
                (
                    other in native
                    and dtype is args[1].dtype
                    and (any_kind or dtype in (backend.floats if to_float else backend.numbers))
                )
                or (other is float and dtype in backend.scalar_floats)
                or (other is int and dtype in (backend.scalar_floats if to_float else backend.numbers))
            ):
                try:
                    return backend.functions[name](*args, **kwargs)
                except Exception as error:
                    explain(op, backend, args, kwargs, error)
        return call_general(op, backend, args, kwargs)

    return dispatch


def _pair(op: Op) -> Callable[..., Any]:
    name = op.name
    if op.tensors[1].role.indexes:  # type: ignore[union-attr]  # has a role
        return _lookup(op)

    def dispatch(*args: Any, **kwargs: Any) -> Any:
        backend = state.override or process.backend or current_backend()
        native = backend.native
        if len(args) > 1 and args[0].__class__ in native and args[1].__class__ in native:
            try:
                return backend.functions[name](*args, **kwargs)
            except Exception as error:
                explain(op, backend, args, kwargs, error)
        return call_general(op, backend, args, kwargs)

    return dispatch


def _lookup(op: Op) -> Callable[..., Any]:
    """For `take`: the second tensor is of integers."""
    name = op.name

    def dispatch(*args: Any, **kwargs: Any) -> Any:
        backend = state.override or process.backend or current_backend()
        native = backend.native
        if (
            len(args) > 1
            and args[0].__class__ in native
            and args[1].__class__ in native
            and args[1].dtype in backend.integers
        ):
            try:
                return backend.functions[name](*args, **kwargs)
            except Exception as error:
                explain(op, backend, args, kwargs, error)
        return call_general(op, backend, args, kwargs)

    return dispatch


def _choice(op: Op) -> Callable[..., Any]:
    """For `where`: one tensor as it is, two that share a dtype."""
    name = op.name

    def dispatch(*args: Any, **kwargs: Any) -> Any:
        backend = state.override or process.backend or current_backend()
        native = backend.native
        if (
            len(args) == 3
            and args[0].__class__ in native
            and args[1].__class__ in native
            and args[2].__class__ in native
            and args[1].dtype is args[2].dtype
        ):
            try:
                return backend.functions[name](*args, **kwargs)
            except Exception as error:
                explain(op, backend, args, kwargs, error)
        return call_general(op, backend, args, kwargs)

    return dispatch


def _sequence(op: Op, to_float: bool) -> Callable[..., Any]:
    """For `concatenate`: a list or tuple of tensors that share a dtype."""
    name = op.name

    def dispatch(*args: Any, **kwargs: Any) -> Any:
        backend = state.override or process.backend or current_backend()
        native, given = backend.native, args[0] if args else None
        if (given.__class__ is list or given.__class__ is tuple) and given and given[0].__class__ in native:
            dtype = given[0].dtype
            for x in given:
                if x.__class__ not in native or x.dtype is not dtype or (to_float and dtype not in backend.floats):
                    break
            else:
                try:
                    return backend.functions[name](*args, **kwargs)
                except Exception as error:
                    explain(op, backend, args, kwargs, error)
        return call_general(op, backend, args, kwargs)

    return dispatch


def _several(op: Op, to_float: bool, any_kind: bool) -> Callable[..., Any]:
    """For `dense` and its like: tensors among configuration, some left out; the promoted ones share a dtype."""
    name = op.name
    roles = tuple((p.role, p.default is inspect.Parameter.empty) for p in op.parameters)
    promotes = {t.name: t.role is not None and t.role.promotes for t in op.tensors}
    promoting = any(promotes.values())
    indexes = {t.name for t in op.tensors if t.role is not None and t.role.indexes}  # by name: the long way

    def dispatch(*args: Any, **kwargs: Any) -> Any:
        backend = state.override or process.backend or current_backend()
        native, dtype = backend.native, None
        for x, (role, needed) in zip(args, roles, strict=False):
            if role is None or (x is None and not needed):
                continue
            if x.__class__ not in native or (role.promotes and dtype is not None and x.dtype is not dtype):
                return call_general(op, backend, args, kwargs)
            if role.promotes:
                dtype = x.dtype
            elif role.indexes and x.dtype not in backend.integers:
                return call_general(op, backend, args, kwargs)
        for key in kwargs:
            if key in promotes and kwargs[key] is not None:
                x = kwargs[key]
                differs = promotes[key] and dtype is not None and x.dtype is not dtype
                if x.__class__ not in native or key in indexes or differs:
                    return call_general(op, backend, args, kwargs)
        if promoting and (
            dtype is None or not (any_kind or dtype in (backend.floats if to_float else backend.numbers))
        ):
            return call_general(op, backend, args, kwargs)
        try:
            return backend.functions[name](*args, **kwargs)
        except Exception as error:
            explain(op, backend, args, kwargs, error)

    return dispatch


def _without_tensors(op: Op) -> Callable[..., Any]:
    name = op.name

    def dispatch(*args: Any, **kwargs: Any) -> Any:
        backend = state.override or process.backend or current_backend()
        if state.symbolic:
            return call_general(op, backend, args, kwargs)
        try:
            return backend.functions[name](*args, **kwargs)
        except Exception as error:
            explain(op, backend, args, kwargs, error)

    return dispatch


def _variadic(op: Op, to_float: bool, any_kind: bool) -> Callable[..., Any]:
    """For `einsum`: configuration, then as many tensors as there are, which share a dtype."""
    name, first = op.name, op.parameters.index(op.tensors[0])

    def dispatch(*args: Any, **kwargs: Any) -> Any:
        backend = state.override or process.backend or current_backend()
        native, operands = backend.native, args[first:]
        if operands and operands[0].__class__ in native:
            dtype = operands[0].dtype
            for x in operands:
                if x.__class__ not in native or x.dtype is not dtype:
                    break
            else:
                if any_kind or dtype in (backend.floats if to_float else backend.numbers):
                    try:
                        return backend.functions[name](*args, **kwargs)
                    except Exception as error:
                        explain(op, backend, args, kwargs, error)
        return call_general(op, backend, args, kwargs)

    return dispatch


def _general(op: Op) -> Callable[..., Any]:
    def dispatch(*args: Any, **kwargs: Any) -> Any:
        return call_general(op, state.override or process.backend or current_backend(), args, kwargs)

    return dispatch
