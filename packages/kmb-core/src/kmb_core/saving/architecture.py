"""An architecture as its description says it, read as plain data: rows of a table, and what is out of the ordinary."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from kmb_core.backend import to_snake_case
from kmb_core.serialization.names import described, is_entry, unknown_names

# What tells most of a layer at a glance.
_SETTINGS = (
    *("units", "filters", "kernel_size", "strides", "padding", "dilation_rate", "groups", "pool_size"),
    *("num_heads", "key_dim", "input_dim", "output_dim", "activation", "rate", "axis", "target_shape", "size"),
)
_USUAL = {"strides": (1, [1], [1, 1], [1, 1, 1]), "dilation_rate": (1, [1], [1, 1], [1, 1, 1]), "groups": (1,)}
_USUAL |= {"activation": ("linear",), "axis": (-1, [-1]), "padding": ("valid",)}
_DEEPEST = 16  # models in one another


@dataclass(frozen=True)
class LayerRow:
    """A layer of the table."""

    name: str
    layer: str
    depth: int
    takes: Any  # the shape of its input, or several
    follows: list[str]
    parameters: int
    settings: dict[str, Any] = field(default_factory=dict)


def layer_rows(config: Mapping[str, Any], sizes: Mapping[str, int]) -> list[LayerRow]:
    """The layers that a description lists, those of models inside below the model.

    Args:
        config: what `config.json` holds.
        sizes: number of elements of the file's arrays by path.
    """
    return list(_below(config, "", sizes, 0))


def _below(entry: Mapping[str, Any], prefix: str, sizes: Mapping[str, int], depth: int) -> Iterator[LayerRow]:
    used: Counter[str] = Counter()
    for layer in _layers_of(entry):
        step = to_snake_case(layer["class_name"])
        place = f"{prefix}layers/{step}_{used[step]}/" if used[step] else f"{prefix}layers/{step}/"
        used[step] += 1
        own = layer["config"] if isinstance(layer["config"], dict) else {}
        parameters = sum(size for path, size in sizes.items() if path.startswith(place))
        name = str(layer.get("name") or own.get("name", ""))
        row = (_class(layer), depth, _takes(layer, own), _follows(layer), parameters, _settings(own))
        yield LayerRow(name, *row)
        if depth < _DEEPEST:
            yield from _below(layer, place, sizes, depth + 1)


def _class(entry: Mapping[str, Any]) -> str:
    """Short for what is built in, with the package for what is not."""
    name = described(entry)
    return entry["class_name"] if name.startswith(("keras.", "kmb_core.")) else name


def _layers_of(entry: Mapping[str, Any]) -> list[Any]:
    config = entry.get("config")
    layers = config.get("layers") if isinstance(config, dict) else None
    return [layer for layer in layers if is_entry(layer)] if isinstance(layers, list) else []


def _takes(layer: Mapping[str, Any], config: Mapping[str, Any]) -> Any:
    built = layer.get("build_config")
    built = built if isinstance(built, dict) else {}
    return built.get("input_shape") or built.get("shapes_dict") or config.get("batch_shape")


def _follows(layer: Mapping[str, Any]) -> list[str]:
    """The layers whose outputs it takes."""
    return list(dict.fromkeys(str(history[0]) for history in _histories(layer.get("inbound_nodes"))))


def _histories(value: Any) -> Iterator[list[Any]]:
    pending = [value]
    while pending:
        item = pending.pop()
        if isinstance(item, dict):
            history = item.get("keras_history")
            if isinstance(history, list) and history:
                yield history
            pending += reversed(list(item.values()))
        elif isinstance(item, list):
            pending += reversed(item)


def _settings(config: Mapping[str, Any]) -> dict[str, Any]:
    found = {key: _short(config[key]) for key in _SETTINGS if config.get(key) is not None}
    return {key: value for key, value in found.items() if value not in _USUAL.get(key, ())}


def _short(value: Any) -> Any:
    return described(value) if is_entry(value) else value


# Out of the ordinary -------------------------------------------------------------------------------------------------


def oddities(config: Mapping[str, Any]) -> list[str]:
    """What whoever loads the model should know: custom classes, code, places outside of the file."""
    found = [f"names {name!r:.80}, which is not built in: needs custom_objects" for name in unknown_names(config)]
    found += [f"{_named(holder)}: {what}" for holder, what in _odd_values(config)]
    return list(dict.fromkeys(found))


def _odd_values(config: Mapping[str, Any]) -> Iterator[tuple[Mapping[str, Any], str]]:
    pending: list[tuple[Any, Mapping[str, Any]]] = [(config, config)]
    while pending:
        item, holder = pending.pop()
        if is_entry(item):
            name = item["class_name"]
            if name == "__lambda__":
                yield holder, "holds a lambda as bytecode, which loading refuses"
            elif name in _PROGRAMS:
                yield item, _PROGRAMS[name]
            holder = holder if name.startswith("__") else item
        if isinstance(item, dict):
            pending += [(value, holder) for value in reversed(list(item.values()))]
        elif isinstance(item, list):
            pending += [(value, holder) for value in reversed(item)]
        elif isinstance(item, str) and ("://" in item or item.startswith(("/", "\\\\"))):
            yield holder, f"names a place outside of the file: {item!r:.80}"


_PROGRAMS = {
    "Lambda": "a Lambda layer, whose function is the reader's, by name",
    "TorchModuleWrapper": "a module of torch, which as a pickle loading refuses",
    "TFSMLayer": "a SavedModel at a path, which loading refuses",
}


def _named(entry: Mapping[str, Any]) -> str:
    config = entry.get("config")
    name = config.get("name") if isinstance(config, dict) else None
    return f"{described(entry)} {name!r:.80}" if name else described(entry)


__all__ = ["LayerRow", "layer_rows", "oddities"]
