"""Nested structures of tensors among the arguments of an op, and the functions that an op calls."""

import functools
import inspect
from collections.abc import Callable, Iterator
from typing import Any

from kmb_core import tree
from kmb_core.backend.keras_tensor import KerasTensor
from kmb_core.backend.variable import Variable
from kmb_core.errors import message
from kmb_core.ops.inference import default_dtype
from kmb_core.plugins import Backend


def unwrapped(structure: Any) -> tuple[Any, bool]:
    """The structure with variables replaced by their values; whether a tensor in it is symbolic."""
    structure = tree.map_structure(lambda leaf: leaf.value if isinstance(leaf, Variable) else leaf, structure)
    return structure, any(isinstance(leaf, KerasTensor) for leaf in tree.flatten(structure))


def converted(backend: Backend, structure: Any) -> Any:
    """The structure with a tensor of the backend in each place; None stays."""

    def tensor(leaf: Any) -> Any:
        return leaf if leaf is None or backend.is_tensor(leaf) else backend.convert(leaf, default_dtype(leaf))

    return tree.map_structure(tensor, structure)


def refuse_captured(where: str, arguments: Any) -> None:
    """Raise ValueError for a function that reads a symbolic tensor from outside: the graph would not know of it."""
    for function in tree.flatten(arguments):
        if callable(function) and any(isinstance(value, KerasTensor) for value in _read_by(function)):
            name = getattr(function, "__name__", type(function).__name__)
            what = f"{where}: the function {name!r} reads a symbolic tensor that is not among its arguments"
            remedy = "Pass it in: as a part of what is looped over, of the carry or of the operands."
            cause = "A model's graph only knows the tensors that its operations are given."
            raise ValueError(message(what, cause, remedy))


def _read_by(function: Callable[..., Any], depth: int = 4) -> Iterator[Any]:
    """What a function gets from elsewhere than its arguments, by way of the functions that it reads, too."""
    if isinstance(function, functools.partial):
        yield from (*function.args, *function.keywords.values())
        function = function.func
    if not inspect.isfunction(function) or depth == 0 or function.__module__.partition(".")[0] == "kmb_core":
        return
    for value in _outer_values(function):
        yield value
        if callable(value):
            yield from _read_by(value, depth - 1)


def _outer_values(function: Any) -> Iterator[Any]:
    yield from function.__defaults__ or ()
    yield from (function.__kwdefaults__ or {}).values()
    for cell in function.__closure__ or ():
        try:
            yield cell.cell_contents
        except ValueError:  # a name that is not bound yet
            continue
    for name in function.__code__.co_names:
        if name in function.__globals__:
            yield function.__globals__[name]
