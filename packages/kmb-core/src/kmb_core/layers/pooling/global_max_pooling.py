"""Global max pooling: one number for each channel."""

from kmb_core.layers.pooling.base_global_pooling import BaseGlobalPooling
from kmb_core.ops.reduction import max as max_of
from kmb_core.serialization import saved_as


@saved_as("keras.layers")
class GlobalMaxPooling1D(BaseGlobalPooling):
    """The largest element of each channel, over one spatial axis.

    Args:
        data_format: "channels_last" or "channels_first"; the configured one when None.
        keepdims: whether the spatial axes stay, with size 1.

    Input: `(batch, steps, channels)`, or with channels after the batch for "channels_first".
    Output: `(batch, channels)`.

    Example:
        >>> import kmb_core
        >>> tuple(kmb_core.layers.GlobalMaxPooling1D()(kmb_core.ops.ones((1, 4, 2))).shape)
        (1, 2)
    """

    rank = 1
    _reduce = staticmethod(max_of)


@saved_as("keras.layers")
class GlobalMaxPooling2D(BaseGlobalPooling):
    """The largest element of each channel, over two spatial axes.

    Args:
        data_format: "channels_last" or "channels_first"; the configured one when None.
        keepdims: whether the spatial axes stay, with size 1.

    Input: `(batch, height, width, channels)`, or with channels after the batch for "channels_first".
    Output: `(batch, channels)`.

    Example:
        >>> import kmb_core
        >>> tuple(kmb_core.layers.GlobalMaxPooling2D()(kmb_core.ops.ones((1, 4, 4, 2))).shape)
        (1, 2)
    """

    rank = 2
    _reduce = staticmethod(max_of)


@saved_as("keras.layers")
class GlobalMaxPooling3D(BaseGlobalPooling):
    """The largest element of each channel, over three spatial axes.

    Args:
        data_format: "channels_last" or "channels_first"; the configured one when None.
        keepdims: whether the spatial axes stay, with size 1.

    Input: `(batch, depth, height, width, channels)`, or with channels after the batch for "channels_first".
    Output: `(batch, channels)`.

    Example:
        >>> import kmb_core
        >>> tuple(kmb_core.layers.GlobalMaxPooling3D()(kmb_core.ops.ones((1, 4, 4, 4, 2))).shape)
        (1, 2)
    """

    rank = 3
    _reduce = staticmethod(max_of)


GlobalMaxPool1D = GlobalMaxPooling1D
GlobalMaxPool2D = GlobalMaxPooling2D
GlobalMaxPool3D = GlobalMaxPooling3D
