"""The outputs of every layer, and of every op between layers, while a model runs once.

For that while each layer has a `call` of its own in front of its class', and each op of a graph a function around it;
nothing in the usual way of a call knows of it.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from kmb_core import tree
from kmb_core.backend import state
from kmb_core.layers.specialization import public_class
from kmb_core.ops.operation import DeclaredOperation
from kmb_core.saving.places import places


@dataclass(frozen=True)
class Recorded:
    """What one call of a layer or op gave.

    Attributes:
        key: what is the same for the same call on another backend, where automatic names may differ.
        layer: names of the layers on the way to it, joined by "/".
        kind: its public class, or the op's name.
        outputs: the arrays, flat.
    """

    key: tuple[str, int]
    layer: str
    kind: str
    outputs: list[np.ndarray]


class _Recorder:
    def __init__(self, model: Any) -> None:
        self.backend = model._backend
        self.found: list[Recorded] = []
        self._counts: dict[str, int] = {}

    def note(self, place: str, name: str, kind: str, outputs: Any) -> None:
        count = self._counts[place] = self._counts.get(place, 0) + 1
        try:
            arrays = [np.asarray(self.backend.to_numpy(x)) for x in tree.flatten(outputs) if x is not None]
        except Exception:  # it is being traced: each framework has its own error for a tensor without a value
            return
        self.found.append(Recorded((place, count), name, kind, arrays))


@contextmanager
def recording(model: Any) -> Iterator[list[Recorded]]:
    """Inside, the list grows by an entry for each call of one of the model's layers and ops, inner before outer.

    Args:
        model: a built model.
    """
    recorder, undo = _Recorder(model), []
    paths = {id(part): path for path, part in places(model)}
    try:
        for number, layer in enumerate(model._flatten_layers()):
            place = paths.get(id(layer), f"layer {number}")
            undo += [_watch_call(layer, place, recorder), *_watch_graph(layer, place, recorder)]
        yield recorder.found
    finally:
        for restore in undo:
            restore()


def _watch_call(layer: Any, place: str, recorder: _Recorder) -> Callable[[], Any]:
    before, call, kind = layer.__dict__.get("call"), layer.call, public_class(layer).__name__

    def recorded(*args: Any, **kwargs: Any) -> Any:
        outputs = call(*args, **kwargs)
        recorder.note(place, _path_to(layer.name), kind, outputs)
        return outputs

    layer.__dict__["call"] = recorded
    return lambda: layer.__dict__.pop("call") if before is None else layer.__dict__.update(call=before)


def _path_to(name: str) -> str:
    """The path of what runs now, without the outermost model's name."""
    path = state.path if state.path[-1:] == (name,) else (*state.path, name)
    return "/".join(path[1:]) or name


def _watch_graph(layer: Any, place: str, recorder: _Recorder) -> Iterator[Callable[[], Any]]:
    graph = layer.__dict__.get("_graph")
    if graph is None:
        return
    plan, steps = graph.plan, graph.plan.steps
    given = {id(tensor) for tensor in graph.inputs}
    nodes = [node for node in graph.order.nodes if not all(id(tensor) in given for tensor in node.outputs)]
    plan.steps = [
        _watched(step, node.operation, f"{place}/op {number}", recorder)
        for number, (step, node) in enumerate(zip(steps, nodes, strict=True))
    ]
    yield lambda: setattr(plan, "steps", steps)


def _watched(step: Any, operation: Any, place: str, recorder: _Recorder) -> Any:
    if not isinstance(operation, DeclaredOperation):
        return step
    call, name = step.call, operation.name

    def recorded(*args: Any, **kwargs: Any) -> Any:
        outputs = call(*args, **kwargs)
        recorder.note(place, _path_to(name), operation.op.name, outputs)
        return outputs

    return step._replace(call=recorded)
