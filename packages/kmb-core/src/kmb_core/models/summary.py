"""`Model.summary()`: a table of layers, output shapes and numbers of parameters."""

import math
from collections.abc import Callable
from typing import Any

from kmb_core import tree
from kmb_core.backend import Variable
from kmb_core.layers.specialization import public_class
from kmb_core.ops.operation import DeclaredOperation

_DTYPE_BYTES = {
    "float64": 8,
    "int64": 8,
    "uint64": 8,
    "float16": 2,
    "bfloat16": 2,
    "int16": 2,
    "uint16": 2,
    "int8": 1,
    "uint8": 1,
    "bool": 1,
}


def print_summary(
    model: Any,
    line_length: int | None,
    positions: list[float] | None,
    print_fn: Callable[[str], Any] | None,
    expand_nested: bool,
    show_trainable: bool,
    layer_range: tuple[str, str] | None,
) -> None:
    """Draw the table on the terminal, or give its text to `print_fn`."""
    from rich.console import Console  # 60 ms: imported when a table is drawn

    console = Console(
        width=line_length, file=None, record=print_fn is not None, force_terminal=False if print_fn else None
    )
    table = _table(model, positions, expand_nested, show_trainable, layer_range, console.width)
    if print_fn is None:
        console.print(f"[bold]Model: {model.name!r}[/bold]", highlight=False)
        console.print(table)
        for line in totals(model):
            console.print(line, highlight=False, markup=False)
        return
    with console.capture() as captured:
        console.print(f"Model: {model.name!r}", highlight=False, markup=False)
        console.print(table)
        for line in totals(model):
            console.print(line, highlight=False, markup=False)
    print_fn(captured.get())


def _table(model: Any, positions: Any, expand_nested: bool, show_trainable: bool, layer_range: Any, width: int) -> Any:
    from rich.table import Table
    from rich.text import Text

    connected = _has_branches(model)
    headers = ["Layer (type)", "Output shape", "Param #"]
    headers += ["Connected to"] if connected else []
    headers += ["Trainable"] if show_trainable else []
    table = Table(show_lines=False, width=min(width, 120))
    fractions = [b - a for a, b in zip([0.0, *(positions or [])], positions or [], strict=False)]
    for index, header in enumerate(headers):
        ratio = max(1, round(100 * fractions[index])) if index < len(fractions) else None
        table.add_column(header, justify="right" if header == "Param #" else "left", ratio=ratio, overflow="fold")
    for layer, depth in _rows(model, expand_nested, layer_range):
        cells = [f"{'  ' * depth}{layer.name} ({type_name(layer)})", shape_text(layer), _count_text(layer)]
        cells += [_connections(model, layer)] if connected else []
        cells += ["yes" if getattr(layer, "trainable", False) else "no"] if show_trainable else []
        table.add_row(*[Text(cell) for cell in cells])
    return table


def _rows(model: Any, expand_nested: bool, layer_range: Any, depth: int = 0) -> list[tuple[Any, int]]:
    rows: list[tuple[Any, int]] = []
    for layer in within(_listed(model), layer_range):
        rows.append((layer, depth))
        if expand_nested and getattr(layer, "layers", None):
            rows += _rows(layer, True, None, depth + 1)
    return rows


def _listed(model: Any) -> list[Any]:
    graph = getattr(model, "_graph", None)
    stack = model.__dict__.get("_stack")
    return list(graph.operations) if graph is not None and stack is None else list(model.layers)


def within(layers: list[Any], layer_range: Any) -> list[Any]:
    """The layers from the first to the last whose name one of two patterns matches; all for None."""
    if layer_range is None:
        return layers
    import re

    places = [i for i, layer in enumerate(layers) if any(re.match(pattern, layer.name) for pattern in layer_range)]
    if not places:
        raise ValueError(f"summary: no layer matches layer_range {layer_range}")
    return layers[min(places) : max(places) + 1]


def type_name(operation: Any) -> str:
    """The name of an operation's public class."""
    return operation.op.class_name if isinstance(operation, DeclaredOperation) else public_class(operation).__name__


def shape_text(layer: Any) -> str:
    """The shapes of a layer's outputs, "?" where they are not known."""
    nodes = getattr(layer, "_inbound_nodes", [])
    if not nodes:
        graph = getattr(layer, "_graph", None)
        return "?" if graph is None else str(layer.output_shape)
    return str(tree.map_structure(lambda t: t.shape, nodes[0].output_structure))


def _count_text(layer: Any) -> str:
    if not hasattr(layer, "count_params"):
        return "0"
    return f"{layer.count_params():,}" if layer.built else "0 (unbuilt)"


def _has_branches(model: Any) -> bool:
    graph = getattr(model, "_graph", None)
    if graph is None:
        return False
    return len(graph.inputs) > 1 or any(len(node.inputs) > 1 for node in graph.order.nodes)


def _connections(model: Any, layer: Any) -> str:
    needed = {id(node) for node in model._graph.order.nodes} if model._graph is not None else set()
    sources = [
        f"{tensor._history[0].name}[{tensor._history[1]}][{tensor._history[2]}]"
        for node in layer._inbound_nodes
        if id(node) in needed
        for tensor in node.inputs
        if tensor._history is not None
    ]
    return ", ".join(sources) or "-"


def totals(model: Any) -> list[str]:
    """The lines under the table: numbers and sizes of all, trainable, other and the optimizer's parameters."""
    trainable, fixed = model.trainable_weights, model.non_trainable_weights
    optimizer = model.optimizer.variables if getattr(model, "optimizer", None) is not None else []
    lines = [
        f" Total params: {_amount([*trainable, *fixed])}",
        f" Trainable params: {_amount(trainable)}",
        f" Non-trainable params: {_amount(fixed)}",
    ]
    return [*lines, f" Optimizer params: {_amount(optimizer)}"] if optimizer else lines


def _amount(variables: list[Variable]) -> str:
    count = sum(math.prod(v.shape) for v in variables)
    size = float(sum(math.prod(v.shape) * _DTYPE_BYTES.get(v.dtype, 4) for v in variables))
    for unit in ("B", "KB", "MB", "GB"):
        if size < 1024 or unit == "GB":
            return f"{count:,} ({size:.2f} {unit})"
        size /= 1024
    return f"{count:,}"
