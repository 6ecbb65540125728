"""Function: a graph from symbolic inputs to symbolic outputs, as one operation."""

from typing import Any

import numpy as np

from kmb_core import tree
from kmb_core.backend import KerasTensor, SymbolicScope
from kmb_core.errors import ShapeError, StructureError, message
from kmb_core.graph.order import Order
from kmb_core.graph.plan import Plan
from kmb_core.ops.manipulation import expand_dims, squeeze
from kmb_core.ops.operation import Operation


class Graph:
    """What a functional model or a `Function` is made of: structures of inputs and outputs, the order and the plan."""

    def __init__(self, inputs: Any, outputs: Any, where: str) -> None:
        self.where = where
        self.input_structure = inputs
        self.output_structure = outputs
        self.inputs: list[KerasTensor] = _symbolic(inputs, f"{where}: inputs")
        self.outputs: list[KerasTensor] = _symbolic(outputs, f"{where}: outputs")
        if len({id(tensor) for tensor in self.inputs}) != len(self.inputs):
            raise StructureError(f"{where}: the same tensor stands twice among the inputs")
        self.order = Order(self.inputs, self.outputs)
        self.plan = Plan(self.inputs, self.outputs, self.order.nodes)
        self.operations = self.order.operations
        self._single_input = isinstance(inputs, KerasTensor)
        self._single_output = isinstance(outputs, KerasTensor)

    def run(self, inputs: Any) -> Any:
        """Run on values in the structure of the inputs (or flat); give them in the structure of the outputs."""
        if self._single_input and not isinstance(inputs, (list, tuple, dict)):
            flat = [inputs]
        else:
            flat = [with_rank(x, tensor) for x, tensor in zip(self.flat_inputs(inputs), self.inputs, strict=True)]
        results = self.plan.run(flat)
        return results[0] if self._single_output else tree.pack_sequence_as(self.output_structure, results)

    def flat_inputs(self, inputs: Any) -> list[Any]:
        """The values in the order of the inputs; dicts are matched by the names of the inputs.

        Raises:
            StructureError: when a value is missing or there are too many.
        """
        if isinstance(inputs, dict) and not isinstance(self.input_structure, dict):
            inputs = self._by_name(inputs)
        elif isinstance(inputs, dict):
            inputs = {key: inputs[key] for key in self.input_structure if key in inputs}
        flat = tree.flatten(inputs)
        if len(flat) != len(self.inputs):
            what = f"{self.where}: expected {len(self.inputs)} inputs, got {len(flat)}"
            names = ", ".join(input_name(tensor) for tensor in self.inputs)
            raise StructureError(message(what, f"The inputs are: {names}.", None))
        return flat

    def _by_name(self, inputs: dict[str, Any]) -> list[Any]:
        names = [input_name(tensor) for tensor in self.inputs]
        missing = [name for name in names if name not in inputs]
        if missing:
            what = f"{self.where}: no value for input {missing[0]!r}; got values for {sorted(inputs)}"
            raise StructureError(message(what, f"The inputs are: {', '.join(names)}.", None))
        return [inputs[name] for name in names]

    def infer(self, inputs: Any) -> Any:
        """The outputs as KerasTensors for other input shapes."""
        with SymbolicScope():
            return self.run(with_rank(inputs, self.inputs[0]) if self._single_input else inputs)


def with_rank(x: Any, tensor: KerasTensor) -> Any:
    """x, with a last axis of size 1 added or taken off where an input has one: columns of a table are such inputs.

    Raises:
        ShapeError: when that does not fit either.
    """
    shape = getattr(x, "shape", None)
    expected = len(tensor.shape)
    if shape is None or len(shape) == expected:
        return x
    if len(shape) == expected - 1 and tensor.shape[-1] == 1:
        return x[..., None] if isinstance(x, np.ndarray) else expand_dims(x, axis=-1)
    if len(shape) == expected + 1 and shape[-1] == 1:
        return x[..., 0] if isinstance(x, np.ndarray) else squeeze(x, axis=-1)
    what = f"input {input_name(tensor)!r}: expected shape {tensor.shape}, got {tuple(shape)}"
    raise ShapeError(message(what, "An axis is missing or too many (often the batch axis).", "Reshape the data."))


def input_name(tensor: KerasTensor) -> str:
    """The name of the Input that made a tensor."""
    return tensor._history[0].name if tensor._history is not None else tensor.name


def _symbolic(structure: Any, what: str) -> list[KerasTensor]:
    flat = tree.flatten(structure)
    if not flat:
        raise StructureError(f"{what} are empty")
    for item in flat:
        if not isinstance(item, KerasTensor):
            raise StructureError(
                message(f"{what} are symbolic tensors, got {type(item).__name__}", "Use kmb_core.Input.", None)
            )
    return flat


class Function(Operation):
    """The computation between symbolic tensors, as one operation.

    Args:
        inputs: symbolic tensors, in any nesting.
        outputs: symbolic tensors that depend on the inputs, in any nesting.
        name: automatic when None.

    Raises:
        StructureError: when an output does not depend on the inputs alone.

    Example:
        >>> import kmb_core
        >>> x = kmb_core.KerasTensor((None, 2))
        >>> double = kmb_core.Function(x, x * 2)
        >>> float(double(kmb_core.ops.ones((1, 2)))[0, 0])
        2.0
    """

    def __init__(self, inputs: Any, outputs: Any, name: str | None = None) -> None:
        super().__init__(name=name)
        self._graph = Graph(inputs, outputs, f"Function {self.name!r}")

    @property
    def inputs(self) -> list[KerasTensor]:
        """The symbolic inputs, flat."""
        return self._graph.inputs

    @property
    def outputs(self) -> list[KerasTensor]:
        """The symbolic outputs, flat."""
        return self._graph.outputs

    @property
    def operations(self) -> list[Any]:
        """The operations of the graph, those nearest to the inputs first."""
        return list(self._graph.operations)

    def call(self, inputs: Any) -> Any:
        """Run the graph."""
        return self._graph.run(inputs)

    def compute_output_spec(self, inputs: Any) -> Any:
        """KerasTensors like the outputs."""
        return self._graph.infer(inputs)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The outputs' shapes for the inputs' shapes."""
        dtypes = iter([tensor.dtype for tensor in self.inputs])
        tensors = tree.map_shape_structure(lambda shape: KerasTensor(shape, dtype=next(dtypes)), input_shape)
        return tree.map_structure(lambda tensor: tensor.shape, self.compute_output_spec(tensors))


__all__ = ["Function", "Graph", "input_name", "with_rank"]
