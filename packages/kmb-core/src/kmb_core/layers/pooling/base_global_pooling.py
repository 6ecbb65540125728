"""What the layers that pool whole spatial axes share."""

from collections.abc import Callable
from typing import Any

from kmb_core.layers.input_spec import InputSpec
from kmb_core.layers.shapes_of_call import ShapesOfCall
from kmb_core.settings import standardize_data_format


class BaseGlobalPooling(ShapesOfCall):
    """One number for each channel; see `GlobalAveragePooling2D` for the arguments."""

    rank: int
    _reduce: Callable[..., Any]  # the op, as a static method

    def __init__(self, data_format: str | None = None, keepdims: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.data_format = standardize_data_format(data_format)
        self.keepdims = keepdims
        start = 1 if self.data_format == "channels_last" else 2
        self._axes = tuple(range(start, start + self.rank))
        self.input_spec = InputSpec(ndim=self.rank + 2)
        self._needs_no_building()

    def call(self, inputs: Any) -> Any:
        """The outputs for the inputs."""
        return self._reduce(inputs, self._axes, self.keepdims)
