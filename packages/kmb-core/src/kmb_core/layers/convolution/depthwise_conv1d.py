"""DepthwiseConv1D: convolution of each channel by itself over one spatial axis."""

from typing import Any

from kmb_core.layers.convolution.base_depthwise_conv import BaseDepthwiseConv
from kmb_core.serialization import saved_as


@saved_as("keras.layers")
class DepthwiseConv1D(BaseDepthwiseConv):
    """Convolution of each channel by itself over one spatial axis, then bias and activation.

    Args:
        kernel_size: size of the window; an int or one for each axis.
        strides: steps between windows.
        padding: "valid" for none, "same" for as many windows as strides fit in.
        depth_multiplier: number of filters for each channel.
        data_format: "channels_last" or "channels_first"; the configured one when None.
        dilation_rate: steps between the elements of a window.
        activation: name or function; none when None.
        use_bias: whether there is a bias.
        depthwise_initializer, bias_initializer: names, objects or functions.
        depthwise_regularizer, bias_regularizer: added to the loss.
        activity_regularizer: of the output.
        depthwise_constraint, bias_constraint: applied after each update.

    Input: `(batch, steps, channels)`, or `(batch, channels, steps)` for "channels_first".
    Output: the same axes, with `channels * depth_multiplier` channels, those of one input channel side by side,
    in the compute dtype.

    Raises:
        ValueError: for arguments that make no windows.
        ShapeError: for channels that are unknown, or a window that does not fit.

    Example:
        >>> import kmb_core
        >>> tuple(kmb_core.layers.DepthwiseConv1D(3, depth_multiplier=2)(kmb_core.ops.ones((2, 9, 3))).shape)
        (2, 7, 6)
    """

    rank = 1

    def __init__(
        self,
        kernel_size: Any,
        strides: Any = 1,
        padding: str = "valid",
        depth_multiplier: int = 1,
        data_format: str | None = None,
        dilation_rate: Any = 1,
        activation: Any = None,
        use_bias: bool = True,
        depthwise_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        depthwise_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        depthwise_constraint: Any = None,
        bias_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            kernel_size,
            strides,
            padding,
            depth_multiplier,
            data_format,
            dilation_rate,
            activation,
            use_bias,
            depthwise_initializer,
            bias_initializer,
            depthwise_regularizer,
            bias_regularizer,
            activity_regularizer,
            depthwise_constraint,
            bias_constraint,
            **kwargs,
        )
