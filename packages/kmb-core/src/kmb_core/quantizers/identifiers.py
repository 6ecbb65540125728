"""Quantizers and configs of quantization by name and in files."""

from collections.abc import Mapping
from typing import Any

from kmb_core.quantizers.calibrated import AWQConfig, GPTQConfig
from kmb_core.quantizers.configs import (
    Float8QuantizationConfig,
    Int4QuantizationConfig,
    Int8QuantizationConfig,
    QuantizationConfig,
)
from kmb_core.quantizers.quantizer import AbsMaxQuantizer, Quantizer
from kmb_core.serialization import serialize_keras_object
from kmb_core.serialization.identifiers import resolve

_CONFIGS = (Int8QuantizationConfig, Int4QuantizationConfig, Float8QuantizationConfig, GPTQConfig, AWQConfig)
NAMES = {cls.__name__: cls for cls in (Quantizer, AbsMaxQuantizer, QuantizationConfig, *_CONFIGS)} | {
    "quantizer": Quantizer,
    "abs_max_quantizer": AbsMaxQuantizer,
}


def get(identifier: Any, **kwargs: Any) -> Any:
    """The quantizer that something stands for.

    Args:
        identifier: a name ("abs_max_quantizer"), a class, a quantizer, a config of quantization, a saved config, or
            None.
        kwargs: arguments for a class that is made.

    Returns:
        The quantizer; None for None.

    Raises:
        ValueError: where it stands for none.

    Example:
        >>> from kmb_core import quantizers
        >>> quantizers.get("abs_max_quantizer", axis=0).axis
        (0,)
    """
    if isinstance(identifier, QuantizationConfig):
        return identifier
    if isinstance(identifier, str) and identifier in NAMES:
        return NAMES[identifier](**kwargs)
    if isinstance(identifier, type) and kwargs:
        return identifier(**kwargs)
    return resolve(identifier, NAMES, "quantizer")


def deserialize(config: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """The quantizer or config that a saved form stands for.

    Args:
        config: what `serialize` gave.
        custom_objects: further classes by name.

    Returns:
        The object; None for None.

    Raises:
        ValueError: where it stands for none.

    Example:
        >>> from kmb_core import quantizers
        >>> quantizers.deserialize(quantizers.serialize(quantizers.AbsMaxQuantizer(axis=1))).axis
        (1,)
    """
    return resolve(config, NAMES, "quantizer", custom_objects)


def serialize(initializer: Any) -> Any:
    """A quantizer or a config of quantization as plain data.

    Args:
        initializer: the object, under the name that Keras gives this argument.

    Returns:
        A dict of module, class name and config.

    Example:
        >>> from kmb_core import quantizers
        >>> quantizers.serialize(quantizers.Float8QuantizationConfig())["class_name"]
        'Float8QuantizationConfig'
    """
    return serialize_keras_object(initializer)
