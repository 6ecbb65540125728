"""int8: 8-bit weights with a scale for each output, and inputs that are quantized as they come."""

from typing import Any

from kmb_core.layers.quantization.integers import integer_outputs
from kmb_core.layers.quantization.mode import Mode, add_mode, made
from kmb_core.layers.quantization.weight import QuantizableWeight
from kmb_core.ops.arithmetic import true_divide
from kmb_core.ops.creation import cast
from kmb_core.ops.manipulation import expand_dims
from kmb_core.ops.nn.projection import embed
from kmb_core.quantizers import AbsMaxQuantizer, QuantizationConfig


class Int8(Mode):
    """`integers = round(weight * scale)`; the product of integers is divided by both scales."""

    name = "int8"

    def extras(self, weight: QuantizableWeight) -> tuple[str, ...]:
        """The scale."""
        return (f"{weight.name}_scale",)

    def build(self, layer: Any, weight: QuantizableWeight) -> None:
        """Make integers and scale."""
        made(layer, weight.attribute, weight.name, weight.shape, "int8")
        scale = f"{weight.name}_scale"
        made(layer, scale, scale, weight.scale_shape, layer.variable_dtype, initializer="ones")

    def values(self, layer: Any, weight: QuantizableWeight, value: Any) -> dict[str, Any]:
        """Integers and scale."""
        quantizer = QuantizationConfig.weight_quantizer_or_default(layer.quantization_config, AbsMaxQuantizer())
        integers, scale = quantized(quantizer, value, weight.summed)
        return {weight.attribute: integers, f"{weight.name}_scale": weight.stored_scale(scale)}

    def value(self, layer: Any, weight: QuantizableWeight) -> Any:
        """The integers divided by the scale."""
        scale = self._scale(layer, weight)
        integers = cast(getattr(layer, weight.attribute).value, scale.dtype)
        return cast(true_divide(integers, weight.weight_scale(scale)), layer.compute_dtype)

    def rows(self, layer: Any, weight: QuantizableWeight, indices: Any) -> Any:
        """The rows' integers divided by their scales."""
        scale = embed(self._scale(layer, weight), indices)
        integers = cast(embed(getattr(layer, weight.attribute).value, indices), scale.dtype)
        return cast(true_divide(integers, expand_dims(scale, -1)), layer.compute_dtype)

    def outputs(self, layer: Any, weight: QuantizableWeight, inputs: Any, training: bool | None) -> Any:
        """In integers where the inputs are quantized, else in floats."""
        quantizer = QuantizationConfig.activation_quantizer_or_default(layer.quantization_config, AbsMaxQuantizer())
        if quantizer is None:
            return super().outputs(layer, weight, inputs, training)
        integers = getattr(layer, weight.attribute).value
        return integer_outputs(layer, self, weight, inputs, (quantizer, integers, self._scale(layer, weight)))

    def readable(self, layer: Any, weight: QuantizableWeight) -> Any:
        """The integers; with LoRA the adapted weight in floats."""
        if layer.adapts(weight):
            return layer.with_low_rank(self.value(layer, weight), weight)
        return getattr(layer, weight.attribute)

    @staticmethod
    def _scale(layer: Any, weight: QuantizableWeight) -> Any:
        return getattr(layer, f"{weight.name}_scale").value


def quantized(quantizer: Any, value: Any, axes: tuple[int, ...]) -> tuple[Any, Any]:
    """What a quantizer makes of a tensor; one that says no axis takes those of the layer."""
    if isinstance(quantizer, AbsMaxQuantizer):
        return quantizer(value, axis=axes if quantizer.axis is None else None)
    return quantizer(value)


add_mode(Int8())
