"""GRUCell: one step of the gated recurrent unit."""

from typing import Any

from kmb_core import activations
from kmb_core.layers.rnn.base_cell import BaseCell, with_states
from kmb_core.ops.manipulation import split
from kmb_core.ops.nn.projection import dense
from kmb_core.ops.products import matmul
from kmb_core.serialization import saved_as


@saved_as("keras.layers")
class GRUCell(BaseCell):
    """One step of the gated recurrent unit, with the gates z, r and the candidate n side by side in kernels and bias.

    Args:
        units: size of the output and of the state.
        activation: of the candidate n.
        recurrent_activation: of the gates z and r.
        use_bias: whether there is a bias.
        kernel_initializer, recurrent_initializer, bias_initializer: names, objects or functions.
        kernel_regularizer, recurrent_regularizer, bias_regularizer: added to the loss.
        kernel_constraint, recurrent_constraint, bias_constraint: applied after each update.
        dropout, recurrent_dropout: rates for inputs and state, the same elements for all steps of a sequence.
        reset_after: whether r is multiplied after the recurrent product, as cuDNN does, or before it. After it, the
            bias has a row for the inputs and one for the state.
        seed: makes dropout repeatable.

    Input: `(batch, features)` and a state `(batch, units)`. Output: `(batch, units)` and a list of the new state.

    Raises:
        ValueError: for units that are no positive int.

    Source: Cho et al., "Learning Phrase Representations using RNN Encoder–Decoder", 2014.

    Example:
        >>> import kmb_core
        >>> cell = kmb_core.layers.GRUCell(4)
        >>> output, states = cell(kmb_core.ops.ones((2, 3)), cell.get_initial_state(2))
        >>> tuple(output.shape)
        (2, 4)
    """

    _gates = 3

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
        kernel_constraint: Any = None,
        recurrent_constraint: Any = None,
        bias_constraint: Any = None,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        reset_after: bool = True,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        # Both implementations of old code are the same sum; which one is asked for is kept and changes nothing.
        self.implementation = kwargs.pop("implementation", 2)
        super().__init__(**kwargs)
        self._init_cell(
            units,
            activation,
            use_bias,
            (kernel_initializer, recurrent_initializer, bias_initializer),
            (kernel_regularizer, recurrent_regularizer, bias_regularizer),
            (kernel_constraint, recurrent_constraint, bias_constraint),
        )
        self.recurrent_activation = activations.get(recurrent_activation)
        self.reset_after = reset_after
        self._init_dropout(dropout, recurrent_dropout, seed)

    def _bias_shape(self) -> tuple[int, ...]:
        return (2, 3 * self.units) if self.reset_after else (3 * self.units,)

    def call(self, inputs: Any, states: Any, training: bool | None = False) -> tuple[Any, list[Any]]:
        """The output of one step, and the list of its new state."""
        before = with_states(states)[0]
        inputs, state = self._dropped(inputs, before, training)
        of_inputs, of_state = self._biases()
        update, reset, candidate = split(dense(inputs, self.kernel, of_inputs), 3, -1)
        gate = self.recurrent_activation
        if self.reset_after:
            update_state, reset_state, recalled = split(dense(state, self.recurrent_kernel, of_state), 3, -1)
            update, reset = gate(update + update_state), gate(reset + reset_state)
            candidate = candidate + reset * recalled
        else:
            kernel, width = self.recurrent_kernel.value, 2 * self.units
            update_state, reset_state = split(matmul(state, kernel[:, :width]), 2, -1)
            update, reset = gate(update + update_state), gate(reset + reset_state)
            candidate = candidate + matmul(reset * state, kernel[:, width:])
        output = update * before + (1 - update) * self.activation(candidate)
        return output, [output]

    def _biases(self) -> tuple[Any, Any]:
        """The bias of the inputs and that of the state."""
        if self.bias is None or not self.reset_after:
            return self.bias, None
        bias = self.bias.value
        return bias[0], bias[1]
