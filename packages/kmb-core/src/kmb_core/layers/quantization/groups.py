"""gptq and awq: unsigned integers of few bits in groups, `weight ≈ (integers - zero) * scale`.

Both are stored as (columns, rows). What the integers are is found with data, by `calibration`; without it each weight
is rounded to the nearest value.
"""

from typing import Any

import numpy as np

from kmb_core.backend import convert_to_numpy
from kmb_core.layers.quantization.mode import Mode, add_mode, made
from kmb_core.layers.quantization.rounding import Grid, group_ranges
from kmb_core.layers.quantization.weight import QuantizableWeight
from kmb_core.ops.arithmetic import multiply, subtract, true_divide
from kmb_core.ops.creation import cast
from kmb_core.ops.indexing import take
from kmb_core.ops.manipulation import expand_dims, transpose
from kmb_core.quantizers import pack_int4, unpack_int4


class Gptq(Mode):
    """Groups of inputs share a scale and a zero point for each output."""

    name = "gptq"
    low_rank = False
    bias_first = True

    def main(self, weight: QuantizableWeight) -> str:
        """The integers have an attribute of their own."""
        return f"quantized_{weight.name}"

    def extras(self, weight: QuantizableWeight) -> tuple[str, ...]:
        """Scale, zero points, and to which group inputs belong."""
        return (f"{weight.name}_scale", f"{weight.name}_zero", "g_idx")

    def build(self, layer: Any, weight: QuantizableWeight) -> None:
        """Make integers and groups."""
        policy = layer.dtype_policy
        packed = -(-weight.columns // 2) if policy.weight_bits == 4 else weight.columns
        groups = (weight.columns, weight.blocks(policy.group_size))
        scale, zero = f"{weight.name}_scale", f"{weight.name}_zero"
        made(layer, self.main(weight), weight.name, (packed, weight.rows), "uint8")
        made(layer, scale, scale, groups, layer.variable_dtype, initializer="ones")
        made(layer, zero, zero, groups, "uint8")
        index = made(layer, "g_idx", "g_idx", (weight.rows,), "float32")
        index.assign(np.arange(weight.rows) // (weight.rows if policy.group_size == -1 else policy.group_size))

    def values(self, layer: Any, weight: QuantizableWeight, value: Any) -> dict[str, Any]:
        """Each weight rounded to the nearest value of its group."""
        policy = layer.dtype_policy
        matrix = convert_to_numpy(weight.matrix(value)).astype("float32")
        grid = group_ranges(matrix, policy.weight_bits, policy.group_size)
        return self.from_integers(layer, weight, grid.integers(matrix), grid)

    def from_integers(self, layer: Any, weight: QuantizableWeight, integers: np.ndarray, grid: Grid) -> dict[str, Any]:
        """What the variables hold for integers `(rows, columns)` on a grid."""
        integers = np.ascontiguousarray(integers.T).astype("uint8")
        packed = pack_int4(integers, axis=0, dtype="uint8")[0] if layer.dtype_policy.weight_bits == 4 else integers
        zero = np.ascontiguousarray(grid.zero.T).astype("uint8")
        scale = np.ascontiguousarray(grid.scale.T)
        found = {self.main(weight): packed, f"{weight.name}_scale": scale, f"{weight.name}_zero": zero}
        return {**found, "g_idx": grid.group.astype("float32")}

    def value(self, layer: Any, weight: QuantizableWeight) -> Any:
        """The integers back in floats."""
        return weight.weight(cast(transpose(self._matrix(layer, weight)), layer.compute_dtype))

    def _matrix(self, layer: Any, weight: QuantizableWeight) -> Any:
        """The weight's matrix, (columns, rows)."""
        integers, scale = getattr(layer, self.main(weight)).value, getattr(layer, f"{weight.name}_scale").value
        if layer.dtype_policy.weight_bits == 4:
            integers = unpack_int4(integers, weight.columns, axis=0, dtype="uint8")
        group = cast(layer.g_idx.value, "int32")
        zero = cast(getattr(layer, f"{weight.name}_zero").value, scale.dtype)
        return multiply(subtract(cast(integers, scale.dtype), take(zero, group, axis=1)), take(scale, group, axis=1))


class Awq(Gptq):
    """Before rounding, rows were multiplied by scales of the inputs; they are divided by them again."""

    name = "awq"

    def extras(self, weight: QuantizableWeight) -> tuple[str, ...]:
        """Scale, zero points, scales of the inputs, and to which group inputs belong."""
        return (f"{weight.name}_scale", f"{weight.name}_zero", "awq_scales", "g_idx")

    def build(self, layer: Any, weight: QuantizableWeight) -> None:
        """Make integers, groups and scales of the inputs."""
        super().build(layer, weight)
        made(layer, "awq_scales", "awq_scales", (weight.rows,), layer.variable_dtype, initializer="ones")

    def _matrix(self, layer: Any, weight: QuantizableWeight) -> Any:
        return true_divide(super()._matrix(layer, weight), expand_dims(layer.awq_scales.value, 0))


add_mode(Gptq())
add_mode(Awq())
