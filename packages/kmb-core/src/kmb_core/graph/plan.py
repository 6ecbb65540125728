"""The execution plan of a graph: a flat list of (callable, where its input is, where its output goes), made once.

Running it is one loop. The usual node, one tensor in and one out, is called without looking at anything else.
"""

import functools
import itertools
from collections.abc import Callable
from typing import Any, NamedTuple

from kmb_core import tree
from kmb_core.backend import KerasTensor, Node
from kmb_core.ops.operation import DeclaredOperation


class Step(NamedTuple):
    """One call. `source` is the slot of its only argument, or -1 and `fill` makes the arguments; likewise `target`."""

    call: Callable[..., Any]
    source: int
    target: int
    fill: Callable[[list[Any]], tuple[tuple[Any, ...], dict[str, Any]]] | None
    targets: tuple[int, ...]


class Plan:
    """A compiled graph."""

    def __init__(self, inputs: list[KerasTensor], outputs: list[KerasTensor], nodes: list[Node]) -> None:
        self._slots: dict[int, int] = {}
        self.inputs = [self._slot(tensor) for tensor in inputs]
        given = {id(tensor) for tensor in inputs}
        needed = [node for node in nodes if not all(id(t) in given for t in node.outputs)]
        self.steps = [self._step(node) for node in needed]
        self.outputs = [self._slot(tensor) for tensor in outputs]
        self.size = len(self._slots)

    def _slot(self, tensor: KerasTensor) -> int:
        return self._slots.setdefault(id(tensor), len(self._slots))

    def _step(self, node: Node) -> Step:
        call = _callable(node.operation)
        simple = len(node.arguments) == 1 and isinstance(node.arguments[0], KerasTensor) and not node.kwargs
        source = self._slot(node.arguments[0]) if simple else -1
        fill = None if simple else self._filler(node)
        targets = tuple(self._slot(tensor) for tensor in node.outputs)
        single = len(targets) == 1 and isinstance(node.output_structure, KerasTensor)
        return Step(call, source, targets[0] if single else -1, fill, targets)

    def _filler(self, node: Node) -> Callable[[list[Any]], tuple[tuple[Any, ...], dict[str, Any]]]:
        slots = self._slots
        if not node.kwargs and all(isinstance(a, KerasTensor) for a in node.arguments):
            sources = tuple(self._slot(a) for a in node.arguments)
            return lambda values: (tuple([values[s] for s in sources]), {})
        if not node.kwargs and _is_one_list(node.arguments):
            sources = tuple(self._slot(a) for a in node.arguments[0])
            return lambda values: (([values[s] for s in sources],), {})

        def place(x: Any, values: list[Any]) -> Any:
            return values[slots[id(x)]] if isinstance(x, KerasTensor) else x

        for tensor in node.inputs:
            self._slot(tensor)
        structure = (node.arguments, node.kwargs)
        return lambda values: tree.map_structure(lambda x: place(x, values), structure)

    def run(self, inputs: list[Any]) -> list[Any]:
        """The outputs' values for the inputs' values, both flat."""
        values: list[Any] = [None] * self.size
        for slot, value in zip(self.inputs, inputs, strict=True):
            values[slot] = value
        for call, source, target, fill, targets in self.steps:
            if source >= 0:
                result = call(values[source])
            else:
                args, kwargs = fill(values)  # type: ignore[misc]  # set where source is not
                result = call(*args, **kwargs)
            if target >= 0:
                values[target] = result
            else:
                for slot, value in zip(targets, tree.flatten(result), strict=True):
                    values[slot] = value
        return [values[slot] for slot in self.outputs]


def _callable(operation: Any) -> Callable[..., Any]:
    if not isinstance(operation, DeclaredOperation):
        return operation
    if _is_interrupted(operation.op):
        return operation.call
    function, config = operation.op.function, dict(operation.config)
    leading = itertools.takewhile(lambda parameter: not parameter.in_call, operation.op.parameters)  # as in einsum
    first = [config.pop(parameter.name) for parameter in leading if parameter.name in config]
    return functools.partial(function, *first, **config) if first or config else function


def _is_interrupted(op: Any) -> bool:
    """Whether configuration stands between the tensors of a call, which files have by position."""
    rest = itertools.dropwhile(lambda parameter: not parameter.in_call, op.parameters)
    after = itertools.dropwhile(lambda parameter: parameter.in_call, rest)
    return any(parameter.in_call for parameter in after)


def _is_one_list(arguments: tuple[Any, ...]) -> bool:
    """Whether a call's only argument is a list of tensors, as merging layers take."""
    if len(arguments) != 1 or not isinstance(arguments[0], (list, tuple)):
        return False
    return all(isinstance(item, KerasTensor) for item in arguments[0])
