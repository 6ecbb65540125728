"""Products of integers: inputs are quantized as they come, the sums of products are divided by both scales."""

from typing import Any

from kmb_core.layers.quantization.mode import Mode, joined
from kmb_core.layers.quantization.weight import QuantizableWeight
from kmb_core.ops.arithmetic import multiply, true_divide
from kmb_core.ops.creation import cast
from kmb_core.ops.transformations import with_gradient


def integer_outputs(layer: Any, mode: Mode, weight: QuantizableWeight, inputs: Any, parts: tuple[Any, Any, Any]) -> Any:
    """The layer's product in integers.

    The gradient is that of the product with the weight in floats: rounding has none (straight-through estimation).

    Args:
        layer, mode, weight: whose product.
        inputs: in floats.
        parts: the inputs' quantizer, the weight's integers, and its scale as it broadcasts with the outputs.
    """
    quantizer, integers, scale = parts

    def product(x: Any) -> Any:
        quantized_inputs, inputs_scale = layer.quantized_inputs(x, quantizer, weight)
        sums = cast(layer.project(quantized_inputs, integers, weight), scale.dtype)
        outputs = cast(true_divide(sums, multiply(cast(inputs_scale, scale.dtype), scale)), layer.compute_dtype)
        return outputs, lambda upstream: layer.project_back(upstream, mode.value(layer, weight), weight)

    return joined(layer, with_gradient(product, inputs), weight, inputs)
