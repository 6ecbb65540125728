"""Average pooling over 1 to 3 spatial axes."""

from typing import Any

from kmb_core.layers.pooling.base_pooling import BasePooling
from kmb_core.ops.nn.convolution import average_pool
from kmb_core.serialization import saved_as


@saved_as("keras.layers")
class AveragePooling1D(BasePooling):
    """The mean of each window, over one spatial axis. Padding does not count.

    Args:
        pool_size: size of the window; an int or one for each axis.
        strides: steps between windows; the window's size when None.
        padding: "valid" for none, "same" for as many windows as strides fit in.
        data_format: "channels_last" or "channels_first"; the configured one when None.

    Input: `(batch, steps, channels)`, or with channels after the batch for "channels_first".
    Output: the same axes with fewer spatial elements.

    Raises:
        ShapeError: when a window does not fit.

    Example:
        >>> import kmb_core
        >>> tuple(kmb_core.layers.AveragePooling1D(2)(kmb_core.ops.ones((1, 4, 2))).shape)
        (1, 2, 2)
    """

    rank = 1
    pool_mode = "average"
    _pool = staticmethod(average_pool)

    def __init__(
        self,
        pool_size: Any,
        strides: Any = None,
        padding: str = "valid",
        data_format: str | None = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(pool_size, strides, padding, data_format, name=name, **kwargs)


@saved_as("keras.layers")
class AveragePooling2D(BasePooling):
    """The mean of each window, over two spatial axes. Padding does not count.

    Args:
        pool_size: size of the window; an int or one for each axis.
        strides: steps between windows; the window's size when None.
        padding: "valid" for none, "same" for as many windows as strides fit in.
        data_format: "channels_last" or "channels_first"; the configured one when None.

    Input: `(batch, height, width, channels)`, or with channels after the batch for "channels_first".
    Output: the same axes with fewer spatial elements.

    Raises:
        ShapeError: when a window does not fit.

    Example:
        >>> import kmb_core
        >>> tuple(kmb_core.layers.AveragePooling2D(2)(kmb_core.ops.ones((1, 4, 4, 2))).shape)
        (1, 2, 2, 2)
    """

    rank = 2
    pool_mode = "average"
    _pool = staticmethod(average_pool)

    def __init__(
        self,
        pool_size: Any,
        strides: Any = None,
        padding: str = "valid",
        data_format: str | None = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(pool_size, strides, padding, data_format, name=name, **kwargs)


@saved_as("keras.layers")
class AveragePooling3D(BasePooling):
    """The mean of each window, over three spatial axes. Padding does not count.

    Args:
        pool_size: size of the window; an int or one for each axis.
        strides: steps between windows; the window's size when None.
        padding: "valid" for none, "same" for as many windows as strides fit in.
        data_format: "channels_last" or "channels_first"; the configured one when None.

    Input: `(batch, depth, height, width, channels)`, or with channels after the batch for "channels_first".
    Output: the same axes with fewer spatial elements.

    Raises:
        ShapeError: when a window does not fit.

    Example:
        >>> import kmb_core
        >>> tuple(kmb_core.layers.AveragePooling3D(2)(kmb_core.ops.ones((1, 4, 4, 4, 2))).shape)
        (1, 2, 2, 2, 2)
    """

    rank = 3
    pool_mode = "average"
    _pool = staticmethod(average_pool)

    def __init__(
        self,
        pool_size: Any,
        strides: Any = None,
        padding: str = "valid",
        data_format: str | None = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(pool_size, strides, padding, data_format, name=name, **kwargs)


AvgPool1D = AveragePooling1D
AvgPool2D = AveragePooling2D
AvgPool3D = AveragePooling3D
