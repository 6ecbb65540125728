"""Wrapper: the base of layers around a layer."""

from typing import Any

from kmb_core.errors import DTypeError
from kmb_core.layers.layer import Layer
from kmb_core.serialization import CustomObjectScope, saved_as


@saved_as("keras.layers")
class Wrapper(Layer):
    """A layer that changes what another one does; subclasses define `call`.

    Args:
        layer: the layer inside, built together with this one.

    Raises:
        DTypeError: when `layer` is no layer.

    Example:
        >>> import kmb_core
        >>> class Twice(kmb_core.layers.Wrapper):
        ...     def call(self, inputs):
        ...         return self.layer(inputs) * 2.0
        >>> float(Twice(kmb_core.layers.Activation("relu"))(kmb_core.ops.ones(())))
        2.0
    """

    def __init__(self, layer: Layer, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if not isinstance(layer, Layer):
            raise DTypeError(f"{self._where()}: expected a layer to wrap, got {layer!r}")
        self.layer = layer

    def build(self, input_shape: Any = None) -> None:
        """Build the layer inside for the same inputs."""
        if not self.layer.built:
            self.layer.build(input_shape)

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: dict[str, Any] | None = None) -> Any:
        """A wrapper from what `get_config` gave; names in it may also mean `custom_objects`."""
        with CustomObjectScope(custom_objects):
            return super().from_config(config)
