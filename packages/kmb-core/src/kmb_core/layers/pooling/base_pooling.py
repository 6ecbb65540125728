"""What the pooling layers of all ranks share."""

from collections.abc import Callable
from typing import Any

from kmb_core.layers.input_spec import InputSpec
from kmb_core.layers.shapes_of_call import ShapesOfCall
from kmb_core.ops.nn.windows import PADDINGS, per_axis
from kmb_core.settings import standardize_data_format


class BasePooling(ShapesOfCall):
    """One number for each window; see `MaxPooling2D` for the arguments."""

    rank: int
    pool_mode: str
    _pool: Callable[..., Any]  # the op, as a static method

    def __init__(
        self, pool_size: Any, strides: Any = None, padding: str = "valid", data_format: str | None = None, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        where = self._where()
        self.pool_size = per_axis(pool_size, self.rank, "pool_size", where)
        self.strides = self.pool_size if strides is None else per_axis(strides, self.rank, "strides", where)
        self.padding = padding.lower() if isinstance(padding, str) else padding
        if self.padding not in PADDINGS:
            raise ValueError(f"{where}: padding is one of {PADDINGS}, got {padding!r}")
        self.data_format = standardize_data_format(data_format)
        self.input_spec = InputSpec(ndim=self.rank + 2)
        self._needs_no_building()

    def call(self, inputs: Any) -> Any:
        """The outputs for the inputs."""
        return self._pool(inputs, self.pool_size, self.strides, self.padding, self.data_format)
