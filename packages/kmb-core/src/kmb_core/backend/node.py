"""Nodes: which operation was called on which symbolic tensors, and what came out.

An operation keeps its nodes in `_inbound_nodes`; a tensor knows its node through `_history`.
"""

from typing import Any

from kmb_core import tree
from kmb_core.backend.keras_tensor import KerasTensor


class Node:
    """One call of an operation in a graph."""

    __slots__ = ("arguments", "index", "inputs", "kwargs", "operation", "outputs", "output_structure")

    def __init__(self, operation: Any, args: tuple[Any, ...], kwargs: dict[str, Any], outputs: Any) -> None:
        self.operation = operation
        self.arguments = args
        self.kwargs = kwargs
        single = len(args) == 1 and not kwargs and isinstance(args[0], KerasTensor)  # the usual call, without a walk
        leaves = args if single else tree.flatten((args, kwargs))
        self.inputs: list[KerasTensor] = [x for x in leaves if isinstance(x, KerasTensor)]
        self.output_structure = outputs
        self.outputs: list[KerasTensor] = [outputs] if isinstance(outputs, KerasTensor) else tree.flatten(outputs)
        self.index = len(operation._inbound_nodes)
        operation._inbound_nodes.append(self)
        for position, tensor in enumerate(self.outputs):
            tensor._history = (operation, self.index, position)

    def __repr__(self) -> str:
        return f"<Node {self.index} of {self.operation.name}>"


def producer(tensor: KerasTensor) -> Node | None:
    """The node that made a tensor; None for one that nothing made."""
    if tensor._history is None:
        return None
    operation, index, _ = tensor._history
    return operation._inbound_nodes[index]
