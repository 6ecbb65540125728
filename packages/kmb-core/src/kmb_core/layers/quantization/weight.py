"""A weight that can be quantized, and its two forms: as the layer uses it, and as a matrix (summed, kept).

Products of a layer sum over some axes of its weight: the inputs of a kernel, the vector of a row of a table. Values
along these share a scale or are put into blocks, so every mode sees the matrix, and no mode knows layers.
"""

from dataclasses import dataclass
from math import prod
from typing import Any

from kmb_core.ops.manipulation import reshape, transpose


@dataclass(frozen=True, eq=False)
class QuantizableWeight:
    """What modes of quantization need to know about a weight.

    Args:
        name: of its variable: "kernel". Scales are called `<name>_scale`, zero points `<name>_zero`.
        attribute: of the layer, that holds the variable: "_kernel".
        shape: in floats.
        summed: the axes that products sum over.
        scale_order, scale_shape: how a scale with the weight's axes (size 1 for summed ones) is stored, which is also
            how it broadcasts with the outputs: transposed, then reshaped.
        lies_flat: whether 4-bit integers are packed from the weight as it lies in memory, reshaped to (rows, columns),
            rather than from its matrix. Keras' files have kernels of einsums so.
        transposed: whether packed integers, scales and zero points of blocks are stored as (kept, summed).
        packed_axis: along which axis of the stored matrix two 4-bit integers share a byte.
        zero_dtype: of the zero points of blocks.
        group_index: name of the variable that says for each summed place which block it belongs to; None for none.
    """

    name: str
    attribute: str
    shape: tuple[int, ...]
    summed: tuple[int, ...]
    scale_order: tuple[int, ...]
    scale_shape: tuple[int, ...]
    lies_flat: bool = False
    transposed: bool = False
    packed_axis: int = 1
    zero_dtype: str = "int8"
    group_index: str | None = "g_idx"

    @property
    def _order(self) -> tuple[int, ...]:
        return (*self.summed, *(axis for axis in range(len(self.shape)) if axis not in self.summed))

    @property
    def rows(self) -> int:
        """How many values a product sums over."""
        return prod([self.shape[axis] for axis in self.summed])  # a list: torch traces no generator here

    @property
    def columns(self) -> int:
        """How many sums there are."""
        return prod(self.shape) // self.rows if self.rows else 0

    def matrix(self, value: Any) -> Any:
        """The weight as a matrix, `(rows, columns)`."""
        if self._order != tuple(range(len(self.shape))):
            value = transpose(value, self._order)
        return value if len(self.shape) == 2 else reshape(value, (self.rows, self.columns))

    def weight(self, matrix: Any) -> Any:
        """The weight from its matrix."""
        if len(self.shape) != 2:
            matrix = reshape(matrix, tuple(self.shape[axis] for axis in self._order))
        return _transposed_back(matrix, self._order)

    def packing_matrix(self, value: Any) -> Any:
        """The weight as the matrix that 4-bit integers are made of."""
        return reshape(value, (self.rows, self.columns)) if self.lies_flat else self.matrix(value)

    def from_packing_matrix(self, matrix: Any) -> Any:
        """The way back."""
        return reshape(matrix, self.shape) if self.lies_flat else self.weight(matrix)

    @property
    def columns_are_sums(self) -> bool:
        """Whether a column of the packing matrix is what one product sums over."""
        return not self.lies_flat or self._order == tuple(range(len(self.shape)))

    def stored_scale(self, scale: Any) -> Any:
        """A scale with the weight's axes, as it is stored."""
        return reshape(transpose(scale, self.scale_order), self.scale_shape)

    def weight_scale(self, stored: Any) -> Any:
        """A stored scale, as it broadcasts with the weight."""
        sizes = [1 if axis in self.summed else size for axis, size in enumerate(self.shape)]
        return _transposed_back(reshape(stored, tuple(sizes[axis] for axis in self.scale_order)), self.scale_order)

    def scale_of_columns(self, scale: Any) -> Any:
        """One value for each column, as it broadcasts with the weight."""
        sizes = [1 if axis in self.summed else self.shape[axis] for axis in self._order]
        return _transposed_back(reshape(scale, tuple(sizes)), self._order)

    def stored(self, matrix: Any) -> Any:
        """A matrix of integers, scales or zero points, turned as it is stored; also the way back."""
        return transpose(matrix) if self.transposed else matrix

    @property
    def stored_axis(self) -> int:
        """The axis of the matrix along which the stored one is packed."""
        return 1 - self.packed_axis if self.transposed else self.packed_axis

    def blocks(self, size: int) -> int:
        """How many blocks the rows have; -1 is one block of all."""
        return 1 if size == -1 else -(-self.rows // size)


def _transposed_back(value: Any, order: tuple[int, ...]) -> Any:
    if order == tuple(range(len(order))):
        return value
    return transpose(value, tuple(order.index(axis) for axis in range(len(order))))
