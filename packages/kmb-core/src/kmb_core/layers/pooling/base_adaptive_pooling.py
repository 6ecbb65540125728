"""What adaptive pooling layers of all ranks share."""

from collections.abc import Callable
from typing import Any

from kmb_core.layers.input_spec import InputSpec
from kmb_core.layers.layer import Layer
from kmb_core.ops.nn.windows import join_channels, per_axis, split_channels
from kmb_core.settings import standardize_data_format


class BaseAdaptivePooling(Layer):
    """One number for each of so many windows; see `AdaptiveAveragePooling2D` for the arguments."""

    rank: int
    _pool: Callable[..., Any]  # the op, as a static method

    def __init__(self, output_size: Any, data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.output_size = per_axis(output_size, self.rank, "output_size", self._where())
        self.data_format = standardize_data_format(data_format)
        self.input_spec = InputSpec(ndim=self.rank + 2)
        self._needs_no_building()

    def call(self, inputs: Any) -> Any:
        """The outputs for the inputs."""
        return self._pool(inputs, self.output_size, self.data_format)

    def compute_output_shape(self, input_shape: Any) -> Any:
        """The inputs' shape with `output_size` spatial elements."""
        _, channels = split_channels(tuple(input_shape), self.data_format)
        return join_channels(input_shape[0], self.output_size, channels, self.data_format)
