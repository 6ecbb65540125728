"""int4: two weights in a byte; blocks of them with a scale and a zero point, or one scale for each output."""

from typing import Any

import numpy as np

from kmb_core.layers.quantization.int8 import quantized
from kmb_core.layers.quantization.integers import integer_outputs
from kmb_core.layers.quantization.mode import Mode, add_mode, made
from kmb_core.layers.quantization.weight import QuantizableWeight
from kmb_core.ops.arithmetic import multiply, subtract, true_divide
from kmb_core.ops.creation import cast
from kmb_core.ops.indexing import take
from kmb_core.ops.manipulation import expand_dims, reshape
from kmb_core.ops.nn.projection import embed
from kmb_core.quantizers import (
    AbsMaxQuantizer,
    QuantizationConfig,
    abs_max_quantize_grouped_with_zero_point,
    pack_int4,
    unpack_int4,
)

_RANGE = (-8, 7)


def block_size(layer: Any) -> int | None:
    """How many inputs share a scale; None where all of an output do."""
    size = getattr(layer.dtype_policy, "block_size", None)
    return None if size == -1 else size


class Int4(Mode):
    """Per block `weight ≈ (integers - zero) * scale`, else `weight ≈ integers / scale`."""

    name = "int4"

    def extras(self, weight: QuantizableWeight) -> tuple[str, ...]:
        """Scale and zero points, and to which block inputs belong; those that the layer has."""
        own = (f"{weight.name}_scale", f"{weight.name}_zero")
        return own if weight.group_index is None else (*own, weight.group_index)

    def build(self, layer: Any, weight: QuantizableWeight) -> None:
        """Make the packed integers and what belongs to them."""
        sizes = [weight.rows, weight.columns]
        sizes[weight.stored_axis] = -(-sizes[weight.stored_axis] // 2)
        made(layer, weight.attribute, weight.name, _turned(weight, sizes), "int8")
        size, scale, zero = block_size(layer), f"{weight.name}_scale", f"{weight.name}_zero"
        if size is None:
            made(layer, scale, scale, (weight.columns,), layer.variable_dtype, initializer="ones")
            return
        blocks = _turned(weight, [weight.blocks(size), weight.columns])
        made(layer, scale, scale, blocks, layer.variable_dtype, initializer="ones")
        made(layer, zero, zero, blocks, weight.zero_dtype)
        if weight.group_index is not None:
            index = made(layer, weight.group_index, weight.group_index, (weight.rows,), "float32")
            index.assign(np.arange(weight.rows) // size)

    def values(self, layer: Any, weight: QuantizableWeight, value: Any) -> dict[str, Any]:
        """Packed integers, scale and zero points."""
        size = block_size(layer)
        if size is None:
            quantizer = AbsMaxQuantizer(value_range=_RANGE)
            quantizer = QuantizationConfig.weight_quantizer_or_default(layer.quantization_config, quantizer)
            integers, scale = quantized(quantizer, weight.packing_matrix(value), (0,))
            parts = {f"{weight.name}_scale": reshape(scale, (weight.columns,))}
        else:
            integers, scale, zero = abs_max_quantize_grouped_with_zero_point(weight.packing_matrix(value), size)
            parts = {f"{weight.name}_scale": weight.stored(scale)}
            parts[f"{weight.name}_zero"] = cast(weight.stored(zero), weight.zero_dtype)
        return {weight.attribute: pack_int4(weight.stored(integers), axis=weight.packed_axis)[0], **parts}

    def value(self, layer: Any, weight: QuantizableWeight) -> Any:
        """The integers back in floats."""
        integers, scale = self._integers(layer, weight), getattr(layer, f"{weight.name}_scale").value
        if block_size(layer) is None:
            matrix = true_divide(cast(integers, scale.dtype), expand_dims(scale, 0))
        else:
            zero, block = getattr(layer, f"{weight.name}_zero").value, self._block_of_row(layer, weight)
            zero = take(weight.stored(cast(zero, scale.dtype)), block, axis=0)
            scale = take(weight.stored(scale), block, axis=0)
            matrix = multiply(subtract(cast(integers, scale.dtype), zero), scale)
        return weight.from_packing_matrix(cast(matrix, layer.compute_dtype))

    def rows(self, layer: Any, weight: QuantizableWeight, indices: Any) -> Any:
        """The rows' integers back in floats."""
        scale = embed(getattr(layer, f"{weight.name}_scale").value, indices)
        packed = embed(getattr(layer, weight.attribute).value, indices)
        integers = cast(unpack_int4(packed, weight.rows, axis=-1), scale.dtype)
        if block_size(layer) is None:
            return cast(true_divide(integers, expand_dims(scale, -1)), layer.compute_dtype)
        block = self._block_of_row(layer, weight)
        zero = cast(embed(getattr(layer, f"{weight.name}_zero").value, indices), scale.dtype)
        rows = multiply(subtract(integers, take(zero, block, axis=-1)), take(scale, block, axis=-1))
        return cast(rows, layer.compute_dtype)

    def outputs(self, layer: Any, weight: QuantizableWeight, inputs: Any, training: bool | None) -> Any:
        """In integers where the config quantizes inputs, else in floats."""
        quantizer = QuantizationConfig.activation_quantizer_or_default(layer.quantization_config, None)
        if quantizer is None or block_size(layer) is not None or not weight.columns_are_sums:
            return super().outputs(layer, weight, inputs, training)
        scale = weight.scale_of_columns(getattr(layer, f"{weight.name}_scale").value)
        integers = weight.from_packing_matrix(self._integers(layer, weight))
        return integer_outputs(layer, self, weight, inputs, (quantizer, integers, weight.stored_scale(scale)))

    @staticmethod
    def _integers(layer: Any, weight: QuantizableWeight) -> Any:
        """The integers as a matrix."""
        length = (weight.rows, weight.columns)[weight.stored_axis]
        return weight.stored(unpack_int4(getattr(layer, weight.attribute).value, length, axis=weight.packed_axis))

    @staticmethod
    def _block_of_row(layer: Any, weight: QuantizableWeight) -> Any:
        if weight.group_index is None:
            return np.arange(weight.rows, dtype="int32") // block_size(layer)
        return cast(getattr(layer, weight.group_index).value, "int32")


def _turned(weight: QuantizableWeight, sizes: list[int]) -> tuple[int, ...]:
    return tuple(reversed(sizes)) if weight.transposed else tuple(sizes)


add_mode(Int4())
