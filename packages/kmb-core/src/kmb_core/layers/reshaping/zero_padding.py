"""Zero padding around 1 to 3 spatial axes."""

from typing import Any

from kmb_core.layers.reshaping.base_borders import BaseBorders
from kmb_core.ops.manipulation import pad
from kmb_core.serialization import saved_as


@saved_as("keras.layers")
class ZeroPadding1D(BaseBorders):
    """Put zeros around, over one spatial axis.

    Args:
        padding: elements; an int for both ends, or (front, end).
        data_format: "channels_last" or "channels_first"; the configured one when None.

    Input and output: `(batch, steps, channels)`, or with channels after the batch for "channels_first".

    Raises:
        ShapeError: for other arguments.

    Example:
        >>> import kmb_core
        >>> tuple(kmb_core.layers.ZeroPadding1D()(kmb_core.ops.ones((1, 6, 2))).shape)
        (1, 8, 2)
    """

    rank = 1

    def __init__(self, padding: Any = 1, data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(padding, data_format, **kwargs)
        self.padding = self._amounts[0] if self.rank == 1 else self._amounts

    def call(self, inputs: Any) -> Any:
        """The outputs for the inputs."""
        return pad(inputs, self._widths)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The inputs' shape with other spatial sizes."""
        return self._resized(input_shape, 1)


@saved_as("keras.layers")
class ZeroPadding2D(BaseBorders):
    """Put zeros around, over two spatial axes.

    Args:
        padding: elements; an int for all ends, one for each axis, or (front, end) for each axis.
        data_format: "channels_last" or "channels_first"; the configured one when None.

    Input and output: `(batch, height, width, channels)`, or with channels after the batch for "channels_first".

    Raises:
        ShapeError: for other arguments.

    Example:
        >>> import kmb_core
        >>> tuple(kmb_core.layers.ZeroPadding2D()(kmb_core.ops.ones((1, 6, 6, 2))).shape)
        (1, 8, 8, 2)
    """

    rank = 2

    def __init__(self, padding: Any = (1, 1), data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(padding, data_format, **kwargs)
        self.padding = self._amounts[0] if self.rank == 1 else self._amounts

    def call(self, inputs: Any) -> Any:
        """The outputs for the inputs."""
        return pad(inputs, self._widths)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The inputs' shape with other spatial sizes."""
        return self._resized(input_shape, 1)


@saved_as("keras.layers")
class ZeroPadding3D(BaseBorders):
    """Put zeros around, over three spatial axes.

    Args:
        padding: elements; an int for all ends, one for each axis, or (front, end) for each axis.
        data_format: "channels_last" or "channels_first"; the configured one when None.

    Input and output: `(batch, depth, height, width, channels)`, or with channels after the batch for "channels_first".

    Raises:
        ShapeError: for other arguments.

    Example:
        >>> import kmb_core
        >>> tuple(kmb_core.layers.ZeroPadding3D()(kmb_core.ops.ones((1, 6, 6, 6, 2))).shape)
        (1, 8, 8, 8, 2)
    """

    rank = 3

    def __init__(self, padding: Any = ((1, 1), (1, 1), (1, 1)), data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(padding, data_format, **kwargs)
        self.padding = self._amounts[0] if self.rank == 1 else self._amounts

    def call(self, inputs: Any) -> Any:
        """The outputs for the inputs."""
        return pad(inputs, self._widths)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The inputs' shape with other spatial sizes."""
        return self._resized(input_shape, 1)
