"""What the layers that work on several tensors element by element share.

Inputs of fewer axes get axes of size 1 after the batch axis, so that the batch stays the batch.
"""

from typing import Any

from kmb_core.errors import ShapeError, message
from kmb_core.layers.layer import Layer
from kmb_core.ops.comparison import logical_or
from kmb_core.ops.manipulation import expand_dims
from kmb_core.shapes import Shape, broadcast_shapes


class Merge(Layer):
    """One tensor from several of broadcastable shapes; subclasses define `_merge_function(inputs)`."""

    _count: int | None = None  # how many inputs there must be

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.supports_masking = True

    def build(self, input_shape: Any) -> None:
        """Make the weights."""
        self._merged_shape(input_shapes(self, input_shape))

    def _merged_shape(self, shapes: list[Shape]) -> Shape:
        if self._count not in (None, len(shapes)):
            raise ShapeError(f"{self._where()}: expected {self._count} inputs, got {len(shapes)} of shapes {shapes}")
        batches = {shape[0] for shape in shapes if shape} - {None}
        if len(batches) > 1:
            what = f"{self._where()}: expected inputs of one batch size, got shapes {shapes}"
            raise ShapeError(message(what, "Only the axes after the first broadcast.", None))
        if any(not shape for shape in shapes):
            raise ShapeError(f"{self._where()}: expected inputs with a batch axis, got shapes {shapes}")
        merged: Shape = ()
        for shape in shapes:
            merged = broadcast_shapes(merged, shape[1:], self._where())
        return (next(iter(batches), None), *merged)

    def call(self, inputs: Any) -> Any:
        """The outputs for the inputs."""
        rank = inputs[0].ndim
        for x in inputs:
            if x.ndim != rank:
                rank = max(len(x.shape) for x in inputs)
                return self._merge_function([_with_axes(x, rank - len(x.shape)) for x in inputs])
        return self._merge_function(inputs)

    def _merge_function(self, inputs: Any) -> Any:
        raise NotImplementedError(f"{type(self).__name__} defines no _merge_function")

    def compute_output_spec(self, inputs: Any) -> Any:
        """A KerasTensor like the output."""
        return super().compute_output_spec(inputs)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The common shape."""
        return self._merged_shape(input_shapes(self, input_shape))

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """What counts in one of the inputs counts; None where an input has no mask at all."""
        masks = mask if isinstance(mask, (list, tuple)) else [mask]
        if any(m is None for m in masks):
            return None
        merged = masks[0]
        for other in masks[1:]:
            merged = logical_or(merged, other)
        return merged


def input_shapes(layer: Layer, input_shape: Any) -> list[Shape]:
    """The shapes of a list of inputs.

    Raises:
        ShapeError: for a single tensor, or none.
    """
    several = isinstance(input_shape, (list, tuple)) and len(input_shape) > 0
    if not several or not all(isinstance(shape, (list, tuple)) for shape in input_shape):
        what = f"{layer._where()}: expected a list of tensors, got shape {input_shape}"
        raise ShapeError(message(what, "It was called on one tensor, or on none.", "Call it on a list: layer([a, b])."))
    return [tuple(shape) for shape in input_shape]


def _with_axes(x: Any, number: int) -> Any:
    for _ in range(number):
        x = expand_dims(x, 1)
    return x
