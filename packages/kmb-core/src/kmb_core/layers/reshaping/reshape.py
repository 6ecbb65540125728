"""Reshape: other sizes for all axes but the first."""

from typing import Any

from kmb_core.errors import ShapeError, message
from kmb_core.layers.layer import Layer
from kmb_core.ops.manipulation import reshape
from kmb_core.ops.tensors import shape as shape_of
from kmb_core.serialization import saved_as
from kmb_core.shapes import Shape, product


@saved_as("keras.layers")
class Reshape(Layer):
    """The same numbers with other axes; the batch axis stays.

    Args:
        target_shape: sizes without the batch axis; one may be -1, for what is left.

    Input: `(batch, ...)`. Output: `(batch, *target_shape)`.

    Raises:
        ShapeError: for more than one -1, and where the number of elements differs.

    Example:
        >>> import kmb_core
        >>> tuple(kmb_core.layers.Reshape((-1, 2))(kmb_core.ops.ones((5, 6))).shape)
        (5, 3, 2)
    """

    _keeps_dtype = True

    def __init__(self, target_shape: Any, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.target_shape = (target_shape,) if isinstance(target_shape, int) else tuple(target_shape)
        if self.target_shape.count(-1) > 1 or any(not isinstance(s, int) or s < -1 for s in self.target_shape):
            raise ShapeError(f"{self._where()}: target_shape has sizes and at most one -1, got {self.target_shape}")
        self._needs_no_building()

    def call(self, inputs: Any) -> Any:
        """The outputs for the inputs."""
        batch = inputs.shape[0]
        if batch is None:
            # The open size can be the batch, where no other is open.
            batch = -1 if -1 not in self.target_shape else shape_of(inputs)[0]
        elif not batch:  # no samples: the open size has to follow from the others
            return reshape(inputs, self.compute_output_shape(tuple(inputs.shape)))
        return reshape(inputs, (batch, *self.target_shape))

    def compute_output_spec(self, inputs: Any) -> Any:
        """A KerasTensor like the output."""
        return super().compute_output_spec(inputs)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """(batch, *target_shape), -1 worked out where all sizes are known."""
        given = product(input_shape[1:])
        wanted = product(size for size in self.target_shape if size != -1)
        open_size = -1 in self.target_shape
        if given is not None and wanted is not None:
            fits = given == wanted if not open_size else given % wanted == 0 if wanted else given == 0
            if not fits:
                raise ShapeError(self._misfit(input_shape))
        left = None if given is None or not wanted else given // wanted
        return (input_shape[0], *self._resolved(left))

    def _resolved(self, left: int | None) -> Shape:
        return tuple(left if size == -1 else size for size in self.target_shape)

    def _misfit(self, input_shape: Any) -> str:
        what = f"{self._where()}: expected as many elements as {self.target_shape} has, got {tuple(input_shape[1:])}"
        return message(what, "The batch axis is not counted.", "Compare the products of the sizes.")
