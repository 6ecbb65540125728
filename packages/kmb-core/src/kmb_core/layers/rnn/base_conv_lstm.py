"""What ConvLSTM layers of all ranks share.

The convolution of the inputs does not depend on the state: all steps of all samples are one batch of it, in front of
the loop, which then holds nothing but the convolution of the state.
"""

from typing import Any

from kmb_core.layers.input_spec import InputSpec
from kmb_core.layers.rnn.base_sequence import BaseSequence, of_cell
from kmb_core.layers.rnn.conv_lstm_cell import ConvLSTMCell
from kmb_core.ops.creation import zeros, zeros_like
from kmb_core.ops.manipulation import expand_dims, reshape
from kmb_core.ops.rnn import rnn
from kmb_core.ops.tensors import shape


class BaseConvLSTM(BaseSequence):
    """A convolutional LSTM of any rank; see `ConvLSTM2D` for the arguments."""

    rank: int
    _unsaved_arguments = frozenset({"cell"})

    filters = of_cell("filters")
    kernel_size = of_cell("kernel_size")
    strides = of_cell("strides")
    padding = of_cell("padding")
    data_format = of_cell("data_format")
    dilation_rate = of_cell("dilation_rate")
    recurrent_activation = of_cell("recurrent_activation")
    unit_forget_bias = of_cell("unit_forget_bias")

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
        cell = ConvLSTMCell(
            self.rank,
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
            kernel_constraint,
            recurrent_constraint,
            bias_constraint,
            dropout,
            recurrent_dropout,
            seed,
            dtype=kwargs.get("dtype"),
            trainable=kwargs.get("trainable", True),
            name="conv_lstm_cell",
        )
        super().__init__(
            cell,
            return_sequences,
            return_state,
            go_backwards,
            stateful,
            activity_regularizer=activity_regularizer,
            **kwargs,
        )
        self.input_spec = InputSpec(ndim=self.rank + 3)

    def _state_shapes(self, sequences_shape: Any) -> list[Any]:
        one = self.cell.state_shape((sequences_shape[0], *sequences_shape[2:]))
        return [one, one]

    def _output_sizes(self, sequences_shape: Any) -> tuple[Any, ...]:
        return self._state_shapes(sequences_shape)[0][1:]

    def _start(self, sequences: Any) -> list[Any]:
        if self.stateful:
            return super()._start(sequences)
        size = self.cell.state_shape((0, *sequences.shape[2:]))[1:]
        if None in size:  # sizes that are known only when a traced function runs: those of a convolution
            gates = self.cell.projected(zeros_like(sequences[:, 0]))
            first = self.data_format == "channels_first"
            zero = zeros_like(gates[:, : self.filters] if first else gates[..., : self.filters])
        else:
            zero = zeros((shape(sequences)[0], *size), self.compute_dtype)
        return [zero, zero]

    def inner_loop(self, sequences: Any, initial_state: Any, mask: Any, training: bool | None = False) -> Any:
        """Run over all steps; see `RNN.inner_loop`."""
        cell = self.cell
        if training:
            cell._prepare_dropout(sequences[:, 0], initial_state)
        if training and cell.dropout > 0:
            sequences = sequences * expand_dims(cell.get_dropout_mask(sequences[:, 0]), 1)

        def step(projected: Any, states: Any) -> Any:
            return cell.advance(projected, states, training)

        return rnn(step, self._projected(sequences), initial_state, mask, **self._loop_options())

    def _projected(self, sequences: Any) -> Any:
        """The inputs' part of the gates for all steps: batch and time are one axis of the convolution."""
        sizes = shape(sequences)
        known = all(isinstance(size, int) for size in sizes[:2])
        gates = self.cell.projected(reshape(sequences, (sizes[0] * sizes[1] if known else -1, *sizes[2:])))
        return reshape(gates, (*sizes[:2], *shape(gates)[1:]))
