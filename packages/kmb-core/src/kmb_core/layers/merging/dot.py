"""Dot: products of two inputs along an axis of each, example by example."""

from typing import Any

from kmb_core.errors import ShapeError, message
from kmb_core.layers.layer import Layer
from kmb_core.layers.merging.merge import input_shapes
from kmb_core.ops.manipulation import expand_dims, reshape, transpose
from kmb_core.ops.nn.normalization import normalize
from kmb_core.ops.products import matmul
from kmb_core.ops.tensors import shape as sizes_of
from kmb_core.serialization import saved_as
from kmb_core.shapes import Shape, normalize_axis


@saved_as("keras.layers")
class Dot(Layer):
    """The sum of products along one axis of each of two inputs, for each example.

    Args:
        axes: the axis that is summed over, of both inputs, or one for each.
        normalize: whether the inputs are divided by their norm along that axis first: cosines.

    Input: a list of two tensors with the same batch. Output: the batch, the other axes of the first, those of the
    second; `(batch, 1)` when none is left.

    Raises:
        ShapeError: for shapes that do not fit. ValueError: for axes that are no ints.

    Example:
        >>> import kmb_core
        >>> x = kmb_core.ops.convert_to_tensor([[1.0, 2.0]])
        >>> float(kmb_core.layers.Dot(axes=1)([x, x])[0, 0])
        5.0
    """

    def __init__(self, axes: Any, normalize: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        pair = isinstance(axes, (list, tuple)) and len(axes) == 2 and all(isinstance(axis, int) for axis in axes)
        if not isinstance(axes, int) and not pair:
            raise ValueError(f"{self._where()}: axes is an int or two of them, got {axes!r}")
        self.axes = axes if isinstance(axes, int) else tuple(axes)
        self.normalize = normalize
        self.supports_masking = True

    def build(self, input_shape: Any) -> None:
        """Check the shapes."""
        self._fitted(input_shapes(self, input_shape))

    def _fitted(self, shapes: list[Shape]) -> tuple[tuple[int, int], Shape]:
        """The two axes, and the outputs' shape."""
        if len(shapes) != 2 or any(len(shape) < 2 for shape in shapes):
            raise ShapeError(f"{self._where()}: expected two inputs with batch and features, got shapes {shapes}")
        given = (self.axes, self.axes) if isinstance(self.axes, int) else self.axes
        first, second = (normalize_axis(axis, len(s), self._where()) for axis, s in zip(given, shapes, strict=True))
        one, two = shapes
        sizes = {one[first], two[second]} - {None}
        if 0 in (first, second) or len(sizes) > 1 or len({one[0], two[0]} - {None}) > 1:
            what = f"{self._where()}: shapes {one} and {two} do not meet along axes {self.axes}"
            raise ShapeError(
                message(what, "Batch and the summed axes have the same sizes, and are not the same axis.", None)
            )
        kept = (*_without(one, first)[1:], *_without(two, second)[1:])
        return (first, second), (one[0] if two[0] is None else two[0], *(kept or (1,)))

    def call(self, inputs: Any) -> Any:
        """The outputs for the inputs."""
        x, y = inputs
        (first, second), _ = self._fitted([tuple(x.shape), tuple(y.shape)])
        if self.normalize:
            x, y = normalize(x, axis=first), normalize(y, axis=second)
        one, two = sizes_of(x), sizes_of(y)
        rows = transpose(x, (*_without(range(len(one)), first), first))
        columns = transpose(y, (0, second, *_without(range(len(two)), second)[1:]))
        kept = (*_without(one, first)[1:], *_without(two, second)[1:])
        product = matmul(_matrix(rows, -1), _matrix(columns, 1))
        return reshape(product, (one[0], *(kept or (1,))))

    def compute_output_spec(self, inputs: Any) -> Any:
        """A KerasTensor like the output."""
        return super().compute_output_spec(inputs)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The batch and the axes that are left."""
        return self._fitted(input_shapes(self, input_shape))[1]

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """None: the axes that a mask is for may be gone."""
        return None


def _without(items: Any, place: int) -> tuple[Any, ...]:
    items = tuple(items)
    return items[:place] + items[place + 1 :]


def _matrix(x: Any, axis: int) -> Any:
    """(batch, others, summed), or with axis 1 (batch, summed, others)."""
    if len(x.shape) == 3:
        return x
    if len(x.shape) == 2:
        return expand_dims(x, 1 if axis == -1 else 2)
    sizes = sizes_of(x)
    others = 1
    for size in sizes[1:-1] if axis == -1 else sizes[2:]:
        others = others * size
    return reshape(x, (sizes[0], others, sizes[-1]) if axis == -1 else (sizes[0], sizes[1], others))


def dot(inputs: Any, axes: Any = -1, **kwargs: Any) -> Any:
    """The sum of products along one axis of each of two inputs: `Dot(axes, **kwargs)(inputs)`.

    Args:
        inputs: a list of two tensors with the same batch.
        axes: the axis that is summed over, of both inputs, or one for each.
        **kwargs: the layer's arguments, `normalize` for instance.

    Returns:
        The batch, the other axes of the first, those of the second.

    Raises:
        ShapeError: for shapes that do not fit.

    Example:
        >>> import kmb_core
        >>> x = kmb_core.ops.convert_to_tensor([[1.0, 2.0]])
        >>> float(kmb_core.layers.dot([x, x])[0, 0])
        5.0
    """
    return Dot(axes=axes, **kwargs)(inputs)
