"""What depthwise convolution layers of all ranks share.

The kernel is `(*kernel_size, channels, depth_multiplier)`: so many filters for each channel by itself.
"""

from typing import Any

from kmb_core.layers.convolution.base_windows import BaseWindows
from kmb_core.ops.nn.convolution import depthwise_conv


class BaseDepthwiseConv(BaseWindows):
    """A depthwise convolution of any rank; see `DepthwiseConv2D` for the arguments."""

    _kernels = (("kernel", "depthwise"),)

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
            data_format,
            dilation_rate,
            activation,
            use_bias,
            bias_initializer,
            bias_regularizer,
            bias_constraint,
            activity_regularizer,
            **kwargs,
        )
        self._keep("depthwise", depthwise_initializer, depthwise_regularizer, depthwise_constraint)
        self._check_count("depth_multiplier", depth_multiplier)
        self.depth_multiplier = depth_multiplier

    def _kernel_shapes(self, channels: int) -> tuple[tuple[int, ...], ...]:
        return ((*self.kernel_size, channels, self.depth_multiplier),)

    def _filters(self, channels: int) -> int:
        return channels * self.depth_multiplier

    def _convolved(self, inputs: Any, *kernels: Any) -> Any:
        return depthwise_conv(inputs, kernels[0], self.strides, self.padding, self.data_format, self.dilation_rate)
