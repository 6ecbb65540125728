"""Copies of models: from their configs, with new weights."""

import json
from collections.abc import Callable
from typing import Any

from kmb_core import tree
from kmb_core.backend import KerasTensor, use_backend
from kmb_core.layers.input_layer import Input, InputLayer
from kmb_core.layers.layer import Layer
from kmb_core.layers.specialization import public_class
from kmb_core.models.functional import Functional
from kmb_core.models.sequential import Sequential
from kmb_core.serialization import deserialize_keras_object


def model_from_json(json_string: str, custom_objects: dict[str, Any] | None = None) -> Any:
    """A model from what `Model.to_json` gave, with new weights.

    Args:
        json_string: the JSON text.
        custom_objects: {name: class or function} for what is not built in.

    Example:
        >>> import kmb_core
        >>> model = kmb_core.Sequential([kmb_core.Input((2,)), kmb_core.layers.Dense(3)])
        >>> kmb_core.models.model_from_json(model.to_json()).output_shape
        (None, 3)
    """
    return deserialize_keras_object(json.loads(json_string), custom_objects=custom_objects)


def clone_model(
    model: Any,
    input_tensors: Any = None,
    clone_function: Callable[[Layer], Layer] | None = None,
    call_function: Callable[..., Any] | None = None,
    recursive: bool = False,
    **kwargs: Any,
) -> Any:
    """A model of the same layers with new weights.

    Args:
        model: a functional, sequential or, without the other arguments, any model that has a config.
        input_tensors: symbolic tensors to build the copy on.
        clone_function: layer → layer; by default a new layer from the config.
        call_function: `(layer, *args, **kwargs)`, used in place of calling the layer.
        recursive: whether `clone_function` reaches the layers of inner models too.

    Raises:
        ValueError: for arguments that a subclassed model cannot take.

    Example:
        >>> import kmb_core
        >>> model = kmb_core.Sequential([kmb_core.Input((2,)), kmb_core.layers.Dense(3)])
        >>> kmb_core.models.clone_model(model).count_params()
        9
    """
    if kwargs:
        raise TypeError(f"clone_model: unexpected arguments {sorted(kwargs)}")

    def copy_layer(layer: Layer) -> Layer:
        if recursive and isinstance(layer, (Functional, Sequential)):
            return clone_model(layer, clone_function=clone_function, call_function=call_function, recursive=True)
        return (
            clone_function(layer) if clone_function is not None else public_class(layer).from_config(layer.get_config())
        )

    with use_backend(model._backend):
        if isinstance(model, Sequential):
            return _clone_sequential(model, input_tensors, copy_layer)
        if model._graph is not None:
            return _clone_graph(model, input_tensors, copy_layer, call_function)
        if input_tensors is not None or clone_function is not None or call_function is not None:
            raise ValueError(f"clone_model: {model.name!r} is subclassed; its copy is made from its config alone")
        return public_class(model).from_config(model.get_config())


def _clone_sequential(model: Any, input_tensors: Any, copy_layer: Callable[[Layer], Layer]) -> Any:
    layers = [copy_layer(layer) for layer in model.layers]
    if input_tensors is not None:
        flat = tree.flatten(input_tensors)
        return Sequential([flat[0], *layers], name=model.name)
    if isinstance(model._stack[0] if model._stack else None, InputLayer):
        layers = [Input(batch_shape=model.input_shape, dtype=model.inputs[0].dtype), *layers]
    return Sequential(layers, name=model.name, trainable=model.trainable)


def _clone_graph(model: Any, input_tensors: Any, copy_layer: Callable[[Layer], Layer], call_function: Any) -> Any:
    graph = model._graph
    copies: dict[int, Any] = {}
    if input_tensors is None:
        fresh = [_input_like(tensor) for tensor in graph.inputs]
    else:
        fresh = tree.flatten(input_tensors)
    values = {id(old): new for old, new in zip(graph.inputs, fresh, strict=True)}
    for node in graph.order.nodes:
        if all(id(tensor) in values for tensor in node.outputs):
            continue
        operation = copies.get(id(node.operation))
        if operation is None:
            source = node.operation
            operation = copies[id(source)] = (
                copy_layer(source) if isinstance(source, Layer) else _copy_operation(source)
            )
        args, kwargs = tree.map_structure(
            lambda x: values[id(x)] if isinstance(x, KerasTensor) else x, (node.arguments, node.kwargs)
        )
        results = call_function(operation, *args, **kwargs) if call_function else operation(*args, **kwargs)
        values.update({id(old): new for old, new in zip(node.outputs, tree.flatten(results), strict=True)})
    outputs = tree.map_structure(lambda tensor: values[id(tensor)], graph.output_structure)
    inputs = tree.pack_sequence_as(graph.input_structure, fresh)
    return public_class(model)(inputs, outputs, name=model.name)


def _copy_operation(operation: Any) -> Any:
    return type(operation)(operation.op, operation.config, name=operation.name)


def _input_like(tensor: KerasTensor) -> Any:
    name = tensor._history[0].name if tensor._history is not None else None
    return Input(batch_shape=tensor.shape, dtype=tensor.dtype, sparse=tensor.sparse, ragged=tensor.ragged, name=name)
