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
    from rich.text import Text

    title = Text(f'Model: "{model.name}"', style="bold" if print_fn is None else "")
    console = Console(
        width=line_length, file=None, record=print_fn is not None, force_terminal=False if print_fn else None
    )
    table = _table(model, positions, expand_nested, show_trainable, layer_range, console.width)
    if print_fn is None:
        console.print(title, highlight=False)
        console.print(table)
        for line in totals(model):
            console.print(line, highlight=False, markup=False)
        return
    with console.capture() as captured:
        console.print(title, highlight=False)
        console.print(table)
        for line in totals(model):
            console.print(line, highlight=False, markup=False)
    print_fn(captured.get())


def _table(model: Any, positions: Any, expand_nested: bool, show_trainable: bool, layer_range: Any, width: int) -> Any:
    from rich.padding import Padding
    from rich.table import Table
    from rich.text import Text

    connected = _has_branches(model)
    rows = _rows(model, expand_nested, layer_range)
    headers = ["Layer (type)", "Output Shape", "Param #"]
    headers += ["Connected to"] if connected else []
    headers += ["Trainable"] if show_trainable else []
    table = Table(show_lines=False, width=min(width, 120))
    fractions = [b - a for a, b in zip([0.0, *(positions or [])], positions or [], strict=False)]
    for index, header in enumerate(headers):
        ratio = max(1, round(100 * fractions[index])) if index < len(fractions) else None
        justify: Any = "right" if header == "Param #" else "left"
        least = min(_longest_word(rows), width // 3) if index == 0 and ratio is None else None
        table.add_column(header, justify=justify, ratio=ratio, overflow="fold", min_width=least)
    for layer, owner, depth in rows:
        cells = [shape_text(layer), _count_text(layer)]
        cells += [_connections(owner, layer)] if connected else []
        cells += [_trainable_text(layer)] if show_trainable else []
        # A name that is too long goes on below itself, not below the names of the level above.
        name = Padding(Text(f"{layer.name} ({type_name(layer)})"), (0, 0, 0, 2 * depth))
        table.add_row(name, *[Text(cell) for cell in cells])
    return table


def _rows(model: Any, expand_nested: bool, layer_range: Any, depth: int = 0) -> list[tuple[Any, Any, int]]:
    """(layer, model that it stands in, how many models deep)"""
    rows: list[tuple[Any, Any, int]] = []
    for layer in within(_listed(model), layer_range):
        rows.append((layer, model, depth))
        if expand_nested and getattr(layer, "layers", None):
            rows += _rows(layer, True, None, depth + 1)
    return rows


def _longest_word(rows: list[tuple[Any, Any, int]]) -> int:
    """What the first column needs so that no name and no type is broken."""
    return max((2 * depth + max(len(layer.name), len(type_name(layer)) + 2) for layer, _, depth in rows), default=1)


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
    if nodes:
        return str(tree.map_structure(lambda t: t.shape, nodes[0].output_structure))
    if getattr(layer, "_graph", None) is not None:
        return str(layer.output_shape)
    return _worked_out_shape(layer)


def _worked_out_shape(layer: Any) -> str:
    """The shape for the inputs that a layer outside of a graph was built on."""
    shapes = getattr(layer, "_build_shapes", None)
    if not isinstance(shapes, tuple):
        return "?"
    try:
        return str(layer.compute_output_shape(shapes))
    except Exception:  # a user's own call may fail in any way, and a table is no place to say so
        return "?"


def _trainable_text(layer: Any) -> str:
    """Whether a layer's weights are trained; "-" where there are none."""
    if not getattr(layer, "weights", None):
        return "-"
    return "yes" if layer.trainable_weights else "no"


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
    graph = getattr(model, "_graph", None)
    needed = {id(node) for node in graph.order.nodes} if graph is not None else set()
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
