"""A graph as plain data, in the form that Keras writes for functional models, and back.

Each operation is written with its calls inside the graph; a tensor among a call's arguments names the operation, the
call and the output that it comes from, the calls counted inside this graph alone. Where the graph's own outputs come
from a functional model, Keras counts from one: the model's making is its first call. A declared op is written under the
name of the class that Keras has for it and found again among the declarations.
"""

import inspect
from collections import defaultdict, deque
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import numpy as np

from kmb_core import ops
from kmb_core.backend import KerasTensor, Node, producer
from kmb_core.errors import CheckpointError, UnknownObjectError, message
from kmb_core.graph.function import Graph
from kmb_core.ops.declaration import OPS, Op
from kmb_core.ops.operation import DeclaredOperation
from kmb_core.serialization import deserialize_keras_object, serialize_keras_object

_NOTHING = object()

History = tuple[str, int, int]  # name of the operation, which of its calls, which of the outputs


def graph_to_config(graph: Graph) -> dict[str, Any]:
    """Describe a graph.

    Args:
        graph: the graph of a functional model.

    Returns:
        {"layers": descriptions of the operations with their calls, "input_layers" and "output_layers": where the inputs
        and outputs come from, in their nesting}.

    Raises:
        ValueError: for an operation or an argument that cannot be described.
    """
    return _Writer(graph).config()


def graph_from_config(config: Mapping[str, Any], custom_objects: Mapping[str, Any] | None = None) -> tuple[Any, Any]:
    """Make the operations and call them as a description says.

    Args:
        config: what `graph_to_config` gave.
        custom_objects: {name: class or function} beside what is registered.

    Returns:
        (inputs, outputs): symbolic tensors in their nesting.

    Raises:
        UnknownObjectError: for names that are neither built in nor registered.
        CheckpointError: for a description that does not hang together.
    """
    return _Reader(custom_objects).read(config)


# Writing ---------------------------------------------------------------------------------------------------------


class _Writer:
    """Names the tensors of one graph."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.starts: dict[int, str] = {}  # an input that no Input made → the name of the Input written for it
        self.calls: dict[int, list[Node]] = defaultdict(list)
        for node in sorted(graph.order.nodes, key=lambda node: node.index):
            self.calls[id(node.operation)].append(node)
        for tensor in graph.inputs:
            node = producer(tensor)
            if node is None or node.inputs:
                self.starts[id(tensor)] = self._free_name(tensor if node is None else node.operation)

    def _free_name(self, source: Any) -> str:
        taken = {operation.name for operation in self.graph.operations} | set(self.starts.values())
        name = count = f"{source.name}_input"
        while name in taken:
            name = f"{count}_{len(taken)}"
            taken.add(count)
        return name

    def config(self) -> dict[str, Any]:
        layers = [
            _input_entry(tensor, self.starts[id(tensor)]) for tensor in self.graph.inputs if id(tensor) in self.starts
        ]
        layers += [self._entry(operation) for operation in self.graph.operations]
        return {
            "layers": layers,
            "input_layers": self._placed(self.graph.input_structure),
            "output_layers": self._placed(self.graph.output_structure),
        }

    def _entry(self, operation: Any) -> dict[str, Any]:
        calls = [self._call(node) for node in self.calls[id(operation)] if node.inputs]
        return {**_operation_entry(operation), "name": operation.name, "inbound_nodes": calls}

    def _call(self, node: Node) -> dict[str, Any]:
        kwargs = {**_written_training(node), **node.kwargs}
        arguments = node.arguments
        if isinstance(node.operation, DeclaredOperation) and node.operation.op.name == "get_item":
            # A tuple and a list are the same in JSON; a list, which picks elements, is written as an array.
            arguments = tuple(np.array(a) if isinstance(a, list) else a for a in arguments)
        return {"args": [self._argument(a) for a in arguments], "kwargs": self._argument(kwargs)}

    def _argument(self, value: Any) -> Any:
        if isinstance(value, KerasTensor):
            config = {"shape": list(value.shape), "dtype": value.dtype, "keras_history": self._history(value)}
            return {"class_name": "__keras_tensor__", "config": config}
        if isinstance(value, (list, tuple)):
            return [self._argument(item) for item in value]
        if isinstance(value, dict):
            return {key: self._argument(item) for key, item in value.items()}
        return serialize_keras_object(value)

    def _history(self, tensor: KerasTensor) -> list[Any]:
        if id(tensor) in self.starts:
            return [self.starts[id(tensor)], 0, 0]
        operation, index, output = tensor._history  # type: ignore[misc]  # each tensor of a graph has one
        inside = [node.index for node in self.calls[id(operation)]]
        return [operation.name, inside.index(index), output]

    def _placed(self, structure: Any) -> Any:
        if isinstance(structure, KerasTensor):
            name, index, output = self._history(structure)
            node = None if id(structure) in self.starts else producer(structure)
            return [name, index + (node is not None and _is_functional(node.operation)), output]
        if isinstance(structure, Mapping):
            return {key: self._placed(item) for key, item in structure.items()}
        return [self._placed(item) for item in structure]


def _operation_entry(operation: Any) -> dict[str, Any]:
    if not isinstance(operation, DeclaredOperation):
        return serialize_keras_object(operation)
    op, config = operation.op, serialize_keras_object(operation.config)
    name = op.class_name
    return {
        "module": op.saved_module,
        "class_name": name,
        "config": {"name": operation.name, **config},
        "registered_name": name,
    }


def _input_entry(tensor: KerasTensor, name: str) -> dict[str, Any]:
    """An InputLayer for a model that begins in the middle of another graph."""
    config = {
        "batch_shape": list(tensor.shape),
        "dtype": tensor.dtype,
        "sparse": tensor.sparse,
        "ragged": tensor.ragged,
    }
    entry = {
        "module": "keras.layers",
        "class_name": "InputLayer",
        "config": {**config, "name": name, "optional": False},
    }
    return {**entry, "registered_name": None, "name": name, "inbound_nodes": []}


@cache
def _call_defaults(cls: type) -> dict[str, Any]:
    """The defaults of `call` that Keras writes among a call's arguments although nobody passed them."""
    call = getattr(cls, "call", None)
    parameters = inspect.signature(call).parameters if call is not None else {}
    return {name: parameters[name].default for name in ("training", "mask") if name in parameters}


def _written_training(node: Node) -> dict[str, Any]:
    default = _call_defaults(type(node.operation)).get("training")
    return {"training": default} if isinstance(default, bool) else {}


# Reading ---------------------------------------------------------------------------------------------------------


class _Call:
    """A call that is to be made, once the tensors that it needs are there."""

    def __init__(self, operation: Any, name: str, index: int, entry: Mapping[str, Any]) -> None:
        self.operation, self.name, self.index = operation, name, index
        self.args, self.kwargs = entry["args"], entry["kwargs"]
        self.missing = set(_histories((self.args, self.kwargs)))


class _Reader:
    """Makes the operations of one description and calls them."""

    def __init__(self, custom_objects: Mapping[str, Any] | None) -> None:
        self.custom_objects = custom_objects
        self.tensors: dict[History, KerasTensor] = {}
        self.functional: set[str] = set()  # models in the graph, whose making counts as a call

    def read(self, config: Mapping[str, Any]) -> tuple[Any, Any]:
        calls: list[_Call] = []
        names: set[str] = set()
        for entry in _checked_layers(config):
            name = entry["name"]
            if name in names:
                raise CheckpointError(message(f"functional graph: two operations are called {name!r}"))
            names.add(name)
            calls += self._calls_of(entry, name)
        self._run(calls)
        return self._placed(config["input_layers"]), self._placed(config["output_layers"])

    def _calls_of(self, entry: Mapping[str, Any], name: str) -> list[_Call]:
        operation = self._operation(entry)
        if _is_functional(operation):
            self.functional.add(name)
        inbound = entry["inbound_nodes"]
        if not inbound:  # an Input
            for position, tensor in enumerate(operation._inbound_nodes[0].outputs if operation._inbound_nodes else ()):
                self.tensors[name, 0, position] = tensor
        return [_Call(operation, name, index, node) for index, node in enumerate(inbound)]

    def _operation(self, entry: Mapping[str, Any]) -> Any:
        module = entry.get("module")
        if isinstance(module, str) and module.startswith("keras.src.ops."):
            return _declared_operation(module, entry)
        return deserialize_keras_object(dict(entry), self.custom_objects)

    def _run(self, calls: list[_Call]) -> None:
        """Make all calls, those first whose tensors are there; in linear time, since a file may hold any order."""
        waiting: dict[History, list[_Call]] = defaultdict(list)
        ready: deque[_Call] = deque()
        for call in calls:
            call.missing -= self.tensors.keys()
            for history in call.missing:
                waiting[history].append(call)
            if not call.missing:
                ready.append(call)
        while ready:
            for history in self._made(ready.popleft()):
                for call in waiting.pop(history, ()):
                    call.missing.discard(history)
                    if not call.missing:
                        ready.append(call)
        if waiting:
            (name, index, output), needing = next(iter(waiting.items()))
            what = f"functional graph: {needing[0].name!r} needs output {output} of call {index} of {name!r}, not made"
            cause = "The description is damaged: a layer or a call is missing, or it is a circle."
            raise CheckpointError(message(what, cause))

    def _made(self, call: _Call) -> list[History]:
        args = [self._argument(value) for value in call.args]
        kwargs = {key: self._argument(value) for key, value in call.kwargs.items()}
        if isinstance(call.operation, DeclaredOperation):
            if call.operation.op.name == "get_item":
                args = [tuple(a) if isinstance(a, list) else a for a in args]
        else:
            defaults = _call_defaults(type(call.operation))
            kwargs = {key: value for key, value in kwargs.items() if value is not defaults.get(key, _NOTHING)}
        before = len(call.operation._inbound_nodes)
        try:
            call.operation(*args, **kwargs)
        except Exception as error:
            error.add_note(f"while calling {call.name!r} as the graph's description says")
            raise
        nodes = call.operation._inbound_nodes[before:]
        if len(nodes) != 1:
            raise CheckpointError(message(f"functional graph: the call of {call.name!r} gave no symbolic tensor"))
        made = {(call.name, call.index, position): tensor for position, tensor in enumerate(nodes[0].outputs)}
        self.tensors.update(made)
        return list(made)

    def _argument(self, value: Any) -> Any:
        history = _history_of(value)
        if history is not None:
            return self.tensors[history]
        if isinstance(value, list):
            return [self._argument(item) for item in value]
        if isinstance(value, dict) and "class_name" not in value:
            return {key: self._argument(item) for key, item in value.items()}
        return deserialize_keras_object(value, self.custom_objects)

    def _placed(self, structure: Any) -> Any:
        if isinstance(structure, dict):
            return {key: self._placed(item) for key, item in structure.items()}
        if not isinstance(structure, (list, tuple)):
            raise CheckpointError(message(f"functional graph: expected [layer, call, output], got {structure!r:.60}"))
        if len(structure) == 3 and isinstance(structure[0], str):
            return self._end(*structure)
        return [self._placed(item) for item in structure]

    def _end(self, name: str, index: Any, output: Any) -> KerasTensor:
        places = [(name, index, output)]
        if name in self.functional and isinstance(index, int) and index > 0:
            places.insert(0, (name, index - 1, output))
        for place in places:
            if place in self.tensors:
                return self.tensors[place]
        what = f"functional graph: an input or output comes from {[name, index, output]}, which is not made"
        raise CheckpointError(message(what))


def _is_functional(operation: Any) -> bool:
    """Whether Keras would make of an operation a functional model, rather than a layer or another kind of model."""
    return getattr(operation, "making_is_a_call", False)


def _checked_layers(config: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The descriptions of operations; what is no such thing is refused before anything is made."""
    layers = config.get("layers")
    if not isinstance(layers, list) or "input_layers" not in config or "output_layers" not in config:
        raise CheckpointError(message("functional graph: expected layers, input_layers and output_layers"))
    checked = []
    for entry in layers:
        inner = entry.get("config") if isinstance(entry, Mapping) else None
        name = entry.get("name", inner.get("name")) if isinstance(inner, Mapping) else None
        calls = entry.get("inbound_nodes") if isinstance(entry, Mapping) else None
        fits = isinstance(name, str) and isinstance(calls, list) and isinstance(entry.get("class_name"), str)
        if not fits or not all(_is_call(call) for call in calls):  # type: ignore[union-attr]  # a list where it fits
            raise CheckpointError(message(f"functional graph: no description of a layer and its calls: {entry!r:.60}"))
        checked.append({**entry, "name": name})
    return checked


def _is_call(call: Any) -> bool:
    return isinstance(call, Mapping) and isinstance(call.get("args"), list) and isinstance(call.get("kwargs"), dict)


def _history_of(value: Any) -> History | None:
    """Where a described tensor comes from; None for everything else."""
    if not isinstance(value, Mapping) or value.get("class_name") != "__keras_tensor__":
        return None
    history = value["config"].get("keras_history") if isinstance(value.get("config"), Mapping) else None
    fits = isinstance(history, (list, tuple)) and [type(part) for part in history] == [str, int, int]
    if not fits:
        raise CheckpointError(message(f"functional graph: a tensor without a place: {value!r:.60}"))
    return tuple(history)  # type: ignore[arg-type]  # a list where it fits


def _histories(value: Any) -> Iterator[History]:
    pending = [value]
    while pending:
        item = pending.pop()
        history = _history_of(item)
        if history is not None:
            yield history
        elif isinstance(item, (list, tuple)):
            pending.extend(item)
        elif isinstance(item, Mapping):
            pending.extend(item.values())


def _declared_operation(module: str, entry: Mapping[str, Any]) -> DeclaredOperation:
    op = _find_op(module, entry["class_name"])
    config = {key: _tuples(deserialize_keras_object(value)) for key, value in entry["config"].items()}
    name = config.pop("name", entry["name"])
    known = {parameter.name for parameter in op.parameters}
    takes_more = any(parameter.kind is parameter.VAR_KEYWORD for parameter in op.signature.parameters.values())
    if not takes_more and not config.keys() <= known:
        what = f"functional graph: {name!r}: op {op.name} has no argument {', '.join(sorted(config.keys() - known))}"
        raise CheckpointError(message(what, "The file was written by another version.", f"It has: {', '.join(known)}."))
    return DeclaredOperation(op, config, name)


def _tuples(value: Any) -> Any:
    """Shapes and axes are tuples; JSON has lists only."""
    return tuple(_tuples(item) for item in value) if isinstance(value, list) else value


def _find_op(module: str, class_name: str) -> Op:
    found = _among_declared(module, class_name)
    if found is None:
        for namespace in (ops, ops.image):  # the families are imported when a name is used
            for name in namespace.__all__:
                getattr(namespace, name)
        found = _among_declared(module, class_name)
    if found is None:
        raise UnknownObjectError(message(f"functional graph: no op is known that is saved as {module}.{class_name}"))
    return found


def names_an_op(class_name: str) -> bool:
    """Whether an op is saved under a name, in whichever module.

    Args:
        class_name: as files have it.
    """
    try:
        _find_op("", class_name)
    except UnknownObjectError:
        return False
    return True


def _among_declared(module: str, class_name: str) -> Op | None:
    matching = [op for op in OPS.values() if op.class_name == class_name]
    return next((op for op in matching if op.saved_module == module), matching[0] if matching else None)
