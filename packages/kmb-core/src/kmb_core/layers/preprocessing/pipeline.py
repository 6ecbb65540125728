"""Pipeline: layers that prepare data, one after the other."""

from typing import Any

from kmb_core.layers.call_plan import call_plan
from kmb_core.layers.layer import Layer
from kmb_core.layers.preprocessing.data_layer import DataLayer
from kmb_core.serialization import deserialize_keras_object, saved_as, serialize_keras_object


@saved_as("keras.layers")
class Pipeline(DataLayer):
    """Layers in a row, as one: in a loader, in the `map` of a dataset or in a model.

    Args:
        layers: a list of layers; those that know training are told it.
        name: automatic when None.

    Input and output: what the first layer takes and the last one gives.

    Raises:
        ValueError: where one of them is no layer, or there is none.

    Example:
        >>> import kmb_core
        >>> layers = kmb_core.layers
        >>> pipeline = layers.Pipeline([layers.Rescaling(2.0), layers.Rescaling(1.0, offset=1.0)])
        >>> [float(x) for x in pipeline([1.0, 2.0])]
        [3.0, 5.0]
    """

    def __init__(self, layers: Any, name: str | None = None) -> None:
        super().__init__(name=name)
        if not isinstance(layers, (list, tuple)) or not layers or not all(isinstance(x, Layer) for x in layers):
            raise ValueError(f"{self._where()}: expected a list of layers, got {layers!r:.80}")
        self._pipeline_layers = list(layers)
        self._convert_input_args = False  # each layer does it in its own way

    @property
    def layers(self) -> list[Layer]:
        """The layers in order."""
        return self._pipeline_layers

    def _array(self, inputs: Any) -> Any:
        first = self._pipeline_layers[0]
        return first._array(inputs) if isinstance(first, DataLayer) else super()._array(inputs)

    def call(self, inputs: Any, training: bool | None = True, mask: Any = None) -> Any:
        """The outputs for the inputs."""
        for layer in self._pipeline_layers:
            plan = call_plan(type(layer))
            options = {"training": training} if plan.takes_training else {}
            if mask is not None and "mask" in plan.mask_of.values():
                options["mask"] = mask
            inputs = layer(inputs, **options)
        return inputs

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The shapes of what the last layer gives."""
        for layer in self._pipeline_layers:
            input_shape = layer.compute_output_shape(input_shape)
        return input_shape

    def get_config(self) -> dict[str, Any]:
        """The layers, described, and the name."""
        return {"layers": [serialize_keras_object(layer) for layer in self._pipeline_layers], "name": self.name}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Any:
        """A pipeline from what `get_config` gave."""
        made = [deserialize_keras_object(x) if isinstance(x, dict) else x for x in config["layers"]]
        return cls(made, name=config.get("name"))
