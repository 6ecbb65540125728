"""Max pooling over 1 to 3 spatial axes."""

from typing import Any

from kmb_core.layers.pooling.base_pooling import BasePooling
from kmb_core.ops.nn.convolution import max_pool
from kmb_core.serialization import saved_as


@saved_as("keras.layers")
class MaxPooling1D(BasePooling):
    """The largest element of each window, over one spatial axis.

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
        >>> tuple(kmb_core.layers.MaxPooling1D()(kmb_core.ops.ones((1, 4, 2))).shape)
        (1, 2, 2)
    """

    rank = 1
    pool_mode = "max"
    _pool = staticmethod(max_pool)

    def __init__(
        self,
        pool_size: Any = 2,
        strides: Any = None,
        padding: str = "valid",
        data_format: str | None = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(pool_size, strides, padding, data_format, name=name, **kwargs)


@saved_as("keras.layers")
class MaxPooling2D(BasePooling):
    """The largest element of each window, over two spatial axes.

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
        >>> tuple(kmb_core.layers.MaxPooling2D()(kmb_core.ops.ones((1, 4, 4, 2))).shape)
        (1, 2, 2, 2)
    """

    rank = 2
    pool_mode = "max"
    _pool = staticmethod(max_pool)

    def __init__(
        self,
        pool_size: Any = (2, 2),
        strides: Any = None,
        padding: str = "valid",
        data_format: str | None = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(pool_size, strides, padding, data_format, name=name, **kwargs)


@saved_as("keras.layers")
class MaxPooling3D(BasePooling):
    """The largest element of each window, over three spatial axes.

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
        >>> tuple(kmb_core.layers.MaxPooling3D()(kmb_core.ops.ones((1, 4, 4, 4, 2))).shape)
        (1, 2, 2, 2, 2)
    """

    rank = 3
    pool_mode = "max"
    _pool = staticmethod(max_pool)

    def __init__(
        self,
        pool_size: Any = (2, 2, 2),
        strides: Any = None,
        padding: str = "valid",
        data_format: str | None = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(pool_size, strides, padding, data_format, name=name, **kwargs)


MaxPool1D = MaxPooling1D
MaxPool2D = MaxPooling2D
MaxPool3D = MaxPooling3D
