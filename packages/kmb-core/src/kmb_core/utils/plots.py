"""Pictures of models: each layer a box, each tensor an arrow, a model in a model a frame if it is to be looked into."""

import html
import os
import shutil
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kmb_core import tree
from kmb_core._optional import optional
from kmb_core.backend import KerasTensor, Node
from kmb_core.errors import NotBuiltError, message
from kmb_core.models.summary import shape_text, type_name, within

_TITLE, _PLAIN, _TRAINED, _FIXED = "#2f4b6e", "#ffffff", "#dcefdc", "#eeeeee"

_FRAME = {"style": "dashed", "labeljust": "l", "fontname": "Helvetica"}


def model_to_dot(
    model: Any,
    show_shapes: bool = False,
    show_dtype: bool = False,
    show_layer_names: bool = True,
    rankdir: str = "TB",
    expand_nested: bool = False,
    dpi: int = 200,
    subgraph: bool = False,
    show_layer_activations: bool = False,
    show_trainable: bool = False,
    splines: str = "ortho",
    **kwargs: Any,
) -> Any:
    """A model's graph in the language of Graphviz.

    Args:
        model: a functional or sequential model, or a built one of another class, which is a single box.
        show_shapes: write the shapes of inputs and outputs.
        show_dtype: write the dtype of the outputs.
        show_layer_names: write the names; else the classes alone.
        rankdir: "TB" for top to bottom, "LR" for left to right.
        expand_nested: draw the layers of models in the model, in a frame.
        dpi: dots per inch.
        subgraph: give a `pydot.Cluster`, for a part of a larger graph.
        show_layer_activations: write the activation functions.
        show_trainable: write whether weights are trained.
        splines: shape of the arrows: "ortho", "curved", "polyline", "spline" or "line".
        **kwargs: `layer_range`, a pair of patterns: the first and the last layer to draw.

    Returns:
        A `pydot.Dot`, or a `pydot.Cluster`.

    Raises:
        ImportError: when pydot is not installed.
        NotBuiltError: for a model without weights.

    Example:
        >>> import kmb_core
        >>> x = kmb_core.Input((3,), name="x")
        >>> model = kmb_core.Model(x, kmb_core.layers.Dense(2, name="head")(x))
        >>> "<b>head</b> (Dense)" in kmb_core.utils.model_to_dot(model).to_string()
        True
    """
    layer_range = kwargs.pop("layer_range", None)
    if kwargs:
        raise TypeError(f"model_to_dot: unexpected arguments {', '.join(sorted(kwargs))}")
    pydot = optional("pydot", "pydot", "plots", "model_to_dot")
    if not model.built:
        what = f"model_to_dot: {type_name(model)} {model.name!r} is not built"
        raise NotBuiltError(message(what, "It has no shapes yet.", "Call it on data, or build(input_shape), first."))
    shown = _Shown(show_shapes, show_dtype, show_layer_names, show_layer_activations, show_trainable, expand_nested)
    picture = pydot.Cluster(graph_name=model.name) if subgraph else pydot.Dot(graph_type="digraph")
    settings = {"label": _quoted(model.name), **_FRAME} if subgraph else {}
    for name, value in {"rankdir": rankdir, "dpi": dpi, "splines": splines, **settings}.items():
        picture.set(name, value)
    picture.set_node_defaults(shape="plain", fontname="Helvetica")
    _Drawing(pydot, picture, shown, _range(model, layer_range)).draw(model, picture, "layer", outermost=True)
    return picture


def plot_model(
    model: Any,
    to_file: Any = "model.png",
    show_shapes: bool = False,
    show_dtype: bool = False,
    show_layer_names: bool = False,
    rankdir: str = "TB",
    expand_nested: bool = False,
    dpi: int = 200,
    show_layer_activations: bool = False,
    show_trainable: bool = False,
    splines: str = "ortho",
    **kwargs: Any,
) -> Any:
    """Write a picture of a model to a file.

    Args:
        model: see `model_to_dot`, as for the other arguments.
        to_file: the file; its ending says in which format (png, svg, pdf, … or dot, which needs no Graphviz).

    Returns:
        The image to show in a notebook; None elsewhere.

    Raises:
        ImportError: when pydot or Graphviz is not installed.
        NotBuiltError: for a model without weights.
    """
    picture = model_to_dot(
        model,
        show_shapes=show_shapes,
        show_dtype=show_dtype,
        show_layer_names=show_layer_names,
        rankdir=rankdir,
        expand_nested=expand_nested,
        dpi=dpi,
        show_layer_activations=show_layer_activations,
        show_trainable=show_trainable,
        splines=splines,
        **kwargs,
    )
    path = os.fspath(to_file)
    kind = Path(path).suffix[1:].lower() or "png"
    if kind == "dot":
        Path(path).write_text(picture.to_string(), encoding="utf-8")
        return None
    if shutil.which("dot") is None:
        what = "plot_model: the program dot of Graphviz is not installed"
        remedy = "Install it (apt install graphviz, brew install graphviz), or write to a file ending in .dot."
        raise ImportError(message(what, "pip install graphviz brings a Python package without the program.", remedy))
    picture.write(path if Path(path).suffix else f"{path}.png", format=kind)
    return _in_notebook(path, kind)


def _in_notebook(path: str, kind: str) -> Any:
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    if shell is None or kind == "pdf":
        return None
    from IPython import display

    return display.SVG(filename=path) if kind == "svg" else display.Image(filename=path)


def _range(model: Any, layer_range: Any) -> frozenset[int] | None:
    """The layers between the two that the patterns name, by identity; None for all."""
    if layer_range is None:
        return None
    return frozenset(id(layer) for layer in within(list(model._graph.operations), layer_range))


@dataclass(frozen=True)
class _Shown:
    shapes: bool
    dtype: bool
    names: bool
    activations: bool
    trainable: bool
    nested: bool


class _Drawing:
    """Draws models into a picture; what stands in frames too, so that arrows may lead into them."""

    def __init__(self, pydot: Any, picture: Any, shown: _Shown, chosen: frozenset[int] | None) -> None:
        self._pydot = pydot
        self._picture = picture
        self._shown = shown
        self._chosen = chosen
        self._arrows: set[tuple[str, str]] = set()

    def draw(self, model: Any, frame: Any, prefix: str, outermost: bool) -> "_Ends":
        """The boxes of a model's operations; where its inputs go and its outputs come from."""
        ends = _Ends()
        graph = getattr(model, "_graph", None)
        if graph is None:
            self._box(model, frame, prefix, _shapes_of(model))
            return ends
        hides_inputs = not outermost and model.__dict__.get("_stack") is not None  # a stack shows no Input of its own
        places = {id(operation): f"{prefix}_{place}" for place, operation in enumerate(graph.operations)}
        drawn: dict[int, _Ends | None] = {}
        for node in graph.order.nodes:
            left_out = outermost and self._chosen is not None and id(node.operation) not in self._chosen
            if not left_out and (node.inputs or not hides_inputs):
                self._node(node, places[id(node.operation)], frame, ends, drawn)
        ends.exits = [ends.makers.get(id(tensor)) for tensor in graph.outputs]
        ends.entries = [ends.entry(tensor) for tensor in graph.inputs]
        return ends

    def _node(self, node: Node, place: str, frame: Any, ends: "_Ends", drawn: dict[int, Any]) -> None:
        operation = node.operation
        if id(operation) not in drawn:
            drawn[id(operation)] = self._operation(operation, node, place, frame)
        inside = drawn[id(operation)]
        for position, tensor in enumerate(node.inputs):
            targets = [place] if inside is None else inside.entries[position]
            ends.takers.setdefault(id(tensor), []).extend(targets)
            for target in targets:
                self._arrow(ends.makers.get(id(tensor)), target)
        for position, tensor in enumerate(node.outputs):
            ends.makers[id(tensor)] = place if inside is None else inside.exits[position]

    def _operation(self, operation: Any, node: Node, place: str, frame: Any) -> "_Ends | None":
        if not self._shown.nested or getattr(operation, "_graph", None) is None:
            self._box(operation, frame, place, _shapes(node))
            return None
        inner = self._pydot.Cluster(graph_name=place, label=_quoted(operation.name), **_FRAME)
        ends = self.draw(operation, inner, place, outermost=False)
        frame.add_subgraph(inner)
        return ends

    def _arrow(self, source: str | None, target: str) -> None:
        if source is not None and (source, target) not in self._arrows:
            self._arrows.add((source, target))
            self._picture.add_edge(self._pydot.Edge(source, target))

    def _box(self, operation: Any, frame: Any, place: str, shapes: tuple[str, str, str]) -> None:
        label = _label(operation, self._shown, shapes)
        frame.add_node(self._pydot.Node(place, label=f"<{label}>"))


def _quoted(name: str) -> str:
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


class _Ends:
    """Where the tensors of a graph come from and go to, as names of boxes."""

    def __init__(self) -> None:
        self.makers: dict[int, str | None] = {}
        self.takers: dict[int, list[str]] = {}
        self.entries: list[list[str]] = []
        self.exits: list[str | None] = []

    def entry(self, tensor: KerasTensor) -> list[str]:
        """Where an arrow to an input leads: to the box of its Input, or of whatever takes it."""
        maker = self.makers.get(id(tensor))
        return self.takers.get(id(tensor), []) if maker is None else [maker]


def _shapes(node: Node) -> tuple[str, str, str]:
    """Shapes of the inputs and outputs, and the dtypes, of a call."""
    inputs = [tensor.shape for tensor in node.inputs]
    given = "" if not inputs else str(inputs[0] if len(inputs) == 1 else inputs)
    made = tree.map_structure(lambda tensor: tensor.shape, node.output_structure)
    return given, str(made), _dtypes(node.outputs)


def _dtypes(tensors: Iterable[KerasTensor]) -> str:
    return ", ".join(dict.fromkeys(tensor.dtype for tensor in tensors))


def _shapes_of(model: Any) -> tuple[str, str, str]:
    return "", shape_text(model), getattr(model, "compute_dtype", "")


def _label(operation: Any, shown: _Shown, shapes: tuple[str, str, str]) -> str:
    kind = html.escape(type_name(operation))
    title = f"<b>{html.escape(operation.name)}</b> ({kind})" if shown.names else f"<b>{kind}</b>"
    cells = [(title, _TITLE, "white")]
    if shown.activations and (activation := _activation(operation)):
        cells.append((f"Activation: <b>{html.escape(activation)}</b>", _PLAIN, "black"))
    if shown.shapes:
        named = zip(("Input shape", "Output shape"), shapes)
        cells += [(f"{name}: <b>{html.escape(shape)}</b>", _PLAIN, "black") for name, shape in named if shape]
    if shown.dtype and shapes[2]:
        cells.append((f"Output dtype: <b>{shapes[2]}</b>", _PLAIN, "black"))
    if shown.trainable and getattr(operation, "weights", None):
        trained = bool(operation.trainable_weights)
        text = "Trainable" if trained else "Non-trainable"
        cells.append((text, _TRAINED if trained else _FIXED, "black"))
    rows = "".join(
        f'<tr><td bgcolor="{colour}" align="left"><font color="{ink}">{text}</font></td></tr>'
        for text, colour, ink in cells
    )
    return f'<table border="0" cellborder="1" cellspacing="0" cellpadding="8">{rows}</table>'


def _activation(operation: Any) -> str:
    activation = getattr(operation, "activation", None)
    if activation is None:
        return ""
    return getattr(activation, "__name__", None) or getattr(activation, "name", None) or type(activation).__name__
