"""GRU: the gated recurrent unit over a sequence."""

from typing import Any

from kmb_core import activations
from kmb_core.layers.rnn.base_sequence import BaseSequence, of_cell
from kmb_core.layers.rnn.gru_cell import GRUCell
from kmb_core.ops.rnn import gru
from kmb_core.serialization import saved_as


@saved_as("keras.layers")
class GRU(BaseSequence):
    """The gated recurrent unit for each step of a sequence; see `GRUCell`.

    With the default activations the whole sequence is one fused kernel, dropout of the inputs included; other
    activations and dropout of the state are a loop over the cell.

    Args:
        units: size of the output and of the state.
        activation: of the candidate.
        recurrent_activation: of the gates.
        use_bias: whether there is a bias.
        kernel_initializer, recurrent_initializer, bias_initializer: names, objects or functions.
        kernel_regularizer, recurrent_regularizer, bias_regularizer: added to the loss.
        activity_regularizer: of the output.
        kernel_constraint, recurrent_constraint, bias_constraint: applied after each update.
        dropout, recurrent_dropout: rates for inputs and state, the same elements for all steps of a sequence.
        seed: makes dropout repeatable.
        return_sequences, return_state, go_backwards, stateful, unroll, zero_output_for_mask: see `RNN`.
        reset_after: whether the reset gate is multiplied after the recurrent product, as cuDNN does, or before it.
        use_cudnn: False for the loop over the cell in place of the fused kernel; they compute the same.

    Input: `(batch, time, features)`, and initial states (h). Output: `(batch, units)`, or `(batch, time, units)`
    with `return_sequences`; a tuple of it and h with `return_state`.

    Raises:
        ValueError: for units that are no positive int.

    Source: Cho et al., "Learning Phrase Representations using RNN Encoder–Decoder", 2014.

    Example:
        >>> import kmb_core
        >>> tuple(kmb_core.layers.GRU(4)(kmb_core.ops.ones((2, 5, 3))).shape)
        (2, 4)
    """

    recurrent_activation = of_cell("recurrent_activation")
    reset_after = of_cell("reset_after")

    def __init__(
        self,
        units: int,
        activation: Any = "tanh",
        recurrent_activation: Any = "sigmoid",
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        recurrent_initializer: Any = "orthogonal",
        bias_initializer: Any = "zeros",
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
        unroll: bool = False,
        reset_after: bool = True,
        use_cudnn: Any = "auto",
        **kwargs: Any,
    ) -> None:
        implementation = kwargs.pop("implementation", 2)
        cell = GRUCell(
            units=units,
            activation=activation,
            recurrent_activation=recurrent_activation,
            use_bias=use_bias,
            kernel_initializer=kernel_initializer,
            recurrent_initializer=recurrent_initializer,
            bias_initializer=bias_initializer,
            kernel_regularizer=kernel_regularizer,
            recurrent_regularizer=recurrent_regularizer,
            bias_regularizer=bias_regularizer,
            kernel_constraint=kernel_constraint,
            recurrent_constraint=recurrent_constraint,
            bias_constraint=bias_constraint,
            dropout=dropout,
            recurrent_dropout=recurrent_dropout,
            reset_after=reset_after,
            seed=seed,
            implementation=implementation,
            dtype=kwargs.get("dtype"),
            trainable=kwargs.get("trainable", True),
            name="gru_cell",
        )
        super().__init__(
            cell,
            return_sequences,
            return_state,
            go_backwards,
            stateful,
            unroll,
            activity_regularizer=activity_regularizer,
            **kwargs,
        )
        self.use_cudnn = use_cudnn
        self._expect_sequences()

    def _fuses(self) -> bool:
        return self.activation is activations.tanh and self.recurrent_activation is activations.sigmoid

    def _fused(self, sequences: Any, states: Any, weights: tuple[Any, ...], mask: Any, options: dict[str, bool]) -> Any:
        return gru(sequences, *states, *weights, mask, reset_after=self.cell.reset_after, **options)
