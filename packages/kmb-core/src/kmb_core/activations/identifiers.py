"""Activations by name and in files."""

from collections.abc import Callable, Mapping
from typing import Any

from kmb_core.activations import functions
from kmb_core.serialization import saved_identity, serialize_keras_object
from kmb_core.serialization.identifiers import resolve

NAMES: dict[str, Callable[..., Any]] = {
    name: function for name, function in vars(functions).items() if saved_identity(function) == (functions.MODULE, name)
} | {"hard_swish": functions.hard_silu, "swish": functions.silu}

LAYERS = ("keras.layers",)  # a layer can stand for an activation


def get(identifier: Any) -> Callable[..., Any]:
    """The activation that something stands for.

    Args:
        identifier: a name ("relu"), a function or layer, a saved config, or None for `linear`.

    Returns:
        The function, or the layer.

    Raises:
        ValueError: where it stands for none.

    Example:
        >>> from kmb_core import activations
        >>> activations.get("swish") is activations.silu, activations.get(None) is activations.linear
        (True, True)
    """
    return functions.linear if identifier is None else resolve(identifier, NAMES, "activation", modules=LAYERS)


def deserialize(config: Any, custom_objects: Mapping[str, Any] | None = None) -> Callable[..., Any]:
    """The activation that a saved form stands for.

    Args:
        config: what `serialize` gave.
        custom_objects: further functions and classes by name.

    Returns:
        The function, or the layer.

    Raises:
        ValueError: where it stands for none.

    Example:
        >>> from kmb_core import activations
        >>> activations.deserialize("relu") is activations.relu
        True
    """
    return functions.linear if config is None else resolve(config, NAMES, "activation", custom_objects, LAYERS)


def serialize(activation: Callable[..., Any]) -> Any:
    """An activation as plain data.

    Args:
        activation: a function or a layer.

    Returns:
        The bare name of a built-in function; the full description of anything else.

    Raises:
        ValueError: for what is no callable, and for lambdas.

    Example:
        >>> from kmb_core import activations
        >>> activations.serialize(activations.swish)
        'silu'
    """
    if not callable(activation):
        raise ValueError(f"activations.serialize: expected a function or a layer, got {activation!r:.60}")
    identity = saved_identity(activation)
    if identity is not None and not isinstance(activation, type) and identity[0] == functions.MODULE:
        return identity[1]
    return serialize_keras_object(activation)
