"""Layers as plain data, and back."""

from collections.abc import Mapping
from typing import Any

from kmb_core.errors import message
from kmb_core.layers.layer import Layer
from kmb_core.serialization import deserialize_keras_object, serialize_keras_object


def serialize(layer: Any) -> Any:
    """A layer as plain data.

    Args:
        layer: a built-in layer, or one of a registered class.

    Returns:
        A dict of its class, config and build shapes, without weights.

    Example:
        >>> import kmb_core
        >>> kmb_core.layers.serialize(kmb_core.layers.Dense(2))["config"]["units"]
        2
    """
    return serialize_keras_object(layer)


def deserialize(config: Any, custom_objects: dict[str, Any] | None = None) -> Any:
    """A new layer from what `serialize` gave.

    Args:
        config: a dict with `class_name` and `config`; without `module` the class is one of `keras.layers`.
        custom_objects: further classes and functions by name.

    Returns:
        The layer, with new weights once it is built.

    Raises:
        ValueError: when the config is none of a layer.

    Example:
        >>> import kmb_core
        >>> kmb_core.layers.deserialize({"class_name": "Dense", "config": {"units": 2}}).units
        2
    """
    if isinstance(config, Mapping) and "class_name" in config and not config.get("module"):
        config = {"module": "keras.layers", "registered_name": None, **config}
        config["module"] = config["module"] or "keras.layers"
    layer = deserialize_keras_object(config, custom_objects=custom_objects) if isinstance(config, Mapping) else config
    if not isinstance(layer, Layer):
        what = f"layers.deserialize: expected the config of a layer, got {config!r:.80}"
        raise ValueError(message(what, None, "layers.serialize(layer) makes one."))
    return layer
