"""float8: weights stay floats; products are of 8-bit floats whose scales follow the training.

Inputs and weight are rounded to e4m3fn in the forward pass, gradients to e5m2 in the backward pass. A scale is made of
the largest magnitudes of the steps before, so no product waits for a reduction of its own operands. New scales and
histories are what the gradient "of" these variables is: the optimizer puts it in their place.

Source: Micikevicius et al., "FP8 Formats for Deep Learning", 2022 (arXiv:2209.05433).
"""

from typing import Any

from kmb_core.layers.quantization.mode import Mode, add_mode, made
from kmb_core.layers.quantization.weight import QuantizableWeight
from kmb_core.ops.creation import cast
from kmb_core.ops.reduction import max as largest
from kmb_core.ops.transformations import with_gradient
from kmb_core.quantizers import compute_float8_amax_history, compute_float8_scale, quantize_and_dequantize
from kmb_core.quantizers.float8 import LARGEST

_DEFAULT_LENGTH = 1024
_FORWARD, _BACKWARD = "float8_e4m3fn", "float8_e5m2"


class Float8(Mode):
    """Delayed scaling."""

    name = "float8"
    low_rank = False
    keeps_weight = True

    def extras(self, weight: QuantizableWeight) -> tuple[str, ...]:
        """Scale and history of inputs, weight and gradients."""
        named = ("inputs", weight.name, "outputs_grad")
        return tuple(f"{name}_{part}" for name in named for part in ("scale", "amax_history"))

    def build(self, layer: Any, weight: QuantizableWeight) -> None:
        """Make scales and histories."""
        length = getattr(layer.dtype_policy, "amax_history_length", _DEFAULT_LENGTH)
        options = {"trainable": True, "overwrite_with_gradient": True}
        for name in self.extras(weight):
            scale = name.endswith("_scale")
            start = "ones" if scale else "zeros"
            made(layer, name, name, () if scale else (length,), "float32", initializer=start, **options)

    def values(self, layer: Any, weight: QuantizableWeight, value: Any) -> dict[str, Any]:
        """Nothing changes: the scales are learned."""
        return {}

    def value(self, layer: Any, weight: QuantizableWeight) -> Any:
        """The weight itself."""
        return cast(getattr(layer, weight.attribute).value, layer.compute_dtype)

    def outputs(self, layer: Any, weight: QuantizableWeight, inputs: Any, training: bool | None) -> Any:
        """The product of what is left of inputs and weight as 8-bit floats."""
        inputs = _rounded(layer, cast(inputs, layer.compute_dtype), "inputs", training)
        value = _rounded(layer, self.value(layer, weight), weight.name, training)
        outputs = layer.project(inputs, value, weight)
        return _rounds_gradients(layer, outputs) if training else outputs

    def bias(self, layer: Any, bias: Any) -> Any:
        """Rounded to 16 bits, which is still finer than the sums of 8-bit products."""
        return cast(cast(bias.value, "bfloat16"), layer.compute_dtype)

    def readable(self, layer: Any, weight: QuantizableWeight) -> Any:
        """The variable."""
        return getattr(layer, weight.attribute)


def _state(layer: Any, name: str) -> tuple[Any, Any]:
    return getattr(layer, f"{name}_scale").value, getattr(layer, f"{name}_amax_history").value


def _next(x: Any, scale: Any, history: Any, dtype: str) -> tuple[Any, Any]:
    """Scale and history for the next step."""
    scale = compute_float8_scale(largest(history), scale, LARGEST[dtype])
    return scale, compute_float8_amax_history(x, history)


def _rounded(layer: Any, x: Any, name: str, training: bool | None) -> Any:
    """What is left of a tensor; in training its gradient passes, and state is renewed."""
    scale, history = _state(layer, name)

    def rounding(x: Any, scale: Any, history: Any) -> Any:
        outputs = quantize_and_dequantize(x, scale, _FORWARD, layer.compute_dtype)
        return outputs, lambda upstream: (upstream, *_next(x, scale, history, _FORWARD))

    if training:
        return with_gradient(rounding, x, scale, history)
    return quantize_and_dequantize(x, scale, _FORWARD, layer.compute_dtype)


def _rounds_gradients(layer: Any, outputs: Any) -> Any:
    """The outputs, whose gradient is rounded on its way back."""
    scale, history = _state(layer, "outputs_grad")

    def passing(x: Any, scale: Any, history: Any) -> Any:
        def gradient(upstream: Any) -> tuple[Any, Any, Any]:
            rounded = quantize_and_dequantize(upstream, scale, _BACKWARD, layer.compute_dtype)
            return rounded, *_next(upstream, scale, history, _BACKWARD)

        return x, gradient

    return with_gradient(passing, outputs, scale, history)


add_mode(Float8())
