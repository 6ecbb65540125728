"""Conv2DTranspose: transposed convolution over two spatial axes."""

from typing import Any

from kmb_core.layers.convolution.base_conv_transpose import BaseConvTranspose
from kmb_core.serialization import saved_as


@saved_as("keras.layers")
class Conv2DTranspose(BaseConvTranspose):
    """Transposed convolution over two spatial axes, then bias and activation.

    Args:
        filters: number of output channels.
        kernel_size: size of the window; an int or one for each axis.
        strides: steps between the windows in the outputs.
        padding: "valid" for all that the windows reach, "same" for `size * strides` elements.
        output_padding: elements that are added at the end of each axis, below the strides; None for the sizes above.
        data_format: "channels_last" or "channels_first"; the configured one when None.
        dilation_rate: steps between the elements of a window.
        activation: name or function; none when None.
        use_bias: whether there is a bias.
        kernel_initializer, bias_initializer: names, objects or functions.
        kernel_regularizer, bias_regularizer: added to the loss.
        activity_regularizer: of the output.
        kernel_constraint, bias_constraint: applied after each update.

    Input: `(batch, height, width, channels)`, or `(batch, channels, height, width)` for "channels_first".
    Output: the same axes, with filters for channels, in the compute dtype.

    Raises:
        ValueError: for arguments that do not fit together.
        ShapeError: for channels that are unknown, or a window that does not fit.

    Source: Dumoulin and Visin, "A guide to convolution arithmetic for deep learning", 2016, chapter 4.

    Example:
        >>> import kmb_core
        >>> tuple(kmb_core.layers.Conv2DTranspose(4, 3, strides=2)(kmb_core.ops.ones((2, 8, 8, 3))).shape)
        (2, 17, 17, 4)
    """

    rank = 2

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = (1, 1),
        padding: str = "valid",
        output_padding: Any = None,
        data_format: str | None = None,
        dilation_rate: Any = (1, 1),
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            filters,
            kernel_size,
            strides,
            padding,
            output_padding,
            data_format,
            dilation_rate,
            activation,
            use_bias,
            kernel_initializer,
            bias_initializer,
            kernel_regularizer,
            bias_regularizer,
            activity_regularizer,
            kernel_constraint,
            bias_constraint,
            **kwargs,
        )


Convolution2DTranspose = Conv2DTranspose
