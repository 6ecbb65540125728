"""What separable convolution layers of all ranks share.

The kernels are `(*kernel_size, channels, depth_multiplier)` and `(*ones, channels * depth_multiplier, filters)`.
"""

from typing import Any

from kmb_core.layers.convolution.base_windows import BaseWindows
from kmb_core.ops.nn.convolution import separable_conv


class BaseSeparableConv(BaseWindows):
    """A separable convolution of any rank; see `SeparableConv2D` for the arguments."""

    _kernels = (("depthwise_kernel", "depthwise"), ("pointwise_kernel", "pointwise"))

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
        self._keep("pointwise", pointwise_initializer, pointwise_regularizer, pointwise_constraint)
        self._check_count("filters", filters)
        self._check_count("depth_multiplier", depth_multiplier)
        self.filters = filters
        self.depth_multiplier = depth_multiplier

    def _kernel_shapes(self, channels: int) -> tuple[tuple[int, ...], ...]:
        deep = channels * self.depth_multiplier
        return (*self.kernel_size, channels, self.depth_multiplier), (*(1,) * self.rank, deep, self.filters)

    def _filters(self, channels: int) -> int:
        return self.filters

    def _convolved(self, inputs: Any, *kernels: Any) -> Any:
        return separable_conv(inputs, *kernels, self.strides, self.padding, self.data_format, self.dilation_rate)
