"""What transposed convolution layers of all ranks share.

The kernel is `(*kernel_size, filters, channels)`: that of the convolution whose gradient this is.
"""

from typing import Any

from kmb_core.errors import message
from kmb_core.layers.convolution.base_windows import BaseWindows
from kmb_core.ops.nn.transposed_convolution import conv_transpose
from kmb_core.ops.nn.windows import per_axis


class BaseConvTranspose(BaseWindows):
    """A transposed convolution of any rank; see `Conv2DTranspose` for the arguments."""

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = 1,
        padding: str = "valid",
        output_padding: Any = None,
        data_format: str | None = None,
        dilation_rate: Any = 1,
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
        self._keep("kernel", kernel_initializer, kernel_regularizer, kernel_constraint)
        self._check_count("filters", filters)
        self.filters = filters
        self.output_padding = output_padding
        if output_padding is not None:
            self.output_padding = per_axis(output_padding, self.rank, "output_padding", self._where(), least=0)
        self._check_steps()

    def _check_steps(self) -> None:
        if max(self.strides) > 1 and max(self.dilation_rate) > 1:
            what = f"{self._where()}: strides {self.strides} and dilation_rate {self.dilation_rate} exclude each other"
            raise ValueError(message(what, "No framework has a kernel for both.", None))
        more = self.output_padding or (0,) * self.rank
        if any(extra >= step for extra, step in zip(more, self.strides, strict=True)):
            what = f"{self._where()}: expected output_padding below strides {self.strides}, got {self.output_padding}"
            raise ValueError(message(what, "It only tells apart the sizes that one stride would make the same.", None))

    def _kernel_shapes(self, channels: int) -> tuple[tuple[int, ...], ...]:
        return ((*self.kernel_size, self.filters, channels),)

    def _filters(self, channels: int) -> int:
        return self.filters

    def _convolved(self, inputs: Any, *kernels: Any) -> Any:
        return conv_transpose(
            inputs, kernels[0], self.strides, self.padding, self.output_padding, self.data_format, self.dilation_rate
        )
