"""SeparableConv1D: convolution of each channel by itself over one spatial axis, then a mixture of the channels."""

from typing import Any

from kmb_core.layers.convolution.base_separable_conv import BaseSeparableConv
from kmb_core.serialization import saved_as


@saved_as("keras.layers")
class SeparableConv1D(BaseSeparableConv):
    """Convolution of each channel by itself over one spatial axis, then a mixture of the channels, bias and activation.

    Args:
        filters: number of output channels.
        kernel_size: size of the window; an int or one for each axis.
        strides: steps between windows.
        padding: "valid" for none, "same" for as many windows as strides fit in.
        data_format: "channels_last" or "channels_first"; the configured one when None.
        dilation_rate: steps between the elements of a window.
        depth_multiplier: number of filters for each channel in the first step.
        activation: name or function; none when None.
        use_bias: whether there is a bias.
        depthwise_initializer, pointwise_initializer, bias_initializer: names, objects or functions.
        depthwise_regularizer, pointwise_regularizer, bias_regularizer: added to the loss.
        activity_regularizer: of the output.
        depthwise_constraint, pointwise_constraint, bias_constraint: applied after each update.

    Input: `(batch, steps, channels)`, or `(batch, channels, steps)` for "channels_first".
    Output: the same axes, with filters for channels, in the compute dtype.

    Raises:
        ValueError: for arguments that make no windows.
        ShapeError: for channels that are unknown, or a window that does not fit.

    Source: Chollet, "Xception", 2017, section 2.

    Example:
        >>> import kmb_core
        >>> tuple(kmb_core.layers.SeparableConv1D(4, 3)(kmb_core.ops.ones((2, 9, 3))).shape)
        (2, 7, 4)
    """

    rank = 1

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = 1,
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: Any = 1,
        depth_multiplier: int = 1,
        activation: Any = None,
        use_bias: bool = True,
        depthwise_initializer: Any = "glorot_uniform",
        pointwise_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        depthwise_regularizer: Any = None,
        pointwise_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        depthwise_constraint: Any = None,
        pointwise_constraint: Any = None,
        bias_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            filters,
            kernel_size,
            strides,
            padding,
            data_format,
            dilation_rate,
            depth_multiplier,
            activation,
            use_bias,
            depthwise_initializer,
            pointwise_initializer,
            bias_initializer,
            depthwise_regularizer,
            pointwise_regularizer,
            bias_regularizer,
            activity_regularizer,
            depthwise_constraint,
            pointwise_constraint,
            bias_constraint,
            **kwargs,
        )


SeparableConvolution1D = SeparableConv1D
