"""The order of a graph: which nodes are needed for some outputs, in which order they run and how deep they lie.

Depth is the longest way from a node to the outputs. Files and `model.layers` list operations by falling depth, then in
the order in which a walk back from the outputs first meets them; Keras' files depend on that order.
"""

from collections import defaultdict
from typing import Any

from kmb_core.backend import KerasTensor, Node, producer
from kmb_core.errors import StructureError, message


class Order:
    """The needed nodes and operations.

    Attributes:
        nodes: in an order in which they can run.
        operations: by falling depth.
    """

    def __init__(self, inputs: list[KerasTensor], outputs: list[KerasTensor]) -> None:
        self.first_met: dict[int, int] = {}
        self.nodes: list[Node] = _reachable(inputs, outputs, self.first_met)
        self.depth = _depths(self.nodes)
        self._add_unused(inputs)
        self.operations = self._by_depth()

    def _add_unused(self, inputs: list[KerasTensor]) -> None:
        """Inputs that no output needs belong to the model too; Keras lists them one step before the outputs."""
        for tensor in inputs:
            node = producer(tensor)
            if node is not None and _is_source(node) and id(node.operation) not in self.first_met:
                self.first_met[id(node.operation)] = len(self.first_met)
                self.nodes.append(node)
                self.depth[id(node)] = 1

    def _by_depth(self) -> list[Any]:
        operations = {id(node.operation): node.operation for node in self.nodes}
        depths: dict[int, int] = defaultdict(int)
        for node in self.nodes:
            key = id(node.operation)
            depths[key] = max(depths[key], self.depth[id(node)])
        return sorted(operations.values(), key=lambda o: (-depths[id(o)], self.first_met[id(o)]))


def _reachable(inputs: list[KerasTensor], outputs: list[KerasTensor], first_met: dict[int, int]) -> list[Node]:
    """Nodes between inputs and outputs, producers first; without recursion, since models may be thousands deep."""
    known = {id(tensor) for tensor in inputs}
    state: dict[int, bool] = {}  # node → whether it is finished
    order: list[Node] = []
    for output in outputs:
        stack: list[tuple[KerasTensor, bool]] = [(output, False)]
        while stack:
            tensor, leaving = stack.pop()
            node = producer(tensor)
            if node is None:
                if id(tensor) in known:
                    continue
                raise _disconnected(tensor)
            if leaving:
                if not state[id(node)]:
                    state[id(node)] = True
                    order.append(node)
                continue
            if id(tensor) in known and not _is_source(node):
                continue  # a model may start in the middle of another graph; what lies before is not part of it
            first_met.setdefault(id(node.operation), len(first_met))
            if id(node) in state:
                continue
            state[id(node)] = False
            stack.append((tensor, True))
            if _is_source(node) and id(tensor) not in known:
                raise _disconnected(tensor)
            stack.extend([(x, False) for x in reversed(node.inputs)])
    return order


def _is_source(node: Node) -> bool:
    return not node.inputs


def _disconnected(tensor: KerasTensor) -> StructureError:
    what = f"functional graph: the outputs need {tensor.name} {tensor.shape}, which is not among the inputs"
    cause = "An Input is missing in `inputs`, or a tensor was made outside of the graph."
    return StructureError(message(what, cause, "List every Input that the outputs depend on."))


def _depths(nodes: list[Node]) -> dict[int, int]:
    """Depth of each node; the nodes of a shared operation lie as deep as its deepest use."""
    of_node: dict[int, int] = {}
    of_operation: dict[int, int] = {}
    for node in reversed(nodes):
        depth = max(of_node.get(id(node), 0), of_operation.get(id(node.operation), 0))
        of_node[id(node)] = of_operation[id(node.operation)] = depth
        for tensor in node.inputs:
            parent = producer(tensor)
            if parent is not None:
                of_node[id(parent)] = max(of_node.get(id(parent), 0), depth + 1)
    return of_node
