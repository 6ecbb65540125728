"""LSTMCell: one step of long short-term memory."""

from typing import Any

from kmb_core import activations, initializers
from kmb_core.layers.rnn.base_cell import BaseCell
from kmb_core.ops.manipulation import concatenate, split
from kmb_core.ops.nn.projection import dense
from kmb_core.ops.products import matmul
from kmb_core.serialization import saved_as


@saved_as("keras.layers")
class LSTMCell(BaseCell):
    """One step of long short-term memory, with the gates i, f, g, o side by side in kernels and bias.

    Args:
        units: size of the output and of both parts of the state.
        activation: of the candidate g and of the cell state on its way out.
        recurrent_activation: of the gates i, f and o.
        use_bias: whether there is a bias.
        kernel_initializer, recurrent_initializer, bias_initializer: names, objects or functions.
        unit_forget_bias: whether the bias of the forget gate begins at 1.
        kernel_regularizer, recurrent_regularizer, bias_regularizer: added to the loss.
        kernel_constraint, recurrent_constraint, bias_constraint: applied after each update.
        dropout, recurrent_dropout: rates for inputs and state, the same elements for all steps of a sequence.
        seed: makes dropout repeatable.

    Input: `(batch, features)` and the states h and c, `(batch, units)`. Output: h and the list of the new h and c.

    Raises:
        ValueError: for units that are no positive int.

    Source: Hochreiter and Schmidhuber, "Long Short-Term Memory", 1997; the forget bias of Jozefowicz et al., 2015.

    Example:
        >>> import kmb_core
        >>> cell = kmb_core.layers.LSTMCell(4)
        >>> output, states = cell(kmb_core.ops.ones((2, 3)), cell.get_initial_state(2))
        >>> len(states)
        2
    """

    _gates = 4

    def __init__(
        self,
        units: int,
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
        kernel_constraint: Any = None,
        recurrent_constraint: Any = None,
        bias_constraint: Any = None,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
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
        self.unit_forget_bias = unit_forget_bias
        self.state_size = [units, units]
        self._init_dropout(dropout, recurrent_dropout, seed)

    def _first_bias(self) -> Any:
        return forgetful(self.bias_initializer, self.units) if self.unit_forget_bias else self.bias_initializer

    def call(self, inputs: Any, states: Any, training: bool | None = False) -> tuple[Any, list[Any]]:
        """The output of one step, and the list of the new h and c."""
        hidden, cell = states
        inputs, hidden = self._dropped(inputs, hidden, training)
        sums = dense(inputs, self.kernel, self.bias) + matmul(hidden, self.recurrent_kernel)
        return advanced(sums, cell, self.activation, self.recurrent_activation)


def advanced(sums: Any, cell: Any, activation: Any, gate: Any, axis: int = -1) -> tuple[Any, list[Any]]:
    """The output and the new states from what stands in front of the activations, the gates beside each other."""
    i, f, g, o = split(sums, 4, axis)
    cell = gate(f) * cell + gate(i) * activation(g)
    hidden = gate(o) * activation(cell)
    return hidden, [hidden, cell]


def forgetful(initializer: Any, units: int) -> Any:
    """An initializer of a bias whose second quarter, that of the forget gate, is ones."""

    def initialize(shape: Any, dtype: Any = None, **kwargs: Any) -> Any:
        return concatenate(
            [
                initializer((units,), dtype=dtype, **kwargs),
                initializers.get("ones")((units,), dtype=dtype, **kwargs),
                initializer((2 * units,), dtype=dtype, **kwargs),
            ],
            0,
        )

    return initialize
