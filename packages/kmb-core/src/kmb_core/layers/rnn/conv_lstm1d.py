"""ConvLSTM1D: long short-term memory of series."""

from typing import Any

from kmb_core.layers.rnn.base_conv_lstm import BaseConvLSTM
from kmb_core.serialization import saved_as


@saved_as("keras.layers")
class ConvLSTM1D(BaseConvLSTM):
    """Long short-term memory over a sequence of series, with convolutions in the place of products.

    Args:
        filters: number of output channels.
        kernel_size: size of the window; an int or one for each axis.
        strides: steps between windows on the inputs; on the state there are none.
        padding: "valid" or "same", of the inputs; that of the state is always "same".
        data_format: "channels_last" or "channels_first"; the configured one when None.
        dilation_rate: steps between the elements of a window on the inputs.
        activation: of the candidate and of the cell state on its way out.
        recurrent_activation: of the gates.
        use_bias: whether there is a bias.
        kernel_initializer, recurrent_initializer, bias_initializer: names, objects or functions.
        unit_forget_bias: whether the bias of the forget gate begins at 1.
        kernel_regularizer, recurrent_regularizer, bias_regularizer: added to the loss.
        activity_regularizer: of the output.
        kernel_constraint, recurrent_constraint, bias_constraint: applied after each update.
        dropout, recurrent_dropout: rates for inputs and state, the same elements for all steps of a sequence.
        seed: makes dropout repeatable.
        return_sequences, return_state, go_backwards, stateful, unroll, zero_output_for_mask: see `RNN`.

    Input: `(batch, time, steps, channels)`, or `(batch, time, channels, steps)` for
    "channels_first". Output: the same axes with filters for channels, time only with `return_sequences`; a tuple of it,
    h and c with `return_state`.

    Raises:
        ValueError: for arguments that do not fit together.
        ShapeError: for a window that does not fit.

    Source: Shi et al., "Convolutional LSTM Network", 2015.

    Example:
        >>> import kmb_core
        >>> tuple(kmb_core.layers.ConvLSTM1D(4, 3)(kmb_core.ops.ones((1, 2, 8, 3))).shape)
        (1, 6, 4)
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
        activation: Any = "tanh",
        recurrent_activation: Any = "sigmoid",
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        recurrent_initializer: Any = "orthogonal",
        bias_initializer: Any = "zeros",
        unit_forget_bias: bool = True,
        kernel_regularizer: Any = None,
        recurrent_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        recurrent_constraint: Any = None,
        bias_constraint: Any = None,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        seed: int | None = None,
        return_sequences: bool = False,
        return_state: bool = False,
        go_backwards: bool = False,
        stateful: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            filters,
            kernel_size,
            strides,
            padding,
            data_format,
            dilation_rate,
            activation,
            recurrent_activation,
            use_bias,
            kernel_initializer,
            recurrent_initializer,
            bias_initializer,
            unit_forget_bias,
            kernel_regularizer,
            recurrent_regularizer,
            bias_regularizer,
            activity_regularizer,
            kernel_constraint,
            recurrent_constraint,
            bias_constraint,
            dropout,
            recurrent_dropout,
            seed,
            return_sequences,
            return_state,
            go_backwards,
            stateful,
            **kwargs,
        )
