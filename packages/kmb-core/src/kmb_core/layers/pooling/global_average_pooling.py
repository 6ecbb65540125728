"""Global average pooling: one number for each channel."""

from typing import Any

from kmb_core.backend import dtype_of
from kmb_core.layers.pooling.base_global_pooling import BaseGlobalPooling
from kmb_core.ops.arithmetic import divide, multiply
from kmb_core.ops.creation import cast
from kmb_core.ops.manipulation import expand_dims
from kmb_core.ops.reduction import mean
from kmb_core.ops.reduction import sum as sum_of
from kmb_core.serialization import saved_as


@saved_as("keras.layers")
class GlobalAveragePooling1D(BaseGlobalPooling):
    """The mean of each channel, over one spatial axis. Masked steps do not count.

    Args:
        data_format: "channels_last" or "channels_first"; the configured one when None.
        keepdims: whether the spatial axes stay, with size 1.

    Input: `(batch, steps, channels)`, or with channels after the batch for "channels_first".
    Output: `(batch, channels)`.

    Example:
        >>> import kmb_core
        >>> tuple(kmb_core.layers.GlobalAveragePooling1D()(kmb_core.ops.ones((1, 4, 2))).shape)
        (1, 2)
    """

    rank = 1
    _reduce = staticmethod(mean)

    def __init__(self, data_format: str | None = None, keepdims: bool = False, **kwargs: Any) -> None:
        super().__init__(data_format, keepdims, **kwargs)
        self.supports_masking = True

    def call(self, inputs: Any, mask: Any = None) -> Any:
        """The outputs for the inputs."""
        if mask is None:
            return mean(inputs, self._axes, self.keepdims)
        counts = expand_dims(cast(mask, dtype_of(inputs)), 2 if self.data_format == "channels_last" else 1)
        total = sum_of(multiply(inputs, counts), self._axes, self.keepdims)
        return divide(total, sum_of(counts, self._axes, self.keepdims))

    def compute_mask(self, inputs: Any, mask: Any = None) -> None:
        """None: the steps are gone."""
        return


@saved_as("keras.layers")
class GlobalAveragePooling2D(BaseGlobalPooling):
    """The mean of each channel, over two spatial axes.

    Args:
        data_format: "channels_last" or "channels_first"; the configured one when None.
        keepdims: whether the spatial axes stay, with size 1.

    Input: `(batch, height, width, channels)`, or with channels after the batch for "channels_first".
    Output: `(batch, channels)`.

    Example:
        >>> import kmb_core
        >>> tuple(kmb_core.layers.GlobalAveragePooling2D()(kmb_core.ops.ones((1, 4, 4, 2))).shape)
        (1, 2)
    """

    rank = 2
    _reduce = staticmethod(mean)


@saved_as("keras.layers")
class GlobalAveragePooling3D(BaseGlobalPooling):
    """The mean of each channel, over three spatial axes.

    Args:
        data_format: "channels_last" or "channels_first"; the configured one when None.
        keepdims: whether the spatial axes stay, with size 1.

    Input: `(batch, depth, height, width, channels)`, or with channels after the batch for "channels_first".
    Output: `(batch, channels)`.

    Example:
        >>> import kmb_core
        >>> tuple(kmb_core.layers.GlobalAveragePooling3D()(kmb_core.ops.ones((1, 4, 4, 4, 2))).shape)
        (1, 2)
    """

    rank = 3
    _reduce = staticmethod(mean)


GlobalAvgPool1D = GlobalAveragePooling1D
GlobalAvgPool2D = GlobalAveragePooling2D
GlobalAvgPool3D = GlobalAveragePooling3D
