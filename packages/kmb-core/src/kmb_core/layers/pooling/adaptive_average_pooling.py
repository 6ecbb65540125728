"""Adaptive average pooling over 1 to 3 spatial axes: outputs of a size that is given."""

from typing import Any

from kmb_core.layers.pooling.base_adaptive_pooling import BaseAdaptivePooling
from kmb_core.ops.nn.adaptive_pooling import adaptive_average_pool
from kmb_core.serialization import saved_as


@saved_as("keras.layers")
class AdaptiveAveragePooling1D(BaseAdaptivePooling):
    """The mean of each of so many windows, over one spatial axis.

    Args:
        output_size: number of windows; an int or one for each axis.
        data_format: "channels_last" or "channels_first"; the configured one when None.

    Input: `(batch, steps, channels)`, or with channels after the batch for "channels_first".
    Output: the same axes with `output_size` spatial elements.

    Raises:
        ShapeError: for sizes that are no positive ints.

    Example:
        >>> import kmb_core
        >>> tuple(kmb_core.layers.AdaptiveAveragePooling1D(2)(kmb_core.ops.ones((1, 6, 2))).shape)
        (1, 2, 2)
    """

    rank = 1
    _pool = staticmethod(adaptive_average_pool)

    def __init__(self, output_size: Any, data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(output_size, data_format, **kwargs)


@saved_as("keras.layers")
class AdaptiveAveragePooling2D(BaseAdaptivePooling):
    """The mean of each of so many windows, over two spatial axes.

    Args:
        output_size: number of windows; an int or one for each axis.
        data_format: "channels_last" or "channels_first"; the configured one when None.

    Input: `(batch, height, width, channels)`, or with channels after the batch for "channels_first".
    Output: the same axes with `output_size` spatial elements.

    Raises:
        ShapeError: for sizes that are no positive ints.

    Example:
        >>> import kmb_core
        >>> tuple(kmb_core.layers.AdaptiveAveragePooling2D(2)(kmb_core.ops.ones((1, 6, 6, 2))).shape)
        (1, 2, 2, 2)
    """

    rank = 2
    _pool = staticmethod(adaptive_average_pool)

    def __init__(self, output_size: Any, data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(output_size, data_format, **kwargs)


@saved_as("keras.layers")
class AdaptiveAveragePooling3D(BaseAdaptivePooling):
    """The mean of each of so many windows, over three spatial axes.

    Args:
        output_size: number of windows; an int or one for each axis.
        data_format: "channels_last" or "channels_first"; the configured one when None.

    Input: `(batch, depth, height, width, channels)`, or with channels after the batch for "channels_first".
    Output: the same axes with `output_size` spatial elements.

    Raises:
        ShapeError: for sizes that are no positive ints.

    Example:
        >>> import kmb_core
        >>> tuple(kmb_core.layers.AdaptiveAveragePooling3D(2)(kmb_core.ops.ones((1, 6, 6, 6, 2))).shape)
        (1, 2, 2, 2, 2)
    """

    rank = 3
    _pool = staticmethod(adaptive_average_pool)

    def __init__(self, output_size: Any, data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(output_size, data_format, **kwargs)
