"""Descriptions in the form of `.h5` files (Keras 2, and Keras 3 for `.h5`) as those of `.keras` files.

Classes stand there without their module, and a graph names its tensors by lists `[layer, call, output]`. Nothing is
made here: data go in and data come out.
"""

from collections.abc import Callable, Mapping
from typing import Any

from kmb_core.errors import SecurityError, message

_FUNCTIONAL = ("keras.src.models.functional", "Functional")
# What configs of Keras 2 hold beside the arguments of today: how something was computed, and what nobody reads.
_PAST = {
    "implementation": (0, 1, 2),
    "time_major": (False,),
    "batch_input_shape": None,
    "jit_compile": None,
    "is_legacy_optimizer": None,
    "decay": (0, 0.0),
}
_OWN_IMPLEMENTATION = frozenset({"GRUCell", "LSTMCell", "LocallyConnected1D", "LocallyConnected2D"})


def model_config(config: Mapping[str, Any], where: str) -> dict[str, Any]:
    """The description of a model as `deserialize_keras_object` takes it.

    Args:
        config: that of the file, read from JSON.
        where: what messages call its place.

    Raises:
        SecurityError: for a Lambda layer, whose code would have to be run.
    """
    return _modern(config, where)


def compile_config(config: Mapping[str, Any], where: str) -> dict[str, Any]:
    """The arguments of `compile`, described as `compile_from_config` takes them.

    Args:
        config: `training_config` of the file, read from JSON.
        where: what messages call its place.

    Raises:
        SecurityError: for code.
    """
    found = {key: value for key, value in config.items() if key not in ("optimizer_config", "sample_weight_mode")}
    found["optimizer"] = config.get("optimizer_config")
    modules = {"loss": "losses", "metrics": "metrics", "weighted_metrics": "metrics", "optimizer": "optimizers"}
    placed = {key: _in_module(value, f"keras.{modules.get(key, '')}") for key, value in found.items()}
    return {key: _modern(value, where) for key, value in placed.items()}


def _modern(value: Any, where: str) -> Any:
    if isinstance(value, list):
        return [_modern(item, where) for item in value]
    if not isinstance(value, Mapping):
        return value
    if not isinstance(value.get("class_name"), str) or not isinstance(value.get("config"), Mapping):
        return {key: _modern(item, where) for key, item in value.items()}
    name = value["class_name"]
    if name in ("Lambda", "__lambda__"):
        raise SecurityError(
            message(
                f"{where} is refused: it holds a Lambda layer, whose code is never run",
                "Old files keep the bytecode of a lambda, or the name of any function.",
                "Make the model in code, with a registered layer in its place, and load the weights alone.",
            )
        )
    config = {key: _modern(item, where) for key, item in value["config"].items() if not _is_past(name, key, item)}
    return _ADAPTED.get(name, _unchanged)({**value, "config": config}, value["config"])


def _is_past(class_name: str, key: str, value: Any) -> bool:
    if key not in _PAST or class_name == "InputLayer" or class_name in _OWN_IMPLEMENTATION:
        return False
    accepted = _PAST[key]
    return accepted is None or value in accepted


def _unchanged(entry: dict[str, Any], old: Mapping[str, Any]) -> dict[str, Any]:
    return entry


def _functional(entry: dict[str, Any], old: Mapping[str, Any]) -> dict[str, Any]:
    config = entry["config"]
    if "input_layers" not in config or not isinstance(config.get("layers"), list):
        return entry
    layers = [_with_calls(layer) for layer in config["layers"]]
    past = layers != config["layers"]
    ends = {key: _alone(config[key]) for key in ("input_layers", "output_layers") if past and key in config}
    named = {"module": _FUNCTIONAL[0], "class_name": _FUNCTIONAL[1]} if entry.get("module") is None else {}
    return {**entry, **named, "config": {**config, **ends, "layers": layers}}


def _alone(ends: Any) -> Any:
    """Keras 2 puts a single input or output into a list too, which is one of lists since Keras 3."""
    return ends[0] if isinstance(ends, list) and len(ends) == 1 and _is_place(ends[0]) else ends


def _with_calls(layer: Any) -> Any:
    if not isinstance(layer, Mapping) or not isinstance(layer.get("inbound_nodes"), list):
        return layer
    op = {"module": "keras.src.ops."} if _is_op(layer) else {}
    return {**layer, **op, "inbound_nodes": [_call(node) for node in layer["inbound_nodes"]]}


def _is_op(entry: Mapping[str, Any]) -> bool:
    """Ops of Keras 3 in such a file (which it writes, but cannot read): other than layers, they are not trainable."""
    from kmb_core.graph.config import names_an_op  # needs the ops, which files of layers alone do without

    config, name = entry.get("config"), entry.get("class_name")
    plain = isinstance(config, Mapping) and "trainable" not in config and isinstance(name, str)
    return plain and entry.get("module") is None and name not in ("InputLayer", None) and names_an_op(name)


def _call(node: Any) -> Any:
    """`[[layer, call, output, arguments], ...]` as `{"args": …, "kwargs": …}`."""
    if not isinstance(node, list) or not node or not all(isinstance(item, list) and len(item) == 4 for item in node):
        return node
    tensors = [_tensor(item[:3]) for item in node]
    arguments = node[0][3] if isinstance(node[0][3], Mapping) else {}
    kwargs = {key: _tensor(item) if _is_place(item) else item for key, item in arguments.items()}
    return {"args": tensors if len(tensors) == 1 else [tensors], "kwargs": kwargs}


def _is_place(value: Any) -> bool:
    return isinstance(value, list) and [type(part) for part in value] == [str, int, int]


def _tensor(place: list[Any]) -> dict[str, Any]:
    return {"class_name": "__keras_tensor__", "config": {"keras_history": place}}


def _sequential(entry: dict[str, Any], old: Mapping[str, Any]) -> dict[str, Any]:
    """The shape of the input stood in the first layer."""
    layers, first = entry["config"].get("layers"), (old.get("layers") or [None])[0]
    inner = first.get("config") if isinstance(first, Mapping) else None
    if not isinstance(inner, Mapping) or first["class_name"] == "InputLayer" or "batch_input_shape" not in inner:
        return entry
    shape = {"batch_shape": inner["batch_input_shape"], "name": f"{inner.get('name', 'layer')}_input"}
    config = {**entry["config"], "layers": [{"class_name": "InputLayer", "config": shape}, *layers]}
    return {**entry, "config": config}


def _one_axis(entry: dict[str, Any], old: Mapping[str, Any]) -> dict[str, Any]:
    axis = entry["config"].get("axis")
    single = isinstance(axis, list) and len(axis) == 1
    return {**entry, "config": {**entry["config"], "axis": axis[0]}} if single else entry


def _policy(entry: dict[str, Any], old: Mapping[str, Any]) -> dict[str, Any]:
    return {**entry, "module": "keras", "class_name": "DTypePolicy"}


def _function_of(entry: dict[str, Any], old: Mapping[str, Any]) -> dict[str, Any]:
    config, function = entry["config"], entry["config"].get("fn")
    described = {"class_name": "function", "config": function, "module": "builtins", "registered_name": "function"}
    return {**entry, "config": {**config, "fn": described}} if isinstance(function, str) else entry


_ADAPTED: dict[str, Callable[[dict[str, Any], Mapping[str, Any]], dict[str, Any]]] = {
    "BatchNormalization": _one_axis,
    "Functional": _functional,
    "MeanMetricWrapper": _function_of,
    "Model": _functional,
    "Policy": _policy,
    "Sequential": _sequential,
}


def _in_module(value: Any, module: str) -> Any:
    """Entries without a module, as some of this one: a loss and a metric may have the same name."""
    if isinstance(value, list):
        return [_in_module(item, module) for item in value]
    if not isinstance(value, Mapping):
        return value
    if not isinstance(value.get("class_name"), str):
        return {key: _in_module(item, module) for key, item in value.items()}
    config = value.get("config")
    if isinstance(config, Mapping) and config.get("reduction") == "auto":
        config = {**config, "reduction": "sum_over_batch_size"}
    return {**value, "module": value.get("module") or module, "config": config}


__all__ = ["compile_config", "model_config"]
