"""Cropping: the middle of 1 to 3 spatial axes."""

from typing import Any

from kmb_core.layers.reshaping.base_borders import BaseBorders
from kmb_core.ops.indexing import get_item
from kmb_core.serialization import saved_as


@saved_as("keras.layers")
class Cropping1D(BaseBorders):
    """Leave out the border, over one spatial axis.

    Args:
        cropping: elements; an int for both ends, or (front, end).

    Input and output: `(batch, steps, channels)`.

    Raises:
        ShapeError: for other arguments, or when nothing is left.

    Example:
        >>> import kmb_core
        >>> tuple(kmb_core.layers.Cropping1D()(kmb_core.ops.ones((1, 6, 2))).shape)
        (1, 4, 2)
    """

    rank = 1
    _unsaved_arguments = frozenset({"amounts", "data_format"})

    def __init__(self, cropping: Any = (1, 1), **kwargs: Any) -> None:
        super().__init__(cropping, "channels_last", **kwargs)
        self.cropping = self._amounts[0] if self.rank == 1 else self._amounts

    def call(self, inputs: Any) -> Any:
        """The outputs for the inputs."""
        return get_item(inputs, self._slices(tuple(inputs.shape)))

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The inputs' shape with other spatial sizes."""
        return self._resized(input_shape, -1)


@saved_as("keras.layers")
class Cropping2D(BaseBorders):
    """Leave out the border, over two spatial axes.

    Args:
        cropping: elements; an int for all ends, one for each axis, or (front, end) for each axis.
        data_format: "channels_last" or "channels_first"; the configured one when None.

    Input and output: `(batch, height, width, channels)`, or with channels after the batch for "channels_first".

    Raises:
        ShapeError: for other arguments, or when nothing is left.

    Example:
        >>> import kmb_core
        >>> tuple(kmb_core.layers.Cropping2D()(kmb_core.ops.ones((1, 6, 6, 2))).shape)
        (1, 6, 6, 2)
    """

    rank = 2

    def __init__(self, cropping: Any = ((0, 0), (0, 0)), data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(cropping, data_format, **kwargs)
        self.cropping = self._amounts[0] if self.rank == 1 else self._amounts

    def call(self, inputs: Any) -> Any:
        """The outputs for the inputs."""
        return get_item(inputs, self._slices(tuple(inputs.shape)))

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The inputs' shape with other spatial sizes."""
        return self._resized(input_shape, -1)


@saved_as("keras.layers")
class Cropping3D(BaseBorders):
    """Leave out the border, over three spatial axes.

    Args:
        cropping: elements; an int for all ends, one for each axis, or (front, end) for each axis.
        data_format: "channels_last" or "channels_first"; the configured one when None.

    Input and output: `(batch, depth, height, width, channels)`, or with channels after the batch for "channels_first".

    Raises:
        ShapeError: for other arguments, or when nothing is left.

    Example:
        >>> import kmb_core
        >>> tuple(kmb_core.layers.Cropping3D()(kmb_core.ops.ones((1, 6, 6, 6, 2))).shape)
        (1, 4, 4, 4, 2)
    """

    rank = 3

    def __init__(self, cropping: Any = ((1, 1), (1, 1), (1, 1)), data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(cropping, data_format, **kwargs)
        self.cropping = self._amounts[0] if self.rank == 1 else self._amounts

    def call(self, inputs: Any) -> Any:
        """The outputs for the inputs."""
        return get_item(inputs, self._slices(tuple(inputs.shape)))

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The inputs' shape with other spatial sizes."""
        return self._resized(input_shape, -1)
