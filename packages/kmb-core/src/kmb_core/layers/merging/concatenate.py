"""Concatenate: several inputs, one behind the other."""

from typing import Any

from kmb_core.errors import ShapeError, message
from kmb_core.layers.layer import Layer
from kmb_core.layers.merging.merge import input_shapes
from kmb_core.ops.comparison import logical_or
from kmb_core.ops.creation import ones_like
from kmb_core.ops.manipulation import broadcast_to, expand_dims
from kmb_core.ops.manipulation import concatenate as concatenate_op
from kmb_core.ops.tensors import shape as shape_of
from kmb_core.serialization import saved_as
from kmb_core.shapes import Shape, normalize_axis


@saved_as("keras.layers")
class Concatenate(Layer):
    """The inputs, one behind the other along an axis.

    Args:
        axis: the axis.

    Input: a list of tensors of the same shape, the axis aside. Output: one tensor.

    Raises:
        ShapeError: for shapes that differ elsewhere.

    Example:
        >>> import kmb_core
        >>> x = kmb_core.ops.ones((2, 3))
        >>> tuple(kmb_core.layers.Concatenate()([x, x]).shape)
        (2, 6)
    """

    def __init__(self, axis: int = -1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.axis = axis
        self.supports_masking = True

    def build(self, input_shape: Any) -> None:
        """Make the weights."""
        self._joined_shape(input_shapes(self, input_shape))

    def _joined_shape(self, shapes: list[Shape]) -> Shape:
        rank = len(shapes[0])
        axis = normalize_axis(self.axis, rank, self._where())
        joined = list(shapes[0])
        for shape in shapes[1:]:
            if len(shape) != rank or any(not _agree(joined[i], shape[i]) for i in range(rank) if i != axis):
                what = f"{self._where()}: expected shapes that agree but for axis {self.axis}, got {shapes}"
                raise ShapeError(message(what, "Only the axis of concatenation may differ.", None))
            for i, size in enumerate(shape):
                if i == axis:
                    joined[i] = None if None in (joined[i], size) else joined[i] + size  # type: ignore[operator]  # not None
                elif joined[i] is None:
                    joined[i] = size
        return tuple(joined)

    def call(self, inputs: Any) -> Any:
        """The outputs for the inputs."""
        return concatenate_op(inputs, self.axis)

    def compute_output_spec(self, inputs: Any) -> Any:
        """A KerasTensor like the output."""
        return super().compute_output_spec(inputs)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The common shape, the sizes along the axis added up."""
        return self._joined_shape(input_shapes(self, input_shape))

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """The masks, concatenated if the axis is one of theirs; else what counts in one of the inputs counts."""
        if mask is None or all(m is None for m in mask):
            return None
        rank = max(len(m.shape) for m in mask if m is not None)
        axis = normalize_axis(self.axis, len(inputs[0].shape), self._where())
        masks = [_full_mask(x, m, rank) for x, m in zip(inputs, mask, strict=True)]
        if axis < rank:
            return concatenate_op(masks, axis)
        merged = masks[0]
        for other in masks[1:]:
            merged = logical_or(merged, other)
        return merged


def _agree(first: int | None, second: int | None) -> bool:
    return first is None or second is None or first == second


def _full_mask(x: Any, mask: Any, rank: int) -> Any:
    """A mask over the first `rank` axes of x; all of it counts where there is none."""
    if mask is None:
        for _ in range(len(x.shape) - rank):
            x = x[..., 0]
        return ones_like(x, dtype="bool")
    while len(mask.shape) < rank:
        mask = expand_dims(mask, -1)
    return broadcast_to(mask, shape_of(x)[:rank])


def concatenate(inputs: Any, axis: int = -1, **kwargs: Any) -> Any:
    """The inputs, one behind the other along an axis: `Concatenate(axis)(inputs)`.

    Args:
        inputs: a list of tensors of the same shape, the axis aside.
        axis: the axis.
        **kwargs: the layer's arguments, `name` for instance.

    Returns:
        One tensor.

    Raises:
        ShapeError: for shapes that differ elsewhere.

    Example:
        >>> import kmb_core
        >>> x = kmb_core.ops.ones((2, 3))
        >>> tuple(kmb_core.layers.concatenate([x, x]).shape)
        (2, 6)
    """
    return Concatenate(axis, **kwargs)(inputs)
