"""Flatten: all axes but the first become one."""

from typing import Any

from kmb_core.layers.input_spec import InputSpec
from kmb_core.layers.layer import Layer
from kmb_core.ops.manipulation import moveaxis, reshape
from kmb_core.ops.tensors import shape as shape_of
from kmb_core.serialization import saved_as
from kmb_core.settings import standardize_data_format
from kmb_core.shapes import product


@saved_as("keras.layers")
class Flatten(Layer):
    """The inputs with all axes but the batch axis made one.

    Args:
        data_format: with "channels_first" the channels are moved to the end before, so that the order of the numbers
            is that of "channels_last"; the configured one when None.

    Input: `(batch, ...)`. Output: `(batch, size)`.

    Example:
        >>> import kmb_core
        >>> tuple(kmb_core.layers.Flatten()(kmb_core.ops.ones((2, 3, 4))).shape)
        (2, 12)
    """

    _keeps_dtype = True

    def __init__(self, data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.data_format = standardize_data_format(data_format)
        self.input_spec = InputSpec(min_ndim=1)
        self._moves = self.data_format == "channels_first"
        self._needs_no_building()

    def call(self, inputs: Any) -> Any:
        """The outputs for the inputs."""
        if self._moves and len(inputs.shape) > 2:
            inputs = moveaxis(inputs, 1, -1)
        batch, *others = inputs.shape
        size = product(others)
        if batch is None:
            # Two unknown sizes, or a size of 0, leave reshape no way to work one out.
            return reshape(inputs, (-1, size) if size else (shape_of(inputs)[0], -1 if size is None else 0))
        return reshape(inputs, (batch, -1 if size is None else size))

    def compute_output_spec(self, inputs: Any) -> Any:
        """A KerasTensor like the output."""
        return super().compute_output_spec(inputs)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """(batch, size)"""
        return (input_shape[0], product(input_shape[1:]))
